//! What is wrong with a query is said when it is planned, and what is wrong with rows when they are asked for.

use fugue_core::{ErrorKind, blocking};

use super::super::support::table;
use super::query;
use crate::bench::Bench;
use crate::failure::{Failure, Outcome, ensure, expect_error};
use crate::generate::Lane;

/// An engine answers, or says that the program has nothing that could.
pub fn an_answer_or_a_clear_refusal(t: &Bench) -> Outcome {
    let lane = Lane::plain();
    let table = table!("a:int"; [1], [2])?;
    let frame = t.frame(&lane, &table)?;
    match blocking::wait(t.session(&lane)?.sql("SELECT a + 1 AS b FROM t", [("t", &frame)])) {
        Ok(answer) => t.same(&table!("b:long"; [2], [3])?, &answer),
        Err(error) if error.kind() == ErrorKind::Unsupported => {
            let says = error.to_string();
            ensure(says.contains("SQL") && says.contains("the feature datafusion"), || {
                format!("the refusal does not say what is missing and how to get it: {error:?}")
            })?;
            ensure(error.engine().is_some() && error.operation() == Some("sql"), || {
                format!("the refusal names no engine or no operation: {error:?}")
            })
        }
        Err(error) => Err(Failure::from(error)),
    }
}

/// D62, D63, 17:15: what is no query, and what names nothing, is an error of the query when it is planned, in words that name it.
pub fn what_is_no_query_is_refused(t: &Bench) -> Outcome {
    let lane = Lane::plain();
    let table = table!("a:int,s:str"; [1, "x"])?;
    let frame = t.frame(&lane, &table)?;
    for (wrong, says) in [
        ("SELEC 1", "SELEC"),
        ("SELECT a FROM t WHERE", "EOF"),
        ("SELECT (a FROM t", "FROM"),
        ("SELECT * FROM nowhere", "nowhere"),
        ("SELECT z FROM t", "z"),
        ("SELECT t.z FROM t", "z"),
        ("SELECT nobody.a FROM t", "nobody"),
        ("SELECT min_by(a, s) AS m FROM t", "min_by"),
        ("SELECT no_such_function(a) AS f FROM t", "no_such_function"),
        ("SELECT s, sum(a) AS n FROM t", "s"),
        ("SELECT a FROM t WHERE sum(a) > 1", "WHERE"),
        ("SELECT a FROM t UNION SELECT a, s FROM t", "UNION"),
        ("SELECT a FROM t; SELECT s FROM t", ""),
        ("", ""),
        ("DELETE FROM t", "only queries"),
        ("INSERT INTO t VALUES (1, 'x')", "only queries"),
        ("CREATE TABLE u AS SELECT * FROM t", "only queries"),
        ("DROP TABLE t", "only queries"),
        ("EXPLAIN SELECT * FROM t", "only queries"),
        ("SET datafusion.execution.batch_size = 1", "only queries"),
        ("COPY t TO 'somewhere.csv'", "only queries"),
        ("SELECT * FROM t TABLESAMPLE BERNOULLI (10)", "TABLESAMPLE"),
    ] {
        let error = expect_error(blocking::wait(t.session(&lane)?.sql(wrong, [("t", &frame)])), &[ErrorKind::SqlInvalid], wrong)?;
        ensure(error.to_string().contains(says), || format!("the message to {wrong:?} does not name {says:?}: {error}"))?;
        ensure(error.engine().is_some() && error.operation() == Some("sql"), || format!("{wrong:?} names no place: {error:?}"))?;
        ensure(error.call_site().is_some_and(|at| at.file() == file!()), || format!("{wrong:?} names no line: {error:?}"))?;
    }
    let twice = blocking::wait(t.session(&lane)?.sql("SELECT * FROM t", [("t", &frame), ("t", &frame)]));
    expect_error(twice, &[ErrorKind::SqlInvalid], "two frames of one name")?;
    t.same(&table, &query(t, &lane, "SELECT * FROM t", &[("t", &table)])?)
}

/// What fails for the values of rows is an error when the rows are asked for, and nothing else is.
pub fn what_fails_for_a_row_is_an_error_of_the_action(t: &Bench) -> Outcome {
    let table = table!("a:long,b:long,s:str"; [1, 1, "1"], [6, 0, "x"])?;
    let lane = Lane::plain();
    for wrong in ["a / b", "a % b", "CAST(s AS BIGINT)", "CAST(a * 100 AS TINYINT)"] {
        let text = format!("SELECT {wrong} AS c FROM t");
        let answer = query(t, &lane, &text, &[("t", &table)])?;
        ensure(blocking::wait(answer.collect()).is_err(), || format!("{wrong} has no value for the second row, and rows came"))?;
        let first = query(t, &lane, &format!("{text} WHERE b = 1 AND s = '1'"), &[("t", &table)])?;
        let rows = t.collect(&first).map_err(|e| e.while_trying(wrong));
        if wrong.contains("TINYINT") {
            ensure(rows?.rows == [vec![100.into()]], || "100 is a tinyint".to_owned())?;
        } else {
            ensure(rows?.rows.len() == 1, || format!("{wrong} has a value for the first row"))?;
        }
    }
    // The argument of an aggregate may be computed of rows that its filter leaves out, unless the query says otherwise.
    let aggregate = |arg: &str| format!("SELECT max({arg}) FILTER (WHERE s <> 'x') AS m FROM t");
    let all = query(t, &lane, &aggregate("CAST(s AS BIGINT)"), &[("t", &table)])?;
    let told = |rows: &[Vec<crate::value::OwnValue>]| {
        ensure(rows == [vec![1.into()]], || format!("the greatest is 1, and {rows:?} came"))
    };
    if let Ok(greatest) = t.collect(&all) {
        told(&greatest.rows)?;
    }
    let some = query(t, &lane, &aggregate("CASE WHEN s <> 'x' THEN CAST(s AS BIGINT) END"), &[("t", &table)])?;
    told(&t.collect(&some)?.rows)
}
