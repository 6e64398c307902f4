//! Calling: tasks with the rows of a call, and what faults do to calls, errors and answers.

use std::sync::atomic::Ordering;

use conformance_tests::value::{OwnRow, OwnValue, Table};
use fugue_core::arrow::record_batch::RecordBatch;
use fugue_core::group::{Groups, Member};
use fugue_core::partition::PartitionSpec;
use fugue_core::run::{Cancel, Gates, Job, RunContext, ordered};
use fugue_core::transform::{Shape, Task};
use fugue_core::{Error, ErrorKind, Result, Schema};

use super::super::fault::Fault;
use super::groups::Call;
use super::values::plain_text;
use super::{Reference, broken};

impl Reference {
    /// Calls a task with each of the calls.
    pub(super) fn call(
        &self,
        task: &Task,
        inputs: &[Schema],
        spec: &PartitionSpec,
        calls: Vec<Call>,
        run: &RunContext,
    ) -> Result<Table> {
        let mut run = run.clone();
        if self.is(Fault::IgnoresCancel) {
            run.cancel = Cancel::never();
        }
        let keys: Vec<&str> = spec.keys().iter().map(|k| &**k).collect();
        let key_schema = inputs.first().map_or_else(|| Schema::new([]), |first| first.extract(keys))?;
        let one = |(number, call): (usize, Call)| {
            run.cancel.check()?;
            // The key as the data has it: what the engine groups by may be another text of it.
            let key = self.key_of(&key_schema, inputs, &call);
            let number = if self.is(Fault::NumbersEveryPartitionZero) { 0 } else { number };
            if self.is(Fault::CallsTwice) {
                self.call_once(task, inputs, &key_schema, key.clone(), call.members.clone(), number, &run)?;
            }
            let batches = self.call_once(task, inputs, &key_schema, key, call.members, number, &run)?;
            Ok(Table::from_batches(task.output(), &batches).map_err(broken)?.rows)
        };
        let calls = calls.into_iter().enumerate();
        let results: Vec<Result<Vec<OwnRow>>> = if self.is(Fault::CallsAllAtOnce) || self.is(Fault::GivesEachCallItsGates) {
            let one = &one;
            std::thread::scope(|scope| {
                let threads: Vec<_> = calls.map(|call| scope.spawn(move || one(call))).collect();
                threads.into_iter().map(|t| t.join().unwrap_or_else(|_| Err(broken("a thread panicked".to_owned())))).collect()
            })
        } else {
            let mut results = Vec::new();
            for call in calls {
                let result = one(call);
                let over = result.is_err() && !self.is(Fault::GoesOnAfterAFailure) && !self.is(Fault::SwallowsErrors);
                results.push(result);
                if over {
                    break;
                }
            }
            results
        };
        let mut output = Table::empty(task.output().clone());
        for result in results {
            match result {
                Ok(mut rows) => {
                    if self.is(Fault::ShufflesOutputs) {
                        rows.reverse();
                    }
                    if rows.is_empty() && self.is(Fault::GivesARowForNothing) {
                        rows.push(vec![OwnValue::Null; task.output().len()]);
                    }
                    output.rows.extend(rows);
                }
                Err(_) if self.is(Fault::SwallowsErrors) => {}
                Err(e) => return Err(self.told(e)),
            }
        }
        Ok(output)
    }

    /// An error as the engine tells it.
    fn told(&self, error: Error) -> Error {
        self.failed.store(true, Ordering::Relaxed);
        if self.is(Fault::LosesErrorKinds) {
            return Error::new(ErrorKind::EngineFailed, error.to_string());
        }
        if self.is(Fault::LosesErrorContext) {
            return Error::new(error.kind(), error.message());
        }
        error
    }

    fn key_of(&self, keys: &Schema, inputs: &[Schema], call: &Call) -> OwnRow {
        let looked_at = if self.is(Fault::TakesKeysOfTheFirstMember) { 1 } else { inputs.len() };
        let seen = inputs.iter().zip(&call.members).take(looked_at).find_map(|(schema, rows)| {
            let row = rows.first()?;
            keys.names().map(|name| Some(row[schema.index_of(name)?].clone())).collect::<Option<OwnRow>>()
        });
        let seen: OwnRow = seen.unwrap_or_else(|| keys.names().map(|_| OwnValue::Null).collect());
        if self.is(Fault::TellsKeysAsTheyCome) {
            return seen;
        }
        // The two zeros are one key, and so are all NaN.
        let one = |value| match value {
            OwnValue::Float(x) => OwnValue::Float(if x.is_nan() { f64::NAN } else { x + 0.0 }),
            other => other,
        };
        seen.into_iter().map(one).collect()
    }

    #[expect(clippy::too_many_arguments, reason = "what a call is made of")]
    fn call_once(
        &self,
        task: &Task,
        inputs: &[Schema],
        key_schema: &Schema,
        key: OwnRow,
        members: Vec<Vec<OwnRow>>,
        number: usize,
        run: &RunContext,
    ) -> Result<Vec<RecordBatch>> {
        let keys = Table::new(key_schema.clone(), vec![key]).to_batch().map_err(broken)?;
        let tables: Vec<Table> = inputs.iter().zip(members).map(|(schema, rows)| Table::new(schema.clone(), rows)).collect();
        let groups = |tables: &[Table]| -> Result<Groups> {
            let members = tables.iter().map(|table| {
                let mut batch = table.to_batch().map_err(broken)?;
                if self.is(Fault::CallsWithAnotherLayout) {
                    batch = plain_text(&batch)?;
                }
                if self.is(Fault::LosesColumnsOfEmptyMembers) && batch.num_rows() == 0 {
                    batch = batch.project(&[0])?;
                }
                Ok(Member { offsets: vec![0, batch.num_rows()], batch })
            });
            Ok(Groups {
                members: members.collect::<Result<_>>()?,
                keys: keys.clone(),
                first: number,
                physical: number,
                apart: false,
            })
        };
        if task.shape() == Shape::Stream {
            let position = groups(&tables.iter().map(|t| Table::empty(t.schema.clone())).collect::<Vec<_>>())?;
            let sizes = vec![3; tables[0].rows.len() / 3];
            let batches = tables[0].to_batches(&sizes).map_err(broken)?;
            let input = Box::new(batches.into_iter().map(Ok));
            return on_pool(task, run, move |task, run| task.run_stream(position, input, run)?.collect());
        }
        let groups = groups(&tables)?;
        if self.is(Fault::RunsOnTheCallersThread) || self.is(Fault::CallsAllAtOnce) {
            return task.run(groups, run);
        }
        if self.is(Fault::GivesEachCallItsGates) {
            return task.run(groups, &run.with_gates(Gates::new()));
        }
        on_pool(task, run, move |task, run| task.run(groups, run))
    }
}

/// Makes one call on a thread of the session, and waits for it.
fn on_pool(
    task: &Task,
    run: &RunContext,
    call: impl FnOnce(&Task, &RunContext) -> Result<Vec<RecordBatch>> + Send + 'static,
) -> Result<Vec<RecordBatch>> {
    let (task, inner) = (task.clone(), run.clone());
    let job: Job<Vec<RecordBatch>> = Box::new(move || call(&task, &inner));
    ordered(&run.pool, &run.cancel, std::iter::once(Ok(job))).collect::<Result<Vec<_>>>().map(|calls| calls.concat())
}
