//! The file that is read: columns k, t and v, made once with a fixed seed by core's own writer.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use fugue_core::arrow::array::{ArrayRef, Float64Array, Int64Array};
use fugue_core::arrow::record_batch::RecordBatch;
use fugue_core::io::{self, SaveOptions};
use fugue_core::run::Cancel;
use fugue_core::{Result, Schema};

use crate::hand::BoxError;

/// How much data there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Number of rows.
    pub rows: usize,
    /// Number of keys that rows are spread over, evenly and at random.
    pub groups: usize,
}

/// Rows of a batch that is written.
const BATCH: usize = 1 << 16;
/// Where the sequence of random numbers starts.
const SEED: u64 = 0x5eed_f00d;

/// Where files are kept when nobody says where: beside the executable, in the target folder.
///
/// # Errors
/// Outside of a target folder.
pub fn default_folder() -> std::result::Result<PathBuf, BoxError> {
    let program = std::env::current_exe()?;
    let target = program.ancestors().find(|a| a.join("CACHEDIR.TAG").exists()).ok_or("no target folder; give one with --data")?;
    Ok(target.join("benchmarks"))
}

/// The file of a size in a folder; it is written if it is not there.
///
/// `k` is a key below `groups`, `t` a time in microseconds that rises from row to row, `v` a number from 0 to 100.
///
/// # Errors
/// `Io`.
pub fn file(folder: &Path, size: Size) -> Result<PathBuf> {
    let path = folder.join(format!("demean-{}-{}.parquet", size.rows, size.groups));
    if !path.exists() {
        let schema = Schema::parse("k:long,t:long,v:double")?;
        io::save(&path, &schema, Box::new(batches(size, &schema)), &SaveOptions::new(), &Cancel::never())?;
    }
    Ok(path)
}

/// The rows, batch by batch.
pub fn batches(size: Size, schema: &Schema) -> impl Iterator<Item = Result<RecordBatch>> + Send + 'static {
    let arrow = schema.to_arrow();
    let mut random = Random::new(SEED);
    (0..size.rows).step_by(BATCH).map(move |start| {
        let rows = BATCH.min(size.rows - start);
        let (mut k, mut t, mut v) = (Vec::with_capacity(rows), Vec::with_capacity(rows), Vec::with_capacity(rows));
        for row in start..start + rows {
            k.push((random.unit() * size.groups as f64) as i64);
            t.push(1_600_000_000_000_000 + row as i64 * 1000 + (random.unit() * 1000.0) as i64);
            v.push(random.unit() * 100.0);
        }
        let columns: Vec<ArrayRef> =
            vec![Arc::new(Int64Array::from(k)), Arc::new(Int64Array::from(t)), Arc::new(Float64Array::from(v))];
        Ok(RecordBatch::try_new(Arc::clone(&arrow), columns)?)
    })
}

/// SplitMix64.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 to 1, without 1.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// From 0 to a number, without the number.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        (self.unit() * n as f64) as usize
    }
}
