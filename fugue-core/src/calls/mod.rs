//! How functions are called: transform, cotransform, `out_transform` and map, and how a call is spelled out.

mod call;
mod cotransform;
mod fan_out;
mod native;
mod transform;

pub use call::Dropped;
pub use cotransform::{CoTransform, cotransform};
pub use fan_out::{FanOut, map};
pub use native::{Native, Pending, ViaFrame, ViaVec};
pub use transform::{OutTransform, Transform, out_transform, transform};

pub(crate) use call::{Settings, output_settings, settings};
