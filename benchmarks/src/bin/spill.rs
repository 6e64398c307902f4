//! A map by key over more rows than memory has room for, on DataFusion with a memory limit: does it end, is it right, what did it take?
//!
//! The rows are made as they are read, so that nothing but the engine needs a disk. `benchmarks/larger-than-memory` runs it under a
//! limit that the operating system keeps.

use std::io::Write;
use std::sync::Arc;
use std::time::Instant;

use benchmarks::arguments::Arguments;
use benchmarks::hand::BoxError;
use fugue_core::arrow::array::{ArrayRef, AsArray, Float64Array, Int64Array, StringViewBuilder};
use fugue_core::arrow::datatypes::{Float64Type, Int64Type};
use fugue_core::arrow::record_batch::RecordBatch;
use fugue_core::frame::Source;
use fugue_core::io::{BatchIter, LazySource};
use fugue_core::row::Row;
use fugue_core::run::Cancel;
use fugue_core::{Result, Schema, Session};
use fugue_datafusion::DataFusionEngine;

/// Rows of a batch that is made.
const BATCH: usize = 4096;
/// Bytes of text in a row.
const TEXT: usize = 480;
/// Bytes of a row: three numbers, a view and its text.
const ROW: usize = 24 + 16 + TEXT;
/// So many bytes of rows have the key 0: the largest group.
const LARGEST: usize = 60 << 20;
const GROUPS: usize = 2000;

/// Rows in no order that are the same each time they are made.
#[derive(Debug)]
struct Made {
    schema: Schema,
    rows: usize,
}

impl Made {
    /// The key, time and value of a row.
    fn row(&self, row: usize) -> (i64, i64, f64) {
        let mixed = (row as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 11;
        let every = self.rows / (LARGEST / ROW).min(self.rows);
        let key = if row.is_multiple_of(every) { 0 } else { 1 + mixed as usize % (GROUPS - 1) };
        (key as i64, (mixed % 1_000_000_007) as i64, (mixed % 1000) as f64)
    }

    fn batch(&self, start: usize, text: &str) -> Result<RecordBatch> {
        let rows: Vec<_> = (start..(start + BATCH).min(self.rows)).map(|row| self.row(row)).collect();
        let mut texts = StringViewBuilder::with_capacity(rows.len());
        for (_, t, _) in &rows {
            let from = *t as usize % TEXT;
            texts.append_value(&text[from..from + TEXT]);
        }
        let columns: Vec<ArrayRef> = vec![
            Arc::new(rows.iter().map(|r| r.0).collect::<Int64Array>()),
            Arc::new(rows.iter().map(|r| r.1).collect::<Int64Array>()),
            Arc::new(rows.iter().map(|r| r.2).collect::<Float64Array>()),
            Arc::new(texts.finish()),
        ];
        Ok(RecordBatch::try_new(self.schema.to_arrow(), columns)?)
    }
}

impl LazySource for Made {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn describe(&self) -> String {
        format!("{} rows that are made", self.rows)
    }

    fn rows(&self) -> Option<u64> {
        Some(self.rows as u64)
    }

    fn scan(&self, projection: Option<&[usize]>, cancel: &Cancel) -> Result<BatchIter> {
        let made = Self { schema: self.schema.clone(), rows: self.rows };
        let (projection, cancel) = (projection.map(<[usize]>::to_vec), cancel.clone());
        let text: String = (0..2 * TEXT).map(|i| char::from(b'a' + (i * i % 26) as u8)).collect();
        Ok(Box::new((0..self.rows).step_by(BATCH).map(move |start| {
            cancel.check()?;
            let batch = made.batch(start, &text)?;
            Ok(match &projection {
                Some(columns) => batch.project(columns)?,
                None => batch,
            })
        })))
    }
}

/// What is found in a group.
#[derive(Row)]
struct Found {
    k: i64,
    rows: i64,
    sum: f64,
    bytes: i64,
    in_order: bool,
}

fn look(rows: RecordBatch) -> Vec<Found> {
    let (k, t) = (rows.column(0).as_primitive::<Int64Type>(), rows.column(1).as_primitive::<Int64Type>());
    let texts = rows.column(3).as_string_view();
    vec![Found {
        k: k.value(0),
        rows: rows.num_rows() as i64,
        sum: rows.column(2).as_primitive::<Float64Type>().values().iter().sum(),
        bytes: texts.iter().flatten().map(|text| text.len() as i64).sum(),
        in_order: t.values().is_sorted() && k.values().iter().all(|v| *v == k.value(0)),
    }]
}

fn main() -> std::result::Result<(), BoxError> {
    let arguments = Arguments::of_program(&["mib", "limit-mib", "threads", "folder"])?;
    let mib: usize = arguments.value("mib")?.unwrap_or(10 << 10);
    let limit: usize = arguments.value("limit-mib")?.unwrap_or(512);
    let threads = arguments.value("threads")?.unwrap_or(2);
    let rows = (mib << 20) / ROW;
    let mut engine = DataFusionEngine::builder().parallelism(threads).memory_limit(limit << 20);
    if let Some(folder) = arguments.value::<String>("folder")? {
        engine = engine.spill_folder(folder);
    }
    let session = Session::builder().threads(threads).with_engine(engine.build()?)?;
    let made = Made { schema: Schema::parse("k:long,t:long,v:double,s:str")?, rows };
    let mut expected = vec![(0_i64, 0.0); GROUPS];
    for row in 0..rows {
        let (key, _, value) = made.row(row);
        let group = &mut expected[key as usize];
        *group = (group.0 + 1, group.1 + value);
    }

    let start = Instant::now();
    let found = session.frame(Source::new(made))?.transform(look).partition_by("k").presort("t").run()?;
    let found = fugue_core::blocking::wait(found.rows::<Found>())?;
    let seconds = start.elapsed().as_secs_f64();
    let right = found.len() == expected.iter().filter(|e| e.0 > 0).count()
        && found.iter().all(|f| {
            let (rows, sum) = expected[f.k as usize];
            f.in_order && f.rows == rows && f.sum == sum && f.bytes == rows * TEXT as i64
        });
    if !right {
        return Err("FAIL: a group is not what it should be".into());
    }
    let largest = found.iter().map(|f| f.rows).max().unwrap_or(0) as usize * ROW;
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "{mib} MiB of rows in {} groups (the largest {} MiB) in {seconds:.1} s, with {limit} MiB for waiting rows; {}",
        found.len(),
        largest >> 20,
        peak().unwrap_or_else(|| "peak memory is not known".to_owned())
    )?;
    Ok(())
}

/// The most memory that the process had at any time, where the operating system tells.
fn peak() -> Option<String> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|l| l.starts_with("VmHWM"))?;
    let kib: usize = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(format!("peak memory {} MiB", kib >> 10))
}
