//! The families of functions over rows and whole groups, each a [`TaskFn`] that knows how to read its data and call.

use std::any::{TypeId, type_name};
use std::marker::PhantomData;
use std::sync::Arc;

use arrow::record_batch::RecordBatch;

use crate::error::Result;
use crate::group::Groups;
use crate::row::Row;
use crate::schema::Schema;

use super::context::{Call, Contexts, Slots};
use super::drive::{Collector, only, per_group, per_row};
use super::input::{FromPartition, Partition};
use super::output::{GroupOutput, RowOutput};
use super::task::{Produces, Progress, Reads, Shape, TaskContext, TaskFn};

/// A function with the types that its call needs; `T` is the data, `O` the output, `A` the context arguments.
pub struct Function<Family, F, T, O, V, A> {
    pub(crate) f: F,
    types: PhantomData<fn() -> (Family, T, O, V, A)>,
}

impl<Family, F, T, O, V, A> Function<Family, F, T, O, V, A> {
    pub(crate) fn new(f: F) -> Self {
        Self { f, types: PhantomData }
    }
}

impl<Family, F, T, O, V, A> std::fmt::Debug for Function<Family, F, T, O, V, A> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Function").field(&type_name::<F>()).finish()
    }
}

/// Rows that are read at once for small groups: so few that they are still in the nearest cache when they are called.
const AT_ONCE: usize = 1024;

/// Collects through a [`GroupOutput`].
pub(crate) struct GroupCollector<O: GroupOutput<V>, V>(pub(crate) O::Writer);

impl<O: GroupOutput<V>, V> Collector for GroupCollector<O, V> {
    fn start(own: &Schema, capacity: usize) -> Result<Self> {
        O::writer(own, capacity).map(Self)
    }

    fn finish(self) -> Result<Vec<RecordBatch>> {
        O::finish(self.0)
    }
}

/// Collects through a [`RowOutput`]; has no writer where nothing is returned.
pub(crate) struct RowCollector<O: RowOutput<V>, V>(Option<<O::Row as Row>::Writer>);

impl<O: RowOutput<V>, V> RowCollector<O, V> {
    pub(crate) fn push(&mut self, output: O) -> Result<usize> {
        match &mut self.0 {
            Some(writer) => output.write(writer),
            // A `Result` of nothing still has an error to tell.
            None => {
                let mut writer = <O::Row as Row>::writer(&Schema::new([])?, 0)?;
                output.write(&mut writer)
            }
        }
    }
}

impl<O: RowOutput<V>, V> Collector for RowCollector<O, V> {
    fn start(own: &Schema, capacity: usize) -> Result<Self> {
        if O::NOTHING { Ok(Self(None)) } else { <O::Row as Row>::writer(own, capacity).map(|w| Self(Some(w))) }
    }

    fn finish(self) -> Result<Vec<RecordBatch>> {
        self.0.map_or_else(|| Ok(Vec::new()), |w| Ok(vec![<O::Row as Row>::finish(w)?]))
    }
}

/// What a row-wise function produces.
pub(crate) fn row_produces<O: RowOutput<V>, V>() -> Produces {
    if O::NOTHING { Produces::Nothing } else { Produces::Rows(<O::Row as Row>::layout()) }
}

/// Family: `&[T]`.
#[derive(Debug)]
pub struct Slice;
/// Family: `Vec<T>`.
#[derive(Debug)]
pub struct Owned;
/// Family: one row `T`.
#[derive(Debug)]
pub struct RowWise;
/// Family: one row `&T`.
#[derive(Debug)]
pub struct RowRef;
/// Family: a whole group as a batch or a frame.
#[derive(Debug)]
pub struct Whole;

/// How a function of a family is called; implemented for each number of context arguments.
pub trait CallSlice<T: Row, O, A: Contexts> {
    /// Calls with the rows of a group.
    fn call<'a, 'c>(&self, rows: &[T::Of<'a>], args: A::Of<'c>) -> O;
}

/// See [`CallSlice`].
pub trait CallOwned<T: Row, O, A: Contexts> {
    /// Calls with the rows of a group.
    fn call<'a, 'c>(&self, rows: Vec<T::Of<'a>>, args: A::Of<'c>) -> O;
}

/// See [`CallSlice`].
pub trait CallRow<T: Row, O, A: Contexts> {
    /// Calls with a row.
    fn call<'a, 'c>(&self, row: T::Of<'a>, args: A::Of<'c>) -> O;
}

/// See [`CallSlice`].
pub trait CallRowRef<T: Row, O, A: Contexts> {
    /// Calls with a row.
    fn call<'a, 'c>(&self, row: &T::Of<'a>, args: A::Of<'c>) -> O;
}

/// See [`CallSlice`].
pub trait CallWhole<P, O, A: Contexts> {
    /// Calls with a group.
    fn call<'c>(&self, partition: P, args: A::Of<'c>) -> O;
}

/// The parts of [`TaskFn`] that are alike in all families.
macro_rules! alike {
    ($f:ty, $args:ty) => {
        fn name(&self) -> &'static str {
            type_name::<$f>()
        }

        fn type_id(&self) -> TypeId {
            TypeId::of::<$f>()
        }

        fn prepare(&self, slots: &mut Slots) -> Result<()> {
            <$args>::prepare(slots)
        }
    };
}
pub(crate) use alike;

impl<F, T, O, V, A> TaskFn for Function<Slice, F, T, O, V, A>
where
    F: CallSlice<T, O, A> + Send + Sync + 'static,
    T: Row + 'static,
    O: GroupOutput<V> + 'static,
    V: 'static,
    A: Contexts + 'static,
{
    alike!(F, A);

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
        // Rows of several groups are read at once: groups are then slices, and a million small groups cost no allocation each.
        let mut rows: Vec<T::Of<'_>> = Vec::new();
        let (mut first, mut read) = (0, 0);
        per_group::<GroupCollector<O, V>>(cx, groups, at, |index, out| {
            let args = A::from_context(&Call { cx, groups, index })?;
            let (start, end) = (member.offsets[index], member.offsets[index + 1]);
            if end > read {
                let more = member.offsets[index + 2..].partition_point(|end| *end <= start + AT_ONCE);
                (first, read) = (start, member.offsets[index + 1 + more]);
                rows.clear();
                rows.extend((first..read).map(|i| T::read(&reader, i)));
            }
            self.f.call(&rows[start - first..end - first], args).write(&mut out.0)
        })
    }
}

impl<F, T, O, V, A> TaskFn for Function<Owned, F, T, O, V, A>
where
    F: CallOwned<T, O, A> + Send + Sync + 'static,
    T: Row + 'static,
    O: GroupOutput<V> + 'static,
    V: 'static,
    A: Contexts + 'static,
{
    alike!(F, A);

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
        per_group::<GroupCollector<O, V>>(cx, groups, at, |index, out| {
            let args = A::from_context(&Call { cx, groups, index })?;
            let rows = (member.offsets[index]..member.offsets[index + 1]).map(|i| T::read(&reader, i)).collect();
            self.f.call(rows, args).write(&mut out.0)
        })
    }
}

impl<F, T, O, V, A> TaskFn for Function<RowWise, F, T, O, V, A>
where
    F: CallRow<T, O, A> + Send + Sync + 'static,
    T: Row + 'static,
    O: RowOutput<V> + 'static,
    V: 'static,
    A: Contexts + 'static,
{
    alike!(F, A);

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
        per_row::<RowCollector<O, V>>(cx, groups, at, |index, row, out| {
            let args = A::from_context(&Call { cx, groups, index })?;
            out.push(self.f.call(T::read(&reader, row), args))
        })
    }
}

impl<F, T, O, V, A> TaskFn for Function<RowRef, F, T, O, V, A>
where
    F: CallRowRef<T, O, A> + Send + Sync + 'static,
    T: Row + 'static,
    O: RowOutput<V> + 'static,
    V: 'static,
    A: Contexts + 'static,
{
    alike!(F, A);

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
        per_row::<RowCollector<O, V>>(cx, groups, at, |index, row, out| {
            let args = A::from_context(&Call { cx, groups, index })?;
            out.push(self.f.call(&T::read(&reader, row), args))
        })
    }
}

/// A data argument type with the marker that it came by.
#[derive(Debug)]
pub struct Via<P, VP>(PhantomData<fn() -> (P, VP)>);

impl<F, P, VP, O, V, A> TaskFn for Function<Whole, F, Via<P, VP>, O, V, A>
where
    F: CallWhole<P, O, A> + Send + Sync + 'static,
    P: FromPartition<VP> + 'static,
    VP: 'static,
    O: GroupOutput<V> + 'static,
    V: 'static,
    A: Contexts + 'static,
{
    alike!(F, A);

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
        per_group::<GroupCollector<O, V>>(cx, groups, at, |index, out| {
            let args = A::from_context(&Call { cx, groups, index })?;
            let partition = slice_partition(cx, groups, 0, index)?;
            self.f.call(P::from_partition(partition)?, args).write(&mut out.0)
        })
    }
}

/// The rows that a group has of an input.
pub(crate) fn slice_partition(cx: &TaskContext, groups: &Groups, input: usize, index: usize) -> Result<Partition> {
    let member = &groups.members[input];
    let (start, end) = (member.offsets[index], member.offsets[index + 1]);
    let batch =
        if start == 0 && end == member.batch.num_rows() { member.batch.clone() } else { member.batch.slice(start, end - start) };
    Ok(Partition::new(batch, cx.inputs[input].clone()))
}
