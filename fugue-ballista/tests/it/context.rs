//! Frames of DataFusion contexts whose plans run on the cluster, and native frames as data of sessions.

use fugue_ballista::{BallistaEngine, context};
use fugue_core::verbs::transform;
use fugue_core::{Error, ErrorKind, Session};
use fugue_datafusion::datafusion::arrow::array::AsArray;
use fugue_datafusion::datafusion::arrow::datatypes::Int64Type;
use fugue_datafusion::datafusion::prelude::{DataFrame, SessionContext};

use crate::data::{Reading, doubled, lines, readings, total};
use crate::support::{Outcome, cluster, run};

async fn here() -> Result<SessionContext, Error> {
    BallistaEngine::on(cluster()?).partitions(7).context().await
}

const TOTALS: &str = "\
+--------+-------+
| sensor | total |
+--------+-------+
| s0     | 18    |
| s1     | 12    |
| s2     | 15    |
+--------+-------+";

#[test]
fn a_frame_of_a_cluster_goes_through_a_function_and_stays_lazy() -> Outcome {
    run(async {
        let context = here().await?;
        context.register_batch("readings", readings(10))?;
        let totals: DataFrame = transform(context.table("readings").await?, total).partition_by("sensor").run()?;
        context.register_table("totals", totals.into_view())?;
        assert_eq!(lines(context.sql("select * from totals order by sensor").await?).await?, TOTALS);
        let sql = "select t.sensor, count(*) as n from totals t join readings r on t.sensor = r.sensor where t.total > 12 group by t.sensor order by 1";
        let joined = lines(context.sql(sql).await?).await?;
        assert_eq!(joined.lines().count(), 6, "{joined}");
        Ok(())
    })
}

#[test]
fn a_large_table_in_memory_goes_along() -> Outcome {
    run(async {
        let context = here().await?;
        let rows = 2_000_000;
        context.register_batch("readings", readings(rows))?;
        let totals: DataFrame = transform(context.table("readings").await?, total).partition_by("sensor").run()?;
        let batches = totals.collect().await?;
        let sum: i64 = batches.iter().flat_map(|b| b.column(1).as_primitive::<Int64Type>().values().to_vec()).sum();
        assert_eq!(sum, rows * (rows - 1) / 2);
        Ok(())
    })
}

#[test]
fn an_address_takes_functions_by_name_and_refuses_others() -> Outcome {
    run(async {
        let url = cluster()?.url();
        let session = Session::open(&url).await?;
        let frame = session.frame(vec![readings(10)])?;
        let twice: Vec<Reading> = frame.transform(doubled).rows().await?;
        assert_eq!(twice.iter().map(|r| r.value).sum::<i64>(), 90);
        let capture = 3;
        let refused = frame.transform(move |r: Reading| Reading { value: r.value + capture, ..r }).run().map(|_| ());
        assert_eq!(refused.map_err(|e| e.kind()), Err(ErrorKind::TransformerNotRegistered));
        session.close().await?;
        let context = context(&url).await?;
        context.register_batch("readings", readings(10))?;
        let twice: DataFrame = transform(context.table("readings").await?, doubled).run()?;
        assert_eq!(twice.count().await?, 10);
        Ok(())
    })
}

#[test]
fn frames_of_a_context_are_data_of_a_session() -> Outcome {
    run(async {
        let context = here().await?;
        context.register_batch("readings", readings(10))?;
        let session = Session::builder().with_engine(BallistaEngine::on(cluster()?).start().await?)?;
        let frame = session.frame(context.sql("select * from readings where value > 3").await?)?;
        assert_eq!(frame.transform(doubled).run()?.count().await?, 6);
        Ok(())
    })
}

#[test]
fn an_error_in_a_plan_of_the_context_is_typed() -> Outcome {
    run(async {
        let context = here().await?;
        context.register_batch("readings", readings(10))?;
        let fails = |r: Reading| -> Result<Reading, std::num::ParseIntError> { r.sensor.parse::<i64>().map(|value| Reading { value, ..r }) };
        let failing: DataFrame = transform(context.table("readings").await?, fails).run()?;
        let error = failing.collect().await.expect_err("sensors are no numbers");
        let ours = Error::find(&error).ok_or("not ours")?;
        assert_eq!(ours.kind(), ErrorKind::TransformerFailed);
        assert!(ours.user_error::<std::num::ParseIntError>().is_some(), "{ours:?}");
        Ok(())
    })
}
