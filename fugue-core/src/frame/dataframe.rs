//! The handle that users hold: a frame of some engine, lazy until an action asks.

use std::fmt;
use std::io::Write;
use std::panic::Location;
use std::path::PathBuf;
use std::time::Duration;

use arrow::record_batch::RecordBatch;
use futures::StreamExt;

use crate::blocking;
use crate::calls::{CoTransform, OutTransform, Pending, Transform, ViaFrame};
use crate::engine::{AnyFrame, Engine, Zip, native};
use crate::error::{Error, ErrorKind, Result};
use crate::io::{self, SaveOptions};
use crate::partition::PartitionSpec;
use crate::row::{Record, Row};
use crate::run::{CancelHandle, ProgressHandle, RunContext, within};
use crate::schema::Schema;
use crate::session::Session;
use crate::transform::{IntoCoTask, IntoTask, Task};

use super::{BatchStream, Source, table};

/// A frame: a plan on the engine of its session. Cheap to clone; nothing runs before an action (the async methods).
#[derive(Clone)]
pub struct DataFrame {
    session: Session,
    frame: AnyFrame,
    deadline: Option<Duration>,
    cancel: Vec<CancelHandle>,
    progress: Vec<ProgressHandle>,
}

impl fmt::Debug for DataFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DataFrame")
            .field("engine", &self.session.engine_name())
            .field("schema", self.schema())
            .finish_non_exhaustive()
    }
}

/// What a frame is, and how it is changed: nothing runs.
impl DataFrame {
    pub(crate) fn new(session: Session, frame: AnyFrame) -> Self {
        Self { session, frame, deadline: None, cancel: Vec::new(), progress: Vec::new() }
    }

    /// The same handle on another frame of the session.
    pub(super) fn with(&self, frame: AnyFrame) -> Self {
        Self { frame, ..self.clone() }
    }

    pub(crate) fn any(&self) -> &AnyFrame {
        &self.frame
    }

    /// Its columns.
    #[must_use]
    pub fn schema(&self) -> &Schema {
        &self.frame.schema
    }

    /// The session it belongs to.
    #[must_use]
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// The engine's own frame.
    ///
    /// # Errors
    /// `Unsupported` when the frame belongs to another engine.
    pub fn native<E: Engine>(&self) -> Result<E::Frame> {
        native::<E>(&self.frame)
    }

    /// A frame of the engine's own kind as one of a session on that engine.
    ///
    /// # Errors
    /// `Unsupported` when the session has another engine, and what reading the schema meets.
    pub fn from_native<E: Engine>(session: &Session, frame: E::Frame) -> Result<Self> {
        let frame = crate::engine::from_native::<E>(&session.erased(), frame)?;
        Ok(Self::new(session.clone(), frame))
    }

    /// How long an action over this frame, or over one made of it, may take.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// A handle that cancels the actions over this frame, or over one made of it, beside those that it has already.
    #[must_use]
    pub fn cancel_with(mut self, handle: &CancelHandle) -> Self {
        self.cancel.push(handle.clone());
        self
    }

    /// A handle that tells how far the actions over this frame are, or over one made of it, where the engine knows.
    #[must_use]
    pub fn progress_with(mut self, handle: &ProgressHandle) -> Self {
        self.progress.push(handle.clone());
        self
    }

    /// What is made of several frames obeys the handles of all, and the least deadline.
    pub(crate) fn bound_by(mut self, others: &[Self]) -> Self {
        for other in others {
            self.deadline = self.deadline.into_iter().chain(other.deadline).min();
            self.cancel.extend(other.cancel.iter().cloned());
            self.progress.extend(other.progress.iter().cloned());
        }
        self
    }

    /// Calls a function for each group of rows. See [`transform`](crate::calls::transform).
    #[track_caller]
    pub fn transform<F, M>(&self, function: F) -> Transform<Self, ViaFrame>
    where
        F: IntoTask<M>,
    {
        Transform::new(self.clone(), function.into_task(), Location::caller())
    }

    /// Calls a function for each group of rows, for its side effects.
    #[track_caller]
    pub fn out_transform<F, M>(&self, function: F) -> OutTransform<Self, ViaFrame>
    where
        F: IntoTask<M>,
    {
        OutTransform::new(self.clone(), function.into_task(), Location::caller())
    }

    /// Calls a function for each key of this frame and others. See [`cotransform`](crate::calls::cotransform).
    #[track_caller]
    pub fn cotransform<'d, F, M>(&'d self, others: impl IntoIterator<Item = &'d Self>, function: F) -> CoTransform
    where
        F: IntoCoTask<M>,
    {
        crate::calls::cotransform(std::iter::once(self).chain(others), function)
    }

    /// Lays rows out anew in physical partitions; rows and columns stay.
    ///
    /// # Errors
    /// `Unsupported` where the engine lays out no partitions, `ColumnNotFound`, `PartitionInvalid`.
    pub fn repartition(&self, spec: &PartitionSpec) -> Result<Self> {
        spec.validate(self.schema()).map_err(|e| e.with_operation("repartition"))?;
        Ok(self.with(self.session.erased().repartition(&self.frame, spec)?))
    }

    /// A hint that the frame is small and may be copied to wherever it is zipped or joined.
    ///
    /// # Errors
    /// Whatever the engine meets.
    pub fn broadcast(&self) -> Result<Self> {
        Ok(self.with(self.session.erased().broadcast(&self.frame)?))
    }

    /// Number of physical partitions, where the engine knows it without running the frame.
    ///
    /// # Errors
    /// `Unsupported` where the engine lays out no partitions.
    pub fn partitions(&self) -> Result<Option<usize>> {
        self.session.erased().partitions(&self.frame)
    }

    /// The frame on the engine of another session, through Arrow, when an action asks for it. What that engine asks of it (columns, conditions,
    /// a number of rows) becomes part of its plan here.
    ///
    /// # Errors
    /// Whatever the engine meets.
    #[track_caller]
    pub fn on(&self, session: &Session) -> Result<Self> {
        let source = crate::engine::foreign(&self.frame, self.session.is_derived());
        Ok(Self {
            session: session.clone(),
            frame: session.erased().ingest(source)?,
            deadline: self.deadline,
            cancel: self.cancel.clone(),
            progress: self.progress.clone(),
        })
    }

    /// The plan as text.
    ///
    /// # Errors
    /// `EngineFailed` when a native plan does not resolve.
    pub fn explain(&self) -> Result<String> {
        self.session.erased().explain(&self.frame)
    }

    pub(crate) fn map(&self, pending: &Pending) -> Result<Self> {
        let map = pending.bind(self.schema())?;
        let tell = |e| pending.options.call_site.tell(e);
        Ok(self.with(self.session.erased().map(&self.frame, &map).map_err(tell)?))
    }

    pub(crate) fn derive_comap(&self, zip: &Zip<AnyFrame>, task: &Task) -> Result<Self> {
        let engine = self.session.erased();
        let frame =
            if self.session.is_derived() { crate::engine::derived_comap(engine, zip, task)? } else { engine.comap(zip, task)? };
        Ok(self.with(frame))
    }

    fn run(&self) -> RunContext {
        self.session.run(&self.cancel, self.deadline, &self.progress)
    }
}

/// Actions: the plan runs.
impl DataFrame {
    /// Batches as they become ready. Dropping the stream stops the work.
    ///
    /// # Errors
    /// Those of user code (`TransformerFailed` with transformer and key), of the engine (`EngineFailed`) and of files (`Io`), here or
    /// out of the stream; `Cancelled` and `DeadlineExceeded`.
    pub async fn stream(&self) -> Result<BatchStream> {
        self.stream_first(None).await
    }

    /// The same for one who takes so many rows at most.
    async fn stream_first(&self, rows: Option<usize>) -> Result<BatchStream> {
        let mut run = self.run();
        run.limit = rows.map(|rows| rows as u64);
        tracing::debug!(engine = self.session.engine_name(), schema = %self.schema(), "run");
        let stream = self.session.erased().stream(&self.frame, &run).await?;
        Ok(stream.until(&run.cancel))
    }

    /// All rows as batches in the contract's layout.
    ///
    /// # Errors
    /// As [`stream`](Self::stream).
    pub async fn collect(&self) -> Result<Vec<RecordBatch>> {
        self.stream().await?.collect().await
    }

    /// All rows as typed rows; columns that the type does not name are left out.
    ///
    /// # Errors
    /// As [`stream`](Self::stream); `ColumnNotFound` and `SchemaMismatch` before anything runs.
    pub async fn rows<T: for<'a> Row<Of<'a> = T>>(&self) -> Result<Vec<T>> {
        T::layout().check(self.schema())?;
        let mut stream = self.stream().await?;
        let mut rows = Vec::new();
        while let Some(batch) = stream.next().await {
            let batch = batch?;
            let reader = T::reader(&batch).map_err(|e| e.counted_from(rows.len()))?;
            rows.extend((0..batch.num_rows()).map(|i| T::read(&reader, i)));
        }
        Ok(rows)
    }

    /// Number of rows.
    ///
    /// # Errors
    /// As [`stream`](Self::stream).
    pub async fn count(&self) -> Result<u64> {
        let run = self.run();
        let (engine, frame, inner) = (self.session.erased(), self.frame.clone(), run.clone());
        within(&run.cancel, async move { engine.count(&frame, &inner).await }).await
    }

    /// Whether there is no row; stops at the first.
    ///
    /// # Errors
    /// As [`stream`](Self::stream).
    pub async fn is_empty(&self) -> Result<bool> {
        Ok(self.first(1).await?.is_empty())
    }

    /// The first row, whichever the engine gives first.
    ///
    /// # Errors
    /// `Empty` where there is none; as [`stream`](Self::stream).
    pub async fn peek(&self) -> Result<Record> {
        let batches = self.first(1).await?;
        let batch = batches.first().ok_or_else(|| {
            Error::new(ErrorKind::Empty, "the frame has no row to peek at; ask .is_empty() first")
                .with_engine(self.session.engine_name())
                .with_operation("peek")
        })?;
        let reader = Record::reader(batch)?;
        Ok(Record::read(&reader, 0))
    }

    /// Some rows, `n` at most, whichever the engine gives first, as a frame in memory.
    ///
    /// # Errors
    /// As [`stream`](Self::stream).
    pub async fn head(&self, n: usize) -> Result<Self> {
        let batches = self.first(n).await?;
        let head = self.session.frame(Source::batches(self.schema().clone(), batches)?)?;
        Ok(head.bound_by(std::slice::from_ref(self)))
    }

    /// The first rows as a readable table with names and types.
    ///
    /// # Errors
    /// As [`stream`](Self::stream).
    pub async fn table(&self, rows: usize) -> Result<String> {
        let mut batches = self.first(rows.saturating_add(1)).await?;
        let found: usize = batches.iter().map(RecordBatch::num_rows).sum();
        let footer = if found > rows { format!("first {rows} rows, there are more") } else { format!("{found} rows") };
        truncate(&mut batches, rows);
        Ok(table(self.schema(), &batches, None, &footer))
    }

    /// Prints the first rows as a table to the standard output.
    ///
    /// # Errors
    /// As [`stream`](Self::stream); `Io` when the output is closed.
    pub async fn show(&self, rows: usize) -> Result<()> {
        let text = self.table(rows).await?;
        writeln!(std::io::stdout().lock(), "{text}").map_err(|e| {
            Error::new(ErrorKind::Io, "the standard output cannot be written to").with_source(e).with_operation("show")
        })
    }

    /// Runs once and keeps the rows; the frame returned reads them.
    ///
    /// # Errors
    /// As [`stream`](Self::stream).
    pub async fn persist(&self) -> Result<Self> {
        let run = self.run();
        let (engine, frame, inner) = (self.session.erased(), self.frame.clone(), run.clone());
        let kept = within(&run.cancel, async move { engine.persist(&frame, &inner).await }).await?;
        Ok(self.with(kept))
    }

    /// Saves as one file of the format that the suffix says, or as a folder of files, whole or not at all; gives the number of rows.
    ///
    /// # Errors
    /// As [`stream`](Self::stream) and [`io::save`].
    pub async fn save(&self, path: impl AsRef<str>) -> Result<u64> {
        self.save_with(path, &SaveOptions::default()).await
    }

    /// The same with options: format, mode, keys that become folders, number of files, details of formats.
    ///
    /// # Errors
    /// As [`save`](Self::save).
    pub async fn save_with(&self, path: impl AsRef<str>, options: &SaveOptions) -> Result<u64> {
        let run = self.run();
        let threads = self.session.threads();
        let rows = if options.needs_row_count() { Some(self.count().await?) } else { None };
        let stores = options.stores.or(self.session.stores());
        let options = options.clone().stores(stores).resolved(rows, threads)?;
        let name = self.session.engine_name();
        let told = |e: Error| e.with_engine(name).with_operation("save");
        let (path, schema, cancel) = (PathBuf::from(path.as_ref()), self.schema().clone(), run.cancel.clone());
        let opened = blocking::offload(move || io::Staging::open(&path, &schema, &options, &cancel));
        let staging = within(&run.cancel, opened).await.map_err(told)?;
        let (engine, cancel) = (self.session.erased(), run.cancel.clone());
        if staging.plan().takes_partitions() && !self.session.is_derived() {
            let (frame, plan, inner) = (self.frame.clone(), staging.plan().clone(), run.clone());
            let engine = self.session.erased();
            let parts = within(&run.cancel, async move { engine.save(&frame, &plan, &inner).await }).await?;
            if let Some(parts) = parts {
                io::tell(&parts, &run.progress, true);
                return blocking::offload(move || staging.commit(parts, &cancel)).await.map_err(told);
            }
        }
        let stream = engine.stream(&self.frame, &run).await?;
        let progress = run.progress.clone();
        let saved = blocking::offload(move || io::write(staging, stream.into_blocking(), threads, &cancel, &progress));
        within(&run.cancel, saved).await.map_err(told)
    }

    /// The first rows that come, `n` at most; the work stops then.
    async fn first(&self, n: usize) -> Result<Vec<RecordBatch>> {
        let mut batches = Vec::new();
        let mut found = 0;
        if n > 0 {
            let mut stream = self.stream_first(Some(n)).await?;
            while let Some(batch) = stream.next().await {
                let batch = batch?;
                found += batch.num_rows();
                if batch.num_rows() > 0 {
                    batches.push(batch);
                }
                if found >= n {
                    break;
                }
            }
        }
        truncate(&mut batches, n);
        Ok(batches)
    }
}

fn truncate(batches: &mut Vec<RecordBatch>, rows: usize) {
    let mut left = rows;
    for batch in batches.iter_mut() {
        *batch = batch.slice(0, batch.num_rows().min(left));
        left -= batch.num_rows();
    }
    batches.retain(|b| b.num_rows() > 0);
}
