//! Every shape of function, inferred from its signature and run by key on the local engine.

use std::borrow::Cow;
use std::fmt;

use fugue_core::arrow::array::{Float64Array, RecordBatch};
use fugue_core::calls::{Dropped, transform};
use fugue_core::row::{Rest, Row};
use fugue_core::transform::{Batches, Cursor, InputSchema, OutputSchema, Params, Rows, State, assert_transformer};
use fugue_core::{Error, ErrorKind, Result, Session, blocking};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Row)]
struct Sale {
    shop: String,
    day: i64,
    amount: f64,
}

#[derive(Debug, Row)]
struct SaleRef<'a> {
    shop: &'a str,
    amount: f64,
}

#[derive(Clone, Debug, PartialEq, PartialOrd, Row)]
struct Total {
    shop: String,
    total: f64,
}

#[derive(Debug)]
struct Bad(i64);

impl fmt::Display for Bad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "bad {}", self.0)
    }
}

impl std::error::Error for Bad {}

#[derive(Serialize, Deserialize)]
struct Factor {
    by: f64,
}

struct Model {
    offset: f64,
}

fn sales() -> Vec<Sale> {
    [("A", 2, 1.0), ("B", 1, 10.0), ("A", 1, 2.0), ("C", 1, 100.0), ("B", 2, 20.0)]
        .map(|(shop, day, amount)| Sale { shop: shop.into(), day, amount })
        .to_vec()
}

fn sum(sales: &[Sale]) -> f64 {
    sales.iter().map(|s| s.amount).sum()
}

fn slice(sales: &[Sale]) -> Vec<Total> {
    vec![Total { shop: sales[0].shop.clone(), total: sum(sales) }]
}
fn one(sales: &[Sale]) -> Total {
    Total { shop: sales[0].shop.clone(), total: sum(sales) }
}
fn fallible(sales: &[Sale]) -> Result<Total, Bad> {
    Ok(one(sales))
}
fn owned(sales: Vec<Sale>) -> impl Iterator<Item = Total> {
    std::iter::once(one(&sales))
}
fn optional(sales: Vec<Sale>) -> Option<Total> {
    Some(one(&sales))
}
fn borrowed(sales: &[SaleRef<'_>]) -> Result<Vec<Total>, Bad> {
    Ok(vec![Total { shop: sales[0].shop.into(), total: sales.iter().map(|s| s.amount).sum() }])
}
fn borrowed_owned(sales: Vec<SaleRef<'_>>) -> Total {
    Total { shop: sales[0].shop.into(), total: sales.iter().map(|s| s.amount).sum() }
}
fn results(sales: Vec<Sale>) -> Vec<Result<Total, Bad>> {
    vec![Ok(one(&sales))]
}
fn with_params(sales: &[Sale], factor: Params<Factor>) -> Total {
    Total { total: sum(sales) * factor.by, ..one(sales) }
}
fn with_state(sales: &[Sale], model: State<Model>) -> Total {
    Total { total: sum(sales) + model.offset, ..one(sales) }
}
fn with_state_ref(sales: &[SaleRef<'_>], model: &Model) -> Total {
    Total { shop: sales[0].shop.into(), total: sales.iter().map(|s| s.amount).sum::<f64>() + model.offset }
}
fn with_cursor(sales: &[Sale], cursor: Cursor) -> Result<Total> {
    Ok(Total { shop: cursor.key("shop")?, total: sum(sales) })
}
fn with_all(sales: &[Sale], factor: Params<Factor>, cursor: Cursor, input: InputSchema, output: OutputSchema) -> Result<Total> {
    assert_eq!(input.to_string(), "shop:str,day:long,amount:double");
    assert_eq!(output.to_string(), "shop:str,total:double");
    Ok(Total { shop: cursor.key("shop")?, total: sum(sales) * factor.by })
}
async fn asynchronous(sales: Vec<Sale>) -> Result<Vec<Total>, Bad> {
    Ok(slice(&sales))
}
fn streamed(sales: Rows<Sale>) -> Vec<Total> {
    let all: Vec<Sale> = sales.collect();
    slice(&all)
}

fn expected() -> Vec<Total> {
    [("A", 3.0), ("B", 30.0), ("C", 100.0)].map(|(shop, total)| Total { shop: shop.into(), total }).to_vec()
}

fn sorted(mut totals: Vec<Total>) -> Vec<Total> {
    totals.sort_by(|a, b| a.shop.cmp(&b.shop));
    totals
}

macro_rules! by_shop {
    ($($f:ident),* $(,)?) => {$(
        let totals: Vec<Total> = transform(sales(), $f).partition_by("shop").run().unwrap();
        assert_eq!(sorted(totals), expected(), stringify!($f));
    )*};
}

#[test]
fn functions_over_groups_of_rows_give_the_same_totals() {
    by_shop!(slice, one, fallible, owned, optional, borrowed, borrowed_owned, results, with_cursor, asynchronous, streamed);
}

#[test]
fn closures_over_groups_of_rows_are_functions_too() {
    let factor = 2.0;
    let totals: Vec<Total> =
        transform(sales(), move |s: &[Sale]| Total { total: sum(s) * factor, ..one(s) }).partition_by(["shop"]).run().unwrap();
    assert_eq!(sorted(totals)[1].total, 60.0);
    let totals: Vec<Total> =
        transform(sales(), |s: &[SaleRef<'_>]| -> Vec<Total> { vec![Total { shop: s[0].shop.into(), total: s.len() as f64 }] })
            .partition_by(["shop"])
            .run()
            .unwrap();
    assert_eq!(sorted(totals)[0].total, 2.0);
}

#[test]
fn context_arguments_reach_the_function() {
    let run = |totals: Result<Vec<Total>>| sorted(totals.unwrap());
    let doubled = run(transform(sales(), with_params).partition_by("shop").params(&Factor { by: 2.0 }).run());
    assert_eq!(doubled[0].total, 6.0);
    let all = run(transform(sales(), with_all).partition_by("shop").params(&Factor { by: 2.0 }).run());
    assert_eq!(all, doubled);
    let offset = run(transform(sales(), with_state).partition_by("shop").state(Model { offset: 1.0 }).run());
    assert_eq!(offset[0].total, 4.0);
    let offset = run(transform(sales(), with_state_ref).partition_by("shop").state_with(|(): ()| Model { offset: 1.0 }).run());
    assert_eq!(offset[0].total, 4.0);
}

#[test]
fn missing_context_is_found_before_a_row_is_read() {
    let error = transform::<_, _, _, _>(sales(), with_params).partition_by("shop").run().map(|_: Vec<Total>| ()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ParamsInvalid, "{error}");
    assert!(error.to_string().contains(".params("), "{error}");
    assert!(error.call_site().is_some_and(|at| at.file().ends_with("shapes.rs")), "{error}");
}

fn row(sale: Sale) -> Total {
    Total { shop: sale.shop, total: sale.amount }
}
fn row_ref(sale: &Sale) -> Option<Total> {
    (sale.amount > 5.0).then(|| row(sale.clone()))
}
fn row_borrowed(sale: SaleRef<'_>) -> Vec<Total> {
    vec![Total { shop: sale.shop.into(), total: sale.amount }; 2]
}
fn row_fallible(sale: Sale) -> Result<Option<Total>, Bad> {
    if sale.day == 2 { Err(Bad(sale.day)) } else { Ok(Some(row(sale))) }
}
async fn row_async(sale: Sale) -> Total {
    tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    row(sale)
}

#[test]
fn row_wise_functions_map_filter_and_expand() {
    let count = |totals: Result<Vec<Total>>| totals.unwrap().len();
    assert_eq!(count(transform(sales(), row).run()), 5);
    assert_eq!(count(transform(sales(), row_ref).run()), 3);
    assert_eq!(count(transform(sales(), row_borrowed).run()), 10);
    assert_eq!(count(transform(sales(), row_async).run()), 5);
    assert_eq!(count(transform(sales(), |s: &SaleRef<'_>| Total { shop: s.shop.into(), total: s.amount }).run()), 5);
}

#[test]
fn listed_errors_drop_the_row_or_the_group_and_are_counted() {
    let dropped = Dropped::new();
    let rows: Vec<Total> = transform(sales(), row_fallible).ignore_errors::<Bad>(&dropped).run().unwrap();
    assert_eq!((rows.len(), dropped.count()), (3, 2));
    let dropped = Dropped::new();
    let groups: Vec<Total> = transform(sales(), |s: &[Sale]| if s[0].shop == "B" { Err(Bad(1)) } else { Ok(one(s)) })
        .partition_by("shop")
        .ignore_errors::<Bad>(&dropped)
        .run()
        .unwrap();
    assert_eq!((sorted(groups).len(), dropped.count()), (2, 1));
    let error = transform(sales(), row_fallible).run().map(|_: Vec<Total>| ()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TransformerFailed);
    assert_eq!(error.user_error::<Bad>().map(|b| b.0), Some(2));
    assert!(error.context("rows").is_some_and(|r| r.contains("day=2")), "{error:?}");
}

fn batch(batch: RecordBatch) -> RecordBatch {
    let amount: Float64Array = batch.column_by_name("amount").unwrap().as_any().downcast_ref::<Float64Array>().unwrap().clone();
    let mean = amount.iter().flatten().sum::<f64>() / amount.len() as f64;
    let centred: Float64Array = amount.iter().map(|a| a.map(|a| a - mean)).collect();
    RecordBatch::try_from_iter([("shop", batch.column(0).clone()), ("z", std::sync::Arc::new(centred) as _)]).unwrap()
}
fn batches(all: Batches) -> impl Iterator<Item = RecordBatch> + Send {
    all.map(batch)
}

#[derive(Debug, Row)]
struct Centred {
    z: f64,
}

#[test]
fn batch_functions_declare_their_columns() {
    blocking::wait(async {
        let df = Session::local()?.frame(sales())?;
        let rows: Vec<Centred> = df.transform(batch).partition_by("shop").schema("shop:str,z:double").rows().await?;
        assert_eq!(rows.iter().map(|r| r.z).sum::<f64>(), 0.0);
        assert_eq!(df.transform(batches).schema("shop:str,z:double").count().await?, 5);
        let error = df.transform(batch).partition_by("shop").run().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::SchemaInvalid);
        assert!(error.message().contains(".schema("), "{error}");
        Ok(())
    })
    .unwrap();
}

fn clean(text: &str) -> String {
    text.to_lowercase()
}
fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}
fn running(values: &[f64]) -> Vec<f64> {
    values
        .iter()
        .scan(0.0, |sum, v| {
            *sum += v;
            Some(*sum)
        })
        .collect()
}
fn weighted(values: &[f64], weights: &[i64]) -> Result<f64, Bad> {
    Ok(values.iter().zip(weights).map(|(v, w)| v * *w as f64).sum())
}
fn scaled(value: f64, factor: Params<Factor>) -> f64 {
    value * factor.by
}
fn either(text: &str, number: i64) -> Option<bool> {
    Some(text == "A" && number == 1)
}
async fn looked_up(text: String) -> Result<String, Bad> {
    Ok(format!("<{text}>"))
}

#[test]
fn plain_functions_over_columns_stand_beside_rows_or_keys() {
    blocking::wait(async {
        let df = Session::local()?.frame(sales())?;
        let cleaned = df.transform(clean).on("shop").to("shop").run()?;
        assert_eq!(cleaned.schema().to_string(), "shop:str,day:long,amount:double");
        assert!(cleaned.rows::<Sale>().await?.iter().all(|s| s.shop == s.shop.to_lowercase()));
        let means = df.transform(mean).on(["amount"]).to("total").partition_by("shop").run()?;
        assert_eq!(means.schema().to_string(), "shop:str,total:double");
        assert_eq!(sorted(means.rows::<Total>().await?)[1].total, 15.0);
        let sums = df.transform(running).on(["amount"]).to("total").partition_by("shop").presort("day").run()?;
        assert_eq!(sums.schema().to_string(), "shop:str,day:long,amount:double,total:double");
        let mut a: Vec<Total> = sums.rows::<Total>().await?.into_iter().filter(|t| t.shop == "A").collect();
        a.sort_by(|x, y| x.total.total_cmp(&y.total));
        assert_eq!(a.iter().map(|t| t.total).collect::<Vec<_>>(), [2.0, 3.0]);
        assert_eq!(df.transform(weighted).on(["amount", "day"]).to("total").partition_by("shop").count().await?, 3);
        assert_eq!(df.transform(scaled).on("amount").to("x").params(&Factor { by: 3.0 }).count().await?, 5);
        assert_eq!(df.transform(either).on(["shop", "day"]).to("x").count().await?, 5);
        assert_eq!(df.transform(looked_up).on("shop").to("x").concurrency(2).count().await?, 5);
        let error = df.transform(mean).on(["amount", "day"]).to("x").run().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::SchemaMismatch);
        let error = df.transform(mean).on(["shop"]).to("x").run().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::SchemaMismatch, "{error}");
        Ok(())
    })
    .unwrap();
}

#[derive(Debug, Row)]
struct Kept {
    amount: f64,
    #[row(rest)]
    rest: Rest,
}

#[derive(Debug, Row)]
struct Rich {
    double: f64,
    #[row(rest)]
    rest: Rest,
}

fn keep(rows: Vec<Kept>) -> Vec<Rich> {
    rows.into_iter().map(|k| Rich { double: k.amount * 2.0, rest: k.rest }).collect()
}

#[test]
fn remaining_columns_come_along_by_a_rest_field_or_by_the_schema() {
    blocking::wait(async {
        let df = Session::local()?.frame(sales())?;
        let rich = df.transform(keep).partition_by("shop").run()?;
        assert_eq!(rich.schema().to_string(), "double:double,shop:str,day:long");
        assert_eq!(rich.count().await?, 5);
        let beside = df.transform(|s: &[SaleRef<'_>]| s.iter().map(|s| Centred { z: -s.amount }).collect::<Vec<_>>());
        let beside = beside.partition_by("shop").schema("*,z:double").run()?;
        assert_eq!(beside.schema().to_string(), "shop:str,day:long,amount:double,z:double");
        #[derive(Row)]
        struct Both {
            amount: f64,
            z: f64,
        }
        assert!(beside.rows::<Both>().await?.iter().all(|b| b.amount == -b.z));
        let wrong = df.transform(one).partition_by("shop").schema("*,total:double").run()?.count().await.unwrap_err();
        assert_eq!(wrong.kind(), ErrorKind::SchemaMismatch, "{wrong}");
        Ok(())
    })
    .unwrap();
}

fn joined(sales: &[Sale], totals: &[Total]) -> Vec<Total> {
    sales.iter().flat_map(|s| totals.iter().map(|t| Total { shop: s.shop.clone(), total: s.amount / t.total })).collect()
}
fn joined_owned(sales: Vec<Sale>, totals: Vec<Total>, cursor: Cursor) -> Result<Option<Total>> {
    Ok(Some(Total { shop: cursor.key("shop")?, total: (sales.len() * 10 + totals.len()) as f64 }))
}

#[test]
fn cotransformers_meet_by_key() {
    blocking::wait(async {
        let session = Session::local()?;
        let left = session.frame(sales())?;
        let right = session.frame(vec![Total { shop: "A".into(), total: 4.0 }, Total { shop: "Z".into(), total: 1.0 }])?;
        for derived in [false, true] {
            let session = Session::builder().derived(derived).with_engine(fugue_core::local::LocalEngine::new(2))?;
            let (left, right) = (left.on(&session)?, right.on(&session)?);
            assert_eq!(left.cotransform([&right], joined).partition_by("shop").rows::<Total>().await?.len(), 2);
            use fugue_core::group::ZipKind;
            let count = async |how| {
                Ok::<_, Error>(
                    left.cotransform([&right], joined_owned)
                        .partition_by("shop")
                        .how(how)
                        .collect()
                        .await?
                        .iter()
                        .map(RecordBatch::num_rows)
                        .sum::<usize>(),
                )
            };
            assert_eq!(count(ZipKind::Inner).await?, 1);
            assert_eq!(count(ZipKind::LeftOuter).await?, 3);
            assert_eq!(count(ZipKind::RightOuter).await?, 2);
            assert_eq!(count(ZipKind::FullOuter).await?, 4);
            let all = left
                .cotransform([&right], |s: &[Sale], t: &[Total]| Total { shop: "all".into(), total: (s.len() * t.len()) as f64 });
            assert_eq!(all.how(ZipKind::Cross).rows::<Total>().await?, [Total { shop: "all".into(), total: 10.0 }]);
        }
        Ok(())
    })
    .unwrap();
}

#[test]
fn every_shape_is_a_transformer_at_compile_time() {
    assert_transformer(&slice);
    assert_transformer(&batch);
    assert_transformer(&clean);
    assert_transformer(&row_async);
    let _: Cow<'_, str> = Cow::Borrowed("");
}
