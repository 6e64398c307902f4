//! Files that rows go through on their way to the executors: Arrow files in a folder that all parts of the cluster see.

use std::fs::{self, File};
use std::io::BufWriter;
use std::net::{ToSocketAddrs, UdpSocket};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use datafusion::arrow::datatypes::{DataType, SchemaRef};
use datafusion::arrow::ipc::writer::FileWriter;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::common::stats::Precision;
use datafusion::common::{Result as NativeResult, Statistics};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::object_store::ObjectStoreUrl;
use datafusion::datasource::physical_plan::{ArrowSource, FileGroup, FileScanConfigBuilder};
use datafusion::datasource::source::DataSourceExec;
use datafusion::error::DataFusionError;
use datafusion::physical_plan::{ExecutionPlan, Partitioning};
use fugue_core::blocking::offload;
use fugue_core::io::BatchIter;
use fugue_core::{Error, ErrorKind, Result};
use fugue_datafusion::travel::plain_batches;
use tempfile::TempDir;

/// The size at which a further file is begun: small at first, so that also little data is spread over all executors.
const FIRST_FILE: u64 = 1 << 18;
const LAST_FILE: u64 = 1 << 26;

/// What to write so that executors find the files.
const SHARE: &str = "say which folder they share: BallistaEngine::at(\"ballista://host:port\")?.shared_folder(\"…\")";

/// The folder of an engine; it goes with the last frame that has files in it.
#[derive(Debug)]
pub(crate) struct Folder {
    place: TempDir,
    next: AtomicU64,
    /// The host of a scheduler whose executors cannot see the folder.
    unseen_from: Option<String>,
}

impl Folder {
    /// A folder of its own, inside another one or inside the system's for temporary files.
    pub(crate) fn new(inside: Option<&PathBuf>) -> Result<Self> {
        let mut builder = tempfile::Builder::new();
        let builder = builder.prefix("fugue-ballista-");
        let place = inside.map_or_else(|| builder.tempdir(), |inside| builder.tempdir_in(inside));
        Ok(Self {
            place: place.map_err(|e| Error::new(ErrorKind::Io, "no folder for data on its way").with_source(e))?,
            next: AtomicU64::new(0),
            unseen_from: None,
        })
    }

    /// The folder of this machine for executors that may be on others: it refuses files where the host of their scheduler is.
    pub(crate) async fn for_host(host: &str) -> Result<Self> {
        let named = host.to_owned();
        let here = offload(move || Ok(is_here(&named))).await?;
        Ok(Self { unseen_from: (!here).then(|| host.to_owned()), ..Self::new(None)? })
    }

    /// Whether a job failed because its executors did not find a file that is in here.
    pub(crate) fn is_missed_in(&self, text: &str) -> bool {
        let place = self.place.path();
        // Where the folder is gone the engine was closed, and no setting would help.
        let is_missed = text.contains("NotFound") || text.contains("not found");
        is_missed && text.contains(&*place.to_string_lossy()) && place.exists()
    }

    /// What such a job tells the user.
    pub(crate) fn unseen(&self, text: String) -> Error {
        let place = self.place.path().display().to_string();
        let message = format!(
            "an executor does not find the rows that wait for it in {place}: those of files, and more than 1 MiB in memory, go through a \
             folder that all executors must see; {SHARE}"
        );
        Error::new(ErrorKind::SettingInvalid, message).with("path", place).with_source(text)
    }

    fn check(&self) -> Result<()> {
        let Some(host) = &self.unseen_from else { return Ok(()) };
        let message = format!(
            "rows of files, and more than 1 MiB in memory, go through a folder that all executors must see, and those of the scheduler \
             on {host} do not see the folders of this machine; {SHARE}"
        );
        Err(Error::new(ErrorKind::SettingInvalid, message).with("host", host.clone()))
    }

    /// Removes the folder, though frames may still know it: nobody can read them any more.
    pub(crate) fn remove(&self) {
        // What cannot be removed now goes with the last frame.
        let _ = fs::remove_dir_all(self.place.path());
    }

    /// Writes rows one after the other into at most so many partitions of about the same size.
    pub(crate) fn write(self: &Arc<Self>, schema: SchemaRef, rows: BatchIter, parts: usize) -> Result<Files> {
        let mut files = Files::new(Arc::clone(self), schema);
        let mut writer = files.begin()?;
        let mut limit = FIRST_FILE;
        for batch in plain(rows, Arc::clone(&files.schema)) {
            if writer.bytes >= limit {
                files.end(std::mem::replace(&mut writer, files.begin()?))?;
                // As many small ones as there are partitions; then fewer and larger ones.
                limit = if files.groups.len() < parts { limit } else { (limit * 2).min(LAST_FILE) };
            }
            writer.write(&batch?)?;
        }
        files.end(writer)?;
        files.share(parts);
        files.told();
        Ok(files)
    }

    /// Writes each partition into one file.
    pub(crate) fn keep(self: &Arc<Self>, schema: SchemaRef, parts: impl Iterator<Item = BatchIter>) -> Result<Files> {
        let columns = Arc::clone(&schema);
        self.keep_as(schema, parts.map(|part| plain(part, Arc::clone(&columns))))
    }

    /// The same for rows that are written in the layout that they have.
    pub(crate) fn keep_as(self: &Arc<Self>, schema: SchemaRef, parts: impl Iterator<Item = BatchIter>) -> Result<Files> {
        let mut files = Files::new(Arc::clone(self), schema);
        // A file has one dictionary for a column, and each batch may have one of its own.
        let dictionaries = files.schema.flattened_fields().iter().any(|f| matches!(f.data_type(), DataType::Dictionary(..)));
        for part in parts {
            let mut writer = files.begin()?;
            let mut ended = Vec::new();
            for batch in part {
                let batch = batch?;
                match writer.write(&batch) {
                    Err(_) if dictionaries && writer.rows > 0 => {
                        ended.push(files.finished(std::mem::replace(&mut writer, files.begin()?))?);
                        writer.write(&batch)?;
                    }
                    written => written?,
                }
            }
            ended.push(files.finished(writer)?);
            files.groups.push(ended);
        }
        if files.groups.is_empty() {
            let writer = files.begin()?;
            files.end(writer)?;
        }
        files.told();
        Ok(files)
    }
}

/// Rows in the layout in which they travel.
fn plain(rows: BatchIter, schema: SchemaRef) -> BatchIter {
    Box::new(rows.flat_map(move |batch| match batch.and_then(|b| plain_batches(&b, &schema)) {
        Ok(cut) => cut.into_iter().map(Ok).collect(),
        Err(e) => vec![Err(e)],
    }))
}

/// Arrow files of one schema, in partitions; removed when nobody needs them any more.
#[derive(Debug)]
pub(crate) struct Files {
    folder: Arc<Folder>,
    schema: SchemaRef,
    groups: Vec<Vec<(PathBuf, u64)>>,
    rows: usize,
    bytes: usize,
}

impl Files {
    fn new(folder: Arc<Folder>, schema: SchemaRef) -> Self {
        Self { folder, schema, groups: Vec::new(), rows: 0, bytes: 0 }
    }

    pub(crate) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    pub(crate) fn partitions(&self) -> usize {
        self.groups.len()
    }

    /// A leaf that reads some of the columns.
    pub(crate) fn scan(&self, columns: Option<Vec<usize>>) -> NativeResult<Arc<dyn ExecutionPlan>> {
        let group =
            |group: &Vec<(PathBuf, u64)>| group.iter().map(partitioned).collect::<NativeResult<Vec<_>>>().map(FileGroup::new);
        let groups = self.groups.iter().map(group).collect::<NativeResult<Vec<_>>>()?;
        let mut statistics = Statistics::new_unknown(&self.schema);
        statistics.num_rows = Precision::Exact(self.rows);
        statistics.total_byte_size = Precision::Inexact(self.bytes);
        // Neither cut anew by the optimiser nor handed from one partition to another.
        let partitioning = Partitioning::UnknownPartitioning(groups.len());
        let source = Arc::new(ArrowSource::new_file_source(Arc::clone(&self.schema)));
        let scan = FileScanConfigBuilder::new(ObjectStoreUrl::local_filesystem(), source)
            .with_file_groups(groups)
            .with_output_partitioning(Some(partitioning))
            .with_preserve_order(true)
            .with_statistics(statistics)
            .with_projection_indices(columns)?
            .build();
        Ok(DataSourceExec::from_data_source(scan))
    }

    fn begin(&self) -> Result<Writer> {
        self.folder.check()?;
        let number = self.folder.next.fetch_add(1, Ordering::Relaxed);
        Writer::create(self.folder.place.path().join(format!("{number}.arrow")), &self.schema)
    }

    fn end(&mut self, writer: Writer) -> Result<()> {
        let file = self.finished(writer)?;
        self.groups.push(vec![file]);
        Ok(())
    }

    fn finished(&mut self, mut writer: Writer) -> Result<(PathBuf, u64)> {
        writer.file.finish()?;
        let size = fs::metadata(&writer.path).map_err(|e| failed(&writer.path, e))?.len();
        self.rows += writer.rows;
        self.bytes += usize::try_from(size).unwrap_or(usize::MAX);
        writer.kept = true;
        Ok((writer.path.clone(), size))
    }

    fn told(&self) {
        tracing::debug!(rows = self.rows, bytes = self.bytes, partitions = self.groups.len(), "input written");
    }

    /// Neighbours go together until there are at most so many partitions.
    fn share(&mut self, parts: usize) {
        let total: u64 = self.groups.iter().flatten().map(|(_, size)| size).sum();
        let share = total.div_ceil(parts.max(1) as u64);
        let mut groups: Vec<Vec<(PathBuf, u64)>> = Vec::new();
        let mut filled = share;
        for file in self.groups.drain(..).flatten() {
            if filled >= share && groups.len() < parts.max(1) {
                groups.push(Vec::new());
                filled = 0;
            }
            filled += file.1;
            if let Some(group) = groups.last_mut() {
                group.push(file);
            }
        }
        self.groups = groups;
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        for (path, _) in self.groups.iter().flatten() {
            // What cannot be removed now goes with the folder.
            let _ = fs::remove_file(path);
        }
    }
}

/// Whether a host is this machine: its address can be bound nowhere else. What has no address is not known to be another one.
fn is_here(host: &str) -> bool {
    let Ok(mut addresses) = (host, 0).to_socket_addrs() else { return true };
    addresses.all(|address| address.ip().is_loopback() || UdpSocket::bind(address).is_ok())
}

/// A file as a scan names it: other characters than letters have codes there.
fn partitioned((path, size): &(PathBuf, u64)) -> NativeResult<PartitionedFile> {
    let location =
        datafusion::object_store::path::Path::from_filesystem_path(path).map_err(|e| DataFusionError::External(Box::new(e)))?;
    let mut file = PartitionedFile::new("", *size);
    file.object_meta.location = location;
    Ok(file)
}

/// A file in the making.
struct Writer {
    path: PathBuf,
    file: FileWriter<BufWriter<File>>,
    rows: usize,
    bytes: u64,
    kept: bool,
}

impl Drop for Writer {
    fn drop(&mut self) {
        if !self.kept {
            // Half a file is of no use; what cannot be removed now goes with the folder.
            let _ = fs::remove_file(&self.path);
        }
    }
}

impl Writer {
    fn create(path: PathBuf, schema: &SchemaRef) -> Result<Self> {
        let file = File::create(&path).map_err(|e| failed(&path, e))?;
        let file = FileWriter::try_new(BufWriter::with_capacity(1 << 20, file), schema)?;
        Ok(Self { path, file, rows: 0, bytes: 0, kept: false })
    }

    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        self.file.write(batch).map_err(|e| failed(&self.path, std::io::Error::other(e)))?;
        self.rows += batch.num_rows();
        self.bytes += batch.columns().iter().map(|c| c.to_data().get_slice_memory_size().unwrap_or(0) as u64).sum::<u64>();
        Ok(())
    }
}

fn failed(path: &std::path::Path, error: std::io::Error) -> Error {
    Error::new(ErrorKind::Io, format!("data on its way to the cluster cannot be written: {error}"))
        .with("path", path.display().to_string())
        .with_source(error)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use datafusion::arrow::datatypes::{DataType, Field, Schema};
    use fugue_core::{ErrorKind, blocking};

    use super::{Folder, is_here};

    #[test]
    fn only_hosts_that_are_this_machine_see_its_folders() {
        assert!(is_here("127.0.0.1") && is_here("localhost") && is_here("::1"));
        // An address of documents, which no machine has.
        assert!(!is_here("192.0.2.1"));
        let schema = Arc::new(Schema::new(vec![Field::new("n", DataType::Int64, true)]));
        let written = |host: &str| {
            let folder = Arc::new(blocking::wait(Folder::for_host(host))?);
            folder.write(Arc::clone(&schema), Box::new(std::iter::empty()), 2)
        };
        assert!(written("127.0.0.1").is_ok());
        let refused = written("192.0.2.1").map(|_| ()).map_err(|e| (e.kind(), e.message().contains("shared_folder")));
        assert_eq!(refused, Err((ErrorKind::SettingInvalid, true)));
    }
}
