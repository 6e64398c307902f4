//! The three calls over TPC-H: by key and in order, two tables by key, and a fan-out.

use std::path::Path;
use std::time::Instant;

use fugue::io::Format;
use fugue::prelude::*;

use crate::answer::Answer;
use crate::functions::{Day, Fit, account, day, follow, smooth};

/// A frame over a table.
pub async fn load(session: &Session, folder: &Path, table: &str) -> Result<DataFrame> {
    let parquet = LoadOptions::new().format(Format::Parquet);
    session.load_with(folder.join(table).to_string_lossy(), &parquet).await
}

pub async fn run(session: &Session, folder: &Path) -> Result<Vec<Answer>> {
    let lineitem = load(session, folder, "lineitem").await?;
    let orders = load(session, folder, "orders").await?;
    let customers = load(session, folder, "customer").await?;

    // By key and in order: one call per supplier, its shipments by date; order and line number leave no ties.
    let started = Instant::now();
    let sent = lineitem.transform(follow).partition_by("suppkey").presort("shipdate, orderkey, linenumber").run()?;
    let sent = Answer::of("suppliers followed through time: transform(follow) by suppkey", started, sent).await?;

    // Two tables by key: one call per customer, with its orders; customers without orders too.
    let started = Instant::now();
    let accounts = customers.cotransform([&orders], account).partition_by("custkey").how(ZipKind::LeftOuter).run()?;
    let accounts = Answer::of("customers and their orders: cotransform(account) by custkey", started, accounts).await?;

    // Fan-out: the pieces of each day are a series; one call per pair of smoothing constants.
    let started = Instant::now();
    let mut days: Vec<Day> = lineitem.transform(day).partition_by("shipdate").rows().await?;
    days.sort_by_key(|d| d.shipdate);
    let series: Vec<f64> = days.iter().map(|d| d.pieces as f64).collect();
    let grid = (1..=20).flat_map(|a| (0..10).map(move |b| (f64::from(a) / 20.0, f64::from(b) / 10.0)));
    let errors = map(grid, move |(alpha, beta)| (alpha, beta, smooth(&series, alpha, beta).error)).run_on(session).await?;
    let mut fits: Vec<Fit> = errors.into_iter().map(|(alpha, beta, error)| Fit { alpha, beta, error }).collect();
    fits.sort_by(|a, b| a.error.total_cmp(&b.error));
    let title = format!("smoothing constants that foretell the {} days best: map(grid, smooth)", days.len());
    let fits = Answer::of(title, started, session.frame(fits)?).await?;

    Ok(vec![sent, accounts, fits])
}
