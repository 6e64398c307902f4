//! Verbs over rows: sort, limit, take, sample, distinct, and nulls dropped and filled.

use fugue_core::blocking::wait;
use fugue_core::expr::lit;
use fugue_core::frame::{DropNulls, Nulls, Sample};

use super::support::table;
use crate::bench::Bench;
use crate::compare::Compare;
use crate::failure::{Outcome, ensure};
use crate::value::{OwnRow, OwnValue, Table};

fn ordered(t: &Bench, expected: &Table, got: &fugue_core::DataFrame) -> Outcome {
    Ok(Compare::exact().ordered().tables(expected, &t.collect(got)?)?)
}

/// D14, D15, D96: nulls last both ways, NaN the greatest, several columns each in its direction; limits keep the order.
pub fn sort_gives_rows_in_order(t: &Bench) -> Outcome {
    let nan = f64::NAN;
    let input =
        table!("x:double,s:str"; [1.0, "b"], [(), "a"], [nan, "é"], [f64::NEG_INFINITY, ()], [1.0, "a"], [f64::INFINITY, ""])?;
    t.on_each_lane(|lane| {
        let frame = t.frame(lane, &input)?;
        let up = table!("x:double,s:str"; [f64::NEG_INFINITY, ()], [1.0, "b"], [1.0, "a"], [f64::INFINITY, ""], [nan, "é"], [(), "a"])?;
        ordered(t, &up, &frame.sort("x, s desc")?)?;
        let down = table!("x:double,s:str"; [nan, "é"], [f64::INFINITY, ""], [1.0, "a"], [1.0, "b"], [f64::NEG_INFINITY, ()], [(), "a"])?;
        ordered(t, &down, &frame.sort("x desc, s")?)?;
        let text = table!("x:double,s:str"; [f64::INFINITY, ""], [1.0, "a"])?;
        ordered(t, &text, &frame.sort("s, x")?.limit(2)?)
    })
}

/// So many rows, of all; none of them twice; zero rows have the columns.
pub fn limit_gives_so_many_rows(t: &Bench) -> Outcome {
    let rows: Vec<OwnRow> = (0..50).map(|i| vec![OwnValue::from(i)]).collect();
    let input = Table::new(fugue_core::Schema::parse("a:int")?, rows);
    t.on_each_lane(|lane| {
        let frame = t.frame(lane, &input)?;
        for (n, wanted) in [(0, 0), (1, 1), (7, 7), (50, 50), (80, 50)] {
            for limited in [frame.limit(n)?, frame.take(n)?] {
                let mut got = t.collect(&limited)?.rows;
                got.sort();
                got.dedup();
                ensure(got.len() == wanted, || format!("of 50 rows {n} are {}", got.len()))?;
                ensure(got.iter().all(|row| input.rows.contains(row)), || "a row that was not there".to_owned())?;
            }
        }
        Ok(())
    })
}

/// D50: without an order the rows of a key that are least, by the order of all columns: nulls last, NaN the greatest, text by its bytes.
pub fn take_without_an_order_takes_the_least_rows(t: &Bench) -> Outcome {
    let (nan, low) = (f64::NAN, f64::NEG_INFINITY);
    let input = table!(
        "k:str,x:double,s:str";
        ["a", nan, "x"], ["a", 1.0, ()], ["a", 1.0, "z"], ["a", (), "a"], ["b", low, "é"], ["b", low, "z"], [(), (), ()], [(), nan, "q"]
    )?;
    let numbers = table!("x:double,b:bool,d:date,n:decimal(5,2)"; [1.0, true, 3, 5], [1.0, false, 9, 9], [1.0, false, 9, 7], [2.0, false, 0, 0])?;
    t.on_each_lane(|lane| {
        let frame = t.frame(lane, &input)?;
        let one = table!("k:str,x:double,s:str"; ["a", 1.0, "z"], ["b", low, "z"], [(), nan, "q"])?;
        t.same(&one, &frame.group_by("k").take(1, ())?)?;
        let two = table!(
            "k:str,x:double,s:str";
            ["a", 1.0, "z"], ["a", 1.0, ()], ["b", low, "z"], ["b", low, "é"], [(), nan, "q"], [(), (), ()]
        )?;
        t.same(&two, &frame.group_by("k").take(2, ())?)?;
        t.same(&input, &frame.group_by("k").take(9, ())?)?;
        t.same(&Table::empty(input.schema.clone()), &frame.group_by("k").take(0, ())?)?;
        let least = table!("x:double,b:bool,d:date,n:decimal(5,2)"; [1.0, false, 9, 7], [2.0, false, 0, 0])?;
        t.same(&least, &t.frame(lane, &numbers)?.group_by("x").take(1, ())?)
    })
}

/// What people look at first: types, rows and nulls, different values, extremes as text, means and deviations of numbers.
pub fn describe_tells_of_each_column(t: &Bench) -> Outcome {
    let input = table!("i:int,x:double,s:str,d:date"; [1, 2.0, "b", 18_321], [3, f64::NAN, (), 0], [(), 2.0, "é", ()])?;
    let told = "column:str,type:str,rows:long,nulls:long,distinct:long,min:str,max:str,mean:double,stddev:double";
    t.on_each_lane(|lane| {
        let described = t.collect(&wait(t.frame(lane, &input)?.describe())?)?;
        let expected = table!(
            told;
            ["i", "int", 3, 1, 2, "1", "3", 2.0, 2.0_f64.sqrt()],
            ["x", "double", 3, 0, 2, "2.0", "NaN", f64::NAN, f64::NAN],
            ["s", "str", 3, 1, 2, "b", "é", (), ()],
            ["d", "date", 3, 1, 2, "1970-01-01", "2020-02-29", (), ()]
        )?;
        Compare::float_aggregates().tables(&expected, &described)?;
        let nothing = t.collect(&wait(t.frame(lane, &Table::empty(input.schema.clone()))?.describe())?)?;
        let expected = table!(
            told;
            ["i", "int", 0, 0, 0, (), (), (), ()],
            ["x", "double", 0, 0, 0, (), (), (), ()],
            ["s", "str", 0, 0, 0, (), (), (), ()],
            ["d", "date", 0, 0, 0, (), (), (), ()]
        )?;
        Ok(Compare::exact().tables(&expected, &nothing)?)
    })
}

/// 3.4, 6.6: the first rows in an order, of all and of each key; null is a key, and is last in the order.
pub fn take_gives_the_first_of_each_key(t: &Bench) -> Outcome {
    let input = table!("a:str,b:int,c:long"; ["a", 2, 3], ["a", 3, 4], ["b", 1, 2], ["b", 2, 2], [(), 4, 2], [(), 2, 1])?;
    t.on_each_lane(|lane| {
        let frame = t.frame(lane, &input)?;
        let by_a = table!("a:str,b:int,c:long"; ["a", 3, 4], ["b", 2, 2], [(), 4, 2])?;
        t.same(&by_a, &frame.group_by("a").take(1, "b desc")?)?;
        let by_c = table!("a:str,b:int,c:long"; ["a", 2, 3], ["a", 3, 4], ["b", 1, 2], [(), 2, 1])?;
        t.same(&by_c, &frame.group_by("c").take(1, "b")?)?;
        t.same(&input, &frame.group_by("a").take(9, "b")?)?;
        t.same(&Table::empty(input.schema.clone()), &frame.group_by("a").take(0, "b")?)?;
        // The order of all: the greatest b, and nulls after all text.
        t.same(&table!("a:str,b:int,c:long"; [(), 4, 2])?, &frame.sort("b desc, a")?.limit(1)?)?;
        t.same(&table!("a:str,b:int,c:long"; ["b", 1, 2], ["b", 2, 2])?, &frame.sort("a desc, b")?.limit(2)?)
    })
}

/// D12: each row once; nulls are equal, and floats by their one equality.
pub fn distinct_gives_each_row_once(t: &Bench) -> Outcome {
    let odd = f64::from_bits(0xfff8_0000_0000_0001);
    let input = table!("a:double,s:str"; [4.0, ()], [f64::NAN, "x"], [4.0, ()], [odd, "x"], [0.0, ""], [-0.0, ""], [(), ()])?;
    let expected = table!("a:double,s:str"; [4.0, ()], [f64::NAN, "x"], [0.0, ""], [(), ()])?;
    t.on_each_lane(|lane| t.same(&expected, &t.frame(lane, &input)?.distinct()?))
}

/// 6.5, D46, D47: rows without a null, with one value at least, with so many, among some columns.
pub fn dropna_drops_by_what_is_null(t: &Bench) -> Outcome {
    let input = table!("a:double,b:double,c:double"; [4.0, (), 6.0], [4.0, (), ()], [(), (), ()], [1.0, 2.0, 3.0])?;
    let of = |keep: &[usize]| Table::new(input.schema.clone(), keep.iter().map(|i| input.rows[*i].clone()).collect());
    t.on_each_lane(|lane| {
        let frame = t.frame(lane, &input)?;
        t.same(&of(&[3]), &frame.dropna()?)?;
        t.same(&of(&[0, 1, 3]), &frame.dropna_with(DropNulls::all())?)?;
        t.same(&of(&[0, 3]), &frame.dropna_with(DropNulls::fewer_than(2))?)?;
        t.same(&of(&[0, 3]), &frame.dropna_with(DropNulls::any().subset(["a", "c"]))?)?;
        t.same(&of(&[0, 1, 3]), &frame.dropna_with(DropNulls::fewer_than(1).subset(["a", "c"]))?)?;
        t.same(&of(&[3]), &frame.dropna_with(DropNulls::all().subset("b"))?)
    })
}

/// 6.5, D48, D49: a value for the columns of its family, for some columns, by column; NaN is no null; the type stays.
pub fn fillna_fills_what_is_null(t: &Bench) -> Outcome {
    let input = table!("a:double,b:int,s:str,p:bool"; [4.0, (), "x", ()], [f64::NAN, 2, (), true], [(), (), "", false])?;
    t.on_each_lane(|lane| {
        let frame = t.frame(lane, &input)?;
        let filled = table!("a:double,b:int,s:str,p:bool"; [4.0, 1, "x", ()], [f64::NAN, 2, (), true], [1.0, 1, "", false])?;
        t.same(&filled, &frame.fillna(1)?)?;
        let text = table!("a:double,b:int,s:str,p:bool"; [4.0, (), "x", ()], [f64::NAN, 2, "-", true], [(), (), "", false])?;
        t.same(&text, &frame.fillna("-")?)?;
        let some = table!("a:double,b:int,s:str,p:bool"; [4.0, 9, "x", ()], [f64::NAN, 2, (), true], [(), 9, "", false])?;
        t.same(&some, &frame.fillna_with(9, "b")?)?;
        t.same(&some, &frame.fillna_map([("b", 9)])?)?;
        let mapped = frame.fillna_map([("p", lit(true)), ("a", lit(0.5)), ("s", lit("y"))])?;
        let expected =
            table!("a:double,b:int,s:str,p:bool"; [4.0, (), "x", true], [f64::NAN, 2, "y", true], [0.5, (), "", false])?;
        t.same(&expected, &mapped)?;
        // A float holds 0.1 as well as it can.
        let floats = t.frame(lane, &table!("f:float,u:ulong"; [(), ()], [1.5, 7])?)?;
        t.same(&table!("f:float,u:ulong"; [f64::from(0.1_f32), ()], [1.5, 7])?, &floats.fillna_with(0.1, "f")?)?;
        t.same(&table!("f:float,u:ulong"; [3.0, 3], [1.5, 7])?, &floats.fillna(3)?)
    })
}

/// D52 to D54, 6.5: rows of the frame, each at most once unless it is said; as many as asked for; the same seed, the same rows.
pub fn samples_are_of_the_rows(t: &Bench) -> Outcome {
    let rows: Vec<OwnRow> = (0..100).map(|i| vec![OwnValue::from(i)]).collect();
    let input = Table::new(fugue_core::Schema::parse("a:int")?, rows);
    t.on_each_lane(|lane| {
        let frame = t.frame(lane, &input)?;
        let draw = |sample: Sample| -> Result<Vec<OwnRow>, crate::failure::Failure> {
            let mut rows = t.collect(&frame.sample(sample)?)?.rows;
            rows.sort();
            Ok(rows)
        };
        let exact = draw(Sample::rows(90).seed(1))?;
        ensure(exact.len() == 90, || format!("90 rows are {}", exact.len()))?;
        ensure(draw(Sample::rows(1_000).seed(1))? == input.rows, || "all rows of too few are not all".to_owned())?;
        ensure(draw(Sample::rows(0).seed(1))?.is_empty(), || "no rows are some".to_owned())?;
        ensure(draw(Sample::fraction(0.0).seed(1))?.is_empty(), || "no part of the rows is some".to_owned())?;
        ensure(draw(Sample::fraction(1.0).seed(1))? == input.rows, || "all of the rows are not all".to_owned())?;
        ensure(draw(Sample::rows(50).seed(3))? == draw(Sample::rows(50).seed(3))?, || "the same seed has other rows".to_owned())?;
        let part = draw(Sample::fraction(0.8).seed(1))?;
        ensure((60..=95).contains(&part.len()), || format!("four fifths of 100 rows are {}", part.len()))?;
        ensure(draw(Sample::fraction(0.8).seed(1))? == part, || "the same seed has other rows".to_owned())?;
        ensure(draw(Sample::fraction(0.8).seed(2))? != part, || "another seed has the same rows".to_owned())?;
        for sample in [&exact, &part] {
            ensure(sample.windows(2).all(|w| w[0] != w[1]), || "a row came twice".to_owned())?;
            ensure(sample.iter().all(|row| input.rows.contains(row)), || "a row that was not there".to_owned())?;
        }
        let again = draw(Sample::rows(200).replace().seed(1))?;
        ensure(again.iter().all(|row| input.rows.contains(row)), || "a row that was not there".to_owned())?;
        ensure(again.windows(2).any(|w| w[0] == w[1]), || "no row came twice".to_owned())
    })
}

/// 3.4, 6.6: nulls before all else, where that is asked for, in both directions.
pub fn nulls_go_first_where_asked(t: &Bench) -> Outcome {
    let input = table!("a:str,b:int"; ["a", 1], ["b", 2], [(), 4], [(), 3])?;
    t.on_each_lane(|lane| {
        let frame = t.frame(lane, &input)?;
        let nulls = table!("a:str,b:int"; [(), 3], [(), 4])?;
        t.same(&nulls, &frame.take_sorted_with(2, "a desc", Nulls::First)?)?;
        t.same(&nulls, &frame.take_sorted_with(2, "a", Nulls::First)?)?;
        t.same(&table!("a:str,b:int"; ["a", 1], ["b", 2])?, &frame.take_sorted(2, "a desc")?)?;
        let all = table!("a:str,b:int"; [(), 3], [(), 4], ["b", 2], ["a", 1])?;
        ordered(t, &all, &frame.sort_with("a desc, b", Nulls::First)?)
    })
}
