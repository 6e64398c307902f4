//! The file formats, and how one is chosen: an explicit word beats the last suffix of the file name.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use crate::error::{Error, ErrorKind, Result};

const KNOWN: &str = "the formats are parquet (.parquet) and csv (.csv)";

/// A file format that core reads and writes by itself.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// Apache Parquet; keeps every type.
    Parquet,
    /// Text with separators; keeps no type, no bytes and nothing nested.
    Csv,
}

impl Format {
    /// The format that the last suffix of a file name says; earlier dots do not count (`c.test.parquet` is Parquet).
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] naming the path, for an unknown suffix or none.
    pub fn of(path: &Path) -> Result<Self> {
        let suffix = path.extension().and_then(|s| s.to_str()).map(str::to_ascii_lowercase);
        let said = match suffix.as_deref() {
            Some("parquet") => return Ok(Self::Parquet),
            Some("csv") => return Ok(Self::Csv),
            Some(packed @ ("gz" | "zst" | "bz2" | "xz" | "zip")) => {
                format!(
                    "compressed files (.{packed}) are not read or written; unpack the file, or use parquet, which compresses by itself"
                )
            }
            Some(other) => format!("the suffix .{other} says no format that is known; {KNOWN}; name one with .format(…)"),
            None => format!("the name has no suffix that says its format; {KNOWN}; name one with .format(…)"),
        };
        Err(Error::new(ErrorKind::Unsupported, said).with("path", path.display().to_string()))
    }

    /// The suffix of its files, without the dot.
    #[must_use]
    pub fn suffix(self) -> &'static str {
        match self {
            Self::Parquet => "parquet",
            Self::Csv => "csv",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.suffix())
    }
}

impl FromStr for Format {
    type Err = Error;

    fn from_str(word: &str) -> Result<Self> {
        match word.to_ascii_lowercase().as_str() {
            "parquet" => Ok(Self::Parquet),
            "csv" => Ok(Self::Csv),
            _ => Err(Error::new(ErrorKind::Unsupported, format!("there is no format {word:?}; {KNOWN}"))),
        }
    }
}
