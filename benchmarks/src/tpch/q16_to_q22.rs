//! Queries 16 to 22.

use fugue_core::expr::{all_of, any_of, avg, col, count_all, count_distinct, sum};
use fugue_core::{DataFrame, Result};

use super::Tables;
use super::words::{amount, day, revenue};

/// Parts and suppliers: how many suppliers without complaints can deliver parts of some sizes.
pub(super) fn q16(t: &Tables) -> Result<DataFrame> {
    let complained_of = t.supplier.filter(col("s_comment").like("%Customer%Complaints%"))?;
    let parts = t.part.filter(all_of([
        col("p_brand").not_eq("Brand#45"),
        !col("p_type").starts_with("MEDIUM POLISHED"),
        col("p_size").is_in([49, 14, 23, 45, 19, 3, 36, 9]),
    ]))?;
    t.partsupp
        .join_on(&complained_of, "anti", ("ps_suppkey", "s_suppkey"))?
        .join_on(&parts, "inner", ("ps_partkey", "p_partkey"))?
        .group_by(["p_brand", "p_type", "p_size"])
        .aggregate(count_distinct("ps_suppkey").alias("supplier_cnt"))?
        .sort("supplier_cnt desc, p_brand, p_type, p_size")
}

/// Small quantity orders: what a year would lose without orders far below the mean.
pub(super) fn q17(t: &Tables) -> Result<DataFrame> {
    let parts = t.part.filter(col("p_brand").eq("Brand#23").and(col("p_container").eq("MED BOX")))?;
    let items = t.lineitem.join_on(&parts, "semi", ("l_partkey", "p_partkey"))?;
    let few = items.group_by("l_partkey").aggregate((avg("l_quantity") * amount("0.2")).alias("few"))?;
    items
        .join(&few, "inner")?
        .filter(col("l_quantity").lt(col("few")))?
        .aggregate((sum("l_extendedprice") / 7).alias("avg_yearly"))
}

/// Large volume customers: orders of more than 300 pieces.
pub(super) fn q18(t: &Tables) -> Result<DataFrame> {
    let large = t
        .lineitem
        .group_by("l_orderkey")
        .aggregate(sum("l_quantity").alias("sum_quantity"))?
        .filter(col("sum_quantity").gt(300))?;
    t.orders
        .join_on(&large, "inner", ("o_orderkey", "l_orderkey"))?
        .join_on(&t.customer, "inner", ("o_custkey", "c_custkey"))?
        .select(("c_name", col("o_custkey").alias("c_custkey"), "o_orderkey", "o_orderdate", "o_totalprice", "sum_quantity"))?
        .take_sorted(100, "o_totalprice desc, o_orderdate")
}

/// Discounted revenue: of parts that are handled in one of three ways.
pub(super) fn q19(t: &Tables) -> Result<DataFrame> {
    let handled = |brand: &str, containers: [&str; 4], least: i64, greatest_size: i64| {
        all_of([
            col("p_brand").eq(brand),
            col("p_container").is_in(containers),
            col("l_quantity").between(least, least + 10),
            col("p_size").between(1, greatest_size),
        ])
    };
    t.lineitem
        .filter(col("l_shipmode").is_in(["AIR", "AIR REG"]).and(col("l_shipinstruct").eq("DELIVER IN PERSON")))?
        .join_on(&t.part, "inner", ("l_partkey", "p_partkey"))?
        .filter(any_of([
            handled("Brand#12", ["SM CASE", "SM BOX", "SM PACK", "SM PKG"], 1, 5),
            handled("Brand#23", ["MED BAG", "MED BOX", "MED PKG", "MED PACK"], 10, 10),
            handled("Brand#34", ["LG CASE", "LG BOX", "LG PACK", "LG PKG"], 20, 15),
        ]))?
        .aggregate(sum(revenue()).alias("revenue"))
}

/// Potential part promotion: who in Canada has more forest parts than half of what a year shipped.
pub(super) fn q20(t: &Tables) -> Result<DataFrame> {
    let shipped = t
        .lineitem
        .filter(col("l_shipdate").in_range(day("1994-01-01")..day("1995-01-01")))?
        .group_by(["l_partkey", "l_suppkey"])
        .aggregate((sum("l_quantity") * amount("0.5")).alias("half"))?;
    let forest = t.part.filter(col("p_name").starts_with("forest"))?;
    let plenty = t
        .partsupp
        .join_on(&forest, "semi", ("ps_partkey", "p_partkey"))?
        .join_on(&shipped, "inner", [("ps_partkey", "l_partkey"), ("ps_suppkey", "l_suppkey")])?
        .filter(col("ps_availqty").gt(col("half")))?;
    let canada = t.nation.filter(col("n_name").eq("CANADA"))?;
    t.supplier
        .join_on(&canada, "semi", ("s_nationkey", "n_nationkey"))?
        .join_on(&plenty, "semi", ("s_suppkey", "ps_suppkey"))?
        .select(["s_name", "s_address"])?
        .sort("s_name")
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
    let failed = t.orders.filter(col("o_orderstatus").eq("F"))?;
    let arabia = t.nation.filter(col("n_name").eq("SAUDI ARABIA"))?;
    let suppliers = t.supplier.join_on(&arabia, "semi", ("s_nationkey", "n_nationkey"))?;
    t.lineitem
        .filter(late)?
        .join_on(&suppliers, "inner", ("l_suppkey", "s_suppkey"))?
        .join_on(&failed, "semi", ("l_orderkey", "o_orderkey"))?
        .join(&waiting, "semi")?
        .group_by("s_name")
        .aggregate(count_all().alias("numwait"))?
        .take_sorted(100, "numwait desc, s_name")
}

/// Global sales opportunity: customers of some countries with money and without orders.
pub(super) fn q22(t: &Tables) -> Result<DataFrame> {
    let customers = t
        .customer
        .assign(col("c_phone").substring(0, 2).alias("cntrycode"))?
        .filter(col("cntrycode").is_in(["13", "31", "23", "29", "30", "18", "17"]))?;
    let mean = customers.filter(col("c_acctbal").gt(0))?.aggregate(avg("c_acctbal").alias("mean"))?;
    customers
        .join(&mean, "cross")?
        .filter(col("c_acctbal").gt(col("mean")))?
        .join_on(&t.orders, "anti", ("c_custkey", "o_custkey"))?
        .group_by("cntrycode")
        .aggregate([count_all().alias("numcust"), sum("c_acctbal").alias("totacctbal")])?
        .sort("cntrycode")
}
