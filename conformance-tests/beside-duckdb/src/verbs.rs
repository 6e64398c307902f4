//! Verbs as queries of DuckDB.

use fugue_core::expr::Function;
use fugue_core::relational::{JoinKind, SetKind};
use fugue_core::{Field, Schema};

use super::terms::{expression, quoted, type_name};
use conformance_tests::oracle::expr::{Known, Term};
use conformance_tests::oracle::verb::{Item, Verb};

/// A query over frames of these names that means what a verb does, and the schema that comes out.
pub(super) fn query(verb: &Verb, schema: &Schema, left: &str, right: &str) -> Option<String> {
    schema.fields().iter().all(|f| type_name(f.ty()).is_some()).then_some(())?;
    let all = |changed: &dyn Fn(&Field) -> Item| schema.fields().iter().map(changed).collect::<Vec<_>>();
    let same = |field: &Field| Item::new(field.name(), Term::column(field.name()));
    let plain = |items: &[Item], distinct: bool| select(items, (None, None), distinct, schema, left);
    match verb {
        Verb::Select { items, filter, having, distinct } => {
            select(items, (filter.as_ref(), having.as_ref()), *distinct, schema, left)
        }
        Verb::Filter(filter) => select(&all(&same), (Some(filter), None), false, schema, left),
        Verb::Assign(items) => {
            let old = all(&|f| items.iter().find(|i| i.name == f.name()).cloned().unwrap_or_else(|| same(f)));
            let new = items.iter().filter(|i| schema.field(&i.name).is_none()).cloned();
            plain(&old.into_iter().chain(new).collect::<Vec<_>>(), false)
        }
        Verb::Aggregate(keys, items) => {
            let keys = keys.iter().map(|k| Item::new(k, Term::column(k)));
            plain(&keys.chain(items.iter().cloned()).collect::<Vec<_>>(), false)
        }
        Verb::Rename(names) => plain(
            &all(&|f| {
                let new = names.iter().find(|(old, _)| old == f.name()).map_or(f.name(), |(_, new)| new);
                Item::new(new, Term::column(f.name()))
            }),
            false,
        ),
        Verb::Drop(names) => {
            let items: Vec<Item> = all(&same).into_iter().filter(|i| !names.contains(&i.name)).collect();
            plain(&items, false)
        }
        Verb::Alter(types) => plain(
            &all(&|f| {
                let column = Term::column(f.name());
                let to = types.iter().find(|(name, _)| name == f.name());
                Item::new(f.name(), if let Some((_, ty)) = to { column.cast(ty.clone()) } else { column })
            }),
            false,
        ),
        Verb::Distinct => plain(&all(&same), true),
        Verb::DropNulls { least, columns } => {
            let one = |name: &String| format!("CASE WHEN {} IS NULL THEN 0 ELSE 1 END", quoted(name));
            let there = columns.iter().map(one).collect::<Vec<_>>().join(" + ");
            Some(format!("SELECT * FROM {left} WHERE {there} >= {least}"))
        }
        Verb::FillNulls(values) => plain(
            &all(&|f| {
                let column = Term::column(f.name());
                let value = values.iter().find(|(name, _)| name == f.name()).map(|(_, value)| value.clone());
                let filled = value.map(|value| Term::call(Function::Coalesce, [column.clone(), value]));
                Item::new(f.name(), filled.unwrap_or(column))
            }),
            false,
        ),
        Verb::Take { rows, keys, order } => {
            let order = if order.is_empty() { schema.names().map(|n| (n.to_owned(), true)).collect() } else { order.clone() };
            let keys: Vec<String> = keys.iter().map(|k| quoted(k)).collect();
            let parts = if keys.is_empty() { String::new() } else { format!("PARTITION BY {} ", keys.join(", ")) };
            let order = sorted(&order);
            Some(format!("SELECT * FROM {left} QUALIFY row_number() OVER ({parts}ORDER BY {order}) <= {rows}"))
        }
        Verb::Join(kind, table) => join(*kind, &table.schema, schema, left, right),
        Verb::Set(kind, all, _) => {
            let word = match kind {
                SetKind::Union => "UNION",
                SetKind::Subtract => "EXCEPT",
                SetKind::Intersect => "INTERSECT",
            };
            let all = if *all { " ALL" } else { "" };
            Some(format!("SELECT * FROM {left} {word}{all} SELECT * FROM {right}"))
        }
        _ => None,
    }
}

fn sorted(order: &[(String, bool)]) -> String {
    let one = |(name, up): &(String, bool)| format!("{} {} NULLS LAST", quoted(name), if *up { "ASC" } else { "DESC" });
    order.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn select(
    items: &[Item],
    (filter, having): (Option<&Term>, Option<&Term>),
    distinct: bool,
    schema: &Schema,
    from: &str,
) -> Option<String> {
    let said = |known: Known| expression(&known, schema);
    let grouped = items.iter().any(|i| i.term.aggregates());
    let list = items.iter().map(|i| Some(format!("{} AS {}", said(Known::of(&i.term, schema).ok()?)?, quoted(&i.name))));
    let list = list.collect::<Option<Vec<_>>>()?.join(", ");
    let mut text = format!("SELECT {}{list} FROM {from}", if distinct { "DISTINCT " } else { "" });
    if let Some(filter) = filter {
        text += &format!(" WHERE {}", said(Known::condition(filter, schema).ok()?)?);
    }
    if grouped {
        let keys = items.iter().enumerate().filter(|(_, i)| !i.term.aggregates() && !i.term.is_constant());
        let keys: Vec<String> = keys.map(|(at, _)| (at + 1).to_string()).collect();
        if !keys.is_empty() {
            text += &format!(" GROUP BY {}", keys.join(", "));
        }
        if let Some(having) = having {
            text += &format!(" HAVING {}", said(Known::condition(having, schema).ok()?)?);
        }
    }
    Some(text)
}

fn join(kind: JoinKind, other: &Schema, schema: &Schema, left: &str, right: &str) -> Option<String> {
    let keys: Vec<&str> = schema.names().filter(|n| other.field(n).is_some()).collect();
    let sides = |name: &str| (format!("{left}.{}", quoted(name)), format!("{right}.{}", quoted(name)));
    let equal = keys.iter().map(|name| {
        let (l, r) = sides(name);
        format!("{l} = {r}")
    });
    let on = equal.collect::<Vec<_>>().join(" AND ");
    let word = match kind {
        JoinKind::Inner => "INNER",
        JoinKind::LeftOuter => "LEFT",
        JoinKind::RightOuter => "RIGHT",
        JoinKind::FullOuter => "FULL",
        JoinKind::Semi => return Some(format!("SELECT * FROM {left} WHERE EXISTS (SELECT 1 FROM {right} WHERE {on})")),
        JoinKind::Anti => return Some(format!("SELECT * FROM {left} WHERE NOT EXISTS (SELECT 1 FROM {right} WHERE {on})")),
        _ => return None,
    };
    let own = schema.names().map(|name| {
        let (l, r) = sides(name);
        // A key of both sides is one column.
        let value = match kind {
            JoinKind::RightOuter if keys.contains(&name) => r,
            JoinKind::FullOuter if keys.contains(&name) => format!("coalesce({l}, {r})"),
            _ => l,
        };
        format!("{value} AS {}", quoted(name))
    });
    let rest = other.names().filter(|n| !keys.contains(n)).map(|n| format!("{} AS {}", sides(n).1, quoted(n)));
    Some(format!("SELECT {} FROM {left} {word} JOIN {right} ON {on}", own.chain(rest).collect::<Vec<_>>().join(", ")))
}
