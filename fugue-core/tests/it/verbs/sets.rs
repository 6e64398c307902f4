//! Set operations, of different rows and with counts.

use fugue_core::ErrorKind;

use super::{frame, is, sessions};

const S: &str = "a:double,b:double,c:int";

#[test]
fn unions() {
    for session in sessions() {
        let (a, b) = (frame(&session, S, "1,2,3; 4,N,6"), frame(&session, S, "1,2,33; 4,N,6"));
        is(&a.union(&b).unwrap(), S, "1,2,3; 4,N,6; 1,2,33");
        let all = a.union_all(&b).unwrap();
        is(&all, S, "1,2,3; 4,N,6; 1,2,33; 4,N,6");
        let many = a.union_all(&b).unwrap().union_all(&all).unwrap();
        is(&many, S, "1,2,3; 1,2,3; 1,2,33; 1,2,33; 4,N,6; 4,N,6; 4,N,6; 4,N,6");
    }
}

#[test]
fn subtractions() {
    for session in sessions() {
        let a = frame(&session, S, "1,2,3; 1,2,3; 4,N,6");
        let (b, c) = (frame(&session, S, "1,2,33; 4,N,6"), frame(&session, S, "1,2,33"));
        is(&a.subtract(&b).unwrap(), S, "1,2,3");
        is(&a.subtract_all(&b).unwrap(), S, "1,2,3; 1,2,3");
        is(&a.subtract(&c).unwrap().subtract(&frame(&session, S, "4,N,6")).unwrap(), S, "1,2,3");
        is(&a.subtract_all(&frame(&session, S, "1,2,3; 4,N,6; 4,N,6")).unwrap(), S, "1,2,3");
        is(&a.subtract(&frame(&session, S, "")).unwrap(), S, "1,2,3; 4,N,6");
    }
}

#[test]
fn intersections() {
    for session in sessions() {
        let a = frame(&session, S, "1,2,3; 4,N,6; 4,N,6");
        let b = frame(&session, S, "1,2,33; 4,N,6; 4,N,6; 4,N,6");
        is(&a.intersect(&b).unwrap(), S, "4,N,6");
        is(&a.intersect_all(&b).unwrap(), S, "4,N,6; 4,N,6");
        is(&a.intersect(&frame(&session, S, "1,2,33")).unwrap().intersect(&b).unwrap(), S, "");
        is(&a.intersect(&frame(&session, S, "")).unwrap(), S, "");
    }
}

#[test]
fn schemas_must_be_the_same() {
    let session = &sessions()[0];
    let a = frame(session, "a:int,b:str", "");
    for other in ["a:int", "b:str,a:int", "a:long,b:str", "a:int,c:str"] {
        let b = frame(session, other, "");
        for error in [a.union(&b), a.union_all(&b), a.subtract(&b), a.subtract_all(&b), a.intersect(&b), a.intersect_all(&b)] {
            assert_eq!(error.unwrap_err().kind(), ErrorKind::SchemaMismatch);
        }
    }
}
