//! Aggregates as those of DataFusion, with arguments and results of the contract's types.

use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::functions::expr_fn::coalesce;
use datafusion::functions_aggregate::array_agg::array_agg_udaf;
use datafusion::functions_aggregate::average::avg_udaf;
use datafusion::functions_aggregate::count::count_udaf;
use datafusion::functions_aggregate::first_last::first_value_udaf;
use datafusion::functions_aggregate::min_max::{max_udaf, min_udaf};
use datafusion::functions_aggregate::stddev::{stddev_pop_udaf, stddev_udaf};
use datafusion::functions_aggregate::sum::sum_udaf;
use datafusion::functions_aggregate::variance::{var_pop_udaf, var_samp_udaf};
use datafusion::logical_expr::expr::AggregateFunction as Call;
use datafusion::logical_expr::{AggregateUDF, Expr, ExprSchemable, SortExpr, cast, lit, when};
use fugue_core::expr::{AggregateFunction, TypedAggregate};
use fugue_core::relational::Group;
use fugue_core::{Error, ErrorKind, Result, Type};

use super::{is_key, named};
use crate::error::from_native;
use crate::expr::{Lower, canonical, quantile};
use crate::types::column;

/// A sum of decimals with so many digits does not leave 38 digits in ten thousand million rows, which DataFusion would not notice.
const SAFE_DIGITS: u8 = 28;

/// The aggregates of a group in three steps: what each takes, the calls over these, and what is made of the calls.
#[derive(Default)]
pub(super) struct Aggregates {
    /// Named columns over the input.
    pub(super) inputs: Vec<Expr>,
    /// Named calls over these.
    pub(super) calls: Vec<Expr>,
    /// For each aggregate an expression over the calls.
    pub(super) outputs: Vec<Expr>,
}

impl Aggregates {
    /// Nothing, where one of them is not for DataFusion.
    pub(super) fn new(group: &Group, lower: &Lower<'_>) -> Result<Option<Self>> {
        let mut all = Self::default();
        for aggregate in &group.aggregates {
            let added = match aggregate.function {
                AggregateFunction::First | AggregateFunction::Last | AggregateFunction::CollectList => {
                    !group.keys.is_empty() && all.ordered(aggregate, lower)?
                }
                _ => all.add(aggregate, lower)?,
            };
            if !added {
                return Ok(None);
            }
        }
        Ok(Some(all))
    }

    fn add(&mut self, aggregate: &TypedAggregate, lower: &Lower<'_>) -> Result<bool> {
        use AggregateFunction as F;
        let number = self.outputs.len();
        let Some(parts) = Parts::of(aggregate, lower.site.is_some()) else { return Ok(false) };
        let arg = match &aggregate.arg {
            None => lit(1_i64),
            Some(arg) => {
                let value = lower.expr(arg)?;
                let name = format!("_x{number}");
                self.inputs.push(if arg.ty.is_float() && parts.canonical { canonical(value) } else { value }.alias(&name));
                let taken = named(&name);
                match &parts.takes {
                    Some(ty) if arg.ty.to_arrow() != *ty => cast(taken, ty.clone()),
                    _ => taken,
                }
            }
        };
        let filter = self.filter(aggregate, lower)?;
        if let (F::Min | F::Max, true) = (aggregate.function, aggregate.ty.is_float()) {
            self.extreme(aggregate, &arg, filter.as_deref())?;
            return Ok(true);
        }
        let mut results = Vec::new();
        for (i, function) in parts.functions.into_iter().enumerate() {
            let name = format!("_a{number}_{i}");
            let call = Call::new_udf(function, vec![arg.clone()], aggregate.distinct, filter.clone(), Vec::new(), None);
            self.calls.push(Expr::AggregateFunction(call).alias(&name));
            results.push(named(&name));
        }
        let Some(output) = (parts.result)(results) else { return Ok(false) };
        self.outputs.push(output);
        Ok(true)
    }
}

impl Aggregates {
    fn filter(&mut self, aggregate: &TypedAggregate, lower: &Lower<'_>) -> Result<Option<Box<Expr>>> {
        let Some(filter) = &aggregate.filter else { return Ok(None) };
        let name = format!("_f{}", self.outputs.len());
        self.inputs.push(lower.expr(filter)?.alias(&name));
        Ok(Some(Box::new(named(&name))))
    }

    /// First, last, and lists of groups by keys, which take values as they are, in an order of columns. The last value is the first of the
    /// order turned round: DataFusion's own, where no groups by number are kept of a type, subtracts one from the length of an empty batch.
    fn ordered(&mut self, aggregate: &TypedAggregate, lower: &Lower<'_>) -> Result<bool> {
        let number = self.outputs.len();
        let schema = lower.plan.schema();
        let (Some(arg), None) = (&aggregate.arg, lower.site) else { return Ok(false) };
        if aggregate.order.is_empty() || aggregate.order.iter().any(|sort| schema.field(sort.column).data_type().is_nested()) {
            return Ok(false);
        }
        let value = lower.expr(arg)?;
        let item = value.get_type(schema).map_err(from_native)?;
        let name = format!("_x{number}");
        self.inputs.push(value.alias(&name));
        let filter = self.filter(aggregate, lower)?;
        let is_last = aggregate.function == AggregateFunction::Last;
        let mut order = Vec::new();
        for (i, sort) in aggregate.order.iter().enumerate() {
            let by = column(lower.plan, sort.column);
            let by = if schema.field(sort.column).data_type().is_floating() { canonical(by) } else { by };
            let name = format!("_o{number}_{i}");
            self.inputs.push(by.alias(&name));
            order.push(SortExpr::new(named(&name), sort.descending == is_last, sort.nulls_first != is_last));
        }
        let is_list = aggregate.function == AggregateFunction::CollectList;
        let function = if is_list { array_agg_udaf() } else { first_value_udaf() };
        let call = Call::new_udf(function, vec![named(&name)], false, filter, order, None);
        let name = format!("_a{number}");
        self.calls.push(Expr::AggregateFunction(call).alias(&name));
        // A list of nothing is null to DataFusion.
        let none = || Expr::Literal(ScalarValue::List(ScalarValue::new_list_nullable(&[], &item)), None);
        self.outputs.push(if is_list { coalesce(vec![named(&name), none()]) } else { named(&name) });
        Ok(true)
    }

    /// The least or greatest float: NaN is greatest, and DataFusion takes it for the least of a group as well. So it is kept apart.
    fn extreme(&mut self, aggregate: &TypedAggregate, arg: &Expr, filter: Option<&Expr>) -> Result<()> {
        let number = self.outputs.len();
        let nan = if aggregate.ty == Type::Float32 { ScalarValue::from(f32::NAN) } else { ScalarValue::from(f64::NAN) };
        let null = ScalarValue::try_new_null(&aggregate.ty.to_arrow()).map_err(from_native)?;
        let is_nan = || arg.clone().eq(Expr::Literal(nan.clone(), None));
        let case = |condition: Expr, then: Expr, otherwise: Expr| when(condition, then).otherwise(otherwise).map_err(from_native);
        let least = aggregate.function == AggregateFunction::Min;
        let calls = [
            (if least { min_udaf() } else { max_udaf() }, case(is_nan(), Expr::Literal(null.clone(), None), arg.clone())?),
            (max_udaf(), case(is_nan(), lit(1_i64), lit(0_i64))?),
        ];
        let mut results = Vec::new();
        for (i, (function, arg)) in calls.into_iter().enumerate() {
            let name = format!("_a{number}_{i}");
            let filter = filter.cloned().map(Box::new);
            let call = Call::new_udf(function, vec![arg], false, filter, Vec::new(), None);
            self.calls.push(Expr::AggregateFunction(call).alias(&name));
            results.push(named(&name));
        }
        let [rest, has_nan] = <[Expr; 2]>::try_from(results)
            .map_err(|_| Error::new(ErrorKind::Unexpected, "two calls gave another number of results"))?;
        let nan_if_any = case(has_nan.eq(lit(1_i64)), Expr::Literal(nan, None), Expr::Literal(null, None))?;
        self.outputs.push(coalesce(if least { vec![rest, nan_if_any] } else { vec![nan_if_any, rest] }));
        Ok(())
    }
}

/// How an aggregate is made of DataFusion's.
struct Parts {
    functions: Vec<Arc<AggregateUDF>>,
    /// The type that the argument is cast to.
    takes: Option<DataType>,
    /// Whether floats are compared in it.
    canonical: bool,
    result: fn(Vec<Expr>) -> Option<Expr>,
}

impl Parts {
    fn of(aggregate: &TypedAggregate, travels: bool) -> Option<Self> {
        use AggregateFunction as F;
        let ty = aggregate.arg.as_ref().map(|a| &a.ty);
        let distinct = aggregate.distinct;
        // Values are compared, to tell them apart or by their order.
        if ty.is_some_and(|ty| !is_key(ty)) && (distinct || !matches!(aggregate.function, F::Count)) {
            return None;
        }
        let one = |function: Arc<AggregateUDF>, takes: Option<DataType>, canonical: bool| {
            Some(Self {
                functions: vec![function],
                takes,
                canonical: canonical || distinct,
                result: |calls| calls.into_iter().next(),
            })
        };
        match (aggregate.function, ty) {
            (F::Count, _) => one(count_udaf(), None, false),
            (F::Sum, Some(Type::Decimal(p, s))) if *p <= SAFE_DIGITS => {
                one(sum_udaf(), Some(DataType::Decimal128(38, *s)), false)
            }
            (F::Sum, Some(ty)) if ty.is_integer() || ty.is_float() => one(sum_udaf(), Some(aggregate.ty.to_arrow()), false),
            (F::Avg, Some(Type::Decimal(p, _))) if *p <= SAFE_DIGITS && !distinct => one(avg_udaf(), None, false),
            (F::Avg, Some(ty)) if ty.is_float() => one(avg_udaf(), Some(DataType::Float64), false),
            // The exact sum, divided once.
            (F::Avg, Some(Type::Int8 | Type::Int16 | Type::Int32 | Type::UInt8 | Type::UInt16 | Type::UInt32)) => Some(Self {
                functions: vec![sum_udaf(), count_udaf()],
                takes: Some(DataType::Int64),
                canonical: false,
                result: mean,
            }),
            (F::Avg, Some(ty)) if ty.is_integer() => Some(Self {
                functions: vec![sum_udaf(), count_udaf()],
                takes: Some(DataType::Decimal128(38, 0)),
                canonical: false,
                result: mean,
            }),
            (F::Min, Some(_)) => one(min_udaf(), None, true),
            (F::Max, Some(_)) => one(max_udaf(), None, true),
            (F::Stddev, Some(_)) if !distinct => one(stddev_udaf(), Some(DataType::Float64), false),
            (F::StddevPopulation, Some(_)) if !distinct => one(stddev_pop_udaf(), Some(DataType::Float64), false),
            (F::Variance, Some(_)) if !distinct => one(var_samp_udaf(), Some(DataType::Float64), false),
            (F::VariancePopulation, Some(_)) if !distinct => one(var_pop_udaf(), Some(DataType::Float64), false),
            (F::Quantile(at), Some(ty)) if !distinct && !travels && (ty.is_integer() || ty.is_float()) => {
                one(quantile(at), Some(DataType::Float64), false)
            }
            _ => None,
        }
    }
}

/// A sum divided by its count; null over nothing.
fn mean(calls: Vec<Expr>) -> Option<Expr> {
    let mut calls = calls.into_iter();
    let (sum, count) = (calls.next()?, calls.next()?);
    Some(cast(sum, DataType::Float64) / cast(count, DataType::Float64))
}
