//! Steps of derived verbs travel to other processes by their names.

use std::sync::{Arc, Mutex};

use fugue_core::engine::{Engine, EngineInfo, Map, Zip};
use fugue_core::expr::{Over, col, count_distinct, max, row_number, sum};
use fugue_core::frame::{BatchStream, Sample, Source};
use fugue_core::local::{LocalEngine, LocalFrame};
use fugue_core::run::RunContext;
use fugue_core::transform::{Registry, Task};
use fugue_core::travel::{Reach, pack, unpack};
use fugue_core::{Result, Schema, Session};

use super::{collect, frame};

/// Sends every task through bytes, as a cluster does, and notes the fingerprints.
#[derive(Debug)]
struct Packing(LocalEngine, Arc<Mutex<Vec<(String, u64)>>>);

impl Packing {
    fn again(&self, task: &Task) -> Result<Task> {
        self.1.lock().unwrap().push((task.name().to_owned(), task.fingerprint()));
        unpack(pack(task, Reach::OtherProcesses)?.bytes(), &Registry::new())
    }
}

impl Engine for Packing {
    type Frame = LocalFrame;

    fn info(&self) -> EngineInfo {
        EngineInfo::new("packing", 2).distributed()
    }

    fn schema(&self, frame: &LocalFrame) -> Result<Schema> {
        self.0.schema(frame)
    }

    fn ingest(&self, source: Source) -> Result<LocalFrame> {
        self.0.ingest(source)
    }

    async fn stream(&self, frame: &LocalFrame, run: &RunContext) -> Result<BatchStream> {
        self.0.stream(frame, run).await
    }

    fn map(&self, frame: &LocalFrame, map: &Map) -> Result<LocalFrame> {
        self.0.map(frame, &Map::new(map.spec.clone(), self.again(&map.task)?))
    }

    fn comap(&self, zip: &Zip<LocalFrame>, task: &Task) -> Result<Option<LocalFrame>> {
        self.0.comap(zip, &self.again(task)?)
    }

    async fn close(&self) -> Result<()> {
        Ok(())
    }
}

#[test]
fn every_verb_travels_and_different_plans_are_different_tasks() {
    let seen = Arc::<Mutex<Vec<(String, u64)>>>::default();
    let packing = Session::with_engine(Packing(LocalEngine::new(2), Arc::clone(&seen))).unwrap();
    let local = Session::local().unwrap();
    let made = |session: &Session| {
        let df = frame(session, "a:int,b:double,c:str", "1,2,x; 1,N,y; N,3,z; 2,2,x");
        let other = frame(session, "a:int,d:str", "1,p; 2,q; N,r");
        let over = Over::partition_by("a").order_by("b").total_order();
        vec![
            df.select([col("b"), (col("a") + 1).alias("n")]),
            df.select([col("b"), (col("a") + 2).alias("n")]),
            df.filter(col("a").eq(1)),
            df.group_by("a").aggregate([sum("b").alias("b")]),
            df.group_by("a").aggregate([max("b").alias("b")]),
            df.aggregate([sum("b").alias("b")]),
            df.aggregate([count_distinct("b").alias("b")]),
            df.assign([row_number().over(over).alias("n")]),
            df.distinct(),
            df.join(&other, "inner"),
            df.join(&other, "full_outer"),
            df.join(&other, "anti"),
            df.subtract(&df.filter(col("a").eq(1)).unwrap()),
            df.intersect_all(&df),
            df.union(&df),
            df.sort("b desc"),
            df.take_sorted(2, "c"),
            df.limit(4),
            df.group_by("a").take(1, "b"),
            df.sample(Sample::fraction(0.5).seed(1)),
            df.sample(Sample::rows(2).seed(1)),
            df.sample(Sample::rows(2).seed(1).replace()),
        ]
    };
    for (there, here) in made(&packing).into_iter().zip(made(&local)) {
        let rows = |df: Result<_>| {
            let mut rows = collect(&df.unwrap());
            rows.sort();
            rows
        };
        assert_eq!(rows(there), rows(here));
    }
    let mut seen = seen.lock().unwrap().clone();
    assert!(seen.iter().all(|(name, _)| name.starts_with("fugue::")), "{seen:?}");
    let all = seen.len();
    seen.sort();
    seen.dedup();
    // The same step of the same plan may stand there twice: the filter, all rows by hash, and the numbers that they draw.
    assert!(all - seen.len() <= 4, "{all} {}", seen.len());
}
