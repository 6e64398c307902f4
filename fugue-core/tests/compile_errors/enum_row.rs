//! Rows are structs with named fields.
#[derive(fugue_core::row::Row)]
enum Sale {
    Cash(f64),
}

#[derive(fugue_core::row::Row)]
struct Pair(i64, i64);

#[derive(fugue_core::row::Row)]
struct Twice {
    #[row(rename = "b")]
    a: i64,
    b: i64,
}

fn main() {}
