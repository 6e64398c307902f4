//! Queries 1 to 8.

use fugue_core::expr::TimeUnit::Day;
use fugue_core::expr::{all_of, avg, col, count_all, lit, min, sum, when};
use fugue_core::{DataFrame, Result};

use super::Tables;
use super::words::{amount, day, revenue};

/// Pricing summary: what was billed, shipped and returned.
pub(super) fn q1(t: &Tables) -> Result<DataFrame> {
    t.lineitem
        .filter(col("l_shipdate").lt_eq(day("1998-12-01").date_add(Day, -90)))?
        .group_by(["l_returnflag", "l_linestatus"])
        .aggregate([
            sum("l_quantity").alias("sum_qty"),
            sum("l_extendedprice").alias("sum_base_price"),
            sum(revenue()).alias("sum_disc_price"),
            sum(revenue() * (lit(1) + col("l_tax"))).alias("sum_charge"),
            avg("l_quantity").alias("avg_qty"),
            avg("l_extendedprice").alias("avg_price"),
            avg("l_discount").alias("avg_disc"),
            count_all().alias("count_order"),
        ])?
        .sort("l_returnflag, l_linestatus")
}

/// Minimum cost supplier: who in Europe offers a part at the least price.
pub(super) fn q2(t: &Tables) -> Result<DataFrame> {
    let europe = t.region.filter(col("r_name").eq("EUROPE"))?;
    let nations = t.nation.join_on(&europe, "semi", ("n_regionkey", "r_regionkey"))?;
    let suppliers = t.supplier.join_on(&nations, "inner", ("s_nationkey", "n_nationkey"))?;
    let parts = t.part.filter(col("p_size").eq(15).and(col("p_type").ends_with("BRASS")))?;
    let offers = t.partsupp.join_on(&parts, "inner", ("ps_partkey", "p_partkey"))?.join_on(
        &suppliers,
        "inner",
        ("ps_suppkey", "s_suppkey"),
    )?;
    let best = offers.group_by("ps_partkey").aggregate(min("ps_supplycost").alias("ps_supplycost"))?;
    offers
        .join(&best, "semi")?
        .select((
            "s_acctbal",
            "s_name",
            "n_name",
            col("ps_partkey").alias("p_partkey"),
            "p_mfgr",
            "s_address",
            "s_phone",
            "s_comment",
        ))?
        .take_sorted(100, "s_acctbal desc, n_name, s_name, p_partkey")
}

/// Shipping priority: the orders of most value that were not shipped yet.
pub(super) fn q3(t: &Tables) -> Result<DataFrame> {
    let builders = t.customer.filter(col("c_mktsegment").eq("BUILDING"))?;
    let orders =
        t.orders.filter(col("o_orderdate").lt(day("1995-03-15")))?.join_on(&builders, "semi", ("o_custkey", "c_custkey"))?;
    t.lineitem
        .filter(col("l_shipdate").gt(day("1995-03-15")))?
        .join_on(&orders, "inner", ("l_orderkey", "o_orderkey"))?
        .select(("l_orderkey", sum(revenue()).alias("revenue"), "o_orderdate", "o_shippriority"))?
        .take_sorted(10, "revenue desc, o_orderdate")
}

/// Order priority: how many orders of a quarter had an item that came late.
pub(super) fn q4(t: &Tables) -> Result<DataFrame> {
    let late = t.lineitem.filter(col("l_commitdate").lt(col("l_receiptdate")))?;
    t.orders
        .filter(col("o_orderdate").in_range(day("1993-07-01")..day("1993-10-01")))?
        .join_on(&late, "semi", ("o_orderkey", "l_orderkey"))?
        .group_by("o_orderpriority")
        .aggregate(count_all().alias("order_count"))?
        .sort("o_orderpriority")
}

/// Local supplier volume: what suppliers of Asia sold inside of their own nation.
pub(super) fn q5(t: &Tables) -> Result<DataFrame> {
    let asia = t.region.filter(col("r_name").eq("ASIA"))?;
    let nations = t.nation.join_on(&asia, "semi", ("n_regionkey", "r_regionkey"))?;
    let suppliers = t.supplier.join_on(&nations, "inner", ("s_nationkey", "n_nationkey"))?;
    let orders = t.orders.filter(col("o_orderdate").in_range(day("1994-01-01")..day("1995-01-01")))?.join_on(
        &t.customer,
        "inner",
        ("o_custkey", "c_custkey"),
    )?;
    t.lineitem
        .join_on(&orders, "inner", ("l_orderkey", "o_orderkey"))?
        .join_on(&suppliers, "inner", [("l_suppkey", "s_suppkey"), ("c_nationkey", "s_nationkey")])?
        .group_by("n_name")
        .aggregate(sum(revenue()).alias("revenue"))?
        .sort("revenue desc")
}

/// Forecast of revenue: what more there would have been without some discounts.
pub(super) fn q6(t: &Tables) -> Result<DataFrame> {
    t.lineitem
        .filter(all_of([
            col("l_shipdate").in_range(day("1994-01-01")..day("1995-01-01")),
            col("l_discount").between(amount("0.06") - amount("0.01"), amount("0.06") + amount("0.01")),
            col("l_quantity").lt(24),
        ]))?
        .aggregate(sum(col("l_extendedprice") * col("l_discount")).alias("revenue"))
}

/// Volume shipping: what France and Germany sold to one another.
pub(super) fn q7(t: &Tables) -> Result<DataFrame> {
    let nations = t.nation.filter(col("n_name").is_in(["FRANCE", "GERMANY"]))?;
    let of_suppliers = nations.select(("n_nationkey", col("n_name").alias("supp_nation")))?;
    let of_customers = nations.select(("n_nationkey", col("n_name").alias("cust_nation")))?;
    let suppliers = t.supplier.join_on(&of_suppliers, "inner", ("s_nationkey", "n_nationkey"))?;
    let customers = t.customer.join_on(&of_customers, "inner", ("c_nationkey", "n_nationkey"))?;
    let orders = t.orders.join_on(&customers, "inner", ("o_custkey", "c_custkey"))?;
    t.lineitem
        .filter(col("l_shipdate").between(day("1995-01-01"), day("1996-12-31")))?
        .join_on(&suppliers, "inner", ("l_suppkey", "s_suppkey"))?
        .join_on(&orders, "inner", ("l_orderkey", "o_orderkey"))?
        .filter(col("supp_nation").not_eq(col("cust_nation")))?
        .group_by(("supp_nation", "cust_nation", col("l_shipdate").year().alias("l_year")))
        .aggregate(sum(revenue()).alias("revenue"))?
        .sort("supp_nation, cust_nation, l_year")
}

/// National market share: Brazil's part of what America bought of one type of part.
pub(super) fn q8(t: &Tables) -> Result<DataFrame> {
    let america = t.region.filter(col("r_name").eq("AMERICA"))?;
    let nations = t.nation.join_on(&america, "semi", ("n_regionkey", "r_regionkey"))?;
    let customers = t.customer.join_on(&nations, "semi", ("c_nationkey", "n_nationkey"))?;
    let orders = t.orders.filter(col("o_orderdate").between(day("1995-01-01"), day("1996-12-31")))?.join_on(
        &customers,
        "semi",
        ("o_custkey", "c_custkey"),
    )?;
    let parts = t.part.filter(col("p_type").eq("ECONOMY ANODIZED STEEL"))?;
    let suppliers = t.supplier.join_on(&t.nation, "inner", ("s_nationkey", "n_nationkey"))?;
    let of_brazil = when(col("n_name").eq("BRAZIL")).then(revenue()).otherwise(0);
    t.lineitem
        .join_on(&parts, "semi", ("l_partkey", "p_partkey"))?
        .join_on(&orders, "inner", ("l_orderkey", "o_orderkey"))?
        .join_on(&suppliers, "inner", ("l_suppkey", "s_suppkey"))?
        .group_by(col("o_orderdate").year().alias("o_year"))
        .aggregate((sum(of_brazil) / sum(revenue())).alias("mkt_share"))?
        .sort("o_year")
}
