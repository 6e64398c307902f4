//! Targets that take no bytes: a disk that is full, a folder that cannot be written. The old stays, nothing else does, and the error names the target.

use std::process::Command;

use tempfile::tempdir;

use super::*;
use crate::error::ErrorKind;

const TARGET: &str = "FUGUE_TEST_FULL_TARGET";
/// Files of more bytes cannot be written by the program that has the limit.
const LIMIT: u64 = 64 << 10;

fn numbers() -> (Schema, RecordBatch) {
    // Nothing that packs well.
    let mixed = (0..40_000_i64).map(|i| i.wrapping_mul(0x9e37_79b9_7f4a_7c15_u64 as i64));
    batch([("k", Type::Int64, ints((0..40_000).map(|i| i % 2))), ("v", Type::Int64, ints(mixed))])
}

fn cases() -> Vec<(&'static str, SaveOptions)> {
    let folder = SaveOptions::new().format(Format::Parquet);
    vec![
        ("a.parquet", SaveOptions::new()),
        ("a.csv", SaveOptions::new()),
        ("a.csv.gz", SaveOptions::new()),
        ("a.json", SaveOptions::new()),
        ("a.jsonl.zst", SaveOptions::new()),
        ("a.arrow", SaveOptions::new()),
        ("keys", folder.clone().partition_by("k")),
        ("files", folder.files(2)),
    ]
}

/// Not a test by itself: the program that may write no large files, started by the test below.
#[test]
fn child_meets_a_limit() {
    let Ok(folder) = std::env::var(TARGET) else { return };
    let (schema, rows) = numbers();
    for (name, options) in cases() {
        let target = Path::new(&folder).join(name);
        let error = save_with(&target, &schema, iter(vec![rows.clone()]), &options, 2, &Cancel::never()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Io, "{name}: {error}");
        assert!(error.to_string().contains(name), "{error}");
    }
}

#[cfg(unix)]
#[test]
fn a_full_disk_is_an_error_that_leaves_the_old() {
    let folder = tempdir().unwrap();
    let (schema, rows) = numbers();
    for (name, options) in cases() {
        let few = iter(vec![rows.slice(0, 10)]);
        save_with(&folder.path().join(name), &schema, few, &options, 1, &Cancel::never()).unwrap();
    }
    let before = names_in(folder.path());
    // A limit of the system stands for the full disk; its signal would end the program before it sees the error.
    let limited = format!("trap '' XFSZ; ulimit -f {}; exec \"$0\" \"$@\"", LIMIT / 512);
    let child = Command::new("sh")
        .arg("-c")
        .arg(limited)
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "io::tests::refused::child_meets_a_limit", "--test-threads=1"])
        .env(TARGET, folder.path())
        .output()
        .unwrap();
    assert!(child.status.success(), "{}{}", String::from_utf8_lossy(&child.stdout), String::from_utf8_lossy(&child.stderr));
    assert_eq!(names_in(folder.path()), before);
    for (name, _) in cases() {
        assert_eq!(read(&*load(folder.path().join(name), &LoadOptions::new()).unwrap()).unwrap().num_rows(), 10, "{name}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_target_that_cannot_be_written_is_named() {
    let (schema, rows) = numbers();
    let folder = tempdir().unwrap();
    std::fs::write(folder.path().join("file"), "").unwrap();
    // Nobody makes files there, whoever he is; and a file is no folder.
    for target in [PathBuf::from("/proc/fugue/a.parquet"), PathBuf::from("/proc/a.parquet"), folder.path().join("file/a.parquet")]
    {
        let rows = iter(vec![rows.clone()]);
        let error = save_with(&target, &schema, rows, &SaveOptions::new(), 1, &Cancel::never()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Io, "{error}");
        let named = error.context("path").is_some_and(|path| target.starts_with(path) || Path::new(path) == target);
        assert!(named, "{error}");
    }
    assert_eq!(names_in(folder.path()), ["file"]);
}
