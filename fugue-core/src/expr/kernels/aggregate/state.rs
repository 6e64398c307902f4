//! What aggregates of numbers remember of the rows that they saw.

use arrow::datatypes::{DataType, i256};

use crate::error::{Error, ErrorKind};
use crate::expr::AggregateFunction;
use crate::schema::Type;

use super::Input;

/// What an aggregate remembers. The same values in any order and any nesting of merges make the same state, but for the last digits of
/// floats.
pub(super) trait State: Clone + Default {
    /// What it takes of a row.
    type Value: Copy;

    fn add(&mut self, value: Self::Value);

    fn merge(&mut self, other: &Self);

    fn add_all(&mut self, values: impl Iterator<Item = Self::Value> + Clone) {
        values.for_each(|value| self.add(value));
    }
}

/// A state that ends in a number.
pub(super) trait Total: State + Send + 'static {
    fn total(&self, want: &Want) -> Result<Option<Number>, Overflow>;
}

/// A total: an integer, also the digits of a decimal, or a float.
#[derive(Clone, Copy, Debug)]
pub(super) enum Number {
    Whole(i128),
    Float(f64),
}

/// What is asked of a state.
pub(super) struct Want {
    function: AggregateFunction,
    ty: Type,
    /// Digits after the point of the decimals that go in.
    scale: i8,
}

/// A total that its type cannot hold.
pub(super) struct Overflow;

impl Want {
    pub(super) fn new(function: AggregateFunction, ty: &Type, input: &Input) -> Self {
        let scale = match input.data_type() {
            Some(DataType::Decimal128(_, scale)) => *scale,
            _ => 0,
        };
        Self { function, ty: ty.clone(), scale }
    }

    fn is_avg(&self) -> bool {
        self.function == AggregateFunction::Avg
    }
}

impl Overflow {
    pub(super) fn at(self, want: &Want, row: usize) -> Error {
        let what = if want.is_avg() { "mean" } else { "sum" };
        let hint = match want.ty {
            Type::Decimal(_, _) => "cast the column to double, or to a decimal with fewer digits after the point",
            _ => "use sum, which wraps, or cast the column to decimal(38,0)",
        };
        Error::new(
            ErrorKind::ValueInvalid,
            format!("the {what} of the group that starts at row {row} does not fit into {}; {hint}", want.ty),
        )
    }
}

/// How many.
#[derive(Clone, Default)]
pub(super) struct Count(u64);

impl State for Count {
    type Value = ();

    fn add(&mut self, (): ()) {
        self.0 += 1;
    }

    fn merge(&mut self, other: &Self) {
        self.0 += other.0;
    }

    fn add_all(&mut self, values: impl Iterator<Item = ()> + Clone) {
        self.0 += values.count() as u64;
    }
}

impl Total for Count {
    fn total(&self, _: &Want) -> Result<Option<Number>, Overflow> {
        Ok(Some(Number::Whole(self.0.into())))
    }
}

/// The exact sum of integers of up to 64 bits: no number of rows that fits into memory overflows it.
#[derive(Clone, Default)]
pub(super) struct IntegerSum {
    sum: i128,
    count: u64,
}

impl State for IntegerSum {
    type Value = i128;

    fn add(&mut self, value: i128) {
        self.sum = self.sum.wrapping_add(value);
        self.count += 1;
    }

    fn merge(&mut self, other: &Self) {
        self.sum = self.sum.wrapping_add(other.sum);
        self.count += other.count;
    }
}

impl Total for IntegerSum {
    #[expect(clippy::cast_precision_loss, reason = "a mean is the nearest double that can be had")]
    fn total(&self, want: &Want) -> Result<Option<Number>, Overflow> {
        if self.count == 0 {
            return Ok(None);
        }
        if want.is_avg() {
            return Ok(Some(Number::Float(self.sum as f64 / self.count as f64)));
        }
        let fits = match want.ty {
            Type::UInt64 => u64::try_from(self.sum).is_ok(),
            _ => i64::try_from(self.sum).is_ok(),
        };
        if want.function == AggregateFunction::CheckedSum && !fits {
            return Err(Overflow);
        }
        Ok(Some(Number::Whole(self.sum)))
    }
}

/// A sum of doubles with a running compensation (Neumaier's), whose error does not grow with the number of rows.
#[derive(Clone, Default)]
pub(super) struct FloatSum {
    sum: f64,
    compensation: f64,
    count: u64,
}

impl FloatSum {
    fn value(&self) -> f64 {
        // Next to infinity and NaN the compensation is NaN, and says nothing.
        if self.sum.is_finite() { self.sum + self.compensation } else { self.sum }
    }
}

impl State for FloatSum {
    type Value = f64;

    fn add(&mut self, value: f64) {
        let sum = self.sum + value;
        let (greater, less) = if self.sum.abs() >= value.abs() { (self.sum, value) } else { (value, self.sum) };
        self.compensation += (greater - sum) + less;
        self.sum = sum;
        self.count += 1;
    }

    fn merge(&mut self, other: &Self) {
        let count = self.count + other.count;
        self.add(other.sum);
        self.compensation += other.compensation;
        self.count = count;
    }
}

impl Total for FloatSum {
    #[expect(clippy::cast_precision_loss, reason = "no column has 2^53 rows")]
    fn total(&self, want: &Want) -> Result<Option<Number>, Overflow> {
        Ok(match self.count {
            0 => None,
            count if want.is_avg() => Some(Number::Float(self.value() / count as f64)),
            _ => Some(Number::Float(self.value())),
        })
    }
}

/// The exact sum of decimals. Two of 38 digits overflow 128 bits already, so upper and lower halves are summed apart; whether a sum fits
/// is only asked at the end, so that it does not depend on the order of rows.
#[derive(Clone, Default)]
pub(super) struct DecimalSum {
    high: i128,
    low: u128,
    count: u64,
}

impl State for DecimalSum {
    type Value = i128;

    #[expect(clippy::cast_sign_loss, reason = "the lower half has no sign")]
    fn add(&mut self, value: i128) {
        self.high += value >> 64;
        self.low += value as u128 & u128::from(u64::MAX);
        self.count += 1;
    }

    fn merge(&mut self, other: &Self) {
        self.high += other.high;
        self.low += other.low;
        self.count += other.count;
    }
}

impl Total for DecimalSum {
    fn total(&self, want: &Want) -> Result<Option<Number>, Overflow> {
        let Type::Decimal(precision, scale) = want.ty else { return Err(Overflow) };
        if self.count == 0 {
            return Ok(None);
        }
        let mut total = (i256::from_i128(self.high) << 64_u8).wrapping_add(i256::from_parts(self.low, 0));
        if want.is_avg() {
            // As DataFusion's DecimalAverager: to the scale of the result first, then cut.
            let digits = u32::try_from(scale - want.scale).map_err(|_| Overflow)?;
            let factor = i256::from_i128(10_i128.pow(digits));
            let scaled = total.checked_mul(factor).ok_or(Overflow)?;
            total = scaled.checked_div(i256::from_i128(self.count.into())).ok_or(Overflow)?;
        }
        let total = total.to_i128().ok_or(Overflow)?;
        if total.unsigned_abs() < 10_u128.pow(precision.into()) { Ok(Some(Number::Whole(total))) } else { Err(Overflow) }
    }
}

/// Mean, and the sum of squared distances from it.
#[derive(Clone, Default)]
pub(super) struct Moments {
    count: u64,
    mean: f64,
    squares: f64,
}

#[expect(clippy::cast_precision_loss, reason = "no column has 2^53 rows")]
impl State for Moments {
    type Value = f64;

    /// Welford, "Note on a method for calculating corrected sums of squares and products" (1962).
    fn add(&mut self, value: f64) {
        self.count += 1;
        if self.count == 1 {
            // What is not finite has no distance, not even from itself.
            (self.mean, self.squares) = (value, if value.is_finite() { 0.0 } else { f64::NAN });
            return;
        }
        let distance = value - self.mean;
        self.mean += distance / self.count as f64;
        self.squares += distance * (value - self.mean);
    }

    /// Chan, Golub and `LeVeque`, "Updating formulae and a pairwise algorithm for computing sample variances" (1979).
    fn merge(&mut self, other: &Self) {
        if self.count == 0 || other.count == 0 {
            if self.count == 0 {
                self.clone_from(other);
            }
            return;
        }
        let (here, there) = (self.count as f64, other.count as f64);
        let distance = other.mean - self.mean;
        self.mean += distance * (there / (here + there));
        self.squares += other.squares + distance * distance * (here * there / (here + there));
        self.count += other.count;
    }

    /// In two passes over distances from the first value, which keeps the digits of values that lie close together far from zero, and
    /// makes values that are all the same exactly 0.
    fn add_all(&mut self, values: impl Iterator<Item = f64> + Clone) {
        let Some(first) = values.clone().next() else { return };
        let mut distances = FloatSum::default();
        distances.add_all(values.clone().map(|v| v - first));
        let mean = distances.value() / distances.count as f64;
        let mut squares = FloatSum::default();
        squares.add_all(values.map(|v| (v - first - mean).powi(2)));
        self.merge(&Self { count: distances.count, mean: first + mean, squares: squares.value() });
    }
}

impl Total for Moments {
    #[expect(clippy::cast_precision_loss, reason = "no column has 2^53 rows")]
    fn total(&self, want: &Want) -> Result<Option<Number>, Overflow> {
        let sample = matches!(want.function, AggregateFunction::Stddev | AggregateFunction::Variance);
        let divisor = if sample { self.count.saturating_sub(1) } else { self.count };
        if divisor == 0 {
            return Ok(None);
        }
        let variance = self.squares / divisor as f64;
        let root = matches!(want.function, AggregateFunction::Stddev | AggregateFunction::StddevPopulation);
        Ok(Some(Number::Float(if root { variance.sqrt() } else { variance })))
    }
}
