//! Native in, native out: frames of Polars as what `transform` takes and gives, and as data of any session.

use std::any::Any;
use std::fmt;

use fugue_core::blocking::{offload, wait_apart};
use fugue_core::calls::{Native, Pending};
use fugue_core::frame::Source;
use fugue_core::io::{BatchIter, LazySource};
use fugue_core::run::{Cancel, Pool, RunContext};
use fugue_core::session::IntoSource;
use fugue_core::transform::InputRows;
use fugue_core::{Result, Schema};
use polars::prelude::{DataFrame, LazyFrame};

use crate::arg::ViaPolars;
use crate::batches::from_batches;
use crate::error::here;
use crate::frame::PolarsFrame;
use crate::lazy::Place;

/// Stays lazy: the result is a plan with the function as a step, which runs when the plan is collected.
impl Native<ViaPolars> for LazyFrame {
    type Out = Self;

    fn run(self, pending: Pending) -> Result<Self> {
        PolarsFrame::from_lazy(self).and_then(|frame| frame.mapped(&pending.bind(frame.schema())?)?.to_lazy()).map_err(here)
    }

    async fn drain(self, pending: Pending) -> Result<()> {
        drain(PolarsFrame::from_lazy(self), pending).await
    }
}

/// Runs at once.
impl Native<ViaPolars> for DataFrame {
    type Out = Self;

    fn run(self, pending: Pending) -> Result<Self> {
        let mapped =
            PolarsFrame::from_eager(self).and_then(|frame| frame.mapped(&pending.bind(frame.schema())?)).map_err(here)?;
        let run = Place::shared()?.run();
        let work = move || from_batches(mapped.run(&run)?.collect::<Result<_>>()?, mapped.schema());
        // A function of the user that calls this is on a thread of the pool, which must do the work and not wait for it.
        let made = if Pool::runs_here() { work() } else { wait_apart(offload(work)) };
        made.map_err(here)
    }

    async fn drain(self, pending: Pending) -> Result<()> {
        drain(PolarsFrame::from_eager(self), pending).await
    }
}

async fn drain(frame: Result<PolarsFrame>, pending: Pending) -> Result<()> {
    let mapped = frame.and_then(|frame| frame.mapped(&pending.bind(frame.schema())?)).map_err(here)?;
    let run = Place::shared()?.run();
    offload(move || mapped.run(&run)?.try_for_each(|batch| batch.map(drop))).await.map_err(here)
}

/// On a session of this engine it never leaves Polars; others read it as batches when an action asks.
impl IntoSource<ViaPolars> for LazyFrame {
    fn into_source(self) -> Result<Source> {
        Ok(Source::new(PolarsSource(PolarsFrame::from_lazy(self)?)))
    }
}

/// Not copied, but for types that Polars lays out in its own way (times of day, lists).
impl IntoSource<ViaPolars> for DataFrame {
    fn into_source(self) -> Result<Source> {
        Ok(Source::new(PolarsSource(PolarsFrame::from_eager(self)?)))
    }
}

/// A frame of Polars on its way into a session; the Polars engine knows it again.
pub(crate) struct PolarsSource(PolarsFrame);

impl PolarsSource {
    pub(crate) fn frame(&self) -> &PolarsFrame {
        &self.0
    }
}

impl fmt::Debug for PolarsSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PolarsSource").field(&self.0).finish()
    }
}

impl LazySource for PolarsSource {
    fn schema(&self) -> &Schema {
        self.0.schema()
    }

    fn describe(&self) -> String {
        match self.rows() {
            Some(rows) => format!("Polars frame of {rows} rows"),
            None => "Polars plan".to_owned(),
        }
    }

    fn rows(&self) -> Option<u64> {
        self.0.rows()
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }

    fn scan(&self, projection: Option<&[usize]>, cancel: &Cancel) -> Result<BatchIter> {
        self.scan_parallel(projection, &Pool::shared()?, cancel)
    }

    fn scan_parallel(&self, projection: Option<&[usize]>, pool: &Pool, cancel: &Cancel) -> Result<BatchIter> {
        let run = RunContext::new(pool.clone(), cancel.clone());
        // One column at least, or nothing would tell how many rows there are.
        let columns = projection.map(|columns| if columns.is_empty() { &[0] } else { columns });
        let rows: BatchIter = match self.0.leaf(columns, &run)? {
            Some(InputRows::Stream(batches)) => batches,
            Some(InputRows::Split(parts)) => Box::new(parts.into_iter().flatten().map(Ok)),
            None => self.0.run(&run)?,
        };
        let none = projection.is_some_and(<[usize]>::is_empty);
        let cancel = cancel.clone();
        Ok(Box::new(rows.map(move |batch| {
            cancel.check()?;
            Ok(if none { batch?.project(&[])? } else { batch? })
        })))
    }
}
