//! The file formats, and how one is chosen: an explicit word beats the last suffix of the file name.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::packed::Packing;
use crate::error::{Error, ErrorKind, Result};

const KNOWN: &str = "the formats are parquet (.parquet), csv (.csv, .csv.gz, .csv.zst), json (.json, .jsonl, .ndjson, .json.gz, .json.zst) \
                     and arrow (.arrow, .ipc, .feather)";

/// A file format that core reads and writes by itself.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Format {
    /// Apache Parquet; keeps every type.
    Parquet,
    /// Text with separators; keeps no type, no bytes and nothing nested.
    Csv,
    /// JSON lines: one object per line; keeps what is nested, but no type, no bytes, and of maps those with text as keys.
    Json,
    /// The file format of Arrow IPC; keeps every type. Its stream format is read too.
    Arrow,
}

impl Format {
    /// The format that the last suffix of a file name says; earlier dots do not count (`c.test.parquet` is Parquet), but for files of text
    /// that are packed (`c.csv.gz`, `c.json.zst`).
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] naming the path, for an unknown suffix or none.
    pub fn of(path: &Path) -> Result<Self> {
        let suffix = suffix_of(path);
        let inner = path.file_stem().map(Path::new);
        let said = match (suffix.as_deref().map(known), Packing::of(path)) {
            (Some(Some(format)), _) => return Ok(format),
            (_, packing) if packing != Packing::None => match inner.and_then(suffix_of).and_then(|s| known(&s)) {
                Some(format) if format.packs() => return Ok(format),
                _ => format!(
                    "a packed file (.{}) is read and written only of csv and json; use parquet, which compresses by itself, or name the \
                     format with .format(…)",
                    suffix.unwrap_or_default()
                ),
            },
            (Some(None), _) if matches!(suffix.as_deref(), Some("bz2" | "xz" | "zip" | "lz4" | "7z")) => {
                format!(
                    "files packed so (.{}) are not read or written; pack csv and json with gzip or zstd",
                    suffix.unwrap_or_default()
                )
            }
            (Some(None), _) => {
                format!(
                    "the suffix .{} says no format that is known; {KNOWN}; name one with .format(…)",
                    suffix.unwrap_or_default()
                )
            }
            (None, _) => format!("the name has no suffix that says its format; {KNOWN}; name one with .format(…)"),
        };
        Err(Error::new(ErrorKind::Unsupported, said).with("path", path.display().to_string()))
    }

    /// The suffix of its files, without the dot.
    #[must_use]
    pub fn suffix(self) -> &'static str {
        match self {
            Self::Parquet => "parquet",
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Arrow => "arrow",
        }
    }

    /// Whether its files are text, which is packed from outside.
    pub(super) fn packs(self) -> bool {
        matches!(self, Self::Csv | Self::Json)
    }
}

fn suffix_of(path: &Path) -> Option<String> {
    path.extension().and_then(|s| s.to_str()).map(str::to_ascii_lowercase)
}

fn known(suffix: &str) -> Option<Format> {
    match suffix {
        "parquet" => Some(Format::Parquet),
        "csv" => Some(Format::Csv),
        "json" | "jsonl" | "ndjson" => Some(Format::Json),
        "arrow" | "ipc" | "feather" => Some(Format::Arrow),
        _ => None,
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
        known(&word.to_ascii_lowercase())
            .ok_or_else(|| Error::new(ErrorKind::Unsupported, format!("there is no format {word:?}; {KNOWN}")))
    }
}
