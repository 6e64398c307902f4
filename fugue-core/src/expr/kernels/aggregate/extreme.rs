//! The least and the greatest value.

use std::ops::Range;

use arrow::array::{Array, ArrayRef, AsArray, UInt64Array};
use arrow::compute::{cast, take};
use arrow::datatypes::{DataType, Decimal128Type, Float64Type, Int64Type, UInt64Type};

use crate::error::Result;
use crate::expr::AggregateFunction;
use crate::group::canonical::canonical;

use super::distinct::is_whole;
use super::state::State;
use super::sweep::sweep;
use super::{Input, input};

/// The least value of each run, or the greatest.
pub(super) fn extreme<const GREATEST: bool>(input: &Input, runs: &[Range<usize>]) -> Result<ArrayRef> {
    let function = if GREATEST { AggregateFunction::Max } else { AggregateFunction::Min };
    let array = input.values(function)?;
    let rows = match array.data_type() {
        DataType::Float32 | DataType::Float64 => {
            let array = cast(array, &DataType::Float64)?;
            let values = &array.as_primitive::<Float64Type>().values()[..];
            places::<f64, GREATEST>(input, runs, |row| values[row])?
        }
        DataType::UInt8 | DataType::UInt16 | DataType::UInt32 | DataType::UInt64 => {
            let array = cast(array, &DataType::UInt64)?;
            let values = &array.as_primitive::<UInt64Type>().values()[..];
            places::<u64, GREATEST>(input, runs, |row| values[row])?
        }
        DataType::Decimal128(_, _) => {
            let values = &array.as_primitive::<Decimal128Type>().values()[..];
            places::<i128, GREATEST>(input, runs, |row| values[row])?
        }
        DataType::Utf8View => {
            let values = array.as_string_view();
            places::<&[u8], GREATEST>(input, runs, |row| values.value(row).as_bytes())?
        }
        DataType::BinaryView => {
            let values = array.as_binary_view();
            places::<&[u8], GREATEST>(input, runs, |row| values.value(row))?
        }
        whole if is_whole(whole) => {
            let array = cast(array, &DataType::Int64)?;
            let values = &array.as_primitive::<Int64Type>().values()[..];
            places::<i64, GREATEST>(input, runs, |row| values[row])?
        }
        other => return Err(input::refuse(function, other)),
    };
    // Zeros are equal: which of them came first must not show.
    canonical(&take(array, &rows, None)?)
}

/// Where the extreme of each run stands.
fn places<K: Ranked, const GREATEST: bool>(
    input: &Input,
    runs: &[Range<usize>],
    value: impl Fn(usize) -> K + Copy,
) -> Result<UInt64Array> {
    let mut places = Vec::with_capacity(runs.len());
    sweep::<Extreme<K, GREATEST>>(
        runs,
        |row| (value(row), row),
        input.valid(),
        |state, _| {
            places.push(state.0.map(|(_, row)| row as u64));
            Ok(())
        },
    )?;
    Ok(UInt64Array::from(places))
}

/// Values in the order of the contract.
trait Ranked: Copy {
    fn is_before(&self, other: &Self) -> bool;
}

macro_rules! ranked {
    ($($ty:ty),*) => {
        $(impl Ranked for $ty {
            fn is_before(&self, other: &Self) -> bool {
                self < other
            }
        })*
    };
}

ranked!(i64, u64, i128, &[u8]);

impl Ranked for f64 {
    fn is_before(&self, other: &Self) -> bool {
        self < other || (other.is_nan() && !self.is_nan())
    }
}

#[derive(Clone)]
struct Extreme<K, const GREATEST: bool>(Option<(K, usize)>);

impl<K, const GREATEST: bool> Default for Extreme<K, GREATEST> {
    fn default() -> Self {
        Self(None)
    }
}

impl<K: Ranked, const GREATEST: bool> State for Extreme<K, GREATEST> {
    type Value = (K, usize);

    fn add(&mut self, value: (K, usize)) {
        let better = self.0.is_none_or(|(best, _)| if GREATEST { best.is_before(&value.0) } else { value.0.is_before(&best) });
        if better {
            self.0 = Some(value);
        }
    }

    fn merge(&mut self, other: &Self) {
        if let Some(value) = other.0 {
            self.add(value);
        }
    }
}
