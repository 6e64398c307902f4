//! Queries in SQL, planned by DataFusion over frames of the cluster.

use fugue_core::Result;
use fugue_core::engine::Sql;
use fugue_datafusion::{DataFusionFrame, travel};
use futures::future::BoxFuture;

use crate::engine::BallistaEngine;

impl Sql<DataFusionFrame> for BallistaEngine {
    fn query<'a>(&'a self, query: &'a str, frames: Vec<(String, DataFusionFrame)>) -> BoxFuture<'a, Result<DataFusionFrame>> {
        Box::pin(travel::sql(&self.context, query, frames))
    }
}
