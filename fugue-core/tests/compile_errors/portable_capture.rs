//! What is to travel cannot capture.
use fugue_core::portable;

#[derive(fugue_core::row::Row)]
struct Sale {
    amount: f64,
}

fn main() {
    let factor = 2.0;
    let _ = portable!(|sales: Vec<Sale>| -> Vec<Sale> { sales.into_iter().map(|s| Sale { amount: s.amount * factor }).collect() });
}
