//! With feature `polars`: a function written for Polars alone, which runs on every engine.

use std::path::Path;
use std::time::Instant;

use fugue::{Result, Session};

use crate::answer::Answer;
use crate::tpch;

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
