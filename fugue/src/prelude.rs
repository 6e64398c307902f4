//! What most programs need: `use fugue::prelude::*;`.

pub use fugue_core::calls::{cotransform, map, out_transform, transform};
pub use fugue_core::expr::{Expr, Over, all_of, any_of, avg, col, count, count_all, count_distinct, lit, max, min, sum, when};
pub use fugue_core::frame::{DropNulls, Nulls, Sample};
pub use fugue_core::group::ZipKind;
pub use fugue_core::io::{LoadOptions, SaveOptions};
pub use fugue_core::partition::{Algo, PartitionSpec};
pub use fugue_core::relational::{JoinKind, Select};
pub use fugue_core::row::{Decimal, Record, Rest, Row, Timestamp, Value};
pub use fugue_core::transform::{Batches, Cursor, InputSchema, OutputSchema, Params, Rows, Rules, State};
pub use fugue_core::{DataFrame, Error, ErrorKind, Result, Schema, Session};
pub use fugue_core::{cotransformer, portable, transformer};
