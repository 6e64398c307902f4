//! Joins by equal columns.

use crate::error::Result;
use crate::frame::DataFrame;
use crate::relational::{IntoJoinKeys, Join, JoinKind, Verb};

use super::Ask;

/// The names of a key on the left and on the right.
type JoinKey = (std::sync::Arc<str>, std::sync::Arc<str>);

/// A kind of join, or a word for one, in any case: `inner`, `left_outer`, `right_outer`, `full_outer`, `cross`, `semi`, `left_semi`, `anti`,
/// `left_anti`.
#[diagnostic::on_unimplemented(message = "`{Self}` is no kind of join", note = "write \"left_outer\", or JoinKind::LeftOuter")]
pub trait IntoJoinKind {
    /// The kind.
    ///
    /// # Errors
    /// `ExpressionInvalid` for any other word, with those that there are.
    fn into_join_kind(self) -> Result<JoinKind>;
}

impl IntoJoinKind for JoinKind {
    fn into_join_kind(self) -> Result<JoinKind> {
        Ok(self)
    }
}

impl IntoJoinKind for &str {
    fn into_join_kind(self) -> Result<JoinKind> {
        self.parse()
    }
}

impl IntoJoinKind for &String {
    fn into_join_kind(self) -> Result<JoinKind> {
        self.parse()
    }
}

/// Joins; nothing runs before an action. The other frame may be of another session, whose engine then runs it.
impl DataFrame {
    /// A join by all columns that both frames have: the columns of this frame, then those of the other that are no keys. Null keys never
    /// match; NaN matches NaN.
    ///
    /// ```
    /// # use fugue_core::{Session, row::Row};
    /// # #[derive(Row)] struct Order { customer: i64, amount: f64 }
    /// # #[derive(Row)] struct Customer { customer: i64, name: String }
    /// # #[derive(Debug, PartialEq, Row)] struct Named { customer: i64, amount: f64, name: Option<String> }
    /// # fugue_core::blocking::wait(async {
    /// # let session = Session::local()?;
    /// # let orders = session.frame(vec![Order { customer: 1, amount: 2.5 }, Order { customer: 2, amount: 1.0 }])?;
    /// # let customers = session.frame(vec![Customer { customer: 1, name: "Ada".into() }])?;
    /// let named = orders.join(&customers, "left_outer")?.sort("customer")?;
    /// # let row = |customer, amount, name: Option<&str>| Named { customer, amount, name: name.map(str::to_owned) };
    /// assert_eq!(named.rows::<Named>().await?, [row(1, 2.5, Some("Ada")), row(2, 1.0, None)]);
    /// # Ok(()) })?;
    /// # Ok::<(), fugue_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `ExpressionInvalid` for an unknown kind and for keys that hold maps; `SchemaMismatch` for frames without a common column (or, for
    /// `cross`, with one), and for keys of two types.
    #[track_caller]
    pub fn join(&self, other: &Self, kind: impl IntoJoinKind) -> Result<Self> {
        self.joined(&self.ask(Verb::Join), other, kind.into_join_kind(), None)
    }

    /// A join by these columns: names that both sides have, pairs of a name here and one there, or a list of these. The key has its name of this
    /// frame in the result; no other columns of the two may have one name.
    ///
    /// ```
    /// # use fugue_core::{Session, row::Row};
    /// # #[derive(Row)] struct Order { buyer: i64, amount: f64 }
    /// # #[derive(Row)] struct Customer { id: i64, name: String }
    /// # let session = Session::local()?;
    /// # let orders = session.frame(vec![Order { buyer: 1, amount: 2.5 }])?;
    /// # let customers = session.frame(vec![Customer { id: 1, name: "Ada".into() }])?;
    /// let named = orders.join_on(&customers, "inner", ("buyer", "id"))?;
    /// assert_eq!(named.schema().to_string(), "buyer:long,amount:double,name:str");
    /// # Ok::<(), fugue_core::Error>(())
    /// ```
    ///
    /// Several keys are written `["a", "b"]`, or `[("buyer", "id"), ("day", "day")]` where names differ.
    ///
    /// # Errors
    /// As [`join`](Self::join); `SchemaMismatch` for no key at all, for one that one side lacks or that is named twice, and for further columns
    /// of one name.
    #[track_caller]
    pub fn join_on(&self, other: &Self, kind: impl IntoJoinKind, keys: impl IntoJoinKeys) -> Result<Self> {
        self.joined(&self.ask(Verb::Join), other, kind.into_join_kind(), Some(&keys.into_join_keys()))
    }

    /// This frame joined with one after the other, each time by all columns that the result so far and the frame have in common.
    ///
    /// # Errors
    /// As [`join`](Self::join).
    #[track_caller]
    pub fn join_all<'d>(&self, others: impl IntoIterator<Item = &'d Self>, kind: impl IntoJoinKind) -> Result<Self> {
        let ask = self.ask(Verb::Join);
        let kind = kind.into_join_kind().map_err(|e| ask.tell(e))?;
        others.into_iter().try_fold(self.clone(), |joined, other| joined.joined(&ask, other, Ok(kind), None))
    }

    fn joined(&self, ask: &Ask<'_>, other: &Self, kind: Result<JoinKind>, on: Option<&[JoinKey]>) -> Result<Self> {
        let join = kind.and_then(|kind| Join::new(kind, self.schema(), other.schema(), on));
        let frame = join.and_then(|join| {
            ask.planner().comparable(&join.left, join.keys.iter().map(|(left, _)| *left))?;
            self.session().erased().join(self.any(), other.any(), &join, ask.asked)
        });
        Ok(self.with(frame.map_err(|e| ask.tell(e))?).bound_by(std::slice::from_ref(other)))
    }
}
