//! Columns that are known to have no null: frames in memory tell, and what is computed of them. A sum of such a column is a value for
//! every group, so that nobody has to count what it is the sum of.

use fugue_core::expr::{Function, Typed, TypedNode};
use fugue_core::relational::SelectPlan;

use crate::frame::{Node, PolarsFrame};

/// Of each column of a frame, whether it is known to have no null.
pub(super) fn columns(frame: &PolarsFrame) -> Vec<bool> {
    let fields = frame.schema().fields();
    match frame.node() {
        Node::Frames(frames) => {
            let full = |name: &str| frames.iter().all(|rows| rows.column(name).is_ok_and(|column| column.null_count() == 0));
            fields.iter().map(|field| full(field.name())).collect()
        }
        Node::Native(native) if native.full.len() == fields.len() => native.full.clone(),
        _ => vec![false; fields.len()],
    }
}

/// The same of what a select makes of columns.
pub(super) fn selected(select: &SelectPlan, input: &[bool]) -> Vec<bool> {
    match &select.group {
        None => select.columns.iter().map(|column| is_full(column, input)).collect(),
        // Of groups only the keys are known.
        Some(group) => {
            let keys: Vec<bool> = group.keys.iter().map(|key| is_full(key, input)).collect();
            select.columns.iter().map(|column| is_full(column, &keys)).collect()
        }
    }
}

/// Whether an expression is never null over such columns. Says no where it does not know.
pub(super) fn is_full(typed: &Typed, columns: &[bool]) -> bool {
    match &typed.node {
        TypedNode::Column(at) => columns.get(*at).copied().unwrap_or(false),
        TypedNode::Literal(value) => value.null_count() == 0,
        TypedNode::Cast { input, attempt: false } => {
            input.ty.is_integer() && (typed.ty.is_integer() || typed.ty.is_float()) && is_full(input, columns)
        }
        TypedNode::Call { function: Function::Add | Function::Subtract | Function::Multiply | Function::Negate, args } => {
            let numbers = typed.ty.is_integer() || typed.ty.is_float();
            numbers && args.iter().all(|arg| is_full(arg, columns))
        }
        _ => false,
    }
}
