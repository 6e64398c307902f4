//! What all tests share: a deadline, one cluster, sessions on it, and processes of their own for those that count threads.

use std::fs::{self, File};
use std::future::Future;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use fugue_ballista::{Builder, Cluster};
use fugue_core::{Error, ErrorKind, Result as OurResult, Session, blocking};

pub(crate) type Outcome = Result<(), Box<dyn std::error::Error>>;

/// How long a test may take.
const DEADLINE: Duration = Duration::from_secs(60);

/// Executors and slots are those of the smallest cluster that can go wrong in the ways of large ones. What is in a static is never
/// dropped, so its files stay until the next run.
static CLUSTER: LazyLock<OurResult<(File, Cluster)>> = LazyLock::new(|| {
    let (lock, folder) = folder().map_err(|e| Error::new(ErrorKind::Io, "no folder for the cluster").with_source(e))?;
    let cluster = blocking::wait_apart(Cluster::builder().executors(2).slots(2).work_folder(folder).start())?;
    Ok((lock, cluster))
});

/// A folder of this process, locked for as long as the process lives. Folders of processes that are gone are removed.
fn folder() -> std::io::Result<(File, PathBuf)> {
    let all = Path::new(env!("CARGO_TARGET_TMPDIR")).join("clusters");
    fs::create_dir_all(&all)?;
    // One process at a time, or one would remove what another is about to lock.
    let turn = File::create(all.join("turn"))?;
    turn.lock()?;
    for entry in fs::read_dir(&all)? {
        let folder = entry?.path();
        if File::open(folder.join("lock")).is_ok_and(|lock| lock.try_lock().is_ok()) {
            fs::remove_dir_all(folder)?;
        }
    }
    let folder = all.join(std::process::id().to_string());
    fs::create_dir(&folder)?;
    let lock = File::create(folder.join("lock"))?;
    lock.lock()?;
    Ok((lock, folder))
}

/// The one cluster that most tests share.
pub(crate) fn cluster() -> OurResult<&'static Cluster> {
    CLUSTER.as_ref().map(|(_, cluster)| cluster).map_err(|e| Error::new(e.kind(), e.message()))
}

/// A session on an engine that is set up.
pub(crate) async fn session(engine: Builder<'_>) -> OurResult<Session> {
    Session::builder().with_engine(engine.start().await?)
}

/// A test has a runtime with one thread, so that one that blocks it hangs, and a deadline, so that one that hangs fails.
pub(crate) fn run(test: impl Future<Output = Outcome>) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async { tokio::time::timeout(DEADLINE, test).await? })
}

/// Says that this process is that of one test.
const ALONE: &str = "FUGUE_TEST_ALONE";

/// Runs a test in a process of its own, since others start threads too; `name` is that of the test below its module.
pub(crate) fn alone(name: &str, test: impl FnOnce() -> Outcome) -> Outcome {
    if std::env::var_os(ALONE).is_some() {
        return test();
    }
    let mut command = Command::new(std::env::current_exe()?);
    command.args([name, "--exact", "--test-threads", "1", "--nocapture"]).env(ALONE, "1");
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let begun = Instant::now();
    while child.try_wait()?.is_none() {
        if begun.elapsed() > DEADLINE {
            child.kill()?;
            child.wait()?;
            return Err(format!("{name} hangs").into());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let said = child.wait_with_output()?;
    let text = String::from_utf8_lossy(&said.stdout);
    if said.status.success() && text.contains("1 passed") {
        return Ok(());
    }
    Err(format!("{name}: {text}{}", String::from_utf8_lossy(&said.stderr)).into())
}

/// Threads of clusters, clients and engines, Ballista's own among them: it calls them `task_runner`, and some have the name of their
/// parent. Not the one of `wait`, which stays.
pub(crate) fn threads() -> Vec<String> {
    let tasks = fs::read_dir("/proc/self/task").expect("tasks");
    let names = tasks.filter_map(|task| fs::read_to_string(task.ok()?.path().join("comm")).ok());
    let ours = |name: &String| name.starts_with("fugue-") && !name.starts_with("fugue-async");
    names.filter(|name| ours(name) || name.starts_with("task_runner")).collect()
}

/// All files below a folder, but for empty folders.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.path().is_dir() { found.extend(files(&entry.path())) } else { found.push(entry.path()) }
    }
    found
}

/// Waits for something that happens soon.
pub(crate) async fn soon(what: &str, mut happened: impl FnMut() -> bool) {
    for _ in 0..500 {
        if happened() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{what} does not happen; threads: {:?}", threads());
}
