//! Queries 9 to 15.

use fugue_core::expr::TimeUnit::{Month, Year};
use fugue_core::expr::{col, count, count_all, lit, max, sum, typed, when};
use fugue_core::{DataFrame, Result};

use super::Tables;
use super::words::{day, revenue};

/// Product type profit: what each nation earned with green parts, year by year.
pub(super) fn q9(t: &Tables) -> Result<DataFrame> {
    let green = t.part.filter(col("p_name").contains("green"))?.select([col("p_partkey").alias("l_partkey")])?;
    let costs =
        t.partsupp.select([col("ps_partkey").alias("l_partkey"), col("ps_suppkey").alias("l_suppkey"), col("ps_supplycost")])?;
    let suppliers = t
        .supplier
        .rename([("s_nationkey", "n_nationkey")])?
        .join(&t.nation, "inner")?
        .select([col("s_suppkey").alias("l_suppkey"), col("n_name").alias("nation")])?;
    let orders = t.orders.select([col("o_orderkey").alias("l_orderkey"), col("o_orderdate").year().alias("o_year")])?;
    t.lineitem
        .join(&green, "semi")?
        .join(&costs, "inner")?
        .join(&suppliers, "inner")?
        .join(&orders, "inner")?
        .group_by(["nation", "o_year"])
        .aggregate([sum(revenue() - col("ps_supplycost") * col("l_quantity")).alias("sum_profit")])?
        .sort("nation, o_year desc")
}

/// Returned items: the customers who sent back most.
pub(super) fn q10(t: &Tables) -> Result<DataFrame> {
    let quarter = day("1993-10-01");
    let orders = t
        .orders
        .filter(col("o_orderdate").gt_eq(&quarter).and(col("o_orderdate").lt(quarter.date_add(Month, 3))))?
        .select([col("o_orderkey").alias("l_orderkey"), col("o_custkey").alias("c_custkey")])?;
    let lost = t
        .lineitem
        .filter(col("l_returnflag").eq("R"))?
        .join(&orders, "inner")?
        .group_by("c_custkey")
        .aggregate([sum(revenue()).alias("revenue")])?;
    t.customer
        .join(&lost, "inner")?
        .rename([("c_nationkey", "n_nationkey")])?
        .join(&t.nation, "inner")?
        .select(["c_custkey", "c_name", "revenue", "c_acctbal", "n_name", "c_address", "c_phone", "c_comment"])?
        .take_sorted(20, "revenue desc")
}

/// Important stock: the parts that make up most of what German suppliers have.
pub(super) fn q11(t: &Tables) -> Result<DataFrame> {
    let germany = t.nation.filter(col("n_name").eq("GERMANY"))?.rename([("n_nationkey", "s_nationkey")])?;
    let suppliers = t.supplier.join(&germany, "semi")?.rename([("s_suppkey", "ps_suppkey")])?;
    let stock = t.partsupp.join(&suppliers, "semi")?;
    let value = sum(col("ps_supplycost") * col("ps_availqty"));
    let least = stock.aggregate([(value.clone() * typed("0.0001", "decimal(5,4)")).alias("least")])?;
    stock
        .group_by("ps_partkey")
        .aggregate([value.alias("value")])?
        .join(&least, "cross")?
        .filter(col("value").gt(col("least")))?
        .drop("least")?
        .sort("value desc")
}

/// Shipping modes: whether cheap ones made urgent orders late.
pub(super) fn q12(t: &Tables) -> Result<DataFrame> {
    let year = day("1994-01-01");
    let orders = t.orders.select([col("o_orderkey").alias("l_orderkey"), col("o_orderpriority")])?;
    let high = col("o_orderpriority").is_in(["1-URGENT", "2-HIGH"]);
    t.lineitem
        .filter(
            col("l_shipmode")
                .is_in(["MAIL", "SHIP"])
                .and(col("l_commitdate").lt(col("l_receiptdate")))
                .and(col("l_shipdate").lt(col("l_commitdate")))
                .and(col("l_receiptdate").gt_eq(&year))
                .and(col("l_receiptdate").lt(year.date_add(Year, 1))),
        )?
        .join(&orders, "inner")?
        .group_by("l_shipmode")
        .aggregate([count_all().where_(&high).alias("high_line_count"), count_all().where_(!high).alias("low_line_count")])?
        .sort("l_shipmode")
}

/// Customer distribution: how many customers have how many orders.
pub(super) fn q13(t: &Tables) -> Result<DataFrame> {
    let orders = t
        .orders
        .filter(!col("o_comment").like("%special%requests%"))?
        .select([col("o_custkey").alias("c_custkey"), col("o_orderkey")])?;
    t.customer
        .join(&orders, "left_outer")?
        .group_by("c_custkey")
        .aggregate([count("o_orderkey").alias("c_count")])?
        .group_by("c_count")
        .aggregate([count_all().alias("custdist")])?
        .sort("custdist desc, c_count desc")
}

/// Promotion effect: which percentage of a month's revenue came from promoted parts.
pub(super) fn q14(t: &Tables) -> Result<DataFrame> {
    let month = day("1995-09-01");
    let parts = t.part.select([col("p_partkey").alias("l_partkey"), col("p_type")])?;
    let promoted = when(col("p_type").starts_with("PROMO")).then(revenue()).otherwise(0);
    t.lineitem
        .filter(col("l_shipdate").gt_eq(&month).and(col("l_shipdate").lt(month.date_add(Month, 1))))?
        .join(&parts, "inner")?
        .aggregate([(lit(100) * sum(promoted) / sum(revenue())).alias("promo_revenue")])
}

/// Top supplier: who shipped most in a quarter.
pub(super) fn q15(t: &Tables) -> Result<DataFrame> {
    let quarter = day("1996-01-01");
    let revenues = t
        .lineitem
        .filter(col("l_shipdate").gt_eq(&quarter).and(col("l_shipdate").lt(quarter.date_add(Month, 3))))?
        .rename([("l_suppkey", "s_suppkey")])?
        .group_by("s_suppkey")
        .aggregate([sum(revenue()).alias("total_revenue")])?;
    let best = revenues.aggregate([max("total_revenue").alias("total_revenue")])?;
    t.supplier
        .join(&revenues.join(&best, "semi")?, "inner")?
        .select(["s_suppkey", "s_name", "s_address", "s_phone", "total_revenue"])?
        .sort("s_suppkey")
}
