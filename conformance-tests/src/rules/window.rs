//! Window functions: a value for each row, out of the rows around it.

use fugue_core::expr::{Over, avg, col, count, dense_rank, lag, lead, max, rank, row_number, sum};

use super::columns::values;
use super::support::table;
use crate::bench::Bench;
use crate::failure::Outcome;
use crate::generate::{Lane, Pick, Scripts};
use crate::oracle::UNIQUE;

/// Peers share a rank; row numbers need a total order.
pub fn ranks_and_row_numbers(t: &Bench) -> Outcome {
    let table = table!("k:str,a:int,id:int"; ["x", 10, 1], ["x", 20, 2], ["x", 10, 3], ["x", (), 4], [(), 5, 5])?;
    let by_a = || Over::partition_by("k").order_by("a");
    each_row(
        t,
        &table,
        vec![
            ("n", row_number().over(Over::partition_by("k").order_by("a desc, id").total_order()), values![2, 1, 3, 4, 1]),
            ("r", rank().over(by_a()), values![1, 3, 1, 4, 1]),
            ("d", dense_rank().over(by_a()), values![1, 2, 1, 3, 1]),
        ],
    )
}

/// The value so many rows before or after, in the partition.
pub fn lag_and_lead_stay_in_their_partition(t: &Bench) -> Outcome {
    let table = table!("k:str,a:long,id:int"; ["x", 10, 1], ["y", 50, 2], ["x", (), 3], ["x", 30, 4], [(), 7, 5])?;
    let over = || Over::partition_by("k").order_by("id").total_order();
    each_row(
        t,
        &table,
        vec![
            ("b", lag("a", 1).over(over()), values![(), (), 10, (), ()]),
            ("f", lead("a", 2).over(over()), values![30, (), (), (), ()]),
            ("z", lag("a", 1).or_default(0).over(over()), values![0, 0, 10, (), 0]),
            ("t", (col("a") - lag("a", 1).over(over())), values![(), (), (), (), ()]),
        ],
    )
}

/// D94: frames of rows are rows, peers or not; `to_peers` takes peers in; `..` is the whole partition.
pub fn frames_are_what_they_say(t: &Bench) -> Outcome {
    let table =
        table!("k:str,a:long,at:int,id:int"; ["x", 1, 1, 1], ["x", 2, 1, 2], ["x", 4, 2, 3], ["x", 8, 3, 4], ["y", 16, 1, 5])?;
    let total = || Over::partition_by("k").order_by("at, id").total_order();
    let peers = || Over::partition_by("k").order_by("at").to_peers();
    each_row(
        t,
        &table,
        vec![
            ("running", sum("a").over(total().rows(..=0)), values![1, 3, 7, 15, 16]),
            ("moving", sum("a").over(total().rows(-1..=1)), values![3, 7, 14, 12, 16]),
            ("rest", sum("a").over(total().rows(1..)), values![14, 12, 8, (), ()]),
            ("peers", sum("a").over(peers()), values![3, 3, 7, 15, 16]),
            ("most", max("a").over(Over::partition_by("k").rows(..)), values![8, 8, 8, 8, 16]),
            ("count", count("a").over(Over::all().rows(..)), values![5, 5, 5, 5, 5]),
            ("before", count("a").over(total().rows(..0)), values![0, 1, 2, 3, 0]),
            ("mean", avg("a").over(Over::partition_by("k").rows(..)), values![3.75, 3.75, 3.75, 3.75, 16.0]),
        ],
    )
}

/// A running sum over rows that are all equal in what else they have, as long as the order is total by name.
pub fn running_sums_do_not_see_peers(t: &Bench) -> Outcome {
    let table = table!("at:int,id:int"; [1, 1], [1, 2], [1, 3])?;
    let running = sum("id").over(Over::all().order_by("at").total_order().rows(..=0));
    // The order is a lie here, and so which row has which sum is open; but rows are counted one by one.
    t.on_each_lane(|lane| {
        let frame = t.frame(lane, &table)?.select([running.clone().alias("s")])?;
        let sums: std::collections::BTreeSet<_> = t.collect(&frame)?.rows.into_iter().flatten().collect();
        crate::failure::ensure(sums.len() == 3, || format!("three rows have the sums {sums:?}"))
    })
}

/// Random windows over random rows are what the oracle says.
pub fn matches_the_oracle(t: &Bench) -> Outcome {
    t.for_some(2, Scripts::of(&[Pick::Window], 1), |lane, script| super::verbs::same_as_oracle(t, lane, script))
}

type Column = (&'static str, fugue_core::expr::Expr, Vec<crate::value::OwnValue>);

/// Windows over all rows, each by itself and all of them in one select.
fn each_row(t: &Bench, table: &crate::value::Table, columns: Vec<Column>) -> Outcome {
    let numbered = table.clone().with_row_numbers(UNIQUE)?;
    t.on_each_lane(|lane: &Lane| {
        let named = columns.iter().map(|(name, expr, _)| expr.clone().alias(name));
        let frame = t.frame(lane, &numbered)?.select(std::iter::once(col(UNIQUE)).chain(named).collect::<Vec<_>>())?;
        let mut rows = t.collect(&frame)?.rows;
        rows.sort();
        for (i, (name, expr, wanted)) in columns.iter().enumerate() {
            let got: Vec<_> = rows.iter().map(|row| row[i + 1].clone()).collect();
            crate::failure::ensure(got == *wanted, || format!("{name}: {expr} gives {got:?}, and must give {wanted:?}"))?;
        }
        Ok(())
    })
}
