//! The data of a function must be rows.
use fugue_core::calls::transform;

struct Sale {
    amount: f64,
}

#[derive(fugue_core::row::Row)]
struct Total {
    total: f64,
}

fn total(sales: &[Sale]) -> Total {
    Total { total: sales.iter().map(|s| s.amount).sum() }
}

fn main() {
    let _ = transform(Vec::<Total>::new(), total).partition_by("shop");
}
