//! A function that is found by name has one instance.
#[fugue_core::transformer]
fn keep<T>(rows: Vec<T>) -> Vec<T> {
    rows
}

fn main() {}
