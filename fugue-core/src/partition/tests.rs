//! Partition specifications: text, errors, equality and evaluation.

use proptest::prelude::*;

use super::*;
use crate::schema::Field;

fn sorts(text: &str) -> Vec<(String, bool)> {
    text.into_presort().unwrap().into_iter().map(|k| (k.column.to_string(), k.ascending)).collect()
}

fn pairs(all: &[(&str, bool)]) -> Vec<(String, bool)> {
    all.iter().map(|(n, a)| ((*n).to_owned(), *a)).collect()
}

#[test]
fn presort_text_reads_names_and_directions() {
    assert_eq!(sorts(""), pairs(&[]));
    assert_eq!(sorts("   c"), pairs(&[("c", true)]));
    assert_eq!(sorts("c    desc"), pairs(&[("c", false)]));
    assert_eq!(sorts("b desc, c asc"), pairs(&[("b", false), ("c", true)]));
    assert_eq!(sorts("B DESC,C ASC"), pairs(&[("B", false), ("C", true)]));
    assert_eq!(sorts("DESC DESC, ASC ASC"), pairs(&[("DESC", false), ("ASC", true)]));
    assert_eq!(sorts("`` desc, `a b` asc, ````, 中国"), pairs(&[("", false), ("a b", true), ("`", true), ("中国", true)]));
}

#[test]
fn presort_text_refuses_what_it_does_not_know() {
    for bad in ["b dsc, c asc", "c true", "c, c desc", "a b dsc, c", "a b", "a,", ",a", "`a", "a desc desc"] {
        let error = bad.into_presort().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PartitionInvalid, "{bad}");
        assert!(error.message().contains('^'), "{bad}: {error}");
    }
    let error = "b desc, cé dsc".into_presort().unwrap_err();
    assert!(error.message().ends_with("at position 12\n  b desc, cé dsc\n             ^"), "{error}");
}

#[test]
fn presort_forms_agree_and_order_counts() {
    let spec = PartitionSpec::new();
    let text = spec.clone().presort("b asc, c").unwrap();
    assert_eq!(text, spec.clone().presort(["b", "c"]).unwrap());
    assert_eq!(text, spec.clone().presort([("b", true), ("c", true)]).unwrap());
    assert_eq!(text, spec.clone().presort(vec![SortKey::from("b"), SortKey::ascending("c")]).unwrap());
    assert_ne!(spec.clone().presort("b DESC, c").unwrap(), spec.clone().presort("c, b DESC").unwrap());
    assert_eq!(text.presort("").unwrap(), spec);
}

#[test]
fn keys_keep_their_text_and_must_be_distinct() {
    let spec = PartitionSpec::new().by(["a ", "b", "c"]).unwrap().presort("d, `e ` desc").unwrap();
    assert_eq!(spec.keys().iter().map(|k| &**k).collect::<Vec<_>>(), ["a ", "b", "c"]);
    assert_eq!(spec.sort_keys().len(), 5);
    assert_eq!(PartitionSpec::new().by("a, b").unwrap().keys().len(), 1);
    assert_eq!(PartitionSpec::new().by(vec!["a".to_owned()]).unwrap(), PartitionSpec::new().by("a").unwrap());
    assert_eq!(PartitionSpec::new().by(["a", "a"]).unwrap_err().kind(), ErrorKind::PartitionInvalid);
    assert!(PartitionSpec::new().by("a").unwrap().presort("b, a").unwrap_err().message().contains("leave it out"));
    assert_eq!(PartitionSpec::new().presort("a").unwrap().by("a").unwrap_err().kind(), ErrorKind::PartitionInvalid);
}

#[test]
fn number_text_is_evaluated_late_and_truncated() {
    let evaluate = |text: &str, rows, concurrency| text.into_num().unwrap().evaluate(rows, concurrency).unwrap();
    assert_eq!(evaluate("123", None, 1), 123);
    assert_eq!(evaluate("2.9", None, 1), 2);
    assert_eq!(evaluate("ROWCOUNT/3", Some(10), 1), 3);
    assert_eq!(evaluate("(rowcount + Concurrency) * 2", Some(1), 2), 6);
    assert_eq!(evaluate("min(ROWCOUNT,CONCURRENCY)", Some(100), 90), 90);
    assert_eq!(evaluate("max(ROWCOUNT, CONCURRENCY, 500)", Some(100), 90), 500);
    assert_eq!(evaluate("10 - 4 - 3", None, 1), 3);
    assert_eq!(evaluate("24 / 4 / 3", None, 1), 2);
    assert_eq!(evaluate("2+3*4", None, 1), 14);
    assert_eq!(evaluate("ROWCOUNT - 5", Some(3), 1), 0);
    assert_eq!((Num::rows() + -5 + Num::concurrency() * 2).evaluate(Some(6), 4).unwrap(), 9);
    assert_eq!("ROWCOUNT*\n3+ (12.5-CONCUrrency/2)".into_num().unwrap().to_string(), "ROWCOUNT*3+(12.5-CONCURRENCY/2)");
    assert_eq!("2".into_num().unwrap(), 2.into_num().unwrap());
    assert_eq!("min(ROWCOUNT,0)".into_num().unwrap().evaluate(None, 1).unwrap_err().kind(), ErrorKind::PartitionInvalid);
    for zero in ["1/0", "0/0", "min(0/0, 1)", "max(1, 0/0)"] {
        assert_eq!(zero.into_num().unwrap().evaluate(Some(1), 1).unwrap_err().kind(), ErrorKind::PartitionInvalid, "{zero}");
    }
}

#[test]
fn number_text_refuses_what_it_does_not_know() {
    let deep = "(".repeat(100_000);
    for bad in ["", "x + 1", "1 +", "(1", "1)", "min 1", "min()", "1 2", "-1", "1..2", "1e5", "ROWCOUNT ROWCOUNT", &deep] {
        let error = bad.into_num().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PartitionInvalid, "{bad}");
        assert!(error.message().contains('^'), "{error}");
    }
    assert!((-1).into_num().is_err());
    assert!("ROWS/2".into_num().unwrap_err().message().contains("there are ROWCOUNT, CONCURRENCY"));
}

#[test]
fn specs_read_short_forms_and_clauses() {
    let read = |text: &str| text.parse::<PartitionSpec>().unwrap();
    assert_eq!(read(""), PartitionSpec::new());
    assert_eq!(read("4"), PartitionSpec::new().num(4).unwrap());
    assert_eq!(read("per_row"), PartitionSpec::per_row());
    assert_eq!(read("abc"), PartitionSpec::new().by("abc").unwrap());
    assert_eq!(read("by"), PartitionSpec::new().by("by").unwrap());
    assert_eq!(read("num, `a b`"), PartitionSpec::new().by(["num", "a b"]).unwrap());
    let all =
        PartitionSpec::new().by(["a", "b"]).unwrap().presort("d, e desc").unwrap().num("ROWCOUNT/2").unwrap().algo(Algo::Even);
    assert_eq!(read("BY a, b PRESORT d, e DESC NUM rowcount / 2 ALGO EvEN"), all);
    assert_eq!(read("algo even num ROWCOUNT/2 presort d,e desc by a,b"), all);
    assert_eq!(all.to_string(), "by a,b presort d ASC,e DESC num ROWCOUNT/2 algo even");
    assert!(read("num 0").is_empty() && !read("num 1").is_empty());
    for bad in ["a b", "by a by b", "by a, a", "algo best", "by a presort a", "by a nonsense b", "4 5"] {
        assert_eq!(bad.parse::<PartitionSpec>().unwrap_err().kind(), ErrorKind::PartitionInvalid, "{bad}");
    }
}

#[test]
fn specs_are_checked_against_a_schema() {
    let map = Type::List(Arc::new(Type::Map(Arc::new(Type::Str), Arc::new(Type::Int64))));
    let fields = [("a", Type::Int32), ("b", Type::Str), ("l", Type::List(Arc::new(Type::Float64))), ("m", map)];
    let schema = Schema::new(fields.map(|(n, t)| Field::new(n, t))).unwrap();
    let spec = PartitionSpec::new().by(["l", "a"]).unwrap().presort("b").unwrap();
    spec.validate(&schema).unwrap();
    assert_eq!(spec.key_schema(&schema).unwrap().names().collect::<Vec<_>>(), ["l", "a"]);
    let kind = |spec: PartitionSpec| spec.validate(&schema).unwrap_err().kind();
    assert_eq!(kind(PartitionSpec::new().by("m").unwrap()), ErrorKind::PartitionInvalid);
    assert_eq!(kind(PartitionSpec::new().presort("m").unwrap()), ErrorKind::PartitionInvalid);
    assert_eq!(kind(PartitionSpec::new().by("x").unwrap()), ErrorKind::ColumnNotFound);
    assert_eq!(kind(PartitionSpec::new().presort("x").unwrap()), ErrorKind::ColumnNotFound);
}

fn nums() -> impl Strategy<Value = Num> {
    let leaf = prop_oneof![
        Just(Num::rows()),
        Just(Num::concurrency()),
        (0u32..2000).prop_map(Num::from),
        (-9i32..0).prop_map(Num::from)
    ];
    leaf.prop_recursive(4, 16, 2, |inner| {
        (inner.clone(), inner, 0..6).prop_map(|(a, b, operator)| match operator {
            0 => a + b,
            1 => a - b,
            2 => a * b,
            3 => a / b,
            4 => a.min(b),
            _ => a.max(b),
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn printing_and_parsing_are_inverse(
        names in proptest::collection::btree_set("[a-c`, é中]{0,3}|by|num|asc|desc", 0..6),
        split in 0usize..6,
        directions in proptest::collection::vec(any::<bool>(), 6),
        num in nums(),
        algo in 0usize..5,
    ) {
        let names: Vec<String> = names.into_iter().collect();
        let (keys, sort) = names.split_at(split.min(names.len()));
        let sort: Vec<SortKey> = sort.iter().zip(directions).map(|(n, a)| SortKey::from((n.as_str(), a))).collect();
        let spec = PartitionSpec::new().by(keys).unwrap().presort(sort).unwrap().num(num).unwrap().algo(Algo::ALL[algo]);
        prop_assert_eq!(&spec.to_string().parse::<PartitionSpec>().unwrap(), &spec, "{}", spec);
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[a-c0-9.,`()+*/ -]{0,12}|\\PC{0,12}") {
        let _ = text.parse::<PartitionSpec>();
        let _ = text.as_str().into_num();
        let _ = text.as_str().into_presort();
    }
}
