//! Binding: from a function and what a call says of it to a task; everything that can be wrong before a row is seen is found here.

use std::panic::Location;
use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::error::{Error, ErrorKind, Result};
use crate::partition::PartitionSpec;
use crate::schema::Schema;

use super::context::Slots;
use super::cursor::fnv;
use super::emit::{Declared, Emit};
use super::origin::{CallSite, Origin};
use super::registry::{self, TaskEntry};
use super::rules::Rules;
use super::task::{Fixed, Ignore, Produces, Reads, Shape, Task, TaskFn};
use super::vain;

/// How many calls of an async function run at once where the call does not say.
const CONCURRENCY: usize = 16;

/// What a call says besides the function and the frames.
#[derive(Clone)]
pub(crate) struct CallOptions {
    /// The text of `.schema(…)`.
    pub(crate) schema: Option<String>,
    /// The columns of `.on(…)`.
    pub(crate) on: Vec<Arc<str>>,
    /// The column of `.to(…)`.
    pub(crate) to: Option<String>,
    pub(crate) slots: Slots,
    pub(crate) ignore: Option<Ignore>,
    pub(crate) concurrency: Option<usize>,
    /// How many calls may run at the same time on an executor.
    pub(crate) per_executor: Option<usize>,
    pub(crate) rules: Option<Rules>,
    /// Whether what the function returns is thrown away.
    pub(crate) discard: bool,
    pub(crate) call_site: CallSite,
}

impl CallOptions {
    pub(crate) fn at(call_site: &'static Location<'static>) -> Self {
        Self {
            schema: None,
            on: Vec::new(),
            to: None,
            slots: Slots::default(),
            ignore: None,
            concurrency: None,
            per_executor: None,
            rules: None,
            discard: false,
            call_site: CallSite::Here(call_site),
        }
    }
}

/// Binds a function to the schemas of its inputs.
///
/// # Errors
/// Whatever does not fit, with the transformer's name and the user's line.
pub(crate) fn bind(function: Arc<dyn TaskFn>, inputs: &[Schema], spec: &PartitionSpec, options: &CallOptions) -> Result<Task> {
    let entry = registry::entry_of(&*function);
    let rules: Vec<Rules> = entry.and_then(TaskEntry::rules).into_iter().chain(options.rules.clone()).collect();
    bind_as(entry, function, &rules, inputs, spec, options)
}

/// Binds a function that came under a name once more. The rules for callers were kept when the call was made.
///
/// # Errors
/// As [`bind`], where the program is not the one that made the call.
pub(crate) fn bind_again(
    entry: &'static TaskEntry,
    inputs: &[Schema],
    spec: &PartitionSpec,
    options: &CallOptions,
) -> Result<Task> {
    bind_as(Some(entry), entry.make(), &[], inputs, spec, options)
}

/// Binds a step of the library to its inputs.
///
/// # Errors
/// What does not fit, as it is: it has nothing to do with a function of the user.
pub(crate) fn bind_step(
    entry: &'static TaskEntry,
    inputs: &[Schema],
    spec: &PartitionSpec,
    options: &CallOptions,
) -> Result<Task> {
    try_bind(Some(entry), entry.make(), entry.name, &[], inputs, spec, options)
}

fn bind_as(
    entry: Option<&'static TaskEntry>,
    function: Arc<dyn TaskFn>,
    rules: &[Rules],
    inputs: &[Schema],
    spec: &PartitionSpec,
    options: &CallOptions,
) -> Result<Task> {
    let _span = tracing::debug_span!("bind", transformer = function.name()).entered();
    let name = entry.map_or_else(|| function.name(), |e| e.name);
    try_bind(entry, function, name, rules, inputs, spec, options)
        .map_err(|e| options.call_site.tell(e.with("transformer", name).with_operation("transform")))
}

fn try_bind(
    entry: Option<&'static TaskEntry>,
    function: Arc<dyn TaskFn>,
    name: &str,
    rules: &[Rules],
    inputs: &[Schema],
    spec: &PartitionSpec,
    options: &CallOptions,
) -> Result<Task> {
    let reads = function.reads();
    if reads.len() != inputs.len() {
        return Err(Error::new(
            ErrorKind::SchemaMismatch,
            format!("the function takes {} inputs, the call gives {}", reads.len(), inputs.len()),
        ));
    }
    for input in inputs {
        if input.is_empty() {
            return Err(Error::new(ErrorKind::SchemaInvalid, "an input has no column"));
        }
        if inputs.len() == 1 {
            spec.validate(input)?;
        }
    }
    for rules in rules {
        rules.check(spec, inputs)?;
    }
    let first = inputs.first().ok_or_else(|| Error::new(ErrorKind::Unexpected, "a task without an input"))?;
    let keys = first.extract(spec.keys().iter().map(|k| &**k))?;
    let produces = function.produces();
    vain::check(&*function, &reads, &produces, options)?;
    let rest = rest_of(&reads, inputs)?;
    let declared = Declared {
        input: first,
        keys: &keys,
        schema: options.schema.as_deref(),
        to: options.to.as_deref(),
        rest,
        row_wise: function.shape() == Shape::Row,
        inputs: inputs.len(),
        discard: options.discard,
    };
    if matches!(produces, Produces::Nothing) && !options.discard {
        return Err(Error::new(
            ErrorKind::SchemaInvalid,
            "the function returns nothing, so there is no frame of its results; call it with out_transform",
        ));
    }
    let (emit, output, own) = Emit::plan(&produces, &declared)?;
    if function.shape() == Shape::Stream && !emit.is_as_written() {
        return Err(Error::new(
            ErrorKind::SchemaMismatch,
            format!(
                "a function over a stream writes all columns that the call declares; it writes {own}, the call declares {output}"
            ),
        ));
    }
    let mut slots = options.slots.clone();
    function.prepare(&mut slots)?;
    vain::check_slots(&slots)?;
    let mut needs = Vec::with_capacity(inputs.len());
    for (i, (reads, input)) in reads.iter().zip(inputs).enumerate() {
        let carried: Vec<&str> = if i == 0 { emit.carried().collect() } else { Vec::new() };
        needs.push(match function.columns(&slots, i) {
            Some(columns) => Some(columns),
            None => needed(reads, input, &carried, options)?,
        });
    }
    let concurrency = options.concurrency.unwrap_or(CONCURRENCY);
    let fingerprint = fingerprint(name, entry.is_some(), inputs, &output, spec, options, &slots);
    let fixed = Fixed {
        name: name.to_owned(),
        fingerprint,
        inputs: inputs.to_vec(),
        keys,
        output,
        own,
        emit,
        on: options.on.clone(),
        slots,
        ignore: options.ignore.clone(),
        limiter: Arc::new(Semaphore::new(concurrency.min(Semaphore::MAX_PERMITS))),
        concurrency,
        per_executor: options.per_executor,
        call_site: options.call_site.clone(),
        entry,
        origin: Some(Origin {
            spec: spec.clone(),
            schema: options.schema.clone(),
            to: options.to.clone(),
            concurrency: options.concurrency,
            discard: options.discard,
        }),
    };
    Ok(Task { function, fixed: Arc::new(fixed), needs })
}

/// What a rest field holds: the columns of the input that its row type does not name.
fn rest_of(reads: &[Reads], inputs: &[Schema]) -> Result<Option<Schema>> {
    let (Some(Reads::Rows(layout)), Some(input)) = (reads.first(), inputs.first()) else { return Ok(None) };
    if layout.rest.is_none() {
        return Ok(None);
    }
    let rest = input.fields().iter().filter(|f| !layout.fields.iter().any(|o| o.name == f.name()));
    Schema::new(rest.cloned()).map(Some)
}

/// The columns of an input that must reach the function; checks that they are there and can be read.
fn needed(reads: &Reads, input: &Schema, carried: &[&str], options: &CallOptions) -> Result<Option<Vec<usize>>> {
    let mut wanted: Vec<usize> = match reads {
        Reads::All => return Ok(None),
        Reads::Rows(layout) => {
            layout.check(input)?;
            if layout.dynamic || layout.rest.is_some() {
                return Ok(None);
            }
            input.indices_of(layout.fields.iter().map(|f| f.name))?
        }
        Reads::Columns(types) => {
            if types.len() != options.on.len() {
                return Err(Error::new(
                    ErrorKind::SchemaMismatch,
                    format!(
                        "the function takes {} plain values, the call names {} columns; name them with .on([\"…\"])",
                        types.len(),
                        options.on.len()
                    ),
                ));
            }
            let layout = crate::row::RowLayout::of_columns(types, &options.on);
            layout.check(input)?;
            input.indices_of(&options.on)?
        }
    };
    wanted.extend(input.indices_of(carried)?);
    wanted.sort_unstable();
    wanted.dedup();
    Ok(Some(wanted))
}

/// Differs between tasks that may give different answers. Only the name of a registered function tells which one it is: closures may
/// hold anything, and so may function pointers, which share the name of their type. State cannot be looked into either. There the place
/// of the call and a running number count too.
fn fingerprint(
    name: &str,
    known: bool,
    inputs: &[Schema],
    output: &Schema,
    spec: &PartitionSpec,
    options: &CallOptions,
    slots: &Slots,
) -> u64 {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let mut text = format!("{name}|{inputs:?}|{output}|{spec}|{:?}|{:?}|{:?}", options.schema, options.on, options.to);
    let opaque = !known || !slots.states.is_empty() || options.ignore.is_some();
    if opaque {
        text.push_str(&format!("|{}|{}", options.call_site, NUMBER.fetch_add(1, Ordering::Relaxed)));
    }
    let params = slots.params.as_deref().unwrap_or_default();
    fnv(fnv(0, text.as_bytes()), params)
}
