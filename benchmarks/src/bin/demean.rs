//! Demean by key, from a Parquet file to a summed result: ours beside the same work by hand, in the same process.

use std::io::Write;
use std::path::Path;
use std::sync::Mutex;

use benchmarks::arguments::Arguments;
use benchmarks::check::{self, Expected, Seen};
use benchmarks::data::{self, Size, default_folder};
use benchmarks::hand::{self, BoxError, Style};
use benchmarks::measure::Pairs;
use benchmarks::shapes::Shape;
use fugue_core::arrow::record_batch::RecordBatch;
use fugue_core::run::Pool;
use fugue_core::{Session, blocking};

/// The sizes that are measured when none is given.
const SIZES: [Size; 2] = [Size { rows: 1_000_000, groups: 10_000 }, Size { rows: 10_000_000, groups: 1_000_000 }];

fn main() -> Result<(), BoxError> {
    let arguments = Arguments::of_program(&["rows", "groups", "pairs", "engine", "shape", "threads", "data"])?;
    let threads = arguments.value("threads")?.unwrap_or(2);
    let pairs = arguments.value("pairs")?.unwrap_or(11);
    let sizes = match (arguments.value("rows")?, arguments.value("groups")?) {
        (None, None) => SIZES.to_vec(),
        (rows, groups) => {
            let rows = rows.unwrap_or(SIZES[0].rows);
            vec![Size { rows, groups: groups.unwrap_or(rows / 100).max(1) }]
        }
    };
    let engines = match arguments.value::<String>("engine")? {
        Some(engine) => vec![engine],
        None if cfg!(feature = "polars") => vec!["local".to_owned(), "polars".to_owned()],
        None => vec!["local".to_owned()],
    };
    let shapes = arguments.value("shape")?.map_or(Shape::ALL.to_vec(), |shape| vec![shape]);
    let folder = arguments.value("data")?.map_or_else(default_folder, Ok)?;

    let pool = Pool::new(threads)?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "demean by key, Parquet to sum, {threads} threads, {pairs} pairs of runs; seconds are medians")?;
    writeln!(out, "by hand \"calls\": a hand-written program that calls the same function with a batch per group")?;
    writeln!(
        out,
        "{:>9} {:>8} {:7} {:6} {:7} {:>9} {:>9} {:>7}",
        "rows", "groups", "engine", "shape", "by hand", "hand", "ours", "ratio"
    )?;
    for size in sizes {
        let (path, expected) = (data::file(&folder, size)?, Expected::new(size)?);
        for engine in &engines {
            let session = blocking::wait(Session::builder().threads(threads).open(engine))?;
            for &shape in &shapes {
                let styles: &[Style] = if shape == Shape::Batch { &[Style::Inline, Style::Batches] } else { &[Style::Inline] };
                for &style in styles {
                    let by_hand = || by_hand(&path, style, &pool, &expected);
                    let ours = || ours(&path, shape, &session, &expected);
                    // The first run of each is checked row by row and warms up; nothing is timed before both are right.
                    checked(&expected, |look| pool.install(|| hand::demean(&path, style, look)))?;
                    checked(&expected, |look| run(&path, shape, &session, look))?;
                    by_hand()?;
                    ours()?;
                    let times = Pairs::time(pairs, by_hand, ours)?;
                    let style = if style == Style::Inline { "inline" } else { "calls" };
                    writeln!(out, "{:>9} {:>8} {engine:7} {shape:6} {style:7} {times}", size.rows, size.groups)?;
                    out.flush()?;
                }
            }
        }
    }
    Ok(())
}

type Look<'l> = &'l (dyn Fn(&RecordBatch) -> Result<f64, BoxError> + Sync);

fn by_hand(path: &Path, style: Style, pool: &Pool, expected: &Expected) -> Result<(), BoxError> {
    let sum = pool.install(|| hand::demean(path, style, |batch| Ok(check::sum(batch)?)))?;
    Ok(expected.judge_sum(sum)?)
}

fn ours(path: &Path, shape: Shape, session: &Session, expected: &Expected) -> Result<(), BoxError> {
    let sum = run(path, shape, session, &|batch| Ok(check::sum(batch)?))?;
    Ok(expected.judge_sum(sum)?)
}

/// From the file to the sum of what `look` makes of each batch.
fn run(path: &Path, shape: Shape, session: &Session, look: Look<'_>) -> Result<f64, BoxError> {
    let batches = blocking::wait(async {
        let df = session.load(path.to_string_lossy()).await?;
        shape.stream(&df).await
    })?;
    batches.into_blocking().map(|batch| look(&batch?)).sum()
}

/// Runs once, looking at every row of the answer.
fn checked(expected: &Expected, run: impl FnOnce(Look<'_>) -> Result<f64, BoxError>) -> Result<(), BoxError> {
    let seen = Mutex::new(Seen::default());
    run(&|batch| {
        expected.look(batch, &seen)?;
        Ok(0.0)
    })?;
    Ok(expected.judge(seen)?)
}
