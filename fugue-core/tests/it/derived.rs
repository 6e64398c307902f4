//! Operations that are derived for an engine with few duties, on one that lays out what comes in in several partitions.

use std::sync::Mutex;

use fugue_core::engine::{Engine, EngineInfo, Map, Physical};
use fugue_core::frame::{BatchStream, Source};
use fugue_core::group::ZipKind;
use fugue_core::local::{LocalEngine, LocalFrame};
use fugue_core::partition::{Algo, PartitionSpec};
use fugue_core::row::Row;
use fugue_core::run::RunContext;
use fugue_core::{Result, Schema, Session, blocking};

/// Splits what comes in, and notes the fingerprints of its tasks.
#[derive(Debug)]
struct Splitting(LocalEngine, Mutex<Vec<u64>>);

impl Engine for Splitting {
    type Frame = LocalFrame;

    fn info(&self) -> EngineInfo {
        EngineInfo::new("splitting", 2)
    }

    fn schema(&self, frame: &LocalFrame) -> Result<Schema> {
        self.0.schema(frame)
    }

    fn ingest(&self, source: Source) -> Result<LocalFrame> {
        let spec = PartitionSpec::new().num(4)?.algo(Algo::Even);
        self.0.repartition(&self.0.ingest(source)?, &spec)
    }

    async fn stream(&self, frame: &LocalFrame, run: &RunContext) -> Result<BatchStream> {
        self.0.stream(frame, run).await
    }

    fn map(&self, frame: &LocalFrame, map: &Map) -> Result<LocalFrame> {
        self.1.lock().unwrap().push(map.task.fingerprint());
        self.0.map(frame, map)
    }

    async fn close(&self) -> Result<()> {
        Ok(())
    }
}

#[derive(Clone, Debug, PartialEq, Row)]
struct Point {
    k: i64,
}

#[derive(Debug, PartialEq, Row)]
struct Sizes {
    left: i64,
    right: i64,
}

fn session() -> Session {
    Session::with_engine(Splitting(LocalEngine::new(2), Mutex::default())).unwrap()
}

#[test]
fn functions_of_one_type_have_fingerprints_of_their_own() {
    let session = session();
    let df = session.frame(vec![Point { k: 1 }]).unwrap();
    let functions: [fn(&[Point]) -> Vec<Point>; 2] = [|p| p.to_vec(), |p| p[..1].to_vec()];
    for function in functions {
        df.transform(function).run().unwrap();
    }
    let seen = session.engine::<Splitting>().unwrap().1.lock().unwrap();
    assert!(seen.len() == 2 && seen[0] != seen[1], "{seen:?}");
}

#[test]
fn a_cross_zip_is_one_call_over_all_partitions() {
    let session = session();
    let rows = |n: i64| session.frame((0..n).map(|k| Point { k }).collect::<Vec<_>>()).unwrap();
    let (left, right) = (rows(7), rows(5));
    let sizes = |a: &[Point], b: &[Point]| Sizes { left: a.len() as i64, right: b.len() as i64 };
    let cross = left.cotransform([&right], sizes).how(ZipKind::Cross);
    assert_eq!(blocking::wait(cross.rows::<Sizes>()).unwrap(), [Sizes { left: 7, right: 5 }]);
    let keyed = left.cotransform([&right], sizes).partition_by("k").how(ZipKind::FullOuter);
    assert_eq!(blocking::wait(keyed.rows::<Sizes>()).unwrap().len(), 7);
}
