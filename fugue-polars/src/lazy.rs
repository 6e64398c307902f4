//! Functions of the user as steps of a Polars plan, for frames that leave the library and are collected by their owner.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::Duration;

use fugue_core::engine::Map;
use fugue_core::run::{Cancel, Pool, RunContext};
use fugue_core::transform::{InputRows, panic_text, run_map};
use fugue_core::{Error, ErrorKind, Result, Schema};
use polars::prelude::{AllowedOptimizations, Column, DataFrame, IntoLazy, LazyFrame, PlSmallStr};
use polars_plan::dsl::DslBuilder;

use crate::batches::{from_batches, to_batches};
use crate::error::{here, into_polars};
use crate::frame::PolarsFrame;
use crate::{plan, types};

/// A plan with a map on top, called with the columns that it reads.
///
/// # Errors
/// `ColumnNotFound` for a spec that does not fit, `SettingInvalid` where the operating system gives no threads.
pub(crate) fn mapped(input: &LazyFrame, schema: &Schema, map: &Map, place: &Place) -> Result<LazyFrame> {
    let columns = map.task.columns(0, schema, &map.spec)?;
    let schema = schema.project(columns.as_deref())?;
    // Nothing may be pushed through the step; that it reads few columns is said below it.
    let input = plan::select(input, &schema);
    let by_row = map.task.is_row_wise(&map.spec);
    let optimizations = if by_row { AllowedOptimizations::STREAMING } else { AllowedOptimizations::empty() };
    let name = step_name(map.task.name(), map.task.fingerprint());
    let (map, place) = (map.clone(), place.clone());
    let output = map.task.output().clone();
    let call = move |df: DataFrame| {
        let rows = InputRows::Stream(Box::new(to_batches(&df, &schema)?.into_iter().map(Ok)));
        let batches = run_map(rows, &schema, &map.spec, &map.task, &place.run())?.collect::<Result<_>>()?;
        from_batches(batches, map.task.output())
    };
    step(input, name, &output, optimizations, call)
}

/// A plan without a native input: the whole frame runs when the plan is collected.
///
/// # Errors
/// As [`mapped`].
pub(crate) fn source(frame: &PolarsFrame, place: &Place) -> Result<LazyFrame> {
    let (inner, place) = (frame.clone(), place.clone());
    rows_of(frame.schema(), move || from_batches(inner.run(&place.run())?.collect::<Result<_>>()?, inner.schema()))
}

/// A plan whose rows are made by something outside of Polars.
///
/// # Errors
/// As [`mapped`].
pub(crate) fn rows_of(schema: &Schema, make: impl Fn() -> Result<DataFrame> + Send + Sync + 'static) -> Result<LazyFrame> {
    // Not a scan of our own: the streaming engine panics on those. Steps have an input; this one is not looked at.
    let start = DataFrame::new(1, vec![Column::new("start".into(), [true])]).map_err(crate::error::from_polars)?;
    step(start.lazy(), step_name("rows", 0), schema, AllowedOptimizations::empty(), move |_| make())
}

/// Where the functions of a plan run, once it does.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    run: RunContext,
}

impl Place {
    /// On a pool, for a plan that is being made. Nothing stops it: Polars runs the plan.
    pub(crate) fn on(pool: Pool) -> Self {
        // Made inside a function of the user it is waited for there, and so it is on a thread of whatever pool: those of Polars may run
        // a part of such a function too.
        let nested = Pool::runs_here() || rayon::current_thread_index().is_some();
        Self { run: RunContext::on(if nested { pool.nested() } else { pool }, Cancel::never()) }
    }

    /// On the pool that all share.
    ///
    /// # Errors
    /// `SettingInvalid` where the operating system gives no threads.
    pub(crate) fn shared() -> Result<Self> {
        Ok(Self::on(Pool::shared()?))
    }

    /// What a step runs with.
    pub(crate) fn run(&self) -> RunContext {
        self.run.clone()
    }
}

/// Polars tells opaque steps apart by their name alone when it looks for common parts of a plan: two steps of one name over one input
/// are called once. So each has a name of its own, and only a step that stands in two places of a plan is called once for both.
fn step_name(task: &str, fingerprint: u64) -> String {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    format!("fugue {task} {fingerprint:016x}.{}", NUMBER.fetch_add(1, Ordering::Relaxed))
}

fn step(
    input: LazyFrame,
    name: String,
    output: &Schema,
    optimizations: AllowedOptimizations,
    call: impl Fn(DataFrame) -> Result<DataFrame> + Send + Sync + 'static,
) -> Result<LazyFrame> {
    // Polars trusts what a step says of its columns; `from_batches` has checked it. An error here would be a panic of the planner.
    let declared = Arc::new(types::polars_schema_of(output)?);
    let schema = Arc::new(move |_: &polars::prelude::Schema| Ok(Arc::clone(&declared)));
    let call = move |df: DataFrame| apart(|| call(df)).map_err(|e| into_polars(here(e)));
    let kept = input.get_current_optimizations();
    // `LazyFrame::map` takes static names only.
    let plan = DslBuilder::from(input.logical_plan).map(call, optimizations, Some(schema), PlSmallStr::from(name)).build();
    Ok(LazyFrame::from(plan).with_optimizations(kept))
}

/// Runs work that waits for our pool, called by Polars on a thread of its choice.
///
/// A function of the user may use Polars itself, and all threads of Polars may wait for such functions. So none may be lost to it: a
/// thread of its async executor, which calls row-wise steps of streaming queries, hands its duty to another one while it waits; on a
/// thread of its pool Polars goes on working meanwhile. Panics of ours never unwind into Polars.
fn apart<T: Send>(work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    let caught = move || {
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).unwrap_or_else(|panic| {
            Err(Error::new(ErrorKind::Unexpected, format!("the engine panicked: {}; please report it", panic_text(&*panic))))
        })
    };
    if rayon::current_thread_index().is_none() || Pool::runs_here() {
        return polars_async::executor::block_in_place(caught);
    }
    // A thread of the executor may be one of a pool as well: Polars 0.55 keeps single threads busy with a pool of their own
    // (`NOOP_POOL` in polars-core), which they never leave. Its duty must go to another one all the same.
    polars_async::executor::block_in_place(|| beside(caught))
}

/// Runs work on a thread of its own, while the pool that this thread belongs to goes on.
fn beside<T: Send>(work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    std::thread::scope(|scope| {
        let (send, receive) = sync_channel(1);
        std::thread::Builder::new()
            .name("fugue-polars".to_owned())
            .spawn_scoped(scope, move || {
                // The receiver is there until the answer is.
                let _ = send.send(work());
            })
            .map_err(|e| Error::new(ErrorKind::SettingInvalid, "the operating system gives no more threads").with_source(e))?;
        loop {
            match receive.recv_timeout(Duration::from_micros(200)) {
                Ok(answer) => return answer,
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(Error::new(ErrorKind::Unexpected, "the thread of a step ended without an answer"));
                }
                Err(RecvTimeoutError::Timeout) => {
                    rayon::yield_now();
                }
            }
        }
    })
}
