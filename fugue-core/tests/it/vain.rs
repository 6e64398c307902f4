//! Settings that a call says and that its function has no use for: each is an error, and none is ignored.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use fugue_core::partition::Algo;
use fugue_core::row::Row;
use fugue_core::transform::{Params, State};
use fugue_core::{DataFrame, ErrorKind, Session, blocking};

#[derive(Clone, Debug, PartialEq, Row)]
struct Point {
    k: i64,
    v: i64,
}

fn frame() -> DataFrame {
    Session::local().unwrap().frame((0..9).map(|v| Point { k: v % 3, v }).collect::<Vec<_>>()).unwrap()
}

struct Model(i64);

#[test]
fn names_of_columns_are_for_plain_values() {
    let df = frame();
    let rows = |p: &[Point]| p.to_vec();
    let value = |v: i64| v + 1;
    let kind = |call: fugue_core::Result<DataFrame>| call.map(drop).map_err(|e| e.kind());
    assert_eq!(kind(df.transform(rows).on("v").run()), Err(ErrorKind::SchemaMismatch));
    assert_eq!(kind(df.transform(rows).to("z").run()), Err(ErrorKind::SchemaMismatch));
    assert_eq!(kind(df.transform(value).on("v").to("z").run()), Ok(()));
    let error = blocking::wait(df.out_transform(rows).on("v").run()).unwrap_err();
    assert!(error.message().contains(".on("), "{error}");
}

#[test]
fn concurrency_is_for_futures() {
    let df = frame();
    let kind = |call: fugue_core::Result<DataFrame>| call.map(drop).map_err(|e| e.kind());
    assert_eq!(kind(df.transform(|p: Point| p).concurrency(2).run()), Err(ErrorKind::SettingInvalid));
    assert_eq!(kind(df.transform(|p: Point| async move { p }).concurrency(2).run()), Ok(()));
    assert_eq!(kind(df.transform(|p: Point| async move { p }).concurrency(0).run()), Err(ErrorKind::SettingInvalid));
}

#[test]
fn parameters_and_state_are_for_those_who_ask() {
    let df = frame();
    let kind = |call: fugue_core::Result<DataFrame>| call.map(drop).map_err(|e| e.kind());
    let plain = |p: &[Point]| p.to_vec();
    assert_eq!(kind(df.transform(plain).params(&1_i64).run()), Err(ErrorKind::ParamsInvalid));
    assert_eq!(kind(df.transform(plain).state(Model(1)).run()), Err(ErrorKind::ParamsInvalid));
    let asks = |p: &[Point], by: Params<i64>| p.iter().map(|p| Point { v: p.v * *by, ..p.clone() }).collect::<Vec<_>>();
    assert_eq!(kind(df.transform(asks).params(&1_i64).run()), Ok(()));
    let add = |p: &[Point], model: &Model| p.iter().map(|p| Point { v: p.v + model.0, ..p.clone() }).collect::<Vec<_>>();
    assert_eq!(kind(df.transform(add).params(&1_i64).state_with(Model).run()), Ok(()));
    let last = df.transform(add).state(Model(1)).state(Model(100));
    assert!(blocking::wait(last.rows::<Point>()).unwrap().iter().all(|p| p.v >= 100));
    let kept = |p: &[Point], model: State<Model>| vec![Point { k: model.0, v: p.len() as i64 }];
    assert_eq!(kind(df.transform(kept).state(Model(1)).params(&1_i64).run()), Err(ErrorKind::ParamsInvalid));
}

#[test]
fn a_zip_has_neither_number_nor_algorithm() {
    let df = frame();
    let zip = || df.cotransform([&df], |a: &[Point], _: &[Point]| a.to_vec()).partition_by("k");
    for call in [zip().num(2), zip().algo(Algo::Coarse), zip().algo(Algo::Even), zip().algo(Algo::Rand)] {
        assert_eq!(call.run().unwrap_err().kind(), ErrorKind::PartitionInvalid);
    }
    assert!(zip().algo(Algo::Hash).run().is_ok());
}

#[test]
fn rules_name_columns_of_any_type() {
    use fugue_core::transform::Rules;

    #[derive(Clone, Row)]
    struct Odd {
        #[row(rename = "a, b")]
        odd: i64,
        inner: Vec<Point>,
    }
    let df = Session::local().unwrap().frame(vec![Odd { odd: 1, inner: Vec::new() }]).unwrap();
    let call = |rules: Rules| df.transform(|rows: &[Odd]| rows.to_vec()).rules(rules).run().map(drop).map_err(|e| e.kind());
    assert_eq!(call(Rules::new().input_has("`a, b`,inner:[{k:long,v:long}]")), Ok(()));
    assert_eq!(call(Rules::new().input_has("`a, b`:long,inner")), Ok(()));
    assert_eq!(call(Rules::new().input_has("inner:[{k:long,v:str}]")), Err(ErrorKind::SchemaMismatch));
    assert_eq!(call(Rules::new().input_has("a")), Err(ErrorKind::SchemaMismatch));
    assert_eq!(call(Rules::new().input_has("inner:[{k:wrong}]")), Err(ErrorKind::SchemaInvalid));
    assert_eq!(call(Rules::new().partition_by_has("`a, b`")), Err(ErrorKind::PartitionInvalid));
}

#[test]
fn what_output_transformers_return_is_thrown_away() {
    use fugue_core::row::Record;
    use fugue_core::transform::{Batches, Rows};

    blocking::wait(async {
        let df = frame();
        df.out_transform(|batches: Batches| batches).run().await?;
        for keys in [&[][..], &["k"]] {
            df.out_transform(|rows: Rows<Point>| rows).partition_by(keys).run().await?;
            df.out_transform(|rows: Vec<Record>| rows).partition_by(keys).run().await?;
        }
        Ok(())
    })
    .unwrap();
}

#[test]
fn plain_data_is_transformed_in_any_runtime() {
    let single = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let rows: Vec<Point> = (0..9).map(|v| Point { k: v % 3, v }).collect();
    let call = || -> fugue_core::Result<Vec<Point>> {
        fugue_core::calls::transform(rows.clone(), |p: &[Point]| p.to_vec()).partition_by("k").run()
    };
    assert_eq!(single.block_on(async { call() }).unwrap().len(), 9);
    assert_eq!(call().unwrap().len(), 9);
}

#[test]
fn a_check_needs_rows() {
    let error = fugue_core::check::check(|p: &[Point]| p.to_vec(), Vec::<Point>::new()).run().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Empty);
}

#[test]
fn coarse_partitions_count_rows() {
    let session = blocking::wait(Session::builder().threads(3).open("local")).unwrap();
    let df = session.frame((0..90).map(|v| Point { k: v % 30, v }).collect::<Vec<_>>()).unwrap();
    for (num, most) in [("ROWCOUNT/90", 1), ("ROWCOUNT/45", 2)] {
        let calls = Arc::new(AtomicUsize::new(0));
        let counting = Arc::clone(&calls);
        let call = move |p: &[Point]| {
            counting.fetch_add(1, Ordering::SeqCst);
            p.to_vec()
        };
        let coarse = df.transform(call).partition_by("k").num(num).algo(Algo::Coarse);
        assert_eq!(blocking::wait(coarse.count()).unwrap(), 90);
        assert!((1..=most).contains(&calls.load(Ordering::SeqCst)), "{num}: {calls:?}");
    }
    // Nothing is divided by where there is nothing.
    let none = session.frame(("k:long,v:long", Vec::<Point>::new())).unwrap();
    let coarse = none.transform(|p: &[Point]| p.to_vec()).partition_by("k").num("100/ROWCOUNT").algo(Algo::Coarse);
    assert_eq!(blocking::wait(coarse.count()).unwrap(), 0);
}
