//! The three largest joins of TPC-H with a function on top: on a Ballista cluster and on DataFusion, whose answers must agree.

use std::io::Write;
use std::path::{Path, PathBuf};

use benchmarks::arguments::Arguments;
use benchmarks::data::default_folder;
use benchmarks::hand::BoxError;
use benchmarks::measure::Pairs;
use benchmarks::tpch::Table;
use fugue_ballista::{BallistaEngine, Cluster};
use fugue_core::calls::transform;
use fugue_core::row::{Decimal, Row};
use fugue_datafusion::datafusion::arrow::util::pretty::pretty_format_batches;
use fugue_datafusion::datafusion::prelude::{DataFrame, ParquetReadOptions, SessionConfig, SessionContext, col};
use tokio::runtime::Runtime;

/// The line items with what each table of the others says of them, down to what the function reads.
const JOINS: [(&str, &str); 3] = [
    (
        "orders",
        "select o_orderpriority as key, l_orderkey as item, l_extendedprice as price, l_quantity as quantity
         from lineitem join orders on l_orderkey = o_orderkey",
    ),
    (
        "partsupp",
        "select cast(l_suppkey as varchar) as key, l_orderkey as item, l_extendedprice - ps_supplycost * l_quantity as price, l_quantity as quantity
         from lineitem join partsupp on l_partkey = ps_partkey and l_suppkey = ps_suppkey",
    ),
    (
        "part",
        "select p_brand as key, l_orderkey as item, l_extendedprice as price, l_quantity as quantity
         from lineitem join part on l_partkey = p_partkey",
    ),
];

#[derive(Row)]
struct Sale {
    key: String,
    item: i64,
    price: Decimal<38, 4>,
    quantity: Decimal<15, 2>,
}

#[derive(Row)]
struct Summary {
    key: String,
    sales: i64,
    items: i64,
    price: Option<Decimal<38, 4>>,
    most: Option<Decimal<15, 2>>,
}

/// Sums of whole numbers: the answer is the same in whatever order rows come.
fn summary(sales: &[Sale]) -> Summary {
    let mut items: Vec<i64> = sales.iter().map(|s| s.item).collect();
    items.sort_unstable();
    items.dedup();
    Summary {
        key: sales[0].key.clone(),
        sales: sales.len() as i64,
        items: items.len() as i64,
        price: Decimal::new(sales.iter().map(|s| s.price.unscaled()).sum()),
        most: Decimal::new(sales.iter().map(|s| s.quantity.unscaled()).max().unwrap_or(0)),
    }
}

fn main() -> Result<(), BoxError> {
    let arguments = Arguments::of_program(&["scale", "pairs", "executors", "slots", "data"])?;
    let scale: f64 = arguments.value("scale")?.unwrap_or(1.0);
    let pairs = arguments.value("pairs")?.unwrap_or(3);
    let (executors, slots) = (arguments.value("executors")?.unwrap_or(2), arguments.value("slots")?.unwrap_or(1));
    let folder = arguments.value("data")?.map_or_else(default_folder, Ok)?;
    let tables = tables(&folder, scale)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let cluster = runtime.block_on(Cluster::builder().executors(executors).slots(slots).start())?;
    let here = SessionContext::new_with_config(SessionConfig::new().with_target_partitions(executors * slots));
    let there = runtime.block_on(BallistaEngine::on(&cluster).context())?;
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "TPC-H at scale {scale}, {executors} executors with {slots} slots beside as many threads, {pairs} pairs of runs"
    )?;
    writeln!(out, "{:10} {:>9} {:>9} {:>7}", "join with", "datafus.", "ballista", "ratio")?;
    for (name, query) in JOINS {
        let run = |context: &SessionContext| answer(&runtime, context, &tables, query);
        let (one, other) = (run(&here)?, run(&there)?);
        if one != other {
            return Err(format!("the answers to the join with {name} differ:\n{one}\n{other}").into());
        }
        let times = Pairs::time(pairs, || run(&here).map(drop), || run(&there).map(drop))?;
        writeln!(out, "{name:10} {times}  {} rows agree", one.lines().count() - 4)?;
        out.flush()?;
    }
    runtime.block_on(cluster.close())?;
    Ok(())
}

/// The answer as text, in order.
fn answer(runtime: &Runtime, context: &SessionContext, tables: &[(&str, PathBuf)], query: &str) -> Result<String, BoxError> {
    runtime.block_on(async {
        for (name, path) in tables {
            if !context.table_exist(*name)? {
                context.register_parquet(*name, path.to_string_lossy(), ParquetReadOptions::default()).await?;
            }
        }
        let query = format!("select key, item, cast(price as decimal(38, 4)) as price, quantity from ({query})");
        let summaries: DataFrame = transform(context.sql(&query).await?, summary).partition_by("key").run()?;
        let batches = summaries.sort(vec![col("key").sort(true, false)])?.collect().await?;
        Ok(pretty_format_batches(&batches)?.to_string())
    })
}

/// Files of the tables, made once.
fn tables(folder: &Path, scale: f64) -> Result<Vec<(&'static str, PathBuf)>, BoxError> {
    let tables = [Table::LineItem, Table::Orders, Table::PartSupp, Table::Part];
    tables.into_iter().map(|table| Ok((table.name(), table.file(folder, scale)?))).collect()
}
