//! Expressions: one meaning, one type and one null rule for each function.

use fugue_core::expr::{TimeUnit, coalesce, col, concat, lit, null, nullif, typed, when};

use super::columns::{computes, fails, is, values};
use super::support::table;
use crate::bench::Bench;
use crate::failure::Outcome;
use crate::generate::{Pick, Scripts};

const INTS: &str = "a:long,b:long,i:int,j:int,s:short,u:uint";

/// D17, D19: whole numbers are cut towards zero, and a remainder has the sign of the dividend; D17: `div_true` is a double.
pub fn integers_divide_towards_zero(t: &Bench) -> Outcome {
    let table = table!("a:long,b:long,i:int"; [7, 2, 7], [-7, 2, -7], [7, -3, 7], [-7, -3, -7], [(), 1, ()])?;
    computes(
        t,
        &table,
        &[
            is(col("a") / col("b"), "long", values![3, -3, -2, 2, ()]),
            is(col("a") % col("b"), "long", values![1, -1, 1, -1, ()]),
            is(col("i") / typed(2, "int"), "int", values![3, -3, 3, -3, ()]),
            is(col("a").div_true(lit(2)), "double", values![3.5, -3.5, 3.5, -3.5, ()]),
            is(col("a").checked_div(col("b")), "long", values![3, -3, -2, 2, ()]),
        ],
    )
}

/// D18: null for whole numbers and decimals, IEEE for floats, never an error.
pub fn a_divisor_of_zero_is_null(t: &Bench) -> Outcome {
    let table = table!("a:long,z:long,x:double,y:double,d:decimal(9,2),e:decimal(9,2)";
        [7, 0, 1.0, 0.0, 100, 0], [0, 0, -1.0, 0.0, 250, 50], [6, 2, 0.0, 0.0, 0, 0])?;
    let nan = f64::NAN;
    computes(
        t,
        &table,
        &[
            is(col("a") / col("z"), "long", values![(), (), 3]),
            is(col("a") % col("z"), "long", values![(), (), 0]),
            is(col("x") / col("y"), "double", values![f64::INFINITY, f64::NEG_INFINITY, nan]),
            is(col("x") % col("y"), "double", values![nan, nan, nan]),
            is(col("a").div_true(col("z")), "double", values![f64::INFINITY, nan, 3.0]),
            is((col("d") / col("e")).is_null(), "bool", values![true, false, true]),
            is(col("d") % col("e"), "decimal(9,2)", values![(), 0, ()]),
        ],
    )
}

/// D20, D21, D23: integers meet at the wider type and wrap there; literals are long, but for those that are compared with narrower columns.
pub fn integers_meet_at_the_wider_type_and_wrap(t: &Bench) -> Outcome {
    let (most, least) = (i64::MAX, i64::MIN);
    let (narrow, low) = (i32::MAX, i32::MIN);
    let table = table!(INTS; [most, 1, narrow, 1, 300, 0], [least, -1, low, -1, -300, 5], [(), 1, (), 1, (), ()])?;
    computes(
        t,
        &table,
        &[
            is(col("a") + col("b"), "long", values![least, most, ()]),
            is(col("a") * lit(2), "long", values![-2, 0, ()]),
            is(col("a") / col("b"), "long", values![most, least, ()]),
            is(-col("a"), "long", values![-most, least, ()]),
            is(col("i") + col("j"), "int", values![low, narrow, ()]),
            is(col("i") - lit(-1), "long", values![i64::from(narrow) + 1, i64::from(low) + 1, ()]),
            is(col("s") * col("s"), "short", values![24_464, 24_464, ()]),
            is(col("s") + col("i"), "int", values![low + 299, narrow - 299, ()]),
            is(col("u") - col("j"), "long", values![-1, 6, ()]),
            is(col("u") - col("u") - typed(1, "uint"), "uint", values![i64::from(u32::MAX), i64::from(u32::MAX), ()]),
            is(col("i") + lit(0.5), "double", values![2_147_483_647.5, -2_147_483_647.5, ()]),
        ],
    )?;
    let table = table!("w:ulong,y:byte,h:ushort"; [5, -5, 5], [0, 0, 0], [(), (), ()])?;
    computes(
        t,
        &table,
        &[
            is(col("w").gt(0), "bool", values![true, false, ()]),
            is(lit(5).lt_eq(col("w")), "bool", values![true, false, ()]),
            is(col("w").is_in([5, 7]), "bool", values![true, false, ()]),
            is(col("w").between(1, 9), "bool", values![true, false, ()]),
            is(coalesce([col("w"), lit(3)]), "ulong", values![5, 0, 3]),
            is(nullif(col("w"), 5), "ulong", values![(), 0, ()]),
            is(when(col("h").eq(5)).then(col("w")).otherwise(9), "ulong", values![5, 9, 9]),
            is(col("y").lt(0), "bool", values![true, false, ()]),
            is(col("y").lt(1000), "bool", values![true, true, ()]),
            is(col("h").is_in([5, 70_000, -1]), "bool", values![true, false, ()]),
            is(coalesce([col("y"), lit(3)]), "long", values![-5, 0, 3]),
        ],
    )
}

/// D18, D20: the checked forms give an error where the plain ones wrap or give null.
pub fn checked_forms_fail(t: &Bench) -> Outcome {
    let table = table!("a:long,b:long"; [i64::MAX, 0])?;
    let lane = &crate::generate::Lane::plain();
    let least = || lit(i64::MIN);
    for expr in [
        col("a").checked_add(lit(1)),
        least().checked_sub(col("a")),
        col("a").checked_mul(lit(2)),
        col("a").checked_div(col("b")),
        (col("a") * lit(-1) - lit(1)).checked_div(lit(-1)),
    ] {
        fails(t, lane, &table, &expr)?;
    }
    let small = table!("a:long,b:long"; [6, 3], [(), 1])?;
    computes(
        t,
        &small,
        &[
            is(col("a").checked_add(col("b")), "long", values![9, ()]),
            is(col("a").checked_sub(col("b")), "long", values![3, ()]),
            is(col("a").checked_mul(col("b")), "long", values![18, ()]),
            is(col("a").checked_div(col("b")), "long", values![2, ()]),
        ],
    )
}

/// Signs, roots and powers.
pub fn plain_numbers(t: &Bench) -> Outcome {
    let table = table!("i:int,x:double"; [-4, -4.0], [9, 2.25], [(), ()])?;
    computes(
        t,
        &table,
        &[
            is(-col("i"), "int", values![4, -9, ()]),
            is(col("i").abs(), "int", values![4, 9, ()]),
            is(col("x").abs(), "double", values![4.0, 2.25, ()]),
            is(col("x").sqrt(), "double", values![f64::NAN, 1.5, ()]),
            is(col("i").power(lit(2)), "double", values![16.0, 81.0, ()]),
            is((col("x") * lit(0)).exp(), "double", values![1.0, 1.0, ()]),
            is((col("x") * lit(0) + lit(1)).ln(), "double", values![0.0, 0.0, ()]),
        ],
    )
}

/// D84: decimals of sums, products, quotients: exact, cut, with the types of SQL; an overflow is an error.
pub fn decimals_are_exact(t: &Bench) -> Outcome {
    let table = table!("d:decimal(9,2),e:decimal(5,3),n:decimal(38,0)"; [1_050, 1_125, 1], [-100, 3_000, 7], [(), 1_000, ()])?;
    let big = typed("99999999999999999999999999999999999999", "decimal(38,0)");
    fails(t, &crate::generate::Lane::plain(), &table, &(col("n") * big.clone() * big))?;
    computes(
        t,
        &table,
        &[
            is(col("d") + col("e"), "decimal(11,3)", values![11_625, 2_000, ()]),
            is(col("d") - col("e"), "decimal(11,3)", values![9_375, -4_000, ()]),
            is(col("d") * col("e"), "decimal(15,5)", values![1_181_250, -300_000, ()]),
            is(col("d") / col("e"), "decimal(16,6)", values![9_333_333, -333_333, ()]),
            is(col("d") + typed(1, "int"), "decimal(13,2)", values![1_150, 0, ()]),
            is(col("d") * lit(0.5), "double", values![5.25, -0.5, ()]),
            is(col("d").gt(col("e")), "bool", values![true, false, ()]),
            is(-col("d"), "decimal(9,2)", values![-1_050, 100, ()]),
            is(col("e").round(1), "decimal(5,3)", values![1_100, 3_000, 1_000]),
        ],
    )
}

/// D85: half away from zero, by the shortest text of the value, also before the point.
pub fn rounding_is_half_away_from_zero(t: &Bench) -> Outcome {
    let table = table!("x:double"; [0.5], [2.5], [-2.5], [1.005], [f64::NAN], [()])?;
    let nan = f64::NAN;
    computes(
        t,
        &table,
        &[
            is(col("x").round(0), "double", values![1.0, 3.0, -3.0, 1.0, nan, ()]),
            is(col("x").round(2), "double", values![0.5, 2.5, -2.5, 1.01, nan, ()]),
            is((col("x") * lit(10)).round(-1), "double", values![10.0, 30.0, -30.0, 10.0, nan, ()]),
            is(col("x").floor(), "double", values![0.0, 2.0, -3.0, 1.0, nan, ()]),
            is(col("x").ceil(), "double", values![1.0, 3.0, -2.0, 2.0, nan, ()]),
        ],
    )
}

/// D9: NaN equals NaN whatever its bits and is greater than all else; zeros are equal; null is unknown.
pub fn comparisons_follow_the_one_order(t: &Bench) -> Outcome {
    let other_nan = f64::from_bits(0xfff8_0000_0000_0001);
    let table = table!("x:double,y:double"; [f64::NAN, other_nan], [f64::NAN, f64::INFINITY], [-0.0, 0.0], [(), 1.0], [(), ()])?;
    computes(
        t,
        &table,
        &[
            is(col("x").eq(col("y")), "bool", values![true, false, true, (), ()]),
            is(col("x").gt(col("y")), "bool", values![false, true, false, (), ()]),
            is(col("x").lt(col("y")), "bool", values![false, false, false, (), ()]),
            is(col("x").gt_eq(col("y")), "bool", values![true, true, true, (), ()]),
            is(col("x").not_eq(col("y")), "bool", values![false, true, false, (), ()]),
            is(col("x").is_nan(), "bool", values![true, true, false, (), ()]),
            is(col("x").not_distinct_from(col("y")), "bool", values![true, false, true, false, true]),
            is(col("x").between(lit(0), lit(1)), "bool", values![false, false, true, (), ()]),
        ],
    )
}

/// Three-valued and, or, not.
pub fn logic_is_three_valued(t: &Bench) -> Outcome {
    let table = table!("p:bool,q:bool"; [true, ()], [false, ()], [(), ()], [(), true], [(), false], [true, false])?;
    computes(
        t,
        &table,
        &[
            is(col("p").and(col("q")), "bool", values![(), false, (), (), false, false]),
            is(col("p").or(col("q")), "bool", values![true, (), (), true, (), true]),
            is(!col("p"), "bool", values![false, true, (), (), (), false]),
            is(col("p").is_null(), "bool", values![false, false, true, true, true, false]),
            is(col("p").is_not_null(), "bool", values![true, true, false, false, false, true]),
        ],
    )
}

/// D99: in and not in with null are three-valued, as columns and as filters.
pub fn membership_is_three_valued(t: &Bench) -> Outcome {
    let table = table!("a:long,s:str"; [1, "x"], [2, "y"], [(), ()])?;
    let some = || col("a").is_in([lit(1), null()]);
    computes(
        t,
        &table,
        &[
            is(some(), "bool", values![true, (), ()]),
            is(!some(), "bool", values![false, (), ()]),
            is(col("a").is_in([1, 3]), "bool", values![true, false, ()]),
            is(col("s").is_in(["y"]), "bool", values![false, true, ()]),
        ],
    )?;
    t.on_each_lane(|lane| {
        let frame = t.frame(lane, &table)?;
        t.same(&table!("a:long,s:str";)?, &frame.filter(!some())?)?;
        t.same(&table!("a:long,s:str"; [1, "x"])?, &frame.filter(some())?)?;
        t.same(&table!("a:long,s:str"; [2, "y"])?, &frame.filter(!col("a").is_in([1, 3]))?)
    })
}

/// The first that is not null, and null for what is not wanted.
pub fn coalesce_and_nullif(t: &Bench) -> Outcome {
    let table = table!("a:int,b:long,s:str"; [1, 2, "x"], [(), 2, ""], [(), (), ()])?;
    computes(
        t,
        &table,
        &[
            is(coalesce([col("a"), col("b"), lit(9)]), "long", values![1, 2, 9]),
            is(coalesce(["a", "b"]), "long", values![1, 2, ()]),
            is(nullif("b", 2), "long", values![(), (), ()]),
            is(nullif("s", ""), "str", values!["x", (), ()]),
            is(coalesce([col("s"), null()]), "str", values!["x", "", ()]),
        ],
    )
}

/// A value of a case is computed only for the rows that take it, so that a guard guards.
pub fn cases_compute_what_they_take(t: &Bench) -> Outcome {
    let table = table!("a:long,s:str"; [0, "x"], [4, "12"], [(), ()])?;
    computes(
        t,
        &table,
        &[
            is(when(col("a").not_eq(0)).then(lit(8).checked_div(col("a"))).otherwise(-1), "long", values![-1, 2, -1]),
            is(when(col("s").like("1%")).then(col("s").cast("long")).end(), "long", values![(), 12, ()]),
            is(
                when(col("a").is_null()).then("none").when(col("a").gt(1)).then("some").otherwise("few"),
                "str",
                values!["few", "some", "none"],
            ),
            is(when(col("a").gt(1)).then(1).otherwise(null()), "long", values![(), 1, ()]),
            is(when(col("a").gt(1)).then(1).otherwise(0.5), "double", values![0.5, 1.0, 0.5]),
        ],
    )
}

/// D24, D25, D27, D28, D32, D37: casts inside expressions; `try_cast` gives null for what fails, and only for that.
pub fn casts_and_attempts(t: &Bench) -> Outcome {
    let table =
        table!("x:double,s:str,i:int"; [1.5, "1", 1], [-1.5, " 7 ", 0], [1e20, "x", -3], [f64::NAN, "1.0", ()], [(), (), ()])?;
    computes(
        t,
        &table,
        &[
            is(col("x").try_cast("int"), "int", values![1, -1, (), (), ()]),
            is(col("s").try_cast("long"), "long", values![1, 7, (), (), ()]),
            is(col("x").cast("str"), "str", values!["1.5", "-1.5", "1e20", "NaN", ()]),
            is(col("i").cast("bool"), "bool", values![true, false, true, (), ()]),
            is((col("i") + 1).cast("str"), "str", values!["2", "1", "-2", (), ()]),
            is(col("i").cast("decimal(5,2)"), "decimal(5,2)", values![100, 0, -300, (), ()]),
        ],
    )?;
    let lane = &crate::generate::Lane::plain();
    fails(t, lane, &table, &col("x").cast("int"))?;
    fails(t, lane, &table, &col("s").cast("long"))
}

/// D88: lengths, places and pieces of text count Unicode scalar values, from zero.
pub fn text_counts_characters(t: &Bench) -> Outcome {
    let table = table!("s:str"; ["aé🦀b"], ["中国中国中国中国中国"], [""], [()])?;
    computes(
        t,
        &table,
        &[
            is(col("s").length(), "long", values![4, 10, 0, ()]),
            is(col("s").find("b"), "long", values![3, (), (), ()]),
            is(col("s").find("国"), "long", values![(), 1, (), ()]),
            is(col("s").substring(1, 2), "str", values!["é🦀", "国中", "", ()]),
            is(col("s").substring_from(2), "str", values!["🦀b", "中国中国中国中国", "", ()]),
            is(col("s").substring(-2, 1), "str", values!["🦀", "中", "", ()]),
            is(col("s").substring(col("s").length() - 1, 9), "str", values!["b", "国", "", ()]),
        ],
    )
}

/// D16: joined text is null where a part is; letters, blanks and replacements.
pub fn text_is_changed(t: &Bench) -> Outcome {
    let table = table!("s:str,u:str"; [" aÉa ", "x"], ["longer than twelve bytes", ()], [(), "x"])?;
    computes(
        t,
        &table,
        &[
            is(concat([col("s"), lit("-"), col("u")]), "str", values![" aÉa -x", (), ()]),
            is(col("s").lower(), "str", values![" aéa ", "longer than twelve bytes", ()]),
            is(col("s").upper(), "str", values![" AÉA ", "LONGER THAN TWELVE BYTES", ()]),
            is(col("s").trim(), "str", values!["aÉa", "longer than twelve bytes", ()]),
            is(col("s").trim_start(), "str", values!["aÉa ", "longer than twelve bytes", ()]),
            is(col("s").trim_end(), "str", values![" aÉa", "longer than twelve bytes", ()]),
            is(col("s").replace("a", "oo"), "str", values![" ooÉoo ", "longer thoon twelve bytes", ()]),
            is(col("s").replace("", "oo"), "str", values![" aÉa ", "longer than twelve bytes", ()]),
        ],
    )
}

/// D64: `%` and `_`, no escape, by letter case; regular expressions; parts of text.
pub fn patterns(t: &Bench) -> Outcome {
    let table = table!("s:str"; ["Abc"], ["abc%"], ["a\nc"], [()])?;
    computes(
        t,
        &table,
        &[
            is(col("s").like("A%"), "bool", values![true, false, false, ()]),
            is(col("s").like("_b_"), "bool", values![true, false, false, ()]),
            is(col("s").like("a_c"), "bool", values![false, false, true, ()]),
            is(col("s").like("a%"), "bool", values![false, true, true, ()]),
            is(col("s").contains("b"), "bool", values![true, true, false, ()]),
            is(col("s").starts_with("a"), "bool", values![false, true, true, ()]),
            is(col("s").ends_with("%"), "bool", values![false, true, false, ()]),
        ],
    )?;
    computes(
        t,
        &table,
        &[
            is(col("s").regex_match("^[a-z]bc"), "bool", values![false, true, false, ()]),
            is(col("s").regex_replace("([bc])", "<$1>"), "str", values!["A<b><c>", "a<b><c>%", "a\n<c>", ()]),
        ],
    )
}

/// D89: parts of dates, starts of units, later days, and whole units between; before 1970 too.
pub fn dates(t: &Bench) -> Outcome {
    // 2020-02-29, 1969-12-31, and a moment on each: 23:59:59.999999 and 00:00:01.
    let day = 86_400_000_000_i64;
    let table = table!("d:date,m:datetime"; [18_321, 18_322_i64 * day - 1], [-1, -day + 1_000_000], [(), ()])?;
    let start = |days: i64| days * day;
    computes(
        t,
        &table,
        &[
            is(col("d").year(), "int", values![2020, 1969, ()]),
            is(col("d").quarter(), "int", values![1, 4, ()]),
            is(col("d").month(), "int", values![2, 12, ()]),
            is(col("d").day(), "int", values![29, 31, ()]),
            is(col("d").weekday(), "int", values![6, 3, ()]),
            is(col("d").day_of_year(), "int", values![60, 365, ()]),
            is(col("m").hour(), "int", values![23, 0, ()]),
            is(col("m").minute(), "int", values![59, 0, ()]),
            is(col("m").second(), "int", values![59, 1, ()]),
            is(col("d").truncate(TimeUnit::Month), "date", values![18_293, -31, ()]),
            is(col("d").truncate(TimeUnit::Week), "date", values![18_316, -3, ()]),
            is(col("m").truncate(TimeUnit::Hour), "datetime", values![start(18_321) + 23 * 3_600_000_000, start(-1), ()]),
            is(col("d").date_add(TimeUnit::Month, 1), "date", values![18_350, 30, ()]),
            is(col("d").date_add(TimeUnit::Year, -1), "date", values![17_955, -366, ()]),
            is(col("d").date_diff(TimeUnit::Day, typed("2020-01-01", "date")), "long", values![59, -18_263, ()]),
            is(col("d").date_diff(TimeUnit::Month, typed("2019-12-30", "date")), "long", values![2, -599, ()]),
            is(col("m").date_diff(TimeUnit::Hour, typed("2020-02-29", "datetime")), "long", values![23, -439_727, ()]),
            is(col("m").cast("date"), "date", values![18_321, -1, ()]),
            is(col("d").lt(col("m")), "bool", values![true, true, ()]),
        ],
    )
}

/// D89, D90: instants are read on the clock of their zone: before a year begins in Greenwich, on the day that has 23 hours, and in both
/// hours that have one name.
pub fn instants_are_read_on_the_clock_of_their_zone(t: &Bench) -> Outcome {
    const HOUR: i64 = 3_600_000_000;
    let (new_year, spring) = (1_577_835_000_000_000_i64, 1_585_441_800_000_000_i64);
    let (first, second) = (1_603_585_800_000_000_i64, 1_603_589_400_000_000_i64);
    let zoned = "timestamp(us,Europe/Berlin)";
    let table = table!("z:timestamp(us,Europe/Berlin)"; [new_year], [spring], [first], [second], [()])?;
    let half = HOUR / 2;
    let z = || col("z");
    computes(
        t,
        &table,
        &[
            is(z().year(), "int", values![2020, 2020, 2020, 2020, ()]),
            is(z().quarter(), "int", values![1, 1, 4, 4, ()]),
            is(z().month(), "int", values![1, 3, 10, 10, ()]),
            is(z().day(), "int", values![1, 29, 25, 25, ()]),
            is(z().weekday(), "int", values![3, 7, 7, 7, ()]),
            is(z().day_of_year(), "int", values![1, 89, 299, 299, ()]),
            is(z().hour(), "int", values![0, 1, 2, 2, ()]),
            is(z().minute(), "int", values![30, 30, 30, 30, ()]),
            is(z().second(), "int", values![0, 0, 0, 0, ()]),
            is(z().truncate(TimeUnit::Hour), zoned, values![new_year - half, spring - half, first - half, second - half, ()]),
            is(
                z().truncate(TimeUnit::Day),
                zoned,
                values![
                    1_577_833_200_000_000_i64,
                    1_585_436_400_000_000_i64,
                    1_603_576_800_000_000_i64,
                    1_603_576_800_000_000_i64,
                    ()
                ],
            ),
            is(
                z().truncate(TimeUnit::Month),
                zoned,
                values![
                    1_577_833_200_000_000_i64,
                    1_583_017_200_000_000_i64,
                    1_601_503_200_000_000_i64,
                    1_601_503_200_000_000_i64,
                    ()
                ],
            ),
            is(z().date_add(TimeUnit::Hour, 1), zoned, values![new_year + HOUR, spring + HOUR, second, second + HOUR, ()]),
            // A day more is the same time on the clock: 23 hours in spring, and 25 or 24 in autumn.
            is(
                z().date_add(TimeUnit::Day, 1),
                zoned,
                values![new_year + 24 * HOUR, spring + 23 * HOUR, first + 25 * HOUR, second + 24 * HOUR, ()],
            ),
            is(z().date_diff(TimeUnit::Hour, z()), "long", values![0, 0, 0, 0, ()]),
            is(z().date_add(TimeUnit::Day, 1).date_diff(TimeUnit::Hour, z()), "long", values![24, 23, 25, 24, ()]),
            is(z().date_add(TimeUnit::Day, 1).date_diff(TimeUnit::Day, z()), "long", values![1, 1, 1, 1, ()]),
            is(z().date_add(TimeUnit::Month, 1).date_diff(TimeUnit::Month, z()), "long", values![1, 1, 1, 1, ()]),
        ],
    )
}

/// Literals of each kind, and null with a type.
pub fn literals(t: &Bench) -> Outcome {
    let table = table!("a:long"; [1], [2])?;
    computes(
        t,
        &table,
        &[
            is(lit(1), "long", values![1, 1]),
            is(lit(1.5), "double", values![1.5, 1.5]),
            is(lit("x"), "str", values!["x", "x"]),
            is(lit(true), "bool", values![true, true]),
            is(typed(1, "byte"), "byte", values![1, 1]),
            is(typed("2020-02-29", "date"), "date", values![18_321, 18_321]),
            is(typed("0.06", "decimal(12,2)"), "decimal(12,2)", values![6, 6]),
            is(null().cast("str"), "str", values![(), ()]),
            is(lit(None::<i64>), "long", values![(), ()]),
        ],
    )
}

/// Random expressions over random tables are what the oracle says.
pub fn matches_the_oracle(t: &Bench) -> Outcome {
    t.for_all(Scripts::of(&[Pick::Project], 1), |lane, script| super::verbs::same_as_oracle(t, lane, script))
}
