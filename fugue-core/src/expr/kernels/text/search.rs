//! Texts in texts: whether and where.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Datum, Int64Array, Scalar};
use arrow::error::ArrowError;

use crate::error::Result;
use crate::expr::Function;
use crate::expr::kernels::Operand;

use super::long;
use super::operands::{Texts, repeat};

/// One of Arrow's searches, which prepare a constant once.
pub(in crate::expr::kernels) type Search = fn(&dyn Datum, &dyn Datum) -> Result<BooleanArray, ArrowError>;

/// Whether the search finds the second text in the first.
pub(in crate::expr::kernels) fn found(
    function: Function,
    search: Search,
    text: &Operand,
    part: &Operand,
    rows: usize,
) -> Result<ArrayRef> {
    let (texts, parts) = (Texts::new(function, text)?.array, Texts::new(function, part)?.array);
    let found = match (text.constant, part.constant) {
        (false, false) => search(texts, parts)?,
        (false, true) => search(texts, &Scalar::new(parts))?,
        (true, false) => search(&Scalar::new(texts), parts)?,
        (true, true) => return repeat(&search(texts, parts)?, rows),
    };
    Ok(Arc::new(found))
}

/// Where the second text stands first in the first.
pub(super) fn find(text: &Operand, part: &Operand, rows: usize) -> Result<ArrayRef> {
    let (texts, parts) = (Texts::new(Function::Find, text)?, Texts::new(Function::Find, part)?);
    let places = (0..rows).map(|row| {
        let (text, part) = (texts.text(row)?, parts.text(row)?);
        text.find(part).map(|at| long(text[..at].chars().count()))
    });
    Ok(Arc::new(places.collect::<Int64Array>()))
}
