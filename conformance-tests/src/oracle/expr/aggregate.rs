//! Aggregates: many rows to one value.

use std::collections::BTreeSet;

use fugue_core::Type;
use fugue_core::expr::AggregateFunction;

use super::cast::number_as_double;
use super::number::wrap;
use super::types::integer;
use super::value::fits;
use super::{KnownAggregate, Scope, number};
use crate::oracle::in_order;
use crate::value::OwnValue;

impl KnownAggregate {
    /// The value over some of the rows.
    ///
    /// # Errors
    /// A message, where the contract wants an error.
    pub fn value(&self, scope: Scope<'_>, rows: &[usize]) -> Result<OwnValue, String> {
        let mut rows = rows.to_vec();
        if let Some(filter) = &self.filter {
            let mut kept = Vec::new();
            for at in rows {
                if filter.is_true(scope.at(at))? {
                    kept.push(at);
                }
            }
            rows = kept;
        }
        rows.sort_by(|a, b| in_order(&scope.rows[*a], &scope.rows[*b], &self.order));
        let Some(arg) = &self.arg else { return Ok(OwnValue::Int(rows.len() as i128)) };
        let values = rows.iter().map(|at| arg.value(scope.at(*at))).collect::<Result<Vec<_>, _>>()?;
        match scope.dialect.aggregate(self.function, &values, self.distinct, &arg.ty) {
            Some(own) => own,
            None => aggregate(self.function, values, self.distinct, &arg.ty, &self.ty),
        }
    }
}

/// An aggregate of values, nulls among them.
pub(super) fn aggregate(
    function: AggregateFunction,
    values: Vec<OwnValue>,
    distinct: bool,
    of: &Type,
    ty: &Type,
) -> Result<OwnValue, String> {
    use AggregateFunction as A;
    match function {
        A::First => return Ok(values.into_iter().next().unwrap_or(OwnValue::Null)),
        A::Last => return Ok(values.into_iter().next_back().unwrap_or(OwnValue::Null)),
        A::CollectList => return Ok(OwnValue::List(values)),
        _ => {}
    }
    let mut values: Vec<OwnValue> = values.into_iter().filter(|v| !v.is_null()).collect();
    if distinct {
        values = values.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
    }
    if function == A::Count {
        return Ok(OwnValue::Int(values.len() as i128));
    }
    if values.is_empty() {
        return Ok(OwnValue::Null);
    }
    let doubles = || values.iter().map(|v| number_as_double(v, of)).collect::<Vec<f64>>();
    let count = values.len();
    Ok(match function {
        A::Min => values.into_iter().min().map_or(OwnValue::Null, OwnValue::without_sign),
        A::Max => values.into_iter().max().map_or(OwnValue::Null, OwnValue::without_sign),
        A::Sum | A::CheckedSum if *ty == Type::Float64 => OwnValue::Float(doubles().iter().sum()),
        A::Sum | A::CheckedSum => {
            let sum = total(&values)?;
            let wraps = function == A::Sum && integer(ty).is_some();
            if !wraps && !fits(sum, ty) {
                return Err(format!("a sum of {sum} is too great for {ty:?}"));
            }
            OwnValue::Int(wrap(sum, ty))
        }
        A::Avg => match (of, ty) {
            (Type::Decimal(_, s), Type::Decimal(_, t)) => {
                let raised = total(&values)?.checked_mul(number::power_of_ten(t.abs_diff(*s).into())?).ok_or("an overflow")?;
                OwnValue::Int(raised / count as i128)
            }
            _ => OwnValue::Float(doubles().iter().sum::<f64>() / as_double(count)),
        },
        A::Stddev | A::StddevPopulation | A::Variance | A::VariancePopulation => {
            let sample = matches!(function, A::Stddev | A::Variance);
            if sample && count == 1 {
                return Ok(OwnValue::Null);
            }
            let doubles = doubles();
            // The mean of equal values may be a little beside them, which is no deviation.
            if doubles.windows(2).all(|pair| pair[0] == pair[1]) && doubles[0].is_finite() {
                return Ok(OwnValue::Float(0.0));
            }
            let mean = doubles.iter().sum::<f64>() / as_double(count);
            let squares: f64 = doubles.iter().map(|x| (x - mean) * (x - mean)).sum();
            let variance = squares / as_double(count - usize::from(sample));
            OwnValue::Float(if matches!(function, A::Stddev | A::StddevPopulation) { variance.sqrt() } else { variance })
        }
        A::Quantile(at) => OwnValue::Float(quantile(doubles(), at)),
        other => return Err(format!("the oracle does not know {other:?}")),
    })
}

fn total(values: &[OwnValue]) -> Result<i128, String> {
    let mut numbers = values.iter().filter_map(OwnValue::as_int);
    numbers.try_fold(0_i128, i128::checked_add).ok_or_else(|| "an overflow".to_owned())
}

fn quantile(values: Vec<f64>, at: f64) -> f64 {
    let mut values: Vec<OwnValue> = values.into_iter().map(OwnValue::Float).collect();
    values.sort();
    let number = |i: usize| if let Some(OwnValue::Float(x)) = values.get(i) { *x } else { f64::NAN };
    let place = at * as_double(values.len() - 1);
    let below = (0..values.len()).take_while(|i| as_double(*i) <= place).last().unwrap_or(0);
    let (share, low) = (place - as_double(below), number(below));
    let high = number(below + 1);
    // Between two infinities of one sign lies no line.
    if share == 0.0 || low == high { low } else { low + (high - low) * share }
}

fn as_double(count: usize) -> f64 {
    number::double(count as i128)
}
