//! Async functions: owned data in, a future out; so many at once as the call allows, outputs in the order of inputs.

use std::any::{TypeId, type_name};
use std::future::Future;
use std::marker::PhantomData;
use std::sync::Arc;

use arrow::record_batch::RecordBatch;
use futures::StreamExt;

use crate::blocking;
use crate::error::{Error, Result};
use crate::group::Groups;
use crate::row::{Cell, Plain, Row};

use super::columns::{ValueCollector, ValueOutput};
use super::context::{Call, Contexts, FromContext, Slots};
use super::drive::{only, per_group, per_row};
use super::families::{Function, GroupCollector, Owned, RowCollector, RowWise, Via, Whole, alike, row_produces, slice_partition};
use super::input::FromPartition;
use super::into_task::IntoTask;
use super::output::{GroupOutput, RowOutput};
use super::task::{Produces, Progress, Reads, Shape, TaskContext, TaskFn};

/// Family: an async function of another family.
#[derive(Debug)]
pub struct Async<Family>(PhantomData<Family>);

/// Family: plain values of one row, owned.
#[derive(Debug)]
pub struct OwnedValues;

/// A row that owns its parts, so that a future may keep it.
pub trait OwnedRow: for<'a> Row<Of<'a> = Self> + Send + 'static {}

impl<T: for<'a> Row<Of<'a> = T> + Send + 'static> OwnedRow for T {}

/// A plain value that owns its parts, so that a future may keep it.
pub trait OwnedValue: for<'a> Cell<Of<'a> = Self> + Plain + Send + 'static {}

impl<T: for<'a> Cell<Of<'a> = T> + Plain + Send + 'static> OwnedValue for T {}

/// A context argument that owns its parts, so that a future may keep it: all but `&S`, for which take `State<S>`.
pub trait OwnedContext: for<'c> FromContext<Of<'c> = Self> + Send + 'static {}

impl<A: for<'c> FromContext<Of<'c> = A> + Send + 'static> OwnedContext for A {}

/// Runs futures with a limit on how many run at once; outputs in the order of the inputs.
///
/// A call that panics gives an error of its own, so that the others are not lost with it.
fn run_all<Fut: Future>(cx: &TaskContext, calls: impl Iterator<Item = impl FnOnce() -> Fut>) -> Result<Vec<Result<Fut::Output>>> {
    let limit = cx.concurrency.min(cx.per_executor.unwrap_or(usize::MAX));
    let gate = cx.gate();
    let limiter = Arc::clone(&cx.limiter);
    let cancel = cx.run.cancel.clone();
    blocking::drive(cx.run.runtime.as_ref(), &cx.run.cancel, async move {
        let guarded = calls.map(|call| {
            let (cancel, limiter, gate) = (cancel.clone(), Arc::clone(&limiter), gate.clone());
            async move {
                // Threads have futures of their own; the limit holds for all of them together. The semaphore is never closed.
                let _permit = limiter.acquire().await.ok();
                let _place = match &gate {
                    Some(gate) => Some(gate.place().await?),
                    None => None,
                };
                // No further future starts once the action is cancelled.
                cancel.check()?;
                // What a function does before it gives its future is a part of the call.
                let call = std::panic::AssertUnwindSafe(async { call().await });
                futures::FutureExt::catch_unwind(call).await.map_err(|panic| {
                    Error::new(
                        crate::ErrorKind::TransformerFailed,
                        format!("the function panicked: {}", super::task::panic_text(&*panic)),
                    )
                })
            }
        });
        Ok(futures::stream::iter(guarded).buffered(limit).collect::<Vec<_>>().await)
    })
}

/// Hands out what ran before, one output per group or row.
fn next<T>(outputs: &mut std::vec::IntoIter<Result<T>>) -> Result<T> {
    outputs.next().unwrap_or_else(|| Err(Error::new(crate::ErrorKind::Unexpected, "an async call gave no output")))
}

macro_rules! call_async {
    ($name:ident, $data:ident) => {
        /// How an async function of the family is called; implemented for each number of context arguments.
        pub trait $name<T, Fut, A: Contexts> {
            /// Starts a call.
            fn call(&self, data: $data<T>, args: A) -> Fut;
        }
    };
}

type OneRow<T> = T;
call_async!(CallAsyncOwned, Vec);
call_async!(CallAsyncOne, OneRow);

macro_rules! arity {
    ($($a:ident $v:ident),*) => {
        impl<F, T, Fut, $($a),*> CallAsyncOwned<T, Fut, ($($a,)*)> for F
        where
            F: Fn(Vec<T>, $($a),*) -> Fut,
            $($a: OwnedContext,)*
        {
            fn call(&self, data: Vec<T>, args: ($($a,)*)) -> Fut {
                let ($($v,)*) = args;
                self(data, $($v),*)
            }
        }

        impl<F, T, Fut, $($a),*> CallAsyncOne<T, Fut, ($($a,)*)> for F
        where
            F: Fn(T, $($a),*) -> Fut,
            $($a: OwnedContext,)*
        {
            fn call(&self, data: T, args: ($($a,)*)) -> Fut {
                let ($($v,)*) = args;
                self(data, $($v),*)
            }
        }

        #[diagnostic::do_not_recommend]
        impl<F, T, Fut, O, V, $($a),*> IntoTask<(Async<Owned>, T, V, fn($($a),*))> for F
        where
            F: Fn(Vec<T>, $($a),*) -> Fut + Send + Sync + 'static,
            Fut: Future<Output = O> + Send + 'static,
            T: OwnedRow,
            O: GroupOutput<V> + Send + 'static,
            V: 'static,
            $($a: OwnedContext,)*
        {
            fn into_task(self) -> Arc<dyn TaskFn> {
                Arc::new(Function::<Async<Owned>, F, (T, Fut), O, V, ($($a,)*)>::new(self))
            }
        }

        #[diagnostic::do_not_recommend]
        impl<F, T, Fut, O, V, $($a),*> IntoTask<(Async<RowWise>, T, V, fn($($a),*))> for F
        where
            F: Fn(T, $($a),*) -> Fut + Send + Sync + 'static,
            Fut: Future<Output = O> + Send + 'static,
            T: OwnedRow,
            O: RowOutput<V> + Send + 'static,
            V: 'static,
            $($a: OwnedContext,)*
        {
            fn into_task(self) -> Arc<dyn TaskFn> {
                Arc::new(Function::<Async<RowWise>, F, (T, Fut), O, V, ($($a,)*)>::new(self))
            }
        }

        #[diagnostic::do_not_recommend]
        impl<F, P, VP, Fut, O, V, $($a),*> IntoTask<(Async<Whole>, P, VP, V, fn($($a),*))> for F
        where
            F: Fn(P, $($a),*) -> Fut + Send + Sync + 'static,
            Fut: Future<Output = O> + Send + 'static,
            P: FromPartition<VP> + Send + 'static,
            VP: 'static,
            O: GroupOutput<V> + Send + 'static,
            V: 'static,
            $($a: OwnedContext,)*
        {
            fn into_task(self) -> Arc<dyn TaskFn> {
                Arc::new(Function::<Async<Whole>, F, (Via<P, VP>, Fut), O, V, ($($a,)*)>::new(self))
            }
        }

        #[diagnostic::do_not_recommend]
        impl<F, C, Fut, O, V, $($a),*> IntoTask<(Async<OwnedValues>, C, V, fn($($a),*))> for F
        where
            F: Fn(C, $($a),*) -> Fut + Send + Sync + 'static,
            Fut: Future<Output = O> + Send + 'static,
            C: OwnedValue,
            O: ValueOutput<V> + Send + 'static,
            V: 'static,
            $($a: OwnedContext,)*
        {
            fn into_task(self) -> Arc<dyn TaskFn> {
                Arc::new(Function::<Async<OwnedValues>, F, (C, Fut), O, V, ($($a,)*)>::new(self))
            }
        }
    };
}

arity!();
arity!(A1 a1);
arity!(A1 a1, A2 a2);
arity!(A1 a1, A2 a2, A3 a3);
arity!(A1 a1, A2 a2, A3 a3, A4 a4);

/// The context arguments of all groups, made before any future starts.
fn arguments<A: for<'c> Contexts<Of<'c> = A>>(cx: &TaskContext, groups: &Arc<Groups>) -> Result<Vec<A>> {
    (0..groups.len()).map(|index| A::from_context(&Call { cx, groups, index })).collect()
}

impl<F, T, Fut, O, V, A> TaskFn for Function<Async<Owned>, F, (T, Fut), O, V, A>
where
    F: CallAsyncOwned<T, Fut, A> + Send + Sync + 'static,
    Fut: Future<Output = O> + Send + 'static,
    T: OwnedRow,
    O: GroupOutput<V> + Send + 'static,
    V: 'static,
    A: for<'c> Contexts<Of<'c> = A> + Send + 'static,
{
    alike!(F, A);

    fn is_async(&self) -> bool {
        true
    }

    fn shape(&self) -> Shape {
        Shape::Group
    }

    fn reads(&self) -> Vec<Reads> {
        vec![Reads::Rows(T::layout())]
    }

    fn produces(&self) -> Produces {
        O::produces()
    }

    fn run(&self, cx: &TaskContext, groups: &Arc<Groups>, at: &Progress) -> Result<Vec<RecordBatch>> {
        let member = only(groups)?;
        let reader = T::reader(&member.batch)?;
        let args = arguments::<A>(cx, groups)?;
        let calls = args.into_iter().enumerate().map(|(index, args)| {
            let rows = (member.offsets[index]..member.offsets[index + 1]).map(|i| T::read(&reader, i)).collect();
            move || self.f.call(rows, args)
        });
        let mut outputs = run_all(cx, calls)?.into_iter();
        per_group::<GroupCollector<O, V>>(cx, groups, at, |_, out| next(&mut outputs)?.write(&mut out.0))
    }
}

impl<F, P, VP, Fut, O, V, A> TaskFn for Function<Async<Whole>, F, (Via<P, VP>, Fut), O, V, A>
where
    F: CallAsyncOne<P, Fut, A> + Send + Sync + 'static,
    Fut: Future<Output = O> + Send + 'static,
    P: FromPartition<VP> + Send + 'static,
    VP: 'static,
    O: GroupOutput<V> + Send + 'static,
    V: 'static,
    A: for<'c> Contexts<Of<'c> = A> + Send + 'static,
{
    alike!(F, A);

    fn is_async(&self) -> bool {
        true
    }

    fn shape(&self) -> Shape {
        Shape::Group
    }

    fn reads(&self) -> Vec<Reads> {
        vec![P::reads()]
    }

    fn produces(&self) -> Produces {
        O::produces()
    }

    fn run(&self, cx: &TaskContext, groups: &Arc<Groups>, at: &Progress) -> Result<Vec<RecordBatch>> {
        let mut data = Vec::with_capacity(groups.len());
        for (index, args) in arguments::<A>(cx, groups)?.into_iter().enumerate() {
            at.group(index);
            data.push((P::from_partition(slice_partition(cx, groups, 0, index)?)?, args));
        }
        let calls = data.into_iter().map(|(partition, args)| move || self.f.call(partition, args));
        let mut outputs = run_all(cx, calls)?.into_iter();
        per_group::<GroupCollector<O, V>>(cx, groups, at, |_, out| next(&mut outputs)?.write(&mut out.0))
    }
}

/// The arguments of the group that each row stands in.
fn row_arguments<A: for<'c> Contexts<Of<'c> = A>>(cx: &TaskContext, groups: &Arc<Groups>) -> Result<Vec<(usize, A)>> {
    let member = only(groups)?;
    let mut all = Vec::with_capacity(member.batch.num_rows());
    for index in 0..groups.len() {
        for row in member.offsets[index]..member.offsets[index + 1] {
            all.push((row, A::from_context(&Call { cx, groups, index })?));
        }
    }
    Ok(all)
}

impl<F, T, Fut, O, V, A> TaskFn for Function<Async<RowWise>, F, (T, Fut), O, V, A>
where
    F: CallAsyncOne<T, Fut, A> + Send + Sync + 'static,
    Fut: Future<Output = O> + Send + 'static,
    T: OwnedRow,
    O: RowOutput<V> + Send + 'static,
    V: 'static,
    A: for<'c> Contexts<Of<'c> = A> + Send + 'static,
{
    alike!(F, A);

    fn is_async(&self) -> bool {
        true
    }

    fn shape(&self) -> Shape {
        Shape::Row
    }

    fn reads(&self) -> Vec<Reads> {
        vec![Reads::Rows(T::layout())]
    }

    fn produces(&self) -> Produces {
        row_produces::<O, V>()
    }

    fn run(&self, cx: &TaskContext, groups: &Arc<Groups>, at: &Progress) -> Result<Vec<RecordBatch>> {
        let reader = T::reader(&only(groups)?.batch)?;
        let args = row_arguments::<A>(cx, groups)?;
        let calls = args.into_iter().map(|(row, args)| {
            let row = T::read(&reader, row);
            move || self.f.call(row, args)
        });
        let mut outputs = run_all(cx, calls)?.into_iter();
        per_row::<RowCollector<O, V>>(cx, groups, at, |_, _, out| out.push(next(&mut outputs)?))
    }
}

impl<F, C, Fut, O, V, A> TaskFn for Function<Async<OwnedValues>, F, (C, Fut), O, V, A>
where
    F: CallAsyncOne<C, Fut, A> + Send + Sync + 'static,
    Fut: Future<Output = O> + Send + 'static,
    C: OwnedValue,
    O: ValueOutput<V> + Send + 'static,
    V: 'static,
    A: for<'c> Contexts<Of<'c> = A> + Send + 'static,
{
    alike!(F, A);

    fn is_async(&self) -> bool {
        true
    }

    fn shape(&self) -> Shape {
        Shape::Row
    }

    fn reads(&self) -> Vec<Reads> {
        vec![Reads::Columns(vec![(C::ty(), C::OPTIONAL)])]
    }

    fn produces(&self) -> Produces {
        Produces::Values { ty: <O::Value as Cell>::ty(), many: O::MANY }
    }

    fn run(&self, cx: &TaskContext, groups: &Arc<Groups>, at: &Progress) -> Result<Vec<RecordBatch>> {
        let reader = super::columns::resolve::<C>(cx, &only(groups)?.batch, 0)?;
        let args = row_arguments::<A>(cx, groups)?;
        let calls = args.into_iter().map(|(row, args)| {
            let value = C::read(&reader, row);
            move || self.f.call(value, args)
        });
        let mut outputs = run_all(cx, calls)?.into_iter();
        per_row::<ValueCollector<O, V>>(cx, groups, at, |_, _, out| next(&mut outputs)?.write(&mut out.writer))
    }
}
