//! Frames of Polars as arguments and results of functions, on every engine.

use fugue_core::arrow::record_batch::RecordBatch;
use fugue_core::transform::{BatchWriter, FromPartition, GroupOutput, Partition, Produces, Reads, StreamOutput};
use fugue_core::{Error, ErrorKind, Field, Result, Schema};
use polars::prelude::DataFrame;

use crate::batches::{from_batches, to_batches};
use crate::error::from_polars;
use crate::types;

/// Marker: frames of Polars.
#[derive(Debug)]
pub struct ViaPolars;

impl FromPartition<ViaPolars> for DataFrame {
    fn reads() -> Reads {
        Reads::All
    }

    fn from_partition(partition: Partition) -> Result<Self> {
        let schema = partition.schema().clone();
        from_batches(vec![partition.into_batch()], &schema)
    }
}

impl GroupOutput<ViaPolars> for DataFrame {
    type Writer = FrameWriter;

    fn produces() -> Produces {
        Produces::Batches
    }

    fn writer(own: &Schema, _: usize) -> Result<FrameWriter> {
        Ok(FrameWriter { own: own.clone(), batches: BatchWriter::new(own) })
    }

    fn write(self, writer: &mut FrameWriter) -> Result<usize> {
        let batches = declared(&self, &writer.own)?;
        batches.iter().map(|batch| writer.batches.push(batch)).sum()
    }

    fn finish(writer: FrameWriter) -> Result<Vec<RecordBatch>> {
        writer.batches.finish()
    }
}

impl StreamOutput<ViaPolars> for DataFrame {
    fn produces() -> Produces {
        Produces::Batches
    }

    fn into_batches(self, own: &Schema) -> Result<fugue_core::io::BatchIter> {
        let mut writer = BatchWriter::new(own);
        for batch in declared(&self, own)? {
            writer.push(&batch)?;
        }
        Ok(Box::new(writer.finish()?.into_iter().map(Ok)))
    }
}

/// Collects the frames of many groups.
#[derive(Debug)]
pub struct FrameWriter {
    own: Schema,
    batches: BatchWriter,
}

/// The declared columns of a frame that a function returned, by name, with the types that they have in it.
fn declared(df: &DataFrame, own: &Schema) -> Result<Vec<RecordBatch>> {
    // As for batches: what has no rows may have any columns.
    if df.height() == 0 {
        return Ok(Vec::new());
    }
    let mut fields = Vec::with_capacity(own.len());
    for field in own.fields() {
        let column = df.column(field.name()).map_err(|_| {
            let have = df.columns().iter().map(|c| c.name().as_str()).collect::<Vec<_>>().join(", ");
            let message = format!("the call declares column {:?}, but the function returned a frame of {have}", field.name());
            Error::new(ErrorKind::SchemaMismatch, message).with("column", field.name())
        })?;
        // What holds nulls alone, or nothing, has no type of its own.
        fields.push(match column.dtype() {
            dtype if types::is_untyped(dtype) => field.clone(),
            dtype => Field::new(field.name(), types::type_of(dtype).map_err(|e| e.with("column", field.name()))?),
        });
    }
    let df = df.select(own.names()).map_err(from_polars)?;
    to_batches(&df, &Schema::new(fields)?)
}
