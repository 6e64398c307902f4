//! The questions as one writes them for Polars.

use fugue_core::arrow::record_batch::RecordBatch;
use fugue_core::{Result, Schema};
use fugue_polars::polars::prelude::{
    DataFrame, DataType, Engine, ExplodeOptions, Expr, IntoLazy, JoinArgs, JoinType, LazyFrame, PolarsResult, SortOptions,
    by_name, col, len, polars_err,
};

use super::{Question, Tables};

/// The tables as frames of Polars, without a copy.
///
/// # Errors
/// What the adapter says of the rows.
pub fn frames(tables: &Tables<Vec<RecordBatch>>) -> Result<Tables<DataFrame>> {
    let frame = |(name, batches): (&&'static str, &Vec<RecordBatch>)| {
        let schema = batches.first().map_or_else(|| Schema::new([]), Schema::of_batch)?;
        Ok((*name, fugue_polars::from_batches(batches.clone(), &schema)?))
    };
    tables.iter().map(frame).collect()
}

/// An answer as rows of Arrow.
///
/// # Errors
/// What the adapter says of the rows.
pub fn rows(answer: &DataFrame) -> Result<Vec<RecordBatch>> {
    fugue_polars::to_batches(answer, &fugue_polars::schema_of(answer.schema())?)
}

/// The answer in memory.
///
/// # Errors
/// Those of Polars.
pub fn ask(question: Question, tables: &Tables<DataFrame>, engine: Engine) -> PolarsResult<DataFrame> {
    plan(question, tables)?.collect_with_engine(engine).map(|answer| answer.unwrap_single())
}

fn plan(question: Question, tables: &Tables<DataFrame>) -> PolarsResult<LazyFrame> {
    use Question as Q;
    let table = |name: &str| {
        let table = tables.get(name).ok_or_else(|| polars_err!(ComputeError: "there is no table {name}"))?;
        Ok::<_, fugue_polars::polars::prelude::PolarsError>(table.clone().lazy())
    };
    let x = table("x")?;
    let inner = JoinArgs::new(JoinType::Inner);
    Ok(match question {
        Q::G1 => x.group_by([col("id1")]).agg([col("v1").sum()]),
        Q::G2 => x.group_by([col("id1"), col("id2")]).agg([col("v1").sum()]),
        Q::G3 => x.group_by([col("id3")]).agg([col("v1").sum(), col("v3").mean()]),
        Q::G4 => x.group_by([col("id4")]).agg(["v1", "v2", "v3"].map(|v| col(v).mean())),
        Q::G5 => x.group_by([col("id6")]).agg(["v1", "v2", "v3"].map(|v| col(v).sum())),
        Q::G6 => {
            x.group_by([col("id4"), col("id5")]).agg([col("v3").median().alias("median_v3"), col("v3").std(1).alias("sd_v3")])
        }
        Q::G7 => x.group_by([col("id3")]).agg([(col("v1").max() - col("v2").min()).alias("range_v1_v2")]),
        Q::G8 => x
            .drop_nulls(Some(by_name(["v3"], true, false)))
            .group_by([col("id6")])
            .agg([col("v3").sort(SortOptions::default().with_order_descending(true)).head(Some(2)).alias("largest2_v3")])
            .explode(by_name(["largest2_v3"], true, false), ExplodeOptions { empty_as_null: true, keep_nulls: true }),
        Q::G9 => regression(x),
        Q::G10 => {
            let keys: Vec<Expr> = ["id1", "id2", "id3", "id4", "id5", "id6"].map(col).into();
            x.group_by(keys).agg([col("v3").sum(), len().alias("count")])
        }
        Q::J1 => x.join(table("small")?, [col("id1")], [col("id1")], inner),
        Q::J2 => x.join(table("medium")?, [col("id2")], [col("id2")], inner),
        Q::J3 => x.join(table("medium")?, [col("id2")], [col("id2")], JoinArgs::new(JoinType::Left)),
        Q::J4 => x.join(table("medium")?, [col("id5")], [col("id5")], inner),
        Q::J5 => x.join(table("big")?, [col("id3")], [col("id3")], inner),
    })
}

/// By sums: the correlation of Polars is a feature of its own.
fn regression(x: LazyFrame) -> LazyFrame {
    let sum = |e: Expr, name: &str| e.sum().cast(DataType::Float64).alias(name);
    let sums = [
        len().cast(DataType::Float64).alias("n"),
        sum(col("v1"), "x"),
        sum(col("v2"), "y"),
        sum(col("v1") * col("v1"), "xx"),
        sum(col("v2") * col("v2"), "yy"),
        sum(col("v1") * col("v2"), "xy"),
    ];
    let spread = |products: &str, one: &str, other: &str| col("n") * col(products) - col(one) * col(other);
    let both = spread("xy", "x", "y");
    let r2 = both.clone() * both / (spread("xx", "x", "x") * spread("yy", "y", "y"));
    x.group_by([col("id2"), col("id4")]).agg(sums).select([col("id2"), col("id4"), r2.alias("r2")])
}
