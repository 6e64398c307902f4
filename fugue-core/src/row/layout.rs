//! What is known of a row type before any data is seen, and its check against a schema.

use std::sync::Arc;

use super::nulls::{describe, mismatched};
use crate::error::{Error, ErrorKind, Result};
use crate::schema::{Field, Schema, Type};

/// What is known of a row type before any data is seen.
#[non_exhaustive]
#[derive(Clone, Debug)]
pub struct RowLayout {
    /// The name of the type, for messages.
    pub name: &'static str,
    /// The columns that the type names, in order.
    pub fields: Vec<RowField>,
    /// The position among the fields at which the remaining columns stand, for a type with `#[row(rest)]`.
    pub rest: Option<usize>,
    /// Whether the columns are known only with the data (dynamic rows).
    pub dynamic: bool,
}

/// One column of a row type.
#[non_exhaustive]
#[derive(Clone, Debug)]
pub struct RowField {
    /// Its name.
    pub name: &'static str,
    /// Its type.
    pub ty: Type,
    /// Whether a null is a value of the field (`Option`).
    pub optional: bool,
}

impl RowField {
    /// A column of a row type.
    #[must_use]
    pub fn new(name: &'static str, ty: Type, optional: bool) -> Self {
        Self { name, ty, optional }
    }
}

impl RowLayout {
    /// The layout of a type with columns of its own.
    #[must_use]
    pub fn new(name: &'static str, fields: Vec<RowField>, rest: Option<usize>) -> Self {
        Self { name, fields, rest, dynamic: false }
    }

    /// The layout of a type whose columns are known only with the data.
    #[must_use]
    pub fn dynamic(name: &'static str) -> Self {
        Self { name, fields: Vec::new(), rest: None, dynamic: true }
    }

    /// Whether rows of the type can be read from columns of the schema; needs no data.
    ///
    /// Columns that the type does not name do not matter. Nulls are found with the data only.
    ///
    /// # Errors
    /// `ColumnNotFound` for a missing column, `SchemaMismatch` for a type that cannot be read without loss; both name the column.
    pub fn check(&self, schema: &Schema) -> Result<()> {
        self.fields.iter().try_for_each(|field| check_column(schema, field.name, &field.ty, self.name))
    }

    /// The layout of plain values whose columns the call names, to be checked.
    #[must_use]
    pub fn of_columns<'c>(types: &'c [(Type, bool)], names: &'c [Arc<str>]) -> ColumnsLayout<'c> {
        ColumnsLayout { types, names }
    }

    /// The schema of rows of the type: its own columns and, where the rest stands, those columns of `input` that it does not name.
    ///
    /// # Errors
    /// `SchemaMismatch` for a dynamic type, which has no columns of its own.
    pub fn schema(&self, input: Option<&Schema>) -> Result<Schema> {
        if self.dynamic {
            let message = format!("{} has no columns of its own; declare the schema of the output", self.name);
            return Err(Error::new(ErrorKind::SchemaMismatch, message));
        }
        let mut fields: Vec<Field> = self.fields.iter().map(|f| Field::new(f.name, f.ty.clone())).collect();
        if let (Some(at), Some(input)) = (self.rest, input) {
            let rest = input.fields().iter().filter(|f| !self.names(f.name())).cloned();
            fields.splice(at..at, rest);
        }
        Schema::new(fields)
    }

    /// Whether rows of the type can be written as the schema: the type names each column, of the same type, or keeps the rest.
    ///
    /// The zone of a timestamp is free: only the instant is written.
    ///
    /// # Errors
    /// `SchemaMismatch` naming the column.
    pub fn check_output(&self, schema: &Schema) -> Result<()> {
        if self.dynamic {
            return Ok(());
        }
        for column in schema.fields() {
            match self.fields.iter().find(|f| f.name == column.name()) {
                Some(field) if writable(&field.ty, column.ty()) => {}
                Some(field) => {
                    let (has, wants) = (describe(&field.ty), describe(column.ty()));
                    let message = format!(
                        "field {:?} of {} writes {has}, but the schema declares {wants}; change one of the two",
                        column.name(),
                        self.name
                    );
                    return Err(Error::new(ErrorKind::SchemaMismatch, message)
                        .with("column", column.name())
                        .with("wanted", wants)
                        .with("found", has));
                }
                None if self.rest.is_some() => {}
                None => {
                    let names = self.fields.iter().map(|f| f.name);
                    let message = format!(
                        "the schema declares column {:?}, which {} does not have{}",
                        column.name(),
                        self.name,
                        hint(column.name(), names)
                    );
                    return Err(Error::new(ErrorKind::SchemaMismatch, message).with("column", column.name()));
                }
            }
        }
        Ok(())
    }

    fn names(&self, column: &str) -> bool {
        self.fields.iter().any(|f| f.name == column)
    }
}

/// The arguments of a function over plain values, with the columns that they are read from.
#[derive(Clone, Copy, Debug)]
pub struct ColumnsLayout<'c> {
    types: &'c [(Type, bool)],
    names: &'c [Arc<str>],
}

impl ColumnsLayout<'_> {
    /// Whether the values can be read from columns of the schema; see [`RowLayout::check`].
    ///
    /// # Errors
    /// `ColumnNotFound` for a missing column, `SchemaMismatch` for a type that cannot be read without loss; both name the column.
    pub fn check(&self, schema: &Schema) -> Result<()> {
        self.names.iter().zip(self.types).try_for_each(|(name, (ty, _))| check_column(schema, name, ty, "the function"))
    }
}

fn check_column(schema: &Schema, name: &str, wanted: &Type, reader: &'static str) -> Result<()> {
    let found = schema.field(name).ok_or_else(|| missing(name, schema.names(), reader))?;
    if readable(found.ty(), wanted) {
        return Ok(());
    }
    Err(mismatched(name, wanted, &describe(found.ty())).with("reader", reader))
}

/// Whether a column of type `found` can be read as `wanted` without loss: the same meaning, or a narrower type of its kind.
#[must_use]
pub(super) fn readable(found: &Type, wanted: &Type) -> bool {
    if found == wanted {
        return true;
    }
    match (found, wanted) {
        (Type::Timestamp(_), Type::Timestamp(_)) => true,
        (Type::Decimal(p, s), Type::Decimal(wp, ws)) => {
            ws >= s && i16::from(*wp) - i16::from(*ws) >= i16::from(*p) - i16::from(*s)
        }
        (Type::List(found), Type::List(wanted)) => readable(found, wanted),
        (Type::Struct(found), Type::Struct(wanted)) => {
            wanted.iter().all(|w| found.iter().any(|f| f.name() == w.name() && readable(f.ty(), w.ty())))
        }
        (Type::Map(k, v), Type::Map(wk, wv)) => readable(k, wk) && readable(v, wv),
        // An engine without maps stores one as a list of entries.
        (Type::List(entry), Type::Map(wk, wv)) => match &**entry {
            Type::Struct(kv) => {
                matches!(&**kv, [k, v] if k.name() == "key" && v.name() == "value" && readable(k.ty(), wk) && readable(v.ty(), wv))
            }
            _ => false,
        },
        _ => match (bits(found), bits(wanted)) {
            (Some(found), Some(wanted)) => found.fits(wanted),
            _ => false,
        },
    }
}

/// A numeric type by its kind and the bits of its integers.
#[derive(Clone, Copy)]
enum Number {
    Signed(u8),
    Unsigned(u8),
    Float(u8),
}

impl Number {
    fn fits(self, into: Self) -> bool {
        match (self, into) {
            (Self::Signed(a), Self::Signed(b)) | (Self::Unsigned(a), Self::Unsigned(b)) | (Self::Float(a), Self::Float(b)) => {
                a <= b
            }
            (Self::Unsigned(a), Self::Signed(b)) => a < b,
            // A float of 32 bits holds integers of 24 bits exactly, one of 64 those of 53.
            (Self::Signed(a) | Self::Unsigned(a), Self::Float(b)) => a * 2 <= b,
            _ => false,
        }
    }
}

fn bits(ty: &Type) -> Option<Number> {
    Some(match ty {
        Type::Int8 => Number::Signed(8),
        Type::Int16 => Number::Signed(16),
        Type::Int32 => Number::Signed(32),
        Type::Int64 => Number::Signed(64),
        Type::UInt8 => Number::Unsigned(8),
        Type::UInt16 => Number::Unsigned(16),
        Type::UInt32 => Number::Unsigned(32),
        Type::UInt64 => Number::Unsigned(64),
        Type::Float32 => Number::Float(32),
        Type::Float64 => Number::Float(64),
        _ => return None,
    })
}

/// Whether values of one type may be labelled as another: the same, but for zones.
pub(super) fn writable(written: &Type, declared: &Type) -> bool {
    written == declared || matches!((written, declared), (Type::Timestamp(_), Type::Timestamp(_)))
}

/// The error for a column that a row type needs.
pub(super) fn missing<'n>(wanted: &str, names: impl Iterator<Item = &'n str>, row_type: &str) -> Error {
    let names: Vec<&str> = names.collect();
    let hint = hint(wanted, names.iter().copied());
    let message = format!("{row_type} needs column {wanted:?}, but the columns are: {}{hint}", names.join(", "));
    Error::new(ErrorKind::ColumnNotFound, message).with("column", wanted)
}

/// `; did you mean "x"?` when a name is near enough.
pub(crate) fn hint<'n>(wanted: &str, names: impl Iterator<Item = &'n str>) -> String {
    let near = names.map(|n| (distance(wanted, n), n)).min();
    match near {
        Some((distance, name)) if distance <= wanted.chars().count().div_ceil(3) => format!("; did you mean {name:?}?"),
        _ => String::new(),
    }
}

/// The number of letters to change, add or remove, whatever their case.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.to_lowercase().chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.to_lowercase().chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let substitute = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = substitute.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

/// The struct type of a row type's own columns.
pub(super) fn struct_type(fields: &[RowField]) -> Type {
    Type::Struct(fields.iter().map(|f| Field::new(f.name, f.ty.clone())).collect::<Arc<[Field]>>())
}
