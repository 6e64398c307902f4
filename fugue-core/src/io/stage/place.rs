//! Names that change in one step: what a reader sees is the old or the new, also when the program is killed in between.

use std::fs;
use std::io;
use std::path::Path;

/// Gives a file or a folder another name, which must be free.
///
/// # Errors
/// `AlreadyExists` where it is not.
pub(super) fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    match kernel::rename_new(from, to) {
        Err(e) if is_unknown(&e) => {}
        done => return done,
    }
    // Not every file system can; a link of a file fails as well when the name is there.
    if from.is_file() {
        match fs::hard_link(from, to) {
            Ok(()) => return fs::remove_file(from),
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => return Err(e),
            Err(_) => {}
        }
    }
    if fs::symlink_metadata(to).is_ok() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    fs::rename(from, to)
}

/// Lets two names change what they stand for. Where the file system cannot do it in one step, the one that is replaced has the name `aside` for
/// a moment, from which [`restore`] brings it back after a kill.
pub(super) fn exchange(new: &Path, target: &Path, aside: &Path) -> io::Result<()> {
    match kernel::exchange(new, target) {
        Err(e) if is_unknown(&e) => in_steps(new, target, aside),
        done => done,
    }
}

pub(super) fn in_steps(new: &Path, target: &Path, aside: &Path) -> io::Result<()> {
    fs::rename(target, aside)?;
    if let Err(e) = fs::rename(new, target) {
        let _ = fs::rename(aside, target);
        return Err(e);
    }
    fs::rename(aside, new)
}

/// Brings back what was put aside by one who was killed before the new was in its place; whether there was anything.
pub(super) fn restore(target: &Path, aside: &Path) -> io::Result<bool> {
    if fs::symlink_metadata(aside).is_err() || fs::symlink_metadata(target).is_ok() {
        return Ok(false);
    }
    fs::rename(aside, target).map(|()| true)
}

/// Makes sure that names in a folder outlast a power cut, where the system lets one ask.
pub(super) fn sync_folder(folder: &Path) {
    if let Ok(handle) = fs::File::open(folder) {
        // Some file systems refuse it for folders, and then do it by themselves.
        let _ = handle.sync_all();
    }
}

/// Whether the system or the file system does not know what was asked of it.
fn is_unknown(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::Unsupported | io::ErrorKind::InvalidInput)
}

#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
mod kernel {
    use std::io;
    use std::path::Path;

    use rustix::fs::{CWD, RenameFlags, renameat_with};

    pub(super) fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
        Ok(renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE)?)
    }

    pub(super) fn exchange(a: &Path, b: &Path) -> io::Result<()> {
        Ok(renameat_with(CWD, a, CWD, b, RenameFlags::EXCHANGE)?)
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
mod kernel {
    use std::io;
    use std::path::Path;

    pub(super) fn rename_new(_: &Path, _: &Path) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(super) fn exchange(_: &Path, _: &Path) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}
