//! What an address means: an object, all objects below a folder, or what a pattern matches. The rules are those of folders on this machine.

use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use futures::TryStreamExt;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};

use super::StoreOptions;
use super::client::Client;
use super::manifest::{self, Manifest};
use super::read::Object;
use super::told::told;
use crate::error::{Error, ErrorKind, Result};
use crate::io::location::Location;
use crate::io::path::glob::{fits, is_pattern};
use crate::io::path::{Found, hive, is_hidden};

/// Stores list so many objects at once, and the next of them later.
const PAGE: usize = 1000;
/// How often a folder is listed that changes.
const LOOKS: usize = 20;

/// The objects that an address means, in the order of their names.
///
/// # Errors
/// [`ErrorKind::Io`] for what is not there or cannot be listed, [`ErrorKind::Unsupported`] and [`ErrorKind::SettingInvalid`] for addresses
/// and settings that no store takes.
pub(in crate::io) fn find(address: &FilePath, hive: bool, options: &StoreOptions, found: &mut Vec<Found>) -> Result<()> {
    let (client, key) = Client::of(address, options)?;
    let shown = address.display().to_string();
    if !client.lists && key.contains(['?', '#']) {
        // What comes behind may be a secret.
        let shown = shown.split(['?', '#']).next().unwrap_or_default();
        let said = format!(
            "{shown} has more than the path of a file behind it, as signed addresses do, which are not read; download it"
        );
        return Err(Error::new(ErrorKind::Unsupported, said).with("path", shown));
    }
    let folder = key.trim_end_matches('/');
    if !key.is_empty() && !key.ends_with('/') {
        match head(&client, folder)? {
            Ok(meta) => {
                found.push(Found { path: place(&client, meta), keys: Vec::new(), folder: None });
                return Ok(());
            }
            Err(object_store::Error::NotFound { .. }) if client.lists => {}
            Err(e) => return Err(told(&client, &shown, e)),
        }
    }
    if !client.lists {
        let said =
            format!("{shown} is the address of a folder, and a web server does not say what is in it; give addresses of files");
        return Err(Error::new(ErrorKind::Unsupported, said).with("path", shown));
    }
    let parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    let plain = parts.iter().position(|part| is_pattern(FilePath::new(part))).unwrap_or(parts.len());
    let (base, pattern) = parts.split_at(plain);
    let base = base.join("/");
    let root = PathBuf::from(if base.is_empty() { client.root.clone() } else { format!("{}/{base}", client.root) });
    let mut below: Vec<(PathBuf, ObjectMeta)> = Vec::new();
    for meta in counted(&client, &base, &shown)? {
        let inner = meta.location.as_ref().strip_prefix(base.as_str()).unwrap_or_default().trim_start_matches('/');
        let names: Vec<&str> = inner.split('/').collect();
        // A folder that a console made is an object without a name.
        let is_file = !inner.is_empty() && !meta.location.as_ref().ends_with('/');
        if is_file && is_meant(pattern, &names) {
            below.push((root.join(inner), meta));
        }
    }
    // Name by name, as folders are listed, and not by bytes of the whole.
    below.sort_by(|a, b| a.0.cmp(&b.0));
    if below.is_empty() {
        let said = match pattern.is_empty() {
            true => format!("there is no object or folder {shown}"),
            false => format!("no object fits the pattern {shown:?}"),
        };
        return Err(Error::new(ErrorKind::Io, said).with("path", shown));
    }
    for (path, meta) in below {
        let folders = path.strip_prefix(&root).ok().and_then(FilePath::parent);
        let said = |name: &std::ffi::OsStr| name.to_str().filter(|_| hive).and_then(hive::key);
        let keys = folders.into_iter().flat_map(FilePath::iter).filter_map(said).collect();
        found.push(Found { path: place(&client, meta), keys, folder: Some(root.clone()) });
    }
    Ok(())
}

fn place(client: &Arc<Client>, meta: ObjectMeta) -> Location {
    let address = PathBuf::from(format!("{}/{}", client.root, meta.location));
    Location::in_store(address, Object::new(Arc::clone(client), meta))
}

fn head(client: &Client, key: &str) -> Result<Result<ObjectMeta, object_store::Error>> {
    let (store, key) = (Arc::clone(&client.store), client.key(key)?);
    client.wait(async move { store.head(&key).await })
}

/// The objects below a folder that count, where saves are under way.
fn counted(client: &Client, folder: &str, shown: &str) -> Result<Vec<ObjectMeta>> {
    // A save is of the whole folder, of which this may be what lies under some keys. All of it is listed only where there is one.
    let parts: Vec<&str> = folder.split('/').collect();
    let whole = parts.len() - parts.iter().rev().take_while(|part| part.contains('=')).count();
    let above: Vec<String> = (whole.max(1)..parts.len()).map(|to| parts[..to].join("/")).collect();
    if let Some(whole) = saved_into(client, &above, shown)? {
        return Ok(counted_of(settled(client, &whole, shown)?, folder));
    }
    let found = settled(client, folder, shown)?;
    Ok(match saved_into(client, &above, shown)? {
        None => counted_of(found, folder),
        Some(whole) => counted_of(settled(client, &whole, shown)?, folder),
    })
}

/// The outermost of these folders that has the note of a save.
fn saved_into(client: &Client, folders: &[String], shown: &str) -> Result<Option<String>> {
    for folder in folders {
        match head(client, &format!("{folder}/{}", manifest::NAME))? {
            Ok(_) => return Ok(Some(folder.clone())),
            Err(object_store::Error::NotFound { .. }) => {}
            Err(e) => return Err(told(client, shown, e)),
        }
    }
    Ok(None)
}

/// What counts of objects and is below a folder.
fn counted_of((mut found, notes): Seen, folder: &str) -> Vec<ObjectMeta> {
    let is_part = |meta: &ObjectMeta, folder: &str| {
        folder.is_empty() || meta.location.as_ref().strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
    };
    for (note, manifest) in notes {
        let of = note.as_ref().strip_suffix(manifest::NAME).unwrap_or_default().trim_end_matches('/').to_owned();
        let name = |meta: &ObjectMeta| {
            let inner = meta.location.as_ref().strip_prefix(of.as_str()).unwrap_or_default();
            inner.trim_start_matches('/').to_owned()
        };
        let names: Vec<String> = found.iter().filter(|meta| is_part(meta, &of)).map(name).collect();
        let is_complete = manifest.is_complete(names.iter().map(String::as_str));
        found.retain(|meta| !is_part(meta, &of) || manifest.counts(&name(meta), is_complete));
    }
    found.retain(|meta| is_part(meta, folder));
    found
}

/// Objects, and what is said of saves that are under way.
type Seen = (Vec<ObjectMeta>, Vec<(object_store::path::Path, Manifest)>);

/// All objects below a folder as they were at one moment, and the notes of saves among them.
fn settled(client: &Client, folder: &str, shown: &str) -> Result<Seen> {
    let mut before: Option<Seen> = None;
    // A list is no look at one moment: of saves that begin and end meanwhile it has some of their files, and not their notes.
    for _ in 0..LOOKS {
        let found = listed(client, folder, shown)?;
        let Some(notes) = notes_of(client, &found, shown)? else { continue };
        let one = |meta: &ObjectMeta| (meta.location.clone(), meta.e_tag.clone(), meta.size);
        let is_same = before
            .as_ref()
            .is_some_and(|(all, known)| *known == notes && (!notes.is_empty() || all.iter().map(one).eq(found.iter().map(one))));
        if is_same || (notes.is_empty() && found.len() < PAGE) {
            return Ok((found, notes));
        }
        before = Some((found, notes));
    }
    let said = format!("saves into {shown} follow one another, so that it is never the same twice; load it again");
    Err(Error::new(ErrorKind::Io, said).with("path", shown))
}

/// What notes say; nothing where one went away meanwhile.
fn notes_of(client: &Client, found: &[ObjectMeta], shown: &str) -> Result<Option<Vec<(object_store::path::Path, Manifest)>>> {
    let mut notes = Vec::new();
    for note in found.iter().map(|meta| &meta.location).filter(|at| at.filename() == Some(manifest::NAME)) {
        let (store, at) = (Arc::clone(&client.store), note.clone());
        let text = match client.wait(async move { store.get(&at).await?.bytes().await })? {
            Ok(text) => text,
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(e) => return Err(told(client, shown, e)),
        };
        let manifest = Manifest::parse(&String::from_utf8_lossy(&text), &format!("{}/{note}", client.root))?;
        notes.push((note.clone(), manifest));
    }
    Ok(Some(notes))
}

/// All objects below a folder.
pub(super) fn listed(client: &Client, folder: &str, shown: &str) -> Result<Vec<ObjectMeta>> {
    let (store, prefix) = (Arc::clone(&client.store), client.key(folder)?);
    let listed = client.wait(async move { store.list(Some(&prefix)).try_collect::<Vec<_>>().await })?;
    listed.map_err(|e| told(client, shown, e))
}

/// Whether an object is meant by a pattern over its names: the pattern fits it, or a folder that it lies in and in which it is not hidden.
fn is_meant(pattern: &[&str], names: &[&str]) -> bool {
    let hidden = |name: &str| is_hidden(FilePath::new(name));
    let Some((first, rest)) = pattern.split_first() else { return !names.iter().any(|name| hidden(name)) };
    if *first == "**" {
        // No folder, or one more.
        return (!rest.is_empty() && is_meant(rest, names))
            || (rest.is_empty() && is_meant(&[], names))
            || names.split_first().is_some_and(|(name, inner)| !inner.is_empty() && !hidden(name) && is_meant(pattern, inner));
    }
    let Some((name, inner)) = names.split_first() else { return false };
    let is_one = if is_pattern(FilePath::new(first)) {
        (!hidden(name) || first.starts_with(['_', '.'])) && fits(first, name)
    } else {
        first == name
    };
    is_one && (!inner.is_empty() || rest.is_empty()) && is_meant(rest, inner)
}

#[cfg(test)]
mod tests {
    use super::is_meant;

    #[test]
    fn patterns_mean_what_they_mean_on_this_machine() {
        let meant = |pattern: &str, name: &str| {
            let parts = |text: &str| text.split('/').filter(|p| !p.is_empty()).map(str::to_owned).collect::<Vec<_>>();
            let (pattern, names) = (parts(pattern), parts(name));
            let texts = |parts: &[String]| parts.iter().map(String::as_str).map(str::to_owned).collect::<Vec<_>>();
            let (pattern, names) = (texts(&pattern), texts(&names));
            let pattern: Vec<&str> = pattern.iter().map(String::as_str).collect();
            is_meant(&pattern, &names.iter().map(String::as_str).collect::<Vec<_>>())
        };
        assert!(meant("", "a.csv") && meant("", "k=1/a.csv") && !meant("", "_SUCCESS") && !meant("", ".tmp/a.csv"));
        assert!(meant("*.csv", "a.csv") && !meant("*.csv", "b/a.csv") && !meant("*.csv", "_a.csv") && meant("_*.csv", "_a.csv"));
        assert!(meant("**/*.csv", "a.csv") && meant("**/*.csv", "x/y/a.csv") && !meant("**/*.csv", "x/_y/a.csv"));
        assert!(
            meant("k=*", "k=1/a.csv") && meant("k=*", "k=1/j=2/a.csv") && !meant("k=*", "k=1/_x") && !meant("k=*", "j=2/a.csv")
        );
        assert!(meant("**", "x/a.csv") && meant("[ab]/x?", "a/x1") && !meant("[ab]/x?", "c/x1") && !meant("a/*", "a"));
    }
}
