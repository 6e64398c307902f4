//! DataFusion through this library beside DataFusion by hand, in the same process: demeaning by key, and a function over batches.

use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex};

use benchmarks::arguments::Arguments;
use benchmarks::check::{self, Expected, Seen};
use benchmarks::data::{self, Size, default_folder};
use benchmarks::hand::BoxError;
use benchmarks::hand_datafusion::{self, Sink};
use benchmarks::measure::Pairs;
use benchmarks::shapes::{Shape, logistic};
use fugue_core::Session;
use fugue_core::arrow::error::ArrowError;
use fugue_core::arrow::record_batch::RecordBatch;
use fugue_core::transform::Batches;
use fugue_datafusion::DataFusionEngine;
use fugue_datafusion::datafusion::prelude::{SessionConfig, SessionContext};
use futures::StreamExt;
use tokio::runtime::Runtime;

const SIZES: [Size; 2] = [Size { rows: 1_000_000, groups: 10_000 }, Size { rows: 10_000_000, groups: 1_000_000 }];

/// Both ways to run.
struct Bench {
    runtime: Runtime,
    context: SessionContext,
    session: Session,
    pairs: usize,
}

fn main() -> Result<(), BoxError> {
    let arguments = Arguments::of_program(&["rows", "groups", "pairs", "threads", "data", "shape"])?;
    let threads = arguments.value("threads")?.unwrap_or(2);
    let pairs = arguments.value("pairs")?.unwrap_or(20);
    let folder = arguments.value("data")?.map_or_else(default_folder, Ok)?;
    let shape: Option<String> = arguments.value("shape")?;
    let sizes = match (arguments.value("rows")?, arguments.value("groups")?) {
        (None, None) => SIZES.to_vec(),
        (rows, groups) => {
            let rows = rows.unwrap_or(SIZES[0].rows);
            vec![Size { rows, groups: groups.unwrap_or(rows / 100).max(1) }]
        }
    };
    let bench = Bench {
        runtime: tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build()?,
        context: SessionContext::new_with_config(SessionConfig::new().with_target_partitions(threads)),
        session: Session::builder().threads(threads).with_engine(DataFusionEngine::new(threads)?)?,
        pairs,
    };
    let mut out = std::io::stdout().lock();
    writeln!(out, "DataFusion, Parquet to sum, {threads} threads, {pairs} pairs of runs; seconds are medians")?;
    writeln!(out, "{:>9} {:>8} {:10} {:>9} {:>9} {:>7}", "rows", "groups", "work", "hand", "ours", "ratio")?;
    for size in sizes {
        let path = data::file(&folder, size)?;
        for each in Shape::ALL {
            if shape.as_ref().is_none_or(|s| *s == each.to_string()) {
                let times = bench.demean(&path, size, each)?;
                writeln!(out, "{:>9} {:>8} {:10} {times}", size.rows, size.groups, each.to_string())?;
                out.flush()?;
            }
        }
        if shape.as_ref().is_none_or(|s| s == "un-keyed") {
            let times = bench.each_batch(&path)?;
            writeln!(out, "{:>9} {:>8} {:10} {times}", size.rows, "", "un-keyed")?;
            out.flush()?;
        }
    }
    Ok(())
}

impl Bench {
    fn demean(&self, path: &Path, size: Size, shape: Shape) -> Result<Pairs, BoxError> {
        let expected = Arc::new(Expected::new(size)?);
        // The first run of each is checked row by row and warms up; nothing is timed before both are right.
        for by_hand in [true, false] {
            let seen = Arc::new(Mutex::new(Seen::default()));
            let (looks, keeps) = (Arc::clone(&expected), Arc::clone(&seen));
            let look: Sink = Arc::new(move |batch| {
                looks.look(batch, &keeps)?;
                Ok(0.0)
            });
            if by_hand {
                hand_datafusion::demean(&self.runtime, &self.context, path, &look)?;
            } else {
                self.ours(path, shape, &look)?;
            }
            drop(look);
            expected.judge(Arc::into_inner(seen).ok_or("a task still looks at rows")?)?;
        }
        let sum: Sink = Arc::new(|batch| Ok(check::sum(batch)?));
        let by_hand = || Ok(expected.judge_sum(hand_datafusion::demean(&self.runtime, &self.context, path, &sum)?)?);
        let ours = || Ok(expected.judge_sum(self.ours(path, shape, &sum)?)?);
        Pairs::time(self.pairs, by_hand, ours)
    }

    fn ours(&self, path: &Path, shape: Shape, sink: &Sink) -> Result<f64, BoxError> {
        self.runtime.block_on(async {
            let df = self.session.load(path.to_string_lossy()).await?;
            let mut batches = shape.stream(&df).await?;
            let mut total = 0.0;
            while let Some(batch) = batches.next().await {
                total += sink(&batch?)?;
            }
            Ok(total)
        })
    }

    fn each_batch(&self, path: &Path) -> Result<Pairs, BoxError> {
        let sum: Sink = Arc::new(|batch: &RecordBatch| Ok(check::sum(batch)?));
        let by_hand = || hand_datafusion::each_batch(&self.runtime, &self.context, path, logistic, &sum);
        let ours = || {
            self.runtime.block_on(async {
                let df = self.session.load(path.to_string_lossy()).await?;
                let mapped = df.transform(logistic_stream).schema("*, w:double");
                let mut batches = mapped.stream().await?;
                let mut total = 0.0;
                while let Some(batch) = batches.next().await {
                    total += sum(&batch?)?;
                }
                Ok::<f64, BoxError>(total)
            })
        };
        let (one, other) = (by_hand()?, ours()?);
        // Sums of the same numbers in another order.
        if (one - other).abs() > 1e-9 * one.abs() {
            return Err(format!("the sums are {one} and {other}").into());
        }
        Pairs::time(self.pairs, || by_hand().map(drop), || ours().map(drop))
    }
}

/// As people write it over a stream of batches.
fn logistic_stream(batches: Batches) -> impl Iterator<Item = Result<RecordBatch, ArrowError>> + Send {
    batches.map(logistic)
}
