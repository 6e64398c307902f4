//! Data goes in and comes out value for value, whatever its layout; what has no place in the contract is refused.

use std::sync::Arc;

use fugue_core::arrow::array::{ArrayRef, Int64Array, NullArray, RecordBatch};
use fugue_core::arrow::datatypes::{
    DataType, Field as ArrowField, Fields, IntervalUnit, Schema as ArrowSchema, TimeUnit, UnionMode,
};
use fugue_core::frame::BatchStream;
use fugue_core::row::{Row, Timestamp};
use fugue_core::run::Cancel;
use fugue_core::{ErrorKind, Field, Schema, Type, blocking};
use proptest::prelude::*;

use super::support::table;
use crate::bench::Bench;
use crate::failure::{Failure, Outcome, ensure, expect_error};
use crate::generate::{Lane, TableOptions, value};
use crate::value::{OwnValue, Table, write_column};

/// Random tables of every type.
pub fn every_type_makes_the_round_trip(t: &Bench) -> Outcome {
    t.for_all(crate::generate::table(TableOptions::default()), |lane, table| {
        let frame = t.frame(lane, table)?;
        ensure(*frame.schema() == table.schema, || format!("the frame says {}, the data is {}", frame.schema(), table.schema))?;
        t.same(table, &frame)
    })
}

/// D1: as they are, bit by bit where they are NaN, and beside nulls.
pub fn nan_stays_nan_and_null_stays_null(t: &Bench) -> Outcome {
    let odd = f64::from_bits(0xfff8_0000_0000_0001);
    let table = table!("x:double,y:float,z:[double]";
        [f64::NAN, f64::NAN, OwnValue::List(vec![f64::NAN.into(), ().into(), 2.0.into()])],
        [(), (), ()],
        [-f64::NAN, (), OwnValue::List(vec![])],
        [odd, -f64::NAN, OwnValue::List(vec![().into()])],
        [-0.0, -0.0, OwnValue::List(vec![(-0.0).into()])],
        [f64::INFINITY, f64::NEG_INFINITY, ()])?;
    t.on_each_lane(|lane| t.same(&table, &t.frame(lane, &table)?))
}

/// What is compared as equal stays what it is: -0.0 is not 0.0 in the data, and NaN is some NaN.
pub fn floats_keep_their_bits(t: &Bench) -> Outcome {
    let table = table!("x:double,y:float,n:long";
        [-0.0, 0.0, 0_i64], [0.0, -0.0, 1_i64], [f64::NAN, -f64::NAN, 2_i64], [f64::MIN_POSITIVE, 1.5, 3_i64], [5e-324, (), 4_i64])?;
    t.on_each_lane(|lane| {
        let frame = t.frame(lane, &table)?;
        let schema = table.schema.clone();
        let same = super::run::mapped(&frame, super::run::spec(&["n".to_owned()], &[])?, |batch: RecordBatch| batch, &schema)?;
        for frame in [frame, same] {
            let mut got = t.collect(&frame)?;
            got.rows.sort_by(|a, b| a[2].order(&b[2]));
            let bits = |row: &Vec<OwnValue>| -> Vec<Option<u64>> {
                let one = |value: &OwnValue| match value {
                    OwnValue::Float(x) if x.is_nan() => Some(f64::NAN.to_bits()),
                    OwnValue::Float(x) => Some(x.to_bits()),
                    _ => None,
                };
                row[..2].iter().map(one).collect()
            };
            let (wanted, bits): (Vec<_>, Vec<_>) = (table.rows.iter().map(bits).collect(), got.rows.iter().map(bits).collect());
            ensure(wanted == bits, || format!("the bits {wanted:x?} became {bits:x?}"))?;
        }
        Ok(())
    })
}

/// The same rows, cut in any way.
pub fn cuts_do_not_matter(t: &Bench) -> Outcome {
    let sizes = prop::collection::vec(0_usize..9, 0..7);
    t.for_all((crate::generate::table(TableOptions::default()), sizes), |lane, (table, sizes)| {
        t.same(table, &t.frame_of(lane, table, sizes)?)
    })
}

/// Empty batches at the front, between and at the end.
pub fn empty_chunks_do_not_matter(t: &Bench) -> Outcome {
    let table = table!("a:long,b:str"; [1_i64, "x"], [2_i64, ()], [(), "z"])?;
    t.on_each_lane(|lane| {
        for sizes in [vec![0, 3], vec![1, 0, 2], vec![0, 0, 1, 0, 2, 0, 0], vec![3, 0]] {
            t.same(&table, &t.frame_of(lane, &table, &sizes)?)?;
        }
        Ok(())
    })
}

/// Batches without rows may have any columns; where all are so, the last one tells them.
pub fn the_first_chunk_with_rows_tells_the_schema(t: &Bench) -> Outcome {
    let session = t.session(&Lane::plain())?;
    let (one, other) = (table!("a:long"; [1_i64], [()])?, table!("b:str,c:date"; ["x", 1])?);
    let empty = |table: &Table| Table::empty(table.schema.clone()).to_batch();
    let (ones, others, no_one, no_other) = (one.to_batch()?, other.to_batch()?, empty(&one)?, empty(&other)?);
    for batches in [
        vec![no_other.clone(), ones.clone()],
        vec![ones.clone(), no_other.clone()],
        vec![no_one.clone(), no_other.clone(), ones.clone(), no_other.clone()],
    ] {
        t.same(&one, &session.frame(batches.clone())?)?;
        let stream =
            BatchStream::blocking(one.schema.clone(), Cancel::never(), move || Ok(Box::new(batches.into_iter().map(Ok))))?;
        t.same(&one, &session.frame(stream)?)?;
    }
    t.same(&Table::empty(other.schema), &session.frame(vec![no_one, no_other])?)?;
    let mixed = session.frame(vec![ones, others]).and_then(|frame| blocking::wait(frame.collect()));
    expect_error(mixed, &[ErrorKind::SchemaMismatch], "rows of another schema")?;
    expect_error(session.frame(Vec::<RecordBatch>::new()), &[ErrorKind::SchemaInvalid], "no batch").map(drop)
}

/// No row, all columns.
pub fn an_empty_frame_keeps_its_schema(t: &Bench) -> Outcome {
    let empty = Table::empty(Schema::parse("a:long,b:str,c:[{x:date,y:<str,decimal(10,2)>}],d:timestamp(us,UTC)")?);
    t.on_each_lane(|lane| {
        for sizes in [vec![], vec![0, 0, 0]] {
            let frame = t.frame_of(lane, &empty, &sizes)?;
            ensure(*frame.schema() == empty.schema, || format!("the frame says {}", frame.schema()))?;
            t.same(&empty, &frame)?;
        }
        Ok(())
    })
}

/// D92: every other layout and unit of a type is the type.
pub fn other_layouts_are_normalised(t: &Bench) -> Outcome {
    t.for_all(any_layout(), |lane, (ty, layout, values)| {
        let table = Table::new(Schema::new([Field::new("x", ty.clone())])?, values.iter().map(|v| vec![v.clone()]).collect());
        let batch = |values: &[OwnValue]| batch_of("x", layout, values);
        let half = values.len() / 2;
        let frame = t.ingest(lane, vec![batch(&values[..half])?, batch(&values[half..])?])?;
        ensure(*frame.schema() == table.schema, || format!("{layout} became {}, not {}", frame.schema(), table.schema))?;
        t.same(&table, &frame).map_err(|e| e.while_trying(format!("layout {layout}")))
    })
}

/// D90: seconds, milliseconds and whole microseconds in nanoseconds are microseconds; also before 1970.
pub fn units_become_microseconds(t: &Bench) -> Outcome {
    let whole = [0, 1_000_000, -1_000_000, 1_577_934_245_000_000];
    // The year 1 is out of the range of nanoseconds; single microseconds are out of the coarser units.
    let early = [-62_135_596_800_000_000];
    let fine = [1, -1, 1_577_934_245_123_456];
    for zone in [None, Some("UTC"), Some("Europe/Berlin")] {
        for (unit, more) in [
            (TimeUnit::Second, &early[..]),
            (TimeUnit::Millisecond, &early[..]),
            (TimeUnit::Microsecond, &fine[..]),
            (TimeUnit::Nanosecond, &fine[..]),
        ] {
            let values = whole.iter().chain(more).map(|micros: &i64| OwnValue::from(*micros));
            let values: Vec<OwnValue> = values.chain([().into()]).collect();
            let layout = DataType::Timestamp(unit, zone.map(Arc::from));
            let ty = zone.map_or(Type::Datetime, |z| Type::Timestamp(Arc::from(z)));
            let table = Table::new(Schema::new([Field::new("x", ty)])?, values.iter().map(|v| vec![v.clone()]).collect());
            let frame = t.ingest(&Lane::plain(), vec![batch_of("x", &layout, &values)?])?;
            t.same(&table, &frame).map_err(|e| e.while_trying(format!("layout {layout}")))?;
        }
    }
    Ok(())
}

/// D90: nothing is cut off silently; the error names column and row, and what to do.
pub fn nanoseconds_that_do_not_fit_are_errors(t: &Bench) -> Outcome {
    use fugue_core::arrow::array::TimestampNanosecondArray;
    let array: ArrayRef = Arc::new(TimestampNanosecondArray::from(vec![1_000, 1_001]));
    let batch = RecordBatch::try_from_iter([("at", array)]).map_err(|e| e.to_string())?;
    let session = t.session(&Lane::plain())?;
    let result = session.frame(vec![batch]).and_then(|frame| blocking::wait(frame.collect()));
    let error = expect_error(result, &[ErrorKind::ValueInvalid], "a nanosecond that is no whole microsecond")?;
    for (name, wanted) in [("column", "at"), ("row", "1")] {
        ensure(error.context(name) == Some(wanted), || format!("{name} {wanted} is not named: {error:?}"))?;
    }
    ensure(error.message().contains("Truncate"), || format!("the error does not say how to take it in all the same: {error}"))
}

/// D90: an offset is UTC.
pub fn fixed_offsets_become_utc(t: &Bench) -> Outcome {
    let table = table!("x:timestamp(us,UTC)"; [0_i64], [3_600_000_000_i64], [()])?;
    let values: Vec<OwnValue> = table.rows.iter().flatten().cloned().collect();
    for zone in ["+00:00", "+02:00", "-05:30"] {
        let layout = DataType::Timestamp(TimeUnit::Microsecond, Some(Arc::from(zone)));
        t.same(&table, &t.ingest(&Lane::plain(), vec![batch_of("x", &layout, &values)?])?)?;
    }
    Ok(())
}

/// D92: refused by name, before anything is converted.
pub fn types_outside_the_table_are_refused(t: &Bench) -> Outcome {
    let refused = [
        DataType::Null,
        DataType::Duration(TimeUnit::Microsecond),
        DataType::Interval(IntervalUnit::MonthDayNano),
        DataType::Decimal256(50, 2),
        DataType::List(Arc::new(ArrowField::new("item", DataType::Duration(TimeUnit::Second), true))),
        DataType::Struct(Fields::from(vec![ArrowField::new("inside", DataType::Null, true)])),
        DataType::Struct(Fields::from(vec![ArrowField::new("inside", DataType::Decimal256(40, 0), true)])),
        DataType::RunEndEncoded(
            Arc::new(ArrowField::new("run_ends", DataType::Int32, false)),
            Arc::new(ArrowField::new("values", DataType::Interval(IntervalUnit::DayTime), true)),
        ),
        DataType::Union([(0, Arc::new(ArrowField::new("only", DataType::Int64, true)))].into_iter().collect(), UnionMode::Dense),
    ];
    let session = t.session(&Lane::plain())?;
    for ty in refused {
        let schema = Arc::new(ArrowSchema::new(vec![
            ArrowField::new("fine", DataType::Int64, true),
            ArrowField::new("odd column", ty.clone(), true),
        ]));
        let result = session.frame(vec![RecordBatch::new_empty(schema)]);
        let error = expect_error(result, &[ErrorKind::SchemaInvalid], &format!("a column of {ty}"))?;
        ensure(format!("{error:?}").contains("odd column"), || format!("the error does not name the column: {error:?}"))?;
    }
    let nulls: ArrayRef = Arc::new(NullArray::new(3));
    let batch = RecordBatch::try_from_iter([("x", nulls)]).map_err(|e| e.to_string())?;
    expect_error(session.frame(vec![batch]), &[ErrorKind::SchemaInvalid], "a column of null type").map(drop)
}

/// D91.
pub fn duplicate_map_keys_are_errors(t: &Bench) -> Outcome {
    let twice = OwnValue::Map(vec![("k".into(), 1_i64.into()), ("k".into(), 2_i64.into())]);
    let table = table!("x:<str,long>"; [OwnValue::Map(vec![("k".into(), 1_i64.into())])], [twice])?;
    let session = t.session(&Lane::plain())?;
    let result = session.frame(vec![table.to_batch()?]).and_then(|frame| blocking::wait(frame.collect()));
    expect_error(result, &[ErrorKind::ValueInvalid], "a map with a key twice").map(drop)
}

/// D93: a column that says it has no null, or carries notes, is the same column.
pub fn nullability_and_metadata_do_not_count(t: &Bench) -> Outcome {
    let noted = ArrowField::new("x", DataType::Int64, false).with_metadata([("a".to_owned(), "b".to_owned())].into());
    let schema = ArrowSchema::new(vec![noted]).with_metadata([("c".to_owned(), "d".to_owned())].into());
    let column: ArrayRef = Arc::new(Int64Array::from(vec![1, 2]));
    let strict = RecordBatch::try_new(Arc::new(schema), vec![column]).map_err(|e| e.to_string())?;
    let table = table!("x:long"; [1_i64], [2_i64], [()])?;
    let loose = table.to_batch_of(2..3)?;
    t.same(&table, &t.ingest(&Lane::plain(), vec![strict, loose])?)
}

/// At least one column, each name once; letter case counts.
pub fn a_frame_needs_columns_with_unique_names(t: &Bench) -> Outcome {
    let session = t.session(&Lane::plain())?;
    let nothing = RecordBatch::new_empty(Arc::new(ArrowSchema::empty()));
    expect_error(session.frame(vec![nothing]), &[ErrorKind::SchemaInvalid], "a frame without columns")?;
    let twice = ArrowSchema::new(vec![ArrowField::new("a", DataType::Int64, true), ArrowField::new("a", DataType::Utf8, true)]);
    let twice = RecordBatch::new_empty(Arc::new(twice));
    expect_error(session.frame(vec![twice]), &[ErrorKind::SchemaInvalid], "a frame with a name twice")?;
    let table = table!("a:long,A:str"; [1_i64, "x"])?;
    t.same(&table, &t.frame(&Lane::plain(), &table)?)
}

/// Blanks, quotes, words of the language, digits, other scripts, letters that look alike.
pub fn any_name_is_a_name(t: &Bench) -> Outcome {
    t.for_all(prop::collection::hash_set(crate::generate::wild_name(), 1..8), |lane, names| {
        let mut names: Vec<&String> = names.iter().collect();
        names.sort();
        let fields = names.iter().map(|n| Field::new(n.as_str(), Type::Int64));
        let row = (0..names.len()).map(|i| OwnValue::Int(i as i128)).collect();
        let table = Table::new(Schema::new(fields)?, vec![row]);
        let text = table.schema.to_string();
        ensure(Schema::parse(&text)? == table.schema, || format!("{text} does not read back"))?;
        t.same(&table, &t.frame(lane, &table)?)
    })
}

#[derive(Row, Clone, Debug, PartialEq)]
struct Everything {
    id: i64,
    small: u8,
    ratio: Option<f64>,
    text: String,
    maybe: Option<String>,
    flags: Vec<bool>,
    at: Timestamp,
}

/// Values of a plain struct, by the collected batches and as the struct again.
pub fn typed_rows_go_in_and_come_out(t: &Bench) -> Outcome {
    let row = |id: i64| Everything {
        id,
        small: u8::try_from(id.rem_euclid(256)).unwrap_or(0),
        ratio: (id % 2 == 0).then_some(id as f64 / 4.0),
        text: "é".repeat(usize::try_from(id).unwrap_or(0)),
        maybe: (id % 3 == 0).then(String::new),
        flags: (0..id % 4).map(|i| i == 1).collect(),
        at: Timestamp::from_timestamp_micros(id * 1_000_001 - 3).unwrap_or_default(),
    };
    let rows: Vec<Everything> = (0..20).map(row).collect();
    let values = rows.iter().map(|r| {
        vec![
            r.id.into(),
            OwnValue::Int(r.small.into()),
            r.ratio.map_or(OwnValue::Null, OwnValue::Float),
            r.text.as_str().into(),
            r.maybe.as_deref().map_or(OwnValue::Null, OwnValue::text),
            OwnValue::List(r.flags.iter().map(|f| OwnValue::Bool(*f)).collect()),
            r.at.timestamp_micros().into(),
        ]
    });
    let schema = Schema::parse("id:long,small:ubyte,ratio:double,text:str,maybe:str,flags:[bool],at:timestamp(us,UTC)")?;
    let table = Table::new(schema, values.collect());
    for lane in t.lanes() {
        let frame = t.session(&lane)?.frame(rows.clone())?;
        t.same(&table, &frame)?;
        let mut back: Vec<Everything> = blocking::wait(t.frame(&lane, &table)?.rows())?;
        back.sort_by_key(|r| r.id);
        ensure(back == rows, || format!("other rows came back: {back:?}"))?;
    }
    Ok(())
}

fn batch_of(name: &str, layout: &DataType, values: &[OwnValue]) -> Result<RecordBatch, Failure> {
    let refs: Vec<&OwnValue> = values.iter().collect();
    let array = write_column(layout, &refs)?;
    let schema = Arc::new(ArrowSchema::new(vec![ArrowField::new(name, layout.clone(), true)]));
    Ok(RecordBatch::try_new(schema, vec![array]).map_err(|e| e.to_string())?)
}

/// A type, another layout of it, and values that both can hold.
fn any_layout() -> impl Strategy<Value = (Type, DataType, Vec<OwnValue>)> {
    let dictionary = |value: DataType| DataType::Dictionary(Box::new(DataType::Int32), Box::new(value));
    let item = |ty: DataType| Arc::new(ArrowField::new("element", ty, true));
    let layouts = vec![
        (Type::Str, DataType::Utf8),
        (Type::Str, DataType::LargeUtf8),
        (Type::Str, dictionary(DataType::Utf8)),
        (Type::Str, dictionary(DataType::Utf8View)),
        (Type::Int64, dictionary(DataType::Int64)),
        (Type::Bytes, DataType::Binary),
        (Type::Bytes, DataType::LargeBinary),
        (Type::Date, DataType::Date64),
        (Type::Time, DataType::Time64(TimeUnit::Nanosecond)),
        (Type::Decimal(9, 2), DataType::Decimal32(9, 2)),
        (Type::Decimal(18, 4), DataType::Decimal64(18, 4)),
        (Type::List(Type::Str.into()), DataType::List(item(DataType::Utf8))),
        (Type::List(Type::Int64.into()), DataType::LargeList(item(DataType::Int64))),
        (Type::List(Type::Date.into()), DataType::LargeList(item(DataType::Date64))),
        (Type::List(Type::Str.into()), DataType::List(item(dictionary(DataType::Utf8)))),
        (Type::List(Type::Int64.into()), DataType::FixedSizeList(item(DataType::Int64), 2)),
        (Type::Bytes, DataType::FixedSizeBinary(3)),
        (Type::Time, DataType::Time32(TimeUnit::Second)),
        (Type::Time, DataType::Time32(TimeUnit::Millisecond)),
        (
            Type::Struct([Field::new("a", Type::Str), Field::new("b", Type::Bytes)].into()),
            DataType::Struct(Fields::from(vec![
                ArrowField::new("a", DataType::LargeUtf8, true),
                ArrowField::new("b", DataType::Binary, true),
            ])),
        ),
    ];
    prop::sample::select(layouts).prop_flat_map(|(ty, layout)| {
        let fitting = layout.clone();
        let values = prop::collection::vec(value(&ty).prop_map(move |value| fit(value, &fitting)), 0..20);
        (Just(ty), Just(layout), values)
    })
}

/// A value that a layout of a fixed size or a coarser unit can hold.
fn fit(value: OwnValue, layout: &DataType) -> OwnValue {
    match (value, layout) {
        (OwnValue::List(mut items), DataType::FixedSizeList(_, size)) => {
            items.resize(usize::try_from(*size).unwrap_or(0), OwnValue::Null);
            OwnValue::List(items)
        }
        (OwnValue::Bytes(mut bytes), DataType::FixedSizeBinary(size)) => {
            bytes.resize(usize::try_from(*size).unwrap_or(0), 0);
            OwnValue::Bytes(bytes)
        }
        (OwnValue::Int(micros), DataType::Time32(unit)) => {
            let unit = if *unit == TimeUnit::Second { 1_000_000 } else { 1_000 };
            OwnValue::Int(micros - micros.rem_euclid(unit))
        }
        (other, _) => other,
    }
}
