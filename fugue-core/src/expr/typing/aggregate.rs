//! The type rules of aggregates.

use crate::error::Result;
use crate::partition::SortKey;
use crate::schema::{Schema, Type};

use super::super::aggregate::AggregateCall;
use super::super::tree::Node;
use super::super::{AggregateFunction, Expr, Typed, TypedAggregate, TypedNode, TypedSort};
use super::common::{decimal, is_number};
use super::{convert, position, refused};

impl AggregateCall {
    /// The aggregate over the columns of a schema. `expr` is the whole, for messages.
    pub(crate) fn typed(&self, expr: &Expr, schema: &Schema) -> Result<TypedAggregate> {
        use AggregateFunction as A;
        let ordered = matches!(self.function, A::First | A::Last | A::CollectList);
        let name = self.function.name();
        if self.distinct && !matches!(self.function, A::Count | A::Sum | A::CheckedSum | A::Avg) {
            return Err(refused(expr, format!("distinct belongs to count, sum and avg, not to {name}")));
        }
        if ordered && self.order.is_empty() {
            return Err(refused(
                expr,
                format!("{name} needs an order, or its answer would be another on every engine; write .order_by(\"…\") after it"),
            ));
        }
        if !ordered && !self.order.is_empty() {
            return Err(refused(
                expr,
                format!("an order belongs to first, last and collect_list; {name} answers the same in any"),
            ));
        }
        let (arg, ty) = aggregated(expr, self.function, self.distinct, self.arg.as_ref(), schema)?;
        let filter = self.filter.as_ref().map(|condition| condition.condition(schema, &mut |_| Ok(None))).transpose()?;
        // Engines compute arguments of all rows, and a row that the filter leaves out may have no value.
        let arg = match (arg, &filter) {
            (Some(arg), Some(filter)) if arg.can_fail() => {
                let ty = arg.ty.clone();
                Some(Typed { node: TypedNode::Case { branches: vec![(filter.clone(), arg)], otherwise: None }, ty })
            }
            (arg, _) => arg,
        };
        let order = sorts(expr, schema, &self.order)?;
        Ok(TypedAggregate { function: self.function, arg, distinct: self.distinct, filter, order, ty })
    }
}

/// The argument of an aggregate as it takes it, and the type of the result.
pub(super) fn aggregated(
    expr: &Expr,
    function: AggregateFunction,
    distinct: bool,
    arg: Option<&Expr>,
    schema: &Schema,
) -> Result<(Option<Typed>, Type)> {
    use AggregateFunction as A;
    let arg = match (function, arg) {
        (A::Count, Some(arg)) if matches!(arg.without_alias().node(), Node::Wildcard) => {
            if distinct {
                return Err(refused(expr, "write .distinct().count() on the frame for the number of different rows"));
            }
            return Ok((None, Type::Int64));
        }
        (A::Count, None) if !distinct => return Ok((None, Type::Int64)),
        (_, None) => {
            let hint = if distinct {
                "write .distinct().count() on the frame for the number of different rows"
            } else {
                "it needs an argument"
            };
            return Err(refused(expr, hint));
        }
        (_, Some(arg)) => arg.typed_where(schema, &mut |_| Ok(None))?,
    };
    let number = || {
        if is_number(&arg.ty) {
            return Ok(());
        }
        let hint = match arg.ty {
            Type::Str => "; write .cast(\"double\"), or another number, inside",
            Type::Bool => "; write .cast(\"int\") inside",
            _ => "",
        };
        Err(refused(expr, format!("{} takes numbers, and this is {}{hint}", function.name(), arg.ty)))
    };
    let ty = match function {
        A::Count if distinct && arg.ty.has_map() => {
            return Err(refused(expr, format!("values of {} are not told apart: maps have no order", arg.ty)));
        }
        A::Count => Type::Int64,
        A::Sum | A::CheckedSum => {
            number()?;
            match arg.ty {
                Type::Float32 | Type::Float64 => Type::Float64,
                Type::Decimal(_, scale) => Type::Decimal(38, scale),
                Type::UInt8 | Type::UInt16 | Type::UInt32 | Type::UInt64 => Type::UInt64,
                _ => Type::Int64,
            }
        }
        A::Avg => {
            number()?;
            match arg.ty {
                Type::Decimal(precision, scale) => decimal(i16::from(precision) + 4, scale.saturating_add(4).min(38)),
                _ => Type::Float64,
            }
        }
        A::Min | A::Max => {
            if arg.ty.is_nested() {
                return Err(refused(expr, format!("values of {} have no order", arg.ty)));
            }
            arg.ty.clone()
        }
        A::First | A::Last => arg.ty.clone(),
        A::CollectList => Type::list(arg.ty.clone()),
        A::Stddev | A::StddevPopulation | A::Variance | A::VariancePopulation => {
            number()?;
            return Ok((Some(convert(expr, arg, &Type::Float64)?), Type::Float64));
        }
        A::Quantile(at) => {
            number()?;
            if !(0.0..=1.0).contains(&at) {
                return Err(refused(expr, format!("a quantile is from 0 to 1, and {at} is not; a median is 0.5")));
            }
            return Ok((Some(convert(expr, arg, &Type::Float64)?), Type::Float64));
        }
    };
    Ok((Some(arg), ty))
}

pub(super) fn sorts(expr: &Expr, schema: &Schema, order: &[SortKey]) -> Result<Vec<TypedSort>> {
    let sort = |key: &SortKey| {
        let column = position(expr, schema, &key.column)?;
        Ok(TypedSort { column, descending: !key.ascending, nulls_first: false })
    };
    order.iter().map(sort).collect()
}
