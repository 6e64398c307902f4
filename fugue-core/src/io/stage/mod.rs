//! Saves that are there whole or not at all.
//!
//! A [`Staging`] is a hidden folder beside the target. Writers of [parts](PartPlan) fill it, in this process or in others; the commit
//! puts their files in order and lets the whole take the name of the target in one step, so that a reader sees the old or the new. The folder
//! is locked as long as its save lives; what a killed one left is removed by the next save of the same target.

mod commit;
mod drive;
mod lock;
mod part;
mod place;

use std::fs;
use std::io::ErrorKind as ErrorOfSystem;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub use part::{Part, PartPlan, PartWriter};

pub(crate) use drive::{tell, write};

use self::lock::{Held, Turn};
use super::options::{Columns, SaveMode, SaveOptions};
use super::path::{absolute, failed};
use super::store::{self, Target, There};
use super::{Format, LoadOptions, sink};
use crate::error::{Error, ErrorKind, Result};
use crate::run::Cancel;
use crate::schema::{Schema, Type};

/// How often it is tried to remove what writers still write into.
const REMOVALS: usize = 100;

/// A save that is under way. Dropped before [`commit`](Self::commit) it leaves nothing behind.
///
/// ```
/// use fugue_core::Schema;
/// use fugue_core::arrow::array::{Int64Array, RecordBatch};
/// use fugue_core::io::{Format, LoadOptions, SaveOptions, Staging};
/// use fugue_core::run::Cancel;
/// # let folder = std::env::temp_dir().join(format!("fugue staging {}", std::process::id()));
/// # let target = folder.join("numbers");
///
/// let schema = Schema::parse("a:long")?;
/// let options = SaveOptions::new().format(Format::Parquet).files(2);
/// let staging = Staging::open(&target, &schema, &options, &Cancel::never())?;
/// // The plan travels to whoever writes a partition; a partition that is written twice counts once.
/// let mut parts = Vec::new();
/// for partition in [0, 1, 1] {
///     let mut writer = staging.plan().writer(partition)?;
///     let rows = Int64Array::from(vec![1, 2, 3]);
///     writer.write(&RecordBatch::try_new(schema.to_arrow(), vec![std::sync::Arc::new(rows)])?)?;
///     parts.push(writer.finish()?);
/// }
/// assert_eq!(staging.commit(parts, &Cancel::never())?, 6);
/// let source = fugue_core::io::open(&target, &LoadOptions::new(), &Cancel::never())?;
/// assert_eq!(source.rows(), Some(6));
/// # std::fs::remove_dir_all(folder).ok();
/// # Ok::<(), fugue_core::Error>(())
/// ```
#[derive(Debug)]
pub struct Staging {
    plan: PartPlan,
    held: Held,
    /// Where it goes, if that is a store.
    remote: Option<Target>,
    id: String,
    /// Folders that were made for it, outermost first.
    made: Vec<PathBuf>,
    done: bool,
}

impl Staging {
    /// Makes the parent folders of the target and the hidden folder beside it; removes what killed saves of the target have left.
    ///
    /// # Errors
    /// [`ErrorKind::AlreadyExists`] by the mode; [`ErrorKind::Unsupported`] for an unknown format, and for a file that rows shall be added
    /// to; [`ErrorKind::SchemaInvalid`] for columns that the format cannot hold; [`ErrorKind::SchemaMismatch`] for rows that shall be added to
    /// others with other columns; [`ErrorKind::ColumnNotFound`] for keys; [`ErrorKind::SettingInvalid`] for settings of another format or
    /// that contradict one another; [`ErrorKind::Io`] where nothing can be written, and for a folder that holds more than data.
    pub fn open(path: impl AsRef<Path>, schema: &Schema, options: &SaveOptions, cancel: &Cancel) -> Result<Self> {
        let path = path.as_ref();
        let remote = store::is_address(path).then(|| Target::open(path, &options.stores)).transpose()?;
        let target = if remote.is_some() { path.to_path_buf() } else { linked(path)? };
        let Some(name) = target.file_name().map(|n| n.to_string_lossy().into_owned()) else {
            return Err(Error::new(ErrorKind::Io, format!("{} is no name of a file", target.display())));
        };
        let folder = options.makes_folder()?;
        let there = remote.as_ref().map(Target::look).transpose()?;
        let format = format(&target, there.as_ref(), options)?;
        let single = !folder;
        if single {
            options.packing(format, Some(&target))?;
        } else {
            options.packing(format, None)?;
        }
        sink::check(format, &stored(schema, &options.keys)?, options)?;
        match (&remote, &there) {
            (Some(remote), Some(there)) => may_put(remote, there, single, &target, schema, format, options, cancel)?,
            _ if target.exists() => may_replace(&target, schema, format, options, cancel)?,
            _ => {}
        }
        // What goes into a store is written on this machine first, and sent when all of it is there.
        let beside = if remote.is_some() { std::env::temp_dir().join(store::local_name(&target)) } else { target.clone() };
        let name = if remote.is_some() { store::local_name(&target) } else { name };
        let parent = beside.parent().unwrap_or(Path::new("/")).to_path_buf();
        let mut folders = Folders(Vec::new());
        folders.make(&parent)?;
        let id = unique();
        let root = parent.join(format!(".{}.{id}{}", short(&name), lock::SUFFIX));
        let turn = Turn::take(&parent, cancel)?;
        lock::clean(&beside, &turn)?;
        let held = Held::make(root.clone(), &name).map_err(|e| failed("cannot be written", &target, e))?;
        drop(turn);
        let parts = root.join("parts");
        let plan = PartPlan { root: parts.clone(), target, schema: schema.clone(), format, options: options.clone(), single };
        let staging = Self { plan, held, remote, id, made: std::mem::take(&mut folders.0), done: false };
        fs::create_dir(&parts).map_err(|e| failed("cannot be written", &staging.plan.target, e))?;
        Ok(staging)
    }

    /// What writers of parts have to know.
    #[must_use]
    pub fn plan(&self) -> &PartPlan {
        &self.plan
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        // A writer that nobody waits for any more may still make a file in a folder that is just being emptied, but no folder in one that is gone.
        for _ in 0..REMOVALS {
            match fs::remove_dir_all(&self.held.root) {
                Err(e) if e.kind() == ErrorOfSystem::DirectoryNotEmpty => std::thread::sleep(Duration::from_millis(1)),
                // What cannot be removed is invisible, and goes with the next save.
                _ => break,
            }
        }
        if !self.done {
            for folder in self.made.iter().rev() {
                // Only an empty one goes.
                let _ = fs::remove_dir(folder);
            }
        }
    }
}

/// Brings back what a killed save had put aside, where the file system cannot replace in one step; whether there was anything.
pub(super) fn recover(target: &Path) -> bool {
    let Some(parent) = target.parent().filter(|p| p.is_dir()) else { return false };
    Turn::take(parent, &Cancel::never()).and_then(|turn| lock::clean(target, &turn)).unwrap_or(false)
}

/// Folders that were made, and go again unless they are taken.
struct Folders(Vec<PathBuf>);

impl Folders {
    fn make(&mut self, parent: &Path) -> Result<()> {
        let mut missing: Vec<&Path> = parent.ancestors().take_while(|p| !p.exists()).collect();
        while let Some(folder) = missing.pop() {
            match fs::create_dir(folder) {
                Ok(()) => self.0.push(folder.to_path_buf()),
                // Another save made it at the same time.
                Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(e) => return Err(failed("cannot be made", folder, e)),
            }
        }
        Ok(())
    }
}

impl Drop for Folders {
    fn drop(&mut self) {
        for folder in self.0.iter().rev() {
            let _ = fs::remove_dir(folder);
        }
    }
}

/// A target on this machine; the file that a link points to is replaced, not the link.
fn linked(path: &Path) -> Result<PathBuf> {
    let target = absolute(path)?;
    if target.is_symlink() {
        return fs::canonicalize(&target).map_err(|e| failed("is a link to nowhere", &target, e));
    }
    Ok(target)
}

/// The format that is said, by a word, by the name, or by what the folder holds that rows are added to.
fn format(target: &Path, there: Option<&There>, options: &SaveOptions) -> Result<Format> {
    match (options.format, Format::of(target)) {
        (Some(format), _) | (None, Ok(format)) => Ok(format),
        (None, Err(unknown)) => match options.mode {
            SaveMode::Append if target.is_dir() || matches!(there, Some(There::Folder(_))) => {
                super::path::files(&[target.to_path_buf()], None, true, &options.stores)
                    .map(|(_, format)| format)
                    .map_err(|_| unknown)
            }
            _ => Err(unknown),
        },
    }
}

/// The columns of the files: all but the keys.
fn stored(schema: &Schema, keys: &[String]) -> Result<Schema> {
    if schema.is_empty() {
        return Err(Error::new(ErrorKind::SchemaInvalid, "a frame without columns cannot be saved"));
    }
    for key in keys {
        let field = schema.field(key).ok_or_else(|| schema.missing(key))?;
        if field.ty().is_nested() || *field.ty() == Type::Bytes {
            let said = format!("column {key:?} is {}, which no name of a folder can hold; partition by another one", field.ty());
            return Err(Error::new(ErrorKind::SchemaInvalid, said).with("column", key));
        }
    }
    let places = schema.indices_of(keys)?;
    let rest: Vec<usize> = (0..schema.len()).filter(|i| !places.contains(i)).collect();
    if rest.is_empty() {
        let said = "all columns are keys, so that files would have none; keep one column out of them";
        return Err(Error::new(ErrorKind::SchemaInvalid, said));
    }
    schema.project(Some(&rest))
}

/// Whether what is there may be replaced, or added to.
fn may_replace(target: &Path, schema: &Schema, format: Format, options: &SaveOptions, cancel: &Cancel) -> Result<()> {
    match options.mode {
        SaveMode::ErrorIfExists => Err(exists(target)),
        SaveMode::Overwrite if target.is_dir() => only_data(target),
        SaveMode::Overwrite => Ok(()),
        SaveMode::Append if !target.is_dir() => {
            let said = format!("{} is a file, and rows can be added only to a folder; save into a folder", target.display());
            Err(Error::new(ErrorKind::Unsupported, said).with("path", target.display().to_string()))
        }
        SaveMode::Append => fits(target, schema, format, options, cancel),
    }
}

/// The same for what is in a store.
#[expect(clippy::too_many_arguments, reason = "all that a save knows")]
fn may_put(
    remote: &Target,
    there: &There,
    single: bool,
    target: &Path,
    schema: &Schema,
    format: Format,
    options: &SaveOptions,
    cancel: &Cancel,
) -> Result<()> {
    let refused = |what: &str| {
        let said = format!("{} {what}; remove it, or save under another name", target.display());
        Err(Error::new(ErrorKind::Unsupported, said).with("path", target.display().to_string()))
    };
    match (options.mode, there) {
        (_, There::Nothing) => Ok(()),
        (SaveMode::ErrorIfExists, _) => Err(remote.exists()),
        (SaveMode::Overwrite, There::Object) if single => Ok(()),
        (_, There::Object) => refused("is one object, which a folder cannot replace in one step"),
        (SaveMode::Overwrite, There::Folder(_)) if single => refused("is a folder, which one object cannot replace in one step"),
        (SaveMode::Overwrite, There::Folder(names)) => match names.iter().find(|name| is_foreign(Path::new(name))) {
            Some(name) => Err(no_data(target, &target.join(name))),
            None => Ok(()),
        },
        (SaveMode::Append, There::Folder(names)) => {
            let is_empty = names.iter().all(|name| super::path::is_hidden(Path::new(name)));
            if is_empty { Ok(()) } else { columns_fit(target, schema, format, options, cancel) }
        }
    }
}

/// Whether rows have the columns of those that are there. The first file speaks for all, as it does when they are read.
fn fits(target: &Path, schema: &Schema, format: Format, options: &SaveOptions, cancel: &Cancel) -> Result<()> {
    let is_empty = fs::read_dir(target)
        .map_err(|e| failed("cannot be listed", target, e))?
        .flatten()
        .all(|e| super::path::is_hidden(&e.path()));
    if is_empty { Ok(()) } else { columns_fit(target, schema, format, options, cancel) }
}

fn columns_fit(target: &Path, schema: &Schema, format: Format, options: &SaveOptions, cancel: &Cancel) -> Result<()> {
    if matches!((format, options.header), (Format::Csv, Some(false)) | (Format::Json, _)) {
        return Ok(());
    }
    let (found, _) = super::path::files(&[target.to_path_buf()], Some(format), true, &options.stores)?;
    let mut load = LoadOptions::new();
    if format == Format::Csv {
        load = load.infer(false).columns(Columns::All);
        load.delimiter = options.delimiter;
        load.quote = options.quote;
    }
    let there = super::FileSource::open(&found[..1], format, &load, cancel)?;
    let (there, keys) =
        (super::LazySource::schema(&there), found[0].keys.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>());
    let same_keys = options.keys.iter().map(String::as_str).eq(keys.iter().copied());
    let alike = |f: &crate::schema::Field| {
        let typed = format != Format::Csv && !keys.contains(&f.name());
        schema.field(f.name()).is_some_and(|own| !typed || own.ty() == f.ty())
    };
    if same_keys && there.len() == schema.len() && there.fields().iter().all(alike) {
        return Ok(());
    }
    let said = format!(
        "rows of {schema} by [{}] do not fit to those in {}, which are {there} by [{}]",
        options.keys.join(", "),
        target.display(),
        keys.join(", ")
    );
    Err(Error::new(ErrorKind::SchemaMismatch, said).with("path", target.display().to_string()))
}

fn exists(path: &Path) -> Error {
    let said =
        format!("{} is there already, and the mode of the save does not replace it; use SaveMode::Overwrite", path.display());
    Error::new(ErrorKind::AlreadyExists, said).with("path", path.display().to_string())
}

/// Refuses to replace a folder that holds anything that a save or another engine would not have put there.
fn only_data(folder: &Path) -> Result<()> {
    for entry in fs::read_dir(folder).map_err(|e| failed("cannot be listed", folder, e))? {
        let path = entry.map_err(|e| failed("cannot be listed", folder, e))?.path();
        if path.is_dir() {
            // What a killed save of a folder inside has left is nobody's work.
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if !(name.starts_with('.') && name.ends_with(lock::SUFFIX)) {
                only_data(&path)?;
            }
        } else if is_foreign(&path) {
            return Err(no_data(folder, &path));
        }
    }
    Ok(())
}

/// Whether a file is neither data nor what writers leave beside it.
pub(super) fn is_foreign(path: &Path) -> bool {
    !is_marker(path) && Format::of(path).is_err()
}

fn no_data(folder: &Path, path: &Path) -> Error {
    let said = format!(
        "the folder {} is not replaced, because it holds {}, which is no data; remove the folder yourself",
        folder.display(),
        path.display()
    );
    Error::new(ErrorKind::Io, said).with("path", folder.display().to_string())
}

/// Whether it is a file that writers leave beside data: `_SUCCESS` and the like, and checksums. Other hidden files are somebody's own.
fn is_marker(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with('_') || (name.starts_with('.') && name.ends_with(".crc"))
}

/// The start of a name: names of files are at most 255 bytes.
fn short(name: &str) -> String {
    name.chars().take(40).collect()
}

/// A text that no other save or attempt has, of this process or of another.
pub(super) fn unique() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let moment = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_nanos());
    // The state of a hasher is random, which tells machines apart that share a folder.
    let chance = std::hash::BuildHasher::hash_one(&std::collections::hash_map::RandomState::new(), number);
    format!("{:x}-{:x}-{number:x}-{:x}", std::process::id(), moment & 0xff_ffff_ffff, chance & 0xffff_ffff)
}
