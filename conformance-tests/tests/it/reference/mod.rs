//! An engine made of the oracle: slow, simple, and breakable in one way at a time.

mod calls;
mod groups;
mod relational;
mod sql;
mod storage;
mod values;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use conformance_tests::value::Table;
use fugue_core::engine::{Engine, EngineInfo, Map, Physical, Relational, Sql, Storage, Zip};
use fugue_core::frame::{BatchStream, Source};
use fugue_core::partition::PartitionSpec;
use fugue_core::run::{Cancel, Pool, RunContext};
use fugue_core::transform::Task;
use fugue_core::{Error, ErrorKind, Result, Schema};
use futures::future::BoxFuture;

use super::fault::Fault;
use values::plain_text;

/// How many partitions it says it works on.
const PARALLELISM: usize = 2;

/// The engine. Without a fault it keeps every rule.
#[derive(Clone)]
pub(crate) struct Reference {
    fault: Option<Fault>,
    /// The first task of each function that was planned: what a careless cache of plans would run again.
    first_tasks: Arc<Mutex<BTreeMap<String, Task>>>,
    /// Whether a call failed.
    failed: Arc<AtomicBool>,
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
    Repartition(Plan, PartitionSpec),
    Relational(relational::Request),
    /// Rows that are kept, in their partitions.
    Rows(Vec<Table>),
}

impl Reference {
    /// An engine, with a fault or without.
    pub(crate) fn new(fault: Option<Fault>) -> Self {
        Self { fault, first_tasks: Arc::default(), failed: Arc::default() }
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
        Ok(Plan::new(self.seen(&source)?, Node::Source(source)))
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
            let run = RunContext::new(Pool::shared()?, Cancel::never());
            let parts = self.parts(&plan, &run)?;
            return Ok(Plan::new(plan.schema, Node::Rows(parts)));
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

    fn explain(&self, frame: &Plan) -> Result<String> {
        Ok(if self.is(Fault::SaysNothing) { "a plan".to_owned() } else { format!("reference [{}]", frame.schema) })
    }

    async fn close(&self) -> Result<()> {
        Ok(())
    }

    fn physical(&self) -> Option<&dyn Physical<Plan>> {
        Some(self)
    }

    fn relational(&self) -> Option<&dyn Relational<Plan>> {
        Some(self)
    }

    fn sql(&self) -> Option<&dyn Sql<Plan>> {
        self.spoils_queries().then_some(self)
    }

    fn storage(&self) -> Option<&dyn Storage<Plan>> {
        Some(self)
    }
}

impl Physical<Plan> for Reference {
    fn repartition(&self, frame: &Plan, spec: &PartitionSpec) -> Result<Plan> {
        Ok(Plan::new(frame.schema.clone(), Node::Repartition(frame.clone(), spec.clone())))
    }

    fn persist<'a>(&'a self, frame: &'a Plan, run: &'a RunContext) -> BoxFuture<'a, Result<Plan>> {
        Box::pin(async move {
            if self.is(Fault::ForgetsToPersist) {
                return Ok(frame.clone());
            }
            let parts = self.parts(frame, run)?;
            Ok(Plan::new(frame.schema.clone(), Node::Rows(parts)))
        })
    }

    fn broadcast(&self, frame: &Plan) -> Result<Plan> {
        Ok(frame.clone())
    }

    fn partitions(&self, frame: &Plan) -> Result<Option<usize>> {
        Ok(match &*frame.node {
            Node::Rows(parts) => Some(parts.len()),
            Node::Repartition(..) => None,
            _ => Some(1),
        })
    }
}

impl Reference {
    /// All rows of a frame.
    fn rows(&self, frame: &Plan, run: &RunContext) -> Result<Table> {
        let rows = self.parts(frame, run)?.into_iter().flat_map(|part| part.rows).collect();
        Ok(Table::new(frame.schema.clone(), rows))
    }

    /// The rows of a frame in its physical partitions.
    fn parts(&self, frame: &Plan, run: &RunContext) -> Result<Vec<Table>> {
        if self.is(Fault::BreaksAfterAFailure) && self.failed.load(Ordering::Relaxed) {
            return Err(broken("something failed before".to_owned()));
        }
        Ok(match &*frame.node {
            Node::Rows(parts) => parts.clone(),
            Node::Source(source) => vec![self.scan(source, run)?],
            Node::Repartition(input, spec) => {
                let mut parts = self.parts(input, run)?;
                if self.is(Fault::DuplicatesRowsOnRepartition)
                    && let Some(part) = parts.first_mut()
                {
                    let first = part.rows.first().cloned();
                    part.rows.extend(first);
                }
                if self.is(Fault::IgnoresRepartition) { parts } else { self.laid_out(&frame.schema, parts, spec)? }
            }
            Node::Relational(request) => vec![self.answer(&frame.schema, request, |plan| self.rows(plan, run))?],
            Node::Map(input, map) => {
                let calls = self.calls(&input.schema, self.parts(input, run)?, &map.spec)?;
                vec![self.call(&map.task, std::slice::from_ref(&input.schema), &map.spec, calls, run)?]
            }
            Node::Zip(zip, task) => {
                let mut tables = zip.members.iter().map(|m| self.rows(m, run)).collect::<Result<Vec<_>>>()?;
                if self.is(Fault::SwapsMembers) && tables.len() == 2 && tables[0].schema == tables[1].schema {
                    tables.swap(0, 1);
                }
                if self.is(Fault::ReadsATwinOnce) && Arc::ptr_eq(&zip.members[0].node, &zip.members[1].node) {
                    tables[1].rows.clear();
                }
                let calls = self.zipped(&tables, zip)?;
                let schemas: Vec<Schema> = tables.into_iter().map(|t| t.schema).collect();
                vec![self.call(task, &schemas, &zip.spec, calls, run)?]
            }
        })
    }
}

fn broken(message: String) -> Error {
    Error::new(ErrorKind::Unexpected, message)
}
