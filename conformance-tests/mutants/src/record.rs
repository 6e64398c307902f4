//! What became of each fault, in a file that people read, and add words to.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// What became of a fault.
#[derive(Clone, Debug, PartialEq)]
pub enum End {
    /// By this rule.
    Caught(String),
    /// By as many rules.
    Survived(usize),
    /// No rule comes by it.
    Unreached,
}

/// Lines of three parts between tabs: what became of it, the fault, and the rule that caught it or why nothing could.
pub struct Record {
    file: PathBuf,
    /// With the words of people.
    ends: BTreeMap<String, (End, String)>,
}

impl Record {
    pub fn read(file: &Path) -> Result<Self, String> {
        let mut ends = BTreeMap::new();
        let text = match std::fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(format!("{}: {error}", file.display())),
        };
        for line in text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
            let mut parts = line.splitn(3, '\t');
            let (end, name, words) = (parts.next().unwrap_or_default(), parts.next(), parts.next().unwrap_or_default());
            let name = name.ok_or_else(|| format!("{}: {line:?} has no tab", file.display()))?;
            let (end, words) = match end.split_once(' ') {
                None if end == "caught" => (End::Caught(words.to_owned()), String::new()),
                None if end == "unreached" => (End::Unreached, words.to_owned()),
                Some(("survived", rules)) => (End::Survived(rules.parse().unwrap_or_default()), words.to_owned()),
                _ => return Err(format!("{}: {end:?} is no end of a fault", file.display())),
            };
            ends.insert(name.to_owned(), (end, words));
        }
        Ok(Self { file: file.to_owned(), ends })
    }

    /// Forgets faults of code that is no more.
    pub fn keep(&mut self, names: &BTreeSet<&str>) {
        self.ends.retain(|name, _| names.contains(name.as_str()));
    }

    pub fn has(&self, name: &str) -> bool {
        self.ends.contains_key(name)
    }

    pub fn caught_by(&self, rule: &str) -> usize {
        self.ends.values().filter(|(end, _)| matches!(end, End::Caught(by) if by == rule)).count()
    }

    pub fn add(&mut self, name: &str, end: End) {
        self.ends.insert(name.to_owned(), (end, String::new()));
    }

    /// How many there are of each.
    pub fn summary(&self) -> String {
        let count = |which: fn(&End) -> bool| self.ends.values().filter(|(end, _)| which(end)).count();
        let (caught, survived) = (count(|e| matches!(e, End::Caught(_))), count(|e| matches!(e, End::Survived(_))));
        let unreached = count(|e| *e == End::Unreached);
        // What cannot be told from the program by any answer is no fault: people say so with a word in front.
        let same = self.ends.values().filter(|(end, words)| !matches!(end, End::Caught(_)) && words.starts_with("same: ")).count();
        let all = (caught + survived + unreached - same).max(1);
        format!(
            "{caught} caught, {survived} survived, {unreached} not reached, {same} of those change nothing: {:.1} % caught",
            100.0 * caught as f64 / all as f64
        )
    }

    pub fn write(&self) -> Result<(), String> {
        let mut text = format!("# {}\n", self.summary());
        let mut lines: Vec<_> = self.ends.iter().collect();
        // What is left to look at comes first.
        lines.sort_by_key(|(name, (end, _))| (matches!(end, End::Caught(_)), (*name).clone()));
        for (name, (end, words)) in lines {
            let _ = match end {
                End::Caught(by) => writeln!(text, "caught\t{name}\t{by}"),
                End::Survived(rules) => writeln!(text, "survived {rules}\t{name}\t{words}"),
                End::Unreached => writeln!(text, "unreached\t{name}\t{words}"),
            };
        }
        let fresh = self.file.with_extension("new");
        std::fs::write(&fresh, text).and_then(|()| std::fs::rename(&fresh, &self.file)).map_err(|e| format!("{}: {e}", self.file.display()))
    }
}
