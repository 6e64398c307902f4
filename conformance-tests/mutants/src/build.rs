//! One program with all faults of a package: written into the copy, built, and built again without those that do not compile.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::Asked;
use crate::edit::{Place, edited, switch};
use crate::find::Mutant;

/// Faults by the numbers that switch them on, and the test binary that has them.
pub struct Built {
    pub mutants: Vec<(usize, Mutant)>,
    pub binary: PathBuf,
}

/// Times that faults are taken out again before the program gives up.
const ROUNDS: usize = 30;

pub fn build(asked: &Asked, all: Vec<Mutant>) -> Result<Built, String> {
    let mut texts: HashMap<PathBuf, String> = HashMap::new();
    for mutant in &all {
        if !texts.contains_key(&mutant.file) {
            let text = std::fs::read_to_string(&mutant.file).map_err(|e| format!("{}: {e}", mutant.file.display()))?;
            texts.insert(mutant.file.clone(), text);
        }
    }
    let sources = asked.tree.join(&asked.package).join("src");
    write(&sources.join("mutant.rs"), &switch(all.len()))?;
    let root = sources.join("lib.rs");
    if !texts.contains_key(&root) {
        texts.insert(root.clone(), std::fs::read_to_string(&root).map_err(|e| e.to_string())?);
    }
    let mut out: BTreeSet<usize> = BTreeSet::new();
    for _ in 0..ROUNDS {
        let mut places: HashMap<PathBuf, Vec<Place>> = HashMap::new();
        for (file, text) in &texts {
            let here: Vec<(usize, &Mutant)> = all.iter().enumerate().filter(|(n, m)| m.file == *file && !out.contains(n)).collect();
            let (mut text, found) = edited(text, &here);
            if *file == root {
                text.push_str("\nmod mutant;\n");
            }
            // A file that is as it was keeps its time, and what was built of it.
            if std::fs::read_to_string(file).ok().as_deref() != Some(&text) {
                write(file, &text)?;
            }
            places.insert(file.clone(), found);
        }
        let wrong = errors(asked)?;
        if wrong.is_empty() {
            let binary = binary(asked)?;
            let mutants = all.into_iter().enumerate().filter(|(n, _)| !out.contains(n)).collect();
            return Ok(Built { mutants, binary });
        }
        let before = out.len();
        for Wrong { file, at, said } in &wrong {
            let places = places.get(&asked.tree.join(file)).map_or(&[][..], Vec::as_slice);
            let own = places.iter().find(|place| place.own.contains(at)).or_else(|| {
                places.iter().filter(|place| place.all.contains(at)).min_by_key(|place| place.all.len())
            });
            match own {
                Some(place) => _ = out.insert(place.mutant),
                None => eprintln!("{}: {said}", file.display()),
            }
        }
        println!("{} errors; {} of {} faults do not compile", wrong.len(), out.len(), all.len());
        if out.len() == before {
            return Err(format!("no fault is where the compiler finds {} errors", wrong.len()));
        }
    }
    Err(format!("it does not compile after {ROUNDS} rounds"))
}

fn write(file: &Path, text: &str) -> Result<(), String> {
    std::fs::write(file, text).map_err(|e| format!("{}: {e}", file.display()))
}

/// An error of the compiler: a file below the copy, and a place in it.
struct Wrong {
    file: PathBuf,
    at: usize,
    said: String,
}

fn errors(asked: &Asked) -> Result<Vec<Wrong>, String> {
    let mut wrong = Vec::new();
    for message in cargo(asked, &["build", "--lib"])? {
        let message = &message["message"];
        if message["level"] != "error" {
            continue;
        }
        for span in message["spans"].as_array().into_iter().flatten().filter(|span| span["is_primary"] == true) {
            wrong.push(Wrong {
                file: span["file_name"].as_str().unwrap_or_default().into(),
                at: span["byte_start"].as_u64().unwrap_or_default() as usize,
                said: message["message"].as_str().unwrap_or_default().to_owned(),
            });
        }
    }
    Ok(wrong)
}

/// Builds the test binary and says where it is.
fn binary(asked: &Asked) -> Result<PathBuf, String> {
    let messages = cargo(asked, &["test", "--no-run", "--test", &asked.test])?;
    let found = messages.iter().find_map(|message| {
        let ours = message["target"]["name"] == asked.test.as_str();
        ours.then(|| message["executable"].as_str().map(PathBuf::from)).flatten()
    });
    found.ok_or_else(|| format!("no test binary {:?} was built", asked.test))
}

fn cargo(asked: &Asked, words: &[&str]) -> Result<Vec<Value>, String> {
    let mut command = Command::new("cargo");
    command.current_dir(&asked.tree).args(words).args(["--package", &asked.package, "--profile", &asked.profile]);
    command.args(["--locked", "--message-format", "json"]).stderr(Stdio::inherit());
    if let Some(features) = &asked.features {
        command.args(["--features", features]);
    }
    let output = command.output().map_err(|e| format!("cargo: {e}"))?;
    let messages: Vec<Value> = String::from_utf8_lossy(&output.stdout).lines().filter_map(|l| serde_json::from_str(l).ok()).collect();
    if !output.status.success() && !messages.iter().any(|m| m["message"]["level"] == "error") {
        return Err(format!("cargo {} failed, without an error of the compiler", words.join(" ")));
    }
    Ok(messages)
}
