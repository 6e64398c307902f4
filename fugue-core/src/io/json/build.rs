//! From JSON values to columns of the contract's layout: values without parts by the casts of their text.

use std::sync::Arc;

use arrow::array::{ArrayRef, ListArray, MapArray, StringViewBuilder, StructArray};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::DataType;

use super::parse::Json;
use crate::cast::cast;
use crate::error::{Error, ErrorKind};
use crate::schema::Type;
use crate::schema::fault::Fault;

/// A column of values; what is missing is null.
pub(super) fn column(values: &[Option<&Json<'_>>], ty: &Type) -> Result<ArrayRef, Fault> {
    match ty {
        Type::List(item) => lists(values, ty, item),
        Type::Struct(_) => structs(values, ty),
        Type::Map(_, _) => maps(values, ty),
        _ => plain(values, ty),
    }
}

fn is_null(value: Option<&Json<'_>>) -> bool {
    matches!(value, None | Some(Json::Null))
}

fn nulls(values: &[Option<&Json<'_>>]) -> NullBuffer {
    NullBuffer::from_iter(values.iter().map(|v| !is_null(*v)))
}

fn plain(values: &[Option<&Json<'_>>], ty: &Type) -> Result<ArrayRef, Fault> {
    let mut texts = StringViewBuilder::with_capacity(values.len());
    for (row, value) in values.iter().enumerate() {
        match value {
            None | Some(Json::Null) => texts.append_null(),
            Some(Json::Bool(value)) => texts.append_value(if *value { "true" } else { "false" }),
            Some(Json::Number(text)) => texts.append_value(text),
            Some(Json::Text(text)) => texts.append_value(text),
            // What is nested is its own text, where text is wanted.
            Some(Json::List(_, text) | Json::Object(_, text)) if *ty == Type::Str => texts.append_value(text),
            Some(other) => return Err(Fault::value(row, format!("{} is no {ty}", word(other)))),
        }
    }
    cast(&(Arc::new(texts.finish()) as ArrayRef), ty)
}

fn lists(values: &[Option<&Json<'_>>], ty: &Type, item: &Type) -> Result<ArrayRef, Fault> {
    let (mut items, mut rows, mut lengths) = (Vec::new(), Vec::new(), Vec::with_capacity(values.len()));
    for (row, value) in values.iter().enumerate() {
        let before = items.len();
        match value {
            None | Some(Json::Null) => {}
            Some(Json::List(inside, _)) => {
                items.extend(inside.iter().map(Some));
                rows.resize(items.len(), row);
            }
            Some(other) => return Err(Fault::value(row, format!("{} is no {ty}", word(other)))),
        }
        lengths.push(items.len() - before);
    }
    let inner = column(&items, item).map_err(|fault| fault.inside("[]", |i| rows.get(i).copied().unwrap_or_default()))?;
    let DataType::List(field) = ty.to_arrow() else { return Err(unexpected(ty)) };
    Ok(Arc::new(ListArray::try_new(field, OffsetBuffer::from_lengths(lengths), inner, Some(nulls(values)))?))
}

fn structs(values: &[Option<&Json<'_>>], ty: &Type) -> Result<ArrayRef, Fault> {
    let (Type::Struct(fields), DataType::Struct(layout)) = (ty, ty.to_arrow()) else { return Err(unexpected(ty)) };
    for (row, value) in values.iter().enumerate() {
        if let Some(other) = value.filter(|v| !matches!(v, Json::Null | Json::Object(..))) {
            return Err(Fault::value(row, format!("{} is no {ty}", word(other))));
        }
    }
    let columns = fields.iter().map(|field| {
        let inside: Vec<Option<&Json<'_>>> = values.iter().map(|v| v.and_then(|v| part(v, field.name()))).collect();
        column(&inside, field.ty()).map_err(|fault| fault.inside(field.name(), |row| row))
    });
    let columns = columns.collect::<Result<Vec<_>, Fault>>()?;
    let nulls = Some(nulls(values));
    Ok(match columns.is_empty() {
        true => Arc::new(StructArray::new_empty_fields(values.len(), nulls)),
        false => Arc::new(StructArray::try_new(layout, columns, nulls)?),
    })
}

fn maps(values: &[Option<&Json<'_>>], ty: &Type) -> Result<ArrayRef, Fault> {
    let (Type::Map(_, inner), DataType::Map(entries, sorted)) = (ty, ty.to_arrow()) else { return Err(unexpected(ty)) };
    let DataType::Struct(pair) = entries.data_type().clone() else { return Err(unexpected(ty)) };
    let (mut keys, mut parts, mut rows) = (StringViewBuilder::new(), Vec::new(), Vec::new());
    let mut lengths = Vec::with_capacity(values.len());
    for (row, value) in values.iter().enumerate() {
        let before = parts.len();
        match value {
            None | Some(Json::Null) => {}
            Some(Json::Object(fields, _)) => {
                for (name, value) in fields {
                    keys.append_value(name);
                    parts.push(Some(value));
                    rows.push(row);
                }
            }
            Some(other) => return Err(Fault::value(row, format!("{} is no {ty}", word(other)))),
        }
        lengths.push(parts.len() - before);
    }
    let values_of = column(&parts, inner).map_err(|fault| fault.inside("{}", |i| rows.get(i).copied().unwrap_or_default()))?;
    let keys: ArrayRef = Arc::new(keys.finish());
    let pairs = StructArray::try_new(pair, vec![keys, values_of], None)?;
    Ok(Arc::new(MapArray::try_new(entries, OffsetBuffer::from_lengths(lengths), pairs, Some(nulls(values)), sorted)?))
}

/// A field of an object.
pub(super) fn part<'v, 'a>(value: &'v Json<'a>, name: &str) -> Option<&'v Json<'a>> {
    match value {
        Json::Object(fields, _) => fields.iter().find(|(n, _)| n == name).map(|(_, value)| value),
        _ => None,
    }
}

fn word(value: &Json<'_>) -> String {
    match value {
        Json::Null => "null".to_owned(),
        Json::Bool(value) => value.to_string(),
        Json::Number(text) => (*text).to_owned(),
        Json::Text(text) => format!("the text {:?}", text.chars().take(60).collect::<String>()),
        Json::List(..) => "a list".to_owned(),
        Json::Object(..) => "an object".to_owned(),
    }
}

fn unexpected(ty: &Type) -> Fault {
    Fault::Other(Error::new(ErrorKind::Unexpected, format!("{ty} has another layout than it should")))
}
