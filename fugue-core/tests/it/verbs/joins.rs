//! Joins: the columns that they give, nulls among the keys, and which rows.

use fugue_core::ErrorKind;
use fugue_core::expr::{col, count_all, sum};
use fugue_core::relational::JoinKind;

use super::{frame, is, sessions};

#[test]
fn joins_of_every_kind() {
    for session in sessions() {
        let left = frame(&session, "k:int,l:int", "N,1; 1,2");
        let right = frame(&session, "k:int,r:int", "N,10; 2,20; 1,30");
        let cases = [
            ("inner", "k:int,l:int,r:int", "1,2,30"),
            ("left_outer", "k:int,l:int,r:int", "N,1,N; 1,2,30"),
            ("right_outer", "k:int,l:int,r:int", "N,N,10; 2,N,20; 1,2,30"),
            ("full_outer", "k:int,l:int,r:int", "N,1,N; N,N,10; 1,2,30; 2,N,20"),
            ("semi", "k:int,l:int", "1,2"),
            ("left_anti", "k:int,l:int", "N,1"),
        ];
        for (kind, schema, rows) in cases {
            is(&left.join(&right, kind).unwrap(), schema, rows);
            is(&left.join_on(&right, kind, "k").unwrap(), schema, rows);
            let renamed = right.rename([("k", "other")]).unwrap();
            is(&left.join_on(&renamed, kind, ("k", "other")).unwrap(), schema, rows);
            is(&left.join_on(&renamed, kind, [("k", "other")]).unwrap(), schema, rows);
        }
    }
}

#[test]
fn columns_are_those_of_the_left_and_then_the_others() {
    for session in sessions() {
        let left = frame(&session, "a:int,b:str", "1,2; 3,4");
        let right = frame(&session, "c:str,a:int", "6,1; 2,7");
        is(&left.join(&right, "inner").unwrap(), "a:int,b:str,c:str", "1,2,6");
        is(&right.join(&left, "INNER").unwrap(), "c:str,a:int,b:str", "6,1,2");
        is(&left.join(&right, "left_outer").unwrap(), "a:int,b:str,c:str", "1,2,6; 3,4,N");
        is(&right.join(&left, "left_outer").unwrap(), "c:str,a:int,b:str", "6,1,2; 2,7,N");
        is(&left.join(&right, "right_outer").unwrap(), "a:int,b:str,c:str", "1,2,6; 7,N,2");
        is(&left.join(&right, JoinKind::FullOuter).unwrap(), "a:int,b:str,c:str", "1,2,6; 3,4,N; 7,N,2");
        is(&left.join(&right, "semi").unwrap(), "a:int,b:str", "1,2");
        is(&right.join(&left, "semi").unwrap(), "c:str,a:int", "6,1");
        is(&left.join(&right, "anti").unwrap(), "a:int,b:str", "3,4");
        is(&right.join(&left, "anti").unwrap(), "c:str,a:int", "2,7");
        let bools = frame(&session, "c:bool,a:int", "true,1; false,7");
        is(&left.join(&bools, "left_outer").unwrap(), "a:int,b:str,c:bool", "1,2,true; 3,4,N");
    }
}

#[test]
fn keys_of_two_names_may_be_crossed() {
    for session in sessions() {
        let left = frame(&session, "a:int,b:int,c:str", "1,2,x; 3,4,y; 5,N,z");
        let right = frame(&session, "b:int,d:str,a:int", "1,p,2; 3,q,9; N,r,5");
        let by = [("a", "b"), ("b", "a")];
        let schema = "a:int,b:int,c:str,d:str";
        is(&left.join_on(&right, "inner", by).unwrap(), schema, "1,2,x,p");
        is(&left.join_on(&right, "full_outer", by).unwrap(), schema, "1,2,x,p; 3,4,y,N; 5,N,z,N; 3,9,N,q; N,5,N,r");
        is(&left.join_on(&right, "anti", by).unwrap(), "a:int,b:int,c:str", "3,4,y; 5,N,z");
    }
}

#[test]
fn sides_may_be_empty() {
    for session in sessions() {
        let (left, no_left) = (frame(&session, "a:int,b:int", "1,2; 3,4"), frame(&session, "a:int,b:int", ""));
        let (right, no_right) = (frame(&session, "c:str,a:int", "6,1"), frame(&session, "c:str,a:int", ""));
        for kind in ["inner", "left_outer", "right_outer", "full_outer"] {
            is(&no_left.join(&no_right, kind).unwrap(), "a:int,b:int,c:str", "");
        }
        is(&left.join(&no_right, "inner").unwrap(), "a:int,b:int,c:str", "");
        is(&left.join(&no_right, "full_outer").unwrap(), "a:int,b:int,c:str", "1,2,N; 3,4,N");
        is(&no_left.join(&right, "full_outer").unwrap(), "a:int,b:int,c:str", "1,N,6");
        is(&no_left.join(&right, "right_outer").unwrap(), "a:int,b:int,c:str", "1,N,6");
        is(&left.join(&no_right, "semi").unwrap(), "a:int,b:int", "");
        is(&left.join(&no_right, "anti").unwrap(), "a:int,b:int", "1,2; 3,4");
        is(&no_left.join(&no_right, "anti").unwrap(), "a:int,b:int", "");
    }
}

#[test]
fn cross_joins_pair_all_rows() {
    for session in sessions() {
        let left = frame(&session, "a:int,b:int", "1,2; 3,4");
        is(&left.join(&frame(&session, "c:int", "6; 7"), "Cross").unwrap(), "a:int,b:int,c:int", "1,2,6; 1,2,7; 3,4,6; 3,4,7");
        let none = frame(&session, "c:int", "");
        is(&left.join(&none, "cross").unwrap(), "a:int,b:int,c:int", "");
        is(&none.join(&left, "cross").unwrap(), "c:int,a:int,b:int", "");
        is(&frame(&session, "a:int,b:int", "").join(&none, "cross").unwrap(), "a:int,b:int,c:int", "");
        let number = |name: &str, n: usize| {
            frame(&session, &format!("{name}:long"), &(0..n).map(|i| i.to_string()).collect::<Vec<_>>().join(";"))
        };
        // Either side is larger than what is paired at once.
        for (l, r) in [(3_i64, 70_000_i64), (70_000, 3), (300, 300)] {
            let all = number("l", l as usize).join(&number("r", r as usize), "cross").unwrap();
            let facts = all.aggregate([count_all().alias("n"), sum("l").alias("l"), sum("r").alias("r")]).unwrap();
            let expected = format!("{},{},{}", l * r, l * (l - 1) / 2 * r, r * (r - 1) / 2 * l);
            is(&facts, "n:long,l:long,r:long", &expected);
        }
    }
}

#[test]
fn keys_with_nulls_in_one_of_them_never_match_and_nan_does() {
    for session in sessions() {
        let left = frame(&session, "a:double,b:double,c:int", "1,2,3; 4,N,6; NaN,-0.0,9");
        let right = frame(&session, "a:double,b:double,d:int", "1,2,33; 4,N,63; NaN,0,99");
        is(&left.join(&right, "inner").unwrap(), "a:double,b:double,c:int,d:int", "1,2,3,33; NaN,-0.0,9,99");
        let full = left.join(&right, "full_outer").unwrap().filter(col("a").eq(4.0)).unwrap();
        is(&full, "a:double,b:double,c:int,d:int", "4,N,6,N; 4,N,N,63");
    }
}

#[test]
fn several_frames_join_one_after_the_other() {
    for session in sessions() {
        let a = frame(&session, "a:int,b:int", "1,2; 3,4");
        let b = frame(&session, "a:int,c:int", "1,20; 3,40");
        let c = frame(&session, "a:int,d:int", "1,200; 3,400");
        is(&a.join_all([&b, &c], "inner").unwrap(), "a:int,b:int,c:int,d:int", "1,2,20,200; 3,4,40,400");
    }
}

#[test]
fn equal_keys_pair_all_their_rows() {
    for session in sessions() {
        let rows = |n: usize| (0..n).map(|i| format!("{},{i}", i % 3)).collect::<Vec<_>>().join(";");
        let left = frame(&session, "k:int,l:int", &rows(900));
        let right = frame(&session, "k:int,r:int", &rows(600));
        let joined = left.join(&right, "inner").unwrap();
        is(&joined.group_by("k").aggregate([count_all().alias("n")]).unwrap(), "k:int,n:long", "0,60000; 1,60000; 2,60000");
        is(&left.join(&right, "semi").unwrap().aggregate([count_all().alias("n")]).unwrap(), "n:long", "900");
    }
}

#[test]
fn what_cannot_be_joined_is_refused_at_once() {
    let session = &sessions()[0];
    let left = frame(session, "a:int,b:int", "");
    let kinds = |other: &str, kind: &str| left.join(&frame(session, other, ""), kind).unwrap_err().kind();
    assert_eq!(kinds("a:int,c:int", "outer"), ErrorKind::ExpressionInvalid);
    assert_eq!(kinds("a:int,c:int", ""), ErrorKind::ExpressionInvalid);
    assert_eq!(kinds("a:long,c:int", "inner"), ErrorKind::SchemaMismatch);
    assert_eq!(kinds("c:int", "inner"), ErrorKind::SchemaMismatch);
    assert_eq!(kinds("a:int", "cross"), ErrorKind::SchemaMismatch);
    let on = |keys: &[&str]| left.join_on(&left, "inner", keys).unwrap_err().kind();
    assert_eq!(on(&["a"]), ErrorKind::SchemaMismatch);
    assert_eq!(on(&["a", "a", "b"]), ErrorKind::SchemaMismatch);
    assert_eq!(on(&["a", "x"]), ErrorKind::SchemaMismatch);
    let other = frame(session, "x:long,y:int", "");
    let error = left.join_on(&other, "inner", [("a", "y"), ("b", "x")]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::SchemaMismatch);
    assert!(error.message().contains("b = x is int on the left and long on the right"), "{error}");
}
