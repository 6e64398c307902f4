//! The sync mirror: sessions and frames whose actions wait, for scripts and tests.

use std::fmt;
use std::ops::Deref;
use std::time::Duration;

use arrow::record_batch::RecordBatch;

use crate::error::Result;
use crate::io::{BatchIter, LoadOptions, SaveOptions};
use crate::partition::PartitionSpec;
use crate::row::{Record, Row};
use crate::run::CancelHandle;
use crate::session::{IntoSource, SessionBuilder};
use crate::verbs::{CoTransform, OutTransform, Transform, ViaFrame};

use super::wait;

/// A [`Session`](crate::Session) whose actions wait. Everything that only plans is that of the async session.
///
/// ```
/// use fugue_core::blocking::Session;
/// use fugue_core::row::Row;
///
/// #[derive(Clone, Row)]
/// struct Reading { sensor: String, value: f64 }
///
/// fn doubled(readings: &[Reading]) -> Vec<Reading> {
///     readings.iter().map(|r| Reading { value: r.value * 2.0, ..r.clone() }).collect()
/// }
///
/// let session = Session::open("local")?;
/// let df = session.frame(vec![Reading { sensor: "A".into(), value: 1.5 }])?;
/// let rows: Vec<Reading> = df.run(df.transform(doubled).partition_by("sensor"))?.rows()?;
/// assert_eq!(rows[0].value, 3.0);
/// # Ok::<(), fugue_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Session(crate::Session);

impl Deref for Session {
    type Target = crate::Session;

    fn deref(&self) -> &crate::Session {
        &self.0
    }
}

impl From<crate::Session> for Session {
    fn from(session: crate::Session) -> Self {
        Self(session)
    }
}

impl Session {
    /// See [`Session::open`](crate::Session::open).
    ///
    /// # Errors
    /// As there.
    pub fn open(engine: &str) -> Result<Self> {
        wait(crate::Session::open(engine)).map(Self)
    }

    /// A session with settings of its own: `Session::opened(Session::builder().threads(2), "local")`.
    ///
    /// # Errors
    /// As [`SessionBuilder::open`].
    pub fn opened(settings: SessionBuilder, engine: &str) -> Result<Self> {
        wait(settings.open(engine)).map(Self)
    }

    /// See [`Session::builder`](crate::Session::builder).
    pub fn builder() -> SessionBuilder {
        crate::Session::builder()
    }

    /// See [`Session::frame`](crate::Session::frame).
    ///
    /// # Errors
    /// As there.
    pub fn frame<V>(&self, data: impl IntoSource<V>) -> Result<DataFrame> {
        self.0.frame(data).map(DataFrame)
    }

    /// See [`Session::load`](crate::Session::load).
    ///
    /// # Errors
    /// As there.
    pub fn load(&self, path: impl AsRef<str>) -> Result<DataFrame> {
        wait(self.0.load(path)).map(DataFrame)
    }

    /// See [`Session::load_with`](crate::Session::load_with).
    ///
    /// # Errors
    /// As there.
    pub fn load_with(&self, path: impl AsRef<str>, options: &LoadOptions) -> Result<DataFrame> {
        wait(self.0.load_with(path, options)).map(DataFrame)
    }

    /// See [`Session::close`](crate::Session::close).
    ///
    /// # Errors
    /// As there.
    pub fn close(&self) -> Result<()> {
        wait(self.0.close())
    }
}

/// A [`DataFrame`](crate::DataFrame) whose actions wait. Everything that only plans is that of the async frame.
#[derive(Clone)]
pub struct DataFrame(crate::DataFrame);

impl fmt::Debug for DataFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl Deref for DataFrame {
    type Target = crate::DataFrame;

    fn deref(&self) -> &crate::DataFrame {
        &self.0
    }
}

impl From<crate::DataFrame> for DataFrame {
    fn from(df: crate::DataFrame) -> Self {
        Self(df)
    }
}

impl DataFrame {
    /// See [`DataFrame::deadline`](crate::DataFrame::deadline).
    #[must_use]
    pub fn deadline(self, deadline: Duration) -> Self {
        Self(self.0.deadline(deadline))
    }

    /// See [`DataFrame::cancel_with`](crate::DataFrame::cancel_with).
    #[must_use]
    pub fn cancel_with(self, handle: &CancelHandle) -> Self {
        Self(self.0.cancel_with(handle))
    }

    /// See [`DataFrame::repartition`](crate::DataFrame::repartition).
    ///
    /// # Errors
    /// As there.
    pub fn repartition(&self, spec: &PartitionSpec) -> Result<Self> {
        self.0.repartition(spec).map(Self)
    }

    /// See [`DataFrame::broadcast`](crate::DataFrame::broadcast).
    ///
    /// # Errors
    /// As there.
    pub fn broadcast(&self) -> Result<Self> {
        self.0.broadcast().map(Self)
    }

    /// See [`DataFrame::on`](crate::DataFrame::on).
    ///
    /// # Errors
    /// As there.
    pub fn on(&self, session: &Session) -> Result<Self> {
        self.0.on(session).map(Self)
    }

    /// The frame of a call: `df.run(df.transform(f).partition_by("k"))`.
    ///
    /// # Errors
    /// As [`Transform::run`].
    pub fn run(&self, call: Transform<crate::DataFrame, ViaFrame>) -> Result<Self> {
        call.run().map(Self)
    }

    /// The frame of a call over several frames.
    ///
    /// # Errors
    /// As [`CoTransform::run`].
    pub fn run_co(&self, call: CoTransform) -> Result<Self> {
        call.run().map(Self)
    }

    /// Runs a call for its side effects.
    ///
    /// # Errors
    /// As [`OutTransform::run`].
    pub fn run_out(&self, call: OutTransform<crate::DataFrame, ViaFrame>) -> Result<()> {
        wait(call.run())
    }

    /// See [`DataFrame::collect`](crate::DataFrame::collect).
    ///
    /// # Errors
    /// As there.
    pub fn collect(&self) -> Result<Vec<RecordBatch>> {
        wait(self.0.collect())
    }

    /// See [`DataFrame::stream`](crate::DataFrame::stream).
    ///
    /// # Errors
    /// As there, here or out of the iterator.
    pub fn batches(&self) -> Result<BatchIter> {
        wait(self.0.stream()).map(crate::frame::BatchStream::into_blocking)
    }

    /// See [`DataFrame::rows`](crate::DataFrame::rows).
    ///
    /// # Errors
    /// As there.
    pub fn rows<T: for<'a> Row<Of<'a> = T>>(&self) -> Result<Vec<T>> {
        wait(self.0.rows())
    }

    /// See [`DataFrame::count`](crate::DataFrame::count).
    ///
    /// # Errors
    /// As there.
    pub fn count(&self) -> Result<u64> {
        wait(self.0.count())
    }

    /// See [`DataFrame::is_empty`](crate::DataFrame::is_empty).
    ///
    /// # Errors
    /// As there.
    pub fn is_empty(&self) -> Result<bool> {
        wait(self.0.is_empty())
    }

    /// See [`DataFrame::peek`](crate::DataFrame::peek).
    ///
    /// # Errors
    /// As there.
    pub fn peek(&self) -> Result<Record> {
        wait(self.0.peek())
    }

    /// See [`DataFrame::head`](crate::DataFrame::head).
    ///
    /// # Errors
    /// As there.
    pub fn head(&self, n: usize) -> Result<Self> {
        wait(self.0.head(n)).map(Self)
    }

    /// See [`DataFrame::show`](crate::DataFrame::show).
    ///
    /// # Errors
    /// As there.
    pub fn show(&self, rows: usize) -> Result<()> {
        wait(self.0.show(rows))
    }

    /// See [`DataFrame::persist`](crate::DataFrame::persist).
    ///
    /// # Errors
    /// As there.
    pub fn persist(&self) -> Result<Self> {
        wait(self.0.persist()).map(Self)
    }

    /// See [`DataFrame::save`](crate::DataFrame::save).
    ///
    /// # Errors
    /// As there.
    pub fn save(&self, path: impl AsRef<str>) -> Result<u64> {
        wait(self.0.save(path))
    }

    /// See [`DataFrame::save_with`](crate::DataFrame::save_with).
    ///
    /// # Errors
    /// As there.
    pub fn save_with(&self, path: impl AsRef<str>, options: &SaveOptions) -> Result<u64> {
        wait(self.0.save_with(path, options))
    }
}
