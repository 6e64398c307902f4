//! Parquet files that other programs wrote, and what must be read of each. `files/write.py` made them; the values stand here again.

use std::path::Path;

use fugue_core::io::LoadOptions;
use fugue_core::{ErrorKind, Schema, blocking};

use super::support::table;
use crate::bench::Bench;
use crate::failure::{Failure, Outcome, ensure, expect_error};
use crate::value::{OwnValue, Table};

/// The files, and their columns as they must be read. Those of one name hold the same values in all files.
const FILES: &[(&str, &str)] = &[
    ("pyarrow_texts.parquet", TEXTS),
    ("pyarrow_texts_bare.parquet", TEXTS),
    (
        "pyarrow_moments.parquet",
        "ns:datetime,us:datetime,ms:datetime,utc:timestamp(us,UTC),zoned:timestamp(us,Europe/Berlin),zoned_ms:timestamp(us,UTC),\
         date:date,time:time,time_ms:time",
    ),
    // Without Arrow's schema nobody knows the zone any more, only that there is one.
    (
        "pyarrow_moments_bare.parquet",
        "ns:datetime,us:datetime,ms:datetime,utc:timestamp(us,UTC),zoned:timestamp(us,UTC),zoned_ms:timestamp(us,UTC),date:date,\
         time:time,time_ms:time",
    ),
    ("pyarrow_numbers.parquet", NUMBERS),
    ("pyarrow_numbers_bare.parquet", NUMBERS),
    ("pyarrow_nested.parquet", NESTED),
    ("pyarrow_nested_bare.parquet", NESTED),
    ("pyarrow_decimals_in_integers.parquet", "small:decimal(9,2),middle:decimal(18,3)"),
    ("pyarrow_int96.parquet", "us:datetime"),
    ("pyarrow_version1.parquet", "us:datetime,ms:datetime,date:date"),
    ("pyarrow_pages2.parquet", PLAIN),
    ("pyarrow_split.parquet", "i32:int,double:double"),
    ("pyarrow_none.parquet", PLAIN),
    ("pyarrow_snappy.parquet", PLAIN),
    ("pyarrow_gzip.parquet", PLAIN),
    ("pyarrow_lz4.parquet", PLAIN),
    ("pyarrow_zstd.parquet", PLAIN),
    ("pandas_index.parquet", "n:long,word:str,us:datetime,zoned:timestamp(us,Europe/Berlin),i32:int,bool:bool,text:str"),
    (
        "polars_all.parquet",
        "n:long,text:str,word:str,bytes:bytes,us:datetime,ns:datetime,ms:datetime,zoned:timestamp(us,Europe/Berlin),date:date,\
         time:time,small:decimal(9,2),large:decimal(38,10),list:[long],pair:{x:long,y:str},deep:[{k:long,v:[str]}]",
    ),
    ("polars_groups.parquet", "n:long,text:str,list:[long]"),
    (
        "duckdb_all.parquet",
        "n:long,text:str,bytes:bytes,us:datetime,ms:datetime,utc:timestamp(us,UTC),date:date,time:time,small:decimal(9,2),\
         middle:decimal(18,3),large:decimal(38,10),i8:byte,u8:ubyte,i32:int,u64:ulong,double:double,bool:bool,list:[long],\
         pair:{x:long,y:str},map:<str,long>",
    ),
    ("duckdb_version2.parquet", "n:long,text:str"),
    (
        "spark_micros.parquet",
        "n:long,text:str,bytes:bytes,date:date,small:decimal(9,2),middle:decimal(18,3),large:decimal(38,10),i8:byte,i32:int,\
         double:double,bool:bool,list:[long],pair:{x:long,y:str},map:<str,long>,utc:timestamp(us,UTC),us:datetime",
    ),
    // These bytes do not say that there was a zone.
    ("spark_int96.parquet", "n:long,utc:datetime"),
    ("spark_legacy.parquet", "n:long,small:decimal(9,2),middle:decimal(18,3),large:decimal(38,10),list:[long],map:<str,long>"),
];

const PLAIN: &str = "n:long,text:str,bytes:bytes";
const TEXTS: &str = "n:long,text:str,large_text:str,view_text:str,word:str,large_word:str,bytes:bytes,large_bytes:bytes,\
                     view_bytes:bytes,fixed_bytes:bytes";
const NUMBERS: &str = "small:decimal(9,2),middle:decimal(18,3),large:decimal(38,10),i8:byte,u8:ubyte,i16:short,u16:ushort,i32:int,\
                       u32:uint,i64:long,u64:ulong,float:float,double:double,bool:bool";
const NESTED: &str = "list:[long],large_list:[long],texts:[str],pair:{x:long,y:str},deep:[{k:long,v:[str]}],map:<str,long>";

/// Folders `year=…/word=…`, of which word is the one that has to be written in another way, and none once.
const FOLDERS: &[&str] = &["pyarrow_hive", "polars_hive", "duckdb_hive", "spark_hive"];

fn path_of(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("files").join(name).display().to_string()
}

fn list(items: Vec<OwnValue>) -> OwnValue {
    OwnValue::List(items)
}

fn pair(x: impl Into<OwnValue>, y: impl Into<OwnValue>) -> OwnValue {
    OwnValue::Struct(vec![x.into(), y.into()])
}

fn entry(key: &str, value: impl Into<OwnValue>) -> (OwnValue, OwnValue) {
    (key.into(), value.into())
}

/// The four values of a column.
fn values(name: &str) -> Option<[OwnValue; 4]> {
    let none = || OwnValue::Null;
    let ints = |a: i128, c: i128, d: i128| [OwnValue::Int(a), OwnValue::Null, OwnValue::Int(c), OwnValue::Int(d)];
    let bytes = |all: [&[u8]; 3]| {
        let [a, c, d] = all.map(|b| OwnValue::Bytes(b.to_vec()));
        [a, OwnValue::Null, c, d]
    };
    Some(match name {
        "n" => [1, 2, 3, 4].map(OwnValue::Int),
        "text" | "large_text" | "view_text" => ["plain".into(), none(), "".into(), "\u{fc}\u{6728}\u{1f980}".into()],
        "word" | "large_word" => ["a".into(), "b".into(), none(), "a".into()],
        "bytes" | "large_bytes" | "view_bytes" => bytes([b"\x00\xff", b"", b"abc"]),
        "fixed_bytes" => bytes([b"abcd", &[0; 4], &[255; 4]]),
        // The last microsecond of 1999-12-31, less a second.
        "ns" | "us" | "utc" | "zoned" => ints(946_684_799_999_999, 0, -1),
        "ms" | "zoned_ms" => ints(946_684_799_999_000, 0, -1000),
        "date" => ints(19_782, 0, -141_350),
        "time" => ints(86_399_999_999, 0, 3_723_000_000),
        "time_ms" => ints(86_399_999_000, 0, 3_723_000_000),
        "small" => ints(123_456_789, 0, -1),
        "middle" => ints(123_456_789_012_345_678, 0, -1),
        "large" => ints(12_345_678_901_234_567_890_123_456_780_123_456_789, 0, -1),
        "i8" => ints(127, 0, -128),
        "i16" => ints(32_767, 0, -32_768),
        "i32" => ints(2_147_483_647, 0, -2_147_483_648),
        "i64" => ints(i128::from(i64::MAX), 0, i128::from(i64::MIN)),
        "u8" => ints(255, 0, 1),
        "u16" => ints(65_535, 0, 1),
        "u32" => ints(4_294_967_295, 0, 1),
        "u64" => ints(i128::from(u64::MAX), 0, 1),
        "float" | "double" => [1.5.into(), none(), f64::NAN.into(), (-0.0).into()],
        "bool" => [true.into(), none(), false.into(), true.into()],
        "list" | "large_list" => [list(vec![1.into(), none(), 3.into()]), none(), list(vec![]), list(vec![4.into()])],
        "texts" => [list(vec!["x".into(), none()]), none(), list(vec![]), list(vec!["\u{fc}".into()])],
        "pair" => [pair(1, "a"), none(), pair((), ()), pair(4, "")],
        "deep" => [list(vec![pair(1, list(vec!["p".into()])), none()]), none(), list(vec![]), list(vec![pair((), list(vec![]))])],
        "map" => [
            OwnValue::Map(vec![entry("a", 1), entry("b", ())]),
            none(),
            OwnValue::Map(vec![]),
            OwnValue::Map(vec![entry("c", 3)]),
        ],
        _ => return None,
    })
}

/// A table of these columns.
fn wanted(schema: &str) -> Result<Table, Failure> {
    let schema = Schema::parse(schema)?;
    let column = |name| values(name).ok_or_else(|| Failure::differs(format!("nobody says what is in {name}")));
    let columns = schema.names().map(column).collect::<Result<Vec<_>, _>>()?;
    let rows = (0..4).map(|row| columns.iter().map(|column| column[row].clone()).collect()).collect();
    Ok(Table::new(schema, rows))
}

/// Types, layouts, encodings and codecs of other writers; whole, one column alone, the last first, and after a filter.
pub fn files_of_other_programs_are_read_right(t: &Bench) -> Outcome {
    t.on_each_lane(|lane| {
        let session = t.session(lane)?;
        for (name, schema) in FILES {
            let told = |e: Failure| e.while_trying(*name);
            let read = |options: &LoadOptions| blocking::wait(session.load_with(path_of(name), options)).map_err(Failure::from);
            let (loaded, wanted) = (read(&LoadOptions::new()).map_err(told)?, wanted(schema)?);
            ensure(*loaded.schema() == wanted.schema, || format!("{name}: the columns are {}", loaded.schema()))?;
            t.same(&wanted, &loaded).map_err(told)?;
            let turned: Vec<&str> = wanted.schema.names().collect::<Vec<_>>().into_iter().rev().collect();
            let rows = wanted.rows.iter().map(|row| row.iter().rev().cloned().collect()).collect();
            let turned_table = Table::new(Schema::new(wanted.schema.fields().iter().rev().cloned())?, rows);
            t.same(&turned_table, &read(&LoadOptions::new().columns(turned.clone())).map_err(told)?).map_err(told)?;
            t.same(&turned_table, &loaded.select(turned)?).map_err(told)?;
            let rows = blocking::wait(loaded.count())?;
            ensure(rows == 4, || format!("{name}: 4 rows are counted as {rows}"))?;
        }
        let empty = blocking::wait(session.load(path_of("pyarrow_empty.parquet")))?;
        t.same(&Table::empty(Schema::parse(PLAIN)?), &empty)
    })
}

/// Folders of keys as each program writes them, and what filters leave of them.
pub fn folders_of_other_programs_are_read_right(t: &Bench) -> Outcome {
    use fugue_core::expr::{col, lit};

    let rows = table!("v:long,year:long,word:str";
        [1_i64, 2023_i64, "a b"], [2_i64, 2023_i64, "\u{fc}/x"], [3_i64, 2024_i64, "a b"], [4_i64, 2024_i64, ()])?;
    t.on_each_lane(|lane| {
        for name in FOLDERS {
            let told = |e: Failure| e.while_trying(*name);
            let loaded = blocking::wait(t.session(lane)?.load(path_of(name))).map_err(Failure::from).map_err(told)?;
            ensure(*loaded.schema() == rows.schema, || format!("{name}: the columns are {}", loaded.schema()))?;
            t.same(&rows, &loaded).map_err(told)?;
            let kept = |places: &[usize]| Table::new(rows.schema.clone(), places.iter().map(|&i| rows.rows[i].clone()).collect());
            let late = loaded.filter(col("year").gt(lit(2023_i64)))?;
            t.same(&kept(&[2, 3]), &late).map_err(told)?;
            let odd = loaded.filter(col("word").eq(lit("\u{fc}/x")).or(col("word").is_null()))?;
            t.same(&kept(&[1, 3]), &odd).map_err(told)?;
        }
        Ok(())
    })
}

/// A codec that the library is built without is an error that names file and codec, and nothing that looks like damage. Other crates of a
/// program may have it built in; then the file is read.
pub fn codecs_that_are_not_there_are_named(t: &Bench) -> Outcome {
    let session = t.session(&crate::generate::Lane::plain())?;
    let read = blocking::wait(async {
        let loaded = session.load(path_of("pyarrow_brotli.parquet")).await?;
        loaded.collect().await.map(|_| loaded)
    });
    let error = match read {
        Ok(loaded) => return t.same(&wanted(PLAIN)?, &loaded),
        refused => expect_error(refused, &[ErrorKind::Unsupported, ErrorKind::Io], "a codec that is not there")?,
    };
    let said = error.to_string();
    ensure(said.to_lowercase().contains("brotli") && said.contains("pyarrow_brotli.parquet"), || {
        format!("file or codec are not named: {said}")
    })
}
