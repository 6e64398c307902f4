//! Sort, take and limit.

use fugue_core::frame::Nulls;
use fugue_core::{DataFrame, Session, blocking};

use super::{collect, frame, is, is_ordered, sessions};

const T: &str = "a:str,b:int,c:long";

fn input(session: &Session) -> DataFrame {
    frame(session, T, "a,2,3; a,3,4; b,1,2; b,2,2; N,4,2; N,2,1")
}

#[test]
fn takes_are_the_first_rows_of_an_order() {
    for session in sessions() {
        let df = input(&session);
        is(&df.take_sorted(1, "b desc").unwrap(), T, "N,4,2");
        is(&df.take_sorted_with(2, "a desc", Nulls::First).unwrap(), T, "N,4,2; N,2,1");
        is(&df.take_sorted_with(2, "a", Nulls::First).unwrap(), T, "N,4,2; N,2,1");
        is(&df.take_sorted(2, "a desc").unwrap(), T, "b,1,2; b,2,2");
        let a = df.group_by("a");
        is(&a.take(1, "a asc, b desc").unwrap(), T, "a,3,4; b,2,2; N,4,2");
        is(&df.group_by("c").take(1, "b").unwrap(), T, "a,2,3; a,3,4; b,1,2; N,2,1");
        // Without an order the least rows by all columns.
        is(&a.take(1, ()).unwrap(), T, "a,2,3; b,1,2; N,2,1");
        is(&a.take(2, ()).unwrap(), T, "a,2,3; a,3,4; b,1,2; b,2,2; N,4,2; N,2,1");
        is(&df.group_by("b").take_with(1, "a", Nulls::First).unwrap(), T, "N,2,1; a,3,4; b,1,2; N,4,2");
        for none in [df.take(0), df.take_sorted(0, "a"), a.take(0, "b"), df.limit(0)] {
            is(&none.unwrap(), T, "");
        }
        assert_eq!(collect(&df.take(4).unwrap()).len(), 4);
        assert_eq!(collect(&df.limit(9).unwrap()).len(), 6);
        assert_eq!(collect(&df.group_by(()).take(2, "b").unwrap()).len(), 2);
    }
}

#[test]
fn sorted_frames_come_in_order() {
    for session in sessions() {
        let df = input(&session);
        let sorted = df.sort("a desc, b").unwrap();
        is_ordered(&sorted, T, "b,1,2; b,2,2; a,2,3; a,3,4; N,2,1; N,4,2");
        is_ordered(&df.sort_with("a desc, b desc", Nulls::First).unwrap(), T, "N,4,2; N,2,1; b,2,2; b,1,2; a,3,4; a,2,3");
        is_ordered(&sorted.limit(3).unwrap(), T, "b,1,2; b,2,2; a,2,3");
        is_ordered(&df.sort(["c", "b", "a"]).unwrap(), T, "N,2,1; b,1,2; b,2,2; N,4,2; a,2,3; a,3,4");
        let floats = frame(&session, "x:double", "N; NaN; 1; -inf; inf; 0");
        is_ordered(&floats.sort("x").unwrap(), "x:double", "-inf; 0; 1; inf; NaN; N");
        is_ordered(&floats.sort("x desc").unwrap(), "x:double", "NaN; inf; 1; 0; -inf; N");
        is(&df.sort(()).unwrap(), T, "a,2,3; a,3,4; b,1,2; b,2,2; N,4,2; N,2,1");
    }
}

#[test]
fn many_rows_come_in_order_and_cut() {
    for session in sessions() {
        let rows = (0..150_000_i64).map(|i| (i * 48_271 % 150_001).to_string()).collect::<Vec<_>>();
        let mut expected: Vec<i64> = rows.iter().map(|r| r.parse().unwrap()).collect();
        expected.sort_unstable();
        let df = frame(&session, "n:long", &rows.join(";"));
        let numbers = |df: DataFrame| collect(&df).iter().map(|r| r.parse().unwrap()).collect::<Vec<i64>>();
        assert_eq!(numbers(df.sort("n").unwrap()), expected);
        assert_eq!(numbers(df.take_sorted(100, "n").unwrap()), expected[..100]);
        assert_eq!(numbers(df.sort("n").unwrap().limit(70_000).unwrap()), expected[..70_000]);
        expected.reverse();
        assert_eq!(numbers(df.take_sorted(5_000, "n desc").unwrap()), expected[..5_000]);
        assert_eq!(blocking::wait(df.limit(100_000).unwrap().count()).unwrap(), 100_000);
    }
}
