//! Frames one after the other, as a source that runs them.

use crate::engine::{AnyFrame, Foreign};
use crate::error::Result;
use crate::frame::Source;
use crate::io::{BatchIter, LazySource};
use crate::run::{Cancel, Pool};
use crate::schema::Schema;

use super::Planner;

impl Planner {
    /// All rows of frames of one schema.
    pub(super) fn concat(&self, frames: Vec<AnyFrame>) -> Result<AnyFrame> {
        let schema = frames.first().map_or_else(|| Schema::new([]), |frame| Ok(frame.schema.clone()))?;
        self.ingest(Source::new(Concat { schema, frames, derived: self.asked.derived }))
    }
}

/// Frames of one schema; each scan runs them anew, one after the other.
#[derive(Debug)]
struct Concat {
    schema: Schema,
    frames: Vec<AnyFrame>,
    derived: bool,
}

impl LazySource for Concat {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn describe(&self) -> String {
        format!("union of {} frames", self.frames.len())
    }

    fn rows(&self) -> Option<u64> {
        None
    }

    fn scan(&self, projection: Option<&[usize]>, cancel: &Cancel) -> Result<BatchIter> {
        self.scan_parallel(projection, &Pool::shared()?, cancel)
    }

    fn scan_parallel(&self, projection: Option<&[usize]>, pool: &Pool, cancel: &Cancel) -> Result<BatchIter> {
        let (frames, derived, pool, cancel) = (self.frames.clone(), self.derived, pool.clone(), cancel.clone());
        let projection: Option<Vec<usize>> = projection.map(<[usize]>::to_vec);
        let scan = move |frame| Foreign::new(&frame, derived).scan_parallel(projection.as_deref(), &pool, &cancel);
        let scans = frames.into_iter().map(scan);
        let mut failed = false;
        let batches = scans.flat_map(|scan| scan.unwrap_or_else(|e| Box::new(std::iter::once(Err(e)))));
        // After an error there is nothing more, of the other frames neither.
        Ok(Box::new(batches.take_while(move |batch| {
            let go_on = !failed;
            failed |= batch.is_err();
            go_on
        })))
    }
}
