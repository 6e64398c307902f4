//! `check`: what the conformance suite is for an engine, for a user's function. One line in a unit test.

mod experiments;
mod report;

use std::fmt;
use std::panic::Location;
use std::sync::Arc;

pub use report::{Finding, Report};

use crate::blocking;
use crate::calls::{Settings, output_settings, settings};
use crate::error::Result;
use crate::frame::Source;
use crate::partition::IntoNames;
use crate::session::IntoSource;
use crate::transform::{CallOptions, IntoTask, TaskFn};

/// Reruns a function over a sample: again, shuffled, cut into other batches and partitions, with empty texts and nulls, and on every
/// engine in this process that the program was built with; and says what its answer depends on.
///
/// ```
/// use fugue_core::{check::check, row::Row};
///
/// #[derive(Clone, Row)]
/// struct Reading { sensor: String, at: i64, value: f64 }
/// #[derive(Row)]
/// struct First { sensor: String, value: f64 }
///
/// fn first(readings: &[Reading]) -> First {
///     First { sensor: readings[0].sensor.clone(), value: readings[0].value }
/// }
///
/// let sample: Vec<Reading> =
///     (0..20).map(|i| Reading { sensor: format!("s{}", i % 3), at: i, value: (i * 7 % 11) as f64 }).collect();
/// let report = check(first, sample.clone()).partition_by("sensor").run()?;
/// assert!(report.is_order_dependent());
/// check(first, sample).partition_by("sensor").presort("at").assert_portable();
/// # Ok::<(), fugue_core::Error>(())
/// ```
#[track_caller]
pub fn check<F, M, D, V>(function: F, sample: D) -> Check
where
    F: IntoTask<M>,
    D: IntoSource<V>,
{
    Check {
        function: function.into_task(),
        sample: sample.into_source(),
        settings: Settings::new(CallOptions::at(Location::caller())),
    }
}

/// A check in the making; spelled like the call that it checks.
#[must_use = "nothing runs before .run() or .assert_portable()"]
pub struct Check {
    function: Arc<dyn TaskFn>,
    sample: Result<Source>,
    settings: Settings,
}

impl fmt::Debug for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Check").field("function", &self.function.name()).finish_non_exhaustive()
    }
}

impl Check {
    settings!();
    output_settings!();

    /// The columns that a function over plain values takes.
    pub fn on(mut self, columns: impl IntoNames) -> Self {
        self.settings.options.on = columns.into_names();
        self
    }

    /// The name of the column that a function over plain values gives.
    pub fn to(mut self, column: impl Into<String>) -> Self {
        self.settings.options.to = Some(column.into());
        self
    }

    /// Runs all experiments and tells what they found.
    ///
    /// # Errors
    /// `Empty` for a sample without rows; whatever keeps the function from running over it at all, as an action would say.
    pub fn run(self) -> Result<Report> {
        blocking::wait(self.report())
    }

    /// The same for async code.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub async fn report(self) -> Result<Report> {
        self.settings.checked()?;
        let experiments = experiments::Experiments {
            function: self.function,
            source: self.sample?,
            spec: self.settings.spec,
            options: self.settings.options,
        };
        experiments.run().await
    }

    /// Runs all experiments; panics with the report where the function is not portable. For unit tests.
    #[expect(clippy::panic, reason = "an assertion for tests, named as one")]
    #[track_caller]
    pub fn assert_portable(self) {
        match self.run() {
            Ok(report) if report.is_portable() => {}
            Ok(report) => panic!("{report}"),
            Err(error) => panic!("{error:?}"),
        }
    }
}
