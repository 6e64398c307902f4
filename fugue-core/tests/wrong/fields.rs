//! Fields that no column has the type of.

use std::collections::HashMap;

use fugue_core::row::Row;

#[derive(Row)]
struct Machine {
    count: usize,
}

#[derive(Row)]
struct Hashed {
    counts: HashMap<String, i64>,
}

struct Address {
    street: String,
}

#[derive(Row)]
struct Person {
    name: String,
    addresses: Vec<Address>,
}

#[derive(Row)]
struct Rested {
    name: String,
    #[row(rest)]
    others: Vec<String>,
}

fn main() {}
