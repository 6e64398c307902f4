//! What a new user gets wrong, and what the answer is: the kind, a message that says what to do, and the user's line.

use std::panic::Location;

use fugue::arrow::array::{ArrayRef, Int64Array, RecordBatchOptions};
use fugue::arrow::datatypes::Schema as ArrowSchema;
use fugue::arrow::record_batch::RecordBatch;
use fugue::io::SaveMode;
use fugue::prelude::*;

use crate::{lines, on_every_engine};

#[derive(Row)]
struct Reading {
    sensor: String,
    at: i64,
    value: f64,
}

fn readings() -> Vec<Reading> {
    (0..6).map(|i| Reading { sensor: ["a", "b"][i % 2].into(), at: i as i64, value: i as f64 }).collect()
}

fn same(readings: Vec<Reading>) -> Vec<Reading> {
    readings
}

/// Checks kind and message, and that the line of this file that made the call is told.
#[track_caller]
fn told<T>(result: Result<T>, kind: ErrorKind, parts: &[&str]) -> Error {
    let error = unlocated(result, kind, parts);
    let site = error.call_site().unwrap_or_else(|| panic!("no line of the user's in: {error}"));
    let here = Location::caller();
    assert_eq!(site.file(), here.file(), "{error}");
    assert!(site.line().abs_diff(here.line()) < 25, "line {} for a call near {}: {error}", site.line(), here.line());
    error
}

/// The same for actions that plan nothing.
#[track_caller]
fn unlocated<T>(result: Result<T>, kind: ErrorKind, parts: &[&str]) -> Error {
    let Err(error) = result else { panic!("no error; one with {parts:?} was expected") };
    let text = error.to_string();
    assert_eq!(error.kind(), kind, "{text}");
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in: {text}");
    }
    assert_eq!(text.lines().count(), 1, "more than one line: {text}");
    error
}

#[test]
fn a_missing_file_is_named() {
    on_every_engine(|session| async move {
        unlocated(session.load("nowhere/readings.parquet").await, ErrorKind::Io, &["nowhere/readings.parquet", "load"]);
        unlocated(session.load("readings").await, ErrorKind::Io, &["readings", "no file or folder"]);
        Ok(())
    });
}

#[test]
fn a_file_that_is_no_parquet_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fake.parquet");
    std::fs::write(&path, "sensor,value\na,1\n").unwrap();
    on_every_engine(|session| {
        let path = path.clone();
        async move {
            unlocated(session.load(path.to_string_lossy()).await, ErrorKind::Io, &["fake.parquet"]);
            Ok(())
        }
    });
}

#[test]
fn an_unknown_engine_is_answered_with_those_that_there_are() {
    let opened = fugue::blocking::wait(Session::open("polrs"));
    unlocated(opened, ErrorKind::SettingInvalid, &["polrs", "local", "polars", "features"]);
}

#[test]
fn a_wrong_column_is_answered_with_the_right_one() {
    fn length(text: &str) -> i64 {
        text.len() as i64
    }
    #[derive(Row)]
    struct Other {
        senser: String,
    }
    fn other(rows: Vec<Other>) -> Vec<Other> {
        rows
    }
    on_every_engine(|session| async move {
        let frame = session.frame(readings())?;
        let wrong = frame.transform(same).partition_by("senser").run();
        told(wrong, ErrorKind::ColumnNotFound, &["senser", "sensor", "same"]);
        let wrong = frame.transform(same).partition_by("sensor").presort("att desc").run();
        told(wrong, ErrorKind::ColumnNotFound, &["att", "at"]);
        let wrong = frame.transform(length).on("text").to("length").run();
        told(wrong, ErrorKind::ColumnNotFound, &["text", "sensor"]);
        let wrong = frame.transform(other).run();
        told(wrong, ErrorKind::ColumnNotFound, &["senser", "sensor", "Other"]);
        unlocated(frame.rows::<Other>().await, ErrorKind::ColumnNotFound, &["senser", "sensor"]);
        Ok(())
    });
}

#[test]
fn a_wrong_type_is_found_before_a_row_is_read() {
    #[derive(Row)]
    struct Wrong {
        sensor: i64,
    }
    fn wrong(rows: &[Wrong]) -> Vec<Wrong> {
        rows.iter().map(|r| Wrong { sensor: r.sensor }).collect()
    }
    fn half(value: i32) -> i32 {
        value / 2
    }
    on_every_engine(|session| async move {
        let frame = session.frame(readings())?;
        told(frame.transform(wrong).run(), ErrorKind::SchemaMismatch, &["sensor", "str", "long", "Wrong"]);
        told(frame.transform(half).on("value").to("half").run(), ErrorKind::SchemaMismatch, &["value", "double", "int"]);
        told(frame.transform(half).on(["value", "at"]).to("half").run(), ErrorKind::SchemaMismatch, &[".on("]);
        told(frame.transform(half).on("at").run(), ErrorKind::SchemaInvalid, &[".to("]);
        Ok(())
    });
}

#[test]
fn a_null_where_none_may_be_is_found_with_its_row() {
    #[derive(Row)]
    struct Maybe {
        value: Option<i64>,
    }
    #[derive(Row)]
    struct Sure {
        value: i64,
    }
    fn sure(rows: Vec<Sure>) -> Vec<Sure> {
        rows
    }
    on_every_engine(|session| async move {
        let frame = session.frame(vec![Maybe { value: Some(1) }, Maybe { value: None }])?;
        let result = frame.transform(sure).collect().await;
        told(result, ErrorKind::ValueInvalid, &["value", "null", "Option"]);
        Ok(())
    });
}

#[test]
fn a_typo_in_a_schema_is_pointed_at() {
    fn whole(batch: RecordBatch) -> RecordBatch {
        batch
    }
    on_every_engine(|session| async move {
        let frame = session.frame(readings())?;
        told(frame.transform(whole).schema("*, z:duoble").run(), ErrorKind::SchemaInvalid, &["duoble", "double"]);
        told(frame.transform(whole).schema("*, z double").run(), ErrorKind::SchemaInvalid, &["z"]);
        told(frame.transform(whole).schema("*-valu").run(), ErrorKind::ColumnNotFound, &["valu", "value"]);
        told(frame.transform(whole).run(), ErrorKind::SchemaInvalid, &[".schema("]);
        Ok(())
    });
    // The message has one line for logs; the block for people points at the place.
    let error = Schema::parse("a:int,b:strr,c:long").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::SchemaInvalid);
    assert!(format!("{error:?}").contains('^'), "{error:?}");
}

#[test]
fn a_function_that_panics_is_an_error_with_its_key() {
    fn picky(readings: &[Reading]) -> Vec<Reading> {
        assert!(readings[0].sensor != "b", "no b wanted");
        Vec::new()
    }
    on_every_engine(|session| async move {
        let frame = session.frame(readings())?;
        let result = frame.transform(picky).partition_by("sensor").collect().await;
        let error = told(result, ErrorKind::TransformerFailed, &["picky", "sensor=b", "no b wanted", "panicked"]);
        assert_eq!(error.engine(), Some(frame.session().engine_name()));
        assert!(error.context("rows").is_some_and(|rows| rows.contains("sensor=b")), "{error:?}");
        // The session goes on.
        assert_eq!(frame.transform(same).count().await?, 6);
        Ok(())
    });
}

#[test]
fn a_function_that_returns_the_wrong_rows_is_told_what_was_declared() {
    fn too_few(values: &[f64]) -> Vec<f64> {
        values[1..].to_vec()
    }
    fn without_the_column(batch: RecordBatch) -> Result<RecordBatch> {
        Ok(batch.project(&[0])?)
    }
    fn no_number(_: RecordBatch) -> Result<RecordBatch> {
        let text: ArrayRef = std::sync::Arc::new(fugue::arrow::array::StringArray::from(vec!["x"]));
        Ok(RecordBatch::try_from_iter([("z", text)])?)
    }
    on_every_engine(|session| async move {
        let frame = session.frame(readings())?;
        let result = frame.transform(too_few).on("value").to("step").partition_by("sensor").collect().await;
        told(result, ErrorKind::SchemaMismatch, &["2 rows for 3", "too_few"]);
        let result = frame.transform(without_the_column).schema("sensor:str, z:double").collect().await;
        told(result, ErrorKind::SchemaMismatch, &["z", "without_the_column"]);
        let result = frame.transform(no_number).schema("z:double").collect().await;
        told(result, ErrorKind::ValueInvalid, &["z", "no_number"]);
        Ok(())
    });
}

#[test]
fn a_key_that_is_not_in_all_frames_is_named() {
    #[derive(Row)]
    struct Place {
        place: String,
        sensor: i64,
    }
    #[derive(Row)]
    struct Nothing {
        x: i64,
    }
    fn both(readings: Vec<Reading>, places: Vec<Place>) -> Vec<Reading> {
        readings.into_iter().take(places.len()).collect()
    }
    fn apart(readings: Vec<Reading>, _: Vec<Nothing>) -> Vec<Reading> {
        readings
    }
    on_every_engine(|session| async move {
        let frame = session.frame(readings())?;
        let places = session.frame(vec![Place { place: "roof".into(), sensor: 1 }])?;
        let nothing = session.frame(vec![Nothing { x: 1 }])?;
        told(frame.cotransform([&places], both).partition_by("place").run(), ErrorKind::ColumnNotFound, &["place"]);
        told(
            frame.cotransform([&places], both).partition_by("sensor").run(),
            ErrorKind::SchemaMismatch,
            &["sensor", "str", "long"],
        );
        told(frame.cotransform([&nothing], apart).run(), ErrorKind::PartitionInvalid, &["in common"]);
        told(frame.cotransform([&places, &nothing], both).partition_by("sensor").run(), ErrorKind::SchemaMismatch, &["sensor"]);
        Ok(())
    });
}

#[test]
fn keys_and_presort_that_contradict_are_found() {
    on_every_engine(|session| async move {
        let frame = session.frame(readings())?;
        let wrong = frame.transform(same).partition_by("sensor").presort("sensor").run();
        told(wrong, ErrorKind::PartitionInvalid, &["sensor"]);
        let wrong = frame.transform(same).partition_by(["sensor", "sensor"]).run();
        told(wrong, ErrorKind::PartitionInvalid, &["sensor"]);
        let wrong = frame.transform(same).presort("at descending").run();
        told(wrong, ErrorKind::PartitionInvalid, &["descending"]);
        let wrong = frame.transform(same).num("ROWCONT / 2").run();
        told(wrong, ErrorKind::PartitionInvalid, &["ROWCONT", "ROWCOUNT"]);
        Ok(())
    });
}

#[test]
fn parameters_and_state_that_are_not_given_are_asked_for() {
    struct Model;
    fn with_params(rows: Vec<Reading>, _: Params<f64>) -> Vec<Reading> {
        rows
    }
    fn with_model(rows: Vec<Reading>, _: &Model) -> Vec<Reading> {
        rows
    }
    on_every_engine(|session| async move {
        let frame = session.frame(readings())?;
        told(frame.transform(with_params).run(), ErrorKind::ParamsInvalid, &[".params(", "f64"]);
        told(frame.transform(with_params).params("text").run(), ErrorKind::ParamsInvalid, &["f64"]);
        told(frame.transform(with_model).run(), ErrorKind::ParamsInvalid, &[".state(", "Model"]);
        Ok(())
    });
}

#[test]
fn empty_input_gives_empty_output_and_no_call() {
    fn never(_: &[Reading]) -> Vec<Reading> {
        panic!("called without rows")
    }
    on_every_engine(|session| async move {
        let empty = session.frame(Vec::<Reading>::new())?;
        assert_eq!(empty.transform(never).partition_by("sensor").presort("at").count().await?, 0);
        assert_eq!(empty.transform(never).rows::<Reading>().await?.len(), 0);
        assert_eq!(empty.schema().to_string(), "sensor:str,at:long,value:double");
        assert!(empty.is_empty().await?);
        unlocated(empty.peek().await, ErrorKind::Empty, &["is_empty"]);
        Ok(())
    });
}

#[test]
fn empty_files_are_read_or_explained() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    std::fs::write(path("nothing.csv"), "").unwrap();
    std::fs::write(path("header.csv"), "sensor,at,value\n").unwrap();
    std::fs::write(path("nothing.parquet"), "").unwrap();
    let (nothing, header, parquet, saved) =
        (path("nothing.csv"), path("header.csv"), path("nothing.parquet"), path("saved.parquet"));
    on_every_engine(|session| {
        let (nothing, header, parquet, saved) = (nothing.clone(), header.clone(), parquet.clone(), saved.clone());
        async move {
            assert_eq!(session.load(&header).await?.count().await?, 0);
            unlocated(session.load(&nothing).await, ErrorKind::ValueInvalid, &["nothing.csv", "empty"]);
            unlocated(session.load(&parquet).await, ErrorKind::Io, &["nothing.parquet"]);
            // An empty frame can be saved and loaded.
            let empty = session.frame(Vec::<Reading>::new())?;
            assert_eq!(empty.save(&saved).await?, 0);
            assert_eq!(session.load(&saved).await?.schema(), empty.schema());
            Ok(())
        }
    });
}

#[test]
fn a_frame_without_columns_is_refused() {
    on_every_engine(|session| async move {
        let options = RecordBatchOptions::new().with_row_count(Some(3));
        let bare = RecordBatch::try_new_with_options(ArrowSchema::empty().into(), Vec::new(), &options).expect("a batch");
        unlocated(session.frame(bare), ErrorKind::SchemaInvalid, &["column"]);
        unlocated(session.frame(Vec::<RecordBatch>::new()), ErrorKind::SchemaInvalid, &["schema"]);
        let frame = session.frame(readings())?;
        let none = frame.transform(|batch: RecordBatch| batch).schema("*-sensor,at,value").run();
        told(none, ErrorKind::SchemaInvalid, &["column"]);
        Ok(())
    });
}

#[test]
fn names_with_blanks_and_unicode_are_names_like_others() {
    #[derive(Row)]
    struct Person {
        #[row(rename = "größe in cm")]
        height: i64,
        #[row(rename = "名前")]
        name: String,
        #[row(rename = "a`b, c:d")]
        odd: i64,
    }
    fn taller(height: i64) -> i64 {
        height + 1
    }
    fn keep(people: Vec<Person>) -> Vec<Person> {
        people
    }
    fn whole(batch: RecordBatch) -> RecordBatch {
        batch
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("menschen.parquet").to_string_lossy().into_owned();
    on_every_engine(|session| {
        let path = path.clone();
        async move {
            let person = |height, name: &str, odd| Person { height, name: name.into(), odd };
            let people = session.frame(vec![person(180, "花子", 1), person(170, "x y", 2), person(180, "", 3)])?;
            let taller = people.transform(taller).on("größe in cm").to("größer, viel").run()?;
            assert_eq!(taller.schema().names().last(), Some("größer, viel"));
            let kept = people.transform(keep).partition_by("größe in cm").presort("`a``b, c:d` desc").run()?;
            assert_eq!(lines(&kept).await?, lines(&people).await?);
            let fewer =
                people.transform(whole).schema("`größe in cm`:long, `名前`:str").partition_by(["名前", "a`b, c:d"]).run()?;
            assert_eq!(fewer.count().await?, 3);
            taller.save_with(&path, &SaveOptions::new().mode(SaveMode::Overwrite)).await?;
            assert_eq!(lines(&session.load(&path).await?).await?, lines(&taller).await?);
            let wrong = people.transform(keep).partition_by("grösse in cm").run();
            told(wrong, ErrorKind::ColumnNotFound, &["grösse in cm", "größe in cm"]);
            Ok(())
        }
    });
}

#[test]
fn two_columns_of_one_name_are_refused() {
    let column = || -> ArrayRef { std::sync::Arc::new(Int64Array::from(vec![1])) };
    on_every_engine(|session| async move {
        let twice = RecordBatch::try_from_iter([("a", column()), ("a", column())]).expect("a batch");
        unlocated(session.frame(twice), ErrorKind::SchemaInvalid, &["a"]);
        Ok(())
    });
}
