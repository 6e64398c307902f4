//! Window functions over derived maps.

use fugue_core::expr::{Over, avg, col, count_all, lag, rank, row_number, sum};

use super::{frame, is, sessions};

#[test]
fn windows_see_their_partition_in_order() {
    for session in sessions() {
        let df = frame(&session, "k:str,t:int,v:long", "a,2,20; a,1,10; b,1,5; a,3,30; N,1,7; N,2,N");
        let over = || Over::partition_by("k").order_by("t");
        let running = df
            .assign([
                sum("v").over(over().rows(..=0).total_order()).alias("run"),
                row_number().over(over().total_order()).alias("n"),
                lag("v", 1).or_default(0).over(over().total_order()).alias("before"),
                sum("v").over(Over::all().rows(..)).alias("all"),
                (col("v") * 2).alias("double"),
            ])
            .unwrap();
        is(
            &running,
            "k:str,t:int,v:long,run:long,n:long,before:long,all:long,double:long",
            "a,1,10,10,1,0,72,20; a,2,20,30,2,10,72,40; a,3,30,60,3,20,72,60; b,1,5,5,1,0,72,10; N,1,7,7,1,0,72,14; N,2,N,7,2,7,72,N",
        );
    }
}

#[test]
fn windows_of_several_kinds_stand_beside_one_another_after_a_filter() {
    for session in sessions() {
        let df = frame(&session, "k:str,j:int,v:int", "a,1,3; a,2,1; b,1,2; b,2,9; b,2,4");
        let select = fugue_core::relational::Select::new([
            (avg("v").over(Over::partition_by(["k"]).rows(..)) + 0.5).alias("m"),
            rank().over(Over::partition_by("j").order_by("v desc")).alias("r"),
            count_all().over(Over::partition_by(["j", "k"]).rows(..)).alias("n"),
            row_number().over(Over::all().order_by("v").total_order()).alias("i"),
            col("v"),
        ]);
        let made = df.select(select.filter(col("v").lt(9))).unwrap();
        is(&made, "m:double,r:long,n:long,i:long,v:int", "2.5,1,1,3,3; 2.5,2,1,1,1; 3.5,2,1,2,2; 3.5,1,1,4,4");
    }
}
