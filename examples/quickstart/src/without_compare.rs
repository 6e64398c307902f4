//! What stands in for the comparison where the program has one engine, and nothing to compare.

use fugue::{DataFrame, Result};

pub async fn difference(_: &DataFrame, _: &DataFrame) -> Result<Option<String>> {
    Ok(None)
}
