//! Names in queries: what is a name, what is text, and what letter case means.

use fugue_core::{ErrorKind, Schema, Type};

use super::super::support::table;
use super::{answers, asked, query};
use crate::bench::Bench;
use crate::failure::{Outcome, ensure, expect_error};
use crate::generate::Lane;
use crate::value::{OwnValue, Table};

/// D58, 17:13: columns and frames keep the case of their names, quoted or not; words of the language and functions do not mind it.
pub fn names_are_case_sensitive(t: &Bench) -> Outcome {
    let small = table!("a:long,A:long,Ab:str"; [1, 10, "x"], [2, 20, "y"])?;
    let great = table!("a:long"; [7])?;
    let lane = Lane::plain();
    answers(
        t,
        &[("t", &small), ("T", &great)],
        &[
            ("SELECT a, A, Ab FROM t WHERE A > 10", table!("a:long,A:long,Ab:str"; [2, 20, "y"])?),
            ("select t.a AS x, T.a As X from t Cross Join T where t.A = 10", table!("x:long,X:long"; [1, 7])?),
            ("SELECT \"A\" AS a, `a` AS \"A\" FROM t", table!("a:long,A:long"; [10, 1], [20, 2])?),
            (
                "SELECT Ab, SUM(a) AS S, Sum(A) AS s FROM t GROUP BY Ab",
                table!("Ab:str,S:long,s:long"; ["x", 1, 10], ["y", 2, 20])?,
            ),
        ],
    )?;
    for wrong in ["SELECT AB FROM t", "SELECT ab FROM t", "SELECT \"aB\" FROM t", "SELECT T.A FROM T", "SELECT a FROM \"Tt\""] {
        let frame = t.frame(&lane, &small)?;
        let result = fugue_core::blocking::wait(t.session(&lane)?.sql(wrong, [("t", &frame), ("T", &t.frame(&lane, &great)?)]));
        expect_error(result, &[ErrorKind::SqlInvalid], wrong)?;
    }
    Ok(())
}

/// Names that trip what quotes badly, folds case, trims, or takes a name for a word of the language or a number.
const ODD: [&str; 20] = [
    "a b", " ", "a ", " a", "c *", "*", "`", "\"", "'", "0", "1a", "select", "FROM", "a.b", "a,b", "--", "中国", "é", "🦀", "%s",
];

/// D59, 7.6: any text is a name between double quotes or backticks, where the quote itself is doubled; of columns and of frames.
pub fn any_name_can_be_quoted(t: &Bench) -> Outcome {
    let fields = ODD.iter().map(|name| fugue_core::Field::new(*name, Type::Int64));
    let row: Vec<OwnValue> = (0..ODD.len()).map(|i| OwnValue::Int(i as i128)).collect();
    let table = Table::new(Schema::new(fields)?, vec![row.clone()]);
    let quoted = |name: &str, sign: char| format!("{sign}{}{sign}", name.replace(sign, &format!("{sign}{sign}")));
    t.on_each_lane(|lane| {
        for (sign, from) in [('"', "a.b"), ('`', "my \"table\""), ('"', "from"), ('`', "Größe")] {
            let list = |alias: &str| {
                let one = |name: &&str| format!("t0.{} AS {}", quoted(name, sign), quoted(&format!("{name}{alias}"), sign));
                ODD.iter().map(one).collect::<Vec<_>>().join(", ")
            };
            let from = quoted(from, sign);
            let frame = t.frame(lane, &table)?;
            let name = from.trim_matches(sign).to_owned();
            let same = asked(t, lane, &format!("SELECT {} FROM {from} AS t0", list("")), [(name.as_str(), &frame)])?;
            t.same(&table, &same)?;
            let all = asked(t, lane, &format!("SELECT * FROM {from}"), [(name.as_str(), &frame)])?;
            t.same(&table, &all)?;
            let renamed = asked(t, lane, &format!("SELECT {} FROM {from} AS t0", list(" ")), [(name.as_str(), &frame)])?;
            let wanted = Schema::new(ODD.iter().map(|name| fugue_core::Field::new(format!("{name} "), Type::Int64)))?;
            t.same(&Table::new(wanted, vec![row.clone()]), &renamed)?;
        }
        Ok(())
    })?;
    let left = table!("`a b`:long,` `:long"; [0, 1], [2, 3])?;
    let right = table!("`a b`:long,d:long"; [0, 10], [20, 3])?;
    answers(
        t,
        &[("x y", &left), ("z", &right)],
        &[(
            "SELECT \"x y\".*, d, 2 AS \"c *\" FROM \"x y\" JOIN z ON \"x y\".\"a b\" = z.`a b`",
            table!("`a b`:long,` `:long,d:long,`c *`:long"; [0, 1, 10, 2])?,
        )],
    )
}

/// D59: text stands between single quotes, where a quote is doubled; what stands between double quotes is a name.
pub fn text_stands_in_single_quotes(t: &Bench) -> Outcome {
    let table = table!("x:str,`y z`:str"; ["v", "w"])?;
    answers(
        t,
        &[("t", &table)],
        &[
            (
                "SELECT 'x' AS a, 'it''s' AS b, '\"' AS c, '' AS d, 'a\\n' AS e, '中国' AS f, '-- no' AS g FROM t",
                table!("a:str,b:str,c:str,d:str,e:str,f:str,g:str"; ["x", "it's", "\"", "", "a\\n", "中国", "-- no"])?,
            ),
            (
                "SELECT x AS a, \"x\" AS b, `y z` AS c, 'x' AS d FROM t -- to the end",
                table!("a:str,b:str,c:str,d:str"; ["v", "v", "w", "x"])?,
            ),
            ("SELECT x FROM t WHERE x = 'v' AND \"y z\" /* w */ <> 'x'", table!("x:str"; ["v"])?),
        ],
    )?;
    let lane = Lane::plain();
    let frame = t.frame(&lane, &table)?;
    let result = fugue_core::blocking::wait(t.session(&lane)?.sql("SELECT \"no text\" AS a FROM t", [("t", &frame)]));
    expect_error(result, &[ErrorKind::SqlInvalid], "a name in the place of a text").map(|_| ())
}

/// 7.6, D60, D61: frames by their names, qualified columns, `==`, ordinals, and names of columns of the result in HAVING and ORDER BY.
pub fn queries_name_columns_in_many_ways(t: &Bench) -> Outcome {
    let table = table!("a:long,b:str"; [1, "x"], [2, "x"], [3, "y"], [5, ()])?;
    answers(
        t,
        &[("df1", &table)],
        &[
            ("SELECT df1.a, b FROM df1 WHERE a<4", table!("a:long,b:str"; [1, "x"], [2, "x"], [3, "y"])?),
            ("SELECT a FROM df1 WHERE b == 'x'", table!("a:long"; [1], [2])?),
            ("SELECT b AS g, sum(a) AS s FROM df1 GROUP BY 1 HAVING s > 2", table!("g:str,s:long"; ["x", 3], ["y", 3], [(), 5])?),
            ("SELECT b AS g, count(*) AS n FROM df1 GROUP BY g ORDER BY 2 DESC, g LIMIT 1", table!("g:str,n:long"; ["x", 2])?),
            ("SELECT other.a AS a FROM df1 AS other (a, c) WHERE other.c IS NULL", table!("a:long"; [5])?),
            ("SELECT * EXCLUDE (a) FROM df1 WHERE a = 3", table!("b:str"; ["y"])?),
        ],
    )?;
    let lane = Lane::plain();
    let unnamed = query(t, &lane, "SELECT a, a + 1 FROM df1", &[("df1", &table)])?;
    let names: Vec<&str> = unnamed.schema().names().collect();
    ensure(names.len() == 2 && names[0] == "a" && !names[1].is_empty(), || format!("the columns have the names {names:?}"))?;
    let twice = query(t, &lane, "SELECT a, a FROM df1", &[("df1", &table)]);
    ensure(twice.is_err(), || "two columns of one name are no frame, and came".to_owned())
}
