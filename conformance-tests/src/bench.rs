//! What a rule works with: sessions per lane, frames from tables and back, properties, and the comparison of answers.

use std::any::Any;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use fugue_core::arrow::record_batch::RecordBatch;
use fugue_core::{DataFrame, Session};
use proptest::strategy::Strategy;

use crate::compare::Compare;
use crate::failure::{Failure, Outcome};
use crate::generate::{Dice, Lane, Layout};
use crate::harness::Opens;
use crate::property::{self, Tries};
use crate::value::Table;

/// Sessions that are open, by lane, each with its guard. Cases of one rule share them.
pub(crate) type Open = Arc<Mutex<Vec<(Lane, Session, Box<dyn Any + Send>)>>>;

/// A rule's access to the engine under test.
pub struct Bench {
    rule: &'static str,
    harness: Arc<dyn Opens>,
    open: Open,
    tries: Tries,
    /// How many cases of properties were tried, those of a shrinking among them.
    tried: Arc<AtomicU64>,
    /// The lane of the frame that was made last: it says how the rows that come of it are taken out.
    lane: Mutex<Lane>,
}

impl Bench {
    pub(crate) fn new(rule: &'static str, harness: Arc<dyn Opens>) -> Self {
        Self {
            rule,
            harness,
            open: Open::default(),
            tries: Tries::default(),
            tried: Arc::default(),
            lane: Mutex::new(Lane::plain()),
        }
    }

    /// A bench that tries properties so often, with sessions that others opened, and counts.
    pub(crate) fn sharing(self, open: &Open, tries: Tries, tried: &Arc<AtomicU64>) -> Self {
        Self { open: Arc::clone(open), tries, tried: Arc::clone(tried), ..self }
    }

    /// The session of a lane; opened at its first use.
    ///
    /// # Errors
    /// What keeps the engine from starting.
    pub fn session(&self, lane: &Lane) -> Result<Session, Failure> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, session, _)) = open.iter().find(|(known, _, _)| known == lane) {
            return Ok(session.clone());
        }
        let (session, guard) = self.harness.open(lane).map_err(|e| Failure::from(e).while_trying("opening a session"))?;
        open.push((*lane, session.clone(), guard));
        Ok(session)
    }

    /// The lanes of the engine.
    #[must_use]
    pub fn lanes(&self) -> Vec<Lane> {
        self.harness.lanes()
    }

    /// How many executors run the calls of an action.
    #[must_use]
    pub fn executors(&self, lane: &Lane) -> usize {
        self.harness.executors(lane)
    }

    /// Does the same on every lane.
    ///
    /// # Errors
    /// The first failure, with its lane.
    pub fn on_each_lane(&self, body: impl Fn(&Lane) -> Outcome) -> Outcome {
        self.lanes().iter().try_for_each(|lane| body(lane).map_err(|e| e.while_trying(format!("lane: {lane}"))))
    }

    /// Tries a property on random values and random lanes.
    ///
    /// # Errors
    /// The failure of the least case that was found.
    pub fn for_all<S>(&self, strategy: S, body: impl Fn(&Lane, &S::Value) -> Outcome) -> Outcome
    where
        S: Strategy,
    {
        self.for_some(1, strategy, body)
    }

    /// As [`for_all`](Self::for_all), with a share of the cases.
    ///
    /// # Errors
    /// As [`for_all`](Self::for_all).
    pub fn for_some<S>(&self, share: u32, strategy: S, body: impl Fn(&Lane, &S::Value) -> Outcome) -> Outcome
    where
        S: Strategy,
    {
        let both = (Lane::any_of(&self.lanes()), strategy);
        let shrink = self.harness.shrinks();
        if self.tries == Tries::Nothing {
            self.tried.fetch_add(1, Ordering::Relaxed);
        }
        property::for_some(self.rule, self.tries, share, shrink, &both, |(lane, value)| {
            self.tried.fetch_add(1, Ordering::Relaxed);
            body(lane, value)
        })
    }

    /// A frame of a table's rows, in the order and the cuts of a lane.
    ///
    /// # Errors
    /// What the engine says to it.
    pub fn frame(&self, lane: &Lane, table: &Table) -> Result<DataFrame, Failure> {
        let table = lane.arrange(table);
        // The cuts come from the data's shape, so that a case that is run again is cut again in the same way.
        let mut dice = Dice::new(table.rows.len() as u64 ^ (lane.chunks as u64) << 32);
        let Layout(sizes) = lane.layout(table.rows.len(), &mut dice);
        self.frame_of(lane, &table, &sizes)
    }

    /// A frame of a table's rows, cut into batches of the given sizes.
    ///
    /// # Errors
    /// What the engine says to it.
    pub fn frame_of(&self, lane: &Lane, table: &Table, sizes: &[usize]) -> Result<DataFrame, Failure> {
        self.ingest(lane, table.to_batches(sizes)?)
    }

    /// A frame of batches.
    ///
    /// # Errors
    /// What the engine says to it.
    pub fn ingest(&self, lane: &Lane, batches: Vec<RecordBatch>) -> Result<DataFrame, Failure> {
        *self.lane.lock().unwrap_or_else(PoisonError::into_inner) = *lane;
        Ok(self.harness.frame(&self.session(lane)?, lane, batches)?)
    }

    /// The rows of a frame, in the layout of the contract.
    ///
    /// # Errors
    /// What the action meets, or that the batches have another layout than the frame's schema says.
    pub fn collect(&self, frame: &DataFrame) -> Result<Table, Failure> {
        self.collect_together(&[frame])
    }

    /// The rows of some frames of one schema, out of one plan where the engine can.
    ///
    /// # Errors
    /// As [`collect`](Self::collect).
    pub fn collect_together(&self, frames: &[&DataFrame]) -> Result<Table, Failure> {
        let lane = *self.lane.lock().unwrap_or_else(PoisonError::into_inner);
        let schema = frames.first().map(|frame| frame.schema().clone()).ok_or_else(|| "no frames to collect".to_owned())?;
        let batches = self.harness.collect(&lane, frames)?;
        Ok(Table::from_batches(&schema, &batches)?)
    }

    /// Whether rows come in the order of the input where nothing says otherwise: one partition, in one process.
    ///
    /// # Errors
    /// What keeps the engine from starting.
    pub fn keeps_order(&self, lane: &Lane) -> Result<bool, Failure> {
        Ok(lane.partitions == 1 && !self.session(lane)?.info().distributed)
    }

    /// Asks that a frame has exactly the rows of a table, in any order.
    ///
    /// # Errors
    /// What differs.
    pub fn same(&self, expected: &Table, got: &DataFrame) -> Outcome {
        Ok(Compare::exact().tables(expected, &self.collect(got)?)?)
    }
}

impl fmt::Debug for Bench {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bench").field("rule", &self.rule).finish_non_exhaustive()
    }
}
