//! Ballista through this library beside DataFusion through this library, in the same process: demeaning by key; and what a job costs that
//! does next to nothing.

use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex};

use benchmarks::arguments::Arguments;
use benchmarks::check::{self, Expected, Seen};
use benchmarks::data::{self, Size, default_folder};
use benchmarks::hand::BoxError;
use benchmarks::measure::{Pairs, median, seconds};
use benchmarks::shapes::Shape;
use fugue_ballista::{BallistaEngine, Cluster};
use fugue_core::Session;
use fugue_core::arrow::array::{ArrayRef, Int64Array};
use fugue_core::arrow::record_batch::RecordBatch;
use fugue_datafusion::DataFusionEngine;
use futures::StreamExt;
use tokio::runtime::Runtime;

const SIZES: [Size; 2] = [Size { rows: 1_000_000, groups: 10_000 }, Size { rows: 10_000_000, groups: 1_000_000 }];

/// What happens to a batch of the answer.
type Sink<'s> = dyn Fn(&RecordBatch) -> Result<f64, BoxError> + 's;

fn main() -> Result<(), BoxError> {
    let arguments = Arguments::of_program(&["rows", "groups", "pairs", "executors", "slots", "exchange", "data", "shape"])?;
    let (executors, slots) = (arguments.value("executors")?.unwrap_or(2), arguments.value("slots")?.unwrap_or(1));
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
    let threads: usize = executors * slots;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let mut cluster = Cluster::builder().executors(executors).slots(slots);
    if let Some(mebibytes) = arguments.value::<usize>("exchange")? {
        cluster = cluster.exchange_memory(mebibytes << 20);
    }
    let ballista = runtime.block_on(BallistaEngine::builder().cluster(cluster).start())?;
    let bench = Bench {
        datafusion: Session::builder().threads(threads).with_engine(DataFusionEngine::new(threads)?)?,
        ballista: Session::builder().threads(threads).with_engine(ballista)?,
        runtime,
    };
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "Ballista, {executors} executors with {slots} slots, beside DataFusion with {threads} threads; {pairs} pairs of runs"
    )?;
    if shape.as_ref().is_none_or(|s| s == "job") {
        bench.small_jobs(&mut out)?;
    }
    writeln!(out, "{:>9} {:>8} {:10} {:>9} {:>9} {:>7}", "rows", "groups", "work", "datafus.", "ballista", "ratio")?;
    for size in sizes {
        let path = data::file(&folder, size)?;
        for each in Shape::ALL {
            if shape.as_ref().is_none_or(|s| *s == each.to_string()) {
                let times = bench.demean(&path, size, each, pairs)?;
                writeln!(out, "{:>9} {:>8} {:10} {times}", size.rows, size.groups, each.to_string())?;
                out.flush()?;
            }
        }
    }
    bench.runtime.block_on(bench.ballista.close())?;
    Ok(())
}

/// Both engines.
struct Bench {
    runtime: Runtime,
    datafusion: Session,
    ballista: Session,
}

impl Bench {
    /// Jobs over one row: as it is, through a function, and through a function by key, which is an exchange more.
    fn small_jobs(&self, out: &mut impl Write) -> Result<(), BoxError> {
        let one: ArrayRef = Arc::new(Int64Array::from(vec![1]));
        let frame = self.ballista.frame(vec![RecordBatch::try_from_iter([("x", one)])?])?;
        let kept = |rows: RecordBatch| rows;
        let jobs = [
            ("read", frame.clone()),
            ("called", frame.transform(kept).schema("*").run()?),
            ("called by key", frame.transform(kept).schema("*").partition_by("x").run()?),
        ];
        for (name, job) in jobs {
            let run = || self.runtime.block_on(async { job.count().await.map(drop) });
            let mut times = Vec::new();
            for _ in 0..5 {
                run()?;
            }
            for _ in 0..51 {
                times.push(seconds(run)? * 1e3);
            }
            let most = times.iter().copied().fold(f64::MIN, f64::max);
            writeln!(out, "a job over one row, {name}: {:.1} ms in the median, {most:.1} ms at the most", median(times))?;
        }
        Ok(())
    }

    fn demean(&self, path: &Path, size: Size, shape: Shape, pairs: usize) -> Result<Pairs, BoxError> {
        let expected = Arc::new(Expected::new(size)?);
        // The first run of each is checked row by row and warms up; nothing is timed before both are right.
        for session in [&self.datafusion, &self.ballista] {
            let seen = Arc::new(Mutex::new(Seen::default()));
            let look = |batch: &RecordBatch| {
                expected.look(batch, &seen)?;
                Ok(0.0)
            };
            self.run(session, path, shape, &look)?;
            expected.judge(Arc::into_inner(seen).ok_or("somebody still looks at rows")?)?;
        }
        let sum = |batch: &RecordBatch| Ok(check::sum(batch)?);
        let run = |session: &Session| Ok(expected.judge_sum(self.run(session, path, shape, &sum)?)?);
        Pairs::time(pairs, || run(&self.datafusion), || run(&self.ballista))
    }

    fn run(&self, session: &Session, path: &Path, shape: Shape, sink: &Sink<'_>) -> Result<f64, BoxError> {
        self.runtime.block_on(async {
            let df = session.load(path.to_string_lossy()).await?;
            let mut batches = shape.stream(&df).await?;
            let mut total = 0.0;
            while let Some(batch) = batches.next().await {
                total += sink(&batch?)?;
            }
            Ok(total)
        })
    }
}
