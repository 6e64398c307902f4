//! Verbs as queries that mean the same: SQL text for what both can say, and nothing for what they cannot.
//!
//! Where text and frames mean two things (`fugue-core/docs/sql-and-frames.md`), the text says in its own words what frames mean: a divisor of
//! zero is written as `NULLIF`, a NaN that was computed is made the one NaN, nulls are told where to sort.

mod aggregate;
mod call;
mod terms;

use fugue_core::relational::{JoinKind, SetKind};
use fugue_core::{Schema, Type};

use super::expr::{Standard, Term};
use super::verb::{Item, Verb};
use crate::value::Table;
use terms::{condition, one_float, same, sorted, term, type_name};

/// The frame that a query reads first.
pub const LEFT: &str = "t";
/// The frame that joins and set operations read second.
pub const RIGHT: &str = "u";

/// A query that makes of the frame [`LEFT`], and of [`RIGHT`] where the verb has a second frame, what a verb makes of a table of the schema.
#[must_use]
pub fn query(verb: &Verb, schema: &Schema) -> Option<String> {
    if !schema.fields().iter().all(|f| type_name(f.ty()).is_some()) {
        return None;
    }
    match verb {
        Verb::Select { items, filter, having, distinct } => select(items, filter.as_ref(), having.as_ref(), *distinct, schema),
        Verb::Filter(filter) => Some(format!("SELECT * FROM {LEFT} WHERE {}", condition(filter, schema)?)),
        Verb::Assign(items) => {
            let old = columns(schema).map(|n| items.iter().find(|i| i.name == n).cloned().unwrap_or_else(|| column(&n)));
            let new = items.iter().filter(|i| schema.field(&i.name).is_none()).cloned();
            select(&old.chain(new).collect::<Vec<_>>(), None, None, false, schema)
        }
        Verb::Aggregate(keys, items) => {
            let keys = keys.iter().map(|k| column(k));
            select(&keys.chain(items.iter().cloned()).collect::<Vec<_>>(), None, None, false, schema)
        }
        Verb::Rename(names) => {
            let renamed = |n: &String| names.iter().find(|(old, _)| old == n).map_or_else(|| n.clone(), |(_, new)| new.clone());
            let items: Vec<Item> = columns(schema).map(|n| Item::new(renamed(&n), Term::column(&n))).collect();
            select(&items, None, None, false, schema)
        }
        Verb::Drop(names) => {
            let items: Vec<Item> = columns(schema).filter(|n| !names.contains(n)).map(|n| column(&n)).collect();
            select(&items, None, None, false, schema)
        }
        Verb::Alter(types) => {
            let altered = |name: String| {
                let ty = types.iter().find(|(n, _)| *n == name).map(|(_, ty)| ty.clone());
                let column = Term::column(&name);
                Item::new(name, if let Some(ty) = ty { column.cast(ty) } else { column })
            };
            select(&columns(schema).map(altered).collect::<Vec<_>>(), None, None, false, schema)
        }
        Verb::Distinct => select(&columns(schema).map(|n| column(&n)).collect::<Vec<_>>(), None, None, true, schema),
        Verb::DropNulls { least, columns } => {
            let one = |name: &String| format!("CASE WHEN {} IS NULL THEN 0 ELSE 1 END", quoted(name));
            let there = columns.iter().map(one).collect::<Vec<_>>().join(" + ");
            Some(format!("SELECT * FROM {LEFT} WHERE {there} >= {least}"))
        }
        Verb::FillNulls(values) => {
            let filled = |name: String| {
                let value = values.iter().find(|(n, _)| *n == name).map(|(_, v)| v.clone());
                let column = Term::column(&name);
                let filled = value.map(|v| Term::call(fugue_core::expr::Function::Coalesce, [column.clone(), v]));
                Item::new(name, filled.unwrap_or(column))
            };
            select(&columns(schema).map(filled).collect::<Vec<_>>(), None, None, false, schema)
        }
        Verb::Take { rows, keys, order } => take(*rows, keys, order, schema),
        Verb::Sort(order) => Some(format!("SELECT * FROM {LEFT} ORDER BY {}", sorted(order, schema)?)),
        Verb::Join(kind, right) => join(*kind, right, schema),
        Verb::Set(kind, all, _) => {
            let word = match (kind, all) {
                (SetKind::Union, true) => "UNION ALL",
                (SetKind::Union, false) => "UNION",
                (SetKind::Subtract, false) => "EXCEPT",
                (SetKind::Intersect, false) => "INTERSECT",
                // Text does not count.
                _ => return None,
            };
            let list = columns(schema).map(|n| Some(format!("{} AS {}", same(&Term::column(&n), schema)?, quoted(&n))));
            let list = list.collect::<Option<Vec<_>>>()?.join(", ");
            Some(format!("SELECT {list} FROM {LEFT} {word} SELECT {list} FROM {RIGHT}"))
        }
        Verb::Transform(..) => None,
    }
}

/// One query for a chain of verbs over the frame [`LEFT`], and the second frames that it reads, by their names.
#[must_use]
pub fn script<'s>(table: &Table, verbs: &'s [Verb]) -> Option<(String, Vec<(String, &'s Table)>)> {
    let (mut steps, mut frames) = (Vec::new(), Vec::new());
    let mut current = table.clone();
    for (i, verb) in verbs.iter().enumerate() {
        let from = if i == 0 { LEFT.to_owned() } else { format!("step{i}") };
        let right = format!("{RIGHT}{i}");
        // The names of frames are found as whole words behind FROM and JOIN, and before a dot.
        let text = renamed(&query(verb, &current.schema)?, &[(LEFT, &from), (RIGHT, &right)]);
        if let Verb::Join(_, table) | Verb::Set(_, _, table) = verb {
            frames.push((right, table));
        }
        steps.push(format!("step{} AS ({text})", i + 1));
        current = verb.apply(&current, &Standard).ok()?;
    }
    Some((format!("WITH {} SELECT * FROM step{}", steps.join(", "), verbs.len()), frames))
}

/// The text with other names of frames: what stands outside of quotes as a whole word.
fn renamed(text: &str, names: &[(&str, &str)]) -> String {
    let (mut out, mut word, mut quote) = (String::new(), String::new(), None);
    let end = |word: &mut String, out: &mut String| {
        let new = names.iter().find(|(old, _)| *old == word.as_str()).map_or(word.as_str(), |(_, new)| new);
        out.push_str(new);
        word.clear();
    };
    for c in text.chars() {
        match quote {
            Some(q) => {
                out.push(c);
                if c == q {
                    quote = None;
                }
            }
            None if c.is_alphanumeric() || c == '_' => word.push(c),
            None => {
                end(&mut word, &mut out);
                out.push(c);
                quote = (c == '"' || c == '\'').then_some(c);
            }
        }
    }
    end(&mut word, &mut out);
    out
}

/// A name between quotes.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn columns(schema: &Schema) -> impl Iterator<Item = String> {
    schema.names().map(str::to_owned)
}

fn column(name: &str) -> Item {
    Item::new(name, Term::column(name))
}

fn select(items: &[Item], filter: Option<&Term>, having: Option<&Term>, distinct: bool, schema: &Schema) -> Option<String> {
    let grouped = items.iter().any(|i| i.term.aggregates());
    let mut list = Vec::new();
    for item in items {
        let key = distinct || (grouped && !item.term.aggregates());
        list.push(format!(
            "{} AS {}",
            if key { same(&item.term, schema)? } else { term(&item.term, schema)? },
            quoted(&item.name)
        ));
    }
    let mut text = format!("SELECT {}{} FROM {LEFT}", if distinct { "DISTINCT " } else { "" }, list.join(", "));
    if let Some(filter) = filter {
        text += &format!(" WHERE {}", condition(filter, schema)?);
    }
    if grouped {
        let keys = items.iter().enumerate().filter(|(_, i)| !i.term.aggregates() && !i.term.is_constant());
        let keys: Vec<String> = keys.map(|(at, _)| (at + 1).to_string()).collect();
        if !keys.is_empty() {
            text += &format!(" GROUP BY {}", keys.join(", "));
        }
        if let Some(having) = having {
            text += &format!(" HAVING {}", condition(having, schema)?);
        }
    }
    Some(text)
}

fn take(rows: usize, keys: &[String], order: &[(String, bool)], schema: &Schema) -> Option<String> {
    let all: Vec<(String, bool)> = columns(schema).map(|n| (n, true)).collect();
    let order = sorted(if order.is_empty() { &all } else { order }, schema)?;
    let keys = keys.iter().map(|k| same(&Term::column(k), schema)).collect::<Option<Vec<_>>>()?;
    let parts = if keys.is_empty() { String::new() } else { format!("PARTITION BY {} ", keys.join(", ")) };
    let list: Vec<String> = columns(schema).map(|n| quoted(&n)).collect();
    let place = quoted("place in the order");
    Some(format!(
        "SELECT {} FROM (SELECT *, row_number() OVER ({parts}ORDER BY {order}) AS {place} FROM {LEFT}) AS numbered WHERE {place} <= {rows}",
        list.join(", ")
    ))
}

fn join(kind: JoinKind, right: &Table, schema: &Schema) -> Option<String> {
    let keys: Vec<String> = columns(schema).filter(|n| right.schema.field(n).is_some()).collect();
    let sides = |name: &String| (format!("{LEFT}.{}", quoted(name)), format!("{RIGHT}.{}", quoted(name)));
    let equal = |name: &String| {
        let ((l, r), ty) = (sides(name), schema.field(name)?.ty());
        Some(format!("{} = {}", one_float(&l, ty)?, one_float(&r, ty)?))
    };
    let on = keys.iter().map(equal).collect::<Option<Vec<_>>>()?.join(" AND ");
    let word = match kind {
        JoinKind::Inner => "INNER JOIN",
        JoinKind::LeftOuter => "LEFT JOIN",
        JoinKind::RightOuter => "RIGHT JOIN",
        JoinKind::FullOuter => "FULL JOIN",
        JoinKind::Semi => return Some(format!("SELECT * FROM {LEFT} WHERE EXISTS (SELECT 1 FROM {RIGHT} WHERE {on})")),
        JoinKind::Anti => return Some(format!("SELECT * FROM {LEFT} WHERE NOT EXISTS (SELECT 1 FROM {RIGHT} WHERE {on})")),
        _ => return None,
    };
    let own = columns(schema).map(|name| {
        let (l, r) = sides(&name);
        let value = match kind {
            JoinKind::RightOuter if keys.contains(&name) => r,
            JoinKind::FullOuter if keys.contains(&name) => format!("coalesce({l}, {r})"),
            _ => l,
        };
        format!("{value} AS {}", quoted(&name))
    });
    let rest = columns(&right.schema).filter(|n| !keys.contains(n)).map(|n| format!("{} AS {}", sides(&n).1, quoted(&n)));
    let list: Vec<String> = own.chain(rest).collect();
    Some(format!("SELECT {} FROM {LEFT} {word} {RIGHT} ON {on}", list.join(", ")))
}

/// A cast, where text has a word for the type.
fn cast(text: &str, ty: &Type) -> Option<String> {
    Some(match ty {
        Type::Datetime => format!("arrow_cast({text}, 'Timestamp(Microsecond, None)')"),
        ty => format!("CAST({text} AS {})", type_name(ty)?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_renamed_outside_of_quotes() {
        let text = "SELECT t.\"t\" AS \"a t\", 't' FROM t JOIN u ON t.\"x\" = u.\"t\"";
        let found = renamed(text, &[("t", "step1"), ("u", "u1")]);
        assert_eq!(found, "SELECT step1.\"t\" AS \"a t\", 't' FROM step1 JOIN u1 ON step1.\"x\" = u1.\"t\"");
    }

    #[test]
    fn verbs_are_said_in_the_words_of_the_language() {
        let schema = Schema::parse("a:long,x:double,s:str").expect("a schema");
        let said = |verb: Verb| query(&verb, &schema);
        let half = Term::call(fugue_core::expr::Function::Divide, [Term::column("a"), Term::long(2)]);
        let text = said(Verb::Filter(Term::call(fugue_core::expr::Function::Greater, [half, Term::long(1)]))).expect("said");
        assert!(text.contains("nullif(") && text.starts_with("SELECT * FROM t WHERE "), "{text}");
        assert_eq!(said(Verb::Drop(vec!["x".into()])).as_deref(), Some("SELECT \"a\" AS \"a\", \"s\" AS \"s\" FROM t"));
        // Text of floats is another in queries.
        assert_eq!(said(Verb::Alter(vec![("x".into(), Type::Str)])), None);
    }
}
