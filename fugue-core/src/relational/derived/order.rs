//! Orders: sort, the first rows of an order, of a frame or of each key, and any rows.

use std::sync::Arc;

use arrow::array::UInt32Array;
use arrow::compute::take_record_batch;
use arrow::record_batch::RecordBatch;
use serde::{Deserialize, Serialize};

use crate::engine::AnyFrame;
use crate::error::{Error, ErrorKind, Result};
use crate::expr::{Function, Typed, TypedNode, TypedSort};
use crate::group::{Groups, order_keys};
use crate::io::BatchIter;
use crate::partition::{PartitionSpec, SortKey};
use crate::schema::Type;
use crate::transform::{Shape, TaskContext};

use super::step::{Places, Step, only, pieces};
use super::{Planner, free, single};

/// Up to so many rows the first ones are looked for among few rows at a time, before those are sorted together.
const FEW: u64 = 2048;

impl Planner {
    /// All rows in an order; of these, the first so many.
    pub(crate) fn sort(&self, frame: &AnyFrame, order: &[TypedSort], limit: Option<u64>) -> Result<AnyFrame> {
        if limit == Some(0) {
            return self.empty(&frame.schema);
        }
        if order.is_empty() {
            return limit.map_or_else(|| Ok(frame.clone()), |rows| self.limit(frame, rows));
        }
        let (ordered, presort) = self.presort(frame, order)?;
        let few = limit.filter(|rows| *rows <= FEW);
        let least = match few.and_then(|rows| usize::try_from(rows).ok()) {
            Some(rows) => {
                let keys = presort.iter().map(|key| (key.column.to_string(), key.ascending)).collect();
                self.map(&ordered, PartitionSpec::new(), &Top { keys, rows }, &ordered.schema)?
            }
            None => ordered,
        };
        let step = Head { width: frame.schema.len(), rows: limit };
        self.map(&least, single()?.presort(presort)?, &step, &frame.schema)
    }

    /// Any rows, so many at most; the frame's first ones where it has an order.
    pub(crate) fn limit(&self, frame: &AnyFrame, rows: u64) -> Result<AnyFrame> {
        if rows == 0 {
            return self.empty(&frame.schema);
        }
        self.map(frame, single()?, &Limited { rows }, &frame.schema)
    }

    /// The first rows of each key, in an order; without one those that are least by all columns.
    pub(crate) fn take(&self, frame: &AnyFrame, keys: &[usize], order: &[TypedSort], rows: u64) -> Result<AnyFrame> {
        if rows == 0 {
            return self.empty(&frame.schema);
        }
        self.comparable(&frame.schema, keys.iter().copied())?;
        let fields = frame.schema.fields();
        let by_all = || {
            // Maps have no order; rows that differ in them alone are as good as one another.
            let ordered = fields.iter().enumerate().filter(|(_, field)| !field.ty().has_map());
            ordered.map(|(column, _)| TypedSort { column, descending: false, nulls_first: false }).collect::<Vec<_>>()
        };
        let order = if order.is_empty() { by_all() } else { order.to_vec() };
        let order: Vec<TypedSort> = order.into_iter().filter(|sort| !keys.contains(&sort.column)).collect();
        let (ordered, presort) = self.presort(frame, &order)?;
        let spec = PartitionSpec::new().by(keys.iter().map(|key| fields[*key].name()).collect::<Vec<_>>())?;
        let step = Head { width: frame.schema.len(), rows: Some(rows) };
        self.map(&ordered, spec.presort(presort)?, &step, &frame.schema)
    }

    /// The frame and the presort that brings its rows into an order. Nulls are last in a presort; where they shall be first, a column
    /// that says so stands behind the others.
    pub(super) fn presort(&self, frame: &AnyFrame, order: &[TypedSort]) -> Result<(AnyFrame, Vec<SortKey>)> {
        self.comparable(&frame.schema, order.iter().map(|sort| sort.column))?;
        let mut flags = Vec::new();
        let mut presort: Vec<SortKey> = Vec::new();
        let mut schema = frame.schema.clone();
        for (i, sort) in order.iter().enumerate() {
            // A column that stands in an order twice does not change it the second time.
            if order[..i].iter().any(|before| before.column == sort.column) {
                continue;
            }
            let field = &frame.schema.fields()[sort.column];
            if sort.nulls_first {
                let name = free("_null", &schema);
                let column = Typed::column(sort.column, field.ty().clone());
                let is_null = TypedNode::Call { function: Function::IsNull, args: vec![column] };
                schema = schema.append(format!("{name}:bool").as_str())?;
                presort.push(SortKey::descending(name.as_str()));
                flags.push((name, Typed { node: is_null, ty: Type::Bool }));
            }
            presort.push(SortKey { column: Arc::clone(field.shared_name()), ascending: !sort.descending });
        }
        if flags.is_empty() {
            return Ok((frame.clone(), presort));
        }
        Ok((self.appended(frame, flags)?, presort))
    }
}

/// The first rows in an order, of any rows: those that the first ones of all are among.
#[derive(Serialize, Deserialize)]
pub(super) struct Top {
    /// Columns, and whether they ascend.
    keys: Vec<(String, bool)>,
    rows: usize,
}

impl Step for Top {
    const NAME: &'static str = "fugue::top";
    const SHAPE: Shape = Shape::Row;

    fn columns(&self, _: usize) -> Option<Vec<usize>> {
        None
    }

    fn run(&self, _: &TaskContext, groups: &Groups) -> Result<Vec<RecordBatch>> {
        let batch = &only(groups)?.batch;
        if batch.num_rows() <= self.rows {
            return Ok(vec![batch.clone()]);
        }
        let schema = batch.schema();
        let column = |(name, ascending): &(String, bool)| Ok((Arc::clone(batch.column(schema.index_of(name)?)), *ascending));
        let keys = order_keys(&self.keys.iter().map(column).collect::<Result<Vec<_>>>()?)?;
        let mut first: Vec<usize> = (0..batch.num_rows()).collect();
        first.select_nth_unstable_by_key(self.rows - 1, |row| (keys.value(*row), *row));
        first.truncate(self.rows);
        first.sort_unstable();
        Ok(vec![take_record_batch(batch, &first.into_iter().map(index).collect::<UInt32Array>())?])
    }
}

/// Rows of a batch are counted in 32 bits, as the runners do.
pub(super) fn index(row: usize) -> u32 {
    u32::try_from(row).unwrap_or(u32::MAX)
}

/// The first rows of each group, without helper columns.
#[derive(Serialize, Deserialize)]
pub(super) struct Head {
    /// Number of columns that stay.
    width: usize,
    rows: Option<u64>,
}

impl Step for Head {
    const NAME: &'static str = "fugue::head";

    fn columns(&self, _: usize) -> Option<Vec<usize>> {
        Some((0..self.width).collect())
    }

    fn run(&self, cx: &TaskContext, groups: &Groups) -> Result<Vec<RecordBatch>> {
        let member = only(groups)?;
        let places = Places::in_input(cx, &member.batch)?;
        let own = member.batch.project(&(0..self.width).map(|i| places.at(i)).collect::<Vec<_>>())?;
        let most = self.rows.and_then(|rows| usize::try_from(rows).ok());
        match (most, groups.len()) {
            (None, _) => Ok(pieces(&own)),
            (Some(rows), 1) => Ok(pieces(&own.slice(0, rows.min(own.num_rows())))),
            (Some(rows), _) => {
                let kept = member.offsets.windows(2).flat_map(|group| group[0]..group[1].min(group[0].saturating_add(rows)));
                Ok(vec![take_record_batch(&own, &kept.map(index).collect::<UInt32Array>())?])
            }
        }
    }
}

/// The first rows of a stream, of which it reads no more.
#[derive(Serialize, Deserialize)]
pub(super) struct Limited {
    rows: u64,
}

impl Step for Limited {
    const NAME: &'static str = "fugue::limit";
    const SHAPE: Shape = Shape::Stream;

    fn columns(&self, _: usize) -> Option<Vec<usize>> {
        None
    }

    fn run(&self, _: &TaskContext, _: &Groups) -> Result<Vec<RecordBatch>> {
        Err(Error::new(ErrorKind::Unexpected, "a limit reads streams"))
    }

    fn run_stream(self: Arc<Self>, _: &TaskContext, input: BatchIter) -> Result<BatchIter> {
        let mut input = input;
        let mut left = usize::try_from(self.rows).unwrap_or(usize::MAX);
        Ok(Box::new(std::iter::from_fn(move || {
            if left == 0 {
                return None;
            }
            let next = input.next()?;
            Some(next.map(|batch| {
                let first = batch.slice(0, batch.num_rows().min(left));
                left -= first.num_rows();
                first
            }))
        })))
    }
}
