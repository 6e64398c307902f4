//! What is typed how, what is refused with which words, and that every typed expression keeps the rules.

use proptest::prelude::*;

use super::super::tree::DEEPEST;
use super::super::*;
use super::*;
use crate::schema::format_value;

const COLUMNS: &str = "b:bool,i8:byte,i16:short,i:int,l:long,u8:ubyte,u16:ushort,u:uint,ul:ulong,f:float,d:double,s:str,by:bytes,\
     day:date,t:time,at:datetime,utc:timestamp(us,UTC),tokyo:timestamp(us,Asia/Tokyo),p:decimal(12,2),q:decimal(38,10),li:[int],st:{x:int}";

fn schema() -> Schema {
    Schema::parse(COLUMNS).unwrap()
}

/// A typed expression as text: columns by name, literals by their value.
fn show(typed: &Typed) -> String {
    let list = |items: &[Typed]| items.iter().map(show).collect::<Vec<_>>().join(", ");
    match &typed.node {
        TypedNode::Column(at) => schema().fields()[*at].name().to_owned(),
        TypedNode::Literal(value) => format_value(value, 0),
        TypedNode::Call { function, args } => format!("{}({})", function.name(), list(args)),
        TypedNode::Cast { input, attempt: false } => format!("{}->{}", show(input), typed.ty),
        TypedNode::Cast { input, attempt: true } => format!("{}?>{}", show(input), typed.ty),
        TypedNode::Case { branches, otherwise } => {
            let branches = branches.iter().map(|(c, v)| format!("{} => {}", show(c), show(v))).collect::<Vec<_>>().join(", ");
            format!("case({branches}; {})", otherwise.as_ref().map_or_else(|| "-".to_owned(), |o| show(o)))
        }
    }
}

#[test]
fn expressions_are_typed_by_the_contract() {
    let cases: Vec<(Expr, &str, &str)> = vec![
        // D21, D23: the common type of integers, and literals that are long.
        (col("i") + 1, "add(i->long, 1)", "long"),
        (col("i") + typed(1, "int"), "add(i, 1)", "int"),
        (col("i8") + col("i16"), "add(i8->short, i16)", "short"),
        (col("u8") + col("i8"), "add(u8->short, i8->short)", "short"),
        (col("u8") + col("i"), "add(u8->int, i)", "int"),
        (col("u") + col("i"), "add(u->long, i->long)", "long"),
        (col("u") - col("u8"), "subtract(u, u8->uint)", "uint"),
        (col("f") + col("f"), "add(f, f)", "float"),
        (col("f") * col("i8"), "multiply(f->double, i8->double)", "double"),
        (col("f") + 1.0, "add(f->double, 1.0)", "double"),
        (col("ul") + col("d"), "add(ul->double, d)", "double"),
        (col("l") / 2, "divide(l, 2)", "long"),
        (col("i") % col("i8"), "modulo(i, i8->int)", "int"),
        (col("i").div_true(2), "divide_true(i->double, 2.0)", "double"),
        (col("p").power(2), "power(p->double, 2.0)", "double"),
        (col("p").sqrt(), "sqrt(p->double)", "double"),
        (col("i").checked_add(col("l")), "checked_add(i->long, l)", "long"),
        (-col("i8"), "negate(i8)", "byte"),
        (-col("p"), "negate(p)", "decimal(12,2)"),
        (col("ul").abs(), "abs(ul)", "ulong"),
        // D84: decimals as arrow computes them.
        (col("p") * (lit(1) - col("p")), "multiply(p, subtract(1, p))", "decimal(35,4)"),
        (col("p") + col("q"), "add(p, q)", "decimal(38,10)"),
        (col("p") * col("i"), "multiply(p, i->decimal(10))", "decimal(23,2)"),
        (col("p") * col("ul"), "multiply(p, ul->decimal(20))", "decimal(33,2)"),
        (col("p") / 3, "divide(p, 3)", "decimal(16,6)"),
        (col("p") % typed("0.7", "decimal(2,1)"), "modulo(p, 0.7)", "decimal(3,2)"),
        (col("p") + col("f"), "add(p->double, f->double)", "double"),
        (col("p").lt(24), "less(p->decimal(21,2), 24.00)", "bool"),
        (col("p").eq(col("q")), "equal(p->decimal(38,10), q)", "bool"),
        (col("p").round(1), "round(p, 1)", "decimal(12,2)"),
        (col("p").ceil(), "ceil(p)", "decimal(12)"),
        (col("d").floor(), "floor(d)", "double"),
        (col("i").round(-2), "round(i, -2)", "int"),
        // D89: days between dates.
        (col("day") - col("day"), "date_diff(day, day)", "long"),
        (col("at").date_diff(TimeUnit::Microsecond, col("day")), "date_diff(at, day->datetime)", "long"),
        (col("day").date_add(TimeUnit::Month, col("i")), "date_add(day, i->long)", "date"),
        (col("tokyo").date_add(TimeUnit::Hour, 1), "date_add(tokyo, 1)", "timestamp(us,Asia/Tokyo)"),
        (col("at").truncate(TimeUnit::Week), "truncate(at)", "datetime"),
        (col("day").year(), "year(day)", "int"),
        (col("t").hour(), "hour(t)", "int"),
        // Comparisons at the common type; instants of several zones are instants.
        (col("i").lt(10), "less(i, 10)", "bool"),
        // Literals that fit are compared at the type of the column.
        (col("ul").gt(0), "greater(ul, 0)", "bool"),
        (lit(1).not_eq(col("u8")), "not_equal(1, u8)", "bool"),
        (col("i8").lt(1000), "less(i8->long, 1000)", "bool"),
        (col("ul").is_in([lit(1), null()]), "is_in(ul, 1, NULL)", "bool"),
        (coalesce([col("ul"), lit(3)]), "coalesce(ul, 3)", "ulong"),
        (coalesce([col("i8"), lit(3)]), "coalesce(i8->long, 3)", "long"),
        (nullif("i", 5), "null_if(i->long, 5)", "long"),
        (col("s").eq("x"), "equal(s, x)", "bool"),
        (col("day").lt(col("at")), "less(day->datetime, at)", "bool"),
        (col("day").gt_eq(typed("1994-01-01", "date")), "greater_or_equal(day, 1994-01-01)", "bool"),
        (col("tokyo").lt(col("utc")), "less(tokyo, utc->timestamp(us,Asia/Tokyo))", "bool"),
        (col("by").not_eq(col("by")), "not_equal(by, by)", "bool"),
        (col("i").is_in([1, 2]), "is_in(i, 1, 2)", "bool"),
        (col("i").is_in(Vec::<i64>::new()), "is_in(i)", "bool"),
        (col("i").is_in([lit(1.5), null()]), "is_in(i->double, 1.5, NULL)", "bool"),
        (col("i").between(1, 2), "and(greater_or_equal(i, 1), less_or_equal(i, 2))", "bool"),
        // D22: nulls take the type of their neighbours.
        (col("i") + null(), "add(i, NULL)", "int"),
        (col("p") * null(), "multiply(p, NULL)", "decimal(25,4)"),
        (null().eq(col("s")), "equal(NULL, s)", "bool"),
        (null().cast("[int]"), "NULL", "[int]"),
        (null().is_null(), "is_null(NULL)", "bool"),
        (null().and(true), "and(NULL, true)", "bool"),
        (null().sqrt(), "sqrt(NULL)", "double"),
        (null().upper(), "upper(NULL)", "str"),
        (lit(None::<i64>), "NULL", "long"),
        (coalesce([null(), col("i"), lit(0)]), "coalesce(NULL, i->long, 0)", "long"),
        (coalesce(["li", "li"]), "coalesce(li, li)", "[int]"),
        (nullif("i", col("i8")), "null_if(i, i8->int)", "int"),
        (when(col("b")).then(1).when(col("i").gt(2)).then(2.5).end(), "case(b => 1.0, greater(i, 2) => 2.5; -)", "double"),
        (when(col("b")).then(col("i")).otherwise(null()), "case(b => i; NULL)", "int"),
        (when(null()).then(col("i8")).otherwise(col("u8")), "case(NULL => i8->short; u8->short)", "short"),
        // Text.
        (col("s").length(), "length(s)", "long"),
        (col("s").find("x"), "find(s, x)", "long"),
        (col("s").substring(col("i8"), 2), "substring(s, i8->long, 2)", "str"),
        (concat([col("s"), lit("!")]), "concat(s, !)", "str"),
        (col("s").like("a%"), "like(s, a%)", "bool"),
        (col("s").like(null()), "NULL", "bool"),
        (col("s").regex_match("^a+$"), "regex_match(s, ^a+$)", "bool"),
        (col("s").regex_replace("(a)", "$1$1"), "regex_replace(s, (a), $1$1)", "str"),
        // Casts; of literals they are done.
        (col("s").cast("int"), "s->int", "int"),
        (col("s").try_cast("int"), "s?>int", "int"),
        (col("i").cast("int"), "i", "int"),
        (col("b").cast("int") + col("i"), "add(b->int, i)", "int"),
        (typed("0.06", "decimal(12,2)"), "0.06", "decimal(12,2)"),
        (typed(2.5, "int"), "2", "int"),
        (lit("x").try_cast("int"), "NULL", "int"),
        (lit(" 7 ").cast("int").cast("str"), "7", "str"),
        (col("i").alias("x") + 1, "add(i->long, 1)", "long"),
    ];
    for (expr, shown, ty) in cases {
        let typed = expr.typed(&schema()).unwrap_or_else(|e| panic!("{expr}: {e}"));
        assert_eq!((show(&typed).as_str(), typed.ty.to_string().as_str()), (shown, ty), "{expr}");
        keeps_the_rules(&typed);
    }
}

#[test]
fn what_fits_no_rule_is_refused_with_what_to_write() {
    use ErrorKind::{ColumnNotFound, ExpressionInvalid, SchemaMismatch, ValueInvalid};
    let cases: Vec<(Expr, ErrorKind, &str)> = vec![
        (
            col("ul") + col("l"),
            SchemaMismatch,
            "`ul` + `l`: ulong and long have no common type; write .cast(\"long\") or .cast(\"ulong\")",
        ),
        (col("ul") + 1, SchemaMismatch, "ulong and long"),
        (col("ul").gt(-1), SchemaMismatch, "ulong and long"),
        (col("ul").is_in([1, -1]), SchemaMismatch, "ulong and long"),
        (col("i8").eq(col("ul")), SchemaMismatch, "have no common type"),
        (coalesce(["ul", "i"]), SchemaMismatch, "ulong and int"),
        (col("I") + 1, ColumnNotFound, "there is no column I; the columns are: b, i8"),
        (col("days") + 1, ColumnNotFound, "did you mean \"day\"?"),
        (
            col("s").eq(1),
            ExpressionInvalid,
            "`s` = 1: str and long have no common type; a text is never a long by itself; write .cast(\"long\")",
        ),
        (
            col("day").lt("2020-01-01"),
            ExpressionInvalid,
            "a text is never a date by itself; write .cast(\"date\") after the text",
        ),
        (col("day").lt(col("utc")), ExpressionInvalid, "date and timestamp(us,UTC) have no common type"),
        (col("b").eq(1), ExpressionInvalid, "bool and long have no common type; write .cast(\"long\") or .cast(\"bool\")"),
        (col("li").eq(col("li")), ExpressionInvalid, "values of [int] are not compared"),
        (col("st").is_in([col("st")]), ExpressionInvalid, "are not compared"),
        (col("s") + "x", ExpressionInvalid, "texts are put together by concat"),
        (col("b") + col("b"), ExpressionInvalid, "write .cast(\"int\") after the bool"),
        (col("day") + 1, ExpressionInvalid, ".date_add(unit, n)"),
        (col("at") - col("at"), ExpressionInvalid, ".date_diff(unit, since)"),
        (col("s").sqrt(), ExpressionInvalid, "sqrt takes numbers, and str is none"),
        (-col("u"), ExpressionInvalid, "uint has no negative values; write .cast(\"long\") first"),
        (-col("s"), ExpressionInvalid, "negate takes numbers"),
        (col("i").and(true), ExpressionInvalid, "a condition is bool, and this is int; write a comparison, such as .not_eq(0)"),
        (!col("s"), ExpressionInvalid, "a condition is bool, and this is str"),
        (when(col("i")).then(1).end(), ExpressionInvalid, "`i`: a condition is bool"),
        (when(col("b")).then(1).otherwise("x"), ExpressionInvalid, "long and str have no common type"),
        (col("q") * col("q") * col("q") * col("q"), ExpressionInvalid, "cast one of them to fewer digits first"),
        (col("i").is_nan(), ExpressionInvalid, "only floats can be NaN"),
        (col("i").length(), ExpressionInvalid, "length takes text, and this is int; write .cast(\"str\")"),
        (concat(Vec::<Expr>::new()), ExpressionInvalid, "concat needs an argument"),
        (coalesce(Vec::<Expr>::new()), ExpressionInvalid, "write .cast"),
        (col("s").like(col("s")), ExpressionInvalid, "the pattern of like is a literal"),
        (col("s").regex_match("("), ExpressionInvalid, "is no regular expression"),
        (col("s").substring_from(1.5), ExpressionInvalid, "substring counts in long, and this is double"),
        (col("s").substring_from(col("ul")), ExpressionInvalid, "write .cast(\"long\")"),
        (col("t").year(), ExpressionInvalid, "year takes a date, datetime or timestamp, and this is time"),
        (col("s").month(), ExpressionInvalid, "write .cast(\"date\")"),
        (col("t").truncate(TimeUnit::Hour), ExpressionInvalid, "this is time"),
        (col("day").date_add(TimeUnit::Hour, 1), ExpressionInvalid, "a date has no hours; write .cast(\"datetime\") first"),
        (col("day").date_diff(TimeUnit::Day, col("utc")), ExpressionInvalid, "no common type"),
        (
            col("i").cast("date"),
            ExpressionInvalid,
            "there is no cast from int to date; say in a function of your own which unit is meant",
        ),
        (col("li").cast("str"), ExpressionInvalid, "there is no cast from [int] to str"),
        (col("i").cast("nonsense"), ExpressionInvalid, "\"nonsense\", which is no type"),
        (typed("x", "int"), ValueInvalid, "CAST('x' AS int): "),
        (typed(300, "byte"), ValueInvalid, "CAST(300 AS byte): "),
        (null(), ExpressionInvalid, "write .cast(\"…\") after it"),
        (null() + null(), ExpressionInvalid, "write .cast(\"…\")"),
        (when(col("b")).then(null()).end(), ExpressionInvalid, "write .cast(\"…\")"),
        (-null(), ExpressionInvalid, "write .cast(\"…\")"),
        (null().year(), ExpressionInvalid, "write .cast(\"…\")"),
        (sum("i") + 1, ExpressionInvalid, "sum(`i`): an aggregate stands among the columns"),
        (row_number() + 1, ExpressionInvalid, "a window function stands among the columns"),
        (all() + 1, ExpressionInvalid, "all() stands alone"),
        (crate::row::Value::List(Vec::new()).into(), ExpressionInvalid, "lists, structs and maps cannot be literals"),
    ];
    for (expr, kind, message) in cases {
        let error = expr.typed(&schema()).map(|typed| show(&typed)).expect_err(&expr.to_string());
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.message().contains(message), "{error}\n  lacks {message}");
    }
}

#[test]
fn nesting_has_an_end_that_every_thread_can_bear() {
    let chain = |n: usize| (1..n).fold(col("b"), |all, _| all.or(col("b")));
    // The stack of a thread of tokio or of a test, in a build without optimisation.
    let on_small_stack = |n: usize| {
        let typed = move || chain(n).typed(&schema()).map(drop);
        std::thread::Builder::new().stack_size(1 << 21).spawn(typed).unwrap().join().unwrap()
    };
    on_small_stack(DEEPEST).unwrap();
    let error = on_small_stack(DEEPEST + 1).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ExpressionInvalid);
    assert!(error.message().contains("nested deeper than 400"), "{error}");
    let error = on_small_stack(100_000).unwrap_err();
    assert!(error.message().contains("nested deeper than 400"), "{error}");
}

#[test]
fn an_expression_that_grows_by_itself_has_an_end() {
    let error = (0..60).fold(col("i"), |all, _| all.clone() + all).typed(&schema()).map(drop).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ExpressionInvalid);
    assert!(error.message().contains("more than ten million parts"), "{error}");
}

#[test]
fn a_column_has_its_alias_or_its_own_name() {
    let name = |expr: Expr| expr.output_name().map(|name| name.to_string());
    assert_eq!(name(col("a")).as_deref(), Some("a"));
    assert_eq!(name(col("a").cast("str")).as_deref(), Some("a"));
    assert_eq!(name(col("a").try_cast("int").cast("str")).as_deref(), Some("a"));
    assert_eq!(name(col("a").alias("x").cast("str")).as_deref(), Some("x"));
    assert_eq!(name((col("a") + 1).alias("x").alias("y")).as_deref(), Some("y"));
    for unnamed in [col("a") + 1, lit(1), sum("a"), -col("a"), all()] {
        assert_eq!(name(unnamed.clone()), None);
        assert!(unnamed.named().unwrap_err().message().contains("write .alias"));
    }
}

#[test]
fn aggregates_are_typed_by_the_contract() {
    let typed = |expr: &Expr| match expr.node() {
        Node::Aggregate(call) => call.typed(expr, &schema()),
        _ => panic!("no aggregate"),
    };
    let cases: Vec<(Expr, &str, &str)> = vec![
        (count_all(), "*", "long"),
        (count(all()), "*", "long"),
        (count("li"), "li", "long"),
        (count_distinct("s"), "s", "long"),
        (sum("i8"), "i8", "long"),
        (sum("u"), "u", "ulong"),
        (sum("f"), "f", "double"),
        (sum("p"), "p", "decimal(38,2)"),
        (checked_sum("ul"), "ul", "ulong"),
        (sum(col("p") * col("p")).distinct(), "multiply(p, p)", "decimal(38,4)"),
        (avg("i"), "i", "double"),
        (avg("f"), "f", "double"),
        (avg("p"), "p", "decimal(16,6)"),
        (avg("q"), "q", "decimal(38,14)"),
        (min("s"), "s", "str"),
        (max("tokyo"), "tokyo", "timestamp(us,Asia/Tokyo)"),
        (first("st").order_by("i"), "st", "{x:int}"),
        (collect_list("i").order_by("i desc"), "i", "[int]"),
        (stddev("i"), "i->double", "double"),
        (variance_population("p"), "p->double", "double"),
        (median("i"), "i->double", "double"),
    ];
    for (expr, arg, ty) in cases {
        let typed = typed(&expr).unwrap_or_else(|e| panic!("{expr}: {e}"));
        assert_eq!(typed.arg.as_ref().map_or_else(|| "*".to_owned(), show), arg, "{expr}");
        assert_eq!(typed.ty.to_string(), ty, "{expr}");
    }
    let ordered = typed(&first("s").order_by("i desc, l").where_(col("b"))).unwrap();
    assert_eq!(
        ordered.order,
        [
            TypedSort { column: 3, descending: true, nulls_first: false },
            TypedSort { column: 4, descending: false, nulls_first: false }
        ]
    );
    assert_eq!(show(&ordered.filter.unwrap()), "b");

    let refused: Vec<(Expr, &str)> = vec![
        (count_distinct(all()), "write .distinct().count() on the frame"),
        (count_all().distinct(), "write .distinct().count() on the frame"),
        (sum(all()), "all() stands alone"),
        (sum("s"), "sum takes numbers, and this is str; write .cast(\"double\")"),
        (sum("b"), "write .cast(\"int\") inside"),
        (avg("day"), "avg takes numbers"),
        (max("li"), "values of [int] have no order"),
        (max("i").distinct(), "distinct belongs to count, sum and avg, not to max"),
        (first("i"), "first needs an order"),
        (collect_list("i"), "collect_list needs an order"),
        (sum("i").order_by("l"), "an order belongs to first, last and collect_list"),
        (first("i").order_by("nope"), "there is no column nope"),
        (quantile("i", 1.5), "a quantile is from 0 to 1"),
        (quantile("i", f64::NAN), "a quantile is from 0 to 1"),
        (sum(null()), "write .cast(\"…\")"),
        (sum(sum("i")), "may not stand inside an aggregate or a window; select twice"),
        (sum(row_number()), "may not stand inside an aggregate or a window; select twice"),
        (sum("i").where_(max("i").gt(1)), "select twice"),
        (sum("i").where_(col("i")), "a condition is bool"),
    ];
    for (expr, message) in refused {
        let error = typed(&expr).map(drop).expect_err(&expr.to_string());
        assert!(error.message().contains(message), "{error}");
    }
}

#[test]
fn windows_say_what_their_answer_depends_on() {
    let typed = |expr: &Expr| match expr.node() {
        Node::Window(call) => call.typed(expr, &schema()),
        Node::Mistake(mistake) => mistake.tell(),
        _ => panic!("no window"),
    };
    let by = || Over::partition_by("s").order_by("i desc");
    let good: Vec<(Expr, &str)> = vec![
        (sum("i").over(Over::all().rows(..)), "long"),
        (sum("i").over(by().rows(..)), "long"),
        (sum("p").over(by().to_peers()), "decimal(38,2)"),
        (avg("i").over(by().rows(-2..=0).total_order()), "double"),
        (count_all().over(by().rows(..=0).total_order()), "long"),
        (last("s").over(by().rows(..).total_order()), "str"),
        (collect_list("i").over(by().to_peers().total_order()), "[int]"),
        (row_number().over(by().total_order()), "long"),
        (rank().over(by()), "long"),
        (dense_rank().over(by()), "long"),
        (lag("i", 1).over(by().total_order()), "int"),
        (lead("i", 2).or_default(0).over(by().total_order()), "int"),
        (lag("ul", 1).or_default(0).over(by().total_order()), "ulong"),
        (lag("p", 1).or_default(0).over(by().total_order()), "decimal(12,2)"),
    ];
    for (expr, ty) in good {
        let typed = typed(&expr).unwrap_or_else(|e| panic!("{expr}: {e}"));
        assert_eq!(typed.ty.to_string(), ty, "{expr}");
        assert!(typed.default.as_ref().is_none_or(|d| *d.data_type() == typed.ty.to_arrow() && d.len() == 1), "{expr}");
    }
    let running = typed(&sum("i").over(by().rows(..=0).total_order())).unwrap();
    assert_eq!(running.keys, [11]);
    assert_eq!(running.order, [TypedSort { column: 3, descending: true, nulls_first: false }]);
    assert_eq!(running.frame, Frame::Rows { start: None, end: Some(0) });

    let (after, before) = (1, 0);
    let refused: Vec<(Expr, &str)> = vec![
        (row_number(), "needs a window"),
        (sum("i").over(Over::all()), "an aggregate over a window needs a frame"),
        (sum("i").over(by()), "an aggregate over a window needs a frame"),
        (sum("i").over(Over::all().rows(..=0).total_order()), "it depends on the order of rows; write .order_by"),
        (sum("i").over(Over::all().to_peers()), "it depends on the order of rows"),
        (sum("i").over(by().rows(..=0)), "say so with .total_order()"),
        (sum("i").over(by().rows(after..=before).total_order()), "the frame ends before it starts"),
        (first("i").over(Over::all().rows(..)), "it depends on the order of rows"),
        (first("i").over(by().rows(..)), "say so with .total_order()"),
        (row_number().over(Over::all().total_order()), "it goes by the order of rows"),
        (row_number().over(by()), "say so with .total_order()"),
        (lag("i", 1).over(by()), "say so with .total_order()"),
        (rank().over(Over::partition_by("s")), "it goes by the order of rows"),
        (rank().over(by().rows(..)), "only aggregates have a frame"),
        (rank().over(by().order_by("nope")), "there is no column nope"),
        (rank().over(by().order_by("i i")), "a direction is asc or desc"),
        (rank().over(Over::partition_by(["s", "s"]).order_by("i")), "stands twice among the keys"),
        (rank().over(Over::partition_by("S").order_by("i")), "there is no column S"),
        (lag("i", 1).or_default(1.5).over(by().total_order()), "without loss"),
        (lag("i", 1).or_default("x").over(by().total_order()), "int and str have no common type"),
        (lag("i8", 1).or_default(300).over(by().total_order()), "without loss"),
        (sum(row_number()).over(by().rows(..)), "select twice"),
        (lag(sum("i"), 1).over(by().total_order()), "select twice"),
    ];
    for (expr, message) in refused {
        let error = typed(&expr).map(drop).expect_err(&expr.to_string());
        assert!(error.message().contains(message), "{error}");
    }
}

/// The rules that kernels and engines rely on, for an expression and all inside it.
fn keeps_the_rules(typed: &Typed) {
    typed.walk(&mut |e| {
        let same = |args: &[Typed]| assert!(args.windows(2).all(|w| w[0].ty == w[1].ty), "{}", show(e));
        match &e.node {
            TypedNode::Column(at) => assert_eq!(*schema().fields()[*at].ty(), e.ty),
            TypedNode::Literal(value) => assert_eq!((value.len(), value.data_type()), (1, &e.ty.to_arrow())),
            TypedNode::Cast { input, .. } => {
                assert!(can_cast(&input.ty, &e.ty) && input.ty != e.ty, "{}", show(e));
                assert!(!matches!(input.node, TypedNode::Literal(_)), "{}", show(e));
            }
            TypedNode::Case { branches, otherwise } => {
                assert!(branches.iter().all(|(c, v)| c.ty == Type::Bool && v.ty == e.ty));
                assert!(otherwise.iter().all(|o| o.ty == e.ty));
            }
            TypedNode::Call { function, args } => {
                use Function as F;
                let all = |ty: Type| assert!(args.iter().all(|a| a.ty == ty), "{}", show(e));
                match function {
                    F::Add | F::Subtract | F::Multiply | F::Divide | F::Modulo => match &e.ty {
                        Type::Decimal(_, _) => assert!(args.iter().all(|a| matches!(a.ty, Type::Decimal(_, _)))),
                        ty => all(ty.clone()),
                    },
                    F::DivideTrue | F::Power | F::Sqrt | F::Exp | F::Ln => all(Type::Float64),
                    F::Equal
                    | F::NotEqual
                    | F::Less
                    | F::LessOrEqual
                    | F::Greater
                    | F::GreaterOrEqual
                    | F::NotDistinct
                    | F::IsIn => {
                        same(args);
                        assert!(e.ty == Type::Bool && args.iter().all(|a| !a.ty.is_nested()));
                    }
                    F::Coalesce | F::NullIf => all(e.ty.clone()),
                    F::And | F::Or | F::Not => {
                        assert_eq!(e.ty, Type::Bool);
                        all(Type::Bool);
                    }
                    F::Concat | F::Lower | F::Upper | F::Contains | F::Length => all(Type::Str),
                    F::DateDiff(_) => same(args),
                    F::Negate | F::Abs => all(e.ty.clone()),
                    _ => {}
                }
            }
        }
    });
}

fn leaf() -> impl Strategy<Value = Expr> {
    let names: Vec<String> = schema().names().map(str::to_owned).collect();
    prop_oneof![
        8 => proptest::sample::select(names).prop_map(|name| col(&name)),
        1 => any::<i64>().prop_map(lit),
        1 => any::<u64>().prop_map(lit),
        1 => any::<f64>().prop_map(lit),
        1 => proptest::sample::select(vec!["", "x", "1", "2020-01-01", "(", "%"]).prop_map(lit),
        1 => any::<bool>().prop_map(lit),
        1 => Just(null()),
        1 => Just(lit(None::<i64>)),
        1 => any::<i128>().prop_map(|v| crate::row::Value::Decimal(v / 1_000_000, 3).into()),
        1 => Just(all()),
        1 => Just(sum("i")),
    ]
}

/// Expressions of any shape; most fit no rule somewhere.
fn expr() -> impl Strategy<Value = Expr> {
    let types = ["int", "long", "ulong", "float", "double", "str", "bool", "date", "datetime", "decimal(12,2)", "[int]", "nope"];
    leaf().prop_recursive(4, 24, 3, move |inner| {
        let pair = (inner.clone(), inner.clone());
        prop_oneof![
            (pair.clone(), 0..24_usize).prop_map(|((a, b), which)| match which {
                0 => a + b,
                1 => a - b,
                2 => a * b,
                3 => a / b,
                4 => a % b,
                5 => a.div_true(b),
                6 => a.eq(b),
                7 => a.lt(b),
                8 => a.and(b),
                9 => a.or(b),
                10 => coalesce([a, b]),
                11 => nullif(a, b),
                12 => a.is_in([b]),
                13 => concat([a, b]),
                14 => a.like(b),
                15 => a.regex_match(b),
                16 => a.substring_from(b),
                17 => a.date_add(TimeUnit::Hour, b),
                18 => a.date_diff(TimeUnit::Month, b),
                19 => a.power(b),
                20 => a.not_distinct_from(b),
                21 => a.find(b),
                22 => a.checked_mul(b),
                _ => a.contains(b),
            }),
            (inner.clone(), 0..16_usize).prop_map(|(a, which)| match which {
                0 => -a,
                1 => !a,
                2 => a.abs(),
                3 => a.round(-1),
                4 => a.floor(),
                5 => a.sqrt(),
                6 => a.is_null(),
                7 => a.is_nan(),
                8 => a.length(),
                9 => a.lower(),
                10 => a.year(),
                11 => a.minute(),
                12 => a.truncate(TimeUnit::Week),
                13 => a.alias("x"),
                14 => a.is_not_null(),
                _ => a.replace("x", "y"),
            }),
            (inner.clone(), proptest::sample::select(types.to_vec()), any::<bool>()).prop_map(|(a, ty, attempt)| if attempt {
                a.try_cast(ty)
            } else {
                a.cast(ty)
            }),
            (pair, inner).prop_map(|((c, a), b)| when(c).then(a).otherwise(b)),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_typed_keeps_the_rules_and_all_else_is_an_error(expr in expr()) {
        match expr.typed(&schema()) {
            Ok(typed) => keeps_the_rules(&typed),
            Err(error) => {
                use ErrorKind::{ColumnNotFound, ExpressionInvalid, SchemaMismatch, ValueInvalid};
                let told = matches!(error.kind(), ColumnNotFound | ExpressionInvalid | SchemaMismatch | ValueInvalid);
                prop_assert!(told, "{:?}", error);
            }
        }
    }
}
