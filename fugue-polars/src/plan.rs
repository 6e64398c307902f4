//! Native plans: their schemas, and their rows as batches, pulled through a thread that waits for whoever reads.

use std::sync::mpsc::{Receiver, sync_channel};

use fugue_core::arrow::record_batch::RecordBatch;
use fugue_core::io::BatchIter;
use fugue_core::run::Cancel;
use fugue_core::{Error, ErrorKind, Result, Schema};
use polars::prelude::{DataFrame, Engine, LazyFrame, PlanCallback, PolarsResult, by_name, len, polars_err};
use polars_plan::dsl::FileScanIR;
use polars_plan::plans::{ArenaLpIter, IR};

use crate::batches::batches_from;
use crate::error::guarded;
use crate::types;

/// The schema of a plan, found without running it; footers of files may be read.
///
/// # Errors
/// [`ErrorKind::EngineFailed`] for a plan that does not resolve, [`ErrorKind::SchemaInvalid`] for types outside the table.
pub(crate) fn schema(plan: &LazyFrame) -> Result<Schema> {
    let mut plan = plan.clone();
    let schema = guarded(move || plan.collect_schema())?;
    types::schema_of(&schema)
}

/// A plan with these columns alone, in this order; this is what pushes the projection into scans.
pub(crate) fn select(plan: &LazyFrame, schema: &Schema) -> LazyFrame {
    // Names are names: `col` would take `*` and `^…$` for patterns.
    plan.clone().select([by_name(schema.names(), true, false).as_expr()])
}

/// The rows of a plan in order, as Polars makes them: it waits while nobody reads, and stops when the iterator is dropped.
/// Nothing runs before the first pull.
///
/// `schema` is that of the plan.
pub(crate) fn read(plan: LazyFrame, schema: Schema, cancel: &Cancel) -> BatchIter {
    let mut reader = Reader { schema, cancel: cancel.clone(), state: State::Waiting(Box::new(plan)), rows: 0 };
    let mut ready: std::vec::IntoIter<RecordBatch> = Vec::new().into_iter();
    Box::new(std::iter::from_fn(move || {
        loop {
            if let Some(batch) = ready.next() {
                return Some(Ok(batch));
            }
            match reader.step() {
                Ok(Some(batches)) => ready = batches.into_iter(),
                Ok(None) => return None,
                Err(e) => {
                    reader.state = State::Over;
                    return Some(Err(e));
                }
            }
        }
    }))
}

/// The number of rows of a plan.
///
/// # Errors
/// What the plan meets.
pub(crate) fn count(plan: &LazyFrame) -> Result<u64> {
    number(counted(plan.clone()))
}

/// A plan that counts the rows of another.
pub(crate) fn counted(plan: LazyFrame) -> LazyFrame {
    plan.select([len()])
}

/// The number that a plan comes to which [counts](counted).
///
/// # Errors
/// What the plan meets.
pub(crate) fn number(plan: LazyFrame) -> Result<u64> {
    guarded(move || {
        let engine = engine(&plan)?;
        let answer = plan.collect_with_engine(engine)?.unwrap_single();
        let rows = answer.columns().first().map(|rows| rows.idx().map(|rows| rows.first())).transpose()?.flatten();
        rows.map(u64::from).ok_or_else(|| polars_err!(ComputeError: "nothing was counted"))
    })
}

/// What a plan says of itself, optimised.
///
/// # Errors
/// [`ErrorKind::EngineFailed`] for a plan that does not resolve.
pub(crate) fn explain(plan: &LazyFrame) -> Result<String> {
    let plan = plan.clone();
    guarded(move || plan.explain(true))
}

/// The engine of Polars that runs a plan: the streaming one, but for what it does not know.
fn engine(plan: &LazyFrame) -> PolarsResult<Engine> {
    let ir = plan.clone().to_alp()?;
    // A scan of the user's own makes the streaming engine panic (`todo!`, polars-stream 0.55 lower_ir).
    let own_scan = |ir: &IR| matches!(ir, IR::Scan { scan_type, .. } if matches!(**scan_type, FileScanIR::Anonymous { .. }));
    Ok(if ir.lp_arena.iter(ir.lp_top).any(|(_, ir)| own_scan(ir)) { Engine::InMemory } else { Engine::Streaming })
}

enum Message {
    Frame(DataFrame),
    /// Nothing comes after it. Without it the end of the channel would be taken for the end of the data when the thread dies.
    End(Result<()>),
}

enum State {
    Waiting(Box<LazyFrame>),
    Running(Receiver<Message>),
    Over,
}

struct Reader {
    schema: Schema,
    cancel: Cancel,
    state: State,
    /// Rows that were read so far, so that errors name rows of the plan and not of a piece of it.
    rows: usize,
}

impl Reader {
    /// The batches of the next piece; `None` at the end.
    fn step(&mut self) -> Result<Option<Vec<RecordBatch>>> {
        self.cancel.check()?;
        let receive = match &self.state {
            State::Running(receive) => receive,
            State::Over => return Ok(None),
            State::Waiting(plan) => {
                let receive = start((**plan).clone(), self.cancel.clone())?;
                self.state = State::Running(receive);
                return self.step();
            }
        };
        match receive.recv() {
            Ok(Message::Frame(df)) => {
                let batches = batches_from(&df, &self.schema, self.rows)?;
                self.rows += df.height();
                Ok(Some(batches))
            }
            Ok(Message::End(ended)) => {
                self.state = State::Over;
                // A query that was stopped ends well, and early.
                ended.and_then(|()| self.cancel.check()).map(|()| None)
            }
            Err(_) => Err(Error::new(ErrorKind::Unexpected, "the thread of a Polars query ended without an answer")),
        }
    }
}

/// Starts a query on a thread of its own, one piece ahead of the reader.
fn start(plan: LazyFrame, cancel: Cancel) -> Result<Receiver<Message>> {
    let (send, receive) = sync_channel(1);
    let pieces = send.clone();
    let work = move || {
        let ended = guarded(move || {
            let engine = engine(&plan)?;
            let sink =
                PlanCallback::new(move |df: DataFrame| Ok(cancel.check().is_err() || pieces.send(Message::Frame(df)).is_err()));
            plan.sink_batches(sink, true, None)?.collect_with_engine(engine).map(drop)
        });
        // The reader may be gone; then nobody wants to know how it ended.
        let _ = send.send(Message::End(ended));
    };
    std::thread::Builder::new()
        .name("fugue-polars".to_owned())
        .spawn(work)
        .map_err(|e| Error::new(ErrorKind::SettingInvalid, "the operating system gives no more threads").with_source(e))?;
    Ok(receive)
}
