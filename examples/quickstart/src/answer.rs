//! What a step answers, and how it is shown.

use std::fmt::Display;
use std::io::Write as _;
use std::time::Instant;

use fugue::{DataFrame, Result};

/// Rows of a table that are shown.
const SHOWN: usize = 5;

/// The rows that a step gave on one engine, kept in memory.
#[derive(Debug)]
pub struct Answer {
    pub title: String,
    pub rows: DataFrame,
}

impl Answer {
    /// Runs what was planned, and shows title, first rows, number of rows and seconds.
    pub async fn of(title: impl Into<String>, started: Instant, planned: DataFrame) -> Result<Self> {
        let title = title.into();
        let rows = planned.persist().await?;
        let seconds = started.elapsed().as_secs_f64();
        say(format!("\n{title}\n{}", rows.table(SHOWN).await?));
        say(format!("took {seconds:.2} s for {} rows", rows.count().await?));
        Ok(Self { title, rows })
    }
}

/// Writes a line for the user. A reader that went away (`| head`) is no reason to fail.
pub fn say(line: impl Display) {
    let _ = writeln!(std::io::stdout(), "{line}");
}
