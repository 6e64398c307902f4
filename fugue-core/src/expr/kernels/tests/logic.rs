//! Three-valued logic, lists, and null.

use arrow::datatypes::{Float64Type, Int64Type};

use super::*;

fn text(value: Option<bool>) -> Want {
    Ok(value.map(|v| v.to_string()))
}

fn strings(values: &[Option<i64>]) -> ArrayRef {
    array(values.iter().map(|v| v.map(|v| format!("value {v} and more"))).collect::<StringViewArray>())
}

/// `value IN (items)`, three-valued.
fn is_in<T: Copy>(value: Option<T>, items: &[Option<T>], same: impl Fn(T, T) -> bool) -> Want {
    if items.is_empty() {
        return text(Some(false));
    }
    let Some(value) = value else { return text(None) };
    if items.iter().flatten().any(|item| same(value, *item)) {
        return text(Some(true));
    }
    text(if items.iter().any(Option::is_none) { None } else { Some(false) })
}

/// Looks a column up in constants, and in constants beside the column itself.
fn judge_lists(values: &ArrayRef, items: &ArrayRef, want: &[Want], with_itself: &[Want]) {
    let to = Type::from_arrow(values.data_type()).unwrap();
    let value = Typed::column(0, to);
    let constants: Vec<Typed> = (0..items.len()).map(|i| of(&items.slice(i, 1))).collect();
    let args = std::iter::once(value.clone()).chain(constants.iter().cloned());
    judge(&call(Function::IsIn, "bool", args), &[Arc::clone(values)], values.len(), want);
    let args = std::iter::once(value.clone()).chain(constants.iter().cloned()).chain([value]);
    judge(&call(Function::IsIn, "bool", args), &[Arc::clone(values)], values.len(), with_itself);
    if !values.is_empty() {
        let args = std::iter::once(of(&values.slice(0, 1))).chain(constants);
        let want = vec![want[0].clone(); values.len()];
        judge(&call(Function::IsIn, "bool", args), &[Arc::clone(values)], values.len(), &want);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn and_or_are_three_valued(values in pairs(any::<Option<bool>>())) {
        let (l, r): (Vec<_>, Vec<_>) = values.into_iter().unzip();
        let (left, right) = (bool_column(&l), bool_column(&r));
        judge_pair(Function::And, &Type::Bool, &left, &right, |i, j| text(match (l[i], r[j]) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (Some(true), Some(true)) => Some(true),
            _ => None,
        }));
        judge_pair(Function::Or, &Type::Bool, &left, &right, |i, j| text(match (l[i], r[j]) {
            (Some(true), _) | (_, Some(true)) => Some(true),
            (Some(false), Some(false)) => Some(false),
            _ => None,
        }));
        for (function, want) in [
            (Function::Not, (|v| text(v.map(|v: bool| !v))) as fn(Option<bool>) -> Want),
            (Function::IsNull, |v| text(Some(v.is_none()))),
            (Function::IsNotNull, |v| text(Some(v.is_some()))),
        ] {
            let want: Vec<Want> = l.iter().map(|v| want(*v)).collect();
            judge(&call(function, "bool", [col(0, "bool")]), std::slice::from_ref(&left), l.len(), &want);
        }
        for function in [Function::Equal, Function::Less, Function::NotDistinct] {
            judge_pair(function, &Type::Bool, &left, &right, |i, j| {
                let ordering = l[i].zip(r[j]).map(|(l, r)| l.cmp(&r));
                numbers::compared(function, ordering, l[i].is_none() && r[j].is_none())
            });
        }
    }

    #[test]
    fn lists_are_three_valued(
        values in prop::collection::vec(longs(), 0..150),
        items in prop::collection::vec(longs(), 0..20),
        floats in prop::collection::vec(doubles(), 0..150),
        float_items in prop::collection::vec(doubles(), 0..20),
    ) {
        let with_own = |v: Option<i64>| items.iter().copied().chain([v]).collect::<Vec<_>>();
        let want: Vec<Want> = values.iter().map(|v| is_in(*v, &items, |a, b| a == b)).collect();
        let own: Vec<Want> = values.iter().map(|v| is_in(*v, &with_own(*v), |a, b| a == b)).collect();
        judge_lists(&primitives::<Int64Type>(&values), &primitives::<Int64Type>(&items), &want, &own);
        judge_lists(&strings(&values), &strings(&items), &want, &own);
        let decimals = |v: &[Option<i64>]| cast_array(&primitives::<Int64Type>(v), &ty("decimal(38,2)")).unwrap();
        judge_lists(&decimals(&values), &decimals(&items), &want, &own);

        let same = |a, b| order(a, b).is_eq();
        let with_own = |v: Option<f64>| float_items.iter().copied().chain([v]).collect::<Vec<_>>();
        let want: Vec<Want> = floats.iter().map(|v| is_in(*v, &float_items, same)).collect();
        let own: Vec<Want> = floats.iter().map(|v| is_in(*v, &with_own(*v), same)).collect();
        judge_lists(&primitives::<Float64Type>(&floats), &primitives::<Float64Type>(&float_items), &want, &own);
    }

    #[test]
    fn first_values_and_nulls(values in pairs(longs())) {
        let (l, r): (Vec<_>, Vec<_>) = values.into_iter().unzip();
        for (left, right, shown) in [
            (primitives::<Int64Type>(&l), primitives::<Int64Type>(&r), (|v| v.to_string()) as fn(i64) -> String),
            (strings(&l), strings(&r), |v| format!("value {v} and more")),
        ] {
            let to = Type::from_arrow(left.data_type()).unwrap();
            judge_pair(Function::Coalesce, &to, &left, &right, |i, j| Ok(l[i].or(r[j]).map(shown)));
            judge_pair(Function::NullIf, &to, &left, &right, |i, j| {
                Ok(l[i].filter(|_| l[i] != r[j]).map(shown))
            });
            for function in [Function::Equal, Function::NotDistinct] {
                judge_pair(function, &Type::Bool, &left, &right, |i, j| {
                    let ordering = l[i].zip(r[j]).map(|(l, r)| l.cmp(&r));
                    numbers::compared(function, ordering, l[i].is_none() && r[j].is_none())
                });
            }
        }
    }
}
