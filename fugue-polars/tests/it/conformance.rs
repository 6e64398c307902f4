//! Every rule of the suite on Polars: through sessions, and through frames of Polars that go in and plans that come out.

use conformance_tests::{Harness, Lane, conformance};
use fugue_core::arrow::record_batch::RecordBatch;
use fugue_core::{DataFrame, Error, ErrorKind, Result, Schema, Session, Type};
use fugue_polars::polars::prelude as pl;
use fugue_polars::polars::prelude::{Engine, IntoLazy, lit};
use fugue_polars::polars::series::IsSorted;
use fugue_polars::{IntoPolars, PolarsEngine, from_batches, polars_schema_of, schema_of, to_batches};

struct Polars;

/// A frame of Polars goes in, and the plan that comes out is collected by the engine in memory.
const EAGER: u8 = 1;
/// A plan of Polars goes in, and the plan that comes out is collected by the streaming engine.
const LAZY: u8 = 2;

impl Harness for Polars {
    type Guard = ();

    fn session(&self, lane: &Lane) -> Result<(Session, ())> {
        let builder = Session::builder().threads(lane.partitions).derived(lane.derived);
        Ok((builder.with_engine(PolarsEngine::new(lane.partitions))?, ()))
    }

    fn lanes(&self) -> Vec<Lane> {
        // The first is the plain one, by which failures are read; rules that look at one lane alone take it.
        let ways = [0, EAGER, LAZY].into_iter().cycle();
        Lane::standard().into_iter().zip(ways).map(|(lane, native)| Lane { native, ..lane }).collect()
    }

    fn frame(&self, session: &Session, lane: &Lane, batches: Vec<RecordBatch>) -> Result<DataFrame> {
        let Some(first) = batches.first() else { return session.frame(batches) };
        let schema = Schema::of_batch(first)?;
        // Polars has no maps: a frame of its own says that they are lists.
        let same = polars_schema_of(&schema).and_then(|theirs| schema_of(&theirs)).is_ok_and(|back| back == schema);
        if lane.native == 0 || !same {
            return session.frame(batches);
        }
        let mut df = from_batches(batches, &schema)?;
        let plain = !matches!(schema.fields()[0].ty(), Type::List(_) | Type::Struct(_));
        if lane.sorted && plain {
            // What Polars may believe of a column whose rows come in order.
            let mut first = df.columns()[0].as_materialized_series().clone();
            first.set_sorted_flag(IsSorted::Ascending);
            df.replace_column(0, first.into()).map_err(failed)?;
        }
        if lane.native == EAGER { session.frame(df) } else { session.frame(df.lazy().filter(lit(true))) }
    }

    fn collect(&self, lane: &Lane, frames: &[&DataFrame]) -> Result<Vec<RecordBatch>> {
        let engine = match lane.native {
            EAGER => Engine::InMemory,
            LAZY => Engine::Streaming,
            _ => return through_the_session(frames),
        };
        let mut plans = frames.iter().map(|frame| frame.to_lazy()).collect::<Result<Vec<_>>>()?;
        let plan = match (plans.len(), plans.pop()) {
            (1, Some(only)) => only,
            // The optimiser looks for what the plans have in common.
            (_, last) => {
                pl::concat(plans.into_iter().chain(last).collect::<Vec<_>>(), pl::UnionArgs::default()).map_err(failed)?
            }
        };
        let df = plan.collect_with_engine(engine).map_err(failed)?.unwrap_single();
        to_batches(&df, frames[0].schema())
    }
}

struct Sessions;

impl Harness for Sessions {
    type Guard = ();

    fn session(&self, lane: &Lane) -> Result<(Session, ())> {
        Polars.session(lane)
    }
}

fn through_the_session(frames: &[&DataFrame]) -> Result<Vec<RecordBatch>> {
    Sessions.collect(&Lane::plain(), frames)
}

/// Ours come back as they were.
fn failed(error: pl::PolarsError) -> Error {
    match Error::find(&error) {
        Some(ours) => Error::new(ours.kind(), format!("{ours:?}")),
        None => Error::new(ErrorKind::EngineFailed, error.to_string()),
    }
}

conformance! {
    harness: Polars,
    gaps: [],
    matrix: ("../README.md", "polars"),
    capabilities: ("capabilities.json", "polars"),
}
