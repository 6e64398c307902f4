//! Functions that cannot be transformers: the argument at fault is pointed at.

use fugue_core::row::Row;
use fugue_core::{portable, transformer};

struct Reading {
    value: f64,
}

#[derive(Row, Clone)]
struct Score {
    z: f64,
}

#[transformer]
fn no_row(readings: &[Reading]) -> Vec<Score> {
    readings.iter().map(|r| Score { z: r.value }).collect()
}

#[transformer]
fn no_row_out(scores: Vec<Score>) -> Vec<Reading> {
    scores.iter().map(|s| Reading { value: s.z }).collect()
}

#[transformer]
fn no_context(scores: &[Score], factor: f64) -> Vec<Score> {
    scores.iter().map(|s| Score { z: s.z * factor }).collect()
}

#[transformer]
fn generic<T: Clone>(rows: &[T]) -> Vec<T> {
    rows.to_vec()
}

#[transformer(nmae = "scores")]
fn misspelt(scores: Vec<Score>) -> Vec<Score> {
    scores
}

impl Score {
    fn total(&self) -> f64 {
        self.z
    }
}

fn main() {
    let factor = 2.0;
    let _ = portable!(|scores: Vec<Score>| -> Vec<Score> { scores.iter().map(|s| Score { z: s.total() * factor }).collect() });
    let _ = portable!(1 + 1);
}
