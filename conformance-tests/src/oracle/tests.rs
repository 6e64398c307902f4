//! The oracle against answers written by hand.

use fugue_core::{Field, Type};

use super::*;
use crate::value::show_row;

fn int(i: i128) -> OwnValue {
    OwnValue::Int(i)
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|n| (*n).to_owned()).collect()
}

/// `[[1,2],[null,2],[null,1],[3,4],[null,4]] a:double,b:int`, the contract's first example.
fn example() -> Table {
    let schema = Schema::new([Field::new("a", Type::Float64), Field::new("b", Type::Int32)]).expect("a schema");
    let a = |x: f64| OwnValue::Float(x);
    let null = || OwnValue::Null;
    Table::new(
        schema,
        vec![vec![a(1.0), int(2)], vec![null(), int(2)], vec![null(), int(1)], vec![a(3.0), int(4)], vec![null(), int(4)]],
    )
}

fn first_rows(ascending: bool) -> Vec<String> {
    let table = example();
    let first = |_: &[OwnValue], rows: &[OwnRow]| rows[..1].to_vec();
    let out = map(&table, &names(&["a"]), &[("b".to_owned(), ascending)], &table.schema, first).expect("runs");
    out.rows.iter().map(|r| show_row(r)).collect()
}

#[test]
fn the_first_row_of_each_key_by_presort() {
    assert_eq!(first_rows(true), ["[1.0, 2]", "[3.0, 4]", "[null, 1]"]);
    assert_eq!(first_rows(false), ["[1.0, 2]", "[3.0, 4]", "[null, 4]"]);
}

#[test]
fn without_keys_there_is_one_call_and_without_rows_none() {
    let (table, mut calls) = (example(), 0);
    let out = map(&table, &[], &[], &table.schema, |_, rows| {
        calls += 1;
        rows.to_vec()
    });
    assert_eq!((out.expect("runs").rows.len(), calls), (5, 1));
    let empty = Table::empty(table.schema.clone());
    for keys in [vec![], names(&["a"])] {
        let out = map(&empty, &keys, &[], &table.schema, |_, _| unreachable!("no call with zero rows"));
        assert!(out.expect("runs").rows.is_empty());
    }
}

#[test]
fn nan_and_zeros_are_one_key_each_and_nulls_are_last_descending_too() {
    let schema = Schema::new([Field::new("k", Type::Float64)]).expect("a schema");
    let values = [f64::NAN, -0.0, -f64::NAN, 0.0];
    let mut table = Table::new(schema.clone(), values.iter().map(|x| vec![OwnValue::Float(*x)]).collect());
    table.rows.insert(1, vec![OwnValue::Null]);
    let count = |_: &[OwnValue], rows: &[OwnRow]| vec![vec![int(rows.len() as i128)]];
    let out = map(&table, &names(&["k"]), &[], &schema, count).expect("runs");
    assert_eq!(out.rows, [[int(2)], [int(2)], [int(1)]]);
    let sorted = map(&table, &[], &[("k".to_owned(), false)], &schema, |_, rows| rows.to_vec()).expect("runs");
    assert!(sorted.rows[4][0].is_null() && matches!(sorted.rows[0][0], OwnValue::Float(x) if x.is_nan()));
}

/// The contract's example of zips: x = `[[1,2],[3,4],[1,5]] a:int,b:int`, y = `[[6,1],[2,7]] c:int,a:int`.
fn zip(kind: Kind, right_first: bool) -> Vec<String> {
    let ints = |names: [&str; 2], rows: &[[i128; 2]]| {
        let schema = Schema::new(names.map(|n| Field::new(n, Type::Int32))).expect("a schema");
        Table::new(schema, rows.iter().map(|r| vec![int(r[0]), int(r[1])]).collect())
    };
    let mut tables = vec![ints(["a", "b"], &[[1, 2], [3, 4], [1, 5]]), ints(["c", "a"], &[[6, 1], [2, 7]])];
    if right_first {
        tables.reverse();
    }
    let output = Schema::new([Field::new("x", Type::Str)]).expect("a schema");
    let order = [("b".to_owned(), true), ("c".to_owned(), true)];
    let mut seen = Vec::new();
    comap(&tables, &names(&["a"]), &order, kind, &output, |key, members| {
        seen.push(format!("{} {} {}", show_row(key), members[0].len(), members[1].len()));
        Vec::new()
    })
    .expect("runs");
    seen
}

#[test]
fn each_kind_of_zip_calls_its_keys() {
    assert_eq!(zip(Kind::Inner, false), ["[1] 2 1"]);
    assert_eq!(zip(Kind::Left, false), ["[1] 2 1", "[3] 1 0"]);
    assert_eq!(zip(Kind::Right, true), ["[1] 1 2", "[3] 0 1"]);
    assert_eq!(zip(Kind::Full, false), ["[1] 2 1", "[3] 1 0", "[7] 0 1"]);
    assert_eq!(zip(Kind::Cross, false), ["[] 3 2"]);
}

fn marked(calls: &[&[i128]]) -> Calls {
    let schema = Schema::new(["k", "call", "position"].map(|n| Field::new(n, Type::Int64))).expect("a schema");
    let rows = calls
        .iter()
        .enumerate()
        .flat_map(|(c, keys)| keys.iter().enumerate().map(move |(i, k)| vec![int(*k), int(c as i128), int(i as i128)]));
    Calls::from_marked(&Table::new(schema, rows.collect())).expect("marks")
}

#[test]
fn traces_of_calls_are_judged() {
    assert!(marked(&[&[1, 1], &[2]]).check(&Expect::PerKey(names(&["k"]))).is_ok());
    assert!(marked(&[&[1], &[1], &[2]]).check(&Expect::PerKey(names(&["k"]))).is_err(), "a key is split");
    assert!(marked(&[&[1, 2]]).check(&Expect::PerKey(names(&["k"]))).is_err(), "two keys in one call");
    assert!(marked(&[&[1, 2, 3], &[4, 5], &[6, 7]]).check(&Expect::Even(3)).is_ok());
    assert!(marked(&[&[1, 2, 3], &[4, 5, 6], &[7]]).check(&Expect::Even(3)).is_err());
    assert!(marked(&[&[1], &[2]]).check(&Expect::Even(9)).is_ok(), "no more calls than rows");
    assert!(marked(&[]).check(&Expect::One).is_ok() && marked(&[]).check(&Expect::Even(2)).is_ok());
    let coarse = |most| Expect::Coarse(most, names(&["k"]), vec![]);
    assert!(marked(&[&[1, 1, 3], &[2]]).check(&coarse(2)).is_ok());
    assert!(marked(&[&[1, 1, 3], &[2]]).check(&coarse(1)).is_err());
    assert!(marked(&[&[3, 1]]).check(&coarse(0)).is_err(), "not sorted");
}

#[test]
fn programs_give_rows_of_their_schema() {
    let table = example().with_row_numbers(UNIQUE).expect("free");
    let keys = names(&["a"]);
    for program in Program::ALL {
        let output = program.output(&table.schema, &keys).expect("a schema");
        let out = map(&table, &keys, &[], &output, |key, rows| program.run(key, rows, 2)).expect("runs");
        assert!(!out.rows.is_empty(), "{program:?}");
        out.to_batch().expect("rows fit the schema");
    }
    for program in CoProgram::ALL {
        let tables = [table.clone(), table.clone()];
        let output = program.output(&table.schema.fields()[..1], 2).expect("a schema");
        let out = comap(&tables, &keys, &[], Kind::Full, &output, |k, m| program.run(k, m, &[2, 2])).expect("runs");
        out.to_batch().expect("rows fit the schema");
    }
}
