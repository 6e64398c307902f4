//! `cotransform`: a function over several frames that share keys.

use std::fmt;
use std::panic::Location;
use std::sync::Arc;

use arrow::record_batch::RecordBatch;

use crate::engine::Zip;
use crate::error::{Error, ErrorKind, Result};
use crate::frame::{BatchStream, DataFrame};
use crate::group::ZipKind;
use crate::io::SaveOptions;
use crate::partition::{Algo, PartitionSpec};
use crate::row::Row;
use crate::transform::{CallOptions, IntoCoTask, Task, TaskFn, bind};

use super::call::{Settings, output_settings, settings};

/// Runs a function over several frames, once per key.
///
/// Without [`partition_by`](CoTransform::partition_by) the keys are all columns that the frames have in common.
#[track_caller]
pub fn cotransform<'d, F, M>(frames: impl IntoIterator<Item = &'d DataFrame>, function: F) -> CoTransform
where
    F: IntoCoTask<M>,
{
    CoTransform::new(frames.into_iter().cloned().collect(), function.into_co_task(), Location::caller())
}

/// A call of a function over several frames, in the making.
#[must_use = "nothing runs before .run() or an action"]
pub struct CoTransform {
    frames: Vec<DataFrame>,
    function: Arc<dyn TaskFn>,
    how: ZipKind,
    pub(crate) settings: Settings,
}

impl fmt::Debug for CoTransform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CoTransform").field("function", &self.function.name()).field("how", &self.how).finish_non_exhaustive()
    }
}

impl CoTransform {
    fn new(frames: Vec<DataFrame>, function: Arc<dyn TaskFn>, call_site: &'static Location<'static>) -> Self {
        Self { frames, function, how: ZipKind::Inner, settings: Settings::new(CallOptions::at(call_site)) }
    }

    settings!();
    output_settings!();

    /// Which keys are called: those of all frames (inner, the default), of the first, of the last, of any, or one call with all rows.
    pub fn how(mut self, how: ZipKind) -> Self {
        self.how = how;
        self
    }

    fn plan(mut self, discard: bool) -> Result<DataFrame> {
        self.settings.checked()?;
        let at = self.settings.options.call_site.clone();
        let tell = |e: Error| at.tell(e.with_operation("cotransform"));
        self.settings.options.discard = discard;
        let spec = self.keys().map_err(tell)?;
        let schemas: Vec<_> = self.frames.iter().map(|f| f.schema().clone()).collect();
        let task = bind(Arc::clone(&self.function), &schemas, &spec, &self.settings.options)?;
        let first = self.frames.first().ok_or_else(|| tell(Error::new(ErrorKind::PartitionInvalid, "no frames to zip")))?;
        first.comap(&self.frames, self.how, &spec, &task).map_err(|e| at.tell(e))
    }

    /// The spec with its keys found and checked against all frames.
    fn keys(&self) -> Result<PartitionSpec> {
        let spec = self.settings.spec.clone();
        let invalid = |message: String| Error::new(ErrorKind::PartitionInvalid, message);
        if !spec.num_expr().is_zero() || !matches!(spec.algorithm(), Algo::Default | Algo::Hash) {
            let said = "frames that are zipped are called key by key, however many partitions there are; leave out the number and the \
                        algorithm, or repartition what is made of them";
            return Err(invalid(said.to_owned()));
        }
        if self.how == ZipKind::Cross {
            if !spec.keys().is_empty() {
                return Err(invalid("a cross zip is one call with all rows and has no keys; leave out partition_by".to_owned()));
            }
            return Ok(spec);
        }
        let Some(first) = self.frames.first() else { return Err(invalid("no frames to zip".to_owned())) };
        let spec = if spec.keys().is_empty() && self.frames.len() > 1 {
            let presorted = |name: &str| spec.presort_keys().iter().any(|s| *s.column == *name);
            let common = first.schema().names().filter(|n| self.frames.iter().all(|f| f.schema().contains(n)) && !presorted(n));
            let common: Vec<String> = common.map(str::to_owned).collect();
            if common.is_empty() {
                return Err(invalid(
                    "the frames have no column in common to be the key; rename one, or zip them as cross".to_owned(),
                ));
            }
            spec.by(common)?
        } else {
            spec
        };
        for key in spec.keys() {
            let mut types = self.frames.iter().map(|f| f.schema().field(key).ok_or_else(|| f.schema().missing(key)));
            let Some(wanted) = types.next().transpose()? else { continue };
            for found in types {
                let found = found?;
                if found.ty() != wanted.ty() {
                    return Err(Error::new(
                        ErrorKind::SchemaMismatch,
                        format!(
                            "key {key:?} is {} in the first frame and {} in another; cast one of them",
                            wanted.ty(),
                            found.ty()
                        ),
                    )
                    .with("column", &**key));
                }
            }
        }
        // The keys are checked; presort columns must be in at least one member.
        for sort in spec.presort_keys() {
            if !self.frames.iter().any(|f| f.schema().contains(&sort.column)) {
                return Err(first.schema().missing(&sort.column));
            }
        }
        PartitionSpec::new().by(spec.keys().to_vec())?.validate(first.schema())?;
        Ok(spec)
    }

    /// The result as a frame of the first frame's session.
    ///
    /// # Errors
    /// Whatever does not fit is found here: `ColumnNotFound`, `SchemaMismatch`, `SchemaInvalid`, `PartitionInvalid`, `ParamsInvalid`.
    pub fn run(self) -> Result<DataFrame> {
        self.plan(false)
    }

    /// The result as a frame; see [`run`](Self::run).
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn frame(self) -> Result<DataFrame> {
        self.run()
    }

    /// Runs all calls for their side effects.
    ///
    /// # Errors
    /// As [`run`](Self::run), and the errors of the calls.
    pub async fn run_out(self) -> Result<()> {
        self.plan(true)?.collect().await.map(drop)
    }

    /// Runs and gives all rows as batches.
    ///
    /// # Errors
    /// As [`run`](Self::run) and [`DataFrame::collect`].
    pub async fn collect(self) -> Result<Vec<RecordBatch>> {
        self.run()?.collect().await
    }

    /// Runs and gives all rows as typed rows.
    ///
    /// # Errors
    /// As [`run`](Self::run) and [`DataFrame::rows`].
    pub async fn rows<T: for<'a> Row<Of<'a> = T>>(self) -> Result<Vec<T>> {
        self.run()?.rows().await
    }

    /// Runs and streams batches.
    ///
    /// # Errors
    /// As [`run`](Self::run) and [`DataFrame::stream`].
    pub async fn stream(self) -> Result<BatchStream> {
        self.run()?.stream().await
    }

    /// Runs and counts.
    ///
    /// # Errors
    /// As [`run`](Self::run) and [`DataFrame::count`].
    pub async fn count(self) -> Result<u64> {
        self.run()?.count().await
    }

    /// Runs and prints the first rows.
    ///
    /// # Errors
    /// As [`run`](Self::run) and [`DataFrame::show`].
    pub async fn show(self, rows: usize) -> Result<()> {
        self.run()?.show(rows).await
    }

    /// Runs and saves.
    ///
    /// # Errors
    /// As [`run`](Self::run) and [`DataFrame::save`].
    pub async fn save(self, path: impl AsRef<str>) -> Result<u64> {
        self.run()?.save(path).await
    }

    /// Runs and saves with options.
    ///
    /// # Errors
    /// As [`run`](Self::run) and [`DataFrame::save_with`].
    pub async fn save_with(self, path: impl AsRef<str>, options: &SaveOptions) -> Result<u64> {
        self.run()?.save_with(path, options).await
    }

    /// Runs once and keeps the rows.
    ///
    /// # Errors
    /// As [`run`](Self::run) and [`DataFrame::persist`].
    pub async fn persist(self) -> Result<DataFrame> {
        self.run()?.persist().await
    }
}

impl DataFrame {
    /// Plans a comap; the frames stay those of their engines until the engine takes them in.
    fn comap(&self, frames: &[Self], how: ZipKind, spec: &PartitionSpec, task: &Task) -> Result<Self> {
        let zip = Zip::new(frames.iter().map(|f| f.any().clone()).collect(), how, spec.clone());
        Ok(self.derive_comap(&zip, task)?.bound_by(frames))
    }
}
