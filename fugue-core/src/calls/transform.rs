//! `transform` and `out_transform`: a function over one frame.

use std::fmt;
use std::marker::PhantomData;
use std::panic::Location;
use std::sync::Arc;

use arrow::record_batch::RecordBatch;

use crate::error::Result;
use crate::frame::{BatchStream, DataFrame};
use crate::io::SaveOptions;
use crate::partition::IntoNames;
use crate::row::Row;
use crate::transform::{CallOptions, IntoTask, TaskFn};

use super::call::{Settings, output_settings, settings};
use super::native::{Native, Pending, ViaFrame};

/// Runs a plain function over data that a program has already: native in, native out.
///
/// Takes a `Vec` of typed rows or of batches, a [`DataFrame`], and with an adapter its native frames; [`run`](Transform::run) gives
/// the same kind of thing back. Lazy frames stay lazy.
///
/// ```
/// use fugue_core::{calls::transform, row::Row};
///
/// #[derive(Row)]
/// struct Reading { sensor: String, value: f64 }
/// #[derive(Row)]
/// struct Mean { sensor: String, mean: f64 }
///
/// fn mean(readings: &[Reading]) -> Mean {
///     let sum: f64 = readings.iter().map(|r| r.value).sum();
///     Mean { sensor: readings[0].sensor.clone(), mean: sum / readings.len() as f64 }
/// }
///
/// let readings = vec![
///     Reading { sensor: "A".into(), value: 1.0 },
///     Reading { sensor: "B".into(), value: 5.0 },
///     Reading { sensor: "A".into(), value: 3.0 },
/// ];
/// let mut means: Vec<Mean> = transform(readings, mean).partition_by("sensor").run()?;
/// means.sort_by(|a, b| a.sensor.cmp(&b.sensor));
/// assert_eq!((means[0].mean, means[1].mean), (2.0, 5.0));
/// # Ok::<(), fugue_core::Error>(())
/// ```
#[track_caller]
pub fn transform<I, V, F, M>(input: I, function: F) -> Transform<I, V>
where
    I: Native<V>,
    F: IntoTask<M>,
{
    Transform::new(input, function.into_task(), Location::caller())
}

/// Runs a function over data for its side effects; what it returns is thrown away.
#[track_caller]
pub fn out_transform<I, V, F, M>(input: I, function: F) -> OutTransform<I, V>
where
    I: Native<V>,
    F: IntoTask<M>,
{
    OutTransform::new(input, function.into_task(), Location::caller())
}

/// A call of a function over a frame, in the making. Nothing runs before [`run`](Self::run) or an action.
#[must_use = "nothing runs before .run() or an action"]
pub struct Transform<I, V> {
    input: I,
    function: Arc<dyn TaskFn>,
    pub(crate) settings: Settings,
    via: PhantomData<fn() -> V>,
}

impl<I, V> fmt::Debug for Transform<I, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transform")
            .field("function", &self.function.name())
            .field("spec", &self.settings.spec)
            .finish_non_exhaustive()
    }
}

impl<I, V> Transform<I, V> {
    pub(crate) fn new(input: I, function: Arc<dyn TaskFn>, call_site: &'static Location<'static>) -> Self {
        Self { input, function, settings: Settings::new(CallOptions::at(call_site)), via: PhantomData }
    }

    settings!();
    output_settings!();

    /// The columns that a function over plain values takes, in the order of its arguments.
    pub fn on(mut self, columns: impl IntoNames) -> Self {
        self.settings.options.on = columns.into_names();
        self
    }

    /// The name of the column that a function over plain values gives. Without `.schema(…)` it stands beside the columns of its row,
    /// or for one value per group beside the keys.
    pub fn to(mut self, column: impl Into<String>) -> Self {
        self.settings.options.to = Some(column.into());
        self
    }
}

impl<I: Native<V>, V> Transform<I, V> {
    /// The result, as the kind of thing that the input is. Lazy inputs give lazy results.
    ///
    /// # Errors
    /// Whatever does not fit is found here, before a row is read, with the user's line: `SchemaMismatch`, `SchemaInvalid`,
    /// `ColumnNotFound`, `PartitionInvalid`, `ParamsInvalid`. Inputs that are not lazy run at once, and may fail as actions do.
    pub fn run(self) -> Result<I::Out> {
        self.settings.checked()?;
        self.input.run(Pending { function: self.function, spec: self.settings.spec, options: self.settings.options })
    }
}

impl Transform<DataFrame, ViaFrame> {
    /// The result as a frame; see [`run`](Self::run).
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn frame(self) -> Result<DataFrame> {
        self.run()
    }

    /// Runs and gives all rows as batches. See [`DataFrame::collect`].
    ///
    /// # Errors
    /// As [`run`](Self::run) and [`DataFrame::collect`].
    pub async fn collect(self) -> Result<Vec<RecordBatch>> {
        self.run()?.collect().await
    }

    /// Runs and gives all rows as typed rows. See [`DataFrame::rows`].
    ///
    /// # Errors
    /// As [`run`](Self::run) and [`DataFrame::rows`].
    pub async fn rows<T: for<'a> Row<Of<'a> = T>>(self) -> Result<Vec<T>> {
        self.run()?.rows().await
    }

    /// Runs and streams batches. See [`DataFrame::stream`].
    ///
    /// # Errors
    /// As [`run`](Self::run) and [`DataFrame::stream`].
    pub async fn stream(self) -> Result<BatchStream> {
        self.run()?.stream().await
    }

    /// Runs and counts. See [`DataFrame::count`].
    ///
    /// # Errors
    /// As [`run`](Self::run) and [`DataFrame::count`].
    pub async fn count(self) -> Result<u64> {
        self.run()?.count().await
    }

    /// Runs and prints the first rows. See [`DataFrame::show`].
    ///
    /// # Errors
    /// As [`run`](Self::run) and [`DataFrame::show`].
    pub async fn show(self, rows: usize) -> Result<()> {
        self.run()?.show(rows).await
    }

    /// Runs and saves. See [`DataFrame::save`].
    ///
    /// # Errors
    /// As [`run`](Self::run) and [`DataFrame::save`].
    pub async fn save(self, path: impl AsRef<str>) -> Result<u64> {
        self.run()?.save(path).await
    }

    /// Runs and saves with options. See [`DataFrame::save_with`].
    ///
    /// # Errors
    /// As [`run`](Self::run) and [`DataFrame::save_with`].
    pub async fn save_with(self, path: impl AsRef<str>, options: &SaveOptions) -> Result<u64> {
        self.run()?.save_with(path, options).await
    }

    /// Runs once and keeps the rows. See [`DataFrame::persist`].
    ///
    /// # Errors
    /// As [`run`](Self::run) and [`DataFrame::persist`].
    pub async fn persist(self) -> Result<DataFrame> {
        self.run()?.persist().await
    }
}

/// A call of a function for its side effects, in the making.
#[must_use = "nothing runs before .run()"]
pub struct OutTransform<I, V> {
    input: I,
    function: Arc<dyn TaskFn>,
    pub(crate) settings: Settings,
    via: PhantomData<fn() -> V>,
}

impl<I, V> fmt::Debug for OutTransform<I, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutTransform").field("function", &self.function.name()).finish_non_exhaustive()
    }
}

impl<I, V> OutTransform<I, V> {
    pub(crate) fn new(input: I, function: Arc<dyn TaskFn>, call_site: &'static Location<'static>) -> Self {
        let options = CallOptions { discard: true, ..CallOptions::at(call_site) };
        Self { input, function, settings: Settings::new(options), via: PhantomData }
    }

    settings!();

    /// The columns that a function over plain values takes, in the order of its arguments.
    pub fn on(mut self, columns: impl IntoNames) -> Self {
        self.settings.options.on = columns.into_names();
        self
    }
}

impl<I: Native<V>, V> OutTransform<I, V> {
    /// Runs all calls.
    ///
    /// # Errors
    /// As [`Transform::run`], and the errors of the calls.
    pub async fn run(self) -> Result<()> {
        self.settings.checked()?;
        let pending = Pending { function: self.function, spec: self.settings.spec, options: self.settings.options };
        self.input.drain(pending).await
    }
}
