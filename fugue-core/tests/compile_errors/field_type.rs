//! Every field of a row is a value that a column can hold.
#[derive(fugue_core::row::Row)]
struct Sale {
    amount: std::time::Instant,
}

fn main() {}
