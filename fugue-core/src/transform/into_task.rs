//! Which functions are transformers: one implementation per family and number of context arguments.

use std::sync::Arc;

use super::context::{Contexts, FromContext};
use super::families::{
    CallOwned, CallRow, CallRowRef, CallSlice, CallWhole, Function, Owned, RowRef, RowWise, Slice, Via, Whole,
};
use super::input::{FromPartition, FromStream};
use super::output::{GroupOutput, RowOutput};
use super::stream::{CallStream, StreamOutput, Streamed};
use super::task::TaskFn;
use crate::row::Row;

/// A function that can be run over a frame: its first argument is data, up to four others are context.
///
/// | data argument | one call per | may return |
/// |---|---|---|
/// | `&[T]`, `Vec<T>` | group | an iterator of rows, one row, `Option`, batches, nothing, or a `Result` of those |
/// | `RecordBatch`, a frame of an adapter | group | the same |
/// | `T`, `&T` | row | one row, `Option`, `Vec`, nothing, or a `Result` of those |
/// | [`Rows<T>`](super::Rows), [`Batches`](super::Batches) | partition | an iterator of rows or batches, a batch, nothing, or a `Result` |
/// | plain values (`&str`, `f64`, …), named by `.on([…])` | row | a plain value, or a `Result` of one |
/// | slices of plain values (`&[f64]`), named by `.on([…])` | group | a plain value, a `Vec` of them, or a `Result` |
/// | owned data in an `async fn` | as above | a future of the same |
///
/// `T` has `#[derive(Row)]`, and may borrow text and bytes from the column (`struct Reading<'a> { sensor: &'a str }`) wherever the
/// result does not borrow.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be used as a transformer",
    label = "not a transformer",
    note = "a transformer takes its data first (&[T], Vec<T>, T, &T, Rows<T>, RecordBatch, Batches; #[derive(Row)] on T), then up to \
            four of Params<P>, State<S>, &S, Cursor, InputSchema, OutputSchema",
    note = "it returns rows, batches or nothing, or a Result of those whose error implements std::error::Error",
    note = "put #[fugue::transformer] on the function to be told which argument is at fault"
)]
pub trait IntoTask<M> {
    /// The function, its types hidden.
    fn into_task(self) -> Arc<dyn TaskFn>;
}

macro_rules! arity {
    ($($a:ident $v:ident),*) => {
        impl<F, T, O, $($a),*> CallSlice<T, O, ($($a,)*)> for F
        where
            F: for<'a, 'b, 'c> Fn(&'b [<T as Row>::Of<'a>], $($a::Of<'c>),*) -> O,
            T: Row,
            $($a: FromContext,)*
        {
            #[inline]
            fn call<'a, 'c>(&self, rows: &[T::Of<'a>], args: <($($a,)*) as Contexts>::Of<'c>) -> O {
                let ($($v,)*) = args;
                self(rows, $($v),*)
            }
        }

        #[diagnostic::do_not_recommend]
        impl<F, T, O, V, $($a),*> IntoTask<(Slice, T, V, fn($($a),*))> for F
        where
            F: Fn(&[T], $($a),*) -> O + for<'a, 'b, 'c> Fn(&'b [<T as Row>::Of<'a>], $($a::Of<'c>),*) -> O + Send + Sync + 'static,
            T: Row + 'static,
            O: GroupOutput<V> + 'static,
            V: 'static,
            $($a: FromContext + 'static,)*
        {
            fn into_task(self) -> Arc<dyn TaskFn> {
                Arc::new(Function::<Slice, F, T, O, V, ($($a,)*)>::new(self))
            }
        }

        impl<F, T, O, $($a),*> CallOwned<T, O, ($($a,)*)> for F
        where
            F: for<'a, 'c> Fn(Vec<<T as Row>::Of<'a>>, $($a::Of<'c>),*) -> O,
            T: Row,
            $($a: FromContext,)*
        {
            #[inline]
            fn call<'a, 'c>(&self, rows: Vec<T::Of<'a>>, args: <($($a,)*) as Contexts>::Of<'c>) -> O {
                let ($($v,)*) = args;
                self(rows, $($v),*)
            }
        }

        #[diagnostic::do_not_recommend]
        impl<F, T, O, V, $($a),*> IntoTask<(Owned, T, V, fn($($a),*))> for F
        where
            F: Fn(Vec<T>, $($a),*) -> O + for<'a, 'c> Fn(Vec<<T as Row>::Of<'a>>, $($a::Of<'c>),*) -> O + Send + Sync + 'static,
            T: Row + 'static,
            O: GroupOutput<V> + 'static,
            V: 'static,
            $($a: FromContext + 'static,)*
        {
            fn into_task(self) -> Arc<dyn TaskFn> {
                Arc::new(Function::<Owned, F, T, O, V, ($($a,)*)>::new(self))
            }
        }

        impl<F, T, O, $($a),*> CallRow<T, O, ($($a,)*)> for F
        where
            F: for<'a, 'c> Fn(<T as Row>::Of<'a>, $($a::Of<'c>),*) -> O,
            T: Row,
            $($a: FromContext,)*
        {
            #[inline]
            fn call<'a, 'c>(&self, row: T::Of<'a>, args: <($($a,)*) as Contexts>::Of<'c>) -> O {
                let ($($v,)*) = args;
                self(row, $($v),*)
            }
        }

        #[diagnostic::do_not_recommend]
        impl<F, T, O, V, $($a),*> IntoTask<(RowWise, T, V, fn($($a),*))> for F
        where
            F: Fn(T, $($a),*) -> O + for<'a, 'c> Fn(<T as Row>::Of<'a>, $($a::Of<'c>),*) -> O + Send + Sync + 'static,
            T: Row + 'static,
            O: RowOutput<V> + 'static,
            V: 'static,
            $($a: FromContext + 'static,)*
        {
            fn into_task(self) -> Arc<dyn TaskFn> {
                Arc::new(Function::<RowWise, F, T, O, V, ($($a,)*)>::new(self))
            }
        }

        impl<F, T, O, $($a),*> CallRowRef<T, O, ($($a,)*)> for F
        where
            F: for<'a, 'b, 'c> Fn(&'b <T as Row>::Of<'a>, $($a::Of<'c>),*) -> O,
            T: Row,
            $($a: FromContext,)*
        {
            #[inline]
            fn call<'a, 'c>(&self, row: &T::Of<'a>, args: <($($a,)*) as Contexts>::Of<'c>) -> O {
                let ($($v,)*) = args;
                self(row, $($v),*)
            }
        }

        #[diagnostic::do_not_recommend]
        impl<F, T, O, V, $($a),*> IntoTask<(RowRef, T, V, fn($($a),*))> for F
        where
            F: Fn(&T, $($a),*) -> O + for<'a, 'b, 'c> Fn(&'b <T as Row>::Of<'a>, $($a::Of<'c>),*) -> O + Send + Sync + 'static,
            T: Row + 'static,
            O: RowOutput<V> + 'static,
            V: 'static,
            $($a: FromContext + 'static,)*
        {
            fn into_task(self) -> Arc<dyn TaskFn> {
                Arc::new(Function::<RowRef, F, T, O, V, ($($a,)*)>::new(self))
            }
        }

        impl<F, P, O, $($a),*> CallWhole<P, O, ($($a,)*)> for F
        where
            F: for<'c> Fn(P, $($a::Of<'c>),*) -> O,
            $($a: FromContext,)*
        {
            #[inline]
            fn call<'c>(&self, partition: P, args: <($($a,)*) as Contexts>::Of<'c>) -> O {
                let ($($v,)*) = args;
                self(partition, $($v),*)
            }
        }

        #[diagnostic::do_not_recommend]
        impl<F, P, VP, O, V, $($a),*> IntoTask<(Whole, P, VP, V, fn($($a),*))> for F
        where
            F: Fn(P, $($a),*) -> O + for<'c> Fn(P, $($a::Of<'c>),*) -> O + Send + Sync + 'static,
            P: FromPartition<VP> + 'static,
            VP: 'static,
            O: GroupOutput<V> + 'static,
            V: 'static,
            $($a: FromContext + 'static,)*
        {
            fn into_task(self) -> Arc<dyn TaskFn> {
                Arc::new(Function::<Whole, F, Via<P, VP>, O, V, ($($a,)*)>::new(self))
            }
        }

        impl<F, P, O, $($a),*> CallStream<P, O, ($($a,)*)> for F
        where
            F: for<'c> Fn(P, $($a::Of<'c>),*) -> O,
            $($a: FromContext,)*
        {
            #[inline]
            fn call<'c>(&self, stream: P, args: <($($a,)*) as Contexts>::Of<'c>) -> O {
                let ($($v,)*) = args;
                self(stream, $($v),*)
            }
        }

        #[diagnostic::do_not_recommend]
        impl<F, P, VP, O, V, $($a),*> IntoTask<(Streamed, P, VP, V, fn($($a),*))> for F
        where
            F: Fn(P, $($a),*) -> O + for<'c> Fn(P, $($a::Of<'c>),*) -> O + Send + Sync + 'static,
            P: FromStream<VP> + 'static,
            VP: 'static,
            O: StreamOutput<V> + 'static,
            V: 'static,
            $($a: FromContext + 'static,)*
        {
            fn into_task(self) -> Arc<dyn TaskFn> {
                Arc::new(Function::<Streamed, F, Via<P, VP>, O, V, ($($a,)*)>::new(self))
            }
        }
    };
}

arity!();
arity!(A1 a1);
arity!(A1 a1, A2 a2);
arity!(A1 a1, A2 a2, A3 a3);
arity!(A1 a1, A2 a2, A3 a3, A4 a4);

/// Proves at compile time that a function is a transformer; does nothing else.
pub fn assert_transformer<M>(_: &impl IntoTask<M>) {}
