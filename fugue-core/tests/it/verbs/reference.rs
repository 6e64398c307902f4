//! Joins, set operations and takes against a reference that looks at each pair of rows.

use fugue_core::DataFrame;
use fugue_core::relational::JoinKind;
use proptest::prelude::*;

use super::{collect, frame, sessions};

/// A row of two columns; values are few, so that many are equal.
type Row = [Option<i8>; 2];

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let value = || prop_oneof![1 => Just(None), 4 => (0_i8..4).prop_map(Some)];
    prop::collection::vec((value(), value()).prop_map(|(a, b)| [a, b]), 0..24)
}

fn text(value: Option<i8>) -> String {
    value.map_or_else(|| "N".to_owned(), |v| v.to_string())
}

fn line(row: &[Option<i8>]) -> String {
    row.iter().map(|v| text(*v)).collect::<Vec<_>>().join(",")
}

fn lines(rows: &[Row]) -> String {
    rows.iter().map(|row| line(row)).collect::<Vec<_>>().join(";")
}

fn sorted(df: &DataFrame) -> Vec<String> {
    let mut rows = collect(df);
    rows.sort();
    rows
}

fn joined(kind: JoinKind, left: &[Row], right: &[Row]) -> Vec<String> {
    let partner = |l: &Row, r: &Row| l[0].is_some() && l[0] == r[0];
    let mut out = Vec::new();
    for l in left {
        let partners: Vec<&Row> = right.iter().filter(|r| partner(l, r)).collect();
        match kind {
            JoinKind::Semi if !partners.is_empty() => out.push(line(l)),
            JoinKind::Anti if partners.is_empty() => out.push(line(l)),
            JoinKind::Semi | JoinKind::Anti => {}
            _ => out.extend(partners.iter().map(|r| line(&[l[0], l[1], r[1]]))),
        }
        if partners.is_empty() && matches!(kind, JoinKind::LeftOuter | JoinKind::FullOuter) {
            out.push(line(&[l[0], l[1], None]));
        }
    }
    if matches!(kind, JoinKind::RightOuter | JoinKind::FullOuter) {
        let alone = right.iter().filter(|r| !left.iter().any(|l| partner(l, r)));
        out.extend(alone.map(|r| line(&[r[0], None, r[1]])));
    }
    out.sort();
    out
}

/// Rows as often as the counts on both sides say.
fn counted(left: &[Row], right: &[Row], times: impl Fn(usize, usize) -> usize) -> Vec<String> {
    let mut all: Vec<Row> = left.iter().chain(right).copied().collect();
    all.sort_unstable();
    all.dedup();
    let count = |rows: &[Row], row: &Row| rows.iter().filter(|r| *r == row).count();
    let mut out: Vec<String> =
        all.iter().flat_map(|row| std::iter::repeat_n(line(row), times(count(left, row), count(right, row)))).collect();
    out.sort();
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn joins_give_the_pairs(left in rows(), right in rows()) {
        for session in sessions() {
            let (l, r) = (frame(&session, "k:byte,l:byte", &lines(&left)), frame(&session, "k:byte,r:byte", &lines(&right)));
            for kind in [JoinKind::Inner, JoinKind::LeftOuter, JoinKind::RightOuter, JoinKind::FullOuter, JoinKind::Semi, JoinKind::Anti] {
                prop_assert_eq!(sorted(&l.join(&r, kind).unwrap()), joined(kind, &left, &right), "{}", kind);
            }
        }
    }

    #[test]
    fn set_operations_count(left in rows(), right in rows()) {
        for session in sessions() {
            let (l, r) = (frame(&session, "a:byte,b:byte", &lines(&left)), frame(&session, "a:byte,b:byte", &lines(&right)));
            let cases: [(DataFrame, fn(usize, usize) -> usize); 7] = [
                (l.union(&r).unwrap(), |_, _| 1),
                (l.union_all(&r).unwrap(), |l, r| l + r),
                (l.subtract(&r).unwrap(), |l, r| usize::from(l > 0 && r == 0)),
                (l.subtract_all(&r).unwrap(), usize::saturating_sub),
                (l.intersect(&r).unwrap(), |l, r| usize::from(l > 0 && r > 0)),
                (l.intersect_all(&r).unwrap(), usize::min),
                (l.distinct().unwrap(), |l, _| usize::from(l > 0)),
            ];
            for (i, (made, times)) in cases.iter().enumerate() {
                prop_assert_eq!(sorted(made), counted(&left, &right, times), "case {}", i);
            }
        }
    }

    #[test]
    fn takes_are_the_least(all in rows(), n in 0_u64..5) {
        let nulls_last = |v: &Option<i8>| (v.is_none(), *v);
        let least = |rows: &mut Vec<Row>| {
            rows.sort_by_key(|r| (nulls_last(&r[0]), nulls_last(&r[1])));
            rows.truncate(n as usize);
        };
        for session in sessions() {
            let df = frame(&session, "a:byte,b:byte", &lines(&all));
            let mut whole = all.clone();
            least(&mut whole);
            let expected: Vec<String> = whole.iter().map(|r| line(r)).collect();
            prop_assert_eq!(collect(&df.take_sorted(n, "a, b").unwrap()), expected);
            let mut keyed = Vec::new();
            for key in [None, Some(0), Some(1), Some(2), Some(3)] {
                let mut group: Vec<Row> = all.iter().filter(|r| r[0] == key).copied().collect();
                least(&mut group);
                keyed.extend(group.iter().map(|r| line(r)));
            }
            keyed.sort();
            prop_assert_eq!(sorted(&df.group_by("a").take(n, ()).unwrap()), keyed);
        }
    }
}
