//! How to load and how to save: plain values with builder methods.

use serde::{Deserialize, Serialize};

use super::packed::Packing;
use super::store::StoreOptions;
use crate::error::{Error, ErrorKind, Result};
use crate::io::Format;
use crate::partition::{Algo, IntoNames, IntoNum, Num, PartitionSpec};
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
    pub(crate) stores: StoreOptions,
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

    /// How the object store of an address is reached; what it does not say, the session does.
    #[must_use]
    pub fn stores(mut self, stores: StoreOptions) -> Self {
        self.stores = stores;
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

    /// CSV: whether types are inferred from the whole file. Unless said, they are when no schema is given. `false` without a schema
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

    /// Parquet and Arrow: what becomes of nanoseconds that do not make a whole microsecond; they are an error unless you say so.
    #[must_use]
    pub fn sub_microsecond(mut self, below: SubMicrosecond) -> Self {
        self.below = Some(below);
        self
    }

    /// Refuses the settings of another format.
    pub(super) fn only_for(&self, format: Format) -> Result<()> {
        if !matches!(format, Format::Parquet | Format::Arrow) && self.below.is_some() {
            return Err(misplaced("sub_microsecond", Format::Parquet, format));
        }
        let said = [
            ("header", self.header.is_some()),
            ("infer", self.infer.is_some()),
            ("delimiter", self.delimiter.is_some()),
            ("quote", self.quote.is_some()),
            ("null", self.null.is_some()),
        ];
        refuse_csv(format, &said)
    }
}

/// What a save does when its target is there already.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum SaveMode {
    /// Replaces it, when everything is written: a failing save leaves it as it was.
    #[default]
    Overwrite,
    /// Adds files to a folder, all at once, with names that no other save uses. The columns must be those that are there.
    Append,
    /// Fails with [`ErrorKind::AlreadyExists`].
    ErrorIfExists,
}

/// How a file is compressed: Parquet inside of its pages, Arrow inside of its buffers, text as a whole.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Compression {
    /// The default of Parquet: every reader knows it, and it costs least time on both ways. Files are a third larger than with zstd.
    #[default]
    Snappy,
    /// Zstandard at a level from 1 to 22: smaller files, slower. Of Arrow at its own level. A whole file of text ends with `.zst`.
    Zstd(i32),
    /// Gzip. A whole file of text ends with `.gz`. Not of Arrow.
    Gzip,
    /// LZ4, of Parquet and Arrow.
    Lz4,
    /// None at all: the default of text and Arrow.
    None,
}

/// How to save a frame.
///
/// ```
/// use fugue_core::io::{Compression, SaveMode, SaveOptions};
/// let options = SaveOptions::new().mode(SaveMode::ErrorIfExists).compression(Compression::Zstd(1));
/// let folders = SaveOptions::new().partition_by(["year", "month"]).mode(SaveMode::Append);
/// ```
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SaveOptions {
    pub(super) format: Option<Format>,
    pub(super) mode: SaveMode,
    pub(super) header: Option<bool>,
    pub(super) delimiter: Option<u8>,
    pub(super) quote: Option<u8>,
    pub(super) null: Option<String>,
    pub(super) compression: Option<Compression>,
    pub(super) row_group_rows: Option<usize>,
    pub(super) statistics: Option<bool>,
    pub(super) keys: Vec<String>,
    /// As text, in which it travels.
    pub(super) files: Option<String>,
    pub(super) single: bool,
    /// What was said of a partition that a save cannot do, to be refused by it.
    pub(super) refused: Option<String>,
    /// Does not travel: writers of parts need none of it.
    #[serde(skip)]
    pub(crate) stores: StoreOptions,
}

impl SaveOptions {
    /// The default: format from the suffix, one file, an existing target is replaced.
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

    /// How the object store of an address is reached; what it does not say, the session does.
    #[must_use]
    pub fn stores(mut self, stores: StoreOptions) -> Self {
        self.stores = stores;
        self
    }

    /// What to do with a target that is there already.
    #[must_use]
    pub fn mode(mut self, mode: SaveMode) -> Self {
        self.mode = mode;
        self
    }

    /// A folder of folders `key=value`, one level for each key; the keys are not in the files, a load takes them from the folders. Their types
    /// are then those that a load [infers](LoadOptions::hive) or is given. How many files a folder has is the engine's matter, unless
    /// [`files`](Self::files) says it.
    #[must_use]
    pub fn partition_by(mut self, keys: impl IntoNames) -> Self {
        self.keys = keys.into_names().into_iter().map(|k| (*k).to_owned()).collect();
        self
    }

    /// A folder of so many files, of about the same number of rows (fewer where there are fewer rows); with keys, of at most so many in each
    /// of their folders. A number or an expression, as in [`PartitionSpec::num`].
    #[must_use]
    pub fn files(mut self, files: impl IntoNum) -> Self {
        match files.into_num() {
            Ok(num) => self.set_files(&num),
            Err(e) => self.refused = Some(e.message().to_owned()),
        }
        self
    }

    /// Keys as in [`partition_by`](Self::partition_by), and the number as in [`files`](Self::files). What else a specification may say is
    /// refused by the save: lay the frame out before.
    #[must_use]
    pub fn partition(mut self, spec: &PartitionSpec) -> Self {
        self.keys = spec.keys().iter().map(|k| (**k).to_owned()).collect();
        self.files = None;
        self.set_files(spec.num_expr());
        if !spec.presort_keys().is_empty() || !matches!(spec.algorithm(), Algo::Default | Algo::Hash) {
            self.refused = Some(format!(
                "a save takes keys and a number of a partition, and not all of [{spec}]; sort or repartition before"
            ));
        }
        self
    }

    /// One file, also where a [`partition`](Self::partition) says a number.
    #[must_use]
    pub fn single(mut self, single: bool) -> Self {
        self.single = single;
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

    /// How to compress. A single file of text is compressed as its name says (`.csv.gz`, `.json.zst`), files of a folder as this does.
    #[must_use]
    pub fn compression(mut self, compression: Compression) -> Self {
        self.compression = Some(compression);
        self
    }

    /// Parquet: the most rows of a row group, 1048576 by default. Row groups are what a filter can pass over and what threads share.
    #[must_use]
    pub fn row_group_rows(mut self, rows: usize) -> Self {
        self.row_group_rows = Some(rows);
        self
    }

    /// Parquet: whether to store the least and the greatest value of each column, which filters go by (yes by default).
    #[must_use]
    pub fn statistics(mut self, statistics: bool) -> Self {
        self.statistics = Some(statistics);
        self
    }

    /// Whether the number of files is an expression over the number of rows.
    pub(crate) fn needs_row_count(&self) -> bool {
        self.files_expr().is_ok_and(|n| n.is_some_and(|n| n.needs_row_count()))
    }

    /// With the number of files as a number.
    pub(crate) fn resolved(mut self, rows: Option<u64>, concurrency: usize) -> Result<Self> {
        self.accepted()?;
        if let Some(num) = self.files_expr()? {
            let files = num.evaluate(rows, concurrency)?;
            self.files = (files > 0).then(|| files.to_string());
        }
        Ok(self)
    }

    fn set_files(&mut self, num: &Num) {
        self.files = (!num.is_zero()).then(|| num.to_string());
    }

    fn files_expr(&self) -> Result<Option<Num>> {
        self.files.as_deref().map(IntoNum::into_num).transpose()
    }

    /// The number of files of a folder, where it is said.
    pub(super) fn wanted_files(&self) -> Result<Option<usize>> {
        let files = self.files_expr()?.map(|n| n.evaluate(None, 1)).transpose()?;
        Ok(files.map(|n| usize::try_from(n).unwrap_or(usize::MAX)).filter(|n| *n > 0))
    }

    fn accepted(&self) -> Result<()> {
        match &self.refused {
            Some(said) => Err(Error::new(ErrorKind::SettingInvalid, said.as_str()).with("setting", "partition")),
            None => Ok(()),
        }
    }

    /// Whether it makes a folder of files.
    pub(super) fn makes_folder(&self) -> Result<bool> {
        self.accepted()?;
        let clash = match (self.single, self.mode) {
            (true, _) if !self.keys.is_empty() => "keys make a folder, and one file is asked for; leave out one of them",
            (true, SaveMode::Append) => "rows are added to a folder and not to one file; leave out single",
            _ => return Ok(!self.single && (!self.keys.is_empty() || self.files.is_some() || self.mode == SaveMode::Append)),
        };
        Err(Error::new(ErrorKind::SettingInvalid, clash).with("setting", "single"))
    }

    /// How whole files of text are packed: one file as its name says.
    pub(super) fn packing(&self, format: Format, file: Option<&std::path::Path>) -> Result<(Packing, Option<i32>)> {
        if !format.packs() {
            return Ok((Packing::None, None));
        }
        let said = match self.compression {
            None => None,
            Some(Compression::None) => Some((Packing::None, None)),
            Some(Compression::Gzip) => Some((Packing::Gzip, None)),
            Some(Compression::Zstd(level)) => Some((Packing::Zstd, Some(level))),
            Some(other) => return Err(no_compression(other, format)),
        };
        match (file.map(Packing::of), said) {
            (Some(named), Some((said, _))) if named != said => {
                let said = "the compression is not that of the suffix; name the file *.gz or *.zst, or leave the compression out";
                Err(Error::new(ErrorKind::SettingInvalid, said).with("setting", "compression"))
            }
            (_, Some(said)) => Ok(said),
            (named, None) => Ok((named.unwrap_or_default(), None)),
        }
    }

    /// Refuses the settings of another format.
    pub(super) fn only_for(&self, format: Format) -> Result<()> {
        for (name, said) in [("row_group_rows", self.row_group_rows.is_some()), ("statistics", self.statistics.is_some())] {
            if said && format != Format::Parquet {
                return Err(misplaced(name, Format::Parquet, format));
            }
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

/// The error for a compression that a format has not.
pub(super) fn no_compression(compression: Compression, format: Format) -> Error {
    let said = format!("{format} is not compressed with {compression:?}; use another compression, or leave it out");
    Error::new(ErrorKind::SettingInvalid, said).with("setting", "compression")
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
