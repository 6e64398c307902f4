//! Texts that are made anew: replaced, joined, in another case.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{ArrayRef, StringViewBuilder};

use crate::error::Result;
use crate::expr::Function;
use crate::expr::kernels::Operand;
use crate::schema::fault::Fault;

use super::operands::Texts;

/// What becomes of each row of a column of texts. What is borrowed is the text of that row as it was; while all rows are, nothing is copied.
pub(in crate::expr::kernels) fn rewrite<'a>(
    texts: Texts<'a>,
    rows: usize,
    mut change: impl FnMut(usize) -> Option<Cow<'a, str>>,
) -> Result<ArrayRef> {
    let mut row = 0;
    let mut first = None;
    if !texts.constant {
        while row < rows {
            match change(row) {
                Some(Cow::Borrowed(_)) => {}
                None if texts.text(row).is_none() => {}
                other => {
                    first = Some(other);
                    break;
                }
            }
            row += 1;
        }
        if row == rows {
            return Ok(Arc::new(texts.array.clone()));
        }
    }
    let mut builder = StringViewBuilder::with_capacity(rows);
    for before in 0..row {
        append(&mut builder, before, texts.text(before))?;
    }
    if let Some(first) = first {
        append(&mut builder, row, first.as_deref())?;
        row += 1;
    }
    for row in row..rows {
        append(&mut builder, row, change(row).as_deref())?;
    }
    Ok(Arc::new(builder.finish()))
}

/// Every occurrence of a text replaced by another.
pub(super) fn replace(text: &Operand, from: &Operand, to: &Operand, rows: usize) -> Result<ArrayRef> {
    let function = Function::Replace;
    let (texts, from, to) = (Texts::new(function, text)?, Texts::new(function, from)?, Texts::new(function, to)?);
    rewrite(texts, rows, |row| {
        let (text, from, to) = (texts.text(row)?, from.text(row)?, to.text(row)?);
        let nothing = from.is_empty() || !text.contains(from);
        Some(if nothing { Cow::Borrowed(text) } else { Cow::Owned(text.replace(from, to)) })
    })
}

/// The texts of each row one after the other.
pub(super) fn concat(args: &[Operand], rows: usize) -> Result<ArrayRef> {
    let args = args.iter().map(|arg| Texts::new(Function::Concat, arg)).collect::<Result<Vec<_>>>()?;
    let mut builder = StringViewBuilder::with_capacity(rows);
    let mut joined = String::new();
    for row in 0..rows {
        joined.clear();
        let whole = args.iter().all(|arg| arg.text(row).inspect(|text| joined.push_str(text)).is_some());
        append(&mut builder, row, whole.then_some(joined.as_str()))?;
    }
    Ok(Arc::new(builder.finish()))
}

fn append(builder: &mut StringViewBuilder, row: usize, text: Option<&str>) -> Result<()> {
    match text {
        None => builder.append_null(),
        Some(text) => builder.try_append_value(text).map_err(|why| {
            let message = format!("a text of {} bytes is longer than a column can hold: {why}", text.len());
            Fault::value(row, message)
        })?,
    }
    Ok(())
}
