//! Select, filter, assign, aggregate, and the verbs over columns.

use fugue_core::expr::{
    all, all_of, any_of, avg, col, collect_list, count, count_all, count_distinct, first, lit, max, median, min, sum, typed,
};
use fugue_core::relational::Select;
use fugue_core::{DataFrame, ErrorKind, Session, blocking};

use super::{collect, frame, is, sessions};

fn input(session: &Session) -> DataFrame {
    frame(session, "a:double,b:int", "1,2; N,2; N,1; 3,4; N,4")
}

#[test]
fn filters_keep_rows_whose_condition_is_true() {
    for session in sessions() {
        let df = input(&session);
        is(&df.filter(col("a").is_not_null()).unwrap(), "a:double,b:int", "1,2; 3,4");
        is(&df.filter(col("a").is_not_null().and(col("b").lt(3))).unwrap(), "a:double,b:int", "1,2");
        is(&df.filter((col("a") + col("b")).eq(3)).unwrap(), "a:double,b:int", "1,2");
        is(&df.filter(col("b").gt(9)).unwrap(), "a:double,b:int", "");
    }
}

#[test]
fn selects_make_columns() {
    for session in sessions() {
        let df = input(&session);
        let columns = [col("b"), (col("b") + 1).cast("str").alias("c")];
        is(&df.select(columns.clone()).unwrap(), "b:int,c:str", "2,3; 2,3; 1,2; 4,5; 4,5");
        is(&df.select(Select::new(columns).distinct()).unwrap(), "b:int,c:str", "2,3; 1,2; 4,5");
        is(&df.select(Select::new([all()]).filter((col("a") + col("b")).eq(3))).unwrap(), "a:double,b:int", "1,2");
        is(&df.select(["b"]).unwrap(), "b:int", "2; 2; 1; 4; 4");
        is(&df.select([lit(1).alias("one")]).unwrap(), "one:long", "1; 1; 1; 1; 1");
    }
}

#[test]
fn selects_with_aggregates_group_by_the_other_columns() {
    for session in sessions() {
        let df = input(&session);
        let total = sum("b").cast("double");
        is(&df.select([col("a"), total.clone().alias("b")]).unwrap(), "a:double,b:double", "1,2; 3,4; N,7");
        let having = sum("b").gt_eq(7).or(col("a").eq(1));
        let select = Select::new([col("a"), total.clone().alias("c")]).having(having.clone());
        is(&df.select(select).unwrap(), "a:double,c:double", "1,2; N,7");
        let select = Select::new([col("a"), lit(1).cast("str").alias("o"), total.alias("c")]).having(having.clone());
        is(&df.select(select.clone()).unwrap(), "a:double,o:str,c:double", "1,1,2; N,1,7");
        is(&df.select(select.filter(col("b").gt(1))).unwrap(), "a:double,o:str,c:double", "1,1,2");
        // Keys that are computed, and a key that stands twice.
        let odd = (col("b") % 2).alias("odd");
        is(&df.select([odd.clone(), count_all().alias("n")]).unwrap(), "odd:long,n:long", "0,4; 1,1");
        let twice = [col("b").alias("x"), col("b").alias("y"), count_all().alias("n")];
        is(&df.select(twice).unwrap(), "x:int,y:int,n:long", "2,2,2; 1,1,1; 4,4,2");
    }
}

#[test]
fn assign_replaces_in_place_and_appends() {
    for session in sessions() {
        let assigned = input(&session)
            .assign([lit(1).alias("x"), col("b").cast("str").alias("b"), (col("b") + 1).cast("long").alias("c")])
            .unwrap();
        is(&assigned, "a:double,b:str,x:long,c:long", "1,2,1,3; N,2,1,3; N,1,1,2; 3,4,1,5; N,4,1,5");
    }
}

#[test]
fn aggregates_give_one_row_or_one_per_key() {
    for session in sessions() {
        let df = input(&session);
        let most = [max("b").alias("b"), (max("b") * 2).cast("int").alias("c")];
        is(&df.aggregate(most.clone()).unwrap(), "b:int,c:int", "4,8");
        is(&df.group_by("a").aggregate(most).unwrap(), "a:double,b:int,c:int", "N,4,8; 1,2,4; 3,4,8");
        let some = [count("a").alias("n"), count_distinct("b").alias("d"), median("b").alias("m"), avg(col("b") * 2).alias("v")];
        is(&df.aggregate(some).unwrap(), "n:long,d:long,m:double,v:double", "2,3,2,5.2");
        let filtered = [count_all().where_(col("a").is_null()).alias("n"), sum("b").where_(col("b").gt(2)).alias("s")];
        is(&df.aggregate(filtered).unwrap(), "n:long,s:long", "3,8");
        let ordered = [first("a").order_by("b, a").alias("f"), collect_list("b").order_by("b, a").alias("l")];
        assert_eq!(collect(&df.aggregate(ordered.clone()).unwrap()), ["N,[1, 2, 2, 4, 4]"]);
        let by = df.select([(col("b") / 2).alias("k"), first("a").order_by("b, a").alias("f")]).unwrap();
        is(&by, "k:long,f:double", "1,1; 0,N; 2,3");
    }
}

#[test]
fn names_and_expressions_stand_beside_one_another() {
    for session in sessions() {
        let df = input(&session);
        let half = || (col("b") / 2).alias("half");
        let more = df.group_by(("a", half())).aggregate((sum("b").alias("s"), count_all().alias("n"))).unwrap();
        is(&more, "a:double,half:long,s:long,n:long", "1,1,2,1; N,1,2,1; N,0,1,1; 3,2,4,1; N,2,4,1");
        let by_half = df.group_by(half()).aggregate(sum("b").alias("s")).unwrap();
        is(&by_half, "half:long,s:long", "1,4; 0,1; 2,8");
        is(&df.select(("b", (col("b") + 1).cast("int").alias("c"))).unwrap(), "b:int,c:int", "2,3; 2,3; 1,2; 4,5; 4,5");
        is(&df.select("b").unwrap(), "b:int", "2; 2; 1; 4; 4");
        is(&df.filter(col("b").in_range(2..4)).unwrap().select("b").unwrap(), "b:int", "2; 2");
        is(
            &df.filter(any_of((col("b").in_range(..2), all_of([col("a").is_null(), col("b").gt(2)])))).unwrap(),
            "a:double,b:int",
            "N,1; N,4",
        );
        let refused = |grouped: fugue_core::frame::Grouped| grouped.aggregate(sum("b").alias("s")).unwrap_err().kind();
        assert_eq!(refused(df.group_by(sum("b"))), ErrorKind::ExpressionInvalid);
        assert_eq!(refused(df.group_by(lit(1).alias("one"))), ErrorKind::ExpressionInvalid);
        assert_eq!(refused(df.group_by(col("b") / 2)), ErrorKind::ExpressionInvalid);
        assert_eq!(refused(df.group_by(("a", col("b").alias("a")))), ErrorKind::ExpressionInvalid);
        assert_eq!(df.group_by(half()).take(1, "b").unwrap_err().kind(), ErrorKind::ExpressionInvalid);
    }
}

#[test]
fn no_rows_have_one_row_of_aggregates_and_none_by_key() {
    for session in sessions() {
        for df in [frame(&session, "a:double,b:int", ""), input(&session).filter(col("b").gt(9)).unwrap()] {
            let facts = [sum("b").alias("s"), count("b").alias("n"), max("a").alias("m"), count_all().alias("all")];
            is(&df.aggregate(facts.clone()).unwrap(), "s:long,n:long,m:double,all:long", "N,0,N,0");
            is(&df.aggregate([median("b").alias("m"), count_distinct("b").alias("d")]).unwrap(), "m:double,d:long", "N,0");
            is(&df.group_by("a").aggregate(facts).unwrap(), "a:double,s:long,n:long,m:double,all:long", "");
            let one = Select::new([sum(col("b") + 1).alias("s")]);
            is(&df.select(one.clone()).unwrap(), "s:long", "N");
            is(&df.select(one.having(count_all().gt(0))).unwrap(), "s:long", "");
        }
    }
}

#[test]
fn distinct_rows_have_equal_nulls_and_floats() {
    for session in sessions() {
        let df = frame(&session, "a:double,b:double,c:int", "4,N,6; 1,2,3; 4,N,6; NaN,0,1; NaN,-0.0,1");
        is(&df.distinct().unwrap(), "a:double,b:double,c:int", "4,N,6; 1,2,3; NaN,0,1");
        let lists = input(&session).group_by("a").aggregate([collect_list("b").order_by("b").alias("l")]).unwrap();
        assert_eq!(blocking::wait(lists.union_all(&lists).unwrap().distinct().unwrap().count()).unwrap(), 3);
    }
}

#[test]
fn columns_are_renamed_dropped_and_altered() {
    for session in sessions() {
        let df = frame(&session, "a:double,b:int", "1,2; N,3");
        is(&df.rename([("a", "b"), ("b", "a")]).unwrap(), "b:double,a:int", "1,2; N,3");
        is(&df.rename::<&str, &str>([]).unwrap(), "a:double,b:int", "1,2; N,3");
        is(&df.drop(["a"]).unwrap(), "b:int", "2; 3");
        is(&df.alter("b:str,a:int").unwrap(), "a:int,b:str", "1,2; N,3");
        is(&df.alter("a:double").unwrap(), "a:double,b:int", "1,2; N,3");
    }
}

#[test]
fn many_rows_in_many_groups() {
    for session in sessions() {
        let rows = (0..20_000).map(|i| format!("{},{}", i % 997, i)).collect::<Vec<_>>().join(";");
        let df = frame(&session, "k:int,v:long", &rows);
        let by = df.group_by("k").aggregate([sum("v").alias("s"), min("v").alias("least")]).unwrap();
        let again = by.aggregate([sum("s").alias("s"), sum("least").alias("l"), count_all().alias("n")]).unwrap();
        is(&again, "s:long,l:long,n:long", "199990000,496506,997");
        let whole = df.filter(col("v").lt(10_000)).unwrap().aggregate([sum(col("v") + typed(0, "int")).alias("s")]).unwrap();
        is(&whole, "s:long", "49995000");
    }
}

#[test]
fn frames_are_described() {
    for session in sessions() {
        let df = frame(&session, "a:double,s:str,d:date,t:bool", "1,x,2020-01-01,true; N,y,N,N; 3,y,2021-01-01,true");
        let told = blocking::wait(df.describe()).unwrap();
        super::is_ordered(
            &told,
            "column:str,type:str,rows:long,nulls:long,distinct:long,min:str,max:str,mean:double,stddev:double",
            "a,double,3,1,2,1.0,3.0,2,1.4142135623730951; s,str,3,0,2,x,y,N,N; d,date,3,1,2,2020-01-01,2021-01-01,N,N; \
             t,bool,3,1,1,true,true,N,N",
        );
        let nested = blocking::wait(frame(&session, "l:[int],m:<str,int>,b:bytes", "").describe()).unwrap();
        assert_eq!(collect(&nested).len(), 3);
    }
}
