//! What others read, as tables of DataFusion: core's lazy sources, and calls over frames of a foreign session.

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::Result;
use datafusion::execution::TaskContext;
use datafusion::execution::context::QueryPlanner;
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::{Expr, LogicalPlan, TableProviderFilterPushDown, TableType};
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::{PartitionStream, StreamingTableExec};
use datafusion::physical_plan::{ExecutionPlan, PhysicalExpr, SendableRecordBatchStream};
use fugue_core::frame::Source;
use futures::StreamExt;

use crate::error::into_native;
use crate::exec::CallExec;
use crate::map::Call;
use crate::plan::Planner;
use crate::scan::ScanExec;
use crate::travel::{Away, pushdown_of, scan_of};

/// A lazy source of the core as a table: one partition, read by projection.
#[derive(Debug)]
pub(crate) struct SourceTable(pub(crate) Source);

#[async_trait]
impl TableProvider for SourceTable {
    fn schema(&self) -> SchemaRef {
        self.0.schema().to_arrow()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        _: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let source = &self.0;
        // One column at least, or nothing would tell how many rows there are.
        let columns: Option<Vec<usize>> = projection.map(|p| if p.is_empty() { vec![0] } else { p.clone() });
        let scan = scan_of(&**source.lazy(), columns.as_deref(), filters, limit);
        Ok(Arc::new(ScanExec::new(source.clone(), scan, projection.is_some_and(Vec::is_empty))?))
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(pushdown_of(&**self.0.lazy(), filters))
    }
}

/// Rows in memory whose partitions mean something.
#[derive(Debug)]
pub(crate) struct KeptTable {
    schema: SchemaRef,
    parts: Vec<Arc<[RecordBatch]>>,
}

impl KeptTable {
    pub(crate) fn new(schema: SchemaRef, parts: Vec<Vec<RecordBatch>>) -> Self {
        // A plan without partitions is none.
        let parts = if parts.is_empty() { vec![Vec::new()] } else { parts };
        Self { schema, parts: parts.into_iter().map(Into::into).collect() }
    }
}

#[async_trait]
impl TableProvider for KeptTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        _: &dyn Session,
        projection: Option<&Vec<usize>>,
        _: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let part = |batches: &Arc<[RecordBatch]>| -> Arc<dyn PartitionStream> {
            Arc::new(KeptPart { schema: Arc::clone(&self.schema), batches: Arc::clone(batches) })
        };
        let parts = self.parts.iter().map(part).collect();
        Ok(Arc::new(StreamingTableExec::try_new(Arc::clone(&self.schema), parts, projection, [], false, limit)?))
    }
}

#[derive(Debug)]
struct KeptPart {
    schema: SchemaRef,
    batches: Arc<[RecordBatch]>,
}

impl PartitionStream for KeptPart {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let held: Vec<RecordBatch> = self.batches.to_vec();
        let batches = futures::stream::iter(held).map(Ok);
        Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), batches))
    }
}

/// A call over plans of a session that does not know our steps.
#[derive(Debug)]
pub(crate) struct CallTable {
    call: Arc<Call>,
    inputs: Vec<LogicalPlan>,
}

impl CallTable {
    pub(crate) fn new(call: Arc<Call>, inputs: Vec<LogicalPlan>) -> Self {
        Self { call, inputs }
    }
}

#[async_trait]
impl TableProvider for CallTable {
    fn schema(&self) -> SchemaRef {
        self.call.callee.columns()
    }

    fn table_type(&self) -> TableType {
        TableType::View
    }

    async fn scan(
        &self,
        session: &dyn Session,
        projection: Option<&Vec<usize>>,
        _: &[Expr],
        _: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let mut inputs = Vec::with_capacity(self.inputs.len());
        for input in &self.inputs {
            inputs.push(planned(input, session).await?);
        }
        let call: Arc<dyn ExecutionPlan> = Arc::new(CallExec::new(Arc::clone(&self.call), inputs));
        projected(call, &self.schema(), projection)
    }
}

/// Some of the columns of a step.
pub(crate) fn projected(
    plan: Arc<dyn ExecutionPlan>,
    schema: &SchemaRef,
    projection: Option<&Vec<usize>>,
) -> Result<Arc<dyn ExecutionPlan>> {
    let Some(projection) = projection else { return Ok(plan) };
    let column = |i: &usize| -> (Arc<dyn PhysicalExpr>, String) {
        let name = schema.field(*i).name();
        (Arc::new(Column::new(name, *i)), name.clone())
    };
    Ok(Arc::new(ProjectionExec::try_new(projection.iter().map(column).collect::<Vec<_>>(), plan)?))
}

/// The plan of an input. A context of a cluster puts a whole plan behind one step of one partition; what is planned here is the inside
/// of such a plan, and must show the partitions that it will have.
pub(crate) async fn planned(input: &LogicalPlan, session: &dyn Session) -> Result<Arc<dyn ExecutionPlan>> {
    match session.as_any().downcast_ref::<SessionState>() {
        Some(state) if session.config().get_extension::<Away>().is_some() => {
            Planner.create_physical_plan(&state.optimize(input)?, session).await
        }
        _ => session.create_physical_plan(input).await,
    }
}

/// An error that is known only when a stream is asked for.
pub(crate) fn failed(schema: SchemaRef, error: fugue_core::Error) -> SendableRecordBatchStream {
    let once = futures::stream::once(async move { Err(into_native(error)) });
    Box::pin(RecordBatchStreamAdapter::new(schema, once))
}
