//! Frames of one engine on another, through Arrow.

use fugue_core::blocking::wait;
use fugue_core::calls::cotransform;
use fugue_core::row::Row;
use fugue_core::{ErrorKind, Session};
use fugue_polars::polars::prelude::{DataType, IntoLazy, col};

use crate::{Outcome, Reading, Total, batch, polars, readings, rows_of, total, typed};

#[test]
fn frames_of_polars_run_on_the_local_engine() -> Outcome {
    let local = Session::local()?;
    for df in [local.frame(readings())?, local.frame(readings().lazy())?, polars().frame(readings().lazy())?.on(&local)?] {
        assert_eq!(df.schema().to_string(), "at:long,sensor:str,value:double,unread:bool");
        let totals = df.transform(total).partition_by("sensor").run()?;
        assert_eq!(typed::<Total>(&totals)?.iter().map(|t| t.total).sum::<f64>(), 63.0);
        assert_eq!(wait(df.count())?, 6);
    }
    Ok(())
}

#[test]
fn frames_of_the_local_engine_run_on_polars() -> Outcome {
    let df = Session::local()?.frame(batch(1))?.transform(|r: Reading| r).run()?.on(&polars())?;
    assert_eq!(rows_of(&wait(df.collect())?), rows_of(&[batch(1)]));
    assert!(df.explain()?.starts_with("Source: frame of local"), "{}", df.explain()?);
    Ok(())
}

#[test]
fn frames_of_two_engines_are_zipped() -> Outcome {
    #[derive(Row, Debug, PartialEq, PartialOrd)]
    struct Both {
        sensor: String,
        rows: i64,
        total: f64,
    }
    fn both(left: &[Reading], right: &[Total]) -> Both {
        Both { sensor: left[0].sensor.clone(), rows: left.len() as i64, total: right[0].total }
    }
    let (left, right) = (polars(), Session::local()?);
    let totals = right.frame(batch(1))?.transform(total).partition_by("sensor").run()?;
    let (mine, theirs) = (left.frame(readings())?, right.frame(readings())?);
    for first in [mine, theirs] {
        let zipped = cotransform([&first, &totals], both).partition_by("sensor").run()?;
        let mut rows: Vec<Both> = typed(&zipped)?;
        rows.sort_by(|a, b| a.sensor.cmp(&b.sensor));
        let row = |sensor: &str, rows, total| Both { sensor: sensor.to_owned(), rows, total };
        assert_eq!(rows, [row("a", 3, 38.0), row("b", 2, 17.0), row("c", 1, 8.0)]);
    }
    Ok(())
}

#[test]
fn errors_of_polars_reach_the_other_engine() -> Outcome {
    let plan = readings().lazy().select([col("sensor").strict_cast(DataType::Int64)]);
    let e = wait(Session::local()?.frame(plan)?.collect()).expect_err("text is no number");
    assert_eq!(e.kind(), ErrorKind::EngineFailed);
    Ok(())
}
