//! Frames: where data comes from, how it streams out, and the handle that users hold.

mod dataframe;
mod show;
mod source;
mod stream;
mod verbs;

pub use dataframe::DataFrame;
pub use source::Source;
pub use stream::BatchStream;
pub use verbs::{DropNulls, Grouped, IntoJoinKind, Nulls, Sample};

pub(crate) use show::table;
