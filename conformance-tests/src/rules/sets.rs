//! Set operations, of different rows and with counts.

use super::support::table;
use crate::bench::Bench;
use crate::failure::Outcome;
use crate::generate::{Pick, Scripts};

/// 6.5, 7.5: rows of either side; nulls are equal; with counts all rows.
pub fn union_of_different_rows_and_of_all(t: &Bench) -> Outcome {
    let a = table!("a:double,b:double,c:int"; [1.0, 2.0, 3], [4.0, (), 6])?;
    let b = table!("a:double,b:double,c:int"; [1.0, 2.0, 33], [4.0, (), 6])?;
    t.on_each_lane(|lane| {
        let (a, b) = (t.frame(lane, &a)?, t.frame(lane, &b)?);
        let once = table!("a:double,b:double,c:int"; [1.0, 2.0, 3], [4.0, (), 6], [1.0, 2.0, 33])?;
        t.same(&once, &a.union(&b)?)?;
        let all = table!("a:double,b:double,c:int"; [1.0, 2.0, 3], [4.0, (), 6], [1.0, 2.0, 33], [4.0, (), 6])?;
        t.same(&all, &a.union_all(&b)?)?;
        let count = fugue_core::blocking::wait(a.union_all(&b)?.union_all(&a.union_all(&b)?)?.count())?;
        crate::failure::ensure(count == 8, || format!("twice four rows are {count}"))
    })
}

/// 6.5: rows that the right side has not, each once; nulls are equal; several right sides one after the other.
pub fn subtract_and_intersect_different_rows(t: &Bench) -> Outcome {
    let a = table!("a:double,b:double,c:int"; [1.0, 2.0, 3], [1.0, 2.0, 3], [4.0, (), 6], [4.0, (), 6])?;
    let b = table!("a:double,b:double,c:int"; [1.0, 2.0, 33], [4.0, (), 6], [4.0, (), 6], [4.0, (), 6])?;
    t.on_each_lane(|lane| {
        let (a, b) = (t.frame(lane, &a)?, t.frame(lane, &b)?);
        t.same(&table!("a:double,b:double,c:int"; [1.0, 2.0, 3])?, &a.subtract(&b)?)?;
        t.same(&table!("a:double,b:double,c:int"; [4.0, (), 6])?, &a.intersect(&b)?)?;
        let nothing = table!("a:double,b:double,c:int";)?;
        t.same(&nothing, &a.subtract(&b)?.subtract(&a)?)?;
        t.same(&nothing, &a.intersect(&b)?.intersect(&a.subtract(&b)?)?)
    })
}

/// D45: with counts: `max(l - r, 0)` and `min(l, r)`.
pub fn subtract_and_intersect_with_counts(t: &Bench) -> Outcome {
    let a = table!("a:int,b:str"; [1, "x"], [1, "x"], [1, "x"], [2, ()], [2, ()], [3, "z"])?;
    let b = table!("a:int,b:str"; [1, "x"], [2, ()], [2, ()], [2, ()], [4, "w"])?;
    t.on_each_lane(|lane| {
        let (a, b) = (t.frame(lane, &a)?, t.frame(lane, &b)?);
        t.same(&table!("a:int,b:str"; [1, "x"], [1, "x"], [3, "z"])?, &a.subtract_all(&b)?)?;
        t.same(&table!("a:int,b:str"; [1, "x"], [2, ()], [2, ()])?, &a.intersect_all(&b)?)?;
        t.same(&table!("a:int,b:str";)?, &a.subtract_all(&a)?)?;
        t.same(&table!("a:int,b:str"; [2, ()], [4, "w"])?, &b.subtract_all(&a)?)
    })
}

/// Mixed chains keep the operator of each step, where Polars' SQL takes the outer one for all.
pub fn chains_keep_their_operators(t: &Bench) -> Outcome {
    let (a, b, c) = (table!("a:int"; [1], [2], [3])?, table!("a:int"; [2], [3])?, table!("a:int"; [3], [4])?);
    t.on_each_lane(|lane| {
        let (a, b, c) = (t.frame(lane, &a)?, t.frame(lane, &b)?, t.frame(lane, &c)?);
        t.same(&table!("a:int"; [1], [3], [4])?, &a.subtract(&b)?.union(&c)?)?;
        t.same(&table!("a:int"; [1], [2])?, &a.subtract(&b.intersect(&c)?)?)?;
        t.same(&table!("a:int"; [2])?, &a.intersect(&b)?.subtract(&c)?)
    })
}

/// D12: floats are equal by their one equality; nested columns too.
pub fn rows_are_equal_by_the_one_equality(t: &Bench) -> Outcome {
    let odd = f64::from_bits(0xfff8_0000_0000_0001);
    let a = table!("x:double,s:str"; [f64::NAN, "é"], [-0.0, ()], [1.0, ""])?;
    let b = table!("x:double,s:str"; [odd, "é"], [0.0, ()], [1.0, ()])?;
    t.on_each_lane(|lane| {
        let (a, b) = (t.frame(lane, &a)?, t.frame(lane, &b)?);
        t.same(&table!("x:double,s:str"; [f64::NAN, "é"], [0.0, ()])?, &a.intersect(&b)?)?;
        t.same(&table!("x:double,s:str"; [1.0, ""])?, &a.subtract(&b)?)?;
        t.same(&table!("x:double,s:str"; [f64::NAN, "é"], [0.0, ()], [1.0, ""], [1.0, ()])?, &a.union(&b)?)
    })
}

/// Random set operations are what the oracle says.
pub fn matches_the_oracle(t: &Bench) -> Outcome {
    t.for_all(Scripts::of(&[Pick::Set], 3), |lane, script| super::verbs::same_as_oracle(t, lane, script))
}
