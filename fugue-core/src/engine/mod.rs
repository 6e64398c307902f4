//! The engine trait: few duties, optional facets, two audiences.
//!
//! Authors of an engine implement [`Engine`] with one associated type and no downcasts. Users hold a
//! [`Session`](crate::Session) and [`DataFrame`](crate::DataFrame)s that are not generic. One blanket implementation joins them.
//!
#![doc = include_str!("../../docs/write-an-engine.md")]

mod derive;
mod erased;
mod facets;
mod foreign;

use std::fmt;
use std::future::Future;

use futures::StreamExt;

use crate::error::Result;
use crate::frame::{BatchStream, Source};
use crate::group::ZipKind;
use crate::partition::PartitionSpec;
use crate::run::RunContext;
use crate::schema::Schema;
use crate::transform::Task;

pub(crate) use derive::comap as derived_comap;
pub(crate) use erased::{AnyFrame, DynEngine, from_native, native};
pub use facets::{Physical, Relational, Sql, Storage};
pub(crate) use foreign::{Foreign, foreign};

/// What an engine says of itself.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct EngineInfo {
    /// Its name, as in `Session::open`.
    pub name: &'static str,
    /// How many calls of user code it runs at once when the session does not say. In this process `CONCURRENCY` in partition numbers is
    /// the number of threads that the session has, which is what it says where it does.
    pub parallelism: usize,
    /// Whether user code runs in other processes, so that functions must have names.
    pub distributed: bool,
}

impl EngineInfo {
    /// An engine inside this process.
    #[must_use]
    pub fn new(name: &'static str, parallelism: usize) -> Self {
        Self { name, parallelism, distributed: false }
    }

    /// The same, running user code in other processes.
    #[must_use]
    pub fn distributed(mut self) -> Self {
        self.distributed = true;
        self
    }
}

/// A map over a frame: which rows form a group, in which order, and what is called with them.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Map {
    /// Keys, presort, number of partitions and algorithm; checked against the schema.
    pub spec: PartitionSpec,
    /// The function, bound.
    pub task: Task,
}

impl Map {
    /// A map of a bound function.
    #[must_use]
    pub fn new(spec: PartitionSpec, task: Task) -> Self {
        Self { spec, task }
    }
}

/// Frames side by side by key.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Zip<F> {
    /// The frames, two to four, in the order of the function's arguments.
    pub members: Vec<F>,
    /// Which keys are called.
    pub how: ZipKind,
    /// Keys (columns of all members with equal types; none for cross) and presort; a member is sorted by those presort columns
    /// that it has.
    pub spec: PartitionSpec,
}

impl<F> Zip<F> {
    /// Frames side by side.
    #[must_use]
    pub fn new(members: Vec<F>, how: ZipKind, spec: PartitionSpec) -> Self {
        Self { members, how, spec }
    }
}

/// An engine: implement this to add one. [`info`](Engine::info), [`schema`](Engine::schema), [`ingest`](Engine::ingest),
/// [`stream`](Engine::stream), [`map`](Engine::map) and [`close`](Engine::close) are required; with them every transform runs.
///
/// # What an engine promises
///
/// 1. Data goes in through `ingest` and comes out of `stream` in the contract's layout ([`Type::to_arrow`](crate::Type::to_arrow)),
///    value for value: NaN stays NaN, null stays null, -0.0 stays -0.0.
/// 2. Everything but `stream` only builds a plan: no row is read, no user code runs. A frame can be used again and again.
/// 3. Nothing is silently different: what an engine cannot do it answers with `Unsupported`.
/// 4. User code runs on [`RunContext::pool`], never on the threads of an async runtime, and a panic in it is an error of its action.
///    A function over a stream without keys, which waits for its input, may have a thread of its action instead.
/// 5. Between groups and batches [`RunContext::cancel`] is asked; after it says stop no further group starts.
/// 6. An error of the task leaves `stream` as it came: kind, transformer, key and source are kept.
///
/// The order of result rows is free.
pub trait Engine: fmt::Debug + Send + Sync + 'static {
    /// A cheap-to-clone handle to data, or to a plan that will produce it.
    type Frame: Clone + Send + Sync + 'static;

    /// What the engine says of itself.
    fn info(&self) -> EngineInfo;

    /// The schema of a frame, known without running it.
    ///
    /// # Errors
    /// `EngineFailed` when a native plan does not resolve.
    fn schema(&self, frame: &Self::Frame) -> Result<Schema>;

    /// Takes data in, lazily: the source is scanned when an action asks, by projection where possible, and again for each action.
    ///
    /// # Errors
    /// `SchemaInvalid` for what the engine cannot hold.
    fn ingest(&self, source: Source) -> Result<Self::Frame>;

    /// Runs a frame. Dropping the stream stops the work.
    ///
    /// # Errors
    /// What the plan meets: errors of the task as they came, `EngineFailed` with the native error as its source.
    fn stream(&self, frame: &Self::Frame, run: &RunContext) -> impl Future<Output = Result<BatchStream>> + Send;

    /// Plans the call of a task for each group of rows.
    ///
    /// With keys there is one call per distinct key tuple. Null is a key; NaN is one key, whatever its bits; -0.0 and 0.0 are one
    /// key. All rows of a key reach the same call, in presort order (nulls last in both directions, NaN greatest). A task is never
    /// called with zero rows. Without keys there is one call per physical partition, of which there are as many as the spec says.
    /// A task that [is row-wise](Task::is_row_wise) may be called with any rows.
    ///
    /// Legal for keys `[1, 1, 2]`, in any order: `{1: [r1, r2]}`, `{2: [r3]}`.
    /// Illegal: `{1: [r1]}`, `{1: [r2]}`, `{2: [r3]}` (a key in two calls); `{1: [r1, r2, r3]}` (two keys in a call);
    /// `{1: […]}`, `{2: […]}`, `{}` (a call without rows).
    ///
    /// [`run_map`](crate::transform::run_map) does all of this over Arrow batches.
    ///
    /// # Errors
    /// `Unsupported` for a spec that the engine cannot do.
    fn map(&self, frame: &Self::Frame, map: &Map) -> Result<Self::Frame>;

    /// Ends what the engine started. Idempotent.
    ///
    /// # Errors
    /// What ending it meets.
    fn close(&self) -> impl Future<Output = Result<()>> + Send;

    /// Physical layout: repartition, persist, broadcast.
    fn physical(&self) -> Option<&dyn Physical<Self::Frame>> {
        None
    }

    /// Relational operations. What is not among them is derived through [`map`](Engine::map) and [`comap`](Engine::comap).
    fn relational(&self) -> Option<&dyn Relational<Self::Frame>> {
        None
    }

    /// Queries in SQL. Without it DataFusion answers them, where the program has it.
    fn sql(&self) -> Option<&dyn Sql<Self::Frame>> {
        None
    }

    /// Native load and save. Without it core's own readers and writers serve.
    fn storage(&self) -> Option<&dyn Storage<Self::Frame>> {
        None
    }

    /// Plans the call of a task for each key of several frames; `None` to have it derived through [`ingest`](Engine::ingest),
    /// [`stream`](Engine::stream) and [`map`](Engine::map). Override for speed only: the answer is the same.
    ///
    /// A key is called when the kind says so and at least one member has a row of it; a member without rows for the key gives an
    /// empty group with its schema. Null keys of different members meet each other. Cross has no keys and one call.
    ///
    /// [`run_comap`](crate::transform::run_comap) does all of this over Arrow batches.
    ///
    /// # Errors
    /// As [`map`](Engine::map).
    fn comap(&self, zip: &Zip<Self::Frame>, task: &Task) -> Result<Option<Self::Frame>> {
        let _ = (zip, task);
        Ok(None)
    }

    /// Number of rows of a frame. Derived through [`stream`](Engine::stream); override for speed only.
    ///
    /// # Errors
    /// As [`stream`](Engine::stream).
    fn count(&self, frame: &Self::Frame, run: &RunContext) -> impl Future<Output = Result<u64>> + Send {
        async move {
            let mut stream = self.stream(frame, run).await?;
            let mut rows = 0;
            while let Some(batch) = stream.next().await {
                rows += batch?.num_rows() as u64;
            }
            Ok(rows)
        }
    }

    /// The source that a frame reads as it is, where it is nothing else: another engine that is given the frame then reads the source.
    fn source(&self, frame: &Self::Frame) -> Option<Source> {
        let _ = frame;
        None
    }

    /// The plan of a frame as text.
    ///
    /// # Errors
    /// `EngineFailed` when a native plan does not resolve.
    fn explain(&self, frame: &Self::Frame) -> Result<String> {
        let schema = self.schema(frame)?;
        Ok(format!("{} frame [{schema}]", self.info().name))
    }
}
