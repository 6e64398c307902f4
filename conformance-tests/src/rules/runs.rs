//! Where and when user code runs: on the session's threads, no more at once than they are, and not ahead of what is asked.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use fugue_core::arrow::record_batch::RecordBatch;
use fugue_core::frame::Source;
use fugue_core::io::{BatchIter, LazySource};
use fugue_core::row::Row;
use fugue_core::run::Cancel;
use fugue_core::transform::{Batches, Rows, State};
use fugue_core::{Result, Schema, Session, blocking};

use super::run::{mapped, spec};
use super::support::{example, names, table};
use crate::bench::Bench;
use crate::failure::{Failure, Outcome, ensure, expect_error};
use crate::generate::Lane;
use crate::value::{OwnValue, Table};

#[derive(Row)]
struct Key {
    k: i64,
}

/// The names of the threads that user code ran on.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<BTreeSet<String>>>);

impl Seen {
    fn note(&self) {
        let name = std::thread::current().name().unwrap_or("a thread without a name").to_owned();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name);
    }

    /// A value that went through user code.
    fn noted<T>(&self, value: T) -> T {
        self.note();
        value
    }

    fn names(&self) -> BTreeSet<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// User code of every shape runs on threads of the session's pool, never on the caller's and never on those of an async runtime; a
/// function over a stream without keys may have a thread of its action.
pub fn user_code_runs_on_the_sessions_threads(t: &Bench) -> Outcome {
    let rows = (0..40_i64).map(|i| vec![OwnValue::from(i % 20)]).collect();
    let table = Table::new(Schema::parse("k:long")?, rows);
    t.on_each_lane(|lane| {
        if t.session(lane)?.info().distributed {
            return Ok(());
        }
        let (seen, streams) = (Seen::default(), Seen::default());
        let frame = t.frame(lane, &table)?;
        let copy = || (seen.clone(), seen.clone(), seen.clone(), seen.clone(), seen.clone());
        let mut plans = Vec::new();
        for keys in [&[][..], &["k"]] {
            let (batch, rows, single, later, state) = copy();
            plans.push(frame.transform(move |b: RecordBatch| batch.noted(b)).partition_by(keys).schema("k:long").run()?);
            let rows = move |all: &[Key]| rows.noted(all.iter().map(|key| Key { k: key.k }).collect::<Vec<_>>());
            plans.push(frame.transform(rows).partition_by(keys).run()?);
            plans.push(frame.transform(move |key: Key| single.noted(key)).partition_by(keys).run()?);
            let later = move |key: Key| {
                let later = later.clone();
                async move { later.noted(key) }
            };
            plans.push(frame.transform(later).partition_by(keys).run()?);
            let stateful = |all: &[Key], _: State<Seen>| all.iter().map(|key| Key { k: key.k }).collect::<Vec<_>>();
            let call = frame.transform(stateful).params(&1_i64).state_with(move |_: i64| state.noted(state.clone()));
            plans.push(call.partition_by(keys).run()?);
            let over = if keys.is_empty() { streams.clone() } else { seen.clone() };
            let batches = over.clone();
            let batches = move |all: Batches| {
                all.map({
                    let batches = batches.clone();
                    move |b| batches.noted(b)
                })
            };
            plans.push(frame.transform(batches).partition_by(keys).schema("k:long").run()?);
            let rows = move |all: Rows<Key>| {
                all.map({
                    let over = over.clone();
                    move |key| over.noted(key)
                })
            };
            plans.push(frame.transform(rows).partition_by(keys).run()?);
        }
        let zipped = seen.clone();
        let both = move |left: &[Key], _: &[Key]| zipped.noted(left.iter().map(|key| Key { k: key.k }).collect::<Vec<_>>());
        plans.push(frame.cotransform([&plans[0]], both).partition_by(["k"]).run()?);
        for plan in plans {
            let rows: usize = blocking::wait(plan.collect())?.iter().map(RecordBatch::num_rows).sum();
            ensure(rows == 40, || format!("40 rows came out as {rows}"))?;
        }
        let of_pool = |name: &String| name.strip_prefix("fugue-").is_some_and(|number| number.parse::<usize>().is_ok());
        let (seen, streams) = (seen.names(), streams.names());
        ensure(seen.iter().all(of_pool), || format!("user code ran on {seen:?}"))?;
        let threads = t.session(lane)?.threads();
        ensure(seen.len() <= threads, || format!("user code ran on {} threads, the session has {threads}", seen.len()))?;
        let caller = std::thread::current().name().unwrap_or_default().to_owned();
        let apart = |name: &String| *name != caller && !name.contains("tokio") && !name.contains("async");
        ensure(streams.iter().all(apart), || format!("functions over streams ran on {streams:?}"))
    })
}

/// A session of one thread makes one call at a time, one of three makes three at most.
pub fn no_more_calls_at_once_than_threads(t: &Bench) -> Outcome {
    let rows = (0..24_i64).map(|i| vec![OwnValue::from(i)]).collect();
    let table = Table::new(Schema::parse("k:long")?, rows);
    t.on_each_lane(|lane| {
        let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (entering, highest) = (Arc::clone(&now), Arc::clone(&most));
        let busy = move |batch: RecordBatch| {
            highest.fetch_max(entering.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            std::thread::sleep(Duration::from_millis(1));
            entering.fetch_sub(1, Ordering::SeqCst);
            batch
        };
        t.same(&table, &mapped(&t.frame(lane, &table)?, spec(&names(&["k"]), &[])?, busy, &table.schema)?)?;
        let (most, threads) = (most.load(Ordering::SeqCst), t.session(lane)?.threads());
        ensure(most <= threads, || format!("{most} calls were made at once on {threads} threads"))
    })
}

/// Counts those who are inside user code.
#[derive(Clone, Default)]
struct Crowd(Arc<(AtomicUsize, AtomicUsize)>);

impl Crowd {
    /// A value that stays inside for a while.
    fn linger<T>(&self, value: T) -> T {
        let (now, most) = &*self.0;
        most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(1));
        now.fetch_sub(1, Ordering::SeqCst);
        value
    }

    /// How many were inside at once, since it was asked last.
    fn most(&self) -> usize {
        self.0.1.swap(0, Ordering::SeqCst)
    }
}

/// A call that says how many of its kind run at the same time on an executor has no more of them there, whatever its shape and however
/// many threads and partitions there are.
pub fn per_executor_limits_calls_at_once(t: &Bench) -> Outcome {
    let rows = (0..24_i64).map(|i| vec![OwnValue::from(i)]).collect();
    let table = Table::new(Schema::parse("k:long")?, rows);
    t.on_each_lane(|lane| {
        let (frame, crowd) = (t.frame(lane, &table)?, Crowd::default());
        let copy = || (crowd.clone(), crowd.clone(), crowd.clone(), crowd.clone());
        for most in [1, 2] {
            let (batch, single, later, zipped) = copy();
            let later = move |key: Key| {
                let later = later.clone();
                async move { later.linger(key) }
            };
            let both = move |left: RecordBatch, _: RecordBatch| zipped.linger(left);
            let plans = [
                frame
                    .transform(move |b: RecordBatch| batch.linger(b))
                    .partition_by("k")
                    .schema("k:long")
                    .per_executor(most)
                    .run()?,
                frame.transform(move |key: Key| single.linger(key)).per_executor(most).run()?,
                frame.transform(later).per_executor(most).run()?,
                frame.cotransform([&frame], both).partition_by("k").schema("k:long").per_executor(most).run()?,
            ];
            for (shape, plan) in ["keyed", "row by row", "async", "zipped"].into_iter().zip(&plans) {
                t.same(&table, plan)?;
                let (seen, allowed) = (crowd.most(), most * t.executors(lane));
                let told = || format!("{shape}: {seen} calls were made at once, where {allowed} may be");
                ensure(seen > 0 && seen <= allowed, told)?;
            }
        }
        Ok(())
    })
}

/// Batches that know how many of them were made.
struct Counted {
    schema: Schema,
    batches: usize,
    made: Arc<AtomicUsize>,
}

impl fmt::Debug for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Counted").field("batches", &self.batches).finish_non_exhaustive()
    }
}

impl LazySource for Counted {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn describe(&self) -> String {
        "batches that are counted".to_owned()
    }

    fn rows(&self) -> Option<u64> {
        None
    }

    fn scan(&self, projection: Option<&[usize]>, cancel: &Cancel) -> Result<BatchIter> {
        let (made, cancel) = (Arc::clone(&self.made), cancel.clone());
        let columns: Vec<usize> = projection.map_or_else(|| vec![0], <[usize]>::to_vec);
        let rows = Table::new(self.schema.clone(), (0..100_i64).map(|i| vec![i.into()]).collect());
        let batch = rows.to_batch().map_err(|e| fugue_core::Error::new(fugue_core::ErrorKind::Unexpected, e))?;
        let batch = batch.project(&columns)?;
        Ok(Box::new((0..self.batches).map(move |_| {
            cancel.check()?;
            made.fetch_add(1, Ordering::SeqCst);
            Ok(batch.clone())
        })))
    }
}

const BATCHES: usize = 3_000;

fn counted(session: &Session) -> std::result::Result<(fugue_core::DataFrame, Arc<AtomicUsize>), Failure> {
    let made = Arc::new(AtomicUsize::new(0));
    let source = Counted { schema: Schema::parse("x:long")?, batches: BATCHES, made: Arc::clone(&made) };
    Ok((session.frame(Source::new(source))?, made))
}

/// A source is read only so far as somebody takes what comes of it.
pub fn a_source_is_not_read_ahead_of_its_reader(t: &Bench) -> Outcome {
    let session = t.session(&Lane::plain())?;
    let (frame, made) = counted(&session)?;
    let first = blocking::wait(frame.peek())?;
    drop(first);
    std::thread::sleep(Duration::from_millis(200));
    let read = made.load(Ordering::SeqCst);
    ensure(read < BATCHES / 2, || format!("one row was asked for, and {read} of {BATCHES} batches were read"))?;
    // A reader that takes one batch and waits holds up the source behind it.
    let mut stream = blocking::wait(frame.stream())?.into_blocking();
    let before = made.load(Ordering::SeqCst);
    drop(stream.next().transpose()?);
    std::thread::sleep(Duration::from_millis(200));
    let read = made.load(Ordering::SeqCst) - before;
    ensure(read < BATCHES / 2, || format!("one batch was taken, and {read} of {BATCHES} were read"))
}

/// A function over a stream holds a few batches at a time, not its whole input.
pub fn an_unkeyed_stream_runs_in_bounded_memory(t: &Bench) -> Outcome {
    let session = t.session(&Lane::plain())?;
    let (frame, made) = counted(&session)?;
    let (seen, lag) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (seeing, lagging) = (Arc::clone(&seen), Arc::clone(&lag));
    let pass = move |batches: Batches| {
        let (made, seeing, lagging) = (Arc::clone(&made), Arc::clone(&seeing), Arc::clone(&lagging));
        batches.inspect(move |_| {
            let taken = seeing.fetch_add(1, Ordering::SeqCst) + 1;
            lagging.fetch_max(made.load(Ordering::SeqCst).saturating_sub(taken), Ordering::SeqCst);
        })
    };
    let count = blocking::wait(frame.transform(pass).schema("x:long").count())?;
    ensure(count == 100 * BATCHES as u64, || format!("{} rows came out as {count}", 100 * BATCHES))?;
    let lag = lag.load(Ordering::SeqCst);
    ensure(lag < BATCHES / 4, || format!("up to {lag} of {BATCHES} batches were read and not yet taken"))
}

/// A stream that is gone after its first reading says so, and what to do.
pub fn a_stream_that_was_read_says_so(t: &Bench) -> Outcome {
    let table = example()?;
    let session = t.session(&Lane::plain())?;
    let local = Session::local()?.frame(vec![table.to_batch()?])?;
    let frame = session.frame(blocking::wait(local.stream())?)?;
    t.same(&table, &frame)?;
    let error =
        expect_error(blocking::wait(frame.collect()), &[fugue_core::ErrorKind::Unsupported], "a stream that was read already")?;
    ensure(format!("{error:?}").contains("persist"), || format!("the error does not say what to do: {error:?}"))?;
    let kept = blocking::wait(session.frame(blocking::wait(local.stream())?)?.persist())?;
    t.same(&table, &kept)?;
    t.same(&table, &kept)
}

/// Frames of the embedded engine go into calls of this one, and the other way round.
pub fn frames_of_another_engine_come_in(t: &Bench) -> Outcome {
    let (left, right) =
        (table!("k:long,x:str"; [1_i64, "a"], [2_i64, ()])?, table!("k:long,y:double"; [2_i64, f64::NAN], [(), 1.0])?);
    let wanted = table!("left:long,right:long"; [1_i64, 0_i64], [1_i64, 1_i64], [0_i64, 1_i64])?;
    t.on_each_lane(|lane| {
        let session = t.session(lane)?;
        let local = Session::local()?;
        let (own, foreign) = (t.frame(lane, &left)?, local.frame(vec![right.to_batch()?])?);
        t.same(&right, &foreign.on(&session)?)?;
        t.same(&left, &own.on(&local)?)?;
        let output = wanted.schema.clone();
        let count = move |a: RecordBatch, b: RecordBatch| -> std::result::Result<RecordBatch, crate::functions::Broken> {
            let counts = [a.num_rows(), b.num_rows()].map(|n| OwnValue::Int(n as i128));
            Ok(Table::new(output.clone(), vec![counts.to_vec()]).to_batch()?)
        };
        for (first, second) in [(&own, &foreign), (&foreign, &own)] {
            let zip = first.cotransform([second], count.clone()).how(fugue_core::group::ZipKind::FullOuter).partition_by(["k"]);
            let got = t.collect(&zip.schema(&wanted.schema).run()?)?;
            let total: i128 = got.rows.iter().flatten().filter_map(OwnValue::as_int).sum();
            ensure(got.rows.len() == 3 && total == 4, || format!("four rows of three keys were zipped to {got:?}"))?;
        }
        Ok(())
    })
}

/// The same action at the same time from several threads, on one session.
pub fn actions_at_the_same_time_do_not_disturb_each_other(t: &Bench) -> Outcome {
    let rows = (0..2_000_i64).map(|i| vec![OwnValue::from(i % 50), OwnValue::from(i)]).collect();
    let table = Table::new(Schema::parse("k:long,x:long")?, rows);
    let lane = t.lanes().into_iter().max_by_key(|l| l.partitions).unwrap_or_else(Lane::plain);
    let frame = t.frame(&lane, &table)?;
    let plans = (0..4_i64).map(|n| {
        let add = move |x: i64| x + n;
        let wanted =
            table.rows.iter().map(|row| vec![row[0].clone(), OwnValue::Int(row[1].as_int().unwrap_or(0) + i128::from(n))]);
        let wanted = Table::new(table.schema.clone(), wanted.collect());
        Ok((frame.transform(add).on(["x"]).to("x").schema("k:long,x:long").run()?, wanted))
    });
    let plans: Vec<_> = plans.collect::<Result<_>>()?;
    let outcomes: Vec<Outcome> = std::thread::scope(|scope| {
        let handles: Vec<_> = plans.iter().map(|(plan, wanted)| scope.spawn(|| t.same(wanted, plan))).collect();
        let panicked = |_| Err(Failure::differs("an action panicked"));
        handles.into_iter().map(|h| h.join().unwrap_or_else(panicked)).collect()
    });
    outcomes.into_iter().collect()
}
