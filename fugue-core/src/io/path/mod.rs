//! From what a user wrote to the files that are meant: folders and patterns in the order of names, what folders say of keys, and errors that
//! say what was looked for and where.

pub(super) mod glob;
pub(super) mod hive;

use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::error::{Error, ErrorKind, Result};
use crate::io::location::Location;
use crate::io::store::{self, StoreOptions};
use crate::io::{Format, stage};

/// A file as it was when it was opened: a lazy source notices when somebody replaces it afterwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    length: u64,
    modified: Option<SystemTime>,
    /// What a store calls this content of it.
    tag: Option<String>,
}

impl Stamp {
    /// An object of a store.
    #[cfg(feature = "store")]
    pub(super) fn of_object(length: u64, modified: SystemTime, tag: Option<String>) -> Self {
        Self { length, modified: Some(modified), tag }
    }

    #[cfg(feature = "store")]
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    #[cfg(feature = "store")]
    pub(super) fn tag(&self) -> Option<&str> {
        self.tag.as_deref()
    }

    pub(super) fn of(metadata: &Metadata) -> Self {
        Self { length: metadata.len(), modified: metadata.modified().ok(), tag: None }
    }
}

/// The error for a file that is another one by now.
pub(super) fn changed(path: &Path) -> Error {
    let said = format!("{} changed since it was loaded; load it again", path.display());
    Error::new(ErrorKind::Io, said).with("path", path.display().to_string())
}

/// A file, and what the folders that it lies in say.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) path: Location,
    pub(super) keys: Vec<hive::Key>,
    /// The folder that was asked for, where it was not the file itself.
    pub(super) folder: Option<PathBuf>,
}

/// The files that paths mean: each a file, a folder whose files are taken in the order of their names, or a pattern; and their format.
///
/// # Errors
/// [`ErrorKind::Io`] for what is not there or cannot be listed, [`ErrorKind::Unsupported`] for addresses, for an unknown format and for files of
/// another one in a folder.
pub(super) fn files(
    paths: &[PathBuf],
    format: Option<Format>,
    hive: bool,
    stores: &StoreOptions,
) -> Result<(Vec<Found>, Format)> {
    let Some(first) = paths.first() else {
        return Err(Error::new(ErrorKind::Io, "no path was given; name at least one file or folder"));
    };
    let mut found = Vec::new();
    for path in paths {
        if store::is_address(path) {
            store::find(path, hive, stores, &mut found)?;
            continue;
        }
        let full = absolute(path)?;
        match fs::metadata(&full) {
            Ok(metadata) if metadata.is_dir() => list(&full, hive, &mut found)?,
            Ok(_) => found.push(Found { path: full.into(), keys: Vec::new(), folder: None }),
            // A file whose name only looks like a pattern was found before.
            Err(_) if glob::is_pattern(&full) => expand(path, &full, hive, &mut found)?,
            Err(_) if stage::recover(&full) => return files(paths, format, hive, stores),
            Err(e) => return Err(missing(path, &full, e)),
        }
    }
    let format = match (format, Format::of(first)) {
        (Some(format), _) | (None, Ok(format)) => format,
        (None, Err(unknown)) => of_files(first, &found)?.ok_or(unknown)?,
    };
    check(&found, paths, format)?;
    Ok((found, format))
}

/// The format that the names of files in folders say, where all that say one say the same.
fn of_files(path: &Path, found: &[Found]) -> Result<Option<Format>> {
    let mut said: Vec<Format> = Vec::new();
    for format in found.iter().filter(|f| f.folder.is_some()).filter_map(|f| Format::of(&f.path).ok()) {
        if !said.contains(&format) {
            said.push(format);
        }
    }
    match said[..] {
        [] => Ok(None),
        [format] => Ok(Some(format)),
        _ => {
            let said = format!("the folder {} holds files of several formats; load a folder of one", path.display());
            Err(Error::new(ErrorKind::Unsupported, said).with("path", path.display().to_string()))
        }
    }
}

/// The path from the root, so that a later change of the current folder does not matter.
///
/// # Errors
/// [`ErrorKind::Unsupported`] for addresses with a scheme, [`ErrorKind::Io`] for an empty path.
pub(super) fn absolute(path: &Path) -> Result<PathBuf> {
    if path.to_str().is_some_and(|p| p.contains("://")) {
        let said = "this is an address with a scheme, and a plain path is wanted";
        return Err(Error::new(ErrorKind::Unsupported, said).with("path", path.display().to_string()));
    }
    std::path::absolute(path).map_err(|e| failed("is no path", path, e))
}

/// The error for an operation on a path that the operating system refused.
pub(super) fn failed(what: &str, path: &Path, cause: io::Error) -> Error {
    Error::new(ErrorKind::Io, format!("{} {what}: {cause}", path.display()))
        .with("path", path.display().to_string())
        .with_source(cause)
}

/// The error for a line that is not what it has to be.
pub(super) fn invalid(path: &Path, line: u64, why: &str) -> Error {
    Error::new(ErrorKind::ValueInvalid, format!("{}, line {line}: {why}", path.display()))
        .with("path", path.display().to_string())
        .with("line", line.to_string())
}

/// An error that names a row of a batch, naming the row of the file instead.
pub(super) fn in_file(error: Error, before: u64) -> Error {
    let Some(row) = error.context("row").and_then(|r| r.parse::<u64>().ok()) else { return error };
    let renamed = Error::new(error.kind(), error.message()).with("row", (before + row).to_string());
    let renamed = ["column", "field"].into_iter().fold(renamed, |e, name| match error.context(name) {
        Some(value) => e.with(name, value),
        None => e,
    });
    renamed.with_source(error)
}

/// Whether a name is one that writers leave beside the data (`_SUCCESS`, `.crc`), or a temporary file. A folder that says a key whose name
/// begins so is none of these.
pub(super) fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|n| {
        let name = n.to_string_lossy();
        name.starts_with('.') || (name.starts_with('_') && !name.contains('='))
    })
}

/// Deeper than this folders hold one another.
const DEPTH: usize = 64;

/// The entries of a folder, by name.
fn listed(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder).map_err(|e| failed("cannot be listed", folder, e))? {
        entries.push(entry.map_err(|e| failed("cannot be listed", folder, e))?.path());
    }
    // The operating system lists in any order.
    entries.sort();
    Ok(entries)
}

/// All files of a folder and of those in it.
fn list(folder: &Path, hive: bool, found: &mut Vec<Found>) -> Result<()> {
    let before = found.len();
    descend(folder, folder, &mut Vec::new(), hive, DEPTH, found)?;
    if found.len() == before {
        // Told with its format, once that is known.
        found.push(Found { path: PathBuf::new().into(), keys: Vec::new(), folder: Some(folder.to_path_buf()) });
    }
    Ok(())
}

fn descend(root: &Path, folder: &Path, keys: &mut Vec<hive::Key>, hive: bool, left: usize, found: &mut Vec<Found>) -> Result<()> {
    if left == 0 {
        let said = format!("{} is {DEPTH} folders deep; a link may lead back to a folder above it", folder.display());
        return Err(Error::new(ErrorKind::Io, said).with("path", root.display().to_string()));
    }
    for path in listed(folder)?.into_iter().filter(|p| !is_hidden(p)) {
        if !path.is_dir() {
            found.push(Found { path: path.into(), keys: keys.clone(), folder: Some(root.to_path_buf()) });
            continue;
        }
        let said = key_of(&path, hive);
        let depth = keys.len();
        keys.extend(said);
        descend(root, &path, keys, hive, left - 1, found)?;
        keys.truncate(depth);
    }
    Ok(())
}

fn key_of(path: &Path, hive: bool) -> Option<hive::Key> {
    path.file_name().and_then(|n| n.to_str()).filter(|_| hive).and_then(hive::key)
}

/// What a pattern matches: files, and folders with all that is in them. Folders behind its first pattern say keys.
fn expand(given: &Path, full: &Path, hive: bool, found: &mut Vec<Found>) -> Result<()> {
    let (base, matched) = glob::matches(full)?;
    let before = found.len();
    for path in matched {
        let inner = path.strip_prefix(&base).unwrap_or(&path);
        let is_dir = path.is_dir();
        let folders = if is_dir { Some(inner) } else { inner.parent() };
        let mut keys: Vec<hive::Key> =
            folders.iter().flat_map(|p| p.iter()).filter_map(|name| key_of(Path::new(name), hive)).collect();
        if is_dir {
            descend(&base, &path, &mut keys, hive, DEPTH, found)?;
        } else {
            found.push(Found { path: path.into(), keys, folder: Some(base.clone()) });
        }
    }
    if found.len() == before {
        let text = given.display().to_string();
        let said = format!("no file fits the pattern {text:?}");
        return Err(Error::new(ErrorKind::Io, said).with("path", text));
    }
    Ok(())
}

/// Refuses folders without a file of the format, and files of another format in them: leaving them out would answer with a part of the data.
fn check(found: &[Found], paths: &[PathBuf], format: Format) -> Result<()> {
    let is_one = |f: &Found| Format::of(&f.path).is_ok_and(|of| of == format);
    // Files of one folder stand together.
    for inside in found.chunk_by(|a, b| a.folder == b.folder) {
        let Some(folder) = inside.first().and_then(|f| f.folder.as_ref()) else { continue };
        if !inside.iter().any(is_one) {
            let others: Vec<_> = inside.iter().filter_map(|f| f.path.file_name()).take(3).map(|n| n.to_string_lossy()).collect();
            let beside = if others.is_empty() { "it is empty".to_owned() } else { format!("it holds {}", others.join(", ")) };
            let said = format!("the folder {} has no file *.{}; {beside}", folder.display(), format.suffix());
            return Err(Error::new(ErrorKind::Io, said).with("path", folder.display().to_string()));
        }
        if let Some(file) = inside.iter().find(|f| !is_one(f)) {
            let said = format!(
                "{} stands among files *.{} and is none by its name; move it away, or name it *.{1} if it is one (names that begin with _ \
                 or . are passed over)",
                file.path.display(),
                format.suffix()
            );
            return Err(Error::new(ErrorKind::Unsupported, said).with("path", file.path.display().to_string()));
        }
    }
    same_keys(found, paths)
}

/// All files have the same keys, in the same order.
fn same_keys(found: &[Found], paths: &[PathBuf]) -> Result<()> {
    let names = |f: &Found| f.keys.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    let Some(first) = found.first() else {
        let shown = paths.first().map(|p| p.display().to_string()).unwrap_or_default();
        return Err(Error::new(ErrorKind::Io, format!("{shown} has no files")).with("path", shown));
    };
    let wanted = names(first);
    let twice = wanted.iter().enumerate().find(|(i, name)| wanted[..*i].contains(name)).map(|(_, name)| name);
    let odd = found.iter().find(|f| names(f) != wanted);
    let (path, said) = match (twice, odd) {
        (Some(name), _) => (&first.path, format!("the folders above {} say the key {name:?} twice", first.path.display())),
        (None, Some(odd)) => {
            let said = |keys: Vec<String>| if keys.is_empty() { "no key".to_owned() } else { keys.join(", ") };
            let message = format!(
                "the folders above {} say {}, and those above {} say {}; load each by itself, or with .hive(false)",
                first.path.display(),
                said(wanted),
                odd.path.display(),
                said(names(odd))
            );
            (&odd.path, message)
        }
        (None, None) => return Ok(()),
    };
    Err(Error::new(ErrorKind::SchemaMismatch, said).with("path", path.display().to_string()))
}

fn missing(given: &Path, full: &Path, cause: io::Error) -> Error {
    let text = given.display().to_string();
    if cause.kind() != io::ErrorKind::NotFound {
        return failed("cannot be read", full, cause);
    }
    let mut said = format!("there is no file or folder {text:?}");
    if given.is_relative()
        && let Ok(here) = std::env::current_dir()
    {
        said.push_str(&format!(" (the current folder is {})", here.display()));
    }
    if let Some(near) = nearest(full) {
        said.push_str(&format!("; did you mean {near:?}?"));
    }
    Error::new(ErrorKind::Io, said).with("path", text).with_source(cause)
}

/// The name in the same folder that is the closest one, if one is close.
fn nearest(full: &Path) -> Option<String> {
    let wanted = full.file_name()?.to_string_lossy().into_owned();
    let most = (wanted.chars().count() / 3).clamp(1, 3);
    let names = fs::read_dir(full.parent()?).ok()?.filter_map(|e| Some(e.ok()?.file_name().to_string_lossy().into_owned()));
    names.map(|n| (distance(&wanted, &n), n)).filter(|(d, _)| *d <= most).min().map(|(_, n)| n)
}

/// How many letters have to be added, dropped or changed.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let change = corner + usize::from(x != *y);
            corner = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(corner + 1);
        }
    }
    row[b.len()]
}
