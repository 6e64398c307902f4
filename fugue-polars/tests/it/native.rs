//! Native in, native out: lazy frames stay lazy, steps keep their identity, frames go in and come out of sessions.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use fugue_core::blocking::wait;
use fugue_core::calls::{out_transform, transform};
use fugue_core::partition::{Algo, PartitionSpec};
use fugue_core::transform::Params;
use fugue_core::{ErrorKind, Session};
use fugue_polars::polars::prelude::*;
use fugue_polars::{IntoPolars, from_batches};

use crate::{Outcome, Reading, batch, collected, polars, readings, total, totals};

const ENGINES: [Engine; 2] = [Engine::InMemory, Engine::Streaming];

fn run(plan: LazyFrame, engine: Engine) -> PolarsResult<DataFrame> {
    plan.collect_with_engine(engine).map(|r| r.unwrap_single())
}

#[test]
fn a_lazy_frame_stays_lazy() -> Outcome {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let seen = move |r: Reading| {
        counted.fetch_add(1, Ordering::SeqCst);
        r
    };
    let plan: LazyFrame = transform(readings().lazy(), seen).run()?;
    let mut schema = plan.clone();
    assert_eq!(
        *schema.collect_schema()?,
        Schema::from_iter([
            ("sensor".into(), DataType::String),
            ("at".into(), DataType::Int64),
            ("value".into(), DataType::Float64),
        ])
    );
    assert_eq!(calls.load(Ordering::SeqCst), 0);
    assert_eq!(plan.collect()?, readings().select(["sensor", "at", "value"])?);
    assert_eq!(calls.load(Ordering::SeqCst), 6);
    Ok(())
}

#[test]
fn a_plan_goes_on_with_polars() -> Outcome {
    for engine in ENGINES {
        let totals_of: LazyFrame = transform(readings().lazy(), total).partition_by("sensor").run()?;
        assert_eq!(run(totals_of.clone().sort(["sensor"], Default::default()), engine)?, totals());
        let big = totals_of.filter(col("total").gt(lit(10.0))).sort(["sensor"], Default::default()).select([col("sensor")]);
        assert_eq!(run(big, engine)?, df!("sensor" => ["a", "b"])?);
    }
    Ok(())
}

#[test]
fn the_projection_reaches_the_scan() -> Outcome {
    let plan: LazyFrame = transform(readings().lazy(), total).partition_by("sensor").run()?;
    let text = plan.explain(true)?;
    assert!(text.contains("fugue ") && text.contains("::total"), "{text}");
    assert!(text.contains("PROJECT") && text.contains("3/4 COLUMNS"), "{text}");
    Ok(())
}

#[test]
fn one_function_with_two_parameters_gives_two_answers() -> Outcome {
    fn add(reading: Reading, n: Params<i64>) -> Reading {
        Reading { at: reading.at + *n, ..reading }
    }
    for engine in ENGINES {
        let one: LazyFrame = transform(readings().lazy(), add).params(&1_i64).run()?;
        let hundred: LazyFrame = transform(readings().lazy(), add).params(&100_i64).run()?;
        // The common input and the one function are what makes Polars look for common parts.
        let both = concat([one, hundred], UnionArgs::default())?.select([col("at").sum()]);
        assert_eq!(run(both, engine)?, df!("at" => [24_i64 * 2 + 6 * 101])?);
    }
    Ok(())
}

#[test]
fn two_functions_over_one_input_are_two_steps() -> Outcome {
    let base = readings().lazy();
    let first: LazyFrame = transform(base.clone(), |r: Reading| Reading { at: 1, ..r }).run()?;
    let second: LazyFrame = transform(base, |r: Reading| Reading { at: 10, ..r }).run()?;
    for engine in ENGINES {
        let all = concat([first.clone(), second.clone()], UnionArgs::default())?.select([col("at").sum()]);
        assert_eq!(run(all, engine)?, df!("at" => [66_i64])?);
    }
    Ok(())
}

#[test]
fn every_step_has_a_name_of_its_own() -> Outcome {
    fn same(reading: Reading) -> Reading {
        reading
    }
    let base = readings().lazy();
    let mut names = Vec::new();
    for _ in 0..2 {
        let plan: LazyFrame = transform(base.clone(), same).run()?;
        let text = plan.explain(false)?.to_lowercase();
        let name = text.lines().find(|line| line.contains("fugue")).map(str::trim).map(str::to_owned);
        let name = name.ok_or("the step is not in the plan")?;
        assert!(name.contains("::same"), "{name}");
        names.push(name);
    }
    // One function over one input, twice: Polars would call it once for both.
    assert_ne!(names[0], names[1]);
    Ok(())
}

#[test]
fn a_self_join_of_a_transformed_frame_runs_it_once() -> Outcome {
    for engine in ENGINES {
        let calls = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&calls);
        let seen = move |r: Reading| {
            counted.fetch_add(1, Ordering::SeqCst);
            r
        };
        let plan: LazyFrame = transform(readings().lazy(), seen).run()?;
        let joined = plan.clone().join(plan, [col("at")], [col("at")], JoinArgs::new(JoinType::Inner));
        assert_eq!(run(joined, engine)?.height(), 6);
        assert_eq!(calls.load(Ordering::SeqCst), 6, "{engine:?}");
    }
    Ok(())
}

#[test]
fn steps_follow_one_another() -> Outcome {
    for engine in ENGINES {
        let once: LazyFrame = transform(readings().lazy(), |r: Reading| Reading { value: r.value + 1.0, ..r }).run()?;
        let twice: LazyFrame = transform(once.filter(col("at").neq(lit(9))), total).partition_by("sensor").run()?;
        let twice = run(twice.sort(["sensor"], Default::default()), engine)?;
        assert_eq!(twice, df!("sensor" => ["a", "b"], "rows" => [3_i64, 2], "total" => [41.0, 19.0])?);
    }
    Ok(())
}

#[test]
fn a_frame_runs_at_once() -> Outcome {
    let totals_of: DataFrame = transform(readings(), total).partition_by("sensor").run()?;
    assert_eq!(totals_of.sort(["sensor"], Default::default())?, totals());
    Ok(())
}

#[test]
fn an_output_function_runs_over_native_frames() -> Outcome {
    let calls = Arc::new(AtomicUsize::new(0));
    for _ in 0..2 {
        let counted = Arc::clone(&calls);
        let seen = move |r: &[Reading]| {
            counted.fetch_add(r.len(), Ordering::SeqCst);
        };
        wait(out_transform(readings().lazy(), seen.clone()).partition_by("sensor").run())?;
        wait(out_transform(readings(), seen).run())?;
    }
    assert_eq!(calls.load(Ordering::SeqCst), 24);
    Ok(())
}

#[test]
fn what_does_not_fit_is_found_before_a_row_is_read() {
    let e = transform(readings().lazy(), total).partition_by("nowhere").run().map(|_| ()).expect_err("no such key");
    assert_eq!(e.kind(), ErrorKind::ColumnNotFound);
    assert!(e.call_site().is_some_and(|at| at.file().ends_with("native.rs")), "{e}");
    let wrong = df!("sensor" => [1_i64], "at" => [1_i64], "value" => [1.0]).expect("a frame");
    let e = transform(wrong.lazy(), total).run().map(|_| ()).expect_err("a number is no text");
    assert_eq!(e.kind(), ErrorKind::SchemaMismatch);
    let unresolved = readings().lazy().select([col("nowhere")]);
    let e = transform(unresolved, total).run().map(|_| ()).expect_err("no such column");
    assert_eq!((e.kind(), e.engine()), (ErrorKind::EngineFailed, Some("polars")));
}

#[test]
fn types_without_a_place_are_refused_by_column() {
    let durations = readings().lazy().select([
        col("sensor"),
        (col("at").cast(DataType::Datetime(TimeUnit::Microseconds, None))
            - lit(0).cast(DataType::Datetime(TimeUnit::Microseconds, None)))
        .alias("took"),
    ]);
    let e = polars().frame(durations).map(|_| ()).expect_err("durations are not admitted");
    assert_eq!((e.kind(), e.context("column")), (ErrorKind::SchemaInvalid, Some("took")));
}

#[test]
fn names_that_look_like_patterns_are_names() -> Outcome {
    let odd = df!("*" => [1_i64, 2], "^a.*$" => [3_i64, 4], "ab" => [5_i64, 6], "" => [7_i64, 8])?;
    for engine in ENGINES {
        let plan: LazyFrame =
            transform(odd.clone().lazy(), |a: i64, b: i64| a * 10 + b).on(["^a.*$", "*"]).to("both").schema("both:long").run()?;
        assert_eq!(run(plan, engine)?, df!("both" => [31_i64, 42])?);
    }
    let session = polars();
    let chosen = session.frame(odd.lazy())?.transform(|a: i64| a).on([""]).to("x").schema("x:long").run()?;
    assert_eq!(wait(chosen.collect_polars())?, df!("x" => [7_i64, 8])?);
    Ok(())
}

#[test]
fn a_lazy_frame_does_not_leave_polars_on_its_session() -> Outcome {
    let session = polars();
    let df = session.frame(readings().lazy().filter(col("at").gt(lit(2))))?;
    assert!(df.explain()?.contains("FILTER"), "{}", df.explain()?);
    assert!(df.to_lazy()?.explain(false)?.contains("FILTER"));
    assert_eq!(df.to_lazy()?.collect()?, readings().lazy().filter(col("at").gt(lit(2))).collect()?);
    Ok(())
}

#[test]
fn a_frame_of_a_session_becomes_a_plan() -> Outcome {
    let local = Session::local()?;
    let session = polars();
    let frames = [
        session.frame(readings())?,
        session.frame(batch(1))?,
        session.frame(readings().lazy())?,
        local.frame(batch(1))?,
        local.frame(batch(1))?.on(&session)?,
        wait(session.frame(batch(1))?.repartition(&PartitionSpec::new().num(3)?)?.persist())?,
    ];
    for df in frames {
        let totals_of = df.transform(total).partition_by("sensor").run()?;
        for engine in ENGINES {
            let plan = totals_of.to_lazy()?;
            let sorted = run(plan.sort(["sensor"], Default::default()), engine)?;
            assert_eq!(sorted, totals());
        }
        assert_eq!(wait(totals_of.collect_polars())?.sort(["sensor"], Default::default())?, totals());
    }
    Ok(())
}

#[test]
fn a_plan_that_leaves_a_session_runs_on_its_threads() -> Outcome {
    use std::sync::Mutex;

    let session = Session::builder().threads(1).with_engine(fugue_polars::PolarsEngine::new(1))?;
    let local = wait(Session::builder().threads(1).open("local"))?;
    for df in [session.frame(batch(20))?, local.frame(batch(20))?] {
        let threads: Arc<Mutex<Vec<std::thread::ThreadId>>> = Arc::default();
        let seen = Arc::clone(&threads);
        let note = move |r: &[Reading]| {
            seen.lock().expect("no panic").push(std::thread::current().id());
            r[0].clone()
        };
        df.transform(note).partition_by(["sensor", "at"]).run()?.to_lazy()?.collect()?;
        let mut threads = threads.lock().expect("no panic").clone();
        assert_eq!(threads.len(), 6);
        threads.dedup();
        assert_eq!(threads.len(), 1);
    }
    Ok(())
}

#[test]
fn a_program_that_drives_futures_collects_plans() -> Outcome {
    let plan = Session::local()?.frame(batch(1))?.to_lazy()?;
    let rows = futures::executor::block_on(async { plan.collect() })?;
    assert_eq!(rows.height(), 6);
    Ok(())
}

#[test]
fn partitions_are_kept_where_a_plan_leaves_the_session() -> Outcome {
    let laid = polars().frame(batch(1))?.repartition(&PartitionSpec::new().num(3)?.algo(Algo::Even))?;
    let plan = laid.transform(total).run()?.to_lazy()?;
    let rows = plan.collect()?;
    assert_eq!(rows.column("rows")?.i64()?.iter().flatten().collect::<Vec<_>>(), [2, 2, 2]);
    Ok(())
}

#[test]
fn what_is_in_memory_is_not_copied() -> Outcome {
    let df = readings();
    let back = wait(polars().frame(df.clone())?.collect_polars())?;
    let at =
        |df: &DataFrame| df.column("at").map(|c| c.as_materialized_series().i64().map(|a| a.cont_slice().map(|s| s.as_ptr())));
    assert_eq!(at(&df)???, at(&back)???);
    Ok(())
}

#[test]
fn batches_become_frames_and_back_by_session() -> Outcome {
    let data = batch(3);
    let schema = fugue_core::Schema::of_batch(&data)?;
    let df = wait(polars().frame(data.clone())?.collect_polars())?;
    assert_eq!(df, from_batches(vec![data], &schema)?);
    Ok(())
}

#[test]
fn categories_come_in_as_text() -> Outcome {
    let df = readings().lazy().with_column(col("sensor").cast(DataType::from_categories(Categories::global())));
    let totals_of: LazyFrame = transform(df, total).partition_by("sensor").run()?;
    assert_eq!(collected(totals_of)?, totals());
    Ok(())
}
