//! Errors there and back, in this process and as another one would read them.

use std::fmt;

use crate::{BoxError, Transient};

use super::*;

#[derive(Debug, PartialEq)]
struct Busy(u32);

impl fmt::Display for Busy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "busy \"{}\"\n\\ 日本", self.0)
    }
}

impl StdError for Busy {}

/// An error of a user, with a cause.
#[derive(Debug)]
struct Failed(Transient);

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the day cannot be read")
    }
}

impl StdError for Failed {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&self.0)
    }
}

/// Tests that look at what is kept do so one by one.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

#[track_caller]
fn failed(source: impl Into<BoxError>) -> Error {
    let source = source.into();
    Error::new(ErrorKind::TransformerFailed, source.to_string())
        .with_engine("ballista")
        .with_operation("map")
        .with("transformer", "desk::\"zscore\"")
        .with("key", "sensor='A'\\")
        .with("rows", "a=1\nb=2")
        .with_call_site(std::panic::Location::caller())
        .with_source(source)
}

/// The block as a process with another start would write it.
fn elsewhere(error: &Error) -> String {
    format!("some text {} more text", Block::of(error, Process::other(), 0).written())
}

/// As schedulers do it: the debug form inside the debug form.
fn nested(text: &str) -> String {
    format!("Job failed: {:?}", format!("DataFusionError({:?})", format!("External({text:?})")))
}

#[test]
fn the_very_error_comes_back_within_a_process() {
    let _alone = alone();
    let error = failed(Busy(7));
    let line = error.to_string();
    let text = error_to_text(error);
    assert!(text.starts_with(&line), "people read the line first");
    let back = error_from_text(&nested(&text)).unwrap();
    assert_eq!(back.user_error::<Busy>(), Some(&Busy(7)));
    assert_eq!(back.to_string(), line);
    assert!(back.call_site().is_some());
    // Asked for once more it is made of what the block says.
    let again = error_from_text(&text).unwrap();
    assert_eq!(again.user_error::<Busy>(), None);
    assert_eq!((again.kind(), again.message()), (back.kind(), back.message()));
}

#[test]
fn another_process_reads_all_that_text_can_hold() {
    let error = failed(Failed(Transient::new(Busy(7))));
    for text in [elsewhere(&error), nested(&elsewhere(&error))] {
        let told = error_from_text(&text).unwrap();
        assert_eq!(told.kind(), ErrorKind::TransformerFailed);
        assert_eq!(told.message(), "the day cannot be read");
        assert_eq!((told.engine(), told.operation()), (Some("ballista"), Some("map")));
        for name in ["transformer", "key", "rows"] {
            assert_eq!(told.context(name), error.context(name), "{name}");
        }
        assert_eq!(told.call_site(), None);
        let at = error.call_site().unwrap();
        assert_eq!(told.context(ASKED_FOR_AT), Some(at.to_string().as_str()));
        let (mut causes, mut cause) = (Vec::new(), told.source());
        while let Some(error) = cause {
            causes.push(error.to_string());
            cause = error.source();
        }
        assert_eq!(causes, ["the day cannot be read", &Busy(7).to_string(), &Busy(7).to_string()]);
        assert!(told.is_transient());
        // It goes on to a third.
        assert!(error_from_text(&elsewhere(&told)).unwrap().is_transient());
        // The program that asked knows its own line.
        let told = told.with_call_site(at);
        assert_eq!((told.context(ASKED_FOR_AT), told.call_site()), (None, Some(at)));
    }
}

#[test]
fn every_kind_comes_back() {
    for kind in ErrorKind::ALL {
        assert_eq!(error_from_text(&elsewhere(&Error::new(kind, "m"))).unwrap().kind(), kind);
    }
}

#[test]
fn transient_errors_are_found_along_the_causes() {
    assert!(failed(Transient::new(Busy(1))).is_transient());
    assert!(failed(Failed(Transient::new(Busy(1)))).is_transient());
    assert!(!failed(Busy(1)).is_transient());
    assert!(!error_from_text(&elsewhere(&failed(Busy(1)))).unwrap().is_transient());
    let outer = failed(failed(Transient::new("a text")));
    assert!(outer.is_transient());
    assert!(Error::from_native(outer).is_transient());
    assert_eq!(failed(Transient::new(Busy(1))).user_error::<Busy>(), Some(&Busy(1)));
    assert_eq!(Transient::new(Busy(2)).into_inner().downcast_ref::<Busy>(), Some(&Busy(2)));
}

#[test]
fn broken_blocks_are_no_errors() {
    let text = elsewhere(&failed(Busy(7)));
    let (start, end) = (text.find(START).unwrap(), text.find(END).unwrap());
    for cut in 0..end + 1 {
        assert!(error_from_text(text.get(..cut).unwrap_or_default()).is_none());
    }
    for at in start + START.len()..end {
        let other = if &text[at..=at] == "0" { "1" } else { "0" };
        assert!(error_from_text(&format!("{}{other}{}", &text[..at], &text[at + 1..])).is_none(), "at {at}");
    }
    for nothing in ["", "<<fugue:", "<<fugue:>>", "<<fugue:00>>", "<<fugue:zz>>", "<<fugue:0123456789abcdef>>", "<<fugue:日本>>"]
    {
        assert!(error_from_text(nothing).is_none(), "{nothing}");
    }
    let whole = format!("<<fugue:12>> {}{text}", &text[start..end - 1]);
    assert!(error_from_text(&whole).is_some(), "a whole one behind broken ones counts");
}

#[test]
fn of_several_the_first_counts_and_a_message_hides_none() {
    let (first, second) = (elsewhere(&Error::new(ErrorKind::Io, "1")), elsewhere(&Error::new(ErrorKind::Empty, "2")));
    assert_eq!(error_from_text(&format!("{first}{second}")).unwrap().kind(), ErrorKind::Io);
    let outer = error_to_text(Error::new(ErrorKind::EngineFailed, first));
    assert_eq!(error_from_text(&outer).unwrap().kind(), ErrorKind::EngineFailed);
}

#[test]
fn no_text_grows_without_end() {
    let long = "日本\"".repeat(100_000);
    let mut error = failed(Busy(1));
    for _ in 0..30 {
        error = Error::new(ErrorKind::TransformerFailed, &long).with_engine(&long).with("rows", &long).with_source(error);
        for name in ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m"] {
            error = error.with(name, &long);
        }
    }
    let far = elsewhere(&error);
    assert!(error_from_text(&far).unwrap().message().starts_with("日本"));
    let text = error_to_text(error);
    assert!(text.len() < 64 * 1024, "{}", text.len());
}

#[test]
fn the_oldest_errors_are_forgotten_but_told() {
    let _alone = alone();
    let text = error_to_text(failed(Busy(7)));
    for _ in 0..KEPT {
        drop(error_to_text(Error::new(ErrorKind::Empty, "another")));
    }
    let back = error_from_text(&text).unwrap();
    assert_eq!(back.user_error::<Busy>(), None);
    assert_eq!(back.kind(), ErrorKind::TransformerFailed);
}
