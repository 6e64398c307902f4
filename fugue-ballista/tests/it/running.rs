//! Jobs without an engine: a cluster with a client, plans of numbers, and functions that are slow or fail.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ballista_core::extension::SessionConfigExt;
use ballista_core::serde::BallistaPhysicalExtensionCodec;
use datafusion::arrow::array::{ArrayRef, AsArray, Int64Array};
use datafusion::arrow::datatypes::{DataType, Field, Int64Type, Schema};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::common::{Result as PlanResult, exec_err};
use datafusion::datasource::MemTable;
use datafusion::execution::SessionStateBuilder;
use datafusion::logical_expr::{ColumnarValue, ScalarUDF, Volatility, create_udf};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::prelude::{SessionConfig, SessionContext};
use fugue_ballista::testing::{Client, Job, JobError, client};
use fugue_ballista::{Cluster, ClusterBuilder, Extensions};
use futures::TryStreamExt;

use crate::support::Outcome;

/// A cluster, a client of it, and how often its function `slow` was called.
pub(crate) struct Running {
    pub(crate) cluster: Cluster,
    pub(crate) client: Client,
    pub(crate) calls: Arc<AtomicUsize>,
    pub(crate) config: SessionConfig,
    pub(crate) functions: Vec<ScalarUDF>,
}

impl Running {
    pub(crate) async fn start(builder: ClusterBuilder) -> Result<Self, Box<dyn std::error::Error>> {
        let calls = Arc::new(AtomicUsize::new(0));
        let functions = vec![slow(Arc::clone(&calls)), broken()];
        let cluster = builder.extensions(extensions(&functions)).start().await?;
        let client = client(&cluster).await?;
        let config = SessionConfig::new_with_ballista().with_target_partitions(4);
        let config = cluster.settings().iter().fold(config, |config, (key, value)| config.set_str(key, value));
        Ok(Self { cluster, client, calls, config, functions })
    }

    pub(crate) fn context(&self) -> SessionContext {
        let context = SessionContext::new_with_config(self.config.clone());
        self.functions.iter().for_each(|f| context.register_udf(f.clone()));
        context
    }

    /// A plan over a table `t` of partitions that begin with the numbers of the batches.
    pub(crate) async fn plan(
        &self,
        partitions: Vec<Vec<RecordBatch>>,
        query: &str,
    ) -> Result<Arc<dyn ExecutionPlan>, Box<dyn std::error::Error>> {
        let context = self.context();
        context.register_table("t", Arc::new(MemTable::try_new(partitions[0][0].schema(), partitions)?))?;
        Ok(context.sql(query).await?.create_physical_plan().await?)
    }

    pub(crate) async fn submit(&self, plan: &Arc<dyn ExecutionPlan>) -> Result<Job, JobError> {
        let codec = Arc::new(BallistaPhysicalExtensionCodec::default());
        self.client.submit(Arc::clone(plan), codec, &self.config, "a test").await
    }

    /// The first column of the results, in their order.
    pub(crate) async fn numbers(&self, plan: &Arc<dyn ExecutionPlan>) -> Result<Vec<i64>, Box<dyn std::error::Error>> {
        let finished = self.submit(plan).await?.finished().await?;
        Ok(numbers(&finished.results(plan.schema(), 2).try_collect::<Vec<_>>().await?))
    }

    pub(crate) async fn close(self) -> Outcome {
        Ok(self.cluster.close().await?)
    }
}

fn extensions(functions: &[ScalarUDF]) -> Extensions {
    let functions = functions.to_vec();
    let state = move |config: SessionConfig| {
        let mut state = SessionStateBuilder::new().with_default_features().with_config(config);
        state.scalar_functions().get_or_insert_default().extend(functions.iter().cloned().map(Arc::new));
        state.build()
    };
    let mut extensions = Extensions::default();
    extensions.functions = Arc::new((&state(SessionConfig::new())).into());
    extensions.session_builder = Arc::new(move |config| Ok(state(config)));
    extensions
}

/// Takes 10 ms for each row, and says how often it was called.
fn slow(calls: Arc<AtomicUsize>) -> ScalarUDF {
    let work = move |args: &[ColumnarValue]| -> PlanResult<ColumnarValue> {
        let rows = ColumnarValue::values_to_arrays(args)?[0].len();
        for _ in 0..rows {
            calls.fetch_add(1, Ordering::SeqCst);
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(args[0].clone())
    };
    create_udf("slow", vec![DataType::Int64], DataType::Int64, Volatility::Volatile, Arc::new(work))
}

/// Fails with a text that must arrive as it is.
fn broken() -> ScalarUDF {
    let work = |_: &[ColumnarValue]| -> PlanResult<ColumnarValue> { exec_err!("[[as \"it\" is]]") };
    create_udf("broken", vec![DataType::Int64], DataType::Int64, Volatility::Volatile, Arc::new(work))
}

/// Batches of consecutive numbers `n`, with `k`, their remainder by ten.
pub(crate) fn batch(from: i64, rows: i64) -> RecordBatch {
    let schema = Schema::new(vec![Field::new("n", DataType::Int64, false), Field::new("k", DataType::Int64, false)]);
    let n: ArrayRef = Arc::new(Int64Array::from_iter_values(from..from + rows));
    let k: ArrayRef = Arc::new(Int64Array::from_iter_values((from..from + rows).map(|n| n % 10)));
    RecordBatch::try_new(Arc::new(schema), vec![n, k]).expect("two columns")
}

/// Some partitions of so many batches of so many rows, in ascending order of numbers.
pub(crate) fn partitions(count: i64, batches: i64, rows: i64) -> Vec<Vec<RecordBatch>> {
    (0..count).map(|p| (0..batches).map(|b| batch((p * batches + b) * rows, rows)).collect()).collect()
}

pub(crate) fn numbers(batches: &[RecordBatch]) -> Vec<i64> {
    batches.iter().flat_map(|b| b.column(0).as_primitive::<Int64Type>().values().to_vec()).collect()
}
