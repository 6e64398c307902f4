//! How what a function writes becomes the declared output: as it is, beside the input's columns, or beside the keys.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatchOptions};
use arrow::compute::concat_batches;
use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;

use crate::cast::cast_array;
use crate::error::{Error, ErrorKind, Result};
use crate::group::Groups;
use crate::schema::{Field, Schema, Type};

use super::task::Produces;

/// Where an output column comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Slot {
    /// A column that the function writes; cast when the call declares another type.
    Own(usize),
    /// A column of the input, by name: batches may have been narrowed on their way.
    Input(Arc<str>),
    /// A partition key, by position.
    Key(usize),
}

/// How rows of the function stand to rows of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    /// As many rows as it likes.
    Free,
    /// As many rows as its group has: input columns stand beside them.
    PerRow,
    /// One row per group: the keys stand beside it.
    PerGroup,
}

/// The recipe for output batches.
#[derive(Clone, Debug)]
pub(crate) struct Emit {
    pub(crate) align: Align,
    slots: Vec<Slot>,
    /// Whether the output is what the function writes, untouched.
    as_written: bool,
    arrow: SchemaRef,
    output: Schema,
    discard: bool,
}

/// What the call says of its output.
pub(crate) struct Declared<'d> {
    pub(crate) input: &'d Schema,
    pub(crate) keys: &'d Schema,
    /// The text of `.schema(…)`.
    pub(crate) schema: Option<&'d str>,
    /// The name of `.to(…)`.
    pub(crate) to: Option<&'d str>,
    /// Columns of the input that a row with a rest field carries along.
    pub(crate) rest: Option<Schema>,
    pub(crate) row_wise: bool,
    pub(crate) inputs: usize,
    /// Whether what the function returns is thrown away: an output transformer.
    pub(crate) discard: bool,
}

impl Emit {
    /// Whether an output column is the input's or the key of that name.
    pub(crate) fn carries(&self, column: &str) -> bool {
        let slot = self.output.index_of(column).and_then(|i| self.slots.get(i));
        !self.discard && matches!(slot, Some(Slot::Input(_) | Slot::Key(_)))
    }

    /// The recipe, the output schema and the columns that the function writes itself.
    ///
    /// # Errors
    /// `SchemaInvalid` and `SchemaMismatch`, when what the function writes and what the call declares do not fit.
    pub(crate) fn plan(produces: &Produces, declared: &Declared<'_>) -> Result<(Self, Schema, Schema)> {
        let own = own_schema(produces, declared)?;
        let values = matches!(produces, Produces::Values { .. });
        let default_align = match produces {
            Produces::Values { many: true, .. } => Align::PerRow,
            Produces::Values { many: false, .. } if declared.row_wise => Align::PerRow,
            Produces::Values { many: false, .. } => Align::PerGroup,
            _ => Align::Free,
        };
        let output = match declared.schema {
            _ if declared.discard => own.clone(),
            Some(text) => declared_schema(text, declared)?,
            None if !values => own.clone(),
            // Plain values stand beside what they were made of: the row, or the keys of the group.
            None if default_align == Align::PerRow => declared.input.with_fields(own.fields())?,
            None => declared.keys.with_fields(own.fields())?,
        };
        if declared.discard || matches!(produces, Produces::Nothing) {
            // A frame needs a column; this one never has a row.
            let done = Schema::new([Field::new("done", Type::Bool)])?;
            return Ok((Self { discard: true, ..Self::new(Align::Free, Vec::new(), true, &done) }, done, own));
        }
        if output.is_empty() {
            return Err(Error::new(ErrorKind::SchemaInvalid, "the output has no column; a frame needs at least one"));
        }
        if matches!(produces, Produces::Batches) {
            let slots = (0..output.len()).map(Slot::Own).collect();
            return Ok((Self::new(Align::Free, slots, true, &output), output.clone(), output));
        }
        let mut align = if values { default_align } else { Align::Free };
        let mut slots = Vec::with_capacity(output.len());
        for field in output.fields() {
            if let Some(i) = own.index_of(field.name()) {
                slots.push(Slot::Own(i));
            } else if align == Align::PerGroup {
                let key = declared.keys.index_of(field.name()).ok_or_else(|| not_written(field, &own))?;
                same_type(field, &declared.keys.fields()[key])?;
                slots.push(Slot::Key(key));
            } else {
                let from = declared.input.field(field.name()).filter(|_| declared.inputs == 1);
                same_type(field, from.ok_or_else(|| not_written(field, &own))?)?;
                align = Align::PerRow;
                slots.push(Slot::Input(Arc::from(field.name())));
            }
        }
        let as_written = align == Align::Free && own == output;
        Ok((Self::new(align, slots, as_written, &output), output, own))
    }

    fn new(align: Align, slots: Vec<Slot>, as_written: bool, output: &Schema) -> Self {
        Self { align, slots, as_written, arrow: output.to_arrow(), output: output.clone(), discard: false }
    }

    /// The recipe of a function that writes the output itself.
    pub(crate) fn as_written(output: &Schema) -> Self {
        Self::new(Align::Free, (0..output.len()).map(Slot::Own).collect(), true, output)
    }

    /// Whether what the function writes is thrown away.
    pub(crate) fn is_discarded(&self) -> bool {
        self.discard
    }

    /// Whether the output is what the function writes, untouched.
    pub(crate) fn is_as_written(&self) -> bool {
        self.as_written
    }

    /// The columns of the input that must be carried to the output.
    pub(crate) fn carried(&self) -> impl Iterator<Item = &str> + '_ {
        self.slots.iter().filter_map(|s| match s {
            Slot::Input(name) => Some(&**name),
            Slot::Own(_) | Slot::Key(_) => None,
        })
    }

    /// Output batches out of what the function wrote for groups `from..to`.
    ///
    /// # Errors
    /// `ValueInvalid` when a written value does not fit the declared type.
    pub(crate) fn assemble(&self, own: Vec<RecordBatch>, groups: &Groups, from: usize, to: usize) -> Result<Vec<RecordBatch>> {
        if self.discard {
            return Ok(Vec::new());
        }
        if self.as_written {
            return Ok(own.into_iter().filter(|b| b.num_rows() > 0).collect());
        }
        let Some(first) = own.first() else { return Ok(Vec::new()) };
        let own = if own.len() == 1 { first.clone() } else { concat_batches(&first.schema(), &own)? };
        if own.num_rows() == 0 {
            return Ok(Vec::new());
        }
        let member = groups.members.first().ok_or_else(|| Error::new(ErrorKind::Unexpected, "groups without an input"))?;
        let mut columns: Vec<ArrayRef> = Vec::with_capacity(self.slots.len());
        for (slot, field) in self.slots.iter().zip(self.output.fields()) {
            columns.push(match slot {
                Slot::Own(i) => cast_array(own.column(*i), field.ty()).map_err(|e| e.with("column", field.name()))?,
                Slot::Key(i) => groups.keys.column(*i).slice(from, to - from),
                Slot::Input(name) => {
                    let (start, end) = (member.offsets[from], member.offsets[to]);
                    let column = member.batch.column_by_name(name).ok_or_else(|| {
                        Error::new(ErrorKind::Unexpected, format!("column {name:?} was not carried to the function"))
                    })?;
                    column.slice(start, end - start)
                }
            });
        }
        let options = RecordBatchOptions::new().with_row_count(Some(own.num_rows()));
        Ok(vec![RecordBatch::try_new_with_options(Arc::clone(&self.arrow), columns, &options)?])
    }
}

fn own_schema(produces: &Produces, declared: &Declared<'_>) -> Result<Schema> {
    match produces {
        Produces::Nothing => Schema::new([]),
        Produces::Batches => match declared.schema {
            Some(text) => declared_schema(text, declared),
            None if declared.discard => Schema::new([]),
            None => Err(Error::new(
                ErrorKind::SchemaInvalid,
                "the function returns batches, whose columns are not known before it runs; add .schema(\"…\") to the call, \
                 for example .schema(\"*, z:double\")",
            )),
        },
        Produces::Values { ty, .. } => {
            let name = declared.to.or(declared.discard.then_some("value")).ok_or_else(|| {
                Error::new(ErrorKind::SchemaInvalid, "the function returns plain values; name their column with .to(\"name\")")
            })?;
            Schema::new([Field::new(name, ty.clone())])
        }
        Produces::Rows(layout) if layout.dynamic => match declared.schema {
            Some(text) => declared_schema(text, declared),
            None if declared.discard => Schema::new([]),
            None => Err(Error::new(
                ErrorKind::SchemaInvalid,
                format!("{} has no columns of its own; add .schema(\"…\") to the call", layout.name),
            )),
        },
        Produces::Rows(layout) => {
            let mut fields: Vec<Field> = layout.fields.iter().map(|f| Field::new(f.name, f.ty.clone())).collect();
            if let Some(at) = layout.rest {
                let rest = declared.rest.as_ref().unwrap_or(declared.input);
                let extra: Vec<Field> =
                    rest.fields().iter().filter(|f| !fields.iter().any(|o| o.name() == f.name())).cloned().collect();
                fields.splice(at..at, extra);
            }
            Schema::new(fields)
        }
    }
}

fn declared_schema(text: &str, declared: &Declared<'_>) -> Result<Schema> {
    if declared.inputs > 1 {
        // Over several inputs a star would be ambiguous.
        return Schema::parse(text);
    }
    declared.input.transform(text)
}

fn not_written(field: &Field, own: &Schema) -> Error {
    Error::new(
        ErrorKind::SchemaMismatch,
        format!(
            "the call declares column {:?}, which the function does not write (it writes {own}) and the input does not have",
            field.name()
        ),
    )
    .with("column", field.name())
}

fn same_type(declared: &Field, found: &Field) -> Result<()> {
    if declared.ty() == found.ty() {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::SchemaMismatch,
        format!("the call declares {declared}, but the input has {found}, and the function does not write that column"),
    )
    .with("column", declared.name()))
}
