//! Arrays over the Arrow C data interface, both ways without a copy: the only unsafe code of the project.
//!
//! Only arrays cross, never C schemas: both importers take the type from us. So a type that the other side does not know
//! (on which Polars panics) and a name with a zero byte (on which both exporters panic) cannot get here at all. That each
//! type describes the memory is checked by [`same_layout`] before anything is imported.

use fugue_core::arrow::array::{Array, ArrayRef, make_array};
use fugue_core::arrow::datatypes::{DataType as ArrowType, TimeUnit};
use fugue_core::arrow::ffi::{FFI_ArrowArray, from_ffi_and_data_type};
use fugue_core::{Error, ErrorKind, Result};
use polars_arrow::array::ArrayRef as Chunk;
use polars_arrow::datatypes::{ArrowDataType as ChunkType, PhysicalType};
use polars_arrow::ffi::ArrowArray;
use polars_arrow::types::PrimitiveType;

/// A Polars chunk as an Arrow array of a type; the buffers stay where they are.
///
/// # Errors
/// [`ErrorKind::Unexpected`] when the type does not describe the chunk.
pub(crate) fn to_arrow(chunk: &Chunk, to: &ArrowType) -> Result<ArrayRef> {
    if !same_layout(chunk.dtype(), to) {
        return Err(mismatch(chunk.dtype(), to));
    }
    let exported = polars_arrow::ffi::export_array_to_c(chunk.clone());
    #[expect(unsafe_code, reason = "two crates declare the one C struct of the Arrow C data interface, each its own")]
    // SAFETY: both types are `repr(C)` mirrors of `struct ArrowArray`, whose fields the specification fixes (transmute checks
    // the sizes); moving the struct is allowed, and as the value is moved, exactly one owner calls its release function.
    let exported: FFI_ArrowArray = unsafe { std::mem::transmute::<ArrowArray, FFI_ArrowArray>(exported) };
    #[expect(unsafe_code, reason = "importing from the C data interface trusts the exporter")]
    // SAFETY: the array was exported by polars-arrow in this function, and `same_layout` held: buffers and children are those
    // of `to`. Buffers that are less aligned than arrow needs are copied by the importer.
    let data = unsafe { from_ffi_and_data_type(exported, to.clone()) }?;
    Ok(make_array(data))
}

/// An Arrow array as a Polars chunk of a type; the buffers stay where they are.
///
/// # Errors
/// [`ErrorKind::Unexpected`] when the type does not describe the array.
pub(crate) fn to_polars(array: &dyn Array, to: &ChunkType) -> Result<Chunk> {
    if !same_layout(to, array.data_type()) {
        return Err(mismatch(to, array.data_type()));
    }
    let exported = FFI_ArrowArray::new(&array.to_data());
    #[expect(unsafe_code, reason = "two crates declare the one C struct of the Arrow C data interface, each its own")]
    // SAFETY: as in `to_arrow`, in the other direction.
    let exported: ArrowArray = unsafe { std::mem::transmute::<FFI_ArrowArray, ArrowArray>(exported) };
    #[expect(unsafe_code, reason = "importing from the C data interface trusts the exporter")]
    // SAFETY: the array was exported by arrow in this function, and `same_layout` held. Arrow arrays are immutable, and the
    // chunk keeps the exported struct, which keeps the buffers.
    let chunk = unsafe { polars_arrow::ffi::import_array_from_c(exported, to.clone()) };
    chunk.map_err(|e| {
        Error::new(ErrorKind::Unexpected, format!("Polars refused an Arrow array of {}: {e}", array.data_type())).with_source(e)
    })
}

/// Whether memory that one type describes is what the other describes: the closed table of what may cross.
fn same_layout(chunk: &ChunkType, arrow: &ArrowType) -> bool {
    match (chunk.to_physical_type(), arrow) {
        (PhysicalType::Boolean, ArrowType::Boolean)
        | (PhysicalType::Utf8View, ArrowType::Utf8View)
        | (PhysicalType::BinaryView, ArrowType::BinaryView)
        | (PhysicalType::LargeBinary, ArrowType::LargeBinary) => true,
        (PhysicalType::Primitive(primitive), _) => matches!(
            (primitive, arrow),
            (PrimitiveType::Int8, ArrowType::Int8)
                | (PrimitiveType::Int16, ArrowType::Int16)
                | (PrimitiveType::Int32, ArrowType::Int32 | ArrowType::Date32)
                | (PrimitiveType::Int64, ArrowType::Int64 | ArrowType::Timestamp(_, _) | ArrowType::Time64(TimeUnit::Nanosecond))
                | (PrimitiveType::Int128, ArrowType::Decimal128(_, _))
                | (PrimitiveType::UInt8, ArrowType::UInt8)
                | (PrimitiveType::UInt16, ArrowType::UInt16)
                | (PrimitiveType::UInt32, ArrowType::UInt32)
                | (PrimitiveType::UInt64, ArrowType::UInt64)
                | (PrimitiveType::Float16, ArrowType::Float16)
                | (PrimitiveType::Float32, ArrowType::Float32)
                | (PrimitiveType::Float64, ArrowType::Float64)
        ),
        (PhysicalType::LargeList, ArrowType::LargeList(to)) => match chunk.to_storage() {
            ChunkType::LargeList(from) => same_layout(from.dtype(), to.data_type()),
            _ => false,
        },
        (PhysicalType::FixedSizeList, ArrowType::FixedSizeList(to, width)) => match chunk.to_storage() {
            ChunkType::FixedSizeList(from, size) => {
                usize::try_from(*width) == Ok(*size) && same_layout(from.dtype(), to.data_type())
            }
            _ => false,
        },
        (PhysicalType::Struct, ArrowType::Struct(to)) => match chunk.to_storage() {
            ChunkType::Struct(from) => {
                from.len() == to.len() && from.iter().zip(to).all(|(f, t)| same_layout(f.dtype(), t.data_type()))
            }
            _ => false,
        },
        _ => false,
    }
}

fn mismatch(chunk: &ChunkType, arrow: &ArrowType) -> Error {
    Error::new(ErrorKind::Unexpected, format!("a Polars chunk of {chunk:?} is not laid out as {arrow}; please report this"))
}

#[cfg(test)]
mod tests;
