//! What a schema can be made of, and what it compares with.

use std::str::FromStr;
use std::sync::Arc;

use arrow::datatypes::{Schema as ArrowSchema, SchemaRef};

use super::{Field, Schema, Type, parse};
use crate::error::{Error, Result};

/// What calls accept as a schema: its text, a schema, an Arrow schema, fields.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a schema",
    note = "give a text such as \"a:int,b:str\", a `Schema`, an Arrow schema, or fields"
)]
pub trait IntoSchema {
    /// The schema.
    ///
    /// # Errors
    /// [`ErrorKind::SchemaInvalid`](crate::ErrorKind::SchemaInvalid), for texts with the position of what is wrong.
    fn into_schema(self) -> Result<Schema>;
}

impl IntoSchema for Schema {
    fn into_schema(self) -> Result<Schema> {
        Ok(self)
    }
}

impl IntoSchema for &Schema {
    fn into_schema(self) -> Result<Schema> {
        Ok(self.clone())
    }
}

impl IntoSchema for &str {
    fn into_schema(self) -> Result<Schema> {
        Schema::parse(self)
    }
}

impl IntoSchema for String {
    fn into_schema(self) -> Result<Schema> {
        Schema::parse(&self)
    }
}

impl IntoSchema for &String {
    fn into_schema(self) -> Result<Schema> {
        Schema::parse(self)
    }
}

impl IntoSchema for SchemaRef {
    fn into_schema(self) -> Result<Schema> {
        Schema::from_arrow(&self)
    }
}

impl IntoSchema for &SchemaRef {
    fn into_schema(self) -> Result<Schema> {
        Schema::from_arrow(self)
    }
}

impl IntoSchema for &ArrowSchema {
    fn into_schema(self) -> Result<Schema> {
        Schema::from_arrow(self)
    }
}

impl IntoSchema for Vec<Field> {
    fn into_schema(self) -> Result<Schema> {
        Schema::new(self)
    }
}

impl IntoSchema for &[Field] {
    fn into_schema(self) -> Result<Schema> {
        Schema::new(self.iter().cloned())
    }
}

impl<const N: usize> IntoSchema for [Field; N] {
    fn into_schema(self) -> Result<Schema> {
        Schema::new(self)
    }
}

impl<S: Into<Arc<str>>, const N: usize> IntoSchema for [(S, Type); N] {
    fn into_schema(self) -> Result<Schema> {
        Schema::new(self.map(|(name, ty)| Field::new(name, ty)))
    }
}

impl FromStr for Schema {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text)
    }
}

impl TryFrom<&str> for Schema {
    type Error = Error;

    fn try_from(text: &str) -> Result<Self> {
        Self::parse(text)
    }
}

impl TryFrom<&ArrowSchema> for Schema {
    type Error = Error;

    fn try_from(schema: &ArrowSchema) -> Result<Self> {
        Self::from_arrow(schema)
    }
}

impl FromStr for Type {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        parse::ty(text)
    }
}

impl PartialEq<str> for Schema {
    /// Equal to every text that means it; to no text that is malformed.
    fn eq(&self, text: &str) -> bool {
        Self::parse(text).is_ok_and(|other| other == *self)
    }
}

impl PartialEq<&str> for Schema {
    fn eq(&self, text: &&str) -> bool {
        *self == **text
    }
}

impl PartialEq<Schema> for str {
    fn eq(&self, schema: &Schema) -> bool {
        *schema == *self
    }
}

impl PartialEq<Schema> for &str {
    fn eq(&self, schema: &Schema) -> bool {
        *schema == **self
    }
}
