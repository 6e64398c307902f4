//! Queries in SQL: by the engine itself, or by DataFusion over the engine's frames.

use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result};
use crate::frame::DataFrame;

use super::{EngineFactory, Session, factory};

/// The engine that answers queries for those that cannot.
const PLANNER: &str = "datafusion";

pub(super) async fn query(session: &Session, query: &str, frames: Vec<(String, DataFrame)>) -> Result<DataFrame> {
    if let Some(twice) = (1..frames.len()).find(|&i| frames[..i].iter().any(|(name, _)| *name == frames[i].0)) {
        let message = format!("two frames of the query are named {:?}; give each a name of its own", frames[twice].0);
        return Err(Error::new(ErrorKind::SqlInvalid, message).with_engine(session.engine_name()).with_operation("sql"));
    }
    let bounds: Vec<DataFrame> = frames.iter().map(|(_, frame)| frame.clone()).collect();
    let answer =
        if session.inner.engine.has_sql() { here(session, query, frames).await? } else { there(session, query, frames).await? };
    Ok(answer.bound_by(&bounds))
}

async fn here(session: &Session, query: &str, frames: Vec<(String, DataFrame)>) -> Result<DataFrame> {
    let frames = frames.into_iter().map(|(name, frame)| (name, frame.any().clone())).collect();
    Ok(DataFrame::new(session.clone(), Arc::clone(&session.inner.engine).sql(query, frames).await?))
}

async fn there(session: &Session, query: &str, frames: Vec<(String, DataFrame)>) -> Result<DataFrame> {
    let planner = session.inner.sql.get_or_try_init(|| open(session)).await?;
    let frames = frames.into_iter().map(|(name, frame)| Ok((name, frame.on(planner)?))).collect::<Result<Vec<_>>>()?;
    here(planner, query, frames).await?.on(session)
}

async fn open(session: &Session) -> Result<Session> {
    if !EngineFactory::linked().iter().any(|engine| engine.name() == PLANNER) {
        let name = session.engine_name();
        let message = format!(
            "{name} has no SQL of its own, and this program has no DataFusion, which plans and runs it for all; switch on the feature datafusion of the crate fugue-rs"
        );
        return Err(Error::unsupported(name, "sql", message));
    }
    let pool = session.inner.pool.clone();
    let opened = factory::open(PLANNER, &pool).await?;
    Ok(super::SessionBuilder::default().finish(opened.engine, pool))
}
