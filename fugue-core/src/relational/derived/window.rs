//! Windows: for each kind of window one keyed map, sorted by its order, which appends the values; the last one makes the columns too.

use arrow::array::ArrayRef;
use arrow::record_batch::RecordBatch;
use serde::{Deserialize, Serialize};

use crate::engine::AnyFrame;
use crate::error::Result;
use crate::expr::{Typed, TypedSort, TypedWindow, window};
use crate::group::Groups;
use crate::relational::SelectPlan;
use crate::schema::{Field, Schema};
use crate::transform::TaskContext;

use super::rows::identity;
use super::step::{Places, Step, batch_of, moved_window, only, pieces};
use super::{Planner, free, single};

impl Planner {
    pub(super) fn windowed(&self, frame: &AnyFrame, plan: &SelectPlan) -> Result<AnyFrame> {
        let mut frame = self.rows(frame, plan.filter.clone(), identity(&plan.input), &plan.input)?;
        let width = plan.input.len();
        let mut left: Vec<usize> = (0..plan.windows.len()).collect();
        // Where the values of each window stand once they are appended.
        let mut places = vec![0; plan.windows.len()];
        while let Some(first) = left.first() {
            let like = &plan.windows[*first];
            let (here, others): (Vec<usize>, Vec<usize>) =
                left.iter().partition(|i| plan.windows[**i].keys == like.keys && plan.windows[**i].order == like.order);
            left = others;
            let plain = frame.schema.clone();
            for (at, window) in here.iter().enumerate() {
                places[*window] = plain.len() + at;
            }
            let windows: Vec<TypedWindow> = here.iter().map(|i| plan.windows[*i].clone()).collect();
            let mut schema = plain.clone();
            for window in &windows {
                schema = schema.append(Schema::new([Field::new(free("_window", &schema), window.ty.clone())])?)?;
            }
            let (columns, output) = if left.is_empty() {
                let moved = plan.columns.iter().map(|c| c.moved(&|i| if i < width { i } else { places[i - width] }));
                (moved.collect(), plan.output.clone())
            } else {
                (identity(&schema), schema)
            };
            frame = self.over(&frame, &like.keys, &like.order, Windowed { windows, columns, input: plain.len() }, &output)?;
        }
        Ok(frame)
    }

    fn over(&self, frame: &AnyFrame, keys: &[usize], order: &[TypedSort], step: Windowed, output: &Schema) -> Result<AnyFrame> {
        self.comparable(&frame.schema, keys.iter().copied())?;
        let mut names: Vec<&str> = keys.iter().map(|key| frame.schema.fields()[*key].name()).collect();
        names.dedup();
        // Inside a partition its keys are all equal.
        let order: Vec<TypedSort> = order.iter().filter(|sort| !keys.contains(&sort.column)).copied().collect();
        let (ordered, presort) = self.presort(frame, &order)?;
        let spec = if names.is_empty() { single()? } else { super::PartitionSpec::new().by(names)? };
        // Helper columns stand behind those of the frame, which the step then takes for no input of its own.
        self.map(&ordered, spec.presort(presort)?, &step, output)
    }
}

/// Appends the values of windows to groups in order, and makes columns of all.
#[derive(Serialize, Deserialize)]
pub(super) struct Windowed {
    windows: Vec<TypedWindow>,
    /// Over the input and the windows behind it.
    columns: Vec<Typed>,
    /// Number of columns of the input.
    input: usize,
}

impl Step for Windowed {
    const NAME: &'static str = "fugue::window";

    fn columns(&self, _: usize) -> Option<Vec<usize>> {
        let windows = self.windows.iter().flat_map(|window| {
            let args = window.arg.iter().flat_map(Typed::columns);
            args.chain(window.order.iter().map(|sort| sort.column)).chain(window.keys.iter().copied())
        });
        Some(windows.chain(self.columns.iter().flat_map(Typed::columns)).filter(|i| *i < self.input).collect())
    }

    fn run(&self, cx: &TaskContext, groups: &Groups) -> Result<Vec<RecordBatch>> {
        let member = only(groups)?;
        let batch = &member.batch;
        let places = Places::in_input(cx, batch)?;
        let mut columns: Vec<ArrayRef> = batch.columns().to_vec();
        let mut fields: Vec<Field> = Schema::of_batch(batch)?.fields().to_vec();
        for (at, call) in self.windows.iter().enumerate() {
            columns.push(window(&moved_window(call, &|i| places.at(i)), batch, &member.offsets)?);
            fields.push(Field::new(format!("_window {at}"), call.ty.clone()));
        }
        // Names do not matter from here on, but two of one name would be refused.
        let fields = fields.into_iter().enumerate().map(|(i, field)| Field::new(format!("_{i}"), field.ty().clone()));
        let wide = batch_of(&Schema::new(fields)?, columns, batch.num_rows())?;
        let behind = batch.num_columns();
        let at = |i: usize| if i < self.input { places.at(i) } else { behind + (i - self.input) };
        let made =
            self.columns.iter().map(|column| crate::expr::evaluate(&column.moved(&at), &wide)).collect::<Result<Vec<_>>>()?;
        Ok(pieces(&batch_of(&cx.output, made, batch.num_rows())?))
    }
}
