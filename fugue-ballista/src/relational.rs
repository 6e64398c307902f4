//! Relational operations on the cluster: plans of DataFusion whose kernels travel.

use fugue_core::Result;
use fugue_core::engine::{Relational, Sql};
use fugue_core::expr::TypedSort;
use fugue_core::relational::{Join, SelectPlan, SetOp};
use fugue_datafusion::{DataFusionFrame, relational, travel};
use futures::future::BoxFuture;

use crate::engine::BallistaEngine;

impl Relational<DataFusionFrame> for BallistaEngine {
    fn select(&self, frame: &DataFusionFrame, select: &SelectPlan) -> Result<Option<DataFusionFrame>> {
        relational::select(frame, select, Some(self.site))
    }

    fn join(&self, left: &DataFusionFrame, right: &DataFusionFrame, join: &Join) -> Result<Option<DataFusionFrame>> {
        relational::join(left, right, join)
    }

    fn set_op(&self, left: &DataFusionFrame, right: &DataFusionFrame, op: &SetOp) -> Result<Option<DataFusionFrame>> {
        relational::set_op(left, right, op)
    }

    fn sort(&self, frame: &DataFusionFrame, order: &[TypedSort], limit: Option<u64>) -> Result<Option<DataFusionFrame>> {
        relational::sort(frame, order, limit)
    }

    fn take(&self, frame: &DataFusionFrame, keys: &[usize], order: &[TypedSort], rows: u64) -> Result<Option<DataFusionFrame>> {
        relational::take(frame, keys, order, rows)
    }

    fn limit(&self, frame: &DataFusionFrame, rows: u64) -> Result<Option<DataFusionFrame>> {
        relational::limit(frame, rows)
    }
}

impl Sql<DataFusionFrame> for BallistaEngine {
    fn query<'a>(&'a self, query: &'a str, frames: Vec<(String, DataFusionFrame)>) -> BoxFuture<'a, Result<DataFusionFrame>> {
        Box::pin(travel::sql(&self.context, query, frames))
    }
}
