//! The facade as its users meet it: existing functions, and bad input. On every engine that is linked.
#![expect(clippy::panic, reason = "tests stop at the first surprise")]

mod bad_input;
mod engines;
mod h2o;
mod tpch;
mod twelve;

use std::future::Future;

use fugue::prelude::*;
use fugue::session::EngineFactory;

/// Runs a test on every engine.
fn on_every_engine<F>(test: impl Fn(Session) -> F)
where
    F: Future<Output = Result<()>>,
{
    let engines: Vec<&str> = EngineFactory::linked().iter().map(EngineFactory::name).collect();
    assert_eq!(engines, ["ballista", "datafusion", "local", "polars"]);
    for engine in engines {
        let run = async {
            let session = Session::open(engine).await?;
            test(session.clone()).await?;
            session.close().await
        };
        fugue::blocking::wait(run).unwrap_or_else(|e| panic!("on {engine}: {e:?}"));
    }
}

/// The rows of a frame as text, sorted: the order of result rows is free.
async fn lines(frame: &DataFrame) -> Result<Vec<String>> {
    Ok(sorted(frame.rows::<Record>().await?.into_iter().map(|r| r.to_string())))
}

fn sorted(lines: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut lines: Vec<String> = lines.into_iter().collect();
    lines.sort();
    lines
}
