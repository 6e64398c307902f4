//! The order of rows inside groups.

use arrow::array::{Array, ArrayRef};
use rayon::prelude::*;

use crate::error::Result;

use super::canonical;
use super::words::{self, Part};

/// Runs of rows longer than this are sorted by several threads.
const LONG: usize = 1 << 16;

/// How rows have to be moved so that those of each group are in order: for each row of the result where it stands now; nothing
/// when they are in order already. Rows that are equal keep their order, so that the answer depends on nothing else.
///
/// Columns come with whether great values come first; nulls are last in both directions.
pub(super) fn sort_groups(columns: &[(ArrayRef, bool)], offsets: &[usize]) -> Result<Option<Vec<u32>>> {
    let rows = columns.first().map_or(0, |c| c.0.len());
    let parts: Vec<(ArrayRef, Part)> = columns
        .iter()
        .map(|(array, descending)| {
            let nullable = array.null_count() > 0;
            (ArrayRef::clone(array), Part { descending: *descending, nullable })
        })
        .collect();
    Ok(match words::words(parts.iter().map(|(a, p)| (a.data_type(), *p))) {
        Some(0 | 1) => sort_words(&words::encode::<1>(rows, &parts), offsets),
        Some(2) => sort_words(&words::encode::<2>(rows, &parts), offsets),
        Some(3) => sort_words(&words::encode::<3>(rows, &parts), offsets),
        Some(4) => sort_words(&words::encode::<4>(rows, &parts), offsets),
        _ => {
            let rows = canonical::rows(columns)?;
            sort_by(offsets, |i| rows.row(i as usize))
        }
    })
}

fn sort_words<const W: usize>(words: &[[u64; W]], offsets: &[usize]) -> Option<Vec<u32>> {
    sort_by(offsets, |i| words[i as usize])
}

#[expect(clippy::cast_possible_truncation, reason = "the rows of a bucket fit into 32 bits, as all rows of an input do")]
fn sort_by<K: Ord + Send>(offsets: &[usize], key: impl Fn(u32) -> K + Sync) -> Option<Vec<u32>> {
    let rows = offsets.last().copied().unwrap_or(0) as u32;
    let mut moved: Option<Vec<u32>> = None;
    let mut keyed: Vec<(K, u32)> = Vec::new();
    for group in offsets.windows(2) {
        let range = group[0] as u32..group[1] as u32;
        if range.len() < 2 || range.clone().skip(1).all(|i| key(i - 1) <= key(i)) {
            continue;
        }
        keyed.clear();
        keyed.extend(range.clone().map(|i| (key(i), i)));
        // Outside of a pool rayon would start one of its own.
        if keyed.len() > LONG && rayon::current_thread_index().is_some() {
            keyed.par_sort_unstable();
        } else {
            keyed.sort_unstable();
        }
        let moved = moved.get_or_insert_with(|| (0..rows).collect());
        for (to, (_, from)) in moved[group[0]..group[1]].iter_mut().zip(&keyed) {
            *to = *from;
        }
    }
    moved
}
