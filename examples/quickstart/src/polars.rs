//! With feature `polars`: a second engine, a function written for Polars alone, and whether the answers are identical.

use std::path::Path;
use std::time::Instant;

use conformance_tests::compare::Compare;
use fugue::{DataFrame, Result, Session};

use crate::answer::Answer;
use crate::arguments::Arguments;
use crate::tpch;

pub const NEXT: &str = "next: cargo run -p quickstart --features polars -- --engine all";

/// The engines that the program was asked for.
pub fn engines(arguments: &Arguments) -> Result<Vec<&str>> {
    Ok(match arguments.engine.as_str() {
        "all" => vec!["local", "polars"],
        engine => vec![engine],
    })
}

/// A function as people have it already: it knows Polars and nothing else.
mod theirs {
    use fugue::polars::polars::prelude::*;

    /// The three dearest shipments, with their share of the whole.
    pub fn dearest(shipments: DataFrame) -> PolarsResult<DataFrame> {
        let price = || col("extendedprice").cast(DataType::Float64);
        shipments
            .lazy()
            .with_column((price() / price().sum()).alias("share"))
            .sort(["extendedprice", "orderkey", "linenumber"], SortMultipleOptions::default().with_order_descending(true))
            .limit(3)
            .select([col("suppkey"), col("orderkey"), col("linenumber"), col("share")])
            .collect()
    }
}

/// Runs it, unchanged, once per supplier.
pub async fn existing(session: &Session, folder: &Path) -> Result<Vec<Answer>> {
    let lineitem = tpch::load(session, folder, "lineitem").await?;
    let started = Instant::now();
    let dearest = lineitem
        .transform(theirs::dearest)
        .schema("suppkey:long, orderkey:long, linenumber:int, share:double")
        .partition_by("suppkey")
        .presort("shipdate, orderkey, linenumber")
        .run()?;
    Ok(vec![Answer::of("a Polars function, unchanged: transform(dearest) by suppkey", started, dearest).await?])
}

/// What differs, by the only definition of "identical": that of the conformance suite.
pub async fn difference(one: &DataFrame, other: &DataFrame) -> Result<Option<String>> {
    // The batches of both are read by one schema, so it must be that of both.
    if one.schema() != other.schema() {
        return Ok(Some(format!("the schemas differ: {} and {}", one.schema(), other.schema())));
    }
    let (left, right) = (one.collect().await?, other.collect().await?);
    Ok(Compare::exact().batches(one.schema(), &left, &right).err().map(|difference| difference.to_string()))
}
