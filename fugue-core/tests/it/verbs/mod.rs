//! The relational verbs of frames, on the local engine, derived, and on an engine that lays rows out in several partitions.

mod errors;
mod joins;
mod lazy;
mod nulls;
mod orders;
mod samples;
mod selects;
mod sets;
mod travels;
mod windows;

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, StringViewArray};
use arrow::record_batch::RecordBatch;
use fugue_core::engine::{Engine, EngineInfo, Map, Physical};
use fugue_core::frame::{BatchStream, Source};
use fugue_core::local::{LocalEngine, LocalFrame};
use fugue_core::partition::{Algo, PartitionSpec};
use fugue_core::run::RunContext;
use fugue_core::schema::{cast_array, format_value};
use fugue_core::{DataFrame, Result, Schema, Session, arrow, blocking};

/// An engine with few duties that splits what comes in.
#[derive(Debug)]
struct Splitting(LocalEngine);

impl Engine for Splitting {
    type Frame = LocalFrame;

    fn info(&self) -> EngineInfo {
        EngineInfo::new("splitting", 2)
    }

    fn schema(&self, frame: &LocalFrame) -> Result<Schema> {
        self.0.schema(frame)
    }

    fn ingest(&self, source: Source) -> Result<LocalFrame> {
        self.0.repartition(&self.0.ingest(source)?, &PartitionSpec::new().num(3)?.algo(Algo::Even))
    }

    async fn stream(&self, frame: &LocalFrame, run: &RunContext) -> Result<BatchStream> {
        self.0.stream(frame, run).await
    }

    fn map(&self, frame: &LocalFrame, map: &Map) -> Result<LocalFrame> {
        self.0.map(frame, map)
    }

    async fn close(&self) -> Result<()> {
        Ok(())
    }
}

/// Each way in which verbs may run.
fn sessions() -> [Session; 3] {
    [
        Session::local().unwrap(),
        Session::builder().derived(true).with_engine(LocalEngine::new(2)).unwrap(),
        Session::with_engine(Splitting(LocalEngine::new(2))).unwrap(),
    ]
}

/// A column out of texts, of which `N` is null.
fn column(texts: &[&str], ty: &fugue_core::Type) -> ArrayRef {
    let texts: ArrayRef = Arc::new(texts.iter().map(|t| (*t != "N").then_some(*t)).collect::<StringViewArray>());
    cast_array(&texts, ty).unwrap()
}

/// A batch out of lines such as `1,N; 2,x`.
fn batch(schema: &str, lines: &str) -> (Schema, RecordBatch) {
    let schema = Schema::parse(schema).unwrap();
    let rows: Vec<Vec<&str>> =
        lines.split(';').map(str::trim).filter(|l| !l.is_empty()).map(|l| l.split(',').map(str::trim).collect()).collect();
    let columns = schema.fields().iter().enumerate();
    let columns = columns.map(|(i, f)| column(&rows.iter().map(|r| r[i]).collect::<Vec<_>>(), f.ty())).collect();
    let batch = RecordBatch::try_new(schema.to_arrow(), columns).unwrap();
    (schema, batch)
}

fn frame(session: &Session, schema: &str, lines: &str) -> DataFrame {
    let (schema, batch) = batch(schema, lines);
    session.frame(Source::batches(schema, vec![batch]).unwrap()).unwrap()
}

fn lines(batches: &[RecordBatch]) -> Vec<String> {
    let cell = |c: &ArrayRef, row| if c.is_null(row) { "N".to_owned() } else { format_value(c, row) };
    let line = |b: &RecordBatch, row| b.columns().iter().map(|c| cell(c, row)).collect::<Vec<_>>().join(",");
    batches.iter().flat_map(|b| (0..b.num_rows()).map(|row| line(b, row)).collect::<Vec<_>>()).collect()
}

fn collect(df: &DataFrame) -> Vec<String> {
    let batches = blocking::wait(df.collect()).unwrap();
    for batch in &batches {
        assert_eq!(batch.schema().fields(), df.schema().to_arrow().fields());
    }
    lines(&batches)
}

/// The rows in order.
#[track_caller]
fn is_ordered(df: &DataFrame, schema: &str, expected: &str) {
    let (schema, batch) = batch(schema, expected);
    assert_eq!(*df.schema(), schema);
    assert_eq!(collect(df), lines(&[batch]), "on {}", df.session().engine_name());
}

/// The rows in any order.
#[track_caller]
fn is(df: &DataFrame, schema: &str, expected: &str) {
    let (schema, batch) = batch(schema, expected);
    assert_eq!(*df.schema(), schema);
    let (mut got, mut expected) = (collect(df), lines(&[batch]));
    got.sort();
    expected.sort();
    assert_eq!(got, expected, "on {}", df.session().engine_name());
}
