//! Frames of DataFusion as what `transform` takes and gives, and as data of sessions, in contexts that know nothing of us.

use fugue_core::Session;
use fugue_core::arrow::array::AsArray;
use fugue_core::arrow::datatypes::Int64Type;
use fugue_core::calls::{out_transform, transform};
use fugue_datafusion::datafusion::common::JoinType;
use fugue_datafusion::datafusion::functions::expr_fn::random;
use fugue_datafusion::datafusion::functions_aggregate::expr_fn::{count, sum};
use fugue_datafusion::datafusion::prelude::{DataFrame, SessionConfig, SessionContext, col, dataframe, lit};
use fugue_datafusion::{DataFusionEngine, IntoDataFusion};
use futures::StreamExt;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::{Outcome, Reading, Total, demean, lines, readings, run, session, total};

#[test]
fn a_frame_of_a_foreign_context_stays_lazy_and_goes_on_as_a_frame() -> Outcome {
    run(async {
        static CALLS: AtomicUsize = AtomicUsize::new(0);
        let counted = |rows: &[Reading]| -> Total {
            CALLS.fetch_add(1, Ordering::SeqCst);
            total(rows)
        };
        let totals: DataFrame = transform(readings()?, counted).partition_by("sensor").run()?;
        assert_eq!(CALLS.load(Ordering::SeqCst), 0);
        let great = totals.clone().filter(col("total").gt(lit(7.0)))?;
        assert_eq!(lines(great).await?, ["b 30.0"]);
        assert_eq!(CALLS.load(Ordering::SeqCst), 3);
        // A projection, an aggregate, a join with itself, a count that needs no column.
        assert_eq!(lines(totals.clone().select_columns(&["total"])?).await?, ["30.0", "7.0", "7.0"]);
        let summed = totals.clone().aggregate(vec![], vec![sum(col("total"))])?;
        assert_eq!(lines(summed).await?, ["44.0"]);
        assert_eq!(totals.clone().count().await?, 3);
        let counted = totals.clone().aggregate(vec![col("total")], vec![count(lit(1))])?;
        assert_eq!(lines(counted).await?, ["30.0 1", "7.0 2"]);
        Ok(())
    })
}

#[test]
fn a_context_with_one_thread_and_one_partition_does_as_well() -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let context = SessionContext::new_with_config(SessionConfig::new().with_target_partitions(1));
        let plan = readings()?.into_parts().1;
        let df = DataFrame::new(context.state(), plan);
        let means = transform(df, demean).on(["value"]).to("off").partition_by("sensor").presort("at").run()?;
        assert_eq!(lines(means.select_columns(&["sensor", "off"])?).await?.len(), 6);
        Ok(())
    })
}

#[test]
fn functions_with_effects_alone_see_every_row() -> Outcome {
    run(async {
        static ROWS: AtomicUsize = AtomicUsize::new(0);
        let look = |rows: &[Reading]| {
            ROWS.fetch_add(rows.len(), Ordering::SeqCst);
        };
        out_transform(readings()?, look).partition_by("sensor").run().await?;
        assert_eq!(ROWS.load(Ordering::SeqCst), 6);
        Ok(())
    })
}

#[test]
fn a_frame_is_data_of_any_session_and_comes_back() -> Outcome {
    run(async {
        let expected = ["a 7.0", "b 30.0", "c 7.0"];
        for session in [session()?, Session::local()?] {
            let totals = session.frame(readings()?)?.transform(total).partition_by("sensor").run()?;
            let context = SessionContext::new();
            assert_eq!(lines(totals.to_datafusion(&context)?).await?, expected);
            let great = totals.to_datafusion(&context)?.filter(col("total").gt(lit(7.0)))?;
            assert_eq!(lines(great).await?, ["b 30.0"]);
        }
        Ok(())
    })
}

#[test]
fn filters_by_chance_stay_above_calls_and_sql_joins_them() -> Outcome {
    run(async {
        let totals = session()?.frame(readings()?)?.transform(total).partition_by("sensor").run()?;
        let context = SessionContext::new();
        let frame = totals.to_datafusion(&context)?;
        let own = session()?;
        let engine = own.engine::<DataFusionEngine>().expect("its own engine");
        for _ in 0..10 {
            let some = lines(frame.clone().filter(random().lt(lit(0.5)))?).await?;
            let here = lines(totals.to_datafusion(engine.context())?.filter(random().lt(lit(0.5)))?).await?;
            assert!(
                some.iter().chain(&here).all(|row| ["a 7.0", "b 30.0", "c 7.0"].contains(&row.as_str())),
                "{some:?} {here:?}"
            );
        }
        // Nor do they go below groups, windows, or one side of a join, whichever filters go along with them.
        let text =
            "SELECT sensor, n FROM (SELECT sensor, count(*) AS n FROM r GROUP BY sensor) WHERE random() < 0.5 AND sensor <> 'c'";
        let pairs =
            "SELECT count(*) AS n FROM (SELECT l.at AS a, r.at AS b FROM r AS l CROSS JOIN r WHERE random() < 0.5) GROUP BY a";
        let all = own.frame(readings()?)?;
        let mut uneven = false;
        for _ in 0..10 {
            for row in own.sql(text, [("r", &all)]).await?.collect().await? {
                let counts = row.column(1).as_primitive::<Int64Type>().values().to_vec();
                assert!(counts.iter().all(|n| [2, 3].contains(n)), "{counts:?}");
            }
            let counts = own.sql(pairs, [("r", &all)]).await?.collect().await?;
            uneven |= counts.iter().any(|row| row.column(0).as_primitive::<Int64Type>().values().iter().any(|n| n % 6 != 0));
        }
        assert!(uneven, "chance is asked for each pair");
        // It is a table like any other for plans of the context.
        context.register_table("totals", frame.into_view())?;
        let joined = readings()?.join(context.table("totals").await?, JoinType::Inner, &["sensor"], &["sensor"], None)?;
        assert_eq!(joined.count().await?, 6);
        Ok(())
    })
}

#[test]
fn a_dropped_native_stream_stops_the_calls() -> Outcome {
    run(async {
        static CALLS: AtomicUsize = AtomicUsize::new(0);
        let slow = |rows: &[Reading]| -> Reading {
            CALLS.fetch_add(1, Ordering::SeqCst);
            std::thread::sleep(std::time::Duration::from_millis(5));
            rows[0].clone()
        };
        let (sensors, at, value) = (vec!["s"; 3_000], (0..3_000_i64).collect::<Vec<_>>(), vec![1.0; 3_000]);
        let many = dataframe!("sensor" => sensors, "at" => at, "value" => value)?;
        let mut stream = transform(many, slow).partition_by("at").run()?.execute_stream().await?;
        assert!(stream.next().await.is_some_and(|b| b.is_ok()));
        drop(stream);
        std::thread::sleep(std::time::Duration::from_millis(100));
        let after = CALLS.load(Ordering::SeqCst);
        std::thread::sleep(std::time::Duration::from_millis(300));
        assert!(CALLS.load(Ordering::SeqCst) <= after, "calls went on after the stream was dropped");
        assert!(after < 2_500, "{after}");
        Ok(())
    })
}

#[test]
fn a_session_in_the_context_of_a_program_sees_its_tables() -> Outcome {
    run(async {
        let context = SessionContext::new();
        context.register_table("readings", readings()?.into_view())?;
        let session = Session::with_engine(DataFusionEngine::builder().context(&context).build()?)?;
        let engine = session.engine::<DataFusionEngine>().expect("its own engine");
        let df = session.frame(engine.context().table("readings").await?)?;
        let totals = df.transform(total).partition_by("sensor").run()?;
        assert_eq!(totals.count().await?, 3);
        Ok(())
    })
}

#[test]
fn columns_of_two_tables_with_one_name_are_refused() -> Outcome {
    run(async {
        let (left, right) = (readings()?.alias("l")?, readings()?.alias("r")?);
        let joined = left.join(right, JoinType::Inner, &["sensor", "at"], &["sensor", "at"], None)?;
        let e = transform(joined, demean).on(["value"]).to("off").run().map(|_| ()).expect_err("value is ambiguous");
        assert_eq!(e.kind(), fugue_core::ErrorKind::SchemaInvalid, "{e}");
        assert!(e.to_string().contains("sensor"), "{e}");
        Ok(())
    })
}
