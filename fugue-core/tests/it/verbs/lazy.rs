//! Nothing is read before an action, and then no more than is asked for.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow::array::{ArrayRef, Int64Array};
use arrow::record_batch::RecordBatch;
use fugue_core::expr::{Over, col, count_distinct, row_number, sum};
use fugue_core::frame::{Sample, Source};
use fugue_core::io::{BatchIter, LazySource};
use fugue_core::run::Cancel;
use fugue_core::{Result, Schema, Session, arrow, blocking};

use super::sessions;

/// Counts scans and batches, and notes the columns that were asked for.
#[derive(Debug)]
struct Watched {
    schema: Schema,
    scans: Arc<AtomicUsize>,
    batches: Arc<AtomicUsize>,
    columns: Arc<std::sync::Mutex<Vec<Option<Vec<usize>>>>>,
}

impl LazySource for Watched {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn describe(&self) -> String {
        "watched".to_owned()
    }

    fn rows(&self) -> Option<u64> {
        None
    }

    fn scan(&self, projection: Option<&[usize]>, _: &Cancel) -> Result<BatchIter> {
        self.scans.fetch_add(1, Ordering::SeqCst);
        self.columns.lock().unwrap().push(projection.map(<[usize]>::to_vec));
        let (batches, schema) = (Arc::clone(&self.batches), self.schema.clone());
        let projection = projection.map(<[usize]>::to_vec);
        Ok(Box::new((0..1_000_i64).map(move |i| {
            batches.fetch_add(1, Ordering::SeqCst);
            let column = |n: i64| Arc::new(Int64Array::from_iter_values((0..100).map(|j| i + j * n))) as ArrayRef;
            let all = RecordBatch::try_new(schema.to_arrow(), (0..4).map(column).collect())?;
            Ok(match &projection {
                Some(columns) => all.project(columns)?,
                None => all,
            })
        })))
    }
}

fn watched() -> (Source, Arc<AtomicUsize>, Arc<AtomicUsize>, Arc<std::sync::Mutex<Vec<Option<Vec<usize>>>>>) {
    let (scans, batches, columns) = <(Arc<AtomicUsize>, Arc<AtomicUsize>, Arc<_>)>::default();
    let schema = Schema::parse("a:long,b:long,c:long,d:long").unwrap();
    let source = Watched { schema, scans: Arc::clone(&scans), batches: Arc::clone(&batches), columns: Arc::clone(&columns) };
    (Source::new(source), scans, batches, columns)
}

#[test]
fn nothing_is_read_before_an_action() {
    for session in sessions() {
        let (source, scans, ..) = watched();
        let df = session.frame(source).unwrap();
        let other = df.rename([("b", "x"), ("c", "y"), ("d", "z")]).unwrap();
        let one = df.rename([("a", "e"), ("b", "f"), ("c", "g"), ("d", "h")]).unwrap();
        let made = [
            df.select(["a"]),
            df.filter(col("a").gt(3)),
            df.assign([row_number().over(Over::partition_by("a").order_by("b").total_order()).alias("n")]),
            df.aggregate([sum("a").alias("a"), count_distinct("b").alias("b")]),
            df.group_by("a").aggregate([sum("b").alias("b")]),
            df.group_by("a").take(1, "b"),
            df.distinct(),
            df.dropna(),
            df.fillna(0),
            df.sample(Sample::rows(3)),
            df.sort("a"),
            df.limit(3),
            df.join(&other, "full_outer"),
            df.join(&one, "cross"),
            df.union(&df),
            df.union_all(&df),
            df.intersect_all(&df),
            df.alter("a:int"),
        ];
        assert!(made.iter().all(Result::is_ok), "{made:?}");
        assert_eq!(scans.load(Ordering::SeqCst), 0, "on {}", session.engine_name());
    }
}

#[test]
fn limits_stop_reading() {
    let session = Session::local().unwrap();
    let (source, _, batches, _) = watched();
    let df = session.frame(source).unwrap();
    assert_eq!(blocking::wait(df.limit(150).unwrap().count()).unwrap(), 150);
    assert!(batches.load(Ordering::SeqCst) < 20, "{batches:?}");
    let before = batches.load(Ordering::SeqCst);
    assert_eq!(blocking::wait(df.limit(0).unwrap().count()).unwrap(), 0);
    assert_eq!(batches.load(Ordering::SeqCst), before);
}

#[test]
fn no_more_columns_are_read_than_are_asked_for() {
    for session in [Session::local().unwrap(), sessions().into_iter().nth(1).unwrap()] {
        let (source, _, _, columns) = watched();
        let df = session.frame(source).unwrap();
        let cases = [
            (df.select([(col("c") + col("a")).alias("x")]), vec![0, 2]),
            (df.group_by("b").aggregate([sum("d").alias("d")]), vec![1, 3]),
            (df.aggregate([sum("b").alias("b")]), vec![1]),
            (df.filter(col("d").gt(3)).unwrap().select(["a"]), vec![0, 1, 2, 3]),
            (df.select(fugue_core::relational::Select::new(["a"]).filter(col("d").gt(3))), vec![0, 3]),
        ];
        for (made, wanted) in cases {
            blocking::wait(made.unwrap().count()).unwrap();
            let read = columns.lock().unwrap().pop().unwrap();
            assert_eq!(read.unwrap_or_else(|| vec![0, 1, 2, 3]), wanted);
        }
    }
}
