//! The generators really make what the suite promises to try.

use std::cell::RefCell;

use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::*;
use crate::value::{OwnValue, Table};

fn runner() -> TestRunner {
    TestRunner::new_with_rng(Config::default(), TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

fn draw(options: &TableOptions, times: usize) -> Vec<Table> {
    let (strategy, mut runner) = (table(options.clone()), runner());
    (0..times).map(|_| strategy.new_tree(&mut runner).expect("a tree").current()).collect()
}

use proptest::strategy::Strategy;

#[test]
fn tables_are_valid_and_hold_the_odd_values() {
    let seen = RefCell::new((false, false, false, false, false, false));
    for table in draw(&TableOptions { size: Size::Small, ..TableOptions::default() }, 400) {
        let batch = table.to_batch().expect("generated values fit their types");
        let back = Table::from_batches(&table.schema, &[batch]).expect("reads");
        assert_eq!(back.rows, table.rows);
        let mut seen = seen.borrow_mut();
        for value in table.rows.iter().flatten() {
            match value {
                OwnValue::Float(x) if x.is_nan() && x.is_sign_negative() => seen.0 = true,
                OwnValue::Float(x) if *x == 0.0 && x.is_sign_negative() => seen.1 = true,
                OwnValue::Text(t) if t.is_empty() => seen.2 = true,
                OwnValue::Text(t) if t.len() > 12 && !t.is_ascii() => seen.3 = true,
                OwnValue::Int(i) if *i == i128::from(i64::MIN) => seen.4 = true,
                OwnValue::Null => seen.5 = true,
                _ => {}
            }
        }
    }
    assert_eq!(*seen.borrow(), (true, true, true, true, true, true));
}

#[test]
fn sizes_come_as_promised() {
    let options = TableOptions { kinds: Kinds::Plain, columns: (1, 1), ..TableOptions::default() };
    let sizes: Vec<usize> = draw(&options, 400).iter().map(|t| t.rows.len()).collect();
    for wanted in [0, 1, 2, 7, 999, 1_001, 50_000] {
        assert!(sizes.contains(&wanted), "{wanted} rows never came");
    }
}

#[test]
fn specs_end_in_the_unique_column_and_do_not_overlap() {
    let mut runner = runner();
    for table in draw(&TableOptions { size: Size::Small, ..TableOptions::default() }, 100) {
        let Ok(table) = table.with_row_numbers("row") else { continue };
        let spec = keyed_spec(&table, "row").new_tree(&mut runner).expect("a tree").current();
        assert_eq!(spec.presort.last().map(|(n, _)| n.as_str()), Some("row"));
        assert!(spec.keys.iter().all(|k| spec.presort.iter().all(|(p, _)| p != k)), "{spec}");
        assert!(spec.keys.iter().all(|k| table.position(k).is_ok()));
    }
}

#[test]
fn cuts_keep_every_row() {
    for lane in Lane::standard() {
        for rows in [0, 1, 2, 7, 100, 1_001] {
            let Layout(sizes) = lane.layout(rows, &mut Dice::new(rows as u64));
            assert_eq!(sizes.iter().sum::<usize>(), rows, "{lane}");
            assert!(sizes.len() >= lane.chunks, "{lane}");
        }
    }
}

#[test]
fn a_failing_table_shrinks_to_few_rows() {
    let mut runner = TestRunner::new_with_rng(
        Config { failure_persistence: None, ..Config::default() },
        TestRng::deterministic_rng(RngAlgorithm::ChaCha),
    );
    let options = TableOptions { kinds: Kinds::Plain, ..TableOptions::default() };
    let failure = runner.run(&table(options), |t| {
        if t.rows.iter().flatten().any(OwnValue::is_null) {
            return Err(proptest::test_runner::TestCaseError::fail("a null"));
        }
        Ok(())
    });
    let Err(proptest::test_runner::TestError::Fail(_, least)) = failure else {
        unreachable!("some table has a null");
    };
    assert!(least.rows.len() <= 2, "{least:?}");
}

#[test]
fn scripts_are_valid_and_hold_every_kind_of_verb() {
    use crate::oracle::verb::{Verb, Wrong};
    let (strategy, mut runner) = (Scripts::of(Pick::ALL, 4), runner());
    let mut seen = std::collections::BTreeMap::new();
    let (mut failing, mut large) = (0, 0);
    for _ in 0..300 {
        let script = strategy.new_tree(&mut runner).expect("a tree").current();
        assert!(!matches!(script.answer(), Err(Wrong::Plan(_))), "{script:?}");
        failing += usize::from(script.answer().is_err());
        large += usize::from(script.table.rows.len() > 500);
        for verb in &script.verbs {
            let name = match verb {
                Verb::Select { .. } => "select",
                Verb::Join(..) => "join",
                Verb::Set(..) => "set",
                Verb::Take { .. } => "take",
                Verb::Transform(..) => "transform",
                Verb::Aggregate(..) => "aggregate",
                _ => "other",
            };
            *seen.entry(name).or_insert(0) += 1;
        }
    }
    assert!(seen.len() == 7 && seen.values().all(|n| *n > 10), "{seen:?}");
    assert!((5..60).contains(&failing) && (1..20).contains(&large), "{failing} of 300 fail, and {large} are large");
}

#[test]
fn a_failing_script_shrinks_to_one_verb() {
    use crate::oracle::expr::Term;
    let mut runner = TestRunner::new_with_rng(
        Config { failure_persistence: None, ..Config::default() },
        TestRng::deterministic_rng(RngAlgorithm::ChaCha),
    );
    let is_round = |t: &Term| matches!(t, Term::Call(fugue_core::expr::Function::Round, _));
    let failure = runner.run(&Scripts::of(Pick::ALL, 4), |script| {
        let rounds = script.verbs.iter().any(|v| match v {
            crate::oracle::verb::Verb::Select { items, .. } => items.iter().any(|i| i.term.any(&is_round)),
            _ => false,
        });
        if rounds { Err(proptest::test_runner::TestCaseError::fail("rounds")) } else { Ok(()) }
    });
    let Err(proptest::test_runner::TestError::Fail(_, least)) = failure else {
        unreachable!("some script rounds");
    };
    assert!(least.verbs.len() == 1 && least.table.rows.is_empty(), "{least:?}");
}
