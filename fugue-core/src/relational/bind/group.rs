//! Grouping: what the keys are, which aggregates there are, and what is made of both.

use std::sync::Arc;

use crate::error::Result;
use crate::expr::{Expr, Node, Typed, TypedAggregate, column, refused};
use crate::relational::{Group, SelectPlan};
use crate::schema::{Field, Schema};

use super::{all_of, output};

/// A plan that groups by these keys (each once, whoever names it how often) and whose columns are made of keys and aggregates.
pub(super) fn group<'e>(
    input: &Schema,
    keys: impl Iterator<Item = &'e Expr>,
    columns: &[(Arc<str>, Expr)],
    having: Option<&Expr>,
) -> Result<SelectPlan> {
    let mut grouping = Grouping { input, keys: Vec::new(), aggregates: Vec::new() };
    for key in keys {
        if !grouping.keys.iter().any(|(known, _)| known == key) {
            let typed = key.typed_where(input, &mut |part| match part.node() {
                Node::Window(_) => Err(windowed(part)),
                _ => Ok(None),
            })?;
            grouping.keys.push((key.clone(), typed));
        }
    }
    let typed = columns.iter().map(|(_, expr)| expr.typed_where(input, &mut |part| grouping.part(part)));
    let typed = typed.collect::<Result<Vec<_>>>()?;
    let having = having.map(|condition| condition.condition(input, &mut |part| grouping.part(part))).transpose()?;
    let names: Vec<Arc<str>> = columns.iter().map(|(name, _)| Arc::clone(name)).collect();
    let output = output(&names, &typed)?;
    Ok(SelectPlan { group: Some(grouping.finish()?), having, ..all_of(input, Vec::new(), typed, output) })
}

struct Grouping<'s> {
    input: &'s Schema,
    keys: Vec<(Expr, Typed)>,
    aggregates: Vec<(Expr, TypedAggregate)>,
}

impl Grouping<'_> {
    /// What a part of an expression over groups stands for: a key, or an aggregate; `None` where its own parts decide.
    fn part(&mut self, part: &Expr) -> Result<Option<Typed>> {
        let bare = part.without_alias();
        if let Some(at) = self.keys.iter().position(|(key, _)| key == bare) {
            return Ok(Some(Typed::column(at, self.keys[at].1.ty.clone())));
        }
        match bare.node() {
            Node::Aggregate(call) => {
                let at = match self.aggregates.iter().position(|(known, _)| known == bare) {
                    Some(at) => at,
                    None => {
                        self.aggregates.push((bare.clone(), call.typed(bare, self.input)?));
                        self.aggregates.len() - 1
                    }
                };
                Ok(Some(Typed::column(self.keys.len() + at, self.aggregates[at].1.ty.clone())))
            }
            Node::Window(_) => Err(windowed(bare)),
            Node::Column(name) => {
                // That there is no such column says more.
                column(self.input, name)?;
                Err(refused(
                    bare,
                    "the column is neither a group key nor inside an aggregate; select it as a column of its own, which makes it a key, or \
                     aggregate it",
                ))
            }
            _ => Ok(None),
        }
    }

    fn finish(self) -> Result<Group> {
        let keys = self.keys.iter().enumerate().map(|(i, (_, key))| Field::new(format!("_k{i}"), key.ty.clone()));
        let aggregates = self.aggregates.iter().enumerate().map(|(i, (_, call))| Field::new(format!("_a{i}"), call.ty.clone()));
        let schema = Schema::new(keys.chain(aggregates))?;
        Ok(Group {
            keys: self.keys.into_iter().map(|(_, key)| key).collect(),
            aggregates: self.aggregates.into_iter().map(|(_, call)| call).collect(),
            schema,
        })
    }
}

fn windowed(part: &Expr) -> crate::error::Error {
    refused(
        part,
        "a window function may not stand beside aggregates; select twice: aggregate first, then the window, or the other way round",
    )
}
