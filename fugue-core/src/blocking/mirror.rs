//! The sync mirror: sessions and frames whose actions wait, for scripts and tests.

use std::fmt;
use std::ops::Deref;
use std::time::Duration;

use arrow::record_batch::RecordBatch;

use crate::calls::{CoTransform, OutTransform, Transform, ViaFrame};
use crate::error::Result;
use crate::expr::{Expr, IntoColumns};
use crate::frame::{DropNulls, IntoJoinKind, Nulls, Sample};
use crate::io::{BatchIter, LoadOptions, SaveOptions};
use crate::partition::{IntoNames, IntoPresort, PartitionSpec};
use crate::relational::{IntoJoinKeys, IntoSelect};
use crate::row::{Record, Row};
use crate::run::CancelHandle;
use crate::schema::IntoSchema;
use crate::session::{IntoSource, SessionBuilder};

use super::wait;

/// A [`Session`](crate::Session) whose actions wait. Everything that only plans is that of the async session.
///
/// ```
/// use fugue_core::blocking::Session;
/// use fugue_core::row::Row;
///
/// #[derive(Clone, Row)]
/// struct Reading { sensor: String, value: f64 }
///
/// fn doubled(readings: &[Reading]) -> Vec<Reading> {
///     readings.iter().map(|r| Reading { value: r.value * 2.0, ..r.clone() }).collect()
/// }
///
/// let session = Session::open("local")?;
/// let df = session.frame(vec![Reading { sensor: "A".into(), value: 1.5 }])?;
/// let rows: Vec<Reading> = df.run(df.transform(doubled).partition_by("sensor"))?.rows()?;
/// assert_eq!(rows[0].value, 3.0);
/// # Ok::<(), fugue_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Session(crate::Session);

impl Deref for Session {
    type Target = crate::Session;

    fn deref(&self) -> &crate::Session {
        &self.0
    }
}

impl From<crate::Session> for Session {
    fn from(session: crate::Session) -> Self {
        Self(session)
    }
}

impl Session {
    /// See [`Session::open`](crate::Session::open).
    ///
    /// # Errors
    /// As there.
    pub fn open(engine: &str) -> Result<Self> {
        wait(crate::Session::open(engine)).map(Self)
    }

    /// A session with settings of its own: `Session::opened(Session::builder().threads(2), "local")`.
    ///
    /// # Errors
    /// As [`SessionBuilder::open`].
    pub fn opened(settings: SessionBuilder, engine: &str) -> Result<Self> {
        wait(settings.open(engine)).map(Self)
    }

    /// See [`Session::builder`](crate::Session::builder).
    pub fn builder() -> SessionBuilder {
        crate::Session::builder()
    }

    /// See [`Session::frame`](crate::Session::frame).
    ///
    /// # Errors
    /// As there.
    pub fn frame<V>(&self, data: impl IntoSource<V>) -> Result<DataFrame> {
        self.0.frame(data).map(DataFrame)
    }

    /// See [`Session::load`](crate::Session::load).
    ///
    /// # Errors
    /// As there.
    pub fn load(&self, path: impl AsRef<str>) -> Result<DataFrame> {
        wait(self.0.load(path)).map(DataFrame)
    }

    /// See [`Session::load_with`](crate::Session::load_with).
    ///
    /// # Errors
    /// As there.
    pub fn load_with(&self, path: impl AsRef<str>, options: &LoadOptions) -> Result<DataFrame> {
        wait(self.0.load_with(path, options)).map(DataFrame)
    }

    /// See [`Session::load_all`](crate::Session::load_all).
    ///
    /// # Errors
    /// As there.
    pub fn load_all<P: AsRef<str>>(&self, paths: impl IntoIterator<Item = P>, options: &LoadOptions) -> Result<DataFrame> {
        wait(self.0.load_all(paths, options)).map(DataFrame)
    }

    /// See [`Session::close`](crate::Session::close).
    ///
    /// # Errors
    /// As there.
    pub fn close(&self) -> Result<()> {
        wait(self.0.close())
    }
}

/// A [`DataFrame`](crate::DataFrame) whose actions wait. Everything that only plans is that of the async frame.
#[derive(Clone)]
pub struct DataFrame(crate::DataFrame);

impl fmt::Debug for DataFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl Deref for DataFrame {
    type Target = crate::DataFrame;

    fn deref(&self) -> &crate::DataFrame {
        &self.0
    }
}

impl From<crate::DataFrame> for DataFrame {
    fn from(df: crate::DataFrame) -> Self {
        Self(df)
    }
}

impl DataFrame {
    /// See [`DataFrame::deadline`](crate::DataFrame::deadline).
    #[must_use]
    pub fn deadline(self, deadline: Duration) -> Self {
        Self(self.0.deadline(deadline))
    }

    /// See [`DataFrame::cancel_with`](crate::DataFrame::cancel_with).
    #[must_use]
    pub fn cancel_with(self, handle: &CancelHandle) -> Self {
        Self(self.0.cancel_with(handle))
    }

    /// See [`DataFrame::repartition`](crate::DataFrame::repartition).
    ///
    /// # Errors
    /// As there.
    pub fn repartition(&self, spec: &PartitionSpec) -> Result<Self> {
        self.0.repartition(spec).map(Self)
    }

    /// See [`DataFrame::broadcast`](crate::DataFrame::broadcast).
    ///
    /// # Errors
    /// As there.
    pub fn broadcast(&self) -> Result<Self> {
        self.0.broadcast().map(Self)
    }

    /// See [`DataFrame::on`](crate::DataFrame::on).
    ///
    /// # Errors
    /// As there.
    pub fn on(&self, session: &Session) -> Result<Self> {
        self.0.on(session).map(Self)
    }

    /// See [`DataFrame::select`](crate::DataFrame::select).
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn select(&self, columns: impl IntoSelect) -> Result<Self> {
        self.0.select(columns).map(Self)
    }

    /// See [`DataFrame::filter`](crate::DataFrame::filter).
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn filter(&self, condition: impl Into<Expr>) -> Result<Self> {
        self.0.filter(condition).map(Self)
    }

    /// See [`DataFrame::assign`](crate::DataFrame::assign).
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn assign(&self, columns: impl IntoColumns) -> Result<Self> {
        self.0.assign(columns).map(Self)
    }

    /// See [`DataFrame::aggregate`](crate::DataFrame::aggregate).
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn aggregate(&self, aggregates: impl IntoColumns) -> Result<Self> {
        self.0.aggregate(aggregates).map(Self)
    }

    /// See [`DataFrame::group_by`](crate::DataFrame::group_by).
    pub fn group_by(&self, keys: impl IntoColumns) -> Grouped {
        Grouped(self.0.group_by(keys))
    }

    /// See [`DataFrame::rename`](crate::DataFrame::rename).
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn rename<O: AsRef<str>, N: AsRef<str>>(&self, pairs: impl IntoIterator<Item = (O, N)>) -> Result<Self> {
        self.0.rename(pairs).map(Self)
    }

    /// See [`DataFrame::drop`](crate::DataFrame::drop).
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn drop(&self, names: impl IntoNames) -> Result<Self> {
        self.0.drop(names).map(Self)
    }

    /// See [`DataFrame::alter`](crate::DataFrame::alter).
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn alter(&self, types: impl IntoSchema) -> Result<Self> {
        self.0.alter(types).map(Self)
    }

    /// See [`DataFrame::distinct`](crate::DataFrame::distinct).
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn distinct(&self) -> Result<Self> {
        self.0.distinct().map(Self)
    }

    /// See [`DataFrame::dropna`](crate::DataFrame::dropna).
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn dropna(&self) -> Result<Self> {
        self.0.dropna().map(Self)
    }

    /// See [`DataFrame::dropna_with`](crate::DataFrame::dropna_with).
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn dropna_with(&self, which: DropNulls) -> Result<Self> {
        self.0.dropna_with(which).map(Self)
    }

    /// See [`DataFrame::fillna`](crate::DataFrame::fillna).
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn fillna(&self, value: impl Into<Expr>) -> Result<Self> {
        self.0.fillna(value).map(Self)
    }

    /// See [`DataFrame::fillna_with`](crate::DataFrame::fillna_with).
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn fillna_with(&self, value: impl Into<Expr>, subset: impl IntoNames) -> Result<Self> {
        self.0.fillna_with(value, subset).map(Self)
    }

    /// See [`DataFrame::fillna_map`](crate::DataFrame::fillna_map).
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn fillna_map<N: AsRef<str>, V: Into<Expr>>(&self, values: impl IntoIterator<Item = (N, V)>) -> Result<Self> {
        self.0.fillna_map(values).map(Self)
    }

    /// See [`DataFrame::sample`](crate::DataFrame::sample).
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn sample(&self, sample: Sample) -> Result<Self> {
        self.0.sample(sample).map(Self)
    }

    /// See [`DataFrame::sort`](crate::DataFrame::sort).
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn sort(&self, order: impl IntoPresort) -> Result<Self> {
        self.0.sort(order).map(Self)
    }

    /// See [`DataFrame::sort_with`](crate::DataFrame::sort_with).
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn sort_with(&self, order: impl IntoPresort, nulls: Nulls) -> Result<Self> {
        self.0.sort_with(order, nulls).map(Self)
    }

    /// See [`DataFrame::take`](crate::DataFrame::take).
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn take(&self, n: u64) -> Result<Self> {
        self.0.take(n).map(Self)
    }

    /// See [`DataFrame::take_sorted`](crate::DataFrame::take_sorted).
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn take_sorted(&self, n: u64, order: impl IntoPresort) -> Result<Self> {
        self.0.take_sorted(n, order).map(Self)
    }

    /// See [`DataFrame::take_sorted_with`](crate::DataFrame::take_sorted_with).
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn take_sorted_with(&self, n: u64, order: impl IntoPresort, nulls: Nulls) -> Result<Self> {
        self.0.take_sorted_with(n, order, nulls).map(Self)
    }

    /// See [`DataFrame::limit`](crate::DataFrame::limit).
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn limit(&self, n: u64) -> Result<Self> {
        self.0.limit(n).map(Self)
    }

    /// See [`DataFrame::join`](crate::DataFrame::join).
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn join(&self, other: &Self, kind: impl IntoJoinKind) -> Result<Self> {
        self.0.join(&other.0, kind).map(Self)
    }

    /// See [`DataFrame::join_on`](crate::DataFrame::join_on).
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn join_on(&self, other: &Self, kind: impl IntoJoinKind, keys: impl IntoJoinKeys) -> Result<Self> {
        self.0.join_on(&other.0, kind, keys).map(Self)
    }

    /// See [`DataFrame::join_all`](crate::DataFrame::join_all).
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn join_all<'d>(&self, others: impl IntoIterator<Item = &'d Self>, kind: impl IntoJoinKind) -> Result<Self> {
        self.0.join_all(others.into_iter().map(|other| &other.0), kind).map(Self)
    }

    /// See [`DataFrame::union`](crate::DataFrame::union).
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn union(&self, other: &Self) -> Result<Self> {
        self.0.union(&other.0).map(Self)
    }

    /// See [`DataFrame::union_all`](crate::DataFrame::union_all).
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn union_all(&self, other: &Self) -> Result<Self> {
        self.0.union_all(&other.0).map(Self)
    }

    /// See [`DataFrame::subtract`](crate::DataFrame::subtract).
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn subtract(&self, other: &Self) -> Result<Self> {
        self.0.subtract(&other.0).map(Self)
    }

    /// See [`DataFrame::subtract_all`](crate::DataFrame::subtract_all).
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn subtract_all(&self, other: &Self) -> Result<Self> {
        self.0.subtract_all(&other.0).map(Self)
    }

    /// See [`DataFrame::intersect`](crate::DataFrame::intersect).
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn intersect(&self, other: &Self) -> Result<Self> {
        self.0.intersect(&other.0).map(Self)
    }

    /// See [`DataFrame::intersect_all`](crate::DataFrame::intersect_all).
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn intersect_all(&self, other: &Self) -> Result<Self> {
        self.0.intersect_all(&other.0).map(Self)
    }

    /// See [`DataFrame::describe`](crate::DataFrame::describe).
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn describe(&self) -> Result<Self> {
        wait(self.0.describe()).map(Self)
    }

    /// The frame of a call: `df.run(df.transform(f).partition_by("k"))`.
    ///
    /// # Errors
    /// As [`Transform::run`].
    pub fn run(&self, call: Transform<crate::DataFrame, ViaFrame>) -> Result<Self> {
        call.run().map(Self)
    }

    /// The frame of a call over several frames.
    ///
    /// # Errors
    /// As [`CoTransform::run`].
    pub fn run_co(&self, call: CoTransform) -> Result<Self> {
        call.run().map(Self)
    }

    /// Runs a call for its side effects.
    ///
    /// # Errors
    /// As [`OutTransform::run`].
    pub fn run_out(&self, call: OutTransform<crate::DataFrame, ViaFrame>) -> Result<()> {
        wait(call.run())
    }

    /// See [`DataFrame::collect`](crate::DataFrame::collect).
    ///
    /// # Errors
    /// As there.
    pub fn collect(&self) -> Result<Vec<RecordBatch>> {
        wait(self.0.collect())
    }

    /// See [`DataFrame::stream`](crate::DataFrame::stream).
    ///
    /// # Errors
    /// As there, here or out of the iterator.
    pub fn batches(&self) -> Result<BatchIter> {
        wait(self.0.stream()).map(crate::frame::BatchStream::into_blocking)
    }

    /// See [`DataFrame::rows`](crate::DataFrame::rows).
    ///
    /// # Errors
    /// As there.
    pub fn rows<T: for<'a> Row<Of<'a> = T>>(&self) -> Result<Vec<T>> {
        wait(self.0.rows())
    }

    /// See [`DataFrame::count`](crate::DataFrame::count).
    ///
    /// # Errors
    /// As there.
    pub fn count(&self) -> Result<u64> {
        wait(self.0.count())
    }

    /// See [`DataFrame::is_empty`](crate::DataFrame::is_empty).
    ///
    /// # Errors
    /// As there.
    pub fn is_empty(&self) -> Result<bool> {
        wait(self.0.is_empty())
    }

    /// See [`DataFrame::peek`](crate::DataFrame::peek).
    ///
    /// # Errors
    /// As there.
    pub fn peek(&self) -> Result<Record> {
        wait(self.0.peek())
    }

    /// See [`DataFrame::head`](crate::DataFrame::head).
    ///
    /// # Errors
    /// As there.
    pub fn head(&self, n: usize) -> Result<Self> {
        wait(self.0.head(n)).map(Self)
    }

    /// See [`DataFrame::show`](crate::DataFrame::show).
    ///
    /// # Errors
    /// As there.
    pub fn show(&self, rows: usize) -> Result<()> {
        wait(self.0.show(rows))
    }

    /// See [`DataFrame::persist`](crate::DataFrame::persist).
    ///
    /// # Errors
    /// As there.
    pub fn persist(&self) -> Result<Self> {
        wait(self.0.persist()).map(Self)
    }

    /// See [`DataFrame::save`](crate::DataFrame::save).
    ///
    /// # Errors
    /// As there.
    pub fn save(&self, path: impl AsRef<str>) -> Result<u64> {
        wait(self.0.save(path))
    }

    /// See [`DataFrame::save_with`](crate::DataFrame::save_with).
    ///
    /// # Errors
    /// As there.
    pub fn save_with(&self, path: impl AsRef<str>, options: &SaveOptions) -> Result<u64> {
        wait(self.0.save_with(path, options))
    }
}

/// A [`Grouped`](crate::frame::Grouped) frame whose results are frames of this kind.
#[derive(Clone, Debug)]
#[must_use = "say what is to be made of the groups: .aggregate(…) or .take(…)"]
pub struct Grouped(crate::frame::Grouped);

impl Grouped {
    /// See [`Grouped::aggregate`](crate::frame::Grouped::aggregate).
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn aggregate(&self, aggregates: impl IntoColumns) -> Result<DataFrame> {
        self.0.aggregate(aggregates).map(DataFrame)
    }

    /// See [`Grouped::take`](crate::frame::Grouped::take).
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn take(&self, n: u64, order: impl IntoPresort) -> Result<DataFrame> {
        self.0.take(n, order).map(DataFrame)
    }

    /// See [`Grouped::take_with`](crate::frame::Grouped::take_with).
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn take_with(&self, n: u64, order: impl IntoPresort, nulls: Nulls) -> Result<DataFrame> {
        self.0.take_with(n, order, nulls).map(DataFrame)
    }
}
