//! More rows than fit into a message or into memory, on their way in and on their way out.

use std::sync::Arc;
use std::time::{Duration, Instant};

use datafusion::arrow::array::{ArrayRef, AsArray, Int64Array, StringArray};
use datafusion::arrow::datatypes::Int64Type;
use datafusion::arrow::record_batch::RecordBatch;
use fugue_ballista::{BallistaEngine, Cluster};
use fugue_core::frame::Source;
use fugue_core::io::{Format, LazySource, LoadOptions, SaveOptions};
use fugue_core::partition::{Algo, PartitionSpec};
use fugue_core::row::Row;
use fugue_core::transform::Batches;
use fugue_core::{DataFrame, ErrorKind, Session};
use futures::StreamExt;

use crate::data::{Reading, doubled, readings};
use crate::support::{Outcome, cluster, files, run, session, soon};

/// Numbers, each with so much text.
fn wide(from: i64, rows: i64, width: usize) -> RecordBatch {
    let text = "x".repeat(width);
    let n: ArrayRef = Arc::new(Int64Array::from_iter_values(from..from + rows));
    let text: ArrayRef = Arc::new(StringArray::from_iter_values((0..rows).map(|_| &text)));
    RecordBatch::try_from_iter([("n", n), ("text", text)]).expect("two columns")
}

/// The same with a kilobyte.
fn large(from: i64, rows: i64) -> RecordBatch {
    wide(from, rows, 1024)
}

fn batches(megabytes: i64) -> Vec<RecordBatch> {
    (0..megabytes).map(|b| large(b * 1024, 1024)).collect()
}

#[derive(Row)]
struct Seen {
    rows: i64,
    sum: i64,
    bytes: i64,
}

fn seen(batches: Batches) -> Seen {
    batches.fold(Seen { rows: 0, sum: 0, bytes: 0 }, |seen, batch| {
        let n = batch.column(0).as_primitive::<Int64Type>();
        let text =
            fugue_core::arrow::compute::cast(batch.column(1), &datafusion::arrow::datatypes::DataType::Utf8).expect("text");
        let bytes = text.as_string::<i32>().value_data().len() as i64;
        Seen {
            rows: seen.rows + batch.num_rows() as i64,
            sum: seen.sum + n.values().iter().sum::<i64>(),
            bytes: seen.bytes + bytes,
        }
    })
}

async fn is_whole(frame: &DataFrame, megabytes: i64) -> Outcome {
    let all: Vec<Seen> = frame.transform(seen).rows().await?;
    let rows = megabytes << 10;
    assert_eq!(all.iter().map(|s| s.rows).sum::<i64>(), rows);
    assert_eq!(all.iter().map(|s| s.sum).sum::<i64>(), rows * (rows - 1) / 2);
    assert_eq!(all.iter().map(|s| s.bytes).sum::<i64>(), rows << 10);
    Ok(())
}

#[derive(Row)]
struct Number {
    n: i64,
}

#[test]
fn rows_in_memory_that_are_more_than_a_message_go_in_by_themselves() -> Outcome {
    run(async {
        let session = session(BallistaEngine::on(cluster()?).partitions(7)).await?;
        for megabytes in [2, 20, 100] {
            let frame = session.frame(batches(megabytes))?;
            is_whole(&frame, megabytes).await?;
            assert_eq!(frame.count().await?, megabytes as u64 * 1024);
        }
        // In one batch, and twenty of them beside one another.
        let small = session.frame(large(0, 900))?;
        let one = session.frame(large(0, 40 << 10))?;
        is_whole(&one, 40).await?;
        let both = |one: &[Number], other: &[Number]| -> Option<Number> { Some(Number { n: one.first()?.n + other.first()?.n }) };
        let zipped: Vec<Number> = one.cotransform([&small], both).partition_by("n").rows().await?;
        assert_eq!(zipped.iter().map(|z| z.n).sum::<i64>(), 2 * (0..900).sum::<i64>());
        Ok(())
    })
}

#[test]
fn a_slow_consumer_of_large_results_loses_nothing() -> Outcome {
    run(async {
        let kept = Duration::from_secs(1);
        let cluster = Cluster::builder().executors(2).slots(2).results_kept(kept).start().await?;
        let session = session(BallistaEngine::on(&cluster).partitions(9)).await?;
        let mut stream = session.frame(batches(64))?.transform(|rows: Batches| rows).schema("*").stream().await?;
        let (mut rows, mut sum) = (0, 0);
        let begun = Instant::now();
        let mut reads = 0;
        while let Some(batch) = stream.next().await {
            let batch = batch?;
            rows += batch.num_rows() as i64;
            sum += batch.column(0).as_primitive::<Int64Type>().values().iter().sum::<i64>();
            reads += 1;
            // Half of the time right after the first rows: most of the others are not on their way yet.
            let pause = if reads == 1 { 2 * kept } else { 2 * kept / 64 };
            tokio::time::sleep(pause).await;
        }
        assert!(begun.elapsed() > 3 * kept, "{:?}", begun.elapsed());
        assert_eq!((rows, sum), (64 << 10, (64 << 10) * ((64 << 10) - 1) / 2));
        Ok(cluster.close().await?)
    })
}

/// The batch with a key, one of a hundred.
fn with_key(batch: RecordBatch) -> RecordBatch {
    let n = batch.column(0).as_primitive::<Int64Type>();
    let key: ArrayRef = Arc::new(Int64Array::from_iter_values(n.values().iter().map(|n| n % 100)));
    let columns = [("n", Arc::clone(batch.column(0))), ("text", Arc::clone(batch.column(1))), ("key", key)];
    RecordBatch::try_from_iter(columns).expect("three columns")
}

#[test]
fn calls_by_key_go_through_files_where_memory_is_small() -> Outcome {
    run(async {
        // Some 60 MB, where each of two tasks has 24, of which its sort keeps 10 to merge files with.
        let rows = 400_000;
        let cluster = Cluster::builder().executors(1).slots(2).memory(48 << 20).start().await?;
        let session = session(BallistaEngine::on(&cluster).partitions(2)).await?;
        let frame = session.frame((0..100).map(|b| wide(b * 4_000, 4_000, 128)).collect::<Vec<_>>())?;
        let keyed = frame.transform(|batches: Batches| batches.map(with_key)).schema("*,key:long").run()?;
        let count = |rows: &[Keyed]| {
            let falls =
                rows.is_sorted_by(|a, b| a.n > b.n) && rows.iter().all(|r| r.n % 100 == rows[0].key && r.text.len() == 128);
            Number { n: if falls { rows.len() as i64 } else { -1 } }
        };
        let counts: Vec<Number> = keyed.transform(count).partition_by("key").presort("n desc").rows().await?;
        assert_eq!((counts.len(), counts.iter().map(|c| c.n).sum::<i64>()), (100, rows));
        // A zip keeps its rows in memory: these do not fit, and it says so.
        let both = |one: &[Keyed], _: &[Keyed]| Number { n: one.len() as i64 };
        let error = keyed.cotransform([&keyed], both).partition_by("key").count().await.expect_err("it is too much");
        assert_eq!(error.kind(), ErrorKind::EngineFailed, "{error:?}");
        assert!(error.to_string().contains("memory limit"), "{error}");
        // Nor does the place that gives them an exact number of partitions.
        let exact = |frame: &DataFrame| frame.transform(seen).partition(PartitionSpec::new().num(4)?.algo(Algo::Even)).run();
        let error = exact(&frame)?.count().await.expect_err("it is too much");
        assert_eq!(error.kind(), ErrorKind::EngineFailed, "{error:?}");
        assert!(error.to_string().contains("memory limit"), "{error}");
        assert_eq!(exact(&session.frame(wide(0, 40_000, 128))?)?.count().await?, 4);
        assert_eq!(frame.count().await?, rows as u64);
        Ok(cluster.close().await?)
    })
}

#[derive(Row)]
struct Keyed {
    n: i64,
    text: String,
    key: i64,
}

#[test]
fn inputs_leave_no_files_behind() -> Outcome {
    run(async {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("readings.csv").to_string_lossy().into_owned();
        Session::local()?.frame(readings(100_000))?.save(&path).await?;
        let inputs = folder.path().join("inputs");
        std::fs::create_dir(&inputs)?;
        let session = session(BallistaEngine::on(cluster()?).partitions(4).shared_folder(&inputs)).await?;
        let read = session.load(&path).await?;
        assert_eq!(read.transform(doubled).count().await?, 100_000);
        soon("the end of the files of what was read", || files(&inputs).is_empty()).await;
        // One that is not read to its end.
        let mut stream = read.transform(|rows: Batches| rows).schema("*").stream().await?;
        assert!(stream.next().await.is_some());
        drop(stream);
        soon("the end of the files of a dropped stream", || files(&inputs).is_empty()).await;
        // Rows in memory are written once, and kept ones stay for as long as their frame.
        let memory = session.frame(readings(200_000))?;
        assert_eq!(memory.transform(doubled).count().await?, 200_000);
        let written = files(&inputs);
        assert!(!written.is_empty());
        let kept = memory.transform(doubled).persist().await?;
        assert!(files(&inputs).len() > written.len());
        drop(memory);
        soon("the end of the files of rows in memory", || written.iter().all(|file| !file.exists())).await;
        assert_eq!(kept.count().await?, 200_000);
        drop(kept);
        soon("the end of kept files", || files(&inputs).is_empty()).await;
        drop(read);
        session.close().await?;
        drop(session);
        assert_eq!(std::fs::read_dir(&inputs)?.count(), 0);
        Ok(())
    })
}

#[test]
fn what_a_plan_needs_is_all_that_is_read_of_a_folder() -> Outcome {
    use fugue_core::expr::{col, lit};
    use fugue_core::run::Cancel;

    run(async {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("out").display().to_string();
        let session = session(BallistaEngine::on(cluster()?)).await?;
        let options = SaveOptions::new().format(Format::Parquet).partition_by("sensor").row_group_rows(10);
        session.frame(readings(300))?.save_with(&path, &options).await?;
        let source = || fugue_core::io::open(&path, &LoadOptions::new(), &Cancel::never());
        let frame = |source: &Arc<dyn LazySource>| session.frame(Source::shared(Arc::clone(source)));
        let (counted, filtered, first) = (source()?, source()?, source()?);
        assert_eq!(frame(&counted)?.count().await?, 300);
        // Footers tell.
        assert_eq!((counted.counts().files, counted.counts().groups), (0, 0));
        let one = frame(&filtered)?.filter(col("sensor").eq(lit("s1")).and(col("value").lt(lit(30))))?;
        let rows: Vec<Reading> = one.rows().await?;
        assert!(!rows.is_empty() && rows.iter().all(|row| row.sensor == "s1" && row.value < 30));
        assert_eq!(filtered.counts().files, 1);
        assert!(filtered.counts().groups_skipped > 0, "{:?}", filtered.counts());
        assert_eq!(frame(&first)?.head(5).await?.count().await?, 5);
        assert!(first.counts().groups <= 2, "{:?}", first.counts());
        Ok(())
    })
}
