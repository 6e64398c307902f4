//! Transformers: from a plain function to a task that any engine runs.
//!
//! [`IntoTask`] is implemented for every function whose first argument is data and whose others are context; [`IntoCoTask`] for those
//! over several inputs. A call binds the function to schemas, parameters and a partition spec, which finds everything that can be
//! wrong before a row is seen, and gives a [`Task`]. [`run_map`] and [`run_comap`] run tasks over batches.

mod asynchronous;
mod bind;
mod columns;
mod context;
mod cotransform;
mod cursor;
mod drive;
mod emit;
mod families;
mod input;
mod into_task;
mod origin;
mod output;
mod registry;
mod rules;
mod runner;
mod stream;
mod task;
mod vain;

pub use asynchronous::{Async, OwnedContext, OwnedRow, OwnedValue, OwnedValues};
pub use columns::{CallSlices, CallValues, ValueOutput, ValueSlices, Values, ViaValue};
pub use context::{Call, Contexts, FromContext, InputSchema, OutputSchema, Params, Slots, State};
pub use cotransform::{CallCo, Co, CoInput, IntoCoTask, ViaPartition};
pub use cursor::Cursor;
pub use families::{CallOwned, CallRow, CallRowRef, CallSlice, CallWhole, Function, Owned, RowRef, RowWise, Slice, Via, Whole};
pub use input::{Batches, FromPartition, FromStream, Partition, Rows};
pub use into_task::{IntoTask, assert_transformer};
pub use output::{
    BatchWriter, GroupOutput, RowOutput, ViaBatch, ViaBatchResults, ViaBatches, ViaCollectedResults, ViaCollection, ViaResult,
    ViaRow, ViaRowResults, ViaRows,
};
pub use registry::{Registry, TaskEntry};
pub use rules::Rules;
pub use runner::{InputRows, run_comap, run_map, run_partitions, run_repartition, run_sorted};
pub use stream::{CallStream, StreamOutput, Streamed};
pub use task::{Fixed, Produces, Progress, Reads, Shape, Task, TaskContext, TaskFn, panic_text};

pub(crate) use bind::{CallOptions, bind, bind_again, bind_step};
pub(crate) use context::StateSlot;
pub(crate) use cursor::fnv;
pub(crate) use origin::CallSite;
pub(crate) use runner::co_input;
pub(crate) use task::Ignore;
