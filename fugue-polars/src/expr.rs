//! Typed expressions as expressions of Polars: native where they answer alike, else through the shared kernels.

use fugue_core::arrow::record_batch::{RecordBatch, RecordBatchOptions};
use fugue_core::expr::{Function, Typed, TypedNode, evaluate};
use fugue_core::{Field, Result, Schema, Type};
use polars::prelude::{
    Column, DataFrame, DataType, Expr, Field as PolarsField, PlSmallStr, PolarsResult, col, lit, map_multiple, when,
};

use crate::batches::{from_batches, to_batches};
use crate::error::{from_polars, into_polars};
use crate::types;

/// Columns of an input as Polars knows them inside our plans: names of users may be patterns to it.
pub(crate) fn numbered(position: usize) -> PlSmallStr {
    PlSmallStr::from(format!("_c{position}"))
}

/// The expression over columns that are [`numbered`].
pub(crate) fn lower(typed: &Typed) -> Result<Expr> {
    // Polars computes with constants while it optimises, and what it does then has no error that is ours.
    if !matches!(typed.node, TypedNode::Literal(_)) && typed.columns().is_empty() {
        return kernel(typed);
    }
    match native(typed)? {
        Some(native) => Ok(native),
        None => kernel(typed),
    }
}

/// A condition of a filter. One that can fail is told to Polars as a strict cast, which it does not put before other filters or below joins:
/// it must not meet rows that a step before it takes away.
pub(crate) fn condition(typed: &Typed) -> Result<Expr> {
    if !typed.can_fail() {
        return lower(typed);
    }
    Ok(kernel(typed)?.cast(DataType::Int8).strict_cast(DataType::Boolean))
}

/// The same, as a key: floats that are equal have equal bits.
pub(crate) fn key(typed: &Typed) -> Result<Expr> {
    Ok(canonical(lower(typed)?, &typed.ty))
}

/// Values with one NaN and one zero.
pub(crate) fn canonical(value: Expr, ty: &Type) -> Expr {
    let (nan, zero) = match ty {
        Type::Float32 => (lit(f32::NAN), lit(0.0_f32)),
        Type::Float64 => (lit(f64::NAN), lit(0.0_f64)),
        _ => return value,
    };
    when(value.clone().is_nan()).then(nan).otherwise(value + zero)
}

fn native(typed: &Typed) -> Result<Option<Expr>> {
    Ok(match &typed.node {
        TypedNode::Column(position) => Some(col(numbered(*position))),
        TypedNode::Literal(_) => Some(literal(typed)?),
        TypedNode::Call { function, args } => call(*function, args)?,
        _ => None,
    })
}

fn call(function: Function, args: &[Typed]) -> Result<Option<Expr>> {
    // Decimals of different digits, and whatever is nested, go through the kernels.
    let plain = args.iter().all(|a| !a.ty.is_nested() && !matches!(a.ty, Type::Decimal(_, _)));
    let integers = args.iter().all(|a| a.ty.is_integer());
    let make: fn(Expr, Expr) -> Expr = match function {
        // Polars takes an And apart, and may pass over the part that fails.
        Function::And | Function::Or if args.iter().any(Typed::can_fail) => return Ok(None),
        Function::And => Expr::logical_and,
        Function::Or => Expr::logical_or,
        // Floats have the contract's one order here too.
        Function::Equal if plain => Expr::eq,
        Function::NotEqual if plain => Expr::neq,
        Function::Less if plain => Expr::lt,
        Function::LessOrEqual if plain => Expr::lt_eq,
        Function::Greater if plain => Expr::gt,
        Function::GreaterOrEqual if plain => Expr::gt_eq,
        Function::Add if integers => |a, b| a + b,
        Function::Subtract if integers => |a, b| a - b,
        Function::Multiply if integers => |a, b| a * b,
        Function::Not | Function::IsNull | Function::IsNotNull => {
            let [arg] = args else { return Ok(None) };
            let arg = lower(arg)?;
            return Ok(Some(match function {
                Function::Not => arg.not(),
                Function::IsNull => arg.is_null(),
                _ => arg.is_not_null(),
            }));
        }
        _ => return Ok(None),
    };
    let [left, right] = args else { return Ok(None) };
    Ok(Some(make(lower(left)?, lower(right)?)))
}

/// A constant of the type that it is declared with.
fn literal(typed: &Typed) -> Result<Expr> {
    let schema = Schema::new([Field::new("literal", typed.ty.clone())])?;
    let TypedNode::Literal(value) = &typed.node else { return kernel(typed) };
    let batch = RecordBatch::try_new(schema.to_arrow(), vec![value.clone()])?;
    let df = from_batches(vec![batch], &schema)?;
    let series = df.column("literal").map_err(from_polars)?.as_materialized_series().clone();
    let value = series.get(0).map_err(from_polars)?.into_static();
    Ok(lit(polars::prelude::Scalar::new(types::dtype_of(&typed.ty)?, value)))
}

/// A shared kernel as a function of the columns that an expression reads.
fn kernel(typed: &Typed) -> Result<Expr> {
    let (moved, columns, args) = typed.as_function()?;
    let output = Schema::new([Field::new("value", typed.ty.clone())])?;
    if columns.is_empty() {
        let one = RecordBatchOptions::new().with_row_count(Some(1));
        let value = evaluate(&moved, &RecordBatch::try_new_with_options(args.to_arrow(), Vec::new(), &one)?)?;
        return literal(&Typed { node: TypedNode::Literal(value), ty: typed.ty.clone() });
    }
    let dtype = types::dtype_of(&typed.ty)?;
    let read: Vec<Expr> = columns.into_iter().map(|position| col(numbered(position))).collect();
    let compute =
        move |columns: &mut [Column]| -> PolarsResult<Column> { computed(&moved, columns, &args, &output).map_err(into_polars) };
    // Whatever it is named here, our plans name it again.
    let field = move |_: &polars::prelude::Schema, inputs: &[PolarsField]| -> PolarsResult<PolarsField> {
        let name = inputs.first().map_or(PlSmallStr::EMPTY, |f| f.name().clone());
        Ok(PolarsField::new(name, dtype.clone()))
    };
    Ok(map_multiple(compute, read, field))
}

fn computed(expr: &Typed, columns: &[Column], args: &Schema, output: &Schema) -> Result<Column> {
    let name = columns.first().map_or(PlSmallStr::EMPTY, |c| c.name().clone());
    let rows = columns.first().map_or(0, Column::len);
    let renamed = columns.iter().zip(args.names()).map(|(c, name)| c.clone().with_name(name.into())).collect();
    let df = DataFrame::new(rows, renamed).map_err(from_polars)?;
    let values = to_batches(&df, args)?
        .iter()
        .map(|batch| Ok(RecordBatch::try_new(output.to_arrow(), vec![evaluate(expr, batch)?])?))
        .collect::<Result<Vec<_>>>()?;
    let value = from_batches(values, output)?;
    Ok(value.column("value").map_err(from_polars)?.clone().with_name(name))
}
