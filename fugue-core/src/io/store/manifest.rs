//! What tells which files of a folder of a store count while a save of it is under way.
//!
//! A store changes one object at a time. So a save of a folder first puts down the names of all files that it is going to bring. As long as
//! one of them is missing, a reader passes them all over and sees what was there before; once all are there, they count, and of a folder that
//! was replaced only they do. Then what was replaced goes, and this with it.

use crate::error::{Error, ErrorKind, Result};

/// Its name in the folder; hidden for readers that do not know it.
pub(super) const NAME: &str = "_fugue.commit";

/// What names of all notes begin with.
pub(super) const OWN: &str = "_fugue.";

/// What tells a save that was taken for dead that another has ended it, behind which its id comes. It goes with the next save that replaces
/// the folder for good.
pub(super) const ENDED: &str = "_fugue.ended";

/// What is put down for a moment to see what time it is.
pub(super) const CLOCK: &str = "_fugue.clock";

pub(super) fn ended(id: &str) -> String {
    format!("{ENDED}.{id}")
}

/// The first line, of which another number is another layout.
const FIRST: &str = "fugue commit 1";

/// A save that is under way, or was killed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Manifest {
    /// Of which save.
    pub(super) id: String,
    /// Whether its files take the place of all others.
    pub(super) replaces: bool,
    /// Names in the folder.
    pub(super) files: Vec<String>,
}

impl Manifest {
    pub(super) fn text(&self) -> String {
        let mode = if self.replaces { "replace" } else { "append" };
        let lines = [FIRST, &self.id, mode].into_iter().chain(self.files.iter().map(String::as_str));
        lines.flat_map(|line| [line, "\n"]).collect()
    }

    /// # Errors
    /// [`ErrorKind::Io`] for a text of another version of this library.
    pub(super) fn parse(text: &str, address: &str) -> Result<Self> {
        let mut lines = text.lines();
        let (first, id, mode) = (lines.next(), lines.next(), lines.next());
        let (Some(FIRST), Some(id), Some(mode @ ("replace" | "append"))) = (first, id, mode) else {
            let said = format!("{address} is no such file of this version; another version may be saving there");
            return Err(Error::new(ErrorKind::Io, said).with("path", address));
        };
        Ok(Self { id: id.to_owned(), replaces: mode == "replace", files: lines.map(str::to_owned).collect() })
    }

    /// Whether all of its files are among these.
    pub(super) fn is_complete<'n>(&self, names: impl Iterator<Item = &'n str>) -> bool {
        let there: std::collections::BTreeSet<&str> = names.collect();
        self.files.iter().all(|file| there.contains(file.as_str()))
    }

    /// Whether a file of the folder counts.
    pub(super) fn counts(&self, name: &str, is_complete: bool) -> bool {
        let is_new = self.files.iter().any(|file| file == name);
        if is_complete { is_new || !self.replaces } else { !is_new }
    }
}

#[cfg(test)]
mod tests {
    use super::Manifest;

    #[test]
    fn files_count_before_or_after_and_never_in_between() {
        let files = ["k=1/a.parquet", "k=2/b.parquet"].map(str::to_owned).to_vec();
        for replaces in [true, false] {
            let manifest = Manifest { id: "7".into(), replaces, files: files.clone() };
            assert_eq!(Manifest::parse(&manifest.text(), "x").unwrap(), manifest);
            for (there, after) in
                [(vec![], false), (vec!["k=1/a.parquet"], false), (vec!["k=1/a.parquet", "k=2/b.parquet"], true)]
            {
                let all: Vec<&str> = ["old.parquet"].into_iter().chain(there).collect();
                let complete = manifest.is_complete(all.iter().copied());
                assert_eq!(complete, after);
                let counted: Vec<&str> = all.into_iter().filter(|name| manifest.counts(name, complete)).collect();
                let wanted = match (after, replaces) {
                    (false, _) => vec!["old.parquet"],
                    (true, true) => vec!["k=1/a.parquet", "k=2/b.parquet"],
                    (true, false) => vec!["old.parquet", "k=1/a.parquet", "k=2/b.parquet"],
                };
                assert_eq!(counted, wanted);
            }
        }
        assert!(Manifest::parse("something else", "x").is_err());
    }
}
