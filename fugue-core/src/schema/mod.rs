//! Schemas: named, typed columns; their text form, their algebra, and their one Arrow layout.

mod algebra;
mod conform;
mod convert;
mod expression;
pub(crate) mod fault;
mod field;
mod keys;
pub(crate) mod layout;
pub(crate) mod nested;
mod parse;
mod point;
mod print;
mod spelling;
mod types;
pub(crate) mod zone;

use std::collections::HashMap;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::datatypes::{Schema as ArrowSchema, SchemaRef};
use arrow::record_batch::RecordBatch;

pub(crate) use conform::is_alike;
pub use conform::{conform, normalise, normalise_array, normalise_with};
pub use convert::IntoSchema;
pub use expression::SchemaExpression;
pub use field::Field;
pub use layout::SubMicrosecond;
pub use print::quote;
pub use types::Type;

pub use crate::cast::{Formatter, can_cast, cast_array, format_value};

pub(crate) use point::pointed;

use crate::error::{Error, ErrorKind, Result};

/// From this many columns on, names are looked up in a table.
const TABLE_FROM: usize = 16;

/// Columns in order, with unique names. Cheap to clone.
///
/// ```
/// use fugue_core::Schema;
///
/// let schema = Schema::parse("sensor: string, `read at`: timestamp(ns, UTC), value: float64")?;
/// assert_eq!(schema.to_string(), "sensor:str,`read at`:timestamp(us,UTC),value:double");
/// assert_eq!(schema.transform("*-value+z:double")?, "sensor:str,`read at`:timestamp(us,UTC),z:double");
/// # Ok::<(), fugue_core::Error>(())
/// ```
#[derive(Clone)]
pub struct Schema(Arc<Inner>);

struct Inner {
    fields: Box<[Field]>,
    /// Made once, so that batches of this schema are known by this pointer.
    arrow: SchemaRef,
    /// Positions of names in wide schemas; only for look-up.
    table: Option<HashMap<Arc<str>, usize>>,
    has_maps: bool,
}

impl Schema {
    /// A schema of fields. It may have no column; frames refuse that.
    ///
    /// # Errors
    /// [`ErrorKind::SchemaInvalid`] when a name stands twice.
    pub fn new(fields: impl IntoIterator<Item = Field>) -> Result<Self> {
        let fields: Box<[Field]> = fields.into_iter().collect();
        if let Some(twice) = field::repeated(&fields) {
            let message = format!("column {} stands twice in the schema; rename one of the two", quote(fields[twice].name()));
            return Err(Error::new(ErrorKind::SchemaInvalid, message).with("column", fields[twice].name()));
        }
        let arrow = Arc::new(ArrowSchema::new(fields.iter().map(Field::to_arrow).collect::<Vec<_>>()));
        let table = (fields.len() >= TABLE_FROM)
            .then(|| fields.iter().enumerate().map(|(i, field)| (Arc::clone(field.shared_name()), i)).collect());
        let has_maps = fields.iter().any(|field| field.ty().has_map());
        Ok(Self(Arc::new(Inner { fields, arrow, table, has_maps })))
    }

    /// The schema that a text means: `name:type` pairs between commas.
    ///
    /// Types are `bool`, `byte`, `short`, `int`, `long` (8 to 64 bit), the same with `u` before them, `float`, `double`, `str`,
    /// `bytes`, `date`, `time`, `datetime`, `timestamp(us,ZONE)`, `decimal(p,s)`, `[item]`, `{name:type,…}` and `<key,value>`.
    /// A name with blanks or signs stands in backticks.
    ///
    /// # Errors
    /// [`ErrorKind::SchemaInvalid`] with the position of what is wrong.
    pub fn parse(text: &str) -> Result<Self> {
        parse::schema(text)
    }

    /// The schema that an Arrow schema means; layouts, units, nullability and metadata are normalised away.
    ///
    /// # Errors
    /// [`ErrorKind::SchemaInvalid`] naming the column, for duplicate names and types that are not admitted.
    pub fn from_arrow(schema: &ArrowSchema) -> Result<Self> {
        Self::new(schema.fields().iter().map(|f| Field::from_arrow(f)).collect::<Result<Vec<_>>>()?)
    }

    /// The schema that a batch means, as [`from_arrow`](Self::from_arrow).
    ///
    /// # Errors
    /// [`ErrorKind::SchemaInvalid`] naming the column, for duplicate names and types that are not admitted.
    pub fn of_batch(batch: &RecordBatch) -> Result<Self> {
        Self::from_arrow(batch.schema_ref())
    }

    /// The Arrow schema of the contract's layout; always the same allocation.
    #[must_use]
    pub fn to_arrow(&self) -> SchemaRef {
        Arc::clone(&self.0.arrow)
    }

    /// The same, borrowed.
    #[must_use]
    pub fn arrow(&self) -> &SchemaRef {
        &self.0.arrow
    }

    /// A batch of this schema without rows.
    #[must_use]
    pub fn empty_batch(&self) -> RecordBatch {
        RecordBatch::new_empty(self.to_arrow())
    }

    /// The columns in order.
    #[must_use]
    pub fn fields(&self) -> &[Field] {
        &self.0.fields
    }

    /// The names in order.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> + '_ {
        self.fields().iter().map(Field::name)
    }

    /// Number of columns.
    #[must_use]
    pub fn len(&self) -> usize {
        self.fields().len()
    }

    /// Whether there is no column.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fields().is_empty()
    }

    /// The position of a name.
    #[must_use]
    pub fn index_of(&self, name: &str) -> Option<usize> {
        match &self.0.table {
            Some(table) => table.get(name).copied(),
            None => self.fields().iter().position(|f| f.name() == name),
        }
    }

    /// The column of a name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.index_of(name).map(|i| &self.fields()[i])
    }

    /// The positions of names, in the order asked for.
    ///
    /// # Errors
    /// [`ErrorKind::ColumnNotFound`] naming the missing column and what there is.
    pub fn indices_of<S: AsRef<str>>(&self, names: impl IntoIterator<Item = S>) -> Result<Vec<usize>> {
        names.into_iter().map(|n| self.index_of(n.as_ref()).ok_or_else(|| self.missing(n.as_ref()))).collect()
    }

    /// The error for a name that is not here.
    pub(crate) fn missing(&self, name: &str) -> Error {
        Error::new(ErrorKind::ColumnNotFound, self.missing_message(name)).with("column", name)
    }

    pub(crate) fn missing_message(&self, name: &str) -> String {
        let all = self.names().map(|n| quote(n).into_owned()).collect::<Vec<_>>().join(", ");
        format!("there is no column {}; the columns are: {all}", quote(name))
    }

    /// Whether a value of some column holds a map, whose keys must be looked at.
    pub(crate) fn has_maps(&self) -> bool {
        self.0.has_maps
    }
}

impl PartialEq for Schema {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.fields() == other.fields()
    }
}

impl Eq for Schema {}

impl Hash for Schema {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.fields().hash(state);
    }
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Schema({self})")
    }
}

#[cfg(test)]
mod tests;
