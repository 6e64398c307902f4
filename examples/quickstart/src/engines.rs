//! Which engines there are, and which of them the user asked for.

use fugue::session::EngineFactory;
use fugue::{Error, ErrorKind, Result};

pub const NEXT: &str = "next: cargo run -p quickstart --features all -- --engine all";

/// The engines that the program was asked for, the embedded one first.
pub fn engines(asked: &str) -> Result<Vec<&str>> {
    let mut linked: Vec<&str> = EngineFactory::linked().iter().map(EngineFactory::name).collect();
    linked.sort_by_key(|name| *name != "local");
    let build = |feature: &str| {
        let message = format!(
            "this program has {} only; cargo run -p quickstart --features {feature} -- --engine {asked} builds it with more",
            linked.join(", ")
        );
        Err(Error::new(ErrorKind::SettingInvalid, message))
    };
    match asked {
        "all" if linked.len() == 1 => build("all"),
        "all" => Ok(linked),
        "polars" | "datafusion" | "ballista" if !linked.contains(&asked) => build(asked),
        engine => Ok(vec![engine]),
    }
}
