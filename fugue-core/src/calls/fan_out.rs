//! `map`: one call per item, a grid search say.

use std::fmt;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::blocking;
use crate::error::{Error, ErrorKind, Result};
use crate::row::Row;
use crate::run::{Cancel, CancelHandle, Job, Pool, RunContext, ordered, within};
use crate::session::Session;
use crate::transform::panic_text;

/// Calls a function for each item, on all cores; results in the order of the items.
///
/// ```
/// use fugue_core::calls::map;
///
/// # fugue_core::blocking::wait(async {
/// let squares: Vec<u64> = map(1..=4_u64, |x| x * x).run().await?;
/// assert_eq!(squares, [1, 4, 9, 16]);
/// # Ok(()) })?;
/// # Ok::<(), fugue_core::Error>(())
/// ```
#[track_caller]
pub fn map<I, O, F>(items: impl IntoIterator<Item = I>, function: F) -> FanOut<I, F>
where
    F: Fn(I) -> O + Send + Sync + 'static,
{
    FanOut {
        items: items.into_iter().collect(),
        function: Arc::new(function),
        call_site: Location::caller(),
        threads: None,
        per_executor: None,
        deadline: None,
        cancel: None,
    }
}

/// Calls of a function for items, in the making.
#[must_use = "nothing runs before .run()"]
pub struct FanOut<I, F> {
    items: Vec<I>,
    function: Arc<F>,
    call_site: &'static Location<'static>,
    threads: Option<usize>,
    per_executor: Option<usize>,
    deadline: Option<Duration>,
    cancel: Option<CancelHandle>,
}

impl<I, F> fmt::Debug for FanOut<I, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FanOut").field("items", &self.items.len()).finish_non_exhaustive()
    }
}

impl<I, F> FanOut<I, F> {
    /// How many calls run at once; without it they share a thread per core with all sessions.
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = Some(threads);
        self
    }

    /// How many calls run at the same time on an executor of a cluster, or in this process.
    pub fn per_executor(mut self, calls: usize) -> Self {
        self.per_executor = Some(calls);
        self
    }

    /// How long all calls may take.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// A handle that stops further calls.
    pub fn cancel_with(mut self, handle: &CancelHandle) -> Self {
        self.cancel = Some(handle.clone());
        self
    }

    /// Calls in this process.
    ///
    /// A function that returns a `Result` gives `Result`s; a panic is the error of the whole.
    ///
    /// # Errors
    /// `TransformerFailed` with the number of the item whose call panicked, `Cancelled`, `DeadlineExceeded`.
    pub async fn run<O>(self) -> Result<Vec<O>>
    where
        F: Fn(I) -> O + Send + Sync + 'static,
        I: Send + 'static,
        O: Send + 'static,
    {
        if self.per_executor == Some(0) {
            let message = "0 calls per executor would let no call begin; give 1 or more";
            let error = Error::new(ErrorKind::SettingInvalid, message).with("setting", "per_executor");
            return Err(error.with_operation("map").with_call_site(self.call_site));
        }
        let pool = self.threads.map_or_else(Pool::shared, Pool::new)?;
        // Made on the thread of the caller, which may be inside a call of user code.
        let run = RunContext::new(pool, Cancel::all(self.cancel.as_slice(), self.deadline));
        let (function, at) = (self.function, self.call_site);
        let gate = self.per_executor.map(|calls| (run.gates.gate(0, calls), run.cancel.clone()));
        let jobs = self.items.into_iter().enumerate().map(move |(number, item)| {
            let (function, gate) = (Arc::clone(&function), gate.clone());
            let job: Job<O> = Box::new(move || {
                let _place = gate.map(|(gate, cancel)| gate.enter(&cancel)).transpose()?;
                catch_unwind(AssertUnwindSafe(|| function(item))).map_err(|panic| {
                    Error::new(ErrorKind::TransformerFailed, format!("the function panicked: {}", panic_text(&*panic)))
                        .with("transformer", std::any::type_name::<F>())
                        .with("item", number.to_string())
                })
            });
            Ok(job)
        });
        let inner = run.clone();
        let results = blocking::offload(move || ordered(&inner.pool, &inner.cancel, jobs).collect::<Result<Vec<O>>>());
        within(&run.cancel, results).await.map_err(|e| e.with_operation("map").with_call_site(at))
    }

    /// Calls on the engine of a session: items and results travel as bytes, so they must be serde types.
    ///
    /// # Errors
    /// As [`run`](Self::run), and `ParamsInvalid` for an item or a result that cannot be written down.
    pub async fn run_on<O>(self, session: &Session) -> Result<Vec<O>>
    where
        F: Fn(I) -> O + Send + Sync + 'static,
        I: Serialize + DeserializeOwned + 'static,
        O: Serialize + DeserializeOwned + 'static,
    {
        let at = self.call_site;
        let mut items = Vec::with_capacity(self.items.len());
        for (number, item) in (0_i64..).zip(&self.items) {
            items.push(Parcel { number, bytes: pack(item, number).map_err(|e| e.with_operation("map").with_call_site(at))? });
        }
        if items.is_empty() {
            return Ok(Vec::new());
        }
        let function = self.function;
        let call = move |parcels: Vec<Parcel>| -> Result<Vec<Parcel>> {
            let results = parcels.into_iter().map(|parcel| {
                let item = unpack::<I>(&parcel.bytes, parcel.number)?;
                Ok(Parcel { number: parcel.number, bytes: pack(&function(item), parcel.number)? })
            });
            results.collect()
        };
        let mut df = session.frame(items)?;
        if let Some(deadline) = self.deadline {
            df = df.deadline(deadline);
        }
        if let Some(handle) = &self.cancel {
            df = df.cancel_with(handle);
        }
        // Keyed by number: each item is a call of its own on every engine, wherever its row ends up.
        let mut calls = crate::calls::transform(df, call).partition_by("number");
        if let Some(most) = self.per_executor {
            calls = calls.per_executor(most);
        }
        let results = calls.rows::<Parcel>().await;
        let mut results = results.map_err(|e| e.with_call_site(at))?;
        results.sort_by_key(|p| p.number);
        results.iter().map(|p| unpack::<O>(&p.bytes, p.number)).collect()
    }
}

/// An item or a result on its way.
#[derive(Row)]
struct Parcel {
    number: i64,
    bytes: Vec<u8>,
}

fn pack<T: Serialize>(value: &T, number: i64) -> Result<Vec<u8>> {
    rmp_serde::to_vec_named(value).map_err(|e| {
        Error::new(ErrorKind::ParamsInvalid, format!("item {number} cannot be written down to travel: {e}"))
            .with_source(e)
            .with("item", number.to_string())
    })
}

fn unpack<T: DeserializeOwned>(bytes: &[u8], number: i64) -> Result<T> {
    rmp_serde::from_slice(bytes).map_err(|e| {
        Error::new(ErrorKind::ParamsInvalid, format!("item {number} cannot be read back as {}: {e}", std::any::type_name::<T>()))
            .with_source(e)
            .with("item", number.to_string())
    })
}
