//! Which expressions can be an error for some value of their columns.

use arrow::array::AsArray;
use arrow::datatypes::Int64Type;

use crate::schema::Type;

use super::{Function, Typed, TypedNode};

impl Typed {
    /// Whether some value of the columns it reads makes it an error, such as a cast of text to a number.
    ///
    /// An engine must not evaluate such an expression on rows that a step before it takes away: what is right in the order in which it
    /// was written would fail. It may leave one out whose value nothing needs.
    #[must_use]
    pub fn can_fail(&self) -> bool {
        match &self.node {
            TypedNode::Column(_) | TypedNode::Literal(_) => false,
            TypedNode::Cast { input, attempt } => input.can_fail() || !(*attempt || takes_all(&input.ty, &self.ty)),
            TypedNode::Case { branches, otherwise } => {
                branches.iter().any(|(condition, value)| condition.can_fail() || value.can_fail())
                    || otherwise.as_deref().is_some_and(Self::can_fail)
            }
            TypedNode::Call { function, args } => fails(*function, args, &self.ty) || args.iter().any(Self::can_fail),
        }
    }
}

/// Whether a function fails for some value of its arguments.
fn fails(function: Function, args: &[Typed], ty: &Type) -> bool {
    use Function as F;
    match function {
        // Decimals overflow.
        F::Add | F::Subtract | F::Multiply | F::Divide | F::Modulo | F::Floor | F::Ceil => matches!(ty, Type::Decimal(_, _)),
        // Whole numbers as well, where digits before the point go.
        F::Round => matches!(ty, Type::Decimal(_, _)) || ty.is_integer(),
        F::DivideTrue | F::Negate | F::Abs | F::Power | F::Sqrt | F::Exp | F::Ln => false,
        F::Equal | F::NotEqual | F::Less | F::LessOrEqual | F::Greater | F::GreaterOrEqual | F::NotDistinct => false,
        F::And | F::Or | F::Not | F::IsNull | F::IsNotNull | F::IsNan | F::IsIn | F::Coalesce | F::NullIf => false,
        F::Length | F::Lower | F::Upper | F::Trim | F::TrimStart | F::TrimEnd | F::Concat | F::Contains => false,
        F::StartsWith | F::EndsWith | F::Find | F::Replace | F::Like | F::RegexMatch | F::RegexReplace => false,
        // A negative length.
        F::Substring => args.get(2).is_some_and(|length| match &length.node {
            TypedNode::Literal(value) => value.as_primitive_opt::<Int64Type>().is_none_or(|n| n.iter().flatten().any(|n| n < 0)),
            _ => true,
        }),
        // Checked arithmetic, and instants outside the years that calendars know.
        _ => true,
    }
}

/// Whether a cast takes every value.
fn takes_all(from: &Type, to: &Type) -> bool {
    widens(from, to) || (*to == Type::Str && !from.is_nested() && *from != Type::Bytes && !is_time(from))
}

fn is_time(ty: &Type) -> bool {
    matches!(ty, Type::Date | Type::Time | Type::Datetime | Type::Timestamp(_))
}

/// Whether a cast of numbers takes every value.
pub(super) fn widens(from: &Type, to: &Type) -> bool {
    match (from, to) {
        (from, to) if from == to => true,
        (Type::Float32, Type::Float64) => true,
        (from, to) if from.is_integer() && to.is_float() => true,
        (Type::Int8, Type::Int16 | Type::Int32 | Type::Int64) => true,
        (Type::Int16, Type::Int32 | Type::Int64) => true,
        (Type::Int32, Type::Int64) => true,
        (Type::UInt8, Type::Int16 | Type::Int32 | Type::Int64 | Type::UInt16 | Type::UInt32 | Type::UInt64) => true,
        (Type::UInt16, Type::Int32 | Type::Int64 | Type::UInt32 | Type::UInt64) => true,
        (Type::UInt32, Type::Int64 | Type::UInt64) => true,
        _ => false,
    }
}
