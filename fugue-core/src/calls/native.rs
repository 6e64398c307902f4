//! Native in, native out: what `transform` takes and gives.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use arrow::record_batch::RecordBatch;

use crate::blocking;
use crate::engine::Map;
use crate::error::Result;
use crate::frame::DataFrame;
use crate::partition::PartitionSpec;
use crate::row::Row;
use crate::schema::Schema;
use crate::session::{IntoSource, Session, ViaBatches, ViaRecords};
use crate::transform::{CallOptions, TaskFn, bind};

/// A function with all that a call says of it, waiting for the schema of its input.
pub struct Pending {
    pub(crate) function: Arc<dyn TaskFn>,
    pub(crate) spec: PartitionSpec,
    pub(crate) options: CallOptions,
}

impl fmt::Debug for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending").field("function", &self.function.name()).field("spec", &self.spec).finish_non_exhaustive()
    }
}

impl Pending {
    /// Binds the function to a schema: everything that does not fit is found here.
    ///
    /// # Errors
    /// As [`Transform::run`](super::Transform::run).
    pub fn bind(&self, input: &Schema) -> Result<Map> {
        let task = bind(Arc::clone(&self.function), std::slice::from_ref(input), &self.spec, &self.options)?;
        Ok(Map::new(self.spec.clone(), task))
    }
}

/// Data that `transform` takes. `V` is a marker, so that adapters can add their native frames.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be transformed",
    label = "not a frame",
    note = "give a DataFrame, a Vec<T> with #[derive(Row)] on T, a Vec<RecordBatch>, or with its feature a frame of an engine \
            (features = [\"polars\"])"
)]
pub trait Native<V>: Sized {
    /// What comes out.
    type Out;

    /// Runs the call, or plans it where the data is lazy.
    ///
    /// # Errors
    /// As [`Transform::run`](super::Transform::run).
    fn run(self, pending: Pending) -> Result<Self::Out>;

    /// Runs the call for its side effects.
    fn drain(self, pending: Pending) -> impl Future<Output = Result<()>> + Send;
}

/// Marker: a frame of a session.
#[derive(Debug)]
pub struct ViaFrame;
/// Marker: a `Vec`, and what comes out of it.
#[derive(Debug)]
pub struct ViaVec<O>(std::marker::PhantomData<O>);

impl Native<ViaFrame> for DataFrame {
    type Out = Self;

    fn run(self, pending: Pending) -> Result<Self> {
        self.map(&pending)
    }

    async fn drain(self, pending: Pending) -> Result<()> {
        self.map(&pending)?.collect().await.map(drop)
    }
}

impl Native<ViaFrame> for &DataFrame {
    type Out = DataFrame;

    fn run(self, pending: Pending) -> Result<DataFrame> {
        self.map(&pending)
    }

    async fn drain(self, pending: Pending) -> Result<()> {
        self.map(&pending)?.collect().await.map(drop)
    }
}

/// Rows in, rows out, on the embedded engine; the type of the rows that come out is read off where they go.
impl<T, U> Native<ViaVec<U>> for Vec<T>
where
    T: Row + Send,
    U: for<'a> Row<Of<'a> = U> + Send,
{
    type Out = Vec<U>;

    fn run(self, pending: Pending) -> Result<Vec<U>> {
        let df = local(IntoSource::<ViaRecords>::into_source(self)?, &pending)?;
        blocking::wait_apart(df.rows())
    }

    async fn drain(self, pending: Pending) -> Result<()> {
        let df = local(IntoSource::<ViaRecords>::into_source(self)?, &pending)?;
        df.collect().await.map(drop)
    }
}

/// Batches in, batches out, on the embedded engine.
impl Native<ViaBatches> for Vec<RecordBatch> {
    type Out = Self;

    fn run(self, pending: Pending) -> Result<Self> {
        let df = local(IntoSource::<ViaBatches>::into_source(self)?, &pending)?;
        blocking::wait_apart(df.collect())
    }

    async fn drain(self, pending: Pending) -> Result<()> {
        let df = local(IntoSource::<ViaBatches>::into_source(self)?, &pending)?;
        df.collect().await.map(drop)
    }
}

fn local(source: crate::frame::Source, pending: &Pending) -> Result<DataFrame> {
    Session::local()?.frame(source)?.map(pending)
}
