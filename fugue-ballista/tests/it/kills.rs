//! Drivers and executors that are killed while partitions are saved, each by the executor that has it.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use conformance_tests::kills::{killed_saves, rows_of_version, save_version, version_of};
use fugue_ballista::{BallistaEngine, Cluster};
use fugue_core::io::{Format, SaveOptions};
use fugue_core::{ErrorKind, Session, blocking};

use crate::support::{Outcome, run, session};

/// What a program with a cluster of its own is killed with.
fn open() -> fugue_core::Result<Session> {
    let cluster = Cluster::builder().executors(2).slots(2);
    Session::with_engine(blocking::wait(BallistaEngine::builder().cluster(cluster).partitions(4).start())?)
}

#[test]
fn killed_drivers_leave_the_old_or_the_new() -> Outcome {
    Ok(killed_saves("kills::killed_drivers_leave_the_old_or_the_new", 20, open).map_err(|e| e.to_string())?)
}

fn names(folder: &Path) -> std::io::Result<BTreeSet<String>> {
    std::fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
}

#[test]
fn killed_executors_leave_the_old_or_the_new() -> Outcome {
    let folder = tempfile::tempdir()?;
    let target = folder.path().join("out").display().to_string();
    let here = Session::local()?;
    save_version(&here, &target, 0)?;
    let options = SaveOptions::new().format(Format::Parquet).partition_by("k");
    let rounds = std::env::var("FUGUE_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(4_u64);
    for round in 1..=rounds {
        let before = version_of(&here, &target).map_err(|e| e.to_string())?;
        let version = i64::try_from(round)?;
        run(async {
            let cluster = Cluster::builder().executors(2).slots(2).executor_timeout(Duration::from_secs(1)).start().await?;
            let session = session(BallistaEngine::on(&cluster).partitions(6)).await?;
            let work = rows_of_version(&session, version)?;
            let killed = async {
                while names(folder.path())?.len() < 2 {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
                // Another moment each time, from the first file to the commit.
                tokio::time::sleep(Duration::from_micros(round * 37_003 % 150_000)).await;
                Ok::<bool, std::io::Error>(cluster.kill_executor(1))
            };
            let (saved, killed) = futures::join!(work.save_with(&target, &options), killed);
            assert!(killed?);
            let after = std::thread::scope(|threads| threads.spawn(|| version_of(&here, &target)).join().expect("no panic"));
            let after = after.map_err(|e| e.to_string())?;
            match saved {
                Ok(_) => assert_eq!(after, version),
                Err(e) => assert!(e.kind() == ErrorKind::EngineFailed && after == before, "{e:?}"),
            }
            assert_eq!(names(folder.path())?, BTreeSet::from(["out".to_owned()]));
            Ok(cluster.close().await?)
        })?;
    }
    Ok(())
}
