//! Filters of DataFusion's plans in the terms of the core, for sources that read fewer rows then.
//!
//! What both say alike is taken as it is. DataFusion compares floats by their bits, so of them a wider condition is taken, and DataFusion
//! filters again. Nothing of it can fail, so it may stand below other filters.

use datafusion::arrow::array::{Array, AsArray};
use datafusion::arrow::datatypes::{Float32Type, Float64Type};
use datafusion::logical_expr::{BinaryExpr, Expr, Like, Operator, TableProviderFilterPushDown};
use fugue_core::expr::{Function, Typed, TypedNode};
use fugue_core::io::{LazySource, Pushdown};
use fugue_core::schema::normalise_array;
use fugue_core::{Schema, Type};

/// What a source makes of a filter.
pub(crate) fn support(source: &dyn LazySource, filter: &Expr) -> TableProviderFilterPushDown {
    let Some(raised) = raised(filter, source.schema()) else { return TableProviderFilterPushDown::Unsupported };
    match source.pushdown(&raised.typed) {
        Pushdown::Exact if raised.exact => TableProviderFilterPushDown::Exact,
        Pushdown::Exact | Pushdown::Inexact => TableProviderFilterPushDown::Inexact,
        _ => TableProviderFilterPushDown::Unsupported,
    }
}

/// What a source is asked for, of a filter.
pub(crate) fn asked(source: &dyn LazySource, filter: &Expr) -> Option<Typed> {
    raised(filter, source.schema()).map(|raised| raised.typed)
}

/// A condition of DataFusion in the terms of the core.
struct Raised {
    typed: Typed,
    /// Whether it is true for the same rows. Else it is true for more of them.
    exact: bool,
}

impl Raised {
    fn exact(function: Function, args: Vec<Typed>) -> Self {
        Self { typed: call(function, args), exact: true }
    }

    fn wider(typed: Typed) -> Self {
        Self { typed, exact: false }
    }

    fn joined(function: Function, left: Self, right: Self) -> Self {
        Self { typed: call(function, vec![left.typed, right.typed]), exact: left.exact && right.exact }
    }

    /// Of what is true for more rows, the opposite would be true for fewer.
    fn negated(self) -> Option<Self> {
        self.exact.then(|| Self::exact(Function::Not, vec![self.typed]))
    }

    fn negated_if(self, negated: bool) -> Option<Self> {
        if negated { self.negated() } else { Some(self) }
    }
}

fn raised(filter: &Expr, schema: &Schema) -> Option<Raised> {
    match filter {
        Expr::Column(_) | Expr::Literal(..) => {
            value(filter, schema).filter(|typed| typed.ty == Type::Bool).map(|typed| Raised { typed, exact: true })
        }
        Expr::Not(of) => raised(of, schema)?.negated(),
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => match op {
            Operator::And => Some(Raised::joined(Function::And, raised(left, schema)?, raised(right, schema)?)),
            Operator::Or => Some(Raised::joined(Function::Or, raised(left, schema)?, raised(right, schema)?)),
            _ => compared(*op, value(left, schema)?, value(right, schema)?),
        },
        Expr::IsNull(of) => Some(Raised::exact(Function::IsNull, vec![value(of, schema)?])),
        Expr::IsNotNull(of) => Some(Raised::exact(Function::IsNotNull, vec![value(of, schema)?])),
        Expr::InList(list) => {
            let of = value(&list.expr, schema)?;
            let item = |item| value(item, schema).filter(|i| i.ty == of.ty && (is_number(i) || !i.ty.is_float()));
            let items = list.list.iter().map(item).collect::<Option<Vec<_>>>()?;
            let exact = !of.ty.is_float();
            let typed = call(Function::IsIn, std::iter::once(of).chain(items).collect());
            Raised { typed, exact }.negated_if(list.negated)
        }
        Expr::Between(between) => {
            let of = value(&between.expr, schema)?;
            let low = compared(Operator::GtEq, of.clone(), value(&between.low, schema)?)?;
            let high = compared(Operator::LtEq, of, value(&between.high, schema)?)?;
            Raised::joined(Function::And, low, high).negated_if(between.negated)
        }
        Expr::Like(Like { negated, expr, pattern, escape_char: None, case_insensitive: false }) => {
            let (of, pattern) = (value(expr, schema)?, value(pattern, schema)?);
            // A backslash escapes in SQL.
            let plain = of.ty == Type::Str && pattern.ty == Type::Str && !text(&pattern)?.contains('\\');
            plain.then(|| Raised::exact(Function::Like, vec![of, pattern]))?.negated_if(*negated)
        }
        _ => None,
    }
}

/// A comparison of values of one type.
fn compared(op: Operator, left: Typed, right: Typed) -> Option<Raised> {
    if left.ty != right.ty {
        return None;
    }
    if left.ty.is_float() {
        return compared_floats(op, left, right);
    }
    let function = match op {
        Operator::Eq => Function::Equal,
        Operator::NotEq => Function::NotEqual,
        Operator::Lt => Function::Less,
        Operator::LtEq => Function::LessOrEqual,
        Operator::Gt => Function::Greater,
        Operator::GtEq => Function::GreaterOrEqual,
        Operator::IsNotDistinctFrom => Function::NotDistinct,
        Operator::IsDistinctFrom => return Raised::exact(Function::NotDistinct, vec![left, right]).negated(),
        _ => return None,
    };
    Some(Raised::exact(function, vec![left, right]))
}

/// A float beside a number. To DataFusion -0.0 is less than 0.0, and a NaN is more or less than all by its sign.
fn compared_floats(op: Operator, left: Typed, right: Typed) -> Option<Raised> {
    if !matches!(left.node, TypedNode::Column(_)) || !is_number(&right) {
        return None;
    }
    Some(Raised::wider(match op {
        Operator::Eq | Operator::IsNotDistinctFrom => call(Function::Equal, vec![left, right]),
        Operator::Gt | Operator::GtEq => call(Function::GreaterOrEqual, vec![left, right]),
        Operator::Lt | Operator::LtEq => {
            let nan = call(Function::IsNan, vec![left.clone()]);
            call(Function::Or, vec![call(Function::LessOrEqual, vec![left, right]), nan])
        }
        _ => return None,
    }))
}

/// A column, a constant, or an integer that is made wider.
fn value(expr: &Expr, schema: &Schema) -> Option<Typed> {
    match expr {
        Expr::Column(column) => {
            let place = schema.index_of(&column.name)?;
            let ty = schema.fields().get(place)?.ty();
            (!ty.is_nested()).then(|| Typed::column(place, ty.clone()))
        }
        Expr::Literal(value, _) => {
            let array = value.to_array().ok()?;
            let ty = Type::from_arrow(array.data_type()).ok()?;
            let array = normalise_array(&array, &ty).ok()?;
            Some(Typed { node: TypedNode::Literal(array), ty })
        }
        Expr::Cast(cast) => {
            let ty = Type::from_arrow(cast.field.data_type()).ok()?;
            let input = value(&cast.expr, schema).filter(|input| input.ty.is_integer() && ty.is_integer())?;
            let wide = Typed { node: TypedNode::Cast { input: Box::new(input), attempt: false }, ty };
            (!wide.can_fail()).then_some(wide)
        }
        _ => None,
    }
}

/// Whether it is a constant float that is no NaN and not null.
fn is_number(typed: &Typed) -> bool {
    let TypedNode::Literal(array) = &typed.node else { return false };
    if array.is_null(0) {
        return false;
    }
    let double = array.as_primitive_opt::<Float64Type>().map(|values| values.value(0));
    let single = || array.as_primitive_opt::<Float32Type>().map(|values| f64::from(values.value(0)));
    double.or_else(single).is_some_and(|number| !number.is_nan())
}

/// A constant text.
fn text(typed: &Typed) -> Option<&str> {
    let TypedNode::Literal(array) = &typed.node else { return None };
    array.is_valid(0).then(|| array.as_string_view_opt().map(|values| values.value(0)))?
}

fn call(function: Function, args: Vec<Typed>) -> Typed {
    Typed { node: TypedNode::Call { function, args }, ty: Type::Bool }
}
