//! Row by row: filter and columns, in one step that takes any rows.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::{filter_record_batch, prep_null_mask_filter};
use arrow::record_batch::RecordBatch;
use serde::{Deserialize, Serialize};

use crate::engine::AnyFrame;
use crate::error::{Error, Result};
use crate::expr::{Typed, TypedNode};
use crate::group::Groups;
use crate::partition::PartitionSpec;
use crate::schema::{Field, Schema};
use crate::transform::{Shape, TaskContext};

use super::Planner;
use super::step::{Places, Step, batch_of, only};

impl Planner {
    /// The columns, of the rows for which the filter is true.
    pub(super) fn rows(&self, frame: &AnyFrame, filter: Option<Typed>, columns: Vec<Typed>, output: &Schema) -> Result<AnyFrame> {
        if filter.is_none() && *output == frame.schema && columns.iter().enumerate().all(|(i, c)| is_column(c, i)) {
            return Ok(frame.clone());
        }
        self.map(frame, PartitionSpec::new(), &Rows { filter, columns }, output)
    }

    /// All columns and more.
    pub(super) fn appended(&self, frame: &AnyFrame, more: Vec<(String, Typed)>) -> Result<AnyFrame> {
        let mut columns = identity(&frame.schema);
        let fields = more.iter().map(|(name, typed)| Field::new(name.as_str(), typed.ty.clone())).collect::<Vec<_>>();
        columns.extend(more.into_iter().map(|(_, typed)| typed));
        let output = Schema::new(frame.schema.fields().iter().cloned().chain(fields))?;
        self.rows(frame, None, columns, &output)
    }
}

/// All columns of a schema.
pub(super) fn identity(schema: &Schema) -> Vec<Typed> {
    schema.fields().iter().enumerate().map(|(i, field)| Typed::column(i, field.ty().clone())).collect()
}

fn is_column(expr: &Typed, position: usize) -> bool {
    matches!(expr.node, TypedNode::Column(i) if i == position)
}

/// Filters and projects any rows.
#[derive(Serialize, Deserialize)]
pub(super) struct Rows {
    filter: Option<Typed>,
    columns: Vec<Typed>,
}

impl Step for Rows {
    const NAME: &'static str = "fugue::rows";
    const SHAPE: Shape = Shape::Row;

    fn columns(&self, _: usize) -> Option<Vec<usize>> {
        Some(self.filter.iter().chain(&self.columns).flat_map(Typed::columns).collect())
    }

    fn spares(&self, above: &[Typed]) -> Vec<Typed> {
        // A column of the output that is one of the input stands for it in conditions.
        let source = |i: usize| match self.columns.get(i).map(|c| &c.node) {
            Some(TypedNode::Column(place)) => Some(*place),
            _ => None,
        };
        let moved = above.iter().filter(|condition| condition.columns().iter().all(|&i| source(i).is_some()));
        self.filter.iter().cloned().chain(moved.map(|c| c.moved(&|i| source(i).unwrap_or_default()))).collect()
    }

    fn keeps_rows(&self) -> bool {
        self.filter.is_none()
    }

    fn run(&self, cx: &TaskContext, groups: &Groups) -> Result<Vec<RecordBatch>> {
        let batch = &only(groups)?.batch;
        let places = Places::in_input(cx, batch)?;
        filtered(&places, self.filter.as_ref(), &self.columns, batch, &cx.output)
    }
}

/// The columns of the rows for which the filter is true; no batch where there is none.
pub(super) fn filtered(
    places: &Places,
    filter: Option<&Typed>,
    columns: &[Typed],
    batch: &RecordBatch,
    output: &Schema,
) -> Result<Vec<RecordBatch>> {
    let mask = filter.map(|filter| places.evaluate(filter, batch)).transpose()?;
    let kept = match &mask {
        Some(mask) => &filter_record_batch(batch, mask.as_boolean())?,
        None => batch,
    };
    if kept.num_rows() == 0 {
        return Ok(Vec::new());
    }
    let columns = columns.iter().map(|column| places.evaluate(column, kept));
    let columns = columns.collect::<Result<Vec<_>>>().map_err(|e| unfiltered(e, mask.as_ref()))?;
    Ok(vec![batch_of(output, columns, kept.num_rows())?])
}

/// An error of a row that the filter kept, with the number that the row had before.
fn unfiltered(error: Error, mask: Option<&ArrayRef>) -> Error {
    let row = error.context("row").and_then(|row| row.parse::<usize>().ok());
    let (Some(mask), Some(row)) = (mask, row) else { return error };
    let mask = mask.as_boolean();
    let kept = if mask.null_count() > 0 { prep_null_mask_filter(mask) } else { mask.clone() };
    match kept.values().set_indices().nth(row) {
        Some(before) => error.with_instead("row", before.to_string()),
        None => error,
    }
}
