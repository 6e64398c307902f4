//! Programs that are killed while they save a partitioned folder: the target is what it was or complete, and a rerun cleans up.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::BuildHasher;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use fugue_core::arrow::array::{ArrayRef, AsArray, Int64Array};
use fugue_core::arrow::datatypes::Int64Type;
use fugue_core::arrow::record_batch::RecordBatch;
use fugue_core::io::{Format, SaveOptions};
use fugue_core::{DataFrame, Session, blocking};

use crate::failure::{Failure, Outcome, ensure};

/// Where the program that is killed saves to; unset in the one that kills.
const TARGET: &str = "FUGUE_TEST_KILLED_TARGET";
/// The version that it begins with: no two programs write the same.
const FIRST: &str = "FUGUE_TEST_KILLED_FIRST";

const ROWS: i64 = 2000;
const KEYS: i64 = 3;

/// Kills a program so many times at random moments, while it saves one version of a folder after the other on an engine, and looks at the
/// folder after each. `test` is the full name of the test that calls this: it is run again, alone, as the program that is killed.
///
/// # Errors
/// A folder that is neither the old nor the new, or what a rerun leaves behind.
pub fn killed_saves(test: &str, times: u32, open: impl Fn() -> fugue_core::Result<Session>) -> Outcome {
    if let Ok(target) = std::env::var(TARGET) {
        let first: i64 = std::env::var(FIRST).ok().and_then(|f| f.parse().ok()).unwrap_or_default();
        let session = open()?;
        for version in first.. {
            save_version(&session, &target, version)?;
        }
    }
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    let target = folder.path().join("out");
    let path = target.display().to_string();
    let here = Session::local()?;
    save_version(&here, &path, 0)?;
    let (mut left, mut changed, mut last) = (0, 0, 0);
    // Microseconds from the first file on: so many that about every other program ends a save, however slow the machine is.
    let mut window = 60_000;
    for round in 0..i64::from(times) {
        let first = (round + 1) * 1_000_000;
        let mut child = Killed(started(test, &path, first)?);
        wait_for(&mut child.0, folder.path())?;
        std::thread::sleep(Duration::from_micros(chance() % window));
        child.end()?;
        let version = version_of(&here, &path)?;
        ensure(version == last || version >= first, || format!("version {version} came back after {last}"))?;
        left += i32::from(names_in(folder.path())?.len() > 1);
        changed += i32::from(version != last);
        window = if version == last { (window * 2).min(3_000_000) } else { (window / 2).max(20_000) };
        last = version;
    }
    ensure(left > 0 && changed > 0, || format!("of {times} kills {left} met a save, and {changed} saves were done before"))?;
    save_version(&open()?, &path, -1)?;
    let names = names_in(folder.path())?;
    ensure(names == BTreeSet::from(["out".to_owned()]), || format!("a rerun leaves {names:?}"))?;
    let version = version_of(&here, &path)?;
    ensure(version == -1, || format!("after the rerun the version is {version}"))
}

/// Saves rows that all know their version, by keys, in more than one partition of the engine.
///
/// # Errors
/// Those of the engine.
pub fn save_version(session: &Session, target: &str, version: i64) -> fugue_core::Result<u64> {
    let options = SaveOptions::new().format(Format::Parquet).partition_by("k");
    blocking::wait(rows_of_version(session, version)?.save_with(target, &options))
}

/// Rows that all know their version, in more than one partition of the engine.
///
/// # Errors
/// Those of the engine.
pub fn rows_of_version(session: &Session, version: i64) -> fugue_core::Result<DataFrame> {
    let column = |value: &dyn Fn(i64) -> i64| -> ArrayRef { Arc::new(Int64Array::from_iter_values((0..ROWS).map(value))) };
    let columns = [("version", column(&|_| version)), ("k", column(&|i| i % KEYS)), ("v", column(&|i| i))];
    let same = |rows: RecordBatch| rows;
    session.frame(RecordBatch::try_from_iter(columns)?)?.transform(same).schema("*").partition_by("v").run()
}

/// The version of a folder, which must be whole.
///
/// # Errors
/// A folder that is not.
pub fn version_of(session: &Session, target: &str) -> Result<i64, Failure> {
    let batches = blocking::wait(async { session.load(target).await?.collect().await })?;
    let mut counts = BTreeMap::new();
    for batch in &batches {
        let versions = batch.column_by_name("version").map(|c| c.as_primitive::<Int64Type>().values().to_vec());
        for version in versions.unwrap_or_default() {
            *counts.entry(version).or_insert(0_i64) += 1;
        }
    }
    match counts.first_key_value() {
        Some((version, rows)) if counts.len() == 1 && *rows == ROWS => Ok(*version),
        _ => Err(Failure::differs(format!("the folder is between two saves, rows by version: {counts:?}"))),
    }
}

fn started(test: &str, target: &str, first: i64) -> Result<Child, Failure> {
    let program = std::env::current_exe().map_err(|e| e.to_string())?;
    let mut command = Command::new(program);
    command.args([test, "--exact", "--test-threads", "1"]).env(TARGET, target).env(FIRST, first.to_string());
    let spawned = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    spawned.map_err(|e| Failure::differs(format!("the program that is to be killed does not start: {e}")))
}

/// Until a save has begun.
fn wait_for(child: &mut Child, folder: &Path) -> Outcome {
    let deadline = Instant::now() + Duration::from_secs(60);
    let known = names_in(folder)?;
    while names_in(folder)?.is_subset(&known) {
        let ended = child.try_wait().map_err(|e| e.to_string())?;
        ensure(ended.is_none(), || "the program that is to be killed has ended".to_owned())?;
        ensure(Instant::now() < deadline, || "the program that is to be killed does not begin to save".to_owned())?;
        std::thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}

fn names_in(folder: &Path) -> Result<BTreeSet<String>, Failure> {
    let entries = std::fs::read_dir(folder).map_err(|e| e.to_string())?;
    Ok(entries.flatten().map(|e| e.file_name().to_string_lossy().into_owned()).collect())
}

fn chance() -> u64 {
    std::collections::hash_map::RandomState::new().hash_one(0)
}

/// A program that does not outlive the test.
struct Killed(Child);

impl Killed {
    fn end(&mut self) -> Outcome {
        self.0.kill().map_err(|e| e.to_string())?;
        let ended = self.0.wait().map_err(|e| e.to_string())?;
        ensure(!ended.success(), || "the program ended by itself".to_owned())
    }
}

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
