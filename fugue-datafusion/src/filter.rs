//! Filters of DataFusion's plans as a source of the core understands them: plain comparisons of columns with literals.

use datafusion::logical_expr::{BinaryExpr, Expr, Operator, TableProviderFilterPushDown};
use fugue_core::expr::{Function, Typed, TypedNode};
use fugue_core::io::{LazySource, Pushdown};
use fugue_core::schema::normalise_array;
use fugue_core::{Schema, Type};

/// What a source makes of a filter.
pub(crate) fn support(source: &dyn LazySource, filter: &Expr) -> TableProviderFilterPushDown {
    match raised(filter, source.schema()).map(|typed| source.pushdown(&typed)) {
        Some(Pushdown::Exact) => TableProviderFilterPushDown::Exact,
        Some(Pushdown::Inexact) => TableProviderFilterPushDown::Inexact,
        _ => TableProviderFilterPushDown::Unsupported,
    }
}

/// A filter in the terms of the core; nothing for what is not said there, or is said otherwise: here a NaN may be less than all numbers.
pub(crate) fn raised(filter: &Expr, schema: &Schema) -> Option<Typed> {
    match filter {
        Expr::Column(column) => {
            let place = schema.index_of(&column.name)?;
            let ty = schema.fields().get(place)?.ty();
            (!ty.is_float() && !ty.is_nested()).then(|| Typed::column(place, ty.clone()))
        }
        Expr::Literal(value, _) => {
            let array = value.to_array().ok()?;
            let ty = Type::from_arrow(array.data_type()).ok()?;
            let array = normalise_array(&array, &ty).ok()?;
            Some(Typed { node: TypedNode::Literal(array), ty })
        }
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => {
            let (function, compares) = match op {
                Operator::And => (Function::And, false),
                Operator::Or => (Function::Or, false),
                Operator::Eq => (Function::Equal, true),
                Operator::Lt => (Function::Less, true),
                Operator::LtEq => (Function::LessOrEqual, true),
                Operator::Gt => (Function::Greater, true),
                Operator::GtEq => (Function::GreaterOrEqual, true),
                _ => return None,
            };
            let (left, right) = (raised(left, schema)?, raised(right, schema)?);
            (!compares || left.ty == right.ty).then(|| call(function, vec![left, right]))
        }
        Expr::IsNull(of) => Some(call(Function::IsNull, vec![raised(of, schema)?])),
        Expr::IsNotNull(of) => Some(call(Function::IsNotNull, vec![raised(of, schema)?])),
        Expr::InList(list) if !list.negated => {
            let of = raised(&list.expr, schema)?;
            let items =
                list.list.iter().map(|item| raised(item, schema).filter(|i| i.ty == of.ty)).collect::<Option<Vec<_>>>()?;
            Some(call(Function::IsIn, std::iter::once(of).chain(items).collect()))
        }
        Expr::Between(between) if !between.negated => {
            let of = raised(&between.expr, schema)?;
            let (low, high) = (raised(&between.low, schema)?, raised(&between.high, schema)?);
            let fits = of.ty == low.ty && of.ty == high.ty;
            let above = call(Function::GreaterOrEqual, vec![of.clone(), low]);
            fits.then(|| call(Function::And, vec![above, call(Function::LessOrEqual, vec![of, high])]))
        }
        _ => None,
    }
}

fn call(function: Function, args: Vec<Typed>) -> Typed {
    Typed { node: TypedNode::Call { function, args }, ty: Type::Bool }
}
