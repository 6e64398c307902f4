//! Parquet: all types there and back, projections and casts, many row groups in parallel, damaged files.

use std::fs::File;

use ::parquet::arrow::ArrowWriter;
use ::parquet::file::properties::WriterProperties;
use arrow::datatypes::{DataType, Field as ArrowField, Schema as ArrowSchema};
use tempfile::tempdir;

use super::*;
use crate::error::ErrorKind;
use crate::run::{CancelHandle, Pool};
use crate::schema::SubMicrosecond;

/// A file as another program writes it: any layout, small row groups.
pub(super) fn foreign(path: &Path, batch: &RecordBatch, group: usize) {
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(group)).build();
    let mut writer = ArrowWriter::try_new(File::create(path).unwrap(), batch.schema(), Some(properties)).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
}

/// Rows that cannot be mixed up, with columns of different weight.
fn numbered(rows: i64) -> (Schema, RecordBatch) {
    let words: ArrayRef =
        Arc::new(StringViewArray::from_iter((0..rows).map(|i| (i % 7 != 0).then(|| format!("row number {i:020}")))));
    batch([
        ("a", Type::Int64, ints(0..rows)),
        ("b", Type::Str, words),
        ("c", Type::Float64, Arc::new(Float64Array::from_iter_values((0..rows).map(|i| i as f64 / 3.0)))),
        ("d", Type::Bool, Arc::new(BooleanArray::from_iter((0..rows).map(|i| Some(i % 3 == 0))))),
    ])
}

#[test]
fn all_types_come_back() {
    let folder = tempdir().unwrap();
    for (number, (schema, rows)) in [flat(), nested()].into_iter().enumerate() {
        for compression in [Compression::Snappy, Compression::Zstd(1), Compression::None] {
            let path = folder.path().join(format!("{number}.parquet"));
            let options = SaveOptions::new().compression(compression);
            assert_eq!(save(&path, &schema, iter([rows.clone()]), &options, &Cancel::never()).unwrap(), 3);
            let source = load(&path, &LoadOptions::new()).unwrap();
            assert_eq!(source.schema(), &schema);
            assert_eq!(source.rows(), Some(3));
            assert_eq!(read(&*source).unwrap(), rows);
        }
    }
}

#[test]
fn empty_frame_keeps_its_schema() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("empty.parquet");
    let (schema, _) = nested();
    assert_eq!(store(&path, &schema, vec![]), 0);
    let source = load(&path, &LoadOptions::new()).unwrap();
    assert_eq!((source.schema(), source.rows()), (&schema, Some(0)));
    assert_eq!(read(&*source).unwrap().num_rows(), 0);
    let pool = Pool::new(2).unwrap();
    assert!(source.scan_parallel(None, &pool, &Cancel::never()).unwrap().next().is_none());
}

#[test]
fn foreign_layouts_become_those_of_the_contract() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("foreign.parquet");
    let dictionary: DictionaryArray<arrow::datatypes::Int32Type> = [Some("x"), None, Some("x")].into_iter().collect();
    let columns: Vec<(&str, ArrayRef, Type, ArrayRef)> = vec![
        ("utf8", Arc::new(StringArray::from(vec!["a", "b", "c"])), Type::Str, texts([Some("a"), Some("b"), Some("c")])),
        ("large", Arc::new(LargeStringArray::from(vec![Some("a"), None, None])), Type::Str, texts([Some("a"), None, None])),
        ("dictionary", Arc::new(dictionary), Type::Str, texts([Some("x"), None, Some("x")])),
        (
            "millis",
            Arc::new(TimestampMillisecondArray::from(vec![Some(1), None, Some(-1)])),
            Type::Datetime,
            Arc::new(TimestampMicrosecondArray::from(vec![Some(1000), None, Some(-1000)])),
        ),
        (
            "nanos",
            Arc::new(TimestampNanosecondArray::from(vec![Some(1000), None, Some(-1000)])),
            Type::Datetime,
            Arc::new(TimestampMicrosecondArray::from(vec![Some(1), None, Some(-1)])),
        ),
    ];
    let fields: Vec<_> = columns.iter().map(|(n, a, _, _)| ArrowField::new(*n, a.data_type().clone(), *n != "utf8")).collect();
    let arrays = columns.iter().map(|(_, a, _, _)| Arc::clone(a)).collect();
    foreign(&path, &RecordBatch::try_new(Arc::new(ArrowSchema::new(fields)), arrays).unwrap(), 2);
    let source = load(&path, &LoadOptions::new()).unwrap();
    let batch = read(&*source).unwrap();
    for (i, (name, _, ty, wanted)) in columns.iter().enumerate() {
        assert_eq!(source.schema().field(name).unwrap().ty(), ty);
        assert_eq!(batch.column(i), wanted, "{name}");
    }
}

#[test]
fn columns_are_chosen_and_cast() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("abc.parquet");
    let (schema, rows) = batch([
        ("a", Type::Int32, Arc::new(Int32Array::from(vec![2]))),
        ("b", Type::Int64, ints([1])),
        ("c", Type::Int64, ints([3])),
    ]);
    store(&path, &schema, vec![rows]);
    let source = load(&path, &LoadOptions::new().columns(["c", "a"])).unwrap();
    assert_eq!(source.schema(), &super::schema([("c", Type::Int64), ("a", Type::Int32)]));
    assert_eq!(read(&*source).unwrap().column(0), &ints([3]));
    let typed = super::schema([("b", Type::Str), ("a", Type::Int64)]);
    let source = load(&path, &LoadOptions::new().columns(typed.clone())).unwrap();
    let (_, wanted) = batch([("b", Type::Str, texts([Some("1")])), ("a", Type::Int64, ints([2]))]);
    assert_eq!(read(&*source).unwrap(), wanted);
    let same = load(&path, &LoadOptions::new().columns("b:str,a:long")).unwrap();
    assert_eq!((same.schema(), read(&*same).unwrap()), (&typed, wanted));
    assert_eq!(failure(load(&path, &LoadOptions::new().columns("b:strr"))).kind(), ErrorKind::SchemaInvalid);
    let error = failure(load(&path, &LoadOptions::new().columns("b:bytes")));
    assert_eq!((error.kind(), error.context("column")), (ErrorKind::SchemaMismatch, Some("b")));
    for columns in [Columns::from(["a", "x"]), Columns::from("x:str")] {
        let error = failure(load(&path, &LoadOptions::new().columns(columns)));
        assert_eq!((error.kind(), error.context("column")), (ErrorKind::ColumnNotFound, Some("x")));
        assert!(error.message().contains("a, b, c"), "{error}");
    }
    // And by position, over the chosen ones.
    let source = load(&path, &LoadOptions::new().columns(typed)).unwrap();
    let only: Vec<_> = source.scan(Some(&[1]), &Cancel::never()).unwrap().collect::<Result<_>>().unwrap();
    assert_eq!(only[0].columns(), &[ints([2])]);
}

#[test]
fn failing_cast_names_column_and_file() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("words.parquet");
    let words: ArrayRef =
        Arc::new(StringViewArray::from_iter_values((0..99_999).map(|i| i.to_string()).chain(["one".to_owned()])));
    let (_, rows) = batch([("a", Type::Str, words)]);
    foreign(&path, &rows, 60_000);
    let error = failure(read(&*load(&path, &LoadOptions::new().columns("a:long")).unwrap()));
    assert_eq!(error.kind(), ErrorKind::ValueInvalid);
    assert_eq!((error.context("column"), error.context("row")), (Some("a"), Some("99999")));
    assert!(error.context("path").unwrap().ends_with("words.parquet"));
}

#[test]
fn nanoseconds_are_not_lost_unasked() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    let moments: ArrayRef = Arc::new(TimestampNanosecondArray::from(vec![1000, -1]));
    foreign(&path, &RecordBatch::try_from_iter([("a", moments)]).unwrap(), 10);
    let error = failure(read(&*load(&path, &LoadOptions::new()).unwrap()));
    assert_eq!((error.kind(), error.context("column"), error.context("row")), (ErrorKind::ValueInvalid, Some("a"), Some("1")));
    let rows = read(&*load(&path, &LoadOptions::new().sub_microsecond(SubMicrosecond::Truncate)).unwrap()).unwrap();
    assert_eq!(rows.column(0).as_primitive::<arrow::datatypes::TimestampMicrosecondType>().values(), &[1, -1]);
}

#[test]
fn parallel_scan_gives_the_same_batches_in_the_same_order() {
    let folder = tempdir().unwrap();
    let (_, rows) = numbered(100_000);
    // One row group, a few, and many.
    for group in [1 << 20, 40_000, 1000] {
        let path = folder.path().join(format!("{group}.parquet"));
        foreign(&path, &rows, group);
        let source = load(&path, &LoadOptions::new()).unwrap();
        for threads in [1, 2, 5] {
            let pool = Pool::new(threads).unwrap();
            for projection in [None, Some(&[2_usize, 0][..]), Some(&[1][..]), Some(&[][..])] {
                let plain: Vec<_> = source.scan(projection, &Cancel::never()).unwrap().collect::<Result<_>>().unwrap();
                let parallel: Vec<_> =
                    source.scan_parallel(projection, &pool, &Cancel::never()).unwrap().collect::<Result<_>>().unwrap();
                assert_eq!(plain, parallel);
                assert_eq!(plain.iter().map(RecordBatch::num_rows).sum::<usize>(), 100_000);
                let wanted = projection.map_or(rows.clone(), |p| source::project(&rows, p).unwrap());
                assert_eq!(concat_batches(&plain[0].schema(), &plain).unwrap().columns(), wanted.columns());
            }
            // The only thread of a pool may iterate itself.
            let inside: usize = pool
                .install(|| source.scan_parallel(None, &pool, &Cancel::never()).unwrap().map(|b| b.unwrap().num_rows()).sum());
            assert_eq!(inside, 100_000);
        }
    }
}

#[test]
fn parallel_scan_ends_when_it_is_dropped_or_cancelled() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    foreign(&path, &numbered(50_000).1, 1000);
    let source = load(&path, &LoadOptions::new()).unwrap();
    let pool = Pool::new(2).unwrap();
    drop(source.scan_parallel(None, &pool, &Cancel::never()).unwrap().next());
    let handle = CancelHandle::new();
    let mut batches = source.scan_parallel(None, &pool, &Cancel::new(&handle, None)).unwrap();
    batches.next().unwrap().unwrap();
    handle.cancel();
    assert_eq!(failure(batches.next().unwrap()).kind(), ErrorKind::Cancelled);
    assert!(batches.next().is_none());
}

#[test]
fn files_of_a_folder_must_agree() {
    let folder = tempdir().unwrap();
    let (long, first) = batch([("a", Type::Int64, ints([1])), ("b", Type::Int64, ints([1]))]);
    let (text, second) = batch([("a", Type::Str, texts([Some("2")])), ("c", Type::Int64, ints([1]))]);
    store(&folder.path().join("1.parquet"), &long, vec![first]);
    store(&folder.path().join("2.parquet"), &text, vec![second]);
    let options = LoadOptions::new().format(Format::Parquet);
    let error = failure(load(folder.path(), &options));
    assert_eq!((error.kind(), error.context("column")), (ErrorKind::SchemaMismatch, Some("a")));
    let error = failure(load(folder.path(), &options.clone().columns(["b"])));
    assert_eq!((error.kind(), error.context("column")), (ErrorKind::SchemaMismatch, Some("b")));
    assert!(error.context("path").unwrap().ends_with("2.parquet"));
    let source = load(folder.path(), &options.columns(schema([("a", Type::Int64)]))).unwrap();
    assert_eq!(read(&*source).unwrap().column(0), &ints([1, 2]));
}

#[test]
fn types_outside_the_table_are_refused_only_when_asked_for() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    let fields = vec![ArrowField::new("a", DataType::Int64, true), ArrowField::new("n", DataType::Null, true)];
    let rows = RecordBatch::try_new(Arc::new(ArrowSchema::new(fields)), vec![ints([1]), Arc::new(NullArray::new(1))]).unwrap();
    foreign(&path, &rows, 10);
    let error = failure(load(&path, &LoadOptions::new()));
    assert_eq!((error.kind(), error.context("column")), (ErrorKind::SchemaInvalid, Some("n")));
    assert!(error.context("path").is_some());
    assert_eq!(read(&*load(&path, &LoadOptions::new().columns(["a"])).unwrap()).unwrap().num_rows(), 1);
    let rows = read(&*load(&path, &LoadOptions::new().columns("n:str")).unwrap()).unwrap();
    assert_eq!(rows.column(0), &texts([None]));
}

#[test]
fn types_that_parquet_has_not_are_refused() {
    let folder = tempdir().unwrap();
    let schema = schema([("s", Type::List(Arc::new(Type::Struct(Arc::from([])))))]);
    let path = folder.path().join("a.parquet");
    let error = failure(save(&path, &schema, iter([]), &SaveOptions::new(), &Cancel::never()));
    assert_eq!((error.kind(), error.context("column")), (ErrorKind::SchemaInvalid, Some("s")));
    assert!(names_in(folder.path()).is_empty());
}

#[test]
fn damaged_files_are_errors_that_name_them() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    let (schema, rows) = numbered(2000);
    store(&path, &schema, vec![rows]);
    let whole = std::fs::read(&path).unwrap();
    for content in [&b""[..], b"PAR1", b"this is no parquet at all", &whole[..whole.len() / 2], &whole[4..]] {
        std::fs::write(&path, content).unwrap();
        let error = failure(load(&path, &LoadOptions::new()).and_then(|s| read(&*s)));
        assert_eq!(error.kind(), ErrorKind::Io);
        assert!(error.message().contains("a.parquet"), "{error}");
    }
    // Any damage gives rows or an error, never a panic.
    let mut failed = 0;
    for at in (4..whole.len()).step_by(whole.len() / 150) {
        let mut damaged = whole.clone();
        damaged[at..(at + 3).min(whole.len())].iter_mut().for_each(|b| *b = !*b);
        std::fs::write(&path, &damaged).unwrap();
        if let Err(e) = load(&path, &LoadOptions::new()).and_then(|s| s.scan(None, &Cancel::never())?.collect::<Result<Vec<_>>>())
        {
            failed += 1;
            assert!(matches!(e.kind(), ErrorKind::Io | ErrorKind::SchemaInvalid), "{e}");
            assert!(e.context("path").is_some(), "{e}");
        }
    }
    assert!(failed > 10, "{failed}");
}

#[test]
fn file_that_is_gone_or_replaced_after_loading_is_noticed() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    let (schema, rows) = numbered(100);
    store(&path, &schema, vec![rows.clone()]);
    let source = load(&path, &LoadOptions::new()).unwrap();
    store(&path, &schema, vec![rows.slice(0, 10)]);
    assert!(failure(read(&*source)).message().contains("changed since it was loaded"));
    std::fs::remove_file(&path).unwrap();
    assert_eq!(failure(read(&*source)).kind(), ErrorKind::Io);
}

#[test]
fn stored_schema_has_no_views() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    let (schema, rows) = nested();
    store(&path, &schema, vec![rows]);
    let reader = ::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(File::open(&path).unwrap()).unwrap();
    assert_eq!(reader.schema().field(0).data_type(), &DataType::Binary);
    assert!(!format!("{:?}", reader.schema()).contains("View"));
}

#[test]
fn files_are_the_same_whoever_encodes_their_columns() {
    let folder = tempdir().unwrap();
    for (name, (schema, rows)) in [("flat", flat()), ("nested", nested()), ("numbered", numbered(2_500))] {
        let written = |threads: usize, group: usize| {
            let path = folder.path().join(format!("{name}-{threads}-{group}.parquet"));
            let file = File::create_new(&path).unwrap();
            let options = SaveOptions::new().row_group_rows(group);
            let mut sink = sink::open(file, &path, Format::Parquet, &schema, &options, None, threads).unwrap();
            let piece = rows.num_rows().div_ceil(4);
            for from in (0..rows.num_rows()).step_by(piece).chain([0, 0]) {
                sink.write(&rows.slice(from, piece.min(rows.num_rows() - from))).unwrap();
            }
            drop(sink.finish().unwrap());
            std::fs::read(path).unwrap()
        };
        for group in [1 << 20, 1_000, 2] {
            let here = written(1, group);
            for threads in [2, 50] {
                assert!(written(threads, group) == here, "{name}, {threads} threads, row groups of {group}");
            }
        }
    }
}
