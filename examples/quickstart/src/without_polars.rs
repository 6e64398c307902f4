//! What stands in for Polars where the program is built without it: one engine, nothing to compare.

use std::path::Path;

use fugue::{DataFrame, Error, ErrorKind, Result, Session};

use crate::answer::Answer;
use crate::arguments::Arguments;

pub const NEXT: &str = "next: cargo run -p quickstart --features polars -- --engine all";

/// The engines that the program was asked for.
pub fn engines(arguments: &Arguments) -> Result<Vec<&str>> {
    match arguments.engine.as_str() {
        "polars" | "all" => Err(Error::new(
            ErrorKind::SettingInvalid,
            "this program has the local engine only; cargo run -p quickstart --features polars -- --engine all builds it with Polars",
        )),
        engine => Ok(vec![engine]),
    }
}

/// Without Polars there is no function of Polars to run.
pub async fn existing(_: &Session, _: &Path) -> Result<Vec<Answer>> {
    Ok(Vec::new())
}

/// Without a second engine there is nothing to compare.
pub async fn difference(_: &DataFrame, _: &DataFrame) -> Result<Option<String>> {
    Ok(None)
}
