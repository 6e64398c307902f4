//! The data comes first, context after it.
use fugue_core::transform::{Cursor, assert_transformer};

#[derive(fugue_core::row::Row)]
struct Sale {
    amount: f64,
}

fn total(_: Cursor, sales: &[Sale]) -> Vec<Sale> {
    let _ = sales;
    Vec::new()
}

fn main() {
    assert_transformer(&total);
}
