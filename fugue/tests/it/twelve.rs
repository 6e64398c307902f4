//! Twelve functions as people have them already, none of them changed. Every line that is added to run one of them on an engine is
//! marked with `// +`; the last test counts them. Answers are checked against loops in plain Rust.

use std::collections::BTreeMap;
use std::fmt;

use fugue::arrow::array::{AsArray, BooleanArray};
use fugue::arrow::compute::filter_record_batch;
use fugue::arrow::datatypes::Float64Type;
use fugue::arrow::error::ArrowError;
use fugue::arrow::record_batch::RecordBatch;
use fugue::calls::Dropped;
use fugue::polars::polars::prelude as pl;
use fugue::prelude::*;

use crate::{lines, on_every_engine, sorted};

/// Made-up prices of a few symbols, in no order: what all tests run over.
#[derive(Row, Clone)]
struct Price {
    symbol: String,
    day: i64,
    price: f64,
}

fn prices() -> Vec<Price> {
    let price = |i: i64| Price { symbol: format!("S{}", i % 4), day: i * 37 % 101, price: ((i * 7919) % 1000) as f64 / 8.0 };
    (0..101).map(price).collect()
}

/// The same by hand: by symbol, in order of days.
fn by_hand() -> BTreeMap<String, Vec<Price>> {
    let mut groups: BTreeMap<String, Vec<Price>> = BTreeMap::new();
    for price in prices() {
        groups.entry(price.symbol.clone()).or_default().push(price);
    }
    groups.values_mut().for_each(|group| group.sort_by_key(|p| p.day));
    groups
}

fn record<const N: usize>(values: [(&str, Value); N]) -> String {
    Record::from_iter(values).to_string()
}

// ---- 1. A windowed feature over a slice of numbers.

fn rolling_mean(values: &[f64]) -> Vec<f64> {
    (0..values.len())
        .map(|i| {
            let window = &values[i.saturating_sub(4)..=i];
            window.iter().sum::<f64>() / window.len() as f64
        })
        .collect()
}

#[test]
fn a_windowed_feature() {
    on_every_engine(|session| async move {
        let frame = session.frame(prices())?;
        let result = frame
            .transform(rolling_mean) // +
            .on("price") // +
            .to("mean") // +
            .partition_by("symbol") // +
            .presort("day") // +
            .run()?; // +
        let expected = by_hand().into_values().flat_map(|group| {
            let means = rolling_mean(&group.iter().map(|p| p.price).collect::<Vec<_>>());
            let line = |(p, mean): (Price, f64)| {
                record([("symbol", p.symbol.into()), ("day", p.day.into()), ("price", p.price.into()), ("mean", mean.into())])
            };
            group.into_iter().zip(means).map(line).collect::<Vec<_>>()
        });
        assert_eq!(lines(&result).await?, sorted(expected));
        Ok(())
    });
}

// ---- 2. Cleaning of text.

fn clean(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

#[test]
fn cleaning_of_text() {
    #[derive(Row)]
    struct Note {
        id: i64,
        text: String,
    }
    let texts = ["  Zürich  HB ", "", "A\tB\nC", "ÅNGSTRÖM", "a long text that does not fit into a view of twelve bytes"];
    on_every_engine(|session| async move {
        let notes = (0..).zip(texts).map(|(id, text)| Note { id, text: text.into() }).collect::<Vec<_>>();
        let frame = session.frame(notes)?;
        let result = frame.transform(clean).on("text").to("clean").run()?; // +
        let expected = (0_i64..).zip(texts).map(|(id, text)| {
            let mut words = String::new();
            for word in text.split_whitespace() {
                if !words.is_empty() {
                    words.push(' ');
                }
                words.push_str(&word.to_lowercase());
            }
            record([("id", id.into()), ("text", text.into()), ("clean", words.into())])
        });
        assert_eq!(lines(&result).await?, sorted(expected));
        Ok(())
    });
}

// ---- 3. A function of Polars.

fn share_of_total(df: pl::DataFrame) -> pl::PolarsResult<pl::DataFrame> {
    use pl::IntoLazy;
    df.lazy().with_column((pl::col("price") / pl::col("price").sum()).alias("share")).collect()
}

#[test]
fn a_function_of_polars() {
    on_every_engine(|session| async move {
        let frame = session.frame(prices())?;
        let result = frame.transform(share_of_total).schema("*, share:double").partition_by("symbol").run()?; // +
        let rows = result.rows::<Record>().await?;
        let groups = by_hand();
        assert_eq!(rows.len(), 101);
        for mut row in rows {
            let (symbol, price, share) = (row.take::<String>("symbol")?, row.take::<f64>("price")?, row.take::<f64>("share")?);
            // Polars adds in an order of its own.
            let expected = price / groups[&symbol].iter().map(|p| p.price).sum::<f64>();
            assert!((share - expected).abs() < 1e-12, "{symbol}: {share} is not {expected}");
        }
        Ok(())
    });
}

// ---- 4. A function with a loaded model.

struct Model {
    weights: Vec<f64>,
}

impl Model {
    fn load(path: &std::path::Path) -> std::io::Result<Self> {
        let text = std::fs::read_to_string(path)?;
        Ok(Self { weights: text.lines().filter_map(|line| line.parse().ok()).collect() })
    }
}

fn predict(day: i64, price: f64, model: &Model) -> f64 {
    model.weights[0] + model.weights[1] * day as f64 + model.weights[2] * price
}

#[test]
fn a_function_with_a_loaded_model() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "0.5\n-2\n1.25\n").unwrap();
    on_every_engine(|session| {
        let path = file.path();
        async move {
            let frame = session.frame(prices())?;
            let model = Model::load(path).expect("the model"); // +
            let result = frame.transform(predict).on(["day", "price"]).to("risk").state(model).run()?; // +
            let expected = prices().into_iter().map(|p| {
                let risk = 0.5 + -2.0 * p.day as f64 + 1.25 * p.price;
                record([("symbol", p.symbol.into()), ("day", p.day.into()), ("price", p.price.into()), ("risk", risk.into())])
            });
            assert_eq!(lines(&result).await?, sorted(expected));
            Ok(())
        }
    });
}

// ---- 5. An async enrichment.

#[derive(Row)] // +
struct Visit {
    host: String,
    hits: i64,
}

#[derive(Row)] // +
struct Located {
    host: String,
    country: Option<String>,
    hits: i64,
}

async fn locate(visit: Visit) -> Result<Located, std::io::Error> {
    // A service that takes its time.
    tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    let country = visit.host.rsplit('.').next().filter(|top| top.len() == 2).map(str::to_uppercase);
    Ok(Located { country, host: visit.host, hits: visit.hits })
}

#[test]
fn an_async_enrichment() {
    let hosts = ["a.ch", "b.com", "c.de", "", "ü.fr"];
    on_every_engine(|session| async move {
        let visits = (0..50).map(|hits| Visit { host: hosts[hits as usize % 5].into(), hits }).collect::<Vec<_>>();
        let frame = session.frame(visits)?;
        let result = frame.transform(locate).concurrency(8).run()?; // +
        let expected = (0..50_i64).map(|hits| {
            let country = [Some("CH"), None, Some("DE"), None, Some("FR")][hits as usize % 5];
            record([
                ("host", hosts[hits as usize % 5].into()),
                ("country", country.map_or(Value::Null, Value::from)),
                ("hits", hits.into()),
            ])
        });
        assert_eq!(lines(&result).await?, sorted(expected));
        Ok(())
    });
}

// ---- 6. An aggregation to one row per group.

#[derive(Row)] // +
struct Summary {
    symbol: String,
    days: i64,
    lowest: f64,
    last: f64,
}

fn summarise(prices: &[Price]) -> Summary {
    Summary {
        symbol: prices[0].symbol.clone(),
        days: prices.len() as i64,
        lowest: prices.iter().map(|p| p.price).fold(f64::INFINITY, f64::min),
        last: prices[prices.len() - 1].price,
    }
}

#[test]
fn an_aggregation() {
    on_every_engine(|session| async move {
        let frame = session.frame(prices())?;
        let result = frame.transform(summarise).partition_by("symbol").presort("day").run()?; // +
        let expected = by_hand().into_iter().map(|(symbol, group)| {
            let mut lowest = group[0].price;
            for price in &group {
                if price.price < lowest {
                    lowest = price.price;
                }
            }
            let last = group.iter().max_by_key(|p| p.day).map(|p| p.price).unwrap_or_default();
            record([
                ("symbol", symbol.into()),
                ("days", (group.len() as i64).into()),
                ("lowest", lowest.into()),
                ("last", last.into()),
            ])
        });
        assert_eq!(lines(&result).await?, sorted(expected));
        Ok(())
    });
}

// ---- 7. A grid search.

fn backtest((fast, slow): (usize, usize)) -> f64 {
    let mut prices = prices();
    prices.sort_by_key(|p| p.day);
    let mean = |end: usize, rows: usize| prices[end - rows..end].iter().map(|p| p.price).sum::<f64>() / rows as f64;
    (slow..prices.len()).filter(|&i| mean(i, fast) > mean(i, slow)).map(|i| prices[i].price - prices[i - 1].price).sum()
}

#[test]
fn a_grid_search() {
    on_every_engine(|session| async move {
        let grid = (2..6).flat_map(|fast| (8..12).map(move |slow| (fast, slow)));
        let results = map(grid.clone(), backtest).run_on(&session).await?; // +
        let mut expected = Vec::new();
        for point in grid {
            expected.push(backtest(point));
        }
        assert_eq!(results, expected);
        Ok(())
    });
}

// ---- 8. A join of two streams of events by key.

#[derive(Row, Clone)] // +
struct Shown {
    user: i64,
    at: i64,
    banner: String,
}

#[derive(Row, Clone)] // +
struct Click {
    user: i64,
    at: i64,
}

#[derive(Row)] // +
struct Attributed {
    user: i64,
    clicked_at: i64,
    banner: Option<String>,
}

fn attribute(shown: &[Shown], clicks: &[Click]) -> Vec<Attributed> {
    let last_before = |at: i64| shown.iter().rev().find(|s| s.at <= at && at - s.at < 10).map(|s| s.banner.clone());
    clicks.iter().map(|c| Attributed { user: c.user, clicked_at: c.at, banner: last_before(c.at) }).collect()
}

#[test]
fn a_join_of_two_streams_of_events() {
    let shown: Vec<Shown> = (0..60).map(|i| Shown { user: i % 7, at: i * 31 % 97, banner: format!("B{}", i % 3) }).collect();
    let clicks: Vec<Click> = (0..80).map(|i| Click { user: i % 9, at: i * 17 % 103 }).collect();
    on_every_engine(|session| {
        let (shown, clicks) = (shown.clone(), clicks.clone());
        async move {
            let (first, second) = (session.frame(shown.clone())?, session.frame(clicks.clone())?);
            let both = first.cotransform([&second], attribute); // +
            let result = both.partition_by("user").presort("at").how(ZipKind::RightOuter).run()?; // +
            let expected = clicks.iter().map(|click| {
                let before = shown.iter().filter(|s| s.user == click.user && s.at <= click.at && click.at - s.at < 10);
                let banner = before.max_by_key(|s| s.at).map_or(Value::Null, |s| s.banner.as_str().into());
                record([("user", click.user.into()), ("clicked_at", click.at.into()), ("banner", banner)])
            });
            assert_eq!(lines(&result).await?, sorted(expected));
            Ok(())
        }
    });
}

// ---- 9. A generator of many rows.

#[derive(Row, Clone)] // +
struct Loan {
    id: i64,
    amount: f64,
    months: i32,
}

#[derive(Row)] // +
struct Payment {
    loan: i64,
    month: i32,
    left: f64,
}

fn payments(loans: Vec<Loan>) -> impl Iterator<Item = Payment> {
    loans.into_iter().flat_map(|loan| {
        let rate = loan.amount / f64::from(loan.months);
        (1..=loan.months).map(move |month| Payment { loan: loan.id, month, left: loan.amount - rate * f64::from(month) })
    })
}

#[test]
fn a_generator_of_many_rows() {
    let loans: Vec<Loan> = (1..=30).map(|id| Loan { id, amount: 1000.0 * id as f64, months: (id % 5) as i32 * 12 }).collect();
    on_every_engine(|session| {
        let loans = loans.clone();
        async move {
            let frame = session.frame(loans.clone())?;
            let result = frame.transform(payments).run()?; // +
            let mut expected = Vec::new();
            for loan in loans {
                for month in 1..=loan.months {
                    let left = loan.amount - loan.amount / f64::from(loan.months) * f64::from(month);
                    expected.push(record([("loan", loan.id.into()), ("month", month.into()), ("left", left.into())]));
                }
            }
            assert_eq!(lines(&result).await?, sorted(expected));
            Ok(())
        }
    });
}

// ---- 10. A function with an error type of its own.

#[derive(Debug, PartialEq)]
enum BadLine {
    NoSeparator(String),
    NotANumber(String),
}

impl fmt::Display for BadLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "bad line: {self:?}")
    }
}

impl std::error::Error for BadLine {}

#[derive(Row)] // +
struct Raw {
    line: String,
}

#[derive(Row)] // +
struct Event {
    name: String,
    value: f64,
}

fn parse(raw: &Raw) -> Result<Option<Event>, BadLine> {
    if raw.line.starts_with('#') {
        return Ok(None);
    }
    let (name, value) = raw.line.split_once('=').ok_or_else(|| BadLine::NoSeparator(raw.line.clone()))?;
    let value = value.trim().parse().map_err(|_| BadLine::NotANumber(value.into()))?;
    Ok(Some(Event { name: name.into(), value }))
}

#[test]
fn a_function_with_an_error_type_of_its_own() {
    let raw = |all: &[&str]| all.iter().map(|&line| Raw { line: line.into() }).collect::<Vec<_>>();
    on_every_engine(|session| async move {
        let frame = session.frame(raw(&["a=1", "# no", "b= 2.5", "oops", "c=x", "d=-0"]))?;
        let dropped = Dropped::new(); // +
        let result = frame.transform(parse).ignore_errors::<BadLine>(&dropped).run()?; // +
        let expected = [("a", 1.0), ("b", 2.5), ("d", -0.0)].map(|(n, v)| record([("name", n.into()), ("value", v.into())]));
        assert_eq!(lines(&result).await?, sorted(expected));
        assert_eq!(dropped.count(), 2);

        let error = session.frame(raw(&["a=1", "oops"]))?.transform(parse).collect().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TransformerFailed);
        assert_eq!(error.user_error::<BadLine>(), Some(&BadLine::NoSeparator("oops".into())));
        Ok(())
    });
}

// ---- 11. A function over batches.

fn above_mean(batch: RecordBatch) -> Result<RecordBatch, ArrowError> {
    let prices = batch.column_by_name("price").ok_or_else(|| ArrowError::SchemaError("no price".into()))?;
    let prices = prices.as_primitive::<Float64Type>();
    let mean = prices.values().iter().sum::<f64>() / prices.len() as f64;
    let above: BooleanArray = prices.values().iter().map(|p| Some(*p > mean)).collect();
    filter_record_batch(&batch, &above)
}

#[test]
fn a_function_over_batches() {
    on_every_engine(|session| async move {
        let frame = session.frame(prices())?;
        let result = frame.transform(above_mean).schema("*").partition_by("symbol").presort("day").run()?; // +
        let mut expected = Vec::new();
        for group in by_hand().into_values() {
            let mean = group.iter().map(|p| p.price).sum::<f64>() / group.len() as f64;
            for p in group {
                if p.price > mean {
                    expected.push(record([("symbol", p.symbol.into()), ("day", p.day.into()), ("price", p.price.into())]));
                }
            }
        }
        assert_eq!(lines(&result).await?, sorted(expected));
        Ok(())
    });
}

// ---- 12. A function that needs the key.

fn headline(symbol: &str, prices: &[f64]) -> String {
    format!("{symbol}: {} days, up to {}", prices.len(), prices.iter().copied().fold(0.0, f64::max))
}

#[test]
fn a_function_that_needs_the_key() {
    on_every_engine(|session| async move {
        let frame = session.frame(prices())?;
        let call = |prices: &[f64], at: Cursor| at.key::<String>("symbol").map(|symbol| headline(&symbol, prices)); // +
        let result = frame.transform(call).on("price").to("headline").partition_by("symbol").run()?; // +
        let expected = by_hand().into_iter().map(|(symbol, group)| {
            let mut most = 0.0;
            for p in &group {
                if p.price > most {
                    most = p.price;
                }
            }
            let headline = format!("{symbol}: {} days, up to {most}", group.len());
            record([("symbol", symbol.into()), ("headline", headline.into())])
        });
        assert_eq!(lines(&result).await?, sorted(expected));
        Ok(())
    });
}

// ---- The count of added lines.

#[test]
fn at_most_six_lines_are_added_to_each() {
    let sections: Vec<&str> = include_str!("twelve.rs").split("\n// ---- ").skip(1).take(12).collect();
    assert_eq!(sections.len(), 12);
    for section in sections {
        let title = section.lines().next().unwrap_or_default();
        let added = section.lines().filter(|line| line.ends_with("// +")).count();
        assert!((1..=6).contains(&added), "{added} lines are added for {title}");
    }
}
