//! Options that are none, and a macro that gets no function.

use fugue_core::row::Row;
use fugue_core::{portable, transformer};

#[derive(Row)]
struct Score {
    z: f64,
}

#[transformer(nmae = "scores")]
fn misspelt(scores: Vec<Score>) -> Vec<Score> {
    scores
}

#[transformer(name = "")]
fn nameless(scores: Vec<Score>) -> Vec<Score> {
    scores
}

fn main() {
    let _ = portable!(1 + 1);
}
