//! Parquet files that DataFusion reads itself: only those for which it gives what the reader of the core would.

use std::path::Path;

use datafusion::arrow::datatypes::Schema as ArrowSchema;
use datafusion::prelude::ParquetReadOptions;
use fugue_core::blocking::offload;
use fugue_core::io::{self, Format, LoadOptions};
use fugue_core::run::Cancel;
use fugue_core::{Result, Schema, Type};

use crate::engine::DataFusionEngine;
use crate::frame::DataFusionFrame;

/// A frame over a file, or `None` where the reader of the core is to read it.
///
/// # Errors
/// As [`io::open`].
pub(crate) async fn load(engine: &DataFusionEngine, path: &str, options: &LoadOptions) -> Result<Option<DataFusionFrame>> {
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
    let (context, path) = (engine.context().clone(), path.to_owned());
    let read = engine.runtime().spawn(async move { context.read_parquet(path, ParquetReadOptions::default()).await });
    let Ok(Ok(df)) = read.await else { return Ok(None) };
    let plan = df.logical_plan().clone();
    Ok(is_same(plan.schema().as_arrow(), &schema).then(|| DataFusionFrame::new(schema, plan)))
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
