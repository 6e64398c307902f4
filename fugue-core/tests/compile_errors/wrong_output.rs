//! A function over rows returns rows.
use fugue_core::transform::assert_transformer;

#[derive(fugue_core::row::Row)]
struct Sale {
    amount: f64,
}

fn total(sales: &[Sale]) -> f64 {
    sales.iter().map(|s| s.amount).sum()
}

fn main() {
    assert_transformer(&total);
}
