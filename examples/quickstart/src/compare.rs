//! With an engine besides the embedded one: whether two answers are identical.

use conformance_tests::compare::Compare;
use fugue::{DataFrame, Result};

/// What differs, by the only definition of "identical": that of the conformance suite.
pub async fn difference(one: &DataFrame, other: &DataFrame) -> Result<Option<String>> {
    // The batches of both are read by one schema, so it must be that of both.
    if one.schema() != other.schema() {
        return Ok(Some(format!("the schemas differ: {} and {}", one.schema(), other.schema())));
    }
    let (left, right) = (one.collect().await?, other.collect().await?);
    Ok(Compare::exact().batches(one.schema(), &left, &right).err().map(|difference| difference.to_string()))
}
