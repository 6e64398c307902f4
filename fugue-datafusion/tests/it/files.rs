//! Files: those that DataFusion reads itself, and those that it leaves to the reader of the core.

use fugue_core::blocking::wait;
use fugue_core::{ErrorKind, Session};

use crate::{Outcome, readings, session};

#[test]
fn a_file_is_read_by_datafusion_where_it_reads_the_same() -> Outcome {
    let folder = tempfile::tempdir()?;
    let path = |name: &str| folder.path().join(name).display().to_string();
    let session = session()?;
    let df = session.frame(readings()?)?;
    for (name, native) in [("plain.parquet", true), ("odd [1].parquet", false), ("readings.csv", false)] {
        wait(df.save(path(name)))?;
        let loaded = wait(session.load(path(name)))?;
        assert_eq!(loaded.explain()?.contains("DataSourceExec"), native, "{name}: {}", loaded.explain()?);
        assert_eq!(wait(loaded.count())?, 6, "{name}");
        let ours = wait(wait(Session::local()?.load(path(name)))?.collect())?;
        assert_eq!(ours[0].schema(), wait(loaded.collect())?[0].schema(), "{name}");
    }
    Ok(())
}

#[test]
fn filters_and_limits_reach_the_files_of_a_folder() -> Outcome {
    use fugue_core::expr::{col, lit};
    use fugue_core::frame::Source;
    use fugue_core::io::{Format, LoadOptions, SaveOptions, open};
    use fugue_core::run::Cancel;

    let folder = tempfile::tempdir()?;
    let session = session()?;
    let rows: Vec<i64> = (0..1000).collect();
    let values = fugue_core::arrow::array::Int64Array::from(rows.clone());
    let keys = fugue_core::arrow::array::Int64Array::from_iter_values(rows.iter().map(|v| v / 100));
    let batch = fugue_core::arrow::record_batch::RecordBatch::try_from_iter([
        ("k", std::sync::Arc::new(keys) as fugue_core::arrow::array::ArrayRef),
        ("v", std::sync::Arc::new(values)),
    ])?;
    let path = folder.path().join("out").display().to_string();
    let options = SaveOptions::new().format(Format::Parquet).partition_by("k").row_group_rows(10);
    wait(session.frame(batch)?.save_with(&path, &options))?;
    // Whatever way a plan goes, no file of another key and no row group of other values is read.
    let counted = |work: &dyn Fn(&fugue_core::DataFrame) -> Result<u64, Box<dyn std::error::Error>>| -> Result<_, Box<dyn std::error::Error>> {
        let source = open(&path, &LoadOptions::new(), &Cancel::never())?;
        let rows = work(&session.frame(Source::shared(std::sync::Arc::clone(&source)))?)?;
        Ok((rows, source.counts().files, source.counts().groups))
    };
    assert_eq!(counted(&|df| Ok(wait(df.count())?))?, (1000, 10, 100));
    assert_eq!(counted(&|df| Ok(wait(df.filter(col("k").eq(lit(3)))?.count())?))?, (100, 1, 10));
    assert_eq!(counted(&|df| Ok(wait(df.filter(col("v").lt(lit(25)).and(col("k").lt(lit(5))))?.count())?))?, (25, 1, 3));
    let query = |df: &fugue_core::DataFrame| {
        let sql = "SELECT v FROM t WHERE k IN (2, 7) AND v BETWEEN 705 AND 720";
        Ok(wait(async { session.sql(sql, [("t", df)]).await?.count().await })?)
    };
    assert_eq!(counted(&query)?, (16, 1, 3));
    let limited = counted(&|df| Ok(wait(df.limit(5)?.count())?))?;
    assert_eq!((limited.0, limited.2), (5, 1));
    // Also where the frame is of another engine, and has steps above the files.
    let local = Session::local()?;
    for above in [false, true] {
        let source = open(&path, &LoadOptions::new(), &Cancel::never())?;
        let df = local.frame(Source::shared(std::sync::Arc::clone(&source)))?;
        let df = if above { df.filter(col("v").gt_eq(0))?.select(["v", "k"])? } else { df };
        let sql = "SELECT v FROM t WHERE k IN (2, 7) AND v BETWEEN 705 AND 720";
        let answer = wait(local.sql(sql, [("t", &df)]))?;
        assert_eq!((wait(answer.count())?, source.counts().files, source.counts().groups), (16, 1, 3), "{}", answer.explain()?);
    }
    Ok(())
}

#[test]
fn partitions_are_written_apart_from_one_another() -> Outcome {
    use fugue_core::io::{Format, LoadOptions, SaveOptions};

    let folder = tempfile::tempdir()?;
    let session = Session::with_engine(fugue_datafusion::DataFusionEngine::new(4)?)?;
    let path = folder.path().join("out").display().to_string();
    let values = || fugue_core::arrow::array::Int64Array::from_iter_values(0..10_000);
    let batch = fugue_core::arrow::record_batch::RecordBatch::try_from_iter([
        ("k", std::sync::Arc::new(values()) as fugue_core::arrow::array::ArrayRef),
        ("v", std::sync::Arc::new(values())),
    ])?;
    let same = |values: &[i64]| values.to_vec();
    let df = session.frame(batch)?.transform(same).on(["v"]).to("w").partition_by("k").run()?;
    let options = SaveOptions::new().format(Format::Parquet).mode(fugue_core::io::SaveMode::Append);
    assert_eq!(wait(df.save_with(&path, &options))?, 10_000);
    assert!(std::fs::read_dir(&path)?.count() > 1);
    // A partition that fails ends the others, and nothing is seen of any.
    let fail = |v: i64| if v == 9_999 { Err("mine".to_owned()) } else { Ok(v) };
    let failing = df.transform(fail).on(["v"]).to("w").run()?;
    let other = folder.path().join("other").display().to_string();
    let error = wait(failing.save_with(&other, &options)).map_err(|e| e.kind());
    assert_eq!(error, Err(ErrorKind::TransformerFailed));
    assert_eq!(std::fs::read_dir(folder.path())?.count(), 1);
    assert_eq!(wait(wait(session.load_with(&path, &LoadOptions::new()))?.count())?, 10_000);
    Ok(())
}

#[test]
fn a_file_that_is_gone_or_damaged_is_an_error_of_files() -> Outcome {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("gone.parquet");
    let session = session()?;
    wait(session.frame(readings()?)?.save(path.display().to_string()))?;
    let df = wait(session.load(path.display().to_string()))?;
    assert_eq!(wait(df.count())?, 6);
    let whole = std::fs::read(&path)?;
    std::fs::write(&path, &whole[..whole.len() / 2])?;
    assert_eq!(wait(df.collect()).map_err(|e| e.kind()), Err(ErrorKind::Io));
    std::fs::remove_file(&path)?;
    assert_eq!(wait(df.collect()).map_err(|e| e.kind()), Err(ErrorKind::Io));
    Ok(())
}
