//! Programs that are killed while they save: the target is what it was or complete, and the next save cleans up.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::tempdir;

use super::*;
use crate::io::SaveMode;

const TARGET: &str = "FUGUE_TEST_KILL_TARGET";
const MODE: &str = "FUGUE_TEST_KILL_MODE";
const FIRST: &str = "FUGUE_TEST_KILL_FIRST";
const ROWS: i64 = 3000;

fn options(mode: &str) -> SaveOptions {
    let options = SaveOptions::new().format(Format::Parquet).partition_by("k").files(2);
    match mode {
        "append" => options.mode(SaveMode::Append),
        _ => options,
    }
}

fn version(number: i64) -> (Schema, RecordBatch) {
    batch([
        ("version", Type::Int64, ints(std::iter::repeat_n(number, ROWS as usize))),
        ("k", Type::Int64, ints((0..ROWS).map(|i| i % 7))),
        ("v", Type::Int64, ints(0..ROWS)),
    ])
}

fn put(target: &Path, mode: &str, number: i64) {
    let (schema, rows) = version(number);
    let pieces: Vec<RecordBatch> = (0..10).map(|i| rows.slice(i * ROWS as usize / 10, ROWS as usize / 10)).collect();
    save_with(target, &schema, iter(pieces), &options(mode), 2, &Cancel::never()).unwrap();
}

/// Not a test by itself: what the program that is killed does, started by the test below.
#[test]
fn child_saves_until_it_is_killed() {
    let Ok(target) = std::env::var(TARGET) else { return };
    let mode = std::env::var(MODE).unwrap();
    let first: i64 = std::env::var(FIRST).unwrap().parse().unwrap();
    for number in first.. {
        put(Path::new(&target), &mode, number);
    }
}

/// How often each version is there, of a whole folder.
fn versions(target: &Path) -> Vec<i64> {
    let all = read(&*load(target, &LoadOptions::new()).unwrap()).unwrap();
    let mut counts = std::collections::BTreeMap::new();
    for version in all.column_by_name("version").unwrap().as_primitive::<arrow::datatypes::Int64Type>().values() {
        *counts.entry(*version).or_insert(0_i64) += 1;
    }
    assert!(counts.values().all(|n| *n == ROWS), "a save is there in part: {counts:?}");
    counts.into_keys().collect()
}

fn killed(mode: &str, times: u64) {
    let folder = tempdir().unwrap();
    let target = folder.path().join("out");
    let deadline = Instant::now() + Duration::from_secs(120);
    put(&target, mode, 0);
    let mut left = 0;
    for round in 0..times {
        let before = versions(&target);
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "io::tests::kill::child_saves_until_it_is_killed", "--test-threads=1"])
            .env(TARGET, &target)
            .env(MODE, mode)
            // No two programs write the same version.
            .env(FIRST, (1_000_000 * (round + 1)).to_string())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Until it has begun; then some moment, another one each time.
        let begun = |path: &Path| names_in(path.parent().unwrap()).len() > 1;
        while !begun(&target) && child.try_wait().unwrap().is_none() {
            assert!(Instant::now() < deadline, "the program to be killed does not begin");
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_micros(round * 7919 % 60_000));
        // Whoever reads while it writes sees whole versions, or is told that files have gone.
        if round % 4 == 0 {
            let seen = load(&target, &LoadOptions::new()).and_then(|source| read(&*source));
            assert!(seen.is_err() || seen.unwrap().num_rows() as i64 % ROWS == 0);
        }
        child.kill().unwrap();
        assert!(!child.wait().unwrap().success(), "it ended by itself");
        let after = versions(&target);
        match mode {
            // What was there is still there, and what came is whole.
            "append" => assert!(after.len() >= before.len()),
            _ => assert_eq!(after.len(), 1),
        }
        left += usize::from(names_in(folder.path()).len() > 1);
        if mode == "append" && round % 5 == 4 {
            std::fs::remove_dir_all(&target).unwrap();
            put(&target, mode, 0);
        }
    }
    assert!(left > 0, "no save was killed in the middle");
    std::fs::remove_dir_all(&target).unwrap();
    put(&target, mode, -1);
    assert_eq!(names_in(folder.path()), ["out"]);
    assert_eq!(versions(&target), [-1]);
}

#[test]
fn killed_saves_leave_the_old_or_the_new() {
    killed("overwrite", 20);
}

#[test]
fn killed_appends_leave_the_old_or_the_new() {
    killed("append", 20);
}
