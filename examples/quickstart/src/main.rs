//! The quickstart: plain Rust functions by key and in order, on real data, on every engine of this program.
//!
//! `cargo run -p quickstart` makes TPC-H tables, runs the functions of [`functions`] over them and shows what comes out;
//! `cargo run -p quickstart -- --help` says what else it can do.
#![expect(clippy::print_stderr, reason = "a program for the terminal")]
#![expect(unreachable_pub, reason = "a program has no public interface")]

mod answer;
mod arguments;
#[cfg(feature = "compare")]
mod compare;
mod engines;
#[cfg(feature = "polars")]
mod existing;
mod functions;
mod own;
mod tables;
mod tpch;
#[cfg(not(feature = "compare"))]
mod without_compare;
#[cfg(not(feature = "polars"))]
mod without_existing;
#[cfg(not(feature = "compare"))]
use without_compare as compare;
#[cfg(not(feature = "polars"))]
use without_existing as existing;

use std::process::ExitCode;

use fugue::Session;

use crate::answer::{Answer, say};
use crate::arguments::{Arguments, Data};

#[fugue::main]
async fn main() -> ExitCode {
    let arguments = match Arguments::parse(std::env::args().skip(1)) {
        Ok(Some(arguments)) => arguments,
        Ok(None) => {
            say(arguments::HELP);
            return ExitCode::SUCCESS;
        }
        Err(message) => {
            eprintln!("quickstart: {message}");
            return ExitCode::from(2);
        }
    };
    match run(&arguments).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => {
            eprintln!("quickstart: the engines do not agree");
            ExitCode::FAILURE
        }
        Err(e) => {
            eprintln!("quickstart: {e}");
            ExitCode::FAILURE
        }
    }
}

/// Runs everything on every engine asked for; whether all answers are identical.
async fn run(arguments: &Arguments) -> fugue::Result<bool> {
    let mut sessions = Vec::new();
    let same = run_in(&mut sessions, arguments).await;
    let mut closed = Ok(());
    // Only now: answers of a cluster lie in its files until they were compared.
    for session in sessions {
        closed = closed.and(session.close().await);
    }
    let same = same?;
    closed.map(|()| same)
}

/// The same, in sessions that the caller closes.
async fn run_in(sessions: &mut Vec<Session>, arguments: &Arguments) -> fugue::Result<bool> {
    let engines = engines::engines(&arguments.engine)?;
    let folder = match &arguments.data {
        Data::Tpch { scale } => Some(tables::make(*scale).await?),
        Data::Own(_) => None,
    };
    let mut all: Vec<(&str, Vec<Answer>)> = Vec::new();
    for &engine in &engines {
        let session = Session::open(engine).await?;
        sessions.push(session.clone());
        say(format!("\n=== engine {engine}, {} calls at once ===", session.info().parallelism));
        let mut answers = match (&arguments.data, &folder) {
            (Data::Own(own), _) => own::run(&session, own).await?,
            (Data::Tpch { .. }, Some(folder)) => tpch::run(&session, folder).await?,
            (Data::Tpch { .. }, None) => Vec::new(),
        };
        if let Some(folder) = &folder {
            answers.extend(existing::existing(&session, folder).await?);
        }
        all.push((engine, answers));
    }
    if let [(first, expected), others @ ..] = &all[..] {
        if others.is_empty() {
            say(format!("\n{}", engines::NEXT));
        }
        let mut same = true;
        for (engine, answers) in others {
            say(format!("\n=== is what {engine} answers what {first} answers? ==="));
            same &= agree(expected, answers).await?;
        }
        return Ok(same);
    }
    Ok(true)
}

/// Says of each answer whether both engines gave the same rows; whether all of them did.
async fn agree(expected: &[Answer], got: &[Answer]) -> fugue::Result<bool> {
    let mut same = expected.len() == got.len();
    for (one, other) in expected.iter().zip(got) {
        match compare::difference(&one.rows, &other.rows).await? {
            None => say(format!("identical, {} rows: {}", one.rows.count().await?, one.title)),
            Some(difference) => {
                say(format!("DIFFERENT: {}\n{difference}", one.title));
                same = false;
            }
        }
    }
    Ok(same)
}
