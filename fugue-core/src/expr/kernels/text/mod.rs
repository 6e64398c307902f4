//! Functions of text. Positions and lengths count Unicode scalar values, from 0.

pub(super) mod operands;
mod parts;
mod rewrite;
mod search;

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array};
use arrow::compute::{contains, ends_with, starts_with};

use crate::error::Result;
use crate::expr::Function;

use self::operands::{Texts, once, wrong_call};
use super::{Operand, pattern};

pub(in crate::expr::kernels) use rewrite::rewrite;
pub(in crate::expr::kernels) use search::{Search, found};

/// The value of a function of text for each of so many rows.
///
/// # Errors
/// `ValueInvalid` naming the row, for a negative length; `ExpressionInvalid` for arguments that typing would not let through.
pub(super) fn call(function: Function, args: &[Operand], rows: usize) -> Result<ArrayRef> {
    match (function, args) {
        (Function::Length, [text]) => once(text, rows, |array| length(function, array)),
        (Function::Lower, [text]) => changed(function, text, rows, lower),
        (Function::Upper, [text]) => changed(function, text, rows, upper),
        (Function::Trim, [text]) => parts::trim(Texts::new(function, text)?, rows, str::trim_start, str::trim_end),
        (Function::TrimStart, [text]) => parts::trim(Texts::new(function, text)?, rows, str::trim_start, |text| text),
        (Function::TrimEnd, [text]) => parts::trim(Texts::new(function, text)?, rows, |text| text, str::trim_end),
        (Function::Substring, [text, start]) => parts::substring(text, start, None, rows),
        (Function::Substring, [text, start, length]) => parts::substring(text, start, Some(length), rows),
        (Function::Concat, args) => rewrite::concat(args, rows),
        (Function::Contains, [text, part]) => found(function, contains, text, part, rows),
        (Function::StartsWith, [text, part]) => found(function, starts_with, text, part, rows),
        (Function::EndsWith, [text, part]) => found(function, ends_with, text, part, rows),
        (Function::Find, [text, part]) => search::find(text, part, rows),
        (Function::Replace, [text, from, to]) => rewrite::replace(text, from, to, rows),
        (Function::Like | Function::RegexMatch | Function::RegexReplace, args) => pattern::call(function, args, rows),
        _ => Err(wrong_call(function, args.len())),
    }
}

fn length(function: Function, array: &ArrayRef) -> Result<ArrayRef> {
    let operand = Operand { array: Arc::clone(array), constant: false };
    let texts = Texts::new(function, &operand)?;
    let lengths = (0..array.len()).map(|row| texts.text(row).map(|text| long(text.chars().count())));
    Ok(Arc::new(lengths.collect::<Int64Array>()))
}

fn changed(function: Function, text: &Operand, rows: usize, change: fn(&str) -> Cow<'_, str>) -> Result<ArrayRef> {
    once(text, rows, |array| {
        let operand = Operand { array: Arc::clone(array), constant: false };
        let texts = Texts::new(function, &operand)?;
        rewrite(texts, array.len(), |row| texts.text(row).map(change))
    })
}

fn lower(text: &str) -> Cow<'_, str> {
    if !text.is_ascii() {
        Cow::Owned(text.to_lowercase())
    } else if text.bytes().any(|b| b.is_ascii_uppercase()) {
        Cow::Owned(text.to_ascii_lowercase())
    } else {
        Cow::Borrowed(text)
    }
}

fn upper(text: &str) -> Cow<'_, str> {
    if !text.is_ascii() {
        Cow::Owned(text.to_uppercase())
    } else if text.bytes().any(|b| b.is_ascii_lowercase()) {
        Cow::Owned(text.to_ascii_uppercase())
    } else {
        Cow::Borrowed(text)
    }
}

/// A count as a long. No text in memory is longer.
fn long(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
