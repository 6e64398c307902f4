//! Relational operations through `map`, `comap` and `ingest`, for whatever an engine does not do by itself.
//!
//! Each is a few [steps](step): tasks of the library that work on batches with the shared kernels, and that travel to other processes by
//! their names like any function. Nothing runs before an action asks.

mod concat;
mod cross;
mod group;
mod join;
mod order;
mod rows;
mod sample;
mod sets;
mod step;
mod verb;
mod window;
mod write;

use std::panic::Location;
use std::sync::Arc;

use crate::engine::{AnyFrame, DynEngine, Map, Zip, derived_comap};
use crate::error::{Error, ErrorKind, Result};
use crate::frame::Source;
use crate::group::ZipKind;
use crate::partition::PartitionSpec;
use crate::schema::{Schema, quote};
use crate::transform::{CallOptions, Slots, Task, bind_step};

pub(crate) use sample::SampleSize;
pub(crate) use verb::Verb;
pub(crate) use write::{writing, written};

use step::{Letter, Step};

/// The entry of a step, by its name.
pub(crate) use step::entry as step;

use super::SelectPlan;

/// What a user asked, and where.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    pub(crate) verb: Verb,
    pub(crate) at: &'static Location<'static>,
    /// Whether to leave out what the engine does by itself.
    pub(crate) derived: bool,
}

/// Plans relational operations of one verb on one engine.
#[derive(Clone, Debug)]
pub(crate) struct Planner {
    engine: Arc<dyn DynEngine>,
    asked: Asked,
}

impl Planner {
    pub(crate) fn new(engine: Arc<dyn DynEngine>, asked: Asked) -> Self {
        Self { engine, asked }
    }

    /// Filter, windows or grouping, having, columns, distinct.
    pub(crate) fn select(&self, frame: &AnyFrame, plan: &SelectPlan) -> Result<AnyFrame> {
        let selected = match &plan.group {
            Some(group) => self.grouped(frame, plan, group)?,
            None if plan.windows.is_empty() => self.rows(frame, plan.filter.clone(), plan.columns.clone(), &plan.output)?,
            None => self.windowed(frame, plan)?,
        };
        if plan.distinct { self.distinct(&selected) } else { Ok(selected) }
    }

    fn task<S: Step>(&self, step: &S, inputs: &[Schema], spec: &PartitionSpec, output: &Schema) -> Result<Task> {
        let entry = step::entry(S::NAME)
            .ok_or_else(|| Error::new(ErrorKind::Unexpected, format!("{} is not in the list of steps", S::NAME)))?;
        bind_step(entry, inputs, spec, &self.call(step, output)?)
    }

    /// A map by a step.
    fn map<S: Step>(&self, frame: &AnyFrame, spec: PartitionSpec, step: &S, output: &Schema) -> Result<AnyFrame> {
        let task = self.task(step, std::slice::from_ref(&frame.schema), &spec, output)?;
        Arc::clone(&self.engine).map(frame, &Map::new(spec, task))
    }

    /// A comap of two frames by a step.
    fn comap<S: Step>(
        &self,
        frames: [&AnyFrame; 2],
        how: ZipKind,
        spec: &PartitionSpec,
        step: &S,
        output: &Schema,
    ) -> Result<AnyFrame> {
        let schemas = frames.map(|f| f.schema.clone());
        let task = self.task(step, &schemas, spec, output)?;
        let zip = Zip::new(frames.into_iter().cloned().collect(), how, spec.clone());
        let engine = Arc::clone(&self.engine);
        if self.asked.derived { derived_comap(engine, &zip, &task) } else { engine.comap(&zip, &task) }
    }

    fn ingest(&self, source: Source) -> Result<AnyFrame> {
        Arc::clone(&self.engine).ingest(source)
    }

    /// No rows.
    fn empty(&self, schema: &Schema) -> Result<AnyFrame> {
        self.ingest(Source::batches(schema.clone(), Vec::new())?)
    }

    fn call<S: Step>(&self, step: &S, output: &Schema) -> Result<CallOptions> {
        let params = rmp_serde::to_vec_named(&Letter { verb: self.asked.verb, step }).map_err(|e| {
            Error::new(ErrorKind::Unexpected, format!("{} cannot be written down to travel: {e}", S::NAME)).with_source(e)
        })?;
        let mut call = CallOptions::at(self.asked.at);
        call.schema = Some(output.to_string());
        call.slots = Slots::of_params(Some(params.into()));
        Ok(call)
    }

    /// Refuses what cannot be compared, before the partition spec does in words that nobody asked for.
    pub(crate) fn comparable(&self, schema: &Schema, columns: impl IntoIterator<Item = usize>) -> Result<()> {
        for field in columns.into_iter().filter_map(|i| schema.fields().get(i)) {
            if field.ty().has_map() {
                let message = format!(
                    "{} compares the column {}, which is or holds a map: its entries have no order, so that maps are neither equal nor \
                     less; drop the column, or take what is to be compared out of it",
                    self.asked.verb,
                    quote(field.name())
                );
                return Err(Error::new(ErrorKind::ExpressionInvalid, message).with("column", field.name()));
            }
        }
        Ok(())
    }
}

/// The spec of one partition.
fn single() -> Result<PartitionSpec> {
    PartitionSpec::new().num(1)
}

/// A name that no column has.
fn free(name: &str, taken: &Schema) -> String {
    let mut name = name.to_owned();
    while taken.contains(&name) {
        name.push('_');
    }
    name
}
