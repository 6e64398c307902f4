//! Saves into a store: whole or not at all, whoever is killed when, and however many save at the same time.

use std::collections::BTreeSet;
use std::fs;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

use fugue_core::blocking::wait;
use fugue_core::expr::col;
use fugue_core::io::{Format, SaveMode, SaveOptions};
use fugue_core::{Error, ErrorKind, Session};

use crate::server::{Server, local};
use crate::{Reading, readings, rows, session};

fn save(session: &Session, path: &str, rows: Vec<Reading>, options: &SaveOptions) -> Result<u64, Error> {
    wait(session.frame(rows).unwrap().save_with(path, options))
}

fn load(session: &Session, path: &str) -> Vec<Reading> {
    rows(&wait(session.load(path)).unwrap())
}

/// Folders by year.
fn by_year() -> SaveOptions {
    SaveOptions::new().format(Format::Parquet).partition_by("year")
}

/// Rows with numbers from one on.
fn from(first: i64, count: i64) -> Vec<Reading> {
    readings(count).into_iter().map(|r| Reading { number: r.number + first, ..r }).collect()
}

/// The names of all files of a folder of the bucket.
fn names(server: &Server, folder: &str) -> BTreeSet<String> {
    fn walk(folder: &std::path::Path, inner: &str, found: &mut BTreeSet<String>) {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let name = format!("{inner}{}", entry.file_name().to_string_lossy());
            if entry.path().is_dir() {
                walk(&entry.path(), &format!("{name}/"), found)
            } else {
                found.insert(name).then_some(()).unwrap()
            }
        }
    }
    let mut found = BTreeSet::new();
    walk(local(server, folder).as_ref(), "", &mut found);
    found
}

#[test]
fn every_format_goes_up_and_comes_back() {
    let server = Server::start(true);
    let session = session(&server);
    for name in ["b.parquet", "b.csv", "b.csv.gz", "b.json.zst", "b.arrow"] {
        // The second is larger than one piece of an upload, and takes the place of the first.
        let large = if name == "b.csv" { 300_000 } else { 5_000 };
        for count in [100, large] {
            assert_eq!(save(&session, &server.s3(name), readings(count), &SaveOptions::new()).unwrap(), count as u64, "{name}");
            assert_eq!(load(&session, &server.s3(name)), readings(count), "{name}");
        }
        let new = SaveOptions::new().mode(SaveMode::ErrorIfExists);
        assert_eq!(save(&session, &server.s3(name), readings(1), &new).unwrap_err().kind(), ErrorKind::AlreadyExists);
        assert_eq!(load(&session, &server.s3(name)).len() as i64, large);
    }
    let error = save(&session, &server.http("c.csv"), readings(1), &SaveOptions::new()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error:?}");
}

#[test]
fn folders_are_replaced_added_to_and_refused_as_on_this_machine() {
    let server = Server::start(true);
    let session = session(&server);
    let target = server.s3("deep/table");
    save(&session, &target, from(0, 100), &by_year()).unwrap();
    assert_eq!(load(&session, &target), from(0, 100));
    save(&session, &target, from(100, 50), &by_year().mode(SaveMode::Append)).unwrap();
    assert_eq!(load(&session, &target), [from(0, 100), from(100, 50)].concat());
    assert_eq!(
        save(&session, &target, from(0, 1), &by_year().mode(SaveMode::ErrorIfExists)).unwrap_err().kind(),
        ErrorKind::AlreadyExists
    );
    let other = save(&session, &target, from(0, 1), &SaveOptions::new().format(Format::Parquet).files(2).mode(SaveMode::Append));
    assert_eq!(other.unwrap_err().kind(), ErrorKind::SchemaMismatch);
    let kept: Vec<Reading> = from(7, 20).into_iter().filter(|r| r.year == 2024).collect();
    save(&session, &target, kept.clone(), &by_year()).unwrap();
    assert_eq!(load(&session, &target), kept);
    assert!(names(&server, "deep/table").iter().all(|name| name.starts_with("year=2024/")), "{:?}", names(&server, "deep/table"));
    // An empty frame is a folder with its columns.
    save(&session, &target, Vec::new(), &by_year()).unwrap();
    assert_eq!(wait(wait(session.load(&target)).unwrap().count()).unwrap(), 0);
    fs::write(local(&server, "deep/table/notes.txt"), "mine").unwrap();
    let error = save(&session, &target, from(0, 1), &by_year()).unwrap_err();
    assert!(error.message().contains("notes.txt"), "{error:?}");
    let error = save(&session, &server.s3("deep"), from(0, 1), &SaveOptions::new().format(Format::Csv)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error:?}");
}

#[test]
fn odd_keys_and_many_files_make_the_round_trip() {
    let server = Server::start(true);
    let session = session(&server);
    let words = ["a b", "ü/x", "100%", "%20", "k=v", "", "?#&+", "__HIVE_DEFAULT_PARTITION__"];
    let odd: Vec<Reading> =
        from(0, 16).into_iter().zip(words.iter().cycle()).map(|(r, w)| Reading { word: Some((*w).to_owned()), ..r }).collect();
    let by_word = SaveOptions::new().format(Format::Parquet).partition_by("word");
    save(&session, &server.s3("odd"), odd.clone(), &by_word).unwrap();
    assert_eq!(load(&session, &server.s3("odd")), odd);
    // More than a store lists in one answer.
    save(&session, &server.s3("many"), from(0, 2200), &SaveOptions::new().format(Format::Csv).files(1100)).unwrap();
    assert_eq!(load(&session, &server.s3("many")), from(0, 2200));
    save(&session, &server.s3("many"), from(0, 5), &SaveOptions::new().format(Format::Csv).files(2)).unwrap();
    assert_eq!(load(&session, &server.s3("many")), from(0, 5));
    assert_eq!(names(&server, "many").len(), 2);
}

/// Lets the note of a save that is under way look old.
fn grow_old(server: &Server, folder: &str) {
    let note = local(server, &format!("{folder}/_fugue.commit"));
    if let Ok(file) = fs::File::options().write(true).open(note) {
        file.set_modified(SystemTime::now() - Duration::from_secs(3600)).unwrap();
    }
}

#[test]
fn who_is_killed_at_any_step_leaves_the_old_or_the_new() {
    for mode in [SaveMode::Overwrite, SaveMode::Append] {
        let (old, more) = (from(0, 40), from(40, 30));
        let new = if mode == SaveMode::Append { from(0, 40).into_iter().chain(more.clone()).collect() } else { more.clone() };
        let (mut olds, mut news) = (0, 0);
        for steps in 0.. {
            let server = Server::start(true);
            let session = session(&server);
            let target = server.s3("table");
            save(&session, &target, old.clone(), &by_year()).unwrap();
            server.faults().alive.store(steps, Ordering::SeqCst);
            let saved = save(&session, &target, more.clone(), &by_year().mode(mode));
            let was_killed = server.faults().alive.swap(usize::MAX, Ordering::SeqCst) == 0;
            let seen = load(&session, &target);
            assert!(seen == old || seen == new, "after {steps} steps of {mode:?} there are {} rows", seen.len());
            assert!(saved.is_err() || seen == new, "after {steps} steps of {mode:?}");
            // Under a key the same is seen.
            let year = wait(wait(session.load(server.s3("table/year=2024"))).unwrap().count()).unwrap();
            assert_eq!(year, seen.iter().filter(|r| r.year == 2024).count() as u64, "{steps} {mode:?}");
            if seen == old {
                olds += 1
            } else {
                news += 1
            }
            let left = names(&server, "table").iter().any(|name| name == "_fugue.commit");
            if left {
                let busy = save(&session, &target, more.clone(), &by_year()).unwrap_err();
                assert!(busy.message().contains("another save"), "{busy:?}");
                assert_eq!(load(&session, &target), seen);
            }
            grow_old(&server, "table");
            save(&session, &target, from(500, 10), &by_year()).unwrap();
            assert_eq!(load(&session, &target), from(500, 10), "{steps} {mode:?}");
            assert_eq!(names(&server, "table").len(), 2, "nothing else is left: {:?}", names(&server, "table"));
            if !was_killed {
                break;
            }
        }
        assert!(olds > 2 && news > 0, "{olds} times the old and {news} times the new were seen");
    }
}

#[test]
fn saves_at_the_same_time_are_refused_or_all_there() {
    let server = Server::start(true);
    let target = server.s3("table");
    save(&session(&server), &target, from(0, 10), &by_year()).unwrap();
    for mode in [SaveMode::Append, SaveMode::Overwrite] {
        let before = load(&session(&server), &target).len();
        let saved: Vec<(i64, Result<u64, Error>)> = std::thread::scope(|scope| {
            let threads: Vec<_> = (1..5_i64)
                .map(|i| {
                    let (server, target) = (&server, &target);
                    scope.spawn(move || (i, save(&session(server), target, from(1000 * i, 20 + i), &by_year().mode(mode))))
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let seen = load(&session(&server), &target).len();
        let all: i64 = saved.iter().filter(|(_, result)| result.is_ok()).map(|(i, _)| 20 + i).sum();
        assert!(saved.iter().any(|(_, result)| result.is_ok()), "{saved:?}");
        for (_, result) in &saved {
            if let Err(e) = result {
                assert!(e.message().contains("another save") || e.message().contains("changed since"), "{e:?}");
            }
        }
        let one = |rows: usize| saved.iter().any(|(i, result)| result.is_ok() && 20 + i == rows as i64);
        match mode {
            SaveMode::Append => assert_eq!(seen, before + all as usize, "{saved:?}"),
            _ => assert!(one(seen), "{seen} rows after {saved:?}"),
        }
    }
    assert_eq!(wait(wait(session(&server).load(target)).unwrap().filter(col("number").lt(0)).unwrap().count()).unwrap(), 0);
}
