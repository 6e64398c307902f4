//! Rows without nulls, and values in the place of nulls.

use fugue_core::ErrorKind;
use fugue_core::expr::{Expr, col, lit, null};
use fugue_core::frame::DropNulls;

use super::{frame, is, sessions};

const B: &str = "a:double,b:double,c:double";
const ROWS: &str = "4,N,6; 1,2,3; 4,N,N";

#[test]
fn rows_with_nulls_are_dropped() {
    for session in sessions() {
        let df = frame(&session, B, ROWS);
        is(&df.dropna().unwrap(), B, "1,2,3");
        is(&df.dropna_with(DropNulls::all()).unwrap(), B, ROWS);
        is(&df.dropna_with(DropNulls::fewer_than(2)).unwrap(), B, "4,N,6; 1,2,3");
        is(&df.dropna_with(DropNulls::any().subset(["a", "c"])).unwrap(), B, "4,N,6; 1,2,3");
        is(&df.dropna_with(DropNulls::fewer_than(1).subset(["a", "c"])).unwrap(), B, ROWS);
        is(&df.dropna_with(DropNulls::all().subset(["b", "c"])).unwrap(), B, "4,N,6; 1,2,3");
        is(&frame(&session, "a:double", "NaN; N").dropna().unwrap(), "a:double", "NaN");
        assert_eq!(df.dropna_with(DropNulls::any().subset("x")).unwrap_err().kind(), ErrorKind::ColumnNotFound);
    }
}

#[test]
fn nulls_are_filled() {
    for session in sessions() {
        let df = frame(&session, B, ROWS);
        is(&df.fillna(1).unwrap(), B, "4,1,6; 1,2,3; 4,1,1");
        is(&df.fillna_map([("b", 99), ("c", -99)]).unwrap(), B, "4,99,6; 1,2,3; 4,99,-99");
        is(&df.fillna_with(-99, ["c"]).unwrap(), B, "4,N,6; 1,2,3; 4,N,-99");
        let mixed = frame(&session, "i:int,s:str,t:bool,d:date", "N,N,N,N; 1,x,true,2020-01-01");
        let schema = "i:int,s:str,t:bool,d:date";
        is(&mixed.fillna(7).unwrap(), schema, "7,N,N,N; 1,x,true,2020-01-01");
        is(&mixed.fillna("?").unwrap(), schema, "N,?,N,N; 1,x,true,2020-01-01");
        is(&mixed.fillna(false).unwrap(), schema, "N,N,false,N; 1,x,true,2020-01-01");
        is(
            &mixed.fillna_map([("d", lit("2000-02-29")), ("i", lit(1.0))]).unwrap(),
            schema,
            "1,N,N,2000-02-29; 1,x,true,2020-01-01",
        );
    }
}

#[test]
fn values_that_do_not_fit_are_refused_at_once() {
    let session = &sessions()[0];
    let df = frame(session, "i:int,y:byte,s:str", "");
    let value = |filled: fugue_core::Result<_>| filled.map(|_: fugue_core::DataFrame| ()).unwrap_err().kind();
    assert_eq!(value(df.fillna(null())), ErrorKind::ValueInvalid);
    assert_eq!(value(df.fillna(None::<i64>)), ErrorKind::ValueInvalid);
    assert_eq!(value(df.fillna_map([("i", lit(1)), ("s", null())])), ErrorKind::ValueInvalid);
    assert_eq!(value(df.fillna(1.5)), ErrorKind::ValueInvalid);
    assert_eq!(value(df.fillna(300)), ErrorKind::ValueInvalid);
    assert_eq!(value(df.fillna_with("x", "i")), ErrorKind::ValueInvalid);
    assert_eq!(value(df.fillna_with(1, "x")), ErrorKind::ColumnNotFound);
    assert_eq!(value(df.fillna(col("i"))), ErrorKind::ColumnNotFound);
    assert_eq!(value(df.fillna(Expr::from(fugue_core::row::Value::List(vec![])))), ErrorKind::ExpressionInvalid);
}
