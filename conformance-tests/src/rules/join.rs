//! Joins by equal columns.

use fugue_core::expr::{Over, col, lit, max, min, rank, row_number};
use fugue_core::relational::JoinKind;
use fugue_core::{DataFrame, Schema};

use super::support::table;
use crate::bench::Bench;
use crate::failure::{Failure, Outcome};
use crate::generate::{Lane, Pick, Scripts};
use crate::value::{OwnValue, Table};

/// The words of each kind, those in brackets by another name.
const KINDS: [&str; 6] = ["inner", "left_outer", "right_outer", "full_outer", "semi", "anti"];

/// Joins two tables with each kind and compares with what is written; then the same with keys of other names on the right.
fn each_kind(t: &Bench, left: &Table, right: &Table, expected: &[Table; 6]) -> Outcome {
    let common = left.schema.common_names(&right.schema);
    let by: Vec<(&str, String)> = common.iter().map(|name| (*name, format!("{name} on the right"))).collect();
    let renamed = Table::new(right.schema.rename(by.iter().map(|(l, r)| (*l, r.as_str())))?, right.rows.clone());
    t.on_each_lane(|lane| {
        let (l, r, other) = (t.frame(lane, left)?, t.frame(lane, right)?, t.frame(lane, &renamed)?);
        for (kind, expected) in KINDS.iter().zip(expected) {
            t.same(expected, &l.join(&r, *kind)?).map_err(|e| e.while_trying(kind))?;
            let named = format!("{kind} by keys of two names");
            t.same(expected, &l.join_on(&other, *kind, &by)?).map_err(|e| e.while_trying(&named))?;
        }
        Ok(())
    })
}

/// 6.4: which rows and which columns each kind has; keys once, from the side that has a row.
pub fn kinds_and_their_columns(t: &Bench) -> Outcome {
    let left = table!("a:int,b:str"; [1, "2"], [3, "4"])?;
    let right = table!("c:str,a:int"; ["6", 1], ["2", 7])?;
    let expected = [
        table!("a:int,b:str,c:str"; [1, "2", "6"])?,
        table!("a:int,b:str,c:str"; [1, "2", "6"], [3, "4", ()])?,
        table!("a:int,b:str,c:str"; [1, "2", "6"], [7, (), "2"])?,
        table!("a:int,b:str,c:str"; [1, "2", "6"], [3, "4", ()], [7, (), "2"])?,
        table!("a:int,b:str"; [1, "2"])?,
        table!("a:int,b:str"; [3, "4"])?,
    ];
    each_kind(t, &left, &right, &expected)?;
    let expected = [
        table!("c:str,a:int,b:str"; ["6", 1, "2"])?,
        table!("c:str,a:int,b:str"; ["6", 1, "2"], ["2", 7, ()])?,
        table!("c:str,a:int,b:str"; ["6", 1, "2"], [(), 3, "4"])?,
        table!("c:str,a:int,b:str"; ["6", 1, "2"], ["2", 7, ()], [(), 3, "4"])?,
        table!("c:str,a:int"; ["6", 1])?,
        table!("c:str,a:int"; ["2", 7])?,
    ];
    each_kind(t, &right, &left, &expected)
}

/// D11, 3.3: a null key matches nothing, also not another null.
pub fn null_keys_never_match(t: &Bench) -> Outcome {
    let left = table!("k:int,l:int"; [(), 1], [1, 2])?;
    let right = table!("k:int,r:int"; [(), 10], [2, 20], [1, 30])?;
    let expected = [
        table!("k:int,l:int,r:int"; [1, 2, 30])?,
        table!("k:int,l:int,r:int"; [(), 1, ()], [1, 2, 30])?,
        table!("k:int,l:int,r:int"; [(), (), 10], [2, (), 20], [1, 2, 30])?,
        table!("k:int,l:int,r:int"; [(), 1, ()], [(), (), 10], [1, 2, 30], [2, (), 20])?,
        table!("k:int,l:int"; [1, 2])?,
        table!("k:int,l:int"; [(), 1])?,
    ];
    each_kind(t, &left, &right, &expected)
}

/// D10: NaN meets NaN whatever its bits, and zeros meet.
pub fn floats_meet_by_the_one_order(t: &Bench) -> Outcome {
    let odd = f64::from_bits(0xfff8_0000_0000_0001);
    let left = table!("k:double,l:int"; [f64::NAN, 1], [-0.0, 2], [1.0, 3])?;
    let right = table!("k:double,r:int"; [odd, 10], [0.0, 20], [f64::INFINITY, 30])?;
    let nan = f64::NAN;
    let expected = [
        table!("k:double,l:int,r:int"; [nan, 1, 10], [0.0, 2, 20])?,
        table!("k:double,l:int,r:int"; [nan, 1, 10], [0.0, 2, 20], [1.0, 3, ()])?,
        table!("k:double,l:int,r:int"; [nan, 1, 10], [0.0, 2, 20], [f64::INFINITY, (), 30])?,
        table!("k:double,l:int,r:int"; [nan, 1, 10], [0.0, 2, 20], [1.0, 3, ()], [f64::INFINITY, (), 30])?,
        table!("k:double,l:int"; [nan, 1], [0.0, 2])?,
        table!("k:double,l:int"; [1.0, 3])?,
    ];
    each_kind(t, &left, &right, &expected)
}

/// 3.3: duplicates on both sides make all their pairs; semi and anti keep each left row as often as it stands there.
pub fn duplicates_make_pairs(t: &Bench) -> Outcome {
    let left = table!("k:int,l:int"; [1, 1], [1, 2], [2, 3], [2, 3])?;
    let right = table!("k:int,r:int"; [1, 10], [1, 20], [1, 20], [3, 30])?;
    let pairs = table!("k:int,l:int,r:int"; [1, 1, 10], [1, 1, 20], [1, 1, 20], [1, 2, 10], [1, 2, 20], [1, 2, 20])?;
    let with = |rows: Table| Table::new(pairs.schema.clone(), pairs.rows.iter().cloned().chain(rows.rows).collect());
    let expected = [
        pairs.clone(),
        with(table!("k:int,l:int,r:int"; [2, 3, ()], [2, 3, ()])?),
        with(table!("k:int,l:int,r:int"; [3, (), 30])?),
        with(table!("k:int,l:int,r:int"; [2, 3, ()], [2, 3, ()], [3, (), 30])?),
        table!("k:int,l:int"; [1, 1], [1, 2])?,
        table!("k:int,l:int"; [2, 3], [2, 3])?,
    ];
    each_kind(t, &left, &right, &expected)
}

/// 6.4: several keys, in the order of the left frame; a null in one of them is no match.
pub fn several_keys_with_nulls(t: &Bench) -> Outcome {
    let left = table!("a:double,b:double,c:int"; [1.0, 2.0, 3], [4.0, (), 6], [1.0, 3.0, 9])?;
    let right = table!("b:double,a:double,d:int"; [2.0, 1.0, 33], [(), 4.0, 63], [5.0, 1.0, 93])?;
    let expected = [
        table!("a:double,b:double,c:int,d:int"; [1.0, 2.0, 3, 33])?,
        table!("a:double,b:double,c:int,d:int"; [1.0, 2.0, 3, 33], [4.0, (), 6, ()], [1.0, 3.0, 9, ()])?,
        table!("a:double,b:double,c:int,d:int"; [1.0, 2.0, 3, 33], [4.0, (), (), 63], [1.0, 5.0, (), 93])?,
        table!("a:double,b:double,c:int,d:int";
            [1.0, 2.0, 3, 33], [4.0, (), 6, ()], [1.0, 3.0, 9, ()], [4.0, (), (), 63], [1.0, 5.0, (), 93])?,
        table!("a:double,b:double,c:int"; [1.0, 2.0, 3])?,
        table!("a:double,b:double,c:int"; [4.0, (), 6], [1.0, 3.0, 9])?,
    ];
    each_kind(t, &left, &right, &expected)
}

/// 6.4: an empty side, and both.
pub fn empty_sides(t: &Bench) -> Outcome {
    let (left, no_left) = (table!("a:int,b:str"; [1, "2"], [3, ()])?, table!("a:int,b:str";)?);
    let (right, no_right) = (table!("a:int,c:int"; [1, 5])?, table!("a:int,c:int";)?);
    let none = || table!("a:int,b:str,c:int";);
    let lonely_left = || table!("a:int,b:str,c:int"; [1, "2", ()], [3, (), ()]);
    let lonely_right = || table!("a:int,b:str,c:int"; [1, (), 5]);
    each_kind(t, &left, &no_right, &[none()?, lonely_left()?, none()?, lonely_left()?, no_left.clone(), left.clone()])?;
    each_kind(t, &no_left, &right, &[none()?, none()?, lonely_right()?, lonely_right()?, no_left.clone(), no_left.clone()])?;
    each_kind(t, &no_left, &no_right, &[none()?, none()?, none()?, none()?, no_left.clone(), no_left.clone()])
}

/// 6.4: every pair, and none with an empty side; the word in any case.
pub fn cross_makes_all_pairs(t: &Bench) -> Outcome {
    let (left, right) = (table!("a:int,b:int"; [1, 2], [3, 4])?, table!("c:int"; [6], [7])?);
    let expected = table!("a:int,b:int,c:int"; [1, 2, 6], [1, 2, 7], [3, 4, 6], [3, 4, 7])?;
    let (no_left, no_right) = (table!("a:int,b:int";)?, table!("c:int";)?);
    t.on_each_lane(|lane| {
        let frame = |table| t.frame(lane, table);
        t.same(&expected, &frame(&left)?.join(&frame(&right)?, "Cross")?)?;
        let empty = Table::empty(expected.schema.clone());
        t.same(&empty, &frame(&left)?.join(&frame(&no_right)?, JoinKind::Cross)?)?;
        t.same(&empty, &frame(&no_left)?.join(&frame(&right)?, "cross")?)?;
        t.same(&empty, &frame(&no_left)?.join(&frame(&no_right)?, "cross")?)
    })
}

/// 6.4, 7.5: joins one after the other, a frame with itself, and words of other names.
pub fn joins_chain(t: &Bench) -> Outcome {
    let a = table!("a:int,b:int"; [1, 10], [2, 20], [3, 30])?;
    let b = table!("a:int,c:int"; [2, 200], [3, 300])?;
    let c = table!("a:int,d:int"; [2, 2000], [4, 4000])?;
    t.on_each_lane(|lane| {
        let (a, b, c) = (t.frame(lane, &a)?, t.frame(lane, &b)?, t.frame(lane, &c)?);
        let thrice = |kind: &str| -> Result<DataFrame, Failure> { Ok(a.join(&b, kind)?.join(&c, kind)?) };
        t.same(&table!("a:int,b:int,c:int,d:int"; [2, 20, 200, 2000])?, &thrice("inner")?)?;
        let full = table!("a:int,b:int,c:int,d:int";
            [1, 10, (), ()], [2, 20, 200, 2000], [3, 30, 300, ()], [4, (), (), 4000])?;
        t.same(&full, &thrice("full_outer")?)?;
        t.same(&table!("a:int,b:int,c:int,d:int"; [2, 20, 200, 2000], [4, (), (), 4000])?, &thrice("right_outer")?)?;
        t.same(&table!("a:int,b:int"; [2, 20])?, &thrice("left_semi")?)?;
        t.same(&table!("a:int,b:int"; [1, 10])?, &thrice("left_anti")?)?;
        let own = a.join(&a.rename([("b", "c")])?, "inner")?;
        t.same(&table!("a:int,b:int,c:int"; [1, 10, 10], [2, 20, 20], [3, 30, 30])?, &own)?;
        t.same(&table!("a:int,b:int,c:int"; [2, 20, 200], [3, 30, 300])?, &a.join_on(&b, "inner", ["a"])?)
    })
}

/// Keys of many types, with rows enough for several batches.
pub fn keys_of_every_type(t: &Bench) -> Outcome {
    t.on_each_lane(|lane| {
        for ty in ["str", "long", "bool", "date", "datetime", "decimal(9,2)", "byte", "bytes", "float"] {
            let value = |i: i64| match ty {
                "str" => OwnValue::text(format!("a key of more than twelve bytes {i}")),
                "bytes" => OwnValue::Bytes(vec![u8::try_from(i).unwrap_or(0); 20]),
                "bool" => OwnValue::Bool(i == 1),
                "float" => OwnValue::Float(f64::from(i32::try_from(i).unwrap_or(0))),
                _ => OwnValue::from(i),
            };
            let table = |name: &str, keys: &[i64]| -> Result<Table, Failure> {
                let schema = Schema::parse(&format!("k:{ty},{name}:long"))?;
                Ok(Table::new(schema, keys.iter().map(|i| vec![value(*i), OwnValue::from(*i)]).collect()))
            };
            let (left, right) = (table("l", &[0, 0, 1])?, table("r", &[1])?);
            let expected = vec![vec![value(1), OwnValue::from(1), OwnValue::from(1)]];
            let expected = Table::new(Schema::parse(&format!("k:{ty},l:long,r:long"))?, expected);
            t.same(&expected, &t.frame(lane, &left)?.join(&t.frame(lane, &right)?, "inner")?).map_err(|e| e.while_trying(ty))?;
        }
        Ok(())
    })
}

/// What holds for the rows of one side, such as an order, or that a column is the same in all of them, need not hold where rows met those
/// of the other.
pub fn an_order_is_made_where_it_is_asked_for(t: &Bench) -> Outcome {
    let left = table!("k:int,x:int"; [1, 10], [2, 20], [3, 30])?;
    let right = table!("k:int,y:int"; [2, 5], [3, 6], [4, 5])?;
    let number = || row_number().over(Over::all().order_by("y, x, k").total_order()).alias("n");
    let (one, many) = (table!("k:int,x:int"; [1, 1], [1, 2])?, table!("k:int,y:int"; [1, 10], [1, 20])?);
    t.on_each_lane(|lane| {
        let (all, some) = (t.frame(lane, &left)?, t.frame(lane, &right)?);
        let sides = [
            ("filtered", some.filter(col("y").eq(5))?, table!("k:int,n:long"; [1, 2], [2, 1], [3, 3])?),
            ("constant", some.assign([lit(5).alias("y")])?, table!("k:int,n:long"; [1, 3], [2, 1], [3, 2])?),
            (
                "one row",
                some.aggregate([min("k").alias("k"), max("y").alias("y")])?,
                table!("k:int,n:long"; [1, 2], [2, 1], [3, 3])?,
            ),
        ];
        for (what, side, numbers) in &sides {
            for joined in [all.join(side, "left_outer")?, side.join(&all, "right_outer")?] {
                t.same(numbers, &joined.select([col("k"), number()])?).map_err(|e| e.while_trying(what))?;
            }
        }
        let first = t.frame(lane, &one)?.select([
            col("k"),
            col("x"),
            row_number().over(Over::all().order_by("x").total_order()).alias("m"),
        ])?;
        let second = t.frame(lane, &many)?.select([col("k"), col("y"), rank().over(Over::all().order_by("k")).alias("r")])?;
        let ranked = [col("x"), col("y"), rank().over(Over::all().order_by("r, m")).alias("n")];
        let expected = table!("x:int,y:int,n:long"; [1, 10, 1], [1, 20, 1], [2, 10, 3], [2, 20, 3])?;
        t.same(&expected, &first.join(&second, "inner")?.select(ranked)?)
    })
}

/// Random joins are what the oracle says.
pub fn matches_the_oracle(t: &Bench) -> Outcome {
    t.for_all(Scripts::of(&[Pick::Join], 2), |lane: &Lane, script| super::verbs::same_as_oracle(t, lane, script))
}
