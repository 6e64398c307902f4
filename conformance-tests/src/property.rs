//! Running a property: how many cases, from which seed, shrinking, and how to run a failure again.

use std::time::{SystemTime, UNIX_EPOCH};

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

use crate::failure::{Failure, Outcome};
use crate::generate::Dice;
use crate::watchdog;

/// Seeds that once found something: `rule seed what it found`, one per line. They are tried before the seed of the day.
const REGRESSIONS: &str = include_str!("../regressions.txt");

/// Cases per property where `FUGUE_CASES` does not say otherwise.
const CASES: u32 = 64;

/// How often a property is tried, and from which seed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tries {
    /// As the environment says: `FUGUE_CASES` is the number of cases. `FUGUE_SEED` is a seed as a failure prints it, or `random` for one that
    /// was never tried; without it every run tries the same cases, so that a change fails for what it changed. Seeds that once found
    /// something come first.
    #[default]
    Environment,
    /// So many cases from a seed, and no others.
    Given {
        /// The cases.
        cases: u32,
        /// The seed.
        seed: u64,
    },
    /// None: only whether there is a property is asked.
    Nothing,
}

/// Tries a property on random values, as the environment says.
///
/// # Errors
/// The failure of the least case that was found, with the case and how to run it again.
pub fn for_all<S: Strategy>(rule: &str, strategy: &S, body: impl Fn(&S::Value) -> Outcome) -> Outcome {
    for_some(rule, Tries::Environment, 1, true, strategy, body)
}

/// As [`for_all`], with a share of the cases: for properties whose cases are dear. Without shrinking the first case that fails is told.
///
/// # Errors
/// As [`for_all`].
pub fn for_some<S: Strategy>(
    rule: &str,
    tries: Tries,
    share: u32,
    shrink: bool,
    strategy: &S,
    body: impl Fn(&S::Value) -> Outcome,
) -> Outcome {
    let dear = |cases: u32| (cases / share.max(1)).max(4);
    match tries {
        Tries::Environment => {}
        Tries::Given { cases, seed } => return run(rule, strategy, &body, seed, dear(cases), shrink),
        Tries::Nothing => return Ok(()),
    }
    let cases = std::env::var("FUGUE_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(CASES);
    for seed in regressions(rule)? {
        run(rule, strategy, &body, seed, dear(CASES), shrink)?;
    }
    run(rule, strategy, &body, seed_of_run(rule), dear(cases), shrink)
}

fn run<S: Strategy>(
    rule: &str,
    strategy: &S,
    body: &impl Fn(&S::Value) -> Outcome,
    seed: u64,
    cases: u32,
    shrink: bool,
) -> Outcome {
    let max_shrink_iters = if shrink { 2_000 } else { 0 };
    let config = Config { cases, failure_persistence: None, max_shrink_iters, max_shrink_time: 20_000, ..Config::default() };
    let mut dice = Dice::new(seed);
    let bytes: Vec<u8> = (0..4).flat_map(|_| dice.roll().to_le_bytes()).collect();
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    let tried = runner.run(strategy, |value| {
        watchdog::doing(format!("{value:#?}\n{}", again(rule, seed)));
        body(&value).map_err(|failure| TestCaseError::fail(failure.to_string()))
    });
    match tried {
        Ok(()) => Ok(()),
        Err(TestError::Abort(reason)) => Err(Failure::differs(format!("the generator gave up: {reason}"))),
        Err(TestError::Fail(reason, least)) => {
            // The case is run once more for the kind of its failure, which the runner does not keep.
            let failure = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| body(&least)));
            let failure = match failure {
                Ok(Err(failure)) => failure,
                Ok(Ok(())) => Failure::differs(format!("a failure that does not repeat: {reason}")),
                Err(_) => Failure::differs(format!("the rule panicked: {reason}")),
            };
            Err(failure.while_trying(format!("the least case found:\n{least:#?}\n{}", again(rule, seed))))
        }
    }
}

/// The line that runs a failure again.
fn again(rule: &str, seed: u64) -> String {
    let (module, name) = rule.split_once("::").unwrap_or(("", rule));
    format!(
        "run it again: FUGUE_SEED={seed:#x} cargo test {module}::{name}\n\
         keep it: add the line `{rule} {seed:#x} what it found` to conformance-tests/regressions.txt"
    )
}

fn seed_of_run(rule: &str) -> u64 {
    match std::env::var("FUGUE_SEED").as_deref() {
        Ok("random") => SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |t| {
            let mut dice = Dice::new(u64::try_from(t.as_nanos() & u128::from(u64::MAX)).unwrap_or(0));
            dice.roll()
        }),
        Ok(text) => parse(text).unwrap_or(0),
        // The name of the rule, so that rules over one kind of table do not all see the same tables.
        Err(_) => hash(rule),
    }
}

/// A number of a text (FNV-1a).
pub(crate) fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, b| (hash ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3))
}

/// A seed as a failure prints it.
pub(crate) fn parse(text: &str) -> Option<u64> {
    match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

fn regressions(rule: &str) -> Result<Vec<u64>, Failure> {
    let mut seeds = Vec::new();
    for (known, seed) in regression_lines()? {
        if known == rule {
            seeds.push(seed);
        }
    }
    Ok(seeds)
}

/// The rules and seeds of the file of regressions.
///
/// # Errors
/// A failure that names the line that is malformed.
pub fn regression_lines() -> Result<Vec<(&'static str, u64)>, Failure> {
    let lines = REGRESSIONS.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let mut words = line.split_whitespace();
            match (words.next(), words.next().and_then(parse), words.next()) {
                (Some(rule), Some(seed), Some(_)) => Ok((rule, seed)),
                _ => Err(Failure::differs(format!("regressions.txt: {line:?} is not `rule seed what it found`"))),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_property_shows_its_least_case_and_the_seed() {
        let failure = for_all("tests::small", &(0_u32..1_000), |n| {
            if *n >= 7 { Err(Failure::from(fugue_core::Error::unsupported("test", "map", "no"))) } else { Ok(()) }
        });
        let failure = failure.expect_err("some number is large");
        let report = failure.to_string();
        assert!(report.contains("the least case found:\n7\n") && report.contains("FUGUE_SEED=0x"), "{report}");
        assert_eq!(failure.fails_as(), crate::failure::FailsAs::Error(fugue_core::ErrorKind::Unsupported));
    }

    #[test]
    fn the_same_seed_tries_the_same_cases() {
        let seen = std::cell::RefCell::new(Vec::new());
        for _ in 0..2 {
            for_all("tests::same", &proptest::num::u64::ANY, |n| {
                seen.borrow_mut().push(*n);
                Ok(())
            })
            .expect("holds");
        }
        let seen = seen.borrow();
        assert_eq!(seen[..seen.len() / 2], seen[seen.len() / 2..]);
    }

    #[test]
    fn seeds_read_in_both_forms_and_the_file_is_sound() {
        assert_eq!((parse("0x10"), parse("16"), parse("x")), (Some(16), Some(16), None));
        regression_lines().expect("well formed");
    }
}
