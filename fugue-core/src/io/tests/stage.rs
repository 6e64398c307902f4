//! Saves into folders: keys, numbers of files, modes, parts that are written twice, and what is left behind.

use std::fs;

use tempfile::tempdir;

use super::*;
use crate::error::ErrorKind;
use crate::io::path::hive;
use crate::io::{Part, SaveMode, Staging};
use crate::partition::PartitionSpec;
use crate::run::CancelHandle;

/// Rows with a key of few values, nulls among them.
fn keyed(rows: i64) -> (Schema, RecordBatch) {
    let words = StringViewArray::from_iter((0..rows).map(|i| (i % 5 != 4).then(|| ["a/b", "ü", "", "x y"][(i % 5) as usize])));
    batch([
        ("k", Type::Int32, Arc::new(Int32Array::from_iter((0..rows).map(|i| Some((i % 3) as i32))))),
        ("v", Type::Int64, ints(0..rows)),
        ("w", Type::Str, Arc::new(words)),
    ])
}

fn put(path: &Path, (schema, rows): &(Schema, RecordBatch), options: &SaveOptions) -> Result<u64> {
    let cut = rows.num_rows() / 3;
    let batches = [rows.slice(0, cut), rows.slice(cut, rows.num_rows() - cut)];
    save_with(path, schema, iter(batches), options, 3, &Cancel::never())
}

/// The rows as text, sorted.
fn sorted(batch: &RecordBatch) -> Vec<String> {
    let columns = ["k", "v", "w"].map(|name| {
        let text = crate::cast::cast_array(batch.column_by_name(name).unwrap(), &Type::Str).unwrap();
        text.as_string_view().clone()
    });
    let row = |i: usize| columns.iter().map(|c| c.is_valid(i).then(|| c.value(i))).map(|v| format!("{v:?}")).collect::<String>();
    let mut rows: Vec<String> = (0..batch.num_rows()).map(row).collect();
    rows.sort();
    rows
}

fn back(path: &Path) -> RecordBatch {
    read(&*load(path, &LoadOptions::new().format(Format::Parquet)).unwrap()).unwrap()
}

fn files_in(folder: &Path) -> Vec<String> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(files_in(&path));
        } else {
            all.push(path.display().to_string());
        }
    }
    all.sort();
    all
}

#[test]
fn keys_become_folders() {
    let folder = tempdir().unwrap();
    let target = folder.path().join("out");
    let rows = keyed(60);
    let options = SaveOptions::new().format(Format::Parquet).partition_by(["w", "k"]);
    assert_eq!(put(&target, &rows, &options).unwrap(), 60);
    let folders = names_in(&target);
    assert_eq!(folders, ["w=", "w=__HIVE_DEFAULT_PARTITION__", "w=a%2Fb", "w=x y", "w=ü"]);
    assert_eq!(names_in(&target.join("w=ü")), ["k=0", "k=1", "k=2"]);
    assert_eq!(files_in(&target).len(), 15);
    let loaded = load(&target, &LoadOptions::new()).unwrap();
    assert_eq!(loaded.schema().to_string(), "v:long,w:str,k:long");
    assert_eq!(sorted(&back(&target)), sorted(&rows.1));
    let typed = load(&target, &LoadOptions::new().columns("k:int,v:long,w:str")).unwrap();
    assert_eq!(*typed.schema(), rows.0);
    assert_eq!(names_in(folder.path()), ["out"]);
}

#[test]
fn numbers_of_files_are_what_was_asked_for() {
    let folder = tempdir().unwrap();
    let target = folder.path().join("out.parquet");
    let rows = keyed(61);
    for (options, files) in [
        (SaveOptions::new().files(4), 4),
        (SaveOptions::new().partition(&PartitionSpec::new().num(3).unwrap()), 3),
        (SaveOptions::new().files(100), 61),
        (SaveOptions::new().files("CONCURRENCY*2"), 6),
        (SaveOptions::new().partition(&PartitionSpec::new().by("k").unwrap().num(2).unwrap()), 6),
        (SaveOptions::new().partition_by("k"), 3),
        (SaveOptions::new().partition(&PartitionSpec::new().num(3).unwrap()).single(true), 0),
    ] {
        assert_eq!(put(&target, &rows, &options).unwrap(), 61);
        match files {
            0 => assert!(target.is_file()),
            files => assert_eq!(files_in(&target).len(), files, "{options:?}"),
        }
        assert_eq!(sorted(&back(&target)), sorted(&rows.1), "{options:?}");
        assert_eq!(names_in(folder.path()), ["out.parquet"]);
    }
    let sizes = |options: &SaveOptions| {
        put(&target, &keyed(61), options).unwrap();
        let rows = files_in(&target).into_iter().map(|f| load(f, &LoadOptions::new()).unwrap().rows().unwrap());
        rows.collect::<Vec<_>>()
    };
    let even = sizes(&SaveOptions::new().files(4));
    assert_eq!(even, [16, 15, 15, 15]);
}

#[test]
fn frame_without_rows_has_one_file() {
    let folder = tempdir().unwrap();
    let (schema, rows) = keyed(0);
    for (name, options, columns) in [
        ("a", SaveOptions::new().files(3), "k:int,v:long,w:str"),
        ("b", SaveOptions::new().partition_by(["w"]), "k:int,v:long,w:str"),
        ("c", SaveOptions::new().mode(SaveMode::Append), "k:int,v:long,w:str"),
    ] {
        let target = folder.path().join(name);
        assert_eq!(put(&target, &(schema.clone(), rows.clone()), &options.format(Format::Parquet)).unwrap(), 0);
        let source = load(&target, &LoadOptions::new()).unwrap();
        assert_eq!((source.schema().to_string().as_str(), source.rows()), (columns, Some(0)));
    }
}

#[test]
fn rows_are_added_to_folders() {
    let folder = tempdir().unwrap();
    let target = folder.path().join("out");
    let rows = keyed(30);
    let append = SaveOptions::new().format(Format::Parquet).mode(SaveMode::Append);
    put(&target, &rows, &append).unwrap();
    put(&target, &rows, &append).unwrap();
    // The format is that of the files that are there.
    put(&target, &rows, &SaveOptions::new().mode(SaveMode::Append).files(3)).unwrap();
    assert_eq!(files_in(&target).len(), 5);
    let all = back(&target);
    assert_eq!(all.num_rows(), 90);
    assert_eq!(names_in(folder.path()), ["out"]);

    let keyed_target = folder.path().join("keyed");
    let by = append.partition_by("k");
    fs::create_dir(&keyed_target).unwrap();
    fs::write(keyed_target.join("_SUCCESS"), "").unwrap();
    for times in 1..=3 {
        put(&keyed_target, &rows, &by).unwrap();
        assert_eq!(back(&keyed_target).num_rows(), 30 * times);
        assert!(keyed_target.join("_SUCCESS").is_file());
    }
    let overwrite = SaveOptions::new().format(Format::Parquet).files(2);
    put(&target, &rows, &overwrite).unwrap();
    assert_eq!(sorted(&back(&target)), sorted(&rows.1));
    // A folder where a file was, and the other way.
    let file = folder.path().join("file.parquet");
    put(&file, &rows, &SaveOptions::new()).unwrap();
    let error = failure(put(&file, &rows, &SaveOptions::new().mode(SaveMode::Append)));
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    put(&file, &rows, &SaveOptions::new().files(2)).unwrap();
    assert!(file.is_dir());
    put(&file, &rows, &SaveOptions::new()).unwrap();
    assert!(file.is_file());
    assert_eq!(names_in(folder.path()), ["file.parquet", "keyed", "out"]);
}

#[test]
fn rows_that_do_not_fit_are_not_added() {
    let folder = tempdir().unwrap();
    let target = folder.path().join("out");
    let (schema, rows) = keyed(30);
    let append = SaveOptions::new().format(Format::Parquet).mode(SaveMode::Append);
    put(&target, &(schema, rows), &append).unwrap();
    let before = files_in(&target);
    let narrow = batch([("v", Type::Int64, ints(0..3))]);
    let other = batch([("k", Type::Int64, ints(0..3)), ("v", Type::Int64, ints(0..3)), ("w", Type::Int64, ints(0..3))]);
    for rows in [narrow, other] {
        assert_eq!(failure(put(&target, &rows, &append)).kind(), ErrorKind::SchemaMismatch);
    }
    let error = failure(put(&target, &keyed(3), &append.partition_by("k")));
    assert_eq!(error.kind(), ErrorKind::SchemaMismatch);
    assert_eq!(files_in(&target), before);
}

#[test]
fn saves_that_cannot_be_are_refused_before_anything_is_written() {
    let folder = tempdir().unwrap();
    let rows = keyed(3);
    let parquet = || SaveOptions::new().format(Format::Parquet);
    let sorted_spec = PartitionSpec::new().by("k").unwrap().presort("v").unwrap();
    let list: ArrayRef = nested().1.column_by_name("list").unwrap().clone();
    let odd = batch([("l", nested().0.field("list").unwrap().ty().clone(), list), ("v", Type::Int64, ints(0..3))]);
    for (rows, options, kind) in [
        (&rows, parquet().partition_by("nowhere"), ErrorKind::ColumnNotFound),
        (&rows, parquet().partition_by(["k", "v", "w"]), ErrorKind::SchemaInvalid),
        (&odd, parquet().partition_by("l"), ErrorKind::SchemaInvalid),
        (&odd, SaveOptions::new().format(Format::Csv), ErrorKind::SchemaInvalid),
        (&rows, parquet().partition_by("k").single(true), ErrorKind::SettingInvalid),
        (&rows, parquet().mode(SaveMode::Append).single(true), ErrorKind::SettingInvalid),
        (&rows, parquet().partition(&sorted_spec), ErrorKind::SettingInvalid),
        (&rows, parquet().partition(&PartitionSpec::per_row()), ErrorKind::SettingInvalid),
        (&rows, parquet().files("nonsense"), ErrorKind::SettingInvalid),
        (&rows, parquet().delimiter(b';'), ErrorKind::SettingInvalid),
        (&rows, SaveOptions::new().format(Format::Csv).row_group_rows(5), ErrorKind::SettingInvalid),
        (&rows, SaveOptions::new(), ErrorKind::Unsupported),
    ] {
        let error = failure(put(&folder.path().join("out"), rows, &options));
        assert_eq!(error.kind(), kind, "{error}");
        assert!(names_in(folder.path()).is_empty());
    }
}

#[test]
fn save_that_fails_or_is_given_up_leaves_the_old_folder() {
    let folder = tempdir().unwrap();
    let target = folder.path().join("out");
    let (schema, rows) = keyed(30);
    let options = SaveOptions::new().format(Format::Parquet).partition_by("k");
    put(&target, &(schema.clone(), rows.clone()), &options).unwrap();
    let before = files_in(&target);
    for mode in [SaveMode::Overwrite, SaveMode::Append] {
        for threads in [1, 3] {
            let options = options.clone().mode(mode);
            let bad: BatchIter = Box::new([Ok(rows.clone()), Err(Error::new(ErrorKind::TransformerFailed, "mine"))].into_iter());
            let error = failure(save_with(&target, &schema, bad, &options, threads, &Cancel::never()));
            assert_eq!((error.kind(), error.message()), (ErrorKind::TransformerFailed, "mine"));
            let handle = CancelHandle::new();
            let stop = handle.clone();
            let late: BatchIter = Box::new((0..3).map({
                let rows = rows.clone();
                move |i| {
                    if i == 2 {
                        stop.cancel();
                    }
                    Ok(rows.clone())
                }
            }));
            let cancel = Cancel::new(&handle, None);
            assert_eq!(failure(save_with(&target, &schema, late, &options, threads, &cancel)).kind(), ErrorKind::Cancelled);
            assert_eq!(files_in(&target), before);
            assert_eq!(names_in(folder.path()), ["out"]);
        }
    }
}

fn part(staging: &Staging, partition: u64, rows: &RecordBatch) -> Part {
    let mut writer = staging.plan().writer(partition).unwrap();
    writer.write(rows).unwrap();
    writer.finish().unwrap()
}

#[test]
fn part_that_is_written_twice_counts_once() {
    let folder = tempdir().unwrap();
    let target = folder.path().join("out");
    let (schema, rows) = keyed(30);
    let options = SaveOptions::new().format(Format::Parquet).partition_by("k");
    let staging = Staging::open(&target, &schema, &options, &Cancel::never()).unwrap();
    let text = rmp_serde::to_vec(staging.plan()).unwrap();
    let plan: PartPlan = rmp_serde::from_slice(&text).unwrap();
    let one = part(&staging, 0, &rows.slice(0, 10));
    let again = part(&staging, 0, &rows.slice(0, 10));
    let mut lost = plan.writer(1).unwrap();
    lost.write(&rows).unwrap();
    drop(lost);
    let mut other = plan.writer(1).unwrap();
    other.write(&rows.slice(10, 20)).unwrap();
    let two: Part = rmp_serde::from_slice(&rmp_serde::to_vec(&other.finish().unwrap()).unwrap()).unwrap();
    // Nobody sees what is not committed.
    assert!(!target.exists());
    assert_eq!(staging.commit([one, two.clone(), again, two], &Cancel::never()).unwrap(), 30);
    assert_eq!(sorted(&back(&target)), sorted(&rows));
    assert_eq!(names_in(folder.path()), ["out"]);
}

#[test]
fn a_save_that_is_given_up_goes_though_somebody_still_writes() {
    let folder = tempdir().unwrap();
    let (schema, rows) = keyed(30);
    let options = SaveOptions::new().format(Format::Parquet).partition_by("k");
    for _ in 0..20 {
        let staging = Staging::open(folder.path().join("out"), &schema, &options, &Cancel::never()).unwrap();
        let (plan, rows) = (staging.plan().clone(), rows.clone());
        let (begun, is_begun) = std::sync::mpsc::channel();
        let writes = std::thread::spawn(move || {
            // As an executor does that does not know yet that its job has ended: part after part, until there is no place for any.
            while let Ok(mut writer) = plan.writer(0) {
                if writer.write(&rows).is_err() {
                    break;
                }
                let _ = (writer.finish(), begun.send(()));
            }
        });
        is_begun.recv().unwrap();
        drop(staging);
        writes.join().unwrap();
        assert!(names_in(folder.path()).is_empty());
    }
}

#[test]
fn saves_of_one_target_at_the_same_time_do_not_mix() {
    let folder = tempdir().unwrap();
    let target = folder.path().join("out");
    let (schema, rows) = keyed(30);
    for (mode, wanted) in [(SaveMode::Append, 240), (SaveMode::Overwrite, 30)] {
        let options = SaveOptions::new().format(Format::Parquet).partition_by("k").mode(mode);
        let results: Vec<Result<u64>> = std::thread::scope(|scope| {
            let save = || put(&target, &(schema.clone(), rows.clone()), &options);
            let all: Vec<_> = (0..8).map(|_| scope.spawn(save)).collect();
            all.into_iter().map(|h| h.join().unwrap()).collect()
        });
        assert!(results.iter().all(Result::is_ok), "{results:?}");
        assert_eq!(back(&target).num_rows(), wanted);
        assert_eq!(names_in(folder.path()), ["out"]);
    }
    let options = SaveOptions::new().format(Format::Parquet).files(2).mode(SaveMode::ErrorIfExists);
    let fresh = folder.path().join("fresh");
    let kinds: Vec<Option<ErrorKind>> = std::thread::scope(|scope| {
        let save = || put(&fresh, &(schema.clone(), rows.clone()), &options).err().map(|e| e.kind());
        let all: Vec<_> = (0..6).map(|_| scope.spawn(save)).collect();
        all.into_iter().map(|h| h.join().unwrap()).collect()
    });
    assert_eq!(kinds.iter().filter(|k| k.is_none()).count(), 1);
    assert!(kinds.iter().flatten().all(|k| *k == ErrorKind::AlreadyExists), "{kinds:?}");
    assert_eq!(sorted(&back(&fresh)), sorted(&rows));
}

#[test]
fn staging_of_a_live_writer_stays_and_that_of_a_dead_one_goes() {
    let folder = tempdir().unwrap();
    let target = folder.path().join("out");
    let rows = keyed(30);
    let options = SaveOptions::new().format(Format::Parquet).files(2);
    let live = Staging::open(&target, &rows.0, &options, &Cancel::never()).unwrap();
    let mine = part(&live, 0, &rows.1);
    // As a killed writer leaves it: the files, and no lock.
    let dead = folder.path().join(".out.dead-1.staging");
    fs::create_dir_all(dead.join("parts/00000-x")).unwrap();
    fs::write(dead.join("parts/00000-x/0"), "half").unwrap();
    fs::write(dead.join("lock"), "out").unwrap();
    let other = folder.path().join(".out2.dead-1.staging");
    fs::create_dir_all(&other).unwrap();
    fs::write(other.join("lock"), "out2").unwrap();
    put(&target, &rows, &options).unwrap();
    assert!(!dead.exists() && other.exists());
    assert_eq!(names_in(folder.path()).len(), 3, "{:?}", names_in(folder.path()));
    assert_eq!(live.commit([mine], &Cancel::never()).unwrap(), 30);
    assert_eq!(sorted(&back(&target)), sorted(&rows.1));
    // The folder that all of them lie in can be read all the while.
    assert_eq!(load(folder.path(), &LoadOptions::new()).unwrap().rows(), Some(30));
}

#[test]
fn target_that_was_put_aside_by_a_killed_save_comes_back() {
    let folder = tempdir().unwrap();
    let target = folder.path().join("out");
    let rows = keyed(30);
    put(&target, &rows, &SaveOptions::new().format(Format::Parquet).files(2)).unwrap();
    let dead = folder.path().join(".out.dead-1.staging");
    for read_first in [true, false] {
        fs::create_dir(&dead).unwrap();
        fs::write(dead.join("lock"), "out").unwrap();
        fs::rename(&target, dead.join("old")).unwrap();
        if !read_first {
            let handle = CancelHandle::new();
            handle.cancel();
            let options = SaveOptions::new().format(Format::Parquet).files(2);
            let stopped = save_with(&target, &rows.0, iter([rows.1.clone()]), &options, 1, &Cancel::new(&handle, None));
            assert!(stopped.is_err());
            assert!(target.is_dir());
        }
        assert_eq!(sorted(&back(&target)), sorted(&rows.1));
        assert!(!dead.exists());
    }
}

#[cfg(unix)]
#[test]
fn full_disks_and_read_only_folders_are_errors_that_name_the_target() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempdir().unwrap();
    let rows = keyed(30);
    // Writing to this device fails as on a full disk.
    for threads in [1, 3] {
        let full = sink::open(
            fs::OpenOptions::new().write(true).open("/dev/full").unwrap(),
            Path::new("full.parquet"),
            Format::Parquet,
            &rows.0,
            &SaveOptions::new(),
            None,
            threads,
        );
        let error = failure(full.and_then(|mut sink| {
            sink.write(&rows.1)?;
            sink.finish()
        }));
        assert_eq!((error.kind(), error.context("path")), (ErrorKind::Io, Some("full.parquet")), "{threads}: {error}");
    }

    let closed = folder.path().join("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o555)).unwrap();
    let target = closed.join("out.parquet");
    if fs::write(closed.join("probe"), "").is_err() {
        let error = failure(put(&target, &rows, &SaveOptions::new()));
        assert_eq!((error.kind(), error.context("path")), (ErrorKind::Io, target.to_str()), "{error}");
    }
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o755)).unwrap();
    // A folder that cannot be written for any user.
    let error = failure(put(Path::new("/proc/out.parquet"), &rows, &SaveOptions::new()));
    assert_eq!((error.kind(), error.context("path")), (ErrorKind::Io, Some("/proc/out.parquet")), "{error}");
}

#[test]
fn names_of_keys_may_be_anything() {
    let folder = tempdir().unwrap();
    for key in ["a b", "_x", ".y", "p%q", "ü=1", "a/b"] {
        let target = folder.path().join("out.parquet");
        let (schema, rows) = batch([("v", Type::Int64, ints(0..3)), (key, Type::Str, texts([Some("x"), None, Some("%41")]))]);
        save(&target, &schema, iter([rows.clone()]), &SaveOptions::new().partition_by(key), &Cancel::never()).unwrap();
        let source = load(&target, &LoadOptions::new()).unwrap();
        assert_eq!(*source.schema(), schema);
        let texts = read(&*source).unwrap().column(1).as_string_view().iter().map(|v| v.map(str::to_owned)).collect::<Vec<_>>();
        assert_eq!(texts.len(), 3);
        assert!(texts.contains(&None) && texts.contains(&Some("%41".into())), "{key}: {texts:?}");
        assert!(hive::key(&hive::folder(key, None)).is_some());
    }
}
