//! Saves that meet, and addresses that say secrets.

use std::fs;

use fugue_core::arrow::array::{Int64Array, RecordBatch};
use fugue_core::blocking::wait;
use fugue_core::io::{Format, LoadOptions, SaveMode, SaveOptions, Staging};
use fugue_core::run::Cancel;
use fugue_core::schema::Schema;
use fugue_core::{Error, ErrorKind, Session};

use crate::server::{Server, local};
use crate::{refused, session};

fn staged(server: &Server, mode: SaveMode, target: &str, value: i64) -> (Staging, fugue_core::io::Part) {
    let schema = Schema::parse("a:long").unwrap();
    let options = SaveOptions::new().format(Format::Parquet).files(2).mode(mode).stores(server.options());
    let staging = Staging::open(target, &schema, &options, &Cancel::never()).unwrap();
    let mut writer = staging.plan().writer(0).unwrap();
    let batch = RecordBatch::try_new(schema.to_arrow(), vec![std::sync::Arc::new(Int64Array::from(vec![value; 3]))]).unwrap();
    writer.write(&batch).unwrap();
    let part = writer.finish().unwrap();
    (staging, part)
}

fn commit((staging, part): (Staging, fugue_core::io::Part)) -> Result<u64, Error> {
    staging.commit([part], &Cancel::never())
}

#[test]
fn what_must_not_be_replaced_is_not_replaced_by_who_was_slower() {
    let server = Server::start(true);
    let target = server.s3("new");
    let (first, second) =
        (staged(&server, SaveMode::ErrorIfExists, &target, 1), staged(&server, SaveMode::ErrorIfExists, &target, 2));
    commit(first).unwrap();
    let second = commit(second);
    assert_eq!(second.unwrap_err().kind(), ErrorKind::AlreadyExists);
}

#[test]
fn files_of_others_that_came_in_between_are_kept() {
    let server = Server::start(true);
    let target = server.s3("table");
    commit(staged(&server, SaveMode::Overwrite, &target, 1)).unwrap();
    let second = staged(&server, SaveMode::Overwrite, &target, 2);
    fs::write(local(&server, "table/notes.txt"), "mine").unwrap();
    let second = commit(second);
    assert!(fs::exists(local(&server, "table/notes.txt")).unwrap(), "notes.txt is gone; {second:?}");
    // Nor is data removed by who must not replace any.
    let fresh = staged(&server, SaveMode::ErrorIfExists, &server.s3("fresh"), 3);
    let folder = std::path::PathBuf::from(local(&server, "fresh"));
    server.meanwhile(
        |asked| asked.starts_with("PUT") && asked.ends_with(".parquet"),
        move || fs::write(folder.join("theirs.parquet"), "rows of somebody").unwrap(),
    );
    let fresh = commit(fresh);
    assert!(fs::exists(local(&server, "fresh/theirs.parquet")).unwrap(), "{fresh:?}");
}

#[test]
fn a_save_that_was_slow_and_ended_by_another_keeps_its_files() {
    use std::sync::atomic::{AtomicUsize, Ordering};
    // Looked at as the save begins, and again when all of its files are there.
    static LOOKS: AtomicUsize = AtomicUsize::new(0);
    let server = Server::start(true);
    let target = server.s3("table");
    commit(staged(&server, SaveMode::Overwrite, &target, 1)).unwrap();
    let slow = staged(&server, SaveMode::Overwrite, &target, 2);
    let (note, stores) = (local(&server, "table/_fugue.commit"), server.options());
    let address = target.clone();
    server.meanwhile(
        |asked| asked.starts_with("GET") && asked.ends_with("_fugue.commit") && LOOKS.fetch_add(1, Ordering::SeqCst) == 1,
        move || {
            let an_hour_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(3600);
            fs::File::options().write(true).open(note).unwrap().set_modified(an_hour_ago).unwrap();
            let options = SaveOptions::new().format(Format::Parquet).files(2).mode(SaveMode::ErrorIfExists).stores(stores);
            // Threads of the server do not wait for what it answers.
            let other = std::thread::spawn(move || {
                Staging::open(address, &Schema::parse("a:long").unwrap(), &options, &Cancel::never()).map(drop)
            });
            assert_eq!(other.join().unwrap().unwrap_err().kind(), ErrorKind::AlreadyExists);
        },
    );
    assert_eq!(commit(slow).unwrap(), 3);
    let rows = |value: i64| {
        let frame = wait(session(&server).load(&target)).unwrap().filter(fugue_core::expr::col("a").eq(value)).unwrap();
        wait(frame.count()).unwrap()
    };
    assert_eq!((rows(1), rows(2)), (0, 3));
    // What told it so goes with the next that replaces the folder.
    assert_eq!(commit(staged(&server, SaveMode::Overwrite, &target, 4)).unwrap(), 3);
    let names = fs::read_dir(local(&server, "table")).unwrap().flatten().map(|e| e.file_name().to_string_lossy().into_owned());
    assert_eq!(names.filter(|name| name.contains("_fugue")).collect::<Vec<_>>(), Vec::<String>::new());
}

#[test]
fn addresses_say_no_secret() {
    let server = Server::start(false);
    let session = Session::local().unwrap();
    let signed = format!("{}?X-Amz-Signature=0123456789abcdef", server.http("a.parquet"));
    let named = server.http("nothing.parquet").replace("http://", "http://user:pass-word-of-user@");
    let shared = server.s3("a.parquet?sv=2024-11-04&sig=0123456789abcdef");
    for address in [signed, named, shared] {
        let error = refused(wait(session.load_with(&address, &LoadOptions::new())));
        let all = format!("{error:?} {error}");
        assert!(!all.contains("0123456789abcdef") && !all.contains("pass-word-of-user"), "{all}");
    }
}

#[test]
fn a_save_that_was_given_up_leaves_the_next_alone() {
    let server = Server::start(true);
    let target = server.s3("table");
    commit(staged(&server, SaveMode::Overwrite, &target, 1)).unwrap();
    let first = staged(&server, SaveMode::Overwrite, &target, 2);
    let folder = std::path::PathBuf::from(local(&server, "table"));
    let inner = folder.clone();
    // While its file goes up another save says its own.
    server.meanwhile(
        |asked| asked.starts_with("PUT") && asked.ends_with(".parquet"),
        move || {
            fs::write(inner.join("_fugue.commit"), "fugue commit 1\nanother\nappend\nx.parquet\ny.parquet\n").unwrap();
            // What the server remembers of the versions of files.
            for known in fs::read_dir(inner.parent().unwrap().parent().unwrap()).unwrap().flatten() {
                if known.file_name().to_string_lossy().ends_with(".internal.json") {
                    fs::remove_file(known.path()).unwrap();
                }
            }
            let old = fs::read_dir(&inner).unwrap().flatten().find(|e| e.path().extension().is_some()).unwrap().path();
            fs::copy(inner.join(old), inner.join("x.parquet")).unwrap();
        },
    );
    let error = commit(first).unwrap_err();
    assert!(error.message().contains("gave it up"), "{error:?}");
    let note = fs::read_to_string(folder.join("_fugue.commit")).unwrap();
    assert!(note.contains("another") && folder.join("x.parquet").exists(), "{note}");
    // What is there is what was there before both.
    assert_eq!(wait(wait(session(&server).load(&target)).unwrap().count()).unwrap(), 3);
}

#[test]
fn a_save_that_ends_while_the_folder_is_looked_at_is_seen_whole() {
    let server = Server::start(true);
    let target = server.s3("table");
    commit(staged(&server, SaveMode::Append, &target, 1)).unwrap();
    let folder = std::path::PathBuf::from(local(&server, "table"));
    let old = fs::read_dir(&folder).unwrap().flatten().map(|e| e.path()).find(|p| p.extension().is_some_and(|e| e == "parquet"));
    let old = old.unwrap();
    fs::write(folder.join("_fugue.commit"), "fugue commit 1\na\nappend\na1.parquet\na2.parquet\n").unwrap();
    fs::copy(&old, folder.join("a1.parquet")).unwrap();
    // The folder was listed; then its save ends, and the next begins.
    server.meanwhile(
        |asked| asked.starts_with("GET") && asked.ends_with("_fugue.commit"),
        move || {
            fs::copy(&old, folder.join("a2.parquet")).unwrap();
            fs::write(folder.join("_fugue.commit"), "fugue commit 1\nb\nappend\nb1.parquet\n").unwrap();
        },
    );
    assert_eq!(wait(wait(session(&server).load(&target)).unwrap().count()).unwrap(), 9);
}
