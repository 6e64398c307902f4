//! JSON lines: what comes back, what is inferred, what is refused and where.

use proptest::prelude::*;
use tempfile::tempdir;

use super::*;
use crate::error::ErrorKind;

fn load_text(content: &str, options: &LoadOptions) -> Result<(Schema, RecordBatch)> {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.json");
    std::fs::write(&path, content).unwrap();
    let source = load(&path, options)?;
    Ok((source.schema().clone(), read(&*source)?))
}

fn inferred(content: &str) -> String {
    load_text(content, &LoadOptions::new()).unwrap().0.to_string()
}

fn columns(schema: &str) -> LoadOptions {
    LoadOptions::new().columns(schema)
}

/// All types that JSON can hold, there and back.
fn held() -> (Schema, RecordBatch) {
    let (flat, nested) = (flat(), nested());
    let more = ["list", "struct", "map"];
    let fields = flat.0.fields().iter().cloned().chain(more.iter().map(|n| nested.0.field(n).unwrap().clone()));
    let schema = Schema::new(fields).unwrap();
    let arrays = flat.1.columns().iter().cloned().chain(more.iter().map(|n| nested.1.column_by_name(n).unwrap().clone()));
    let batch = RecordBatch::try_new(schema.to_arrow(), arrays.collect()).unwrap();
    (schema, batch)
}

#[test]
fn all_types_come_back_with_their_schema() {
    let folder = tempdir().unwrap();
    let (schema, rows) = held();
    for name in ["a.json", "a.json.gz", "a.json.zst", "a.jsonl"] {
        let path = folder.path().join(name);
        assert_eq!(store(&path, &schema, vec![rows.clone(), rows.slice(1, 2)]), 5);
        let source = load(&path, &LoadOptions::new().columns(schema.clone())).unwrap();
        let back = read(&*source).unwrap();
        assert_eq!(back.slice(0, 3), rows);
        assert_eq!(back.slice(3, 2), rows.slice(1, 2));
    }
    assert_eq!(&std::fs::read(folder.path().join("a.json.gz")).unwrap()[..2], b"\x1f\x8b");
}

#[test]
fn text_is_what_other_programs_read() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.json");
    let (schema, rows) = batch([
        ("a \"b\"", Type::Int64, Arc::new(Int64Array::from(vec![Some(1), None])) as ArrayRef),
        ("f", Type::Float64, Arc::new(Float64Array::from(vec![1.5, f64::NAN]))),
        ("t", Type::Str, texts([Some("x\n\u{1}ü\\"), Some("")])),
        ("d", Type::Date, Arc::new(Date32Array::from(vec![0, 1]))),
        ("b", Type::Bool, Arc::new(BooleanArray::from(vec![true, false]))),
    ]);
    store(&path, &schema, vec![rows]);
    let wanted = "{\"a \\\"b\\\"\":1,\"f\":1.5,\"t\":\"x\\n\\u0001ü\\\\\",\"d\":\"1970-01-01\",\"b\":true}\n\
                  {\"a \\\"b\\\"\":null,\"f\":\"NaN\",\"t\":\"\",\"d\":\"1970-01-02\",\"b\":false}\n";
    assert_eq!(std::fs::read_to_string(&path).unwrap(), wanted);
}

#[test]
fn types_are_those_of_all_values() {
    assert_eq!(inferred("{\"a\":1,\"b\":null}\n{\"a\":2.5}\n{\"c\":true}\n"), "a:double,b:str,c:bool");
    // Text stays text, whatever it looks like.
    assert_eq!(inferred("{\"a\":\"1\",\"b\":1,\"c\":\"2020-01-01\"}"), "a:str,b:long,c:str");
    assert_eq!(inferred("{\"a\":1}\n{\"a\":\"x\"}\n{\"a\":[1]}"), "a:str");
    assert_eq!(inferred("{\"a\":[1,null,2.5],\"b\":[],\"c\":[[true]]}"), "a:[double],b:[str],c:[[bool]]");
    assert_eq!(inferred("{\"a\":{\"x\":1}}\n{\"a\":{\"y\":\"z\",\"x\":null}}\n{\"a\":null}"), "a:{x:long,y:str}");
    assert_eq!(inferred("{\"a\":9223372036854775808}\n{\"a\":1}"), "a:str");
    assert_eq!(inferred("{\"a\":-9223372036854775808,\"b\":1e3,\"c\":-0}"), "a:long,b:double,c:long");
    let (_, rows) = load_text("{\"a\":1}\n\n{\"a\":\"x\"}\n{\"a\":[1, {\"b\": 2}]}\n", &LoadOptions::new()).unwrap();
    assert_eq!(rows.column(0).as_string_view().iter().flatten().collect::<Vec<_>>(), ["1", "x", "[1, {\"b\": 2}]"]);
}

#[test]
fn columns_are_chosen_typed_and_may_be_missing() {
    let content = "{\"b\":\"1\",\"a\":5}\n{\"a\":6,\"c\":{\"x\":1}}\n{}\n";
    let (schema, rows) = load_text(content, &LoadOptions::new().columns(["c", "a"])).unwrap();
    assert_eq!((schema.to_string().as_str(), rows.num_rows()), ("c:{x:long},a:long", 3));
    let (_, rows) = load_text(content, &columns("a:str,b:long,c:{x:double}")).unwrap();
    assert_eq!(rows.column(0).as_string_view().iter().collect::<Vec<_>>(), [Some("5"), Some("6"), None]);
    assert_eq!(rows.column(1).as_primitive::<arrow::datatypes::Int64Type>().iter().collect::<Vec<_>>(), [Some(1), None, None]);
    for options in [LoadOptions::new().columns(["a", "nowhere"]), columns("a:long,nowhere:long")] {
        let error = failure(load_text(content, &options));
        assert_eq!((error.kind(), error.context("column")), (ErrorKind::ColumnNotFound, Some("nowhere")));
    }
    assert_eq!(failure(load_text("", &LoadOptions::new())).kind(), ErrorKind::SchemaInvalid);
    assert_eq!(load_text("", &columns("a:long")).unwrap().1.num_rows(), 0);
    assert_eq!(failure(load_text(content, &columns("a:bytes"))).kind(), ErrorKind::SchemaInvalid);
}

#[test]
fn what_is_wrong_is_told_with_line_and_place() {
    for (content, line, said) in [
        ("{\"a\":1}\n{\"a\":}\n", "2", "character 6"),
        ("{\"a\":1}\n{\"a\":1", "2", "comma or the end"),
        ("{\"a\":1}\n[1]\n", "2", "one object per line"),
        ("[\n{\"a\":1}\n]", "1", "object of its own"),
        ("{\"a\":1} x", "1", "behind the value"),
        ("{\"a\":01}", "1", "no value"),
        ("{\"a\":\"\\ud800x\"}", "1", "pair of codes"),
        ("{\"a\":\"\\x\"}", "1", "backslash"),
        ("{\"a\":1,\"a\":2}", "1", "stands twice"),
        ("{\"a\":1}\n\n5", "3", "no object"),
    ] {
        let error = failure(load_text(content, &LoadOptions::new()));
        assert_eq!((error.kind(), error.context("line")), (ErrorKind::ValueInvalid, Some(line)), "{content}: {error}");
        assert!(error.message().contains(said), "{content}: {error}");
        assert!(error.context("path").unwrap().ends_with("a.json"));
    }
    for (content, schema, said) in [
        ("{\"a\":1}\n{\"a\":\"x\"}", "a:long", "x"),
        ("{\"a\":1}\n{\"a\":[1]}", "a:long", "a list is no long"),
        ("{\"a\":null}\n{\"a\":{\"x\":[1,true]}}", "a:{x:[date]}", "x"),
        ("{\"a\":[]}\n{\"a\":7}", "a:[long]", "7 is no [long]"),
    ] {
        let error = failure(load_text(content, &columns(schema)));
        assert_eq!((error.kind(), error.context("line")), (ErrorKind::ValueInvalid, Some("2")), "{content}: {error}");
        assert_eq!(error.context("column"), Some("a"));
        assert!(error.message().contains(said), "{content}: {error}");
    }
    let deep = format!("{{\"a\":{}1{}}}", "[".repeat(5000), "]".repeat(5000));
    assert!(failure(load_text(&deep, &LoadOptions::new())).message().contains("levels deep"));
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.json");
    std::fs::write(&path, b"{\"a\":1}\n{\"a\":\"\xff\"}").unwrap();
    let error = failure(load(&path, &LoadOptions::new()));
    assert!(error.message().contains("line 2: byte 7 is not UTF-8"), "{error}");
}

#[test]
fn escapes_marks_and_pairs_are_read() {
    let content = "\u{feff}{\"a\":\"\\u00fc\\ud83d\\ude00\\/\\b\\t\\\"\"}\r\n  \n{\"a\":\"plain\"}";
    let (_, rows) = load_text(content, &LoadOptions::new()).unwrap();
    assert_eq!(rows.column(0).as_string_view().iter().flatten().collect::<Vec<_>>(), ["ü😀/\u{8}\t\"", "plain"]);
    let (_, rows) = load_text("{\"a\":NaN}\n{\"a\":-Infinity}\n{\"a\":1}", &LoadOptions::new()).unwrap();
    let values = rows.column(0).as_primitive::<arrow::datatypes::Float64Type>().values().to_vec();
    assert!(values[0].is_nan() && values[1] == f64::NEG_INFINITY && values[2] == 1.0);
}

#[test]
fn columns_that_json_cannot_hold_are_refused() {
    let folder = tempdir().unwrap();
    let (schema, rows) = nested();
    let error = failure(save(folder.path().join("a.json"), &schema, iter([rows]), &SaveOptions::new(), &Cancel::never()));
    assert_eq!((error.kind(), error.context("column")), (ErrorKind::SchemaInvalid, Some("bytes")));
    let map = Type::map(Type::Int64, Type::Str);
    let error =
        failure(save(folder.path().join("a.json"), &self::schema([("m", map)]), iter([]), &SaveOptions::new(), &Cancel::never()));
    assert_eq!((error.kind(), error.context("column")), (ErrorKind::SchemaInvalid, Some("m")));
}

#[test]
fn folders_of_json_are_one_frame() {
    let folder = tempdir().unwrap();
    for (name, content) in [("a.json", "{\"a\":1}"), ("b.jsonl", "{\"b\":\"x\",\"a\":2}"), ("_SUCCESS", "")] {
        std::fs::write(folder.path().join(name), content).unwrap();
    }
    let source = load(folder.path(), &LoadOptions::new()).unwrap();
    assert_eq!(source.schema().to_string(), "a:long,b:str");
    assert_eq!(read(&*source).unwrap().num_rows(), 2);
}

#[test]
fn truncated_and_damaged_packed_files_are_errors_that_name_them() {
    let folder = tempdir().unwrap();
    let (schema, rows) = batch([("a", Type::Int64, ints(0..5000))]);
    for name in ["a.json.gz", "a.json.zst", "a.csv.gz", "a.csv.zst"] {
        let path = folder.path().join(name);
        store(&path, &schema, vec![rows.clone()]);
        assert_eq!(read(&*load(&path, &LoadOptions::new()).unwrap()).unwrap(), rows);
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
        let error = failure(load(&path, &LoadOptions::new()).and_then(|s| read(&*s)));
        assert_eq!((error.kind(), error.context("path")), (ErrorKind::Io, path.to_str()), "{error}");
        std::fs::write(&path, "no packed file at all").unwrap();
        let error = failure(load(&path, &LoadOptions::new()).and_then(|s| read(&*s)));
        assert_eq!((error.kind(), error.context("path")), (ErrorKind::Io, path.to_str()), "{error}");
    }
    let error = failure(save(
        folder.path().join("b.csv"),
        &schema,
        iter([rows.clone()]),
        &SaveOptions::new().compression(Compression::Gzip),
        &Cancel::never(),
    ));
    assert_eq!((error.kind(), error.context("setting")), (ErrorKind::SettingInvalid, Some("compression")));
    let many = SaveOptions::new().format(Format::Csv).files(2).compression(Compression::Gzip);
    save(folder.path().join("many"), &schema, iter([rows]), &many, &Cancel::never()).unwrap();
    assert!(names_in(&folder.path().join("many")).iter().all(|n| n.ends_with(".csv.gz")));
    assert_eq!(read(&*load(folder.path().join("many"), &LoadOptions::new()).unwrap()).unwrap().num_rows(), 5000);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_text_is_an_error_or_a_value(text in "[\\{\\[\\]\\}\",:0-9eE.+a-z\\\\ -]{0,40}") {
        // It must not panic, and what it reads it must read again from its own text.
        let _ = load_text(&text, &LoadOptions::new());
        let _ = load_text(&format!("{{\"a\":{text}}}"), &LoadOptions::new());
    }

    #[test]
    fn any_text_and_float_comes_back(words in prop::collection::vec(any::<Option<String>>(), 1..20), bits in any::<u64>()) {
        let folder = tempdir().unwrap();
        let path = folder.path().join("a.json");
        let floats: ArrayRef = Arc::new(Float64Array::from(vec![f64::from_bits(bits); words.len()]));
        let (schema, rows) = batch([("a", Type::Str, Arc::new(StringViewArray::from_iter(words)) as ArrayRef), ("f", Type::Float64, floats)]);
        store(&path, &schema, vec![rows.clone()]);
        let back = read(&*load(&path, &LoadOptions::new().columns(schema)).unwrap()).unwrap();
        prop_assert_eq!(back.column(0), rows.column(0));
        let (a, b) = (back.column(1).as_primitive::<arrow::datatypes::Float64Type>(), rows.column(1).as_primitive::<arrow::datatypes::Float64Type>());
        prop_assert!(a.iter().zip(b.iter()).all(|(a, b)| a == b || (a.unwrap().is_nan() && b.unwrap().is_nan())));
    }
}
