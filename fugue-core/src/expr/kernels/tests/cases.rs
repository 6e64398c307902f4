//! Cases and casts: what is computed for which row.

use arrow::datatypes::Int64Type;

use super::*;

fn case(branches: Vec<(Typed, Typed)>, otherwise: Option<Typed>, to: &str) -> Typed {
    Typed { node: TypedNode::Case { branches, otherwise: otherwise.map(Box::new) }, ty: ty(to) }
}

fn cast(input: Typed, to: &str, attempt: bool) -> Typed {
    Typed { node: TypedNode::Cast { input: Box::new(input), attempt }, ty: ty(to) }
}

fn divided() -> Typed {
    call(Function::CheckedDivide, "long", [col(0, "long"), col(1, "long")])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn values_are_computed_for_the_rows_that_take_them(
        rows in prop::collection::vec((longs(), longs(), any::<Option<bool>>(), any::<Option<bool>>()), 0..150),
    ) {
        let columns = [
            primitives::<Int64Type>(&rows.iter().map(|r| r.0).collect::<Vec<_>>()),
            primitives::<Int64Type>(&rows.iter().map(|r| r.1).collect::<Vec<_>>()),
            bool_column(&rows.iter().map(|r| r.2).collect::<Vec<_>>()),
            bool_column(&rows.iter().map(|r| r.3).collect::<Vec<_>>()),
        ];
        let quotient = |l: Option<i64>, r: Option<i64>| match (l, r) {
            (Some(l), Some(r)) => l.checked_div(r).map(|v| Some(v.to_string())).ok_or(()),
            _ => Ok(None),
        };
        let long = |v: Option<i64>| -> Want { Ok(v.map(|v| v.to_string())) };

        // A guard before what fails; a condition that fails behind a guard; columns and constants.
        let zero = || call(Function::Equal, "bool", [col(1, "long"), literal("0", "long")]);
        let guarded = case(vec![(zero(), literal("7", "long")), (col(2, "bool"), divided())], Some(col(0, "long")), "long");
        let want: Vec<Want> = rows.iter().map(|r| match (r.1, r.2) {
            (Some(0), _) => long(Some(7)),
            (_, Some(true)) => quotient(r.0, r.1),
            _ => long(r.0),
        }).collect();
        judge(&guarded, &columns, rows.len(), &want);

        let positive = call(Function::Greater, "bool", [divided(), literal("0", "long")]);
        let fails = case(vec![(col(2, "bool"), col(1, "long")), (positive, divided())], None, "long");
        let want: Vec<Want> = rows.iter().map(|r| match r.2 {
            Some(true) => long(r.1),
            _ => quotient(r.0, r.1).map(|v| v.filter(|v| v.parse::<i64>().unwrap() > 0)),
        }).collect();
        judge(&fails, &columns, rows.len(), &want);

        // A case in a case keeps the rows of the batch in its errors.
        let inner = case(vec![(col(3, "bool"), divided())], Some(literal("NULL", "long")), "long");
        let nested = case(vec![(col(2, "bool"), inner)], Some(col(1, "long")), "long");
        let want: Vec<Want> = rows.iter().map(|r| match (r.2, r.3) {
            (Some(true), Some(true)) => quotient(r.0, r.1),
            (Some(true), _) => Ok(None),
            _ => long(r.1),
        }).collect();
        judge(&nested, &columns, rows.len(), &want);

        // What cannot fail is computed for all rows, and chosen alike.
        let sum = call(Function::Add, "long", [col(0, "long"), literal("1", "long")]);
        let total = case(vec![(col(2, "bool"), sum), (col(3, "bool"), literal("5", "long"))], None, "long");
        let want: Vec<Want> = rows.iter().map(|r| match (r.2, r.3) {
            (Some(true), _) => long(r.0.map(|v| v.wrapping_add(1))),
            (_, Some(true)) => long(Some(5)),
            _ => Ok(None),
        }).collect();
        judge(&total, &columns, rows.len(), &want);

        let flags = case(vec![(col(2, "bool"), col(3, "bool"))], Some(literal("true", "bool")), "bool");
        let want: Vec<Want> = rows.iter().map(|r| match r.2 {
            Some(true) => Ok(r.3.map(|v| v.to_string())),
            _ => Ok(Some("true".to_owned())),
        }).collect();
        judge(&flags, &columns, rows.len(), &want);

        let words = case(vec![(col(2, "bool"), literal("a text of some length", "str"))], Some(literal("b", "str")), "str");
        let want: Vec<Want> = rows.iter().map(|r| {
            Ok(Some(if r.2 == Some(true) { "a text of some length" } else { "b" }.to_owned()))
        }).collect();
        judge(&words, &columns, rows.len(), &want);
    }

    #[test]
    fn attempted_casts_fail_alone(values in prop::collection::vec(prop::option::of(-2000_i64..2000), 0..200)) {
        let longs = primitives::<Int64Type>(&values);
        let kept = |limit: i64| values.iter().map(|v| Ok(v.filter(|v| v.abs() < limit))).collect::<Vec<Result<_, ()>>>();
        let whole = |limit: i64| kept(limit).into_iter().map(|v| v.map(|v| v.map(|v| v.to_string()))).collect::<Vec<Want>>();
        // Between integers, to decimals, from text, and inside of lists.
        let bytes: Vec<Want> = values.iter().map(|v| Ok(v.filter(|v| (-128..128).contains(v)).map(|v| v.to_string()))).collect();
        judge(&cast(col(0, "long"), "byte", true), std::slice::from_ref(&longs), values.len(), &bytes);
        judge(&cast(col(0, "long"), "decimal(3,0)", true), std::slice::from_ref(&longs), values.len(), &whole(1000));
        judge(&cast(cast(col(0, "long"), "str", false), "byte", true), std::slice::from_ref(&longs), values.len(), &bytes);
        let words: ArrayRef = array(values.iter().map(|v| v.map(|v| if v > 0 { "yes".to_owned() } else { v.to_string() }))
            .collect::<StringViewArray>());
        let bools: Vec<Want> = values.iter().map(|v| Ok(match v {
            Some(v) if *v > 0 => Some("true".to_owned()),
            Some(0) => Some("false".to_owned()),
            _ => None,
        })).collect();
        judge(&cast(col(0, "str"), "bool", true), &[words], values.len(), &bools);

        let mut lists = arrow::array::ListBuilder::new(arrow::array::Int64Builder::new());
        for value in &values {
            match value {
                Some(v) => lists.append_value([Some(1), Some(*v)]),
                None => lists.append_null(),
            }
        }
        let want: Vec<Want> = kept(1000).into_iter().map(|v| v.map(|v| v.map(|v| format!("[1, {v}]")))).collect();
        judge(&cast(col(0, "[long]"), "[decimal(3,0)]", true), &[array(lists.finish())], values.len(), &want);
    }
}

#[test]
fn many_failing_casts_are_no_trouble() {
    let values: Vec<Option<i64>> = (0..20_000).map(|v| Some(v + 1000)).collect();
    let rows = values.len();
    let made = evaluate(&cast(col(0, "long"), "decimal(3,0)", true), &batch(&[primitives::<Int64Type>(&values)], rows)).unwrap();
    assert_eq!(made.null_count(), rows);
}

#[test]
fn constants_are_computed_once_and_only_where_there_is_a_row() {
    let fails = call(Function::CheckedDivide, "long", [literal("1", "long"), literal("0", "long")]);
    assert_eq!(evaluate(&fails, &batch(&[], 0)).unwrap().len(), 0);
    let error = evaluate(&fails, &batch(&[], 3)).unwrap_err();
    assert_eq!((error.kind(), error.context("row")), (ErrorKind::ValueInvalid, Some("0")));
    assert!(error.message().contains("1 / 0"), "{error}");
    let never = case(vec![(literal("false", "bool"), fails)], Some(literal("x", "str")), "str");
    let never = Typed { ty: ty("str"), ..never };
    assert_eq!(shown(&never, &[column("1|2|3", "long")]).unwrap(), "x|x|x");
}
