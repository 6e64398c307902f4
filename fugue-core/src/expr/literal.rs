//! Literals: a value, and the type that it has.

use crate::row::Value;
use crate::schema::Type;

/// A value in an expression. Integers are long and floats double unless [typed](super::typed) otherwise; null has no type before a cast or
/// its neighbours give it one.
#[derive(Clone, Debug, PartialEq)]
pub struct Literal {
    value: Value,
    ty: Option<Type>,
}

impl Literal {
    pub(crate) fn new(value: Value, ty: Option<Type>) -> Self {
        Self { value, ty }
    }

    /// The value.
    #[must_use]
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// The type, unless it is a null without one.
    #[must_use]
    pub fn ty(&self) -> Option<&Type> {
        self.ty.as_ref()
    }
}
