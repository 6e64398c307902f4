//! Object stores, beside the same files on this machine: a server of the tests' own answers as S3 does, and fails where a test says so.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests stop at the first surprise")]

mod review;
mod saves;
mod server;

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use fugue_core::blocking::wait;
use fugue_core::expr::col;
use fugue_core::io::{Format, LoadOptions, SaveOptions, StoreOptions};
use fugue_core::row::Row;
use fugue_core::{DataFrame, Error, ErrorKind, Session};

use server::{KEY, SECRET, Server, local};

#[derive(Row, Clone, Debug, PartialEq)]
struct Reading {
    number: i64,
    year: i64,
    word: Option<String>,
    value: f64,
}

/// So many rows, in two years.
fn readings(rows: i64) -> Vec<Reading> {
    let word = |n: i64| (n % 7 != 0).then(|| format!("word {} of many, é", n % 1000));
    (0..rows).map(|n| Reading { number: n, year: 2023 + n % 2, word: word(n), value: n as f64 / 3.0 }).collect()
}

fn session(server: &Server) -> Session {
    Session::builder().stores(server.options()).with_engine(fugue_core::local::LocalEngine::new(2)).unwrap()
}

/// The rows in their order.
fn rows(frame: &DataFrame) -> Vec<Reading> {
    let columns = ["number", "year", "word", "value"];
    let mut rows: Vec<Reading> = wait(frame.select(columns.map(col)).unwrap().rows()).unwrap();
    rows.sort_by_key(|r| r.number);
    rows
}

fn save(session: &Session, path: &str, rows: i64, options: &SaveOptions) {
    wait(session.frame(readings(rows)).unwrap().save_with(path, options)).unwrap();
}

fn refused(result: Result<DataFrame, Error>) -> Error {
    match result {
        Err(error) => error,
        Ok(frame) => match wait(frame.rows::<Reading>()) {
            Err(error) => error,
            Ok(rows) => panic!("it gave {} rows", rows.len()),
        },
    }
}

#[test]
fn every_format_is_read_as_from_this_machine() {
    let server = Server::start(true);
    let session = session(&server);
    // Large enough that text is read in several pieces.
    for name in ["a.parquet", "a.csv", "a.csv.gz", "a.json", "a.json.zst", "a.arrow"] {
        save(&session, &local(&server, name), 20_000, &SaveOptions::new());
        let (here, there) = (wait(session.load(local(&server, name))).unwrap(), wait(session.load(server.s3(name))).unwrap());
        assert_eq!(here.schema(), there.schema(), "{name}");
        assert_eq!(rows(&here), rows(&there), "{name}");
        assert_eq!(rows(&there), readings(20_000), "{name}");
        assert_eq!(wait(there.count()).unwrap(), 20_000, "{name}");
    }
}

#[test]
fn folders_keys_patterns_and_lists_mean_what_they_mean_on_this_machine() {
    let server = Server::start(true);
    let session = session(&server);
    let hive = SaveOptions::new().format(Format::Parquet).partition_by("year");
    save(&session, &local(&server, "hive"), 500, &hive);
    for name in ["many/a/x1.csv", "many/a/x2.csv", "many/b/x3.csv", "many/_hidden/x4.csv", "many/a/.part/x5.csv"] {
        save(&session, &local(&server, name), 10, &SaveOptions::new());
    }
    std::fs::write(server.folder().join("many/a/_SUCCESS"), "").unwrap();
    for path in [
        "hive",
        "hive/",
        "hive/year=2023",
        "hive/year=*",
        "hive/**",
        "hive/**/*.parquet",
        "many/a",
        "many",
        "many/*/x?.csv",
        "many/**/x[13].csv",
    ] {
        let here = wait(session.load_with(local(&server, path), &LoadOptions::new())).unwrap();
        let there = wait(session.load(server.s3(path))).unwrap();
        assert_eq!(here.schema(), there.schema(), "{path}");
        let text = |frame: &DataFrame| wait(frame.collect()).unwrap().iter().map(|b| format!("{b:?}")).collect::<Vec<_>>();
        assert_eq!(text(&here), text(&there), "{path}");
    }
    let two = [server.s3("many/b/x3.csv"), local(&server, "many/a/x1.csv")];
    assert_eq!(wait(wait(session.load_all(two, &LoadOptions::new())).unwrap().count()).unwrap(), 20);
    let one = wait(session.load(server.s3("hive"))).unwrap().filter(col("year").eq(2024)).unwrap();
    server.asked();
    assert_eq!(wait(one.count()).unwrap(), 250);
    assert!(server.asked().iter().all(|asked| !asked.path.contains("2023")), "files of other keys are not read");
    // What lies under a key is found without a look at all of the table, as long as nobody saves into it.
    let listed = || {
        server.asked();
        assert_eq!(wait(wait(session.load(server.s3("hive/year=2023"))).unwrap().count()).unwrap(), 250);
        let lists = server.asked().into_iter().filter(|asked| asked.query.contains("list-type"));
        lists.map(|asked| asked.query.contains("2023")).collect::<Vec<_>>()
    };
    assert_eq!(listed(), [true]);
    std::fs::write(server.folder().join("hive/_fugue.commit"), "fugue commit 1\na\nappend\nyear=2023/new.parquet\n").unwrap();
    assert!(listed().contains(&false));
}

#[test]
fn only_the_columns_and_row_groups_that_are_asked_for_are_read() {
    let server = Server::start(true);
    let session = session(&server);
    let options = SaveOptions::new().row_group_rows(20_000);
    save(&session, &local(&server, "large.parquet"), 200_000, &options);
    let whole = std::fs::metadata(local(&server, "large.parquet")).unwrap().len();
    let frame = wait(session.load(server.s3("large.parquet"))).unwrap();
    let opened: u64 = server.asked().iter().map(|asked| asked.bytes).sum();
    assert!(opened <= 64 << 10, "{opened} bytes to open it");
    assert_eq!(wait(frame.count()).unwrap(), 200_000);
    assert_eq!(server.asked().len(), 0, "the footer tells the number of rows");
    let two = frame.select([col("number"), col("year")]).unwrap();
    let one = two.filter(col("number").lt(100)).unwrap();
    assert_eq!(wait(one.count()).unwrap(), 100);
    let asked = server.asked();
    let read: u64 = asked.iter().map(|asked| asked.bytes).sum();
    assert!(read * 10 < whole, "{read} of {whole} bytes in {asked:?}");
    assert!(asked.len() <= 2, "columns that lie together are asked for together: {asked:?}");
    assert_eq!(rows(&frame).len(), 200_000);
    let read: u64 = server.asked().iter().map(|asked| asked.bytes).sum();
    assert!(read <= whole + (64 << 10), "{read} of {whole} bytes");
}

#[test]
fn what_passes_is_tried_again_and_what_stays_is_an_error_in_time() {
    let server = Server::start(true);
    let session = session(&server);
    for name in ["a.csv", "a.parquet"] {
        save(&session, &local(&server, name), 20_000, &SaveOptions::new());
        let faults = server.faults();
        faults.busy.store(3, Ordering::SeqCst);
        assert_eq!(rows(&wait(session.load(server.s3(name))).unwrap()).len(), 20_000);
        let frame = wait(session.load(server.s3(name))).unwrap();
        faults.cut.store(2, Ordering::SeqCst);
        assert_eq!(rows(&frame), readings(20_000), "{name}");
        assert_eq!(faults.cut.load(Ordering::SeqCst), 0, "it was cut");
        faults.slow.store(30, Ordering::SeqCst);
        assert_eq!(rows(&frame).len(), 20_000);
        faults.slow.store(0, Ordering::SeqCst);
        // A server that never answers, and one that is always busy.
        let hasty = LoadOptions::new().stores(StoreOptions::new().timeout(Duration::from_millis(400)).retries(1));
        let frame = wait(session.load_with(server.s3(name), &hasty)).unwrap();
        for fault in [&faults.silent, &faults.busy] {
            fault.store(1000, Ordering::SeqCst);
            let began = Instant::now();
            let error = refused(Ok(frame.clone()));
            fault.store(0, Ordering::SeqCst);
            assert_eq!(error.kind(), ErrorKind::Io, "{error:?}");
            assert!(error.message().contains(name), "{error:?}");
            assert!(began.elapsed() < Duration::from_secs(15), "after {:?}", began.elapsed());
        }
        assert_eq!(rows(&frame).len(), 20_000, "and then it is there again");
    }
}

#[test]
fn an_object_that_was_replaced_is_noticed() {
    let server = Server::start(true);
    let session = session(&server);
    for name in ["a.parquet", "a.csv"] {
        save(&session, &local(&server, name), 30_000, &SaveOptions::new());
        let frame = wait(session.load(server.s3(name))).unwrap();
        assert_eq!(rows(&frame).len(), 30_000);
        std::fs::remove_file(local(&server, name)).unwrap();
        save(&session, &local(&server, name), 30_001, &SaveOptions::new());
        let error = refused(Ok(frame));
        assert!(error.message().contains("changed since it was loaded"), "{error:?}");
        std::fs::remove_file(local(&server, name)).unwrap();
    }
}

#[test]
fn errors_say_what_and_where_and_nothing_secret() {
    let server = Server::start(true);
    let known = session(&server);
    save(&known, &local(&server, "a.parquet"), 10, &SaveOptions::new());
    std::fs::write(server.folder().join("broken.parquet"), "no Parquet at all").unwrap();
    std::fs::create_dir_all(server.folder().join("mixed")).unwrap();
    std::fs::write(server.folder().join("mixed/a.csv"), "a\n1\n").unwrap();
    std::fs::write(server.folder().join("mixed/b.json"), "{}\n").unwrap();
    let load = |path: &str, stores: StoreOptions| {
        let hasty = stores.retries(0).timeout(Duration::from_secs(5));
        refused(wait(known.load_with(path, &LoadOptions::new().stores(hasty))))
    };
    let plain = StoreOptions::new;
    let cases = [
        (server.s3("nothing.parquet"), plain(), ErrorKind::Io, "no object or folder s3://data/nothing.parquet"),
        (server.s3("nothing/*.parquet"), plain(), ErrorKind::Io, "no object fits the pattern"),
        ("s3://elsewhere/a.parquet".to_owned(), plain(), ErrorKind::Io, "elsewhere"),
        (server.s3("broken.parquet"), plain(), ErrorKind::Io, "s3://data/broken.parquet cannot be read as Parquet"),
        (server.s3("mixed"), plain(), ErrorKind::Unsupported, "several formats"),
        (server.s3(""), plain(), ErrorKind::Unsupported, "several formats"),
        (server.s3("a.parquet"), plain().set("aws_secret_access_key", "another-secret-word"), ErrorKind::Io, "refuses"),
        (server.s3("a.parquet"), plain().set("aws_acess_key", "x"), ErrorKind::SettingInvalid, "aws_access_key_id"),
        ("gs://data/a.parquet".to_owned(), plain(), ErrorKind::Unsupported, "feature \"gcs\""),
        ("ftp://data/a.parquet".to_owned(), plain(), ErrorKind::Unsupported, "\"ftp\" is not known"),
        ("s3:///a.parquet".to_owned(), plain(), ErrorKind::Io, "names no bucket"),
        (server.http(""), plain(), ErrorKind::Unsupported, "addresses of files"),
    ];
    for (path, stores, kind, said) in cases {
        let error = load(&path, stores);
        let all = format!("{error:?} {error}");
        assert_eq!(error.kind(), kind, "{path}: {all}");
        assert!(error.message().contains(said), "{path}: {all}");
        for secret in [SECRET, KEY, "another-secret-word"] {
            assert!(!all.contains(secret), "{path}: {all}");
        }
    }
    assert!(!format!("{:?}", known).contains(SECRET) && !format!("{:?}", server.options()).contains(SECRET));
}

#[test]
fn web_servers_give_single_files() {
    let server = Server::start(false);
    let session = Session::local().unwrap();
    for (name, code) in [("a.parquet", "a.parquet"), ("a b.csv", "a%20b.csv")] {
        save(&session, &local(&server, name), 20_000, &SaveOptions::new());
        assert_eq!(rows(&wait(session.load(server.http(code))).unwrap()), readings(20_000), "{name}");
    }
    let signed = refused(wait(session.load(server.http("a.parquet?signature=1"))));
    assert_eq!(signed.kind(), ErrorKind::Unsupported, "{signed:?}");
    let error = refused(wait(session.load(server.http("folder/"))));
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error:?}");
    assert!(error.message().contains("addresses of files"), "{error:?}");
}
