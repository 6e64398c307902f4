//! What a plan of Polars asks of the sources below it: found by letting Polars optimise the plan over scans that nobody runs.
//!
//! The rows then come from core's readers, which spare files and row groups by it; the plan still filters all that it is given.

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::Arc;

use fugue_core::expr::{Function, Typed, TypedNode};
use fugue_core::io::Scan;
use fugue_core::run::RunContext;
use fugue_core::{Field, Result, Schema, Type};
use polars::prelude::{
    AnonymousScan, AnonymousScanArgs, Column, DataFrame, Expr, LazyFrame, LiteralValue, Operator, PolarsResult,
    ScanArgsAnonymous, polars_bail,
};
use polars_plan::dsl::{BooleanFunction, FileScanIR, FunctionExpr};
use polars_plan::plans::{ArenaLpIter, IR};

use crate::batches::{from_batches, to_batches};
use crate::error::guarded;
use crate::types;

/// What is asked of one source.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked {
    /// Positions of columns; nothing for all of them.
    columns: Option<Vec<usize>>,
    filters: Vec<Typed>,
    rows: Option<u64>,
    /// In how many places of the plan it is read.
    times: usize,
}

impl Asked {
    /// The first rows of some columns.
    pub(crate) fn first(columns: Option<&[usize]>, rows: Option<u64>) -> Self {
        Self { columns: columns.map(<[usize]>::to_vec), rows, ..Self::default() }
    }

    /// The same as a reader is asked. Few rows need nobody who reads ahead of them.
    pub(crate) fn scan_on(&self, run: &RunContext) -> Scan {
        let scan = Scan::new().columns(self.columns.as_deref()).telling(&run.progress);
        let scan = self.filters.iter().cloned().fold(scan, Scan::filter);
        match self.rows {
            Some(rows) => scan.limit(rows),
            None => scan.on(&run.pool),
        }
    }

    /// The columns that are read.
    pub(crate) fn schema(&self, all: &Schema) -> Result<Schema> {
        all.project(self.columns.as_deref())
    }
}

/// A scan that stands for a source while Polars optimises.
struct Stand {
    id: usize,
}

impl AnonymousScan for Stand {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn scan(&self, _: AnonymousScanArgs) -> PolarsResult<DataFrame> {
        polars_bail!(ComputeError: "a scan that only stands for a source was run; please report it")
    }

    fn allows_predicate_pushdown(&self) -> bool {
        true
    }

    fn allows_projection_pushdown(&self) -> bool {
        true
    }
}

/// A plan that stands for a source.
///
/// # Errors
/// `SchemaInvalid` for what Polars cannot hold.
pub(crate) fn stand(id: usize, schema: &Schema) -> Result<LazyFrame> {
    let args = ScanArgsAnonymous { schema: Some(Arc::new(types::polars_schema_of(schema)?)), ..ScanArgsAnonymous::default() };
    guarded(|| LazyFrame::anonymous_scan(Arc::new(Stand { id }), args))
}

/// What a plan asks of the sources that have a [`stand`] in it, by their ids. `schemas` are theirs.
///
/// # Errors
/// `EngineFailed` for a plan that does not resolve.
pub(crate) fn asked(plan: LazyFrame, schemas: &BTreeMap<usize, Schema>) -> Result<BTreeMap<usize, Asked>> {
    let plan = guarded(move || plan.to_alp_optimized())?;
    let mut all: BTreeMap<usize, Asked> = BTreeMap::new();
    for (_, node) in plan.lp_arena.iter(plan.lp_top) {
        let IR::Scan { predicate, unified_scan_args, scan_type, .. } = node else { continue };
        let FileScanIR::Anonymous { function, .. } = &**scan_type else { continue };
        let Some(stand) = function.as_any().downcast_ref::<Stand>() else { continue };
        let Some(schema) = schemas.get(&stand.id) else { continue };
        let predicate = predicate.as_ref().map(|p| p.to_expr(&plan.expr_arena));
        let mut filters = Vec::new();
        let mut names: Option<Vec<String>> =
            unified_scan_args.projection.as_ref().map(|names| names.iter().map(|n| n.to_string()).collect());
        if let Some(predicate) = &predicate {
            conjuncts(predicate, schema, &mut filters);
            // What the filter reads is read too, whether the plan needs it afterwards or not.
            let Some(more) = leaves(predicate) else { continue };
            names = names.map(|names| names.into_iter().chain(more).collect());
        }
        let columns = names.map(|names| {
            let mut columns: Vec<usize> = names.iter().filter_map(|name| schema.index_of(name)).collect();
            // Without a column nothing would tell how many rows there are.
            if columns.is_empty() {
                columns.push(0);
            }
            columns.sort_unstable();
            columns.dedup();
            columns
        });
        let slice = unified_scan_args.pre_slice.clone().filter(|_| predicate.is_none());
        let rows =
            slice.map(|slice| slice.to_signed_offset_len()).and_then(|(offset, rows)| (offset == 0).then_some(rows as u64));
        let asked = Asked { columns, filters, rows, times: 1 };
        all.entry(stand.id).and_modify(|old| *old = both(old, &asked)).or_insert(asked);
    }
    Ok(all)
}

/// What serves two readers of one source.
fn both(one: &Asked, other: &Asked) -> Asked {
    let columns = match (&one.columns, &other.columns) {
        (Some(one), Some(other)) => {
            let mut all: Vec<usize> = one.iter().chain(other).copied().collect();
            all.sort_unstable();
            all.dedup();
            Some(all)
        }
        _ => None,
    };
    Asked { columns, filters: Vec::new(), rows: None, times: one.times + other.times }
}

/// Rows of some columns as a frame of all; the others hold nulls that nobody reads.
///
/// # Errors
/// `SchemaInvalid` for what Polars cannot hold.
pub(crate) fn widened(df: &DataFrame, schema: &Schema) -> Result<DataFrame> {
    let rows = df.height();
    let mut columns = Vec::with_capacity(schema.len());
    for field in schema.fields() {
        columns.push(match df.column(field.name()) {
            Ok(column) => column.clone(),
            Err(_) => Column::full_null(field.name().into(), rows, &types::dtype_of(field.ty())?),
        });
    }
    DataFrame::new(rows, columns).map_err(crate::error::from_polars)
}

/// The names of the columns that an expression reads; nothing where it does not say.
fn leaves(expr: &Expr) -> Option<Vec<String>> {
    let mut names = Vec::new();
    for part in expr {
        match part {
            Expr::Column(name) => names.push(name.to_string()),
            Expr::Selector(_) => return None,
            _ => {}
        }
    }
    Some(names)
}

/// The parts of a condition that the core understands.
fn conjuncts(expr: &Expr, schema: &Schema, into: &mut Vec<Typed>) {
    if let Expr::BinaryExpr { left, op: Operator::And | Operator::LogicalAnd, right } = expr {
        conjuncts(left, schema, into);
        conjuncts(right, schema, into);
    } else if let Some(typed) = raised(expr, schema) {
        into.push(typed);
    }
}

/// A condition in the terms of the core; nothing for what is not said there.
fn raised(expr: &Expr, schema: &Schema) -> Option<Typed> {
    let call = |function, args| Typed { node: TypedNode::Call { function, args }, ty: Type::Bool };
    match expr {
        Expr::Column(name) => {
            let place = schema.index_of(name)?;
            let ty = schema.fields().get(place)?.ty().clone();
            (ty == Type::Bool).then(|| Typed::column(place, ty))
        }
        Expr::BinaryExpr { left, op, right } => {
            let function = match op {
                Operator::And | Operator::LogicalAnd | Operator::Or | Operator::LogicalOr => {
                    let args = vec![raised(left, schema)?, raised(right, schema)?];
                    let is_and = matches!(op, Operator::And | Operator::LogicalAnd);
                    return Some(call(if is_and { Function::And } else { Function::Or }, args));
                }
                Operator::Eq => Function::Equal,
                Operator::NotEq => Function::NotEqual,
                Operator::Lt => Function::Less,
                Operator::LtEq => Function::LessOrEqual,
                Operator::Gt => Function::Greater,
                Operator::GtEq => Function::GreaterOrEqual,
                _ => return None,
            };
            let args = match (column(left, schema), column(right, schema)) {
                (Some(left), Some(right)) if left.ty == right.ty => vec![left, right],
                (Some(left), None) => vec![left.clone(), literal(right, &left.ty)?],
                (None, Some(right)) => vec![literal(left, &right.ty)?, right],
                _ => return None,
            };
            Some(call(function, args))
        }
        Expr::Function { input, function: FunctionExpr::Boolean(function) } => {
            let [input] = input.as_slice() else { return None };
            let function = match function {
                BooleanFunction::IsNull => Function::IsNull,
                BooleanFunction::IsNotNull => Function::IsNotNull,
                _ => return None,
            };
            Some(call(function, vec![column(input, schema)?]))
        }
        _ => None,
    }
}

fn column(expr: &Expr, schema: &Schema) -> Option<Typed> {
    let Expr::Column(name) = expr else { return None };
    let place = schema.index_of(name)?;
    let ty = schema.fields().get(place)?.ty().clone();
    (!ty.is_nested()).then(|| Typed::column(place, ty))
}

/// A constant, if it is of the type of the column that it is compared with.
fn literal(expr: &Expr, ty: &Type) -> Option<Typed> {
    let Expr::Literal(LiteralValue::Scalar(value)) = expr else { return None };
    if *value.dtype() != types::dtype_of(ty).ok()? {
        return None;
    }
    let schema = Schema::new([Field::new("literal", ty.clone())]).ok()?;
    let df = DataFrame::new(1, vec![value.clone().into_column("literal".into())]).ok()?;
    let batch = to_batches(&df, &schema).ok()?.into_iter().next()?;
    Some(Typed { node: TypedNode::Literal(Arc::clone(batch.column(0))), ty: ty.clone() })
}

/// A frame without rows, in the place of rows that are not made yet.
///
/// # Errors
/// `SchemaInvalid` for what Polars cannot hold.
pub(crate) fn nothing(schema: &Schema) -> Result<DataFrame> {
    from_batches(Vec::new(), schema)
}
