//! `check` over functions with a known fault each.

use std::sync::atomic::{AtomicI64, Ordering};

use fugue_core::check::{Finding, check};
use fugue_core::row::Row;

#[derive(Clone, Debug, Row)]
struct Word {
    k: i64,
    at: i64,
    text: Option<String>,
}

#[derive(Debug, Row)]
struct Out {
    k: i64,
    value: i64,
}

fn words() -> Vec<Word> {
    (0..30).map(|i| Word { k: i % 4, at: i, text: Some(format!("w{i}")) }).collect()
}

fn count(words: &[Word]) -> Out {
    Out { k: words[0].k, value: words.len() as i64 }
}

fn first(words: &[Word]) -> Out {
    Out { k: words[0].k, value: words[0].at }
}

fn counter(words: &[Word]) -> Out {
    static CALLS: AtomicI64 = AtomicI64::new(0);
    Out { k: words[0].k, value: CALLS.fetch_add(1, Ordering::Relaxed) }
}

fn initial(words: &[Word]) -> Out {
    let letters = words.iter().map(|w| w.text.as_deref().expect("no text").chars().next().unwrap() as i64);
    Out { k: words[0].k, value: letters.sum() }
}

#[test]
fn portable_functions_are_portable() {
    check(count, words()).partition_by("k").assert_portable();
    check(first, words()).partition_by("k").presort("at").assert_portable();
    check(|w: Word| Out { k: w.k, value: w.at }, words()).assert_portable();
}

#[test]
fn faults_are_found_by_name() {
    let found = |f: fn(&[Word]) -> Out| check(f, words()).partition_by("k").run().unwrap();
    assert_eq!(found(first).findings(), [Finding::OrderDependent]);
    assert_eq!(found(counter).findings(), [Finding::NotDeterministic]);
    let report = found(initial);
    assert!(
        report.findings().iter().any(|f| matches!(f, Finding::PanicsOnEmptyText { column, .. } if column == "text")),
        "{report}"
    );
    assert!(report.findings().iter().any(|f| matches!(f, Finding::PanicsOnNull { column, .. } if column == "text")), "{report}");
    assert_eq!(report.refuses_nulls(), ["k", "at"]);
    let unkeyed = check(|w: &[Word]| Out { k: 0, value: w.len() as i64 }, words()).run().unwrap();
    assert_eq!(unkeyed.findings(), [Finding::KeyDependent], "{unkeyed}");
}
