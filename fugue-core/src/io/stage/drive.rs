//! A save whose rows all come here: dealt to parts, which threads write.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use arrow::record_batch::RecordBatch;

use super::Staging;
use super::part::{Part, PartPlan, PartWriter, dealt, sliced};
use crate::error::{Error, ErrorKind, Result};
use crate::io::source::BatchIter;
use crate::run::{Cancel, Reporter};
use crate::schema;

/// Writes batches with at most so many threads, and commits; gives the number of rows.
pub(crate) fn write(staging: Staging, batches: BatchIter, threads: usize, cancel: &Cancel, progress: &Reporter) -> Result<u64> {
    let reporter = progress.clone();
    let batches: BatchIter = Box::new(batches.inspect(move |batch| {
        let rows = batch.as_ref().map_or(0, |batch| batch.num_rows() as u64);
        reporter.change(|known| known.written.rows += rows);
    }));
    let plan = staging.plan().clone();
    let files = if plan.single { None } else { plan.options.wanted_files()? };
    // Rows of a key are written by one thread, unless several files are asked for.
    let writers = match files {
        Some(files) => files,
        None if plan.options.keys.is_empty() => 1,
        None => threads.max(1),
    };
    // One file has its columns on all threads; of several, as of keys, each has one.
    let is_one = writers == 1 && plan.options.keys.is_empty();
    let (threads, of_each) = (threads.clamp(1, writers), if is_one { threads } else { 1 });
    let parts = if threads == 1 {
        let mut own = Writers::new(&plan, of_each);
        deal(&plan, batches, writers, files.is_some(), cancel, |writer, batch| own.write(writer, &batch))?;
        own.finish()?
    } else {
        on_threads(&plan, batches, writers, files.is_some(), threads, cancel)?
    };
    let rows = staging.commit(parts.clone(), cancel)?;
    tell(&parts, progress, false);
    Ok(rows)
}

/// Tells how large the files of parts are, and how many rows they have where nobody told so as they went.
pub(crate) fn tell(parts: &[Part], progress: &Reporter, with_rows: bool) {
    for part in parts {
        let (files, bytes) = part.size();
        progress.change(|known| {
            known.written.files += files;
            known.written.bytes += bytes;
            known.written.rows += if with_rows { part.rows() } else { 0 };
        });
    }
}

/// Gives each writer its rows.
fn deal(
    plan: &PartPlan,
    batches: BatchIter,
    writers: usize,
    slices: bool,
    cancel: &Cancel,
    mut give: impl FnMut(usize, RecordBatch) -> Result<()>,
) -> Result<()> {
    let keys = plan.schema.indices_of(&plan.options.keys)?;
    let mut first = 0;
    for batch in batches {
        cancel.check()?;
        let batch = schema::normalise(&batch?, &plan.schema)?;
        if writers == 1 {
            give(0, batch)?;
        } else if slices {
            for (writer, slice) in sliced(&batch, writers, &mut first) {
                give(writer, slice)?;
            }
        } else {
            for (writer, share) in dealt(&batch, &keys, &plan.schema, writers)?.into_iter().enumerate() {
                if let Some(share) = share {
                    give(writer, share)?;
                }
            }
        }
    }
    Ok(())
}

fn on_threads(
    plan: &PartPlan,
    batches: BatchIter,
    writers: usize,
    slices: bool,
    threads: usize,
    cancel: &Cancel,
) -> Result<Vec<Part>> {
    // Threads of their own: those of the pool make the rows, and must not wait for one another.
    std::thread::scope(|scope| {
        let (mut doors, mut handles) = (Vec::with_capacity(threads), Vec::with_capacity(threads));
        for _ in 0..threads {
            let (door, rows) = sync_channel(2);
            doors.push(door);
            let spawned = std::thread::Builder::new().name("fugue-save".into()).spawn_scoped(scope, move || receive(plan, rows));
            handles
                .push(spawned.map_err(|e| Error::new(ErrorKind::Io, "the system gives no thread to write with").with_source(e))?);
        }
        let sent = deal(plan, batches, writers, slices, cancel, |writer, batch| send(&doors[writer % threads], writer, batch));
        drop(doors);
        let mut parts = Vec::new();
        let mut failure = None;
        for handle in handles {
            match handle.join() {
                Ok(Ok(more)) => parts.extend(more),
                Ok(Err(e)) => failure = failure.or(Some(e)),
                Err(_) => failure = failure.or(Some(Error::new(ErrorKind::Unexpected, "a thread that writes has panicked"))),
            }
        }
        match (failure, sent) {
            // Who sends to a thread that has failed only knows that it is gone.
            (Some(failure), Ok(()) | Err(_)) => Err(failure),
            (None, Err(e)) => Err(e),
            (None, Ok(())) => Ok(parts),
        }
    })
}

type Rows = (usize, RecordBatch);

fn send(door: &SyncSender<Rows>, writer: usize, batch: RecordBatch) -> Result<()> {
    door.send((writer, batch)).map_err(|_| Error::new(ErrorKind::Unexpected, "a thread that writes has ended before its rows"))
}

fn receive(plan: &PartPlan, rows: Receiver<Rows>) -> Result<Vec<Part>> {
    let mut own = Writers::new(plan, 1);
    for (writer, batch) in rows {
        own.write(writer, &batch)?;
    }
    own.finish()
}

/// Writers by their numbers, begun when they have rows.
struct Writers<'p> {
    plan: &'p PartPlan,
    threads: usize,
    open: std::collections::BTreeMap<usize, PartWriter>,
}

impl<'p> Writers<'p> {
    /// Each writer encodes with so many threads.
    fn new(plan: &'p PartPlan, threads: usize) -> Self {
        Self { plan, threads, open: std::collections::BTreeMap::new() }
    }

    fn write(&mut self, writer: usize, batch: &RecordBatch) -> Result<()> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        let writer = match self.open.entry(writer) {
            std::collections::btree_map::Entry::Occupied(open) => open.into_mut(),
            std::collections::btree_map::Entry::Vacant(free) => {
                free.insert(self.plan.writer(writer as u64)?.on_threads(self.threads))
            }
        };
        writer.write(batch)
    }

    /// Ends all of them.
    fn finish(self) -> Result<Vec<Part>> {
        self.open.into_values().map(PartWriter::finish).collect()
    }
}
