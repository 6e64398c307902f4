//! One state after the other for runs of rows that move forwards: groups, running windows and sliding windows alike.

use std::ops::Range;

use arrow::buffer::NullBuffer;

use crate::error::Result;

use super::state::State;

/// Calls `emit` with the state of each run: of the values of its rows that are valid.
///
/// Every row is added at most twice and merged once per run, whatever the runs: a run that only grows goes on with the state of the one
/// before; where rows fall off at the start there is no taking away, by which floats would lose their digits and extremes have no
/// answer, but two stacks: states of all that remains of older rows, made once and back to front, and one state of newer rows.
pub(super) fn sweep<S: State>(
    runs: &[Range<usize>],
    value: impl Fn(usize) -> S::Value + Copy,
    valid: Option<&NullBuffer>,
    mut emit: impl FnMut(&S, &Range<usize>) -> Result<()>,
) -> Result<()> {
    // The state of rows start..middle is the last of `older`, below it are those of start + 1..middle and so on.
    let mut older: Vec<S> = Vec::new();
    let mut newer = S::default();
    let (mut start, mut middle, mut end) = (0, 0, 0);
    for run in runs {
        if run.is_empty() {
            emit(&S::default(), run)?;
            continue;
        }
        if run.start >= end {
            older.clear();
            newer = S::default();
            (start, middle, end) = (run.start, run.start, run.start);
        }
        if run.end > end {
            absorb(&mut newer, end..run.end, value, valid);
            end = run.end;
        }
        if run.start > start {
            start = run.start;
            if start < middle {
                older.truncate(middle - start);
            } else {
                older.clear();
                let mut state = S::default();
                for row in (start..end).rev() {
                    if valid.is_none_or(|v| v.is_valid(row)) {
                        state.add(value(row));
                    }
                    older.push(state.clone());
                }
                middle = end;
                newer = S::default();
            }
        }
        match older.last() {
            None => emit(&newer, run)?,
            Some(state) => {
                let mut state = state.clone();
                state.merge(&newer);
                emit(&state, run)?;
            }
        }
    }
    Ok(())
}

/// Adds the values of valid rows.
pub(super) fn absorb<S: State>(
    state: &mut S,
    rows: Range<usize>,
    value: impl Fn(usize) -> S::Value + Copy,
    valid: Option<&NullBuffer>,
) {
    match valid {
        None => state.add_all(rows.map(value)),
        Some(valid) => state.add_all(rows.filter(|row| valid.is_valid(*row)).map(value)),
    }
}
