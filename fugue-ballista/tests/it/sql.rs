//! SQL around functions, in contexts whose plans run on the cluster, compared to the same SQL in this process.

use datafusion::prelude::{DataFrame, SessionConfig, SessionContext};
use fugue_ballista::BallistaEngine;
use fugue_core::calls::transform;

use crate::data::{lines, readings, total};
use crate::support::{Outcome, cluster, run};

/// Each over `readings(sensor, value)`, `totals(sensor, total)` which a function makes, and `some`, which has nulls.
const QUERIES: [&str; 14] = [
    "select * from totals where total > (select avg(total) from totals) order by 1",
    "select sensor, value from readings where value > (select max(total) / 25 from totals) order by 2",
    "select sensor, value, (select max(total) from totals t where t.sensor = r.sensor) as m from readings r order by 2",
    "select * from totals where sensor in (select s from some) order by 1",
    "select * from totals where sensor not in (select s from some where s is not null) order by 1",
    "select * from totals where sensor not in (select s from some) order by 1",
    "select s, x from some where s not in (select sensor from totals where total > 450) order by 2",
    "select * from totals t where exists (select 1 from some where s = t.sensor and x > 1) order by 1",
    "select * from totals t where not exists (select 1 from some where s = t.sensor) order by 1",
    "select r.value, s.x from readings r full join some s on r.sensor = s.s and r.value > 24 order by 1, 2",
    "select sensor, value, row_number() over (partition by sensor order by value desc) as place, \
     sum(value) over (order by value rows between 2 preceding and current row) as near from readings order by 2",
    "select sensor, total, rank() over (order by total desc) as place, lag(total) over (order by sensor) as before from totals order by 1",
    "select t.sensor, count(*) as n, sum(r.value) - max(t.total) as zero from totals t join readings r on t.sensor = r.sensor \
     group by t.sensor having count(*) > 1 order by 1",
    "select distinct total % 2 as odd from totals union all select x from some where x is null order by 1",
];

async fn tables(context: &SessionContext) -> Outcome {
    context.register_batch("readings", readings(30))?;
    let some = "create view some as select * from (values ('s1', 1), ('s2', null), (null, 3), ('s9', 4), ('s1', 5)) as t(s, x)";
    context.sql(some).await?.collect().await?;
    Ok(())
}

#[test]
fn queries_around_a_function_answer_as_in_this_process() -> Outcome {
    run(async {
        let here = SessionContext::new_with_config(SessionConfig::new().with_target_partitions(2));
        let there = BallistaEngine::on(cluster()?).partitions(5).context().await?;
        for context in [&here, &there] {
            tables(context).await?;
            let totals: DataFrame = transform(context.table("readings").await?, total).partition_by("sensor").run()?;
            context.register_table("totals", totals.into_view())?;
        }
        for query in QUERIES {
            let (expected, found) = (lines(here.sql(query).await?).await, lines(there.sql(query).await?).await);
            assert_eq!(found?, expected?, "{query}");
        }
        Ok(())
    })
}

#[test]
fn functions_over_the_results_of_queries_answer_as_in_this_process() -> Outcome {
    run(async {
        let here = SessionContext::new_with_config(SessionConfig::new().with_target_partitions(2));
        let there = BallistaEngine::on(cluster()?).partitions(5).context().await?;
        for context in [&here, &there] {
            tables(context).await?;
        }
        for query in [
            "select sensor, sum(value) over (partition by sensor order by value) as value from readings",
            "select sensor, value from readings where value > (select avg(value) from readings)",
            "select sensor, value from readings where sensor not in (select s from some where s is not null)",
            "select sensor, value from readings where sensor not in (select s from some)",
            "select sensor, value from readings r where exists (select 1 from some where s = r.sensor)",
            "select sensor, value from readings order by value desc limit 7",
            "select r.sensor, r.value * coalesce(s.x, 1) as value from readings r left join some s on r.sensor = s.s",
        ] {
            let mut answers = Vec::new();
            for context in [&here, &there] {
                let totals: DataFrame = transform(context.sql(query).await?, total).partition_by("sensor").run()?;
                context.register_table("made", totals.into_view())?;
                answers.push(
                    lines(context.sql("select *, total - lag(total) over (order by sensor) as step from made order by 1").await?)
                        .await?,
                );
                context.deregister_table("made")?;
            }
            assert_eq!(answers[1], answers[0], "{query}");
        }
        Ok(())
    })
}
