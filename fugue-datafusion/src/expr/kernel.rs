//! A shared kernel as a function of DataFusion.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use datafusion::arrow::record_batch::{RecordBatch, RecordBatchOptions};
use datafusion::common::Result as NativeResult;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::{
    ColumnarValue, Expr, LogicalPlan, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use fugue_core::expr::{Typed, evaluate};
use fugue_core::schema::normalise_array;
use fugue_core::travel::error_to_text;
use fugue_core::{Error, ErrorKind, Result, Schema};

use crate::error::into_native;
use crate::travel::Site;
use crate::types::{column, plain_type};

/// What the name of a kernel begins with.
const NAME: &str = "fugue_";

/// A typed expression as a function of the columns that it reads.
#[derive(Debug)]
pub(crate) struct Kernel {
    name: String,
    /// Over the arguments.
    expr: Typed,
    args: Schema,
    /// Whether text comes out in the layout that travels.
    plain: bool,
    /// What travels, and what tells kernels apart.
    bytes: Vec<u8>,
    signature: Signature,
}

impl Kernel {
    /// The call of a kernel over columns of a plan.
    pub(crate) fn call(typed: &Typed, plan: &LogicalPlan, site: Option<Site>) -> Result<Expr> {
        let (moved, columns, args) = typed.as_function()?;
        let function = Self::new(moved, args, site.is_some())?;
        let args = columns.into_iter().map(|position| column(plan, position)).collect();
        Ok(Expr::ScalarFunction(ScalarFunction::new_udf(Arc::new(ScalarUDF::new_from_impl(function)), args)))
    }

    fn new(expr: Typed, args: Schema, plain: bool) -> Result<Self> {
        let bytes = rmp_serde::to_vec(&(&expr, args.to_string(), plain))
            .map_err(|e| Error::new(ErrorKind::Unexpected, "an expression cannot be written down to travel").with_source(e))?;
        // Columns of DataFusion are known by their text, so functions that differ need names that do.
        let name = format!("{NAME}{:016x}", fnv(&bytes));
        let signature = match args.len() {
            0 => Signature::nullary(Volatility::Immutable),
            columns => Signature::any(columns, Volatility::Immutable),
        };
        Ok(Self { name, expr, args, plain, bytes, signature })
    }

    /// The bytes of a function that is a kernel.
    pub(crate) fn to_bytes(function: &ScalarUDF) -> Option<&[u8]> {
        function.inner().downcast_ref::<Self>().map(|kernel| kernel.bytes.as_slice())
    }

    /// The kernel that bytes mean, if the name is one of a kernel.
    pub(crate) fn from_bytes(name: &str, bytes: &[u8]) -> Option<Result<ScalarUDF>> {
        if !name.starts_with(NAME) || bytes.is_empty() {
            return None;
        }
        Some(Self::read(bytes).map(ScalarUDF::new_from_impl))
    }

    fn read(bytes: &[u8]) -> Result<Self> {
        let (expr, args, plain): (Typed, String, bool) = rmp_serde::from_slice(bytes).map_err(|e| {
            Error::new(ErrorKind::Unexpected, "an expression of a plan cannot be read; the programs are of different builds")
                .with_source(e)
        })?;
        let args = if args.is_empty() { Schema::new([])? } else { Schema::parse(&args)? };
        Self::new(expr, args, plain)
    }
}

impl PartialEq for Kernel {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl Eq for Kernel {}

impl Hash for Kernel {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.bytes.hash(state);
    }
}

impl ScalarUDFImpl for Kernel {
    fn name(&self) -> &str {
        &self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> NativeResult<DataType> {
        let ty = self.expr.ty.to_arrow();
        Ok(if self.plain { plain_type(&ty) } else { ty })
    }

    fn invoke_with_args(&self, call: ScalarFunctionArgs) -> NativeResult<ColumnarValue> {
        let rows = call.number_rows;
        let columns = call
            .args
            .iter()
            .zip(self.args.fields())
            .map(|(arg, field)| normalise_array(&arg.to_array(rows)?, field.ty()).map_err(into_native))
            .collect::<NativeResult<Vec<_>>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let batch = RecordBatch::try_new_with_options(self.args.to_arrow(), columns, &options)?;
        let value = evaluate(&self.expr, &batch).map_err(|error| {
            // A cluster carries nothing but text from a task to who asked.
            if self.plain { DataFusionError::Execution(error_to_text(error)) } else { into_native(error) }
        })?;
        let returned = call.return_field.data_type();
        Ok(ColumnarValue::Array(if value.data_type() == returned {
            value
        } else {
            datafusion::arrow::compute::cast(&value, returned)?
        }))
    }
}

fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}
