//! Files that a broken engine reads by itself; a whole one leaves them to the core.

use std::path::PathBuf;
use std::sync::Arc;

use fugue_core::engine::{Engine, Storage};
use fugue_core::frame::Source;
use fugue_core::io::{LazySource, LoadOptions, open, open_all};
use fugue_core::run::Cancel;
use fugue_core::{Error, Result};
use futures::future::BoxFuture;

use super::{Plan, Reference};
use crate::fault::Fault;

impl Storage<Plan> for Reference {
    fn load<'a>(&'a self, path: &'a str, options: &'a LoadOptions) -> BoxFuture<'a, Result<Option<Plan>>> {
        Box::pin(async move {
            let source = match self.fault {
                Some(Fault::IgnoresKeyFolders) => open(path, &options.clone().hive(false), &Cancel::never())?,
                Some(Fault::LoadsTheFirstFile) => open(all(path).swap_remove(0), options, &Cancel::never())?,
                Some(Fault::PassesOverOddFiles) => fitting(path, options)?,
                Some(Fault::LosesPlacesInFiles) => {
                    let opened = open(path, options, &Cancel::never());
                    opened.map_err(|e| Error::new(e.kind(), "something is wrong with a file"))?
                }
                _ => return Ok(None),
            };
            self.ingest(Source::shared(source)).map(Some)
        })
    }
}

/// The files of a folder, or the path itself.
fn all(path: &str) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(path) else { return vec![path.into()] };
    let mut files: Vec<PathBuf> = entries.flatten().map(|e| e.path()).filter(|p| !p.ends_with("_SUCCESS")).collect();
    files.sort();
    if files.is_empty() { vec![path.into()] } else { files }
}

/// As many files as go together.
fn fitting(path: &str, options: &LoadOptions) -> Result<Arc<dyn LazySource>> {
    let mut kept: Vec<PathBuf> = Vec::new();
    for file in all(path) {
        let mut more = kept.clone();
        more.push(file);
        if kept.is_empty() || open_all(&more, options, &Cancel::never()).is_ok() {
            kept = more;
        }
    }
    open_all(&kept, options, &Cancel::never())
}
