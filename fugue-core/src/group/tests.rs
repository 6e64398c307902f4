//! Grouping against a naive oracle: rows as cells, grouped and sorted one by one.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int32Array, Int64Array, ListArray,
    StringViewArray, UInt32Array,
};
use arrow::compute::{concat_batches, take_record_batch};
use arrow::datatypes::Float64Type;
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use proptest::prelude::*;

use super::canonical::canonical;
use super::run::{cogroup_with, group_with};
use super::source::Sizes;
use super::*;
use crate::partition::{Algo, PartitionSpec};
use crate::run::{Cancel, CancelHandle, Pool};
use crate::schema::{Field, Schema, Type};

/// Many chunks and buckets for few rows.
const SMALL: Sizes = Sizes { chunk: 7, bucket: 5, stream: 25, fine: 16 };

/// A value as the contract compares it.
#[derive(Clone, Debug, PartialEq)]
enum Cell {
    Null,
    Number(i128),
    Float(f64),
    Text(String),
    Floats(Vec<Option<f64>>),
}

impl Cell {
    fn order(&self, other: &Self) -> Ordering {
        let float = |a: f64, b: f64| match (a.is_nan(), b.is_nan()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            _ => a.partial_cmp(&b).unwrap(),
        };
        match (self, other) {
            (Self::Null, Self::Null) => Ordering::Equal,
            (Self::Null, _) => Ordering::Greater,
            (_, Self::Null) => Ordering::Less,
            (Self::Number(a), Self::Number(b)) => a.cmp(b),
            (Self::Float(a), Self::Float(b)) => float(*a, *b),
            (Self::Text(a), Self::Text(b)) => a.as_bytes().cmp(b.as_bytes()),
            (Self::Floats(a), Self::Floats(b)) => {
                let item = |x: &Option<f64>| x.map_or(Self::Null, Self::Float);
                let unlike = a.iter().zip(b).map(|(x, y)| item(x).order(&item(y))).find(|o| o.is_ne());
                unlike.unwrap_or_else(|| a.len().cmp(&b.len()))
            }
            _ => unreachable!("cells of one column have one type"),
        }
    }
}

type Row = Vec<Cell>;

/// Columns of every kind of road, and a number that makes rows distinct.
const COLUMNS: [&str; 9] = ["long", "int", "text", "float", "bool", "date", "decimal", "floats", "id"];
const ID: usize = 8;

fn schema() -> Schema {
    let types = [
        Type::Int64,
        Type::Int32,
        Type::Str,
        Type::Float64,
        Type::Bool,
        Type::Date,
        Type::Decimal(20, 2),
        Type::List(Arc::new(Type::Float64)),
        Type::Int64,
    ];
    Schema::new(COLUMNS.iter().zip(types).map(|(n, t)| Field::new(*n, t))).unwrap()
}

fn float() -> impl Strategy<Value = f64> + Clone {
    prop_oneof![
        Just(0.0),
        Just(-0.0),
        Just(f64::NAN),
        Just(-f64::NAN),
        Just(f64::from_bits(0x7ff0_0000_0000_0001)),
        Just(f64::INFINITY),
        Just(f64::NEG_INFINITY),
        Just(1.5),
        Just(-1.5)
    ]
}

fn cells() -> impl Strategy<Value = Row> {
    let number = |some: Vec<i128>| prop::sample::select(some).prop_map(Cell::Number).boxed();
    let wide = |lo: i128, hi: i128| number(vec![lo, -1, 0, 1, 2, hi]);
    let text =
        prop::sample::select(vec!["", "a", "é", "twelve bytes", "longer than twelve", "longer than twelve!", "long tail", "a\0"]);
    let columns = [
        wide(i128::from(i64::MIN), i128::from(i64::MAX)),
        wide(i128::from(i32::MIN), i128::from(i32::MAX)),
        text.prop_map(|t| Cell::Text(t.to_owned())).boxed(),
        float().prop_map(Cell::Float).boxed(),
        number(vec![0, 1]),
        number(vec![-1, 0, 20000]),
        wide(-(10i128.pow(20) - 1), 10i128.pow(20) - 1),
        prop::collection::vec(prop::option::of(float()), 0..3).prop_map(Cell::Floats).boxed(),
    ];
    columns.map(|c| prop_oneof![1 => Just(Cell::Null), 6 => c].boxed()).to_vec()
}

fn table(most: usize) -> impl Strategy<Value = Vec<Row>> {
    prop::collection::vec(cells(), 0..most).prop_map(|mut rows| {
        for (id, row) in rows.iter_mut().enumerate() {
            row.push(Cell::Number(id as i128));
        }
        rows
    })
}

fn array(rows: &[Row], column: usize) -> ArrayRef {
    let number = |r: &Row| match &r[column] {
        Cell::Number(n) => Some(*n),
        _ => None,
    };
    let text = |r: &Row| match &r[column] {
        Cell::Text(t) => Some(t.clone()),
        _ => None,
    };
    let float = |r: &Row| match &r[column] {
        Cell::Float(f) => Some(*f),
        _ => None,
    };
    let floats = |r: &Row| match &r[column] {
        Cell::Floats(f) => Some(f.clone()),
        _ => None,
    };
    let rows = rows.iter();
    match column {
        0 | ID => Arc::new(rows.map(|r| number(r).map(|n| n as i64)).collect::<Int64Array>()),
        1 => Arc::new(rows.map(|r| number(r).map(|n| n as i32)).collect::<Int32Array>()),
        2 => Arc::new(rows.map(text).collect::<StringViewArray>()),
        3 => Arc::new(rows.map(float).collect::<Float64Array>()),
        4 => Arc::new(rows.map(|r| number(r).map(|n| n == 1)).collect::<BooleanArray>()),
        5 => Arc::new(rows.map(|r| number(r).map(|n| n as i32)).collect::<Date32Array>()),
        6 => Arc::new(rows.map(number).collect::<Decimal128Array>().with_precision_and_scale(20, 2).unwrap()),
        _ => Arc::new(ListArray::from_iter_primitive::<Float64Type, _, _>(rows.map(floats))),
    }
}

fn batch(rows: &[Row]) -> RecordBatch {
    RecordBatch::try_new(schema().to_arrow(), (0..COLUMNS.len()).map(|c| array(rows, c)).collect()).unwrap()
}

/// Batches of these sizes, over and over; built apart from each other, so that they share no buffer.
fn cut(rows: &[Row], sizes: &[usize]) -> Vec<RecordBatch> {
    let mut rest = rows;
    let mut sizes = sizes.iter().cycle();
    let mut batches = Vec::new();
    while !rest.is_empty() {
        let (head, tail) = rest.split_at((*sizes.next().unwrap()).min(rest.len()));
        batches.push(batch(head));
        rest = tail;
    }
    batches
}

fn key_order(a: &Row, b: &Row, keys: &[usize]) -> Ordering {
    keys.iter().map(|k| a[*k].order(&b[*k])).find(|o| o.is_ne()).unwrap_or(Ordering::Equal)
}

fn sort_order(a: &Row, b: &Row, presort: &[(usize, bool)]) -> Ordering {
    // Nulls are last in both directions, inside lists too.
    let one = |(c, ascending): &(usize, bool)| {
        let directed = |a: &Cell, b: &Cell| {
            let order = a.order(b);
            if *ascending || *a == Cell::Null || *b == Cell::Null { order } else { order.reverse() }
        };
        match (&a[*c], &b[*c]) {
            (Cell::Floats(x), Cell::Floats(y)) => {
                let item = |x: &Option<f64>| x.map_or(Cell::Null, Cell::Float);
                let unlike = x.iter().zip(y).map(|(x, y)| directed(&item(x), &item(y))).find(|o| o.is_ne());
                unlike.unwrap_or_else(|| if *ascending { x.len().cmp(&y.len()) } else { y.len().cmp(&x.len()) })
            }
            (x, y) => directed(x, y),
        }
    };
    presort.iter().map(one).find(|o| o.is_ne()).unwrap_or(Ordering::Equal)
}

/// Ids of the rows of each group; groups in the order of keys, rows in presort order and then as they came.
fn oracle(rows: &[Row], keys: &[usize], presort: &[(usize, bool)]) -> Vec<Vec<usize>> {
    let mut ids: Vec<usize> = (0..rows.len()).collect();
    ids.sort_by(|a, b| key_order(&rows[*a], &rows[*b], keys).then_with(|| sort_order(&rows[*a], &rows[*b], presort)));
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for id in ids {
        match groups.last_mut() {
            Some(group) if key_order(&rows[group[0]], &rows[id], keys).is_eq() => group.push(id),
            _ => groups.push(vec![id]),
        }
    }
    groups
}

fn ids(batch: &RecordBatch) -> Vec<usize> {
    let ids = batch.column_by_name("id").unwrap().as_any().downcast_ref::<Int64Array>().unwrap();
    ids.values().iter().map(|v| *v as usize).collect()
}

/// All groups, as ids, by member and group; checks what holds of every run.
fn run(buckets: &Buckets, sources: &[&[Row]], keys: &[Vec<usize>]) -> Vec<Vec<Vec<usize>>> {
    let wholes: Vec<RecordBatch> = sources.iter().map(|s| batch(s)).collect();
    let mut all = Vec::new();
    for bucket in 0..buckets.len() {
        let groups = buckets.build(bucket).unwrap();
        assert_eq!(groups.first, all.len());
        assert!(!groups.is_empty());
        assert_eq!(groups.keys.num_rows(), groups.len());
        assert_eq!(buckets.rows(bucket), groups.members.iter().map(|m| m.batch.num_rows()).sum::<usize>());
        for (member, whole) in groups.members.iter().zip(&wholes) {
            assert_eq!(*member.offsets.last().unwrap(), member.batch.num_rows());
            // Data is never changed, not even the bits of a NaN.
            let expected = take_record_batch(whole, &rows_of(&ids(&member.batch))).unwrap();
            assert_same_bits(&expected, &member.batch);
        }
        for group in 0..groups.len() {
            let rows: Vec<Vec<usize>> = groups.members.iter().map(|m| ids(&m.rows(group))).collect();
            let (of, id) = rows.iter().enumerate().find_map(|(m, r)| r.first().map(|id| (m, *id))).expect("a group has a row");
            let first = take_record_batch(&wholes[of], &rows_of(&[id])).unwrap().project(&keys[of]).unwrap();
            // The key is that of any row: one NaN and one zero stand for all of them.
            let one = first.columns().iter().map(|c| canonical(c).unwrap()).collect();
            let options = RecordBatchOptions::new().with_row_count(Some(1));
            let one = RecordBatch::try_new_with_options(first.schema(), one, &options).unwrap();
            assert_same_bits(&one, &groups.keys.slice(group, 1));
            all.push(rows);
        }
        let half = groups.len() / 2;
        let slice = groups.slice(half..groups.len());
        assert_eq!((slice.first, slice.len()), (groups.first + half, groups.len() - half));
        assert_eq!(ids(&slice.members[0].rows(0)), ids(&groups.members[0].rows(half)));
    }
    assert_eq!(buckets.groups(), all.len());
    all
}

fn rows_of(ids: &[usize]) -> UInt32Array {
    ids.iter().map(|i| u32::try_from(*i).unwrap()).collect()
}

fn assert_same_bits(a: &RecordBatch, b: &RecordBatch) {
    assert_eq!(a.schema(), b.schema());
    for (x, y) in a.columns().iter().zip(b.columns()) {
        // The debug form shows NaN as NaN; bits of top-level floats are compared besides.
        assert_eq!(format!("{x:?}"), format!("{y:?}"));
        if let (Some(x), Some(y)) = (x.as_any().downcast_ref::<Float64Array>(), y.as_any().downcast_ref::<Float64Array>()) {
            let bits = |a: &Float64Array| a.iter().map(|v| v.map(f64::to_bits)).collect::<Vec<_>>();
            assert_eq!(bits(x), bits(y));
        }
    }
}

fn plan(keys: &[usize], presort: &[(usize, bool)], algo: Algo, num: usize) -> GroupPlan {
    GroupPlan { keys: keys.to_vec(), presort: presort.to_vec(), columns: (0..COLUMNS.len()).collect(), algo, num }
}

fn single(groups: Vec<Vec<Vec<usize>>>) -> Vec<Vec<usize>> {
    groups.into_iter().map(|g| g.into_iter().next().unwrap()).collect()
}

fn pools() -> [Pool; 2] {
    [Pool::new(1).unwrap(), Pool::new(3).unwrap()]
}

/// Keys and presort: a random order of the columns, cut into two.
fn layout() -> impl Strategy<Value = (Vec<usize>, Vec<(usize, bool)>)> {
    let columns = Just((0..COLUMNS.len() - 1).collect::<Vec<_>>()).prop_shuffle();
    (columns, 1usize..4, 0usize..4, prop::collection::vec(any::<bool>(), 4)).prop_map(|(columns, keys, presort, ascending)| {
        let presort = columns[keys..keys + presort].iter().copied().zip(ascending).collect();
        (columns[..keys].to_vec(), presort)
    })
}

fn sizes() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(1usize..20, 1..5)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn groups_are_those_of_the_oracle(rows in table(60), (keys, presort) in layout(), sizes in sizes(), num in 0usize..5) {
        let expected = oracle(&rows, &keys, &presort);
        let mut seen = Vec::new();
        for pool in pools() {
            for batches in [cut(&rows, &sizes), cut(&rows, &[rows.len().max(1)])] {
                let plan = plan(&keys, &presort, Algo::Hash, num);
                let buckets = group_with(&schema(), batches.into_iter().map(Ok), &plan, &pool, &Cancel::never(), SMALL).unwrap();
                for bucket in 0..buckets.len() {
                    let groups = buckets.build(bucket).unwrap();
                    prop_assert!(num == 0 || groups.physical_of(0) < num);
                }
                seen.push(single(run(&buckets, &[&rows], std::slice::from_ref(&keys))));
            }
        }
        prop_assert!(seen.windows(2).all(|w| w[0] == w[1]), "threads or batches count: {seen:?}");
        let mut groups = seen.pop().unwrap();
        groups.sort_by(|a, b| key_order(&rows[a[0]], &rows[b[0]], &keys));
        prop_assert_eq!(groups, expected);
    }

    #[test]
    fn partitions_without_keys_are_pieces(rows in table(60), (_, presort) in layout(), sizes in sizes(), num in 0usize..70) {
        for (algo, batches) in [(Algo::Default, cut(&rows, &sizes)), (Algo::Even, cut(&rows, &[rows.len().max(1)]))] {
            let plan = plan(&[], &presort, algo, num);
            let buckets = group_with(&schema(), batches.into_iter().map(Ok), &plan, &pools()[1], &Cancel::never(), SMALL).unwrap();
            let pieces = single(run(&buckets, &[&rows], &[vec![]]));
            prop_assert_eq!(pieces.len(), num.clamp(1, rows.len().max(1)).min(rows.len()));
            let mut start = 0;
            for (number, piece) in pieces.iter().enumerate() {
                let size = rows.len() / pieces.len() + usize::from(number < rows.len() % pieces.len());
                let mut expected: Vec<usize> = (start..start + size).collect();
                expected.sort_by(|a, b| sort_order(&rows[*a], &rows[*b], &presort));
                prop_assert_eq!(piece, &expected);
                start += size;
            }
        }
    }

    #[test]
    fn coarse_partitions_keep_keys_together_and_sorted(rows in table(60), (keys, presort) in layout(), sizes in sizes(), num in 0usize..9) {
        let mut seen = Vec::new();
        for batches in [cut(&rows, &sizes), cut(&rows, &[rows.len().max(1)])] {
            let plan = plan(&keys, &presort, Algo::Coarse, num);
            let buckets = group_with(&schema(), batches.into_iter().map(Ok), &plan, &pools()[1], &Cancel::never(), SMALL).unwrap();
            seen.push(single(run(&buckets, &[&rows], std::slice::from_ref(&keys))));
        }
        prop_assert_eq!(&seen[0], &seen[1]);
        let most = if num == 0 { 3 } else { num };
        prop_assert!(seen[0].len() <= most);
        let mut order: Vec<(usize, bool)> = keys.iter().map(|k| (*k, true)).collect();
        order.extend(presort);
        let mut of_key = Vec::new();
        for group in &seen[0] {
            prop_assert!(group.windows(2).all(|w| sort_order(&rows[w[0]], &rows[w[1]], &order).then(w[0].cmp(&w[1])).is_lt()));
            let mut firsts = group.clone();
            firsts.dedup_by(|a, b| key_order(&rows[*a], &rows[*b], &keys).is_eq());
            of_key.extend(firsts);
        }
        prop_assert_eq!(of_key.len(), oracle(&rows, &keys, &[]).len());
        prop_assert_eq!(seen[0].iter().map(Vec::len).sum::<usize>(), rows.len());
    }

    #[test]
    fn zips_call_the_keys_of_their_kind(
        tables in prop::collection::vec(table(25), 1..4), (keys, presort) in layout(), sizes in sizes(), kind in 0usize..5,
    ) {
        let how = [ZipKind::Inner, ZipKind::LeftOuter, ZipKind::RightOuter, ZipKind::FullOuter, ZipKind::Cross][kind];
        let keys = if how == ZipKind::Cross { vec![] } else { keys };
        let mut seen = Vec::new();
        for (pool, sizes) in pools().iter().zip([&sizes[..], &[1000]]) {
            let input = |rows: &Vec<Row>| CoInput {
                schema: schema(),
                batches: cut(rows, sizes),
                keys: keys.clone(),
                presort: presort.clone(),
                columns: (0..COLUMNS.len()).collect(),
            };
            let buckets = cogroup_with(tables.iter().map(input).collect(), how, pool, &Cancel::never(), SMALL).unwrap();
            let sources: Vec<&[Row]> = tables.iter().map(|t| &t[..]).collect();
            seen.push(run(&buckets, &sources, &vec![keys.clone(); tables.len()]));
        }
        prop_assert_eq!(&seen[0], &seen[1]);
        let mut called = 0;
        let all: Vec<Row> = tables.iter().flatten().cloned().collect();
        for representative in oracle(&all, &keys, &[]) {
            let of = |rows: &Vec<Row>| {
                let mut of: Vec<usize> = (0..rows.len()).filter(|i| key_order(&rows[*i], &all[representative[0]], &keys).is_eq()).collect();
                of.sort_by(|a, b| sort_order(&rows[*a], &rows[*b], &presort));
                of
            };
            let members: Vec<Vec<usize>> = tables.iter().map(of).collect();
            let wanted = match how {
                ZipKind::Inner => members.iter().all(|m| !m.is_empty()),
                ZipKind::LeftOuter => !members[0].is_empty(),
                ZipKind::RightOuter => !members[members.len() - 1].is_empty(),
                _ => true,
            };
            prop_assert_eq!(seen[0].iter().filter(|g| **g == members).count(), usize::from(wanted), "{:?}", members);
            called += usize::from(wanted);
        }
        prop_assert_eq!(seen[0].len(), called);
    }

    #[test]
    fn splits_keep_all_rows(rows in table(60), (keys, _) in layout(), sizes in sizes(), num in 0usize..70, algo in 0usize..5, keyed: bool) {
        let algo = [Algo::Default, Algo::Hash, Algo::Rand, Algo::Even, Algo::Coarse][algo];
        let keys = if keyed { keys } else { vec![] };
        let names: Vec<&str> = keys.iter().map(|k| COLUMNS[*k]).collect();
        let spec = PartitionSpec::new().by(names).unwrap().algo(algo);
        let split = |sizes: &[usize]| -> Vec<Vec<usize>> {
            let parts = split(&schema(), cut(&rows, sizes), &spec, num, &pools()[1], &Cancel::never()).unwrap();
            parts.iter().map(|p| ids(&concat_batches(&schema().to_arrow(), p).unwrap())).collect()
        };
        let parts = split(&sizes);
        prop_assert_eq!(&parts, &split(&[1000]));
        prop_assert!(parts.iter().all(|p| !p.is_empty()));
        let mut all: Vec<usize> = parts.concat();
        if !keyed && algo != Algo::Rand {
            prop_assert_eq!(&all, &(0..rows.len()).collect::<Vec<_>>());
            prop_assert_eq!(parts.len(), num.max(1).min(rows.len()));
            prop_assert!(parts.iter().all(|p| p.len() == parts[0].len() || p.len() + 1 == parts[0].len()));
        }
        all.sort_unstable();
        prop_assert_eq!(all, (0..rows.len()).collect::<Vec<_>>());
        if keyed {
            let of_key = |id: usize| oracle(&rows, &keys, &[]).iter().position(|g| g.contains(&id)).unwrap();
            let firsts: Vec<Vec<usize>> = parts.iter().map(|p| { let mut k: Vec<_> = p.iter().map(|i| of_key(*i)).collect(); k.sort_unstable(); k.dedup(); k }).collect();
            prop_assert_eq!(firsts.concat().len(), oracle(&rows, &keys, &[]).len());
            prop_assert!(algo != Algo::Even || firsts.iter().all(|k| k.len() == 1));
            prop_assert!(algo == Algo::Even || parts.len() <= num.max(1));
        } else {
            prop_assert!(parts.len() <= num.max(1));
        }
    }
}

fn numbers(count: i128) -> Vec<Row> {
    let row = |i| {
        let mut row = vec![Cell::Null; COLUMNS.len()];
        row[0] = Cell::Number(i % 7);
        row[ID] = Cell::Number(i);
        row
    };
    (0..count).map(row).collect()
}

#[test]
fn even_keys_are_partitions_of_their_own() {
    let rows = numbers(50);
    let buckets = group(&schema(), vec![batch(&rows)], &plan(&[0], &[], Algo::Even, 3), &pools()[0], &Cancel::never()).unwrap();
    let groups = buckets.build(0).unwrap();
    assert_eq!((0..groups.len()).map(|g| groups.physical_of(g)).collect::<Vec<_>>(), (0..7).collect::<Vec<_>>());
}

#[test]
fn rows_of_one_batch_are_not_copied_without_keys() {
    let whole = batch(&numbers(50));
    let buckets =
        group(&schema(), vec![whole.clone()], &plan(&[], &[(ID, true)], Algo::Default, 2), &pools()[0], &Cancel::never())
            .unwrap();
    let groups = buckets.build(0).unwrap();
    assert_eq!(groups.len(), 2);
    assert!(
        Arc::ptr_eq(whole.column(ID), groups.members[0].batch.column(ID)) || {
            whole.column(ID).to_data().buffers()[0].as_ptr() == groups.members[0].batch.column(ID).to_data().buffers()[0].as_ptr()
        }
    );
}

#[test]
fn spread_rows_reach_every_partition() {
    let rows = numbers(1000);
    let buckets = group(&schema(), cut(&rows, &[77]), &plan(&[], &[], Algo::Rand, 10), &pools()[0], &Cancel::never()).unwrap();
    let groups = single(run(&buckets, &[&rows], &[vec![]]));
    assert_eq!(groups.len(), 10);
    assert!(groups.iter().all(|g| (60..140).contains(&g.len())), "{:?}", groups.iter().map(Vec::len).collect::<Vec<_>>());
}

#[test]
fn only_wanted_columns_are_gathered() {
    let plan = plan(&[0], &[(1, false)], Algo::Default, 0).with_columns(vec![ID, 2]);
    let buckets = group(&schema(), vec![batch(&numbers(50))], &plan, &pools()[0], &Cancel::never()).unwrap();
    let groups = buckets.build(0).unwrap();
    assert_eq!(groups.members[0].batch.schema().fields().iter().map(|f| f.name().as_str()).collect::<Vec<_>>(), ["id", "text"]);
    let none = group(&schema(), vec![batch(&numbers(50))], &plan.with_columns(vec![]), &pools()[0], &Cancel::never()).unwrap();
    assert_eq!(none.build(0).unwrap().members[0].batch.num_rows(), 50);
}

#[test]
fn a_cancelled_run_ends() {
    let handle = CancelHandle::new();
    let cancel = Cancel::new(&handle, None);
    let input = || vec![batch(&numbers(50))];
    let buckets = group(&schema(), input(), &plan(&[0], &[], Algo::Default, 0), &pools()[0], &cancel).unwrap();
    handle.cancel();
    assert_eq!(buckets.build(0).unwrap_err().kind(), crate::ErrorKind::Cancelled);
    let again = group(&schema(), input(), &plan(&[0], &[], Algo::Default, 0), &pools()[0], &cancel);
    assert_eq!(again.unwrap_err().kind(), crate::ErrorKind::Cancelled);
}

#[test]
fn zips_refuse_keys_that_do_not_fit() {
    let input = |keys: Vec<usize>| CoInput { schema: schema(), batches: vec![], keys, presort: vec![], columns: vec![] };
    let zip =
        |a, b, how| cogroup(vec![input(a), input(b)], how, &pools()[0], &Cancel::never()).map(|b| b.len()).map_err(|e| e.kind());
    assert_eq!(zip(vec![0], vec![1], ZipKind::Inner), Err(crate::ErrorKind::SchemaMismatch));
    assert_eq!(zip(vec![0], vec![0], ZipKind::Cross), Err(crate::ErrorKind::PartitionInvalid));
    assert_eq!(zip(vec![0], vec![8], ZipKind::Inner), Ok(0));
}

/// Shuffled views hold on to the buffers of all rows that they came from: many batches, and very many buffers.
#[test]
fn text_in_very_many_buffers_goes_where_its_rows_go() {
    let text = |n: u32| format!("a text that is too long to be inlined, number {n}");
    let views = |b: u32| -> ArrayRef {
        let mut views = arrow::array::StringViewBuilder::new().with_fixed_block_size(64);
        (0..400).for_each(|row| views.append_value(text(b * 400 + row)));
        Arc::new(views.finish())
    };
    let batches: Vec<RecordBatch> = (0..8).map(|b| RecordBatch::try_from_iter([("text", views(b))]).unwrap()).collect();
    let source = source::Source::new(1, &[0], batches.iter());
    let order: UInt32Array = (0..3_200_u32).map(|n| Some((n * 7) % 3_200)).collect();
    let moved = permute::flat(&source, 0, &order, &Cancel::never()).unwrap();
    let moved: Vec<_> = arrow::array::AsArray::as_string_view(&*moved).iter().flatten().map(str::to_owned).collect();
    assert_eq!(moved, order.values().iter().map(|n| text(*n)).collect::<Vec<_>>());
}
