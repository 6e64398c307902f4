//! Tests of the text form, the expressions and the algebra.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

fn schema(text: &str) -> Schema {
    Schema::parse(text).unwrap()
}

/// The message of a refused text, whose context must have the position that the message shows.
fn refused(text: &str) -> String {
    let error = Schema::parse(text).expect_err(text);
    assert_eq!(error.kind(), ErrorKind::SchemaInvalid, "{text}");
    let position = error.context("position").expect("a position");
    assert!(error.message().contains(&format!("at position {position}:")), "{error}");
    error.message().to_owned()
}

#[test]
fn every_spelling_is_read_and_one_is_printed() {
    for (written, printed) in [
        ("str  string", "str"),
        ("bool  boolean", "bool"),
        ("byte  int8", "byte"),
        ("short  int16", "short"),
        ("int  int32", "int"),
        ("long  int64", "long"),
        ("ubyte  uint8", "ubyte"),
        ("ushort  uint16", "ushort"),
        ("uint  uint32", "uint"),
        ("ulong  uint64", "ulong"),
        ("float  float32  float16", "float"),
        ("double  float64", "double"),
        ("date", "date"),
        ("time", "time"),
        ("bytes  binary", "bytes"),
        ("datetime  timestamp(s)  timestamp(ms)  timestamp(us)  timestamp(ns)", "datetime"),
        ("timestamp(s,UTC)  timestamp(ns,utc)  timestamp(us,Z)  timestamp(us,+05:30)  timestamp(us,-0800)", "timestamp(us,UTC)"),
        ("timestamp(ns,Europe/Berlin)  timestamp(us,Europe/Berlin)", "timestamp(us,Europe/Berlin)"),
        ("decimal(5)  decimal(5,0)", "decimal(5)"),
        ("decimal(38,10)", "decimal(38,10)"),
        ("[int32]  [int]", "[int]"),
        ("{x:int32,`y z`:[string]}", "{x:int,`y z`:[str]}"),
        ("<string,[{a:int64}]>", "<str,[{a:long}]>"),
    ] {
        for spelling in written.split("  ") {
            let parsed = schema(&format!("a:{spelling}"));
            assert_eq!(parsed.to_string(), format!("a:{printed}"), "{spelling}");
            assert_eq!(spelling.parse::<Type>().unwrap().to_string(), printed);
        }
    }
}

#[test]
fn blanks_do_not_count() {
    let text = " a : int ,\n\tb\n:\n{ x : [ int ] , y : < str , decimal( 4 , 1 ) > } , c:timestamp( ns , UTC ) ";
    assert_eq!(schema(text).to_string(), "a:int,b:{x:[int],y:<str,decimal(4,1)>},c:timestamp(us,UTC)");
}

#[test]
fn any_name_is_possible() {
    let odd =
        schema("`a b`:int,` `:int,`c *`:int,`a``b`:int,``:int,1a:int,größe:int,_:int,__x:int,A:int,a:int,`x:y`:{`p,q`:int}");
    let names: Vec<&str> = odd.names().collect();
    assert_eq!(names, ["a b", " ", "c *", "a`b", "", "1a", "größe", "_", "__x", "A", "a", "x:y"]);
    assert_eq!(
        odd.to_string(),
        "`a b`:int,` `:int,`c *`:int,`a``b`:int,``:int,`1a`:int,`größe`:int,`_`:int,__x:int,A:int,a:int,`x:y`:{`p,q`:int}"
    );
    assert_eq!(schema(&odd.to_string()), odd);
}

#[test]
fn errors_point_at_the_letters() {
    assert_eq!(
        refused("a:int,bc:strr,d:int"),
        "unknown type \"strr\"; did you mean str?, at position 10:\n  a:int,bc:strr,d:int\n           ^^^^"
    );
    assert_eq!(refused("größe:int,\n  größe:str"), "column `größe` stands twice, at position 14:\n    größe:str\n    ^^^^^");
    for (text, part) in [
        ("a", "':' and a type must follow the name a, at position 2:\n  a\n   ^"),
        ("a:", "a type is expected, but the text ends here, at position 3"),
        ("a:int,", "a further column must follow the comma, at position 6"),
        ("a:int,,b:int", "a further column must follow the comma, at position 6"),
        (",a:int", "a column name is expected, not ',', at position 1"),
        (":int", "a column name is expected, not ':', at position 1"),
        ("a:INT", "types are written in lower case: int, at position 3"),
        ("a:Timestamp(us)", "types are written in lower case: timestamp"),
        ("a b:int", "must follow the name a; names with blanks or signs stand in backticks"),
        ("a-b:int", "must follow the name a; names with blanks or signs stand in backticks"),
        ("`a:int", "the backtick that ends this name is missing, at position 1"),
        ("a:int b:int", "',' and a further column is expected here"),
        ("a:[int", "']' is expected"),
        ("a:[int,str]", "a list has one type of items, at position 7"),
        ("a:[]", "a type is expected, not ']'"),
        ("a:{}", "a struct needs a field"),
        ("a:{x:int,x:str}", "column x stands twice, at position 10"),
        ("a:{x:int,}", "a further column must follow the comma"),
        ("a:<int>", "a map has a type of keys and a type of values"),
        ("a:<int,str,int>", "'>' is expected"),
        ("a:decimal", "decimal needs arguments; write the precision and the scale"),
        ("a:decimal(0)", "from 1 to 38, at position 11"),
        ("a:decimal(39)", "from 1 to 38"),
        ("a:decimal()", "from 1 to 38"),
        ("a:decimal(5,6)", "from 0 to its precision, here 5, at position 13"),
        ("a:decimal(5,-1)", "from 0 to its precision"),
        ("a:decimal(5,1,1)", "a decimal has a precision and a scale"),
        ("a:decimal(5", "the ')' of these arguments is missing"),
        ("a:timestamp", "write datetime for a moment without zone, or timestamp(us,UTC)"),
        ("a:timestamp(x)", "is s, ms, us or ns"),
        ("a:timestamp(us,)", "empty zone"),
        ("a:timestamp(us,Mars/Base)", "time zone \"Mars/Base\" is not known"),
        ("a:timestamp(us,+1:2:3)", "is not known"),
        ("a:null", "not admitted in a portable schema; give the column the type"),
        ("a:duration", "cast it to long (microseconds)"),
        ("a:interval", "cast it to long or str"),
        ("a:int128", "cast it to decimal(38) or str"),
        ("a:decimal256(50,2)", "cast it to decimal(38,s)"),
        ("a:union", "turn it into a struct"),
        ("a:dictionary", "write the type of its values"),
        ("a:f64", "did you mean double?"),
        ("a:date32", "did you mean date?"),
        ("a:varchar", "did you mean str?"),
        ("a:bigint", "did you mean long?"),
        ("a:doubel", "did you mean double?"),
        ("a:qqqqqqqq", "there are: bool, byte,"),
    ] {
        let message = refused(text);
        assert!(message.contains(part), "{text}: {message}");
    }
}

#[test]
fn hostile_texts_are_refused_calmly() {
    let message = refused(&format!("a:{}int", "[".repeat(100_000)));
    assert!(message.contains("nested deeper than 64 levels"), "{message}");
    assert!(message.len() < 600, "long lines are cut: {message}");
    let widths: Vec<usize> = message.lines().skip(1).map(|line| line.chars().count()).collect();
    assert!(widths[1] <= widths[0], "the caret stands below the line: {message}");
    let wide: Vec<String> = (0..5_000).map(|i| format!("column_{i}:int")).collect();
    assert_eq!(schema(&wide.join(",")).index_of("column_4999"), Some(4999));
}

#[test]
fn no_column_is_a_schema_that_frames_refuse() {
    assert!(schema("").is_empty());
    assert!(schema(" \n").is_empty());
    assert_eq!(schema("").to_string(), "");
}

#[test]
fn schemas_compare_with_their_text() {
    let a = schema("a:int,b:str");
    assert_eq!(a, "a:int32, b:string");
    assert_eq!("a:int,b:str", a);
    assert!(a == *"a:int,b:str");
    assert_ne!(a, "b:str,a:int");
    assert_ne!(a, "a:long,b:str");
    assert_ne!(a, "a:int,b:");
    assert_eq!(schema("a:[int]"), Schema::new([Field::new("a", Type::list(Type::Int32))]).unwrap());
}

#[test]
fn many_things_are_schemas() {
    fn of(given: impl IntoSchema) -> String {
        given.into_schema().unwrap().to_string()
    }
    let a = schema("a:int,b:timestamp(us,UTC)");
    let text = "a:int,b:timestamp(us,UTC)";
    assert_eq!(of(text), text);
    assert_eq!(of(text.to_owned()), text);
    assert_eq!(of(&a), text);
    assert_eq!(of(a.clone()), text);
    assert_eq!(of(a.to_arrow()), text);
    assert_eq!(of(&*a.to_arrow()), text);
    assert_eq!(of(a.fields()), text);
    assert_eq!(of(a.fields().to_vec()), text);
    assert_eq!(of([("a", Type::Int32), ("b", Type::timestamp("+00:00").unwrap())]), text);
    assert_eq!(Schema::try_from(text).unwrap(), a);
    assert_eq!(text.parse::<Schema>().unwrap(), a);
}

#[test]
fn arrow_layouts_mean_the_same_type() {
    use arrow::datatypes::{DataType, Field as ArrowField, TimeUnit};
    let means = |data_type: DataType| Type::from_arrow(&data_type).map(|t| t.to_string());
    let item = |t| Arc::new(ArrowField::new("element", t, false));
    assert_eq!(means(DataType::LargeList(item(DataType::Float16))).unwrap(), "[float]");
    assert_eq!(means(DataType::FixedSizeList(item(DataType::LargeUtf8), 3)).unwrap(), "[str]");
    assert_eq!(means(DataType::Dictionary(Box::new(DataType::Int8), Box::new(DataType::Utf8))).unwrap(), "str");
    assert_eq!(means(DataType::Timestamp(TimeUnit::Second, Some("+02:00".into()))).unwrap(), "timestamp(us,UTC)");
    assert_eq!(means(DataType::Decimal64(10, 2)).unwrap(), "decimal(10,2)");
    for (refused, cast) in [
        (DataType::Null, "declare its type"),
        (DataType::Duration(TimeUnit::Second), "cast it to long"),
        (DataType::Decimal256(50, 2), "cast it to decimal(38,s)"),
        (DataType::Decimal128(5, -2), "whose scale is from 0"),
        (DataType::Struct(vec![ArrowField::new("x", DataType::Null, true)].into()), "declare its type"),
        (DataType::Timestamp(TimeUnit::Second, Some("Nowhere".into())), "not known"),
    ] {
        let arrow = ArrowSchema::new(vec![ArrowField::new("col", refused.clone(), true)]);
        let error = Schema::from_arrow(&arrow).unwrap_err();
        assert_eq!((error.kind(), error.context("column")), (ErrorKind::SchemaInvalid, Some("col")), "{refused}");
        assert!(error.message().contains(cast), "{error}");
    }
}

#[test]
fn transforms() {
    let input = schema("a:int,b:str,c:double");
    for (expression, output) in [
        ("*", "a:int,b:str,c:double"),
        ("*, z:double", "a:int,b:str,c:double,z:double"),
        ("y:int, *, z:double", "y:int,a:int,b:str,c:double,z:double"),
        ("x:int", "x:int"),
        ("*+b:long,d:[int]", "a:int,b:long,c:double,d:[int]"),
        ("*-a,c", "b:str"),
        ("*~c,nothing", "a:int,b:str"),
        ("* + d:int - a ~ b + d:str , a:date", "c:double,d:str,a:date"),
        ("*-a,b,c", ""),
        ("*-a+a:int", "b:str,c:double,a:int"),
        ("b:str,`x-y`:int", "b:str,`x-y`:int"),
    ] {
        assert_eq!(input.transform(expression).unwrap().to_string(), output, "{expression}");
    }
}

#[test]
fn transforms_have_a_normal_form() {
    let parsed = SchemaExpression::parse("a:int32, *, B:string +x:str, k:int -Y, z -t~ w , x").unwrap();
    assert_eq!(parsed.to_string(), "a:int,*,B:str+x:str,k:int-Y,z-t~w,x");
    assert_eq!(SchemaExpression::parse(&parsed.to_string()).unwrap(), parsed);
    assert!(parsed.is_relative());
    assert!(!SchemaExpression::parse("a:int-a").unwrap().is_relative());
}

#[test]
fn wrong_transforms_point_at_the_letters() {
    let input = schema("a:int,b:str");
    for (expression, kind, part) in [
        (
            "*,a:str",
            ErrorKind::SchemaInvalid,
            "column a would stand twice: '*' brings it; to give it another type write +name:type, at position 3",
        ),
        ("a:str,*", ErrorKind::SchemaInvalid, "column a would stand twice"),
        (
            "*-x",
            ErrorKind::ColumnNotFound,
            "there is no column x; the columns are: a, b (~x removes a column only if it is there), at position 3:\n  *-x\n    ^",
        ),
        ("*-a-a", ErrorKind::ColumnNotFound, "there is no column a; the columns are: b"),
        ("*,*", ErrorKind::SchemaInvalid, "'*' stands twice, at position 3"),
        ("*,", ErrorKind::SchemaInvalid, "a further column must follow the comma"),
        ("*-", ErrorKind::SchemaInvalid, "the name of a column to remove is expected, but the text ends here"),
        ("*+c", ErrorKind::SchemaInvalid, "':' and a type must follow the name c"),
        ("*-a:int", ErrorKind::SchemaInvalid, "without their type"),
        ("+c:int", ErrorKind::SchemaInvalid, "starts with '*'"),
        ("", ErrorKind::SchemaInvalid, "starts with '*'"),
        ("* z:int", ErrorKind::SchemaInvalid, "',', '+', '-' or '~' is expected here"),
        ("*+c:int,c:str", ErrorKind::SchemaInvalid, "column c stands twice, at position 9"),
        ("*~a,a", ErrorKind::SchemaInvalid, "column a stands twice"),
    ] {
        let error = input.transform(expression).expect_err(expression);
        assert_eq!(error.kind(), kind, "{expression}");
        assert!(error.message().contains(part), "{expression}: {error}");
        assert!(error.context("position").is_some());
    }
}

#[test]
fn algebra() {
    let a = schema("a:int,b:str,c:double");
    assert_eq!(a.append("d:int").unwrap(), "a:int,b:str,c:double,d:int");
    assert_eq!(a.remove(["c", "a"]).unwrap(), "b:str");
    assert_eq!(a.remove_fields("b:str").unwrap(), "a:int,c:double");
    assert_eq!(a.exclude(["a", "x"]), "b:str,c:double");
    assert_eq!(a.exclude_fields("a:int,x:int").unwrap(), "b:str,c:double");
    assert_eq!(a.extract(["c", "a"]).unwrap(), "c:double,a:int");
    assert_eq!(a.extract_fields("b:str,a:int").unwrap(), "b:str,a:int");
    assert_eq!(a.intersect("c:double,b:int,a:int,x:int").unwrap(), "a:int,c:double");
    assert_eq!(a.union("d:int,a:str").unwrap(), "a:int,b:str,c:double,d:int");
    assert_eq!(a.union_strict("d:int,a:int").unwrap(), "a:int,b:str,c:double,d:int");
    assert_eq!(a.alter("c:str,a:long").unwrap(), "a:long,b:str,c:str");
    assert_eq!(a.with_fields("d:int,b:long").unwrap(), "a:int,b:long,c:double,d:int");
    assert_eq!(a.rename([("a", "b"), ("b", "a")]).unwrap(), "b:int,a:str,c:double");
    assert_eq!(a.rename::<&str, &str>([]).unwrap(), a);
    assert_eq!(a.rename_if_there([("x", "y"), ("a", "z")]).unwrap(), "z:int,b:str,c:double");
    assert_eq!(a.common_names(&schema("c:int,a:int")), ["a", "c"]);
    assert!(a.contains("a") && !a.contains("A"));
    assert!(a.contains_all(["a", "b"]) && !a.contains_all(["a", "x"]));
    assert!(a.contains_fields("b:str") && !a.contains_fields("b:int") && !a.contains_fields("b:"));
    assert!(schema("c:double").is_subset(&a) && !a.is_subset(&schema("c:double")));
}

#[test]
fn wrong_algebra_names_the_column() {
    let a = schema("a:int,b:str");
    let check = |result: Result<Schema>, kind, column| {
        let error = result.unwrap_err();
        assert_eq!((error.kind(), error.context("column")), (kind, Some(column)), "{error}");
    };
    check(a.append("b:int"), ErrorKind::SchemaInvalid, "b");
    check(a.remove(["x"]), ErrorKind::ColumnNotFound, "x");
    check(a.remove_fields("x:int"), ErrorKind::ColumnNotFound, "x");
    check(a.remove_fields("b:int"), ErrorKind::SchemaMismatch, "b");
    check(a.exclude_fields("b:int"), ErrorKind::SchemaMismatch, "b");
    check(a.extract(["a", "x"]), ErrorKind::ColumnNotFound, "x");
    check(a.extract(["a", "a"]), ErrorKind::SchemaInvalid, "a");
    check(a.extract_fields("a:str"), ErrorKind::SchemaMismatch, "a");
    check(a.union_strict("a:str"), ErrorKind::SchemaMismatch, "a");
    check(a.alter("x:int"), ErrorKind::ColumnNotFound, "x");
    check(a.rename([("x", "y")]), ErrorKind::ColumnNotFound, "x");
    check(a.rename([("a", "b")]), ErrorKind::SchemaInvalid, "b");
    check(a.rename([("a", "x"), ("a", "y")]), ErrorKind::SchemaInvalid, "a");
}

fn any_name() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[A-Za-z_][A-Za-z0-9_]{0,8}",
        1 => "_{1,3}",
        1 => "[0-9][a-z]{0,3}",
        2 => "[ `:,{}<>\\[\\]()*+~\\-\n\ta-cäß日]{0,6}",
        2 => "\\PC{0,6}",
    ]
}

fn any_type() -> impl Strategy<Value = Type> {
    let simple = prop_oneof![
        Just(Type::Bool),
        Just(Type::Int8),
        Just(Type::Int16),
        Just(Type::Int32),
        Just(Type::Int64),
        Just(Type::UInt8),
        Just(Type::UInt16),
        Just(Type::UInt32),
        Just(Type::UInt64),
        Just(Type::Float32),
        Just(Type::Float64),
        Just(Type::Str),
        Just(Type::Bytes),
        Just(Type::Date),
        Just(Type::Time),
        Just(Type::Datetime),
        prop_oneof![Just("UTC"), Just("Europe/Berlin"), Just("Etc/GMT+5"), Just("America/Argentina/Buenos_Aires")]
            .prop_map(|zone| Type::timestamp(zone).unwrap()),
        (1..=38_u8).prop_flat_map(|p| (Just(p), 0..=p)).prop_map(|(p, s)| Type::Decimal(p, i8::try_from(s).unwrap())),
    ];
    simple.prop_recursive(4, 12, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(Type::list),
            (inner.clone(), inner.clone()).prop_map(|(k, v)| Type::map(k, v)),
            vec((any_name(), inner), 1..4).prop_map(|fields| Type::Struct(distinct(fields).into())),
        ]
    })
}

fn distinct(fields: Vec<(String, Type)>) -> Vec<Field> {
    let mut kept: Vec<Field> = Vec::new();
    for (name, ty) in fields {
        if kept.iter().all(|f| f.name() != name) {
            kept.push(Field::new(name, ty));
        }
    }
    kept
}

proptest! {
    #[test]
    fn reading_undoes_printing(fields in vec((any_name(), any_type()), 0..6)) {
        let schema = Schema::new(distinct(fields)).unwrap();
        let text = schema.to_string();
        let back = Schema::parse(&text);
        prop_assert_eq!(back.as_ref().ok(), Some(&schema), "{} gave {:?}", text, back);
        prop_assert_eq!(Schema::from_arrow(&schema.to_arrow()).unwrap(), schema);
    }

    #[test]
    fn no_text_breaks_the_parsers(text in "[a-c`:,{}<>\\[\\]()*+~ \\-]{0,20}|(\\PC|\n){0,20}") {
        let _ = Schema::parse(&text);
        let _ = schema("a:int").transform(&text);
    }
}
