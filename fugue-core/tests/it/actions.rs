//! Actions: output transformers, panics, cancel and deadline, partitions, fan-out, files.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use fugue_core::calls::map;
use fugue_core::partition::{Algo, PartitionSpec};
use fugue_core::row::Row;
use fugue_core::run::CancelHandle;
use fugue_core::transform::{Cursor, Rules};
use fugue_core::{ErrorKind, Session, blocking};

#[derive(Clone, Debug, PartialEq, Row)]
struct Point {
    k: i64,
    v: i64,
}

fn points(n: i64) -> Vec<Point> {
    (0..n).map(|v| Point { k: v % 3, v }).collect()
}

#[test]
fn output_transformers_are_called_once_per_key() {
    blocking::wait(async {
        let df = Session::local()?.frame(points(9))?;
        let calls = Arc::new(AtomicUsize::new(0));
        let seen = Arc::clone(&calls);
        df.out_transform(move |_: &[Point]| {
            seen.fetch_add(1, Ordering::Relaxed);
        })
        .partition_by("k")
        .run()
        .await?;
        assert_eq!(calls.load(Ordering::Relaxed), 3);
        let error = df.transform(|_: &[Point]| {}).partition_by("k").run().unwrap_err();
        assert!(error.message().contains("out_transform"), "{error}");
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_panic_is_an_error_with_its_key_and_leaves_the_session_usable() {
    blocking::wait(async {
        let df = Session::local()?.frame(points(9))?;
        let error = df
            .transform(|p: &[Point]| {
                assert!(p[0].k != 1, "no ones");
                p.to_vec()
            })
            .partition_by("k")
            .collect()
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TransformerFailed);
        assert_eq!(error.context("key"), Some("k=1"));
        assert!(error.to_string().contains("no ones") && error.to_string().starts_with("local: "), "{error}");
        assert_eq!(df.count().await?, 9);
        Ok(())
    })
    .unwrap();
}

#[test]
fn cancel_and_deadline_end_an_action_before_its_groups() {
    blocking::wait(async {
        let session = Session::builder().threads(1).open("local").await?;
        let df = session.frame((0..100).map(|k| Point { k, v: k }).collect::<Vec<_>>())?;
        let started = Arc::new(AtomicUsize::new(0));
        let slow = |started: &Arc<AtomicUsize>| {
            let started = Arc::clone(started);
            move |p: &[Point]| {
                started.fetch_add(1, Ordering::Relaxed);
                std::thread::sleep(Duration::from_millis(50));
                p.to_vec()
            }
        };
        let begin = Instant::now();
        let late = df.clone().deadline(Duration::from_millis(120)).transform(slow(&started)).partition_by("k").collect().await;
        assert_eq!(late.unwrap_err().kind(), ErrorKind::DeadlineExceeded);
        assert!(begin.elapsed() < Duration::from_secs(2) && started.load(Ordering::Relaxed) < 20);
        let handle = CancelHandle::new();
        let cancelling = handle.clone();
        std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(120));
            cancelling.cancel();
        });
        let cancelled = df.clone().cancel_with(&handle).transform(slow(&started)).partition_by("k").collect().await;
        assert_eq!(cancelled.unwrap_err().kind(), ErrorKind::Cancelled);
        Ok(())
    })
    .unwrap();
}

#[test]
fn physical_partitions_have_the_sizes_asked_for() {
    blocking::wait(async {
        let df = Session::local()?.frame(points(7))?;
        #[derive(Row)]
        struct Size {
            size: i64,
        }
        let size = |p: &[Point]| Size { size: p.len() as i64 };
        let sizes = async |num: &str, algo: Algo| {
            let rows = df.transform(size).num(num).algo(algo).rows::<Size>().await.unwrap();
            let mut sizes: Vec<i64> = rows.iter().map(|s| s.size).collect();
            sizes.sort_unstable();
            sizes
        };
        assert_eq!(sizes("0", Algo::Default).await, [7]);
        assert_eq!(sizes("3", Algo::Even).await, [2, 2, 3]);
        assert_eq!(sizes("ROWCOUNT", Algo::Even).await, [1; 7]);
        assert_eq!(sizes("3", Algo::Rand).await.iter().sum::<i64>(), 7);
        let laid = df.repartition(&PartitionSpec::new().num(2)?.algo(Algo::Even))?;
        let calls: Vec<Size> = laid.transform(size).rows().await?;
        assert_eq!(calls.len(), 2);
        let coarse = df.transform(|p: &[Point], c: Cursor| -> Vec<Point> {
            let _ = c.physical_partition_no();
            p.to_vec()
        });
        assert_eq!(coarse.partition_by("k").num(2).algo(Algo::Coarse).count().await?, 7);
        Ok(())
    })
    .unwrap();
}

#[test]
fn fan_out_keeps_the_order_here_and_on_an_engine() {
    blocking::wait(async {
        let squares = map(0..50_u64, |x| x * x).run().await?;
        assert_eq!(squares, (0..50).map(|x| x * x).collect::<Vec<_>>());
        let squares = map(0..50_u64, |x| x * x).run_on(&Session::local()?).await?;
        assert_eq!(squares, (0..50).map(|x| x * x).collect::<Vec<_>>());
        let error = map(0..50_u64, |x| assert!(x != 7, "seven")).run().await.unwrap_err();
        assert_eq!((error.kind(), error.context("item")), (ErrorKind::TransformerFailed, Some("7")));
        Ok(())
    })
    .unwrap();
}

#[test]
fn frames_can_be_looked_at_saved_and_loaded() {
    blocking::wait(async {
        let session = Session::local()?;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("points.parquet").to_string_lossy().into_owned();
        let df = session.frame(points(5))?;
        assert_eq!(df.save(&path).await?, 5);
        let loaded = session.load(&path).await?;
        assert_eq!(loaded.rows::<Point>().await?, points(5));
        assert_eq!(loaded.head(2).await?.rows::<Point>().await?, points(2));
        assert!(!loaded.is_empty().await?);
        assert!(!loaded.peek().await?.to_string().is_empty());
        let table = loaded.table(3).await?;
        assert!(table.contains("first 3 rows, there are more") && table.contains("long"), "{table}");
        let none = session.frame(("k:long,v:long", Vec::<Point>::new()))?;
        assert_eq!(none.peek().await.unwrap_err().kind(), ErrorKind::Empty);
        assert!(none.is_empty().await?);
        let calls: Vec<Point> =
            none.transform(|p: &[Point]| -> Vec<Point> { panic!("called with {} rows", p.len()) }).rows().await?;
        assert!(calls.is_empty());
        let plan = loaded.transform(|p: &[Point]| p.to_vec()).partition_by("k").run()?.explain()?;
        assert!(plan.contains("Map:") && plan.contains("points.parquet"), "{plan}");
        Ok(())
    })
    .unwrap();
}

#[test]
fn rules_of_a_function_are_kept() {
    let session = Session::local().unwrap();
    let df = session.frame(points(3)).unwrap();
    let call = |rules: Rules| df.transform(|p: &[Point]| p.to_vec()).partition_by("k").presort("v desc").rules(rules).run();
    assert!(call(Rules::new().partition_by_has("k").presort_is("v desc").input_has("k:long,v")).is_ok());
    assert_eq!(call(Rules::new().partition_by_is("v")).unwrap_err().kind(), ErrorKind::PartitionInvalid);
    assert_eq!(call(Rules::new().presort_has("v")).unwrap_err().kind(), ErrorKind::PartitionInvalid);
    assert_eq!(call(Rules::new().input_is("v:long,k:long")).unwrap_err().kind(), ErrorKind::SchemaMismatch);
}

#[fugue_core::transformer(partition_by_has = "k")]
fn keyed(points: &[Point]) -> Vec<Point> {
    points.to_vec()
}

#[test]
fn rules_of_a_call_stand_beside_those_of_its_function() {
    let df = Session::local().unwrap().frame(points(3)).unwrap();
    let more = || Rules::new().input_has("v");
    assert!(df.transform(keyed).partition_by("k").rules(more()).run().is_ok());
    assert_eq!(df.transform(keyed).rules(more()).run().unwrap_err().kind(), ErrorKind::PartitionInvalid);
    let other = Rules::new().input_has("w");
    assert_eq!(df.transform(keyed).partition_by("k").rules(other).run().unwrap_err().kind(), ErrorKind::SchemaMismatch);
}

#[derive(Row)]
struct Sure {
    k: i64,
    v: i64,
}

#[derive(Row)]
struct Unsure {
    k: i64,
    v: Option<i64>,
}

#[test]
fn an_error_names_the_row_of_the_frame_or_of_its_group() {
    use fugue_core::transform::Rows;

    blocking::wait(async {
        let rows =
            |from: i64| (from..from + 10_000).map(|i| Unsure { k: i / 100, v: (i != 19_999).then_some(i) }).collect::<Vec<_>>();
        let batches =
            [Session::local()?.frame(rows(0))?.collect().await?, Session::local()?.frame(rows(10_000))?.collect().await?];
        let df = Session::local()?.frame(batches.concat())?;
        let pass = |row: Sure| Sure { k: row.k, v: row.v };
        let group = |rows: &[Sure]| rows.iter().map(|r| Sure { k: r.k, v: r.v }).collect::<Vec<_>>();
        let failures = [
            (df.rows::<Sure>().await.map(drop), "19999"),
            (df.transform(pass).collect().await.map(drop), "19999"),
            (df.transform(|rows: Rows<Sure>| rows).collect().await.map(drop), "19999"),
            (df.transform(group).num(1).collect().await.map(drop), "19999"),
            (df.transform(group).partition_by("k").presort("v").collect().await.map(drop), "99"),
            (df.transform(|v: i64| v).on("v").to("w").collect().await.map(drop), "19999"),
            (df.transform(|v: &[i64]| v.len() as i64).on("v").to("n").partition_by("k").collect().await.map(drop), "99"),
        ];
        for (i, (result, row)) in failures.into_iter().enumerate() {
            let error = result.unwrap_err();
            assert_eq!(
                (error.kind(), error.context("column"), error.context("row")),
                (ErrorKind::ValueInvalid, Some("v"), Some(row)),
                "{i}"
            );
            let key = matches!(i, 4 | 6).then_some("k=199");
            assert_eq!(error.context("key"), key, "{i}: {error:?}");
        }
        Ok(())
    })
    .unwrap();
}

#[test]
fn rows_of_a_key_reach_a_function_of_single_rows_in_order() {
    use std::sync::Mutex;

    blocking::wait(async {
        let df = Session::local()?.frame(points(3_000))?;
        for keys in [&[][..], &["k"]] {
            let seen: Arc<Mutex<Vec<Point>>> = Arc::default();
            let noting = Arc::clone(&seen);
            let note = move |p: Point| noting.lock().unwrap().push(p);
            df.out_transform(note).partition_by(keys).presort("v desc").run().await?;
            let seen = seen.lock().unwrap();
            for k in 0..3 {
                let of_key: Vec<i64> = seen.iter().filter(|p| p.k == k).map(|p| p.v).collect();
                assert!(of_key.len() == 1_000 && of_key.is_sorted_by(|a, b| a > b), "{keys:?}");
            }
        }
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_native_call_runs_inside_a_single_threaded_runtime() {
    use fugue_core::calls::transform;

    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let doubled: Vec<Point> =
        runtime.block_on(async { transform(points(3), |p: Point| Point { v: p.v * 2, ..p }).run() }).unwrap();
    assert_eq!(doubled.iter().map(|p| p.v).sum::<i64>(), 6);
}
