//! The smallest engine: what is required and nothing else, written with the public items of `fugue-core`.
//!
//! It keeps a plan of two kinds of node and runs it on one thread of its own per action. Zips come by themselves, derived through
//! `ingest`, `stream` and `map`; files are read and written by core; repartitioning it does not offer, and says so.

use std::sync::Arc;

use fugue_core::engine::{Engine, EngineInfo, Map};
use fugue_core::frame::{BatchStream, Source};
use fugue_core::io::{BatchIter, Scan};
use fugue_core::run::RunContext;
use fugue_core::transform::{InputRows, run_map};
use fugue_core::{Result, Schema};

/// Runs plans of sources and maps.
#[derive(Debug, Default)]
pub struct MinimalEngine;

/// A plan. Cloning shares it; each action runs it anew.
#[derive(Clone, Debug)]
pub struct MinimalFrame {
    schema: Schema,
    node: Arc<Node>,
}

#[derive(Debug)]
enum Node {
    Source(Source),
    Map { input: MinimalFrame, map: Map },
}

impl MinimalFrame {
    fn new(schema: Schema, node: Node) -> Self {
        Self { schema, node: Arc::new(node) }
    }

    /// All rows; nothing is read before the iterator is pulled.
    fn run(&self, run: &RunContext) -> Result<BatchIter> {
        match &*self.node {
            Node::Source(source) => source.lazy().scan_with(&Scan::new().on(&run.pool).telling(&run.progress), &run.cancel),
            // The shared runner groups, sorts, calls and cancels by the contract.
            Node::Map { input, map } => run_map(InputRows::Stream(input.run(run)?), &input.schema, &map.spec, &map.task, run),
        }
    }
}

impl Engine for MinimalEngine {
    type Frame = MinimalFrame;

    fn info(&self) -> EngineInfo {
        EngineInfo::new("minimal", 1)
    }

    fn schema(&self, frame: &MinimalFrame) -> Result<Schema> {
        Ok(frame.schema.clone())
    }

    fn ingest(&self, source: Source) -> Result<MinimalFrame> {
        Ok(MinimalFrame::new(source.schema().clone(), Node::Source(source)))
    }

    async fn stream(&self, frame: &MinimalFrame, run: &RunContext) -> Result<BatchStream> {
        let (plan, inner) = (frame.clone(), run.clone());
        BatchStream::blocking(frame.schema.clone(), run.cancel.clone(), move || plan.run(&inner))
    }

    fn map(&self, frame: &MinimalFrame, map: &Map) -> Result<MinimalFrame> {
        Ok(MinimalFrame::new(map.task.output().clone(), Node::Map { input: frame.clone(), map: map.clone() }))
    }

    async fn close(&self) -> Result<()> {
        Ok(())
    }
}
