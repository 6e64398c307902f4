//! Frames of any session as frames of DataFusion.

use std::fmt;
use std::sync::Arc;

use datafusion::prelude::{DataFrame as NativeDataFrame, SessionContext};
use fugue_core::frame::Source;
use fugue_core::io::{BatchIter, LazySource};
use fugue_core::run::{Cancel, RunContext};
use fugue_core::{DataFrame, Result, Schema, blocking};

use crate::engine::DataFusionEngine;
use crate::error::{from_native, here};
use crate::frame::DataFusionFrame;
use crate::plan::CallNode;
use crate::source::SourceTable;

/// What a frame of any session becomes in a program that goes on with DataFusion.
pub trait IntoDataFusion {
    /// The frame as a frame of a context: on a session of the engine its plan goes along, functions of the user as tables in it, also
    /// into joins and SQL of the context (best the engine's own, [`DataFusionEngine::context`]: it has the object stores of the
    /// plan); a frame of another engine runs there when DataFusion reads it. Functions run on the threads of the session. A deadline or a cancel handle of the frame does not go along: DataFusion runs the plan.
    ///
    /// # Errors
    /// [`EngineFailed`](fugue_core::ErrorKind::EngineFailed) for what DataFusion does not plan.
    fn to_datafusion(&self, context: &SessionContext) -> Result<NativeDataFrame>;
}

impl IntoDataFusion for DataFrame {
    fn to_datafusion(&self, context: &SessionContext) -> Result<NativeDataFrame> {
        let frame = match self.native::<DataFusionEngine>() {
            Ok(own) => own,
            Err(_) => {
                let table = SourceTable(Source::new(Elsewhere(self.clone())));
                DataFusionFrame::of_table(self.schema().clone(), Arc::new(table)).map_err(here)?
            }
        };
        let run = RunContext::on(self.session().pool().clone(), Cancel::never());
        let mut state = context.state();
        state.config_mut().set_extension(Arc::new(run));
        let plan = CallNode::as_tables(frame.plan().clone()).map_err(|e| here(from_native(e)))?;
        Ok(NativeDataFrame::new(state, plan))
    }
}

/// A frame of another engine.
struct Elsewhere(DataFrame);

impl fmt::Debug for Elsewhere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Elsewhere").field(&self.0).finish()
    }
}

impl LazySource for Elsewhere {
    fn schema(&self) -> &Schema {
        self.0.schema()
    }

    fn describe(&self) -> String {
        "frame of another engine".to_owned()
    }

    fn rows(&self) -> Option<u64> {
        None
    }

    fn scan(&self, projection: Option<&[usize]>, cancel: &Cancel) -> Result<BatchIter> {
        let (batches, cancel) = (blocking::wait(self.0.stream())?.into_blocking(), cancel.clone());
        let columns = projection.map(<[usize]>::to_vec);
        Ok(Box::new(batches.map(move |batch| {
            cancel.check()?;
            match &columns {
                Some(columns) => Ok(batch?.project(columns)?),
                None => batch,
            }
        })))
    }
}
