//! Every rule of the suite on DataFusion: through sessions, and through frames of DataFusion that go in and come out.

use std::sync::{Arc, LazyLock};

use conformance_tests::{Harness, Lane, conformance};
use fugue_core::arrow::compute::cast;
use fugue_core::arrow::datatypes::{DataType, Field, Schema as ArrowSchema};
use fugue_core::arrow::record_batch::RecordBatch;
use fugue_core::schema::normalise;
use fugue_core::{DataFrame, Error, Result, Session};
use fugue_datafusion::datafusion::datasource::MemTable;
use fugue_datafusion::datafusion::error::DataFusionError;
use fugue_datafusion::datafusion::prelude::{DataFrame as NativeDataFrame, SessionConfig, SessionContext};
use fugue_datafusion::{DataFusionEngine, IntoDataFusion};
use tokio::runtime::Runtime;

struct DataFusion;

/// A table of DataFusion in as many partitions as the lane has goes in, with text in another layout than the contract's; rows come out
/// of the session.
const TABLE: u8 = 1;
/// The same goes in, and a frame of a context that knows nothing of us comes out.
const FOREIGN: u8 = 2;

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("a runtime"));

impl Harness for DataFusion {
    type Guard = ();

    fn session(&self, lane: &Lane) -> Result<(Session, ())> {
        let builder = Session::builder().threads(lane.partitions).derived(lane.derived);
        let engine = DataFusionEngine::builder().parallelism(lane.partitions).batch_size(lane.batch_size).build()?;
        Ok((builder.with_engine(engine)?, ()))
    }

    fn lanes(&self) -> Vec<Lane> {
        // The first is the plain one, by which failures are read; rules that look at one lane alone take it.
        let ways = [0, TABLE, FOREIGN].into_iter().cycle();
        Lane::standard().into_iter().zip(ways).map(|(lane, native)| Lane { native, ..lane }).collect()
    }

    fn frame(&self, session: &Session, lane: &Lane, batches: Vec<RecordBatch>) -> Result<DataFrame> {
        if lane.native == 0 || batches.is_empty() {
            return session.frame(batches);
        }
        let batches = batches.iter().map(with_plain_text).collect::<Result<Vec<_>>>()?;
        let share = batches.len().div_ceil(lane.partitions);
        let parts = batches.chunks(share).map(<[RecordBatch]>::to_vec).collect();
        let table = MemTable::try_new(batches[0].schema(), parts).map_err(failed)?;
        session.frame(context(lane).read_table(Arc::new(table)).map_err(failed)?)
    }

    fn collect(&self, lane: &Lane, frames: &[&DataFrame]) -> Result<Vec<RecordBatch>> {
        if lane.native != FOREIGN {
            return Sessions.collect(lane, frames);
        }
        let context = context(lane);
        let mut all: Option<NativeDataFrame> = None;
        for frame in frames {
            let next = frame.to_datafusion(&context)?;
            all = Some(match all {
                Some(all) => all.union(next).map_err(failed)?,
                None => next,
            });
        }
        let Some(all) = all else { return Ok(Vec::new()) };
        let batches = RUNTIME.block_on(all.collect()).map_err(failed)?;
        batches.iter().map(|batch| normalise(batch, frames[0].schema())).collect()
    }
}

fn context(lane: &Lane) -> SessionContext {
    let config = SessionConfig::new().with_target_partitions(lane.partitions).with_batch_size(lane.batch_size);
    SessionContext::new_with_config(config)
}

/// The batch with its text not in views, as many tables have it.
fn with_plain_text(batch: &RecordBatch) -> Result<RecordBatch> {
    let plain = |field: &Field| match field.data_type() {
        DataType::Utf8View => Field::new(field.name(), DataType::Utf8, true),
        DataType::BinaryView => Field::new(field.name(), DataType::LargeBinary, true),
        _ => field.clone(),
    };
    let schema = Arc::new(ArrowSchema::new(batch.schema().fields().iter().map(|f| plain(f)).collect::<Vec<_>>()));
    let columns = batch.columns().iter().zip(schema.fields()).map(|(column, field)| cast(column, field.data_type()));
    Ok(RecordBatch::try_new(Arc::clone(&schema), columns.collect::<std::result::Result<_, _>>()?)?)
}

/// What every harness does.
struct Sessions;

impl Harness for Sessions {
    type Guard = ();

    fn session(&self, lane: &Lane) -> Result<(Session, ())> {
        DataFusion.session(lane)
    }
}

fn failed(error: DataFusionError) -> Error {
    Error::from_native(error)
}

conformance! {
    harness: DataFusion,
    gaps: [],
    matrix: ("../README.md", "datafusion"),
    capabilities: ("capabilities.json", "datafusion"),
}
