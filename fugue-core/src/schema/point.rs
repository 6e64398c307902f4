//! Errors that point into the text of a small language: position, the line, and a caret below it.

use std::fmt::Display;
use std::ops::Range;

use crate::error::{Error, ErrorKind};

/// Longest piece of a line that an error shows.
const SHOWN: usize = 100;

/// An error whose message ends with the line of `text` in which `span` (in bytes) starts and with carets below the span.
/// Its context has the `position`, counted in characters from 1.
pub(crate) fn pointed(kind: ErrorKind, text: &str, span: Range<usize>, message: impl Display) -> Error {
    let start = floor(text, span.start);
    let end = floor(text, span.end.max(start));
    let line_start = text[..start].rfind('\n').map_or(0, |i| i + 1);
    let line_end = text[start..].find('\n').map_or(text.len(), |i| start + i);
    let position = text[..start].chars().count() + 1;

    // Every character becomes one that is one column wide, or the carets would not stand below what they mean.
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    let mut line: Vec<char> = text[line_start..line_end].chars().map(plain).collect();
    let mut before = text[line_start..start].chars().count();
    let mut width = text[start..end.min(line_end).max(start)].chars().count().max(1);
    if line.len() > SHOWN {
        let from = before.saturating_sub(SHOWN / 2).min(line.len() - SHOWN);
        let cut_end = from + SHOWN < line.len();
        line = line[from..from + SHOWN].to_vec();
        before -= from;
        width = width.min(SHOWN.saturating_sub(before)).max(1);
        if from > 0 {
            line.insert(0, '…');
            before += 1;
        }
        if cut_end {
            line.push('…');
        }
    }
    let line: String = line.into_iter().collect();
    let (blanks, carets) = (" ".repeat(before), "^".repeat(width));
    Error::new(kind, format!("{message}, at position {position}:\n  {line}\n  {blanks}{carets}"))
        .with("position", position.to_string())
}

/// The last boundary of a character that is not after `at`.
fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|&i| text.is_char_boundary(i)).unwrap_or(0)
}
