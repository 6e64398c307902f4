//! Which files are read and written, by whatever format: names, folders, targets, batches in memory.

use tempfile::tempdir;

use super::*;
use crate::error::ErrorKind;
use crate::run::CancelHandle;

#[test]
fn format_is_that_of_the_last_suffix() {
    assert_eq!(Format::of(Path::new("c.test.parquet")).unwrap(), Format::Parquet);
    assert_eq!(Format::of(Path::new("some.parquet/b.test.CSV")).unwrap(), Format::Csv);
    for (name, format) in
        [("c.csv.gz", Format::Csv), ("c.CSV.ZST", Format::Csv), ("c.jsonl", Format::Json), ("c.json.gz", Format::Json)]
    {
        assert_eq!(Format::of(Path::new(name)).unwrap(), format);
    }
    assert_eq!(Format::of(Path::new("c.feather")).unwrap(), Format::Arrow);
    for name in ["c.ppp", "c", "some.parquet/c", "c.parquet.gz", "c.gz", "c.csv.bz2", ".parquet"] {
        let error = failure(Format::of(Path::new(name)));
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{name}");
        assert_eq!(error.context("path"), Some(name));
    }
    assert!(failure(Format::of(Path::new("c.csv.bz2"))).message().contains("gzip or zstd"));
    assert_eq!("Parquet".parse::<Format>().unwrap(), Format::Parquet);
    assert_eq!(failure("avro".parse::<Format>()).kind(), ErrorKind::Unsupported);
}

#[test]
fn explicit_format_beats_the_suffix() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("c.csv");
    let (schema, rows) = batch([("a", Type::Int64, ints(0..3))]);
    let options = SaveOptions::new().format(Format::Parquet);
    save(&path, &schema, iter([rows.clone()]), &options, &Cancel::never()).unwrap();
    assert_eq!(&std::fs::read(&path).unwrap()[..4], b"PAR1");
    let source = load(&path, &LoadOptions::new().format(Format::Parquet)).unwrap();
    assert_eq!(read(&*source).unwrap(), rows);
}

#[test]
fn missing_file_says_where_it_looked_and_what_is_near() {
    let folder = tempdir().unwrap();
    std::fs::write(folder.path().join("readings.parquet"), "").unwrap();
    let error = failure(load(folder.path().join("reading.parquet"), &LoadOptions::new()));
    assert_eq!(error.kind(), ErrorKind::Io);
    assert!(error.message().contains("did you mean \"readings.parquet\"?"), "{error}");
    let error = failure(load("no such thing.parquet", &LoadOptions::new()));
    assert_eq!(error.context("path"), Some("no such thing.parquet"));
    assert!(error.message().contains(&*std::env::current_dir().unwrap().to_string_lossy()), "{error}");
    assert!(!error.message().contains("did you mean"), "{error}");
}

#[test]
fn addresses_and_patterns_are_told_apart_from_missing_files() {
    for (name, kind) in [("ftp://bucket/a.parquet", ErrorKind::Unsupported), ("data/*.parquet", ErrorKind::Io)] {
        let error = failure(load(name, &LoadOptions::new()));
        assert_eq!((error.kind(), error.context("path")), (kind, Some(name)));
    }
}

#[test]
fn folder_is_read_by_name_without_hidden_files() {
    let folder = tempdir().unwrap();
    let all = folder.path().join("all.parquet");
    std::fs::create_dir(&all).unwrap();
    let (ab, first) = batch([("a", Type::Int64, ints([1])), ("b", Type::Str, texts([Some("x")]))]);
    let (ba, second) = batch([("b", Type::Str, texts([Some("y")])), ("a", Type::Int64, ints([2]))]);
    store(&all.join("b.parquet"), &ba, vec![second]);
    store(&all.join("a.parquet"), &ab, vec![first]);
    for hidden in ["_SUCCESS", "_metadata.parquet", ".a.parquet.crc"] {
        std::fs::write(all.join(hidden), "").unwrap();
    }
    let source = load(&all, &LoadOptions::new()).unwrap();
    let (_, both) = batch([("a", Type::Int64, ints([1, 2])), ("b", Type::Str, texts([Some("x"), Some("y")]))]);
    assert_eq!(read(&*source).unwrap(), both);
    assert_eq!(source.rows(), Some(2));
    let listed = open_all(&[all.join("a.parquet"), all.join("b.parquet")], &LoadOptions::new(), &Cancel::never()).unwrap();
    assert_eq!(read(&*listed).unwrap(), both);

    for other in ["note.txt", "c.csv", "c.parquet.gz", "c.parq", "part-00001"] {
        std::fs::write(all.join(other), "").unwrap();
        for options in [LoadOptions::new(), LoadOptions::new().format(Format::Parquet)] {
            let error = failure(load(&all, &options));
            let named = all.join(other).display().to_string();
            assert_eq!((error.kind(), error.context("path")), (ErrorKind::Unsupported, Some(named.as_str())), "{other}");
            assert!(error.message().contains("move it away"), "{error}");
        }
        std::fs::remove_file(all.join(other)).unwrap();
    }

    std::fs::create_dir(all.join("more")).unwrap();
    assert_eq!(load(&all, &LoadOptions::new()).unwrap().rows(), Some(2));
    std::fs::copy(all.join("a.parquet"), all.join("more/c.parquet")).unwrap();
    assert_eq!(load(&all, &LoadOptions::new()).unwrap().rows(), Some(3));
}

#[test]
fn empty_folder_is_an_error() {
    let folder = tempdir().unwrap();
    std::fs::write(folder.path().join("a.csv"), "").unwrap();
    let error = failure(load(folder.path(), &LoadOptions::new().format(Format::Parquet)));
    assert_eq!(error.kind(), ErrorKind::Io);
    assert!(error.message().contains("a.csv"), "{error}");
}

#[test]
fn save_makes_folders_and_replaces_files_and_folders_of_data() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("x/y/z.parquet");
    let (schema, rows) = batch([("a", Type::Int64, ints(0..3))]);
    assert_eq!(store(&path, &schema, vec![rows.clone(), rows.clone()]), 6);
    assert_eq!(store(&path, &schema, vec![rows.clone()]), 3);
    assert_eq!(read(&*load(&path, &LoadOptions::new()).unwrap()).unwrap(), rows);
    assert_eq!(names_in(path.parent().unwrap()), ["z.parquet"]);

    let old = folder.path().join("old.parquet");
    std::fs::create_dir_all(old.join("c=1")).unwrap();
    std::fs::write(old.join("c=1/part.parquet"), "").unwrap();
    std::fs::write(old.join("_SUCCESS"), "").unwrap();
    store(&old, &schema, vec![rows]);
    assert!(old.is_file());
    assert_eq!(names_in(folder.path()), ["old.parquet", "x"]);
}

#[test]
fn folder_of_other_things_is_never_replaced() {
    let folder = tempdir().unwrap();
    let target = folder.path().join("work.parquet");
    std::fs::create_dir_all(target.join("inner")).unwrap();
    std::fs::write(target.join("inner/.thesis"), "words").unwrap();
    let (schema, rows) = batch([("a", Type::Int64, ints(0..3))]);
    let error = failure(save(&target, &schema, iter([rows]), &SaveOptions::new(), &Cancel::never()));
    assert_eq!(error.kind(), ErrorKind::Io);
    assert_eq!(std::fs::read_to_string(target.join("inner/.thesis")).unwrap(), "words");
    assert_eq!(names_in(folder.path()), ["work.parquet"]);
}

#[test]
fn file_cannot_be_a_folder() {
    let folder = tempdir().unwrap();
    std::fs::write(folder.path().join("note.txt"), "words").unwrap();
    let (schema, rows) = batch([("a", Type::Int64, ints(0..3))]);
    let path = folder.path().join("note.txt/a.parquet");
    let error = failure(save(&path, &schema, iter([rows]), &SaveOptions::new(), &Cancel::never()));
    assert_eq!(error.kind(), ErrorKind::Io);
    assert!(error.context("path").unwrap().contains("note.txt"));
    assert_eq!(failure(load(&path, &LoadOptions::new())).kind(), ErrorKind::Io);
    assert_eq!(names_in(folder.path()), ["note.txt"]);
}

#[cfg(unix)]
#[test]
fn link_is_followed() {
    let folder = tempdir().unwrap();
    let (schema, rows) = batch([("a", Type::Int64, ints(0..3))]);
    let (real, link) = (folder.path().join("real.parquet"), folder.path().join("link.parquet"));
    store(&real, &schema, vec![rows.slice(0, 1)]);
    std::os::unix::fs::symlink(&real, &link).unwrap();
    store(&link, &schema, vec![rows]);
    assert!(link.is_symlink());
    assert_eq!(load(&real, &LoadOptions::new()).unwrap().rows(), Some(3));
}

#[test]
fn mode_refuses_what_exists() {
    let folder = tempdir().unwrap();
    let (schema, rows) = batch([("a", Type::Int64, ints(0..3))]);
    let options = SaveOptions::new().mode(SaveMode::ErrorIfExists);
    let file = folder.path().join("a.parquet");
    save(&file, &schema, iter([rows.clone()]), &options, &Cancel::never()).unwrap();
    let directory = folder.path().join("b.parquet");
    std::fs::create_dir(&directory).unwrap();
    for path in [&file, &directory] {
        let error = failure(save(path, &schema, iter([rows.clone()]), &options, &Cancel::never()));
        assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    }
    // Somebody makes the target while the batches are written.
    let late = folder.path().join("late.parquet");
    let racing = late.clone();
    let batches: BatchIter = Box::new(std::iter::once_with(move || {
        std::fs::write(&racing, "theirs").unwrap();
        Ok(rows)
    }));
    assert_eq!(failure(save(&late, &schema, batches, &options, &Cancel::never())).kind(), ErrorKind::AlreadyExists);
    assert_eq!(std::fs::read_to_string(&late).unwrap(), "theirs");
    assert_eq!(names_in(folder.path()), ["a.parquet", "b.parquet", "late.parquet"]);
}

#[test]
fn failing_save_leaves_the_old_file_and_nothing_else() {
    let folder = tempdir().unwrap();
    let (schema, rows) = batch([("a", Type::Int64, ints(0..3))]);
    for name in ["a.parquet", "a.csv", "a.json", "a.arrow"] {
        let path = folder.path().join(name);
        store(&path, &schema, vec![rows.clone()]);
        let before = std::fs::read(&path).unwrap();
        let bad: BatchIter = Box::new([Ok(rows.clone()), Err(Error::new(ErrorKind::TransformerFailed, "mine"))].into_iter());
        let error = failure(save(&path, &schema, bad, &SaveOptions::new(), &Cancel::never()));
        assert_eq!((error.kind(), error.message()), (ErrorKind::TransformerFailed, "mine"));
        let handle = CancelHandle::new();
        handle.cancel();
        let error = failure(save(&path, &schema, iter([rows.clone()]), &SaveOptions::new(), &Cancel::new(&handle, None)));
        assert_eq!(error.kind(), ErrorKind::Cancelled);
        assert_eq!(std::fs::read(&path).unwrap(), before);

        let fresh = folder.path().join("new/folder").join(name);
        let bad: BatchIter = Box::new(std::iter::once(Err(Error::new(ErrorKind::TransformerFailed, "mine"))));
        failure(save(&fresh, &schema, bad, &SaveOptions::new(), &Cancel::never()));
    }
    assert_eq!(names_in(folder.path()), ["a.arrow", "a.csv", "a.json", "a.parquet"]);
}

#[test]
fn batches_of_other_columns_are_not_written() {
    let folder = tempdir().unwrap();
    let (_, rows) = batch([("a", Type::Int64, ints(0..3))]);
    for other in [schema([("b", Type::Int64)]), schema([("a", Type::Str)])] {
        for name in ["a.parquet", "a.csv"] {
            let error =
                failure(save(folder.path().join(name), &other, iter([rows.clone()]), &SaveOptions::new(), &Cancel::never()));
            assert_eq!(error.kind(), ErrorKind::SchemaMismatch);
        }
    }
    assert!(names_in(folder.path()).is_empty());
}

#[test]
fn frame_may_be_saved_over_the_file_it_is_read_from() {
    let folder = tempdir().unwrap();
    for name in ["a.parquet", "a.csv", "a.json", "a.arrow"] {
        let path = folder.path().join(name);
        let (schema, rows) = batch([("a", Type::Int64, ints(0..100_000))]);
        store(&path, &schema, vec![rows.clone()]);
        let source = load(&path, &LoadOptions::new()).unwrap();
        let batches = source.scan(None, &Cancel::never()).unwrap();
        save(&path, &schema, Box::new(batches.chain([Ok(rows.clone())])), &SaveOptions::new(), &Cancel::never()).unwrap();
        // The old source does not mix what it knew with what is there now.
        assert_eq!(failure(read(&*source)).kind(), ErrorKind::Io);
        assert_eq!(read(&*load(&path, &LoadOptions::new()).unwrap()).unwrap().num_rows(), 200_000);
    }
}

#[test]
fn settings_of_another_format_are_refused() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    let (schema, rows) = batch([("a", Type::Int64, ints(0..3))]);
    store(&path, &schema, vec![rows.clone()]);
    let error = failure(load(&path, &LoadOptions::new().header(true)));
    assert_eq!((error.kind(), error.context("setting")), (ErrorKind::SettingInvalid, Some("header")));
    for (name, options) in [
        ("b.parquet", SaveOptions::new().delimiter(b';')),
        ("b.csv", SaveOptions::new().compression(Compression::Snappy)),
        ("b.parquet", SaveOptions::new().compression(Compression::Zstd(99))),
    ] {
        let error = failure(save(folder.path().join(name), &schema, iter([rows.clone()]), &options, &Cancel::never()));
        assert_eq!(error.kind(), ErrorKind::SettingInvalid);
    }
    let csv = folder.path().join("a.csv");
    std::fs::write(&csv, "a\n1\n").unwrap();
    let error = failure(load(&csv, &LoadOptions::new().sub_microsecond(crate::schema::SubMicrosecond::Truncate)));
    assert_eq!((error.kind(), error.context("setting")), (ErrorKind::SettingInvalid, Some("sub_microsecond")));
    let none = Schema::new([]).unwrap();
    let error = failure(save(folder.path().join("n.parquet"), &none, iter([]), &SaveOptions::new(), &Cancel::never()));
    assert_eq!(error.kind(), ErrorKind::SchemaInvalid);
}

#[test]
fn memory_is_read_again_and_again_and_projected() {
    let (schema, rows) = batch([("a", Type::Int64, ints(0..3)), ("b", Type::Str, texts([None, Some("x"), Some("y")]))]);
    let source = MemorySource::new(schema, vec![rows.clone(), rows.slice(0, 0), rows.slice(1, 2)]).unwrap();
    assert_eq!(source.rows(), Some(5));
    for _ in 0..2 {
        assert_eq!(read(&source).unwrap().num_rows(), 5);
    }
    let swapped: Vec<_> = source.scan(Some(&[1, 0]), &Cancel::never()).unwrap().collect::<Result<_>>().unwrap();
    assert_eq!(swapped[0].schema().field(0).name(), "b");
    assert_eq!(swapped[0].column(1), rows.column(0));
    let counted: usize = source.scan(Some(&[]), &Cancel::never()).unwrap().map(|b| b.unwrap().num_rows()).sum();
    assert_eq!(counted, 5);
    assert_eq!(failure(source.scan(Some(&[2]), &Cancel::never())).kind(), ErrorKind::Unexpected);
    let handle = CancelHandle::new();
    let mut batches = source.scan(None, &Cancel::new(&handle, None)).unwrap();
    batches.next().unwrap().unwrap();
    handle.cancel();
    assert_eq!(failure(batches.next().unwrap()).kind(), ErrorKind::Cancelled);
    assert!(batches.next().is_none());
}
