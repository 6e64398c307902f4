//! Files: what is saved comes back, and an engine's own readers answer as the core's do.

use fugue_core::io::{Format, LoadOptions, SaveMode, SaveOptions};
use fugue_core::{ErrorKind, Schema, blocking};

use super::run::{mapped, spec};
use super::support::{example, names, table};
use crate::bench::Bench;
use crate::failure::{Failure, Outcome, ensure, expect_error};
use crate::generate::{Lane, TableOptions};
use crate::value::{OwnValue, Table};

fn folder() -> Result<tempfile::TempDir, Failure> {
    tempfile::tempdir().map_err(|e| Failure::differs(format!("no temporary folder: {e}")))
}

fn path_in(folder: &tempfile::TempDir, name: &str) -> String {
    folder.path().join(name).display().to_string()
}

/// Random tables of every type, names and nulls among them.
pub fn parquet_makes_the_round_trip(t: &Bench) -> Outcome {
    let folder = folder()?;
    let path = path_in(&folder, "round.test.parquet");
    t.for_some(2, crate::generate::table(TableOptions::default()), |lane, table| {
        let saved = blocking::wait(t.frame(lane, table)?.save(&path))?;
        ensure(saved == table.rows.len() as u64, || format!("{} rows are saved as {saved}", table.rows.len()))?;
        let frame = blocking::wait(t.session(lane)?.load(&path))?;
        ensure(*frame.schema() == table.schema, || format!("{} came back as {}", table.schema, frame.schema()))?;
        t.same(table, &frame)
    })
}

/// Columns by name in another order, and cast.
pub fn parquet_columns_are_chosen_and_cast(t: &Bench) -> Outcome {
    let table = table!("c:int,a:long,`b b`:str"; [6, 1_i64, "x"], [2, 7_i64, ()])?;
    let folder = folder()?;
    let path = path_in(&folder, "columns.parquet");
    t.on_each_lane(|lane| {
        blocking::wait(t.frame(lane, &table)?.save(&path))?;
        let session = t.session(lane)?;
        let load = |options: LoadOptions| blocking::wait(session.load_with(&path, &options));
        let named = table!("a:long,c:int"; [1_i64, 6], [7_i64, 2])?;
        t.same(&named, &load(LoadOptions::new().columns(["a", "c"]))?)?;
        let typed = table!("`b b`:str,c:double,a:str"; ["x", 6.0, "1"], [(), 2.0, "7"])?;
        t.same(&typed, &load(LoadOptions::new().columns("`b b`:str,c:double,a:str"))?)?;
        let unknown = load(LoadOptions::new().columns(["a", "nowhere"])).and_then(|f| blocking::wait(f.collect()));
        expect_error(unknown, &[ErrorKind::ColumnNotFound], "a column that the file lacks").map(drop)
    })
}

/// A header by default; types as given, or text, or found out.
pub fn csv_makes_the_round_trip(t: &Bench) -> Outcome {
    let moment = 1_577_934_245_000_123_i64;
    let table = table!("a:long,b:double,c:str,d:bool,e:date,f:datetime";
        [1_i64, 1.5, "plain", true, 18_262, moment], [(), (), (), (), (), ()],
        [-7_i64, f64::NAN, "a,\"b\"\nc é", false, -1, -1_i64], [i64::MAX, f64::INFINITY, " ", true, 0, 0_i64])?;
    let folder = folder()?;
    let path = path_in(&folder, "round.csv");
    t.on_each_lane(|lane| {
        blocking::wait(t.frame(lane, &table)?.save(&path))?;
        let session = t.session(lane)?;
        let options = LoadOptions::new().columns(table.schema.clone());
        t.same(&table, &blocking::wait(session.load_with(&path, &options))?)?;
        let text = blocking::wait(session.load_with(&path, &LoadOptions::new().infer(false)))?;
        let types: Vec<String> = text.schema().fields().iter().map(|f| f.ty().to_string()).collect();
        ensure(types.iter().all(|ty| ty == "str"), || format!("without types and inference the columns are {}", text.schema()))
    })
}

/// Several files are one frame; marks of other programs are passed over.
pub fn a_folder_is_one_frame(t: &Bench) -> Outcome {
    let (one, two) = (table!("c:int,a:long"; [6, 1_i64], [2, 7_i64])?, table!("c:int,a:long"; [4, 8_i64])?);
    let all = table!("a:long,c:int"; [1_i64, 6], [7_i64, 2], [8_i64, 4])?;
    t.on_each_lane(|lane| {
        let folder = folder()?;
        blocking::wait(t.frame(lane, &one)?.save(path_in(&folder, "a.parquet")))?;
        blocking::wait(t.frame(lane, &two)?.save(path_in(&folder, "b.parquet")))?;
        std::fs::write(folder.path().join("_SUCCESS"), "").map_err(|e| e.to_string())?;
        let options = LoadOptions::new().format(Format::Parquet).columns(["a", "c"]);
        let path = folder.path().display().to_string();
        t.same(&all, &blocking::wait(t.session(lane)?.load_with(&path, &options))?)
    })
}

/// A loaded frame is mapped by key, reading only what the function needs.
pub fn a_loaded_frame_is_mapped(t: &Bench) -> Outcome {
    let table = example()?;
    let folder = folder()?;
    let path = path_in(&folder, "in.parquet");
    t.on_each_lane(|lane| {
        blocking::wait(t.frame(lane, &table)?.save(&path))?;
        let loaded = blocking::wait(t.session(lane)?.load(&path))?;
        let counted =
            loaded.transform(|b: &[i32]| i64::from(b.iter().sum::<i32>())).on(["b"]).to("sum").partition_by(["a"]).run()?;
        t.same(&table!("a:double,sum:long"; [1.0, 2_i64], [3.0, 4_i64], [(), 7_i64])?, &counted)?;
        let schema = table.schema.clone();
        let same =
            mapped(&loaded, spec(&names(&["a"]), &[])?, |batch: fugue_core::arrow::record_batch::RecordBatch| batch, &schema)?;
        let target = path_in(&folder, "out.parquet");
        blocking::wait(same.save(&target))?;
        t.same(&table, &blocking::wait(t.session(lane)?.load(&target))?)
    })
}

/// No row, all columns.
pub fn an_empty_frame_is_saved_with_its_columns(t: &Bench) -> Outcome {
    let none = Table::empty(Schema::parse("a:long,b:[str],c:decimal(10,2)")?);
    let folder = folder()?;
    let path = path_in(&folder, "empty.parquet");
    t.on_each_lane(|lane| {
        blocking::wait(t.frame(lane, &none)?.save(&path))?;
        t.same(&none, &blocking::wait(t.session(lane)?.load(&path))?)
    })
}

/// Nothing there, a target that is there, a format that nobody knows; a save that fails leaves the target alone.
pub fn files_that_cannot_be_are_errors(t: &Bench) -> Outcome {
    let folder = folder()?;
    let path = path_in(&folder, "kept.parquet");
    let session = t.session(&Lane::plain())?;
    let frame = t.frame(&Lane::plain(), &example()?)?;
    let collect = |path: String| blocking::wait(async { session.load(&path).await?.collect().await });
    let error = expect_error(collect(path_in(&folder, "missing.parquet")), &[ErrorKind::Io], "a file that is not there")?;
    ensure(error.to_string().contains("missing.parquet"), || format!("the path is not named: {error}"))?;
    blocking::wait(frame.save(&path))?;
    let options = SaveOptions::new().mode(SaveMode::ErrorIfExists);
    let again = blocking::wait(frame.save_with(&path, &options));
    expect_error(again, &[ErrorKind::AlreadyExists], "a save over a file that must not be replaced")?;
    expect_error(blocking::wait(frame.save(path_in(&folder, "x.unknown"))), &[ErrorKind::Unsupported], "an unknown suffix")?;
    let failing =
        frame.transform(|batch: fugue_core::arrow::record_batch::RecordBatch| batch).schema("a:double,b:int,z:int").run()?;
    expect_error(blocking::wait(failing.save(&path)), &[ErrorKind::SchemaMismatch], "a save whose rows fail")?;
    t.same(&example()?, &blocking::wait(session.load(&path))?)?;
    std::fs::write(folder.path().join("broken.parquet"), "this is no Parquet file").map_err(|e| e.to_string())?;
    expect_error(collect(path_in(&folder, "broken.parquet")), &[ErrorKind::Io], "a file of another format").map(drop)
}

/// What stands in a CSV field decides: an empty one is null for every type.
pub fn an_empty_csv_field_is_null(t: &Bench) -> Outcome {
    let folder = folder()?;
    std::fs::write(folder.path().join("in.csv"), "a,b,c\n1,,x\n,\"\",\n3,y,\"z, z\"\n").map_err(|e| e.to_string())?;
    let wanted = table!("a:long,b:str,c:str"; [1_i64, (), "x"], [(), (), ()], [3_i64, "y", "z, z"])?;
    t.on_each_lane(|lane| {
        let options = LoadOptions::new().columns("a:long,b:str,c:str");
        let frame = blocking::wait(t.session(lane)?.load_with(path_in(&folder, "in.csv"), &options))?;
        t.same(&wanted, &frame)?;
        // With a text for nulls of its own an empty field is an empty text, and the way there and back keeps both.
        let both = table!("a:str,b:long"; ["", 1_i64], [(), ()], ["x", 2_i64])?;
        let path = path_in(&folder, "both.csv");
        blocking::wait(t.frame(lane, &both)?.save_with(&path, &SaveOptions::new().null("<null>")))?;
        let options = LoadOptions::new().columns("a:str,b:long").null("<null>");
        t.same(&both, &blocking::wait(t.session(lane)?.load_with(&path, &options))?)?;
        let misfit = LoadOptions::new().columns("a:long,b:long,c:str");
        let session = t.session(lane)?;
        let result = blocking::wait(async { session.load_with(path_in(&folder, "in.csv"), &misfit).await?.collect().await });
        expect_error(result, &[ErrorKind::ValueInvalid], "text in a column of numbers").map(drop)
    })
}

/// Rows of many values in many batches, so that files have several row groups.
pub fn large_files_are_read_whole(t: &Bench) -> Outcome {
    let rows = (0..120_000_i64).map(|i| vec![i.into(), OwnValue::text(format!("value {}", i % 977))]);
    let table = Table::new(Schema::parse("a:long,b:str")?, rows.collect());
    let folder = folder()?;
    let path = path_in(&folder, "large.parquet");
    let lane = Lane::plain();
    blocking::wait(t.frame(&lane, &table)?.save(&path))?;
    let frame = blocking::wait(t.session(&lane)?.load(&path))?;
    let count = blocking::wait(frame.count())?;
    ensure(count == 120_000, || format!("120000 rows are counted as {count}"))?;
    t.same(&table, &frame)
}
