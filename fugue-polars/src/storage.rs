//! Parquet files that stand in plans of Polars: only those for which its reader gives what the reader of the core would.
//!
//! So either may read them. Rows that are handed out as batches anyway come from the core's, which decodes the columns of a row group
//! on all threads; Polars does so only from one row group to the next.

use std::path::Path;
use std::sync::Arc;

use fugue_core::io::{self, BatchIter, Format, LazySource, LoadOptions, Stamp};
use fugue_core::run::{Cancel, RunContext};
use fugue_core::{Error, ErrorKind, Result, Type};
use polars::io::HiveOptions;
use polars::prelude::{LazyFrame, PlRefPath, ScanArgsParquet};

use crate::asked::Asked;
use crate::error::guarded;
use crate::frame::{Node, PolarsFrame};
use crate::{plan, types};

/// A file, as it was when it was loaded.
pub(crate) struct File {
    plan: LazyFrame,
    source: Arc<dyn LazySource>,
    stamp: Stamp,
}

/// A frame over a file, or `None` where the reader of the core is to read it.
///
/// # Errors
/// As [`io::open`].
pub(crate) fn load(path: &str, options: &LoadOptions) -> Result<Option<PolarsFrame>> {
    let file = Path::new(path);
    if *options != LoadOptions::default() || !matches!(Format::of(file), Ok(Format::Parquet)) || !file.is_file() {
        return Ok(None);
    }
    // The core says what there is to see; Polars reads it only if it sees the very same.
    let ours = io::open(file, options, &Cancel::never())?;
    let schema = ours.schema();
    if !schema.fields().iter().all(|f| is_alike(f.ty())) {
        return Ok(None);
    }
    let Some(file) = File::open(file, &ours) else { return Ok(None) };
    let same = match guarded(|| file.plan.clone().collect_schema()) {
        Ok(theirs) => *theirs == types::polars_schema_of(schema)?,
        Err(_) => false,
    };
    Ok(same.then(|| PolarsFrame::new(schema.clone(), Node::File(file))))
}

/// Whether both readers give the same values of a type. Polars makes times outside of the day null, does not look for keys that a map
/// has twice, and drops the fields of structs that are null.
fn is_alike(ty: &Type) -> bool {
    match ty {
        Type::Time | Type::Map(..) | Type::Struct(_) => false,
        Type::List(item) => is_alike(item),
        _ => true,
    }
}

impl File {
    fn open(path: &Path, source: &Arc<dyn LazySource>) -> Option<Self> {
        let stamp = Stamp::of(path).ok()?;
        let args = ScanArgsParquet {
            cache: false,
            glob: false,
            hive_options: HiveOptions::new_disabled(),
            ..ScanArgsParquet::default()
        };
        let plan = guarded(|| LazyFrame::scan_parquet(PlRefPath::try_from_pathbuf(stamp.path().to_owned())?, args)).ok()?;
        Some(Self { plan, source: Arc::clone(source), stamp })
    }

    pub(crate) fn plan(&self) -> &LazyFrame {
        &self.plan
    }

    /// The rows that are asked for.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] when the file is gone or another one; what reading meets comes out of the iterator.
    pub(crate) fn read(&self, asked: &Asked, run: &RunContext) -> Result<BatchIter> {
        // Polars remembers the footer, and would take another file for a damaged one.
        self.stamp.check()?;
        self.source.scan_with(&asked.scan_on(run), &run.cancel)
    }

    /// The number of rows, as the footer says.
    ///
    /// # Errors
    /// [`ErrorKind::Io`].
    pub(crate) fn count(&self) -> Result<u64> {
        self.stamp.check()?;
        plan::count(&self.plan).map_err(|e| unreadable(self.stamp.path(), e))
    }
}

/// What Polars meets in a file is a matter of the file.
fn unreadable(path: &Path, error: Error) -> Error {
    let shown = path.display().to_string();
    if error.kind() != ErrorKind::EngineFailed {
        return error.with("path", shown);
    }
    Error::new(ErrorKind::Io, format!("{shown} cannot be read: {}", error.message())).with_source(error).with("path", shown)
}
