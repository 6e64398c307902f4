//! One column of a schema: a name and a type.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::datatypes::Field as ArrowField;

use super::Type;
use crate::error::Result;

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
    /// [`ErrorKind::SchemaInvalid`](crate::ErrorKind::SchemaInvalid) naming the column, for a type that is not admitted.
    pub fn from_arrow(field: &ArrowField) -> Result<Self> {
        let ty = Type::from_arrow(field.data_type()).map_err(|e| e.with("column", field.name()))?;
        Ok(Self::new(field.name().as_str(), ty))
    }

    pub(crate) fn shared_name(&self) -> &Arc<str> {
        &self.name
    }
}

/// The position of the first field whose name stood before.
pub(super) fn repeated(fields: &[Field]) -> Option<usize> {
    if fields.len() <= 16 {
        return (1..fields.len()).find(|&i| fields[..i].iter().any(|f| f.name == fields[i].name));
    }
    let mut seen = HashSet::with_capacity(fields.len());
    fields.iter().position(|f| !seen.insert(f.name()))
}
