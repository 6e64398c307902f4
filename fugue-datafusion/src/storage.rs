//! Parquet files that DataFusion reads itself: only those for which it gives what the reader of the core would.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::datatypes::{Schema as ArrowSchema, SchemaRef};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{Result as NativeResult, Statistics};
use datafusion::datasource::source_as_provider;
use datafusion::logical_expr::{Expr, LogicalPlan, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::prelude::{ParquetReadOptions, SessionContext};
use fugue_core::blocking::offload;
use fugue_core::io::{self, Format, LoadOptions, Stamp};
use fugue_core::run::Cancel;
use fugue_core::{Result, Schema, Type};

use crate::error::into_native;
use crate::frame::DataFusionFrame;

/// A frame over a file, or `None` where the reader of the core is to read it.
///
/// # Errors
/// As [`io::open`].
pub(crate) async fn load(context: &SessionContext, path: &str, options: &LoadOptions) -> Result<Option<DataFusionFrame>> {
    let file = Path::new(path);
    // DataFusion takes some characters of a path for patterns or codes, and wants the usual ending.
    let odd = path.contains(['*', '?', '[', ']', '%', '#', ':']) || file.extension().is_none_or(|e| e != "parquet");
    if odd || *options != LoadOptions::default() || !matches!(Format::of(file), Ok(Format::Parquet)) || !file.is_file() {
        return Ok(None);
    }
    // The core says what there is to see; DataFusion reads it only if it sees the very same.
    let (ours, options) = (file.to_owned(), options.clone());
    let schema = offload(move || io::open(&ours, &options, &Cancel::never()).map(|source| source.schema().clone())).await?;
    if !schema.fields().iter().all(|f| is_alike(f.ty())) {
        return Ok(None);
    }
    let Ok(stamp) = Stamp::of(file) else { return Ok(None) };
    let Ok(df) = context.read_parquet(path, ParquetReadOptions::default()).await else { return Ok(None) };
    let LogicalPlan::TableScan(scan) = df.logical_plan() else { return Ok(None) };
    let Ok(table) = source_as_provider(&scan.source) else { return Ok(None) };
    if !is_same(&table.schema(), &schema) {
        return Ok(None);
    }
    DataFusionFrame::of_table(schema, Arc::new(FileTable { table, stamp })).map(Some)
}

/// A file as it was when it was loaded. DataFusion lists files anew for each run, and takes one that is gone for no rows.
#[derive(Debug)]
struct FileTable {
    table: Arc<dyn TableProvider>,
    stamp: Stamp,
}

#[async_trait]
impl TableProvider for FileTable {
    fn schema(&self) -> SchemaRef {
        self.table.schema()
    }

    fn table_type(&self) -> TableType {
        self.table.table_type()
    }

    async fn scan(
        &self,
        session: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> NativeResult<Arc<dyn ExecutionPlan>> {
        self.stamp.check().map_err(into_native)?;
        self.table.scan(session, projection, filters, limit).await
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> NativeResult<Vec<TableProviderFilterPushDown>> {
        self.table.supports_filters_pushdown(filters)
    }

    fn statistics(&self) -> Option<Statistics> {
        self.table.statistics()
    }
}

/// Whether both readers give the same values of a type: core looks for times outside of the day, and for keys that a map has twice.
fn is_alike(ty: &Type) -> bool {
    match ty {
        Type::Time | Type::Map(..) => false,
        Type::Struct(fields) => fields.iter().all(|f| is_alike(f.ty())),
        Type::List(item) => is_alike(item),
        _ => true,
    }
}

/// Whether the columns have the contract's layout, but for what of it is text or bytes in a view or not.
fn is_same(theirs: &ArrowSchema, ours: &Schema) -> bool {
    let names = theirs.fields().iter().map(|f| f.name().as_str());
    names.eq(ours.names())
        && theirs.fields().iter().zip(ours.fields()).all(|(theirs, ours)| *theirs.data_type() == ours.ty().to_arrow())
}
