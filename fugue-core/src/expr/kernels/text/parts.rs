//! Texts that are parts of other texts: views into the same buffers.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{ArrayRef, ByteView, MAX_INLINE_VIEW_LEN, StringViewArray, make_view};
use arrow::datatypes::Int64Type;

use crate::error::{Error, ErrorKind, Result};
use crate::expr::Function;
use crate::expr::kernels::Operand;
use crate::schema::fault::Fault;

use super::operands::{Texts, Values};

/// Each text without what is cut at its start and at its end.
pub(super) fn trim(texts: Texts<'_>, rows: usize, start: fn(&str) -> &str, end: fn(&str) -> &str) -> Result<ArrayRef> {
    parts(texts, rows, |_, text| {
        let rest = start(text);
        let from = text.len() - rest.len();
        Ok(Some(from..from + end(rest).len()))
    })
}

/// So many characters of each text from a position, or all the rest. The length counts from where the position would be, also where
/// that lies before the start.
pub(super) fn substring(text: &Operand, start: &Operand, length: Option<&Operand>, rows: usize) -> Result<ArrayRef> {
    let function = Function::Substring;
    let starts = Values::<Int64Type>::new(function, start)?;
    let lengths = length.map(|length| Values::<Int64Type>::new(function, length)).transpose()?;
    parts(Texts::new(function, text)?, rows, |row, text| {
        let Some(start) = starts.value(row) else { return Ok(None) };
        let length = match &lengths {
            None => None,
            Some(lengths) => match lengths.value(row) {
                None => return Ok(None),
                Some(length) => Some(u64::try_from(length).map_err(|_| {
                    let message = format!("a substring cannot have a length of {length}; give zero or more");
                    Fault::value(row, message)
                })?),
            },
        };
        Ok(Some(range(text, start, length)))
    })
}

/// Where the characters from a position stand in a text, in bytes.
fn range(text: &str, start: i64, length: Option<u64>) -> Range<usize> {
    let skipped = usize::try_from(start.unsigned_abs()).unwrap_or(usize::MAX);
    let (from, missing) = if start >= 0 {
        (forward(text, skipped), 0)
    } else if text.is_ascii() {
        (text.len().saturating_sub(skipped), skipped.saturating_sub(text.len()))
    } else {
        let mut back = text.char_indices();
        match back.nth_back(skipped - 1) {
            Some((from, _)) => (from, 0),
            None => (0, skipped - text.chars().count()),
        }
    };
    let rest = &text[from..];
    let length = length.map_or(usize::MAX, |length| usize::try_from(length).unwrap_or(usize::MAX)).saturating_sub(missing);
    from..from + forward(rest, length)
}

/// Where a text goes on after so many characters, in bytes.
fn forward(text: &str, characters: usize) -> usize {
    if characters >= text.len() {
        text.len()
    } else if text.is_ascii() {
        characters
    } else {
        text.char_indices().nth(characters).map_or(text.len(), |(at, _)| at)
    }
}

/// A part of each text, in bytes; null where there is none.
fn parts(
    texts: Texts<'_>,
    rows: usize,
    mut part: impl FnMut(usize, &str) -> Result<Option<Range<usize>>, Fault>,
) -> Result<ArrayRef> {
    let mut views = Vec::with_capacity(rows);
    let mut valid = Vec::with_capacity(rows);
    for row in 0..rows {
        let found = match texts.text(row) {
            Some(text) => part(row, text)?.map(|range| (text, range)),
            None => None,
        };
        valid.push(found.is_some());
        views.push(match found {
            None => 0,
            Some((text, range)) => {
                let (buffer, offset) = place(texts.array.views()[texts.at(row)]);
                let from = u32::try_from(range.start).ok().and_then(|start| offset.checked_add(start)).ok_or_else(lost)?;
                // A text of at most twelve bytes stands in its view, and place and buffer are not looked at.
                make_view(&text.as_bytes()[range], buffer, from)
            }
        });
    }
    let nulls = valid.contains(&false).then(|| valid.into());
    let made = StringViewArray::try_new(views.into(), texts.array.data_buffers().to_vec(), nulls)?;
    Ok(Arc::new(made))
}

/// The buffer of a text, and where it stands in there; both mean nothing for a text that stands in its view.
fn place(view: u128) -> (u32, u32) {
    let view = ByteView::from(view);
    if view.length <= MAX_INLINE_VIEW_LEN { (0, 0) } else { (view.buffer_index, view.offset) }
}

fn lost() -> Error {
    Error::new(ErrorKind::Unexpected, "a text ends past the buffer that it stands in")
}
