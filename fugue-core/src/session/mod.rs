//! Sessions: an engine chosen by a word or by value, with its settings; the door through which data comes in.

mod data;
mod factory;
mod sql;

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

pub use data::{IntoSource, ViaBatches, ViaRecords, ViaSource};
pub use factory::{EngineFactory, Opened};

use crate::blocking;
use crate::engine::{DynEngine, Engine, EngineInfo};
use crate::error::Result;
use crate::frame::DataFrame;
use crate::frame::Source;
use crate::io::{self, LoadOptions, StoreOptions};
use crate::local::LocalEngine;
use crate::run::{Cancel, CancelHandle, Pool, ProgressHandle, Reporter, RunContext};
use tokio::sync::OnceCell;

/// An engine with settings. Cheap to clone; not generic: programs do not change with the engine.
///
/// ```
/// use fugue_core::Session;
///
/// # fugue_core::blocking::wait(async {
/// let session = Session::open("local").await?;
/// assert_eq!(session.engine_name(), "local");
/// # Ok(()) })?;
/// # Ok::<(), fugue_core::Error>(())
/// ```
#[derive(Clone)]
pub struct Session {
    inner: Arc<Inner>,
}

struct Inner {
    engine: Arc<dyn DynEngine>,
    pool: Pool,
    deadline: Option<Duration>,
    derived: bool,
    stores: StoreOptions,
    /// What answers queries for an engine without SQL; opened by the first.
    sql: OnceCell<Session>,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("engine", &self.engine_name()).field("threads", &self.threads()).finish_non_exhaustive()
    }
}

/// Settings of a session to be.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct SessionBuilder {
    threads: Option<usize>,
    deadline: Option<Duration>,
    derived: bool,
    stores: StoreOptions,
}

impl SessionBuilder {
    /// How many threads user code runs on; without it all sessions share a pool with one per core.
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = Some(threads);
        self
    }

    /// How long an action may take, unless the frame says otherwise.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// How object stores are reached, whatever the engine, unless a load or a save says otherwise.
    pub fn stores(mut self, stores: StoreOptions) -> Self {
        self.stores = stores;
        self
    }

    /// Leaves out what the engine overrides for speed and derives it through its duties instead: for tests that both agree.
    pub fn derived(mut self, derived: bool) -> Self {
        self.derived = derived;
        self
    }

    fn pool(&self) -> Result<Pool> {
        self.threads.map_or_else(Pool::shared, Pool::new)
    }

    /// A session on an engine chosen by a word, or by a URL whose scheme is that word. See [`Session::open`].
    ///
    /// # Errors
    /// `SettingInvalid` for an unknown word with those that this program knows; what opening the engine meets.
    pub async fn open(self, engine: &str) -> Result<Session> {
        let pool = self.pool()?;
        let opened = factory::open(engine, &pool).await?;
        Ok(self.finish(opened.engine, pool))
    }

    /// A session on an engine value.
    ///
    /// # Errors
    /// `SettingInvalid` where the threads cannot be had.
    pub fn with_engine(self, engine: impl Engine) -> Result<Session> {
        let pool = self.pool()?;
        Ok(self.finish(Arc::new(engine), pool))
    }

    fn finish(self, engine: Arc<dyn DynEngine>, pool: Pool) -> Session {
        let Self { deadline, derived, stores, .. } = self;
        Session { inner: Arc::new(Inner { engine, pool, deadline, derived, stores, sql: OnceCell::new() }) }
    }
}

impl Session {
    /// A session with settings of its own.
    pub fn builder() -> SessionBuilder {
        SessionBuilder::default()
    }

    /// A session on the engine of a name: `"local"`, and those of the adapter crates that the program was built with.
    ///
    /// # Errors
    /// `SettingInvalid` for an unknown name with those that this program knows; what opening the engine meets.
    pub async fn open(engine: &str) -> Result<Self> {
        Self::builder().open(engine).await
    }

    /// A session on the embedded engine.
    ///
    /// # Errors
    /// `SettingInvalid` where the operating system gives no threads.
    pub fn local() -> Result<Self> {
        let pool = Pool::shared()?;
        let engine = LocalEngine::new(pool.threads());
        Ok(Self::builder().finish(Arc::new(engine), pool))
    }

    /// A session on an engine value.
    ///
    /// # Errors
    /// `SettingInvalid` where the operating system gives no threads.
    pub fn with_engine(engine: impl Engine) -> Result<Self> {
        Self::builder().with_engine(engine)
    }

    /// What the engine says of itself.
    #[must_use]
    pub fn info(&self) -> EngineInfo {
        self.inner.engine.info()
    }

    /// The name of the engine.
    #[must_use]
    pub fn engine_name(&self) -> &'static str {
        self.info().name
    }

    /// Threads that user code runs on.
    #[must_use]
    pub fn threads(&self) -> usize {
        self.inner.pool.threads()
    }

    /// The threads themselves, for adapters that run functions outside of an action.
    #[must_use]
    pub fn pool(&self) -> &Pool {
        &self.inner.pool
    }

    /// The engine itself, for those who know its type.
    #[must_use]
    pub fn engine<E: Engine>(&self) -> Option<&E> {
        self.inner.engine.as_any().downcast_ref()
    }

    /// Takes data in: typed rows, batches, a [`Source`], a frame of an adapter. Nothing is copied that is in the contract's layout.
    ///
    /// ```
    /// use fugue_core::{Session, row::Row};
    ///
    /// #[derive(Row)]
    /// struct Reading { sensor: String, value: f64 }
    ///
    /// let session = Session::local()?;
    /// let df = session.frame(vec![Reading { sensor: "A".into(), value: 1.5 }])?;
    /// assert_eq!(df.schema().to_string(), "sensor:str,value:double");
    /// # Ok::<(), fugue_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `SchemaInvalid` naming a column that is not admitted, `SchemaMismatch` for batches that differ, `ValueInvalid`.
    pub fn frame<V>(&self, data: impl IntoSource<V>) -> Result<DataFrame> {
        self.ingest(data.into_source()?)
    }

    fn ingest(&self, source: Source) -> Result<DataFrame> {
        if source.schema().is_empty() {
            return Err(
                crate::Error::new(crate::ErrorKind::SchemaInvalid, "a frame needs at least one column").with_operation("ingest")
            );
        }
        Ok(DataFrame::new(self.clone(), Arc::clone(&self.inner.engine).ingest(source)?))
    }

    /// A frame over a file of Parquet, CSV, JSON lines or Arrow, over a folder of them (`key=value` folders are columns), or over what a pattern
    /// (`data/*.parquet`) matches; rows are read when an action asks for them.
    ///
    /// ```
    /// use fugue_core::Session;
    /// use fugue_core::expr::col;
    /// use fugue_core::io::{Format, SaveOptions};
    /// use fugue_core::row::Row;
    ///
    /// #[derive(Row)]
    /// struct Reading { year: i64, value: f64 }
    ///
    /// # fugue_core::blocking::wait(async {
    /// # let folder = std::env::temp_dir().join(format!("fugue load {}", std::process::id())).display().to_string();
    /// let session = Session::open("local").await?;
    /// let df = session.frame(vec![Reading { year: 2023, value: 1.5 }, Reading { year: 2024, value: 2.5 }])?;
    /// df.save_with(&folder, &SaveOptions::new().format(Format::Parquet).partition_by("year")).await?;
    /// // Of the other years no file is opened.
    /// let loaded = session.load(&folder).await?.filter(col("year").eq(2024))?;
    /// assert_eq!(loaded.schema().to_string(), "value:double,year:long");
    /// assert_eq!(loaded.count().await?, 1);
    /// # std::fs::remove_dir_all(&folder).ok();
    /// # Ok(()) })?;
    /// # Ok::<(), fugue_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Io` for what is not there or cannot be read, `Unsupported` for an unknown format, and as [`io::open`].
    pub async fn load(&self, path: impl AsRef<str>) -> Result<DataFrame> {
        self.load_with(path, &LoadOptions::default()).await
    }

    /// The same with options: format, columns, types, details of formats.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub async fn load_with(&self, path: impl AsRef<str>, options: &LoadOptions) -> Result<DataFrame> {
        let path = path.as_ref();
        let engine = Arc::clone(&self.inner.engine);
        if let Some(frame) = engine.load(path, options).await? {
            return Ok(DataFrame::new(self.clone(), frame));
        }
        let (owned, options) = (path.to_owned(), self.with_stores(options));
        let source = blocking::offload(move || io::open(owned, &options, &Cancel::never())).await;
        let source = source.map_err(|e| e.with_engine(self.engine_name()).with_operation("load"))?;
        self.ingest(Source::shared(source))
    }

    /// A frame over several files, folders and patterns as one; the first file decides about the columns.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub async fn load_all<P: AsRef<str>>(&self, paths: impl IntoIterator<Item = P>, options: &LoadOptions) -> Result<DataFrame> {
        let paths: Vec<PathBuf> = paths.into_iter().map(|p| PathBuf::from(p.as_ref())).collect();
        let options = self.with_stores(options);
        let source = blocking::offload(move || io::open_all(&paths, &options, &Cancel::never())).await;
        let source = source.map_err(|e| e.with_engine(self.engine_name()).with_operation("load"))?;
        self.ingest(Source::shared(source))
    }

    /// How object stores are reached.
    pub(crate) fn stores(&self) -> &StoreOptions {
        &self.inner.stores
    }

    /// The options with what the session knows of stores.
    fn with_stores(&self, options: &LoadOptions) -> LoadOptions {
        let stores = options.stores.or(&self.inner.stores);
        options.clone().stores(stores)
    }

    /// A query in SQL over frames, each under a name. Nothing runs before an action.
    ///
    /// The text means what DataFusion says it means, on every engine, but that names are case sensitive, quoted or not. Engines without SQL of
    /// their own have it planned and run by DataFusion over their frames as lazy sources, which gives only the columns that the query reads;
    /// the program must have been built with it (feature `datafusion`).
    ///
    /// # SQL and frames
    ///
    #[doc = include_str!("../../docs/sql-and-frames.md")]
    ///
    /// # Errors
    /// `SqlInvalid` for a text that is no query, an unknown table, column or function, and `TABLESAMPLE`; `SchemaInvalid` for columns of the
    /// result that have no place in a portable schema; `Unsupported` where nothing in the program knows SQL.
    #[track_caller]
    pub fn sql<'f>(
        &self,
        query: &str,
        frames: impl IntoIterator<Item = (&'f str, &'f DataFrame)>,
    ) -> impl Future<Output = Result<DataFrame>> + Send {
        let at = Location::caller();
        let frames = frames.into_iter().map(|(name, frame)| (name.to_owned(), frame.clone())).collect::<Vec<_>>();
        let (session, query) = (self.clone(), query.to_owned());
        async move { sql::query(&session, &query, frames).await.map_err(|e| e.with_call_site(at)) }
    }

    /// Ends what the engine started. Idempotent; frames of the session cannot be used afterwards.
    ///
    /// # Errors
    /// What ending it meets.
    pub async fn close(&self) -> Result<()> {
        if let Some(planner) = self.inner.sql.get() {
            planner.inner.engine.close().await?;
        }
        self.inner.engine.close().await
    }

    /// What an action of this session runs with.
    pub(crate) fn run(&self, handles: &[CancelHandle], deadline: Option<Duration>, progress: &[ProgressHandle]) -> RunContext {
        let cancel = Cancel::all(handles, deadline.or(self.inner.deadline));
        let mut run = RunContext::new(self.inner.pool.clone(), cancel);
        run.progress = Reporter::to(progress);
        run
    }

    pub(crate) fn erased(&self) -> Arc<dyn DynEngine> {
        Arc::clone(&self.inner.engine)
    }

    /// Whether operations are derived even where the engine overrides them.
    pub(crate) fn is_derived(&self) -> bool {
        self.inner.derived
    }
}
