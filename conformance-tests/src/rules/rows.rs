//! Verbs over rows: sort, limit, take, sample, distinct, and nulls dropped and filled.

use fugue_core::blocking;

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
    let input = table!("x:double,s:str"; [1.0, "b"], [(), "a"], [nan, "é"], [f64::NEG_INFINITY, ()], [1.0, "a"], [f64::INFINITY, ""])?;
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
