//! Selects against schemas: names, wildcards, windows, and what groups are made of.

mod group;

use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result};
use crate::expr::{Expr, Node, Typed, TypedWindow, refused};
use crate::schema::{Field, Schema, quote};

use super::{Select, SelectPlan};

/// See [`Select::bind`].
pub(super) fn select(select: &Select, input: &Schema) -> Result<SelectPlan> {
    let wildcards = select.columns.iter().filter(|c| matches!(c.node(), Node::Wildcard)).count();
    if wildcards > 1 {
        return Err(invalid("all() stands once among the columns of a select".to_owned()));
    }
    let filter = select.filter.as_ref().map(|condition| where_(input, condition)).transpose()?;
    let grouped = select.columns.iter().find(|c| c.has_aggregate());
    let mut plan = match grouped {
        Some(aggregate) if wildcards > 0 => {
            return Err(refused(aggregate, "an aggregate may not stand beside all(); name the columns that are group keys"));
        }
        Some(_) => {
            let keys = select.columns.iter().filter(|c| !c.is_constant() && !c.has_aggregate());
            let columns = named(&select.columns)?;
            group::group(input, keys.map(Expr::without_alias), &columns, select.having.as_ref())?
        }
        None => {
            if let Some(having) = &select.having {
                return Err(refused(
                    having,
                    "having is a condition of groups, and no column is an aggregate; write .filter(…), or an aggregate among the columns",
                ));
            }
            rows(input, &wild(input, &select.columns, wildcards > 0)?)?
        }
    };
    plan.filter = filter;
    plan.distinct = select.distinct;
    Ok(plan)
}

/// See [`SelectPlan::filter`].
pub(super) fn filter(input: &Schema, condition: &Expr) -> Result<SelectPlan> {
    let filter = Some(where_(input, condition)?);
    Ok(SelectPlan { filter, ..all_of(input, Vec::new(), identity(input), input.clone()) })
}

/// See [`SelectPlan::project`].
pub(super) fn project(input: &Schema, columns: Vec<(String, Typed)>) -> Result<SelectPlan> {
    let names = columns.iter().map(|(name, _)| Arc::from(name.as_str())).collect::<Vec<_>>();
    let typed: Vec<Typed> = columns.into_iter().map(|(_, typed)| typed).collect();
    let output = output(&names, &typed)?;
    Ok(all_of(input, Vec::new(), typed, output))
}

/// See [`SelectPlan::aggregate`].
pub(super) fn aggregate(input: &Schema, keys: &[Expr], aggregates: &[Expr]) -> Result<SelectPlan> {
    if aggregates.is_empty() {
        return Err(invalid(
            "there is nothing to aggregate; name at least one aggregate, such as sum(\"a\").alias(\"a\")".to_owned(),
        ));
    }
    if let Some(other) = aggregates.iter().find(|e| !e.has_aggregate()) {
        // A mistake in it says more.
        other.typed(input)?;
        return Err(refused(
            other,
            "only aggregates stand here, such as sum(\"a\"); other columns are keys, or belong into a select",
        ));
    }
    if let Some(aggregate) = keys.iter().find(|key| key.has_aggregate()) {
        return Err(refused(aggregate, "an aggregate cannot be a group key; aggregate first, then group by what it gave"));
    }
    if let Some(literal) = keys.iter().find(|key| key.is_constant()) {
        return Err(refused(
            literal,
            "a literal is the same in all rows and cannot be a group key; leave it out, or write col(\"…\")",
        ));
    }
    let columns: Vec<Expr> = keys.iter().chain(aggregates).cloned().collect();
    group::group(input, keys.iter().map(Expr::without_alias), &named(&columns)?, None)
}

/// See [`SelectPlan::assign`].
pub(super) fn assign(input: &Schema, columns: &[Expr]) -> Result<SelectPlan> {
    if let Some(aggregate) = columns.iter().find(|c| c.has_aggregate()) {
        return Err(refused(aggregate, "an aggregate does not belong to a row; write it over a window, or aggregate first"));
    }
    let new = named(columns)?;
    twice(new.iter().map(|(name, _)| name))?;
    let mut all: Vec<(Arc<str>, Expr)> = input.names().map(|name| (Arc::from(name), crate::expr::col(name))).collect();
    for (name, expr) in new {
        match input.index_of(&name) {
            Some(at) => all[at].1 = expr,
            None => all.push((name, expr)),
        }
    }
    rows(input, &all)
}

/// Columns of single rows, windows among them.
fn rows(input: &Schema, columns: &[(Arc<str>, Expr)]) -> Result<SelectPlan> {
    let mut windows: Vec<(Expr, TypedWindow)> = Vec::new();
    let mut typed = Vec::with_capacity(columns.len());
    for (_, expr) in columns {
        typed.push(expr.typed_where(input, &mut |part| {
            let Node::Window(call) = part.node() else { return Ok(None) };
            let at = match windows.iter().position(|(known, _)| known == part) {
                Some(at) => at,
                None => {
                    windows.push((part.clone(), call.typed(part, input)?));
                    windows.len() - 1
                }
            };
            Ok(Some(Typed::column(input.len() + at, windows[at].1.ty.clone())))
        })?);
    }
    let names: Vec<Arc<str>> = columns.iter().map(|(name, _)| Arc::clone(name)).collect();
    let output = output(&names, &typed)?;
    Ok(all_of(input, windows.into_iter().map(|(_, window)| window).collect(), typed, output))
}

/// The columns with their names, all columns of the input in the place of the wildcard.
fn wild(input: &Schema, columns: &[Expr], wild: bool) -> Result<Vec<(Arc<str>, Expr)>> {
    if !wild {
        return named(columns);
    }
    let mut all = Vec::with_capacity(input.len() + columns.len());
    for expr in columns {
        if matches!(expr.node(), Node::Wildcard) {
            all.extend(input.names().map(|name| (Arc::from(name), crate::expr::col(name))));
            continue;
        }
        let name = expr.named()?;
        if !aliased(expr) {
            return Err(refused(expr, "beside all() a column needs a name of its own; write .alias(\"…\") after it"));
        }
        if input.contains(&name) {
            let message = format!("all() brings a column {} already; write another name, or assign it", quote(&name));
            return Err(refused(expr, message).with("column", &*name));
        }
        all.push((name, expr.clone()));
    }
    Ok(all)
}

/// Whether the name was given to it.
fn aliased(expr: &Expr) -> bool {
    match expr.node() {
        Node::Alias(_, _) => true,
        Node::Cast { input, .. } => aliased(input),
        _ => false,
    }
}

fn named(columns: &[Expr]) -> Result<Vec<(Arc<str>, Expr)>> {
    columns
        .iter()
        .map(|expr| match expr.node() {
            Node::Wildcard => Err(invalid("all() stands alone among the columns of a select without aggregates".to_owned())),
            _ => Ok((expr.named()?, expr.clone())),
        })
        .collect()
}

fn where_(input: &Schema, condition: &Expr) -> Result<Typed> {
    condition.condition(input, &mut |part| match part.node() {
        Node::Aggregate(_) => Err(refused(
            part,
            "a filter looks at single rows and may not hold an aggregate; write it into having, or filter afterwards",
        )),
        Node::Window(_) => {
            Err(refused(part, "a filter may not hold a window function; select twice: assign it first, then filter"))
        }
        _ => Ok(None),
    })
}

/// The output of typed columns, of which there must be some, with different names.
fn output(names: &[Arc<str>], columns: &[Typed]) -> Result<Schema> {
    if names.is_empty() {
        return Err(invalid("nothing is selected; name at least one column".to_owned()));
    }
    twice(names.iter())?;
    Schema::new(names.iter().zip(columns).map(|(name, typed)| Field::new(Arc::clone(name), typed.ty.clone())))
}

fn twice<'n>(names: impl Iterator<Item = &'n Arc<str>>) -> Result<()> {
    let mut seen = std::collections::HashSet::new();
    for name in names {
        if !seen.insert(name) {
            let message = format!("two columns are named {}; give one of them another name with .alias(\"…\")", quote(name));
            return Err(invalid(message).with("column", &**name));
        }
    }
    Ok(())
}

fn identity(input: &Schema) -> Vec<Typed> {
    input.fields().iter().enumerate().map(|(at, field)| Typed::column(at, field.ty().clone())).collect()
}

fn all_of(input: &Schema, windows: Vec<TypedWindow>, columns: Vec<Typed>, output: Schema) -> SelectPlan {
    SelectPlan { input: input.clone(), filter: None, windows, group: None, having: None, columns, distinct: false, output }
}

fn invalid(message: String) -> Error {
    Error::new(ErrorKind::ExpressionInvalid, message)
}

#[cfg(test)]
mod tests;
