//! One run of a frame: stage after stage, each node once, however many read it.

use std::collections::BTreeMap;

use fugue_core::arrow::record_batch::RecordBatch;
use fugue_core::frame::Source;
use fugue_core::io::BatchIter;
use fugue_core::run::RunContext;
use fugue_core::transform::{InputRows, run_comap, run_map, run_repartition};
use fugue_core::{Error, ErrorKind, Result, Schema};
use polars::prelude::{DataFrame, IdxSize, IntoLazy, LazyFrame};

use crate::asked::{self, Asked};
use crate::batches::from_batches;
use crate::frame::{Node, PolarsFrame};
use crate::plan;

/// A run of a frame. Stages are driven from outside Polars: no task of ours runs inside one of its queries, so nothing of Polars
/// waits for our pool, errors come back by value, and a stage looks at the cancel token before the next one begins.
pub(crate) struct Action<'r> {
    run: &'r RunContext,
    uses: BTreeMap<usize, Use>,
    kept: BTreeMap<usize, Vec<Vec<RecordBatch>>>,
}

/// How a node is read in an action.
#[derive(Default)]
struct Use {
    times: usize,
    /// The columns that are read of it by anyone; `None` for all.
    columns: Option<Vec<usize>>,
}

impl<'r> Action<'r> {
    /// # Errors
    /// `ColumnNotFound` for a spec that does not fit its input.
    pub(crate) fn new(frame: &PolarsFrame, run: &'r RunContext) -> Result<Self> {
        let mut action = Self { run, uses: BTreeMap::new(), kept: BTreeMap::new() };
        action.visit(frame, None)?;
        Ok(action)
    }

    /// Counts who reads what. What a node reads of its inputs does not depend on what is read of it, so each is entered once.
    fn visit(&mut self, frame: &PolarsFrame, columns: Option<Vec<usize>>) -> Result<()> {
        let used = self.uses.entry(frame.id()).or_default();
        used.times += 1;
        if used.times > 1 {
            used.columns = match (used.columns.take(), columns) {
                (Some(mut all), Some(more)) => {
                    all.extend(more);
                    all.sort_unstable();
                    all.dedup();
                    Some(all)
                }
                _ => None,
            };
            return Ok(());
        }
        used.columns = columns;
        for (input, columns) in frame.inputs()? {
            self.visit(input, columns)?;
        }
        Ok(())
    }

    /// The rows of a frame, of these columns in this order.
    ///
    /// # Errors
    /// What earlier stages meet; the errors of the last one come out of the rows.
    pub(crate) fn rows(&mut self, frame: &PolarsFrame, columns: Option<&[usize]>) -> Result<InputRows> {
        self.run.cancel.check()?;
        let shared = self.uses.get(&frame.id()).is_some_and(|u| u.times > 1);
        // What is in memory is read again for nothing.
        if !shared || matches!(frame.node(), Node::Frames(_)) {
            return self.fresh(frame, columns);
        }
        let all = self.uses.get(&frame.id()).and_then(|u| u.columns.clone());
        if !self.kept.contains_key(&frame.id()) {
            let parts = match self.fresh(frame, all.as_deref())? {
                InputRows::Stream(batches) => vec![batches.collect::<Result<_>>()?],
                InputRows::Split(parts) => parts,
            };
            self.kept.insert(frame.id(), parts);
        }
        let parts = self.kept.get(&frame.id()).cloned().unwrap_or_default();
        let rows = match <[Vec<RecordBatch>; 1]>::try_from(parts) {
            Ok([only]) => InputRows::Stream(Box::new(only.into_iter().map(Ok))),
            Err(parts) => InputRows::Split(parts),
        };
        match (columns, all) {
            (Some(columns), Some(all)) => rows.project(&places(columns, &all)?),
            (Some(columns), None) => rows.project(columns),
            (None, _) => Ok(rows),
        }
    }

    /// The rows of the frame that the action is for; so many are enough.
    ///
    /// # Errors
    /// As [`rows`](Self::rows).
    pub(crate) fn first(&mut self, frame: &PolarsFrame, rows: Option<u64>) -> Result<InputRows> {
        let Some(limit) = rows else { return self.rows(frame, None) };
        self.run.cancel.check()?;
        match frame.node() {
            Node::Source(source) => Ok(InputRows::Stream(read(source, &Asked::first(None, rows), self.run)?)),
            Node::File(file) => Ok(InputRows::Stream(file.read(&Asked::first(None, rows), self.run)?)),
            Node::Native(_) => {
                let enough = IdxSize::try_from(limit).unwrap_or(IdxSize::MAX);
                let plan = self.native(frame, &|plan| plan.limit(enough))?;
                Ok(InputRows::Stream(plan::read(plan, frame.schema().clone(), &self.run.cancel)))
            }
            _ => self.rows(frame, None),
        }
    }

    /// The number of rows of operations of Polars.
    ///
    /// # Errors
    /// What they meet.
    pub(crate) fn count(&mut self, frame: &PolarsFrame) -> Result<u64> {
        let plan = self.native(frame, &plan::counted)?;
        plan::number(plan)
    }

    /// A plan over operations of Polars over the rows of earlier stages, which are in memory before the first of them begins. Of sources
    /// that nobody else reads there are only the rows and columns that the plan asks for.
    fn native(&mut self, frame: &PolarsFrame, above: &dyn Fn(LazyFrame) -> LazyFrame) -> Result<LazyFrame> {
        let asked = self.asked(frame, above)?;
        let plan = frame.staged(&mut |stage| {
            let df = match (stage.node(), asked.get(&stage.id())) {
                (Node::Source(source), Some(asked)) => {
                    let rows = InputRows::Stream(read(source, asked, self.run)?);
                    asked::widened(&eager(rows, &asked.schema(stage.schema())?)?, stage.schema())?
                }
                _ => eager(self.rows(stage, None)?, stage.schema())?,
            };
            Ok(df.lazy())
        })?;
        Ok(above(plan))
    }

    /// What a plan asks of the sources that it alone reads.
    fn asked(&self, frame: &PolarsFrame, above: &dyn Fn(LazyFrame) -> LazyFrame) -> Result<BTreeMap<usize, Asked>> {
        let mut schemas = BTreeMap::new();
        let plan = frame.staged(&mut |stage| {
            let alone = self.uses.get(&stage.id()).is_some_and(|u| u.times == 1);
            if alone && matches!(stage.node(), Node::Source(_)) {
                schemas.insert(stage.id(), stage.schema().clone());
                return asked::stand(stage.id(), stage.schema());
            }
            Ok(asked::nothing(stage.schema())?.lazy())
        })?;
        if schemas.is_empty() { Ok(BTreeMap::new()) } else { asked::asked(above(plan), &schemas) }
    }

    fn fresh(&mut self, frame: &PolarsFrame, columns: Option<&[usize]>) -> Result<InputRows> {
        if let Some(rows) = frame.leaf(columns, self.run)? {
            return Ok(rows);
        }
        if let Node::Native(_) = frame.node() {
            let schema = frame.schema().project(columns)?;
            let narrow = |plan: LazyFrame| if columns.is_some() { plan::select(&plan, &schema) } else { plan };
            let plan = self.native(frame, &narrow)?;
            return Ok(InputRows::Stream(plan::read(plan, schema, &self.run.cancel)));
        }
        let mut inputs = Vec::new();
        for (input, needed) in frame.inputs()? {
            inputs.push((input.schema().project(needed.as_deref())?, self.rows(input, needed.as_deref())?));
        }
        let rows = match frame.node() {
            Node::Comap { zip, task } => InputRows::Stream(run_comap(inputs, zip.how, &zip.spec, task, self.run)?),
            node => {
                let (schema, rows) =
                    inputs.pop().ok_or_else(|| Error::new(ErrorKind::Unexpected, "a node without an input; please report it"))?;
                match node {
                    Node::Map { map, .. } => InputRows::Stream(run_map(rows, &schema, &map.spec, &map.task, self.run)?),
                    Node::Repartition { spec, .. } => InputRows::Split(run_repartition(rows, &schema, spec, self.run)?),
                    _ => rows,
                }
            }
        };
        match columns {
            Some(columns) => rows.project(columns),
            None => Ok(rows),
        }
    }
}

/// What is asked of a source.
fn read(source: &Source, asked: &Asked, run: &RunContext) -> Result<BatchIter> {
    source.lazy().scan_with(&asked.scan_on(run), &run.cancel)
}

/// Rows in one frame of Polars.
fn eager(rows: InputRows, schema: &Schema) -> Result<DataFrame> {
    let batches: Vec<RecordBatch> = match rows {
        InputRows::Stream(batches) => batches.collect::<Result<_>>()?,
        InputRows::Split(parts) => parts.into_iter().flatten().collect(),
    };
    from_batches(batches, schema)
}

/// Where columns stand among some of a frame.
fn places(columns: &[usize], among: &[usize]) -> Result<Vec<usize>> {
    let place = |column: &usize| {
        among
            .iter()
            .position(|c| c == column)
            .ok_or_else(|| Error::new(ErrorKind::Unexpected, "a column was not kept; please report it"))
    };
    columns.iter().map(place).collect()
}
