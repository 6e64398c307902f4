//! The step of a stage that a cancelled task ends at.
//!
//! Ballista drops a cancelled stage, but its writers work in tasks that nobody holds (`drive_shuffle_writer_stage` of its executor,
//! `execute` of its writers): they go on to the end, on slots that are given to others already. So the plan below them stops.

use std::collections::HashMap;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::TaskContext;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    ChildrenPropertiesMode, DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties, ReplaceChildrenOptions,
    SendableRecordBatchStream, replace_children_if_necessary,
};
use futures::{Stream, StreamExt};
use tokio::sync::watch;

use super::endings::Closing;

/// Partitions that were begun already, and go on from where they are.
#[derive(Default)]
pub(super) struct Resumed(Mutex<HashMap<usize, SendableRecordBatchStream>>);

impl fmt::Debug for Resumed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resumed").finish_non_exhaustive()
    }
}

impl Resumed {
    /// The rows of a partition for who executes it next.
    pub(super) fn set(&self, partition: usize, rows: SendableRecordBatchStream) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(partition, rows);
    }

    fn take(&self, partition: usize) -> Option<SendableRecordBatchStream> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&partition)
    }
}

/// Puts gates below the writer of a stage.
pub(super) fn gated(writer: Arc<dyn ExecutionPlan>, closing: &Closing, resumed: &Arc<Resumed>) -> Result<Arc<dyn ExecutionPlan>> {
    let gate = |input: &Arc<dyn ExecutionPlan>| -> Arc<dyn ExecutionPlan> {
        Arc::new(GateExec { input: Arc::clone(input), closed: closing.gate(), resumed: Arc::clone(resumed) })
    };
    let gates = writer.children().into_iter().map(gate).collect();
    replace_children_if_necessary(writer, gates)
}

/// Passes everything on until it is closed. It never leaves its executor.
#[derive(Debug)]
struct GateExec {
    input: Arc<dyn ExecutionPlan>,
    closed: watch::Receiver<bool>,
    resumed: Arc<Resumed>,
}

impl DisplayAs for GateExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GateExec")
    }
}

impl ExecutionPlan for GateExec {
    fn name(&self) -> &str {
        "GateExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.input.properties()
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn replace_children(
        self: Arc<Self>,
        mut children: Vec<Arc<dyn ExecutionPlan>>,
        _: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        match (children.pop(), children.is_empty()) {
            (Some(input), true) => Ok(Arc::new(Self { input, closed: self.closed.clone(), resumed: Arc::clone(&self.resumed) })),
            _ => Err(DataFusionError::Internal("GateExec has one input".to_owned())),
        }
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        self.replace_children(children, ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        if let Some(rows) = self.resumed.take(partition) {
            // They came through here.
            return Ok(rows);
        }
        let input = self.input.execute(partition, context)?;
        let (schema, mut closed) = (input.schema(), self.closed.clone());
        let closing = async move {
            // Without its sender the stage has ended, which closes it first.
            let _ = closed.wait_for(|closed| *closed).await;
        };
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, Gate { input: Some(input), closing: Box::pin(closing) })))
    }
}

struct Gate {
    input: Option<SendableRecordBatchStream>,
    closing: Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl Stream for Gate {
    type Item = Result<datafusion::arrow::record_batch::RecordBatch>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(input) = &mut self.input else { return Poll::Ready(None) };
        let next = input.poll_next_unpin(cx);
        if matches!(next, Poll::Ready(None)) {
            self.input = None;
        } else if self.closing.as_mut().poll(cx).is_ready() {
            // What is below ends now, not when the writer is done with its files.
            self.input = None;
            return Poll::Ready(Some(Err(DataFusionError::Execution("the task was cancelled".to_owned()))));
        }
        next
    }
}
