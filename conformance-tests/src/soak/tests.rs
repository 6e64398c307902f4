//! A soak on the local engine, stopped and gone on with, and one on an engine that does not start.

use std::path::Path;

use fugue_core::{Result, Session, blocking};

use super::*;

struct Local;

impl Harness for Local {
    type Guard = ();

    fn session(&self, lane: &Lane) -> Result<(Session, ())> {
        Ok((blocking::wait(Session::builder().threads(lane.partitions).derived(lane.derived).open("local"))?, ()))
    }
}

struct Broken;

impl Harness for Broken {
    type Guard = ();

    fn session(&self, _: &Lane) -> Result<(Session, ())> {
        no_engine()
    }
}

#[test]
fn every_rule_that_tries_a_property_has_turns() {
    let names: Vec<&str> = properties().iter().map(|rule| rule.id).collect();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/rules");
    let mut tried = Vec::new();
    for rule in RULES {
        let (module, name) = rule.id.split_once("::").expect("a module");
        let files = [folder.join(format!("{module}.rs"))]
            .into_iter()
            .chain(std::fs::read_dir(folder.join(module)).into_iter().flatten().flatten().map(|entry| entry.path()));
        let text: String = files.filter_map(|file| std::fs::read_to_string(file).ok()).collect();
        let body = text.split(&format!("pub fn {name}(")).nth(1).unwrap_or_default();
        let body = body.split("\n}\n").next().unwrap_or_default();
        if body.contains("t.for_all(") || body.contains("t.for_some(") {
            tried.push(rule.id);
        }
    }
    assert!(tried.len() > 20 && tried.iter().all(|rule| names.contains(rule)), "{tried:?} are not all in {names:?}");
}

#[test]
fn a_soak_goes_on_where_it_was() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("local.soak");
    let words = ["ingest::nan".to_owned(), "frame::count".to_owned(), "sets::matches".to_owned()];
    let open = || Soak::open(Local, Vec::new(), &file).expect("a soak").only(&words).cases_of_a_turn(5);
    let mut first = open();
    let rules = first.rules();
    assert!(rules.len() > 1, "{rules:?}");
    let a = first.turn().expect("a turn");
    assert_eq!((a.rule, a.cases, a.found.as_deref()), (rules[0], 5, None));
    drop(first);
    let mut second = open();
    assert_eq!((second.progress().turns(), second.progress().cases()), (1, 5));
    let b = second.turn().expect("a turn");
    assert_eq!((b.rule, second.progress().turns()), (rules[1], 2));
    assert_ne!(a.seed, b.seed);
    assert_eq!(second.progress().by_rule().map(|(_, cases)| cases).sum::<u64>(), second.progress().cases());
    std::fs::write(&file, "nonsense").expect("written");
    assert!(Soak::open(Local, Vec::new(), &file).is_err_and(|e| e.contains("nonsense")));
}

#[test]
fn a_difference_is_kept_with_its_report() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("broken.soak");
    let mut soak = Soak::open(Broken, Vec::new(), &file).expect("a soak").only(&["sets::matches".to_owned()]).cases_of_a_turn(4);
    let turn = soak.turn().expect("a turn");
    let report = turn.found.expect("nothing opens");
    assert!(report.contains("there is no engine here") && report.contains(&format!("FUGUE_SEED={:#x}", turn.seed)), "{report}");
    assert_eq!(soak.progress().found().len(), 1);
    let told = std::fs::read_to_string(folder.path().join("broken.found.txt")).expect("a report");
    assert!(told.contains("there is no engine here"), "{told}");
    // Where that is a declared gap, it is no difference.
    let gap = Gap::never("sets::matches_the_oracle", "nothing opens");
    let mut soak =
        Soak::open(Broken, vec![gap], folder.path().join("gap.soak")).expect("a soak").only(&["sets::matches".to_owned()]);
    assert!(soak.turn().expect("a turn").found.is_none());
}
