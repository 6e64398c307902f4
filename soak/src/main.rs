//! All properties of the conformance suite on chosen engines, with ever new seeds, until a number of cases, a time, or a difference.
//!
//! ```text
//! soak local polars datafusion --cases 1000000 --for 3600 --folder soak.d --only sql --turn 64 --collect
//! ```
//!
//! `--cases` and `--for` (seconds) are of each engine, and count what runs before did: a soak that was stopped goes on when it is called
//! again with the same folder. A difference ends the soak; with `--collect` it is kept, and the soak goes on. Each engine has its files in
//! the folder: `polars.soak` says how far it came, `polars.found.txt` has the reports of differences.

mod engines;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use conformance_tests::Soak;

use crate::engines::{Plain, gaps};

/// What the program was asked for.
struct Asked {
    engines: Vec<String>,
    cases: u64,
    seconds: u64,
    folder: PathBuf,
    only: Vec<String>,
    turn: u32,
    collect: bool,
}

fn main() -> ExitCode {
    match asked(std::env::args().skip(1)).and_then(|asked| run(&asked)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            // Where nobody reads errors there is nobody to tell.
            let _ = writeln!(io::stderr(), "soak: {message}");
            ExitCode::FAILURE
        }
    }
}

fn asked(mut words: impl Iterator<Item = String>) -> Result<Asked, String> {
    let mut asked = Asked {
        engines: Vec::new(),
        cases: u64::MAX,
        seconds: u64::MAX,
        folder: PathBuf::from("soak.d"),
        only: Vec::new(),
        turn: 64,
        collect: false,
    };
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or_else(|| format!("{word} wants a value"));
        let number = |text: String| text.replace('_', "").parse::<u64>().map_err(|_| format!("{text:?} is no number"));
        match word.as_str() {
            "--cases" => asked.cases = number(value()?)?,
            "--for" => asked.seconds = number(value()?)?,
            "--folder" => asked.folder = value()?.into(),
            "--only" => asked.only.push(value()?),
            "--turn" => asked.turn = u32::try_from(number(value()?)?).map_err(|e| e.to_string())?,
            "--collect" => asked.collect = true,
            engine if !engine.starts_with('-') => asked.engines.push(engine.to_owned()),
            other => {
                return Err(format!(
                    "{other:?} is not known; --cases, --for, --folder, --only, --turn, --collect are, and engines"
                ));
            }
        }
    }
    if asked.engines.is_empty() {
        asked.engines.push("local".to_owned());
    }
    Ok(asked)
}

/// Whether no engine has a difference.
fn run(asked: &Asked) -> Result<bool, String> {
    std::fs::create_dir_all(&asked.folder).map_err(|e| format!("{}: {e}", asked.folder.display()))?;
    let mut clean = true;
    for engine in &asked.engines {
        let file = asked.folder.join(format!("{engine}.soak"));
        let mut soak = Soak::open(Plain::new(engine)?, gaps(engine), file)?.only(&asked.only).cases_of_a_turn(asked.turn);
        clean &= soaked(engine, &mut soak, asked).map_err(|e| format!("{engine}: {e}"))?;
    }
    Ok(clean)
}

fn soaked(engine: &str, soak: &mut Soak, asked: &Asked) -> Result<bool, String> {
    let (start, mut shown) = (Instant::now(), Instant::now());
    let say = |text: &str| writeln!(io::stdout(), "{engine}: {text}").map_err(|e| e.to_string());
    say(&format!("{} properties; {} cases were tried before", soak.rules().len(), soak.progress().cases()))?;
    let before = soak.progress().cases();
    while soak.progress().cases() < asked.cases && soak.progress().time() < Duration::from_secs(asked.seconds) {
        let turn = soak.turn()?;
        if let Some(report) = &turn.found {
            say(report)?;
            if !asked.collect {
                break;
            }
        }
        if shown.elapsed() > Duration::from_secs(10) {
            shown = Instant::now();
            say(&format!("{} cases, {} differences", soak.progress().cases(), soak.progress().found().len()))?;
        }
    }
    let (done, seconds) = (soak.progress().cases() - before, start.elapsed().as_secs_f64());
    for (rule, cases) in soak.progress().by_rule() {
        say(&format!("{cases:>9} {rule}"))?;
    }
    #[expect(clippy::cast_precision_loss, reason = "a rate needs no last digits")]
    let rate = done as f64 / seconds.max(0.001);
    let found = soak.progress().found();
    say(&format!(
        "{done} cases in {seconds:.0} s, {rate:.1} a second; {} in all, {} differences",
        soak.progress().cases(),
        found.len()
    ))?;
    Ok(found.is_empty())
}
