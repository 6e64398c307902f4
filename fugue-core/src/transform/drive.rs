//! The loop over groups that all shapes share: cancel, progress, dropped groups, alignment, one writer for many groups.

use std::sync::Arc;

use arrow::record_batch::RecordBatch;

use crate::error::{Error, ErrorKind, Result};
use crate::group::{Groups, Member};
use crate::schema::Schema;

use super::emit::Align;
use super::task::{Progress, TaskContext};

/// Something that collects the output of calls, whatever their shape.
pub(crate) trait Collector: Sized {
    fn start(own: &Schema, capacity: usize) -> Result<Self>;
    fn finish(self) -> Result<Vec<RecordBatch>>;
}

/// The only input of a transform.
pub(crate) fn only(groups: &Groups) -> Result<&Member> {
    groups.members.first().ok_or_else(|| Error::new(ErrorKind::Unexpected, "a task was run without an input"))
}

/// Calls `call` once per group; it writes to the collector and returns the number of rows written.
pub(crate) fn per_group<C: Collector>(
    cx: &TaskContext,
    groups: &Arc<Groups>,
    at: &Progress,
    mut call: impl FnMut(usize, &mut C) -> Result<usize>,
) -> Result<Vec<RecordBatch>> {
    let rows = groups.members.iter().map(|m| m.batch.num_rows()).max().unwrap_or(0);
    let Some(ignore) = &cx.ignore else {
        let capacity = if cx.emit.align == Align::PerGroup { groups.len() } else { rows };
        let mut collector = C::start(&cx.own, capacity)?;
        for index in 0..groups.len() {
            cx.run.cancel.check()?;
            at.group(index);
            let written = call(index, &mut collector)?;
            aligned(cx, groups, index, written)?;
        }
        return cx.emit.assemble(collector.finish()?, groups, 0, groups.len());
    };
    // A dropped group must take back what it wrote, so each group gets a writer of its own.
    let mut batches = Vec::new();
    for index in 0..groups.len() {
        cx.run.cancel.check()?;
        at.group(index);
        let mut collector = C::start(&cx.own, 0)?;
        let done = call(index, &mut collector)
            .and_then(|written| aligned(cx, groups, index, written))
            .and_then(|()| cx.emit.assemble(collector.finish()?, groups, index, index + 1));
        match done {
            Ok(some) => batches.extend(some),
            Err(e) if ignore.drops(&e) => {}
            Err(e) => return Err(e),
        }
    }
    Ok(batches)
}

/// Calls `call` once per row; a row whose error is to be dropped drops alone.
pub(crate) fn per_row<C: Collector>(
    cx: &TaskContext,
    groups: &Arc<Groups>,
    at: &Progress,
    mut call: impl FnMut(usize, usize, &mut C) -> Result<usize>,
) -> Result<Vec<RecordBatch>> {
    let member = only(groups)?;
    let Some(ignore) = &cx.ignore else {
        let mut collector = C::start(&cx.own, member.batch.num_rows())?;
        for index in 0..groups.len() {
            at.group(index);
            for row in member.offsets[index]..member.offsets[index + 1] {
                cx.run.cancel.check_step(row)?;
                at.row(row);
                let written = call(index, row, &mut collector)?;
                if cx.emit.align == Align::PerRow && written != 1 {
                    return Err(misaligned(1, written));
                }
            }
        }
        return cx.emit.assemble(collector.finish()?, groups, 0, groups.len());
    };
    let mut batches = Vec::new();
    for index in 0..groups.len() {
        at.group(index);
        for row in member.offsets[index]..member.offsets[index + 1] {
            cx.run.cancel.check()?;
            at.row(row);
            let single = Groups {
                members: vec![Member { batch: member.batch.slice(row, 1), offsets: vec![0, 1] }],
                keys: groups.keys.slice(index, 1),
                first: groups.first + index,
                physical: groups.physical_of(index),
                apart: false,
            };
            let mut collector = C::start(&cx.own, 1)?;
            let done = call(index, row, &mut collector).and_then(|written| {
                if cx.emit.align == Align::PerRow && written != 1 {
                    return Err(misaligned(1, written));
                }
                cx.emit.assemble(collector.finish()?, &single, 0, 1)
            });
            match done {
                Ok(some) => batches.extend(some),
                Err(e) if ignore.drops(&e) => {}
                Err(e) => return Err(e),
            }
        }
    }
    Ok(batches)
}

fn aligned(cx: &TaskContext, groups: &Groups, index: usize, written: usize) -> Result<()> {
    let wanted = match cx.emit.align {
        Align::Free => return Ok(()),
        Align::PerGroup => 1,
        Align::PerRow => only(groups).map(|m| m.offsets[index + 1] - m.offsets[index])?,
    };
    if written == wanted { Ok(()) } else { Err(misaligned(wanted, written)) }
}

fn misaligned(wanted: usize, written: usize) -> Error {
    Error::new(
        ErrorKind::SchemaMismatch,
        format!(
            "the call wants the function's rows beside the rows of its input, but it returned {written} rows for {wanted}; return as \
             many, or declare a schema that has only columns the function writes"
        ),
    )
}
