//! Columns in the order of buckets, so that each bucket finds its rows close together.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, BooleanBufferBuilder, PrimitiveArray, UInt32Array, downcast_primitive,
};
use arrow::buffer::{BooleanBuffer, NullBuffer, ScalarBuffer};
use arrow::compute::{concat, take};
use arrow::datatypes::DataType;
use arrow::record_batch::RecordBatch;
use rayon::prelude::*;

use crate::error::Result;
use crate::run::Cancel;

use super::source::{Source, cut, number, pieces};

/// A column in the order of places: one array that all buckets take from.
///
/// Moving fixed-width values chunk by chunk, in the cache, is cheaper than taking them from all over memory bucket by bucket.
pub(super) fn permute(source: &Source, column: usize, order: &[u32], cancel: &Cancel) -> Result<ArrayRef> {
    let data_type = source.batches[0].column(column).data_type().clone();
    macro_rules! primitive {
        ($kind:ty) => {
            permute_primitive::<$kind>(source, column, order, cancel)
        };
    }
    downcast_primitive! {
        data_type => (primitive),
        DataType::Utf8View | DataType::BinaryView if buffers(source, column) > MOST_BUFFERS => compact(source, column, order, cancel),
        // The whole column first, so that the buffers of views stand once in the result, however many chunks there are.
        _ => {
            let whole = source.column(column, 0..source.rows())?;
            Ok(take(&whole, &UInt32Array::new(ScalarBuffer::from(order.to_vec()), None), None)?)
        }
    }
}

/// Each bucket keeps all buffers of a column of views alive and counts them, so there must not be too many.
const MOST_BUFFERS: usize = 1 << 10;

fn buffers(source: &Source, column: usize) -> usize {
    let of = |b: &RecordBatch| {
        let array = b.column(column);
        array.as_string_view_opt().map_or_else(|| array.as_binary_view().data_buffers().len(), |a| a.data_buffers().len())
    };
    source.batches.iter().map(of).sum()
}

/// As [`permute`] for views into very many buffers (each slice of a batch has all buffers of the batch): into a few new ones.
fn compact(source: &Source, column: usize, order: &[u32], cancel: &Cancel) -> Result<ArrayRef> {
    let chunk = |rows: &Range<usize>| -> Result<ArrayRef> {
        cancel.check()?;
        let first = number(rows.start);
        let order: UInt32Array = order[rows.clone()].iter().map(|row| Some(row - first)).collect();
        let array = take(&source.column(column, rows.clone())?, &order, None)?;
        Ok(match array.as_string_view_opt() {
            Some(text) => Arc::new(text.gc()),
            None => Arc::new(array.as_binary_view().gc()),
        })
    };
    let chunks = source.chunks.par_iter().map(chunk).collect::<Result<Vec<_>>>()?;
    Ok(concat(&chunks.iter().map(|c| &**c).collect::<Vec<_>>())?)
}

fn permute_primitive<T: ArrowPrimitiveType>(source: &Source, column: usize, order: &[u32], cancel: &Cancel) -> Result<ArrayRef> {
    let mut values = vec![T::Native::default(); source.rows()];
    let tasks: Vec<_> = {
        let mut values = &mut values[..];
        source.chunks.iter().map(|chunk| (chunk.clone(), cut(&mut values, chunk.len()))).collect()
    };
    let nulls = tasks
        .into_par_iter()
        .map_init(Vec::new, |chunk: &mut Vec<T::Native>, (rows, out)| {
            cancel.check()?;
            // Read in order first, then out of order from the cache.
            chunk.clear();
            let mut has_nulls = false;
            for (batch, rows) in pieces(&source.starts, rows.clone()) {
                let piece = source.batches[batch].column(column).slice(rows.start, rows.len());
                has_nulls |= piece.null_count() > 0;
                chunk.extend_from_slice(piece.as_primitive::<T>().values());
            }
            let order = &order[rows.clone()];
            let first = number(rows.start);
            for (out, row) in out.iter_mut().zip(order) {
                *out = chunk[(row - first) as usize];
            }
            let nulls = if has_nulls { source.column(column, rows)?.nulls().cloned() } else { None };
            Ok(nulls.map(|n| order.iter().map(|row| n.is_valid((row - first) as usize)).collect::<BooleanBuffer>()))
        })
        .collect::<Result<Vec<_>>>()?;
    let nulls = nulls.iter().any(Option::is_some).then(|| {
        let mut all = BooleanBufferBuilder::new(source.rows());
        for (chunk, nulls) in source.chunks.iter().zip(&nulls) {
            match nulls {
                Some(nulls) => all.append_buffer(nulls),
                None => all.append_n(chunk.len(), true),
            }
        }
        NullBuffer::new(all.finish())
    });
    let data_type = source.batches[0].column(column).data_type().clone();
    Ok(Arc::new(PrimitiveArray::<T>::try_new(values.into(), nulls)?.with_data_type(data_type)))
}
