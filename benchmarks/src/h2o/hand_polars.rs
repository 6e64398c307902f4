//! The questions as one writes them for Polars.

use fugue_polars::polars::prelude::{
    DataFrame, Engine, ExplodeOptions, Expr, IntoLazy, JoinArgs, JoinType, LazyFrame, PolarsResult, by_name, col, len, lit,
    pearson_corr, polars_err,
};

use super::{Question, Tables};

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
            .agg([col("v3").top_k(lit(2)).alias("largest2_v3")])
            .explode(by_name(["largest2_v3"], true, false), ExplodeOptions { empty_as_null: true, keep_nulls: true }),
        Q::G9 => x.group_by([col("id2"), col("id4")]).agg([pearson_corr(col("v1"), col("v2")).alias("r")]).select([
            col("id2"),
            col("id4"),
            (col("r") * col("r")).alias("r2"),
        ]),
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
