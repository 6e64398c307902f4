//! Frames of the Polars engine: nodes over nodes, each knowing its schema; native where Polars can do it, ours where user code runs.

use std::fmt;
use std::sync::Arc;

use fugue_core::arrow::record_batch::RecordBatch;
use fugue_core::engine::{Map, Zip};
use fugue_core::frame::Source;
use fugue_core::io::{BatchIter, Scan};
use fugue_core::partition::PartitionSpec;
use fugue_core::run::RunContext;
use fugue_core::transform::{InputRows, Task};
use fugue_core::{Error, ErrorKind, Result, Schema};
use polars::prelude::{DataFrame, IntoLazy, LazyFrame, PolarsResult};

use crate::action::Action;
use crate::asked::Asked;
use crate::batches::{from_batches, to_batches};
use crate::lazy::Place;
use crate::storage::File;
use crate::{lazy, plan, types};

/// A frame of the Polars engine: a plan that produces rows when an action runs it. Cheap to clone.
#[derive(Clone)]
pub struct PolarsFrame {
    schema: Schema,
    node: Arc<Node>,
}

pub(crate) enum Node {
    /// Rows in memory: one frame for each physical partition.
    Frames(Vec<DataFrame>),
    /// What Polars will do.
    Plan(LazyFrame),
    /// A file that Polars reads.
    File(File),
    /// What others read: files, frames of other engines, streams.
    Source(Source),
    Map {
        input: PolarsFrame,
        map: Map,
    },
    Comap {
        zip: Zip<PolarsFrame>,
        task: Task,
    },
    Repartition {
        input: PolarsFrame,
        spec: PartitionSpec,
    },
    /// What Polars makes of other frames.
    Native(Native),
}

/// An operation of Polars over frames of ours.
pub(crate) struct Native {
    pub(crate) what: &'static str,
    pub(crate) inputs: Vec<PolarsFrame>,
    pub(crate) plan: Arc<dyn Fn(&[LazyFrame]) -> PolarsResult<LazyFrame> + Send + Sync>,
    /// Of each column whether it is known to have no null; empty where nobody has looked.
    pub(crate) full: Vec<bool>,
}

impl Native {
    /// The plan, over the plans of its inputs.
    pub(crate) fn over(&self, input: &mut dyn FnMut(&PolarsFrame) -> Result<LazyFrame>) -> Result<LazyFrame> {
        let inputs = self.inputs.iter().map(input).collect::<Result<Vec<_>>>()?;
        (self.plan)(&inputs).map_err(crate::error::from_polars)
    }
}

impl fmt::Debug for PolarsFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PolarsFrame").field("schema", &self.schema).finish_non_exhaustive()
    }
}

impl PolarsFrame {
    /// A frame that Polars computes. Nothing runs; footers of files may be read for the schema.
    ///
    /// # Errors
    /// [`EngineFailed`](fugue_core::ErrorKind::EngineFailed) for a plan that does not resolve,
    /// [`SchemaInvalid`](fugue_core::ErrorKind::SchemaInvalid) naming a column whose type has no place in a portable schema.
    pub fn from_lazy(plan: LazyFrame) -> Result<Self> {
        Ok(Self::new(plan::schema(&plan)?, Node::Plan(plan)))
    }

    /// A frame of rows in memory.
    ///
    /// # Errors
    /// [`SchemaInvalid`](fugue_core::ErrorKind::SchemaInvalid) naming a column whose type has no place in a portable schema.
    pub fn from_eager(df: DataFrame) -> Result<Self> {
        Ok(Self::new(types::schema_of(df.schema())?, Node::Frames(vec![df])))
    }

    /// The frame as a lazy frame of Polars: native parts as they are, functions of the user as steps that run when it is collected.
    ///
    /// # Errors
    /// [`SettingInvalid`](fugue_core::ErrorKind::SettingInvalid) where the operating system gives no threads.
    pub fn to_lazy(&self) -> Result<LazyFrame> {
        self.to_lazy_on(&Place::shared()?)
    }

    /// The same, with functions that run in a place.
    pub(crate) fn to_lazy_on(&self, place: &Place) -> Result<LazyFrame> {
        match &*self.node {
            Node::Frames(parts) => Ok(joined(parts)?.lazy()),
            Node::Plan(plan) => Ok(plan.clone()),
            Node::File(file) => Ok(file.plan().clone()),
            Node::Native(native) => native.over(&mut |input| input.to_lazy_on(place)),
            // Partitions have no place in a plan of Polars, and calls depend on them.
            Node::Map { input, map } if !input.is_partitioned() => {
                lazy::mapped(&input.to_lazy_on(place)?, &input.schema, map, place)
            }
            Node::Map { .. } | Node::Source(_) | Node::Comap { .. } | Node::Repartition { .. } => lazy::source(self, place),
        }
    }

    /// Its columns.
    #[must_use]
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    pub(crate) fn new(schema: Schema, node: Node) -> Self {
        Self { schema, node: Arc::new(node) }
    }

    /// Rows in memory, in physical partitions.
    pub(crate) fn in_memory(schema: &Schema, parts: Vec<Vec<RecordBatch>>) -> Result<Self> {
        let mut frames = parts.into_iter().map(|part| from_batches(part, schema)).collect::<Result<Vec<_>>>()?;
        if frames.is_empty() {
            // No row has no partition, but still columns.
            frames.push(from_batches(Vec::new(), schema)?);
        }
        Ok(Self::new(schema.clone(), Node::Frames(frames)))
    }

    pub(crate) fn node(&self) -> &Node {
        &self.node
    }

    /// What tells nodes apart, for as long as the frame lives.
    pub(crate) fn id(&self) -> usize {
        Arc::as_ptr(&self.node).addr()
    }

    /// The frames that it is made of, each with the columns that are read of it (`None` for all).
    pub(crate) fn inputs(&self) -> Result<Vec<(&Self, Option<Vec<usize>>)>> {
        Ok(match &*self.node {
            Node::Frames(_) | Node::Plan(_) | Node::File(_) | Node::Source(_) => Vec::new(),
            Node::Map { input, map } => vec![(input, map.task.columns(0, &input.schema, &map.spec)?)],
            Node::Comap { zip, task } => {
                let member = |(i, m): (usize, &'_ Self)| task.columns(i, &m.schema, &zip.spec);
                let columns = zip.members.iter().enumerate().map(member).collect::<Result<Vec<_>>>()?;
                zip.members.iter().zip(columns).collect()
            }
            Node::Repartition { input, .. } => vec![(input, None)],
            Node::Native(_) => self.stages().into_iter().map(|stage| (stage, None)).collect(),
        })
    }

    /// The frames below operations of Polars that Polars does not make, and that run before it does; each as often as it is read.
    fn stages(&self) -> Vec<&Self> {
        match &*self.node {
            Node::Native(native) => native.inputs.iter().flat_map(Self::stages).collect(),
            Node::Frames(_) | Node::Plan(_) | Node::File(_) => Vec::new(),
            Node::Source(_) | Node::Map { .. } | Node::Comap { .. } | Node::Repartition { .. } => vec![self],
        }
    }

    /// The plan of operations of Polars over rows of earlier stages, which are asked for in the order of [`inputs`](Self::inputs).
    pub(crate) fn staged(&self, stage: &mut dyn FnMut(&Self) -> Result<LazyFrame>) -> Result<LazyFrame> {
        match &*self.node {
            Node::Native(native) => native.over(&mut |input| input.staged(stage)),
            Node::Frames(parts) => Ok(joined(parts)?.lazy()),
            Node::Plan(plan) => Ok(plan.clone()),
            Node::File(file) => Ok(file.plan().clone()),
            Node::Source(_) | Node::Map { .. } | Node::Comap { .. } | Node::Repartition { .. } => stage(self),
        }
    }

    /// The plan of what Polars makes alone.
    fn unstaged(&self) -> Result<LazyFrame> {
        let none = |_: &Self| Err(Error::new(ErrorKind::Unexpected, "a stage where there was none; please report it"));
        self.staged(&mut { none })
    }

    /// Whether it may have more than one physical partition.
    fn is_partitioned(&self) -> bool {
        self.known_partitions() != Some(1)
    }

    pub(crate) fn known_partitions(&self) -> Option<usize> {
        match &*self.node {
            Node::Frames(parts) => Some(parts.len()),
            Node::Plan(_) | Node::File(_) | Node::Source(_) | Node::Map { .. } | Node::Comap { .. } | Node::Native(_) => Some(1),
            // Whether there are as many rows as partitions shows only when it runs.
            Node::Repartition { .. } => None,
        }
    }

    /// All rows in one frame, if they are in memory already.
    pub(crate) fn eager(&self) -> Option<Result<DataFrame>> {
        match &*self.node {
            Node::Frames(parts) => Some(joined(parts)),
            _ => None,
        }
    }

    /// The number of rows, where it is known without running anything.
    pub(crate) fn rows(&self) -> Option<u64> {
        match &*self.node {
            Node::Frames(parts) => Some(parts.iter().map(|df| df.height() as u64).sum()),
            _ => None,
        }
    }

    /// The number of rows, where a file or Polars knows it or counts it by itself.
    ///
    /// # Errors
    /// What the plan meets.
    pub(crate) fn count(&self, run: &RunContext) -> Result<Option<u64>> {
        match &*self.node {
            Node::Plan(plan) => plan::count(plan).map(Some),
            Node::File(file) => file.count().map(Some),
            Node::Source(source) => Ok(source.lazy().rows()),
            Node::Native(_) => Action::new(self, run)?.count(self).map(Some),
            _ => Ok(self.rows()),
        }
    }

    /// The call of a task for each group of rows, planned.
    ///
    /// # Errors
    /// [`SchemaInvalid`](fugue_core::ErrorKind::SchemaInvalid) for an output that Polars cannot hold.
    pub(crate) fn mapped(&self, map: &Map) -> Result<Self> {
        types::polars_schema_of(map.task.output())?;
        Ok(Self::new(map.task.output().clone(), Node::Map { input: self.clone(), map: map.clone() }))
    }

    /// All rows, as they become ready.
    pub(crate) fn run(&self, run: &RunContext) -> Result<BatchIter> {
        Ok(match Action::new(self, run)?.first(self, run.limit)? {
            InputRows::Stream(batches) => batches,
            InputRows::Split(parts) => Box::new(parts.into_iter().flatten().map(Ok)),
        })
    }

    /// Runs it and keeps the rows, in their partitions.
    pub(crate) fn persist(&self, run: &RunContext) -> Result<Self> {
        let parts = match Action::new(self, run)?.rows(self, None)? {
            InputRows::Stream(batches) => vec![batches.collect::<Result<_>>()?],
            InputRows::Split(parts) => parts,
        };
        Self::in_memory(&self.schema, parts)
    }

    /// Rows of a node without inputs.
    pub(crate) fn leaf(&self, columns: Option<&[usize]>, run: &RunContext) -> Result<Option<InputRows>> {
        let schema = self.schema.project(columns)?;
        Ok(Some(match &*self.node {
            Node::Frames(parts) => {
                let part = |df: &DataFrame| {
                    let df = if columns.is_some() { &df.select(schema.names()).map_err(crate::error::from_polars)? } else { df };
                    to_batches(df, &schema)
                };
                let mut parts = parts.iter().map(part).collect::<Result<Vec<_>>>()?;
                match parts.pop() {
                    Some(only) if parts.is_empty() => InputRows::Stream(Box::new(only.into_iter().map(Ok))),
                    last => InputRows::Split(parts.into_iter().chain(last).collect()),
                }
            }
            Node::Plan(plan) => {
                let plan = if columns.is_some() { plan::select(plan, &schema) } else { plan.clone() };
                InputRows::Stream(plan::read(plan, schema, &run.cancel))
            }
            Node::File(file) => InputRows::Stream(file.read(&Asked::first(columns, None), run)?),
            Node::Source(source) => {
                InputRows::Stream(source.lazy().scan_with(&Asked::first(columns, None).scan_on(run), &run.cancel)?)
            }
            Node::Map { .. } | Node::Comap { .. } | Node::Repartition { .. } | Node::Native(_) => return Ok(None),
        }))
    }

    /// The plan as text: our nodes, and below them what Polars says of its own.
    pub(crate) fn explain(&self) -> Result<String> {
        let mut lines = Vec::new();
        self.describe(0, &mut lines)?;
        Ok(lines.join("\n"))
    }

    fn describe(&self, depth: usize, lines: &mut Vec<String>) -> Result<()> {
        let mut native = None;
        let text = match &*self.node {
            Node::Frames(parts) => {
                let rows: usize = parts.iter().map(DataFrame::height).sum();
                format!("Frame: {rows} rows in {} partition{}", parts.len(), if parts.len() == 1 { "" } else { "s" })
            }
            Node::Plan(plan) => {
                native = Some(plan::explain(plan)?);
                "Polars:".to_owned()
            }
            Node::File(file) => {
                native = Some(plan::explain(file.plan())?);
                "Polars:".to_owned()
            }
            Node::Source(source) => format!("Source: {}", source.lazy().explain(&Scan::new())),
            Node::Map { input, map } => {
                let columns = map.task.columns(0, &input.schema, &map.spec)?;
                let reads = match columns {
                    Some(_) => input.schema.project(columns.as_deref())?.names().collect::<Vec<_>>().join(", "),
                    None => "all columns".to_owned(),
                };
                format!("Map: {} [{}] reads {reads}", map.task.name(), map.spec)
            }
            Node::Comap { zip, task } => format!("Comap: {} {:?} [{}]", task.name(), zip.how, zip.spec),
            Node::Repartition { spec, .. } => format!("Repartition: [{spec}]"),
            Node::Native(inner) if self.stages().is_empty() => {
                native = Some(plan::explain(&self.unstaged()?)?);
                format!("Polars: {}", inner.what)
            }
            Node::Native(native) => format!("Polars: {}", native.what),
        };
        let indent = "  ".repeat(depth);
        // What a source says of frames of other engines has lines below the first.
        let mut text = text.lines();
        lines.push(format!("{indent}{} -> {}", text.next().unwrap_or_default(), self.schema));
        lines.extend(text.map(|line| format!("{indent}  {line}")));
        lines.extend(native.iter().flat_map(|text| text.lines()).map(|line| format!("{indent}  {line}")));
        let below: Vec<&Self> = match &*self.node {
            Node::Native(inner) if native.is_none() => inner.inputs.iter().collect(),
            _ => self.inputs()?.into_iter().map(|(input, _)| input).collect(),
        };
        for input in below {
            input.describe(depth + 1, lines)?;
        }
        Ok(())
    }
}

/// Partitions one below the other; their chunks are not copied.
fn joined(parts: &[DataFrame]) -> Result<DataFrame> {
    let mut parts = parts.iter();
    let mut all = parts.next().cloned().unwrap_or_default();
    for part in parts {
        all.vstack_mut(part).map_err(crate::error::from_polars)?;
    }
    Ok(all)
}
