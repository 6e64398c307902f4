//! The function of a step: at hand, or packed for the place where the step will run; and what plans must know of it either way.

use std::panic::Location;
use std::sync::Arc;

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::execution::TaskContext;
use fugue_core::partition::PartitionSpec;
use fugue_core::transform::{Shape, Task};
use fugue_core::travel::{Packed, Reach, pack};
use fugue_core::{Result, Schema};

use crate::travel::worker_of;
use crate::types::plain_schema;

/// The function of a step.
#[derive(Clone, Debug)]
pub(crate) struct Callee {
    name: String,
    output: Schema,
    /// Columns of the output that the library writes and not the function.
    carried: Vec<String>,
    /// Whether rows may be called as they come.
    streams: bool,
    /// The line of the user's program, where this is that program.
    asked_for_at: Option<&'static Location<'static>>,
    at: At,
}

#[derive(Clone, Debug)]
enum At {
    Here(Task),
    /// Packed here, to be unpacked where the step runs.
    Away(Arc<Packed>),
    /// Packed elsewhere.
    Arrived(Arc<[u8]>),
}

impl Callee {
    /// A function that runs in this process.
    pub(crate) fn here(task: &Task, spec: &PartitionSpec) -> Self {
        Self::of(task, spec, At::Here(task.clone()))
    }

    /// A function that goes to wherever the step runs.
    ///
    /// # Errors
    /// `TransformerNotRegistered` for functions that cannot go so far.
    pub(crate) fn away(task: &Task, spec: &PartitionSpec, reach: Reach) -> Result<Self> {
        Ok(Self::of(task, spec, At::Away(Arc::new(pack(task, reach)?))))
    }

    /// A function that came in a packed step.
    pub(crate) fn arrived(name: String, output: Schema, carried: Vec<String>, streams: bool, bytes: Vec<u8>) -> Self {
        Self { name, output, carried, streams, asked_for_at: None, at: At::Arrived(bytes.into()) }
    }

    fn of(task: &Task, spec: &PartitionSpec, at: At) -> Self {
        let carried = task.output().names().filter(|name| task.carries(name)).map(str::to_owned).collect();
        let by_batches = task.shape() == Shape::Stream && spec.presort_keys().is_empty();
        let streams = task.is_row_wise(spec) || by_batches;
        let (name, output) = (task.name().to_owned(), task.output().clone());
        Self { name, output, carried, streams, asked_for_at: task.call_site(), at }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn asked_for_at(&self) -> Option<&'static Location<'static>> {
        self.asked_for_at
    }

    pub(crate) fn output(&self) -> &Schema {
        &self.output
    }

    pub(crate) fn carried(&self) -> &[String] {
        &self.carried
    }

    pub(crate) fn carries(&self, column: &str) -> bool {
        self.carried.iter().any(|c| c == column)
    }

    pub(crate) fn streams(&self) -> bool {
        self.streams
    }

    /// Whether the step runs on other machines, or might.
    pub(crate) fn travels(&self) -> bool {
        !matches!(self.at, At::Here(_))
    }

    /// The columns as the step gives them.
    pub(crate) fn columns(&self) -> SchemaRef {
        if self.travels() { plain_schema(self.output.arrow()) } else { self.output.to_arrow() }
    }

    /// The function as bytes; `None` for one that stays in this process.
    pub(crate) fn bytes(&self) -> Option<&[u8]> {
        match &self.at {
            At::Here(_) => None,
            At::Away(packed) => Some(packed.bytes()),
            At::Arrived(bytes) => Some(bytes),
        }
    }

    /// The function, ready to be called.
    ///
    /// # Errors
    /// `TransformerNotRegistered` where this program does not have it.
    pub(crate) fn task(&self, context: &TaskContext) -> Result<Task> {
        match (&self.at, self.bytes()) {
            (At::Here(task), _) => Ok(task.clone()),
            (_, bytes) => worker_of(context)?.task(bytes.unwrap_or_default()),
        }
    }
}
