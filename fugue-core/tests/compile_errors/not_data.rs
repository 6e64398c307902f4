//! What is transformed is a frame, or rows or batches in a `Vec`.
use fugue_core::calls::transform;

#[derive(fugue_core::row::Row)]
struct Sale {
    amount: f64,
}

fn keep(sales: Vec<Sale>) -> Vec<Sale> {
    sales
}

fn main() {
    let _ = transform("sales.parquet", keep);
}
