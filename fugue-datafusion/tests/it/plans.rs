//! What plans look like: columns that are read, shuffles, sorts, and what a person sees of a function.

use std::sync::Arc;

use fugue_core::arrow::array::{ArrayRef, AsArray, Float64Array, Int64Array};
use fugue_core::arrow::datatypes::Int64Type;
use fugue_core::arrow::record_batch::RecordBatch;
use fugue_core::blocking::wait;
use fugue_core::calls::transform;
use fugue_core::row::Row;
use fugue_datafusion::datafusion::datasource::MemTable;
use fugue_datafusion::datafusion::error::DataFusionError;
use fugue_datafusion::datafusion::functions_aggregate::expr_fn::sum;
use fugue_datafusion::datafusion::physical_plan::{ExecutionPlan, collect, displayable};
use fugue_datafusion::datafusion::prelude::{DataFrame as NativeDataFrame, SessionConfig, SessionContext, col, dataframe};
use fugue_datafusion::{CallExec, DataFusionEngine, IntoDataFusion};

use crate::{Outcome, Reading, Total, demean, readings, run, session, spread, total};

/// How often a text stands in a plan.
fn times(plan: &str, part: &str) -> usize {
    plan.matches(part).count()
}

const SHUFFLE: &str = "RepartitionExec: partitioning=Hash";

/// All steps of a plan.
fn steps(plan: &Arc<dyn ExecutionPlan>) -> Vec<Arc<dyn ExecutionPlan>> {
    let mut all = vec![Arc::clone(plan)];
    for child in plan.children() {
        all.extend(steps(child));
    }
    all
}

#[test]
fn a_plan_says_what_is_called_and_how() -> Outcome {
    let totals = session()?.frame(spread()?)?.transform(total).partition_by("sensor").presort("at desc").run()?;
    let plan = totals.explain()?;
    let line = plan.lines().find(|l| l.contains("FugueCallExec")).expect("the call");
    for part in ["it::total", "by sensor", "at DESC", "reads [sensor, at, value]"] {
        assert!(line.contains(part), "{part} is not in {line}");
    }
    assert_eq!(times(&plan, SHUFFLE), 1, "{plan}");
    assert_eq!(times(&plan, "SortExec"), 0, "{plan}");
    Ok(())
}

#[derive(Row)]
struct Narrow {
    c3: i64,
    c7: f64,
}

#[test]
fn a_typed_function_reads_two_of_sixteen_columns_of_a_file() -> Outcome {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("wide.parquet").display().to_string();
    let column = |c: i64| -> (String, ArrayRef) {
        let values = 0..20_000;
        let array: ArrayRef = if c == 7 {
            Arc::new(values.map(|v| (v * 7_919 % 10_007) as f64).collect::<Float64Array>())
        } else {
            Arc::new(values.map(|v| v * (c + 13) % 5_003).collect::<Int64Array>())
        };
        (format!("c{c}"), array)
    };
    let batch = RecordBatch::try_from_iter((0..16).map(column))?;
    run(async {
        let session = session()?;
        session.frame(batch)?.save(&path).await?;
        let scanned = async |df: fugue_core::DataFrame| -> Result<usize, Box<dyn std::error::Error>> {
            let engine = session.engine::<DataFusionEngine>().expect("its own engine");
            let plan = df.to_datafusion(engine.context())?.create_physical_plan().await?;
            collect(Arc::clone(&plan), engine.context().task_ctx()).await?;
            let scans = steps(&plan).into_iter().filter(|s| s.name() == "DataSourceExec");
            Ok(scans.filter_map(|s| s.metrics()?.sum_by_name("bytes_scanned").map(|m| m.as_usize())).sum())
        };
        let file = session.load(&path).await?;
        let summed = |rows: &[Narrow]| Narrow { c3: rows[0].c3, c7: rows.iter().map(|r| r.c7).sum() };
        let narrow = file.transform(summed).partition_by("c3").run()?;
        let plan = narrow.explain()?;
        assert!(plan.contains("projection=[c3, c7]"), "{plan}");
        let (two, all) = (scanned(narrow).await?, scanned(file).await?);
        assert!(two > 0 && two * 4 < all, "{two} of {all} bytes were read");
        Ok(())
    })
}

#[test]
fn a_transform_after_an_aggregate_by_its_key_shuffles_no_more() -> Outcome {
    let maxima = readings()?.aggregate(vec![col("sensor")], vec![sum(col("value")).alias("value")])?;
    let session = session()?;
    let aggregated = session.frame(maxima)?;
    let called = aggregated.transform(demean).on(["value"]).to("off").partition_by("sensor").run()?;
    assert_eq!(times(&aggregated.explain()?, SHUFFLE), 1, "{}", aggregated.explain()?);
    assert_eq!(times(&called.explain()?, SHUFFLE), 1, "{}", called.explain()?);
    assert_eq!(wait(called.count())?, 3);
    Ok(())
}

#[test]
fn two_chained_transforms_by_a_key_shuffle_once() -> Outcome {
    let first = session()?.frame(spread()?)?.transform(demean).on(["value"]).to("off").partition_by("at").run()?;
    let twice = first.transform(demean).on(["off"]).to("again").partition_by("at").presort("sensor").run()?;
    assert_eq!(times(&twice.explain()?, SHUFFLE), 1, "{}", twice.explain()?);
    assert_eq!(wait(twice.count())?, 6);
    // A function that writes the key itself may write another: its rows are spread anew.
    let renamed = |rows: &[Reading]| -> Vec<Reading> {
        rows.iter().map(|r| Reading { sensor: format!("{}{}", r.sensor, r.at), ..r.clone() }).collect()
    };
    let own = session()?.frame(spread()?)?.transform(renamed).partition_by("sensor").run()?;
    let own: fugue_core::DataFrame = own.transform(total).partition_by("sensor").run()?;
    assert_eq!(times(&own.explain()?, SHUFFLE), 2, "{}", own.explain()?);
    assert_eq!(wait(own.rows::<Total>())?.len(), 6);
    Ok(())
}

#[test]
fn rows_in_order_are_called_as_they_come() -> Outcome {
    run(async {
        let config = SessionConfig::new().with_target_partitions(1);
        let context = SessionContext::new_with_config(config);
        let sorted = readings()?.sort(vec![col("sensor").sort(true, false), col("at").sort(true, false)])?.collect().await?;
        let table = MemTable::try_new(sorted[0].schema(), vec![sorted])?
            .with_sort_order(vec![vec![col("sensor").sort(true, false), col("at").sort(true, false)]]);
        let df = context.read_table(Arc::new(table))?;
        let firsts = |rows: &[Reading]| -> Option<Reading> { rows.first().cloned() };
        for (presort, in_order) in [("at", true), ("at desc", false), ("value", false)] {
            let called = transform(df.clone(), firsts).partition_by("sensor").presort(presort).run()?;
            let plan = displayable(called.clone().create_physical_plan().await?.as_ref()).indent(false).to_string();
            assert_eq!(plan.contains("in order"), in_order, "{presort}: {plan}");
            assert_eq!(times(&plan, "SortExec"), 0, "{plan}");
            let found = crate::lines(called).await?;
            let expected =
                if presort == "at desc" { ["a 3 4.0", "b 2 20.0", "c 1 7.0"] } else { ["a 1 1.0", "b 1 10.0", "c 1 7.0"] };
            assert_eq!(found, expected, "{presort}");
        }
        Ok(())
    })
}

#[test]
fn what_was_counted_is_told_after_a_run() -> Outcome {
    run(async {
        let session = session()?;
        let engine = session.engine::<DataFusionEngine>().expect("its own engine");
        let totals = session.frame(readings()?)?.transform(total).partition_by("sensor").run()?;
        let plan = totals.to_datafusion(engine.context())?.create_physical_plan().await?;
        collect(Arc::clone(&plan), engine.context().task_ctx()).await?;
        let call = steps(&plan).into_iter().find(|s| s.downcast_ref::<CallExec>().is_some()).expect("the call");
        assert!(call.downcast_ref::<CallExec>().is_some_and(|c| c.function().ends_with("total")));
        let metrics = call.metrics().expect("metrics");
        assert_eq!(metrics.output_rows(), Some(3));
        assert_eq!(metrics.sum_by_name("groups").map(|m| m.as_usize()), Some(3));
        assert!(metrics.sum_by_name("function_time").is_some_and(|m| m.as_usize() > 0));
        assert_eq!(metrics.spill_count(), Some(0));
        Ok(())
    })
}

/// Forty keys of text that is in no view, in two partitions.
fn many() -> Result<NativeDataFrame, DataFusionError> {
    let keys: Vec<String> = (0..40).map(|i| format!("s{i}")).collect();
    let df = |part: &[String]| {
        let names: Vec<&str> = part.iter().map(String::as_str).collect();
        let (at, value) = (vec![1_i64; part.len()], vec![2.0; part.len()]);
        dataframe!("sensor" => names, "at" => at, "value" => value)
    };
    df(&keys[..20])?.union(df(&keys[20..])?)
}

#[test]
fn keys_meet_whatever_the_layout_of_their_text() -> Outcome {
    let session = session()?;
    let left = session.frame(many()?)?.transform(demean).on(["value"]).to("off").partition_by("sensor").run()?;
    let rows = (0..40).map(|i| Reading { sensor: format!("s{i}"), at: 1, value: 1.0 }).collect::<Vec<_>>();
    let right = session.frame(rows)?;
    let both = |l: &[Reading], r: &[Reading]| -> Option<Total> {
        Some(Total { sensor: l.first()?.sensor.clone(), total: l[0].value + r.first()?.value })
    };
    for (one, other) in [(&left, &right), (&right, &left)] {
        assert_eq!(wait(one.cotransform([other], both).partition_by("sensor").run()?.count())?, 40);
    }
    // Calls whose key was spread by the hash of another layout, side by side in a union.
    run(async {
        let context = SessionContext::new_with_config(SessionConfig::new().with_target_partitions(2));
        let all = left.to_datafusion(&context)?.union(left.to_datafusion(&context)?)?;
        let totals = transform(all, total).partition_by("sensor").run()?;
        assert_eq!(totals.count().await?, 40);
        Ok(())
    })
}

#[test]
fn kept_partitions_are_not_cut_anew() -> Outcome {
    let engine = DataFusionEngine::builder().parallelism(8).build()?;
    let session = fugue_core::Session::builder().threads(2).with_engine(engine)?;
    let batch = |b: i64| -> Result<RecordBatch, fugue_core::arrow::error::ArrowError> {
        let values: ArrayRef = Arc::new((b * 2_000..(b + 1) * 2_000).collect::<Int64Array>());
        RecordBatch::try_from_iter([("n", values)])
    };
    let batches = (0..12).map(batch).collect::<Result<Vec<_>, _>>()?;
    let spec = fugue_core::partition::PartitionSpec::new().num(3)?;
    let kept = wait(session.frame(batches)?.repartition(&spec)?.persist())?;
    assert_eq!(kept.partitions()?, Some(3));
    let counts = kept.transform(|rows: RecordBatch| -> RecordBatch { rows.slice(0, 1) }).schema("*").run()?;
    assert_eq!(wait(counts.count())?, 3);
    Ok(())
}

/// The optimiser puts limits into the merges that bring all rows to one place.
#[test]
fn a_limit_holds_below_a_call_that_sees_all_rows() -> Outcome {
    run(async {
        let context = SessionContext::new_with_config(SessionConfig::new().with_target_partitions(4));
        let batch = |p: i64| -> Result<RecordBatch, Box<dyn std::error::Error>> {
            let x: ArrayRef = Arc::new(Int64Array::from_iter_values(p * 100..p * 100 + 100));
            Ok(RecordBatch::try_from_iter([("x", x)])?)
        };
        let parts = (0..4).map(|p| Ok(vec![batch(p)?])).collect::<Result<Vec<_>, Box<dyn std::error::Error>>>()?;
        context.register_table("t", Arc::new(MemTable::try_new(parts[0][0].schema(), parts)?))?;
        let t = context.table("t").await?;
        let first = t.clone().limit(0, Some(10))?;
        let most = t.sort(vec![col("x").sort(false, false)])?.limit(0, Some(10))?;
        for (limited, sum) in [(first, None), (most, Some(3945))] {
            let count = |rows: RecordBatch| -> Result<RecordBatch, fugue_core::arrow::error::ArrowError> {
                let xs = rows.column(0).as_primitive::<Int64Type>().values();
                let found: ArrayRef = Arc::new(Int64Array::from(vec![xs.len() as i64, xs.iter().sum()]));
                RecordBatch::try_from_iter([("y", found)])
            };
            let called = transform(limited, count).schema("y:long").num(1).run()?;
            let batches = called.collect().await?;
            let found: Vec<i64> =
                batches.iter().flat_map(|b| b.column(0).as_primitive::<Int64Type>().values().to_vec()).collect();
            assert_eq!(found[0], 10);
            assert!(sum.is_none_or(|sum| sum == found[1]), "{found:?}");
        }
        Ok(())
    })
}

#[test]
fn plain_joins_are_planned_as_without_us() -> Outcome {
    run(async {
        let session = session()?;
        let engine = session.engine::<DataFusionEngine>().expect("its own engine");
        let folder = tempfile::tempdir()?;
        let path = |name: &str| folder.path().join(name).display().to_string();
        let column = |rows: i64, of: i64| -> ArrayRef { Arc::new((0..rows).map(|i| i % of).collect::<Int64Array>()) };
        let fact = [("k", column(50_000, 100)), ("v", column(50_000, 977)), ("w", column(50_000, 31))];
        session.frame(RecordBatch::try_from_iter(fact)?)?.save(path("fact.parquet")).await?;
        let dim = [("k", column(100, 100)), ("g", column(100, 7)), ("h", column(100, 3))];
        session.frame(RecordBatch::try_from_iter(dim)?)?.save(path("dim.parquet")).await?;
        let plain = SessionContext::new_with_config(SessionConfig::new().with_target_partitions(2));
        for name in ["fact", "dim"] {
            for context in [engine.context(), &plain] {
                context.register_parquet(name, path(&format!("{name}.parquet")), Default::default()).await?;
            }
        }
        for query in [
            "SELECT f.v, d.g FROM fact f JOIN dim d ON f.k = d.k",
            "SELECT f.v, d.one FROM fact f LEFT JOIN (SELECT k, 1 AS one FROM dim) d ON f.k = d.k",
            "SELECT f.v, d.g FROM fact f LEFT JOIN (SELECT k, g FROM dim WHERE h = 1) d ON f.k = d.k WHERE f.w > 3",
            "SELECT d.g, sum(f.v) FROM fact f JOIN dim d ON f.k = d.k JOIN dim e ON d.k = e.k WHERE e.h = 2 GROUP BY d.g",
            "SELECT f.v, d.g FROM fact f JOIN dim d ON f.k = d.k WHERE d.h = 1 ORDER BY f.v LIMIT 3",
        ] {
            let mut shown = Vec::new();
            for context in [engine.context(), &plain] {
                let plan = context.sql(query).await?.create_physical_plan().await?;
                let lines = displayable(plan.as_ref()).indent(false).to_string();
                let kinds = lines.lines().filter(|line| !line.contains("FugueModestExec")).map(|line| {
                    let step = line.trim_start();
                    let parts = ["projection=", "mode=", "join_type=", "predicate=", "DynamicFilter"];
                    let said = parts.iter().filter(|part| step.contains(**part)).copied().collect::<Vec<_>>();
                    format!("{} {said:?}", step.split([':', ' ']).next().unwrap_or_default())
                });
                let reads = lines
                    .lines()
                    .filter_map(|line| line.split("projection=").nth(1))
                    .map(|p| p.split(']').next().map(str::to_owned));
                shown.push((kinds.collect::<Vec<_>>(), reads.collect::<Vec<_>>(), lines.clone()));
            }
            assert_eq!(shown[0].0, shown[1].0, "{query}\n{}\n{}", shown[0].2, shown[1].2);
            assert_eq!(shown[0].1, shown[1].1, "{query}\n{}\n{}", shown[0].2, shown[1].2);
        }
        Ok(())
    })
}

#[test]
fn groups_by_several_sets_are_not_cut_by_what_was_constant() -> Outcome {
    run(async {
        let config = SessionConfig::new().with_target_partitions(2).with_batch_size(2);
        let context = SessionContext::new_with_config(config);
        let engine = DataFusionEngine::builder().context(&context).build()?;
        let session = fugue_core::Session::with_engine(engine)?;
        let column = |of: i64| -> ArrayRef { Arc::new((0..4_000_i64).map(|i| i % of).collect::<Int64Array>()) };
        let rows = RecordBatch::try_from_iter([("y", column(3)), ("k", column(40)), ("v", column(7))])?;
        let parts = (0..8).map(|i| vec![rows.slice(i * 500, 500)]).collect();
        let table = session.frame(context.read_table(Arc::new(MemTable::try_new(rows.schema(), parts)?))?)?;
        let text = "SELECT y, k, count(*) AS n FROM t WHERE y = 1 GROUP BY ROLLUP (y, k)";
        let found = session.sql(text, [("t", &table)]).await?;
        assert_eq!(found.count().await?, 42);
        let foreign = found.to_datafusion(&SessionContext::new_with_config(SessionConfig::new().with_batch_size(2)))?;
        assert_eq!(foreign.count().await?, 42);
        Ok(())
    })
}
