//! The capability matrix of a README and the capabilities of an engine as data, both made of the rules that there are and the gaps that
//! engines declare.
//!
//! A rule without a gap holds, or its test fails; a rule with a gap fails as declared, or its test fails. So what the tables of gaps say is
//! what the tests find, and a column of the matrix follows from one table.
//!
//! ```text
//! <!-- matrix -->
//! | rules about | local | polars |
//! |---|---|---|
//! | ingest | 16 of 16 | 16 of 16 |
//! <!-- end of matrix -->
//! ```
//!
//! The same as data is a file of JSON that an engine can publish: its name, the version of the suite, how many rules hold of each group, and
//! every rule with whether it holds, and why and how not. With `FUGUE_WRITE=1` the tests that compare a file write it instead.

use std::fmt::Write as _;
use std::path::Path;

use crate::gap::Gap;
use crate::rules::RULES;

const START: &str = "<!-- matrix -->";
const END: &str = "<!-- end of matrix -->";

/// What an engine keeps of each group of rules, in the order of the suite: the group, how many rules hold, how many there are.
#[must_use]
pub fn column(gaps: &[Gap]) -> Vec<(&'static str, usize, usize)> {
    let mut groups: Vec<(&str, usize, usize)> = Vec::new();
    for rule in RULES {
        let group = rule.id.split_once("::").map_or(rule.id, |(group, _)| group);
        if groups.last().is_none_or(|last| last.0 != group) {
            groups.push((group, 0, 0));
        }
        if let Some(last) = groups.last_mut() {
            last.1 += usize::from(!gaps.iter().any(|gap| gap.rule() == rule.id));
            last.2 += 1;
        }
    }
    groups
}

/// Compares a column of the matrix in a text with the gaps of an engine.
///
/// # Errors
/// Every line that is wrong, with what it should say.
pub fn compare(text: &str, name: &str, gaps: &[Gap]) -> Result<(), String> {
    let table = text.split_once(START).and_then(|(_, rest)| rest.split_once(END)).map(|(table, _)| table);
    let table = table.ok_or_else(|| format!("there is no matrix between {START} and {END}"))?;
    let cells = |line: &str| line.trim().trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
    let mut lines = table.lines().filter(|line| line.trim_start().starts_with('|')).map(cells);
    let head = lines.next().unwrap_or_default();
    let at = head.iter().position(|cell| cell == name).ok_or_else(|| format!("the matrix has no column {name:?}: {head:?}"))?;
    let found: Vec<(String, String)> =
        lines.skip(1).map(|row| (row[0].clone(), row.get(at).cloned().unwrap_or_default())).collect();
    let wanted: Vec<(String, String)> =
        column(gaps).into_iter().map(|(group, holds, all)| (group.to_owned(), format!("{holds} of {all}"))).collect();
    if found == wanted {
        return Ok(());
    }
    let rows: Vec<String> = wanted.iter().map(|(group, cell)| format!("| {group} | {cell} |")).collect();
    Err(format!("the column {name:?} of the matrix should be\n{}\nbut it is\n{found:?}", rows.join("\n")))
}

/// The text with the column of the matrix as the gaps say, and with a row for every group of rules; a cell that nobody has written yet is `?`.
///
/// # Errors
/// A message, where there is no matrix, or no such column.
pub fn rewritten(text: &str, name: &str, gaps: &[Gap]) -> Result<String, String> {
    let missing = || format!("there is no matrix between {START} and {END}");
    let (before, rest) = text.split_once(START).ok_or_else(missing)?;
    let (table, after) = rest.split_once(END).ok_or_else(missing)?;
    let cells = |line: &str| line.trim().trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
    let mut lines = table.lines().filter(|line| line.trim_start().starts_with('|')).map(cells);
    let head = lines.next().unwrap_or_default();
    let at = head.iter().position(|cell| cell == name).ok_or_else(|| format!("the matrix has no column {name:?}: {head:?}"))?;
    let known: Vec<Vec<String>> = lines.skip(1).collect();
    let mut out = format!("\n| {} |\n|{}\n", head.join(" | "), "---|".repeat(head.len()));
    for (group, holds, all) in column(gaps) {
        let mut row = known.iter().find(|row| row[0] == group).cloned().unwrap_or_else(|| vec![group.to_owned()]);
        row.resize(head.len(), "?".to_owned());
        row[at] = format!("{holds} of {all}");
        // Writing to a text cannot fail.
        let _ = writeln!(out, "| {} |", row.join(" | "));
    }
    Ok(format!("{before}{START}{out}{END}{after}"))
}

/// What an engine keeps, as JSON: one rule per line, so that changes can be read.
#[must_use]
pub fn capabilities(engine: &str, gaps: &[Gap]) -> String {
    let groups: Vec<String> = column(gaps)
        .into_iter()
        .map(|(group, holds, all)| format!("    {{ \"about\": {}, \"hold\": {holds}, \"of\": {all} }}", json(group)))
        .collect();
    let rules: Vec<String> = RULES
        .iter()
        .map(|rule| match gaps.iter().find(|gap| gap.rule() == rule.id) {
            None => format!("    {{ \"rule\": {}, \"holds\": true }}", json(rule.id)),
            Some(gap) => format!(
                "    {{ \"rule\": {}, \"holds\": false, \"because\": {}, \"reason\": {}, \"fails_as\": {} }}",
                json(rule.id),
                json(gap.kind()),
                json(gap.text()),
                json(&gap.fails_as.to_string())
            ),
        })
        .collect();
    format!(
        "{{\n  \"engine\": {},\n  \"suite\": {},\n  \"groups\": [\n{}\n  ],\n  \"rules\": [\n{}\n  ]\n}}\n",
        json(engine),
        json(env!("CARGO_PKG_VERSION")),
        groups.join(",\n"),
        rules.join(",\n")
    )
}

/// A text as JSON writes it.
fn json(text: &str) -> String {
    let mut out = "\"".to_owned();
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => {
                // Writing to a text cannot fail.
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out + "\""
}

/// The test that the macro makes of a matrix: `file` is relative to `folder`. With `FUGUE_WRITE` set it writes the column.
///
/// # Panics
/// Where the matrix says anything else than the suite finds.
#[expect(clippy::panic, reason = "this is how a test fails")]
pub fn is_current(folder: &Path, file: &str, name: &str, gaps: &[Gap]) {
    let path = folder.join(file);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let report = if writes() {
        rewritten(&text, name, gaps).and_then(|text| std::fs::write(&path, text).map_err(|e| e.to_string()))
    } else {
        compare(&text, name, gaps)
    };
    if let Err(report) = report {
        panic!("{}: {report}\n{AGAIN}", path.display());
    }
}

/// The test that the macro makes of a file of capabilities: `file` is relative to `folder`. With `FUGUE_WRITE` set it writes the file.
///
/// # Panics
/// Where the file says anything else than the suite finds.
#[expect(clippy::panic, reason = "this is how a test fails")]
pub fn capabilities_are_current(folder: &Path, file: &str, engine: &str, gaps: &[Gap]) {
    let path = folder.join(file);
    let wanted = capabilities(engine, gaps);
    if writes() {
        std::fs::write(&path, wanted).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    } else if std::fs::read_to_string(&path).ok().as_deref() != Some(&wanted) {
        panic!("{} does not say what the suite finds\n{AGAIN}", path.display());
    }
}

const AGAIN: &str = "FUGUE_WRITE=1 in the environment of this test writes what is right";

fn writes() -> bool {
    std::env::var_os("FUGUE_WRITE").is_some_and(|value| !value.is_empty() && value != "0")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(cells: impl Fn(usize, usize, usize) -> String) -> String {
        let rows = column(&[])
            .into_iter()
            .enumerate()
            .map(|(i, (group, holds, all))| format!("| {group} | x | {} |\n", cells(i, holds, all)));
        format!("{START}\n| rules about | other | mine |\n|---|---|---|\n{}{END}", rows.collect::<String>())
    }

    #[test]
    fn a_column_says_what_the_gaps_say() {
        let right = text(|_, holds, all| format!("{holds} of {all}"));
        assert_eq!(compare(&right, "mine", &[]), Ok(()));
        let gap = Gap::never(RULES[0].id, "so it is");
        assert!(
            compare(&right, "mine", std::slice::from_ref(&gap))
                .is_err_and(|e| e.contains(&format!("{} of", column(&[])[0].1 - 1)))
        );
        let with_gap = text(|i, holds, all| format!("{} of {all}", holds - usize::from(i == 0)));
        assert_eq!(compare(&with_gap, "mine", &[gap]), Ok(()));
        assert!(compare(&with_gap, "mine", &[]).is_err());
        assert!(compare(&right, "other", &[]).is_err());
        assert!(compare(&right, "nobody", &[]).is_err_and(|e| e.contains("no column")));
        assert!(compare("", "mine", &[]).is_err_and(|e| e.contains("no matrix")));
    }

    #[test]
    fn what_is_written_is_right_and_leaves_others_alone() {
        let gap = Gap::never(RULES[0].id, "so it is");
        let old = format!("before {START}\n| rules about | other | mine |\n|---|---|---|\n| ingest | x | y |\n{END} after");
        let new = rewritten(&old, "mine", std::slice::from_ref(&gap)).expect("there is a matrix");
        assert_eq!(compare(&new, "mine", &[gap]), Ok(()));
        assert!(new.starts_with("before <!--") && new.ends_with("--> after") && new.contains("| ingest | x | "), "{new}");
        assert!(new.contains("| laws | ? | "), "{new}");
        assert!(rewritten(&old, "nobody", &[]).is_err());
    }

    #[test]
    fn capabilities_say_what_fails_and_how() {
        let gap = Gap::never(RULES[0].id, "a \"reason\"\n");
        let text = capabilities("mine", &[gap]);
        assert!(text.contains("\"engine\": \"mine\""), "{text}");
        let line = text.lines().find(|line| line.contains(&format!("\"rule\": \"{}\"", RULES[0].id))).expect("a line");
        assert!(line.contains("\"holds\": false, \"because\": \"never\", \"reason\": \"a \\\"reason\\\"\\u000a\""), "{line}");
        assert_eq!(text.matches("\"holds\": true").count(), RULES.len() - 1);
    }
}
