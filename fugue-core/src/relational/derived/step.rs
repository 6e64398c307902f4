//! Steps: tasks of the library, made of parameters that travel, under names that every program of this version knows.

use std::any::TypeId;
use std::marker::PhantomData;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatchOptions};
use arrow::record_batch::RecordBatch;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind, Result};
use crate::expr::{Typed, TypedAggregate, TypedSort, TypedWindow, evaluate};
use crate::group::{Groups, Member};
use crate::io::BatchIter;
use crate::schema::Schema;
use crate::transform::{FromContext, Params, Produces, Progress, Reads, Shape, Slots, TaskContext, TaskEntry, TaskFn};

use super::Verb;

/// The parameters of a task of the library, and what it does with rows.
pub(super) trait Step: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The name that other processes know it by.
    const NAME: &'static str;
    /// One call per group, per stream, or of any rows.
    const SHAPE: Shape = Shape::Group;
    /// Number of inputs.
    const INPUTS: usize = 1;

    /// The columns that it reads of an input, by position; nothing for all of them.
    fn columns(&self, input: usize) -> Option<Vec<usize>>;

    /// See [`TaskFn::spares`].
    fn spares(&self, above: &[Typed]) -> Vec<Typed> {
        let _ = above;
        Vec::new()
    }

    /// See [`TaskFn::keeps_rows`].
    fn keeps_rows(&self) -> bool {
        false
    }

    /// Works on groups of rows.
    fn run(&self, cx: &TaskContext, groups: &Groups) -> Result<Vec<RecordBatch>>;

    /// Works on the batches of a partition.
    fn run_stream(self: Arc<Self>, cx: &TaskContext, input: BatchIter) -> Result<BatchIter> {
        let _ = (cx, input);
        Err(Error::new(ErrorKind::Unexpected, format!("{} reads no streams", Self::NAME)))
    }
}

/// A step as it travels.
#[derive(Serialize, Deserialize)]
pub(super) struct Letter<S> {
    pub(super) verb: Verb,
    pub(super) step: S,
}

macro_rules! steps {
    ($($step:ty),* $(,)?) => {
        static ENTRIES: &[TaskEntry] = &[$(entry_of::<$step>()),*];
    };
}

steps! {
    super::rows::Rows,
    super::group::Grouped,
    super::group::Folded,
    super::group::Finish,
    super::window::Windowed,
    super::sets::Distinct,
    super::sets::Counted,
    super::join::Joined,
    super::order::Top,
    super::order::Head,
    super::order::Limited,
    super::sample::Hashed,
    super::sample::Drawn,
    super::sample::Redrawn,
    super::write::Written,
}

/// The entry of a step, by its name.
pub(crate) fn entry(name: &str) -> Option<&'static TaskEntry> {
    ENTRIES.iter().find(|e| e.name == name)
}

const fn entry_of<S: Step>() -> TaskEntry {
    let package = concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION"));
    TaskEntry::new(S::NAME, file!(), line!(), package, S::NAME, TypeId::of::<S>, make::<S>, no_rules)
}

fn make<S: Step>() -> Arc<dyn TaskFn> {
    Arc::new(Run::<S>(PhantomData))
}

fn no_rules() -> Option<crate::transform::Rules> {
    None
}

/// A step as the task runners call it.
struct Run<S>(PhantomData<fn() -> S>);

impl<S: Step> Run<S> {
    fn letter(slots: &Slots) -> Result<Arc<Letter<Shared<S>>>> {
        let id = TypeId::of::<Letter<Shared<S>>>();
        let found = slots.decoded.iter().find(|(found, _)| *found == id).map(|(_, letter)| Arc::clone(letter));
        found
            .and_then(|letter| letter.downcast().ok())
            .ok_or_else(|| Error::new(ErrorKind::Unexpected, format!("{} has no parameters", S::NAME)))
    }
}

/// A step that streams may outlive the call with.
#[derive(Deserialize)]
#[serde(transparent, bound = "S: Step")]
struct Shared<S: Step>(#[serde(deserialize_with = "shared")] Arc<S>);

fn shared<'de, S: Step, D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Arc<S>, D::Error> {
    S::deserialize(deserializer).map(Arc::new)
}

impl<S: Step> TaskFn for Run<S> {
    fn name(&self) -> &'static str {
        S::NAME
    }

    fn type_id(&self) -> TypeId {
        TypeId::of::<S>()
    }

    fn shape(&self) -> Shape {
        S::SHAPE
    }

    fn reads(&self) -> Vec<Reads> {
        vec![Reads::All; S::INPUTS]
    }

    fn produces(&self) -> Produces {
        Produces::Batches
    }

    fn columns(&self, slots: &Slots, input: usize) -> Option<Vec<usize>> {
        let mut columns = Self::letter(slots).ok()?.step.0.columns(input)?;
        columns.sort_unstable();
        columns.dedup();
        Some(columns)
    }

    fn is_step(&self) -> bool {
        true
    }

    fn spares(&self, slots: &Slots, above: &[Typed]) -> Vec<Typed> {
        Self::letter(slots).map(|letter| letter.step.0.spares(above)).unwrap_or_default()
    }

    fn keeps_rows(&self, slots: &Slots) -> bool {
        Self::letter(slots).is_ok_and(|letter| letter.step.0.keeps_rows())
    }

    fn prepare(&self, slots: &mut Slots) -> Result<()> {
        Params::<Letter<Shared<S>>>::prepare(slots)
    }

    fn run(&self, cx: &TaskContext, groups: &Arc<Groups>, _: &Progress) -> Result<Vec<RecordBatch>> {
        let letter = Self::letter(&cx.slots)?;
        if S::SHAPE != Shape::Stream {
            return letter.step.0.run(cx, groups).map_err(|e| e.with_operation(letter.verb.word()));
        }
        let member = only(groups)?;
        let mut all = Vec::new();
        for group in 0..groups.len() {
            let rows: BatchIter = Box::new(std::iter::once(Ok(member.rows(group))));
            all.extend(self.run_stream(cx, groups, rows)?.collect::<Result<Vec<_>>>()?);
        }
        Ok(all)
    }

    fn run_stream(&self, cx: &TaskContext, _: &Arc<Groups>, input: BatchIter) -> Result<BatchIter> {
        let letter = Self::letter(&cx.slots)?;
        let verb = letter.verb.word();
        let output = Arc::clone(&letter.step.0).run_stream(cx, input).map_err(|e| e.with_operation(verb))?;
        Ok(Box::new(output.map(move |batch| batch.map_err(|e| e.with_operation(verb)))))
    }
}

/// The only input of groups.
pub(super) fn only(groups: &Groups) -> Result<&Member> {
    groups.members.first().ok_or_else(|| Error::new(ErrorKind::Unexpected, "groups without an input"))
}

/// Where the columns of an input stand in batches, which may have been narrowed on their way to those that a step reads.
pub(super) struct Places {
    /// By position in the input; nothing where all are there.
    narrowed: Option<Vec<usize>>,
    input: usize,
    batch: usize,
}

impl Places {
    pub(super) fn of(input: &Schema, batch: &RecordBatch) -> Self {
        let narrowed = (batch.num_columns() != input.len()).then(|| {
            let schema = batch.schema();
            // What was not asked for is not looked for either.
            input.names().map(|name| schema.index_of(name).unwrap_or(usize::MAX)).collect()
        });
        Self { narrowed, input: input.len(), batch: batch.num_columns() }
    }

    /// The same for the input of a task.
    pub(super) fn in_input(cx: &TaskContext, batch: &RecordBatch) -> Result<Self> {
        let input = cx.inputs.first().ok_or_else(|| Error::new(ErrorKind::Unexpected, "a step without an input"))?;
        Ok(Self::of(input, batch))
    }

    /// Where a column stands; those behind the input were appended to the batch.
    pub(super) fn at(&self, column: usize) -> usize {
        match &self.narrowed {
            Some(places) if column < self.input => places[column],
            Some(_) => self.batch + (column - self.input),
            None => column,
        }
    }

    pub(super) fn evaluate(&self, expr: &Typed, batch: &RecordBatch) -> Result<ArrayRef> {
        match self.narrowed {
            Some(_) => evaluate(&expr.moved(&|column| self.at(column)), batch),
            None => evaluate(expr, batch),
        }
    }
}

/// A batch of a schema, also of one without columns.
pub(super) fn batch_of(schema: &Schema, columns: Vec<ArrayRef>, rows: usize) -> Result<RecordBatch> {
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    Ok(RecordBatch::try_new_with_options(schema.to_arrow(), columns, &options)?)
}

/// A batch in pieces, so that what comes after need not take it all at once; nothing of one without rows.
pub(super) fn pieces(batch: &RecordBatch) -> Vec<RecordBatch> {
    let rows = batch.num_rows();
    (0..rows).step_by(PIECE).map(|start| batch.slice(start, PIECE.min(rows - start))).collect()
}

/// Rows of a piece.
pub(super) const PIECE: usize = 1 << 16;

/// The same order over other positions.
pub(super) fn moved_order(order: &[TypedSort], to: &impl Fn(usize) -> usize) -> Vec<TypedSort> {
    order.iter().map(|sort| TypedSort { column: to(sort.column), ..*sort }).collect()
}

/// The same aggregate over other positions.
pub(super) fn moved_aggregate(call: &TypedAggregate, to: &impl Fn(usize) -> usize) -> TypedAggregate {
    TypedAggregate {
        arg: call.arg.as_ref().map(|arg| arg.moved(to)),
        filter: call.filter.as_ref().map(|filter| filter.moved(to)),
        order: moved_order(&call.order, to),
        ..call.clone()
    }
}

/// The same window over other positions.
pub(super) fn moved_window(call: &TypedWindow, to: &impl Fn(usize) -> usize) -> TypedWindow {
    TypedWindow {
        arg: call.arg.as_ref().map(|arg| arg.moved(to)),
        keys: call.keys.iter().map(|key| to(*key)).collect(),
        order: moved_order(&call.order, to),
        ..call.clone()
    }
}

/// The columns that an aggregate reads.
pub(super) fn columns_of(call: &TypedAggregate) -> impl Iterator<Item = usize> + '_ {
    let exprs = call.arg.iter().chain(&call.filter).flat_map(Typed::columns);
    exprs.chain(call.order.iter().map(|sort| sort.column))
}
