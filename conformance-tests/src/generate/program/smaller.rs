//! What is a little smaller than a script that fails.

use super::Script;
use crate::oracle::expr::Term;
use crate::oracle::verb::{Item, Verb};
use crate::value::{OwnRow, Table};

/// Smaller scripts, the boldest first; they may not be valid.
pub(super) fn scripts(script: &Script) -> Vec<Script> {
    let mut all = Vec::new();
    let with = |verbs: Vec<Verb>| Script { table: script.table.clone(), verbs };
    for i in 0..script.verbs.len() {
        let mut verbs = script.verbs.clone();
        verbs.remove(i);
        if !verbs.is_empty() {
            all.push(with(verbs));
        }
    }
    for rows in fewer(&script.table.rows) {
        all.push(Script { table: Table::new(script.table.schema.clone(), rows), verbs: script.verbs.clone() });
    }
    for (i, verb) in script.verbs.iter().enumerate() {
        for smaller in verbs(verb) {
            let mut verbs = script.verbs.clone();
            verbs[i] = smaller;
            all.push(with(verbs));
        }
    }
    all
}

fn fewer(rows: &[OwnRow]) -> Vec<Vec<OwnRow>> {
    let mut all = Vec::new();
    if rows.len() > 3 {
        let (low, high) = rows.split_at(rows.len() / 2);
        all.extend([low.to_vec(), high.to_vec()]);
    }
    // Where no half fails, most of the rows may still be needless.
    if rows.len() > 16 {
        for part in [4, 8, 16] {
            let size = rows.len().div_ceil(part);
            all.extend((0..part).map(|at| {
                let kept = rows.iter().enumerate().filter(|(i, _)| i / size != at);
                kept.map(|(_, row)| row.clone()).collect()
            }));
        }
    }
    if rows.len() <= 16 {
        for i in 0..rows.len() {
            all.push(rows.iter().enumerate().filter(|(at, _)| *at != i).map(|(_, row)| row.clone()).collect());
        }
    }
    all
}

fn verbs(verb: &Verb) -> Vec<Verb> {
    let some = |term: &Option<Term>| -> Vec<Option<Term>> {
        term.iter().flat_map(|t| std::iter::once(None).chain(terms(t).into_iter().map(Some))).collect()
    };
    match verb {
        Verb::Select { items, filter, having, distinct } => {
            let (filter, having, distinct) = (filter.clone(), having.clone(), *distinct);
            let made = |items, filter, having, distinct| Verb::Select { items, filter, having, distinct };
            let mut all: Vec<Verb> =
                lists(items).into_iter().map(|items| made(items, filter.clone(), having.clone(), distinct)).collect();
            all.extend(some(&filter).into_iter().map(|f| made(items.clone(), f, having.clone(), distinct)));
            all.extend(some(&having).into_iter().map(|h| made(items.clone(), filter.clone(), h, distinct)));
            if distinct {
                all.push(made(items.clone(), filter, having, false));
            }
            all
        }
        Verb::Filter(condition) => terms(condition).into_iter().map(Verb::Filter).collect(),
        Verb::Assign(items) => lists(items).into_iter().map(Verb::Assign).collect(),
        Verb::Aggregate(keys, items) => {
            let mut all: Vec<Verb> = lists(items).into_iter().map(|items| Verb::Aggregate(keys.clone(), items)).collect();
            if let Some((_, fewer)) = keys.split_last() {
                all.push(Verb::Aggregate(fewer.to_vec(), items.clone()));
            }
            all
        }
        Verb::Take { rows, keys, order } if !keys.is_empty() => {
            vec![Verb::Take { rows: *rows, keys: Vec::new(), order: order.clone() }]
        }
        Verb::Join(kind, right) => {
            fewer(&right.rows).into_iter().map(|rows| Verb::Join(*kind, Table::new(right.schema.clone(), rows))).collect()
        }
        Verb::Set(kind, of_all, right) => {
            fewer(&right.rows).into_iter().map(|rows| Verb::Set(*kind, *of_all, Table::new(right.schema.clone(), rows))).collect()
        }
        _ => Vec::new(),
    }
}

fn lists(items: &[Item]) -> Vec<Vec<Item>> {
    let mut all = Vec::new();
    for i in 0..items.len() {
        if items.len() > 1 {
            all.push(items.iter().enumerate().filter(|(at, _)| *at != i).map(|(_, item)| item.clone()).collect());
        }
        for term in terms(&items[i].term) {
            let mut list = items.to_vec();
            list[i].term = term;
            all.push(list);
        }
    }
    all
}

/// The parts of a term, and the term with one part smaller.
fn terms(term: &Term) -> Vec<Term> {
    let mut all: Vec<Term> = term.parts().into_iter().cloned().collect();
    let each = |list: &[Term], rebuild: &dyn Fn(Vec<Term>) -> Term| -> Vec<Term> {
        let mut all = Vec::new();
        for (i, part) in list.iter().enumerate() {
            for smaller in terms(part) {
                let mut list = list.to_vec();
                list[i] = smaller;
                all.push(rebuild(list));
            }
        }
        all
    };
    match term {
        Term::Call(function, args) => all.extend(each(args, &|args| Term::Call(*function, args))),
        Term::Cast { input, to, attempt } => {
            all.extend(terms(input).into_iter().map(|input| Term::Cast {
                input: Box::new(input),
                to: to.clone(),
                attempt: *attempt,
            }));
        }
        Term::Case { branches, otherwise } => {
            let flat: Vec<Term> = term.parts().into_iter().cloned().collect();
            let (count, last) = (branches.len(), otherwise.is_some());
            all.extend(each(&flat, &|mut parts| {
                let otherwise = if last { parts.pop().map(Box::new) } else { None };
                let branches = parts.chunks(2).take(count).map(|pair| (pair[0].clone(), pair[1].clone())).collect();
                Term::Case { branches, otherwise }
            }));
        }
        Term::Aggregate(call) => {
            if call.filter.is_some() {
                let mut call = call.clone();
                call.filter = None;
                all.push(Term::Aggregate(call));
            }
            for smaller in call.arg.iter().flat_map(terms) {
                let mut call = call.clone();
                call.arg = Some(smaller);
                all.push(Term::Aggregate(call));
            }
        }
        Term::Window(call) if !call.keys.is_empty() => {
            let mut call = call.clone();
            call.keys.clear();
            all.push(Term::Window(call));
        }
        _ => {}
    }
    all
}
