//! Time zones in schemas: IANA names and UTC stay, fixed offsets become UTC because only the instant counts.

use std::sync::Arc;

use crate::error::Result;

/// The zone that a schema keeps for a zone that data came with.
///
/// # Errors
/// [`ErrorKind::SchemaInvalid`](crate::ErrorKind::SchemaInvalid) for the empty zone.
pub(crate) fn normalise(zone: &str) -> Result<Arc<str>> {
    let offset = zone.starts_with(['+', '-']) || matches!(zone, "Z" | "z" | "utc" | "Etc/UTC");
    if zone.is_empty() {
        return Err(crate::Error::new(crate::ErrorKind::SchemaInvalid, "a timestamp has an empty zone; write datetime for none"));
    }
    Ok(if offset { Arc::from("UTC") } else { Arc::from(zone) })
}
