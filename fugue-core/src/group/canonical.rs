//! Rows of any columns as bytes that compare as the rows do, through Arrow's row format.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListArray, StructArray};
use arrow::compute::SortOptions;
use arrow::datatypes::{DataType, Float32Type, Float64Type};
use arrow::row::{RowConverter, Rows, SortField};

use crate::error::Result;

use super::words::{canonical_f32, canonical_f64};

/// The rows of columns, each with whether great values come first. Nulls are last in both directions.
pub(super) fn rows(columns: &[(ArrayRef, bool)]) -> Result<Rows> {
    let field = |(array, descending): &(ArrayRef, bool)| {
        SortField::new_with_options(array.data_type().clone(), SortOptions { descending: *descending, nulls_first: false })
    };
    let converter = RowConverter::new(columns.iter().map(field).collect())?;
    let columns = columns.iter().map(|(array, _)| canonical(array)).collect::<Result<Vec<_>>>()?;
    Ok(converter.convert_columns(&columns)?)
}

/// The column with canonical floats, nested ones too: Arrow's row format tells apart NaN of several signs, and zeros.
pub(crate) fn canonical(array: &ArrayRef) -> Result<ArrayRef> {
    if !holds_float(array.data_type()) {
        return Ok(Arc::clone(array));
    }
    Ok(match array.data_type() {
        DataType::Float32 => Arc::new(array.as_primitive::<Float32Type>().unary::<_, Float32Type>(canonical_f32)),
        DataType::Float64 => Arc::new(array.as_primitive::<Float64Type>().unary::<_, Float64Type>(canonical_f64)),
        DataType::List(item) => {
            let list = array.as_list::<i32>();
            let values = canonical(list.values())?;
            Arc::new(ListArray::try_new(Arc::clone(item), list.offsets().clone(), values, list.nulls().cloned())?)
        }
        DataType::Struct(fields) => {
            let of = array.as_struct();
            let columns = of.columns().iter().map(canonical).collect::<Result<Vec<_>>>()?;
            Arc::new(StructArray::try_new(fields.clone(), columns, of.nulls().cloned())?)
        }
        _ => Arc::clone(array),
    })
}

fn holds_float(data_type: &DataType) -> bool {
    match data_type {
        DataType::Float32 | DataType::Float64 => true,
        DataType::List(item) => holds_float(item.data_type()),
        DataType::Struct(fields) => fields.iter().any(|f| holds_float(f.data_type())),
        _ => false,
    }
}
