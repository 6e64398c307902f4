//! How far a soak came, in a file.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::generate::Dice;
use crate::property::parse;

/// What a soak did so far.
#[derive(Clone, Debug)]
pub struct Progress {
    file: PathBuf,
    seed: u64,
    turns: u64,
    time: Duration,
    cases: BTreeMap<String, u64>,
    found: Vec<String>,
}

impl Progress {
    /// What the file says, or a new beginning with a seed of its own where there is none.
    pub(super) fn open(file: PathBuf) -> Result<Self, String> {
        let text = match fs::read_to_string(&file) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Self::new(file)),
            Err(e) => return Err(format!("{}: {e}", file.display())),
        };
        Self::read(file, &text)
    }

    fn new(file: PathBuf) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |t| t.as_nanos() & u128::from(u64::MAX));
        let seed = Dice::new(u64::try_from(now).unwrap_or(0)).roll();
        Self { file, seed, turns: 0, time: Duration::ZERO, cases: BTreeMap::new(), found: Vec::new() }
    }

    fn read(file: PathBuf, text: &str) -> Result<Self, String> {
        let mut progress = Self { seed: 0, ..Self::new(file) };
        for line in text.lines().filter(|line| !line.is_empty()) {
            let wrong = || format!("{}: {line:?} is no line of a soak", progress.file.display());
            let (word, rest) = line.split_once(' ').ok_or_else(wrong)?;
            match word {
                "seed" => progress.seed = parse(rest).ok_or_else(wrong)?,
                "turns" => progress.turns = rest.parse().map_err(|_| wrong())?,
                "seconds" => {
                    let seconds = rest.parse().map_err(|_| wrong())?;
                    progress.time = Duration::try_from_secs_f64(seconds).map_err(|_| wrong())?;
                }
                "cases" => {
                    let (rule, count) = rest.split_once(' ').ok_or_else(wrong)?;
                    let count = count.parse().map_err(|_| wrong())?;
                    progress.cases.insert(rule.to_owned(), count);
                }
                "found" => progress.found.push(rest.to_owned()),
                _ => return Err(wrong()),
            }
        }
        Ok(progress)
    }

    /// The file.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The seed of all seeds.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// How many turns were taken.
    #[must_use]
    pub fn turns(&self) -> u64 {
        self.turns
    }

    /// The time of all turns.
    #[must_use]
    pub fn time(&self) -> Duration {
        self.time
    }

    /// How many cases each property was tried on.
    pub fn by_rule(&self) -> impl Iterator<Item = (&str, u64)> {
        self.cases.iter().map(|(rule, cases)| (rule.as_str(), *cases))
    }

    /// How many cases were tried.
    #[must_use]
    pub fn cases(&self) -> u64 {
        self.cases.values().sum()
    }

    /// The rules and seeds of differences, as `rule seed cases`.
    #[must_use]
    pub fn found(&self) -> &[String] {
        &self.found
    }

    /// Takes a turn down, and writes the file.
    pub(super) fn turned(
        &mut self,
        rule: &str,
        seed: u64,
        asked: u32,
        cases: u64,
        time: Duration,
        found: Option<&str>,
    ) -> Result<(), String> {
        self.turns += 1;
        self.time += time;
        *self.cases.entry(rule.to_owned()).or_default() += cases;
        if let Some(report) = found {
            self.found.push(format!("{rule} {seed:#x} {asked}"));
            self.tell(report)?;
        }
        self.write()
    }

    fn tell(&self, report: &str) -> Result<(), String> {
        let path = self.file.with_extension("found.txt");
        let told = fs::OpenOptions::new().create(true).append(true).open(&path).and_then(|mut file| writeln!(file, "{report}\n"));
        told.map_err(|e| format!("{}: {e}", path.display()))
    }

    /// The file is whole at any time: it is written beside its place and put there.
    fn write(&self) -> Result<(), String> {
        let mut text = format!("seed {:#x}\nturns {}\nseconds {:.3}\n", self.seed, self.turns, self.time.as_secs_f64());
        for (rule, cases) in &self.cases {
            // Writing to a text cannot fail.
            let _ = writeln!(text, "cases {rule} {cases}");
        }
        for found in &self.found {
            let _ = writeln!(text, "found {found}");
        }
        let beside = self.file.with_extension("new");
        let written = fs::write(&beside, text).and_then(|()| fs::rename(&beside, &self.file));
        written.map_err(|e| format!("{}: {e}", self.file.display()))
    }
}
