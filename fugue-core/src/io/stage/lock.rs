//! Who is writing, and who is not any more: locks that the system lets go of when a program ends, however it ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};
use std::{fs, io};

use super::place;
use crate::error::{Error, ErrorKind, Result};
use crate::io::path::failed;
use crate::run::Cancel;

/// What the hidden folder of a save ends with.
pub(super) const SUFFIX: &str = ".staging";
/// The file in it that its writer holds.
const HELD: &str = "lock";
/// What was replaced, for a moment.
pub(super) const ASIDE: &str = "old";

/// Another save commits in a moment; one that takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(60);
/// Where nothing can be locked, what is older than this has no writer any more.
const STALE: Duration = Duration::from_secs(7 * 24 * 3600);

/// A folder in which nobody else begins or ends a save. It ends when it is dropped.
#[derive(Debug)]
pub(super) struct Turn(Option<File>);

impl Turn {
    /// Waits for it.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] when others hold it for a minute; those of the token.
    pub(super) fn take(folder: &Path, cancel: &Cancel) -> Result<Self> {
        // A handle of a folder cannot be had, or not be locked, everywhere.
        let Ok(handle) = File::open(folder) else { return Ok(Self(None)) };
        let begun = Instant::now();
        loop {
            match handle.try_lock() {
                Ok(()) => return Ok(Self(Some(handle))),
                Err(TryLockError::Error(_)) => return Ok(Self(None)),
                Err(TryLockError::WouldBlock) if begun.elapsed() > PATIENCE => {
                    let said = format!("another program holds {} locked, so that nothing can be saved there", folder.display());
                    return Err(Error::new(ErrorKind::Io, said).with("path", folder.display().to_string()));
                }
                Err(TryLockError::WouldBlock) => {
                    cancel.check()?;
                    std::thread::sleep(Duration::from_millis(2));
                }
            }
        }
    }
}

/// The hidden folder of a save, held as long as this lives.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) root: PathBuf,
    _handle: File,
}

impl Held {
    /// Makes and holds it.
    pub(super) fn make(root: PathBuf, target: &str) -> io::Result<Self> {
        fs::create_dir(&root)?;
        let made = OpenOptions::new().write(true).create_new(true).open(root.join(HELD)).and_then(|mut handle| {
            handle.write_all(target.as_bytes())?;
            // Where nothing can be locked, only age tells.
            let _ = handle.try_lock();
            Ok(handle)
        });
        match made {
            Ok(handle) => Ok(Self { root, _handle: handle }),
            Err(e) => {
                let _ = fs::remove_dir_all(&root);
                Err(e)
            }
        }
    }
}

/// Removes what saves of a target have left that were killed, and brings back what they had put aside. To be called in one's [`Turn`].
pub(super) fn clean(target: &Path, turn: &Turn) -> Result<bool> {
    let (Some(parent), Some(name)) = (target.parent(), target.file_name()) else { return Ok(false) };
    let name = name.to_string_lossy();
    let mut restored = false;
    for entry in fs::read_dir(parent).map_err(|e| failed("cannot be listed", parent, e))?.flatten() {
        let hidden = entry.file_name().to_string_lossy().into_owned();
        if !hidden.starts_with('.') || !hidden.ends_with(SUFFIX) {
            continue;
        }
        let root = entry.path();
        if is_dead(&root, &name, turn) {
            let back = place::restore(target, &root.join(ASIDE));
            restored |= back.map_err(|e| failed("was left by a save that was killed, and cannot be brought back", target, e))?;
            // What cannot be removed is invisible all the same.
            let _ = fs::remove_dir_all(&root);
        }
    }
    Ok(restored)
}

/// Whether it is of this target, and its writer has ended.
fn is_dead(root: &Path, name: &str, turn: &Turn) -> bool {
    let held = root.join(HELD);
    let Ok(said) = fs::read_to_string(&held) else {
        // Its writer was killed between two steps, or is just there where turns are not to be had.
        return turn.0.is_some() && is_named(root, name);
    };
    if said != name && !(said.is_empty() && is_named(root, name)) {
        return false;
    }
    match OpenOptions::new().write(true).open(&held).map(|handle| handle.try_lock()) {
        Ok(Ok(())) => true,
        Ok(Err(TryLockError::Error(_))) => {
            let age = fs::metadata(&held).and_then(|m| m.modified()).map(|at| SystemTime::now().duration_since(at));
            age.is_ok_and(|age| age.is_ok_and(|age| age > STALE))
        }
        Ok(Err(TryLockError::WouldBlock)) | Err(_) => false,
    }
}

fn is_named(root: &Path, name: &str) -> bool {
    let short = super::short(name);
    root.file_name().is_some_and(|n| n.to_string_lossy().starts_with(&format!(".{short}.")))
}
