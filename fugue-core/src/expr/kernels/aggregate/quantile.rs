//! Exact quantiles.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array};

use crate::error::Result;
use crate::expr::AggregateFunction;
use crate::schema::layout::canonical_float;

use super::{Input, input};

/// The quantile of the valid values of each run.
pub(super) fn quantile(at: f64, input: &Input, runs: &[Range<usize>]) -> Result<ArrayRef> {
    let function = AggregateFunction::Quantile(at);
    let array = input::doubles(input.values(function)?, function)?;
    let values = &array.values()[..];
    let mut sorted: Vec<f64> = Vec::new();
    let mut before: Option<(&Range<usize>, Option<f64>)> = None;
    let quantiles = runs.iter().map(|run| match before {
        Some((same, value)) if same == run => value,
        _ => {
            sorted.clear();
            sorted.extend(
                run.clone().filter(|row| input.valid().is_none_or(|v| v.is_valid(*row))).map(|row| canonical_float(values[row])),
            );
            let value = of(&mut sorted, at);
            before = Some((run, value));
            value
        }
    });
    Ok(Arc::new(quantiles.collect::<Float64Array>()))
}

/// The exact quantile of values, which end up in another order; none of none. See [`AggregateFunction::Quantile`].
pub fn quantile_of(values: &mut [f64], at: f64) -> Option<f64> {
    for value in values.iter_mut() {
        *value = canonical_float(*value);
    }
    of(values, at)
}

/// The quantile of canonical values, which end up in another order: `h = (n - 1) * at` counts places among the sorted values, and between
/// two places lies what the straight line between their values says.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "no column has 2^53 rows, and `at` is from 0 to 1"
)]
fn of(values: &mut [f64], at: f64) -> Option<f64> {
    let last = values.len().checked_sub(1)?;
    let place = (last as f64 * at).clamp(0.0, last as f64);
    let fraction = place - place.floor();
    let (_, &mut low, above) = values.select_nth_unstable_by(place.floor() as usize, f64::total_cmp);
    if fraction == 0.0 {
        return Some(low);
    }
    let high = above.iter().copied().min_by(f64::total_cmp)?;
    // Neighbours that are equal need no line, which would be NaN between two infinities.
    Some(if low == high { low } else { low + (high - low) * fraction })
}
