//! Queries 16 to 22.

use fugue_core::expr::TimeUnit::Year;
use fugue_core::expr::{Expr, avg, col, count_all, count_distinct, sum};
use fugue_core::{DataFrame, Result};

use super::Tables;
use super::words::{amount, day, revenue};

/// Parts and suppliers: how many suppliers without complaints can deliver parts of some sizes.
pub(super) fn q16(t: &Tables) -> Result<DataFrame> {
    let complained_of =
        t.supplier.filter(col("s_comment").like("%Customer%Complaints%"))?.rename([("s_suppkey", "ps_suppkey")])?;
    let parts = t
        .part
        .filter(
            col("p_brand")
                .not_eq("Brand#45")
                .and(!col("p_type").starts_with("MEDIUM POLISHED"))
                .and(col("p_size").is_in([49, 14, 23, 45, 19, 3, 36, 9])),
        )?
        .rename([("p_partkey", "ps_partkey")])?;
    t.partsupp
        .join(&complained_of, "anti")?
        .join(&parts, "inner")?
        .group_by(["p_brand", "p_type", "p_size"])
        .aggregate([count_distinct("ps_suppkey").alias("supplier_cnt")])?
        .sort("supplier_cnt desc, p_brand, p_type, p_size")
}

/// Small quantity orders: what a year would lose without orders far below the mean.
pub(super) fn q17(t: &Tables) -> Result<DataFrame> {
    let parts = t
        .part
        .filter(col("p_brand").eq("Brand#23").and(col("p_container").eq("MED BOX")))?
        .rename([("p_partkey", "l_partkey")])?;
    let items = t.lineitem.join(&parts, "semi")?;
    let few = items.group_by("l_partkey").aggregate([(avg("l_quantity") * amount("0.2")).alias("few")])?;
    items
        .join(&few, "inner")?
        .filter(col("l_quantity").lt(col("few")))?
        .aggregate([(sum("l_extendedprice") / 7).alias("avg_yearly")])
}

/// Large volume customers: orders of more than 300 pieces.
pub(super) fn q18(t: &Tables) -> Result<DataFrame> {
    let large = t
        .lineitem
        .rename([("l_orderkey", "o_orderkey")])?
        .group_by("o_orderkey")
        .aggregate([sum("l_quantity").alias("sum_quantity")])?
        .filter(col("sum_quantity").gt(300))?;
    t.orders
        .join(&large, "inner")?
        .rename([("o_custkey", "c_custkey")])?
        .join(&t.customer, "inner")?
        .select(["c_name", "c_custkey", "o_orderkey", "o_orderdate", "o_totalprice", "sum_quantity"])?
        .take_sorted(100, "o_totalprice desc, o_orderdate")
}

/// Discounted revenue: of parts that are handled in one of three ways.
pub(super) fn q19(t: &Tables) -> Result<DataFrame> {
    let handled = |brand: &str, containers: [&str; 4], least: i64, greatest_size: i64| -> Expr {
        col("p_brand")
            .eq(brand)
            .and(col("p_container").is_in(containers))
            .and(col("l_quantity").between(least, least + 10))
            .and(col("p_size").between(1, greatest_size))
    };
    let by_hand = col("l_shipmode").is_in(["AIR", "AIR REG"]).and(col("l_shipinstruct").eq("DELIVER IN PERSON"));
    t.lineitem
        .filter(by_hand)?
        .rename([("l_partkey", "p_partkey")])?
        .join(&t.part, "inner")?
        .filter(
            handled("Brand#12", ["SM CASE", "SM BOX", "SM PACK", "SM PKG"], 1, 5)
                .or(handled("Brand#23", ["MED BAG", "MED BOX", "MED PKG", "MED PACK"], 10, 10))
                .or(handled("Brand#34", ["LG CASE", "LG BOX", "LG PACK", "LG PKG"], 20, 15)),
        )?
        .aggregate([sum(revenue()).alias("revenue")])
}

/// Potential part promotion: who in Canada has more forest parts than half of what a year shipped.
pub(super) fn q20(t: &Tables) -> Result<DataFrame> {
    let year = day("1994-01-01");
    let shipped = t
        .lineitem
        .filter(col("l_shipdate").gt_eq(&year).and(col("l_shipdate").lt(year.date_add(Year, 1))))?
        .rename([("l_partkey", "ps_partkey"), ("l_suppkey", "ps_suppkey")])?
        .group_by(["ps_partkey", "ps_suppkey"])
        .aggregate([(sum("l_quantity") * amount("0.5")).alias("half")])?;
    let forest = t.part.filter(col("p_name").starts_with("forest"))?.rename([("p_partkey", "ps_partkey")])?;
    let plenty = t
        .partsupp
        .join(&forest, "semi")?
        .join(&shipped, "inner")?
        .filter(col("ps_availqty").gt(col("half")))?
        .rename([("ps_suppkey", "s_suppkey")])?;
    let canada = t.nation.filter(col("n_name").eq("CANADA"))?.rename([("n_nationkey", "s_nationkey")])?;
    t.supplier.join(&canada, "semi")?.join(&plenty, "semi")?.select(["s_name", "s_address"])?.sort("s_name")
}

/// Suppliers who kept orders waiting: who of Saudi Arabia alone was late with an order of several suppliers.
pub(super) fn q21(t: &Tables) -> Result<DataFrame> {
    let late = col("l_receiptdate").gt(col("l_commitdate"));
    let waiting = t
        .lineitem
        .group_by("l_orderkey")
        .aggregate([
            count_distinct("l_suppkey").alias("suppliers"),
            count_distinct("l_suppkey").where_(&late).alias("late_suppliers"),
        ])?
        .filter(col("suppliers").gt(1).and(col("late_suppliers").eq(1)))?;
    let failed = t.orders.filter(col("o_orderstatus").eq("F"))?.rename([("o_orderkey", "l_orderkey")])?;
    let arabia = t.nation.filter(col("n_name").eq("SAUDI ARABIA"))?.rename([("n_nationkey", "s_nationkey")])?;
    let suppliers = t.supplier.join(&arabia, "semi")?.select([col("s_suppkey").alias("l_suppkey"), col("s_name")])?;
    t.lineitem
        .filter(late)?
        .join(&suppliers, "inner")?
        .join(&failed, "semi")?
        .join(&waiting, "semi")?
        .group_by("s_name")
        .aggregate([count_all().alias("numwait")])?
        .take_sorted(100, "numwait desc, s_name")
}

/// Global sales opportunity: customers of some countries with money and without orders.
pub(super) fn q22(t: &Tables) -> Result<DataFrame> {
    let customers = t
        .customer
        .assign([col("c_phone").substring(0, 2).alias("cntrycode")])?
        .filter(col("cntrycode").is_in(["13", "31", "23", "29", "30", "18", "17"]))?;
    let mean = customers.filter(col("c_acctbal").gt(0))?.aggregate([avg("c_acctbal").alias("mean")])?;
    let orders = t.orders.rename([("o_custkey", "c_custkey")])?;
    customers
        .join(&mean, "cross")?
        .filter(col("c_acctbal").gt(col("mean")))?
        .join(&orders, "anti")?
        .group_by("cntrycode")
        .aggregate([count_all().alias("numcust"), sum("c_acctbal").alias("totacctbal")])?
        .sort("cntrycode")
}
