//! Aggregates as those of Polars, with arguments and results of the contract's types.

use fugue_core::expr::{AggregateFunction, Typed, TypedAggregate};
use fugue_core::relational::Group;
use fugue_core::{Result, Schema, Type};
use polars::prelude::{DataType, Expr, NULL, QuantileMethod, SortMultipleOptions, col, len, lit, when};

use super::{full, is_key};
use crate::expr::{key, lower, numbered};
use crate::types;

/// A sum of decimals with so many digits does not leave 38 digits in as many rows as Polars counts.
const SAFE_DIGITS: u8 = 28;

/// The aggregates of a group in three steps: what each takes, the calls over these, and what is made of the calls.
#[derive(Default)]
pub(super) struct Aggregates {
    pub(super) inputs: Vec<Expr>,
    pub(super) calls: Vec<Expr>,
    pub(super) outputs: Vec<Expr>,
    /// Whether one of the calls counts rows.
    counts_rows: bool,
}

impl Aggregates {
    /// Nothing, where one of them is not for Polars. `full` are the columns of the input that have no null.
    pub(super) fn new(group: &Group, input: &Schema, full: &[bool]) -> Result<Option<Self>> {
        let mut all = Self::default();
        for aggregate in &group.aggregates {
            // A group by keys has a row at least, and so a value of what is never null.
            let is_full = !group.keys.is_empty()
                && aggregate.filter.is_none()
                && aggregate.arg.as_ref().is_some_and(|arg| full::is_full(arg, full));
            if !all.add(aggregate, input, is_full)? {
                return Ok(None);
            }
        }
        Ok(Some(all))
    }

    fn add(&mut self, aggregate: &TypedAggregate, input: &Schema, is_full: bool) -> Result<bool> {
        use AggregateFunction as F;
        let number = self.outputs.len();
        let wide = |e: Expr, ty: &DataType| e.cast(ty.clone());
        // Counts of Polars have 32 bits.
        let long = |e: Expr| e.cast(DataType::Int64);
        let filter = match &aggregate.filter {
            None => None,
            Some(filter) => {
                let name = format!("_f{number}");
                self.inputs.push(lower(filter)?.alias(&name));
                Some(col(&name))
            }
        };
        let Some(arg) = &aggregate.arg else {
            // Rows are counted in a column that no row lacks.
            if let Some(filter) = filter {
                // Null is no yes.
                return Ok(self.push(filter.fill_null(lit(false)).cast(DataType::Int64).sum()));
            }
            let rows = self.rows();
            self.outputs.push(long(rows));
            return Ok(true);
        };
        if matches!(aggregate.function, F::First | F::Last | F::CollectList) {
            // Of a group that a filter leaves nothing of, Polars says that its columns are not of one length.
            let orders = filter.is_none() && aggregate.order.iter().all(|sort| is_key(input.fields()[sort.column].ty()));
            return if orders && !aggregate.order.is_empty() { self.ordered(aggregate, arg) } else { Ok(false) };
        }
        let nested = !is_key(&arg.ty);
        if nested && (aggregate.distinct || !matches!(aggregate.function, F::Count)) {
            return Ok(false);
        }
        let name = format!("_x{number}");
        // What is compared is kept as one of those that are equal.
        let compared = aggregate.distinct || matches!(aggregate.function, F::Min | F::Max);
        self.inputs.push(if compared { key(arg)? } else { lower(arg)? }.alias(&name));
        let value = match filter {
            Some(filter) => col(&name).filter(filter),
            None => col(&name),
        };
        let value = if aggregate.distinct { value.drop_nulls().unique() } else { value };
        let result = types::dtype_of(&aggregate.ty)?;
        Ok(match (aggregate.function, &arg.ty) {
            (F::Count, _) if is_full && !aggregate.distinct => {
                let rows = self.rows();
                self.outputs.push(long(rows));
                true
            }
            (F::Count, _) => self.push(long(value.count())),
            (F::Sum, Type::Decimal(p, _)) if *p > SAFE_DIGITS => false,
            (F::Sum, ty) if is_full && !matches!(ty, Type::Decimal(_, _)) => self.push(wide(value, &result).sum()),
            (F::Sum, Type::Decimal(_, _)) => self.counted(&value, wide(value.clone(), &result).sum(), |sum, _| sum.cast(result)),
            (F::Sum, _) => self.counted(&value, wide(value.clone(), &result).sum(), |sum, _| sum),
            (F::Avg, Type::Float32 | Type::Float64) => self.push(wide(value, &DataType::Float64).mean()),
            (F::Avg, Type::Int8 | Type::Int16 | Type::Int32 | Type::UInt8 | Type::UInt16 | Type::UInt32) => {
                // The exact sum, divided once.
                let double = |e: Expr| e.cast(DataType::Float64);
                if is_full && !aggregate.distinct {
                    self.push(long(value).sum());
                    if let Some(sum) = self.outputs.pop() {
                        let rows = self.rows();
                        self.outputs.push(double(sum) / double(rows));
                    }
                    return Ok(true);
                }
                self.counted(&value, long(value.clone()).sum(), |sum, count| double(sum) / double(count))
            }
            // The least leaves NaN out while there is anything else.
            (F::Min, _) => self.push(value.min()),
            (F::Max, Type::Float32 | Type::Float64) => {
                let nan = lit(f64::NAN).cast(result);
                self.push(when(value.clone().is_nan().any(true)).then(nan).otherwise(value.max()))
            }
            (F::Max, _) => self.push(value.max()),
            (F::Stddev, _) => self.push(wide(value, &DataType::Float64).std(1)),
            (F::StddevPopulation, _) => self.population(&wide(value, &DataType::Float64), |values| values.std(0)),
            (F::Variance, _) => self.push(wide(value, &DataType::Float64).var(1)),
            (F::Quantile(at), ty) if ty.is_integer() || ty.is_float() => {
                let values = wide(value, &DataType::Float64);
                self.push(if at.to_bits() == 0.5_f64.to_bits() {
                    values.median()
                } else {
                    // Nulls would shift its places, by a little that is not nothing to a fraction.
                    values.drop_nulls().quantile(lit(at), QuantileMethod::Linear)
                })
            }
            (F::VariancePopulation, _) => self.population(&wide(value, &DataType::Float64), |values| values.var(0)),
            _ => false,
        })
    }

    /// First, last, and lists, which take values as they are, in an order of columns.
    fn ordered(&mut self, aggregate: &TypedAggregate, arg: &Typed) -> Result<bool> {
        let number = self.outputs.len();
        let name = format!("_x{number}");
        self.inputs.push(lower(arg)?.alias(&name));
        let mut by = Vec::new();
        for (i, sort) in aggregate.order.iter().enumerate() {
            let name = format!("_o{number}_{i}");
            self.inputs.push(col(numbered(sort.column)).alias(&name));
            by.push(col(&name));
        }
        let options = SortMultipleOptions::default()
            .with_order_descending_multi(aggregate.order.iter().map(|sort| sort.descending).collect::<Vec<_>>())
            .with_nulls_last_multi(aggregate.order.iter().map(|sort| !sort.nulls_first).collect::<Vec<_>>())
            .with_maintain_order(true);
        let values = col(&name).sort_by(by, options);
        Ok(self.push(match aggregate.function {
            AggregateFunction::First => values.first(),
            AggregateFunction::Last => values.last(),
            _ => values.implode(true),
        }))
    }

    /// A sum, and what is made of it and of the number of values: a sum over nothing is zero to Polars, and null here.
    fn counted(&mut self, value: &Expr, sum: Expr, made: impl FnOnce(Expr, Expr) -> Expr) -> bool {
        let number = self.outputs.len();
        let (summed, count) = (format!("_a{number}"), format!("_n{number}"));
        self.calls.push(sum.alias(&summed));
        self.calls.push(value.clone().count().alias(&count));
        let (sum, count) = (col(&summed), col(&count));
        self.outputs.push(when(count.clone().gt(lit(0))).then(made(sum, count)).otherwise(lit(NULL)));
        true
    }

    /// The spread of all values there are. Of a group of one row, where rows are sorted by the key, Polars says that it is zero without a look
    /// at the value, which may be null or no number (polars-core 0.55, `agg_var`): the least value less itself is null or NaN then.
    fn population(&mut self, values: &Expr, spread: impl FnOnce(Expr) -> Expr) -> bool {
        let number = self.outputs.len();
        let (spread_name, least_name) = (format!("_a{number}"), format!("_n{number}"));
        self.calls.push(spread(values.clone()).alias(&spread_name));
        self.calls.push(values.clone().min().alias(&least_name));
        self.outputs.push(col(&spread_name) + (col(&least_name) - col(&least_name)));
        true
    }

    /// The number of rows, counted once for all that need it.
    fn rows(&mut self) -> Expr {
        const ROWS: &str = "_rows";
        if !std::mem::replace(&mut self.counts_rows, true) {
            self.calls.push(len().alias(ROWS));
        }
        col(ROWS)
    }

    fn push(&mut self, call: Expr) -> bool {
        let name = format!("_a{}", self.outputs.len());
        self.calls.push(call.alias(&name));
        self.outputs.push(col(&name));
        true
    }
}
