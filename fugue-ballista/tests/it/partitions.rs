//! Every row is called once, however rows are spread over partitions, tasks and executors.

use std::collections::BTreeSet;
use std::sync::Arc;

use datafusion::datasource::MemTable;
use datafusion::prelude::{DataFrame, ParquetReadOptions, SessionContext};
use fugue_ballista::{BallistaEngine, Builder};
use fugue_core::calls::transform;
use fugue_core::partition::{Algo, PartitionSpec};
use fugue_core::row::Row;
use fugue_core::transform::Cursor;
use fugue_core::{DataFrame as Frame, Session};

use crate::data::{Reading, Tally, doubled, lines, readings, some, tally, total};
use crate::support::{Outcome, cluster, run, session};

const ROWS: i64 = 1_000;

/// Seven partitions, of which a task takes so many; 0 stands for as many as its executor has slots.
fn seven(per_task: &str) -> fugue_core::Result<Builder<'static>> {
    Ok(BallistaEngine::on(cluster()?).partitions(7).set("ballista.scheduler.max_partitions_per_task", per_task))
}

/// What all calls saw together.
fn sums(calls: &[Tally]) -> (i64, i64) {
    (calls.iter().map(|c| c.rows).sum(), calls.iter().map(|c| c.sum).sum())
}

const ALL: (i64, i64) = (ROWS, ROWS * (ROWS - 1) / 2);

/// Through calls by partition, by key, by row, and by partitions of an exact number.
async fn counts(frame: &Frame) -> fugue_core::Result<Vec<(i64, i64)>> {
    let even = PartitionSpec::new().num(7)?.algo(Algo::Even);
    let rows = frame.transform(doubled).rows::<Reading>().await?;
    Ok(vec![
        sums(&frame.transform(tally).rows().await?),
        sums(&frame.transform(tally).partition_by("sensor").rows().await?),
        sums(&frame.transform(tally).partition(even).rows().await?),
        (rows.len() as i64, rows.iter().map(|r| r.value).sum::<i64>() / 2),
        (frame.count().await? as i64, rows.iter().map(|r| r.value).sum::<i64>() / 2),
    ])
}

#[test]
fn rows_of_a_session_are_called_once_however_many_partitions_a_task_takes() -> Outcome {
    run(async {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("readings.parquet").to_string_lossy().into_owned();
        Session::local()?.frame(readings(ROWS))?.save(&path).await?;
        for per_task in ["0", "1", "3"] {
            let session = session(seven(per_task)?).await?;
            let one = session.frame(readings(ROWS))?;
            let many = session.frame((0..10).map(|b| some(b * 100, b * 100 + 100)).collect::<Vec<_>>())?;
            let inputs = [("file", session.load(&path).await?), ("memory", one), ("batches", many)];
            for (name, frame) in &inputs {
                assert_eq!(counts(frame).await?, [ALL; 5], "{name}, {per_task} partitions per task");
            }
            let empty = session.frame(readings(0))?;
            assert_eq!(counts(&empty).await?, [(0, 0); 5], "no rows, {per_task} partitions per task");
            session.close().await?;
        }
        Ok(())
    })
}

/// A context with the readings as `one` and `many` partitions, as a `file`, and `none` of them.
async fn tables(context: &SessionContext, path: &str) -> Outcome {
    context.register_batch("one", readings(ROWS))?;
    let parts = (0..5).map(|p| vec![some(p * 200, p * 200 + 150), some(p * 200 + 150, p * 200 + 200)]).collect();
    context.register_table("many", Arc::new(MemTable::try_new(readings(0).schema(), parts)?))?;
    context.register_batch("none", readings(0))?;
    context.register_parquet("file", path, ParquetReadOptions::default()).await?;
    Ok(())
}

#[test]
fn rows_of_a_union_are_called_once_and_limits_hold() -> Outcome {
    run(async {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("readings.parquet").to_string_lossy().into_owned();
        Session::local()?.frame(readings(ROWS))?.save(&path).await?;
        for per_task in ["0", "1", "3"] {
            let context = seven(per_task)?.context().await?;
            tables(&context, &path).await?;
            let union = "select * from one union all select * from none union all select * from many union all select sensor, value from file";
            for keys in [&[][..], &["sensor"]] {
                let called: DataFrame = transform(context.sql(union).await?, tally).partition_by(keys).run()?;
                context.register_table("called", called.into_view())?;
                let seen = lines(context.sql("select sum(rows) as r, sum(sum) as s from called").await?).await?;
                assert!(seen.contains(&format!("| {} | {} |", 3 * ALL.0, 3 * ALL.1)), "{per_task}, {keys:?}: {seen}");
                context.deregister_table("called")?;
            }
            for (table, rows) in [("one", 5), ("many", 5), ("file", 5), ("none", 0)] {
                let limited = context.sql(&format!("select value from {table} limit 5")).await?;
                assert_eq!(limited.clone().count().await?, rows, "{table}, {per_task}");
                assert_eq!(limited.collect().await?.iter().map(|b| b.num_rows()).sum::<usize>(), rows, "{table}, {per_task}");
                let later = context.sql(&format!("select * from {table} limit 7 offset 3")).await?;
                let called: DataFrame = transform(later, doubled).run()?;
                assert_eq!(called.limit(1, Some(4))?.count().await?, rows.min(4), "{table}, {per_task}");
            }
        }
        Ok(())
    })
}

/// Where a call stood, and how many rows it had.
#[derive(Row, Clone, Debug)]
struct Placed {
    physical: i64,
    rows: i64,
    sum: i64,
}

fn place(readings: &[Reading], at: Cursor) -> Placed {
    let Tally { rows, sum } = tally(readings);
    Placed { physical: at.physical_partition_no() as i64, rows, sum }
}

/// How many calls there were; each of a partition of its own, all rows in one of them.
fn apart(calls: &[Placed], rows: i64) -> usize {
    let places: BTreeSet<i64> = calls.iter().map(|c| c.physical).collect();
    assert_eq!(places.len(), calls.len(), "{calls:?}");
    assert_eq!(calls.iter().map(|c| c.rows).sum::<i64>(), rows, "{calls:?}");
    assert_eq!(calls.iter().map(|c| c.sum).sum::<i64>(), rows * (rows - 1) / 2, "{calls:?}");
    calls.len()
}

#[test]
fn numbers_of_partitions_are_exact() -> Outcome {
    run(async {
        for per_task in ["0", "1", "3"] {
            let session = session(seven(per_task)?).await?;
            for (rows, number, algo, exact) in [
                (100, 7, Algo::Even, Some(7)),
                (100, 1, Algo::Even, Some(1)),
                (10, 50, Algo::Even, Some(10)),
                (100, 7, Algo::Rand, None),
                (100, 1, Algo::Rand, Some(1)),
                (10, 50, Algo::Rand, None),
                (100, 7, Algo::Hash, Some(7)),
                (100, 1, Algo::Default, Some(1)),
                (10, 50, Algo::Default, None),
            ] {
                let spec = PartitionSpec::new().num(number)?.algo(algo);
                let calls: Vec<Placed> = session.frame(readings(rows))?.transform(place).partition(spec).rows().await?;
                let count = apart(&calls, rows);
                let told = format!("{rows} rows, {number} partitions, {algo:?}, {per_task} per task: {calls:?}");
                assert!(exact.is_none_or(|exact| exact == count) && count <= number, "{told}");
                if algo == Algo::Even {
                    let least = calls.iter().map(|c| c.rows).min();
                    assert!(calls.iter().all(|c| Some(c.rows) <= least.map(|least| least + 1)), "{told}");
                }
            }
            session.close().await?;
        }
        Ok(())
    })
}

#[test]
fn kept_partitions_stay_and_have_numbers_of_their_own() -> Outcome {
    run(async {
        for per_task in ["0", "1", "3"] {
            let session = session(seven(per_task)?).await?;
            let frame = session.frame(readings(ROWS))?;
            for spec in [
                PartitionSpec::new().num(5)?,
                PartitionSpec::new().num(11)?.algo(Algo::Even),
                PartitionSpec::new().num(3)?.algo(Algo::Rand),
            ] {
                let kept = frame.repartition(&spec)?.persist().await?;
                let calls: Vec<Placed> = kept.transform(place).rows().await?;
                assert_eq!(Some(apart(&calls, ROWS)), kept.partitions()?, "{spec}");
                let lazily: Vec<Placed> = frame.repartition(&spec)?.transform(place).rows().await?;
                assert_eq!(Some(apart(&lazily, ROWS)), kept.partitions()?, "{spec}");
                assert_eq!(kept.transform(total).partition_by("sensor").count().await?, 3);
            }
            session.close().await?;
        }
        Ok(())
    })
}
