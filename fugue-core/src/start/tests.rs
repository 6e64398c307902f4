//! Functions that macros register are found by their type and by their name.

use std::sync::Arc;

use super::*;
use crate::row::{Record, Row};
use crate::transform::{Cursor, Params, Registry, TaskEntry};
use crate::{cotransformer, portable, transformer};

#[derive(Row, Clone, Debug)]
struct Reading<'r> {
    sensor: &'r str,
    value: f64,
}

#[derive(Row, Clone, Debug)]
struct Score {
    sensor: String,
    z: f64,
}

#[transformer]
fn plain(readings: &[Reading<'_>]) -> Vec<Score> {
    readings.iter().map(|r| Score { sensor: r.sensor.to_owned(), z: r.value }).collect()
}

#[transformer(name = "desk::named", version = "2", partition_by_has = "sensor", presort_is = "value desc")]
fn with_rules<'r>(readings: Vec<Reading<'r>>, factor: Params<f64>) -> Result<Vec<Score>, std::fmt::Error> {
    Ok(readings.iter().map(|r| Score { sensor: r.sensor.to_owned(), z: r.value * *factor }).collect())
}

#[transformer]
fn values(name: &str, value: f64) -> f64 {
    value * f64::from(u8::try_from(name.len()).unwrap_or(0))
}

#[transformer]
fn slices(values: &[f64], cursor: Cursor) -> Vec<f64> {
    let _ = cursor;
    values.to_vec()
}

#[transformer]
async fn later(records: Vec<Record>) -> Vec<Score> {
    records.iter().map(|r| Score { sensor: r.to_string(), z: 0.0 }).collect()
}

#[transformer]
fn batches(batch: arrow::record_batch::RecordBatch) -> Vec<arrow::record_batch::RecordBatch> {
    vec![batch]
}

#[cotransformer]
fn both(readings: &[Reading<'_>], scores: &[Score]) -> Vec<Score> {
    scores.iter().take(readings.len()).cloned().collect()
}

mod elsewhere {
    use super::{Reading, Score};

    pub(super) struct Desk;

    impl Desk {
        pub(super) fn method(readings: &[Reading<'_>]) -> Vec<Score> {
            super::plain(readings)
        }
    }

    pub(super) fn generic<T: Clone>(rows: &[T]) -> Vec<T> {
        rows.to_vec()
    }

    pub(super) fn join(readings: &[Reading<'_>], scores: &[Score]) -> Vec<Score> {
        super::both(readings, scores)
    }
}

fn entry_of(function: &Arc<dyn TaskFn>) -> &'static TaskEntry {
    let registry = Registry::linked().unwrap();
    let id = |f: &Arc<dyn TaskFn>| TaskFn::type_id(&**f);
    registry.entries().iter().copied().find(|e| id(&e.make()) == id(function)).expect("an entry")
}

#[test]
fn functions_with_an_attribute_are_found_both_ways() {
    let registry = Registry::linked().unwrap();
    for (entry, name) in [
        (registry.entry_of(&plain), "fugue_core::start::tests::plain"),
        (registry.entry_of(&with_rules), "desk::named"),
        (registry.entry_of(&values), "fugue_core::start::tests::values"),
        (registry.entry_of(&slices), "fugue_core::start::tests::slices"),
        (registry.entry_of(&later), "fugue_core::start::tests::later"),
        (registry.entry_of(&batches), "fugue_core::start::tests::batches"),
        (registry.entry_of(&both), "fugue_core::start::tests::both"),
    ] {
        let entry = entry.unwrap_or_else(|| panic!("{name} is registered"));
        assert_eq!(entry.name, name);
        assert!(entry.file.ends_with("start/tests.rs") && entry.line > 0);
        assert!(std::ptr::eq(registry.resolve(name).unwrap(), entry));
        assert_eq!(entry.package, concat!("fugue-core ", env!("CARGO_PKG_VERSION")));
    }
    assert_eq!(plain(&[Reading { sensor: "a", value: 1.0 }])[0].z, 1.0);
}

#[test]
fn a_version_and_the_text_of_the_function_make_the_fingerprint() {
    let registry = Registry::linked().unwrap();
    let named = registry.resolve("desk::named").unwrap();
    assert!(named.source.starts_with("version 2: ") && named.source.contains("r.value * * factor"), "{}", named.source);
    assert_ne!(named.fingerprint(), registry.entry_of(&plain).unwrap().fingerprint());
}

#[test]
fn what_has_no_attribute_is_registered_where_it_is_used() {
    let method = IntoTask::into_task(portable!(elsewhere::Desk::method));
    assert_eq!(entry_of(&method).name, "fugue_core::start::tests::elsewhere::Desk::method");
    let generic = IntoTask::into_task(portable!(name = "scores", elsewhere::generic::<Score>));
    assert_eq!(entry_of(&generic).name, "scores");
    let joined = IntoCoTask::into_co_task(portable!(cotransformer, elsewhere::join));
    assert_eq!(entry_of(&joined).name, "fugue_core::start::tests::elsewhere::join");
}

#[test]
fn a_closure_is_registered_once_and_is_the_one_that_runs() {
    let closure = portable!(|readings: &[Reading<'_>]| -> Vec<Score> { plain(readings) });
    let task = IntoTask::into_task(closure);
    let entry = entry_of(&task);
    assert!(entry.name.starts_with("fugue_core::start::tests::{fugue-core/src/start/tests.rs:"), "{}", entry.name);
    assert_eq!(entry.name, entry_of(&IntoTask::into_task(closure)).name);
    let joined = portable!(cotransformer, version = "1", |a: Vec<Score>, b: Vec<Score>| if a.len() > b.len() { a } else { b });
    assert!(entry_of(&IntoCoTask::into_co_task(joined)).source.starts_with("version 1: "));
}

#[test]
fn a_main_function_runs_on_several_threads_and_may_serve() {
    #[crate::main]
    async fn asynchronous() -> Result<usize, std::fmt::Error> {
        let four = tokio::spawn(async { 4 }).await.map_err(|_| std::fmt::Error)?;
        Ok(four)
    }
    #[crate::main]
    fn synchronous() -> usize {
        5
    }
    assert_eq!(asynchronous(), Ok(4));
    assert_eq!(synchronous(), 5);
    assert!(is_initialised());
}
