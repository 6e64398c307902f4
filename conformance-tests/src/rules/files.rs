//! Folders, keys, modes and formats: what a save of many files leaves, and what a load makes of it.

use std::path::Path;

use fugue_core::expr::{Expr, col, lit};
use fugue_core::io::{Format, LoadOptions, SaveMode, SaveOptions};
use fugue_core::partition::PartitionSpec;
use fugue_core::{DataFrame, ErrorKind, Schema, Type, blocking};

use super::support::table;
use crate::bench::Bench;
use crate::failure::{Failure, Outcome, ensure, expect_error};
use crate::generate::{Lane, TableOptions};
use crate::value::{OwnValue, Table};

/// A folder of its own.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Result<Self, Failure> {
        Ok(Self(tempfile::tempdir().map_err(|e| Failure::differs(format!("no temporary folder: {e}")))?))
    }

    fn at(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) -> Outcome {
        let path = self.0.path().join(name);
        let made = path.parent().map_or(Ok(()), std::fs::create_dir_all).and_then(|()| std::fs::write(path, content));
        made.map_err(|e| Failure::differs(e.to_string()))
    }
}

/// The files below a folder that are no hidden ones.
fn files_in(folder: &Path) -> Result<usize, Failure> {
    let mut files = 0;
    for entry in std::fs::read_dir(folder).map_err(|e| Failure::differs(e.to_string()))?.flatten() {
        let path = entry.path();
        files += if path.is_dir() { files_in(&path)? } else { 1 };
    }
    Ok(files)
}

fn names_in(folder: &str) -> Result<Vec<String>, Failure> {
    let entries = std::fs::read_dir(folder).map_err(|e| Failure::differs(e.to_string()))?;
    let mut names: Vec<String> = entries.flatten().map(|e| e.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    Ok(names)
}

fn save(frame: &DataFrame, path: &str, options: &SaveOptions) -> fugue_core::Result<u64> {
    blocking::wait(frame.save_with(path, options))
}

fn load(t: &Bench, lane: &Lane, path: &str, options: &LoadOptions) -> Result<DataFrame, Failure> {
    Ok(blocking::wait(t.session(lane)?.load_with(path, options))?)
}

fn parquet() -> SaveOptions {
    SaveOptions::new().format(Format::Parquet)
}

/// Rows with keys, nulls among them.
fn keyed() -> Result<Table, Failure> {
    table!("k:int,d:date,v:long,w:str";
        [1, OwnValue::Null, 10_i64, "a"], [2, OwnValue::Null, 20_i64, ()], [1, OwnValue::Null, 30_i64, ""], [(), OwnValue::Null, (), "b/c"],
        [2, OwnValue::Null, 50_i64, "ü %2F"], [-7, OwnValue::Null, 60_i64, "x"])
}

/// A table through a file, where the format can hold it; else the save says which column it cannot.
fn held(t: &Bench, lane: &Lane, table: &Table, name: &str, holds: impl Fn(&Type) -> bool, null: Option<&str>) -> Outcome {
    let place = Place::new()?;
    let path = place.at(name);
    let (mut saving, mut loading) = (SaveOptions::new(), LoadOptions::new().columns(table.schema.clone()));
    if let Some(null) = null {
        (saving, loading) = (saving.null(null), loading.null(null));
    }
    let saved = save(&t.frame(lane, table)?, &path, &saving);
    let Some(odd) = table.schema.fields().iter().find(|f| !holds(f.ty())) else {
        ensure(saved? == table.rows.len() as u64, || "another number of rows was saved".to_owned())?;
        return t.same(table, &load(t, lane, &path, &loading)?);
    };
    let error = expect_error(saved, &[ErrorKind::SchemaInvalid], "a column that the format has not")?;
    ensure(error.context("column") == Some(odd.name()), || format!("the column {:?} is not named: {error}", odd.name()))?;
    ensure(names_in(&place.0.path().display().to_string())?.is_empty(), || "a save that is refused leaves files".to_owned())
}

/// Random tables; what CSV cannot hold is bytes and what is nested.
pub fn csv_keeps_what_it_can_hold(t: &Bench) -> Outcome {
    let holds = |ty: &Type| !ty.is_nested() && *ty != Type::Bytes;
    t.for_some(2, crate::generate::table(TableOptions::default()), |lane, table| {
        held(t, lane, table, "a.csv", holds, Some("<no value>"))?;
        let flat: Vec<&str> = table.schema.fields().iter().filter(|f| holds(f.ty())).map(|f| f.name()).collect();
        let Some(kept) = narrowed(table, &flat)? else { return Ok(()) };
        held(t, lane, &kept, "b.csv", holds, Some("<no value>"))
    })
}

/// Random tables; what JSON cannot hold is bytes, and maps whose keys are no text.
pub fn json_keeps_what_it_can_hold(t: &Bench) -> Outcome {
    fn holds(ty: &Type) -> bool {
        match ty {
            Type::Bytes => false,
            Type::Map(key, value) => **key == Type::Str && holds(value),
            Type::List(item) => holds(item),
            Type::Struct(fields) => fields.iter().all(|f| holds(f.ty())),
            _ => true,
        }
    }
    t.for_some(2, crate::generate::table(TableOptions::default()), |lane, table| {
        held(t, lane, table, "a.json", holds, None)?;
        let kept: Vec<&str> = table.schema.fields().iter().filter(|f| holds(f.ty())).map(|f| f.name()).collect();
        let Some(kept) = narrowed(table, &kept)? else { return Ok(()) };
        held(t, lane, &kept, "b.json", holds, None)
    })
}

/// Random tables of every type.
pub fn arrow_makes_the_round_trip(t: &Bench) -> Outcome {
    t.for_some(2, crate::generate::table(TableOptions::default()), |lane, table| {
        let place = Place::new()?;
        save(&t.frame(lane, table)?, &place.at("a.arrow"), &SaveOptions::new())?;
        let frame = load(t, lane, &place.at("a.arrow"), &LoadOptions::new())?;
        ensure(*frame.schema() == table.schema, || format!("{} came back as {}", table.schema, frame.schema()))?;
        t.same(table, &frame)
    })
}

/// Some columns of a table; nothing where there is none.
fn narrowed(table: &Table, names: &[&str]) -> Result<Option<Table>, Failure> {
    if names.is_empty() || names.len() == table.schema.len() {
        return Ok(None);
    }
    let places = table.schema.indices_of(names)?;
    let schema = Schema::new(places.iter().map(|&i| table.schema.fields()[i].clone()))?;
    let rows = table.rows.iter().map(|row| places.iter().map(|&i| row[i].clone()).collect()).collect();
    Ok(Some(Table::new(schema, rows)))
}

/// 6.8, D78, D79: whole numbers are long, a column without values is text, and text stays text.
pub fn json_types_are_those_of_its_values(t: &Bench) -> Outcome {
    let place = Place::new()?;
    place.write("in/a.json", "{\"c\":6,\"a\":1,\"t\":\"1\",\"n\":null,\"l\":[1,2]}\n{\"a\":2.5,\"c\":2,\"o\":{\"x\":true}}\n")?;
    place.write("in/b.json", "{\"c\":7,\"a\":4,\"t\":\"2020-01-01\"}\n")?;
    place.write("in/_SUCCESS", "")?;
    let wanted =
        table!("a:double,c:long,t:str,n:str"; [1.0, 6_i64, "1", ()], [2.5, 2_i64, (), ()], [4.0, 7_i64, "2020-01-01", ()])?;
    let typed = table!("c:str,a:double"; ["6", 1.0], ["2", 2.5], ["7", 4.0])?;
    t.on_each_lane(|lane| {
        let all = load(t, lane, &place.at("in"), &LoadOptions::new())?;
        let schema = all.schema().to_string();
        ensure(schema == "c:long,a:double,t:str,n:str,l:[long],o:{x:bool}", || format!("the columns are {schema}"))?;
        t.same(&wanted, &load(t, lane, &place.at("in"), &LoadOptions::new().columns(["a", "c", "t", "n"]))?)?;
        t.same(&typed, &load(t, lane, &place.at("in"), &LoadOptions::new().columns("c:str,a:double"))?)?;
        // Saved and loaded again, and over what is there.
        let two = table!("c:int,a:long"; [6, 1_i64], [2, 7_i64])?;
        for _ in 0..2 {
            save(&t.frame(lane, &two)?, &place.at("out.json"), &SaveOptions::new())?;
        }
        let back = load(t, lane, &place.at("out.json"), &LoadOptions::new().columns(["a", "c"]))?;
        t.same(&table!("a:long,c:long"; [1_i64, 6_i64], [7_i64, 2_i64])?, &back)
    })
}

/// Text that is packed as its name says.
pub fn packed_text_is_unpacked(t: &Bench) -> Outcome {
    let table = table!("a:long,b:str"; [1_i64, "x"], [(), "two\nlines"], [3_i64, "ü"])?;
    let place = Place::new()?;
    t.on_each_lane(|lane| {
        for name in ["a.csv.gz", "a.csv.zst", "a.json.gz", "a.jsonl.zst"] {
            save(&t.frame(lane, &table)?, &place.at(name), &SaveOptions::new())?;
            t.same(&table, &load(t, lane, &place.at(name), &LoadOptions::new())?).map_err(|e| e.while_trying(name))?;
        }
        Ok(())
    })
}

/// D81, 7.6: folders named by keys; their columns come last and are long or text, or what the load says.
pub fn keys_become_folders_and_columns(t: &Bench) -> Outcome {
    let rows = keyed()?;
    let last = table!("d:date,v:long,w:str,k:long";
        [(), 10_i64, "a", 1_i64], [(), 20_i64, (), 2_i64], [(), 30_i64, "", 1_i64], [(), (), "b/c", ()],
        [(), 50_i64, "ü %2F", 2_i64], [(), 60_i64, "x", -7_i64])?;
    t.on_each_lane(|lane| {
        let place = Place::new()?;
        let path = place.at("out");
        save(&t.frame(lane, &rows)?, &path, &parquet().partition_by("k"))?;
        let names = names_in(&path)?;
        ensure(names == ["k=-7", "k=1", "k=2", "k=__HIVE_DEFAULT_PARTITION__"], || format!("the folders are {names:?}"))?;
        let loaded = load(t, lane, &path, &LoadOptions::new())?;
        ensure(*loaded.schema() == last.schema, || format!("the columns are {}", loaded.schema()))?;
        t.same(&last, &loaded)?;
        t.same(&rows, &load(t, lane, &path, &LoadOptions::new().columns(rows.schema.clone()))?)?;
        let named = load(t, lane, &path, &LoadOptions::new().columns(["k", "v"]))?;
        let wanted = table!("k:long,v:long"; [1_i64, 10_i64], [2_i64, 20_i64], [1_i64, 30_i64], [(), ()], [2_i64, 50_i64], [-7_i64, 60_i64])?;
        t.same(&wanted, &named)
    })
}

/// Any text, none, and null as keys; several of them; keys of other types where the load says so.
pub fn odd_keys_make_the_round_trip(t: &Bench) -> Outcome {
    let words = ["a/b", "", " ", "%41", "__HIVE_DEFAULT_PARTITION__", "=", "..", "ü木", "a:*?\"<>|\\"];
    let rows =
        words.iter().enumerate().map(|(i, word)| vec![OwnValue::text(*word), OwnValue::from(i as i64), OwnValue::from(true)]);
    let mut rows: Vec<_> = rows.collect();
    rows.push(vec![OwnValue::Null, OwnValue::from(100_i64), OwnValue::Null]);
    let table = Table::new(Schema::parse("`_a b`:str,v:long,c:bool")?, rows);
    t.on_each_lane(|lane| {
        let place = Place::new()?;
        save(&t.frame(lane, &table)?, &place.at("out"), &parquet().partition_by(["_a b", "c"]))?;
        let options = LoadOptions::new().columns(table.schema.clone());
        t.same(&table, &load(t, lane, &place.at("out"), &options)?)
    })
}

/// What filters spare a reader changes no answer: over keys, over columns that statistics tell of, over both.
pub fn filters_over_folders_keep_their_rows(t: &Bench) -> Outcome {
    let rows: Vec<_> = (0..600_i64)
        .map(|i| {
            let float = if i % 50 == 49 { OwnValue::from(f64::NAN) } else { OwnValue::from(i as f64 / 2.0) };
            let word = if i % 7 == 0 { OwnValue::Null } else { OwnValue::text(format!("word {i:04}")) };
            vec![OwnValue::from(i / 100), OwnValue::from(i), float, word]
        })
        .collect();
    let table = Table::new(Schema::parse("k:long,v:long,f:double,w:str")?, rows);
    let v = |row: &[OwnValue]| row[1].as_int().unwrap_or_default();
    type Keeps<'a> = Box<dyn Fn(&[OwnValue]) -> bool + 'a>;
    let filters: Vec<(Expr, Keeps<'_>)> = vec![
        (col("k").eq(lit(3)), Box::new(|row| v(row) / 100 == 3)),
        (col("k").is_in([lit(1), lit(4)]), Box::new(|row| [1, 4].contains(&(v(row) / 100)))),
        (col("v").lt(lit(120)), Box::new(|row| v(row) < 120)),
        (col("v").gt(lit(120)).and(col("k").lt(lit(2))), Box::new(|row| v(row) > 120 && v(row) < 200)),
        (col("k").eq(lit(5)).or(col("v").eq(lit(7))), Box::new(|row| v(row) / 100 == 5 || v(row) == 7)),
        (col("f").gt(lit(299.0)), Box::new(|row| v(row) % 50 == 49 || v(row) > 598)),
        (col("f").eq(lit(f64::NAN)), Box::new(|row| v(row) % 50 == 49)),
        (col("w").is_null(), Box::new(|row| v(row) % 7 == 0)),
        (col("w").gt_eq(lit("word 0590")), Box::new(|row| v(row) % 7 != 0 && v(row) >= 590)),
        (col("k").gt(lit(100)), Box::new(|_| false)),
        ((col("v") + col("k")).eq(lit(101)), Box::new(|row| v(row) == 100)),
    ];
    let place = Place::new()?;
    let lane = Lane::plain();
    save(&t.frame(&lane, &table)?, &place.at("out"), &parquet().partition_by("k").row_group_rows(20))?;
    save(&t.frame(&lane, &table)?, &place.at("one.parquet"), &SaveOptions::new().row_group_rows(20))?;
    t.on_each_lane(|lane| {
        for name in ["out", "one.parquet"] {
            let options = LoadOptions::new().columns(["k", "v", "f", "w"]);
            let loaded = load(t, lane, &place.at(name), &options)?;
            for (filter, keeps) in &filters {
                let rows = table.rows.iter().filter(|row| keeps(row)).cloned().collect();
                let wanted = Table::new(table.schema.clone(), rows);
                let told = |e: Failure| e.while_trying(format!("{filter} over {name}"));
                t.same(&wanted, &loaded.filter(filter.clone())?).map_err(told)?;
            }
        }
        Ok(())
    })
}

/// A pattern, a list, folders in folders: one frame, columns by name.
pub fn patterns_and_lists_are_one_frame(t: &Bench) -> Outcome {
    let (one, two) = (table!("c:int,a:long"; [6, 1_i64], [2, 7_i64])?, table!("a:long,c:int"; [8_i64, 4])?);
    let all = table!("c:int,a:long"; [6, 1_i64], [2, 7_i64], [4, 8_i64])?;
    t.on_each_lane(|lane| {
        let place = Place::new()?;
        save(&t.frame(lane, &one)?, &place.at("in/a1.parquet"), &SaveOptions::new())?;
        save(&t.frame(lane, &two)?, &place.at("in/deep/a2.parquet"), &SaveOptions::new())?;
        place.write("in/deep/_SUCCESS", "")?;
        place.write("in/.hidden/x", "no data")?;
        t.same(&all, &load(t, lane, &place.at("in"), &LoadOptions::new())?)?;
        t.same(&all, &load(t, lane, &place.at("in/**/a?.parquet"), &LoadOptions::new())?)?;
        t.same(&one, &load(t, lane, &place.at("in/*.parquet"), &LoadOptions::new())?)?;
        let session = t.session(lane)?;
        let listed = [place.at("in/a1.parquet"), place.at("in/deep")];
        t.same(&all, &blocking::wait(session.load_all(&listed, &LoadOptions::new()))?)?;
        let nothing = blocking::wait(session.load(place.at("in/z*.parquet")));
        expect_error(nothing, &[ErrorKind::Io], "a pattern that nothing fits").map(drop)
    })
}

/// D80: more files in a folder, with and without keys; a file takes no rows more, and other columns do not fit.
pub fn appending_adds_rows(t: &Bench) -> Outcome {
    let rows = keyed()?;
    let twice = Table::new(rows.schema.clone(), rows.rows.iter().chain(&rows.rows).cloned().collect());
    t.on_each_lane(|lane| {
        let place = Place::new()?;
        let frame = t.frame(lane, &rows)?;
        for (name, options) in [("plain", parquet()), ("keyed", parquet().partition_by("k")), ("many", parquet().files(2))] {
            let append = options.mode(SaveMode::Append);
            for _ in 0..2 {
                save(&frame, &place.at(name), &append)?;
            }
            let loaded = load(t, lane, &place.at(name), &LoadOptions::new().columns(rows.schema.clone()))?;
            t.same(&twice, &loaded).map_err(|e| e.while_trying(name))?;
        }
        let append = parquet().mode(SaveMode::Append);
        let other = t.frame(lane, &table!("v:long"; [1_i64])?)?;
        expect_error(save(&other, &place.at("plain"), &append), &[ErrorKind::SchemaMismatch], "rows of other columns")?;
        save(&frame, &place.at("file.parquet"), &SaveOptions::new())?;
        let file = save(&frame, &place.at("file.parquet"), &SaveOptions::new().mode(SaveMode::Append));
        expect_error(file, &[ErrorKind::Unsupported], "rows that are added to a file")?;
        t.same(&rows, &load(t, lane, &place.at("file.parquet"), &LoadOptions::new())?)
    })
}

/// 6.8: a file takes the place of a folder, a folder that of a file; a mode may refuse it.
pub fn targets_are_replaced_whole(t: &Bench) -> Outcome {
    let (old, new) = (table!("c:int,a:long"; [6, 1_i64], [2, 7_i64])?, table!("a:long"; [60_i64])?);
    t.on_each_lane(|lane| {
        let place = Place::new()?;
        let path = place.at("x.parquet");
        let (old, fresh) = (t.frame(lane, &old)?, t.frame(lane, &new)?);
        let (file, folder) = (SaveOptions::new(), SaveOptions::new().files(2));
        for (before, after) in [(&file, &folder), (&folder, &file), (&folder, &folder), (&file, &file)] {
            save(&old, &path, before)?;
            let refused = save(&fresh, &path, &after.clone().mode(SaveMode::ErrorIfExists));
            expect_error(refused, &[ErrorKind::AlreadyExists], "a target that is there")?;
            save(&fresh, &path, after)?;
            t.same(&new, &load(t, lane, &path, &LoadOptions::new())?)?;
            let names = names_in(&place.0.path().display().to_string())?;
            ensure(names == ["x.parquet"], || format!("besides the target there are {names:?}"))?;
        }
        // What is no data is nobody's to replace.
        place.write("work/thesis.txt", "words")?;
        let refused = save(&fresh, &place.at("work"), &parquet().files(2));
        expect_error(refused, &[ErrorKind::Io], "a folder of other things").map(drop)
    })
}

/// The number of a partition is that of files; one file where that is asked for.
pub fn numbers_say_how_many_files(t: &Bench) -> Outcome {
    let rows = (0..100_i64).map(|i| vec![OwnValue::from(i % 3), OwnValue::from(i)]).collect();
    let table = Table::new(Schema::parse("k:long,v:long")?, rows);
    t.on_each_lane(|lane| {
        let place = Place::new()?;
        let frame = t.frame(lane, &table)?;
        let three = PartitionSpec::new().num(3)?;
        for (options, least, most) in [
            (parquet().partition(&three), 3, 3),
            (parquet().files("ROWCOUNT/20"), 5, 5),
            // Without a number it is the engine's matter: each of its partitions may have files of its own.
            (parquet().partition_by("k"), 3, 100),
            (parquet().partition(&three.clone().by("k")?), 3, 9),
        ] {
            save(&frame, &place.at("out"), &options)?;
            let files = files_in(Path::new(&place.at("out")))?;
            ensure((least..=most).contains(&files), || format!("there are {files} files, and not {least} to {most}"))?;
            t.same(&table, &load(t, lane, &place.at("out"), &LoadOptions::new().columns(["k", "v"]))?)?;
        }
        save(&frame, &place.at("out"), &parquet().partition(&three).single(true))?;
        ensure(Path::new(&place.at("out")).is_file(), || "one file was asked for".to_owned())
    })
}

/// A save that fails on its way, into a folder: the old is there, and nothing else.
pub fn a_failing_save_of_a_folder_changes_nothing(t: &Bench) -> Outcome {
    let rows = keyed()?;
    let place = Place::new()?;
    let lane = Lane::plain();
    let frame = t.frame(&lane, &rows)?;
    let options = parquet().partition_by("k");
    save(&frame, &place.at("out"), &options)?;
    let failing = frame.transform(|batch: fugue_core::arrow::record_batch::RecordBatch| batch).schema("*,z:int").run()?;
    for mode in [SaveMode::Overwrite, SaveMode::Append] {
        let failed = save(&failing, &place.at("out"), &options.clone().mode(mode));
        expect_error(failed, &[ErrorKind::SchemaMismatch], "a save whose rows fail")?;
        t.same(&rows, &load(t, &lane, &place.at("out"), &LoadOptions::new().columns(rows.schema.clone()))?)?;
        let names = names_in(&place.0.path().display().to_string())?;
        ensure(names == ["out"], || format!("a failed save leaves {names:?}"))?;
    }
    Ok(())
}

/// D82: by name, the first file deciding; another type or a column less is an error that names column and file.
pub fn files_that_differ_are_refused(t: &Bench) -> Outcome {
    let first = table!("a:long,b:str"; [1_i64, "x"])?;
    let lane = Lane::plain();
    for (name, second) in [("type", table!("a:str,b:str"; ["1", "x"])?), ("column", table!("b:str"; ["x"])?)] {
        for suffix in ["parquet", "arrow"] {
            let place = Place::new()?;
            save(&t.frame(&lane, &first)?, &place.at(&format!("in/a.{suffix}")), &SaveOptions::new())?;
            save(&t.frame(&lane, &second)?, &place.at(&format!("in/b.{suffix}")), &SaveOptions::new())?;
            let session = t.session(&lane)?;
            let loaded = blocking::wait(async { session.load(place.at("in")).await?.collect().await });
            let error = expect_error(loaded, &[ErrorKind::SchemaMismatch], name)?;
            let named =
                error.context("column") == Some("a") && error.context("path").is_some_and(|p| p.contains(&format!("b.{suffix}")));
            ensure(named, || format!("column and file are not named: {error}"))?;
        }
    }
    let place = Place::new()?;
    place.write("in/a=1/x.csv", "v\n1\n")?;
    place.write("in/b=1/x.csv", "v\n1\n")?;
    let session = t.session(&lane)?;
    expect_error(blocking::wait(session.load(place.at("in"))), &[ErrorKind::SchemaMismatch], "folders of other keys").map(drop)
}

/// The error of a line or a value says file, line and column; of a file that is cut, its name.
pub fn what_is_wrong_in_a_file_is_named(t: &Bench) -> Outcome {
    let place = Place::new()?;
    let lane = Lane::plain();
    let session = t.session(&lane)?;
    let cases: [(&str, &[u8], &str, ErrorKind, Option<&str>, Option<&str>); 6] = [
        ("fields.csv", b"a,b\n1,2\n3,4,5\n", "", ErrorKind::ValueInvalid, Some("3"), None),
        ("value.csv", b"a,b\n1,2\nx,4\n", "a:long,b:long", ErrorKind::ValueInvalid, Some("3"), Some("a")),
        ("encoding.csv", b"a,b\n1,\xff\n", "a:long,b:str", ErrorKind::ValueInvalid, Some("2"), Some("b")),
        ("line.json", b"{\"a\":1}\n{\"a\":}\n", "", ErrorKind::ValueInvalid, Some("2"), None),
        ("value.json", b"{\"a\":1}\n{\"a\":[2]}\n", "a:long", ErrorKind::ValueInvalid, Some("2"), Some("a")),
        ("cut.parquet", b"PAR1 and no more", "", ErrorKind::Io, None, None),
    ];
    for (name, content, columns, kind, line, column) in cases {
        place.write(name, content)?;
        let options = if columns.is_empty() { LoadOptions::new() } else { LoadOptions::new().columns(columns) };
        let read = blocking::wait(async { session.load_with(place.at(name), &options).await?.collect().await });
        let error = expect_error(read, &[kind], name)?;
        let found = (error.context("line"), error.context("column"));
        let path = error.context("path").is_some_and(|p| p.contains(name)) || error.to_string().contains(name);
        ensure(path && (line.is_none() || found.0 == line) && (column.is_none() || found.1 == column), || {
            format!("{name}: not named are some of line {line:?} and column {column:?}: {error}")
        })?;
    }
    std::fs::create_dir(place.0.path().join("empty")).map_err(|e| e.to_string())?;
    let empty = blocking::wait(session.load_with(place.at("empty"), &LoadOptions::new().format(Format::Parquet)));
    let error = expect_error(empty, &[ErrorKind::Io], "a folder without files")?;
    ensure(error.to_string().contains("empty"), || format!("the folder is not named: {error}"))
}

/// A file that was cut, or whose footer is another's or nonsense, is an error that names it, found when it is loaded or when it is read.
pub fn damaged_files_are_named(t: &Bench) -> Outcome {
    let rows = (0..3000_i64).map(|i| vec![OwnValue::from(i), OwnValue::text(format!("word {i}"))]).collect();
    let table = Table::new(Schema::parse("v:long,w:str")?, rows);
    let lane = Lane::plain();
    let session = t.session(&lane)?;
    for suffix in ["parquet", "arrow"] {
        let place = Place::new()?;
        save(&t.frame(&lane, &table)?, &place.at(&format!("whole.{suffix}")), &SaveOptions::new())?;
        let whole = std::fs::read(place.at(&format!("whole.{suffix}"))).map_err(|e| e.to_string())?;
        let nonsense = |from: usize, to: usize| {
            let mut bytes = whole.clone();
            bytes[from..to].fill(0xee);
            bytes
        };
        let end = whole.len();
        let cases = [
            ("half", whole[..end / 2].to_vec()),
            ("last_byte", whole[..end - 1].to_vec()),
            ("nothing", Vec::new()),
            ("footer", nonsense(end - 60, end - 10)),
            ("length", nonsense(end - 8, end - 4)),
            ("no_data", whole[end / 2..].to_vec()),
        ];
        for (name, bytes) in cases {
            let name = format!("{name}.{suffix}");
            place.write(&name, bytes)?;
            let read = blocking::wait(async { session.load(place.at(&name)).await?.collect().await });
            let error = expect_error(read, &[ErrorKind::Io], &name)?;
            ensure(error.to_string().contains(&name), || format!("{name} is not named: {error}"))?;
        }
    }
    Ok(())
}

/// Who watches an action hears how many files, bytes and rows were read and written.
pub fn reads_and_writes_are_told(t: &Bench) -> Outcome {
    use fugue_core::run::ProgressHandle;

    t.on_each_lane(|lane| {
        let place = Place::new()?;
        let lines = |from: u32| (from..from + 500).map(|i| format!("{},{i}\n", i % 3)).collect::<String>();
        let (first, second) = (format!("k,v\n{}", lines(0)), format!("k,v\n{}", lines(500)));
        place.write("in/a.csv", &first)?;
        place.write("in/b.csv", &second)?;
        let handle = ProgressHandle::new();
        let loaded = load(t, lane, &place.at("in"), &LoadOptions::new())?.progress_with(&handle);
        save(&loaded, &place.at("out"), &parquet().partition_by("k"))?;
        let (read, written) = (handle.now().read, handle.now().written);
        let all = (first.len() + second.len()) as u64;
        ensure((read.files, read.bytes, read.rows) == (2, all, 1000), || format!("{read:?} were told to be read"))?;
        let (mut files, mut bytes) = (0, 0);
        for key in names_in(&place.at("out"))? {
            let folder = place.0.path().join("out").join(key);
            for entry in std::fs::read_dir(folder).map_err(|e| e.to_string())?.flatten() {
                files += 1;
                bytes += entry.metadata().map_err(|e| e.to_string())?.len();
            }
        }
        ensure((written.files, written.bytes, written.rows) == (files, bytes, 1000), || {
            format!("{written:?} were told to be written, and there are {files} files of {bytes} bytes")
        })
    })
}
