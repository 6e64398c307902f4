//! Small faults put into the adapter of an engine one by one, and whether the conformance suite catches them.
//!
//! ```text
//! mutants --package fugue-polars --most 100 --minutes 60 --features … --profile release --jobs 2
//! ```
//!
//! All faults of a package are built into one program, each behind a number that the environment switches on (`FUGUE_MUTANT`), in a copy of
//! the workspace (`--tree`). Those that do not compile are left out. Then every rule runs once without a fault, by itself, and tells which
//! faults' places it comes by; and each fault is put to the rules that come by it, until one fails. Which comes next is drawn once and for
//! ever, so any beginning of the run is a fair sample. What became of each stands in `--record`; a run that was stopped goes on there.

mod build;
mod edit;
mod find;
mod judge;
mod record;
mod value;

use std::path::PathBuf;
use std::process::{Command, ExitCode};

/// What the program was asked for.
pub struct Asked {
    pub package: String,
    /// The copy of the workspace that faults are written into; a clone of this one, which is brought to its commit.
    pub tree: PathBuf,
    pub record: PathBuf,
    /// The test binary with the suite, and what the names of its rules begin with.
    pub test: String,
    pub filter: String,
    pub features: Option<String>,
    pub profile: String,
    /// Faults that are judged, those of earlier runs included.
    pub most: usize,
    pub minutes: u64,
    pub jobs: usize,
}

fn main() -> ExitCode {
    match asked(std::env::args().skip(1)).and_then(|asked| run(&asked)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("mutants: {message}");
            ExitCode::FAILURE
        }
    }
}

fn asked(mut words: impl Iterator<Item = String>) -> Result<Asked, String> {
    let mut asked = Asked {
        package: String::new(),
        tree: PathBuf::from("target/mutants/tree"),
        record: PathBuf::new(),
        test: "it".to_owned(),
        filter: "conformance::".to_owned(),
        features: None,
        profile: "dev".to_owned(),
        most: usize::MAX,
        minutes: u64::MAX / 60,
        jobs: 2,
    };
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or_else(|| format!("{word} wants a value"));
        let number = |text: String| text.parse::<u64>().map_err(|_| format!("{text:?} is no number"));
        match word.as_str() {
            "--package" => asked.package = value()?,
            "--tree" => asked.tree = value()?.into(),
            "--record" => asked.record = value()?.into(),
            "--test" => asked.test = value()?,
            "--filter" => asked.filter = value()?,
            "--features" => asked.features = Some(value()?),
            "--profile" => asked.profile = value()?,
            "--most" => asked.most = number(value()?)? as usize,
            "--minutes" => asked.minutes = number(value()?)?,
            "--jobs" => asked.jobs = number(value()?)?.max(1) as usize,
            other => return Err(format!("{other:?} is not known; the first lines of src/main.rs say what is")),
        }
    }
    if asked.package.is_empty() {
        return Err("--package says which adapter: fugue-polars, fugue-datafusion, fugue-ballista".to_owned());
    }
    if asked.record.as_os_str().is_empty() {
        asked.record = PathBuf::from(format!("conformance-tests/mutants/{}.txt", asked.package));
    }
    Ok(asked)
}

fn run(asked: &Asked) -> Result<(), String> {
    fresh(asked)?;
    let mut record = record::Record::read(&asked.record)?;
    let all = find::of_package(&asked.tree.join(&asked.package))?;
    let built = build::build(asked, all)?;
    println!("{} faults compile", built.mutants.len());
    let covered = judge::cover(asked, &built)?;
    judge::judge(asked, &built, &covered, &mut record)?;
    println!("{}", record.summary());
    Ok(())
}

/// Makes the copy of the workspace, or brings it to the commit that is here.
fn fresh(asked: &Asked) -> Result<(), String> {
    let here = std::env::current_dir().map_err(|e| e.to_string())?;
    if !asked.tree.join(".git").exists() {
        git(&here, &["clone", "--quiet", "--shared", ".", &asked.tree.to_string_lossy()])?;
    }
    let commit = git(&here, &["rev-parse", "HEAD"])?;
    git(&asked.tree, &["fetch", "--quiet", &here.to_string_lossy(), "HEAD"])?;
    git(&asked.tree, &["reset", "--quiet", "--hard", commit.trim()])?;
    git(&asked.tree, &["clean", "--quiet", "-fd"]).map(|_| ())
}

fn git(at: &std::path::Path, words: &[&str]) -> Result<String, String> {
    let output = Command::new("git").current_dir(at).args(words).output().map_err(|e| format!("git: {e}"))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(format!("git {}: {}", words.join(" "), String::from_utf8_lossy(&output.stderr)))
    }
}
