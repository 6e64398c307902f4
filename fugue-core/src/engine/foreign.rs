//! Frames of one engine as data for another: what the other asks of them becomes part of their plan before rows are made.

use std::any::Any;
use std::fmt;
use std::panic::Location;
use std::sync::Arc;

use crate::error::Result;
use crate::expr::{Function, Typed, TypedNode};
use crate::frame::Source;
use crate::io::{BatchIter, LazySource, Pushdown, Scan};
use crate::relational::{Asked, SelectPlan, Verb};
use crate::run::{Cancel, Pool, RunContext};
use crate::schema::{Schema, Type};

use super::AnyFrame;

/// A frame as data for another engine: its source, where it is nothing else.
#[track_caller]
pub(crate) fn foreign(frame: &AnyFrame, derived: bool) -> Source {
    match frame.engine.source(frame) {
        Some(source) => source,
        None => Source::new(Foreign::new(frame, derived)),
    }
}

/// A frame of another engine, read by running it there.
pub(crate) struct Foreign {
    frame: AnyFrame,
    asked: Asked,
}

impl Foreign {
    /// `derived` as that of the session of the frame.
    #[track_caller]
    pub(crate) fn new(frame: &AnyFrame, derived: bool) -> Self {
        Self { frame: frame.clone(), asked: Asked { verb: Verb::Select, at: Location::caller(), derived } }
    }

    pub(super) fn frame(&self) -> &AnyFrame {
        &self.frame
    }

    /// Whether rows are narrowed as they come, instead of by the engine.
    fn streams(&self) -> bool {
        !self.asked.derived && self.frame.engine.streams(&self.frame)
    }

    /// The plan of what a scan asks, and the columns of it where the plan has more.
    fn narrowed(&self, scan: &Scan) -> Result<(AnyFrame, Option<Vec<usize>>)> {
        let (schema, engine) = (&self.frame.schema, &self.frame.engine);
        if self.streams() {
            return Ok((self.frame.clone(), scan.projection().map(<[usize]>::to_vec)));
        }
        let all: Vec<usize> = (0..schema.len()).collect();
        let columns = match scan.projection() {
            None => &all[..],
            // Nothing else would tell how many rows there are.
            Some([]) => &all[..1],
            Some(columns) => columns,
        };
        let mut frame = self.frame.clone();
        // One that can fail is for whoever asks, and must meet all rows that another one, beside it, would take away.
        let fails = scan.filters().iter().any(Typed::can_fail);
        let filter = if fails { None } else { scan.filters().iter().cloned().reduce(both) };
        if columns != all || filter.is_some() {
            let column = |at: &usize| {
                let field = schema.fields().get(*at)?;
                Some((field.name().to_owned(), Typed::column(*at, field.ty().clone())))
            };
            let mut plan = SelectPlan::project(schema, columns.iter().filter_map(column).collect())?;
            plan.filter = filter;
            frame = Arc::clone(engine).select(&frame, &plan, self.asked)?;
        }
        if let Some(rows) = scan.rows() {
            frame = Arc::clone(engine).limit(&frame, rows, self.asked)?;
        }
        Ok((frame, scan.projection().filter(|columns| columns.is_empty()).map(<[usize]>::to_vec)))
    }

    fn read(&self, scan: &Scan, pool: &Pool, cancel: &Cancel) -> Result<BatchIter> {
        crate::io::check_projection(&self.frame.schema, scan.projection())?;
        let (frame, columns) = self.narrowed(scan)?;
        // Functions of the other engine's plan run where those of this action do.
        let mut run = RunContext::new(pool.clone(), cancel.clone());
        run.limit = scan.rows();
        // Engines may need an async runtime to start; the one that stands in drives the start, the batches come by themselves.
        let stream = crate::blocking::drive(None, cancel, async { frame.engine.stream(&frame, &run).await })?;
        Ok(Box::new(stream.into_blocking().map(move |batch| match &columns {
            Some(columns) => Ok(batch?.project(columns)?),
            None => batch,
        })))
    }
}

fn both(left: Typed, right: Typed) -> Typed {
    Typed { node: TypedNode::Call { function: Function::And, args: vec![left, right] }, ty: Type::Bool }
}

impl fmt::Debug for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Foreign").field("frame", &self.frame).finish_non_exhaustive()
    }
}

impl LazySource for Foreign {
    fn schema(&self) -> &Schema {
        &self.frame.schema
    }

    fn describe(&self) -> String {
        format!("frame of {}", self.frame.engine.info().name)
    }

    fn explain(&self, scan: &Scan) -> String {
        let planned = self.narrowed(scan).and_then(|(frame, _)| frame.engine.explain(&frame));
        // A plan that does not resolve is told by the action.
        let text = planned.unwrap_or_else(|e| e.to_string());
        format!("{}\n{text}", self.describe())
    }

    fn rows(&self) -> Option<u64> {
        None
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }

    fn scan(&self, projection: Option<&[usize]>, cancel: &Cancel) -> Result<BatchIter> {
        self.scan_parallel(projection, &Pool::shared()?, cancel)
    }

    fn scan_parallel(&self, projection: Option<&[usize]>, pool: &Pool, cancel: &Cancel) -> Result<BatchIter> {
        self.read(&Scan::new().columns(projection), pool, cancel)
    }

    fn scan_with(&self, scan: &Scan, cancel: &Cancel) -> Result<BatchIter> {
        match scan.pool() {
            Some(pool) => self.read(scan, pool, cancel),
            None => self.read(scan, &Pool::shared()?, cancel),
        }
    }

    fn pushdown(&self, filter: &Typed) -> Pushdown {
        // A filter that can fail must not meet rows that another one, which stays above, takes away.
        if self.streams() || filter.can_fail() { Pushdown::Ignored } else { Pushdown::Exact }
    }
}
