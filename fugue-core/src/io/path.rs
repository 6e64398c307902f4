//! From what a user wrote to the files that are meant: folders listed by name, and errors that say what was looked for and where.

use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::error::{Error, ErrorKind, Result};
use crate::io::Format;

/// A file as it was when it was opened: a lazy source notices when somebody replaces it afterwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    length: u64,
    modified: Option<SystemTime>,
}

impl Stamp {
    pub(super) fn of(metadata: &Metadata) -> Self {
        Self { length: metadata.len(), modified: metadata.modified().ok() }
    }
}

/// Opens a file again that was seen before.
///
/// # Errors
/// [`ErrorKind::Io`] when it is gone or another one.
pub(super) fn reopen(path: &Path, stamp: &Stamp) -> Result<fs::File> {
    let file = fs::File::open(path).map_err(|e| failed("cannot be opened", path, e))?;
    let metadata = file.metadata().map_err(|e| failed("cannot be opened", path, e))?;
    if Stamp::of(&metadata) != *stamp {
        let said = format!("{} changed since it was loaded; load it again", path.display());
        return Err(Error::new(ErrorKind::Io, said).with("path", path.display().to_string()));
    }
    Ok(file)
}

/// The files that paths mean: each a file, or a folder whose files are taken in the order of their names.
///
/// # Errors
/// [`ErrorKind::Io`] for what is not there or cannot be listed, [`ErrorKind::Unsupported`] for addresses, patterns, folders in folders
/// and files of another format in a folder.
pub(super) fn files(paths: &[PathBuf], format: Format) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for path in paths {
        let full = absolute(path)?;
        let metadata = fs::metadata(&full).map_err(|e| missing(path, &full, e))?;
        if metadata.is_dir() {
            list(&full, format, &mut found)?;
        } else {
            found.push(full);
        }
    }
    if found.is_empty() {
        return Err(Error::new(ErrorKind::Io, "no path was given; name at least one file or folder"));
    }
    Ok(found)
}

/// The path from the root, so that a later change of the current folder does not matter.
///
/// # Errors
/// [`ErrorKind::Unsupported`] for addresses with a scheme, [`ErrorKind::Io`] for an empty path.
pub(super) fn absolute(path: &Path) -> Result<PathBuf> {
    if path.to_str().is_some_and(|p| p.contains("://")) {
        let said = "only files of this machine are read and written, and this is an address with a scheme; give a plain path";
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

/// Whether a name is one that writers leave beside the data (`_SUCCESS`, `.crc`), or a temporary file.
pub(super) fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|n| n.to_string_lossy().starts_with(['.', '_']))
}

fn list(folder: &Path, format: Format, found: &mut Vec<PathBuf>) -> Result<()> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder).map_err(|e| failed("cannot be listed", folder, e))? {
        let path = entry.map_err(|e| failed("cannot be listed", folder, e))?.path();
        if !is_hidden(&path) {
            entries.push(path);
        }
    }
    // The operating system lists in any order.
    entries.sort();
    let before = found.len();
    let mut other = None;
    for path in &entries {
        if path.is_dir() {
            // Passing over it would answer with a part of the data; so would passing over files, below.
            let said = format!("{} holds a folder in the folder, and these are not read; load that one", path.display());
            return Err(Error::new(ErrorKind::Unsupported, said).with("path", path.display().to_string()));
        }
        if Format::of(path).is_ok_and(|f| f == format) {
            found.push(path.clone());
        } else {
            other.get_or_insert(path);
        }
    }
    if found.len() == before {
        let others: Vec<_> = entries.iter().filter_map(|p| p.file_name()).take(3).map(|n| n.to_string_lossy()).collect();
        let beside = if others.is_empty() { "it is empty".to_owned() } else { format!("it holds {}", others.join(", ")) };
        let said = format!("the folder {} has no file *.{}; {beside}", folder.display(), format.suffix());
        return Err(Error::new(ErrorKind::Io, said).with("path", folder.display().to_string()));
    }
    if let Some(path) = other {
        let said = format!(
            "{} stands among files *.{} and is none by its name; move it away, or name it *.{1} if it is one (names that begin with _ or \
             . are passed over)",
            path.display(),
            format.suffix()
        );
        return Err(Error::new(ErrorKind::Unsupported, said).with("path", path.display().to_string()));
    }
    Ok(())
}

fn missing(given: &Path, full: &Path, cause: io::Error) -> Error {
    let text = given.display().to_string();
    if cause.kind() != io::ErrorKind::NotFound {
        return failed("cannot be read", full, cause);
    }
    if text.contains(['*', '?', '[']) {
        let said = "patterns are not expanded; load the folder, or name the files";
        return Error::new(ErrorKind::Unsupported, said).with("path", text);
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
