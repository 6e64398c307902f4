//! LIKE: `%` is any text, `_` one Unicode scalar value, all else itself.

use std::sync::Arc;

use arrow::array::{ArrayRef, StringViewArray};
use arrow::compute::kernels::cmp::eq;
use arrow::compute::{contains, ends_with, starts_with};

use crate::error::Result;
use crate::expr::Function;
use crate::expr::kernels::Operand;
use crate::expr::kernels::text::operands::Texts;
use crate::expr::kernels::text::{Search, found};

use super::matches;

/// Whether each whole text fits the pattern.
pub(super) fn like(text: &Operand, pattern: &str, rows: usize) -> Result<ArrayRef> {
    let simple = |search: Search, literal: &str| {
        let literal: ArrayRef = Arc::new(StringViewArray::from_iter_values([literal]));
        found(Function::Like, search, text, &Operand { array: literal, constant: true }, rows)
    };
    // Arrow prepares a constant once, and compares the starts of texts in their views.
    let pieces: Vec<&str> = pattern.split('%').collect();
    match pieces[..] {
        _ if pattern.contains('_') => {}
        [whole] => return simple(eq, whole),
        [start, ref between @ .., ""] if between.iter().all(|piece| piece.is_empty()) => return simple(starts_with, start),
        ["", ref between @ .., end] if between.iter().all(|piece| piece.is_empty()) => return simple(ends_with, end),
        ["", part, ""] => return simple(contains, part),
        _ => {}
    }
    matches(Texts::new(Function::Like, text)?, rows, |text| fits(text, &pieces))
}

/// Whether a whole text fits the pieces between the signs of percent. Each piece in the middle may as well take its first place: whatever
/// fits after a later place fits after the first.
fn fits(text: &str, pieces: &[&str]) -> bool {
    let (first, middle, last) = match pieces {
        [] => return text.is_empty(),
        [whole] => return after(text, whole).is_some_and(str::is_empty),
        [first, middle @ .., last] => (first, middle, last),
    };
    let Some(mut rest) = after(text, first) else { return false };
    for piece in middle {
        match after_first(rest, piece) {
            Some(next) => rest = next,
            None => return false,
        }
    }
    // The last piece has a fixed number of characters, so there is one place where it can stand.
    let characters = last.chars().count();
    let from = match characters.checked_sub(1) {
        None => return true,
        Some(before) => rest.char_indices().nth_back(before),
    };
    from.is_some_and(|(from, _)| after(&rest[from..], last).is_some_and(str::is_empty))
}

/// What follows a piece at the start of a text.
fn after<'t>(text: &'t str, piece: &str) -> Option<&'t str> {
    let mut rest = text.chars();
    piece.chars().all(|wanted| rest.next().is_some_and(|c| wanted == '_' || wanted == c)).then_some(rest.as_str())
}

/// What follows the first place of a piece in a text.
fn after_first<'t>(text: &'t str, piece: &str) -> Option<&'t str> {
    if !piece.contains('_') {
        return text.find(piece).map(|at| &text[at + piece.len()..]);
    }
    text.char_indices().find_map(|(at, _)| after(&text[at..], piece))
}
