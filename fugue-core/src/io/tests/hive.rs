//! Folders that say keys, patterns, and what filters and limits spare.

use std::fs;

use tempfile::tempdir;

use super::*;
use crate::error::ErrorKind;
use crate::expr::{Expr, col, lit};
use crate::io::path::hive;
use crate::io::{Pushdown, Scan};
use crate::run::Pool;

fn write(folder: &Path, name: &str, rows: &[i64]) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let (schema, rows) = batch([("v", Type::Int64, ints(rows.iter().copied()))]);
    store(&path, &schema, vec![rows]);
}

fn column(rows: &RecordBatch, name: &str) -> Vec<String> {
    let text = crate::cast::cast_array(rows.column_by_name(name).unwrap(), &Type::Str).unwrap();
    text.as_string_view().iter().map(|v| v.unwrap_or("NULL").to_owned()).collect()
}

fn asked(source: &dyn LazySource, filter: Expr) -> (Vec<String>, ScanCounts) {
    let typed = filter.typed(source.schema()).unwrap();
    let before = source.counts();
    let scan = Scan::new().filter(typed.clone());
    let batches = source.scan_with(&scan, &Cancel::never()).unwrap().collect::<Result<Vec<_>>>().unwrap();
    let all = concat_batches(&source.schema().to_arrow(), &batches).unwrap();
    let mask = crate::expr::evaluate(&typed, &all).unwrap();
    let kept = arrow::compute::filter_record_batch(&all, mask.as_boolean()).unwrap();
    if source.pushdown(&typed) == Pushdown::Exact {
        assert_eq!(kept, all);
    }
    let after = source.counts();
    let counts = ScanCounts {
        files: after.files - before.files,
        files_skipped: after.files_skipped - before.files_skipped,
        groups: after.groups - before.groups,
        groups_skipped: after.groups_skipped - before.groups_skipped,
    };
    (column(&kept, "v"), counts)
}

fn counts(files: u64, files_skipped: u64, groups: u64, groups_skipped: u64) -> ScanCounts {
    ScanCounts { files, files_skipped, groups, groups_skipped }
}

#[test]
fn keys_are_typed_and_come_last() {
    let folder = tempdir().unwrap();
    write(folder.path(), "year=2023/day=a b/part.parquet", &[1]);
    write(folder.path(), "year=2024/day=007/part.parquet", &[2, 3]);
    write(folder.path(), "year=2024/day=__HIVE_DEFAULT_PARTITION__/part.parquet", &[4]);
    fs::write(folder.path().join("_SUCCESS"), "").unwrap();
    let source = load(folder.path(), &LoadOptions::new().format(Format::Parquet)).unwrap();
    assert_eq!(source.schema().to_string(), "v:long,year:long,day:str");
    assert_eq!(source.rows(), Some(4));
    let all = read(&*source).unwrap();
    assert_eq!(column(&all, "year"), ["2023", "2024", "2024", "2024"]);
    assert_eq!(column(&all, "day"), ["a b", "007", "007", "NULL"]);

    let named = load(folder.path(), &LoadOptions::new().columns(["day", "v"])).unwrap();
    assert_eq!(named.schema().to_string(), "day:str,v:long");
    assert_eq!(column(&read(&*named).unwrap(), "v"), ["1", "2", "3", "4"]);
    let typed = load(folder.path(), &LoadOptions::new().columns("year:int,v:str")).unwrap();
    assert_eq!(read(&*typed).unwrap().schema(), Schema::parse("year:int,v:str").unwrap().to_arrow());
    let only = load(folder.path(), &LoadOptions::new().columns(["year"])).unwrap();
    assert_eq!(column(&read(&*only).unwrap(), "year"), ["2023", "2024", "2024", "2024"]);
    let counted: usize = only.scan(Some(&[]), &Cancel::never()).unwrap().map(|b| b.unwrap().num_rows()).sum();
    assert_eq!(counted, 4);

    let error = failure(load(folder.path(), &LoadOptions::new().columns("day:int,v:long")));
    assert_eq!((error.kind(), error.context("column")), (ErrorKind::ValueInvalid, Some("day")));
    assert!(error.context("path").unwrap().contains("a b"), "{error}");
    let plain = load(folder.path(), &LoadOptions::new().hive(false)).unwrap();
    assert_eq!(plain.schema().to_string(), "v:long");
}

#[test]
fn key_that_stands_in_the_files_too_keeps_its_type_and_its_place() {
    let folder = tempdir().unwrap();
    for (name, key) in [("k=1", 1), ("k=2", 2)] {
        let path = folder.path().join(name).join("a.parquet");
        let (schema, rows) =
            batch([("k", Type::Int16, Arc::new(Int16Array::from(vec![key])) as ArrayRef), ("v", Type::Int64, ints([7]))]);
        store(&path, &schema, vec![rows]);
    }
    let source = load(folder.path(), &LoadOptions::new()).unwrap();
    assert_eq!(source.schema().to_string(), "k:short,v:long");
    assert_eq!(column(&read(&*source).unwrap(), "k"), ["1", "2"]);
}

#[test]
fn folders_that_say_different_keys_are_an_error() {
    let folder = tempdir().unwrap();
    write(folder.path(), "a=1/x.parquet", &[1]);
    write(folder.path(), "b=1/x.parquet", &[1]);
    let error = failure(load(folder.path(), &LoadOptions::new()));
    assert_eq!(error.kind(), ErrorKind::SchemaMismatch);
    assert!(error.message().contains("say a") && error.message().contains("say b"), "{error}");
    fs::remove_dir_all(folder.path().join("b=1")).unwrap();
    write(folder.path(), "x.parquet", &[1]);
    assert_eq!(failure(load(folder.path(), &LoadOptions::new())).kind(), ErrorKind::SchemaMismatch);
    fs::remove_file(folder.path().join("x.parquet")).unwrap();
    write(folder.path(), "a=1/a=2/x.parquet", &[1]);
    fs::remove_file(folder.path().join("a=1/x.parquet")).unwrap();
    assert!(failure(load(folder.path(), &LoadOptions::new())).message().contains("twice"));
}

#[test]
fn odd_names_and_values_come_back() {
    for key in ["k", "a b", "_x", ".y", "p%q", "ü=1", "a/b", "x "] {
        for value in
            ["", "a", " ", "a/b", "50%", "%41", "=", ".", "..", "ü木", "x ", "__HIVE_DEFAULT_PARTITION__", "a:b*?\"<>|\\"]
        {
            let name = hive::folder(key, Some(value));
            assert!(!name.contains('/') && !path::is_hidden(Path::new(&name)), "{name}");
            assert_eq!(hive::key(&name), Some((key.to_owned(), Some(value.to_owned()))), "{name}");
        }
        assert_eq!(hive::key(&hive::folder(key, None)), Some((key.to_owned(), None)));
    }
    for (name, wanted) in [("k=100%", "100%"), ("k=%zz", "%zz"), ("k=a=b", "a=b")] {
        assert_eq!(hive::key(name), Some(("k".to_owned(), Some(wanted.to_owned()))));
    }
    assert_eq!((hive::key("plain"), hive::key("=x"), hive::key("k=%FF")), (None, None, None));
}

#[test]
fn patterns_match_names_and_folders() {
    let folder = tempdir().unwrap();
    write(folder.path(), "y=1/a1.parquet", &[1]);
    write(folder.path(), "y=1/a2.parquet", &[2]);
    write(folder.path(), "y=2/a1.parquet", &[3]);
    write(folder.path(), "y=2/deep/b1.parquet", &[4]);
    fs::write(folder.path().join("y=1/_note"), "").unwrap();
    let load = |pattern: &str| load(folder.path().join(pattern), &LoadOptions::new());
    let rows = |pattern: &str| column(&read(&*load(pattern).unwrap()).unwrap(), "v");
    assert_eq!(rows("y=1/*.parquet"), ["1", "2"]);
    assert_eq!(load("y=1/*.parquet").unwrap().schema().to_string(), "v:long");
    assert_eq!(load("y=*/a1.parquet").unwrap().schema().to_string(), "v:long,y:long");
    assert_eq!(rows("y=*/a1.parquet"), ["1", "3"]);
    assert_eq!(rows("y=*"), ["1", "2", "3", "4"]);
    assert_eq!(rows("**/?1.parquet"), ["1", "3", "4"]);
    assert_eq!(rows("y=[!1]/**"), ["3", "4"]);
    assert_eq!(rows("y=[1-9]/a[12].parquet"), ["1", "2", "3"]);
    let error = failure(load("z*/x.parquet"));
    assert_eq!(error.kind(), ErrorKind::Io);
    assert!(error.message().contains("no file fits"), "{error}");
    // A name may hold what a pattern is made of.
    write(folder.path(), "odd[1].parquet", &[9]);
    assert_eq!(rows("odd[1].parquet"), ["9"]);
}

#[test]
fn filters_over_keys_pass_over_files() {
    let folder = tempdir().unwrap();
    for year in 2020..2030 {
        write(folder.path(), &format!("year={year}/a.parquet"), &[year, year + 100]);
    }
    let source = load(folder.path(), &LoadOptions::new()).unwrap();
    assert_eq!(asked(&*source, col("year").eq(lit(2024))), (vec!["2024".into(), "2124".into()], counts(1, 9, 1, 0)));
    assert_eq!(asked(&*source, col("year").gt_eq(lit(2028))).1, counts(2, 8, 2, 0));
    assert_eq!(asked(&*source, col("year").is_null()), (vec![], counts(0, 10, 0, 0)));
    // Both: of one year the rows that its statistics allow.
    let both = col("year").lt(lit(2022)).and(col("v").gt(lit(2120)));
    assert_eq!(asked(&*source, both), (vec!["2121".into()], counts(1, 8, 1, 1)));
    let typed = |e: Expr| e.typed(source.schema()).unwrap();
    assert_eq!(source.pushdown(&typed(col("year").gt(lit(1)))), Pushdown::Exact);
    assert_eq!(source.pushdown(&typed(col("v").gt(lit(1)))), Pushdown::Inexact);
    assert_eq!(source.pushdown(&typed((col("v") + col("year")).gt(lit(1)))), Pushdown::Ignored);
}

#[test]
fn statistics_pass_over_row_groups() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    let floats = Float64Array::from_iter((0..40).map(|i| if i == 39 { Some(f64::NAN) } else { Some(f64::from(i)) }));
    let words = StringViewArray::from_iter((0..40).map(|i| Some(format!("word {i:03}"))));
    let holes = Int32Array::from_iter((0..40).map(|i| (i >= 20).then_some(i)));
    let (schema, rows) = batch([
        ("v", Type::Int64, ints(0..40)),
        ("f", Type::Float64, Arc::new(floats)),
        ("w", Type::Str, Arc::new(words)),
        ("n", Type::Int32, Arc::new(holes)),
    ]);
    parquet::foreign(&path, &rows, 10);
    let source = load(&path, &LoadOptions::new()).unwrap();
    assert_eq!(*source.schema(), schema);
    let groups = |filter: Expr| {
        let all = read(&*source).unwrap();
        let mask = crate::expr::evaluate(&filter.typed(source.schema()).unwrap(), &all).unwrap();
        let wanted = column(&arrow::compute::filter_record_batch(&all, mask.as_boolean()).unwrap(), "v");
        let (found, counts) = asked(&*source, filter);
        assert_eq!(found, wanted);
        assert_eq!(counts.groups + counts.groups_skipped, 4);
        counts.groups
    };
    assert_eq!(groups(col("v").eq(lit(25))), 1);
    assert_eq!(groups(col("v").lt(lit(10))), 1);
    assert_eq!(groups(lit(10).gt(col("v"))), 1);
    assert_eq!(groups(col("v").lt_eq(lit(10))), 2);
    assert_eq!(groups(col("v").gt(lit(39))), 0);
    assert_eq!(groups(col("v").is_in([lit(5), lit(35)])), 2);
    assert_eq!(groups(col("v").lt(lit(5)).or(col("v").gt(lit(35)))), 2);
    assert_eq!(groups(col("v").gt(lit(5)).and(col("v").lt(lit(8)))), 1);
    assert_eq!(groups(col("w").eq(lit("word 033"))), 1);
    assert_eq!(groups(col("n").is_null()), 2);
    assert_eq!(groups(col("n").is_not_null()), 2);
    assert_eq!(groups(col("n").gt(lit(30_i64))), 1);
    assert_eq!(groups(col("n").lt(lit(1.5))), 0);
    // NaN is greater than all numbers, and statistics do not tell of it.
    assert_eq!(groups(col("f").gt(lit(1000.0))), 4);
    assert_eq!(groups(col("f").eq(lit(f64::NAN))), 4);
    assert_eq!(groups(col("f").eq(lit(12.0))), 1);
    assert_eq!(groups(col("f").lt(lit(12.0))), 2);
    // Nothing is known of these.
    assert_eq!(groups(col("v").not_eq(lit(5))), 4);
    assert_eq!(groups(col("w").length().gt(lit(100))), 4);
    assert_eq!(groups(!col("v").eq(lit(5))), 4);
}

#[test]
fn frames_push_filters_and_limits_to_their_source() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    let (_, rows) = batch([("v", Type::Int64, ints(0..100_000)), ("w", Type::Int64, ints(0..100_000))]);
    parquet::foreign(&path, &rows, 10_000);
    let counted = |work: &dyn Fn(crate::DataFrame) -> usize| {
        let source = load(&path, &LoadOptions::new()).unwrap();
        let session = crate::Session::local().unwrap();
        let rows = work(session.frame(crate::frame::Source::shared(Arc::clone(&source))).unwrap());
        (rows, source.counts().groups)
    };
    let wait =
        |df: &crate::DataFrame| crate::blocking::wait(df.collect()).unwrap().iter().map(RecordBatch::num_rows).sum::<usize>();
    assert_eq!(counted(&|df| wait(&df)), (100_000, 10));
    assert_eq!(counted(&|df| wait(&df.filter(col("v").lt(lit(15_000))).unwrap())), (15_000, 2));
    let twice = |df: crate::DataFrame| {
        let renamed = df.rename([("v", "x")]).unwrap().filter(col("x").gt_eq(lit(5_000))).unwrap();
        wait(&renamed.filter(col("x").lt(lit(6_000))).unwrap())
    };
    assert_eq!(counted(&twice), (1_000, 1));
    let head = |df: crate::DataFrame| wait(&crate::blocking::wait(df.head(5)).unwrap());
    assert_eq!(counted(&head), (5, 1));
    assert_eq!(counted(&|df| wait(&crate::blocking::wait(df.select(["w"]).unwrap().head(10_001)).unwrap())), (10_001, 2));
    assert_eq!(counted(&|df| crate::blocking::wait(df.table(3)).unwrap().len().min(1)), (1, 1));
    // A filter takes rows away: the first rows of the source need not be those of the result.
    let filtered = |df: crate::DataFrame| {
        wait(&crate::blocking::wait(df.filter((col("v") % lit(50_000)).eq(lit(49_999))).unwrap().head(2)).unwrap())
    };
    assert_eq!(counted(&filtered).0, 2);
}

#[test]
fn limits_end_scans_in_all_formats() {
    let folder = tempdir().unwrap();
    for name in ["a.csv", "a.csv.gz", "a.parquet", "a.json", "a.arrow"] {
        let path = folder.path().join(name);
        let (schema, rows) = batch([("v", Type::Int64, ints(0..50))]);
        store(&path, &schema, vec![rows]);
        let source = load(&path, &LoadOptions::new()).unwrap();
        for scan in [Scan::new().limit(7), Scan::new().limit(7).on(&Pool::new(2).unwrap())] {
            let rows: usize = source.scan_with(&scan, &Cancel::never()).unwrap().map(|b| b.unwrap().num_rows()).sum();
            assert_eq!(rows, 7);
        }
        let none = source.scan_with(&Scan::new().limit(0), &Cancel::never()).unwrap().count();
        assert_eq!(none, 0);
    }
}
