//! Arrow files: all types there and back, both kinds, damaged ones.

use std::fs::File;

use arrow::datatypes::DataType;
use arrow::ipc::reader::FileReader;
use arrow::ipc::writer::StreamWriter;
use tempfile::tempdir;

use super::*;
use crate::error::ErrorKind;

#[test]
fn all_types_come_back() {
    let folder = tempdir().unwrap();
    for (number, (schema, rows)) in [flat(), nested()].into_iter().enumerate() {
        for compression in [Compression::None, Compression::Lz4, Compression::Zstd(3)] {
            let path = folder.path().join(format!("{number}.arrow"));
            let options = SaveOptions::new().compression(compression);
            // A slice, so that what is written is only what it shows.
            let batches = [rows.clone(), rows.slice(1, 2)];
            assert_eq!(save(&path, &schema, iter(batches), &options, &Cancel::never()).unwrap(), 5);
            let source = load(&path, &LoadOptions::new()).unwrap();
            assert_eq!(source.schema(), &schema);
            let back = read(&*source).unwrap();
            assert_eq!(back.slice(0, 3), rows);
            assert_eq!(back.slice(3, 2), rows.slice(1, 2));
        }
    }
    let error = failure(save(
        folder.path().join("x.arrow"),
        &flat().0,
        iter([]),
        &SaveOptions::new().compression(Compression::Snappy),
        &Cancel::never(),
    ));
    assert_eq!((error.kind(), error.context("setting")), (ErrorKind::SettingInvalid, Some("compression")));
}

#[test]
fn files_have_no_views_and_no_buffers_of_others() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.feather");
    let words: ArrayRef =
        Arc::new(StringViewArray::from_iter((0..100_000).map(|i| Some(format!("a long word, number {i:020}")))));
    let (schema, rows) = batch([("w", Type::Str, words)]);
    store(&path, &schema, vec![rows.slice(500, 3)]);
    assert!(std::fs::metadata(&path).unwrap().len() < 4000);
    let reader = FileReader::try_new(File::open(&path).unwrap(), None).unwrap();
    assert_eq!(*reader.schema().field(0).data_type(), DataType::Utf8);
}

#[test]
fn streams_and_other_layouts_are_read() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.arrow");
    let dictionary: DictionaryArray<arrow::datatypes::Int32Type> = ["x", "y", "x"].into_iter().collect();
    let plain = RecordBatch::try_from_iter([
        ("n", Arc::new(Int32Array::from(vec![1, 2, 3])) as ArrayRef),
        ("d", Arc::new(dictionary) as ArrayRef),
        ("l", Arc::new(LargeStringArray::from(vec![Some("a"), None, Some("b")])) as ArrayRef),
    ])
    .unwrap();
    let mut writer = StreamWriter::try_new(File::create(&path).unwrap(), &plain.schema()).unwrap();
    writer.write(&plain).unwrap();
    writer.finish().unwrap();
    let source = load(&path, &LoadOptions::new()).unwrap();
    assert_eq!(source.schema().to_string(), "n:int,d:str,l:str");
    let chosen = load(&path, &LoadOptions::new().columns("l:str,n:double")).unwrap();
    let (_, wanted) = batch([
        ("l", Type::Str, texts([Some("a"), None, Some("b")])),
        ("n", Type::Float64, Arc::new(Float64Array::from(vec![1.0, 2.0, 3.0])) as ArrayRef),
    ]);
    assert_eq!(read(&*chosen).unwrap(), wanted);
    let swapped: Vec<_> = source.scan(Some(&[1, 0]), &Cancel::never()).unwrap().collect::<Result<_>>().unwrap();
    assert_eq!(swapped[0].schema().field(0).name(), "d");
    let counted: usize = source.scan(Some(&[]), &Cancel::never()).unwrap().map(|b| b.unwrap().num_rows()).sum();
    assert_eq!(counted, 3);
    let error = failure(load(&path, &LoadOptions::new().columns(["nowhere"])));
    assert_eq!((error.kind(), error.context("column")), (ErrorKind::ColumnNotFound, Some("nowhere")));
}

#[test]
fn damaged_files_are_errors_that_name_them() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.arrow");
    let (schema, rows) = flat();
    let mut wholes = Vec::new();
    for compression in [Compression::None, Compression::Zstd(1), Compression::Lz4] {
        let options = SaveOptions::new().compression(compression);
        save(&path, &schema, iter([rows.clone()]), &options, &Cancel::never()).unwrap();
        wholes.push(std::fs::read(&path).unwrap());
    }
    let mut stream = StreamWriter::try_new(Vec::new(), &rows.schema()).unwrap();
    stream.write(&rows).unwrap();
    wholes.push(stream.into_inner().unwrap());
    let mut contents: Vec<Vec<u8>> = vec![Vec::new(), b"ARROW1".to_vec(), b"words".to_vec()];
    for whole in &wholes {
        contents.push(whole[..whole.len() - 9].to_vec());
        for at in (0..whole.len()).step_by(whole.len() / 50) {
            for flipped in [0xff, 0x77] {
                let mut broken = whole.clone();
                broken[at] ^= flipped;
                contents.push(broken);
            }
        }
    }
    let mut failed = 0;
    for content in contents {
        std::fs::write(&path, content).unwrap();
        if let Err(error) =
            load(&path, &LoadOptions::new()).and_then(|s| s.scan(None, &Cancel::never())?.collect::<Result<Vec<_>>>())
        {
            assert_eq!(error.context("path"), path.to_str(), "{error}");
            failed += 1;
        }
    }
    assert!(failed >= 4);
}

#[test]
fn files_of_a_folder_must_agree() {
    let folder = tempdir().unwrap();
    let (one, rows) = batch([("a", Type::Int64, ints(0..3))]);
    store(&folder.path().join("a.arrow"), &one, vec![rows]);
    let (two, rows) = batch([("a", Type::Str, texts([Some("7")]))]);
    store(&folder.path().join("b.arrow"), &two, vec![rows]);
    let error = failure(load(folder.path(), &LoadOptions::new()));
    assert_eq!((error.kind(), error.context("column")), (ErrorKind::SchemaMismatch, Some("a")));
    assert!(error.context("path").unwrap().ends_with("b.arrow"));
    let cast = load(folder.path(), &LoadOptions::new().columns("a:long")).unwrap();
    assert_eq!(read(&*cast).unwrap().num_rows(), 4);
}
