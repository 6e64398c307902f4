//! Literals: a value, and the type that it has.

use arrow::array::{ArrayRef, new_null_array};

use crate::error::Result;
use crate::row::{Value, column_of};
use crate::schema::Type;

/// A value in an expression. Integers are long and floats double unless [typed](super::typed) otherwise; null has no type before a cast or
/// its neighbours give it one.
#[derive(Clone, Debug)]
pub struct Literal {
    value: Value,
    ty: Option<Type>,
}

/// Literals are equal where no expression tells them apart, so -0.0 does not equal 0.0: one divided by them differs.
impl PartialEq for Literal {
    fn eq(&self, other: &Self) -> bool {
        match (&self.value, &other.value) {
            (Value::Float(a), Value::Float(b)) if !a.is_nan() => a.to_bits() == b.to_bits() && self.ty == other.ty,
            (a, b) => a == b && self.ty == other.ty,
        }
    }
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

    /// The value as a column of one row of a type that holds it without loss.
    pub(super) fn column(&self, ty: &Type) -> Result<ArrayRef> {
        match &self.value {
            Value::Null => Ok(new_null_array(&ty.to_arrow(), 1)),
            value => column_of(value.clone(), ty),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::lit;

    #[test]
    fn literals_that_behave_differently_are_different() {
        assert_eq!(lit(0.0), lit(0.0));
        assert_eq!(lit(f64::NAN), lit(f64::NAN));
        assert_ne!(lit(0.0), lit(-0.0));
        assert_ne!(lit(1_i64), lit(1_u64));
        assert_ne!(lit(None::<i64>), lit(None::<f64>));
    }
}
