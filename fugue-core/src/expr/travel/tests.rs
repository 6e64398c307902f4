//! What travels arrives the same, to the last bit.

use arrow::array::ListArray;
use proptest::prelude::*;

use super::super::*;
use super::*;
use crate::relational::{Join, JoinKind, Select, SelectPlan, SetKind, SetOp};

/// There and back, in both forms that rmp-serde has.
fn traveled<T: Serialize + for<'de> Deserialize<'de>>(value: &T) -> T {
    let named: T = rmp_serde::from_slice(&rmp_serde::to_vec_named(value).unwrap()).unwrap();
    rmp_serde::from_slice(&rmp_serde::to_vec(&named).unwrap()).unwrap()
}

/// Debug shows floats as they are printed; their bits are looked at besides.
fn same(there: &Typed, back: &Typed) {
    assert_eq!(format!("{there:?}"), format!("{back:?}"));
    let bits = |typed: &Typed| {
        let mut all = Vec::new();
        typed.walk(&mut |e| {
            if let TypedNode::Literal(value) = &e.node {
                all.push(value.to_data());
                match value.data_type() {
                    arrow::datatypes::DataType::Float64 => {
                        all.push(bit_column(value.as_primitive::<Float64Type>().value(0).to_bits()))
                    }
                    arrow::datatypes::DataType::Float32 => {
                        all.push(bit_column(value.as_primitive::<Float32Type>().value(0).to_bits().into()));
                    }
                    _ => {}
                }
            }
        });
        all
    };
    assert_eq!(bits(there), bits(back));
}

fn bit_column(bits: u64) -> arrow::array::ArrayData {
    arrow::array::UInt64Array::from(vec![bits]).into_data()
}

fn literal_of(column: ArrayRef) -> Typed {
    Typed { ty: Type::from_arrow(column.data_type()).unwrap(), node: TypedNode::Literal(column) }
}

fn literal() -> impl Strategy<Value = Typed> {
    let of = |expr: Expr| expr.typed(&Schema::parse("").unwrap()).unwrap();
    prop_oneof![
        any::<bool>().prop_map(move |v| of(lit(v))),
        any::<i8>().prop_map(|v| literal_of(Arc::new(arrow::array::Int8Array::from(vec![v])))),
        any::<i16>().prop_map(|v| literal_of(Arc::new(arrow::array::Int16Array::from(vec![v])))),
        any::<i32>().prop_map(|v| literal_of(Arc::new(arrow::array::Int32Array::from(vec![v])))),
        any::<i64>().prop_map(move |v| of(lit(v))),
        any::<u8>().prop_map(|v| literal_of(Arc::new(arrow::array::UInt8Array::from(vec![v])))),
        any::<u16>().prop_map(|v| literal_of(Arc::new(arrow::array::UInt16Array::from(vec![v])))),
        any::<u32>().prop_map(|v| literal_of(Arc::new(arrow::array::UInt32Array::from(vec![v])))),
        any::<u64>().prop_map(move |v| of(lit(v))),
        any::<u32>().prop_map(|bits| literal_of(Arc::new(Float32Array::from(vec![f32::from_bits(bits)])))),
        any::<u64>().prop_map(|bits| literal_of(Arc::new(Float64Array::from(vec![f64::from_bits(bits)])))),
        ".*".prop_map(move |v| of(lit(v))),
        any::<Vec<u8>>().prop_map(move |v| of(lit(v))),
        any::<i32>().prop_map(|v| literal_of(Arc::new(arrow::array::Date32Array::from(vec![v])))),
        (0..86_400_000_000_i64).prop_map(|v| literal_of(Arc::new(PrimitiveArray::<Time64MicrosecondType>::from(vec![v])))),
        any::<i64>().prop_map(|v| literal_of(Arc::new(PrimitiveArray::<TimestampMicrosecondType>::from(vec![v])))),
        any::<i64>().prop_map(|v| {
            literal_of(Arc::new(PrimitiveArray::<TimestampMicrosecondType>::from(vec![v]).with_timezone("Asia/Tokyo")))
        }),
        any::<i128>().prop_map(|v| {
            let v = v % 10_i128.pow(38);
            literal_of(Arc::new(Decimal128Array::from(vec![v]).with_precision_and_scale(38, 7).unwrap()))
        }),
        proptest::collection::vec(proptest::option::of(any::<i32>()), 0..4).prop_map(|items| literal_of(Arc::new(list(items)))),
        proptest::sample::select(vec!["int", "str", "decimal(12,2)", "timestamp(us,UTC)", "[{x:int,`y z`:<str,[double]>}]"])
            .prop_map(move |ty| of(null().cast(ty))),
    ]
}

fn list(items: Vec<Option<i32>>) -> ListArray {
    ListArray::from_iter_primitive::<Int32Type, _, _>([Some(items)])
}

fn typed() -> impl Strategy<Value = Typed> {
    let column = (0..99_usize, proptest::sample::select(vec!["int", "[str]", "{`a b`:date}"]));
    let leaf = prop_oneof![literal(), column.prop_map(|(at, ty)| Typed::column(at, ty.parse().unwrap()))];
    let functions = [Function::Add, Function::IsIn, Function::DateAdd(TimeUnit::Quarter), Function::RegexReplace];
    leaf.prop_recursive(4, 32, 4, move |inner| {
        let args = proptest::collection::vec(inner.clone(), 0..4);
        prop_oneof![
            (proptest::sample::select(functions.to_vec()), args)
                .prop_map(|(function, args)| { Typed { node: TypedNode::Call { function, args }, ty: Type::Bool } }),
            (inner.clone(), any::<bool>()).prop_map(|(input, attempt)| {
                Typed { node: TypedNode::Cast { input: Box::new(input), attempt }, ty: Type::Decimal(38, 4) }
            }),
            (proptest::collection::vec((inner.clone(), inner.clone()), 0..3), proptest::option::of(inner)).prop_map(
                |(branches, otherwise)| {
                    Typed { node: TypedNode::Case { branches, otherwise: otherwise.map(Box::new) }, ty: Type::Str }
                }
            ),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn expressions_arrive_as_they_left(typed in typed()) {
        same(&typed, &traveled(&typed));
    }

    #[test]
    fn bytes_that_are_no_expression_are_an_error(typed in typed(), at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>()) {
        let mut bytes = rmp_serde::to_vec(&typed).unwrap();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        // Whatever it says now, it is read or refused.
        let _ = rmp_serde::from_slice::<Typed>(&bytes);
        let whole = rmp_serde::to_vec(&typed).unwrap();
        prop_assert!(rmp_serde::from_slice::<Typed>(&whole[..cut.index(whole.len())]).is_err());
    }
}

#[test]
fn deep_expressions_travel() {
    let schema = Schema::parse("b:bool").unwrap();
    let deep = (0..390).fold(col("b"), |all, _| all.or(col("b"))).typed(&schema).unwrap();
    same(&deep, &traveled(&deep));
}

#[test]
fn literals_that_are_no_literals_are_refused() {
    let two = literal_of(Arc::new(BooleanArray::from(vec![true, false])));
    assert!(rmp_serde::to_vec(&two).unwrap_err().to_string().contains("a literal has one row"));
    let wrong = Value { ty: Type::Int8, bits: Bits::Signed(300) };
    assert!(wrong.column().is_err());
    assert!(Value { ty: Type::Str, bits: Bits::Bool(true) }.column().is_err());
    assert!(Value { ty: Type::Str, bits: Bits::Arrow(vec![1, 2, 3]) }.column().is_err());
}

#[test]
fn requests_arrive_as_they_left() {
    let input = Schema::parse("k:str,`at ms`:timestamp(us,Asia/Tokyo),v:decimal(12,2),n:int,u:[int]").unwrap();
    let over = || Over::partition_by("k").order_by("`at ms` desc").total_order();
    let selects = [
        Select::new([all(), lag("n", 1).or_default(0).over(over()).alias("before")]).filter(col("n").is_in([1, 2])).distinct(),
        Select::new([
            col("k"),
            lit("it's").alias("x"),
            sum("v").distinct().where_(col("n").gt(1)).alias("s"),
            (quantile("n", 0.25) * 2).alias("q"),
            first("u").order_by("n desc").alias("f"),
        ])
        .having(sum("v").distinct().where_(col("n").gt(1)).gt(lit(1))),
        Select::new([sum("n").over(over().to_peers()).alias("r"), avg("n").over(over().rows(-2..=3)).alias("m")]),
    ];
    for select in selects {
        let plan = select.bind(&input).unwrap();
        let back: SelectPlan = traveled(&plan);
        assert_eq!(format!("{plan:?}"), format!("{back:?}"));
    }
    let join = Join::new(JoinKind::FullOuter, &input, &Schema::parse("k:str,w:int").unwrap(), None).unwrap();
    assert_eq!(format!("{join:?}"), format!("{:?}", traveled(&join)));
    let op = SetOp::new(SetKind::Subtract, true, &input, &input).unwrap();
    assert_eq!(format!("{op:?}"), format!("{:?}", traveled(&op)));
}
