//! Queries over the reference engine's frames: read in another way where a fault says so, and answered by DataFusion at once.

use std::sync::OnceLock;

use conformance_tests::value::Table;
use fugue_core::engine::Sql;
use fugue_core::run::{Cancel, Pool, RunContext};
use fugue_core::{DataFrame, Error, ErrorKind, Result, Session};
use fugue_datafusion::DataFusionEngine;
use futures::future::BoxFuture;

use super::super::fault::Fault;
use super::{Node, Plan, Reference, broken};

impl Reference {
    /// Whether the fault is one of queries; without one they are answered as for any engine without SQL.
    pub(super) fn spoils_queries(&self) -> bool {
        matches!(
            self.fault,
            Some(Fault::Misreads(..) | Fault::LosesARowOfAnAnswer | Fault::AnswersWhenAsked | Fault::RefusesQueriesWithoutAWord)
        )
    }
}

impl Sql<Plan> for Reference {
    fn query<'a>(&'a self, query: &'a str, frames: Vec<(String, Plan)>) -> BoxFuture<'a, Result<Plan>> {
        Box::pin(async move {
            if self.is(Fault::RefusesQueriesWithoutAWord) {
                return Err(Error::new(ErrorKind::EngineFailed, "something failed"));
            }
            let session = planner()?;
            let run = RunContext::new(Pool::shared()?, Cancel::never());
            let frames = frames.into_iter().map(|(name, plan)| {
                let batch = self.rows(&plan, &run)?.to_batch().map_err(broken)?;
                Ok((name, session.frame(vec![batch])?))
            });
            let frames = frames.collect::<Result<Vec<(String, DataFrame)>>>()?;
            let text = match self.fault {
                Some(Fault::Misreads(word, other)) => query.replace(word, other),
                _ => query.to_owned(),
            };
            let answer = session.sql(&text, frames.iter().map(|(name, frame)| (name.as_str(), frame))).await?;
            let mut table = Table::from_batches(answer.schema(), &answer.collect().await?).map_err(broken)?;
            if self.is(Fault::LosesARowOfAnAnswer) {
                table.rows.pop();
            }
            Ok(Plan::new(answer.schema().clone(), Node::Rows(vec![table])))
        })
    }
}

fn planner() -> Result<&'static Session> {
    static PLANNER: OnceLock<Session> = OnceLock::new();
    if let Some(session) = PLANNER.get() {
        return Ok(session);
    }
    let session = Session::with_engine(DataFusionEngine::new(2)?)?;
    Ok(PLANNER.get_or_init(|| session))
}
