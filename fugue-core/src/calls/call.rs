//! The settings that all calls share: keys, order, parameters, state, schema; spelled once for every kind of call.

use std::error::Error as StdError;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;

use crate::error::{Error, ErrorKind, Result};
use crate::partition::PartitionSpec;
use crate::transform::{CallOptions, Ignore, StateSlot};

/// Counts the groups that a call dropped because of an error that it ignores. Clones count together.
#[derive(Clone, Debug, Default)]
pub struct Dropped(Arc<AtomicU64>);

impl Dropped {
    /// A count of none.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many groups (or rows, for row-wise functions) were dropped so far.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A spec and options in the making; the first mistake is kept and told when the call is built.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) spec: PartitionSpec,
    pub(crate) options: CallOptions,
    pub(crate) mistake: Option<Arc<Error>>,
}

impl Settings {
    pub(crate) fn new(options: CallOptions) -> Self {
        Self { spec: PartitionSpec::new(), options, mistake: None }
    }

    pub(crate) fn spec(&mut self, change: impl FnOnce(PartitionSpec) -> Result<PartitionSpec>) {
        match change(self.spec.clone()) {
            Ok(spec) => self.spec = spec,
            Err(e) => self.mistaken(e),
        }
    }

    pub(crate) fn mistaken(&mut self, error: Error) {
        self.mistake.get_or_insert_with(|| Arc::new(error));
    }

    pub(crate) fn params<P: Serialize + ?Sized>(&mut self, params: &P) {
        match rmp_serde::to_vec_named(params) {
            Ok(bytes) => self.options.slots.params = Some(bytes.into()),
            Err(e) => self.mistaken(
                Error::new(ErrorKind::ParamsInvalid, format!("the parameters cannot be written down to travel: {e}"))
                    .with_source(e),
            ),
        }
    }

    pub(crate) fn state(&mut self, slot: StateSlot) {
        self.options.slots.give(slot);
    }

    pub(crate) fn ignore<E: StdError + 'static>(&mut self, dropped: &Dropped) {
        let before = self.options.ignore.take();
        let test = move |e: &Error| {
            e.kind() == ErrorKind::TransformerFailed
                && (e.user_error::<E>().is_some() || before.as_ref().is_some_and(|b| (b.test)(e)))
        };
        self.options.ignore = Some(Ignore { test: Arc::new(test), count: Arc::clone(&dropped.0) });
    }

    /// The first mistake, or the settings.
    pub(crate) fn checked(&self) -> Result<()> {
        match &self.mistake {
            None => Ok(()),
            Some(e) => {
                let again = Error::new(e.kind(), e.message()).with_source(Arc::clone(e)).with_operation("transform");
                Err(self.options.call_site.tell(again))
            }
        }
    }
}

/// The setters that every kind of call has.
macro_rules! settings {
    () => {
        /// The partition keys: rows with equal keys reach the same call. One name or several.
        ///
        /// A function of single rows has a call per row; keys matter to it together with a presort, and to its cursor.
        pub fn partition_by(mut self, keys: impl $crate::partition::IntoNames) -> Self {
            self.settings.spec(|s| s.by(keys));
            self
        }

        /// The order of rows inside a call: `"at"`, `"at desc, id"`, names, or pairs of a name and whether it ascends. Nulls last.
        ///
        /// The rows of a key are called one after the other in this order also by a function of single rows, which else is called
        /// with rows in any order and on all threads.
        pub fn presort(mut self, presort: impl $crate::partition::IntoPresort) -> Self {
            self.settings.spec(|s| s.presort(presort));
            self
        }

        /// The number of physical partitions: a number or an expression over `ROWCOUNT` and `CONCURRENCY`.
        pub fn num(mut self, num: impl $crate::partition::IntoNum) -> Self {
            self.settings.spec(|s| s.num(num));
            self
        }

        /// How rows find their physical partition.
        pub fn algo(mut self, algo: $crate::partition::Algo) -> Self {
            self.settings.spec(|s| Ok(s.algo(algo)));
            self
        }

        /// The whole partition specification at once; replaces what was said before.
        pub fn partition(mut self, spec: $crate::partition::PartitionSpec) -> Self {
            self.settings.spec(|_| Ok(spec));
            self
        }

        /// The parameters, for arguments of type [`Params<P>`](crate::transform::Params): written down once, however many groups.
        pub fn params<P: serde::Serialize + ?Sized>(mut self, params: &P) -> Self {
            self.settings.params(params);
            self
        }

        /// State that calls share, for arguments of type [`State<S>`](crate::transform::State) or `&S`. Of states of one type the
        /// last one counts.
        pub fn state<S: Send + Sync + 'static>(mut self, state: S) -> Self {
            self.settings.state($crate::transform::StateSlot::ready(state));
            self
        }

        /// State that is built of the parameters at the first call, once per process: a model to load.
        pub fn state_with<P, S>(self, load: impl Fn(P) -> S + Send + Sync + 'static) -> Self
        where
            P: serde::de::DeserializeOwned,
            S: Send + Sync + 'static,
        {
            self.try_state_with(move |params: P| Ok::<S, std::convert::Infallible>(load(params)))
        }

        /// The same with a function that may fail; its error is that of the action.
        pub fn try_state_with<P, S, E>(mut self, load: impl Fn(P) -> std::result::Result<S, E> + Send + Sync + 'static) -> Self
        where
            P: serde::de::DeserializeOwned,
            S: Send + Sync + 'static,
            E: Into<$crate::BoxError>,
        {
            self.settings.state($crate::transform::StateSlot::lazy(load));
            self
        }

        /// Drops the groups (for row-wise functions: the rows) whose error is an `E`, and counts them; other errors end the action.
        ///
        /// What a call gives is kept until it has ended, so a function over a stream then takes memory for all that it gives.
        pub fn ignore_errors<E: std::error::Error + 'static>(mut self, dropped: &$crate::calls::Dropped) -> Self {
            self.settings.ignore::<E>(dropped);
            self
        }

        /// Rules that the call must keep, besides those that the function is registered with.
        pub fn rules(mut self, rules: $crate::transform::Rules) -> Self {
            self.settings.options.rules = Some(rules);
            self
        }

        /// How many calls of an async function may run at once; 16 unless said otherwise.
        pub fn concurrency(mut self, calls: usize) -> Self {
            self.settings.options.concurrency = Some(calls);
            self
        }

        /// How many calls of the function may run at the same time on an executor of a cluster, however many threads it has: 1 where
        /// each call takes the memory of a model, or the machine's only graphics card. In engines of this process an action counts
        /// as one executor.
        ///
        /// Further calls wait. A function over a stream counts from its call until its output was read to the end, so it must not
        /// wait for a call of its own kind: do not read one such call behind another with the same parameters and columns.
        pub fn per_executor(mut self, calls: usize) -> Self {
            self.settings.options.per_executor = Some(calls);
            self
        }
    };
}
pub(crate) use settings;

/// The setters of calls that have an output frame.
macro_rules! output_settings {
    () => {
        /// The output schema: all columns, or an expression over those of the input (`"*, z:double"`, `"*-a"`).
        pub fn schema(mut self, schema: impl std::fmt::Display) -> Self {
            self.settings.options.schema = Some(schema.to_string());
            self
        }
    };
}
pub(crate) use output_settings;
