//! The relational verbs of frames: each finds every mistake in what was written at once, and runs nothing.

mod describe;
mod group;
mod join;
mod nulls;
mod order;
mod sample;
mod select;
mod sets;

use std::panic::Location;

pub use group::Grouped;
pub use join::IntoJoinKind;
pub use nulls::DropNulls;
pub use order::Nulls;
pub use sample::Sample;

use crate::engine::AnyFrame;
use crate::error::{Error, Result};
use crate::relational::{Asked, Planner, SelectPlan, Verb};

use super::DataFrame;

/// What is asked of a frame: the verb, and the user's line.
struct Ask<'d> {
    df: &'d DataFrame,
    asked: Asked,
}

impl DataFrame {
    #[track_caller]
    fn ask(&self, verb: Verb) -> Ask<'_> {
        Ask { df: self, asked: Asked { verb, at: Location::caller(), derived: self.session().is_derived() } }
    }
}

impl Ask<'_> {
    fn planner(&self) -> Planner {
        Planner::new(self.df.session().erased(), self.asked)
    }

    /// A select, bound or not.
    fn select(&self, plan: Result<SelectPlan>) -> Result<DataFrame> {
        self.made(plan.and_then(|plan| self.df.session().erased().select(self.df.any(), &plan, self.asked)))
    }

    /// The frame of a plan.
    fn made(&self, made: Result<AnyFrame>) -> Result<DataFrame> {
        made.map(|frame| self.df.with(frame)).map_err(|e| self.tell(e))
    }

    /// An error with what was asked, and where.
    fn tell(&self, error: Error) -> Error {
        error.with_engine(self.df.session().engine_name()).with_operation(self.asked.verb.word()).with_call_site(self.asked.at)
    }
}
