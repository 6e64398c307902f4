//! The Polars engine: builds nodes, runs them when asked.

use futures::StreamExt;
use futures::future::BoxFuture;

use fugue_core::blocking::offload;
use fugue_core::engine::{Engine, EngineInfo, Map, Physical, Relational, Storage, Zip};
use fugue_core::frame::{BatchStream, Source};
use fugue_core::io::{LoadOptions, MemorySource};
use fugue_core::partition::PartitionSpec;
use fugue_core::run::{Pool, RunContext};
use fugue_core::session::{EngineFactory, Opened};
use fugue_core::transform::Task;
use fugue_core::{Result, Schema};

use crate::frame::{Node, PolarsFrame};
use crate::native::PolarsSource;
use crate::{storage, types};

/// Runs frames on Polars, and functions of the user between its queries.
#[derive(Debug)]
pub struct PolarsEngine {
    parallelism: usize,
}

impl PolarsEngine {
    /// An engine that says of itself that it runs so many calls of user code at once; how many do is the session's setting.
    #[must_use]
    pub fn new(parallelism: usize) -> Self {
        Self { parallelism: parallelism.max(1) }
    }
}

fn open(pool: Pool) -> Result<Opened> {
    Ok(Opened::new(PolarsEngine::new(pool.threads())))
}

inventory::submit!(EngineFactory::in_process("polars", open));

impl Engine for PolarsEngine {
    type Frame = PolarsFrame;

    fn info(&self) -> EngineInfo {
        EngineInfo::new("polars", self.parallelism)
    }

    fn schema(&self, frame: &PolarsFrame) -> Result<Schema> {
        Ok(frame.schema().clone())
    }

    fn ingest(&self, source: Source) -> Result<PolarsFrame> {
        let schema = source.schema().clone();
        if let Some(data) = source.lazy().as_any() {
            if let Some(own) = data.downcast_ref::<PolarsSource>() {
                return Ok(own.frame().clone());
            }
            if let Some(memory) = data.downcast_ref::<MemorySource>() {
                return PolarsFrame::in_memory(&schema, vec![memory.batches().to_vec()]);
            }
        }
        types::polars_schema_of(&schema)?;
        Ok(PolarsFrame::new(schema, Node::Source(source)))
    }

    async fn stream(&self, frame: &PolarsFrame, run: &RunContext) -> Result<BatchStream> {
        let (frame, inner) = (frame.clone(), run.clone());
        BatchStream::blocking(frame.schema().clone(), run.cancel.clone(), move || frame.run(&inner))
    }

    fn map(&self, frame: &PolarsFrame, map: &Map) -> Result<PolarsFrame> {
        frame.mapped(map)
    }

    fn comap(&self, zip: &Zip<PolarsFrame>, task: &Task) -> Result<Option<PolarsFrame>> {
        types::polars_schema_of(task.output())?;
        Ok(Some(PolarsFrame::new(task.output().clone(), Node::Comap { zip: zip.clone(), task: task.clone() })))
    }

    async fn count(&self, frame: &PolarsFrame, run: &RunContext) -> Result<u64> {
        let (native, inner) = (frame.clone(), run.clone());
        if let Some(rows) = offload(move || native.count(&inner)).await? {
            return Ok(rows);
        }
        let mut stream = self.stream(frame, run).await?;
        let mut rows = 0;
        while let Some(batch) = stream.next().await {
            rows += batch?.num_rows() as u64;
        }
        Ok(rows)
    }

    fn physical(&self) -> Option<&dyn Physical<PolarsFrame>> {
        Some(self)
    }

    fn relational(&self) -> Option<&dyn Relational<PolarsFrame>> {
        Some(self)
    }

    fn storage(&self) -> Option<&dyn Storage<PolarsFrame>> {
        Some(self)
    }

    fn source(&self, frame: &PolarsFrame) -> Option<Source> {
        if let Node::Source(source) = frame.node() { Some(source.clone()) } else { None }
    }

    fn explain(&self, frame: &PolarsFrame) -> Result<String> {
        frame.explain()
    }

    async fn close(&self) -> Result<()> {
        Ok(())
    }
}

impl Physical<PolarsFrame> for PolarsEngine {
    fn repartition(&self, frame: &PolarsFrame, spec: &PartitionSpec) -> Result<PolarsFrame> {
        Ok(PolarsFrame::new(frame.schema().clone(), Node::Repartition { input: frame.clone(), spec: spec.clone() }))
    }

    fn persist<'a>(&'a self, frame: &'a PolarsFrame, run: &'a RunContext) -> BoxFuture<'a, Result<PolarsFrame>> {
        let (frame, run) = (frame.clone(), run.clone());
        Box::pin(offload(move || frame.persist(&run)))
    }

    fn partitions(&self, frame: &PolarsFrame) -> Result<Option<usize>> {
        Ok(frame.known_partitions())
    }
}

impl Storage<PolarsFrame> for PolarsEngine {
    fn load<'a>(&'a self, path: &'a str, options: &'a LoadOptions) -> BoxFuture<'a, Result<Option<PolarsFrame>>> {
        let (path, options) = (path.to_owned(), options.clone());
        Box::pin(offload(move || storage::load(&path, &options)))
    }
}
