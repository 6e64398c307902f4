//! Tasks as bytes: by the name of a registered function, or lent within a process.

use std::fmt;
use std::sync::Arc;

use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::{Error, ErrorKind, Result};
use crate::partition::PartitionSpec;
use crate::schema::Schema;
use crate::transform::{CallOptions, CallSite, Registry, Slots, Task, bind_again};

use super::lent::{Loan, Token, borrow, lend};

/// Changes with what the bytes say.
const VERSION: u32 = 1;

/// Where those run who unpack a task.
#[expect(clippy::exhaustive_enums, reason = "there is here and elsewhere")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// In this process, where every function is at hand.
    ThisProcess,
    /// In other processes of the same program, which know functions by their names.
    OtherProcesses,
}

/// A task as bytes, and what must live for as long as somebody may unpack them. Cheap to clone; clones live together.
#[derive(Clone)]
pub struct Packed {
    bytes: Arc<[u8]>,
    loan: Option<Arc<Loan>>,
}

impl Packed {
    /// What travels. Where the function has no name it means something only while this lives.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl fmt::Debug for Packed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Packed").field("bytes", &self.bytes.len()).field("lent", &self.loan.is_some()).finish()
    }
}

/// The version stands first and alone, so that it can be read of whatever comes after it.
#[derive(Deserialize)]
struct Head {
    version: u32,
}

#[derive(Serialize, Deserialize)]
struct Letter {
    version: u32,
    task: Form,
}

#[derive(Serialize, Deserialize)]
enum Form {
    Named(Box<Named>),
    Lent(Token),
}

/// All that a call says of a registered function.
#[derive(Serialize, Deserialize)]
struct Named {
    function: String,
    /// The fingerprint of the function's text.
    source: u64,
    inputs: Vec<String>,
    spec: String,
    schema: Option<String>,
    on: Vec<String>,
    to: Option<String>,
    params: Option<Bytes>,
    concurrency: Option<usize>,
    per_executor: Option<usize>,
    discard: bool,
    /// The fingerprint of the task.
    fingerprint: u64,
    asked_for_at: String,
}

/// Writes a task down for executors that are within reach.
///
/// A registered function travels by its name, whatever the reach. Others, and calls with state or ignored errors, are lent: the task
/// stays in this process as long as the [`Packed`] or a clone of it lives, and its number travels.
///
/// # Errors
/// `TransformerNotRegistered` where the task must leave this process and cannot, with what to write instead; `ParamsInvalid` where the
/// bytes cannot be written.
pub fn pack(task: &Task, reach: Reach) -> Result<Packed> {
    let (form, loan) = match (named(task), reach) {
        (Some(named), _) => (Form::Named(Box::new(named)), None),
        (None, Reach::ThisProcess) => {
            let (token, loan) = lend(task);
            (Form::Lent(token), Some(Arc::new(loan)))
        }
        (None, Reach::OtherProcesses) => return Err(told(task, homebound(task))),
    };
    let bytes = rmp_serde::to_vec_named(&Letter { version: VERSION, task: form }).map_err(|e| {
        told(task, Error::new(ErrorKind::ParamsInvalid, format!("the call cannot be written down to travel: {e}")).with_source(e))
    })?;
    Ok(Packed { bytes: bytes.into(), loan })
}

/// Makes a task of what [`pack`] wrote: it has the same fingerprint, and so the same seeds and idempotency keys.
///
/// `registry` is asked for the functions that travel by name; usually it is [`Registry::linked`].
///
/// # Errors
/// `TransformerNotRegistered` where the program here has no such function or another one of that name, and for a task that was lent by
/// another process or for an action that is over; `ParamsInvalid` for bytes that are no task.
pub fn unpack(bytes: &[u8], registry: &Registry) -> Result<Task> {
    let unread = |e: rmp_serde::decode::Error| {
        Error::new(ErrorKind::ParamsInvalid, format!("these bytes are no task: {e}")).with_source(e)
    };
    let head: Head = rmp_serde::from_slice(bytes).map_err(unread)?;
    if head.version != VERSION {
        let message = format!(
            "the task was packed by another version of this library (its form is {}, this program reads {VERSION}); build the \
             program that plans and the one that executes from the same source",
            head.version
        );
        return Err(Error::new(ErrorKind::TransformerNotRegistered, message));
    }
    match rmp_serde::from_slice::<Letter>(bytes).map_err(unread)?.task {
        Form::Lent(token) => borrow(token),
        Form::Named(named) => {
            let function = named.function.clone();
            bound(*named, registry).map_err(|e| e.with("transformer", function).with_operation("unpack"))
        }
    }
}

/// What travels by name, of a task that may.
fn named(task: &Task) -> Option<Named> {
    if !task.is_portable() {
        return None;
    }
    let (fixed, entry, origin) = (&task.fixed, task.fixed.entry?, task.fixed.origin.as_ref()?);
    Some(Named {
        function: entry.name.to_owned(),
        source: entry.fingerprint(),
        inputs: fixed.inputs.iter().map(ToString::to_string).collect(),
        spec: origin.spec.to_string(),
        schema: origin.schema.clone(),
        on: fixed.on.iter().map(|c| (**c).to_owned()).collect(),
        to: origin.to.clone(),
        params: fixed.slots.params.as_ref().map(|p| Bytes(p.to_vec())),
        concurrency: origin.concurrency,
        per_executor: fixed.per_executor,
        discard: origin.discard,
        fingerprint: fixed.fingerprint,
        asked_for_at: fixed.call_site.to_string(),
    })
}

fn bound(named: Named, registry: &Registry) -> Result<Task> {
    let other = |what: &str| {
        Error::new(
            ErrorKind::TransformerNotRegistered,
            format!(
                "{what} here than in the program that planned the call: the two were built from different source; build them from \
                 the same"
            ),
        )
    };
    let entry = registry.resolve(&named.function)?;
    if entry.fingerprint() != named.source {
        return Err(other("the function is another").with("registered", format!("{}:{}", entry.file, entry.line)));
    }
    let inputs = named.inputs.iter().map(|text| Schema::parse(text)).collect::<Result<Vec<_>>>()?;
    let spec: PartitionSpec = named.spec.parse()?;
    let options = CallOptions {
        schema: named.schema,
        on: named.on.into_iter().map(Arc::from).collect(),
        to: named.to,
        slots: Slots::of_params(named.params.map(|p| p.0.into())),
        ignore: None,
        concurrency: named.concurrency,
        per_executor: named.per_executor,
        rules: None,
        discard: named.discard,
        call_site: CallSite::There(named.asked_for_at.into()),
    };
    let task = bind_again(entry, &inputs, &spec, &options)?;
    if task.fingerprint() != named.fingerprint {
        return Err(other("the rows or the output of the function are others"));
    }
    Ok(task)
}

fn told(task: &Task, error: Error) -> Error {
    task.fixed.call_site.tell(error.with("transformer", task.name()).with_operation("pack"))
}

/// Why a task cannot leave the process, and what to write so that it can.
fn homebound(task: &Task) -> Error {
    let (name, fixed) = (task.name(), &task.fixed);
    let message = if fixed.origin.is_none() {
        "the library made this task of another one, which it runs; it stays in this process".to_owned()
    } else if fixed.entry.is_none() && name.contains("{{closure}}") {
        "a closure has no name that another process could find; write portable!(|rows: Vec<T>| …) around it, with what it captures in \
         .params(&…), or make it a function with #[fugue::transformer]"
            .to_owned()
    } else if fixed.entry.is_none() {
        format!(
            "the function has no name that another process could find; put #[fugue::transformer] on it, or say portable!({name}) where \
             it is called"
        )
    } else if !fixed.slots.states.is_empty() {
        "the call gives state, which cannot travel to other processes yet; give .params(&…), and let the function make what it needs of \
         them"
            .to_owned()
    } else {
        "the call ignores errors, which cannot travel to other processes yet; leave out .ignore_errors(…), and let the function return \
         no rows instead of the error"
            .to_owned()
    };
    Error::new(ErrorKind::TransformerNotRegistered, message)
}

/// Bytes that are written as such, and not as a list of numbers.
struct Bytes(Vec<u8>);

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Bytes;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("bytes")
            }

            fn visit_bytes<E>(self, bytes: &[u8]) -> std::result::Result<Bytes, E> {
                Ok(Bytes(bytes.to_vec()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> std::result::Result<Bytes, A::Error> {
                let mut bytes = Vec::new();
                while let Some(byte) = seq.next_element()? {
                    bytes.push(byte);
                }
                Ok(Bytes(bytes))
            }
        }
        deserializer.deserialize_bytes(Read)
    }
}

#[cfg(test)]
mod tests;
