//! Comap derived through map, so that an engine with few duties zips too.
//!
//! The members become one frame: the keys, the number of the member, and for each member a struct with its row. That frame is
//! mapped by key, and each group is taken apart again before the function is called.

use std::any::TypeId;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Int8Array, RecordBatchOptions, StructArray, new_null_array};
use arrow::compute::filter_record_batch;
use arrow::datatypes::Int8Type;
use arrow::record_batch::RecordBatch;

use crate::error::{Error, ErrorKind, Result};
use crate::frame::Source;
use crate::group::{Groups, ZipKind, cogroup};
use crate::io::{BatchIter, LazySource};
use crate::partition::PartitionSpec;
use crate::run::{Cancel, Pool, RunContext};
use crate::schema::{Field, Schema, Type};
use crate::transform::{Produces, Progress, Reads, Shape, Slots, Task, TaskContext, TaskFn, co_input};

use super::{AnyFrame, DynEngine, Map, Zip};

/// Plans a comap as an ingest of all members and a map over them.
pub(crate) fn comap(engine: Arc<dyn DynEngine>, zip: &Zip<AnyFrame>, task: &Task) -> Result<AnyFrame> {
    let packing = Arc::new(Packing::new(zip)?);
    let packed =
        Arc::clone(&engine).ingest(Source::new(Packed { frames: zip.members.clone(), packing: Arc::clone(&packing) }))?;
    let spec = PartitionSpec::new().by(packing.keys.clone())?;
    // Without keys there would be a call for each partition that the engine lays the rows out in.
    let spec = if packing.keys.is_empty() { spec.num(1)? } else { spec };
    let unpack = Unpack { packing: Arc::clone(&packing), how: zip.how, spec: zip.spec.clone(), task: task.clone() };
    engine.map(&packed, &Map::new(spec, task.wrapped(Arc::new(unpack), packing.schema.clone())))
}

/// How rows of several frames stand in one.
#[derive(Debug)]
struct Packing {
    schema: Schema,
    keys: Vec<String>,
    members: Vec<Schema>,
}

impl Packing {
    fn new(zip: &Zip<AnyFrame>) -> Result<Self> {
        let members: Vec<Schema> = zip.members.iter().map(|m| m.schema.clone()).collect();
        let keys: Vec<String> = zip.spec.keys().iter().map(|k| k.to_string()).collect();
        let first = members.first().ok_or_else(|| Error::new(ErrorKind::PartitionInvalid, "a zip of no frames"))?;
        let mut fields: Vec<Field> = first.extract(&keys)?.fields().to_vec();
        let free = |name: String| {
            let mut name = name;
            while keys.contains(&name) {
                name.push('_');
            }
            name
        };
        fields.push(Field::new(free("_member".to_owned()), Type::Int8));
        for (i, member) in members.iter().enumerate() {
            fields.push(Field::new(free(format!("_{i}")), Type::Struct(member.fields().into())));
        }
        Ok(Self { schema: Schema::new(fields)?, keys, members })
    }

    /// A batch of a member, with the columns of the packed frame.
    fn pack(&self, member: usize, batch: &RecordBatch) -> Result<RecordBatch> {
        let rows = batch.num_rows();
        let mut columns: Vec<ArrayRef> = Vec::with_capacity(self.schema.len());
        for key in &self.members[member].indices_of(&self.keys)? {
            columns.push(Arc::clone(batch.column(*key)));
        }
        let number = i8::try_from(member).map_err(|_| Error::new(ErrorKind::Unsupported, "too many frames in a zip"))?;
        columns.push(Arc::new(Int8Array::from_value(number, rows)));
        for (i, schema) in self.members.iter().enumerate() {
            let fields = schema.to_arrow().fields().clone();
            columns.push(if i == member {
                Arc::new(StructArray::try_new_with_length(fields, batch.columns().to_vec(), None, rows)?)
            } else {
                new_null_array(&arrow::datatypes::DataType::Struct(fields), rows)
            });
        }
        Ok(RecordBatch::try_new(self.schema.to_arrow(), columns)?)
    }

    /// The rows of a member out of packed rows.
    fn unpack(&self, member: usize, packed: &RecordBatch) -> Result<RecordBatch> {
        let numbers = packed.column(self.keys.len()).as_primitive::<Int8Type>();
        let mine: BooleanArray =
            numbers.iter().map(|n| Some(n.is_some_and(|n| usize::try_from(n).is_ok_and(|n| n == member)))).collect();
        let rows = packed.column(self.keys.len() + 1 + member).as_struct();
        let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
        let all = RecordBatch::try_new_with_options(self.members[member].to_arrow(), rows.columns().to_vec(), &options)?;
        Ok(filter_record_batch(&all, &mine)?)
    }
}

/// All members as one source; each scan runs their frames anew.
#[derive(Debug)]
struct Packed {
    frames: Vec<AnyFrame>,
    packing: Arc<Packing>,
}

impl LazySource for Packed {
    fn schema(&self) -> &Schema {
        &self.packing.schema
    }

    fn describe(&self) -> String {
        format!("zip of {} frames", self.frames.len())
    }

    fn rows(&self) -> Option<u64> {
        None
    }

    fn scan(&self, projection: Option<&[usize]>, cancel: &Cancel) -> Result<BatchIter> {
        self.scan_parallel(projection, &Pool::shared()?, cancel)
    }

    fn scan_parallel(&self, projection: Option<&[usize]>, pool: &Pool, cancel: &Cancel) -> Result<BatchIter> {
        let run = RunContext::new(pool.clone(), cancel.clone());
        let (frames, packing, cancel) = (self.frames.clone(), Arc::clone(&self.packing), cancel.clone());
        let projection: Option<Vec<usize>> = projection.map(<[usize]>::to_vec);
        let members = frames.into_iter().enumerate().map(move |(i, frame)| -> Result<BatchIter> {
            let stream = crate::blocking::drive(None, &cancel, async { frame.engine.stream(&frame, &run).await })?;
            let (packing, projection) = (Arc::clone(&packing), projection.clone());
            Ok(Box::new(stream.into_blocking().map(move |batch| {
                let packed = packing.pack(i, &batch?)?;
                Ok(match &projection {
                    Some(columns) => packed.project(columns)?,
                    None => packed,
                })
            })))
        });
        Ok(Box::new(members.flat_map(|member| member.unwrap_or_else(|e| Box::new(std::iter::once(Err(e)))))))
    }
}

/// Takes packed groups apart and calls the task with them.
struct Unpack {
    packing: Arc<Packing>,
    how: ZipKind,
    spec: PartitionSpec,
    task: Task,
}

impl TaskFn for Unpack {
    fn name(&self) -> &'static str {
        self.task.function.name()
    }

    fn type_id(&self) -> TypeId {
        self.task.function.type_id()
    }

    fn shape(&self) -> Shape {
        Shape::Group
    }

    fn reads(&self) -> Vec<Reads> {
        vec![Reads::All]
    }

    fn produces(&self) -> Produces {
        self.task.function.produces()
    }

    fn is_step(&self) -> bool {
        self.task.function.is_step()
    }

    fn prepare(&self, _: &mut Slots) -> Result<()> {
        Ok(())
    }

    fn run(&self, cx: &TaskContext, groups: &Arc<Groups>, _: &Progress) -> Result<Vec<RecordBatch>> {
        let member = groups.members.first().ok_or_else(|| Error::new(ErrorKind::Unexpected, "packed groups without rows"))?;
        let inputs = (0..self.packing.members.len())
            .map(|i| {
                let schema = self.packing.members[i].clone();
                let columns = (0..schema.len()).collect();
                co_input(schema, vec![self.packing.unpack(i, &member.batch)?], &self.spec, columns)
            })
            .collect::<Result<Vec<_>>>()?;
        let run = &cx.run;
        // Keys meet in the packed groups already; grouping them once more finds their bounds and sorts the members.
        let buckets = cogroup(inputs, self.how, &run.pool, &run.cancel)?;
        let mut batches = Vec::new();
        for bucket in 0..buckets.len() {
            let mut apart = buckets.build(bucket)?;
            apart.first += groups.first;
            apart.physical = groups.physical;
            batches.extend(self.task.run(apart, run)?);
        }
        Ok(batches)
    }
}
