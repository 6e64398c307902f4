//! More rows than fit into a message or into memory, on their way in and on their way out.

use std::sync::Arc;
use std::time::{Duration, Instant};

use datafusion::arrow::array::{ArrayRef, AsArray, Int64Array, StringArray};
use datafusion::arrow::datatypes::Int64Type;
use datafusion::arrow::record_batch::RecordBatch;
use fugue_ballista::{BallistaEngine, Cluster};
use fugue_core::row::Row;
use fugue_core::transform::Batches;
use fugue_core::{DataFrame, ErrorKind};
use futures::StreamExt;

use crate::support::{Outcome, cluster, run, session};

/// Numbers, each with a kilobyte of text.
fn large(from: i64, rows: i64) -> RecordBatch {
    let text = "x".repeat(1024);
    let n: ArrayRef = Arc::new(Int64Array::from_iter_values(from..from + rows));
    let text: ArrayRef = Arc::new(StringArray::from_iter_values((0..rows).map(|_| &text)));
    RecordBatch::try_from_iter([("n", n), ("text", text)]).expect("two columns")
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

#[derive(Row)]
struct Number {
    n: i64,
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

#[test]
fn calls_by_key_go_through_files_where_memory_is_small() -> Outcome {
    run(async {
        let cluster = Cluster::builder().executors(1).slots(2).memory(48 << 20).start().await?;
        let session = session(BallistaEngine::on(&cluster).partitions(2).batch_size(1024)).await?;
        let frame = session.frame(batches(64))?;
        let key = |batch: RecordBatch| -> RecordBatch {
            let key: ArrayRef = Arc::new(Int64Array::from_iter_values(
                batch.column(0).as_primitive::<Int64Type>().values().iter().map(|n| n % 100),
            ));
            let mut columns = batch.columns().to_vec();
            columns.push(key);
            let schema = batch.schema();
            let fields = schema.fields().iter().map(|f| f.as_ref().clone());
            let key = datafusion::arrow::datatypes::Field::new("key", datafusion::arrow::datatypes::DataType::Int64, true);
            let schema = datafusion::arrow::datatypes::Schema::new(fields.chain([key]).collect::<Vec<_>>());
            RecordBatch::try_new(Arc::new(schema), columns).expect("three columns")
        };
        let keyed = frame.transform(move |batches: Batches| batches.map(key)).schema("*,key:long").run()?;
        let first = |rows: &[Keyed]| {
            let falls =
                rows.is_sorted_by(|a, b| a.n > b.n) && rows.iter().all(|r| r.n % 100 == rows[0].key && r.text.len() == 1024);
            Number { n: if falls { rows.len() as i64 } else { -1 } }
        };
        let counts: Vec<Number> = keyed.transform(first).partition_by("key").presort("n desc").rows().await?;
        assert_eq!((counts.len(), counts.iter().map(|c| c.n).sum::<i64>()), (100, 64 << 10));
        // The same rows do not fit: a zip keeps them in memory, and says so.
        let both = |one: &[Keyed], _: &[Keyed]| Number { n: one.len() as i64 };
        let error = keyed.cotransform([&keyed], both).partition_by("key").count().await.expect_err("it is too much");
        assert_eq!(error.kind(), ErrorKind::EngineFailed, "{error:?}");
        assert!(error.to_string().contains("memory limit"), "{error}");
        assert_eq!(frame.count().await?, 64 << 10);
        Ok(cluster.close().await?)
    })
}

#[derive(Row)]
struct Keyed {
    n: i64,
    text: String,
    key: i64,
}
