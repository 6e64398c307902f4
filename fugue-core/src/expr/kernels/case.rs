//! Cases: every condition and value only for the rows that reach it, so that its errors do not reach others.

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, UInt64Array, new_null_array};
use arrow::compute::{interleave, take};

use crate::error::{Error, Result};
use crate::expr::fallible::widens;
use crate::expr::{Function, Typed, TypedNode};
use crate::schema::Type;

use super::select::select;
use super::{Input, Operand};

/// Up to so many branches that cannot fail are computed for all rows, which is faster than to take rows apart.
const FEW: usize = 4;

/// The value beside the first condition that is true, else the last.
pub(super) fn value(input: &Input<'_>, branches: &[(Typed, Typed)], otherwise: Option<&Typed>, ty: &Type) -> Result<Operand> {
    let cannot_fail = |(condition, value): &(Typed, Typed)| infallible(condition) && infallible(value);
    if branches.len() <= FEW && branches.iter().all(cannot_fail) && otherwise.is_none_or(infallible) {
        let mut chosen = match otherwise {
            Some(otherwise) => input.value(otherwise)?,
            None => null(ty),
        };
        for (condition, value) in branches.iter().rev() {
            let condition = input.value(condition)?.full(input.rows)?;
            chosen = Operand::column(select(condition.as_boolean(), &input.value(value)?, &chosen)?);
        }
        return Ok(chosen);
    }
    row_wise(input, branches, otherwise, ty)
}

fn row_wise(input: &Input<'_>, branches: &[(Typed, Typed)], otherwise: Option<&Typed>, ty: &Type) -> Result<Operand> {
    let mut parts = Parts { sources: vec![null(ty).array], places: vec![(0, 0); input.rows] };
    let mut rest: Vec<usize> = (0..input.rows).collect();
    for (condition, value) in branches {
        if rest.is_empty() {
            break;
        }
        let condition = input.at(&rest, condition)?.full(rest.len())?;
        let condition: &BooleanArray = condition.as_boolean();
        let is_true = |i: usize| condition.is_valid(i) && condition.value(i);
        let mut taken = Vec::new();
        let mut left = Vec::new();
        for (i, row) in rest.iter().enumerate() {
            if is_true(i) { taken.push(*row) } else { left.push(*row) }
        }
        rest = left;
        parts.put(&taken, input, value)?;
    }
    if let Some(otherwise) = otherwise {
        parts.put(&rest, input, otherwise)?;
    }
    let sources: Vec<&dyn Array> = parts.sources.iter().map(|source| &**source).collect();
    Ok(Operand::column(interleave(&sources, &parts.places)?))
}

/// Where the value of each row stands.
struct Parts {
    sources: Vec<ArrayRef>,
    places: Vec<(usize, usize)>,
}

impl Parts {
    fn put(&mut self, rows: &[usize], input: &Input<'_>, value: &Typed) -> Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        let source = self.sources.len();
        // A column is there for all rows already.
        if let TypedNode::Column(_) = value.node {
            self.sources.push(input.value(value)?.array);
            rows.iter().for_each(|row| self.places[*row] = (source, *row));
            return Ok(());
        }
        let Operand { array, constant } = input.at(rows, value)?;
        self.sources.push(array);
        for (i, row) in rows.iter().enumerate() {
            self.places[*row] = (source, if constant { 0 } else { i });
        }
        Ok(())
    }
}

impl Input<'_> {
    /// The value of an expression for some of the rows, in their order; errors name the rows of this input.
    fn at(&self, rows: &[usize], expr: &Typed) -> Result<Operand> {
        if rows.len() == self.rows {
            return self.value(expr);
        }
        let mut columns = self.columns.to_vec();
        let needed = expr.columns();
        if !needed.is_empty() {
            let indices: UInt64Array = rows.iter().map(|row| *row as u64).collect();
            for position in needed {
                if let Some(column) = columns.get_mut(position) {
                    *column = take(column, &indices, None)?;
                }
            }
        }
        let part = Input { columns: &columns, rows: rows.len() };
        part.value(expr).map_err(|error| renumbered(error, rows))
    }
}

fn renumbered(error: Error, rows: &[usize]) -> Error {
    match error.context("row").and_then(|row| rows.get(row.parse::<usize>().ok()?)) {
        Some(row) => error.with_instead("row", row.to_string()),
        None => error,
    }
}

fn null(ty: &Type) -> Operand {
    Operand::constant(new_null_array(&ty.to_arrow(), 1))
}

/// Whether no value makes the expression an error. Only what is cheap too: others are better not computed for rows that do not need them.
fn infallible(expr: &Typed) -> bool {
    use Function as F;
    match &expr.node {
        TypedNode::Column(_) | TypedNode::Literal(_) => true,
        TypedNode::Cast { input, .. } => widens(&input.ty, &expr.ty) && infallible(input),
        TypedNode::Case { branches, otherwise } => {
            branches.iter().all(|(c, v)| infallible(c) && infallible(v)) && otherwise.as_deref().is_none_or(infallible)
        }
        TypedNode::Call { function, args } => {
            let total = match function {
                F::Add | F::Subtract | F::Multiply | F::Divide | F::DivideTrue | F::Modulo | F::Negate | F::Abs => {
                    expr.ty.is_integer() || expr.ty.is_float()
                }
                F::Equal | F::NotEqual | F::Less | F::LessOrEqual | F::Greater | F::GreaterOrEqual | F::NotDistinct => true,
                F::And | F::Or | F::Not | F::IsNull | F::IsNotNull | F::IsNan | F::Coalesce | F::NullIf => true,
                _ => false,
            };
            total && args.iter().all(infallible)
        }
    }
}
