//! Whether an answer is right: every row of the file stands in it once, beside its value less the mean of its key.

use std::sync::Mutex;
use std::sync::PoisonError;

use fugue_core::arrow::array::{Array, AsArray, PrimitiveArray};
use fugue_core::arrow::datatypes::{ArrowPrimitiveType, Float64Type, Int64Type};
use fugue_core::arrow::record_batch::RecordBatch;
use fugue_core::{Error, ErrorKind, Result, Schema};

use crate::data::{self, Size};

/// What the answer must be, worked out row by row with a table of sums.
#[derive(Debug)]
pub struct Expected {
    size: Size,
    means: Vec<f64>,
    fingerprint: u64,
}

/// The rows of an answer so far.
#[derive(Debug, Default)]
pub struct Seen {
    rows: usize,
    fingerprint: u64,
    wrong: Option<String>,
}

impl Expected {
    /// The answer for data of a size.
    ///
    /// # Errors
    /// Those of making the data.
    pub fn new(size: Size) -> Result<Self> {
        let (mut sums, mut fingerprint) = (vec![(0.0, 0_u32); size.groups], 0_u64);
        for batch in data::batches(size, &Schema::parse("k:long,t:long,v:double")?) {
            let batch = batch?;
            let (k, t, v) =
                (column::<Int64Type>(&batch, "k")?, column::<Int64Type>(&batch, "t")?, column::<Float64Type>(&batch, "v")?);
            for ((k, t), v) in k.values().iter().zip(t.values()).zip(v.values()) {
                let (sum, count) = &mut sums[key(*k)];
                *sum += v;
                *count += 1;
                fingerprint = fingerprint.wrapping_add(mixed(*k, *t, *v));
            }
        }
        Ok(Self { size, means: sums.into_iter().map(|(sum, count)| sum / f64::from(count)).collect(), fingerprint })
    }

    /// Looks at rows of an answer.
    ///
    /// # Errors
    /// `SchemaMismatch` for a column that is missing or of another type.
    pub fn look(&self, batch: &RecordBatch, seen: &Mutex<Seen>) -> Result<()> {
        let (k, t) = (column::<Int64Type>(batch, "k")?, column::<Int64Type>(batch, "t")?);
        let (v, w) = (column::<Float64Type>(batch, "v")?, column::<Float64Type>(batch, "w")?);
        let (mut fingerprint, mut wrong) = (0_u64, None);
        for row in 0..batch.num_rows() {
            let (k, t, v, w) = (k.value(row), t.value(row), v.value(row), w.value(row));
            fingerprint = fingerprint.wrapping_add(mixed(k, t, v));
            let wanted = self.means.get(key(k)).map_or(f64::NAN, |mean| v - mean);
            // Sums in another order differ in their last bits.
            if (w - wanted).abs().partial_cmp(&1e-9).is_none_or(std::cmp::Ordering::is_gt) {
                wrong = Some(format!("k={k}, t={t}, v={v} has w={w}, but it should be {wanted}"));
            }
        }
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.rows += batch.num_rows();
        seen.fingerprint = seen.fingerprint.wrapping_add(fingerprint);
        seen.wrong = seen.wrong.take().or(wrong);
        Ok(())
    }

    /// Whether all that was seen is the answer.
    ///
    /// # Errors
    /// `ValueInvalid` saying what is wrong.
    pub fn judge(&self, seen: Mutex<Seen>) -> Result<()> {
        let seen = seen.into_inner().unwrap_or_else(PoisonError::into_inner);
        let fail = |what: String| Err(Error::new(ErrorKind::ValueInvalid, format!("FAIL: {what}")));
        match seen.wrong {
            Some(wrong) => fail(wrong),
            None if seen.rows != self.size.rows => fail(format!("{} rows instead of {}", seen.rows, self.size.rows)),
            None if seen.fingerprint != self.fingerprint => fail("other rows than those of the file".to_owned()),
            None => Ok(()),
        }
    }

    /// Whether a sum of `w` may be that of the answer: it is zero but for rounding.
    ///
    /// # Errors
    /// `ValueInvalid`.
    pub fn judge_sum(&self, sum: f64) -> Result<()> {
        if sum.abs() <= 1e-9 * self.size.rows as f64 {
            return Ok(());
        }
        Err(Error::new(ErrorKind::ValueInvalid, format!("FAIL: the sum of w is {sum}")))
    }
}

/// The sum of `w`.
///
/// # Errors
/// `SchemaMismatch` for a column that is missing or of another type.
pub fn sum(batch: &RecordBatch) -> Result<f64> {
    Ok(column::<Float64Type>(batch, "w")?.values().iter().sum())
}

fn column<'b, T: ArrowPrimitiveType>(batch: &'b RecordBatch, name: &str) -> Result<&'b PrimitiveArray<T>> {
    batch
        .column_by_name(name)
        .and_then(|c| c.as_primitive_opt::<T>())
        .filter(|c| c.null_count() == 0)
        .ok_or_else(|| Error::new(ErrorKind::SchemaMismatch, format!("no column {name} of {} without nulls", T::DATA_TYPE)))
}

#[expect(clippy::cast_sign_loss, clippy::cast_possible_truncation, reason = "keys count from 0; others are out of every bound")]
fn key(k: i64) -> usize {
    k as usize
}

#[expect(clippy::cast_sign_loss, reason = "the bits are what is mixed")]
fn mixed(k: i64, t: i64, v: f64) -> u64 {
    let fold = |hash: u64, word: u64| (hash ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
    fold(fold(fold(1, k as u64), t as u64), v.to_bits())
}
