//! Functions over several inputs that share a key: two to four data arguments, then context.

use std::any::{TypeId, type_name};
use std::sync::Arc;

use arrow::record_batch::RecordBatch;

use crate::error::Result;
use crate::group::Groups;
use crate::row::Row;

use super::context::{Call, Contexts, FromContext, Slots};
use super::drive::per_group;
use super::families::{Function, GroupCollector, Slice, Via, Whole, alike, slice_partition};
use super::input::{FromPartition, Partition};
use super::output::{GroupOutput, ViaRows};
use super::task::{Produces, Progress, Reads, Shape, TaskContext, TaskFn};

/// A function that can be run over several frames by key: two to four data arguments, then up to two of context.
///
/// The data arguments are either all slices (`&[Click], &[Order]`), or each a `Vec<T>`, a `RecordBatch` or a frame of an adapter.
/// An input without rows for a key gives an empty slice, vector, batch or frame with the right schema.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be used as a cotransformer",
    label = "not a cotransformer",
    note = "a cotransformer takes two to four data arguments first: all of them &[T] (#[derive(Row)] on T), or each of them Vec<T>, \
            RecordBatch or a frame of an adapter; then up to two of Params<P>, State<S>, &S, Cursor, InputSchema, OutputSchema"
)]
pub trait IntoCoTask<M> {
    /// The function, its types hidden.
    fn into_co_task(self) -> Arc<dyn TaskFn>;
}

/// An owned data argument of a cotransformer.
pub trait CoInput<V>: Sized {
    /// What it reads of its input.
    fn reads() -> Reads;

    /// Makes the argument.
    ///
    /// # Errors
    /// What reading the rows finds.
    fn from_partition(partition: Partition) -> Result<Self>;
}

impl<T: for<'a> Row<Of<'a> = T>> CoInput<ViaRows> for Vec<T> {
    fn reads() -> Reads {
        Reads::Rows(T::layout())
    }

    fn from_partition(partition: Partition) -> Result<Self> {
        let reader = T::reader(partition.batch())?;
        Ok((0..partition.batch().num_rows()).map(|i| T::read(&reader, i)).collect())
    }
}

/// Marker: what may be a whole group of a transformer may be one of a cotransformer.
#[derive(Debug)]
pub struct ViaPartition<V>(std::marker::PhantomData<V>);

impl<P: FromPartition<V>, V> CoInput<ViaPartition<V>> for P {
    fn reads() -> Reads {
        P::reads()
    }

    fn from_partition(partition: Partition) -> Result<Self> {
        P::from_partition(partition)
    }
}

/// The rows of all groups of an input.
fn read_all<'b, T: Row>(groups: &'b Groups, input: usize) -> Result<Vec<T::Of<'b>>> {
    let member = &groups.members[input];
    let reader = T::reader(&member.batch)?;
    Ok((0..member.batch.num_rows()).map(|i| T::read(&reader, i)).collect())
}

/// How a cotransformer is called; implemented for each number of inputs and context arguments.
pub trait CallCo<Family, D, O, A: Contexts> {
    /// What each input is read as.
    fn reads() -> Vec<Reads>;

    /// Calls for each group.
    ///
    /// # Errors
    /// As [`TaskFn::run`].
    fn run<V>(&self, cx: &TaskContext, groups: &Arc<Groups>, at: &Progress) -> Result<Vec<RecordBatch>>
    where
        O: GroupOutput<V>;
}

macro_rules! inputs {
    ([$($t:ident $vt:ident $r:ident $n:tt),+], [$($a:ident $v:ident),*]) => {
        impl<F, O, $($t,)* $($a),*> CallCo<Slice, ($($t,)*), O, ($($a,)*)> for F
        where
            F: for<'a, 'b, 'c> Fn($(&'b [<$t as Row>::Of<'a>],)* $($a::Of<'c>),*) -> O,
            $($t: Row,)*
            $($a: FromContext,)*
        {
            fn reads() -> Vec<Reads> {
                vec![$(Reads::Rows($t::layout())),*]
            }

            fn run<V>(&self, cx: &TaskContext, groups: &Arc<Groups>, at: &Progress) -> Result<Vec<RecordBatch>>
            where
                O: GroupOutput<V>,
            {
                $(let $r = read_all::<$t>(groups, $n)?;)*
                per_group::<GroupCollector<O, V>>(cx, groups, at, |index, out| {
                    let ($($v,)*) = <($($a,)*) as Contexts>::from_context(&Call { cx, groups, index })?;
                    self($({
                        let offsets = &groups.members[$n].offsets;
                        &$r[offsets[index]..offsets[index + 1]]
                    },)* $($v),*).write(&mut out.0)
                })
            }
        }

        #[diagnostic::do_not_recommend]
        impl<F, O, V, $($t,)* $($a),*> IntoCoTask<(Slice, ($($t,)*), V, fn($($a),*))> for F
        where
            F: Fn($(&[$t],)* $($a),*) -> O
                + for<'a, 'b, 'c> Fn($(&'b [<$t as Row>::Of<'a>],)* $($a::Of<'c>),*) -> O
                + Send + Sync + 'static,
            O: GroupOutput<V> + 'static,
            V: 'static,
            $($t: Row + 'static,)*
            $($a: FromContext + 'static,)*
        {
            fn into_co_task(self) -> Arc<dyn TaskFn> {
                Arc::new(Function::<Co<Slice>, F, ($($t,)*), O, V, ($($a,)*)>::new(self))
            }
        }

        impl<F, O, $($t, $vt,)* $($a),*> CallCo<Whole, ($(Via<$t, $vt>,)*), O, ($($a,)*)> for F
        where
            F: for<'c> Fn($($t,)* $($a::Of<'c>),*) -> O,
            $($t: CoInput<$vt>,)*
            $($a: FromContext,)*
        {
            fn reads() -> Vec<Reads> {
                vec![$($t::reads()),*]
            }

            fn run<V>(&self, cx: &TaskContext, groups: &Arc<Groups>, at: &Progress) -> Result<Vec<RecordBatch>>
            where
                O: GroupOutput<V>,
            {
                per_group::<GroupCollector<O, V>>(cx, groups, at, |index, out| {
                    let ($($v,)*) = <($($a,)*) as Contexts>::from_context(&Call { cx, groups, index })?;
                    self($($t::from_partition(slice_partition(cx, groups, $n, index)?)?,)* $($v),*).write(&mut out.0)
                })
            }
        }

        #[diagnostic::do_not_recommend]
        impl<F, O, V, $($t, $vt,)* $($a),*> IntoCoTask<(Whole, ($(Via<$t, $vt>,)*), V, fn($($a),*))> for F
        where
            F: Fn($($t,)* $($a),*) -> O + for<'c> Fn($($t,)* $($a::Of<'c>),*) -> O + Send + Sync + 'static,
            O: GroupOutput<V> + 'static,
            V: 'static,
            $($t: CoInput<$vt> + 'static, $vt: 'static,)*
            $($a: FromContext + 'static,)*
        {
            fn into_co_task(self) -> Arc<dyn TaskFn> {
                Arc::new(Function::<Co<Whole>, F, ($(Via<$t, $vt>,)*), O, V, ($($a,)*)>::new(self))
            }
        }
    };
}

inputs!([T1 V1 r1 0, T2 V2 r2 1], []);
inputs!([T1 V1 r1 0, T2 V2 r2 1, T3 V3 r3 2], []);
inputs!([T1 V1 r1 0, T2 V2 r2 1, T3 V3 r3 2, T4 V4 r4 3], []);
inputs!([T1 V1 r1 0, T2 V2 r2 1], [A1 a1]);
inputs!([T1 V1 r1 0, T2 V2 r2 1, T3 V3 r3 2], [A1 a1]);
inputs!([T1 V1 r1 0, T2 V2 r2 1, T3 V3 r3 2, T4 V4 r4 3], [A1 a1]);
inputs!([T1 V1 r1 0, T2 V2 r2 1], [A1 a1, A2 a2]);
inputs!([T1 V1 r1 0, T2 V2 r2 1, T3 V3 r3 2], [A1 a1, A2 a2]);
inputs!([T1 V1 r1 0, T2 V2 r2 1, T3 V3 r3 2, T4 V4 r4 3], [A1 a1, A2 a2]);

/// Family: a cotransformer whose data arguments are of another family.
#[derive(Debug)]
pub struct Co<Family>(std::marker::PhantomData<Family>);

impl<Family, F, D, O, V, A> TaskFn for Function<Co<Family>, F, D, O, V, A>
where
    Family: 'static,
    F: CallCo<Family, D, O, A> + Send + Sync + 'static,
    D: 'static,
    O: GroupOutput<V> + 'static,
    V: 'static,
    A: Contexts + 'static,
{
    alike!(F, A);

    fn shape(&self) -> Shape {
        Shape::Group
    }

    fn reads(&self) -> Vec<Reads> {
        F::reads()
    }

    fn produces(&self) -> Produces {
        O::produces()
    }

    fn run(&self, cx: &TaskContext, groups: &Arc<Groups>, at: &Progress) -> Result<Vec<RecordBatch>> {
        self.f.run::<V>(cx, groups, at)
    }
}
