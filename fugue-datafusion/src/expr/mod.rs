//! Typed expressions as expressions of DataFusion: native where they answer alike, else through the shared kernels.
//!
//! What the optimiser gains from knowing is native: columns, constants, comparisons of types without floats, logic, null tests and integer
//! arithmetic. Everything else is one call of a kernel per subtree, which costs a batch nothing and answers as on every other engine.

mod canonical;
mod kernel;
mod quantile;

use std::sync::Arc;

use datafusion::arrow::datatypes::Schema as ArrowSchema;
use datafusion::arrow::record_batch::{RecordBatch, RecordBatchOptions};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::expr::InList;
use datafusion::logical_expr::{BinaryExpr, Expr, LogicalPlan, Operator};
use fugue_core::Result;
use fugue_core::Type;
use fugue_core::expr::{Function, Typed, TypedNode, evaluate};

use crate::error::from_native;
use crate::travel::Site;
use crate::types::{column, is_plain};

pub(crate) use canonical::{canonical, function as canonical_function};
pub(crate) use kernel::Kernel;
pub(crate) use quantile::quantile;

/// Makes expressions over the columns of a plan.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lower<'p> {
    pub(crate) plan: &'p LogicalPlan,
    /// Where the plan will run, if not here: text does not travel in views.
    pub(crate) site: Option<Site>,
}

impl Lower<'_> {
    /// The expression.
    pub(crate) fn expr(&self, typed: &Typed) -> Result<Expr> {
        match self.native(typed)? {
            Some(native) => Ok(native),
            None => match constant(typed) {
                Some(value) => Ok(Expr::Literal(value, None)),
                None => Kernel::call(typed, self.plan, self.site),
            },
        }
    }

    /// The same, as a key: floats that are equal have equal bits.
    pub(crate) fn key(&self, typed: &Typed) -> Result<Expr> {
        let expr = self.expr(typed)?;
        Ok(if typed.ty.is_float() { canonical(expr) } else { expr })
    }

    fn native(&self, typed: &Typed) -> Result<Option<Expr>> {
        Ok(match &typed.node {
            TypedNode::Column(position) if self.is_in_layout(*position, &typed.ty) => Some(column(self.plan, *position)),
            TypedNode::Literal(value) => Some(Expr::Literal(ScalarValue::try_from_array(value, 0).map_err(from_native)?, None)),
            TypedNode::Call { function, args } => self.function(*function, args)?,
            _ => None,
        })
    }

    /// Whether DataFusion holds a column as the contract does; text may be in views or not.
    fn is_in_layout(&self, position: usize, ty: &Type) -> bool {
        use datafusion::arrow::datatypes::DataType;
        let held = self.plan.schema().field(position).data_type();
        match ty {
            Type::Str => matches!(held, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View),
            Type::Bytes => matches!(held, DataType::Binary | DataType::LargeBinary | DataType::BinaryView),
            // Layouts of nested types differ in names and nullability that do not matter; no function of DataFusion sees inside.
            ty => ty.is_nested() || *held == ty.to_arrow(),
        }
    }

    fn function(&self, function: Function, args: &[Typed]) -> Result<Option<Expr>> {
        let plain = args.iter().all(|a| is_plain(&a.ty));
        let operator = match function {
            Function::And => Operator::And,
            Function::Or => Operator::Or,
            Function::Equal if plain => Operator::Eq,
            Function::NotEqual if plain => Operator::NotEq,
            Function::Less if plain => Operator::Lt,
            Function::LessOrEqual if plain => Operator::LtEq,
            Function::Greater if plain => Operator::Gt,
            Function::GreaterOrEqual if plain => Operator::GtEq,
            Function::Add if args.iter().all(|a| a.ty.is_integer()) => Operator::Plus,
            Function::Subtract if args.iter().all(|a| a.ty.is_integer()) => Operator::Minus,
            Function::Multiply if args.iter().all(|a| a.ty.is_integer()) => Operator::Multiply,
            Function::Not | Function::IsNull | Function::IsNotNull => return self.test(function, args),
            Function::IsIn if plain => return self.is_in(args),
            _ => return Ok(None),
        };
        let [left, right] = args else { return Ok(None) };
        let (left, right) = (self.expr(left)?, self.expr(right)?);
        Ok(Some(Expr::BinaryExpr(BinaryExpr::new(Box::new(left), operator, Box::new(right)))))
    }

    fn test(&self, function: Function, args: &[Typed]) -> Result<Option<Expr>> {
        let [arg] = args else { return Ok(None) };
        let arg = Box::new(self.expr(arg)?);
        Ok(Some(match function {
            Function::Not => Expr::Not(arg),
            Function::IsNull => Expr::IsNull(arg),
            _ => Expr::IsNotNull(arg),
        }))
    }

    fn is_in(&self, args: &[Typed]) -> Result<Option<Expr>> {
        let [value, items @ ..] = args else { return Ok(None) };
        let constants = items.iter().all(|i| matches!(i.node, TypedNode::Literal(_)));
        if !constants || items.is_empty() {
            return Ok(None);
        }
        let items = items.iter().map(|i| self.expr(i)).collect::<Result<Vec<_>>>()?;
        Ok(Some(Expr::InList(InList::new(Box::new(self.expr(value)?), items, false))))
    }
}

/// The value of what reads no column, which the optimiser can then use. One that cannot be computed is an error only where there are rows, so
/// that is left to the kernel.
fn constant(typed: &Typed) -> Option<ScalarValue> {
    if !typed.columns().is_empty() {
        return None;
    }
    let row = RecordBatchOptions::new().with_row_count(Some(1));
    let row = RecordBatch::try_new_with_options(Arc::new(ArrowSchema::empty()), Vec::new(), &row).ok()?;
    ScalarValue::try_from_array(&evaluate(typed, &row).ok()?, 0).ok()
}
