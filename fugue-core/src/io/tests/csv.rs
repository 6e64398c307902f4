//! CSV: types there and back, nulls and quotes, inference, headers, and values that do not fit.

use arrow::datatypes::Float64Type;
use tempfile::tempdir;

use super::*;
use crate::error::ErrorKind;

/// Loads a text as a file.
fn parse(content: &str, options: &LoadOptions) -> Result<RecordBatch> {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.csv");
    std::fs::write(&path, content).unwrap();
    read(&*load(&path, options)?)
}

/// Saves a frame and returns the file's text.
fn print(schema: &Schema, rows: &RecordBatch, options: &SaveOptions) -> Result<String> {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.csv");
    save(&path, schema, iter([rows.clone()]), options, &Cancel::never())?;
    Ok(std::fs::read_to_string(&path).unwrap())
}

fn types(batch: &RecordBatch) -> Vec<Type> {
    batch.schema().fields().iter().map(|f| Type::from_arrow(f.data_type()).unwrap()).collect()
}

#[test]
fn all_flat_types_come_back() {
    let (schema, rows) = flat();
    let folder = tempdir().unwrap();
    let path = folder.path().join("flat.csv");
    for (header, null, delimiter) in [(true, None, b','), (false, Some("\\N"), b';'), (true, Some("null"), b'\t')] {
        let mut saved = SaveOptions::new().header(header).delimiter(delimiter);
        let mut loaded = LoadOptions::new().header(header).delimiter(delimiter).columns(schema.clone());
        if let Some(null) = null {
            saved = saved.null(null);
            loaded = loaded.null(null);
        }
        assert_eq!(save(&path, &schema, iter([rows.clone(), rows.clone()]), &saved, &Cancel::never()).unwrap(), 6);
        let source = load(&path, &loaded).unwrap();
        assert_eq!(source.schema(), &schema);
        let again = read(&*source).unwrap();
        assert_eq!(again, concat_batches(&schema.to_arrow(), [&rows, &rows]).unwrap());
    }
}

#[test]
fn text_is_what_the_contract_says() {
    let (schema, rows) = batch([
        ("a b", Type::Float64, Arc::new(Float64Array::from(vec![Some(1.0), Some(1e20), None, Some(f64::NAN)]))),
        ("t", Type::Str, texts([Some("x, \"y\""), Some("two\nlines"), None, Some("木")])),
        ("m", Type::Datetime, Arc::new(TimestampMicrosecondArray::from(vec![Some(0), Some(1_123_000), None, Some(-1)]))),
        ("y", Type::Bool, Arc::new(BooleanArray::from(vec![Some(true), Some(false), None, None]))),
    ]);
    let wanted = "a b,t,m,y\n\
                  1.0,\"x, \"\"y\"\"\",1970-01-01 00:00:00,true\n\
                  1e20,\"two\nlines\",1970-01-01 00:00:01.123,false\n\
                  ,,,\n\
                  NaN,木,1969-12-31 23:59:59.999999,\n";
    assert_eq!(print(&schema, &rows, &SaveOptions::new()).unwrap(), wanted);
    let without = print(&schema, &rows, &SaveOptions::new().header(false).delimiter(b'|').null("-")).unwrap();
    assert!(without.starts_with("1.0|\"x, \"\"y\"\"\"|1970-01-01 00:00:00|true\n"), "{without}");
    assert!(without.contains("\n-|-|-|-\n"), "{without}");
}

#[test]
fn empty_field_is_null_for_every_type_quoted_or_not() {
    let typed = schema([("a", Type::Str), ("b", Type::Int64), ("c", Type::Date)]);
    let rows = parse("a,b,c\n,,\n\"\",\"\",\"\"\n", &LoadOptions::new().columns(typed.clone())).unwrap();
    assert!(rows.columns().iter().all(|c| c.null_count() == 2));
    // With a null text, empty text survives.
    let (schema, rows) = batch([("a", Type::Str, texts([Some(""), None, Some("\\")])), ("b", Type::Int64, ints([1, 2, 3]))]);
    let content = print(&schema, &rows, &SaveOptions::new().null("\\N")).unwrap();
    assert_eq!(content, "a,b\n,1\n\\N,2\n\\,3\n");
    assert_eq!(parse(&content, &LoadOptions::new().null("\\N")).unwrap(), rows);
    let mixed = parse("a,b,c\n,,\n\\N,\\N,\\N\n", &LoadOptions::new().null("\\N").columns(typed)).unwrap();
    assert_eq!(mixed.columns().iter().map(|c| c.null_count()).collect::<Vec<_>>(), [1, 2, 2]);
    // And a value that would come back as null is not written.
    let (schema, rows) = batch([("a", Type::Int64, ints([5, 0]))]);
    let error = failure(print(&schema, &rows, &SaveOptions::new().null("0")));
    assert_eq!((error.kind(), error.context("column"), error.context("row")), (ErrorKind::ValueInvalid, Some("a"), Some("1")));
}

#[test]
fn column_of_nulls_keeps_its_rows() {
    let (schema, rows) = batch([("a", Type::Str, texts([None, Some("x"), None]))]);
    let content = print(&schema, &rows, &SaveOptions::new()).unwrap();
    assert_eq!(parse(&content, &LoadOptions::new()).unwrap(), rows);
}

#[test]
fn types_are_inferred_from_the_whole_file() {
    let content = "long,double,bool,date,datetime,text,none,big,mixed,mixed_day\n\
                   1,1,true,2020-01-01,2020-01-01,1,,99999999999999999999,1,2020-01-01\n\
                   -9223372036854775808, 1.5 ,False,2020-02-29,2020-01-01T01:02:03.5,2020-13-01,,1,true,1\n\
                   ,NaN,TRUE,,2020-01-01 01:02:03,x,,,,\n\
                   +7,-1e-5,,1969-12-31,,,,,,\n";
    let rows = parse(content, &LoadOptions::new()).unwrap();
    use Type::*;
    assert_eq!(types(&rows), [Int64, Float64, Bool, Date, Datetime, Str, Str, Str, Str, Str]);
    let moments = rows.column(4).as_primitive::<arrow::datatypes::TimestampMicrosecondType>();
    assert_eq!(moments.value(1), 1_577_840_523_500_000);
    assert_eq!(rows.column(0).as_primitive::<arrow::datatypes::Int64Type>().value(3), 7);
    assert_eq!(rows.column(1).as_primitive::<Float64Type>().value(1), 1.5);
    // A late value counts as much as an early one.
    let mut long = "a\n".to_owned() + &"1\n".repeat(40_000);
    assert_eq!(types(&parse(&long, &LoadOptions::new()).unwrap()), [Int64]);
    long.push_str("x\n");
    assert_eq!(types(&parse(&long, &LoadOptions::new()).unwrap()), [Str]);
    for text in [
        "1 2",
        "0x1",
        "1_000",
        "",
        "infinity",
        "e5",
        "2020-1-1",
        "2020-01-01 25:00:00",
        "2020-01-01 00:00",
        "12:00:00",
        "é2020-01-1",
    ] {
        let rows = parse(&format!("a,b\n{text},1\n"), &LoadOptions::new()).unwrap();
        assert_eq!(types(&rows), [Str, Int64], "{text}");
    }
}

#[test]
fn what_is_inferred_is_also_read() {
    // Every text that counts as a type has to pass the cast to it.
    let words = [
        "0",
        "-0",
        "+1",
        "007",
        " 12 ",
        "9223372036854775807",
        "1.",
        ".5",
        "1e5",
        "1E-5",
        "-1.5e+300",
        "+0.0",
        "NaN",
        "inf",
        "-inf",
        "true",
        "FALSE",
        "0001-01-01",
        "9999-12-31",
        "2020-02-29",
        "1969-12-31 23:59:59.999999",
        "2020-01-01T00:00:00",
        "2020-01-01 00:00:00.1",
    ];
    for word in words {
        let rows = parse(&format!("a,b\n{word},1\n"), &LoadOptions::new()).unwrap_or_else(|e| panic!("{word}: {e}"));
        assert_ne!(types(&rows)[0], Type::Str, "{word}");
        assert_eq!(rows.column(0).null_count(), 0, "{word}");
    }
}

#[test]
fn inference_can_be_refused_or_contradicted() {
    let content = "c,a\n6.1,1.1\n2.1,7.1\n";
    let rows = parse(content, &LoadOptions::new().infer(false).columns(["a", "c"])).unwrap();
    let (_, wanted) =
        batch([("a", Type::Str, texts([Some("1.1"), Some("7.1")])), ("c", Type::Str, texts([Some("6.1"), Some("2.1")]))]);
    assert_eq!(rows, wanted);
    let typed = schema([("a", Type::Float64), ("c", Type::Str)]);
    let rows = parse(content, &LoadOptions::new().columns(typed.clone())).unwrap();
    assert_eq!(rows.column(0).as_primitive::<Float64Type>().values(), &[1.1, 7.1]);
    assert_eq!(rows.column(1), wanted.column(1));
    assert_eq!(parse(content, &LoadOptions::new().infer(false).columns(typed.clone())).unwrap(), rows);
    let error = failure(parse(content, &LoadOptions::new().infer(true).columns(typed)));
    assert_eq!(error.kind(), ErrorKind::SettingInvalid);
}

#[test]
fn file_without_header_needs_columns() {
    let none = LoadOptions::new().header(false);
    let content = "6.1,x\n2.1,y\n";
    assert_eq!(failure(parse(content, &none)).kind(), ErrorKind::SettingInvalid);
    let rows = parse(content, &none.clone().columns(["c", "a"])).unwrap();
    assert_eq!(types(&rows), [Type::Float64, Type::Str]);
    assert_eq!(rows.schema().field(1).name(), "a");
    let rows = parse(content, &none.clone().columns(schema([("c", Type::Str), ("a", Type::Str)]))).unwrap();
    assert_eq!(rows.column(0), &texts([Some("6.1"), Some("2.1")]));
    let error = failure(parse(content, &none.clone().columns(["c"])));
    assert_eq!((error.kind(), error.context("line")), (ErrorKind::ValueInvalid, Some("1")));
    assert_eq!(parse("", &none.columns(["c"])).unwrap().num_rows(), 0);
}

#[test]
fn columns_are_found_by_name() {
    for columns in [Columns::from(["a", "x"]), Columns::from(schema([("x", Type::Int64)]))] {
        let error = failure(parse("a,b\n1,2\n", &LoadOptions::new().columns(columns)));
        assert_eq!((error.kind(), error.context("column")), (ErrorKind::ColumnNotFound, Some("x")));
        assert!(error.message().contains("a, b"), "{error}");
    }
    let error = failure(parse("a,b,a\n1,2,3\n", &LoadOptions::new()));
    assert_eq!((error.kind(), error.context("column")), (ErrorKind::SchemaInvalid, Some("a")));
    assert_eq!(parse("a,b,a\n1,2,3\n", &LoadOptions::new().columns(["b"])).unwrap().column(0), &ints([2]));
    let odd = parse("a b, ,\"c \n,*\"\n1,2,3\n", &LoadOptions::new().columns(["c \n,*", " "])).unwrap();
    assert_eq!(odd.columns(), &[ints([3]), ints([2])]);
}

#[test]
fn malformed_files_name_line_and_column() {
    let typed = LoadOptions::new().columns(schema([("a", Type::Str), ("b", Type::Int32)]));
    let content = "a,b\n\"two\nlines\",1\nx,2\n\"y\n\",300000000000\n";
    let error = failure(parse(content, &typed));
    assert_eq!((error.kind(), error.context("column"), error.context("line")), (ErrorKind::ValueInvalid, Some("b"), Some("5")));
    assert!(error.context("path").unwrap().ends_with("a.csv"));
    assert!(error.message().contains("300000000000"), "{error}");
    for (content, line) in [("a,b\n1,2\n3\n", "3"), ("a,b\n1,2,3\n", "2"), ("a,b\n\"1,2\n3,4\n", "2")] {
        let error = failure(parse(content, &LoadOptions::new()));
        assert_eq!((error.kind(), error.context("line")), (ErrorKind::ValueInvalid, Some(line)), "{content}");
    }
    let folder = tempdir().unwrap();
    let path = folder.path().join("latin.csv");
    std::fs::write(&path, b"a,b\nx,1\nM\xfcnchen,2\n").unwrap();
    let error = failure(load(&path, &LoadOptions::new()).and_then(|s| read(&*s)));
    assert_eq!((error.kind(), error.context("line"), error.context("column")), (ErrorKind::ValueInvalid, Some("3"), Some("a")));
    std::fs::write(&path, b"").unwrap();
    assert_eq!(failure(load(&path, &LoadOptions::new())).kind(), ErrorKind::ValueInvalid);
}

#[test]
fn line_ends_marks_and_empty_lines() {
    for content in ["a,b\r\n1,x\r\n\r\n2,y", "\u{feff}a,b\n1,x\n2,y\n", "a,b\r1,x\r2,y\r"] {
        let (_, wanted) = batch([("a", Type::Int64, ints([1, 2])), ("b", Type::Str, texts([Some("x"), Some("y")]))]);
        assert_eq!(parse(content, &LoadOptions::new()).unwrap(), wanted, "{content:?}");
    }
}

#[test]
fn columns_that_a_csv_cannot_hold_are_named() {
    let folder = tempdir().unwrap();
    let (schema, rows) = nested();
    for field in schema.fields() {
        let only = Schema::new([field.clone()]).unwrap();
        let path = folder.path().join("a.csv");
        let rows = rows.project(&[schema.index_of(field.name()).unwrap()]).unwrap();
        let error = failure(save(&path, &only, iter([rows]), &SaveOptions::new(), &Cancel::never()));
        assert_eq!((error.kind(), error.context("column")), (ErrorKind::SchemaInvalid, Some(field.name())));
        let error = failure(parse("list,struct,map,bytes\n", &LoadOptions::new().columns(only)));
        assert_eq!((error.kind(), error.context("column")), (ErrorKind::SchemaInvalid, Some(field.name())));
    }
    assert!(names_in(folder.path()).is_empty());
}

#[test]
fn delimiter_must_be_able_to_be_one() {
    for delimiter in [b'"', b'\n', 0xe4] {
        let error = failure(parse("a\n1\n", &LoadOptions::new().delimiter(delimiter)));
        assert_eq!((error.kind(), error.context("setting")), (ErrorKind::SettingInvalid, Some("delimiter")));
    }
}

#[test]
fn folder_is_one_frame_with_types_of_all_files() {
    let folder = tempdir().unwrap();
    std::fs::write(folder.path().join("1.csv"), "a,c\n1,2\n").unwrap();
    std::fs::write(folder.path().join("2.csv"), "c,a\n1.5,3\n").unwrap();
    std::fs::write(folder.path().join("_SUCCESS"), "").unwrap();
    let source = load(folder.path(), &LoadOptions::new().format(Format::Csv)).unwrap();
    let rows = read(&*source).unwrap();
    assert_eq!(types(&rows), [Type::Int64, Type::Float64]);
    assert_eq!(rows.column(0), &ints([1, 3]));
    assert_eq!(source.rows(), None);
    std::fs::write(folder.path().join("3.csv"), "b\n1\n").unwrap();
    let error = failure(load(folder.path(), &LoadOptions::new().format(Format::Csv)));
    assert_eq!((error.kind(), error.context("column")), (ErrorKind::SchemaMismatch, Some("a")));
}

#[test]
fn scan_is_projected_counted_and_cut() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.csv");
    let (schema, rows) = batch([("a", Type::Int64, ints(0..100_000)), ("b", Type::Int64, ints(1..100_001))]);
    store(&path, &schema, vec![rows.clone()]);
    let source = load(&path, &LoadOptions::new()).unwrap();
    let batches: Vec<_> = source.scan(Some(&[1, 0]), &Cancel::never()).unwrap().collect::<Result<_>>().unwrap();
    assert!(batches.len() > 1 && batches.iter().all(|b| b.num_rows() <= 65536));
    let whole = concat_batches(&batches[0].schema(), &batches).unwrap();
    assert_eq!((whole.column(0), whole.column(1)), (rows.column(1), rows.column(0)));
    let counted: usize = source.scan(Some(&[]), &Cancel::never()).unwrap().map(|b| b.unwrap().num_rows()).sum();
    assert_eq!(counted, 100_000);
}

#[test]
fn empty_frame_keeps_its_header() {
    let (schema, rows) = flat();
    let content = print(&schema, &rows.slice(0, 0), &SaveOptions::new()).unwrap();
    let again = parse(&content, &LoadOptions::new().columns(schema.clone())).unwrap();
    assert_eq!((again.num_rows(), again.schema()), (0, schema.to_arrow()));
    assert_eq!(print(&schema, &rows.slice(0, 0), &SaveOptions::new().header(false)).unwrap(), "");
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config { cases: 64, failure_persistence: None, ..Default::default() })]

    #[test]
    fn any_text_and_float_comes_back(
        rows in proptest::collection::vec(
            (proptest::option::of("[a-c,;\"\r\n\t é木\\\\N ]{0,6}"), proptest::option::of(proptest::num::f64::ANY)), 0..20),
        delimiter in proptest::sample::select(vec![b',', b';', b'\t', b' ', b'N']),
    ) {
        let (texts, floats): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
        let (schema, rows) = batch([
            ("a,\"b", Type::Str, Arc::new(StringViewArray::from_iter(&texts)) as ArrayRef),
            ("f", Type::Float64, Arc::new(Float64Array::from(floats))),
        ]);
        let content = print(&schema, &rows, &SaveOptions::new().null("nil").delimiter(delimiter)).unwrap();
        let loaded = LoadOptions::new().null("nil").delimiter(delimiter).columns(schema);
        let again = parse(&content, &loaded).unwrap();
        proptest::prop_assert_eq!(again.column(0), rows.column(0));
        // NaN has many bit patterns and one text.
        let (read, wrote) = (again.column(1).as_primitive::<Float64Type>(), rows.column(1).as_primitive::<Float64Type>());
        for (x, y) in read.iter().zip(wrote.iter()) {
            proptest::prop_assert!(x == y || x.zip(y).is_some_and(|(x, y)| x.is_nan() && y.is_nan()), "{:?} {:?}", x, y);
        }
    }
}
