//! Shares of a save: what one partition writes, wherever it runs and however often.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};

use arrow::array::{Array, AsArray, RecordBatch, StringViewArray, UInt32Array};
use arrow::compute::take_record_batch;
use serde::{Deserialize, Serialize};

use crate::cast::cast_array;
use crate::error::{Error, ErrorKind, Result};
use crate::io::Format;
use crate::io::options::SaveOptions;
use crate::io::path::{failed, hive};
use crate::io::sink::{self, Sink};
use crate::io::source::BatchIter;
use crate::run::Cancel;
use crate::schema::{self, Schema, Type};

/// So many files are open at the same time; more would run into limits of the system.
const OPEN: usize = 128;
/// About so many bytes are held by all open files of a writer.
const HELD: usize = 256 << 20;

/// What a writer of a part has to know. It travels: the writer may be in another process that sees the folder.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PartPlan {
    /// Where parts are written, each in a folder of its own.
    pub(super) root: PathBuf,
    /// What messages say.
    pub(super) target: PathBuf,
    #[serde(with = "crate::expr::as_text")]
    pub(super) schema: Schema,
    pub(super) format: Format,
    pub(super) options: SaveOptions,
    /// Whether the target is one file.
    pub(super) single: bool,
}

/// What a writer has written: its files are in the save when this reaches [`Staging::commit`](super::Staging::commit), else they are not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    pub(super) partition: u64,
    /// The folder of this attempt, in the root.
    pub(super) attempt: String,
    /// The folder of keys and the number of each file.
    pub(super) files: Vec<(String, u64)>,
    pub(super) rows: u64,
    pub(super) bytes: u64,
}

impl Part {
    /// The partition that was written.
    #[must_use]
    pub fn partition(&self) -> u64 {
        self.partition
    }

    /// Its number of rows.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Its number of files, and of their bytes.
    #[must_use]
    pub fn size(&self) -> (u64, u64) {
        (self.files.len() as u64, self.bytes)
    }

    /// What the rows of a [map that writes](PartPlan::map) say.
    ///
    /// # Errors
    /// [`ErrorKind::Unexpected`] for other rows.
    pub fn told_by(batches: &[RecordBatch]) -> Result<Vec<Self>> {
        crate::relational::written(batches)
    }

    pub(crate) fn numbered(self, partition: u64) -> Self {
        Self { partition, ..self }
    }
}

impl PartPlan {
    /// A writer for the rows of one partition. The same partition may be written by several, at the same time or one after the other: of
    /// those that end well, one counts.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] where the folder of the save cannot be written, or is gone.
    pub fn writer(&self, partition: u64) -> Result<PartWriter> {
        let attempt = format!("{partition:05}-{}", super::unique());
        let folder = self.root.join(&attempt);
        let told = |e| failed("cannot be written", &self.target, e).with("part", folder.display().to_string());
        fs::create_dir(&folder).map_err(told)?;
        let keys = self.schema.indices_of(&self.options.keys)?;
        let kept: Vec<usize> = (0..self.schema.len()).filter(|i| !keys.contains(i)).collect();
        let stored = self.schema.project(Some(&kept))?;
        let part = Part { partition, attempt, files: Vec::new(), rows: 0, bytes: 0 };
        Ok(PartWriter {
            plan: self.clone(),
            folder,
            keys,
            kept,
            stored,
            part,
            open: BTreeMap::new(),
            clock: 0,
            threads: 1,
            done: false,
        })
    }

    /// Writes all rows of one partition. Blocks.
    ///
    /// # Errors
    /// As [`writer`](Self::writer) and [`PartWriter::write`]; those of the batches, and of the token between them.
    pub fn write(&self, partition: u64, batches: BatchIter, cancel: &Cancel) -> Result<Part> {
        let mut writer = self.writer(partition)?;
        for batch in batches {
            cancel.check()?;
            writer.write(&batch?)?;
        }
        writer.finish()
    }

    /// A map that writes the partitions of a frame where they are, for engines whose partitions are in other processes that see the
    /// folder: each gives one row, which [`Part::told_by`] reads. Only what the rows of the run say is in the save, so that attempts
    /// that were lost on their way count for nothing.
    ///
    /// # Errors
    /// [`ErrorKind::Unexpected`] where the plan cannot travel.
    #[track_caller]
    pub fn map(&self) -> Result<crate::engine::Map> {
        crate::relational::writing(self, &self.schema)
    }

    /// Whether a folder is above the target, or is it.
    #[must_use]
    pub fn is_below(&self, folder: &Path) -> bool {
        self.target.starts_with(folder)
    }

    /// Whether each partition may have files of its own: a folder whose number of files nobody says.
    #[must_use]
    pub fn takes_partitions(&self) -> bool {
        !self.single && self.options.files.is_none()
    }

    /// The name of a file, from the numbers of its partition and of the file in it.
    pub(super) fn file_name(&self, partition: u64, number: u64, id: &str) -> Result<String> {
        let (packing, _) = self.options.packing(self.format, None)?;
        Ok(format!("part-{partition:05}-{number}-{id}.{}{}", self.format.suffix(), packing.suffix()))
    }
}

/// Writes the rows of one partition. Dropped before [`finish`](Self::finish) it leaves nothing.
pub struct PartWriter {
    plan: PartPlan,
    folder: PathBuf,
    /// The columns of the keys, and the others.
    keys: Vec<usize>,
    kept: Vec<usize>,
    stored: Schema,
    part: Part,
    open: BTreeMap<String, Open>,
    clock: u64,
    /// With how many threads each file is encoded.
    threads: usize,
    done: bool,
}

impl std::fmt::Debug for PartWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PartWriter").field("part", &self.part).field("open", &self.open.len()).finish_non_exhaustive()
    }
}

struct Open {
    sink: Box<dyn Sink>,
    /// When it was last written.
    used: u64,
}

impl PartWriter {
    /// Lets files be encoded by so many threads, where nothing else is written at the time.
    pub(super) fn on_threads(mut self, threads: usize) -> Self {
        self.threads = threads;
        self
    }

    /// Writes rows, in any layout of the schema.
    ///
    /// # Errors
    /// [`ErrorKind::SchemaMismatch`] for other columns, [`ErrorKind::ValueInvalid`] for values that the format cannot hold,
    /// [`ErrorKind::Io`].
    pub fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        // Of no cost where the layout is the contract's already; a batch of other columns is an error and not a damaged file.
        let batch = schema::normalise(batch, &self.plan.schema)?;
        if batch.num_rows() == 0 {
            return Ok(());
        }
        self.part.rows += batch.num_rows() as u64;
        if self.keys.is_empty() {
            return self.append(String::new(), &batch);
        }
        let kept = crate::io::source::project(&batch, &self.kept)?;
        for (folder, rows) in by_key(&batch, &self.keys, &self.plan.schema)? {
            let whole = rows.len() == batch.num_rows();
            let share = if whole { kept.clone() } else { take_record_batch(&kept, &UInt32Array::from(rows))? };
            self.append(folder, &share)?;
        }
        Ok(())
    }

    /// Writes a file without rows where there is none, which tells the columns.
    pub(super) fn ensure_a_file(&mut self) -> Result<()> {
        if !self.part.files.is_empty() {
            return Ok(());
        }
        let names = self.keys.iter().filter_map(|&i| self.plan.schema.fields().get(i));
        let folder = names.map(|f| hive::folder(f.name(), None)).collect::<Vec<_>>().join("/");
        self.begin(&folder)
    }

    /// Ends all files, and makes sure that they outlast a power cut.
    ///
    /// # Errors
    /// [`ErrorKind::Io`].
    pub fn finish(mut self) -> Result<Part> {
        while let Some((_, open)) = self.open.pop_first() {
            self.part.bytes += self.close(open)?;
        }
        self.done = true;
        Ok(self.part.clone())
    }

    fn append(&mut self, folder: String, batch: &RecordBatch) -> Result<()> {
        if !self.open.contains_key(&folder) {
            self.begin(&folder)?;
        }
        self.clock += 1;
        if let Some(open) = self.open.get_mut(&folder) {
            open.used = self.clock;
            open.sink.write(batch)?;
        }
        let held = |w: &Self| w.open.values().map(|o| o.sink.held()).sum::<usize>();
        while self.open.len() > OPEN || (self.open.len() > 1 && self.clock.is_multiple_of(16) && held(self) > HELD) {
            let Some(oldest) = self.open.iter().min_by_key(|(_, o)| o.used).map(|(folder, _)| folder.clone()) else { break };
            if let Some(open) = self.open.remove(&oldest) {
                self.part.bytes += self.close(open)?;
            }
        }
        Ok(())
    }

    fn begin(&mut self, folder: &str) -> Result<()> {
        let number = self.part.files.len() as u64;
        let path = self.folder.join(number.to_string());
        let file = OpenOptions::new().write(true).create_new(true).open(&path);
        let file =
            file.map_err(|e| failed("cannot be written", &self.plan.target, e).with("part", path.display().to_string()))?;
        let plan = &self.plan;
        let name = plan.single.then_some(plan.target.as_path());
        let sink = sink::open(file, &plan.target, plan.format, &self.stored, &plan.options, name, self.threads)?;
        self.part.files.push((folder.to_owned(), number));
        self.open.insert(folder.to_owned(), Open { sink, used: self.clock });
        Ok(())
    }

    /// Ends a file, and gives its number of bytes.
    fn close(&self, open: Open) -> Result<u64> {
        let file: File = open.sink.finish()?;
        // Without it a power cut after the rename may leave an empty file where the old one was.
        let length =
            file.sync_all().and_then(|()| file.metadata()).map_err(|e| failed("cannot be written", &self.plan.target, e))?;
        Ok(length.len())
    }
}

impl Drop for PartWriter {
    fn drop(&mut self) {
        if !self.done {
            self.open.clear();
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

/// The rows of each folder of keys, in the order in which the folders come.
fn by_key(batch: &RecordBatch, keys: &[usize], schema: &Schema) -> Result<Vec<(String, Vec<u32>)>> {
    let mut columns: Vec<(&str, StringViewArray)> = Vec::with_capacity(keys.len());
    for &key in keys {
        let name = schema.fields()[key].name();
        let texts = cast_array(batch.column(key), &Type::Str).map_err(|e| e.with("column", name))?;
        columns.push((name, texts.as_string_view().clone()));
    }
    let mut numbers: HashMap<String, usize> = HashMap::new();
    let mut groups: Vec<Vec<u32>> = Vec::new();
    let (mut text, mut last) = (String::new(), (String::new(), usize::MAX));
    let rows = u32::try_from(batch.num_rows()).map_err(|_| Error::new(ErrorKind::Unexpected, "a batch has too many rows"))?;
    for row in 0..rows {
        text.clear();
        for (_, values) in &columns {
            // The length keeps neighbours apart.
            match values.is_valid(row as usize) {
                true => {
                    let value = values.value(row as usize);
                    text.push_str(&value.len().to_string());
                    text.push(':');
                    text.push_str(value);
                }
                false => text.push('-'),
            }
        }
        if last.1 == usize::MAX || last.0 != text {
            let next = groups.len();
            let number = *numbers.entry(text.clone()).or_insert(next);
            if number == next {
                groups.push(Vec::new());
            }
            last = (text.clone(), number);
        }
        groups[last.1].push(row);
    }
    Ok(groups
        .into_iter()
        .map(|rows| {
            let row = rows[0] as usize;
            let names = columns.iter().map(|(name, values)| hive::folder(name, values.is_valid(row).then(|| values.value(row))));
            (names.collect::<Vec<_>>().join("/"), rows)
        })
        .collect())
}

/// The path of a file of a part.
pub(super) fn file_of(root: &Path, part: &Part, number: u64) -> PathBuf {
    root.join(&part.attempt).join(number.to_string())
}

/// The number of the writer that rows of each key belong to, of so many: the rows of one key never go to two.
pub(super) fn dealt(batch: &RecordBatch, keys: &[usize], schema: &Schema, writers: usize) -> Result<Vec<Option<RecordBatch>>> {
    let mut rows: Vec<Vec<u32>> = vec![Vec::new(); writers];
    for (folder, group) in by_key(batch, keys, schema)? {
        let hash = crate::group::mix(crate::group::hash_bytes(folder.as_bytes()));
        rows[(hash % writers as u64) as usize].extend(group);
    }
    let share = |mut rows: Vec<u32>| {
        // In the order that they came in.
        rows.sort_unstable();
        match rows.len() {
            0 => Ok(None),
            n if n == batch.num_rows() => Ok(Some(batch.clone())),
            _ => Ok(Some(take_record_batch(batch, &UInt32Array::from(rows))?)),
        }
    };
    rows.into_iter().map(share).collect()
}

/// A batch in slices whose sizes differ by at most one row; the larger ones are for the writers from a number on, which is the one behind the
/// last larger one of the batch before.
pub(super) fn sliced(batch: &RecordBatch, writers: usize, first: &mut usize) -> Vec<(usize, RecordBatch)> {
    let (rows, mut start) = (batch.num_rows(), 0);
    let mut slices = Vec::new();
    for i in 0..writers {
        let length = rows / writers + usize::from(i < rows % writers);
        if length > 0 {
            slices.push(((*first + i) % writers, batch.slice(start, length)));
        }
        start += length;
    }
    *first = (*first + rows % writers) % writers;
    slices
}
