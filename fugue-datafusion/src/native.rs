//! Native in, native out: frames of DataFusion as what `transform` takes and gives, and as data of any session.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use datafusion::prelude::DataFrame;
use fugue_core::calls::{Native, Pending};
use fugue_core::frame::Source;
use fugue_core::io::{BatchIter, LazySource};
use fugue_core::run::Cancel;
use fugue_core::schema::normalise;
use fugue_core::session::IntoSource;
use fugue_core::{Result, Schema};
use futures::StreamExt;

use crate::error::{from_native, here};
use crate::frame::DataFusionFrame;
use crate::map::Call;
use crate::source::CallTable;
use crate::travel::Away;

/// Marker: frames of DataFusion.
#[derive(Debug)]
pub struct ViaDataFusion;

/// Stays lazy and in its own context: the function is a step of the plan, which runs when the frame is collected.
impl Native<ViaDataFusion> for DataFrame {
    type Out = Self;

    fn run(self, pending: Pending) -> Result<Self> {
        called(self, &pending).map_err(here)
    }

    async fn drain(self, pending: Pending) -> Result<()> {
        let mut batches = called(self, &pending).map_err(here)?.execute_stream().await.map_err(|e| here(from_native(e)))?;
        while let Some(batch) = batches.next().await {
            batch.map_err(|e| here(from_native(e)))?;
        }
        Ok(())
    }
}

fn called(df: DataFrame, pending: &Pending) -> Result<DataFrame> {
    let (state, plan) = df.into_parts();
    let frame = DataFusionFrame::from_plan(plan)?;
    let map = pending.bind(frame.schema())?;
    let site = state.config().get_extension::<Away>().map(|away| away.0);
    let (call, input) = Call::map(&frame, &map, site)?;
    let table = CallTable::new(Arc::new(call), vec![input]);
    let called = DataFusionFrame::of_table(map.task.output().clone(), Arc::new(table))?;
    Ok(DataFrame::new(state, called.plan().clone()))
}

/// On a session of this engine its plan goes along, and never leaves DataFusion: object stores and settings are then those of the
/// session's context (see [`Builder::context`](crate::Builder::context)). Other engines read it as batches when an action asks.
impl IntoSource<ViaDataFusion> for DataFrame {
    fn into_source(self) -> Result<Source> {
        let frame = DataFusionFrame::from_plan(self.logical_plan().clone())?;
        Ok(Source::new(DataFusionSource { frame, native: self }))
    }
}

/// A frame of DataFusion on its way into a session; the engine knows it again.
pub(crate) struct DataFusionSource {
    frame: DataFusionFrame,
    native: DataFrame,
}

impl DataFusionSource {
    pub(crate) fn frame(&self) -> &DataFusionFrame {
        &self.frame
    }
}

impl fmt::Debug for DataFusionSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DataFusionSource").field(&self.frame).finish()
    }
}

impl LazySource for DataFusionSource {
    fn schema(&self) -> &Schema {
        self.frame.schema()
    }

    fn describe(&self) -> String {
        "DataFusion plan".to_owned()
    }

    fn rows(&self) -> Option<u64> {
        None
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }

    fn scan(&self, projection: Option<&[usize]>, cancel: &Cancel) -> Result<BatchIter> {
        let columns: Vec<usize> = projection.map_or_else(|| (0..self.frame.schema().len()).collect(), <[usize]>::to_vec);
        let schema = self.frame.schema().project(Some(&columns))?;
        // One column at least, or nothing would tell how many rows there are.
        let read = if columns.is_empty() { vec![0] } else { columns.clone() };
        let names = read.iter().map(|c| crate::types::column(self.frame.plan(), *c)).collect::<Vec<_>>();
        let selected = self.native.clone().select(names).map_err(from_native)?;
        let stop = cancel.clone();
        let runtime = crate::engine::shared_runtime()?;
        let mut batches = runtime.block_on(selected.execute_stream()).map_err(from_native)?;
        Ok(Box::new(std::iter::from_fn(move || {
            if let Err(stopped) = stop.check() {
                return Some(Err(stopped));
            }
            let batch = runtime.block_on(batches.next())?;
            let batch = batch
                .map_err(from_native)
                .and_then(|b| if columns.is_empty() { Ok(b.project(&[])?) } else { normalise(&b, &schema) });
            Some(batch)
        })))
    }
}
