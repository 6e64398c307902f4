//! Where a frame's data comes from, before an engine has it.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::record_batch::RecordBatch;

use crate::error::{Error, ErrorKind, Result};
use crate::io::{BatchIter, LazySource, MemorySource};
use crate::run::Cancel;
use crate::schema::Schema;

use super::BatchStream;

/// Data on its way into an engine: read when an action asks for it, in the contract's layout. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Source {
    inner: Arc<dyn LazySource>,
}

impl Source {
    /// Anything that can be read again and again, by projection.
    pub fn new(source: impl LazySource + 'static) -> Self {
        Self { inner: Arc::new(source) }
    }

    /// Anything that can be read again and again, by projection.
    #[must_use]
    pub fn shared(source: Arc<dyn LazySource>) -> Self {
        Self { inner: source }
    }

    /// Batches in memory; layouts and units are normalised, what is in the contract's layout already is not copied.
    ///
    /// # Errors
    /// `SchemaInvalid` for types that are not admitted, `SchemaMismatch` for batches of another schema, `ValueInvalid` for values
    /// that have no place in the contract.
    pub fn batches(schema: Schema, batches: Vec<RecordBatch>) -> Result<Self> {
        Ok(Self::new(MemorySource::new(schema, batches)?))
    }

    /// A stream that can be read once: a second action over the frame is an error that says to persist it.
    #[must_use]
    pub fn once(stream: BatchStream) -> Self {
        let schema = stream.schema().clone();
        Self::new(Once { schema, stream: Mutex::new(Some(stream)) })
    }

    /// The source itself.
    #[must_use]
    pub fn lazy(&self) -> &Arc<dyn LazySource> {
        &self.inner
    }

    /// Its schema.
    #[must_use]
    pub fn schema(&self) -> &Schema {
        self.inner.schema()
    }
}

/// A stream that is gone once it is read.
struct Once {
    schema: Schema,
    stream: Mutex<Option<BatchStream>>,
}

impl fmt::Debug for Once {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Once").field("schema", &self.schema).finish_non_exhaustive()
    }
}

impl LazySource for Once {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn describe(&self) -> String {
        "stream (read once)".to_owned()
    }

    fn rows(&self) -> Option<u64> {
        None
    }

    fn scan(&self, projection: Option<&[usize]>, cancel: &Cancel) -> Result<BatchIter> {
        let stream = self.stream.lock().unwrap_or_else(PoisonError::into_inner).take().ok_or_else(|| {
            Error::new(
                ErrorKind::Unsupported,
                "the frame comes from a stream that was read already; call .persist() on the frame before its first use",
            )
            .with_operation("scan")
        })?;
        let projection: Option<Vec<usize>> = projection.map(<[usize]>::to_vec);
        let (schema, cancel) = (self.schema.clone(), cancel.clone());
        // What has no rows may have any columns.
        let filled = stream.into_blocking().filter(|batch| !matches!(batch, Ok(batch) if batch.num_rows() == 0));
        Ok(Box::new(filled.map(move |batch| {
            cancel.check()?;
            let batch = crate::schema::normalise(&batch?, &schema)?;
            Ok(match &projection {
                Some(columns) => batch.project(columns)?,
                None => batch,
            })
        })))
    }
}
