//! What selects become, and which are refused.

use std::fmt::Write as _;

use super::*;
use crate::expr::{
    IntoColumns, Over, TypedNode, all, avg, col, count, count_all, count_distinct, lit, max, null, row_number, sum,
};
use crate::schema::format_value;

fn input() -> Schema {
    Schema::parse("a:double,b:int,c:str").unwrap()
}

/// A typed expression as text; `#i` is a column.
fn show(typed: &Typed) -> String {
    match &typed.node {
        TypedNode::Column(at) => format!("#{at}"),
        TypedNode::Literal(value) => format_value(value, 0),
        TypedNode::Call { function, args } => {
            format!("{}({})", function.name(), args.iter().map(show).collect::<Vec<_>>().join(", "))
        }
        TypedNode::Cast { input, .. } => format!("{}->{}", show(input), typed.ty),
        TypedNode::Case { .. } => "case".to_owned(),
    }
}

/// The steps of a plan as text.
fn steps(plan: &SelectPlan) -> String {
    let list = |columns: &[Typed]| columns.iter().map(show).collect::<Vec<_>>().join(", ");
    let mut text = String::new();
    if let Some(filter) = &plan.filter {
        write!(text, "where {}; ", show(filter)).unwrap();
    }
    if !plan.windows.is_empty() {
        write!(text, "windows {}; ", plan.windows.len()).unwrap();
    }
    if let Some(group) = &plan.group {
        let aggregates = group
            .aggregates
            .iter()
            .map(|a| format!("{}({})", a.function.name(), a.arg.as_ref().map_or_else(|| "*".to_owned(), show)));
        let aggregates = aggregates.collect::<Vec<_>>().join(", ");
        write!(text, "by [{}] make [{aggregates}] ({}); ", list(&group.keys), group.schema).unwrap();
    }
    if let Some(having) = &plan.having {
        write!(text, "having {}; ", show(having)).unwrap();
    }
    write!(text, "columns {} -> {}", list(&plan.columns), plan.output).unwrap();
    if plan.distinct { text + "; distinct" } else { text }
}

fn bound(select: &Select) -> String {
    steps(&select.bind(&input()).unwrap())
}

fn refusal<T: std::fmt::Debug>(result: Result<T>) -> String {
    let error = result.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ExpressionInvalid, "{error}");
    error.message().to_owned()
}

#[test]
fn columns_of_rows() {
    let next = (col("b") + 1).cast("str").alias("c");
    assert_eq!(
        bound(&Select::new([col("b"), next.clone()]).distinct()),
        "columns #1, add(#1->long, 1)->str -> b:int,c:str; distinct"
    );
    assert_eq!(
        bound(&Select::new([all()]).filter((col("a") + col("b")).eq(3))),
        "where equal(add(#0, #1->double), 3.0); columns #0, #1, #2 -> a:double,b:int,c:str"
    );
    assert_eq!(
        bound(&Select::new([lit(1).alias("x"), all(), next.alias("y")])),
        "columns 1, #0, #1, #2, add(#1->long, 1)->str -> x:long,a:double,b:int,c:str,y:str"
    );
    assert_eq!(
        bound(&Select::new(["a", "b"]).filter(col("a").is_null()).filter(col("b").lt(3))),
        "where and(is_null(#0), less(#1, 3)); columns #0, #1 -> a:double,b:int"
    );
}

#[test]
fn all_else_beside_aggregates_are_keys() {
    let total = sum("b").cast("double").alias("c");
    // The contract's example: a literal column, having with an aggregate or a key.
    assert_eq!(
        bound(&Select::new([col("a"), lit(1).cast("str").alias("o"), total]).having(sum("b").gt_eq(7).or(col("a").eq(1)))),
        "by [#0] make [sum(#1)] (_k0:double,_a0:long); having or(greater_or_equal(#1, 7), equal(#0, 1.0)); \
         columns #0, 1, #1->double -> a:double,o:str,c:double"
    );
    assert_eq!(
        bound(&Select::new([sum("b").alias("s"), (sum("b") / count("a") + max("b")).alias("m")])),
        "by [] make [sum(#1), count(#0), max(#1)] (_a0:long,_a1:long,_a2:int); \
         columns #0, add(divide(#0, #1), #2->long) -> s:long,m:long"
    );
    // Keys are expressions, each once, and stand for themselves inside others.
    let key = || col("b") % 2;
    assert_eq!(
        bound(&Select::new([key().alias("x"), col("c"), key().alias("y"), (key() * 10 + count_all()).alias("z")])),
        "by [modulo(#1->long, 2), #2] make [count(*)] (_k0:long,_k1:str,_a0:long); \
         columns #0, #1, #0, add(multiply(#0, 10), #2) -> x:long,c:str,y:long,z:long"
    );
    // Zeros of two signs are different keys: what is divided by them differs.
    let plan = Select::new([(col("a") / 0.0).alias("x"), (col("a") / -0.0).alias("y"), count_all().alias("n")]).bind(&input());
    assert_eq!(plan.unwrap().group.unwrap().keys.len(), 2);
}

#[test]
fn windows_stand_behind_the_input() {
    let over = || Over::partition_by("c").order_by("b").total_order();
    let rank = row_number().over(over());
    let share = (col("b") / sum("b").over(Over::partition_by("c").rows(..))).alias("share");
    assert_eq!(
        bound(&Select::new([all(), rank.clone().alias("n"), (rank.clone() + 1).alias("m"), share.clone()])),
        "windows 2; columns #0, #1, #2, #3, add(#3, 1), divide(#1->long, #4) -> a:double,b:int,c:str,n:long,m:long,share:long"
    );
    assert_eq!(
        steps(&SelectPlan::assign(&input(), &[share, rank.alias("b")]).unwrap()),
        "windows 2; columns #0, #3, #2, divide(#1->long, #4) -> a:double,b:long,c:str,share:long"
    );
}

#[test]
fn selects_that_are_refused() {
    let window = || row_number().over(Over::partition_by("c").order_by("b").total_order());
    let cases: Vec<(Select, &str)> = vec![
        (Select::new(Vec::<Expr>::new()), "nothing is selected"),
        (Select::new([col("a") + 1]), "`a` + 1: the column needs a name"),
        (Select::new([sum("b")]), "the column needs a name"),
        (Select::new(["a", "a"]), "two columns are named a"),
        (Select::new([col("a"), col("b").alias("a")]), "two columns are named a"),
        (Select::new([null().alias("x")]), "write .cast(\"…\")"),
        (Select::new([all(), all()]), "all() stands once"),
        (Select::new([all(), col("a")]), "a column needs a name of its own"),
        (Select::new([all(), col("a").cast("str")]), "a column needs a name of its own"),
        (Select::new([all(), lit(1).alias("a")]), "all() brings a column a already"),
        (Select::new([all(), sum("b").alias("s")]), "an aggregate may not stand beside all()"),
        (Select::new([all().alias("x")]), "all() stands alone"),
        (Select::new(["a"]).filter(sum("b").gt(1)), "a filter looks at single rows"),
        (Select::new(["a"]).filter(window().eq(1)), "a filter may not hold a window function"),
        (Select::new(["a"]).filter(col("b")), "a condition is bool"),
        (Select::new(["a"]).having(col("a").gt(1)), "having is a condition of groups"),
        (Select::new(["a"]).having(sum("b").gt(1)), "having is a condition of groups"),
        (Select::new([col("a"), sum("b").alias("s")]).having(col("c").eq("x")), "`c`: the column is neither a group key"),
        (Select::new([(sum("b") + col("a")).alias("s")]), "`a`: the column is neither a group key"),
        (Select::new([(col("b") + 1).alias("x"), (sum("b") + col("b")).alias("s")]), "`b`: the column is neither a group key"),
        (Select::new([window().alias("n"), sum("b").alias("s")]), "select twice"),
        (Select::new([(sum("b") + window()).alias("n")]), "select twice"),
        (Select::new([sum(window()).alias("n")]), "select twice"),
        (Select::new([sum("b").alias("s")]).having(window().eq(1)), "select twice"),
        (Select::new([sum("b").alias("s")]).having(sum("b")), "a condition is bool"),
        (Select::new([count_distinct(all()).alias("n")]), "write .distinct().count() on the frame"),
    ];
    for (select, message) in cases {
        let told = refusal(select.bind(&input()));
        assert!(told.contains(message), "{told}\n  lacks {message}");
    }
    let missing = |select: Select| select.bind(&input()).unwrap_err().kind();
    assert_eq!(missing(Select::new(["x"])), ErrorKind::ColumnNotFound);
    assert_eq!(missing(Select::new([sum("x").alias("s")])), ErrorKind::ColumnNotFound);
    assert_eq!(missing(Select::new([(sum("b") + col("x")).alias("s")])), ErrorKind::ColumnNotFound);
    assert_eq!(missing(Select::new([sum("b").alias("s")]).having(col("x").eq(1))), ErrorKind::ColumnNotFound);
}

#[test]
fn filters_and_projections() {
    let plan = SelectPlan::filter(&input(), &col("a").is_not_null().alias("ignored")).unwrap();
    assert_eq!(steps(&plan), "where is_not_null(#0); columns #0, #1, #2 -> a:double,b:int,c:str");
    assert!(refusal(SelectPlan::filter(&input(), &sum("b").gt(1))).contains("single rows"));

    let typed = |expr: Expr| expr.typed(&input()).unwrap();
    let columns = vec![("x".to_owned(), typed(col("b") + 1)), ("a".to_owned(), typed(col("c")))];
    assert_eq!(steps(&SelectPlan::project(&input(), columns).unwrap()), "columns add(#1->long, 1), #2 -> x:long,a:str");
    let twice = vec![("x".to_owned(), typed(col("b"))), ("x".to_owned(), typed(col("c")))];
    assert!(refusal(SelectPlan::project(&input(), twice)).contains("two columns are named x"));
    assert!(refusal(SelectPlan::project(&input(), Vec::new())).contains("nothing is selected"));
}

#[test]
fn aggregates_by_keys() {
    let greatest = [max("b").alias("b"), (max("b") * 2).cast("int").alias("c")];
    assert_eq!(
        steps(&SelectPlan::aggregate(&input(), &[col("a")], &greatest).unwrap()),
        "by [#0] make [max(#1)] (_k0:double,_a0:int); columns #0, #1, multiply(#1->long, 2)->int -> a:double,b:int,c:int"
    );
    assert_eq!(
        steps(&SelectPlan::aggregate(&input(), &[], &greatest).unwrap()),
        "by [] make [max(#1)] (_a0:int); columns #0, multiply(#0->long, 2)->int -> b:int,c:int"
    );
    let refused = |keys: &[&str], aggregates: &[Expr]| refusal(SelectPlan::aggregate(&input(), &keys.into_columns(), aggregates));
    assert!(refused(&["a"], &[]).contains("nothing to aggregate"));
    assert!(refused(&["a"], &[lit(1).alias("x")]).contains("only aggregates stand here"));
    assert!(refused(&["a"], &[col("b")]).contains("only aggregates stand here"));
    assert!(refused(&["a"], &[all()]).contains("all() stands alone"));
    assert!(refused(&["a"], &[avg("b")]).contains("needs a name"));
    assert!(refused(&["a"], &[avg("b").alias("a")]).contains("two columns are named a"));
    assert!(refused(&["a", "a"], &[avg("b").alias("x")]).contains("two columns are named a"));
    assert!(refused(&["a"], &[(avg("b") + col("b")).alias("x")]).contains("neither a group key"));
    let unknown = SelectPlan::aggregate(&input(), &[col("x")], &greatest).unwrap_err();
    assert_eq!(unknown.kind(), ErrorKind::ColumnNotFound);
}

#[test]
fn columns_are_assigned_in_their_places() {
    let columns = [lit(1).alias("x"), col("b").cast("str"), (col("b") + 1).alias("y")];
    assert_eq!(
        steps(&SelectPlan::assign(&input(), &columns).unwrap()),
        "columns #0, #1->str, #2, 1, add(#1->long, 1) -> a:double,b:str,c:str,x:long,y:long"
    );
    assert_eq!(steps(&SelectPlan::assign(&input(), &[]).unwrap()), "columns #0, #1, #2 -> a:double,b:int,c:str");
    let refused = |columns: &[Expr]| refusal(SelectPlan::assign(&input(), columns));
    assert!(refused(&[sum("b").alias("b")]).contains("an aggregate does not belong to a row"));
    assert!(refused(&[all()]).contains("all() stands alone"));
    assert!(refused(&[lit(1)]).contains("needs a name"));
    assert!(refused(&[lit(1).alias("x"), lit(2).alias("x")]).contains("two columns are named x"));
}
