//! What an engine may offer beyond its duties. A missing facet answers `Unsupported`, or core does the work itself.

use crate::error::Result;
use crate::io::LoadOptions;
use crate::partition::PartitionSpec;
use crate::run::RunContext;

use futures::future::BoxFuture;

/// The physical layout of frames.
pub trait Physical<F: Clone>: Send + Sync {
    /// Lays rows out anew: as many partitions as the spec says, by its algorithm. Rows and schema stay.
    ///
    /// # Errors
    /// `Unsupported` for a spec that the engine cannot do.
    fn repartition(&self, frame: &F, spec: &PartitionSpec) -> Result<F>;

    /// Runs a frame once and keeps its rows in memory; the frame returned reads them.
    fn persist<'a>(&'a self, frame: &'a F, run: &'a RunContext) -> BoxFuture<'a, Result<F>>;

    /// A hint that a frame is small and may be copied to wherever it is joined; where all threads see all memory there is nothing to
    /// do.
    ///
    /// # Errors
    /// Whatever the engine meets.
    fn broadcast(&self, frame: &F) -> Result<F> {
        Ok(frame.clone())
    }

    /// Number of physical partitions, where it is known without running the frame.
    ///
    /// # Errors
    /// `EngineFailed` when a native plan does not resolve.
    fn partitions(&self, frame: &F) -> Result<Option<usize>>;
}

/// Native reading of files.
pub trait Storage<F>: Send + Sync {
    /// A frame over a file, or `None` where core's own reader should serve (an option that the native reader does not know, or
    /// would answer differently).
    fn load<'a>(&'a self, path: &'a str, options: &'a LoadOptions) -> BoxFuture<'a, Result<Option<F>>>;
}
