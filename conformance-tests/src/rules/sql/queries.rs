//! Whole queries: joins, groupings, common tables, several frames, and queries between verbs and functions.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use fugue_core::blocking;
use fugue_core::expr::{col, sum};

use super::super::run::mapped;
use super::super::support::{example, names, table};
use super::{answers, asked, query};
use crate::bench::Bench;
use crate::failure::{Outcome, ensure};
use crate::functions::of_program;
use crate::generate::Lane;
use crate::oracle::{Program, UNIQUE};

/// Joins by equality, by other conditions, of a frame with itself, and of more than two.
pub fn joins_of_queries(t: &Bench) -> Outcome {
    let left = table!("k:str,a:int"; ["x", 1], ["y", 2], ["y", 3], [(), 4])?;
    let right = table!("k:str,b:int"; ["y", 10], ["z", 20], [(), 30])?;
    answers(
        t,
        &[("l", &left), ("r", &right)],
        &[
            ("SELECT l.k AS k, a, b FROM l JOIN r ON l.k = r.k", table!("k:str,a:int,b:int"; ["y", 2, 10], ["y", 3, 10])?),
            ("SELECT a, b FROM l LEFT JOIN r ON l.k = r.k AND a > 2", table!("a:int,b:int"; [1, ()], [2, ()], [3, 10], [4, ()])?),
            (
                "SELECT coalesce(l.k, r.k) AS k, a, b FROM l FULL JOIN r ON l.k = r.k",
                table!("k:str,a:int,b:int"; ["x", 1, ()], ["y", 2, 10], ["y", 3, 10], [(), 4, ()], ["z", (), 20], [(), (), 30])?,
            ),
            ("SELECT a, b FROM l RIGHT JOIN r ON a * 10 < b AND a > 1", table!("a:int,b:int"; [(), 10], [(), 20], [2, 30])?),
            ("SELECT x.a AS a, y.a AS b FROM l x JOIN l y ON x.k = y.k AND x.a < y.a", table!("a:int,b:int"; [2, 3])?),
            ("SELECT a, b FROM l CROSS JOIN r WHERE a + b = 14", table!("a:int,b:int"; [4, 10])?),
            ("SELECT l.a AS a FROM l, r, l AS m WHERE l.k = r.k AND m.k = r.k AND m.a > l.a", table!("a:int"; [2])?),
            ("SELECT a, b FROM l JOIN r ON l.k IS NOT DISTINCT FROM r.k WHERE l.k IS NULL", table!("a:int,b:int"; [4, 30])?),
            ("SELECT a FROM l LEFT SEMI JOIN r ON l.k = r.k", table!("a:int"; [2], [3])?),
            ("SELECT a FROM l LEFT ANTI JOIN r ON l.k = r.k", table!("a:int"; [1], [4])?),
            (
                "SELECT a, row_number() OVER (ORDER BY c, a) AS n FROM l LEFT JOIN (SELECT k, 5 AS c FROM r) s ON l.k = s.k",
                table!("a:int,n:ulong"; [1, 3], [2, 1], [3, 2], [4, 4])?,
            ),
            (
                "SELECT a FROM l LEFT JOIN (SELECT k, b FROM r WHERE b = 10) s ON l.k = s.k ORDER BY b, a DESC LIMIT 3",
                table!("a:int"; [3], [2], [4])?,
            ),
            (
                "SELECT l.k AS k, count(b) AS n FROM l LEFT JOIN r ON l.k = r.k GROUP BY l.k",
                table!("k:str,n:long"; ["x", 0], ["y", 2], [(), 0])?,
            ),
        ],
    )
}

/// Groups, with nulls as one; several groupings at once; different rows only.
pub fn groupings_of_queries(t: &Bench) -> Outcome {
    let table = table!("k:str,g:int,a:int"; ["x", 1, 1], ["x", 2, 2], [(), 1, 4], [(), 1, 8])?;
    answers(
        t,
        &[("t", &table)],
        &[
            ("SELECT k, sum(a) AS s FROM t GROUP BY k", table!("k:str,s:long"; ["x", 3], [(), 12])?),
            ("SELECT a % 2 AS p, count(*) AS n FROM t GROUP BY a % 2", table!("p:long,n:long"; [1, 1], [0, 3])?),
            ("SELECT DISTINCT k, g FROM t", table!("k:str,g:int"; ["x", 1], ["x", 2], [(), 1])?),
            ("SELECT n FROM (SELECT TRUE AS p, count(*) AS n FROM t) WHERE NOT p", table!("n:long";)?),
            ("SELECT n FROM (SELECT 3 AS p, count(*) AS n FROM t) WHERE p > 2 AND p < 4", table!("n:long"; [4])?),
            (
                "SELECT g, grouping(g) AS z, sum(a) AS s FROM t GROUP BY ROLLUP (g)",
                table!("g:int,z:int,s:long"; [1, 0, 13], [2, 0, 2], [(), 1, 15])?,
            ),
            (
                "SELECT g, k, sum(a) AS s FROM t GROUP BY GROUPING SETS ((g), (k)) HAVING sum(a) > 2",
                table!("g:int,k:str,s:long"; [1, (), 13], [(), "x", 3], [(), (), 12])?,
            ),
            ("SELECT g, count(*) AS n FROM t GROUP BY ROLLUP (g) HAVING (SELECT max(a) FROM t) > 100", table!("g:int,n:long";)?),
            (
                "SELECT k, n FROM (SELECT k, count(*) AS n FROM t GROUP BY k) WHERE (SELECT max(a) FROM t) > 100",
                table!("k:str,n:long";)?,
            ),
            ("SELECT k, count(DISTINCT g) AS n FROM t GROUP BY k ORDER BY k LIMIT 5", table!("k:str,n:long"; ["x", 2], [(), 1])?),
        ],
    )
}

/// WITH, VALUES, subqueries in FROM, and limits with an offset.
pub fn queries_inside_of_queries(t: &Bench) -> Outcome {
    let table = table!("k:str,a:int"; ["x", 1], ["y", 2], ["y", 3])?;
    answers(
        t,
        &[("t", &table)],
        &[
            (
                "WITH s AS (SELECT k, sum(a) AS s FROM t GROUP BY k), m AS (SELECT max(s) AS m FROM s) SELECT k, s FROM s, m WHERE s = m",
                table!("k:str,s:long"; ["y", 5])?,
            ),
            // A common table hides the frame of its name.
            ("WITH t AS (SELECT a + 1 AS a FROM t) SELECT a FROM t WHERE a > 2", table!("a:long"; [3], [4])?),
            ("SELECT a FROM (SELECT * FROM t ORDER BY a DESC LIMIT 2) AS s WHERE a < 3", table!("a:int"; [2])?),
            ("SELECT a FROM t ORDER BY a LIMIT 1 OFFSET 1", table!("a:int"; [2])?),
            ("SELECT v, w FROM (VALUES (1, 'p'), (2, NULL)) AS u (v, w)", table!("v:long,w:str"; [1, "p"], [2, ()])?),
            ("VALUES (1), (2)", table!("column1:long"; [1], [2])?),
            ("SELECT 1 AS one", table!("one:long"; [1])?),
        ],
    )
}

/// Frames without rows have columns, and queries over them answers.
pub fn frames_without_rows_are_asked(t: &Bench) -> Outcome {
    let (empty, some) = (table!("k:str,a:int,x:double";)?, table!("k:str,b:int"; ["x", 1])?);
    answers(
        t,
        &[("e", &empty), ("s", &some)],
        &[
            ("SELECT * FROM e", empty.clone()),
            ("SELECT count(*) AS n, sum(a) AS s, max(x) AS m FROM e", table!("n:long,s:long,m:double"; [0, (), ()])?),
            ("SELECT k, count(*) AS n FROM e GROUP BY k", table!("k:str,n:long";)?),
            ("SELECT s.k AS k, a FROM s LEFT JOIN e ON s.k = e.k", table!("k:str,a:int"; ["x", ()])?),
            ("SELECT k FROM e UNION ALL SELECT k FROM s", table!("k:str"; ["x"])?),
            ("SELECT k FROM s EXCEPT SELECT k FROM e", table!("k:str"; ["x"])?),
            ("SELECT a, row_number() OVER (ORDER BY a) AS n FROM e", table!("a:int,n:ulong";)?),
            ("SELECT b FROM s WHERE b NOT IN (SELECT a FROM e)", table!("b:int"; [1])?),
        ],
    )
}

/// A query over what verbs and functions made, functions and verbs over what a query gave, and a query over a query.
pub fn queries_stand_between_verbs_and_functions(t: &Bench) -> Outcome {
    let input = table!("k:str,a:long"; ["x", 1], ["x", 2], ["y", 3])?.with_row_numbers(UNIQUE)?;
    t.on_each_lane(|lane| {
        let output = Program::Summary.output(&input.schema, &names(&["k"]))?;
        let summary = of_program(Program::Summary, &input.schema, &names(&["k"]), &output)?;
        let spec = || fugue_core::partition::PartitionSpec::new().by(["k"])?.presort([(UNIQUE, true)]);
        let called = mapped(&t.frame(lane, &input)?, spec()?, summary, &output)?;
        let text = "SELECT k, rows_in_call + first_number AS a FROM called WHERE last_number > 0";
        let asked_once = asked(t, lane, text, [("called", &called)])?;
        t.same(&table!("k:str,a:long"; ["x", 2], ["y", 3])?, &asked_once)?;
        let verbs = asked_once.filter(col("a").gt(1))?.group_by("k").aggregate([sum("a").alias("a")])?;
        let again =
            asked(t, lane, "SELECT q.k AS k, v.a + q.a AS a FROM q JOIN v ON q.k = v.k", [("q", &asked_once), ("v", &verbs)])?;
        t.same(&table!("k:str,a:long"; ["x", 4], ["y", 6])?, &again)?;
        let numbered =
            asked(t, lane, &format!("SELECT k, a * 2 AS a, {UNIQUE} FROM t WHERE a < 3"), [("t", &t.frame(lane, &input)?)])?;
        let summary = of_program(Program::Summary, numbered.schema(), &names(&["k"]), &output)?;
        let called = mapped(&numbered, spec()?, summary, &output)?;
        ensure(blocking::wait(called.count())? == 1, || "a call for the one key was wanted".to_owned())
    })
}

/// No row is read and no code runs before an action, and then it does.
pub fn queries_are_lazy(t: &Bench) -> Outcome {
    if t.session(&Lane::plain())?.info().distributed {
        return Ok(());
    }
    let input = example()?;
    t.on_each_lane(|lane| {
        let calls = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&calls);
        let function = move |batch: fugue_core::arrow::record_batch::RecordBatch| {
            counted.fetch_add(1, Ordering::Relaxed);
            batch
        };
        let spec = fugue_core::partition::PartitionSpec::new().by(["a"])?;
        let frame = mapped(&t.frame(lane, &input)?, spec, function, &input.schema)?;
        let text = "SELECT a, sum(b) AS s FROM t WHERE b > (SELECT min(b) FROM t) GROUP BY a ORDER BY s LIMIT 3";
        let lazy = asked(t, lane, text, [("t", &frame)])?;
        ensure(calls.load(Ordering::Relaxed) == 0, || "user code ran before an action".to_owned())?;
        blocking::wait(lazy.collect())?;
        ensure(calls.load(Ordering::Relaxed) > 0, || "user code did not run".to_owned())
    })
}

/// A frame can be asked again, and stands as it was.
pub fn a_frame_is_asked_again(t: &Bench) -> Outcome {
    let input = example()?;
    t.on_each_lane(|lane| {
        let frame = t.frame(lane, &input)?;
        for _ in 0..2 {
            let answer = asked(t, lane, "SELECT b, count(*) AS n FROM t GROUP BY b", [("t", &frame)])?;
            let expected = table!("b:int,n:long"; [2, 2], [1, 1], [4, 2])?;
            t.same(&expected, &answer)?;
            t.same(&expected, &answer)?;
        }
        t.same(&input, &frame)?;
        // The frame of another query is not known to the next.
        ensure(query(t, lane, "SELECT * FROM t", &[("u", &input)]).is_err(), || "a frame of another query was found".to_owned())
    })
}
