//! Three-valued logic, and what asks for null.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray};
use arrow::buffer::BooleanBuffer;
use arrow::compute::{and_kleene, is_not_null, is_null, not, nullif, or_kleene};

use crate::error::Result;
use crate::expr::Function;
use crate::schema::Type;

use super::compare::compare;
use super::members::Members;
use super::select::select;
use super::{Operand, exactly, unexpected};

/// Longer lists of constants are looked up in a hash table instead of compared one by one.
const LONG: usize = 6;

pub(super) fn call(function: Function, args: &[Operand], rows: usize, ty: &Type) -> Result<ArrayRef> {
    Ok(match function {
        Function::And | Function::Or => {
            let kleene = if function == Function::And { and_kleene } else { or_kleene };
            let [left, right] = exactly(function, args)?;
            Arc::new(kleene(&bools(left, rows)?, &bools(right, rows)?)?)
        }
        Function::Not => {
            let [value] = exactly(function, args)?;
            Arc::new(not(value.array.as_boolean())?)
        }
        Function::IsNull => {
            let [value] = exactly(function, args)?;
            Arc::new(is_null(&value.array)?)
        }
        Function::IsNotNull => {
            let [value] = exactly(function, args)?;
            Arc::new(is_not_null(&value.array)?)
        }
        Function::IsIn => match args {
            [value, items @ ..] => Arc::new(is_in(value, items, rows)?),
            [] => return Err(unexpected("IsIn without a value")),
        },
        Function::Coalesce => coalesce(args, rows, ty)?,
        Function::NullIf => {
            let [value, other] = exactly(function, args)?;
            let equal = compare(Function::Equal, value, other)?;
            nullif(&value.clone().full(rows)?, &equal)?
        }
        other => return Err(unexpected(format!("{other:?} is no logic"))),
    })
}

fn bools(operand: &Operand, rows: usize) -> Result<BooleanArray> {
    let array = operand.array.as_boolean();
    Ok(match operand.constant {
        false => array.clone(),
        true if array.is_null(0) => BooleanArray::new_null(rows),
        true if array.value(0) => BooleanArray::new(BooleanBuffer::new_set(rows), None),
        true => BooleanArray::new(BooleanBuffer::new_unset(rows), None),
    })
}

fn is_in(value: &Operand, items: &[Operand], rows: usize) -> Result<BooleanArray> {
    let (constants, columns): (Vec<&Operand>, Vec<&Operand>) = items.iter().partition(|item| item.constant);
    let mut found = BooleanArray::new(BooleanBuffer::new_unset(rows), None);
    let members = if constants.len() > LONG { Members::new(value.array.data_type(), &constants) } else { None };
    let singly = if let Some(members) = members {
        let array = members.hold(&value.array);
        found = bools(&Operand { array: Arc::new(array), constant: value.constant }, rows)?;
        columns
    } else {
        items.iter().collect()
    };
    for item in singly {
        let equal = compare(Function::Equal, value, item)?;
        let equal = Operand { array: Arc::new(equal), constant: value.constant && item.constant };
        found = or_kleene(&found, &bools(&equal, rows)?)?;
    }
    Ok(found)
}

fn coalesce(args: &[Operand], rows: usize, ty: &Type) -> Result<ArrayRef> {
    // What stands behind a value that is never null does not matter.
    let needed = args.iter().position(|arg| arg.array.null_count() == 0).map_or(args.len(), |last| last + 1);
    let Some((last, firsts)) = args[..needed].split_last() else {
        return Ok(arrow::array::new_null_array(&ty.to_arrow(), rows));
    };
    let mut chosen = last.clone();
    for arg in firsts.iter().rev() {
        if arg.constant {
            // It has nulls, so it is null for all rows.
            continue;
        }
        chosen = Operand::column(select(&is_not_null(&arg.array)?, arg, &chosen)?);
    }
    chosen.full(rows)
}
