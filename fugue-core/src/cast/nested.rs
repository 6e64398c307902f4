//! Casts of lists, structs and maps, part by part.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, new_null_array};

use super::{between as cast_between, entry_types, no_cast};
use crate::schema::Type;
use crate::schema::fault::Fault;
use crate::schema::layout::{SubMicrosecond, canonical};
use crate::schema::nested::{ListParts, entries, into_struct, masked};

/// Casts a nested column of the layout of `from`.
pub(super) fn between(array: &ArrayRef, from: &Type, to: &Type) -> Result<ArrayRef, Fault> {
    match (from, to) {
        (Type::Struct(own), Type::Struct(wanted)) => {
            let parent = array.as_struct();
            let mut children = Vec::with_capacity(wanted.len());
            for field in wanted.iter() {
                let Some(i) = own.iter().position(|f| f.name() == field.name()) else {
                    children.push(new_null_array(&field.ty().to_arrow(), parent.len()));
                    continue;
                };
                let child = masked(parent.column(i), parent.nulls())?;
                let cast = cast_between(&child, own[i].ty(), field.ty());
                children.push(cast.map_err(|fault| fault.inside(field.name(), |row| row))?);
            }
            into_struct(wanted, children, parent.nulls(), parent.len())
        }
        (Type::List(own), Type::List(wanted)) => {
            let parts = ListParts::new(array)?;
            let items = cast_between(&parts.items, own, wanted).map_err(|fault| fault.inside("[]", |i| parts.row_of(i)))?;
            parts.into_list(items, wanted)
        }
        (Type::Map(key, value), Type::Map(to_key, to_value)) => {
            let parts = ListParts::new(array)?;
            let (keys, values) = cast_entries(&parts, (key, value), (to_key, to_value))?;
            checked(parts.into_map(keys, values, to_key, to_value)?, to)
        }
        (Type::List(item), Type::Map(to_key, to_value)) => {
            let own = entry_types(item).ok_or_else(|| Fault::Type(no_cast(from, to)))?;
            let parts = ListParts::new(array)?;
            if let Some(nulls) = parts.items.nulls().filter(|n| n.null_count() > 0) {
                let item = (0..parts.items.len()).find(|i| nulls.is_null(*i)).unwrap_or(0);
                return Err(Fault::value(parts.row_of(item), "an entry of a map is null; drop such entries first"));
            }
            let (keys, values) = cast_entries(&parts, own, (to_key, to_value))?;
            checked(parts.into_map(keys, values, to_key, to_value)?, to)
        }
        (Type::Map(key, value), Type::List(item)) => {
            let (to_key, to_value) = entry_types(item).ok_or_else(|| Fault::Type(no_cast(from, to)))?;
            let Type::Struct(fields) = &**item else { return Err(Fault::Type(no_cast(from, to))) };
            let parts = ListParts::new(array)?;
            let (keys, values) = cast_entries(&parts, (key, value), (to_key, to_value))?;
            let len = keys.len();
            let items = into_struct(fields, vec![keys, values], None, len)?;
            parts.into_list(items, item)
        }
        _ => Err(Fault::Type(no_cast(from, to))),
    }
}

fn cast_entries(
    parts: &ListParts,
    (key, value): (&Type, &Type),
    (to_key, to_value): (&Type, &Type),
) -> Result<(ArrayRef, ArrayRef), Fault> {
    let (keys, values) = entries(&parts.items)?;
    let keys = cast_between(&keys, key, to_key).map_err(|fault| fault.inside("key", |i| parts.row_of(i)))?;
    let values = cast_between(&values, value, to_value).map_err(|fault| fault.inside("value", |i| parts.row_of(i)))?;
    Ok((keys, values))
}

/// Keys that were different may have become equal.
fn checked(map: ArrayRef, ty: &Type) -> Result<ArrayRef, Fault> {
    canonical(&Arc::clone(&map), ty, SubMicrosecond::Refuse)
}
