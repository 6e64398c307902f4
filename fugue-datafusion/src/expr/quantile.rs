//! Quantiles as an aggregate of DataFusion, whose own round the line between two neighbours to six digits, or lose it beside infinities.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Float64Array, Float64Builder, ListArray, ListBuilder};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Float64Type};
use datafusion::common::{Result, ScalarValue, internal_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::format_state_name;
use datafusion::logical_expr::{Accumulator, AggregateUDF, AggregateUDFImpl, EmitTo, GroupsAccumulator, Signature, Volatility};
use fugue_core::expr::quantile_of;

/// The exact quantile of doubles. It does not travel.
pub(crate) fn quantile(at: f64) -> Arc<AggregateUDF> {
    Arc::new(AggregateUDF::new_from_impl(Quantile {
        // Columns of DataFusion are known by their text.
        name: format!("fugue_quantile_{at}"),
        at,
        signature: Signature::exact(vec![DataType::Float64], Volatility::Immutable),
    }))
}

#[derive(Debug)]
struct Quantile {
    name: String,
    at: f64,
    signature: Signature,
}

impl PartialEq for Quantile {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Quantile {}

impl Hash for Quantile {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl AggregateUDFImpl for Quantile {
    fn name(&self) -> &str {
        &self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Float64)
    }

    fn state_fields(&self, args: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        let list = DataType::List(Arc::new(Field::new_list_field(DataType::Float64, true)));
        Ok(vec![Arc::new(Field::new(format_state_name(args.name, "values"), list, true))])
    }

    fn accumulator(&self, _: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(One { at: self.at, values: Vec::new() }))
    }

    fn groups_accumulator_supported(&self, args: AccumulatorArgs<'_>) -> bool {
        !args.is_distinct
    }

    fn create_groups_accumulator(&self, _: AccumulatorArgs<'_>) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(Many { at: self.at, groups: Vec::new(), held: 0 }))
    }
}

/// The values of all rows.
#[derive(Debug)]
struct One {
    at: f64,
    values: Vec<f64>,
}

impl Accumulator for One {
    fn update_batch(&mut self, args: &[ArrayRef]) -> Result<()> {
        let values = only(args)?.as_primitive::<Float64Type>();
        match values.null_count() {
            0 => self.values.extend_from_slice(values.values()),
            _ => self.values.extend(values.iter().flatten()),
        }
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        for values in only(states)?.as_list::<i32>().iter().flatten() {
            self.values.extend_from_slice(values.as_primitive::<Float64Type>().values());
        }
        Ok(())
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let values = std::mem::take(&mut self.values);
        Ok(vec![ScalarValue::List(Arc::new(lists(std::iter::once(values))))])
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        Ok(ScalarValue::Float64(quantile_of(&mut self.values, self.at)))
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.values.capacity() * size_of::<f64>()
    }
}

/// The values of each group.
struct Many {
    at: f64,
    groups: Vec<Vec<f64>>,
    /// Values in all groups.
    held: usize,
}

impl GroupsAccumulator for Many {
    fn update_batch(&mut self, args: &[ArrayRef], groups: &[usize], filter: Option<&BooleanArray>, total: usize) -> Result<()> {
        let values = only(args)?.as_primitive::<Float64Type>();
        self.groups.resize(total, Vec::new());
        if filter.is_none() && values.null_count() == 0 {
            for (group, value) in groups.iter().zip(values.values()) {
                self.groups[*group].push(*value);
            }
            self.held += values.len();
            return Ok(());
        }
        for (row, group) in groups.iter().enumerate() {
            if values.is_valid(row) && passes(filter, row) {
                self.groups[*group].push(values.value(row));
                self.held += 1;
            }
        }
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef], groups: &[usize], total: usize) -> Result<()> {
        let lists = only(states)?.as_list::<i32>();
        let values = lists.values().as_primitive::<Float64Type>().values();
        self.groups.resize(total, Vec::new());
        for (row, group) in groups.iter().enumerate() {
            if lists.is_valid(row) {
                let ends = lists.value_offsets();
                let of_row = usize::try_from(ends[row]).unwrap_or(0)..usize::try_from(ends[row + 1]).unwrap_or(0);
                self.held += of_row.len();
                self.groups[*group].extend_from_slice(&values[of_row]);
            }
        }
        Ok(())
    }

    fn state(&mut self, emit: EmitTo) -> Result<Vec<ArrayRef>> {
        let groups = self.emitted(emit);
        Ok(vec![Arc::new(lists(groups.into_iter()))])
    }

    fn evaluate(&mut self, emit: EmitTo) -> Result<ArrayRef> {
        let at = self.at;
        let quantiles = self.emitted(emit).into_iter().map(|mut values| quantile_of(&mut values, at));
        Ok(Arc::new(quantiles.collect::<Float64Array>()))
    }

    fn convert_to_state(&self, args: &[ArrayRef], filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        let values = only(args)?.as_primitive::<Float64Type>();
        let counts = |row: usize| values.is_valid(row) && passes(filter, row);
        let rows = (0..values.len()).map(|row| if counts(row) { vec![values.value(row)] } else { Vec::new() });
        Ok(vec![Arc::new(lists(rows))])
    }

    fn size(&self) -> usize {
        // Vectors grow by doubling.
        self.groups.capacity() * size_of::<Vec<f64>>() + 2 * self.held * size_of::<f64>()
    }
}

impl Many {
    fn emitted(&mut self, emit: EmitTo) -> Vec<Vec<f64>> {
        let groups = emit.take_needed(&mut self.groups);
        self.held -= groups.iter().map(Vec::len).sum::<usize>();
        groups
    }
}

fn only(args: &[ArrayRef]) -> Result<&ArrayRef> {
    match args {
        [only] => Ok(only),
        _ => internal_err!("a quantile has one argument"),
    }
}

fn passes(filter: Option<&BooleanArray>, row: usize) -> bool {
    filter.is_none_or(|f| f.is_valid(row) && f.value(row))
}

fn lists(groups: impl Iterator<Item = Vec<f64>>) -> ListArray {
    let mut lists = ListBuilder::new(Float64Builder::new());
    for values in groups {
        lists.values().append_slice(&values);
        lists.append(true);
    }
    lists.finish()
}
