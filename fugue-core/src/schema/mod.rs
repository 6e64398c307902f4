//! Schemas: named, typed columns; their text form, their algebra, and their one Arrow layout.

mod types;
mod zone;

use std::fmt;
use std::sync::Arc;

use arrow::datatypes::{Field as ArrowField, Schema as ArrowSchema, SchemaRef};

pub use types::Type;

use crate::error::{Error, ErrorKind, Result};

/// One column: a name and a type. Every column is nullable.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Field {
    name: Arc<str>,
    ty: Type,
}

impl Field {
    /// A column of a name and a type.
    pub fn new(name: impl Into<Arc<str>>, ty: Type) -> Self {
        Self { name: name.into(), ty }
    }

    /// Its name, case sensitive; any text is a name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its type.
    #[must_use]
    pub fn ty(&self) -> &Type {
        &self.ty
    }

    /// The Arrow field of the contract's layout; always nullable, without metadata.
    #[must_use]
    pub fn to_arrow(&self) -> ArrowField {
        ArrowField::new(&*self.name, self.ty.to_arrow(), true)
    }

    /// The column that an Arrow field means; nullability and metadata do not count.
    ///
    /// # Errors
    /// [`ErrorKind::SchemaInvalid`] naming the column, for a type that is not admitted.
    pub fn from_arrow(field: &ArrowField) -> Result<Self> {
        let ty = Type::from_arrow(field.data_type()).map_err(|e| e.with("column", field.name()))?;
        Ok(Self::new(field.name().as_str(), ty))
    }
}

/// Columns in order, with unique names. Cheap to clone.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Schema {
    fields: Arc<[Field]>,
}

impl Schema {
    /// A schema of fields. It may have no column; frames refuse that.
    ///
    /// # Errors
    /// [`ErrorKind::SchemaInvalid`] when a name stands twice.
    pub fn new(fields: impl IntoIterator<Item = Field>) -> Result<Self> {
        let fields: Arc<[Field]> = fields.into_iter().collect();
        for (i, field) in fields.iter().enumerate() {
            if fields[..i].iter().any(|f| f.name == field.name) {
                return Err(Error::new(
                    ErrorKind::SchemaInvalid,
                    format!("column {:?} stands twice in the schema", field.name()),
                )
                .with("column", field.name()));
            }
        }
        Ok(Self { fields })
    }

    /// The schema that an Arrow schema means; layouts, units, nullability and metadata are normalised away.
    ///
    /// # Errors
    /// [`ErrorKind::SchemaInvalid`] naming the column, for duplicate names and types that are not admitted.
    pub fn from_arrow(schema: &ArrowSchema) -> Result<Self> {
        Self::new(schema.fields().iter().map(|f| Field::from_arrow(f)).collect::<Result<Vec<_>>>()?)
    }

    /// The Arrow schema of the contract's layout.
    #[must_use]
    pub fn to_arrow(&self) -> SchemaRef {
        Arc::new(ArrowSchema::new(self.fields.iter().map(Field::to_arrow).collect::<Vec<_>>()))
    }

    /// The columns in order.
    #[must_use]
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// The names in order.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> + '_ {
        self.fields.iter().map(Field::name)
    }

    /// Number of columns.
    #[must_use]
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// Whether there is no column.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// The position of a name.
    #[must_use]
    pub fn index_of(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|f| f.name() == name)
    }

    /// The column of a name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|f| f.name() == name)
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
        let all = self.names().collect::<Vec<_>>().join(", ");
        Error::new(ErrorKind::ColumnNotFound, format!("there is no column {name:?}; the columns are: {all}")).with("column", name)
    }
}

impl fmt::Display for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<String> = self.fields.iter().map(|x| format!("{}:{:?}", x.name(), x.ty())).collect();
        f.write_str(&parts.join(","))
    }
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Schema({self})")
    }
}
