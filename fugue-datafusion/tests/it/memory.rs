//! More rows than the memory limit has room for.

use std::sync::Arc;

use fugue_core::arrow::array::{ArrayRef, Float64Array, Int64Array, StringViewArray};
use fugue_core::arrow::record_batch::RecordBatch;
use fugue_core::row::Row;
use fugue_core::{ErrorKind, Session};
use fugue_datafusion::datafusion::physical_plan::{ExecutionPlan, collect};
use fugue_datafusion::{CallExec, DataFusionEngine, IntoDataFusion};

use crate::{Outcome, run};

const ROWS: i64 = 400_000;

/// Some 25 MB, keys of two kinds, in no order.
fn rows() -> Result<Vec<RecordBatch>, fugue_core::arrow::error::ArrowError> {
    let batch = |start: i64| {
        let rows = start..start + 2_000;
        let key: ArrayRef = Arc::new(rows.clone().map(|i| ((i * 7_919) % 5_003) as f64 / 2.0).collect::<Float64Array>());
        let name: ArrayRef =
            Arc::new(StringViewArray::from_iter_values(rows.clone().map(|i| format!("a name that is long {}", i % 17))));
        let at: ArrayRef = Arc::new(rows.map(|i| (i * 104_729) % ROWS).collect::<Int64Array>());
        RecordBatch::try_from_iter([("key", key), ("name", name), ("at", at)])
    };
    (0..ROWS / 2_000).map(|b| batch(b * 2_000)).collect()
}

#[derive(Row, Clone, Debug, PartialEq)]
struct Item {
    key: f64,
    name: String,
    at: i64,
}

#[derive(Row, Clone, Debug, PartialEq)]
struct Summary {
    key: f64,
    rows: i64,
    in_order: bool,
    last: String,
}

fn summary(items: &[Item]) -> Summary {
    Summary {
        key: items[0].key,
        rows: items.len() as i64,
        in_order: items.windows(2).all(|w| w[0].at >= w[1].at) && items.iter().all(|i| i.key == items[0].key),
        last: items[items.len() - 1].name.clone(),
    }
}

fn limited(bytes: usize) -> Result<Session, fugue_core::Error> {
    let folder = std::env::temp_dir();
    let engine = DataFusionEngine::builder().parallelism(2).memory_limit(bytes).spill_folder(folder).build()?;
    Session::builder().threads(2).with_engine(engine)
}

#[test]
fn a_map_by_key_goes_through_files_and_says_so() -> Outcome {
    run(async {
        let session = limited(32 << 20)?;
        let engine = session.engine::<DataFusionEngine>().expect("its own engine");
        let map = |s: &Session| {
            s.frame(rows()?)?
                .transform(summary)
                .partition_by("key")
                .presort("at desc")
                .run()
                .map_err(Box::<dyn std::error::Error>::from)
        };
        let limited = map(&session)?;
        let plan = limited.to_datafusion(engine.context())?.create_physical_plan().await?;
        collect(Arc::clone(&plan), engine.context().task_ctx()).await?;
        let metrics = calls(&plan).pop().and_then(|c| c.metrics()).expect("metrics");
        assert!(metrics.spill_count() > Some(0) && metrics.spilled_rows() > Some(0), "{metrics}");
        let sort = |mut rows: Vec<Summary>| {
            rows.sort_by(|a, b| a.key.total_cmp(&b.key));
            rows
        };
        let got = sort(limited.rows::<Summary>().await?);
        assert!(got.iter().all(|s| s.in_order), "a group was out of order");
        assert_eq!(got, sort(map(&Session::local()?)?.rows::<Summary>().await?));
        Ok(())
    })
}

fn calls(plan: &Arc<dyn ExecutionPlan>) -> Vec<Arc<dyn ExecutionPlan>> {
    let mut all: Vec<_> = plan.children().into_iter().flat_map(calls).collect();
    if plan.downcast_ref::<CallExec>().is_some() {
        all.push(Arc::clone(plan));
    }
    all
}

#[test]
fn a_zip_that_does_not_fit_says_what_to_do() -> Outcome {
    run(async {
        let session = limited(4 << 20)?;
        let (left, right) = (session.frame(rows()?)?, session.frame(rows()?)?);
        let both =
            |l: &[Item], r: &[Item]| -> Option<Summary> { l.first().or(r.first()).map(|i| summary(std::slice::from_ref(i))) };
        let e = left.cotransform([&right], both).partition_by("key").run()?.count().await.expect_err("too large");
        assert_eq!(e.kind(), ErrorKind::EngineFailed, "{e:?}");
        assert!(e.to_string().contains("memory limit"), "{e}");
        // The session goes on.
        assert_eq!(session.frame(rows()?)?.count().await?, ROWS as u64);
        Ok(())
    })
}
