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
