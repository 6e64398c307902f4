//! Functions of text and patterns.

use arrow::array::ArrayRef;

use crate::error::Result;
use crate::expr::Function;

use super::{Operand, unexpected};

pub(super) fn call(function: Function, args: &[Operand], rows: usize) -> Result<ArrayRef> {
    Err(unexpected(format!("{function:?} of {} arguments and {rows} rows is in another module", args.len())))
}
