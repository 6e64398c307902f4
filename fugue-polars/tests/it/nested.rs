//! Functions of the user that use Polars and this library themselves, in plans that need all threads.

use fugue_core::blocking::wait;
use fugue_core::calls::transform;
use fugue_core::row::Row;
use fugue_polars::polars::prelude::*;

use crate::{Outcome, Reading, Total, polars, readings, total, totals};

const TOTAL: &str = "sensor:str,rows:long,total:double";

/// Uses the threads of Polars: a join, a sort and an aggregation.
fn busy(df: DataFrame) -> PolarsResult<DataFrame> {
    let other = df.clone().lazy().select([col("at"), col("value").alias("again")]);
    df.lazy()
        .join(other, [col("at")], [col("at")], JoinArgs::new(JoinType::Inner))
        .sort(["at"], Default::default())
        .group_by([col("sensor")])
        .agg([len().cast(DataType::Int64).alias("rows"), col("again").sum().alias("total")])
        .collect()
}

fn within_a_minute(work: impl FnOnce() -> Result<DataFrame, String> + Send + 'static) -> Result<DataFrame, String> {
    let (send, receive) = std::sync::mpsc::channel();
    std::thread::spawn(move || send.send(work()));
    receive.recv_timeout(std::time::Duration::from_secs(60)).map_err(|_| "it never ended".to_owned())?
}

#[test]
fn steps_that_use_polars_run_in_all_branches_of_a_plan() -> Outcome {
    for engine in [Engine::InMemory, Engine::Streaming] {
        let branch = || transform(readings().lazy(), busy).partition_by("sensor").schema(TOTAL).run();
        let mut plan: LazyFrame = branch()?;
        for i in 0..6 {
            let suffix = Some(format!("_{i}").into());
            let how = JoinArgs { suffix, ..JoinArgs::new(JoinType::Inner) };
            plan = plan.join(branch()?, [col("sensor")], [col("sensor")], how);
        }
        let branches = (0..8).map(|_| branch()).collect::<Result<Vec<_>, _>>()?;
        let union = concat(branches, UnionArgs::default())?;
        let all = plan.join(
            union,
            [col("sensor")],
            [col("sensor")],
            JoinArgs { suffix: Some("_u".into()), ..JoinArgs::new(JoinType::Inner) },
        );
        let rows =
            within_a_minute(move || all.collect_with_engine(engine).map(|r| r.unwrap_single()).map_err(|e| e.to_string()))?;
        assert_eq!(rows.height(), 24, "{engine:?}");
        assert_eq!(rows.column("total_u")?.f64()?.sum(), Some(8.0 * 63.0));
    }
    Ok(())
}

#[derive(Row, Clone)]
struct Job {
    path: String,
}

/// Scans files, which Polars does on its async executor, whichever of its engines runs the query.
fn summary(job: Job) -> Result<Total, Box<dyn std::error::Error + Send + Sync>> {
    let path = PlRefPath::try_from_pathbuf(job.path.clone().into())?;
    let rows = LazyFrame::scan_parquet(path.clone(), ScanArgsParquet::default())?.collect()?;
    let sum = LazyFrame::scan_parquet(path, ScanArgsParquet::default())?.select([col("value").sum()]);
    let sum = sum.collect_with_engine(Engine::Streaming)?.unwrap_single();
    let total = sum.column("value")?.f64()?.get(0).unwrap_or(0.0);
    Ok(Total { sensor: job.path, rows: rows.height() as i64, total })
}

#[test]
fn a_row_wise_step_may_use_the_executor_that_runs_it() -> Outcome {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("one.parquet");
    ParquetWriter::new(std::fs::File::create(&path)?).finish(&mut readings())?;
    let jobs = df!("path" => vec![path.display().to_string(); 64])?;
    for engine in [Some(Engine::InMemory), Some(Engine::Streaming), None] {
        let plan: LazyFrame = transform(jobs.clone().lazy(), summary).run()?;
        let rows = within_a_minute(move || {
            let run = || -> Result<DataFrame, Box<dyn std::error::Error>> {
                Ok(match engine {
                    Some(engine) => plan.collect_with_engine(engine)?.unwrap_single(),
                    None => wait(fugue_polars::IntoPolars::collect_polars(&polars().frame(plan)?))?,
                })
            };
            run().map_err(|e| e.to_string())
        })?;
        assert_eq!(rows.column("total")?.f64()?.sum(), Some(64.0 * 63.0), "{engine:?}");
    }
    Ok(())
}

#[test]
fn a_function_may_transform_a_frame_of_its_own() -> Outcome {
    fn inner(df: DataFrame) -> Result<DataFrame, fugue_core::Error> {
        transform(df, total).partition_by("sensor").run()
    }
    fn inner_lazy(df: DataFrame) -> Result<DataFrame, Box<dyn std::error::Error + Send + Sync>> {
        let plan: LazyFrame = transform(df.lazy(), total).partition_by("sensor").run()?;
        let again = plan.clone().select([col("sensor")]);
        Ok(plan.join(again, [col("sensor")], [col("sensor")], JoinArgs::new(JoinType::Inner)).collect()?)
    }
    let rows = within_a_minute(|| {
        let session = polars();
        let run = || -> Result<DataFrame, Box<dyn std::error::Error>> {
            let df = session.frame(readings())?;
            let first = fugue_polars::IntoPolars::to_lazy(&df.transform(inner).partition_by("sensor").schema(TOTAL).run()?)?;
            let second =
                fugue_polars::IntoPolars::to_lazy(&df.transform(inner_lazy).partition_by("sensor").schema(TOTAL).run()?)?;
            let both = concat([first, second], UnionArgs::default())?;
            Ok(both.unique(None, UniqueKeepStrategy::Any).sort(["sensor"], Default::default()).collect()?)
        };
        run().map_err(|e| e.to_string())
    })?;
    assert_eq!(rows, totals());
    Ok(())
}

#[test]
fn a_function_may_run_a_session_of_its_own() -> Outcome {
    fn inner(readings: Vec<Reading>) -> Result<Vec<Total>, fugue_core::Error> {
        let df = polars().frame(readings)?;
        wait(df.transform(total).partition_by("sensor").rows())
    }
    let rows = within_a_minute(|| {
        let run = || -> Result<DataFrame, Box<dyn std::error::Error>> {
            let df = polars().frame(crate::batch(20))?;
            Ok(wait(fugue_polars::IntoPolars::collect_polars(&df.transform(inner).partition_by(["sensor", "at"]).run()?))?)
        };
        run().map_err(|e| e.to_string())
    })?;
    assert_eq!(rows.height(), 6);
    Ok(())
}
