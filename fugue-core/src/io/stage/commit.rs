//! The end of a save: files in their folders, and all of them in place of the target in one step.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::lock::{ASIDE, Turn};
use super::part::{self, Part};
use super::place;
use super::{Staging, exists, may_put, only_data};
use crate::error::{Error, ErrorKind, Result};
use crate::io::SaveMode;
use crate::io::path::failed;
use crate::io::store::There;
use crate::run::Cancel;

impl Staging {
    /// Lets the files of parts be what the target is, and returns their number of rows. Of several parts of one partition the first counts.
    ///
    /// # Errors
    /// [`ErrorKind::AlreadyExists`] by the mode, where somebody made the target in the meantime; [`ErrorKind::Io`], also for a part whose files
    /// are gone; those of the token. The target is then as it was.
    pub fn commit(mut self, parts: impl IntoIterator<Item = Part>, cancel: &Cancel) -> Result<u64> {
        let mut chosen: BTreeMap<u64, Part> = BTreeMap::new();
        for part in parts {
            chosen.entry(part.partition).or_insert(part);
        }
        if chosen.values().all(|part| part.files.is_empty()) {
            // A save has one file at least, which tells the columns.
            let mut writer = self.plan.writer(0)?;
            writer.ensure_a_file()?;
            chosen.insert(0, writer.finish()?);
        }
        let rows = chosen.values().map(Part::rows).sum();
        let data = self.held.root.join("data");
        let files = self.arrange(&data, chosen.into_values())?;
        if let Some(remote) = &self.remote {
            cancel.check()?;
            let mode = self.plan.options.mode;
            match self.plan.single {
                true => remote.put(&data, mode == SaveMode::ErrorIfExists, cancel)?,
                false => {
                    let may = |there: &There| {
                        let plan = &self.plan;
                        may_put(remote, there, false, &plan.target, &plan.schema, plan.format, &plan.options, cancel)
                    };
                    remote.put_all(&self.id, &data, &files, mode == SaveMode::Overwrite, may, cancel)?;
                }
            }
            self.done = true;
            return Ok(rows);
        }
        let target = self.plan.target.clone();
        let parent = target.parent().unwrap_or(Path::new("/")).to_path_buf();
        let turn = Turn::take(&parent, cancel)?;
        // What was given up while the last rows were written does not replace anything.
        cancel.check()?;
        self.place(&data, &files)?;
        self.done = true;
        place::sync_folder(&parent);
        drop(turn);
        Ok(rows)
    }

    fn unwritten(&self, cause: io::Error) -> Error {
        failed("cannot be written", &self.plan.target, cause)
    }

    /// Moves files to where they will be in the target; gives their places.
    fn arrange(&self, data: &Path, parts: impl Iterator<Item = Part>) -> Result<Vec<PathBuf>> {
        let (plan, mut files) = (&self.plan, Vec::new());
        if !plan.single {
            fs::create_dir(data).map_err(|e| self.unwritten(e))?;
        }
        for part in parts {
            for (folder, number) in &part.files {
                let from = part::file_of(&plan.root, &part, *number);
                if plan.single {
                    if !files.is_empty() {
                        return Err(Error::new(ErrorKind::Unexpected, "one file is asked for, and there are parts of several"));
                    }
                    fs::rename(from, data).map_err(|e| self.unwritten(e))?;
                    files.push(PathBuf::new());
                    continue;
                }
                let place = Path::new(folder).join(plan.file_name(part.partition, *number, &self.id)?);
                let to = data.join(&place);
                if let Some(folder) = to.parent() {
                    fs::create_dir_all(folder).map_err(|e| self.unwritten(e))?;
                }
                fs::rename(&from, to).map_err(|e| self.unwritten(e).with("part", from.display().to_string()))?;
                files.push(place);
            }
        }
        if plan.single {
            if files.is_empty() {
                return Err(Error::new(ErrorKind::Unexpected, "one file is asked for, and no part has any"));
            }
        } else {
            sync_folders(data);
        }
        Ok(files)
    }

    fn place(&self, data: &Path, files: &[PathBuf]) -> Result<()> {
        let target = &self.plan.target;
        let mode = self.plan.options.mode;
        let exchange = || place::exchange(data, target, &self.held.root.join(ASIDE)).map_err(|e| self.unwritten(e));
        // A file takes the place of a file in any system.
        if self.plan.single && mode == SaveMode::Overwrite && !target.is_dir() {
            return fs::rename(data, target).map_err(|e| self.unwritten(e));
        }
        match place::rename_new(data, target) {
            Ok(()) => return Ok(()),
            Err(e) if e.kind() != io::ErrorKind::AlreadyExists => return Err(self.unwritten(e)),
            Err(_) => {}
        }
        match mode {
            SaveMode::ErrorIfExists => Err(exists(target)),
            SaveMode::Overwrite => {
                if target.is_dir() {
                    only_data(target)?;
                }
                exchange()
            }
            SaveMode::Append => {
                // One more file in a folder that is there: that is one step by itself.
                if let [file] = files
                    && target.join(file).parent().is_some_and(Path::is_dir)
                {
                    return place::rename_new(&data.join(file), &target.join(file)).map_err(|e| self.unwritten(e));
                }
                // All others: a folder of the old files and the new ones, in place of the old.
                let met = |e| failed("cannot be added to", target, e);
                link_all(target, data).map_err(met)?;
                if let Ok(metadata) = fs::metadata(target) {
                    let _ = fs::set_permissions(data, metadata.permissions());
                }
                sync_folders(data);
                exchange()?;
                // What a program that knows nothing of this has written in the meantime.
                link_all(data, target).map_err(met)
            }
        }
    }
}

/// The files of a folder in another one too, without a copy where the file system has links; what is there already stays.
fn link_all(from: &Path, to: &Path) -> io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (old, new) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type()?.is_dir() {
            match fs::create_dir(&new) {
                Err(e) if e.kind() != io::ErrorKind::AlreadyExists => return Err(e),
                _ => link_all(&old, &new)?,
            }
        } else if fs::symlink_metadata(&new).is_err() {
            // A link is linked as such, and not what it points to.
            if fs::hard_link(&old, &new).is_err() {
                fs::copy(&old, &new)?;
            }
        }
    }
    Ok(())
}

fn sync_folders(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|t| t.is_dir()) {
            sync_folders(&entry.path());
        }
    }
    place::sync_folder(folder);
}
