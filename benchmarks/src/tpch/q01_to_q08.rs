//! Queries 1 to 8.

use fugue_core::expr::TimeUnit::{Day, Month, Year};
use fugue_core::expr::{avg, col, count_all, lit, min, sum, when};
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
    let europe = t.region.filter(col("r_name").eq("EUROPE"))?.rename([("r_regionkey", "n_regionkey")])?;
    let nations = t.nation.join(&europe, "semi")?.rename([("n_nationkey", "s_nationkey")])?;
    let suppliers = t.supplier.join(&nations, "inner")?;
    let parts = t.part.filter(col("p_size").eq(15).and(col("p_type").ends_with("BRASS")))?.select(["p_partkey", "p_mfgr"])?;
    let offers = t
        .partsupp
        .select([col("ps_partkey").alias("p_partkey"), col("ps_suppkey").alias("s_suppkey"), col("ps_supplycost")])?
        .join(&parts, "inner")?
        .join(&suppliers, "inner")?;
    let best = offers.group_by("p_partkey").aggregate([min("ps_supplycost").alias("ps_supplycost")])?;
    offers
        .join(&best, "semi")?
        .select(["s_acctbal", "s_name", "n_name", "p_partkey", "p_mfgr", "s_address", "s_phone", "s_comment"])?
        .take_sorted(100, "s_acctbal desc, n_name, s_name, p_partkey")
}

/// Shipping priority: the orders of most value that were not shipped yet.
pub(super) fn q3(t: &Tables) -> Result<DataFrame> {
    let builders = t.customer.filter(col("c_mktsegment").eq("BUILDING"))?.rename([("c_custkey", "o_custkey")])?;
    let orders = t.orders.filter(col("o_orderdate").lt(day("1995-03-15")))?.join(&builders, "semi")?.select([
        col("o_orderkey").alias("l_orderkey"),
        col("o_orderdate"),
        col("o_shippriority"),
    ])?;
    t.lineitem
        .filter(col("l_shipdate").gt(day("1995-03-15")))?
        .join(&orders, "inner")?
        .select([col("l_orderkey"), sum(revenue()).alias("revenue"), col("o_orderdate"), col("o_shippriority")])?
        .take_sorted(10, "revenue desc, o_orderdate")
}

/// Order priority: how many orders of a quarter had an item that came late.
pub(super) fn q4(t: &Tables) -> Result<DataFrame> {
    let late =
        t.lineitem.filter(col("l_commitdate").lt(col("l_receiptdate")))?.select([col("l_orderkey").alias("o_orderkey")])?;
    let quarter = day("1993-07-01");
    t.orders
        .filter(col("o_orderdate").gt_eq(&quarter).and(col("o_orderdate").lt(quarter.date_add(Month, 3))))?
        .join(&late, "semi")?
        .group_by("o_orderpriority")
        .aggregate([count_all().alias("order_count")])?
        .sort("o_orderpriority")
}

/// Local supplier volume: what suppliers of Asia sold inside of their own nation.
pub(super) fn q5(t: &Tables) -> Result<DataFrame> {
    let asia = t.region.filter(col("r_name").eq("ASIA"))?.rename([("r_regionkey", "n_regionkey")])?;
    let nations = t.nation.join(&asia, "semi")?.select([col("n_nationkey").alias("nation"), col("n_name")])?;
    let suppliers =
        t.supplier.select([col("s_suppkey").alias("l_suppkey"), col("s_nationkey").alias("nation")])?.join(&nations, "inner")?;
    let customers = t.customer.select([col("c_custkey").alias("o_custkey"), col("c_nationkey").alias("nation")])?;
    let year = day("1994-01-01");
    let orders = t
        .orders
        .filter(col("o_orderdate").gt_eq(&year).and(col("o_orderdate").lt(year.date_add(Year, 1))))?
        .join(&customers, "inner")?
        .select([col("o_orderkey").alias("l_orderkey"), col("nation")])?;
    t.lineitem
        .join(&orders, "inner")?
        // By the supplier and the nation.
        .join(&suppliers, "inner")?
        .group_by("n_name")
        .aggregate([sum(revenue()).alias("revenue")])?
        .sort("revenue desc")
}

/// Forecast of revenue: what more there would have been without some discounts.
pub(super) fn q6(t: &Tables) -> Result<DataFrame> {
    let year = day("1994-01-01");
    t.lineitem
        .filter(
            col("l_shipdate")
                .gt_eq(&year)
                .and(col("l_shipdate").lt(year.date_add(Year, 1)))
                .and(col("l_discount").between(amount("0.06") - amount("0.01"), amount("0.06") + amount("0.01")))
                .and(col("l_quantity").lt(24)),
        )?
        .aggregate([sum(col("l_extendedprice") * col("l_discount")).alias("revenue")])
}

/// Volume shipping: what France and Germany sold to one another.
pub(super) fn q7(t: &Tables) -> Result<DataFrame> {
    let nations = t.nation.filter(col("n_name").is_in(["FRANCE", "GERMANY"]))?;
    let of_suppliers = nations.select([col("n_nationkey").alias("s_nationkey"), col("n_name").alias("supp_nation")])?;
    let of_customers = nations.select([col("n_nationkey").alias("c_nationkey"), col("n_name").alias("cust_nation")])?;
    let suppliers = t.supplier.join(&of_suppliers, "inner")?.select([col("s_suppkey").alias("l_suppkey"), col("supp_nation")])?;
    let customers = t.customer.join(&of_customers, "inner")?.select([col("c_custkey").alias("o_custkey"), col("cust_nation")])?;
    let orders = t.orders.join(&customers, "inner")?.select([col("o_orderkey").alias("l_orderkey"), col("cust_nation")])?;
    t.lineitem
        .filter(col("l_shipdate").between(day("1995-01-01"), day("1996-12-31")))?
        .join(&suppliers, "inner")?
        .join(&orders, "inner")?
        .filter(col("supp_nation").not_eq(col("cust_nation")))?
        .assign([col("l_shipdate").year().alias("l_year")])?
        .group_by(["supp_nation", "cust_nation", "l_year"])
        .aggregate([sum(revenue()).alias("revenue")])?
        .sort("supp_nation, cust_nation, l_year")
}

/// National market share: Brazil's part of what America bought of one type of part.
pub(super) fn q8(t: &Tables) -> Result<DataFrame> {
    let america = t.region.filter(col("r_name").eq("AMERICA"))?.rename([("r_regionkey", "n_regionkey")])?;
    let nations = t.nation.join(&america, "semi")?.rename([("n_nationkey", "c_nationkey")])?;
    let customers = t.customer.join(&nations, "semi")?.rename([("c_custkey", "o_custkey")])?;
    let orders = t
        .orders
        .filter(col("o_orderdate").between(day("1995-01-01"), day("1996-12-31")))?
        .join(&customers, "semi")?
        .select([col("o_orderkey").alias("l_orderkey"), col("o_orderdate").year().alias("o_year")])?;
    let parts = t.part.filter(col("p_type").eq("ECONOMY ANODIZED STEEL"))?.select([col("p_partkey").alias("l_partkey")])?;
    let suppliers = t
        .supplier
        .rename([("s_nationkey", "n_nationkey")])?
        .join(&t.nation, "inner")?
        .select([col("s_suppkey").alias("l_suppkey"), col("n_name").alias("nation")])?;
    let of_brazil = when(col("nation").eq("BRAZIL")).then(revenue()).otherwise(0);
    t.lineitem
        .join(&parts, "semi")?
        .join(&orders, "inner")?
        .join(&suppliers, "inner")?
        .group_by("o_year")
        .aggregate([(sum(of_brazil) / sum(revenue())).alias("mkt_share")])?
        .sort("o_year")
}
