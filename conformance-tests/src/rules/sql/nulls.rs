//! Null in queries: three-valued logic, lists and subqueries, and sets of rows.

use std::time::Duration;

use fugue_core::{ErrorKind, blocking};

use super::super::columns::values;
use super::super::support::table;
use super::{answers, query, says, says_all};
use crate::bench::Bench;
use crate::failure::{Outcome, expect_error};

/// What is unknown stays unknown through comparisons and logic, and is taken for false by WHERE, HAVING and CASE alone.
pub fn unknown_is_neither_true_nor_false(t: &Bench) -> Outcome {
    let table = table!("p:bool,q:bool,a:int"; [true, (), 1], [false, (), ()], [(), (), 2], [(), true, ()], [(), false, 0])?;
    says_all(
        t,
        &table,
        &[
            says("p AND q", "bool", values![(), false, (), (), false]),
            says("p OR q", "bool", values![true, (), (), true, ()]),
            says("NOT p", "bool", values![false, true, (), (), ()]),
            says("a = NULL", "bool", values![(), (), (), (), ()]),
            says("a <> 1", "bool", values![false, (), true, (), true]),
            says("a IS NULL", "bool", values![false, true, false, true, false]),
            says("p IS NOT TRUE", "bool", values![false, true, true, true, true]),
            says("q IS UNKNOWN", "bool", values![true, true, true, false, false]),
            says("p IS DISTINCT FROM q", "bool", values![true, true, false, true, true]),
            says("p IS NOT DISTINCT FROM q", "bool", values![false, false, true, false, false]),
            says("a BETWEEN 1 AND NULL", "bool", values![(), (), (), (), false]),
            says(
                "CASE WHEN a > 0 THEN 'yes' WHEN NOT (a > 0) THEN 'no' ELSE 'who knows' END",
                "str",
                values!["yes", "who knows", "yes", "who knows", "no"],
            ),
            says("coalesce(a, -1)", "long", values![1, -1, 2, -1, 0]),
            says("nullif(a, 2)", "long", values![1, (), (), (), 0]),
        ],
    )?;
    answers(
        t,
        &[("t", &table)],
        &[
            ("SELECT a FROM t WHERE NOT (a > 0)", table!("a:int"; [0])?),
            ("SELECT count(*) AS n FROM t WHERE p OR NOT p", table!("n:long"; [2])?),
            ("SELECT p, sum(a) AS s FROM t GROUP BY p HAVING sum(a) > 0", table!("p:bool,s:long"; [true, 1], [(), 2])?),
        ],
    )
}

/// D99: a list with a null holds nothing that is not in it for certain.
pub fn not_in_a_list_with_null(t: &Bench) -> Outcome {
    let table = table!("a:int,s:str"; [1, "x"], [2, "y"], [(), ()])?;
    says_all(
        t,
        &table,
        &[
            says("a IN (1, 3)", "bool", values![true, false, ()]),
            says("a IN (1, NULL)", "bool", values![true, (), ()]),
            says("a NOT IN (1, NULL)", "bool", values![false, (), ()]),
            says("a NOT IN (3, 4)", "bool", values![true, true, ()]),
            says("s NOT IN ('x', NULL)", "bool", values![false, (), ()]),
            says("NULL IN (1, 2)", "bool", values![(), (), ()]),
        ],
    )?;
    answers(
        t,
        &[("t", &table)],
        &[
            ("SELECT a FROM t WHERE a NOT IN (1, NULL)", table!("a:int";)?),
            ("SELECT a FROM t WHERE a NOT IN (1, 7)", table!("a:int"; [2])?),
            ("SELECT a FROM t WHERE NOT (s IN ('x', NULL))", table!("a:int";)?),
        ],
    )
}

/// D99: the same for the rows of a subquery, whatever join the engine makes of it; one without rows holds nothing, not even null.
pub fn not_in_a_subquery_with_null(t: &Bench) -> Outcome {
    let left = table!("a:int,b:str"; [1, "x"], [2, "y"], [3, ()], [(), "z"])?;
    let right = table!("c:int,d:str"; [1, "x"], [(), "y"], [5, ()])?;
    answers(
        t,
        &[("l", &left), ("r", &right)],
        &[
            ("SELECT a FROM l WHERE a IN (SELECT c FROM r)", table!("a:int"; [1])?),
            ("SELECT a FROM l WHERE a NOT IN (SELECT c FROM r)", table!("a:int";)?),
            ("SELECT a FROM l WHERE a NOT IN (SELECT c FROM r WHERE c IS NOT NULL)", table!("a:int"; [2], [3])?),
            ("SELECT a FROM l WHERE a NOT IN (SELECT c FROM r WHERE c > 9)", table!("a:int"; [1], [2], [3], [()])?),
            ("SELECT b FROM l WHERE b NOT IN (SELECT d FROM r)", table!("b:str";)?),
            ("SELECT b FROM l WHERE b NOT IN (SELECT d FROM r WHERE d <> 'y')", table!("b:str"; ["y"], ["z"])?),
            ("SELECT a FROM l WHERE NOT EXISTS (SELECT 1 FROM r WHERE c = a)", table!("a:int"; [2], [3], [()])?),
            ("SELECT a FROM l WHERE EXISTS (SELECT 1 FROM r WHERE c = a OR d = b)", table!("a:int"; [1], [2])?),
        ],
    )
}

/// A subquery of one row is its value, one of no row is null.
pub fn a_subquery_is_a_value(t: &Bench) -> Outcome {
    let left = table!("k:str,a:int"; ["x", 1], ["y", 5], ["z", 9])?;
    let right = table!("k:str,b:int"; ["x", 3], ["y", 7], ["y", 4])?;
    answers(
        t,
        &[("l", &left), ("r", &right)],
        &[
            ("SELECT a FROM l WHERE a > (SELECT min(b) FROM r)", table!("a:int"; [5], [9])?),
            ("SELECT a, (SELECT b FROM r WHERE b = 3) AS b FROM l WHERE a = 1", table!("a:int,b:int"; [1, 3])?),
            ("SELECT a, (SELECT b FROM r WHERE b > 99) AS b FROM l WHERE a = 1", table!("a:int,b:int"; [1, ()])?),
            (
                "SELECT k, (SELECT max(b) FROM r WHERE r.k = l.k) AS m FROM l",
                table!("k:str,m:int"; ["x", 3], ["y", 7], ["z", ()])?,
            ),
            (
                "SELECT k, (SELECT count(*) FROM r WHERE r.k = l.k) AS n FROM l",
                table!("k:str,n:long"; ["x", 1], ["y", 2], ["z", 0])?,
            ),
        ],
    )
}

/// D98: a subquery of several rows is no value; not where few rows are, and not where nobody looks at the value.
pub fn a_value_of_several_rows_is_an_error(t: &Bench) -> Outcome {
    let left = table!("k:str,a:int"; ["x", 1], ["y", 5])?;
    let right = table!("k:str,b:int"; ["x", 3], ["x", 3], ["y", 4])?;
    t.on_each_lane(|lane| {
        for text in [
            "SELECT a, (SELECT b FROM r) AS b FROM l",
            "SELECT a FROM l WHERE a > (SELECT b FROM r)",
            "SELECT a FROM l WHERE a > (SELECT b FROM r WHERE r.k = 'x')",
            "SELECT a, (SELECT b FROM r WHERE r.k = 'x') + 1 AS b FROM l",
        ] {
            let frames = [t.frame(lane, &left)?, t.frame(lane, &right)?];
            let answer = blocking::wait(t.session(lane)?.sql(text, [("l", &frames[0]), ("r", &frames[1])]));
            let rows = answer.and_then(|answer| blocking::wait(answer.collect()));
            expect_error(rows, &[ErrorKind::EngineFailed, ErrorKind::ValueInvalid, ErrorKind::SqlInvalid], text)?;
        }
        Ok(())
    })
}

/// Sets of rows: nulls are equal, and each row comes once unless ALL is said.
pub fn sets_of_rows(t: &Bench) -> Outcome {
    let left = table!("a:int,b:str"; [1, "x"], [1, "x"], [2, ()], [2, ()], [3, "z"])?;
    let right = table!("a:int,b:str"; [2, ()], [3, "z"], [3, "z"], [4, "w"])?;
    answers(
        t,
        &[("l", &left), ("r", &right)],
        &[
            ("SELECT * FROM l UNION SELECT * FROM r", table!("a:int,b:str"; [1, "x"], [2, ()], [3, "z"], [4, "w"])?),
            ("SELECT * FROM l EXCEPT SELECT * FROM r", table!("a:int,b:str"; [1, "x"])?),
            ("SELECT * FROM l INTERSECT SELECT * FROM r", table!("a:int,b:str"; [2, ()], [3, "z"])?),
            ("SELECT a FROM l UNION ALL SELECT a FROM r", table!("a:int"; [1], [1], [2], [2], [3], [2], [3], [3], [4])?),
        ],
    )
}

/// The sides of a union meet by the places of their columns and at the types that they have in common; the names are those of the first.
pub fn unions_meet_at_common_types(t: &Bench) -> Outcome {
    let left = table!("a:int,b:str"; [1, "x"], [3, "z"])?;
    let right = table!("p:long,q:str"; [7, "y"])?;
    answers(
        t,
        &[("l", &left), ("r", &right)],
        &[
            ("SELECT a AS x, b FROM l UNION ALL SELECT * FROM r", table!("x:long,b:str"; [1, "x"], [3, "z"], [7, "y"])?),
            ("SELECT q FROM r UNION SELECT b FROM l", table!("q:str"; ["x"], ["y"], ["z"])?),
        ],
    )
}

/// A row of literals is united with rows of a frame, before long.
pub fn unions_take_rows_of_literals(t: &Bench) -> Outcome {
    let left = table!("a:int,b:str"; [1, "x"], [3, "z"])?;
    t.on_each_lane(|lane| {
        let text = "SELECT a AS x, b FROM l WHERE a = 3 UNION ALL SELECT 7, 'y'";
        let answer = query(t, lane, text, &[("l", &left)])?.deadline(Duration::from_secs(30));
        t.same(&table!("x:long,b:str"; [3, "z"], [7, "y"])?, &answer)
    })
}

/// INTERSECT binds before EXCEPT and UNION, which go from left to right; each keeps its own ALL.
pub fn chains_of_sets_go_by_precedence(t: &Bench) -> Outcome {
    let (a, b, c) = (table!("v:int"; [1], [1], [2], [3])?, table!("v:int"; [2], [3])?, table!("v:int"; [3], [4])?);
    answers(
        t,
        &[("a", &a), ("b", &b), ("c", &c)],
        &[
            ("SELECT v FROM a EXCEPT SELECT v FROM b UNION SELECT v FROM c", table!("v:int"; [1], [3], [4])?),
            ("SELECT v FROM a EXCEPT (SELECT v FROM b UNION SELECT v FROM c)", table!("v:int"; [1])?),
            ("SELECT v FROM a EXCEPT SELECT v FROM b INTERSECT SELECT v FROM c", table!("v:int"; [1], [2])?),
            ("SELECT v FROM a UNION SELECT v FROM b INTERSECT SELECT v FROM c", table!("v:int"; [1], [2], [3])?),
            ("(SELECT v FROM a UNION SELECT v FROM b) INTERSECT SELECT v FROM c", table!("v:int"; [3])?),
            ("SELECT v FROM a EXCEPT SELECT v FROM b EXCEPT SELECT v FROM c", table!("v:int"; [1])?),
            ("SELECT v FROM a EXCEPT (SELECT v FROM b EXCEPT SELECT v FROM c)", table!("v:int"; [1], [3])?),
            ("SELECT v FROM a UNION SELECT v FROM b UNION ALL SELECT v FROM c", table!("v:int"; [1], [2], [3], [3], [4])?),
            ("SELECT v FROM a UNION ALL SELECT v FROM b UNION SELECT v FROM c", table!("v:int"; [1], [2], [3], [4])?),
        ],
    )
}
