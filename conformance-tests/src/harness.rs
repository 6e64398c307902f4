//! What an adapter author writes: a harness that opens sessions, and one macro that makes a test of every rule.

use std::any::Any;
use std::sync::Arc;

use fugue_core::arrow::record_batch::RecordBatch;
use fugue_core::{DataFrame, Error, ErrorKind, Result, Session, blocking};

use crate::bench::Bench;
use crate::gap::{Gap, judge, sound};
use crate::generate::Lane;
use crate::rules::{RULES, Rule};
use crate::watchdog;

/// Opens sessions of an engine for the suite.
pub trait Harness: Send + Sync + 'static {
    /// What must live as long as a session: temporary folders, a cluster in this process.
    type Guard: Send + 'static;

    /// A fresh session, set up as the lane says as far as the engine has such settings.
    ///
    /// # Errors
    /// Whatever keeps the engine from starting; every rule then fails with it.
    fn session(&self, lane: &Lane) -> Result<(Session, Self::Guard)>;

    /// The lanes that the engine can be set to.
    fn lanes(&self) -> Vec<Lane> {
        Lane::standard()
    }

    /// How many executors run the calls of an action of the lane's session: one, unless the engine is a cluster.
    fn executors(&self, lane: &Lane) -> usize {
        let _ = lane;
        1
    }

    /// Whether a case that fails is made smaller for its reader, which takes up to twenty seconds a rule.
    fn shrinks(&self) -> bool {
        true
    }

    /// A frame of batches, in the way in which the lane has users bring their data.
    ///
    /// # Errors
    /// What the engine says to it.
    fn frame(&self, session: &Session, lane: &Lane, batches: Vec<RecordBatch>) -> Result<DataFrame> {
        let _ = lane;
        session.frame(batches)
    }

    /// All rows of some frames of one schema, in the way in which the lane has users take them out: where the engine can, out of one
    /// plan, so that it may look for parts that they have in common.
    ///
    /// # Errors
    /// What the action meets.
    fn collect(&self, lane: &Lane, frames: &[&DataFrame]) -> Result<Vec<RecordBatch>> {
        let _ = lane;
        let mut all = Vec::new();
        for frame in frames {
            let stream = blocking::wait(frame.stream())?;
            // Where no batch comes, the stream alone tells which columns there would have been.
            if stream.schema() != frame.schema() {
                let message = format!("the frame says {}, its stream says {}", frame.schema(), stream.schema());
                return Err(Error::new(ErrorKind::SchemaMismatch, message));
            }
            all.extend(blocking::wait(stream.collect())?);
        }
        Ok(all)
    }
}

/// A harness whose guard has no name any more.
pub(crate) trait Opens: Send + Sync {
    fn open(&self, lane: &Lane) -> Result<(Session, Box<dyn Any + Send>)>;
    fn lanes(&self) -> Vec<Lane>;
    fn executors(&self, lane: &Lane) -> usize;
    fn shrinks(&self) -> bool;
    fn frame(&self, session: &Session, lane: &Lane, batches: Vec<RecordBatch>) -> Result<DataFrame>;
    fn collect(&self, lane: &Lane, frames: &[&DataFrame]) -> Result<Vec<RecordBatch>>;
}

impl<H: Harness> Opens for H {
    fn open(&self, lane: &Lane) -> Result<(Session, Box<dyn Any + Send>)> {
        let (session, guard) = self.session(lane)?;
        Ok((session, Box::new(guard)))
    }

    fn lanes(&self) -> Vec<Lane> {
        Harness::lanes(self)
    }

    fn executors(&self, lane: &Lane) -> usize {
        Harness::executors(self, lane)
    }

    fn shrinks(&self) -> bool {
        Harness::shrinks(self)
    }

    fn frame(&self, session: &Session, lane: &Lane, batches: Vec<RecordBatch>) -> Result<DataFrame> {
        Harness::frame(self, session, lane, batches)
    }

    fn collect(&self, lane: &Lane, frames: &[&DataFrame]) -> Result<Vec<RecordBatch>> {
        Harness::collect(self, lane, frames)
    }
}

/// Runs one rule on an engine and judges it against the declared gaps.
///
/// # Errors
/// A report for the person who reads the failed test.
pub fn check(harness: impl Harness, gaps: &[Gap], rule: &str) -> Result<(), String> {
    let found: &Rule = RULES.iter().find(|r| r.id == rule).ok_or_else(|| format!("there is no rule {rule:?}"))?;
    let harness: Arc<dyn Opens> = Arc::new(harness);
    let body = found.body;
    let bench = Bench::new(found.id, harness);
    let outcome = watchdog::within(watchdog::deadline(), found.id, move || body(&bench))?;
    judge(found.id, gaps.iter().find(|gap| gap.rule() == rule), outcome)
}

/// Runs one rule as a test.
///
/// # Panics
/// With the report, where the rule does not hold.
#[expect(clippy::panic, reason = "this is how a test fails")]
pub fn run(harness: impl Harness, gaps: &[Gap], rule: &str) {
    if let Err(report) = check(harness, gaps, rule) {
        panic!("{report}");
    }
}

/// Checks a table of gaps as a test.
///
/// # Panics
/// With everything that is wrong with it.
#[expect(clippy::panic, reason = "this is how a test fails")]
pub fn gaps_are_sound(gaps: &[Gap]) {
    let rules: Vec<&str> = RULES.iter().map(|r| r.id).collect();
    if let Err(report) = sound(gaps, &rules) {
        panic!("{report}");
    }
}

/// Makes one named test of every rule, and one of the table of gaps.
///
/// ```text
/// conformance! {
///     harness: PolarsHarness,
///     gaps: [Gap::never("repartition::coarse_keeps_keys_whole_and_sorted", "why").fails_as(ErrorKind::Unsupported)],
/// }
/// ```
///
/// The harness is an expression that makes one. Invoke it once per module. With `matrix: ("README.md", "polars")` a test more compares
/// the column of that name in the file's capability matrix with what the suite finds, and with `capabilities: ("capabilities.json", "polars")`
/// a file of data; see [`matrix`](crate::matrix). Where a whole group is a gap, `groups: [Gap::never_any("sql", "why")]` stands after the
/// gaps.
#[macro_export]
macro_rules! conformance {
    (harness: $harness:expr, gaps: [$($gap:expr),* $(,)?], $(groups: [$($group:expr),* $(,)?],)? matrix: ($file:expr, $column:expr),
     capabilities: ($data:expr, $engine:expr) $(,)?) => {
        $crate::conformance! { harness: $harness, gaps: [$($gap),*], $(groups: [$($group),*],)? matrix: ($file, $column) }

        #[test]
        fn the_capabilities_are_current() {
            $crate::matrix::capabilities_are_current(
                ::std::path::Path::new(::std::env!("CARGO_MANIFEST_DIR")), $data, $engine, &conformance_gaps());
        }
    };
    (harness: $harness:expr, gaps: [$($gap:expr),* $(,)?], $(groups: [$($group:expr),* $(,)?],)? matrix: ($file:expr, $column:expr) $(,)?) => {
        $crate::conformance! { harness: $harness, gaps: [$($gap),*], $(groups: [$($group),*],)? }

        #[test]
        fn the_matrix_is_current() {
            $crate::matrix::is_current(::std::path::Path::new(::std::env!("CARGO_MANIFEST_DIR")), $file, $column, &conformance_gaps());
        }
    };
    (harness: $harness:expr, gaps: [$($gap:expr),* $(,)?] $(, groups: [$($group:expr),* $(,)?])? $(,)?) => {
        fn conformance_gaps() -> ::std::vec::Vec<$crate::Gap> {
            let gaps: ::std::vec::Vec<$crate::Gap> = ::std::vec![$($gap),*];
            gaps.into_iter()$($(.chain($group))*)?.collect()
        }

        fn conformance_run(rule: &str) {
            $crate::harness::run($harness, &conformance_gaps(), rule);
        }

        #[test]
        fn gap_table_is_sound() {
            $crate::harness::gaps_are_sound(&conformance_gaps());
        }

        $crate::for_each_rule!($crate::tests_of_rules);
    };
}

/// One module per group of rules, one test per rule.
#[doc(hidden)]
#[macro_export]
macro_rules! tests_of_rules {
    ($($module:ident { $($rule:ident),* $(,)? })*) => {
        $(
            mod $module {
                $(
                    #[test]
                    fn $rule() {
                        super::conformance_run(::std::concat!(::std::stringify!($module), "::", ::std::stringify!($rule)));
                    }
                )*
            }
        )*
    };
}
