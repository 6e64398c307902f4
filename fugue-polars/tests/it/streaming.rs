//! Stream-shaped functions over more data than is held at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use fugue_core::arrow::array::AsArray;
use fugue_core::arrow::datatypes::Int64Type;
use fugue_core::arrow::record_batch::RecordBatch;
use fugue_core::blocking::wait;
use fugue_core::transform::Batches;
use fugue_polars::polars::prelude::*;

use crate::{Outcome, polars};

const ROWS: usize = 1_000_000;

fn file(folder: &std::path::Path) -> Result<std::path::PathBuf, Box<dyn std::error::Error>> {
    let path = folder.join("big.parquet");
    let mut df = df!("n" => (0..ROWS as i64).collect::<Vec<_>>())?;
    ParquetWriter::new(std::fs::File::create(&path)?).with_row_group_size(Some(20_000)).finish(&mut df)?;
    Ok(path)
}

#[test]
fn a_stream_over_a_scan_is_read_piece_by_piece_and_in_order() -> Outcome {
    let folder = tempfile::tempdir()?;
    let path = file(folder.path())?;
    let session = polars();
    let plan = LazyFrame::scan_parquet(PlRefPath::try_from_pathbuf(path.clone())?, ScanArgsParquet::default())?;
    let loaded = wait(session.load(path.to_str().ok_or("a path of text")?))?;
    for df in [loaded, session.frame(plan.filter(col("n").gt_eq(lit(0))))?] {
        let largest = Arc::new(AtomicUsize::new(0));
        let seen = Arc::clone(&largest);
        let sums = move |batches: Batches| {
            let (seen, mut next) = (Arc::clone(&seen), 0_i64);
            batches.inspect(move |batch: &RecordBatch| {
                seen.fetch_max(batch.num_rows(), Ordering::SeqCst);
                let n = batch.column(0).as_primitive::<Int64Type>();
                for value in n.values() {
                    assert_eq!(*value, next, "out of order");
                    next += 1;
                }
            })
        };
        assert_eq!(wait(df.transform(sums).schema("*").run()?.count())?, ROWS as u64);
        let largest = largest.load(Ordering::SeqCst);
        assert!(largest > 0 && largest <= ROWS / 4, "{largest} rows at once");
    }
    Ok(())
}

#[test]
fn polars_waits_while_nobody_reads() -> Outcome {
    let made = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&made);
    let seen = move |df: DataFrame| {
        counted.fetch_add(df.height(), Ordering::SeqCst);
        Ok(df)
    };
    let folder = tempfile::tempdir()?;
    let plan = LazyFrame::scan_parquet(PlRefPath::try_from_pathbuf(file(folder.path())?)?, ScanArgsParquet::default())?.map(
        seen,
        AllowedOptimizations::STREAMING,
        None,
        Some("seen"),
    );
    let df = polars().frame(plan)?;
    wait(async {
        let mut stream = df.stream().await?;
        assert!(futures::StreamExt::next(&mut stream).await.is_some_and(|b| b.is_ok()));
        std::thread::sleep(std::time::Duration::from_millis(500));
        Ok(())
    })?;
    assert!(made.load(Ordering::SeqCst) < ROWS, "{} rows were made for a reader of one batch", made.load(Ordering::SeqCst));
    Ok(())
}

#[test]
fn a_scan_of_the_users_own_is_read_by_the_engine_that_knows_it() -> Outcome {
    struct Own;
    impl AnonymousScan for Own {
        fn as_any(&self) -> &dyn std::any::Any {
            self
        }
        fn scan(&self, _: AnonymousScanArgs) -> PolarsResult<DataFrame> {
            df!("n" => [1_i64, 2, 3])
        }
    }
    let schema = Some(Arc::new(Schema::from_iter([("n".into(), DataType::Int64)])));
    let plan = LazyFrame::anonymous_scan(Arc::new(Own), ScanArgsAnonymous { schema, name: "own", ..Default::default() })?;
    let df = polars().frame(plan)?;
    assert_eq!(wait(df.count())?, 3);
    let doubled = df.transform(|n: i64| n * 2).on("n").to("twice").run()?;
    assert_eq!(wait(fugue_polars::IntoPolars::collect_polars(&doubled))?, df!("n" => [1_i64, 2, 3], "twice" => [2_i64, 4, 6])?);
    Ok(())
}
