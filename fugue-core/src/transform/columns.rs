//! Functions over plain values: `fn(&str) -> f64` per row and `fn(&[f64]) -> f64` per group, over columns that the call names.

use std::any::{TypeId, type_name};
use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef};
use arrow::record_batch::RecordBatch;

use crate::error::{BoxError, Error, ErrorKind, Result};
use crate::group::Groups;
use crate::row::{Cell, Nulls, Plain};
use crate::schema::Schema;

use super::context::{Call, Contexts, FromContext, Slots};
use super::drive::{Collector, only, per_group, per_row};
use super::families::{Function, alike};
use super::into_task::IntoTask;
use super::output::{ViaCollection, ViaResult};
use super::task::{Produces, Progress, Reads, Shape, TaskContext, TaskFn, user_error};

/// Family: plain values of one row.
#[derive(Debug)]
pub struct Values;
/// Family: plain values of a group, as slices.
#[derive(Debug)]
pub struct ValueSlices;
/// Marker: a plain value.
#[derive(Debug)]
pub struct ViaValue;

/// What a function over plain values may return: a plain value, a `Vec` of them (over slices), or a `Result`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the result of a function over plain values",
    label = "not a plain value",
    note = "return bool, a number, String, bytes, a date or time, an Option of those, a Vec of those (over slices), or a Result"
)]
pub trait ValueOutput<V> {
    /// The value that is written.
    type Value: Plain;
    /// Whether there may be several.
    const MANY: bool = false;

    /// Appends; returns the number of values.
    ///
    /// # Errors
    /// The user's error as `TransformerFailed`.
    fn write(self, writer: &mut <Self::Value as Cell>::Writer) -> Result<usize>;
}

impl<C: Plain> ValueOutput<ViaValue> for C {
    type Value = C;

    #[inline]
    fn write(self, writer: &mut C::Writer) -> Result<usize> {
        Cell::write(self, writer);
        Ok(1)
    }
}

impl<C: Plain> ValueOutput<ViaCollection> for Vec<C> {
    type Value = C;
    const MANY: bool = true;

    fn write(self, writer: &mut C::Writer) -> Result<usize> {
        let rows = self.len();
        Cell::write_all(self, writer);
        Ok(rows)
    }
}

impl<T: ValueOutput<V>, V, E: Into<BoxError>> ValueOutput<ViaResult<V>> for std::result::Result<T, E> {
    type Value = T::Value;
    const MANY: bool = T::MANY;

    fn write(self, writer: &mut <Self::Value as Cell>::Writer) -> Result<usize> {
        self.map_err(user_error)?.write(writer)
    }
}

/// Collects values of one column.
pub(crate) struct ValueCollector<O: ValueOutput<V>, V> {
    pub(crate) writer: <O::Value as Cell>::Writer,
    own: Schema,
}

impl<O: ValueOutput<V>, V> Collector for ValueCollector<O, V> {
    fn start(own: &Schema, capacity: usize) -> Result<Self> {
        Ok(Self { writer: <O::Value as Cell>::writer(capacity), own: own.clone() })
    }

    fn finish(self) -> Result<Vec<RecordBatch>> {
        let column = <O::Value as Cell>::finish(self.writer)?;
        Ok(vec![RecordBatch::try_new(self.own.to_arrow(), vec![column])?])
    }
}

/// The column that the call names for an argument.
fn column<'b>(cx: &TaskContext, batch: &'b RecordBatch, argument: usize) -> Result<(&'b ArrayRef, Arc<str>)> {
    let name =
        cx.on.get(argument).ok_or_else(|| Error::new(ErrorKind::Unexpected, "a function over columns without their names"))?;
    let found = batch
        .column_by_name(name)
        .ok_or_else(|| Error::new(ErrorKind::Unexpected, format!("column {name:?} was not carried")))?;
    Ok((found, Arc::clone(name)))
}

pub(super) fn resolve<'b, C: Cell>(cx: &TaskContext, batch: &'b RecordBatch, argument: usize) -> Result<C::Reader<'b>> {
    let (array, name) = column(cx, batch, argument)?;
    let nulls = if C::OPTIONAL { Nulls::Allow } else { Nulls::Forbid };
    if nulls == Nulls::Forbid && array.null_count() > 0 {
        let row = (0..array.len()).find(|i| array.is_null(*i)).unwrap_or(0);
        return Err(Error::new(
            ErrorKind::ValueInvalid,
            format!("column {name:?} has a null, which {} cannot be; take Option<{0}>, or drop nulls first", C::ty()),
        )
        .with("column", &*name)
        .with("row", row.to_string()));
    }
    C::reader(&**array, nulls, &name)
}

/// A column as a slice: as it lies in memory where it can be, read otherwise.
fn whole<'r, 'b, C: Cell>(reader: &'r C::Reader<'b>, rows: usize) -> Cow<'r, [C::Of<'b>]>
where
    [C::Of<'b>]: ToOwned<Owned = Vec<C::Of<'b>>>,
{
    match C::slice(reader) {
        Some(slice) => Cow::Borrowed(slice),
        None => Cow::Owned((0..rows).map(|i| C::read(reader, i)).collect()),
    }
}

/// How functions over values of a row are called; implemented for each number of columns and context arguments.
pub trait CallValues<C, O, A: Contexts> {
    /// Whether a `Reads` of the columns, for planning.
    fn reads() -> Reads;

    /// Calls for each row of the groups.
    ///
    /// # Errors
    /// As [`TaskFn::run`].
    fn run<V>(&self, cx: &TaskContext, groups: &Arc<Groups>, at: &Progress) -> Result<Vec<RecordBatch>>
    where
        O: ValueOutput<V>;
}

/// How functions over slices of a group are called; implemented for each number of columns and context arguments.
pub trait CallSlices<C, O, A: Contexts> {
    /// A `Reads` of the columns, for planning.
    fn reads() -> Reads;

    /// Calls for each group.
    ///
    /// # Errors
    /// As [`TaskFn::run`].
    fn run<V>(&self, cx: &TaskContext, groups: &Arc<Groups>, at: &Progress) -> Result<Vec<RecordBatch>>
    where
        O: ValueOutput<V>;
}

macro_rules! columns {
    ([$($c:ident $r:ident $n:tt),+], [$($a:ident $v:ident),*]) => {
        impl<F, O, $($c,)* $($a),*> CallValues<($($c,)*), O, ($($a,)*)> for F
        where
            F: for<'a, 'c> Fn($($c::Of<'a>,)* $($a::Of<'c>),*) -> O,
            $($c: Plain,)*
            $($a: FromContext,)*
        {
            fn reads() -> Reads {
                Reads::Columns(vec![$(($c::ty(), $c::OPTIONAL)),*])
            }

            fn run<V>(&self, cx: &TaskContext, groups: &Arc<Groups>, at: &Progress) -> Result<Vec<RecordBatch>>
            where
                O: ValueOutput<V>,
            {
                let batch = &only(groups)?.batch;
                $(let $r = resolve::<$c>(cx, batch, $n)?;)*
                per_row::<ValueCollector<O, V>>(cx, groups, at, |index, row, out| {
                    let ($($v,)*) = <($($a,)*) as Contexts>::from_context(&Call { cx, groups, index })?;
                    self($($c::read(&$r, row),)* $($v),*).write(&mut out.writer)
                })
            }
        }

        #[diagnostic::do_not_recommend]
        impl<F, O, V, $($c,)* $($a),*> IntoTask<(Values, ($($c,)*), V, fn($($a),*))> for F
        where
            F: Fn($($c,)* $($a),*) -> O + for<'a, 'c> Fn($($c::Of<'a>,)* $($a::Of<'c>),*) -> O + Send + Sync + 'static,
            O: ValueOutput<V> + 'static,
            V: 'static,
            $($c: Plain + 'static,)*
            $($a: FromContext + 'static,)*
        {
            fn into_task(self) -> Arc<dyn TaskFn> {
                Arc::new(Function::<Values, F, ($($c,)*), O, V, ($($a,)*)>::new(self))
            }
        }

        impl<F, O, $($c,)* $($a),*> CallSlices<($($c,)*), O, ($($a,)*)> for F
        where
            F: for<'a, 'b, 'c> Fn($(&'b [$c::Of<'a>],)* $($a::Of<'c>),*) -> O,
            $($c: Plain, for<'a> $c::Of<'a>: Clone,)*
            $($a: FromContext,)*
        {
            fn reads() -> Reads {
                Reads::Columns(vec![$(($c::ty(), $c::OPTIONAL)),*])
            }

            fn run<V>(&self, cx: &TaskContext, groups: &Arc<Groups>, at: &Progress) -> Result<Vec<RecordBatch>>
            where
                O: ValueOutput<V>,
            {
                let member = only(groups)?;
                $(let $r = resolve::<$c>(cx, &member.batch, $n)?;)*
                $(let $r = whole::<$c>(&$r, member.batch.num_rows());)*
                per_group::<ValueCollector<O, V>>(cx, groups, at, |index, out| {
                    let range = member.offsets[index]..member.offsets[index + 1];
                    let ($($v,)*) = <($($a,)*) as Contexts>::from_context(&Call { cx, groups, index })?;
                    self($(&$r[range.clone()],)* $($v),*).write(&mut out.writer)
                })
            }
        }

        #[diagnostic::do_not_recommend]
        impl<F, O, V, $($c,)* $($a),*> IntoTask<(ValueSlices, ($($c,)*), V, fn($($a),*))> for F
        where
            F: Fn($(&[$c],)* $($a),*) -> O + for<'a, 'b, 'c> Fn($(&'b [$c::Of<'a>],)* $($a::Of<'c>),*) -> O + Send + Sync + 'static,
            O: ValueOutput<V> + 'static,
            V: 'static,
            $($c: Plain + 'static, for<'a> $c::Of<'a>: Clone,)*
            $($a: FromContext + 'static,)*
        {
            fn into_task(self) -> Arc<dyn TaskFn> {
                Arc::new(Function::<ValueSlices, F, ($($c,)*), O, V, ($($a,)*)>::new(self))
            }
        }
    };
}

columns!([C1 c1 0], []);
columns!([C1 c1 0, C2 c2 1], []);
columns!([C1 c1 0, C2 c2 1, C3 c3 2], []);
columns!([C1 c1 0, C2 c2 1, C3 c3 2, C4 c4 3], []);
columns!([C1 c1 0], [A1 a1]);
columns!([C1 c1 0, C2 c2 1], [A1 a1]);
columns!([C1 c1 0, C2 c2 1, C3 c3 2], [A1 a1]);
columns!([C1 c1 0, C2 c2 1, C3 c3 2, C4 c4 3], [A1 a1]);
columns!([C1 c1 0], [A1 a1, A2 a2]);
columns!([C1 c1 0, C2 c2 1], [A1 a1, A2 a2]);
columns!([C1 c1 0, C2 c2 1, C3 c3 2], [A1 a1, A2 a2]);
columns!([C1 c1 0, C2 c2 1, C3 c3 2, C4 c4 3], [A1 a1, A2 a2]);

macro_rules! value_task {
    ($family:ty, $call:ident, $shape:expr) => {
        impl<F, C, O, V, A> TaskFn for Function<$family, F, C, O, V, A>
        where
            F: $call<C, O, A> + Send + Sync + 'static,
            C: 'static,
            O: ValueOutput<V> + 'static,
            V: 'static,
            A: Contexts + 'static,
        {
            alike!(F, A);

            fn shape(&self) -> Shape {
                $shape
            }

            fn reads(&self) -> Vec<Reads> {
                vec![<F as $call<C, O, A>>::reads()]
            }

            fn produces(&self) -> Produces {
                Produces::Values { ty: <O::Value as Cell>::ty(), many: O::MANY }
            }

            fn run(&self, cx: &TaskContext, groups: &Arc<Groups>, at: &Progress) -> Result<Vec<RecordBatch>> {
                <F as $call<C, O, A>>::run::<V>(&self.f, cx, groups, at)
            }
        }
    };
}

value_task!(Values, CallValues, Shape::Row);
value_task!(ValueSlices, CallSlices, Shape::Group);
