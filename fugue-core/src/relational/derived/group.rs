//! Grouping: keyed maps over the groups of a bucket at once, and one row for a frame without keys, also for one without rows.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray};
use arrow::compute::concat_batches;
use arrow::record_batch::RecordBatch;
use serde::{Deserialize, Serialize};

use crate::engine::AnyFrame;
use crate::error::{Error, ErrorKind, Result};
use crate::expr::{Fold, Typed, TypedAggregate, TypedNode, aggregate, as_text};
use crate::frame::Source;
use crate::group::{Groups, ZipKind};
use crate::io::BatchIter;
use crate::partition::PartitionSpec;
use crate::relational::{Group, SelectPlan};
use crate::schema::{Field, Schema, Type};
use crate::transform::{Shape, TaskContext};

use super::rows::filtered;
use super::step::{Places, Step, batch_of, columns_of, moved_aggregate, only};
use super::{Planner, free, single};

impl Planner {
    pub(super) fn grouped(&self, frame: &AnyFrame, plan: &SelectPlan, group: &Group) -> Result<AnyFrame> {
        let prepared = self.prepared(frame, plan.filter.as_ref(), group)?;
        let (having, columns) = (plan.having.clone(), plan.columns.clone());
        let group = group.schema.clone();
        if prepared.keys.is_empty() {
            return self.one_row(&prepared, Finished { aggregates: prepared.aggregates.clone(), group, having, columns }, plan);
        }
        let schema = &prepared.frame.schema;
        self.comparable(schema, schema.indices_of(&prepared.keys)?)?;
        let spec = PartitionSpec::new().by(&prepared.keys)?;
        let step = Grouped { aggregates: prepared.aggregates, group, having, columns };
        self.map(&prepared.frame, spec, &step, &plan.output)
    }

    /// A frame with the keys as columns, of the rows that the filter keeps.
    fn prepared(&self, frame: &AnyFrame, filter: Option<&Typed>, group: &Group) -> Result<Prepared> {
        let plain: Option<Vec<usize>> = group.keys.iter().map(column).collect();
        let plain = plain.filter(|keys| filter.is_none() && keys.iter().enumerate().all(|(i, key)| !keys[..i].contains(key)));
        // What aggregates compute of single rows is computed on all threads where they stand on one in the end.
        let computed =
            |call: &TypedAggregate| call.filter.is_none() && call.arg.as_ref().is_some_and(|arg| column(arg).is_none());
        let heavy = group.keys.is_empty() && group.aggregates.iter().any(computed);
        if let (Some(keys), false) = (plain, heavy) {
            let keys = keys.into_iter().map(|key| frame.schema.fields()[key].name().to_owned()).collect();
            return Ok(Prepared { frame: frame.clone(), keys, aggregates: group.aggregates.clone() });
        }
        let mut made = Made::default();
        let keys = group.keys.iter().map(|key| made.push(key.clone())).collect::<Vec<_>>();
        let aggregates = group.aggregates.iter().map(|call| {
            if computed(call) && call.order.is_empty() {
                let arg = call.arg.as_ref().map(|arg| Typed::column(made.push(arg.clone()), arg.ty.clone()));
                return TypedAggregate { arg, ..call.clone() };
            }
            let moved: Vec<(usize, usize)> = columns_of(call).map(|i| (i, made.input(i, &frame.schema))).collect();
            // Every column that the call reads is among them.
            moved_aggregate(call, &|i| moved.iter().find(|(from, _)| *from == i).map_or(i, |(_, to)| *to))
        });
        let aggregates = aggregates.collect();
        // Rows may be counted without a look at any column.
        if made.columns.is_empty() {
            made.input(0, &frame.schema);
        }
        let schema = made.schema()?;
        let keys = keys.into_iter().map(|key| schema.fields()[key].name().to_owned()).collect();
        let frame = self.rows(frame, filter.cloned(), made.columns, &schema)?;
        Ok(Prepared { frame, keys, aggregates })
    }

    /// One row in any case. A task is never called without rows, so a row that is always there stands beside the aggregates.
    fn one_row(&self, prepared: &Prepared, finished: Finished, plan: &SelectPlan) -> Result<AnyFrame> {
        let folded = Folded { aggregates: prepared.aggregates.clone() };
        let folded = self.map(&prepared.frame, single()?, &folded, &finished.group)?;
        let always = Schema::new([Field::new(free("_always", &finished.group), Type::Bool)])?;
        let row = batch_of(&always, vec![Arc::new(BooleanArray::from(vec![true]))], 1)?;
        let always = self.ingest(Source::batches(always, vec![row])?)?;
        let finished = Finish { finished, input: prepared.frame.schema.clone() };
        self.comap([&folded, &always], ZipKind::Cross, &PartitionSpec::new(), &finished, &plan.output)
    }
}

/// What is grouped: by which columns, and the aggregates over it.
struct Prepared {
    frame: AnyFrame,
    keys: Vec<String>,
    aggregates: Vec<TypedAggregate>,
}

/// Columns that are made for a grouping.
#[derive(Default)]
struct Made {
    columns: Vec<Typed>,
    /// Columns of the input that stand among them already.
    inputs: Vec<(usize, usize)>,
}

impl Made {
    fn push(&mut self, expr: Typed) -> usize {
        self.columns.push(expr);
        self.columns.len() - 1
    }

    fn input(&mut self, column: usize, schema: &Schema) -> usize {
        if let Some((_, at)) = self.inputs.iter().find(|(from, _)| *from == column) {
            return *at;
        }
        let at = self.push(Typed::column(column, schema.fields()[column].ty().clone()));
        self.inputs.push((column, at));
        at
    }

    fn schema(&self) -> Result<Schema> {
        Schema::new(self.columns.iter().enumerate().map(|(i, typed)| Field::new(format!("_{i}"), typed.ty.clone())))
    }
}

fn column(expr: &Typed) -> Option<usize> {
    match expr.node {
        TypedNode::Column(i) => Some(i),
        _ => None,
    }
}

/// Aggregates groups by key, and makes columns of keys and aggregates.
#[derive(Serialize, Deserialize)]
pub(super) struct Grouped {
    aggregates: Vec<TypedAggregate>,
    #[serde(with = "as_text")]
    group: Schema,
    having: Option<Typed>,
    columns: Vec<Typed>,
}

impl Step for Grouped {
    const NAME: &'static str = "fugue::group";

    fn columns(&self, _: usize) -> Option<Vec<usize>> {
        Some(self.aggregates.iter().flat_map(columns_of).collect())
    }

    fn run(&self, cx: &TaskContext, groups: &Groups) -> Result<Vec<RecordBatch>> {
        let member = only(groups)?;
        let places = Places::in_input(cx, &member.batch)?;
        let mut columns: Vec<ArrayRef> = groups.keys.columns().to_vec();
        for call in &self.aggregates {
            columns.push(aggregate(&moved_aggregate(call, &|i| places.at(i)), &member.batch, &member.offsets)?);
        }
        let group = batch_of(&self.group, columns, groups.len())?;
        filtered(&Places::of(&self.group, &group), self.having.as_ref(), &self.columns, &group, &cx.output)
    }
}

/// Aggregates a whole frame that has rows.
#[derive(Serialize, Deserialize)]
pub(super) struct Folded {
    aggregates: Vec<TypedAggregate>,
}

impl Step for Folded {
    const NAME: &'static str = "fugue::fold";
    const SHAPE: Shape = Shape::Stream;

    fn columns(&self, _: usize) -> Option<Vec<usize>> {
        Some(self.aggregates.iter().flat_map(columns_of).collect())
    }

    fn run(&self, _: &TaskContext, _: &Groups) -> Result<Vec<RecordBatch>> {
        Err(Error::new(ErrorKind::Unexpected, "a fold reads streams"))
    }

    fn run_stream(self: Arc<Self>, cx: &TaskContext, input: BatchIter) -> Result<BatchIter> {
        let (schema, output) = (cx.inputs.first().cloned(), cx.output.clone());
        let fold = move || {
            let schema = schema.ok_or_else(|| Error::new(ErrorKind::Unexpected, "a step without an input"))?;
            batch_of(&output, self.fold(&schema, input)?, 1)
        };
        Ok(Box::new(std::iter::once_with(fold)))
    }
}

impl Folded {
    fn fold(&self, schema: &Schema, input: BatchIter) -> Result<Vec<ArrayRef>> {
        let mut input = input.filter(|batch| !matches!(batch, Ok(batch) if batch.num_rows() == 0)).peekable();
        let first = match input.peek() {
            Some(Ok(first)) => first.clone(),
            // The error comes out where it is read.
            _ => schema.empty_batch(),
        };
        let places = Places::of(schema, &first);
        let calls: Vec<TypedAggregate> = self.aggregates.iter().map(|call| moved_aggregate(call, &|i| places.at(i))).collect();
        match Fold::new(&calls) {
            Some(mut fold) => {
                for batch in input {
                    fold.push(&batch?)?;
                }
                fold.finish()
            }
            // Different values, quantiles and orders need all rows at once.
            None => {
                let batches = input.collect::<Result<Vec<_>>>()?;
                let all = concat_batches(&first.schema(), &batches)?;
                calls.iter().map(|call| aggregate(call, &all, &[0, all.num_rows()])).collect()
            }
        }
    }
}

/// What is made of the only group there is.
#[derive(Serialize, Deserialize)]
pub(super) struct Finished {
    aggregates: Vec<TypedAggregate>,
    #[serde(with = "as_text")]
    group: Schema,
    having: Option<Typed>,
    columns: Vec<Typed>,
}

/// The row of aggregates, or that of no rows at all.
#[derive(Serialize, Deserialize)]
pub(super) struct Finish {
    finished: Finished,
    /// The columns that the aggregates are over.
    #[serde(with = "as_text")]
    input: Schema,
}

impl Step for Finish {
    const NAME: &'static str = "fugue::finish";
    const INPUTS: usize = 2;

    fn columns(&self, input: usize) -> Option<Vec<usize>> {
        // Whether there is a row is all that the second tells.
        (input == 1).then(Vec::new)
    }

    fn run(&self, cx: &TaskContext, groups: &Groups) -> Result<Vec<RecordBatch>> {
        let Finished { aggregates, group, having, columns } = &self.finished;
        let found = &only(groups)?.batch;
        let nothing;
        let row = if found.num_rows() > 0 {
            found
        } else {
            let none = self.input.empty_batch();
            let values = aggregates.iter().map(|call| aggregate(call, &none, &[0, 0])).collect::<Result<Vec<_>>>()?;
            nothing = batch_of(group, values, 1)?;
            &nothing
        };
        filtered(&Places::of(group, row), having.as_ref(), columns, row, &cx.output)
    }
}
