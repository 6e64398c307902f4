//! Values in queries: literals, functions, and the types that come out, which are always of the contract's table.

use super::super::columns::values;
use super::super::support::table;
use super::{says, says_all, says_of_all};
use crate::bench::Bench;
use crate::failure::Outcome;
use crate::value::OwnValue;

/// Literals and what they are.
pub fn literals_of_queries(t: &Bench) -> Outcome {
    // 2020-01-02 is the 18,263rd day.
    let micros = 1_577_934_245_000_000_i64;
    says_all(
        t,
        &table!("a:int"; [1])?,
        &[
            says("7", "long", values![7]),
            says("-9223372036854775808", "long", values![i64::MIN]),
            says("1.5", "double", values![1.5]),
            says("1e3", "double", values![1_000.0]),
            says("'x'", "str", values!["x"]),
            says("TRUE", "bool", values![true]),
            says("CAST(NULL AS INT)", "int", values![()]),
            says("DATE '2020-01-02'", "date", values![18_263]),
            says("TIMESTAMP '2020-01-02 03:04:05'", "datetime", values![micros]),
            says("CAST('1.50' AS DECIMAL(5,2))", "decimal(5,2)", values![150]),
            says("CAST('3' AS SMALLINT)", "short", values![3]),
            says("CAST(3 AS REAL)", "float", values![3.0]),
            says("X'00ff'", "bytes", vec![OwnValue::Bytes(vec![0, 255])]),
        ],
    )
}

/// The types of results are those of the closed table, whatever the planner has inside: no views, no dictionaries, no other units.
pub fn types_of_results_are_canonical(t: &Bench) -> Outcome {
    let table = table!("a:int,u:uint,s:str,d:decimal(9,2),x:double,at:datetime,day:date"; [3, 4, "é", 150, 0.5, 1_000_000, 1])?;
    let list = |cells: Vec<OwnValue>| vec![OwnValue::List(cells)];
    says_of_all(
        t,
        &table,
        &[
            says("count(*)", "long", values![1]),
            says("sum(a)", "long", values![3]),
            says("sum(u)", "ulong", values![4]),
            says("avg(a)", "double", values![3.0]),
            says("min(s)", "str", values!["é"]),
            says("max(at)", "datetime", values![1_000_000]),
            says("min(day)", "date", values![1]),
            says("array_agg(a)", "[int]", list(values![3])),
            says("max(upper(s) || 'x')", "str", values!["Éx"]),
            says("count(DISTINCT s)", "long", values![1]),
        ],
    )?;
    says_all(
        t,
        &table,
        &[
            says("a + a", "int", values![6]),
            says("a + 1", "long", values![4]),
            says("u + a", "long", values![7]),
            says("a * 0.5", "double", values![1.5]),
            says("a > 1", "bool", values![true]),
            says("length(s)", "int", values![1]),
            says("date_trunc('day', at)", "datetime", values![0]),
            says("now() > at", "bool", values![true]),
            says("rank() OVER (ORDER BY a)", "ulong", values![1]),
            says("CASE WHEN a > 0 THEN s END", "str", values!["é"]),
            says("make_array(a, 2)", "[long]", list(values![3, 2])),
            says("named_struct('x', a, 'y', s)", "{x:int,y:str}", vec![OwnValue::Struct(values![3, "é"])]),
            says("arrow_cast('k', 'Dictionary(Int32, Utf8)')", "str", values!["k"]),
            says("arrow_cast(at, 'Timestamp(Millisecond, None)')", "datetime", values![1_000_000]),
        ],
    )
}

/// Whole numbers divide towards zero, a remainder has the sign of its dividend, and too much wraps.
pub fn whole_numbers_divide_towards_zero(t: &Bench) -> Outcome {
    let table = table!("a:long,b:long,i:int"; [7, 2, 7], [-7, 2, -7], [7, -3, i32::MAX], [i64::MAX, 1, ()], [(), 1, 1])?;
    says_all(
        t,
        &table,
        &[
            says("a / b", "long", values![3, -3, -2, i64::MAX, ()]),
            says("a % b", "long", values![1, -1, 1, 0, ()]),
            says("a + 1", "long", values![8, -6, 8, i64::MIN, ()]),
            says("i / 2", "long", values![3, -3, 1_073_741_823, (), 0]),
            says("i * CAST(2 AS INT)", "int", values![14, -14, -2, (), 2]),
            says("-a", "long", values![-7, 7, -7, -i64::MAX, ()]),
            says("a / CAST(2 AS DOUBLE)", "double", values![3.5, -3.5, 3.5, 4_611_686_018_427_387_904.0, ()]),
        ],
    )
}

/// Decimals keep their digits: scales add up in products, quotients have four more and are cut.
pub fn decimals_of_queries_are_exact(t: &Bench) -> Outcome {
    let table = table!("d:decimal(9,2),e:decimal(5,3)"; [1_050, 1_125], [-100, 3_000], [(), 1_000])?;
    says_all(
        t,
        &table,
        &[
            says("d + e", "decimal(11,3)", values![11_625, 2_000, ()]),
            says("d - e", "decimal(11,3)", values![9_375, -4_000, ()]),
            says("d * e", "decimal(15,5)", values![1_181_250, -300_000, ()]),
            says("d / e", "decimal(16,6)", values![9_333_333, -333_333, ()]),
            says("d > e", "bool", values![true, false, ()]),
            says("CAST(e AS DECIMAL(5,1))", "decimal(5,1)", values![11, 30, 10]),
        ],
    )
}

/// Sums of narrow numbers are wide; of nothing they are null, and a count is zero.
pub fn aggregates_of_queries(t: &Bench) -> Outcome {
    let table = table!("i:int,u:uint,x:float,s:str,z:long"; [i32::MAX, 1, 0.5, "a", ()], [i32::MAX, 2, 0.25, "b", ()], [1, (), (), (), ()])?;
    says_of_all(
        t,
        &table,
        &[
            says("sum(i)", "long", values![4_294_967_295_i64]),
            says("sum(u)", "ulong", values![3]),
            says("sum(x)", "double", values![0.75]),
            says("sum(DISTINCT i)", "long", values![2_147_483_648_i64]),
            says("avg(u)", "double", values![1.5]),
            says("sum(z)", "long", values![()]),
            says("count(z)", "long", values![0]),
            says("max(z)", "long", values![()]),
            says("count(s)", "long", values![2]),
            says("count(*) FILTER (WHERE i > 1)", "long", values![2]),
            says("sum(i) FILTER (WHERE u > 9)", "long", values![()]),
            says("string_agg(s, ',' ORDER BY s DESC)", "str", values!["b,a"]),
            says("bool_and(i > 1)", "bool", values![false]),
            says("stddev(u)", "double", values![0.5_f64.sqrt()]),
            says("var_pop(u)", "double", values![0.25]),
            says("stddev(z)", "double", values![()]),
            says("first_value(s ORDER BY i, u DESC NULLS LAST)", "str", values![()]),
            says("last_value(u ORDER BY i, s)", "uint", values![2]),
        ],
    )
}

/// Functions of text and numbers that queries have; characters are characters, not bytes.
pub fn functions_of_queries(t: &Bench) -> Outcome {
    let table = table!("s:str,x:double,i:int"; [" é a ", -2.25, -4], ["中国中国", 9.0, 9], ["", 0.0, 0], [(), (), ()])?;
    says_all(
        t,
        &table,
        &[
            says("length(s)", "int", values![5, 4, 0, ()]),
            says("octet_length(s)", "int", values![6, 12, 0, ()]),
            says("upper(s)", "str", values![" É A ", "中国中国", "", ()]),
            says("trim(s)", "str", values!["é a", "中国中国", "", ()]),
            says("reverse(s)", "str", values![" a é ", "国中国中", "", ()]),
            says("replace(s, '国', '-')", "str", values![" é a ", "中-中-", "", ()]),
            says("s || '!'", "str", values![" é a !", "中国中国!", "!", ()]),
            says("split_part(s, ' ', 2)", "str", values!["é", "", "", ()]),
            says("lpad(s, 3, '*')", "str", values![" é ", "中国中", "***", ()]),
            says("starts_with(s, '中')", "bool", values![false, true, false, ()]),
            says("abs(i)", "int", values![4, 9, 0, ()]),
            says("ceil(x)", "double", values![-2.0, 9.0, 0.0, ()]),
            says("floor(x)", "double", values![-3.0, 9.0, 0.0, ()]),
            says("sqrt(abs(x))", "double", values![1.5, 3.0, 0.0, ()]),
            says("power(x, 2)", "double", values![5.0625, 81.0, 0.0, ()]),
            says("greatest(i, 1)", "long", values![1, 9, 1, 1]),
            says("least(i, 1)", "long", values![-4, 1, 0, 1]),
            says("TRY_CAST(s AS INT)", "int", values![(), (), (), ()]),
            says("CAST(i AS VARCHAR)", "str", values!["-4", "9", "0", ()]),
            says("CAST(x AS BIGINT)", "long", values![-2, 9, 0, ()]),
        ],
    )
}
