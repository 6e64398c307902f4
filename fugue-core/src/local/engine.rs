//! The local engine: builds nodes, runs them when asked.

use futures::future::BoxFuture;

use crate::engine::{Engine, EngineInfo, Map, Physical, Zip};
use crate::error::Result;
use crate::frame::{BatchStream, Source};
use crate::partition::PartitionSpec;
use crate::run::RunContext;
use crate::schema::Schema;
use crate::transform::Task;

use super::LocalFrame;
use super::frame::Node;

/// Runs everything in this process on threads; needs nothing but this crate.
#[derive(Debug)]
pub struct LocalEngine {
    parallelism: usize,
}

impl LocalEngine {
    /// An engine that says of itself that it uses so many threads; how many it gets is the session's setting.
    #[must_use]
    pub fn new(parallelism: usize) -> Self {
        Self { parallelism: parallelism.max(1) }
    }
}

impl Engine for LocalEngine {
    type Frame = LocalFrame;

    fn info(&self) -> EngineInfo {
        EngineInfo::new("local", self.parallelism)
    }

    fn schema(&self, frame: &LocalFrame) -> Result<Schema> {
        Ok(frame.schema().clone())
    }

    fn ingest(&self, source: Source) -> Result<LocalFrame> {
        Ok(LocalFrame::new(source.schema().clone(), Node::Source(source)))
    }

    async fn stream(&self, frame: &LocalFrame, run: &RunContext) -> Result<BatchStream> {
        let (frame, inner) = (frame.clone(), run.clone());
        BatchStream::blocking(frame.schema().clone(), run.cancel.clone(), move || frame.run(&inner))
    }

    fn map(&self, frame: &LocalFrame, map: &Map) -> Result<LocalFrame> {
        Ok(LocalFrame::new(map.task.output().clone(), Node::Map { input: frame.clone(), map: map.clone() }))
    }

    fn comap(&self, zip: &Zip<LocalFrame>, task: &Task) -> Result<Option<LocalFrame>> {
        Ok(Some(LocalFrame::new(task.output().clone(), Node::Comap { zip: zip.clone(), task: task.clone() })))
    }

    fn physical(&self) -> Option<&dyn Physical<LocalFrame>> {
        Some(self)
    }

    async fn count(&self, frame: &LocalFrame, run: &RunContext) -> Result<u64> {
        let (frame, run) = (frame.clone(), run.clone());
        crate::blocking::offload(move || frame.count(&run)).await
    }

    fn source(&self, frame: &LocalFrame) -> Option<Source> {
        frame.source().cloned()
    }

    fn explain(&self, frame: &LocalFrame) -> Result<String> {
        Ok(frame.explain())
    }

    async fn close(&self) -> Result<()> {
        Ok(())
    }
}

impl Physical<LocalFrame> for LocalEngine {
    fn repartition(&self, frame: &LocalFrame, spec: &PartitionSpec) -> Result<LocalFrame> {
        Ok(LocalFrame::new(frame.schema().clone(), Node::Repartition { input: frame.clone(), spec: spec.clone() }))
    }

    fn persist<'a>(&'a self, frame: &'a LocalFrame, run: &'a RunContext) -> BoxFuture<'a, Result<LocalFrame>> {
        let (frame, run) = (frame.clone(), run.clone());
        Box::pin(crate::blocking::offload(move || {
            let parts = frame.partitions(&run)?;
            Ok(LocalFrame::new(frame.schema().clone(), Node::Partitions(parts.into())))
        }))
    }

    fn partitions(&self, frame: &LocalFrame) -> Result<Option<usize>> {
        Ok(frame.known_partitions())
    }
}
