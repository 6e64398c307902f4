//! A large Parquet file, loaded, filtered, projected and saved, beside the same work written for the engine by hand.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use benchmarks::arguments::Arguments;
use benchmarks::data::default_folder;
use benchmarks::h2o::data;
use benchmarks::hand::BoxError;
use benchmarks::measure::Pairs;
use fugue_core::arrow::array::AsArray;
use fugue_core::arrow::compute::{cast, sum};
use fugue_core::arrow::datatypes::{DataType, Float64Type};
use fugue_core::arrow::record_batch::RecordBatch;
use fugue_core::expr::{col, lit};
use fugue_core::{DataFrame, Session, blocking};
use fugue_datafusion::DataFusionEngine;
use fugue_datafusion::datafusion::config::TableParquetOptions;
use fugue_datafusion::datafusion::dataframe::DataFrameWriteOptions;
use fugue_datafusion::datafusion::prelude as df;
use fugue_polars::PolarsEngine;
use fugue_polars::polars::prelude as pl;

/// What is done with the file.
#[derive(Clone, Copy, Debug)]
enum Work {
    /// Rows of a filter, some columns, in memory.
    Collect,
    /// The same rows and columns, in one new file.
    Save,
    /// All rows and columns, in one new file.
    Copy,
}

/// The columns of which an answer's numbers are added up.
const NUMBERS: [&str; 2] = ["v1", "v3"];
/// The columns that are kept, of nine.
const COLUMNS: [&str; 4] = ["id1", "id4", "v1", "v3"];

/// Does some work by hand; rows that are not in a file are given.
type ByHand = Box<dyn Fn(Work, &Path, &Path) -> Result<Vec<RecordBatch>, BoxError>>;

fn main() -> Result<(), BoxError> {
    let arguments = Arguments::of_program(&["rows", "engine", "pairs", "threads", "data"])?;
    let rows = arguments.value("rows")?.unwrap_or(10_000_000);
    let pairs = arguments.value("pairs")?.unwrap_or(5);
    let threads = arguments.value("threads")?.unwrap_or(2);
    let folder = arguments.value("data")?.map_or_else(default_folder, Ok)?;
    let engine = arguments.value("engine")?.unwrap_or_else(|| "polars,datafusion".to_owned());
    let file = data::grouped(&folder, rows, data::GROUPS)?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "files, {rows} rows, {threads} threads, {pairs} pairs of runs; seconds are medians")?;
    writeln!(out, "{:10} {:8} {:>9} {:>9} {:>7}", "engine", "work", "hand", "ours", "ratio")?;
    for engine in engine.split(',') {
        let (session, hand) = match engine {
            "polars" => (Session::builder().threads(threads).with_engine(PolarsEngine::new(threads))?, on_polars()),
            "datafusion" => {
                (Session::builder().threads(threads).with_engine(DataFusionEngine::new(threads)?)?, on_datafusion(threads)?)
            }
            other => return Err(format!("nothing is written by hand for {other:?}; there are polars and datafusion").into()),
        };
        for work in [Work::Collect, Work::Save, Work::Copy] {
            let to = |name: &str| folder.join(format!("files-{name}.parquet"));
            let (theirs, own) = (to("hand"), to("ours"));
            let by_hand = || hand(work, &file, &theirs);
            let ours = || ours(&session, work, &file, &own);
            // Nothing is timed before both answers agree.
            let (found, known) = (answer(work, ours()?, &own)?, answer(work, by_hand()?, &theirs)?);
            if !alike(&found, &known) {
                return Err(format!("FAIL: {engine}, {work:?}: {found:?} is not {known:?}").into());
            }
            let times = Pairs::time(pairs, || by_hand().map(drop), || ours().map(drop))?;
            writeln!(out, "{engine:10} {:8} {times}", format!("{work:?}").to_lowercase())?;
            out.flush()?;
            for path in [theirs, own] {
                if path.exists() {
                    std::fs::remove_file(path)?;
                }
            }
        }
    }
    Ok(())
}

fn ours(session: &Session, work: Work, from: &Path, to: &Path) -> Result<Vec<RecordBatch>, BoxError> {
    let narrowed = |frame: DataFrame| frame.filter(col("v3").gt(lit(50.0)).and(col("id4").lt_eq(lit(50_i32))))?.select(COLUMNS);
    Ok(blocking::wait(async {
        let frame = session.load(from.to_string_lossy()).await?;
        match work {
            Work::Collect => return narrowed(frame)?.collect().await,
            Work::Save => narrowed(frame)?.save(to.to_string_lossy()).await?,
            Work::Copy => frame.save(to.to_string_lossy()).await?,
        };
        Ok(Vec::new())
    })?)
}

fn on_polars() -> ByHand {
    Box::new(|work, from, to| {
        let path = |path: &Path| pl::PlRefPath::try_from_pathbuf(path.to_owned());
        let table = pl::LazyFrame::scan_parquet(path(from)?, pl::ScanArgsParquet::default())?;
        let narrowed = |table: pl::LazyFrame| {
            let small = pl::col("id4").lt_eq(pl::lit(50_i32));
            table.filter(pl::col("v3").gt(pl::lit(50.0)).and(small)).select(COLUMNS.map(pl::col))
        };
        let written = |table: pl::LazyFrame| {
            let target = pl::SinkDestination::File { target: pl::SinkTarget::Path(path(to)?) };
            let options = pl::ParquetWriteOptions { compression: pl::ParquetCompression::Snappy, ..Default::default() };
            table.sink(target, pl::FileWriteFormat::Parquet(Arc::new(options)), pl::UnifiedSinkArgs::default())
        };
        let plan = match work {
            Work::Collect => narrowed(table),
            Work::Save => written(narrowed(table))?,
            Work::Copy => written(table)?,
        };
        let answer = plan.collect_with_engine(pl::Engine::Streaming)?.unwrap_single();
        match work {
            Work::Collect => Ok(fugue_polars::to_batches(&answer, &fugue_polars::schema_of(answer.schema())?)?),
            Work::Save | Work::Copy => Ok(Vec::new()),
        }
    })
}

fn on_datafusion(threads: usize) -> Result<ByHand, BoxError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build()?;
    let mut config = df::SessionConfig::new().with_target_partitions(threads);
    // Filters are asked of the reader, as by this library.
    config.options_mut().execution.parquet.pushdown_filters = true;
    let context = df::SessionContext::new_with_config(config);
    Ok(Box::new(move |work, from, to| {
        let narrowed = |table: df::DataFrame| {
            let small = df::col("id4").lt_eq(df::lit(50_i32));
            table.filter(df::col("v3").gt(df::lit(50.0)).and(small))?.select_columns(&COLUMNS)
        };
        let path = to.to_string_lossy().into_owned();
        let options = || {
            let mut parquet = TableParquetOptions::default();
            parquet.global.compression = Some("snappy".to_owned());
            (DataFrameWriteOptions::new().with_single_file_output(true), Some(parquet))
        };
        Ok(runtime.block_on(async {
            let table = context.read_parquet(from.to_string_lossy().into_owned(), df::ParquetReadOptions::default()).await?;
            let table = match work {
                Work::Collect => return narrowed(table)?.collect().await,
                Work::Save => narrowed(table)?,
                Work::Copy => table,
            };
            let (options, parquet) = options();
            table.write_parquet(&path, options, parquet).await.map(|_| Vec::new())
        })?)
    }))
}

/// The rows of an answer, and what its numbers add up to.
fn answer(work: Work, rows: Vec<RecordBatch>, path: &Path) -> Result<(usize, Vec<f64>), BoxError> {
    let rows = match work {
        Work::Collect => rows,
        Work::Save | Work::Copy => {
            blocking::wait(async { Session::local()?.load(path.to_string_lossy()).await?.collect().await })?
        }
    };
    let mut sums = vec![0.0; NUMBERS.len()];
    for batch in &rows {
        for (total, name) in sums.iter_mut().zip(NUMBERS) {
            let column = batch.column_by_name(name).ok_or_else(|| format!("there is no column {name}"))?;
            *total += sum(cast(column, &DataType::Float64)?.as_primitive::<Float64Type>()).unwrap_or(0.0);
        }
    }
    Ok((rows.iter().map(RecordBatch::num_rows).sum(), sums))
}

/// Sums in another order differ in their last bits.
fn alike(one: &(usize, Vec<f64>), other: &(usize, Vec<f64>)) -> bool {
    let near = |(a, b): (&f64, &f64)| (a - b).abs() <= 1e-9 * a.abs().max(b.abs());
    one.0 == other.0 && one.1.iter().zip(&other.1).all(near)
}
