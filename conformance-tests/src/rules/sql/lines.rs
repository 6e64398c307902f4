//! One rule for each line of the table that says where queries mean something else than frames (`fugue-core/docs/sql-and-frames.md`). What
//! frames mean there is asked for by the rules of expressions, aggregates, windows and rows.

use fugue_core::blocking;

use super::super::columns::values;
use super::super::support::table;
use super::{answers, asked, query, says, says_all, says_of_all};
use crate::bench::Bench;
use crate::compare::Compare;
use crate::failure::{Failure, Outcome, ensure};
use crate::generate::Lane;
use crate::value::{OwnValue, Table};

/// Text beside a number or a date is cast without a word.
pub fn types_that_differ_are_cast(t: &Bench) -> Outcome {
    says_all(
        t,
        &table!("i:int,s:str,d:date"; [1, "1", 18_263], [10, "9", 18_264])?,
        &[
            says("s = 1", "bool", values![true, false]),
            says("s < i", "bool", values![false, true]),
            says("d = '2020-01-02'", "bool", values![true, false]),
            says("i = 1.0", "bool", values![true, false]),
            says("s || i", "str", values!["11", "910"]),
        ],
    )?;
    says_all(
        t,
        &table!("u:ulong,n:long"; [5, -7], [1, 1])?,
        &[
            says("u > n", "bool", values![true, false]),
            says("u > -1", "bool", values![true, true]),
            says("u + n", "decimal(21)", values![-2, 2]),
        ],
    )
}

/// A whole number or decimal by zero is an error, as is the least whole number by -1 and without its sign; floats go by IEEE.
pub fn a_division_by_zero_is_an_error(t: &Bench) -> Outcome {
    let table = table!("a:long,z:long,x:double,n:double,d:decimal(9,2)"; [i64::MIN, 0, 1.0, 0.0, 100])?;
    let lane = Lane::plain();
    for wrong in ["a / z", "a % z", "d / (d - d)", "a / -1", "abs(a)"] {
        let answer = query(t, &lane, &format!("SELECT {wrong} AS c FROM t"), &[("t", &table)])
            .and_then(|answer| Ok(blocking::wait(answer.collect())?));
        ensure(answer.is_err(), || format!("{wrong} was computed"))?;
    }
    says_all(
        t,
        &table,
        &[
            says("a / NULLIF(z, 0)", "long", values![()]),
            says("x / n", "double", values![f64::INFINITY]),
            says("isnan(n / n)", "bool", values![true]),
            says("a / 2", "long", values![i64::MIN / 2]),
        ],
    )
}

/// The root of a negative number is an error.
pub fn a_root_of_a_negative_number_is_an_error(t: &Bench) -> Outcome {
    let table = table!("x:double"; [-4.0])?;
    let answer = query(t, &Lane::plain(), "SELECT sqrt(x) AS c FROM t", &[("t", &table)])
        .and_then(|answer| Ok(blocking::wait(answer.collect())?));
    ensure(answer.is_err(), || "sqrt(-4) was computed".to_owned())?;
    says_all(t, &table, &[says("sqrt(-x)", "double", values![2.0])])
}

/// Every NaN is the value of its bits: positive ones are above infinity, negative ones below all. Zeros are equal.
pub fn floats_go_by_their_bits(t: &Bench) -> Outcome {
    let (nan, negative) = (f64::NAN, -f64::NAN);
    let table = table!("x:double,k:int"; [nan, 1], [negative, 2], [f64::INFINITY, 3], [-0.0, 4], [0.0, 5], [nan, 6])?;
    says_all(
        t,
        &table,
        &[
            says("x = x", "bool", values![true, true, true, true, true, true]),
            says("x > 1e308", "bool", values![true, false, true, false, false, true]),
            says("x < -1e308", "bool", values![false, true, false, false, false, false]),
            says("isnan(x)", "bool", values![true, true, false, false, false, true]),
        ],
    )?;
    answers(
        t,
        &[("t", &table)],
        &[
            ("SELECT count(*) AS n, min(k) AS k FROM t GROUP BY x", table!("n:long,k:int"; [2, 1], [1, 2], [1, 3], [2, 4])?),
            ("SELECT l.k AS k, r.k AS r FROM t l JOIN t r ON l.x = r.x WHERE l.k < r.k", table!("k:int,r:int"; [1, 6], [4, 5])?),
            ("SELECT count(DISTINCT x) AS n FROM t", table!("n:long"; [4])?),
            ("SELECT k FROM t WHERE k IN (1, 2, 3) ORDER BY x LIMIT 1", table!("k:int"; [2])?),
            ("SELECT k FROM t WHERE k IN (1, 2, 3) ORDER BY x DESC LIMIT 1", table!("k:int"; [1])?),
        ],
    )
}

/// `round` is half away from zero, of the value that the float has and not of the text that it is written as; `floor` and `ceil` keep digits.
pub fn rounding_is_of_the_binary_value(t: &Bench) -> Outcome {
    let table = table!("x:double"; [0.5], [2.5], [-2.5], [1.005], [()])?;
    says_all(
        t,
        &table,
        &[
            says("round(x)", "double", values![1.0, 3.0, -3.0, 1.0, ()]),
            says("round(x, 2)", "double", values![0.5, 2.5, -2.5, 1.0, ()]),
            says("round(x * 10, -1)", "double", values![10.0, 30.0, -30.0, 10.0, ()]),
        ],
    )?;
    let table = table!("i:int,m:decimal(9,2)"; [7, 150], [(), -150])?;
    says_all(
        t,
        &table,
        &[
            says("floor(i)", "double", values![7.0, ()]),
            says("ceil(i)", "double", values![7.0, ()]),
            says("floor(m)", "decimal(9,2)", values![100, -200]),
        ],
    )
}

/// A quantile between two values goes in a millionth of the way, and no finer; medians are exact.
pub fn quantiles_go_in_steps(t: &Bench) -> Outcome {
    let table = table!("i:int,x:double,y:double"; [1, 1.0, 0.0], [2, 2.0, 3e9], [5, 5.0, ()], [9, 9.0, ()], [(), (), ()])?;
    says_of_all(
        t,
        &table,
        &[
            says("median(i)", "double", values![3.5]),
            says("median(x)", "double", values![3.5]),
            says("percentile_cont(x, 0.25)", "double", values![1.75]),
            says("percentile_cont(y, 0.3333333333333333)", "double", values![999_999_000.0]),
        ],
    )
}

/// The least and the greatest of floats with a NaN among them are some of the values; without one they are what they are.
pub fn extremes_of_floats_with_nan_are_any(t: &Bench) -> Outcome {
    let table = table!("k:int,x:double"; [1, 2.5], [1, f64::NAN], [1, 1.0], [2, 3.0], [2, -4.0], [2, ()])?;
    t.on_each_lane(|lane| {
        let answer = query(t, lane, "SELECT k, min(x) AS l, max(x) AS g FROM t GROUP BY k", &[("t", &table)])?;
        let mut rows = t.collect(&answer)?.rows;
        rows.sort();
        let some = |value: &OwnValue| values![2.5, f64::NAN, 1.0].contains(value);
        let right = rows.len() == 2 && some(&rows[0][1]) && some(&rows[0][2]) && rows[1] == values![2, -4.0, 3.0];
        ensure(right, || format!("{rows:?} are not of the groups' values"))
    })
}

/// A sum of decimals has ten digits more than its values.
pub fn sums_of_decimals_grow_by_ten_digits(t: &Bench) -> Outcome {
    let table = table!("d:decimal(5,2),e:decimal(38,2)"; [99_999, 1], [1, 2], [(), ()])?;
    says_of_all(
        t,
        &table,
        &[
            says("sum(d)", "decimal(15,2)", values![100_000]),
            says("sum(e)", "decimal(38,2)", values![3]),
            says("avg(d)", "decimal(9,6)", values![500_000_000]),
        ],
    )
}

/// Nulls are last upwards and first downwards, unless the query says where; the order of a query is that of its rows.
pub fn nulls_sort_last_upwards_and_first_downwards(t: &Bench) -> Outcome {
    let table = table!("a:int,s:str"; [2, "b"], [(), "z"], [1, "a"], [3, ()])?;
    let column = |values: Vec<OwnValue>| values.into_iter().map(|v| vec![v]).collect::<Vec<_>>();
    t.on_each_lane(|lane| {
        let frame = t.frame(lane, &table)?;
        for (order, expected) in [
            ("a", values![1, 2, 3, ()]),
            ("a DESC", values![(), 3, 2, 1]),
            ("a NULLS FIRST", values![(), 1, 2, 3]),
            ("a DESC NULLS LAST", values![3, 2, 1, ()]),
            ("s", values![1, 2, (), 3]),
            ("s DESC, a", values![3, (), 2, 1]),
        ] {
            let answer = asked(t, lane, &format!("SELECT a FROM t ORDER BY {order}"), [("t", &frame)])?;
            let expected = Table::new(answer.schema().clone(), column(expected));
            let got = t.collect(&answer)?;
            let compare = if lane.native == 0 { Compare::exact().ordered() } else { Compare::exact() };
            compare.tables(&expected, &got).map_err(|e| Failure::from(e).while_trying(order))?;
            let first = asked(t, lane, &format!("SELECT a FROM t ORDER BY {order} LIMIT 1"), [("t", &frame)])?;
            t.same(&Table::new(expected.schema.clone(), expected.rows[..1].to_vec()), &first)
                .map_err(|e| e.while_trying(order))?;
        }
        Ok(())
    })
}

/// `concat` leaves nulls out; `||` gives null.
pub fn concat_skips_nulls(t: &Bench) -> Outcome {
    says_all(
        t,
        &table!("s:str,r:str"; ["a", "b"], ["a", ()], [(), ()])?,
        &[
            says("concat(s, '-', r)", "str", values!["a-b", "a-", "-"]),
            says("s || '-' || r", "str", values!["a-b", (), ()]),
            says("concat_ws(',', s, r)", "str", values!["a,b", "a", ""]),
        ],
    )
}

/// The first character has the number one; nothing found is zero.
pub fn text_counts_from_one(t: &Bench) -> Outcome {
    let table = table!("s:str"; ["中国ab"], ["b"], [""], [()])?;
    says_all(
        t,
        &table,
        &[
            says("substr(s, 1, 2)", "str", values!["中国", "b", "", ()]),
            says("substring(s FROM 3)", "str", values!["ab", "", "", ()]),
            says("substr(s, 0, 2)", "str", values!["中", "b", "", ()]),
            says("strpos(s, 'b')", "int", values![4, 1, 0, ()]),
            says("position('国' IN s)", "int", values![2, 0, 0, ()]),
            says("length(s)", "int", values![4, 1, 0, ()]),
            says("left(s, 1)", "str", values!["中", "b", "", ()]),
            says("right(s, 2)", "str", values!["ab", "b", "", ()]),
        ],
    )
}

/// Floats and moments as text are written as Arrow writes them.
pub fn text_of_floats_and_moments(t: &Bench) -> Outcome {
    let table =
        table!("x:double,at:datetime,d:date,b:bool"; [1.0, 1_577_934_245_000_000_i64, 18_263, true], [1e20, (), (), false])?;
    says_all(
        t,
        &table,
        &[
            says("CAST(x AS VARCHAR)", "str", values!["1.0", "1e20"]),
            says("CAST(at AS VARCHAR)", "str", values!["2020-01-02T03:04:05", ()]),
            says("CAST(d AS VARCHAR)", "str", values!["2020-01-02", ()]),
            says("CAST(b AS VARCHAR)", "str", values!["true", "false"]),
        ],
    )
}

/// In a pattern of LIKE a backslash takes the meaning of the sign after it.
pub fn a_backslash_escapes_in_like(t: &Bench) -> Outcome {
    let table = table!("s:str"; ["a%b"], ["axb"], ["A%B"], [()])?;
    says_all(
        t,
        &table,
        &[
            says("s LIKE 'a%b'", "bool", values![true, true, false, ()]),
            says("s LIKE 'a\\%b'", "bool", values![true, false, false, ()]),
            says("s LIKE 'a_b'", "bool", values![true, true, false, ()]),
            says("s NOT LIKE 'a%'", "bool", values![false, false, true, ()]),
            says("s ILIKE 'a\\%b'", "bool", values![true, false, true, ()]),
            says("s ~ '^a.b$'", "bool", values![true, true, false, ()]),
        ],
    )
}

/// `regexp_replace` takes the first match, and all with the flag `g`.
pub fn regexp_replace_is_of_the_first_match(t: &Bench) -> Outcome {
    says_all(
        t,
        &table!("s:str"; ["abcabc"], [()])?,
        &[
            says("regexp_replace(s, 'b.', '-')", "str", values!["a-abc", ()]),
            says("regexp_replace(s, 'b.', '-', 'g')", "str", values!["a-a-", ()]),
            says("regexp_like(s, 'C', 'i')", "bool", values![true, ()]),
        ],
    )
}

/// The parts of dates: `dow` counts from Sunday, which is zero.
pub fn weeks_begin_on_sunday_in_dow(t: &Bench) -> Outcome {
    // 2020-01-05 was a Sunday.
    let table = table!("d:date,at:datetime"; [18_266, 1_578_193_445_123_456_i64], [18_267, ()])?;
    says_all(
        t,
        &table,
        &[
            says("date_part('dow', d)", "int", values![0, 1]),
            says("date_part('year', d)", "int", values![2020, 2020]),
            says("extract(doy FROM d)", "int", values![5, 6]),
            says("date_part('hour', at)", "int", values![3, ()]),
            says("date_part('second', at)", "int", values![5, ()]),
            says("date_trunc('month', at)", "datetime", values![1_577_836_800_000_000_i64, ()]),
        ],
    )
}

/// A number added to a date is days; two dates are days apart; an interval is added as it is.
pub fn a_date_and_a_number_is_a_date(t: &Bench) -> Outcome {
    says_all(
        t,
        &table!("d:date,e:date"; [18_263, 18_260], [18_292, ()])?,
        &[
            says("d + 1", "date", values![18_264, 18_293]),
            says("d - 1", "date", values![18_262, 18_291]),
            says("d - e", "long", values![3, ()]),
            says("d + INTERVAL '1 month'", "date", values![18_294, 18_321]),
            says("d > DATE '2020-01-05'", "bool", values![false, true]),
        ],
    )
}

/// `first_value` without an order gives some value of the group.
pub fn first_without_an_order_is_any(t: &Bench) -> Outcome {
    let table = table!("k:str,a:int"; ["x", 1], ["x", 2], ["y", 3])?;
    t.on_each_lane(|lane| {
        let answer = query(t, lane, "SELECT k, first_value(a) AS a FROM t GROUP BY k", &[("t", &table)])?;
        let rows = t.collect(&answer)?.rows;
        let known = |row: &Vec<OwnValue>| table.rows.contains(row);
        ensure(rows.len() == 2 && rows.iter().all(known), || format!("{rows:?} are no values of the two groups"))
    })
}

/// Moments are nanoseconds where a query makes them; what is no whole microsecond in the end is an error.
pub fn nanoseconds_must_be_whole_microseconds(t: &Bench) -> Outcome {
    let table = table!("a:int"; [1])?;
    says_all(
        t,
        &table,
        &[
            says("TIMESTAMP '2020-01-02 03:04:05.123456'", "datetime", values![1_577_934_245_123_456_i64]),
            says("to_timestamp_nanos(1000)", "datetime", values![1]),
        ],
    )?;
    let odd = query(t, &Lane::plain(), "SELECT to_timestamp_nanos(a) AS c FROM t", &[("t", &table)])
        .and_then(|answer| Ok(blocking::wait(answer.collect())?));
    ensure(odd.is_err(), || "a nanosecond became a microsecond without a word".to_owned())
}

/// The key of a RIGHT or FULL JOIN with USING is that of the left side (datafusion#22881).
pub fn using_gives_the_left_key(t: &Bench) -> Outcome {
    let left = table!("k:str,a:int"; ["x", 1], ["y", 2])?;
    let right = table!("k:str,b:int"; ["y", 10], ["z", 20])?;
    let expected = table!("k:str,a:int,b:int"; ["x", 1, ()], ["y", 2, 10], [(), (), 20])?;
    answers(
        t,
        &[("l", &left), ("r", &right)],
        &[
            ("SELECT k, a, b FROM l FULL JOIN r USING (k)", expected),
            ("SELECT k, a, b FROM l RIGHT JOIN r USING (k)", table!("k:str,a:int,b:int"; ["y", 2, 10], [(), (), 20])?),
            ("SELECT k, a, b FROM l JOIN r USING (k)", table!("k:str,a:int,b:int"; ["y", 2, 10])?),
        ],
    )
}

/// EXCEPT ALL and INTERSECT ALL do not count: each row of the left side is there, or is not, as often as it stands there.
pub fn except_all_does_not_count(t: &Bench) -> Outcome {
    let left = table!("v:int"; [1], [1], [2], [2], [2], [3])?;
    let right = table!("v:int"; [2], [4])?;
    answers(
        t,
        &[("l", &left), ("r", &right)],
        &[
            ("SELECT v FROM l EXCEPT ALL SELECT v FROM r", table!("v:int"; [1], [1], [3])?),
            ("SELECT v FROM l INTERSECT ALL SELECT v FROM r", table!("v:int"; [2], [2], [2])?),
        ],
    )
}
