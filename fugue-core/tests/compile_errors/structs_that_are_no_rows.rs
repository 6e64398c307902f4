//! Structs that cannot be rows.

use fugue_core::row::Row;

#[derive(Row)]
struct Empty;

#[derive(Row)]
struct Static {
    name: &'static str,
}

#[derive(Row)]
struct TwoLives<'a, 'b> {
    first: &'a str,
    second: &'b str,
}

#[derive(Row)]
struct TwoRests {
    #[row(rest)]
    some: Rest,
    #[row(rest)]
    more: Rest,
}

#[derive(Row)]
struct Unknown {
    #[row(name = "x")]
    a: i64,
}

fn main() {}
