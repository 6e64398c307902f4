//! An engine made of the oracle: slow, simple, and breakable in one way at a time.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use conformance_tests::oracle::in_order;
use conformance_tests::value::{OwnRow, OwnValue, Table};
use fugue_core::arrow::datatypes::DataType;
use fugue_core::arrow::record_batch::RecordBatch;
use fugue_core::engine::{Engine, EngineInfo, Map, Physical, Zip};
use fugue_core::frame::{BatchStream, Source};
use fugue_core::group::{Groups, Member, ZipKind};
use fugue_core::partition::{Algo, PartitionSpec};
use fugue_core::run::{Cancel, Job, RunContext, ordered};
use fugue_core::transform::{Shape, Task};
use fugue_core::{Error, ErrorKind, Result, Schema, Type};
use futures::future::BoxFuture;

use super::fault::Fault;

/// How many partitions it says it works on.
const PARALLELISM: usize = 2;

/// The engine. Without a fault it keeps every rule.
#[derive(Clone)]
pub(crate) struct Reference {
    fault: Option<Fault>,
    /// The first task of each function that was planned: what a careless cache of plans would run again.
    first_tasks: Arc<Mutex<BTreeMap<String, Task>>>,
}

/// A plan of the engine.
#[derive(Clone)]
pub(crate) struct Plan {
    schema: Schema,
    node: Arc<Node>,
    used: Arc<AtomicBool>,
}

impl Plan {
    fn new(schema: Schema, node: Node) -> Self {
        Self { schema, node: Arc::new(node), used: Arc::default() }
    }
}

enum Node {
    Source(Source),
    Map(Plan, Map),
    Zip(Zip<Plan>, Task),
    Repartition(Plan),
    Rows(Table),
}

/// One call to be: the key, and the rows of each member.
struct Call {
    key: Vec<OwnValue>,
    members: Vec<Vec<OwnRow>>,
}

impl Reference {
    /// An engine, with a fault or without.
    pub(crate) fn new(fault: Option<Fault>) -> Self {
        Self { fault, first_tasks: Arc::default() }
    }

    fn is(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }
}

impl fmt::Debug for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reference").field("fault", &self.fault).finish_non_exhaustive()
    }
}

impl Engine for Reference {
    type Frame = Plan;

    fn info(&self) -> EngineInfo {
        EngineInfo::new("reference", PARALLELISM)
    }

    fn schema(&self, frame: &Plan) -> Result<Schema> {
        Ok(frame.schema.clone())
    }

    fn ingest(&self, source: Source) -> Result<Plan> {
        Ok(Plan::new(source.schema().clone(), Node::Source(source)))
    }

    async fn stream(&self, frame: &Plan, run: &RunContext) -> Result<BatchStream> {
        let (engine, frame, run) = (self.clone(), frame.clone(), run.clone());
        let schema = match (&*frame.node, self.is(Fault::WrongSchemaWhenEmpty)) {
            (Node::Map(input, _), true) => input.schema.clone(),
            _ => frame.schema.clone(),
        };
        let cancel = if engine.is(Fault::IgnoresCancel) { Cancel::never() } else { run.cancel.clone() };
        BatchStream::blocking(schema, cancel, move || {
            let table = engine.rows(&frame, &run)?;
            let mut batch = table.to_batch().map_err(broken)?;
            if engine.is(Fault::DeliversAnotherLayout) {
                batch = plain_text(&batch)?;
            }
            if engine.is(Fault::IsUsedUp) && frame.used.swap(true, Ordering::Relaxed) {
                batch = batch.slice(0, 0);
            }
            let batches = if batch.num_rows() == 0 { Vec::new() } else { vec![Ok(batch)] };
            Ok(Box::new(batches.into_iter()))
        })
    }

    fn map(&self, frame: &Plan, map: &Map) -> Result<Plan> {
        let mut map = map.clone();
        if self.is(Fault::ConfusesTwoTasks) {
            let mut known = self.first_tasks.lock().unwrap_or_else(PoisonError::into_inner);
            map.task = known.entry(map.task.name().to_owned()).or_insert_with(|| map.task.clone()).clone();
        }
        let plan = Plan::new(map.task.output().clone(), Node::Map(frame.clone(), map));
        if self.is(Fault::RunsWhenPlanned) {
            let run = RunContext::new(fugue_core::run::Pool::shared()?, Cancel::never());
            let rows = self.rows(&plan, &run)?;
            return Ok(Plan::new(plan.schema, Node::Rows(rows)));
        }
        Ok(plan)
    }

    fn comap(&self, zip: &Zip<Plan>, task: &Task) -> Result<Option<Plan>> {
        Ok(Some(Plan::new(task.output().clone(), Node::Zip(zip.clone(), task.clone()))))
    }

    async fn count(&self, frame: &Plan, run: &RunContext) -> Result<u64> {
        let rows = self.stream(frame, run).await?.collect().await?.iter().map(|b| b.num_rows() as u64).sum::<u64>();
        Ok(if self.is(Fault::CountsOneTooMany) { rows + 1 } else { rows })
    }

    async fn close(&self) -> Result<()> {
        Ok(())
    }

    fn physical(&self) -> Option<&dyn Physical<Plan>> {
        Some(self)
    }
}

impl Physical<Plan> for Reference {
    fn repartition(&self, frame: &Plan, _: &PartitionSpec) -> Result<Plan> {
        Ok(Plan::new(frame.schema.clone(), Node::Repartition(frame.clone())))
    }

    fn persist<'a>(&'a self, frame: &'a Plan, run: &'a RunContext) -> BoxFuture<'a, Result<Plan>> {
        Box::pin(async move {
            if self.is(Fault::ForgetsToPersist) {
                return Ok(frame.clone());
            }
            let rows = self.rows(frame, run)?;
            Ok(Plan::new(frame.schema.clone(), Node::Rows(rows)))
        })
    }

    fn broadcast(&self, frame: &Plan) -> Result<Plan> {
        Ok(frame.clone())
    }

    fn partitions(&self, _: &Plan) -> Result<Option<usize>> {
        Ok(None)
    }
}

impl Reference {
    fn rows(&self, frame: &Plan, run: &RunContext) -> Result<Table> {
        match &*frame.node {
            Node::Rows(table) => Ok(table.clone()),
            Node::Source(source) => self.scan(source, run),
            Node::Repartition(input) => {
                let mut table = self.rows(input, run)?;
                if self.is(Fault::DuplicatesRowsOnRepartition) {
                    let first = table.rows.first().cloned();
                    table.rows.extend(first);
                }
                Ok(table)
            }
            Node::Map(input, map) => {
                let table = self.rows(input, run)?;
                let calls = self.calls(&table, &map.spec)?;
                self.call(&map.task, &[table.schema], &map.spec, calls, run)
            }
            Node::Zip(zip, task) => {
                let mut tables = zip.members.iter().map(|m| self.rows(m, run)).collect::<Result<Vec<_>>>()?;
                if self.is(Fault::SwapsMembers) && tables.len() == 2 && tables[0].schema == tables[1].schema {
                    tables.swap(0, 1);
                }
                let calls = self.zipped(&tables, zip)?;
                let schemas: Vec<Schema> = tables.into_iter().map(|t| t.schema).collect();
                self.call(task, &schemas, &zip.spec, calls, run)
            }
        }
    }

    fn scan(&self, source: &Source, run: &RunContext) -> Result<Table> {
        let mut batches = source.lazy().scan(None, &run.cancel)?.collect::<Result<Vec<RecordBatch>>>()?;
        if self.is(Fault::LosesABatch) && batches.len() > 1 {
            batches.pop();
        }
        let mut table = Table::from_batches(source.schema(), &batches).map_err(broken)?;
        if self.is(Fault::CutsInstants) {
            for (column, field) in table.schema.fields().iter().enumerate() {
                if matches!(field.ty(), Type::Datetime | Type::Timestamp(_)) {
                    table.rows.iter_mut().for_each(|row| cut_to_milliseconds(&mut row[column]));
                }
            }
        }
        for value in table.rows.iter_mut().flatten() {
            match value {
                OwnValue::Float(x) if x.is_nan() && self.is(Fault::TurnsNanToNull) => *value = OwnValue::Null,
                OwnValue::Text(t) if t.len() > 12 && self.is(Fault::CutsLongText) => {
                    *t = t.chars().take(6).collect();
                }
                _ => {}
            }
        }
        Ok(table)
    }

    /// The calls of a map.
    fn calls(&self, table: &Table, spec: &PartitionSpec) -> Result<Vec<Call>> {
        let rows = table.rows.len();
        let counted = if self.is(Fault::TakesRowCountForOne) { 1 } else { rows as u64 };
        let number = usize::try_from(spec.num_expr().evaluate(Some(counted), PARALLELISM)?).unwrap_or(usize::MAX).min(rows);
        let mut groups = self.groups(table, spec)?;
        if spec.keys().is_empty() {
            let rows = groups.pop().map(|(_, rows)| rows).unwrap_or_default();
            let uneven = spec.algorithm() == Algo::Even && self.is(Fault::MakesEvenUneven);
            let number = if self.is(Fault::IgnoresNumbers) { 1 } else { number.max(1) };
            let mut parts = cut(rows, number, uneven);
            if self.is(Fault::LosesAPartition) && parts.len() > 1 {
                parts.pop();
            }
            groups = parts.into_iter().map(|rows| (Vec::new(), rows)).collect();
        } else if spec.algorithm() == Algo::Coarse {
            groups = self.coarse(groups, number);
        }
        let mut calls: Vec<Call> = groups.into_iter().map(|(key, rows)| Call { key, members: vec![rows] }).collect();
        self.damage(&mut calls, spec.keys().is_empty());
        calls.retain(|call| !call.members[0].is_empty() || self.is(Fault::CallsWithoutRows));
        if calls.is_empty() && self.is(Fault::CallsWithoutRows) {
            let key = spec.keys().iter().map(|_| OwnValue::Null).collect();
            calls.push(Call { key, members: vec![Vec::new()] });
        }
        Ok(calls)
    }

    fn coarse(&self, groups: Vec<(Vec<OwnValue>, Vec<OwnRow>)>, number: usize) -> Vec<(Vec<OwnValue>, Vec<OwnRow>)> {
        let mut parts: Vec<(Vec<OwnValue>, Vec<OwnRow>)> = Vec::new();
        let most = if number == 0 { PARALLELISM } else { number };
        let size = groups.len().div_ceil(most).max(1);
        for (i, (key, rows)) in groups.into_iter().enumerate() {
            match parts.last_mut() {
                Some((_, part)) if i % size != 0 => part.extend(rows),
                _ => parts.push((key, rows)),
            }
        }
        if self.is(Fault::SplitsCoarseKeys) && parts.len() > 1 {
            let moved = parts[0].1.pop();
            parts[1].1.splice(0..0, moved);
        }
        parts
    }

    /// What the faults of groups do.
    fn damage(&self, calls: &mut Vec<Call>, unkeyed: bool) {
        match self.fault {
            Some(Fault::DropsARowPerKey) => calls.iter_mut().filter(|c| c.members[0].len() > 1).for_each(|c| {
                c.members[0].pop();
            }),
            Some(Fault::SplitsAKey) if !unkeyed => {
                if let Some(call) = calls.iter_mut().find(|c| c.members[0].len() > 1) {
                    let second = Call { key: call.key.clone(), members: vec![call.members[0].split_off(1)] };
                    calls.push(second);
                }
            }
            Some(Fault::MergesTwoKeys) if !unkeyed && calls.len() > 1 => {
                if let Some(last) = calls.pop() {
                    calls[0].members[0].extend(last.members.into_iter().flatten());
                }
            }
            Some(Fault::LosesNullKeys) => calls.retain(|c| c.key.is_empty() || !c.key.iter().any(OwnValue::is_null)),
            _ => {}
        }
    }

    /// The calls of a zip.
    fn zipped(&self, tables: &[Table], zip: &Zip<Plan>) -> Result<Vec<Call>> {
        let mut zipped: BTreeMap<Vec<OwnValue>, Vec<Vec<OwnRow>>> = BTreeMap::new();
        let mut lonely = Vec::new();
        for (member, table) in tables.iter().enumerate() {
            let unordered = PartitionSpec::new().by(zip.spec.keys().to_vec())?;
            let spec = if self.is(Fault::IgnoresPresortInZips) { &unordered } else { &zip.spec };
            for (key, rows) in self.groups(table, spec)? {
                let mut members = vec![Vec::new(); tables.len()];
                members[member] = rows;
                if key.iter().any(OwnValue::is_null) && self.is(Fault::KeepsNullKeysApart) {
                    lonely.push((key, members));
                } else {
                    let rows = members.swap_remove(member);
                    zipped.entry(key).or_insert_with(|| vec![Vec::new(); tables.len()])[member] = rows;
                }
            }
        }
        let called = |members: &[Vec<OwnRow>]| match zip.how {
            _ if self.is(Fault::DropsOneSidedKeys) => members.iter().all(|m| !m.is_empty()),
            ZipKind::Inner if self.is(Fault::LooksAtTwoMembers) => members.iter().take(2).all(|m| !m.is_empty()),
            ZipKind::Inner => members.iter().all(|m| !m.is_empty()),
            ZipKind::LeftOuter => members.first().is_some_and(|m| !m.is_empty()),
            ZipKind::RightOuter => members.last().is_some_and(|m| !m.is_empty()),
            _ => members.iter().any(|m| !m.is_empty()),
        };
        let all = zipped.into_iter().chain(lonely);
        Ok(all.filter(|(_, members)| called(members)).map(|(key, members)| Call { key, members }).collect())
    }

    /// The rows of each key in order.
    fn groups(&self, table: &Table, spec: &PartitionSpec) -> Result<Vec<(Vec<OwnValue>, Vec<OwnRow>)>> {
        let keys: Vec<usize> = table.schema.indices_of(spec.keys())?;
        let presort = spec.presort_keys().iter().filter_map(|key| Some((table.position(&key.column).ok()?, key.ascending)));
        let mut presort: Vec<(usize, bool)> = presort.collect();
        match self.fault {
            Some(Fault::IgnoresPresort) => presort.clear(),
            Some(Fault::SortsByTheFirstColumnOnly) => presort.truncate(1),
            Some(Fault::IgnoresDirections) => presort.iter_mut().for_each(|(_, ascending)| *ascending = true),
            _ => {}
        }
        let mut groups: BTreeMap<Vec<OwnValue>, Vec<OwnRow>> = BTreeMap::new();
        for row in &table.rows {
            let key = keys.iter().map(|k| self.key_value(&row[*k])).collect();
            groups.entry(key).or_default().push(row.clone());
        }
        for rows in groups.values_mut() {
            if self.is(Fault::PutsNullsFirst) {
                rows.sort_by(|a, b| nulls_first(a, b, &presort));
            } else {
                rows.sort_by(|a, b| in_order(a, b, &presort));
            }
        }
        Ok(groups.into_iter().collect())
    }

    /// A key as the engine groups by it. Odd floats get a text, so that they can be told apart; the data stays as it is.
    fn key_value(&self, value: &OwnValue) -> OwnValue {
        match value {
            OwnValue::Null if self.is(Fault::TakesNullForEmptyText) => OwnValue::text(""),
            OwnValue::Float(x) if x.is_nan() && self.is(Fault::TellsNansApart) => {
                OwnValue::List(vec![OwnValue::Int(i128::from(x.to_bits()))])
            }
            OwnValue::Float(x) if *x == 0.0 && self.is(Fault::TellsZerosApart) => {
                OwnValue::List(vec![OwnValue::Bool(x.is_sign_negative()), OwnValue::Int(0)])
            }
            other => other.clone(),
        }
    }

    /// Calls a task with each of the calls.
    fn call(&self, task: &Task, inputs: &[Schema], spec: &PartitionSpec, calls: Vec<Call>, run: &RunContext) -> Result<Table> {
        let mut run = run.clone();
        if self.is(Fault::IgnoresCancel) {
            run.cancel = Cancel::never();
        }
        let keys: Vec<&str> = spec.keys().iter().map(|k| &**k).collect();
        let key_schema = inputs.first().map_or_else(|| Schema::new([]), |first| first.extract(keys))?;
        let mut output = Table::empty(task.output().clone());
        for (number, call) in calls.into_iter().enumerate() {
            run.cancel.check()?;
            // The key as the data has it: what the engine groups by may be another text of it.
            let key = self.key_of(&key_schema, inputs, &call);
            let number = if self.is(Fault::NumbersEveryPartitionZero) { 0 } else { number };
            match self.call_once(task, inputs, &key_schema, key, call.members, number, &run) {
                Ok(batches) => {
                    let rows = Table::from_batches(task.output(), &batches).map_err(broken)?.rows;
                    output.rows.extend(rows);
                }
                Err(_) if self.is(Fault::SwallowsErrors) => {}
                Err(e) if self.is(Fault::LosesErrorKinds) => return Err(Error::new(ErrorKind::EngineFailed, e.to_string())),
                Err(e) => return Err(e),
            }
        }
        Ok(output)
    }

    fn key_of(&self, keys: &Schema, inputs: &[Schema], call: &Call) -> OwnRow {
        let looked_at = if self.is(Fault::TakesKeysOfTheFirstMember) { 1 } else { inputs.len() };
        let seen = inputs.iter().zip(&call.members).take(looked_at).find_map(|(schema, rows)| {
            let row = rows.first()?;
            keys.names().map(|name| Some(row[schema.index_of(name)?].clone())).collect::<Option<OwnRow>>()
        });
        seen.unwrap_or_else(|| keys.names().map(|_| OwnValue::Null).collect())
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

/// Cuts rows into a number of parts whose sizes differ by one at most; uneven ones have one row each but for the last.
fn cut(mut rows: Vec<OwnRow>, number: usize, uneven: bool) -> Vec<Vec<OwnRow>> {
    let total = rows.len();
    let mut parts = Vec::with_capacity(number);
    for i in 0..number {
        let size = if uneven { usize::from(i + 1 < number) } else { total / number + usize::from(i < total % number) };
        let rest = if uneven && i + 1 == number { Vec::new() } else { rows.split_off(size.min(rows.len())) };
        parts.push(std::mem::replace(&mut rows, rest));
    }
    parts
}

fn nulls_first(a: &[OwnValue], b: &[OwnValue], order: &[(usize, bool)]) -> std::cmp::Ordering {
    let mut orders = order.iter().map(|(column, ascending)| match (a[*column].is_null(), b[*column].is_null()) {
        (true, false) => std::cmp::Ordering::Less,
        (false, true) => std::cmp::Ordering::Greater,
        _ if *ascending => a[*column].order(&b[*column]),
        _ => b[*column].order(&a[*column]),
    });
    orders.find(|o| o.is_ne()).unwrap_or(std::cmp::Ordering::Equal)
}

fn cut_to_milliseconds(value: &mut OwnValue) {
    if let OwnValue::Int(micros) = value {
        *micros -= micros.rem_euclid(1_000);
    }
}

/// The same values with text in the layout that the contract does not want.
fn plain_text(batch: &RecordBatch) -> Result<RecordBatch> {
    let schema = batch.schema();
    let columns = schema.fields().iter().zip(batch.columns()).map(|(field, column)| {
        let text = field.data_type() == &DataType::Utf8View;
        let column = if text { fugue_core::arrow::compute::cast(column, &DataType::Utf8)? } else { Arc::clone(column) };
        Ok((field.name().clone(), column, true))
    });
    Ok(RecordBatch::try_from_iter_with_nullable(columns.collect::<Result<Vec<_>>>()?)?)
}

fn broken(message: String) -> Error {
    Error::new(ErrorKind::Unexpected, message)
}
