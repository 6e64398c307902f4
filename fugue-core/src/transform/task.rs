//! A task: a function bound to schemas, parameters and a partition spec, ready for any engine to run.

use std::any::Any;
use std::cell::Cell;
use std::fmt;
use std::ops::Deref;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::record_batch::RecordBatch;

use crate::error::{Error, ErrorKind, Result};
use crate::expr::Typed;
use crate::group::Groups;
use crate::io::BatchIter;
use crate::partition::PartitionSpec;
use crate::row::RowLayout;
use crate::run::{Gate, Place, RunContext};
use crate::schema::{Schema, Type, format_value};

use super::context::Slots;
use super::emit::Emit;
use super::origin::{CallSite, Origin};
use super::registry::TaskEntry;

/// What a function does with its calls.
#[expect(clippy::exhaustive_enums, reason = "engines and runners must mind every case")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One call per group.
    Group,
    /// One call per row; the rows of a partition need not stand together.
    Row,
    /// One call per partition, which reads its batches one by one and may be larger than memory.
    Stream,
}

/// What a function reads of an input.
#[expect(clippy::exhaustive_enums, reason = "engines and runners must mind every case")]
#[derive(Clone, Debug)]
pub enum Reads {
    /// All columns, as batches or frames.
    All,
    /// The columns of a row type.
    Rows(RowLayout),
    /// Single columns, named by the call.
    Columns(Vec<(Type, bool)>),
}

/// What a function produces.
#[expect(clippy::exhaustive_enums, reason = "engines and runners must mind every case")]
#[derive(Clone, Debug)]
pub enum Produces {
    /// Rows of a type that knows its columns.
    Rows(RowLayout),
    /// Batches or frames whose columns only the call can name.
    Batches,
    /// Values for one column that the call names: one per row, or as many as there are (`per_row` false and `many`).
    Values {
        /// The column type.
        ty: Type,
        /// Several values per call instead of one.
        many: bool,
    },
    /// Nothing: an output transformer.
    Nothing,
}

/// A function as the library holds it: its shape known, its types hidden. Made by `IntoTask` and `IntoCoTask`.
pub trait TaskFn: Send + Sync {
    /// The path of the function.
    fn name(&self) -> &'static str;

    /// The identity of the function, for functions that are registered under a name.
    fn type_id(&self) -> std::any::TypeId;

    /// One call per group, per row, or per stream.
    fn shape(&self) -> Shape;

    /// Whether calls are futures, of which a call may limit how many run at once.
    fn is_async(&self) -> bool {
        false
    }

    /// What it reads, input by input.
    fn reads(&self) -> Vec<Reads>;

    /// What it produces.
    fn produces(&self) -> Produces;

    /// The columns of an input that it reads where its parameters tell, by position; nothing where [`reads`](Self::reads) does.
    fn columns(&self, slots: &Slots, input: usize) -> Option<Vec<usize>> {
        let _ = (slots, input);
        None
    }

    /// Whether it is a step of the library and not a function of the user, of which errors need not tell.
    fn is_step(&self) -> bool {
        false
    }

    /// Conditions over its input without which a row makes no difference, when only rows of its output matter for which `above` are true.
    fn spares(&self, slots: &Slots, above: &[Typed]) -> Vec<Typed> {
        let _ = (slots, above);
        Vec::new()
    }

    /// Whether it gives a row for each row, in their order.
    fn keeps_rows(&self, slots: &Slots) -> bool {
        let _ = slots;
        false
    }

    /// Looks, when the plan is built, whether calls will have their arguments.
    ///
    /// # Errors
    /// `ParamsInvalid` when they will not.
    fn prepare(&self, slots: &mut Slots) -> Result<()>;

    /// Calls the function for each group (or each row of them).
    ///
    /// # Errors
    /// The user's error as `TransformerFailed`, or what reading and writing rows finds.
    fn run(&self, cx: &TaskContext, groups: &Arc<Groups>, at: &Progress) -> Result<Vec<RecordBatch>>;

    /// Calls a function of [`Shape::Stream`] with the batches of a partition.
    ///
    /// # Errors
    /// As [`run`](Self::run); errors of later batches come out of the iterator.
    fn run_stream(&self, cx: &TaskContext, groups: &Arc<Groups>, input: BatchIter) -> Result<BatchIter> {
        let _ = (groups, input);
        Err(Error::new(ErrorKind::Unexpected, format!("{} does not read streams", cx.name)))
    }
}

/// Which group a run is at, so that an error or a panic can be told with its key.
#[derive(Debug, Default)]
pub struct Progress {
    group: Cell<usize>,
    row: Cell<Option<usize>>,
    /// Whether any group was called: what fails before is the reading of all of them.
    begun: Cell<bool>,
}

impl Progress {
    /// A group is about to be called.
    pub(crate) fn group(&self, index: usize) {
        self.group.set(index);
        self.row.set(None);
        self.begun.set(true);
    }

    /// A single row is about to be called, counted in the batch of the groups.
    pub(crate) fn row(&self, row: usize) {
        self.row.set(Some(row));
    }
}

type IgnoreTest = Arc<dyn Fn(&Error) -> bool + Send + Sync>;

/// The errors that a call drops a group for, and how often that happened.
#[derive(Clone)]
pub(crate) struct Ignore {
    pub(crate) test: IgnoreTest,
    pub(crate) count: Arc<AtomicU64>,
}

impl Ignore {
    /// Whether the group is dropped for the error; counted if so.
    pub(crate) fn drops(&self, error: &Error) -> bool {
        let drops = (self.test)(error);
        if drops {
            self.count.fetch_add(1, Ordering::Relaxed);
        }
        drops
    }
}

/// What is the same for all calls of a task.
pub struct Fixed {
    pub(crate) name: String,
    pub(crate) fingerprint: u64,
    pub(crate) inputs: Vec<Schema>,
    pub(crate) keys: Schema,
    pub(crate) output: Schema,
    /// The columns that the function writes itself.
    pub(crate) own: Schema,
    pub(crate) emit: Emit,
    /// The columns of the call, for functions over plain values.
    pub(crate) on: Vec<Arc<str>>,
    pub(crate) slots: Slots,
    pub(crate) ignore: Option<Ignore>,
    /// How many async calls may run at once, over all threads.
    pub(crate) limiter: Arc<tokio::sync::Semaphore>,
    pub(crate) concurrency: usize,
    /// How many calls may run at the same time on an executor.
    pub(crate) per_executor: Option<usize>,
    pub(crate) call_site: CallSite,
    /// What the function is registered with.
    pub(crate) entry: Option<&'static TaskEntry>,
    /// What the call said; tasks that the library derives from others have none.
    pub(crate) origin: Option<Origin>,
}

impl fmt::Debug for Fixed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task")
            .field("name", &self.name)
            .field("inputs", &self.inputs)
            .field("output", &self.output)
            .finish_non_exhaustive()
    }
}

/// What the calls of one run know.
#[derive(Clone, Debug)]
pub struct TaskContext {
    fixed: Arc<Fixed>,
    pub(crate) run: RunContext,
}

impl TaskContext {
    /// What calls wait at, where the call says how many of them may run at the same time.
    pub(crate) fn gate(&self) -> Option<Gate> {
        self.per_executor.map(|places| self.run.gates.gate(self.fingerprint, places))
    }
}

impl Deref for TaskContext {
    type Target = Fixed;

    fn deref(&self) -> &Fixed {
        &self.fixed
    }
}

/// A function bound to its inputs, its partition spec and its parameters. Engines run it; cheap to clone.
#[derive(Clone)]
pub struct Task {
    pub(crate) function: Arc<dyn TaskFn>,
    pub(crate) fixed: Arc<Fixed>,
    /// For each input the columns that must reach the function, in the input's order; `None` for all.
    pub(crate) needs: Vec<Option<Vec<usize>>>,
}

impl fmt::Debug for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.fixed, f)
    }
}

impl Task {
    /// The name of the function: its path, or the name it is registered under.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.fixed.name
    }

    /// A number that differs between tasks that may give different answers: function, parameters, schemas, and for functions that are
    /// not registered every single call. Engines that tell opaque functions apart by a name must put it into that name.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        self.fixed.fingerprint
    }

    /// The schemas of the inputs.
    #[must_use]
    pub fn inputs(&self) -> &[Schema] {
        &self.fixed.inputs
    }

    /// The schema of the output.
    #[must_use]
    pub fn output(&self) -> &Schema {
        &self.fixed.output
    }

    /// One call per group, per row, or per stream.
    #[must_use]
    pub fn shape(&self) -> Shape {
        self.function.shape()
    }

    /// The columns of an input that must reach the function, keys and presort columns aside: `None` for all of them.
    #[must_use]
    pub fn needs(&self, input: usize) -> Option<&[usize]> {
        self.needs.get(input).and_then(|n| n.as_deref())
    }

    /// The columns that must be read of an input, in its order: [`needs`](Self::needs), keys, and what orders the rows; `None` for all.
    ///
    /// `schema` is that of the input. Members of a zip are sorted by those presort columns that they have.
    ///
    /// # Errors
    /// `ColumnNotFound` for keys that the input does not have.
    pub fn columns(&self, input: usize, schema: &Schema, spec: &PartitionSpec) -> Result<Option<Vec<usize>>> {
        let Some(needs) = self.needs(input) else { return Ok(None) };
        let mut columns = needs.to_vec();
        columns.extend(schema.indices_of(spec.keys())?);
        columns.extend(spec.presort_keys().iter().filter_map(|s| schema.index_of(&s.column)));
        columns.sort_unstable();
        columns.dedup();
        // A batch without columns would lose its number of rows on some paths; one column keeps it.
        if columns.is_empty() {
            columns.push(0);
        }
        Ok((columns.len() < schema.len()).then_some(columns))
    }

    /// The same by position in rows that may have been narrowed on their way.
    pub(crate) fn needs_of(&self, input: usize, rows: &Schema) -> Result<Vec<usize>> {
        match (self.needs(input), self.fixed.inputs.get(input)) {
            (Some(needs), Some(schema)) => rows.indices_of(needs.iter().map(|i| schema.fields()[*i].name())),
            _ => Ok((0..rows.len()).collect()),
        }
    }

    /// Whether calls ask for the cursor, so that even row-wise functions must be called group by group.
    #[must_use]
    pub fn wants_cursor(&self) -> bool {
        self.fixed.slots.cursor
    }

    /// Whether rows may be called apart and in any order: a row-wise function that asks for no cursor, in a call without a presort.
    #[must_use]
    pub fn is_row_wise(&self, spec: &PartitionSpec) -> bool {
        self.shape() == Shape::Row && !self.wants_cursor() && spec.presort_keys().is_empty()
    }

    /// Conditions over the input without which a row makes no difference, when only rows of the output matter for which `above` are true: what
    /// an engine may ask a source for. Only filters of the library have any.
    #[must_use]
    pub fn spares(&self, above: &[Typed]) -> Vec<Typed> {
        self.function.spares(&self.fixed.slots, above)
    }

    /// Whether the first rows of the output are those of the first rows of the input, one for each.
    #[must_use]
    pub fn keeps_rows(&self) -> bool {
        self.function.keeps_rows(&self.fixed.slots)
    }

    /// Whether the task has no output rows: an output transformer.
    #[must_use]
    pub fn is_output(&self) -> bool {
        matches!(self.function.produces(), Produces::Nothing)
    }

    /// Whether an output column is the input's column of the same name, row by row or the key of the group: the library writes it
    /// and not the function, so rows that were partitioned or grouped by it still are.
    #[must_use]
    pub fn carries(&self, column: &str) -> bool {
        self.fixed.emit.carries(column)
    }

    /// The line of the user's program that asked for the task: none where the task came from another process, or by its name.
    #[must_use]
    pub fn call_site(&self) -> Option<&'static Location<'static>> {
        self.fixed.call_site.location()
    }

    /// The same as text, which travels with the task: `file:line:column`.
    #[must_use]
    pub fn asked_for_at(&self) -> String {
        self.fixed.call_site.to_string()
    }

    /// Whether other processes of the same program can make the task again by the name of its function: see
    /// [`travel`](crate::travel).
    #[must_use]
    pub fn is_portable(&self) -> bool {
        let fixed = &self.fixed;
        fixed.entry.is_some() && fixed.origin.is_some() && fixed.slots.states.is_empty() && fixed.ignore.is_none()
    }

    /// Calls the function for each of the groups; the batches have the output schema.
    ///
    /// # Errors
    /// `TransformerFailed` with transformer, key and sample rows when user code fails or panics; `Cancelled`, `DeadlineExceeded`.
    pub fn run(&self, groups: Groups, run: &RunContext) -> Result<Vec<RecordBatch>> {
        if groups.is_empty() {
            return Ok(Vec::new());
        }
        let _span = tracing::debug_span!("call", transformer = self.name(), groups = groups.len()).entered();
        let cx = self.context(run);
        let groups = Arc::new(groups);
        let at = Progress::default();
        let _place = self.place(&cx).map_err(|e| self.explain(e, &groups, &at))?;
        // A panic is the user's error like any other: it names its key and leaves the pool's thread alive.
        let call = AssertUnwindSafe(|| self.function.run(&cx, &groups, &at));
        match run.meter.measure(groups.len(), || catch_unwind(call)) {
            Ok(result) => result.map_err(|e| self.explain(unread(e, &groups, &at), &groups, &at)),
            Err(panic) => Err(self.explain(self.panicked(&*panic), &groups, &at)),
        }
    }

    /// Calls a stream-shaped function with the batches of a partition.
    ///
    /// `groups` holds the position (keys, numbers) as one group without rows. Never called for a partition without rows. Where the call
    /// ignores errors, all that the function gives is kept until it has ended. A call that counts among those of its executor does so
    /// until its output has ended or is dropped.
    ///
    /// # Errors
    /// As [`run`](Self::run), also out of the iterator.
    pub fn run_stream(&self, groups: Groups, input: BatchIter, run: &RunContext) -> Result<BatchIter> {
        let cx = self.context(run);
        let groups = Arc::new(groups);
        // The call lasts until its output ends, or nobody wants more of it.
        let mut place = self.place(&cx).map_err(|e| self.explain(e, &groups, &Progress::default()))?;
        let call = AssertUnwindSafe(|| self.function.run_stream(&cx, &groups, input));
        let made = run.meter.measure(1, || catch_unwind(call));
        let made = match made {
            Ok(result) => result.map_err(|e| self.explain(e, &groups, &Progress::default())),
            Err(panic) => Err(self.explain(self.panicked(&*panic), &groups, &Progress::default())),
        };
        let mut inner = match (made, &self.fixed.ignore) {
            (Ok(inner), _) => inner,
            (Err(e), Some(ignore)) if ignore.drops(&e) => return Ok(Box::new(std::iter::empty())),
            (Err(e), _) => return Err(e),
        };
        let task = self.clone();
        let mut over = false;
        let output = std::iter::from_fn(move || {
            if over {
                return None;
            }
            if let Err(e) = cx.run.cancel.check() {
                over = true;
                drop(place.take());
                return Some(Err(e));
            }
            let next = cx.run.meter.measure(0, || catch_unwind(AssertUnwindSafe(|| inner.next())));
            let next = next.unwrap_or_else(|panic| Some(Err(task.panicked(&*panic))));
            over = !matches!(next, Some(Ok(_)));
            if over {
                drop(place.take());
            }
            next.map(|r| r.map_err(|e| task.explain(e, &groups, &Progress::default())))
        });
        // What is thrown away is not kept first.
        let discarded = self.fixed.emit.is_discarded();
        let output = output.filter(move |batch| batch.is_err() || !discarded);
        let Some(ignore) = &self.fixed.ignore else { return Ok(Box::new(output)) };
        // A group that is dropped takes back what it gave.
        match output.collect::<Result<Vec<_>>>() {
            Ok(batches) => Ok(Box::new(batches.into_iter().map(Ok))),
            Err(e) if ignore.drops(&e) => Ok(Box::new(std::iter::empty())),
            Err(e) => Err(e),
        }
    }

    /// The same task behind another function and over another input: for operations that are derived through map.
    pub(crate) fn wrapped(&self, function: Arc<dyn TaskFn>, input: Schema) -> Self {
        let fixed = Fixed {
            name: self.fixed.name.clone(),
            fingerprint: super::cursor::fnv(self.fixed.fingerprint, b"comap"),
            inputs: vec![input],
            keys: self.fixed.keys.clone(),
            output: self.fixed.output.clone(),
            own: self.fixed.output.clone(),
            emit: Emit::as_written(&self.fixed.output),
            on: Vec::new(),
            slots: Slots::default(),
            ignore: None,
            limiter: Arc::clone(&self.fixed.limiter),
            concurrency: self.fixed.concurrency,
            // The task inside waits for its own places.
            per_executor: None,
            call_site: self.fixed.call_site.clone(),
            entry: None,
            origin: None,
        };
        Self { function, fixed: Arc::new(fixed), needs: vec![None] }
    }

    fn context(&self, run: &RunContext) -> TaskContext {
        TaskContext { fixed: Arc::clone(&self.fixed), run: run.clone() }
    }

    /// Waits until a call may begin, where the call says how many may run at the same time. Futures wait one by one, each for itself.
    fn place(&self, cx: &TaskContext) -> Result<Option<Place>> {
        match cx.gate().filter(|_| !self.function.is_async()) {
            Some(gate) => gate.enter(&cx.run.cancel).map(Some),
            None => Ok(None),
        }
    }

    /// A panic is the user's error, unless the function is one of ours.
    fn panicked(&self, panic: &(dyn Any + Send)) -> Error {
        let text = panic_text(panic);
        if self.function.is_step() {
            return Error::new(ErrorKind::Unexpected, format!("{} panicked: {text}; please report it", self.name()));
        }
        Error::new(ErrorKind::TransformerFailed, format!("the function panicked: {text}"))
    }

    /// Adds transformer, key, sample rows and the user's line to an error of a call.
    fn explain(&self, error: Error, groups: &Groups, at: &Progress) -> Error {
        let index = at.group.get();
        let error = self.fixed.call_site.tell(error);
        let error = if self.function.is_step() { error } else { error.with("transformer", self.name()) };
        if matches!(error.kind(), ErrorKind::Cancelled | ErrorKind::DeadlineExceeded) {
            return error;
        }
        if !at.begun.get() && groups.len() > 1 {
            return error;
        }
        let mut error = error;
        let key = super::cursor::key_text(groups, index);
        if !key.is_empty() {
            error = error.with("key", key.iter().map(|(n, v)| format!("{n}={v}")).collect::<Vec<_>>().join(", "));
        }
        match sample_rows(groups, at) {
            Some(rows) => error.with("rows", rows),
            None => error,
        }
    }
}

/// Rows of many groups are read at once, before the first of them is called: finds the group of a row that could not be read.
fn unread(error: Error, groups: &Groups, at: &Progress) -> Error {
    let row = error.context("row").and_then(|row| row.parse::<usize>().ok());
    let (false, [member], Some(row)) = (at.begun.get(), groups.members.as_slice(), row) else { return error };
    let group = member.offsets.partition_point(|start| *start <= row).saturating_sub(1);
    at.group(group);
    at.row(row);
    error.with_instead("row", (row - member.offsets[group]).to_string())
}

/// The message that a panic carries.
#[must_use]
pub fn panic_text(panic: &(dyn Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|s| (*s).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "(a panic without text)".to_owned())
}

/// Turns the error of user code into ours, keeping it as the source.
pub(crate) fn user_error(error: impl Into<crate::BoxError>) -> Error {
    let error: crate::BoxError = error.into();
    // A function that calls this library itself may return our error; the outer one still says whose function it was.
    Error::new(ErrorKind::TransformerFailed, error.to_string()).with_source(error)
}

/// The row at hand, or the first rows of the group at hand (three at most per input), as text.
fn sample_rows(groups: &Groups, at: &Progress) -> Option<String> {
    let index = at.group.get();
    let mut lines = Vec::new();
    for member in &groups.members {
        let (Some(&start), Some(&end)) = (member.offsets.get(index), member.offsets.get(index + 1)) else { continue };
        let schema = member.batch.schema();
        let (start, end) = at.row.get().map_or((start, end.min(start + 3)), |row| (row, row + 1));
        for row in start..end.min(member.batch.num_rows()) {
            let cells = schema.fields().iter().zip(member.batch.columns()).map(|(f, c)| {
                let value = if arrow::array::Array::is_null(c, row) { "NULL".to_owned() } else { format_value(c, row) };
                let value = if value.chars().count() > 40 { value.chars().take(40).chain(['…']).collect() } else { value };
                format!("{}={value}", f.name())
            });
            lines.push(cells.collect::<Vec<_>>().join(", "));
        }
    }
    (!lines.is_empty()).then(|| lines.join("\n"))
}
