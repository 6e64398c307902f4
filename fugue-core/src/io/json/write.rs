//! The JSON writer: an object per row, null where a value is null; dates, times and what is no finite number as text.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringViewArray};
use arrow::buffer::NullBuffer;

use crate::cast::cast_array;
use crate::error::{Error, ErrorKind, Result};
use crate::io::packed::Packer;
use crate::io::path::failed;
use crate::io::sink::Sink;
use crate::schema::nested::{ListParts, entries};
use crate::schema::{Schema, Type};

/// A file of JSON lines that is written.
pub(in crate::io) struct JsonSink {
    writer: BufWriter<Packer>,
    path: PathBuf,
    schema: Schema,
    names: Vec<String>,
    buffer: Vec<u8>,
}

impl JsonSink {
    /// # Errors
    /// [`ErrorKind::SchemaInvalid`] for columns that JSON cannot hold.
    pub(in crate::io) fn new(file: Packer, path: &Path, schema: &Schema) -> Result<Self> {
        holds(schema)?;
        let names = schema.names().map(|name| format!("{}:", quoted(name))).collect();
        let writer = BufWriter::with_capacity(1 << 16, file);
        Ok(Self { writer, path: path.to_owned(), schema: schema.clone(), names, buffer: Vec::new() })
    }
}

impl Sink for JsonSink {
    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        let columns = batch.columns().iter().zip(self.schema.fields());
        let columns = columns.map(|(array, field)| Cells::new(array, field.ty()).map_err(|e| e.with("column", field.name())));
        let columns = columns.collect::<Result<Vec<Cells>>>()?;
        for row in 0..batch.num_rows() {
            let out = &mut self.buffer;
            out.push(b'{');
            for (i, (name, cells)) in self.names.iter().zip(&columns).enumerate() {
                if i > 0 {
                    out.push(b',');
                }
                out.extend_from_slice(name.as_bytes());
                cells.write(row, out);
            }
            out.extend_from_slice(b"}\n");
            if out.len() > 1 << 16 {
                self.writer.write_all(out).map_err(|e| failed("cannot be written", &self.path, e))?;
                out.clear();
            }
        }
        self.writer.write_all(&self.buffer).map_err(|e| failed("cannot be written", &self.path, e))?;
        self.buffer.clear();
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<File> {
        let packer = self.writer.into_inner().map_err(|e| failed("cannot be written", &self.path, e.into_error()))?;
        packer.finish().map_err(|e| failed("cannot be written", &self.path, e))
    }
}

/// Refuses columns that JSON cannot hold.
pub(in crate::io) fn holds(schema: &Schema) -> Result<()> {
    fn refused(ty: &Type) -> Option<&'static str> {
        match ty {
            Type::Bytes => Some("bytes, which JSON has not; save it as Parquet, or turn it into text"),
            Type::Map(key, _) if **key != Type::Str => {
                Some("a map whose keys are no text, which JSON has not; save it as Parquet, or cast the keys")
            }
            Type::Map(_, value) => refused(value),
            Type::List(item) => refused(item),
            Type::Struct(fields) => fields.iter().find_map(|f| refused(f.ty())),
            _ => None,
        }
    }
    match schema.fields().iter().find_map(|f| refused(f.ty()).map(|why| (f.name(), why))) {
        None => Ok(()),
        Some((name, why)) => {
            Err(Error::new(ErrorKind::SchemaInvalid, format!("column {name:?} is or holds {why}")).with("column", name))
        }
    }
}

/// The values of a column, ready to be written.
enum Cells {
    /// Text that is JSON as it stands, but for numbers that are none.
    Bare(StringViewArray),
    Quoted(StringViewArray),
    List {
        parts: ListParts,
        nulls: Option<NullBuffer>,
        items: Box<Self>,
    },
    Map {
        parts: ListParts,
        nulls: Option<NullBuffer>,
        keys: StringViewArray,
        values: Box<Self>,
    },
    Object {
        nulls: Option<NullBuffer>,
        fields: Vec<(String, Self)>,
    },
}

impl Cells {
    fn new(array: &ArrayRef, ty: &Type) -> Result<Self> {
        let text = || -> Result<StringViewArray> { Ok(cast_array(array, &Type::Str)?.as_string_view().clone()) };
        Ok(match ty {
            Type::List(item) => {
                let parts = ListParts::new(array)?;
                let items = Box::new(Self::new(&parts.items, item)?);
                Self::List { nulls: array.nulls().cloned(), parts, items }
            }
            Type::Map(_, value) => {
                let parts = ListParts::new(array)?;
                let (keys, values) = entries(&parts.items)?;
                let values = Box::new(Self::new(&values, value)?);
                Self::Map { nulls: array.nulls().cloned(), keys: keys.as_string_view().clone(), parts, values }
            }
            Type::Struct(inner) => {
                let object = array.as_struct();
                let fields = inner
                    .iter()
                    .zip(object.columns())
                    .map(|(field, column)| Ok((format!("{}:", quoted(field.name())), Self::new(column, field.ty())?)));
                Self::Object { nulls: array.nulls().cloned(), fields: fields.collect::<Result<_>>()? }
            }
            Type::Bool | Type::Decimal(_, _) => Self::Bare(text()?),
            ty if ty.is_integer() || ty.is_float() => Self::Bare(text()?),
            _ => Self::Quoted(text()?),
        })
    }

    fn write(&self, row: usize, out: &mut Vec<u8>) {
        let null = match self {
            Self::Bare(texts) | Self::Quoted(texts) => texts.is_null(row),
            Self::List { nulls, .. } | Self::Map { nulls, .. } | Self::Object { nulls, .. } => {
                nulls.as_ref().is_some_and(|n| n.is_null(row))
            }
        };
        if null {
            return out.extend_from_slice(b"null");
        }
        match self {
            Self::Bare(texts) => match texts.value(row) {
                // JSON has no word for them; as text they come back where the column is known to be a number.
                odd @ ("NaN" | "inf" | "-inf") => quote(odd, out),
                text => out.extend_from_slice(text.as_bytes()),
            },
            Self::Quoted(texts) => quote(texts.value(row), out),
            Self::List { parts, items, .. } => {
                out.push(b'[');
                for (i, item) in range(parts, row).enumerate() {
                    if i > 0 {
                        out.push(b',');
                    }
                    items.write(item, out);
                }
                out.push(b']');
            }
            Self::Map { parts, keys, values, .. } => {
                out.push(b'{');
                for (i, entry) in range(parts, row).enumerate() {
                    if i > 0 {
                        out.push(b',');
                    }
                    quote(keys.value(entry), out);
                    out.push(b':');
                    values.write(entry, out);
                }
                out.push(b'}');
            }
            Self::Object { fields, .. } => {
                out.push(b'{');
                for (i, (name, cells)) in fields.iter().enumerate() {
                    if i > 0 {
                        out.push(b',');
                    }
                    out.extend_from_slice(name.as_bytes());
                    cells.write(row, out);
                }
                out.push(b'}');
            }
        }
    }
}

fn range(parts: &ListParts, row: usize) -> std::ops::Range<usize> {
    let offset = |i: usize| usize::try_from(parts.offsets()[i]).unwrap_or_default();
    offset(row)..offset(row + 1)
}

fn quoted(text: &str) -> String {
    let mut out = Vec::new();
    quote(text, &mut out);
    String::from_utf8(out).unwrap_or_default()
}

fn quote(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    for byte in text.bytes() {
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0..0x20 => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
            other => out.push(other),
        }
    }
    out.push(b'"');
}
