//! Keys of maps are unique and never null, however deep the map stands.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, Float32Type, Float64Type};
use arrow::row::{RowConverter, SortField};

use super::fault::Fault;
use super::nested::{ListParts, entries, masked};
use super::{Type, layout};

/// Up to this many entries, keys are compared pair by pair.
const FEW: usize = 16;

/// Checks every map in a column that has the layout of its type.
pub(super) fn check(array: &ArrayRef, ty: &Type) -> Result<(), Fault> {
    if !ty.has_map() {
        return Ok(());
    }
    match ty {
        Type::Struct(fields) => {
            let parent = array.as_struct();
            for (child, field) in parent.columns().iter().zip(fields.iter()).filter(|(_, f)| f.ty().has_map()) {
                let child = masked(child, parent.nulls())?;
                check(&child, field.ty()).map_err(|fault| fault.inside(field.name(), |row| row))?;
            }
        }
        Type::List(item) => {
            let parts = ListParts::new(array)?;
            check(&parts.items, item).map_err(|fault| fault.inside("[]", |i| parts.row_of(i)))?;
        }
        Type::Map(key, value) => {
            let parts = ListParts::new(array)?;
            let (keys, values) = entries(&parts.items)?;
            unique(&parts, &keys)?;
            check(&keys, key).map_err(|fault| fault.inside("key", |i| parts.row_of(i)))?;
            check(&values, value).map_err(|fault| fault.inside("value", |i| parts.row_of(i)))?;
        }
        _ => {}
    }
    Ok(())
}

fn unique(parts: &ListParts, keys: &ArrayRef) -> Result<(), Fault> {
    if parts.offsets().lengths().all(|n| n < 2) {
        return Ok(());
    }
    let keys = one_zero_one_nan(keys);
    let converter = RowConverter::new(vec![SortField::new(keys.data_type().clone())])?;
    let rows = converter.convert_columns(&[Arc::clone(&keys)])?;
    for (map, range) in parts.offsets().windows(2).enumerate() {
        let (from, to) = (usize::try_from(range[0]).unwrap_or(0), usize::try_from(range[1]).unwrap_or(0));
        let twice = if to - from <= FEW {
            (from..to).find(|&i| (from..i).any(|j| rows.row(i) == rows.row(j)))
        } else {
            let mut seen = HashSet::with_capacity(to - from);
            (from..to).find(|&i| !seen.insert(rows.row(i)))
        };
        if let Some(i) = twice {
            let key = crate::cast::format_value(&keys, i);
            return Err(Fault::value(map, format!("key {key} stands twice in a map; keep one entry per key")));
        }
    }
    Ok(())
}

/// Floats so that equal bits mean equal values.
fn one_zero_one_nan(keys: &ArrayRef) -> ArrayRef {
    match keys.data_type() {
        DataType::Float32 => {
            Arc::new(keys.as_primitive::<Float32Type>().unary::<_, Float32Type>(|v| layout::canonical_float(f64::from(v)) as f32))
        }
        DataType::Float64 => Arc::new(keys.as_primitive::<Float64Type>().unary::<_, Float64Type>(layout::canonical_float)),
        _ => Arc::clone(keys),
    }
}
