//! Equal keys meet in one call, whatever their type and layout, and whichever inputs have them.

use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, DictionaryArray, Float64Array, Int64Array, LargeStringArray, StringArray, StringViewArray,
};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Int32Type, TimeUnit};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::prelude::{DataFrame, SessionContext};
use fugue_ballista::{BallistaEngine, Builder};
use fugue_core::ErrorKind;
use fugue_core::calls::transform;
use fugue_core::group::ZipKind;
use fugue_core::row::Row;

use crate::data::{Reading, Total, lines, readings, total};
use crate::support::{Outcome, cluster, run, session};

fn seven() -> fugue_core::Result<Builder<'static>> {
    Ok(BallistaEngine::on(cluster()?).partitions(7))
}

#[derive(Row)]
struct Small {
    id: i32,
}

#[derive(Row)]
struct Large {
    id: i64,
}

#[test]
fn keys_of_two_types_are_refused_before_the_run() -> Outcome {
    run(async {
        let session = session(seven()?).await?;
        let small = session.frame((0..9).map(|id| Small { id }).collect::<Vec<_>>())?;
        let large = session.frame((0..9).map(|id| Large { id }).collect::<Vec<_>>())?;
        let refused = small.cotransform([&large], |s: &[Small], _: &[Large]| Small { id: s[0].id }).partition_by("id").run();
        assert_eq!(refused.map(|_| ()).map_err(|e| e.kind()), Err(ErrorKind::SchemaMismatch));
        Ok(())
    })
}

const LAYOUTS: [&str; 4] = ["plain", "large", "view", "dictionary"];

/// Forty names, as often as there are layouts of text, each layout in a table of its own.
fn texts(context: &SessionContext) -> Outcome {
    let names: Vec<String> =
        (0..40).map(|i| format!("s{i}{}", if i % 2 == 0 { " with a name that is long" } else { "" })).collect();
    let values: ArrayRef = Arc::new(Int64Array::from_iter_values(0..40));
    let columns: [ArrayRef; 4] = [
        Arc::new(StringArray::from_iter_values(&names)),
        Arc::new(LargeStringArray::from_iter_values(&names)),
        Arc::new(StringViewArray::from_iter_values(&names)),
        Arc::new(names.iter().map(String::as_str).collect::<DictionaryArray<Int32Type>>()),
    ];
    for (table, sensor) in LAYOUTS.into_iter().zip(columns) {
        context.register_batch(table, RecordBatch::try_from_iter([("sensor", sensor), ("value", Arc::clone(&values))])?)?;
    }
    Ok(())
}

#[test]
fn text_meets_whatever_its_layout() -> Outcome {
    run(async {
        let context = seven()?.context().await?;
        texts(&context)?;
        // Side by side, and after calls which spread each of them by itself.
        let mut all = None;
        for table in LAYOUTS {
            let totals: DataFrame = transform(context.table(table).await?, total).partition_by("sensor").run()?;
            assert_eq!(totals.clone().count().await?, 40, "{table}");
            all = Some(match all {
                None => totals,
                Some(before) => DataFrame::union(before, totals)?,
            });
        }
        let all = all.ok_or("tables")?.with_column_renamed("total", "value")?;
        let totals: DataFrame = transform(all, total).partition_by("sensor").run()?;
        let batches = totals.collect().await?;
        let totals: Vec<Total> = fugue_core::Session::local()?.frame(batches)?.rows().await?;
        assert_eq!(totals.len(), 40);
        assert_eq!(totals.iter().map(|t| t.total).sum::<i64>(), 4 * (0..40).sum::<i64>());
        assert!(totals.iter().all(|t| t.total % 4 == 0), "{totals:?}");
        let session = session(seven()?).await?;
        let plain = session.frame(context.table("plain").await?)?;
        for table in LAYOUTS {
            let other = session.frame(context.table(table).await?)?;
            let both = |one: &[Reading], other: &[Reading]| Total { sensor: one[0].sensor.clone(), total: other[0].value };
            assert_eq!(plain.cotransform([&other], both).partition_by("sensor").count().await?, 40, "{table}");
        }
        Ok(())
    })
}

#[test]
fn keys_of_a_context_meet_whatever_their_type() -> Outcome {
    run(async {
        let context = seven()?.context().await?;
        let numbers: ArrayRef = Arc::new(Int64Array::from_iter((0..60).map(|i| (i % 6 > 0).then_some(i % 6))));
        let n: ArrayRef = Arc::new(Int64Array::from_iter_values(0..60));
        let zone = |unit| DataType::Timestamp(unit, Some("Europe/Berlin".into()));
        let dates = cast(&cast(&numbers, &DataType::Int32)?, &DataType::Date32)?;
        let times = cast(&numbers, &zone(TimeUnit::Microsecond))?;
        let decimals = cast(&numbers, &DataType::Decimal128(20, 3))?;
        let small = cast(&numbers, &DataType::Int8)?;
        let odd = f64::from_bits(f64::NAN.to_bits() | 1);
        let floats = [Some(f64::NAN), Some(-0.0), None, Some(0.0), Some(odd), Some(1.5), Some(f64::INFINITY), Some(-1.5)];
        let floats: ArrayRef = Arc::new(Float64Array::from_iter(floats.into_iter().cycle().take(60)));
        let keys =
            [("dates", dates, 6), ("times", times, 6), ("decimals", decimals, 6), ("small", small, 6), ("floats", floats, 6)];
        for (name, key, groups) in keys {
            context.register_batch(name, RecordBatch::try_from_iter([("key", key), ("n", Arc::clone(&n))])?)?;
            let sums = |rows: RecordBatch| -> RecordBatch { rows.slice(0, 1) };
            let called: DataFrame =
                transform(context.table(name).await?, sums).partition_by("key").presort("n desc").schema("*").run()?;
            assert_eq!(called.count().await?, groups, "{name}");
        }
        Ok(())
    })
}

#[test]
fn zips_and_presorts_hold_where_tasks_take_several_partitions() -> Outcome {
    run(async {
        for per_task in ["0", "3"] {
            let engine = seven()?.set("ballista.scheduler.max_partitions_per_task", per_task);
            let session = session(engine).await?;
            let (some, none) = (session.frame(readings(30))?, session.frame(readings(0))?);
            let extra = session
                .frame(vec![Reading { sensor: "s9".to_owned(), value: 1 }, Reading { sensor: "s1".to_owned(), value: 5 }])?;
            let both = |one: &[Reading], other: &[Reading]| -> Option<Total> {
                let sensor = one.first().or(other.first())?.sensor.clone();
                Some(Total { sensor, total: 100 * one.len() as i64 + other.len() as i64 })
            };
            for (left, right, how, expected) in [
                (&some, &none, ZipKind::Inner, vec![]),
                (&some, &none, ZipKind::LeftOuter, vec![1000; 3]),
                (&none, &some, ZipKind::LeftOuter, vec![]),
                (&none, &some, ZipKind::FullOuter, vec![10; 3]),
                (&none, &none, ZipKind::FullOuter, vec![]),
                (&some, &extra, ZipKind::Inner, vec![1001]),
                (&some, &extra, ZipKind::FullOuter, vec![1, 1000, 1000, 1001]),
                (&none, &some, ZipKind::Cross, vec![30]),
            ] {
                let call = left.cotransform([right], both).how(how);
                let call = if how == ZipKind::Cross { call } else { call.partition_by("sensor") };
                let mut found: Vec<i64> = call.rows::<Total>().await?.iter().map(|t| t.total).collect();
                found.sort_unstable();
                assert_eq!(found, expected, "{how:?}, {per_task} per task");
            }
            let falling = |rows: &[Reading]| rows.is_sorted_by(|a, b| a.value >= b.value).then(|| total(rows));
            assert_eq!(some.transform(falling).partition_by("sensor").presort("value desc").count().await?, 3);
            session.close().await?;
        }
        Ok(())
    })
}

#[test]
fn the_types_of_a_context_make_the_round_trip() -> Outcome {
    run(async {
        let context = seven()?.context().await?;
        let sql = "select column1 as id, arrow_cast(column1 * 1.5, 'Decimal128(20, 3)') as amount, \
                   arrow_cast(column1 * 1000000000, 'Timestamp(Nanosecond, Some(\"Europe/Berlin\"))') as at, \
                   arrow_cast(column1, 'Date32') as day, arrow_cast('text', 'Dictionary(Int32, Utf8)') as word, \
                   [column1, null, 3] as list, [['a', null], []] as nested, struct(column1 as x, 'view' as y) as pair, \
                   map(['k', 'l'], [column1, null]) as entries, arrow_cast('bytes', 'BinaryView') as bytes \
                   from (values (1), (2), (null), (3), (4), (5), (6), (7), (8)) order by 1";
        let plain = context.sql(sql).await?;
        for keys in [&[][..], &["id"]] {
            let same: DataFrame =
                transform(context.sql(sql).await?, |rows: RecordBatch| rows).partition_by(keys).schema("*").run()?;
            let same = same.sort_by(vec![datafusion::prelude::col("id")])?;
            let expected = lines(plain.clone()).await?.replace("+01:00", "");
            assert_eq!(lines(same).await?.replace("+01:00", ""), expected, "{keys:?}");
        }
        Ok(())
    })
}
