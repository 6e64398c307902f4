//! The family of functions that read a partition piece by piece, and what they may return.

use std::any::{TypeId, type_name};
use std::sync::Arc;

use arrow::record_batch::RecordBatch;

use crate::error::{BoxError, Result};
use crate::group::{Groups, Member};
use crate::io::BatchIter;
use crate::row::Row;
use crate::schema::{Schema, conform};

use super::context::{Call, Contexts, Slots};
use super::drive::only;
use super::families::{Function, Via, alike};
use super::input::{Batches, Broken, FromStream};
use super::output::{ViaBatch, ViaBatchResults, ViaBatches, ViaCollection, ViaResult, ViaRow, ViaRowResults, ViaRows};
use super::task::{Produces, Progress, Reads, Shape, TaskContext, TaskFn, user_error};

/// Family: a stream of rows or batches.
#[derive(Debug)]
pub struct Streamed;

/// How a stream function is called; implemented for each number of context arguments.
pub trait CallStream<P, O, A: Contexts> {
    /// Calls with a partition.
    fn call<'c>(&self, stream: P, args: A::Of<'c>) -> O;
}

/// Rows per batch that a lazy iterator of rows is cut into.
const ROWS: usize = 8192;

/// What a function over a stream may return; an iterator is pulled as the result is asked for.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the result of a transformer over a stream",
    label = "not an output",
    note = "return an iterator of rows or batches that is Send and owns what it uses, one row, a RecordBatch, nothing, or a Result"
)]
pub trait StreamOutput<V>: Sized {
    /// What is known before the function runs.
    fn produces() -> Produces;

    /// The batches, lazily where possible.
    ///
    /// # Errors
    /// The user's error as `TransformerFailed`, or what does not fit the schema.
    fn into_batches(self, own: &Schema) -> Result<BatchIter>;
}

/// Cuts rows into batches as they are asked for.
fn lazy_rows<R: Row + 'static>(rows: impl Iterator<Item = Result<R>> + Send + 'static, own: &Schema) -> BatchIter {
    let own = own.clone();
    let mut rows = rows;
    let mut over = false;
    Box::new(std::iter::from_fn(move || {
        if over {
            return None;
        }
        let mut next = || -> Result<Option<RecordBatch>> {
            let mut writer = None;
            for _ in 0..ROWS {
                let Some(row) = rows.next() else {
                    over = true;
                    break;
                };
                let writer = match &mut writer {
                    Some(w) => w,
                    None => writer.insert(R::writer(&own, ROWS)?),
                };
                row?.write(writer)?;
            }
            writer.map(R::finish).transpose()
        };
        match next() {
            Ok(batch) => batch.map(Ok),
            Err(e) => {
                over = true;
                Some(Err(e))
            }
        }
    }))
}

macro_rules! rows_output {
    ([$($generics:tt)*] $via:ty, $type:ty, $row:ty, |$value:ident| $rows:expr) => {
        impl<$($generics)*> StreamOutput<$via> for $type {
            fn produces() -> Produces {
                Produces::Rows(<$row as Row>::layout())
            }

            fn into_batches(self, own: &Schema) -> Result<BatchIter> {
                let $value = self;
                Ok(lazy_rows::<$row>($rows, own))
            }
        }
    };
}

rows_output!([R: Row + Send + 'static, I: Iterator<Item = R> + Send + 'static] ViaRows, I, R, |rows| rows.map(Ok));
rows_output!([R: Row + 'static, E: Into<BoxError>, I: Iterator<Item = std::result::Result<R, E>> + Send + 'static] ViaRowResults, I, R,
    |rows| rows.map(|r| r.map_err(user_error)));
rows_output!([R: Row + Send + 'static] ViaCollection, Vec<R>, R, |rows| rows.into_iter().map(Ok));
rows_output!([R: Row + Send + 'static] ViaCollection, Option<R>, R, |rows| rows.into_iter().map(Ok));
rows_output!([R: Row + Send + 'static] ViaRow, R, R, |row| std::iter::once(Ok(row)));

macro_rules! batches_output {
    ([$($generics:tt)*] $via:ty, $type:ty, |$value:ident| $batches:expr) => {
        impl<$($generics)*> StreamOutput<$via> for $type {
            fn produces() -> Produces {
                Produces::Batches
            }

            fn into_batches(self, own: &Schema) -> Result<BatchIter> {
                let $value = self;
                let own = own.clone();
                Ok(Box::new($batches.map(move |b: Result<RecordBatch>| conform(&b?, &own))))
            }
        }
    };
}

batches_output!([I: Iterator<Item = RecordBatch> + Send + 'static] ViaBatches, I, |batches| batches.map(Ok));
batches_output!([E: Into<BoxError>, I: Iterator<Item = std::result::Result<RecordBatch, E>> + Send + 'static] ViaBatchResults, I,
    |batches| batches.map(|b| b.map_err(user_error)));
batches_output!([] ViaCollection, Vec<RecordBatch>, |batches| batches.into_iter().map(Ok));
batches_output!([] ViaBatch, RecordBatch, |batch| std::iter::once(Ok(batch)));

impl StreamOutput<()> for () {
    fn produces() -> Produces {
        Produces::Nothing
    }

    fn into_batches(self, _: &Schema) -> Result<BatchIter> {
        Ok(Box::new(std::iter::empty()))
    }
}

impl<T: StreamOutput<V>, V, E: Into<BoxError>> StreamOutput<ViaResult<V>> for std::result::Result<T, E> {
    fn produces() -> Produces {
        T::produces()
    }

    fn into_batches(self, own: &Schema) -> Result<BatchIter> {
        self.map_err(user_error)?.into_batches(own)
    }
}

impl<F, P, VP, O, V, A> TaskFn for Function<Streamed, F, Via<P, VP>, O, V, A>
where
    F: CallStream<P, O, A> + Send + Sync + 'static,
    P: FromStream<VP> + 'static,
    VP: 'static,
    O: StreamOutput<V> + 'static,
    V: 'static,
    A: Contexts + 'static,
{
    alike!(F, A);

    fn shape(&self) -> Shape {
        Shape::Stream
    }

    fn reads(&self) -> Vec<Reads> {
        vec![P::reads()]
    }

    fn produces(&self) -> Produces {
        O::produces()
    }

    /// Group by group, for keyed maps: the stream is then the rows of the group.
    fn run(&self, cx: &TaskContext, groups: &Arc<Groups>, at: &Progress) -> Result<Vec<RecordBatch>> {
        let member = only(groups)?;
        let mut all = Vec::new();
        for index in 0..groups.len() {
            cx.run.cancel.check()?;
            at.group(index);
            let (start, end) = (member.offsets[index], member.offsets[index + 1]);
            let single = Arc::new(Groups {
                members: vec![Member { batch: member.batch.slice(start, end - start), offsets: vec![0, end - start] }],
                keys: groups.keys.slice(index, 1),
                first: groups.first + index,
                physical: groups.physical_of(index),
                apart: false,
            });
            let input = Box::new(std::iter::once(Ok(single.members[0].batch.clone())));
            match self.run_stream(cx, &single, input).and_then(Iterator::collect::<Result<Vec<_>>>) {
                Ok(batches) if cx.emit.is_discarded() => drop(batches),
                Ok(batches) => all.extend(batches),
                Err(e) if cx.ignore.as_ref().is_some_and(|i| i.drops(&e)) => {}
                Err(e) => return Err(e),
            }
        }
        Ok(all)
    }

    fn run_stream(&self, cx: &TaskContext, groups: &Arc<Groups>, input: BatchIter) -> Result<BatchIter> {
        let broken = Broken::default();
        let args = A::from_context(&Call { cx, groups, index: 0 })?;
        let output = self.f.call(P::from_stream(Batches::new(input, broken.clone())), args);
        let batches = match output.into_batches(&cx.own) {
            Ok(batches) => batches,
            // What broke the stream is the cause; what the function made of it is the consequence.
            Err(e) => return Err(broken.take().unwrap_or(e)),
        };
        let mut batches = batches;
        let mut over = false;
        Ok(Box::new(std::iter::from_fn(move || {
            if over {
                return None;
            }
            let next = batches.next();
            if let Some(e) = broken.take() {
                over = true;
                return Some(Err(e));
            }
            over = !matches!(next, Some(Ok(_)));
            next
        })))
    }
}
