//! Frames of DataFusion contexts whose plans run on the cluster, and native frames as data of sessions.

use std::sync::Arc;

use fugue_ballista::{BallistaEngine, context};
use fugue_core::calls::transform;
use fugue_core::{Error, ErrorKind, Session};
use fugue_datafusion::datafusion::arrow::array::{ArrayRef, AsArray, DictionaryArray, Int64Array};
use fugue_datafusion::datafusion::arrow::datatypes::{Int32Type, Int64Type};
use fugue_datafusion::datafusion::arrow::record_batch::RecordBatch;
use fugue_datafusion::datafusion::datasource::MemTable;
use fugue_datafusion::datafusion::physical_plan::collect;
use fugue_datafusion::datafusion::prelude::{DataFrame, SessionContext};

use crate::data::{Reading, doubled, lines, readings, some, total};
use crate::support::{Outcome, cluster, files, run};

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
fn files_that_executors_do_not_see_are_an_error_that_says_what_to_set() -> Outcome {
    run(async {
        let folder = tempfile::tempdir()?;
        let context = BallistaEngine::at(&cluster()?.url())?.shared_folder(folder.path()).context().await?;
        context.register_batch("readings", readings(300_000))?;
        let called: DataFrame = transform(context.table("readings").await?, doubled).run()?;
        for frame in [context.table("readings").await?, called] {
            // Rows are written while it is planned. As on another machine, they are then not there for executors.
            let plan = frame.create_physical_plan().await?;
            let written = files(folder.path());
            assert!(!written.is_empty());
            written.iter().try_for_each(std::fs::remove_file)?;
            let error = collect(plan, context.task_ctx()).await.expect_err("there are no rows");
            let error = Error::find(&error).ok_or("not ours")?;
            assert_eq!(error.kind(), ErrorKind::SettingInvalid, "{error:?}");
            assert!(error.message().contains(".shared_folder("), "{error}");
            assert!(error.message().contains(&*folder.path().to_string_lossy()), "{error}");
        }
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
        let fails = |r: Reading| -> Result<Reading, std::num::ParseIntError> {
            r.sensor.parse::<i64>().map(|value| Reading { value, ..r })
        };
        let failing: DataFrame = transform(context.table("readings").await?, fails).run()?;
        let error = failing.collect().await.expect_err("sensors are no numbers");
        let ours = Error::find(&error).ok_or("not ours")?;
        assert_eq!(ours.kind(), ErrorKind::TransformerFailed);
        assert!(ours.user_error::<std::num::ParseIntError>().is_some(), "{ours:?}");
        Ok(())
    })
}

#[test]
fn large_tables_in_memory_keep_their_partitions_limits_and_layouts() -> Outcome {
    run(async {
        let context = here().await?;
        let rows = 300_000;
        context.register_batch("one", readings(rows))?;
        let parts =
            (0..3).map(|p| vec![some(p * 100_000, p * 100_000 + 60_000), some(p * 100_000 + 60_000, p * 100_000 + 100_000)]);
        context.register_table("three", Arc::new(MemTable::try_new(readings(0).schema(), parts.collect())?))?;
        for table in ["one", "three"] {
            let limited = context.sql(&format!("select value from {table} limit 5")).await?;
            assert_eq!(limited.collect().await?.iter().map(|b| b.num_rows()).sum::<usize>(), 5, "{table}");
            for (query, expected) in [
                ("select count(*) as a, sum(value) as b from {t}", "| 300000 | 44999850000 |"),
                (
                    "select count(*) as a, max(value) as b from (select * from {t} order by value limit 70000)",
                    "| 70000 | 69999 |",
                ),
                (
                    "select max(n) as a, max(value - n) as b from (select value, row_number() over (order by value) as n from {t})",
                    "| 300000 | -1 ",
                ),
                ("select count(distinct value) as a, count(distinct sensor) as b from {t}", "| 300000 | 3 |"),
            ] {
                let found = lines(context.sql(&query.replace("{t}", table)).await?).await?;
                assert!(squeezed(&found).contains(expected), "{table}, {query}: {found}");
            }
            let sorted = context.sql(&format!("select value from {table} order by value desc")).await?.collect().await?;
            let sorted: Vec<i64> =
                sorted.iter().flat_map(|b| b.column(0).as_primitive::<Int64Type>().values().to_vec()).collect();
            assert!(sorted.len() == 300_000 && sorted.is_sorted_by(|a, b| a > b), "{table}");
        }
        Ok(())
    })
}

/// Text without what makes columns wide.
fn squeezed(text: &str) -> String {
    text.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

#[test]
fn large_tables_in_memory_may_have_dictionaries() -> Outcome {
    run(async {
        let context = here().await?;
        let word = |p: i64| -> ArrayRef {
            let words: Vec<String> = (0..100_000).map(|i| format!("w{}", p * 10 + i % 10)).collect();
            Arc::new(words.iter().map(String::as_str).collect::<DictionaryArray<Int32Type>>())
        };
        let value = || -> ArrayRef { Arc::new(Int64Array::from_iter_values(0..100_000)) };
        let batches = (0..3)
            .map(|p| RecordBatch::try_from_iter([("sensor", word(p)), ("value", value())]))
            .collect::<Result<Vec<_>, _>>()?;
        context.register_table("words", Arc::new(MemTable::try_new(batches[0].schema(), vec![batches])?))?;
        let counted = lines(context.sql("select count(*) as n, count(distinct sensor) as w from words").await?).await?;
        assert!(squeezed(&counted).contains("| 300000 | 30 |"), "{counted}");
        let totals: DataFrame = transform(context.table("words").await?, total).partition_by("sensor").run()?;
        assert_eq!(totals.count().await?, 30);
        Ok(())
    })
}
