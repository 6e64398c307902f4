//! What goes wrong comes back with its type and place, or is tried again.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use fugue_ballista::BallistaEngine;
use fugue_core::calls::transform;
use fugue_core::transform::{Cursor, Rows};
use fugue_core::{Error, ErrorKind, Session, Transient};

use crate::data::{Reading, Total, readings, total};
use crate::support::{Outcome, cluster, run, session};

/// A user's own error.
#[derive(Debug, PartialEq)]
struct Busy(String);

impl fmt::Display for Busy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is busy", self.0)
    }
}

impl std::error::Error for Busy {}

async fn shared() -> Result<Session, Error> {
    session(BallistaEngine::on(cluster()?).partitions(4)).await
}

#[test]
fn errors_and_panics_name_function_key_rows_and_line() -> Outcome {
    run(async {
        let session = shared().await?;
        let frame = session.frame(readings(30))?;
        let fails = |rows: &[Reading]| -> Result<Total, Busy> {
            if rows[0].sensor == "s1" { Err(Busy("s1".to_owned())) } else { Ok(total(rows)) }
        };
        let panics = |rows: &[Reading]| -> Total {
            if rows[0].sensor == "s1" {
                // Without the hook, which would print it.
                std::panic::resume_unwind(Box::new("s1 is busy".to_owned()));
            }
            total(rows)
        };
        let failed = frame.transform(fails).partition_by("sensor").collect().await.expect_err("s1 fails");
        assert_eq!(failed.user_error(), Some(&Busy("s1".to_owned())), "{failed:?}");
        let zipped = frame.cotransform([&frame], move |one: &[Reading], _: &[Reading]| fails(one));
        let zipped = zipped.partition_by("sensor").collect().await.expect_err("s1 fails");
        assert_eq!(zipped.user_error(), Some(&Busy("s1".to_owned())), "{zipped:?}");
        let panicked = frame.transform(panics).partition_by("sensor").count().await.expect_err("s1 panics");
        for error in [failed, zipped, panicked] {
            assert_eq!((error.kind(), error.context("key")), (ErrorKind::TransformerFailed, Some("sensor=s1")), "{error:?}");
            assert!(error.context("transformer").is_some_and(|name| name.contains("errors_and_panics")), "{error:?}");
            assert!(error.context("rows").is_some_and(|rows| rows.contains("s1")), "{error:?}");
            assert!(error.call_site().is_some_and(|at| at.file().ends_with("failures.rs")), "{error:?}");
            assert!(format!("{error:?}").contains("s1 is busy"), "{error:?}");
        }
        assert_eq!(frame.transform(total).partition_by("sensor").count().await?, 3);
        Ok(())
    })
}

/// Fails a number of times, and notes the attempts that it saw.
#[derive(Clone, Default)]
struct Budget {
    left: Arc<AtomicUsize>,
    calls: Arc<AtomicUsize>,
    latest: Arc<AtomicU32>,
}

impl Budget {
    fn of(failures: usize) -> Self {
        Self { left: Arc::new(AtomicUsize::new(failures)), ..Self::default() }
    }

    fn spend(&self, at: &Cursor) -> Result<(), Transient> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        self.latest.fetch_max(at.attempt(), Ordering::SeqCst);
        let left = self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        left.map_or(Ok(()), |_| Err(Transient::new(Busy("a service".to_owned()))))
    }

    fn attempts(&self) -> u32 {
        self.latest.load(Ordering::SeqCst) + 1
    }
}

#[test]
fn transient_errors_are_tried_again_and_the_answer_is_right() -> Outcome {
    run(async {
        let session = shared().await?;
        let frame = session.frame(readings(30))?;
        let sorted = |mut totals: Vec<Total>| {
            totals.sort_by(|a, b| a.sensor.cmp(&b.sensor));
            totals.iter().map(|t| t.total).collect::<Vec<_>>()
        };
        let budgets = [Budget::of(2), Budget::of(2), Budget::of(2), Budget::of(2)];
        let [keyed, zipped, rows, stream] = budgets.clone();
        let one = move |rows: &[Reading], at: Cursor| {
            if rows[0].sensor == "s1" { keyed.spend(&at).map(|()| total(rows)) } else { Ok(total(rows)) }
        };
        let totals = frame.transform(one).partition_by("sensor").rows().await?;
        assert_eq!(sorted(totals), [135, 145, 155]);
        let both = move |one: &[Reading], _: &[Reading], at: Cursor| {
            if one[0].sensor == "s2" { zipped.spend(&at).map(|()| total(one)) } else { Ok(total(one)) }
        };
        assert_eq!(sorted(frame.cotransform([&frame], both).partition_by("sensor").rows().await?), [135, 145, 155]);
        let row =
            move |reading: Reading, at: Cursor| if reading.value == 7 { rows.spend(&at).map(|()| reading) } else { Ok(reading) };
        let values: Vec<Reading> = frame.transform(row).rows().await?;
        assert_eq!((values.len(), values.iter().map(|r| r.value).sum::<i64>()), (30, 435));
        let all = move |rows: Rows<Reading>, at: Cursor| -> Result<Total, Transient> {
            let total = rows.map(|r| r.value).sum();
            stream.spend(&at).map(|()| Total { sensor: "all".to_owned(), total })
        };
        assert_eq!(frame.transform(all).num(1).rows::<Total>().await?.iter().map(|t| t.total).sum::<i64>(), 435);
        for budget in budgets {
            assert_eq!(budget.left.load(Ordering::SeqCst), 0);
            assert!(budget.attempts() > 1);
        }
        Ok(())
    })
}

#[test]
fn transient_errors_that_stay_end_the_action_with_their_type() -> Outcome {
    run(async {
        let (session, budget) = (shared().await?, Budget::of(usize::MAX));
        let tried = budget.clone();
        let one = move |rows: &[Reading], at: Cursor| {
            if rows[0].sensor == "s1" { tried.spend(&at).map(|()| total(rows)) } else { Ok(total(rows)) }
        };
        let begun = Instant::now();
        let error = session.frame(readings(30))?.transform(one).partition_by("sensor").collect().await.expect_err("s1 fails");
        assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
        assert_eq!((error.kind(), error.context("key")), (ErrorKind::TransformerFailed, Some("sensor=s1")), "{error:?}");
        assert_eq!(error.user_error(), Some(&Busy("a service".to_owned())), "{error:?}");
        assert!(error.is_transient());
        assert_eq!((budget.calls.load(Ordering::SeqCst), budget.attempts()), (4, 4));
        // An error that is not marked is the end at once.
        let calls = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&calls);
        let io = move |_: &[Reading]| -> Result<Total, std::io::Error> {
            counted.fetch_add(1, Ordering::SeqCst);
            Err(std::io::Error::other("a disk is full"))
        };
        let error = session.frame(readings(30))?.transform(io).num(1).collect().await.expect_err("it fails");
        assert!(error.user_error::<std::io::Error>().is_some() && !error.is_transient(), "{error:?}");
        assert_eq!(calls.load(Ordering::SeqCst), 1);
        Ok(())
    })
}

#[test]
fn transient_errors_in_a_plan_of_a_context_are_tried_again() -> Outcome {
    run(async {
        let context = BallistaEngine::on(cluster()?).partitions(4).context().await?;
        context.register_batch("readings", readings(30))?;
        let budget = Budget::of(1);
        let tried = budget.clone();
        let one = move |rows: &[Reading], at: Cursor| tried.spend(&at).map(|()| total(rows));
        let totals: datafusion::prelude::DataFrame =
            transform(context.table("readings").await?, one).partition_by("sensor").run()?;
        assert_eq!(totals.count().await?, 3);
        assert_eq!(budget.attempts(), 2);
        Ok(())
    })
}
