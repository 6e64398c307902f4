//! Patterns in text: LIKE and regular expressions.

mod like;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, new_null_array};
use arrow::datatypes::DataType;
use regex::{Regex, RegexBuilder};

use crate::error::{Error, ErrorKind, Result};
use crate::expr::Function;

use super::Operand;
use super::text::operands::{Texts, wrong_call};
use super::text::rewrite;

/// The greatest compiled size of a pattern, in bytes: one that counts repetitions of repetitions would take all memory.
const LARGEST: usize = 10 << 20;
/// How many patterns a thread keeps compiled. A kernel is called for each batch, and an expression holds few patterns.
const KEPT: usize = 16;

thread_local! {
    // Of each thread its own: a compiled pattern that threads share makes them wait for its scratch space.
    static RECENT: RefCell<VecDeque<(Arc<str>, Regex)>> = const { RefCell::new(VecDeque::new()) };
}

/// The value of a function with a pattern for each of so many rows.
///
/// # Errors
/// `ExpressionInvalid` for a pattern that is malformed or no literal.
pub(super) fn call(function: Function, args: &[Operand], rows: usize) -> Result<ArrayRef> {
    let (text, pattern) = match (function, args) {
        (Function::Like | Function::RegexMatch, [text, pattern]) | (Function::RegexReplace, [text, pattern, _]) => {
            (text, literal(function, pattern)?)
        }
        _ => return Err(wrong_call(function, args.len())),
    };
    let texts = Texts::new(function, text)?;
    match (function, pattern, args) {
        (Function::RegexReplace, None, _) => Ok(new_null_array(&DataType::Utf8View, rows)),
        (_, None, _) => Ok(new_null_array(&DataType::Boolean, rows)),
        (Function::Like, Some(pattern), _) => like::like(text, pattern, rows),
        (_, Some(pattern), [_, _, to]) => {
            let to = Texts::new(function, to)?;
            let regex = compile(pattern)?;
            rewrite(texts, rows, |row| {
                let (text, to) = (texts.text(row)?, to.text(row)?);
                Some(regex.replace_all(text, to))
            })
        }
        (_, Some(pattern), _) => {
            let regex = compile(pattern)?;
            matches(texts, rows, |text| regex.is_match(text))
        }
    }
}

/// Whether each text passes a test.
fn matches(texts: Texts<'_>, rows: usize, test: impl Fn(&str) -> bool) -> Result<ArrayRef> {
    Ok(Arc::new((0..rows).map(|row| texts.text(row).map(&test)).collect::<BooleanArray>()))
}

/// The pattern, if it is not null.
fn literal(function: Function, pattern: &Operand) -> Result<Option<&str>> {
    if !pattern.constant {
        let message = format!("the pattern of {function:?} must be a literal, so that it is read once; a column cannot be one");
        return Err(Error::new(ErrorKind::ExpressionInvalid, message));
    }
    Ok(Texts::new(function, pattern)?.text(0))
}

/// The compiled pattern, which the thread keeps for its next batches.
fn compile(pattern: &str) -> Result<Regex> {
    RECENT.with_borrow_mut(|recent| {
        let at = recent.iter().position(|(known, _)| **known == *pattern);
        let found = match at.and_then(|at| recent.remove(at)) {
            Some(found) => found,
            None => (Arc::from(pattern), regex(pattern)?),
        };
        let compiled = found.1.clone();
        recent.push_front(found);
        recent.truncate(KEPT);
        Ok(compiled)
    })
}

/// A pattern, compiled anew.
///
/// # Errors
/// `ExpressionInvalid` for one that is malformed, or too large once compiled.
pub(in crate::expr) fn regex(pattern: &str) -> Result<Regex> {
    RegexBuilder::new(pattern).size_limit(LARGEST).build().map_err(|why| {
        let message = match why {
            regex::Error::CompiledTooBig(limit) => {
                format!("the regular expression {pattern:?} takes more than {limit} bytes once compiled; repeat less in it")
            }
            _ => format!("{pattern:?} is no regular expression: {why}"),
        };
        Error::new(ErrorKind::ExpressionInvalid, message).with_source(why)
    })
}

#[cfg(test)]
mod tests;
