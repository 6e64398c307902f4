//! Frames: where data comes from, how it streams out, and the handle that users hold.

mod dataframe;
mod show;
mod source;
mod stream;

pub use dataframe::DataFrame;
pub use source::Source;
pub use stream::BatchStream;

pub(crate) use show::table;
