//! The questions, asked of this library: one text for all engines.

use fugue_core::arrow::record_batch::RecordBatch;
use fugue_core::expr::{avg, col, count_all, max, median, min, stddev, sum};
use fugue_core::{DataFrame, Error, ErrorKind, Result, Session};

use super::{Question, Tables};

/// Tables of a session, kept in memory by its engine.
///
/// # Errors
/// Those of the engine.
pub async fn frames(session: &Session, tables: &Tables<Vec<RecordBatch>>) -> Result<Tables<DataFrame>> {
    let mut frames = Tables::new();
    for (name, batches) in tables {
        frames.insert(*name, session.frame(batches.clone())?.persist().await?);
    }
    Ok(frames)
}

/// The answer as a plan.
///
/// # Errors
/// `ColumnNotFound` for a table that is not there.
pub fn ask(question: Question, tables: &Tables<DataFrame>) -> Result<DataFrame> {
    use Question as Q;
    let table = |name: &str| {
        let missing = || Error::new(ErrorKind::ColumnNotFound, format!("there is no table {name}"));
        tables.get(name).ok_or_else(missing)
    };
    let x = table("x")?;
    match question {
        Q::G1 => x.group_by("id1").aggregate([sum("v1").alias("v1")]),
        Q::G2 => x.group_by(["id1", "id2"]).aggregate([sum("v1").alias("v1")]),
        Q::G3 => x.group_by("id3").aggregate([sum("v1").alias("v1"), avg("v3").alias("v3")]),
        Q::G4 => x.group_by("id4").aggregate(["v1", "v2", "v3"].map(|v| avg(v).alias(v))),
        Q::G5 => x.group_by("id6").aggregate(["v1", "v2", "v3"].map(|v| sum(v).alias(v))),
        Q::G6 => x.group_by(["id4", "id5"]).aggregate([median("v3").alias("median_v3"), stddev("v3").alias("sd_v3")]),
        Q::G7 => x.group_by("id3").aggregate([(max("v1") - min("v2")).alias("range_v1_v2")]),
        Q::G8 => x.select(["id6", "v3"])?.group_by("id6").take(2, "v3 desc")?.rename([("v3", "largest2_v3")]),
        Q::G9 => regression(x),
        Q::G10 => {
            x.group_by(["id1", "id2", "id3", "id4", "id5", "id6"]).aggregate([sum("v3").alias("v3"), count_all().alias("count")])
        }
        Q::J1 => x.join(&table("small")?.rename([("id4", "small_id4")])?, "inner"),
        Q::J2 => x.join(&medium(table("medium")?, "id1", "id5")?, "inner"),
        Q::J3 => x.join(&medium(table("medium")?, "id1", "id5")?, "left_outer"),
        Q::J4 => x.join(&medium(table("medium")?, "id1", "id2")?, "inner"),
        Q::J5 => {
            let others = ["id1", "id2", "id4", "id5", "id6"].map(|id| (id, format!("big_{id}")));
            x.join(&table("big")?.rename(others)?, "inner")
        }
    }
}

/// The columns that are no key must have other names than those of `x`.
fn medium(table: &DataFrame, one: &str, other: &str) -> Result<DataFrame> {
    table.rename([one, other, "id4"].map(|id| (id, format!("medium_{id}"))))
}

/// There is no aggregate for the correlation; of whole numbers it is exact by their sums.
fn regression(x: &DataFrame) -> Result<DataFrame> {
    let sums = x.group_by(["id2", "id4"]).aggregate([
        count_all().alias("n"),
        sum("v1").alias("x"),
        sum("v2").alias("y"),
        sum(col("v1") * col("v1")).alias("xx"),
        sum(col("v2") * col("v2")).alias("yy"),
        sum(col("v1") * col("v2")).alias("xy"),
    ])?;
    let spread = |products: &str, one: &str, other: &str| (col("n") * col(products) - col(one) * col(other)).cast("double");
    let both = spread("xy", "x", "y");
    let r2 = both.clone() * both / (spread("xx", "x", "x") * spread("yy", "y", "y"));
    sums.select([col("id2"), col("id4"), r2.alias("r2")])
}
