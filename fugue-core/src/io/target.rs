//! Writing a file whole or not at all: everything goes to a temporary file beside the target, which takes its name at the end.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::path::{absolute, failed};
use crate::error::{Error, ErrorKind, Result};
use crate::io::{Format, SaveMode};

/// A file to be. Dropped before [`commit`](Self::commit) it leaves nothing behind.
#[derive(Debug)]
pub(super) struct Target {
    path: PathBuf,
    temporary: PathBuf,
    mode: SaveMode,
    /// Folders that were made for it, outermost first.
    made: Vec<PathBuf>,
    done: bool,
}

impl Target {
    /// Makes the parent folders and the temporary file.
    ///
    /// # Errors
    /// [`ErrorKind::AlreadyExists`] by the mode; [`ErrorKind::Io`] where nothing can be written, and for a folder that holds more than data.
    pub(super) fn create(path: &Path, mode: SaveMode) -> Result<(Self, File)> {
        let mut path = absolute(path)?;
        // The file that a link points to is replaced, not the link.
        if path.is_symlink() {
            path = fs::canonicalize(&path).map_err(|e| failed("is a link to nowhere", &path, e))?;
        }
        let Some(name) = path.file_name().map(|n| n.to_string_lossy().into_owned()) else {
            return Err(Error::new(ErrorKind::Io, format!("{} is no name of a file", path.display())));
        };
        if mode == SaveMode::ErrorIfExists && path.exists() {
            return Err(exists(&path));
        }
        if path.is_dir() {
            only_data(&path)?;
        }
        let parent = path.parent().unwrap_or(Path::new("/")).to_path_buf();
        let mut target = Self { temporary: beside(&parent, &name, "tmp"), path, mode, made: Vec::new(), done: false };
        target.make_folders(&parent)?;
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&target.temporary)
            .map_err(|e| failed("cannot be written", &target.path, e))?;
        Ok((target, file))
    }

    /// The path as errors should say it.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Gives the file its name.
    ///
    /// # Errors
    /// [`ErrorKind::Io`]; the old target is as it was.
    pub(super) fn commit(mut self, file: File) -> Result<()> {
        // Without it a power cut after the rename may leave an empty file where the old one was.
        file.sync_all().map_err(|e| failed("cannot be written", &self.path, e))?;
        drop(file);
        self.place()?;
        self.done = true;
        Ok(())
    }

    fn place(&self) -> Result<()> {
        if self.mode == SaveMode::ErrorIfExists {
            // A link fails when somebody made the target in the meantime; a rename would replace it.
            match fs::hard_link(&self.temporary, &self.path) {
                Ok(()) => {
                    let _ = fs::remove_file(&self.temporary);
                    return Ok(());
                }
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => return Err(exists(&self.path)),
                // Not every file system has links.
                Err(_) if self.path.exists() => return Err(exists(&self.path)),
                Err(_) => {}
            }
        }
        if !self.path.is_dir() {
            return fs::rename(&self.temporary, &self.path).map_err(|e| failed("cannot be written", &self.path, e));
        }
        let parent = self.path.parent().unwrap_or(Path::new("/"));
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        let aside = beside(parent, &name, "old");
        fs::rename(&self.path, &aside).map_err(|e| failed("cannot be replaced", &self.path, e))?;
        if let Err(e) = fs::rename(&self.temporary, &self.path) {
            let _ = fs::rename(&aside, &self.path);
            return Err(failed("cannot be written", &self.path, e));
        }
        fs::remove_dir_all(&aside).map_err(|e| failed("was replaced, but is still there under this name", &aside, e))
    }

    fn make_folders(&mut self, parent: &Path) -> Result<()> {
        let mut missing: Vec<&Path> = parent.ancestors().take_while(|p| !p.exists()).collect();
        while let Some(folder) = missing.pop() {
            match fs::create_dir(folder) {
                Ok(()) => self.made.push(folder.to_path_buf()),
                // Another save made it at the same time.
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
                Err(e) => return Err(failed("cannot be made", folder, e)),
            }
        }
        Ok(())
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        if !self.done {
            let _ = fs::remove_file(&self.temporary);
            for folder in self.made.iter().rev() {
                // Only an empty one goes.
                let _ = fs::remove_dir(folder);
            }
        }
    }
}

/// A hidden name beside the target, which a reader of the folder passes over.
fn beside(parent: &Path, name: &str, what: &str) -> PathBuf {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let process = std::process::id();
    let moment = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |d| d.subsec_nanos());
    // Names of files are at most 255 bytes; a long one is cut.
    let short: String = name.chars().take(40).collect();
    parent.join(format!(".{short}.{process:x}-{moment:x}-{number:x}.{what}"))
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
            only_data(&path)?;
        } else if !is_marker(&path) && Format::of(&path).is_err() {
            let said = format!(
                "the folder {} is not replaced by a file, because it holds {}, which is no data; remove the folder yourself",
                folder.display(),
                path.display()
            );
            return Err(Error::new(ErrorKind::Io, said).with("path", folder.display().to_string()));
        }
    }
    Ok(())
}

/// Whether it is a file that writers leave beside data: `_SUCCESS` and the like, and checksums. Other hidden files are somebody's own.
fn is_marker(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with('_') || (name.starts_with('.') && name.ends_with(".crc"))
}
