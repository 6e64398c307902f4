//! The local engine's plan: nodes over nodes, each knowing its schema; running one is pulling batches through it.

use std::sync::Arc;

use arrow::record_batch::RecordBatch;

use crate::engine::{Map, Zip};
use crate::error::Result;
use crate::expr::Typed;
use crate::frame::Source;
use crate::io::{BatchIter, Scan};
use crate::partition::PartitionSpec;
use crate::run::RunContext;
use crate::schema::Schema;
use crate::transform::{InputRows, Task, run_comap, run_map, run_repartition};

/// A frame of the local engine: a plan that produces rows when an action runs it.
#[derive(Clone, Debug)]
pub struct LocalFrame {
    schema: Schema,
    node: Arc<Node>,
}

#[derive(Debug)]
pub(super) enum Node {
    Source(Source),
    /// Rows in memory, in physical partitions.
    Partitions(Arc<[Vec<RecordBatch>]>),
    Map {
        input: LocalFrame,
        map: Map,
    },
    Comap {
        zip: Zip<LocalFrame>,
        task: Task,
    },
    Repartition {
        input: LocalFrame,
        spec: PartitionSpec,
    },
}

impl LocalFrame {
    pub(super) fn new(schema: Schema, node: Node) -> Self {
        Self { schema, node: Arc::new(node) }
    }

    pub(super) fn schema(&self) -> &Schema {
        &self.schema
    }

    /// What it reads as it is.
    pub(super) fn source(&self) -> Option<&Source> {
        if let Node::Source(source) = &*self.node { Some(source) } else { None }
    }

    /// All rows, as they become ready.
    pub(super) fn run(&self, run: &RunContext) -> Result<BatchIter> {
        match self.asked(&Ask { limit: run.limit, ..Ask::default() }, run)? {
            InputRows::Stream(batches) => Ok(batches),
            InputRows::Split(parts) => Ok(Box::new(parts.into_iter().flatten().map(Ok))),
        }
    }

    /// All rows in physical partitions, in memory.
    pub(super) fn partitions(&self, run: &RunContext) -> Result<Vec<Vec<RecordBatch>>> {
        match self.rows(None, run)? {
            InputRows::Stream(batches) => Ok(vec![batches.collect::<Result<_>>()?]),
            InputRows::Split(parts) => Ok(parts),
        }
    }

    /// Rows of the columns asked for; only sources save the work of the others.
    fn rows(&self, columns: Option<&[usize]>, run: &RunContext) -> Result<InputRows> {
        self.asked(&Ask { columns: columns.map(<[usize]>::to_vec), ..Ask::default() }, run)
    }

    fn asked(&self, ask: &Ask, run: &RunContext) -> Result<InputRows> {
        let columns = ask.columns.as_deref();
        let rows = match &*self.node {
            Node::Source(source) => {
                let mut scan = ask.filters.iter().cloned().fold(Scan::new().columns(columns), Scan::filter);
                // Few rows need nobody who reads ahead of them.
                scan = match ask.limit {
                    Some(rows) => scan.limit(rows),
                    None => scan.on(&run.pool),
                };
                return Ok(InputRows::Stream(source.lazy().scan_with(&scan.telling(&run.progress), &run.cancel)?));
            }
            Node::Partitions(parts) => InputRows::Split(parts.to_vec()),
            Node::Map { input, map } => InputRows::Stream(run_one(input, map, ask, run)?),
            Node::Comap { zip, task } => {
                let inputs = zip.members.iter().enumerate().map(|(i, member)| {
                    let columns = task.columns(i, &member.schema, &zip.spec)?;
                    let schema = member.schema.project(columns.as_deref())?;
                    Ok((schema, member.rows(columns.as_deref(), run)?))
                });
                InputRows::Stream(run_comap(inputs.collect::<Result<_>>()?, zip.how, &zip.spec, task, run)?)
            }
            Node::Repartition { input, spec } => {
                InputRows::Split(run_repartition(input.rows(None, run)?, &input.schema, spec, run)?)
            }
        };
        match columns {
            Some(columns) => rows.project(columns),
            None => Ok(rows),
        }
    }

    /// The number of rows; a source need not read columns for it.
    pub(super) fn count(&self, run: &RunContext) -> Result<u64> {
        let none: &[usize] = &[];
        let columns = matches!(&*self.node, Node::Source(_)).then_some(none);
        let batches: BatchIter = match self.rows(columns, run)? {
            InputRows::Stream(batches) => batches,
            InputRows::Split(parts) => Box::new(parts.into_iter().flatten().map(Ok)),
        };
        batches.map(|b| Ok(b?.num_rows() as u64)).sum()
    }

    pub(super) fn known_partitions(&self) -> Option<usize> {
        match &*self.node {
            Node::Partitions(parts) => Some(parts.len()),
            Node::Source(_) | Node::Map { .. } | Node::Comap { .. } => Some(1),
            // Whether there are as many rows as partitions shows only when it runs.
            Node::Repartition { .. } => None,
        }
    }

    pub(super) fn explain(&self) -> String {
        let mut lines = Vec::new();
        self.describe(0, &mut lines);
        lines.join("\n")
    }

    fn describe(&self, depth: usize, lines: &mut Vec<String>) {
        let (text, inputs): (String, Vec<&Self>) = match &*self.node {
            Node::Source(source) => (format!("Source: {}", source.lazy().explain(&Scan::new())), Vec::new()),
            Node::Partitions(parts) => (format!("Persisted: {} partitions", parts.len()), Vec::new()),
            Node::Map { input, map } => {
                let columns = map.task.columns(0, &input.schema, &map.spec).ok().flatten();
                let reads = columns.map_or("all columns".to_owned(), |c| {
                    c.iter().map(|i| input.schema.fields()[*i].name()).collect::<Vec<_>>().join(", ")
                });
                (format!("Map: {} [{}] reads {reads}", map.task.name(), map.spec), vec![input])
            }
            Node::Comap { zip, task } => {
                (format!("Comap: {} {:?} [{}]", task.name(), zip.how, zip.spec), zip.members.iter().collect())
            }
            Node::Repartition { input, spec } => (format!("Repartition: [{spec}]"), vec![input]),
        };
        let indent = "  ".repeat(depth);
        // What a source says of frames of other engines has lines below the first.
        let mut text = text.lines();
        lines.push(format!("{indent}{} -> {}", text.next().unwrap_or_default(), self.schema));
        lines.extend(text.map(|line| format!("{indent}  {line}")));
        for input in inputs {
            input.describe(depth + 1, lines);
        }
    }
}

/// What is asked of a frame.
#[derive(Default)]
struct Ask {
    /// Its columns; nothing for all.
    columns: Option<Vec<usize>>,
    /// Rows for which these, over all of its columns, are not true need not come; they may.
    filters: Vec<Typed>,
    /// So many rows are enough.
    limit: Option<u64>,
}

fn run_one(input: &LocalFrame, map: &Map, above: &Ask, run: &RunContext) -> Result<BatchIter> {
    let columns = map.task.columns(0, &input.schema, &map.spec)?;
    let schema = input.schema.project(columns.as_deref())?;
    let limit = above.limit.filter(|_| map.task.keeps_rows());
    let ask = Ask { columns, filters: map.task.spares(&above.filters), limit };
    run_map(input.asked(&ask, run)?, &schema, &map.spec, &map.task, run)
}
