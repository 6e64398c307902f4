//! The relational operations as engines are asked for them: columns found, types decided, nothing left to guess.
//!
//! [`Relational`](crate::engine::Relational) is what an engine may do by itself. What it does not do, core derives through `map` and `comap`,
//! so that every verb runs on every engine.

mod bind;
mod derived;
mod join;
mod keys;
mod select;
mod set_op;

pub(crate) use derived::{Asked, Planner, SampleSize, Verb, step, writing, written};
pub use join::{Join, JoinKind};
pub use keys::IntoJoinKeys;
pub use select::{Group, IntoSelect, Select, SelectPlan};
pub use set_op::{SetKind, SetOp};
