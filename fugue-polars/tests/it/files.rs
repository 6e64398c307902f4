//! Parquet files: read by Polars where the answer is that of the core's reader, and by that reader elsewhere.

use std::path::Path;
use std::sync::Arc;

use fugue_core::arrow::array::{ArrayRef, Int64Array, RecordBatch, StructArray, Time64MicrosecondArray};
use fugue_core::arrow::datatypes::{DataType as ArrowType, Field as ArrowField};
use fugue_core::blocking::wait;
use fugue_core::io::LoadOptions;
use fugue_core::{ErrorKind, Session};
use fugue_polars::IntoPolars;
use fugue_polars::polars::prelude::{DataType, IntoLazy, ParquetWriter, TimeUnit, col};

use crate::{Outcome, batch, polars, readings, rows_of, total, totals};

fn written(folder: &Path, name: &str, data: RecordBatch) -> Result<String, Box<dyn std::error::Error>> {
    let path = folder.join(name).to_str().ok_or("a path of text")?.to_owned();
    wait(Session::local()?.frame(data)?.save(&path))?;
    Ok(path)
}

#[test]
fn a_file_is_read_by_polars_as_the_core_reads_it() -> Outcome {
    let folder = tempfile::tempdir()?;
    // A name that would be a pattern.
    let path = written(folder.path(), "re[a]dings*.parquet", batch(1000))?;
    let native = wait(polars().load(&path))?;
    assert!(native.explain()?.contains("Parquet SCAN"), "{}", native.explain()?);
    let ours = wait(Session::local()?.load(&path))?;
    assert_eq!(native.schema(), ours.schema());
    let expected = rows_of(&wait(ours.collect())?);
    assert_eq!(rows_of(&wait(native.collect())?), expected);
    assert_eq!(rows_of(&wait(polars().frame(native.to_lazy()?)?.collect())?), expected);
    assert_eq!(wait(native.count())?, 6000);
    let totals_of = native.transform(total).partition_by("sensor").run()?;
    assert!(totals_of.explain()?.contains("PROJECT"), "{}", totals_of.explain()?);
    assert_eq!(wait(totals_of.collect_polars())?.height(), 3);
    assert!(native.to_lazy()?.explain(true)?.contains("Parquet SCAN"));
    Ok(())
}

#[test]
fn what_polars_would_read_differently_is_read_by_the_core() -> Outcome {
    let folder = tempfile::tempdir()?;
    let rows: ArrayRef = Arc::new(Int64Array::from(vec![1, 2]));
    let times: ArrayRef = Arc::new(Time64MicrosecondArray::from(vec![0, 1]));
    let nested = StructArray::from(vec![(Arc::new(ArrowField::new("x", ArrowType::Int64, true)), Arc::clone(&rows))]);
    let times = written(folder.path(), "times.parquet", RecordBatch::try_from_iter([("t", times)])?)?;
    let nested = written(folder.path(), "nested.parquet", RecordBatch::try_from_iter([("s", Arc::new(nested) as ArrayRef)])?)?;
    let plain = written(folder.path(), "plain.parquet", RecordBatch::try_from_iter([("n", rows)])?)?;
    let session = polars();
    let here = folder.path().to_str().ok_or("a path of text")?.to_owned() + "/folder";
    std::fs::create_dir(&here)?;
    std::fs::copy(&plain, format!("{here}/plain.parquet"))?;
    let ours = [
        wait(session.load(&times))?,
        wait(session.load(&nested))?,
        wait(session.load(&here))?,
        wait(session.load_with(&plain, &LoadOptions::new().columns("n:int")))?,
    ];
    for df in ours {
        assert!(df.explain()?.starts_with("Source: parquet"), "{}", df.explain()?);
        assert_eq!(wait(df.count())?, 2);
    }
    Ok(())
}

#[test]
fn units_that_are_not_those_of_the_contract_are_left_to_the_core() -> Outcome {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("nanoseconds.parquet");
    let nanoseconds = readings().lazy().select([col("at").cast(DataType::Datetime(TimeUnit::Nanoseconds, None))]).collect();
    ParquetWriter::new(std::fs::File::create(&path)?).finish(&mut nanoseconds?)?;
    let path = path.to_str().ok_or("a path of text")?;
    for session in [polars(), Session::local()?] {
        let df = wait(session.load(path))?;
        assert_eq!(df.schema().to_string(), "at:datetime");
        let e = wait(df.collect()).expect_err("nanoseconds are lost");
        assert_eq!((e.kind(), e.context("column"), e.context("row")), (ErrorKind::ValueInvalid, Some("at"), Some("0")));
    }
    Ok(())
}

#[test]
fn errors_of_files_are_those_of_the_core() -> Outcome {
    let folder = tempfile::tempdir()?;
    let session = polars();
    let nowhere = folder.path().join("nowhere.parquet");
    let e = wait(session.load(nowhere.to_str().ok_or("text")?)).map(|_| ()).expect_err("there is no file");
    assert_eq!(e.kind(), ErrorKind::Io);
    let path = written(folder.path(), "a.parquet", batch(1))?;
    let df = wait(session.load(&path))?;
    written(folder.path(), "a.parquet", batch(2))?;
    let native = df.clone();
    for e in [wait(df.collect()).map(|_| ()), wait(native.count()).map(|_| ())] {
        let e = e.expect_err("another file");
        assert_eq!(e.kind(), ErrorKind::Io);
        assert!(e.message().contains("changed") && e.context("path") == Some(path.as_str()), "{e}");
    }
    std::fs::remove_file(&path)?;
    assert_eq!(wait(df.collect()).expect_err("no file").kind(), ErrorKind::Io);
    Ok(())
}

#[test]
fn damage_inside_a_file_is_an_error_of_the_file() -> Outcome {
    let folder = tempfile::tempdir()?;
    let path = written(folder.path(), "a.parquet", batch(1000))?;
    let mut bytes = std::fs::read(&path)?;
    let end = bytes.len() / 2;
    bytes[4..end].fill(0xff);
    std::fs::write(&path, bytes)?;
    // Whether the damage is in what tells the columns decides if loading finds it or reading does.
    let e = wait(async { polars().load(&path).await?.collect().await }).expect_err("damaged");
    assert_eq!((e.kind(), e.context("path")), (ErrorKind::Io, Some(path.as_str())));
    Ok(())
}

#[test]
fn totals_of_a_file_are_those_of_the_frame() -> Outcome {
    let folder = tempfile::tempdir()?;
    let path = written(folder.path(), "a.parquet", batch(1))?;
    let df = wait(polars().load(&path))?.transform(total).partition_by("sensor").run()?;
    assert_eq!(crate::collected(df.to_lazy()?)?, totals());
    let saved = folder.path().join("totals.parquet").to_str().ok_or("text")?.to_owned();
    assert_eq!(wait(df.save(&saved))?, 3);
    assert_eq!(wait(wait(polars().load(&saved))?.collect_polars())?.sort(["sensor"], Default::default())?, totals());
    Ok(())
}

#[test]
fn what_a_plan_needs_is_all_that_is_read_of_a_folder() -> Outcome {
    use fugue_core::DataFrame;
    use fugue_core::expr::{col, lit, sum};
    use fugue_core::frame::Source;
    use fugue_core::io::{Format, SaveOptions, open};
    use fugue_core::run::Cancel;

    let folder = tempfile::tempdir()?;
    let session = polars();
    let values: ArrayRef = Arc::new(Int64Array::from_iter_values(0..1000));
    let keys: ArrayRef = Arc::new(Int64Array::from_iter_values((0..1000).map(|v| v / 100)));
    let frame = session.frame(RecordBatch::try_from_iter([("k", keys), ("v", Arc::clone(&values)), ("w", values)])?)?;
    let path = folder.path().join("out").display().to_string();
    let options = SaveOptions::new().format(Format::Parquet).partition_by("k").row_group_rows(10);
    wait(frame.save_with(&path, &options))?;
    type Work<'a> = &'a dyn Fn(&DataFrame) -> Result<u64, Box<dyn std::error::Error>>;
    let counted = |work: Work<'_>| -> Result<_, Box<dyn std::error::Error>> {
        let source = open(&path, &LoadOptions::new(), &Cancel::never())?;
        let rows = work(&session.frame(Source::shared(Arc::clone(&source)))?)?;
        Ok((rows, source.counts().files, source.counts().groups))
    };
    let collected = |df: DataFrame| Ok(wait(df.collect())?.iter().map(|b| b.num_rows() as u64).sum());
    // Footers tell how many rows there are.
    assert_eq!(counted(&|df| Ok(wait(df.count())?))?, (1000, 0, 0));
    assert_eq!(counted(&|df| Ok(wait(df.filter(col("k").eq(lit(3)))?.count())?))?, (100, 1, 10));
    assert_eq!(counted(&|df| collected(df.filter(col("v").lt(lit(25)).and(col("k").lt(lit(5))))?))?, (25, 1, 3));
    // Through steps that Polars takes apart: names, a projection, an aggregate; of two filters both count.
    let through = |df: &DataFrame| {
        let some = df.rename([("v", "x")])?.select(["x", "k"])?.filter(col("x").gt_eq(lit(895)))?.filter(col("k").eq(lit(8)))?;
        collected(some.group_by("k").aggregate([sum(col("x")).alias("s")])?)
    };
    assert_eq!(counted(&through)?, (1, 1, 1));
    assert_eq!(counted(&|df| Ok(wait(df.limit(5)?.count())?))?, (5, 1, 1));
    let first = counted(&|df| Ok(wait(wait(df.head(5))?.count())?))?;
    assert!(first.0 == 5 && first.2 <= 2, "{first:?}");
    assert!(counted(&|df| Ok(wait(df.table(3))?.len() as u64))?.2 <= 2);
    // Read twice: by whom a filter is for, and by whom it is not.
    let twice = |df: &DataFrame| collected(df.filter(col("k").eq(lit(3)))?.union_all(df)?);
    assert_eq!(counted(&twice)?, (1100, 10, 100));
    Ok(())
}

#[test]
fn keys_are_written_by_several_threads() -> Outcome {
    use fugue_core::io::{Format, SaveOptions};

    let folder = tempfile::tempdir()?;
    let session = Session::builder().threads(4).with_engine(fugue_polars::PolarsEngine::new(4))?;
    let rows: ArrayRef = Arc::new(Int64Array::from_iter_values(0..4000));
    let keys: ArrayRef = Arc::new(Int64Array::from_iter_values((0..4000).map(|v| v % 40)));
    let frame = session.frame(RecordBatch::try_from_iter([("k", keys), ("v", rows)])?)?;
    let path = folder.path().join("out").display().to_string();
    assert_eq!(wait(frame.save_with(&path, &SaveOptions::new().format(Format::Parquet).partition_by("k")))?, 4000);
    let (mut writers, mut folders) = (std::collections::BTreeSet::new(), 0);
    for key in std::fs::read_dir(&path)? {
        folders += 1;
        for file in std::fs::read_dir(key?.path())? {
            // The number after the first word is that of the writer.
            writers.extend(file?.file_name().to_string_lossy().split('-').nth(1).map(str::to_owned));
        }
    }
    assert!(folders == 40 && writers.len() > 1, "{folders} folders, written by {writers:?}");
    Ok(())
}
