//! The rest of the columns is kept in one type only.

use fugue_core::row::Row;

#[derive(Row)]
struct Person {
    name: String,
    #[row(rest)]
    others: Vec<String>,
}

fn main() {}
