//! A soak: all properties of all rules on an engine, turn after turn with ever new seeds. What was done is in a file after each turn, so that
//! a soak can be stopped at any time and goes on where it was.
//!
//! ```text
//! cargo run --release -p soak --features polars -- local polars --cases 500000
//! ```
//!
//! The file of an engine is lines of text: `seed 0x…`, `turns 57`, `seconds 812.4`, `cases map::matches_the_oracle 640` for each property, and
//! `found map::matches_the_oracle 0x… 64` for each difference. The report of a difference (its shrunk case, what was expected and what came, how
//! to run it again) stands in a file beside it, `….found.txt`.

mod progress;

use std::any::Any;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use fugue_core::arrow::record_batch::RecordBatch;
use fugue_core::{DataFrame, Error, ErrorKind, Result as CoreResult, Session};

use crate::bench::{Bench, Open};
use crate::gap::{Gap, judge};
use crate::generate::{Dice, Lane};
use crate::harness::{Harness, Opens};
use crate::property::{Tries, hash};
use crate::rules::{RULES, Rule};
use crate::watchdog;

pub use progress::Progress;

/// Cases of a turn where nothing else is said: as many as a run of the tests has, so that the seed of a difference finds it there again.
const CASES: u32 = 64;

/// A soak of one engine.
pub struct Soak {
    harness: Arc<dyn Opens>,
    gaps: Vec<Gap>,
    properties: Vec<&'static Rule>,
    progress: Progress,
    cases: u32,
    open: Open,
}

/// What one turn of a soak did: one property, from one seed.
#[derive(Clone, Debug)]
pub struct Turn {
    /// The rule whose property it was.
    pub rule: &'static str,
    /// The seed.
    pub seed: u64,
    /// How many cases were tried.
    pub cases: u64,
    /// How long it took.
    pub time: Duration,
    /// The report of a difference, where there was one.
    pub found: Option<String>,
}

impl Soak {
    /// A soak of an engine, new or as its file says how far it came.
    ///
    /// # Errors
    /// A message, where the file cannot be read or is none of a soak.
    pub fn open(harness: impl Harness, gaps: Vec<Gap>, file: impl Into<PathBuf>) -> Result<Self, String> {
        let progress = Progress::open(file.into())?;
        Ok(Self { harness: Arc::new(harness), gaps, properties: properties(), progress, cases: CASES, open: Open::default() })
    }

    /// Only the properties of rules whose names hold one of some words; all, where there is no word.
    #[must_use]
    pub fn only(mut self, words: &[String]) -> Self {
        self.properties.retain(|rule| words.is_empty() || words.iter().any(|word| rule.id.contains(word.as_str())));
        self
    }

    /// So many cases in a turn; properties whose cases are dear take a share of them.
    #[must_use]
    pub fn cases_of_a_turn(self, cases: u32) -> Self {
        Self { cases, ..self }
    }

    /// What was done so far, in this run and those before.
    #[must_use]
    pub fn progress(&self) -> &Progress {
        &self.progress
    }

    /// The rules whose properties take turns.
    #[must_use]
    pub fn rules(&self) -> Vec<&'static str> {
        self.properties.iter().map(|rule| rule.id).collect()
    }

    /// Takes a turn: the next property, from a seed that no turn before had.
    ///
    /// # Errors
    /// A message, where there is no property, or the file cannot be written.
    pub fn turn(&mut self) -> Result<Turn, String> {
        let count = self.properties.len() as u64;
        if count == 0 {
            return Err("no rule of that name has a property".to_owned());
        }
        let turn = self.progress.turns();
        let rule = self.properties[usize::try_from(turn % count).unwrap_or(0)];
        // Two turns of one soak have two seeds, and so have two soaks.
        let seed = Dice::new(self.progress.seed() ^ hash(rule.id) ^ turn.wrapping_mul(0x9e37_79b9_7f4a_7c15)).roll();
        let (tried, start) = (Arc::new(AtomicU64::new(0)), Instant::now());
        let tries = Tries::Given { cases: self.cases, seed };
        let bench = Bench::new(rule.id, Arc::clone(&self.harness)).sharing(&self.open, tries, &tried);
        let body = rule.body;
        let outcome = watchdog::within(watchdog::deadline(), rule.id, move || body(&bench));
        let gap = self.gaps.iter().find(|gap| gap.rule() == rule.id);
        let found = match outcome {
            // A gap says that some case differs, and not that each does.
            Ok(Ok(())) => None,
            Ok(failed) => judge(rule.id, gap, failed).err(),
            Err(report) => Some(report),
        };
        if found.is_some() {
            // What a failure left behind is nothing to go on with.
            self.open = Open::default();
        }
        let (cases, time) = (tried.load(Ordering::Relaxed), start.elapsed());
        self.progress.turned(rule.id, seed, self.cases, cases, time, found.as_deref())?;
        Ok(Turn { rule: rule.id, seed, cases, time, found })
    }
}

impl std::fmt::Debug for Soak {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Soak")
            .field("properties", &self.properties.len())
            .field("progress", &self.progress)
            .finish_non_exhaustive()
    }
}

/// The rules that have a property, in the order of the suite: found by running each without an engine, up to where it would try one.
#[must_use]
pub fn properties() -> Vec<&'static Rule> {
    let has = |rule: &&Rule| {
        let tried = Arc::new(AtomicU64::new(0));
        let bench = Bench::new(rule.id, Arc::new(NoEngine)).sharing(&Open::default(), Tries::Nothing, &tried);
        // What it says of the engine that is not there does not matter.
        let _ = (rule.body)(&bench);
        tried.load(Ordering::Relaxed) > 0
    };
    RULES.iter().filter(has).collect()
}

/// Opens nothing.
struct NoEngine;

fn no_engine<T>() -> CoreResult<T> {
    Err(Error::new(ErrorKind::Unsupported, "there is no engine here"))
}

impl Opens for NoEngine {
    fn open(&self, _: &Lane) -> CoreResult<(Session, Box<dyn Any + Send>)> {
        no_engine()
    }

    fn lanes(&self) -> Vec<Lane> {
        vec![Lane::plain()]
    }

    fn executors(&self, _: &Lane) -> usize {
        1
    }

    fn shrinks(&self) -> bool {
        false
    }

    fn frame(&self, _: &Session, _: &Lane, _: Vec<RecordBatch>) -> CoreResult<DataFrame> {
        no_engine()
    }

    fn collect(&self, _: &Lane, _: &[&DataFrame]) -> CoreResult<Vec<RecordBatch>> {
        no_engine()
    }
}

#[cfg(test)]
mod tests;
