//! The same over a file of the user's: a moving average by key and in order, and a fan-out over windows.

use std::cmp::Ordering;
use std::time::Instant;

use fugue::prelude::*;
use fugue::{Field, Type};

use crate::answer::{Answer, say};
use crate::arguments::Own;

/// The moving average over so many values; a missing value counts for nothing.
fn moving_average(values: &[Option<f64>], window: Params<usize>) -> Vec<Option<f64>> {
    let average = |end: usize| {
        let known: Vec<f64> = values[(end + 1).saturating_sub(*window)..=end].iter().flatten().copied().collect();
        (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64)
    };
    (0..values.len()).map(average).collect()
}

/// How far the average of the last values is from the next one, in the mean.
#[derive(Row)]
struct Miss {
    window: i64,
    mean_error: f64,
}

/// The known values of one key, in order.
#[derive(Row)]
struct Series {
    values: Vec<f64>,
}

fn series(records: Vec<Record>, column: Params<String>) -> Result<Series> {
    let mut values = Vec::with_capacity(records.len());
    for mut record in records {
        values.extend(record.take::<Option<f64>>(&column)?);
    }
    Ok(Series { values })
}

fn miss(all: &[Series], window: usize) -> f64 {
    let (mut sum, mut count) = (0.0, 0_u32);
    for Series { values } in all {
        for i in window..values.len() {
            sum += (values[i] - values[i - window..i].iter().sum::<f64>() / window as f64).abs();
            count += 1;
        }
    }
    sum / f64::from(count.max(1))
}

pub async fn run(session: &Session, own: &Own) -> Result<Vec<Answer>> {
    let input = own.input.to_string_lossy();
    let df = session.load(&input).await?;
    say(format!("{input}: {} rows of {}", df.count().await?, df.schema()));
    let (df, value) = with_numbers(session, own, df).await?;

    let started = Instant::now();
    let mut name = format!("{value} average");
    while df.schema().contains(&name) {
        name.push('\'');
    }
    let mut call = df.transform(moving_average).on([&value]).to(name).params(&own.window);
    let mut groups = df.transform(series).params(&value);
    if own.by.is_empty() {
        groups = groups.num(1);
    } else {
        call = call.partition_by(own.by.clone());
        groups = groups.partition_by(own.by.clone());
    }
    if let Some(presort) = &own.presort {
        call = call.presort(presort.as_str());
        groups = groups.presort(presort.as_str());
    }
    let averages = Answer::of(
        format!("moving average of {} values of {value}: transform(moving_average)", own.window),
        started,
        call.run()?,
    )
    .await?;

    let started = Instant::now();
    let mut all: Vec<Series> = groups.rows().await?;
    // The order of result rows is free, and sums of floats depend on it.
    all.sort_by(|a, b| a.values.partial_cmp(&b.values).unwrap_or(Ordering::Equal));
    let longest = all.iter().map(|s| s.values.len()).max().unwrap_or(0);
    let windows: Vec<usize> = (1..=30).filter(|w| *w < longest).collect();
    let misses = map(windows, move |window| (window, miss(&all, window))).run_on(session).await?;
    let mut misses: Vec<Miss> = misses.into_iter().map(|(w, mean_error)| Miss { window: w as i64, mean_error }).collect();
    misses.sort_by(|a, b| a.mean_error.total_cmp(&b.mean_error));
    let misses =
        Answer::of(format!("windows that foretell the next {value} best: map(windows, miss)"), started, session.frame(misses)?)
            .await?;
    Ok(vec![averages, misses])
}

/// The frame with the column to average as floats, and its name.
async fn with_numbers(session: &Session, own: &Own, df: DataFrame) -> Result<(DataFrame, String)> {
    let Some(value) = own.value.clone() else {
        let message = format!("say which column to take the average of: --value COLUMN; the file has {}", df.schema());
        return Err(Error::new(ErrorKind::SettingInvalid, message));
    };
    if df.schema().field(&value).is_none_or(|f| *f.ty() == Type::Float64) {
        return Ok((df, value));
    }
    let wanted = df.schema().alter([Field::new(value.as_str(), Type::Float64)])?;
    let df = session.load_with(own.input.to_string_lossy(), &LoadOptions::new().columns(wanted)).await?;
    Ok((df, value))
}
