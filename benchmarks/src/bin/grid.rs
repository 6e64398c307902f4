//! What a call costs that does nothing: nanoseconds per group, over groups of several sizes, on one thread.

use std::io::Write;

use benchmarks::arguments::Arguments;
use benchmarks::data::{self, Size};
use benchmarks::hand::BoxError;
use benchmarks::measure::{median, seconds};
use benchmarks::shapes::Reading;
use fugue_core::arrow::record_batch::RecordBatch;
use fugue_core::group::{self, GroupPlan};
use fugue_core::partition::PartitionSpec;
use fugue_core::run::{Cancel, Pool};
use fugue_core::{DataFrame, Result, Schema, Session, blocking};

/// Rows per group.
const GROUPS: [usize; 4] = [1, 10, 1000, 100_000];

fn main() -> std::result::Result<(), BoxError> {
    let arguments = Arguments::of_program(&["rows", "runs", "engine"])?;
    let rows = arguments.value("rows")?.unwrap_or(1_000_000);
    let runs = arguments.value("runs")?.unwrap_or(7);
    let engine = arguments.value::<String>("engine")?.unwrap_or_else(|| "local".to_owned());
    let session = blocking::wait(Session::builder().threads(1).open(&engine))?;
    let pool = Pool::new(1)?;

    let mut out = std::io::stdout().lock();
    writeln!(out, "a call that does nothing, on one thread, {rows} rows in memory, median of {runs} runs")?;
    writeln!(out, "grouping: no call at all; call: what the rest costs, per group")?;
    writeln!(out, "{:>9} {:>9} {:8} {:>10} {:>10} {:>10}", "rows/grp", "groups", "shape", "ns/row", "ns/group", "call ns/grp")?;
    for per_group in GROUPS {
        let groups = (rows / per_group).max(1);
        let schema = Schema::parse("k:long,t:long,v:double")?;
        let batches = data::batches(Size { rows, groups }, &schema).collect::<Result<Vec<_>>>()?;
        let grouping = timed(runs, || grouping(&schema, &batches, &pool))?;
        let mut line = |shape: &str, time: f64, call: f64| {
            let (row, group) = (time * 1e9 / rows as f64, time * 1e9 / groups as f64);
            writeln!(out, "{per_group:>9} {groups:>9} {shape:8} {row:>10.1} {group:>10.1} {call:>10.1}")
        };
        line("grouping", grouping, 0.0)?;
        let df = session.frame(batches.clone())?;
        for (shape, call) in SHAPES {
            let time = timed(runs, || call(&df))?;
            line(shape, time, (time - grouping) * 1e9 / groups as f64)?;
        }
    }
    Ok(())
}

fn timed(runs: usize, mut work: impl FnMut() -> Result<()>) -> Result<f64> {
    work()?;
    let times = (0..runs).map(|_| seconds(&mut work)).collect::<Result<Vec<_>>>()?;
    Ok(median(times))
}

fn grouping(schema: &Schema, batches: &[RecordBatch], pool: &Pool) -> Result<()> {
    let plan = GroupPlan::new(schema, &PartitionSpec::new().by("k")?, 0)?;
    let buckets = group::group(schema, batches.to_vec(), &plan, pool, &Cancel::never())?;
    (0..buckets.len()).try_for_each(|bucket| buckets.build(bucket).map(drop))
}

type Call = fn(&DataFrame) -> Result<()>;

/// Functions that do nothing with a group.
const SHAPES: [(&str, Call); 3] = [("batch", batch), ("slice", slice), ("typed", typed)];

fn batch(df: &DataFrame) -> Result<()> {
    let same = |rows: RecordBatch| rows;
    drain(df.transform(same).partition_by("k").schema("*").run()?)
}

fn slice(df: &DataFrame) -> Result<()> {
    let first = |values: &[f64]| values[0];
    drain(df.transform(first).on(["v"]).to("w").partition_by("k").run()?)
}

fn typed(df: &DataFrame) -> Result<()> {
    let none = |_: &[Reading]| None::<Reading>;
    drain(df.transform(none).partition_by("k").run()?)
}

fn drain(df: DataFrame) -> Result<()> {
    let batches = blocking::wait(df.stream())?;
    batches.into_blocking().try_for_each(|batch| batch.map(drop))
}
