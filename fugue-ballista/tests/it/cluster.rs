//! Starting and ending: anywhere, often, and without leaving anything behind.

use std::net::TcpListener;
use std::path::PathBuf;

use fugue_ballista::Cluster;
use fugue_core::blocking::wait;

use crate::running::{Running, batch, partitions};
use crate::support::{Outcome, alone, run, soon, threads};

/// What a cluster holds that must be free afterwards.
struct Held {
    ports: Vec<u16>,
    folder: PathBuf,
}

impl Held {
    fn of(cluster: &Cluster) -> Self {
        Self { ports: cluster.ports(), folder: cluster.work_folder().expect("it runs") }
    }

    fn is_free(&self) -> bool {
        self.ports.iter().all(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
            && !self.folder.exists()
            && threads().is_empty()
    }
}

#[test]
fn a_closed_cluster_leaves_nothing_behind_however_often() -> Outcome {
    alone("cluster::a_closed_cluster_leaves_nothing_behind_however_often", || {
        run(async {
            for _ in 0..3 {
                let cluster = Cluster::builder().executors(3).start().await?;
                let held = Held::of(&cluster);
                assert_eq!(held.ports.len(), 1 + 3 * 2);
                assert!(cluster.url().starts_with("ballista://127.0.0.1:"), "{}", cluster.url());
                assert!(!held.is_free());
                cluster.close().await?;
                cluster.close().await?;
                assert!(cluster.ports().is_empty());
                soon("the end of all threads", || held.is_free()).await;
            }
            Ok(())
        })
    })
}

#[test]
fn a_cluster_that_worked_leaves_nothing_behind() -> Outcome {
    alone("cluster::a_cluster_that_worked_leaves_nothing_behind", || {
        run(async {
            let running = Running::start(Cluster::builder().slots(2)).await?;
            let plan = running.plan(partitions(4, 1, 100), "select k, sum(n) from t group by k").await?;
            assert_eq!(running.numbers(&plan).await?.len(), 10);
            let slow = running.plan(partitions(4, 1, 100), "select slow(n) from t").await?;
            let job = running.submit(&slow).await?;
            soon("work", || running.calls.load(std::sync::atomic::Ordering::SeqCst) > 0).await;
            let held = Held::of(&running.cluster);
            let Running { cluster, client, .. } = running;
            cluster.close().await?;
            drop((job, client));
            soon("the end of all threads", || held.is_free()).await;
            Ok(())
        })
    })
}

#[test]
fn a_dropped_cluster_ends_inside_of_a_runtime_and_outside() -> Outcome {
    alone("cluster::a_dropped_cluster_ends_inside_of_a_runtime_and_outside", || {
        run(async {
            let cluster = Cluster::builder().start().await?;
            let held = Held::of(&cluster);
            drop(cluster);
            soon("the end of all threads", || held.is_free()).await;
            Ok(())
        })?;
        let cluster = wait(Cluster::builder().executors(1).start())?;
        let held = Held::of(&cluster);
        drop(cluster);
        assert!(!held.folder.exists(), "a program that ends now leaves files");
        run(async {
            soon("the end of all threads", || held.is_free()).await;
            Ok(())
        })
    })
}

#[test]
fn files_lie_below_the_folder_that_was_given() -> Outcome {
    run(async {
        let folder = tempfile::tempdir()?;
        let running = Running::start(Cluster::builder().work_folder(folder.path().join("new")).executors(1)).await?;
        let plan = running.plan(vec![vec![batch(0, 3)]], "select n from t").await?;
        let finished = running.submit(&plan).await?.finished().await?;
        let below = running.cluster.work_folder().expect("it runs");
        assert!(below.starts_with(folder.path()));
        assert!(below.join("executor-0").join(finished.job()).is_dir());
        running.close().await?;
        assert!(!below.exists());
        Ok(())
    })
}
