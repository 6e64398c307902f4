//! Patterns of paths: `*` and `?` inside of a name, `[a-z]` and `[!a-z]`, and `**` for folders of any depth.

use std::fs;
use std::path::{Component, Path, PathBuf};

use super::{failed, is_hidden, listed};
use crate::error::Result;

/// Whether a path has characters of patterns.
pub(in crate::io) fn is_pattern(path: &Path) -> bool {
    path.to_string_lossy().contains(['*', '?', '['])
}

/// What a pattern matches, in the order of names, and the folder before its first name with a pattern.
///
/// Names that begin with `_` or `.` are matched only by those that begin so too.
pub(super) fn matches(pattern: &Path) -> Result<(PathBuf, Vec<PathBuf>)> {
    let mut base = PathBuf::new();
    let mut rest = Vec::new();
    for component in pattern.components() {
        let name = component.as_os_str().to_string_lossy().into_owned();
        if rest.is_empty() && !is_pattern(Path::new(&name)) {
            base.push(component);
        } else if !matches!(component, Component::CurDir) {
            rest.push(name);
        }
    }
    let mut found = Vec::new();
    if base.is_dir() {
        walk(&base, &rest, &mut found)?;
    }
    found.sort();
    found.dedup();
    Ok((base, found))
}

fn walk(folder: &Path, parts: &[String], found: &mut Vec<PathBuf>) -> Result<()> {
    let Some((first, rest)) = parts.split_first() else {
        found.push(folder.to_path_buf());
        return Ok(());
    };
    if first == "**" {
        if !rest.is_empty() {
            walk(folder, rest, found)?;
        }
        for entry in listed(folder)? {
            if entry.is_dir() && !is_hidden(&entry) {
                walk(&entry, parts, found)?;
            } else if rest.is_empty() && !is_hidden(&entry) {
                found.push(entry);
            }
        }
        return Ok(());
    }
    if !is_pattern(Path::new(first)) {
        let next = folder.join(first);
        return match fs::symlink_metadata(&next) {
            Ok(_) => step(&next, rest, found),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(()),
            Err(e) => Err(failed("cannot be read", &next, e)),
        };
    }
    for entry in listed(folder)? {
        let name = entry.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if (!is_hidden(&entry) || first.starts_with(['_', '.'])) && fits(first, &name) {
            step(&entry, rest, found)?;
        }
    }
    Ok(())
}

fn step(path: &Path, rest: &[String], found: &mut Vec<PathBuf>) -> Result<()> {
    match (rest.is_empty(), path.is_dir()) {
        (true, _) => {
            found.push(path.to_path_buf());
            Ok(())
        }
        (false, true) => walk(path, rest, found),
        (false, false) => Ok(()),
    }
}

/// Whether a name fits one part of a pattern.
pub(in crate::io) fn fits(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut p, mut n) = (0, 0);
    // Where to go on when the last star has to take one more.
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p + 1, n));
                p += 1;
                continue;
            }
            Some(_) => {
                if let Some(next) = one(&pattern, p, name[n]) {
                    (p, n) = (next, n + 1);
                    continue;
                }
            }
            None => {}
        }
        let Some((after, taken)) = star else { return false };
        star = Some((after, taken + 1));
        (p, n) = (after, taken + 1);
    }
    pattern[p..].iter().all(|&c| c == '*')
}

/// Matches one character, and says where the pattern goes on.
fn one(pattern: &[char], at: usize, c: char) -> Option<usize> {
    match pattern[at] {
        '?' => Some(at + 1),
        '[' => {
            // A bracket without an end is itself.
            let Some(end) = pattern[at + 1..].iter().skip(1).position(|&e| e == ']').map(|i| at + 2 + i) else {
                return (c == '[').then_some(at + 1);
            };
            let mut set = &pattern[at + 1..end];
            let negated = matches!(set.first(), Some('!' | '^'));
            set = if negated { &set[1..] } else { set };
            let mut inside = false;
            let mut i = 0;
            while i < set.len() {
                if let (Some('-'), Some(&to)) = (set.get(i + 1), set.get(i + 2)) {
                    inside |= set[i] <= c && c <= to;
                    i += 3;
                } else {
                    inside |= set[i] == c;
                    i += 1;
                }
            }
            (inside != negated).then_some(end + 1)
        }
        literal => (literal == c).then_some(at + 1),
    }
}
