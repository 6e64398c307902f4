//! The same work by hand on DataFusion: its scan, its repartition, its sort, and a loop over the sorted rows; and a loop over batches.

use std::path::Path;
use std::sync::Arc;

use fugue_core::arrow::array::{ArrayRef, AsArray, Float64Array};
use fugue_core::arrow::compute::concat_batches;
use fugue_core::arrow::datatypes::{DataType, Field, Float64Type, Int64Type, Schema, SchemaRef};
use fugue_core::arrow::record_batch::RecordBatch;
use fugue_datafusion::datafusion::physical_expr::expressions::Column;
use fugue_datafusion::datafusion::physical_expr::{LexOrdering, PhysicalSortExpr};
use fugue_datafusion::datafusion::physical_plan::repartition::RepartitionExec;
use fugue_datafusion::datafusion::physical_plan::sorts::sort::SortExec;
use fugue_datafusion::datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties, Partitioning};
use fugue_datafusion::datafusion::prelude::{ParquetReadOptions, SessionContext};
use futures::StreamExt;
use tokio::runtime::Runtime;

use crate::hand::BoxError;

/// What happens to a batch of the answer.
pub type Sink = Arc<dyn Fn(&RecordBatch) -> Result<f64, BoxError> + Send + Sync>;

/// Demeans `v` by `k` and adds up what the sink makes of each batch, one task per partition.
///
/// # Errors
/// Those of DataFusion, and of the sink.
pub fn demean(runtime: &Runtime, context: &SessionContext, path: &Path, sink: &Sink) -> Result<f64, BoxError> {
    runtime.block_on(async {
        let scan = scan(context, path).await?;
        let partitions = context.copied_config().target_partitions();
        let key = Arc::new(Column::new("k", 0));
        let shuffled = RepartitionExec::try_new(scan, Partitioning::Hash(vec![Arc::clone(&key) as _], partitions))?;
        let by_key = LexOrdering::from([PhysicalSortExpr::new_default(key)]);
        let sorted = Arc::new(SortExec::new(by_key, Arc::new(shuffled)).with_preserve_partitioning(true));
        let field = |name, data_type| Field::new(name, data_type, true);
        let output = Arc::new(Schema::new(vec![
            field("k", DataType::Int64),
            field("t", DataType::Int64),
            field("v", DataType::Float64),
            field("w", DataType::Float64),
        ]));
        let tasks = (0..partitions).map(|partition| {
            let (sorted, context, sink, output) =
                (Arc::clone(&sorted), context.task_ctx(), Arc::clone(sink), Arc::clone(&output));
            runtime.spawn(async move {
                let mut rows = sorted.execute(partition, context)?;
                let (mut total, mut rest): (f64, Option<RecordBatch>) = (0.0, None);
                while let Some(batch) = rows.next().await {
                    let batch = match rest.take() {
                        Some(rest) => concat_batches(&rest.schema(), [&rest, &batch?])?,
                        None => batch?,
                    };
                    let last = last_group(&batch);
                    if last > 0 {
                        total += sink(&demeaned(&batch.slice(0, last), &output)?)?;
                    }
                    rest = Some(batch.slice(last, batch.num_rows() - last));
                }
                match rest {
                    Some(rest) if rest.num_rows() > 0 => Ok(total + sink(&demeaned(&rest, &output)?)?),
                    _ => Ok::<f64, BoxError>(total),
                }
            })
        });
        let mut total = 0.0;
        for task in tasks.collect::<Vec<_>>() {
            total += task.await??;
        }
        Ok(total)
    })
}

/// Calls a function with every batch of a file and adds up what the sink makes of the answers, one task per partition.
///
/// # Errors
/// Those of DataFusion, of the function and of the sink.
pub fn each_batch(
    runtime: &Runtime,
    context: &SessionContext,
    path: &Path,
    function: fn(RecordBatch) -> Result<RecordBatch, fugue_core::arrow::error::ArrowError>,
    sink: &Sink,
) -> Result<f64, BoxError> {
    runtime.block_on(async {
        let scan = scan(context, path).await?;
        let tasks = (0..scan.output_partitioning().partition_count()).map(|partition| {
            let (scan, context, sink) = (Arc::clone(&scan), context.task_ctx(), Arc::clone(sink));
            runtime.spawn(async move {
                let mut rows = scan.execute(partition, context)?;
                let mut total = 0.0;
                while let Some(batch) = rows.next().await {
                    total += sink(&function(batch?)?)?;
                }
                Ok::<f64, BoxError>(total)
            })
        });
        let mut total = 0.0;
        for task in tasks.collect::<Vec<_>>() {
            total += task.await??;
        }
        Ok(total)
    })
}

async fn scan(context: &SessionContext, path: &Path) -> Result<Arc<dyn ExecutionPlan>, BoxError> {
    let df = context.read_parquet(path.display().to_string(), ParquetReadOptions::default()).await?;
    Ok(df.create_physical_plan().await?)
}

/// Where the last group of sorted rows starts: it may go on in the next batch.
fn last_group(batch: &RecordBatch) -> usize {
    let keys = batch.column(0).as_primitive::<Int64Type>().values();
    keys.partition_point(|k| Some(k) < keys.last())
}

fn demeaned(batch: &RecordBatch, output: &SchemaRef) -> Result<RecordBatch, BoxError> {
    let keys = batch.column(0).as_primitive::<Int64Type>().values();
    let values = batch.column(2).as_primitive::<Float64Type>().values();
    let mut w = Vec::with_capacity(values.len());
    let mut start = 0;
    for group in keys.chunk_by(|a, b| a == b) {
        let of_group = &values[start..start + group.len()];
        let mean = of_group.iter().sum::<f64>() / of_group.len() as f64;
        w.extend(of_group.iter().map(|v| v - mean));
        start += group.len();
    }
    let mut columns = batch.columns().to_vec();
    columns.push(Arc::new(Float64Array::from(w)) as ArrayRef);
    Ok(RecordBatch::try_new(Arc::clone(output), columns)?)
}
