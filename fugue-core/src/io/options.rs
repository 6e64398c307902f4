//! How to load and how to save: plain values with builder methods.

use crate::error::{Error, ErrorKind, Result};
use crate::io::Format;
use crate::schema::{Schema, SubMicrosecond};

/// The columns that a load gives.
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Columns {
    /// All of them, as they come.
    #[default]
    All,
    /// These, in this order.
    Named(Vec<String>),
    /// These, in this order, cast to these types.
    Typed(Schema),
    /// The same, as the text of a schema; it is parsed by the load.
    Text(String),
}

impl Columns {
    /// The same without [`Text`](Self::Text).
    pub(super) fn parsed(&self) -> Result<Self> {
        match self {
            Self::Text(text) => Schema::parse(text).map(Self::Typed),
            other => Ok(other.clone()),
        }
    }
}

impl From<&str> for Columns {
    fn from(schema: &str) -> Self {
        Self::Text(schema.to_owned())
    }
}

impl From<Schema> for Columns {
    fn from(schema: Schema) -> Self {
        Self::Typed(schema)
    }
}

impl<S: Into<String>> From<Vec<S>> for Columns {
    fn from(names: Vec<S>) -> Self {
        Self::Named(names.into_iter().map(Into::into).collect())
    }
}

impl<S: Into<String>, const N: usize> From<[S; N]> for Columns {
    fn from(names: [S; N]) -> Self {
        Self::Named(names.into_iter().map(Into::into).collect())
    }
}

impl From<&[&str]> for Columns {
    fn from(names: &[&str]) -> Self {
        Self::Named(names.iter().map(|&n| n.to_owned()).collect())
    }
}

/// How to load a file or a folder of files. The default finds out by itself.
///
/// ```
/// use fugue_core::io::{Format, LoadOptions};
/// let options = LoadOptions::new().format(Format::Csv).delimiter(b';').columns(["sensor", "value"]);
/// ```
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoadOptions {
    pub(super) format: Option<Format>,
    pub(super) columns: Columns,
    pub(super) below: Option<SubMicrosecond>,
    // What is None was not said: a setting of CSV that was said for a Parquet file is an error, not something to pass over.
    pub(super) header: Option<bool>,
    pub(super) infer: Option<bool>,
    pub(super) delimiter: Option<u8>,
    pub(super) quote: Option<u8>,
    pub(super) null: Option<String>,
    pub(super) hive: Option<bool>,
}

impl LoadOptions {
    /// The default: format from the suffix, all columns.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The format, whatever the suffix says.
    #[must_use]
    pub fn format(mut self, format: Format) -> Self {
        self.format = Some(format);
        self
    }

    /// Which columns, in which order: names (`["b", "a"]`), or a schema (`"b:str,a:int"`) to which their values are cast.
    ///
    /// For a CSV file without header these are the columns of the file, from the left, all of them.
    #[must_use]
    pub fn columns(mut self, columns: impl Into<Columns>) -> Self {
        self.columns = columns.into();
        self
    }

    /// CSV: whether the first record holds the names (it does unless you say no; then [`columns`](Self::columns) must be given).
    #[must_use]
    pub fn header(mut self, header: bool) -> Self {
        self.header = Some(header);
        self
    }

    /// CSV and JSON: whether types are inferred from the whole file. Unless said, they are when no schema is given. `false` without a schema
    /// gives text columns; `true` with a schema is an error.
    ///
    /// Whole numbers that fit 64 bits become long; decimals, `NaN` and `inf` double; true and false in any case bool; ISO dates date;
    /// ISO dates with a time (mixed with dates or not) datetime; all else, and a column without a value, text.
    #[must_use]
    pub fn infer(mut self, infer: bool) -> Self {
        self.infer = Some(infer);
        self
    }

    /// CSV: the byte between fields, a comma by default.
    #[must_use]
    pub fn delimiter(mut self, delimiter: u8) -> Self {
        self.delimiter = Some(delimiter);
        self
    }

    /// CSV: the byte around fields that hold a delimiter, a quote or the end of a line; `"` by default. Doubled inside of a field it is itself.
    #[must_use]
    pub fn quote(mut self, quote: u8) -> Self {
        self.quote = Some(quote);
        self
    }

    /// Whether folders named `key=value` are columns (they are unless you say no), after those of the files, or where
    /// [`columns`](Self::columns) says. Without a schema they are long where all of their values are whole numbers, else text.
    #[must_use]
    pub fn hive(mut self, hive: bool) -> Self {
        self.hive = Some(hive);
        self
    }

    /// CSV: the text that means null (`\N` say). By default an empty field does, for every type, quoted or not; with a null text an empty
    /// field of a text column is empty text, and of any other column still null.
    #[must_use]
    pub fn null(mut self, text: impl Into<String>) -> Self {
        self.null = Some(text.into());
        self
    }

    /// Parquet: what becomes of nanoseconds that do not make a whole microsecond; they are an error unless you say so.
    #[must_use]
    pub fn sub_microsecond(mut self, below: SubMicrosecond) -> Self {
        self.below = Some(below);
        self
    }

    /// Refuses the settings of another format.
    pub(super) fn only_for(&self, format: Format) -> Result<()> {
        if format != Format::Parquet && self.below.is_some() {
            return Err(misplaced("sub_microsecond", Format::Parquet, format));
        }
        if format != Format::Csv && format != Format::Json && self.infer.is_some() {
            return Err(misplaced("infer", Format::Csv, format));
        }
        let said = [
            ("header", self.header.is_some()),
            ("delimiter", self.delimiter.is_some()),
            ("quote", self.quote.is_some()),
            ("null", self.null.is_some()),
        ];
        refuse_csv(format, &said)
    }
}

/// What a save does when its target is there already.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SaveMode {
    /// Replaces it, when everything is written: a failing save leaves it as it was.
    #[default]
    Overwrite,
    /// Fails with [`ErrorKind::AlreadyExists`].
    ErrorIfExists,
}

/// How pages of a Parquet file are compressed.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Compression {
    /// The default: every reader knows it, and it costs least time on both ways. Files are a third larger than with zstd.
    #[default]
    Snappy,
    /// Zstandard at a level from 1 to 22: smaller files, slower.
    Zstd(i32),
    /// None at all.
    None,
}

/// How to save a frame.
///
/// ```
/// use fugue_core::io::{Compression, SaveMode, SaveOptions};
/// let options = SaveOptions::new().mode(SaveMode::ErrorIfExists).compression(Compression::Zstd(1));
/// ```
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SaveOptions {
    pub(super) format: Option<Format>,
    pub(super) mode: SaveMode,
    pub(super) header: Option<bool>,
    pub(super) delimiter: Option<u8>,
    pub(super) quote: Option<u8>,
    pub(super) null: Option<String>,
    pub(super) compression: Option<Compression>,
}

impl SaveOptions {
    /// The default: format from the suffix, an existing target is replaced.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The format, whatever the suffix says.
    #[must_use]
    pub fn format(mut self, format: Format) -> Self {
        self.format = Some(format);
        self
    }

    /// What to do with a target that is there already.
    #[must_use]
    pub fn mode(mut self, mode: SaveMode) -> Self {
        self.mode = mode;
        self
    }

    /// CSV: whether the first record holds the names (it does by default).
    #[must_use]
    pub fn header(mut self, header: bool) -> Self {
        self.header = Some(header);
        self
    }

    /// CSV: the byte between fields, a comma by default.
    #[must_use]
    pub fn delimiter(mut self, delimiter: u8) -> Self {
        self.delimiter = Some(delimiter);
        self
    }

    /// CSV: the byte around fields that need it, `"` by default.
    #[must_use]
    pub fn quote(mut self, quote: u8) -> Self {
        self.quote = Some(quote);
        self
    }

    /// CSV: the text that stands for null, nothing by default. With one (`\N` say) empty text survives; a value that is the same text
    /// fails the save.
    #[must_use]
    pub fn null(mut self, text: impl Into<String>) -> Self {
        self.null = Some(text.into());
        self
    }

    /// Parquet: how to compress.
    #[must_use]
    pub fn compression(mut self, compression: Compression) -> Self {
        self.compression = Some(compression);
        self
    }

    /// Refuses the settings of another format.
    pub(super) fn only_for(&self, format: Format) -> Result<()> {
        if format != Format::Parquet && self.compression.is_some() {
            return Err(misplaced("compression", Format::Parquet, format));
        }
        let said = [
            ("header", self.header.is_some()),
            ("delimiter", self.delimiter.is_some()),
            ("quote", self.quote.is_some()),
            ("null", self.null.is_some()),
        ];
        refuse_csv(format, &said)
    }
}

fn refuse_csv(format: Format, said: &[(&'static str, bool)]) -> Result<()> {
    match said.iter().find(|(_, set)| *set && format != Format::Csv) {
        Some((name, _)) => Err(misplaced(name, Format::Csv, format)),
        None => Ok(()),
    }
}

fn misplaced(setting: &'static str, belongs: Format, format: Format) -> Error {
    Error::new(
        ErrorKind::SettingInvalid,
        format!("{setting} is a setting of {belongs}, and the format is {format}; leave it out"),
    )
    .with("setting", setting)
}
