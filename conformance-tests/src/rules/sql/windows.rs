//! Windows in queries.

use super::super::support::table;
use super::answers;
use crate::bench::Bench;
use crate::failure::Outcome;

/// 17:15: ranks, neighbours and sums over frames that are written.
pub fn windows_of_queries(t: &Bench) -> Outcome {
    let table = table!("k:str,a:int,b:int"; ["x", 1, 10], ["x", 2, 20], ["x", 2, 30], ["y", 5, ()], [(), 7, 1])?;
    answers(
        t,
        &[("t", &table)],
        &[
            (
                "SELECT b, row_number() OVER (PARTITION BY k ORDER BY b) AS n, rank() OVER (PARTITION BY k ORDER BY a) AS r, \
                 dense_rank() OVER (ORDER BY a DESC) AS d FROM t",
                table!("b:int,n:ulong,r:ulong,d:ulong"; [10, 1, 1, 4], [20, 2, 2, 3], [30, 3, 2, 3], [(), 1, 1, 2], [1, 1, 1, 1])?,
            ),
            (
                "SELECT b, lag(b) OVER (PARTITION BY k ORDER BY b) AS p, lead(b, 1, -1) OVER (PARTITION BY k ORDER BY b) AS n FROM t",
                table!("b:int,p:int,n:int"; [10, (), 20], [20, 10, 30], [30, 20, -1], [(), (), -1], [1, (), -1])?,
            ),
            (
                "SELECT b, sum(b) OVER (ORDER BY a, b ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS s, \
                 count(*) OVER (PARTITION BY k) AS n FROM t",
                table!("b:int,s:long,n:long"; [10, 10, 3], [20, 30, 3], [30, 50, 3], [(), 30, 1], [1, 1, 1])?,
            ),
            (
                "SELECT a, max(b) OVER w AS m FROM t WINDOW w AS (PARTITION BY k ORDER BY b ROWS BETWEEN UNBOUNDED PRECEDING AND \
                 UNBOUNDED FOLLOWING)",
                table!("a:int,m:int"; [1, 30], [2, 30], [2, 30], [5, ()], [7, 1])?,
            ),
            (
                "SELECT b, rank() OVER (PARTITION BY k ORDER BY a, b) AS r FROM t WHERE nullif(k, 'y') = k",
                table!("b:int,r:ulong"; [10, 1], [20, 2], [30, 3])?,
            ),
        ],
    )
}

/// What holds of the rows that go into a join or a grouping, an order or that a column is the same in all of them, does not of those that come
/// out: rows that meet several begin the order of the others anew, and nulls come in.
pub fn orders_of_joined_and_grouped_rows(t: &Bench) -> Outcome {
    let (left, right) = (table!("k:int,x:int"; [1, 1], [1, 2])?, table!("k:int,g:int"; [1, 7], [1, 7])?);
    let sums = table!("y:int,k:str,v:int"; [5, "a", 1], [5, "b", 2], [6, "a", 9])?;
    let of = |kind: &str, order: &str| {
        format!(
            "WITH l AS (SELECT k, x, row_number() OVER (ORDER BY x) AS m FROM a), \
             r AS (SELECT k, g, row_number() OVER (ORDER BY g) AS n FROM b) \
             SELECT m, n, rank() OVER (ORDER BY {order}) AS c FROM l {kind} JOIN r ON l.k = r.k"
        )
    };
    let by_both = table!("m:ulong,n:ulong,c:ulong"; [1, 1, 1], [1, 2, 1], [2, 1, 3], [2, 2, 3])?;
    let queries: Vec<String> =
        ["INNER", "LEFT", "RIGHT", "FULL"].into_iter().flat_map(|kind| [of(kind, "g, x"), of(kind, "x, g")]).collect();
    let joined: Vec<_> = queries.iter().map(|query| (query.as_str(), by_both.clone())).collect();
    answers(t, &[("a", &left), ("b", &right)], &joined)?;
    answers(
        t,
        &[("t", &sums)],
        &[
            (
                "SELECT y, k, s, row_number() OVER (ORDER BY y DESC NULLS FIRST, s, k) AS n \
                 FROM (SELECT y, k, sum(v) AS s FROM t WHERE y = 5 GROUP BY ROLLUP (y, k))",
                table!("y:int,k:str,s:long,n:ulong"; [(), (), 3, 1], [5, "a", 1, 2], [5, "b", 2, 3], [5, (), 3, 4])?,
            ),
            (
                "SELECT y, v, n, rank() OVER (ORDER BY v DESC, y DESC NULLS FIRST) AS r \
                 FROM (SELECT y, v, count(*) AS n FROM t WHERE y = v + 4 OR y = v + 3 GROUP BY GROUPING SETS ((y), (v)))",
                table!("y:int,v:int,n:long,r:ulong"; [(), 1, 1, 3], [(), 2, 1, 2], [5, (), 2, 1])?,
            ),
        ],
    )
}

/// Without a frame a window with an order goes to the last row that is equal in it, one without an order over all.
pub fn windows_without_a_frame_go_to_the_peers(t: &Bench) -> Outcome {
    let table = table!("a:int,b:int"; [1, 1], [2, 2], [2, 4], [3, 8])?;
    answers(
        t,
        &[("t", &table)],
        &[
            (
                "SELECT b, sum(b) OVER (ORDER BY a) AS s, sum(b) OVER () AS z FROM t",
                table!("b:int,s:long,z:long"; [1, 1, 15], [2, 7, 15], [4, 7, 15], [8, 15, 15])?,
            ),
            (
                "SELECT b, sum(b) OVER (ORDER BY a, b ROWS UNBOUNDED PRECEDING) AS s FROM t",
                table!("b:int,s:long"; [1, 1], [2, 3], [4, 7], [8, 15])?,
            ),
            ("SELECT b, last_value(b) OVER (ORDER BY a, b) AS l FROM t", table!("b:int,l:int"; [1, 1], [2, 2], [4, 4], [8, 8])?),
        ],
    )
}
