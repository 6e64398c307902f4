//! Queries 9 to 15.

use fugue_core::expr::{all_of, col, count, count_all, lit, max, sum, typed, when};
use fugue_core::{DataFrame, Result};

use super::Tables;
use super::words::{day, revenue};

/// Product type profit: what each nation earned with green parts, year by year.
pub(super) fn q9(t: &Tables) -> Result<DataFrame> {
    let green = t.part.filter(col("p_name").contains("green"))?;
    let suppliers = t.supplier.join_on(&t.nation, "inner", ("s_nationkey", "n_nationkey"))?;
    t.lineitem
        .join_on(&green, "semi", ("l_partkey", "p_partkey"))?
        .join_on(&t.partsupp, "inner", [("l_partkey", "ps_partkey"), ("l_suppkey", "ps_suppkey")])?
        .join_on(&suppliers, "inner", ("l_suppkey", "s_suppkey"))?
        .join_on(&t.orders, "inner", ("l_orderkey", "o_orderkey"))?
        .group_by((col("n_name").alias("nation"), col("o_orderdate").year().alias("o_year")))
        .aggregate(sum(revenue() - col("ps_supplycost") * col("l_quantity")).alias("sum_profit"))?
        .sort("nation, o_year desc")
}

/// Returned items: the customers who sent back most.
pub(super) fn q10(t: &Tables) -> Result<DataFrame> {
    let orders = t.orders.filter(col("o_orderdate").in_range(day("1993-10-01")..day("1994-01-01")))?;
    let lost = t
        .lineitem
        .filter(col("l_returnflag").eq("R"))?
        .join_on(&orders, "inner", ("l_orderkey", "o_orderkey"))?
        .group_by("o_custkey")
        .aggregate(sum(revenue()).alias("revenue"))?;
    t.customer
        .join_on(&lost, "inner", ("c_custkey", "o_custkey"))?
        .join_on(&t.nation, "inner", ("c_nationkey", "n_nationkey"))?
        .select(["c_custkey", "c_name", "revenue", "c_acctbal", "n_name", "c_address", "c_phone", "c_comment"])?
        .take_sorted(20, "revenue desc")
}

/// Important stock: the parts that make up most of what German suppliers have.
pub(super) fn q11(t: &Tables) -> Result<DataFrame> {
    let germany = t.nation.filter(col("n_name").eq("GERMANY"))?;
    let suppliers = t.supplier.join_on(&germany, "semi", ("s_nationkey", "n_nationkey"))?;
    let stock = t.partsupp.join_on(&suppliers, "semi", ("ps_suppkey", "s_suppkey"))?;
    let value = sum(col("ps_supplycost") * col("ps_availqty"));
    let least = stock.aggregate((value.clone() * typed("0.0001", "decimal(5,4)")).alias("least"))?;
    stock
        .group_by("ps_partkey")
        .aggregate(value.alias("value"))?
        .join(&least, "cross")?
        .filter(col("value").gt(col("least")))?
        .drop("least")?
        .sort("value desc")
}

/// Shipping modes: whether cheap ones made urgent orders late.
pub(super) fn q12(t: &Tables) -> Result<DataFrame> {
    let high = col("o_orderpriority").is_in(["1-URGENT", "2-HIGH"]);
    t.lineitem
        .filter(all_of([
            col("l_shipmode").is_in(["MAIL", "SHIP"]),
            col("l_commitdate").lt(col("l_receiptdate")),
            col("l_shipdate").lt(col("l_commitdate")),
            col("l_receiptdate").in_range(day("1994-01-01")..day("1995-01-01")),
        ]))?
        .join_on(&t.orders, "inner", ("l_orderkey", "o_orderkey"))?
        .group_by("l_shipmode")
        .aggregate([count_all().where_(&high).alias("high_line_count"), count_all().where_(!high).alias("low_line_count")])?
        .sort("l_shipmode")
}

/// Customer distribution: how many customers have how many orders.
pub(super) fn q13(t: &Tables) -> Result<DataFrame> {
    let orders = t.orders.filter(!col("o_comment").like("%special%requests%"))?;
    t.customer
        .join_on(&orders, "left_outer", ("c_custkey", "o_custkey"))?
        .group_by("c_custkey")
        .aggregate(count("o_orderkey").alias("c_count"))?
        .group_by("c_count")
        .aggregate(count_all().alias("custdist"))?
        .sort("custdist desc, c_count desc")
}

/// Promotion effect: which percentage of a month's revenue came from promoted parts.
pub(super) fn q14(t: &Tables) -> Result<DataFrame> {
    let promoted = when(col("p_type").starts_with("PROMO")).then(revenue()).otherwise(0);
    t.lineitem
        .filter(col("l_shipdate").in_range(day("1995-09-01")..day("1995-10-01")))?
        .join_on(&t.part, "inner", ("l_partkey", "p_partkey"))?
        .aggregate((lit(100) * sum(promoted) / sum(revenue())).alias("promo_revenue"))
}

/// Top supplier: who shipped most in a quarter.
pub(super) fn q15(t: &Tables) -> Result<DataFrame> {
    let revenues = t
        .lineitem
        .filter(col("l_shipdate").in_range(day("1996-01-01")..day("1996-04-01")))?
        .group_by("l_suppkey")
        .aggregate(sum(revenue()).alias("total_revenue"))?;
    let best = revenues.aggregate(max("total_revenue").alias("total_revenue"))?;
    t.supplier
        .join_on(&revenues.join(&best, "semi")?, "inner", ("s_suppkey", "l_suppkey"))?
        .select(["s_suppkey", "s_name", "s_address", "s_phone", "total_revenue"])?
        .sort("s_suppkey")
}
