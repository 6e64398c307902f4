//! The share of a save that each partition writes by itself, wherever it runs: a step like those of the relational operations.

use std::panic::Location;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BinaryViewArray};
use arrow::record_batch::RecordBatch;
use serde::{Deserialize, Serialize};

use super::Verb;
use super::step::{Letter, Step, batch_of, entry};
use crate::engine::Map;
use crate::error::{Error, ErrorKind, Result};
use crate::group::Groups;
use crate::io::{BatchIter, Part, PartPlan};
use crate::partition::PartitionSpec;
use crate::schema::Schema;
use crate::transform::{CallOptions, Shape, Slots, TaskContext, bind_step};

/// The column of what was written.
const OUTPUT: &str = "part:bytes";

/// Writes the rows of a stream, and gives one row that says what it has written.
#[derive(Serialize, Deserialize)]
pub(super) struct Written {
    plan: PartPlan,
}

impl Step for Written {
    const NAME: &'static str = "fugue::write";
    const SHAPE: Shape = Shape::Stream;

    fn columns(&self, _: usize) -> Option<Vec<usize>> {
        None
    }

    fn run(&self, _: &TaskContext, _: &Groups) -> Result<Vec<RecordBatch>> {
        Err(Error::new(ErrorKind::Unexpected, "a writer reads streams"))
    }

    fn run_stream(self: Arc<Self>, cx: &TaskContext, input: BatchIter) -> Result<BatchIter> {
        let (cancel, output) = (cx.run.cancel.clone(), cx.output.clone());
        let mut input = Some(input);
        // Nothing is written before somebody asks.
        Ok(Box::new(std::iter::from_fn(move || {
            let rows = input.take()?;
            let part = self.plan.write(0, rows, &cancel).and_then(|part| to_bytes(&part));
            Some(part.and_then(|bytes| {
                let column: ArrayRef = Arc::new(BinaryViewArray::from_iter_values([bytes]));
                batch_of(&output, vec![column], 1)
            }))
        })))
    }
}

/// A map that writes each partition of a frame, for [`PartPlan::map`].
#[track_caller]
pub(crate) fn writing(plan: &PartPlan, input: &Schema) -> Result<Map> {
    let step = Written { plan: plan.clone() };
    let params = rmp_serde::to_vec_named(&Letter { verb: Verb::Save, step })
        .map_err(|e| Error::new(ErrorKind::Unexpected, format!("a save cannot be written down to travel: {e}")).with_source(e))?;
    let mut call = CallOptions::at(Location::caller());
    call.schema = Some(OUTPUT.to_owned());
    call.slots = Slots::of_params(Some(params.into()));
    let found = entry(Written::NAME).ok_or_else(|| Error::new(ErrorKind::Unexpected, "no step writes"))?;
    let spec = PartitionSpec::default();
    let task = bind_step(found, std::slice::from_ref(input), &spec, &call)?;
    Ok(Map::new(spec, task))
}

/// What the rows of such a map say. Each is a partition of its own, numbered as they come.
pub(crate) fn written(batches: &[RecordBatch]) -> Result<Vec<Part>> {
    let mut parts = Vec::new();
    for batch in batches {
        let column = batch.column(0).as_binary_view_opt().filter(|column| column.null_count() == 0);
        let column = column.ok_or_else(|| Error::new(ErrorKind::Unexpected, "a writer did not say what it has written"))?;
        for bytes in column.iter().flatten() {
            let part: Part = rmp_serde::from_slice(bytes)
                .map_err(|e| Error::new(ErrorKind::Unexpected, "a writer said what nobody understands").with_source(e))?;
            parts.push(part.numbered(parts.len() as u64));
        }
    }
    Ok(parts)
}

fn to_bytes(part: &Part) -> Result<Vec<u8>> {
    rmp_serde::to_vec_named(part).map_err(|e| Error::new(ErrorKind::Unexpected, "what was written cannot be told").with_source(e))
}
