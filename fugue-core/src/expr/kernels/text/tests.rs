//! Pinned examples of functions of text, and their agreement with what they mean, character by character.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Int64Array, StringViewArray};
use arrow::datatypes::{DataType, Int64Type};
use proptest::collection::vec;
use proptest::prelude::*;

use super::super::Operand;
use super::call;
use crate::error::{ErrorKind, Result};
use crate::expr::Function;

/// A value of a column, or null.
#[derive(Clone, Debug, PartialEq)]
enum Cell {
    Null,
    Text(String),
    Long(i64),
    Bool(bool),
}

fn text(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}

/// A column of cells, of text where there is no number, that is a slice of a longer one.
fn array(cells: &[Cell]) -> ArrayRef {
    let long: ArrayRef = if cells.iter().any(|cell| matches!(cell, Cell::Long(_))) {
        let cells = cells.iter().map(|cell| if let Cell::Long(value) = cell { Some(*value) } else { None });
        Arc::new([Some(7)].into_iter().chain(cells).chain([None]).collect::<Int64Array>())
    } else {
        let cells = cells.iter().map(|cell| if let Cell::Text(value) = cell { Some(value.as_str()) } else { None });
        let around = Some("something long before and after it");
        Arc::new([around].into_iter().chain(cells).chain([None]).collect::<StringViewArray>())
    };
    long.slice(1, cells.len())
}

fn column(cells: &[Cell]) -> Operand {
    Operand { array: array(cells), constant: false }
}

fn constant(cell: Cell) -> Operand {
    Operand { array: array(&[cell]), constant: true }
}

fn cells(array: &ArrayRef) -> Vec<Cell> {
    array.to_data().validate_full().unwrap();
    let cell = |row| match array.data_type() {
        _ if array.is_null(row) => Cell::Null,
        DataType::Utf8View => text(array.as_string_view().value(row)),
        DataType::Int64 => Cell::Long(array.as_primitive::<Int64Type>().value(row)),
        DataType::Boolean => Cell::Bool(array.as_any().downcast_ref::<BooleanArray>().unwrap().value(row)),
        other => panic!("no result of text functions is {other}"),
    };
    (0..array.len()).map(cell).collect()
}

/// One row of a function.
fn one(function: Function, args: &[Cell]) -> Result<Cell> {
    let args: Vec<Operand> = args.iter().map(|arg| column(std::slice::from_ref(arg))).collect();
    Ok(cells(&call(function, &args, 1)?).remove(0))
}

fn text_of(function: Function, from: &str) -> Cell {
    one(function, &[text(from)]).unwrap()
}

#[test]
fn counts_and_changes_characters() {
    assert_eq!(text_of(Function::Length, ""), Cell::Long(0));
    assert_eq!(text_of(Function::Length, "grüße 😀"), Cell::Long(7));
    assert_eq!(text_of(Function::Lower, "ÀB ΑΣ İ"), text("àb ας i\u{307}"));
    assert_eq!(text_of(Function::Upper, "straße ŉ"), text("STRASSE ʼN"));
    assert_eq!(text_of(Function::Upper, "already UP"), text("ALREADY UP"));
    assert_eq!(text_of(Function::Trim, "\u{3000}\t a b\u{a0}\n"), text("a b"));
    assert_eq!(text_of(Function::TrimStart, "  a  "), text("a  "));
    assert_eq!(text_of(Function::TrimEnd, "  a  "), text("  a"));
    assert_eq!(text_of(Function::Trim, " \u{200b} "), text("\u{200b}"));
    assert_eq!(one(Function::Upper, &[Cell::Null]).unwrap(), Cell::Null);
}

#[test]
fn substrings_count_from_either_end() {
    let part = |of: &str, start, length| one(Function::Substring, &[text(of), Cell::Long(start), Cell::Long(length)]).unwrap();
    let rest = |of: &str, start| one(Function::Substring, &[text(of), Cell::Long(start)]).unwrap();
    assert_eq!(rest("hello", -2), text("lo"));
    assert_eq!(rest("hello", 2), text("llo"));
    assert_eq!(rest("hello", 9), text(""));
    assert_eq!(rest("hello", -9), text("hello"));
    assert_eq!(part("hello", 1, 3), text("ell"));
    assert_eq!(part("hello", -10, 7), text("he"));
    assert_eq!(part("hello", -10, 5), text(""));
    assert_eq!(part("hello", 0, 0), text(""));
    assert_eq!(part("grüße, a text that is not so short 😀", 1, 32), text("rüße, a text that is not so shor"));
    assert_eq!(part("😀üa", -2, 1), text("ü"));
    assert_eq!(part("😀üa", i64::MIN, i64::MAX), text("😀ü"));
    assert_eq!(part("😀üa", i64::MAX, i64::MAX), text(""));
    assert_eq!(rest("😀üa", i64::MIN), text("😀üa"));
}

#[test]
fn a_negative_length_is_an_error_of_its_row() {
    let texts = column(&[Cell::Null, text("a"), text("b")]);
    let lengths = column(&[Cell::Long(-1), Cell::Long(1), Cell::Long(-2)]);
    let error = call(Function::Substring, &[texts, constant(Cell::Long(0)), lengths], 3).unwrap_err();
    assert_eq!((error.kind(), error.context("row")), (ErrorKind::ValueInvalid, Some("2")));
    assert!(error.message().contains("-2"), "{error}");
    let none = [constant(text("a")), constant(Cell::Long(0)), constant(Cell::Long(-1))];
    assert_eq!(call(Function::Substring, &none, 0).unwrap().len(), 0);
}

#[test]
fn parts_share_the_buffers_of_the_whole() {
    let whole = column(&[text("  a text of more than twelve bytes  "), Cell::Null, text(" short ")]);
    let trimmed = call(Function::Trim, std::slice::from_ref(&whole), 3).unwrap();
    assert_eq!(cells(&trimmed), [text("a text of more than twelve bytes"), Cell::Null, text("short")]);
    let (trimmed, whole) = (trimmed.as_string_view(), whole.array.as_string_view());
    assert_eq!(trimmed.data_buffers().len(), whole.data_buffers().len());
    assert_eq!(trimmed.data_buffers()[0].as_ptr(), whole.data_buffers()[0].as_ptr());
    let lower = [column(&[text("nothing in this text is to be changed"), text("abc")])];
    let same = call(Function::Lower, &lower, 2).unwrap();
    assert_eq!(same.as_string_view().data_buffers()[0].as_ptr(), lower[0].array.as_string_view().data_buffers()[0].as_ptr());
}

#[test]
fn finds_joins_and_replaces() {
    assert_eq!(one(Function::Find, &[text("üüab"), text("ab")]).unwrap(), Cell::Long(2));
    assert_eq!(one(Function::Find, &[text("ab"), text("")]).unwrap(), Cell::Long(0));
    assert_eq!(one(Function::Find, &[text("ab"), text("c")]).unwrap(), Cell::Null);
    assert_eq!(one(Function::Contains, &[text("ab"), text("")]).unwrap(), Cell::Bool(true));
    assert_eq!(one(Function::Replace, &[text("aaa"), text("aa"), text("b")]).unwrap(), text("ba"));
    assert_eq!(one(Function::Replace, &[text("abc"), text(""), text("x")]).unwrap(), text("abc"));
    assert_eq!(one(Function::Replace, &[text("abc"), text("b"), Cell::Null]).unwrap(), Cell::Null);
    assert_eq!(one(Function::Concat, &[text("a"), text(""), text("ü")]).unwrap(), text("aü"));
    assert_eq!(one(Function::Concat, &[text("a"), Cell::Null]).unwrap(), Cell::Null);
    assert_eq!(cells(&call(Function::Concat, &[], 2).unwrap()), [text(""), text("")]);
}

#[test]
fn refuses_what_is_no_text() {
    for (function, args) in [
        (Function::Lower, vec![column(&[Cell::Long(1)])]),
        (Function::Lower, vec![]),
        (Function::Substring, vec![column(&[text("a")]), column(&[text("b")])]),
        (Function::Add, vec![column(&[text("a")])]),
    ] {
        assert_eq!(call(function, &args, 1).unwrap_err().kind(), ErrorKind::ExpressionInvalid, "{function:?}");
    }
}

/// What a function means, one value at a time.
fn reference(function: Function, args: &[Cell]) -> Cell {
    if args.contains(&Cell::Null) {
        return Cell::Null;
    }
    let chars = |at: usize| match &args[at] {
        Cell::Text(text) => text.chars().collect::<Vec<char>>(),
        _ => Vec::new(),
    };
    let long = |at: usize| if let Cell::Long(value) = args[at] { i128::from(value) } else { 0 };
    let count = |at: usize| i128::try_from(chars(at).len()).unwrap();
    let made = |chars: &[char]| Cell::Text(chars.iter().collect());
    let place = || (0..=chars(0).len()).find(|at| chars(0)[*at..].starts_with(&chars(1)));
    match function {
        Function::Length => Cell::Long(i64::try_from(count(0)).unwrap()),
        Function::Lower => Cell::Text(chars(0).iter().collect::<String>().to_lowercase()),
        Function::Upper => Cell::Text(chars(0).iter().collect::<String>().to_uppercase()),
        Function::Trim | Function::TrimStart | Function::TrimEnd => {
            let mut left = chars(0);
            while function != Function::TrimStart && left.last().is_some_and(|c| c.is_whitespace()) {
                left.pop();
            }
            while function != Function::TrimEnd && left.first().is_some_and(|c| c.is_whitespace()) {
                left.remove(0);
            }
            made(&left)
        }
        Function::Substring => {
            let start = if long(1) < 0 { long(1) + count(0) } else { long(1) };
            let end = if args.len() == 3 { start + long(2) } else { i128::MAX };
            let inside = |at: &usize| (start..end).contains(&i128::try_from(*at).unwrap());
            made(&(0..chars(0).len()).filter(inside).map(|at| chars(0)[at]).collect::<Vec<_>>())
        }
        Function::Concat => made(&(0..args.len()).flat_map(chars).collect::<Vec<_>>()),
        Function::Contains => Cell::Bool(place().is_some()),
        Function::StartsWith => Cell::Bool(chars(0).starts_with(&chars(1))),
        Function::EndsWith => Cell::Bool(chars(0).ends_with(&chars(1))),
        Function::Find => place().map_or(Cell::Null, |at| Cell::Long(i64::try_from(at).unwrap())),
        Function::Replace => {
            let (from, mut left, mut out) = (chars(1), &chars(0)[..], Vec::new());
            while let [first, rest @ ..] = left {
                if !from.is_empty() && left.starts_with(&from) {
                    out.extend(chars(2));
                    left = &left[from.len()..];
                } else {
                    out.push(*first);
                    left = rest;
                }
            }
            made(&out)
        }
        other => panic!("{other:?}"),
    }
}

/// Columns, constants, and both answer what the function means.
fn agrees(function: Function, args: &[Vec<Cell>]) -> std::result::Result<(), TestCaseError> {
    let rows = args[0].len();
    for constants in 0..1 << args.len() {
        let is_constant = |at: usize| constants >> at & 1 == 1;
        let operands: Vec<Operand> =
            (0..args.len()).map(|at| if is_constant(at) { constant(args[at][0].clone()) } else { column(&args[at]) }).collect();
        let row = |row: usize| -> Vec<Cell> {
            (0..args.len()).map(|at| args[at][if is_constant(at) { 0 } else { row }].clone()).collect()
        };
        // A column without one number is built as text.
        let longs = |at: &usize| function == Function::Substring && *at > 0;
        if (0..args.len()).filter(longs).any(|at| operands[at].array.data_type() != &DataType::Int64) {
            continue;
        }
        let wanted: Vec<Cell> = (0..rows).map(|at| reference(function, &row(at))).collect();
        let made = call(function, &operands, rows).unwrap();
        prop_assert_eq!(cells(&made), wanted, "{:?} of {:?}, constants {:b}", function, args, constants);
    }
    Ok(())
}

fn texts(alphabet: &'static str, longest: usize) -> impl Strategy<Value = Cell> {
    let chars = proptest::sample::select(alphabet.chars().collect::<Vec<_>>());
    prop_oneof![
        1 => Just(Cell::Null),
        9 => vec(chars, 0..=longest).prop_map(|chars| Cell::Text(chars.into_iter().collect())),
    ]
}

fn longs(range: Range<i64>) -> impl Strategy<Value = Cell> {
    prop_oneof![1 => Just(Cell::Null), 9 => range.prop_map(Cell::Long)]
}

proptest! {
    #[test]
    fn functions_mean_what_they_say(
        rows in vec((texts(" aAbß\u{3000}İΣ😀\n", 20), texts("aAb😀", 2), texts("xa😀", 3), longs(-25..25), longs(0..25)), 1..8),
        plain in vec(texts(" abB", 20), 8),
    ) {
        let first: Vec<Cell> = rows.iter().map(|row| row.0.clone()).collect();
        let (part, to): (Vec<Cell>, Vec<Cell>) = rows.iter().map(|row| (row.1.clone(), row.2.clone())).unzip();
        let start: Vec<Cell> = rows.iter().map(|row| row.3.clone()).collect();
        let length: Vec<Cell> = rows.iter().map(|row| row.4.clone()).collect();
        for first in [first, plain[..rows.len()].to_vec()] {
            use Function as F;
            for function in [F::Length, F::Lower, F::Upper, F::Trim, F::TrimStart, F::TrimEnd] {
                agrees(function, std::slice::from_ref(&first))?;
            }
            for function in [F::Contains, F::StartsWith, F::EndsWith, F::Find] {
                agrees(function, &[first.clone(), part.clone()])?;
            }
            agrees(F::Substring, &[first.clone(), start.clone()])?;
            agrees(F::Substring, &[first.clone(), start.clone(), length.clone()])?;
            agrees(F::Concat, &[part.clone(), first.clone(), to.clone()])?;
            agrees(F::Replace, &[first, part.clone(), to.clone()])?;
        }
    }
}
