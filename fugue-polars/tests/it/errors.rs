//! Errors through Polars: ours are found again, those of Polars are the source of ours, panics stay where they are.

use fugue_core::blocking::wait;
use fugue_core::calls::transform;
use fugue_core::{Error, ErrorKind};
use fugue_polars::polars::prelude::*;

use crate::{Outcome, Reading, Total, polars, readings};

#[derive(Debug)]
struct Broken;

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("sensor b is broken")
    }
}

impl std::error::Error for Broken {}

fn fails(readings: &[Reading]) -> Result<Total, Broken> {
    if readings[0].sensor == "b" { Err(Broken) } else { Ok(crate::total(readings)) }
}

fn panics(readings: &[Reading]) -> Total {
    assert_ne!(readings[0].sensor, "b", "no b, please");
    crate::total(readings)
}

fn is_the_users(error: &Error, function: &str) {
    assert_eq!(error.kind(), ErrorKind::TransformerFailed, "{error:?}");
    assert!(error.context("transformer").is_some_and(|t| t.ends_with(function)), "{error:?}");
    assert_eq!(error.context("key"), Some("sensor=b"), "{error:?}");
    assert!(error.call_site().is_some_and(|at| at.file().ends_with("errors.rs")), "{error:?}");
}

#[test]
fn the_error_of_a_function_is_found_in_that_of_polars() -> Outcome {
    let base = readings().lazy();
    for engine in [Engine::InMemory, Engine::Streaming] {
        let step: LazyFrame = transform(base.clone(), fails).partition_by("sensor").run()?;
        let plans = [
            step.clone(),
            step.clone().join(base.clone(), [col("sensor")], [col("sensor")], JoinArgs::new(JoinType::Inner)),
            step.clone().group_by([col("sensor")]).agg([col("total").sum()]),
            concat([step.clone(), step.clone()], UnionArgs::default())?,
            step.sort(["sensor"], Default::default()),
        ];
        for plan in plans {
            let native = plan.collect_with_engine(engine).map(|_| ()).expect_err("sensor b fails");
            let ours = Error::find(&native).expect("our error");
            is_the_users(ours, "fails");
            assert!(ours.user_error::<Broken>().is_some(), "{ours:?}");
            assert_eq!(ours.engine(), Some("polars"));
            assert!(native.to_string().contains("sensor b is broken"), "{native}");
        }
    }
    Ok(())
}

#[test]
fn a_panic_of_a_function_does_not_unwind_into_polars() -> Outcome {
    for engine in [Engine::InMemory, Engine::Streaming] {
        let step: LazyFrame = transform(readings().lazy(), panics).partition_by("sensor").run()?;
        let joined = step.clone().join(step.clone(), [col("sensor")], [col("sensor")], JoinArgs::new(JoinType::Inner));
        for plan in [step, joined] {
            let native = plan.collect_with_engine(engine).map(|_| ()).expect_err("sensor b panics");
            let ours = Error::find(&native).expect("our error");
            is_the_users(ours, "panics");
            assert!(ours.message().contains("no b, please"), "{ours}");
        }
        assert_eq!(readings().lazy().collect_with_engine(engine)?.unwrap_single().height(), 6);
    }
    Ok(())
}

#[test]
fn the_error_of_a_function_leaves_a_session_as_it_came() -> Outcome {
    let df = polars().frame(readings())?;
    for (function, e) in [
        ("fails", wait(df.transform(fails).partition_by("sensor").collect())),
        ("panics", wait(df.transform(panics).partition_by("sensor").collect())),
    ] {
        let e = e.expect_err("sensor b fails");
        is_the_users(&e, function);
        assert_eq!((e.engine(), e.operation()), (Some("polars"), Some("collect")));
    }
    Ok(())
}

#[test]
fn the_error_of_a_step_comes_back_into_a_session() -> Outcome {
    let step: LazyFrame = transform(readings().lazy(), fails).partition_by("sensor").run()?;
    let df = polars().frame(step)?;
    let e = wait(df.collect()).expect_err("sensor b fails");
    is_the_users(&e, "fails");
    assert!(e.user_error::<Broken>().is_some(), "{e:?}");
    assert!(e.user_error::<PolarsError>().is_some(), "{e:?}");
    Ok(())
}

#[test]
fn an_error_of_polars_is_the_source_of_ours() -> Outcome {
    let plan = readings().lazy().select([col("sensor").strict_cast(DataType::Int64)]);
    let session = polars();
    let e = wait(session.frame(plan)?.collect()).expect_err("text is no number");
    assert_eq!((e.kind(), e.engine()), (ErrorKind::EngineFailed, Some("polars")));
    assert!(e.user_error::<PolarsError>().is_some(), "{e:?}");
    Ok(())
}

#[test]
fn a_panic_inside_polars_is_an_error() -> Outcome {
    let plan = readings().lazy().map(|_| panic!("a step of somebody else"), AllowedOptimizations::empty(), None, Some("panics"));
    let session = polars();
    let df = session.frame(plan)?;
    for e in [wait(df.collect()).map(|_| ()), wait(df.count()).map(|_| ())] {
        let e = e.expect_err("it panics");
        assert_eq!(e.kind(), ErrorKind::EngineFailed, "{e:?}");
        assert!(e.message().contains("a step of somebody else"), "{e}");
    }
    Ok(())
}

#[test]
fn a_plan_that_does_not_keep_its_schema_is_told() -> Outcome {
    let schema: Arc<dyn UdfSchema> = Arc::new(|_: &Schema| Ok(Arc::new(Schema::from_iter([("sensor".into(), DataType::Int64)]))));
    let liar = readings().lazy().map(|df| df.select(["sensor"]), AllowedOptimizations::empty(), Some(schema), Some("lies"));
    let e = wait(polars().frame(liar)?.collect()).expect_err("text is no number");
    assert!(matches!(e.kind(), ErrorKind::SchemaMismatch | ErrorKind::EngineFailed), "{e:?}");
    Ok(())
}
