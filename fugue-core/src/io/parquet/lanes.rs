//! Reading ahead with the threads of a pool, in order and in bounded memory, without a thread that waits inside the pool.
//!
//! Every unit (a row group, or some columns of it) is a lane with a queue of batches. Workers take the first lane that nobody works on,
//! decode batch after batch, and end when enough is read ahead. Who iterates takes from the lanes of the first row group; where a lane
//! has nothing and nobody works on it, the iterating thread decodes by itself. So nothing ever waits for work that has not begun.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::datatypes::SchemaRef;

use super::scan::{Decoder, Unit};
use crate::error::{Error, ErrorKind, Result};
use crate::run::{Cancel, Pool};

/// Workers end when about so many bytes are read and not yet taken.
const AHEAD_BYTES: u64 = 256 << 20;

/// The batches of units, in order, each with the number of its file.
pub(super) struct Lanes {
    shared: Arc<Shared>,
    layout: SchemaRef,
    /// For each row group the number of its file, its lanes, and where their columns stand.
    groups: VecDeque<(usize, Vec<(usize, Vec<usize>)>)>,
    pool: Option<Pool>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    cancel: Cancel,
}

#[derive(Default)]
struct State {
    lanes: Vec<Lane>,
    /// The lanes that have something to do and that nobody works on.
    free: BTreeSet<usize>,
    workers: usize,
    /// Estimated bytes that are read and not yet taken.
    ahead: u64,
    stopped: bool,
}

struct Lane {
    work: Work,
    queue: VecDeque<Result<RecordBatch>>,
    row_bytes: u64,
}

/// What a lane has still to do.
enum Work {
    New(Unit),
    Parked(Decoder),
    Running,
    Done,
}

impl Lanes {
    pub(super) fn new(layout: SchemaRef, groups: Vec<(usize, Vec<Unit>)>, pool: Option<&Pool>, cancel: &Cancel) -> Self {
        let mut state = State::default();
        let mut order = VecDeque::with_capacity(groups.len());
        for (file, units) in groups {
            let mut members = Vec::with_capacity(units.len());
            for unit in units {
                members.push((state.lanes.len(), unit.positions.clone()));
                state.free.insert(state.lanes.len());
                state.lanes.push(Lane { row_bytes: unit.row_bytes, work: Work::New(unit), queue: VecDeque::new() });
            }
            order.push_back((file, members));
        }
        let shared = Arc::new(Shared { state: Mutex::new(state), changed: Condvar::new(), cancel: cancel.clone() });
        Self { shared, layout, groups: order, pool: pool.cloned() }
    }

    /// One batch of all columns; none when nothing is left.
    pub(super) fn try_next(&mut self) -> Result<Option<(usize, RecordBatch)>> {
        loop {
            self.shared.cancel.check()?;
            let Some((file, members)) = self.groups.front() else { return Ok(None) };
            self.hire();
            let mut columns: Vec<Option<ArrayRef>> = vec![None; self.layout.fields().len()];
            let mut rows = None;
            for (lane, positions) in members {
                let batch = self.shared.take(*lane)?;
                let height = batch.as_ref().map(RecordBatch::num_rows);
                if *rows.get_or_insert(height) != height {
                    return Err(Error::new(ErrorKind::Io, "columns of one row group have different numbers of rows"));
                }
                for (array, &position) in batch.iter().flat_map(RecordBatch::columns).zip(positions) {
                    columns[position] = Some(Arc::clone(array));
                }
            }
            if let Some(Some(rows)) = rows {
                let options = RecordBatchOptions::new().with_row_count(Some(rows));
                let columns = columns.into_iter().flatten().collect();
                return Ok(Some((*file, RecordBatch::try_new_with_options(Arc::clone(&self.layout), columns, &options)?)));
            }
            self.groups.pop_front();
        }
    }

    /// Starts workers, as many as the pool has threads, while there is room to read ahead.
    fn hire(&self) {
        let Some(pool) = &self.pool else { return };
        let mut state = self.shared.lock();
        // Half empty before they start again, or each batch that is taken would start one.
        let room = state.ahead <= AHEAD_BYTES / 2;
        let more = if room { pool.threads().saturating_sub(state.workers).min(state.free.len()) } else { 0 };
        state.workers += more;
        drop(state);
        for _ in 0..more {
            let shared = Arc::clone(&self.shared);
            pool.spawn(move || shared.work());
        }
    }
}

impl Drop for Lanes {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.stopped = true;
        state.lanes.clear();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // No code that may panic runs under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a worker does: lane after lane, until there is none left or enough is read.
    fn work(&self) {
        let mut state = self.lock();
        while !state.stopped && state.ahead <= AHEAD_BYTES {
            let Some(lane) = state.free.pop_first() else { break };
            state = self.advance(state, lane, |state| !state.stopped && state.ahead <= AHEAD_BYTES);
        }
        state.workers = state.workers.saturating_sub(1);
    }

    /// Decodes a lane that nobody works on, without the lock, while `more` says so and there is more.
    fn advance<'s>(
        &'s self,
        mut state: MutexGuard<'s, State>,
        lane: usize,
        more: impl Fn(&State) -> bool,
    ) -> MutexGuard<'s, State> {
        let Some(work) = state.lanes.get_mut(lane).map(|l| std::mem::replace(&mut l.work, Work::Running)) else {
            return state;
        };
        drop(state);
        let mut decoder = match work {
            Work::New(unit) => Decoder::new(unit),
            Work::Parked(decoder) => Ok(decoder),
            Work::Running | Work::Done => return self.lock(),
        };
        loop {
            let step = match &mut decoder {
                Ok(decoder) => self.cancel.check().map_or_else(|e| Some(Err(e)), |()| decoder.step()),
                Err(_) => None,
            };
            let mut state = self.lock();
            if state.stopped {
                return state;
            }
            let bytes = match (&step, &decoder) {
                (Some(Ok(batch)), Ok(decoder)) => decoder.row_bytes() * batch.num_rows() as u64,
                _ => 0,
            };
            state.ahead += bytes;
            let go_on = more(&state);
            let Some(slot) = state.lanes.get_mut(lane) else { return state };
            let failed = !matches!(step, Some(Ok(_)));
            slot.queue.extend(step);
            decoder = match decoder {
                Err(e) => {
                    slot.queue.push_back(Err(e));
                    slot.work = Work::Done;
                    self.changed.notify_all();
                    return state;
                }
                Ok(_) if failed => {
                    slot.work = Work::Done;
                    self.changed.notify_all();
                    return state;
                }
                Ok(parked) if !go_on => {
                    slot.work = Work::Parked(parked);
                    state.free.insert(lane);
                    self.changed.notify_all();
                    return state;
                }
                running => running,
            };
            self.changed.notify_all();
            drop(state);
        }
    }

    /// The next batch of a lane; none when it has ended.
    fn take(&self, lane: usize) -> Result<Option<RecordBatch>> {
        let mut state = self.lock();
        loop {
            let Some(slot) = state.lanes.get_mut(lane) else { return Ok(None) };
            if let Some(batch) = slot.queue.pop_front() {
                let bytes = batch.as_ref().map_or(0, |b| slot.row_bytes * b.num_rows() as u64);
                state.ahead = state.ahead.saturating_sub(bytes);
                return batch.map(Some);
            }
            state = match slot.work {
                Work::Done => return Ok(None),
                Work::New(_) | Work::Parked(_) => {
                    state.free.remove(&lane);
                    self.advance(state, lane, |_| false)
                }
                Work::Running => {
                    // Now and then it looks up, since a cancel does not wake it.
                    let waited = self.changed.wait_timeout(state, Duration::from_millis(50));
                    let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
                    self.cancel.check()?;
                    state
                }
            };
        }
    }
}
