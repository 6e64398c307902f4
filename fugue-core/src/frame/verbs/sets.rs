//! Set operations over frames of one schema.

use crate::error::Result;
use crate::frame::DataFrame;
use crate::relational::{SetKind, SetOp, Verb};

/// Set operations; nothing runs before an action. Rows are equal when all columns are: nulls are equal, NaN is equal to NaN and -0.0 to 0.0.
impl DataFrame {
    /// The rows of both frames, each once.
    ///
    /// ```
    /// # use fugue_core::{Session, row::Row};
    /// # #[derive(Row)] struct Point { a: i64 }
    /// # fugue_core::blocking::wait(async {
    /// # let session = Session::local()?;
    /// # let frame = |points: &[i64]| session.frame(points.iter().map(|a| Point { a: *a }).collect::<Vec<_>>());
    /// let (left, right) = (frame(&[1, 1, 2])?, frame(&[2, 3])?);
    /// assert_eq!(left.union(&right)?.count().await?, 3);
    /// assert_eq!(left.union_all(&right)?.count().await?, 5);
    /// assert_eq!(left.subtract(&right)?.count().await?, 1);
    /// assert_eq!(left.intersect(&right)?.count().await?, 1);
    /// # Ok(()) })?;
    /// # Ok::<(), fugue_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `SchemaMismatch` where names, types or order of the columns differ; `ExpressionInvalid` for columns that hold maps.
    #[track_caller]
    pub fn union(&self, other: &Self) -> Result<Self> {
        self.set_op(Verb::Union, other, SetKind::Union, false)
    }

    /// The rows of both frames, as often as they stand in both together.
    ///
    /// # Errors
    /// `SchemaMismatch` where names, types or order of the columns differ.
    #[track_caller]
    pub fn union_all(&self, other: &Self) -> Result<Self> {
        self.set_op(Verb::Union, other, SetKind::Union, true)
    }

    /// The rows that the other frame has not, each once.
    ///
    /// # Errors
    /// As [`union`](Self::union).
    #[track_caller]
    pub fn subtract(&self, other: &Self) -> Result<Self> {
        self.set_op(Verb::Subtract, other, SetKind::Subtract, false)
    }

    /// The rows, as often as they stand here more than in the other frame.
    ///
    /// # Errors
    /// As [`union`](Self::union).
    #[track_caller]
    pub fn subtract_all(&self, other: &Self) -> Result<Self> {
        self.set_op(Verb::Subtract, other, SetKind::Subtract, true)
    }

    /// The rows that both frames have, each once.
    ///
    /// # Errors
    /// As [`union`](Self::union).
    #[track_caller]
    pub fn intersect(&self, other: &Self) -> Result<Self> {
        self.set_op(Verb::Intersect, other, SetKind::Intersect, false)
    }

    /// The rows that both frames have, as often as they stand in both.
    ///
    /// # Errors
    /// As [`union`](Self::union).
    #[track_caller]
    pub fn intersect_all(&self, other: &Self) -> Result<Self> {
        self.set_op(Verb::Intersect, other, SetKind::Intersect, true)
    }

    #[track_caller]
    fn set_op(&self, verb: Verb, other: &Self, kind: SetKind, all: bool) -> Result<Self> {
        let ask = self.ask(verb);
        let op = SetOp::new(kind, all, self.schema(), other.schema());
        let frame = op.and_then(|op| {
            if !(kind == SetKind::Union && all) {
                ask.planner().comparable(&op.schema, 0..op.schema.len())?;
            }
            self.session().erased().set_op(self.any(), other.any(), &op, ask.asked)
        });
        Ok(ask.made(frame)?.bound_by(std::slice::from_ref(other)))
    }
}
