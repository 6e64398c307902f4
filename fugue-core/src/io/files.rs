//! Files as one source: what formats read of them, beside what the folders say.

use std::fmt::Debug;
use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::record_batch::{RecordBatch, RecordBatchOptions};

use super::Format;
use super::csv::CsvFiles;
use super::ipc::IpcFiles;
use super::json::JsonFiles;
use super::keys::Keys;
use super::location::Location;
use super::options::{Columns, LoadOptions};
use super::parquet::ParquetFiles;
use super::path::Found;
use super::scan::{Counts, Pushdown, Scan, ScanCounts, add, split};
use super::source::{BatchIter, LazySource, check_projection, projected};
use crate::error::{Error, ErrorKind, Result};
use crate::expr::Typed;
use crate::run::{Cancel, Pool};
use crate::schema::{Field, Schema};

/// Batches, each with the number of the file that it is from. After an error there is nothing more.
pub(super) type FileBatches = Box<dyn Iterator<Item = Result<(usize, RecordBatch)>> + Send>;

/// The batches that a reader has one by one, until there are none or one fails.
pub(super) fn batches(mut next: impl FnMut() -> Result<Option<(usize, RecordBatch)>> + Send + 'static) -> FileBatches {
    let mut ended = false;
    Box::new(std::iter::from_fn(move || {
        if ended {
            return None;
        }
        let next = next().transpose();
        ended = !matches!(next, Some(Ok(_)));
        next
    }))
}

/// What a format is asked for.
#[derive(Debug)]
pub(super) struct Request<'a> {
    /// The files, by their numbers, in order.
    pub(super) files: Vec<usize>,
    /// The columns, by position in the format's own schema.
    pub(super) columns: Vec<usize>,
    /// Only rows for which these are true are of use; over the format's own schema.
    pub(super) filters: Vec<Typed>,
    /// So many rows are enough.
    pub(super) limit: Option<u64>,
    pub(super) pool: Option<&'a Pool>,
    pub(super) cancel: &'a Cancel,
    pub(super) counts: &'a Arc<Counts>,
}

/// Files of one format, without what their folders say.
pub(super) trait Stored: Send + Sync + Debug {
    /// The columns.
    fn schema(&self) -> &Schema;

    /// The number of rows of a file, where it is known without reading them.
    fn rows(&self, file: usize) -> Option<u64> {
        let _ = file;
        None
    }

    /// Reads files one after the other, the columns in the order asked for.
    fn scan(&self, request: Request<'_>) -> Result<FileBatches>;

    /// Whether it may spare rows by a filter over its own schema.
    fn prunes(&self, filter: &Typed) -> bool {
        let _ = filter;
        false
    }
}

/// Where a column of the source comes from.
#[derive(Clone, Copy, Debug)]
enum Place {
    Stored(usize),
    Key(usize),
}

/// Files of one format as one source: the first says which columns there are, those of the others are found by name, and the keys that folders
/// say (`year=2024/month=5`) come after them.
#[derive(Debug)]
pub struct FileSource {
    schema: Schema,
    places: Vec<Place>,
    stored: Box<dyn Stored>,
    keys: Arc<Keys>,
    format: Format,
    first: String,
    files: usize,
    paths: Arc<[Location]>,
    counts: Arc<Counts>,
}

impl FileSource {
    pub(super) fn open(found: &[Found], format: Format, options: &LoadOptions, cancel: &Cancel) -> Result<Self> {
        let columns = options.columns.parsed()?;
        let names: Vec<&str> = found.first().map(|f| f.keys.iter().map(|(n, _)| n.as_str()).collect()).unwrap_or_default();
        let is_key = |name: &str| names.contains(&name);
        // What folders say is not looked for in the files.
        let inner = match &columns {
            Columns::Named(all) => Columns::Named(all.iter().filter(|n| !is_key(n)).cloned().collect()),
            Columns::Typed(all) => Columns::Typed(Schema::new(all.fields().iter().filter(|f| !is_key(f.name())).cloned())?),
            other => other.clone(),
        };
        let paths: Vec<Location> = found.iter().map(|f| f.path.clone()).collect();
        let all: Arc<[Location]> = paths.clone().into();
        let stored: Box<dyn Stored> = match format {
            Format::Parquet => Box::new(ParquetFiles::open(paths, &inner, options.below.unwrap_or_default(), cancel)?),
            Format::Csv => Box::new(CsvFiles::open(paths, &inner, options, cancel)?),
            Format::Json => Box::new(JsonFiles::open(paths, &inner, cancel)?),
            Format::Arrow => Box::new(IpcFiles::open(paths, &inner, options.below.unwrap_or_default(), cancel)?),
        };
        // Writers that keep the keys in the files too tell their types so.
        let own = |name: &str| stored.schema().field(name).map(|f| f.ty().clone());
        let keys = match &columns {
            Columns::Typed(all) => Keys::new(found, |name| all.field(name).map(|f| f.ty().clone()).or_else(|| own(name)))?,
            _ => Keys::new(found, own)?,
        };
        let (schema, places) = laid_out(&columns, stored.schema(), &keys)?;
        let first = found.first().map(|f| f.path.display().to_string()).unwrap_or_default();
        Ok(Self {
            schema,
            places,
            stored,
            keys: Arc::new(keys),
            format,
            first,
            files: found.len(),
            paths: all,
            counts: Arc::default(),
        })
    }

    /// The format of its files.
    #[must_use]
    pub fn format(&self) -> Format {
        self.format
    }

    /// The filter over the keys alone, by their places; none where it reads other columns.
    fn over_keys(&self, filter: &Typed) -> Option<Typed> {
        let key = |i: usize| match self.places.get(i) {
            Some(Place::Key(k)) => Some(*k),
            _ => None,
        };
        let columns = filter.columns();
        (!columns.is_empty() && columns.iter().all(|&i| key(i).is_some())).then(|| filter.moved(&|i| key(i).unwrap_or_default()))
    }

    /// The filter over the columns of the files alone.
    fn over_stored(&self, filter: &Typed) -> Option<Typed> {
        let place = |i: usize| match self.places.get(i) {
            Some(Place::Stored(s)) => Some(*s),
            _ => None,
        };
        let columns = filter.columns();
        (!columns.is_empty() && columns.iter().all(|&i| place(i).is_some()))
            .then(|| filter.moved(&|i| place(i).unwrap_or_default()))
    }
}

/// The columns that a load gives, and where they come from.
fn laid_out(columns: &Columns, stored: &Schema, keys: &Keys) -> Result<(Schema, Vec<Place>)> {
    let find = |name: &str| match (keys.position(name), stored.index_of(name)) {
        (Some(key), _) => Some((keys.fields()[key].clone(), Place::Key(key))),
        (None, Some(place)) => Some((stored.fields()[place].clone(), Place::Stored(place))),
        (None, None) => None,
    };
    let names: Vec<&str> = match columns {
        Columns::All | Columns::Text(_) => {
            let more = keys.fields().iter().map(Field::name).filter(|n| !stored.contains(n));
            stored.names().chain(more).collect()
        }
        Columns::Named(names) => names.iter().map(String::as_str).collect(),
        Columns::Typed(schema) => schema.names().collect(),
    };
    let (fields, places): (Vec<Field>, Vec<Place>) = names.into_iter().filter_map(find).unzip();
    Ok((Schema::new(fields)?, places))
}

impl LazySource for FileSource {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn describe(&self) -> String {
        match self.files {
            0 | 1 => format!("{} {}", self.format, self.first),
            n => format!("{} {} and {} more", self.format, self.first, n - 1),
        }
    }

    fn rows(&self) -> Option<u64> {
        (0..self.files).map(|file| self.stored.rows(file)).sum()
    }

    fn scan(&self, projection: Option<&[usize]>, cancel: &Cancel) -> Result<BatchIter> {
        self.scan_with(&Scan::new().columns(projection), cancel)
    }

    fn scan_parallel(&self, projection: Option<&[usize]>, pool: &Pool, cancel: &Cancel) -> Result<BatchIter> {
        self.scan_with(&Scan::new().columns(projection).on(pool), cancel)
    }

    fn scan_with(&self, scan: &Scan, cancel: &Cancel) -> Result<BatchIter> {
        check_projection(&self.schema, scan.projection())?;
        let schema = projected(&self.schema, scan.projection())?;
        let all: Vec<usize> = (0..self.schema.len()).collect();
        let wanted: Vec<Place> = scan.projection().unwrap_or(&all).iter().filter_map(|&i| self.places.get(i).copied()).collect();
        let over_keys: Vec<Typed> = scan.filters().iter().filter_map(|f| self.over_keys(f)).collect();
        let files = self.keys.kept(&over_keys)?;
        add(&self.counts.files_skipped, (self.files - files.len()) as u64);
        let stored = wanted.iter().filter_map(|p| if let Place::Stored(i) = p { Some(*i) } else { None }).collect();
        let request = Request {
            files,
            columns: stored,
            filters: scan.filters().iter().filter_map(|f| self.over_stored(f)).collect(),
            limit: scan.rows(),
            pool: scan.pool(),
            cancel,
            counts: &self.counts,
        };
        let batches = self.stored.scan(request)?;
        let (counts, keys, layout) = (Arc::clone(&self.counts), Arc::clone(&self.keys), schema.to_arrow());
        let has_keys = wanted.iter().any(|p| matches!(p, Place::Key(_)));
        let (paths, progress, mut last) = (Arc::clone(&self.paths), scan.progress.clone(), None);
        let rows = batches.map(move |batch| {
            let (file, batch) = batch?;
            let is_new = last.replace(file) != Some(file);
            if is_new {
                add(&counts.files, 1);
            }
            if progress.is_watched() {
                let bytes = if is_new { paths.get(file).map_or(0, Location::bytes) } else { 0 };
                progress.change(|known| {
                    known.read.files += u64::from(is_new);
                    known.read.bytes += bytes;
                    known.read.rows += batch.num_rows() as u64;
                });
            }
            if !has_keys {
                return Ok(batch);
            }
            let mut stored = batch.columns().iter();
            let columns = wanted.iter().map(|place| match place {
                Place::Key(key) => keys.column(*key, file, batch.num_rows()),
                Place::Stored(_) => stored
                    .next()
                    .cloned()
                    .ok_or_else(|| Error::new(ErrorKind::Unexpected, "a reader gave fewer columns than it was asked for")),
            });
            let columns = columns.collect::<Result<Vec<ArrayRef>>>()?;
            let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
            Ok(RecordBatch::try_new_with_options(Arc::clone(&layout), columns, &options)?)
        });
        Ok(limited(Box::new(rows), scan.rows()))
    }

    fn pushdown(&self, filter: &Typed) -> Pushdown {
        let mut parts = Vec::new();
        split(filter.clone(), &mut parts);
        if parts.iter().all(|f| self.over_keys(f).is_some()) {
            return Pushdown::Exact;
        }
        let spares = |f: &Typed| self.over_keys(f).is_some() || self.over_stored(f).is_some_and(|f| self.stored.prunes(&f));
        if parts.iter().any(spares) { Pushdown::Inexact } else { Pushdown::Ignored }
    }

    fn counts(&self) -> ScanCounts {
        self.counts.now()
    }
}

/// The first rows.
fn limited(mut batches: BatchIter, limit: Option<u64>) -> BatchIter {
    let Some(mut left) = limit else { return batches };
    Box::new(std::iter::from_fn(move || {
        if left == 0 {
            return None;
        }
        Some(batches.next()?.map(|batch| {
            let rows = batch.num_rows().min(usize::try_from(left).unwrap_or(usize::MAX));
            left -= rows as u64;
            batch.slice(0, rows)
        }))
    }))
}
