//! Pinned examples of patterns, and the agreement of LIKE with what it means.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringViewArray};
use proptest::collection::vec;
use proptest::prelude::*;

use super::super::Operand;
use super::{KEPT, RECENT, call, regex};
use crate::error::ErrorKind;
use crate::expr::Function;

fn column(texts: &[Option<&str>]) -> Operand {
    let around = [Some("a text before it, of some length")].into_iter().chain(texts.iter().copied());
    let array: ArrayRef = Arc::new(around.collect::<StringViewArray>());
    Operand { array: array.slice(1, texts.len()), constant: false }
}

fn constant(text: Option<&str>) -> Operand {
    Operand { constant: true, ..column(&[text]) }
}

fn tests(function: Function, text: Operand, pattern: Option<&str>, rows: usize) -> Vec<Option<bool>> {
    let made = call(function, &[text, constant(pattern)], rows).unwrap();
    made.as_boolean().iter().collect()
}

fn like(text: &str, pattern: &str) -> bool {
    tests(Function::Like, column(&[Some(text)]), Some(pattern), 1)[0].unwrap()
}

#[test]
fn like_fits_the_whole_text() {
    for (text, pattern) in [
        ("", ""),
        ("", "%"),
        ("abc", "abc"),
        ("abc", "a%"),
        ("abc", "%c"),
        ("abc", "%b%"),
        ("abc", "%%%"),
        ("abc", "a%c"),
        ("a\nc", "a_c"),
        ("a\n\nc", "a%c"),
        ("😀", "_"),
        ("aüb", "%ü_"),
        ("a\\%c", "a\\%c"),
        ("special, and then requests", "%special%requests%"),
        ("aXbaYb", "a_b%a_b"),
        (".*", ".*"),
        ("xaab", "%a_%"),
        ("a\\b", "a\\_"),
    ] {
        assert!(like(text, pattern), "{text:?} {pattern:?}");
    }
    for (text, pattern) in [
        ("a", ""),
        ("", "_"),
        ("ABC", "abc"),
        ("ab", "a%b%b"),
        ("abb", "ab%bb"),
        ("aXb", "a_b%a_b"),
        ("aa", "a"),
        ("xyz", ".*"),
        ("requests special", "%special%requests%"),
        ("é", "__"),
    ] {
        assert!(!like(text, pattern), "{text:?} {pattern:?}");
    }
}

#[test]
fn nulls_and_constants() {
    let column = || column(&[Some("abc"), None, Some("xyz")]);
    for (function, pattern) in [(Function::Like, "a%"), (Function::Like, "a_%"), (Function::RegexMatch, "^a")] {
        assert_eq!(tests(function, column(), Some(pattern), 3), [Some(true), None, Some(false)]);
        assert_eq!(tests(function, column(), None, 3), [None, None, None]);
        assert_eq!(tests(function, constant(Some("abc")), Some(pattern), 3), [Some(true); 3]);
        assert_eq!(tests(function, constant(None), Some(pattern), 2), [None; 2]);
        assert_eq!(tests(function, constant(Some("abc")), Some(pattern), 0), []);
    }
    let replaced = call(Function::RegexReplace, &[column(), constant(None), constant(Some("x"))], 3).unwrap();
    assert_eq!((replaced.null_count(), replaced.as_string_view().len()), (3, 3));
}

#[test]
fn regular_expressions_match_anywhere_and_replace_all() {
    let texts = || column(&[Some("a1b22"), Some("grüße"), None, Some("")]);
    assert_eq!(tests(Function::RegexMatch, texts(), Some(r"\d{2}|ü"), 4), [Some(true), Some(true), None, Some(false)]);
    let replaced = |pattern: &str, to: Operand| {
        let made = call(Function::RegexReplace, &[texts(), constant(Some(pattern)), to], 4).unwrap();
        made.as_string_view().iter().map(|text| text.map(str::to_owned)).collect::<Vec<_>>()
    };
    let wanted = |texts: [Option<&str>; 4]| texts.map(|text| text.map(str::to_owned));
    let bracketed = wanted([Some("a[1]b[22]"), Some("grüße"), None, Some("")]);
    assert_eq!(replaced(r"(\d+)", constant(Some("[$1]"))), bracketed);
    assert_eq!(replaced(r"(?<n>\d+)", constant(Some("[${n}]"))), bracketed);
    assert_eq!(replaced("x*", constant(Some("-"))), wanted([Some("-a-1-b-2-2-"), Some("-g-r-ü-ß-e-"), None, Some("-")]));
    let by_row = column(&[Some("x"), Some("y"), Some("z"), None]);
    assert_eq!(replaced("[1ü]", by_row), wanted([Some("axb22"), Some("gryße"), None, None]));
}

#[test]
fn patterns_are_compiled_once_by_a_thread() {
    let compiled = || RECENT.with_borrow(|recent| recent.iter().map(|(pattern, _)| pattern.to_string()).collect::<Vec<_>>());
    let is_match = |pattern: &str| {
        let arg = constant(Some(pattern));
        call(Function::RegexMatch, &[column(&[Some("a1")]), arg], 1).unwrap().as_boolean().value(0)
    };
    assert!(is_match("a.") && is_match(r"\d") && is_match("a."));
    assert_eq!(compiled(), ["a.", r"\d"]);
    let first = RECENT.with_borrow(|recent| recent[0].1.clone());
    assert!(is_match("a."));
    // The text of a pattern that was not compiled again stands where it stood.
    assert!(RECENT.with_borrow(|recent| std::ptr::eq(first.as_str(), recent[0].1.as_str())));
    (0..40).for_each(|n| assert!(!is_match(&format!("x{n}"))));
    assert_eq!(compiled().len(), KEPT);
    assert!(is_match("a."));
}

#[test]
fn patterns_that_grow_without_end_are_refused() {
    let error = regex("((a{1,200}){1,200}){1,200}").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ExpressionInvalid);
    assert!(error.message().contains("once compiled"), "{error}");
}

#[test]
fn malformed_patterns_are_told() {
    let error = call(Function::RegexMatch, &[column(&[Some("a")]), constant(Some("(a"))], 1).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ExpressionInvalid);
    assert!(error.message().contains("\"(a\""), "{error}");
    let error = call(Function::Like, &[column(&[Some("a")]), column(&[Some("a")])], 1).unwrap_err();
    assert!(error.kind() == ErrorKind::ExpressionInvalid && error.message().contains("literal"), "{error}");
    let error = call(Function::RegexReplace, &[column(&[Some("a")]), constant(Some("a"))], 1).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ExpressionInvalid);
}

/// What LIKE means, tried out one character after the other.
fn fits(text: &[char], pattern: &[char]) -> bool {
    match (pattern, text) {
        ([], text) => text.is_empty(),
        (['%', rest @ ..], text) => (0..=text.len()).any(|skip| fits(&text[skip..], rest)),
        (['_', rest @ ..], [_, text @ ..]) => fits(text, rest),
        ([wanted, rest @ ..], [c, text @ ..]) => wanted == c && fits(text, rest),
        _ => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]
    #[test]
    fn like_means_what_it_says(
        texts in vec(vec(proptest::sample::select(vec!['a', 'b', '😀', '\n', '%', '_']), 0..14), 1..6),
        pattern in vec(proptest::sample::select(vec!['a', 'b', '😀', '%', '%', '_']), 0..6),
    ) {
        let wanted: Vec<Option<bool>> = texts.iter().map(|text| Some(fits(text, &pattern))).collect();
        let texts: Vec<String> = texts.into_iter().map(|text| text.into_iter().collect()).collect();
        let pattern: String = pattern.into_iter().collect();
        let column = column(&texts.iter().map(|text| Some(text.as_str())).collect::<Vec<_>>());
        prop_assert_eq!(tests(Function::Like, column, Some(&pattern), texts.len()), wanted, "{:?} {:?}", texts, pattern);
    }
}
