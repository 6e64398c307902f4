//! From sources to rows, and what faults do to values, names and types on the way.

use std::sync::Arc;

use conformance_tests::value::{OwnValue, Table};
use fugue_core::arrow::datatypes::DataType;
use fugue_core::arrow::record_batch::RecordBatch;
use fugue_core::frame::Source;
use fugue_core::io::Scan;
use fugue_core::run::RunContext;
use fugue_core::{Field, Result, Schema, Type};

use super::super::fault::Fault;
use super::{Reference, broken};

impl Reference {
    /// The columns of a source as the engine sees them.
    pub(super) fn seen(&self, source: &Source) -> Result<Schema> {
        let schema = source.schema();
        if self.is(Fault::LosesColumnsOfEmptyFrames) && source.lazy().rows() == Some(0) {
            return Schema::new(schema.fields().iter().take(1).cloned());
        }
        let field = |field: &Field| match field.ty() {
            Type::Timestamp(_) if self.is(Fault::LosesZones) => Field::new(field.name(), Type::Datetime),
            ty if self.is(Fault::FoldsNames) => Field::new(field.name().to_lowercase(), ty.clone()),
            _ => field.clone(),
        };
        Schema::new(schema.fields().iter().map(field))
    }

    /// The rows of a source.
    pub(super) fn scan(&self, source: &Source, run: &RunContext) -> Result<Table> {
        let batches = source.lazy().scan_with(&Scan::new().on(&run.pool).telling(&run.progress), &run.cancel)?;
        let mut batches = batches.collect::<Result<Vec<RecordBatch>>>()?;
        if self.is(Fault::LosesABatch) && batches.len() > 1 {
            batches.pop();
        }
        let mut table = Table::from_batches(source.schema(), &batches).map_err(broken)?;
        for (column, field) in source.schema().fields().iter().enumerate() {
            for row in &mut table.rows {
                self.spoil(&mut row[column], field.ty());
            }
        }
        if self.is(Fault::RepeatsTheFirstRow)
            && let [first, second, ..] = table.rows.as_mut_slice()
        {
            second.clone_from(first);
        }
        table.schema = self.seen(source)?;
        Ok(table)
    }

    /// What a fault does to a value, and to the parts of it.
    fn spoil(&self, value: &mut OwnValue, ty: &Type) {
        match (self.fault, &mut *value, ty) {
            (Some(Fault::CutsInstants), OwnValue::Int(micros), Type::Datetime | Type::Timestamp(_)) => {
                *micros -= micros.rem_euclid(1_000);
            }
            (Some(Fault::NegatesDecimals), OwnValue::Int(digits), Type::Decimal(..)) => *digits = -*digits,
            (Some(Fault::ReadsUnsignedAsSigned), OwnValue::Int(number), Type::UInt8) => *number &= 0x7f,
            (Some(Fault::TurnsNanToNull), OwnValue::Float(x), _) if x.is_nan() => *value = OwnValue::Null,
            (Some(Fault::ChangesBitsOfFloats), OwnValue::Float(x), _) if *x == 0.0 => *x = 0.0,
            (Some(Fault::CutsLongText), OwnValue::Text(t), _) if t.len() > 12 => *t = t.chars().take(6).collect(),
            (Some(Fault::TakesNullForNoText), OwnValue::Null, Type::Str) => *value = OwnValue::text(""),
            (Some(Fault::TakesNoTextForNull), OwnValue::Text(t), _) if t.is_empty() => *value = OwnValue::Null,
            (Some(Fault::TakesNullForAnEmptyList), OwnValue::Null, Type::List(_)) => *value = OwnValue::List(Vec::new()),
            (Some(Fault::TakesNullForAStructOfNulls), OwnValue::Null, Type::Struct(fields)) => {
                *value = OwnValue::Struct(vec![OwnValue::Null; fields.len()]);
            }
            (Some(Fault::SortsMapEntries), OwnValue::Map(entries), _) => entries.sort(),
            (_, OwnValue::List(items), Type::List(item)) => items.iter_mut().for_each(|i| self.spoil(i, item)),
            (_, OwnValue::Struct(parts), Type::Struct(fields)) => {
                parts.iter_mut().zip(fields.iter()).for_each(|(part, field)| self.spoil(part, field.ty()));
            }
            _ => {}
        }
    }
}

/// The same values with text in the layout that the contract does not want.
pub(super) fn plain_text(batch: &RecordBatch) -> Result<RecordBatch> {
    let schema = batch.schema();
    let columns = schema.fields().iter().zip(batch.columns()).map(|(field, column)| {
        let text = field.data_type() == &DataType::Utf8View;
        let column = if text { fugue_core::arrow::compute::cast(column, &DataType::Utf8)? } else { Arc::clone(column) };
        Ok((field.name().clone(), column, true))
    });
    Ok(RecordBatch::try_from_iter_with_nullable(columns.collect::<Result<Vec<_>>>()?)?)
}
