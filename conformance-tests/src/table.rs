//! The project's contract table: what became of each row of the contract, as data that a test can check.

use std::collections::BTreeMap;
use std::path::Path;

/// The table as it is checked in.
pub const TABLE: &str = include_str!("../contract.table");

/// What became of a row of the contract.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Rules of the suite ask for it.
    Rule(Vec<String>),
    /// Code of the core that no engine can change; its own tests ask for it. Each name is a module of fugue-core, or a test in the file
    /// of one: `cast::tests::pinned_casts`.
    Core(Vec<String>),
    /// A decision of the contract stands above it.
    Superseded(String),
    /// It comes with a later part of the project.
    Later(String),
    /// It has no meaning here; the note says why.
    NotApplicable,
}

/// One line of the table, for one row of the contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The part, or `D` for the decisions.
    pub part: String,
    /// The number of the row in the part, from 1.
    pub row: usize,
    /// What became of it.
    pub verdict: Verdict,
    /// In a few words, what it is about.
    pub note: String,
}

/// The parts that work is put off to.
const LATER: [&str; 4] = ["io", "sql", "workflow", "cluster"];

/// Reads a table: the rows that each part has, and the entries.
///
/// # Errors
/// A message that names the line that is malformed.
pub fn parse(text: &str) -> Result<(BTreeMap<String, usize>, Vec<Entry>), String> {
    let (mut parts, mut entries) = (BTreeMap::new(), Vec::new());
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let malformed = || format!("contract.table: {line:?} is malformed");
        if let Some(rest) = line.strip_prefix("rows ") {
            let (part, count) = rest.split_once(' ').ok_or_else(malformed)?;
            if parts.insert(part.to_owned(), count.parse().map_err(|_| malformed())?).is_some() {
                return Err(format!("contract.table: part {part} stands twice"));
            }
            continue;
        }
        let cells: Vec<&str> = line.splitn(3, '|').map(str::trim).collect();
        let [ids, verdict, note] = cells[..] else { return Err(malformed()) };
        if note.is_empty() {
            return Err(format!("contract.table: {ids} has no note"));
        }
        let verdict = verdict_of(verdict).ok_or_else(malformed)?;
        let (part, first, last) = rows_of(ids).ok_or_else(malformed)?;
        entries.extend((first..=last).map(|row| Entry {
            part: part.to_owned(),
            row,
            verdict: verdict.clone(),
            note: note.to_owned(),
        }));
    }
    Ok((parts, entries))
}

fn rows_of(ids: &str) -> Option<(&str, usize, usize)> {
    let (part, rows) = match ids.strip_prefix('D') {
        Some(rows) => ("D", rows),
        None => ids.split_once(':')?,
    };
    let (first, last) = rows.split_once('-').unwrap_or((rows, rows));
    Some((part, first.parse().ok()?, last.trim_start_matches('D').parse().ok()?))
}

fn verdict_of(text: &str) -> Option<Verdict> {
    if text == "not applicable" {
        return Some(Verdict::NotApplicable);
    }
    let (word, rest) = text.split_once(' ')?;
    let rest = rest.trim();
    Some(match word {
        "rule" => Verdict::Rule(rest.split(',').map(|name| name.trim().to_owned()).collect()),
        "core" => Verdict::Core(rest.split(',').map(|name| name.trim().to_owned()).collect()),
        "superseded" => Verdict::Superseded(rest.to_owned()),
        "later" if LATER.contains(&rest) => Verdict::Later(rest.to_owned()),
        _ => return None,
    })
}

/// Checks a table against the rules that there are and the modules of the core.
///
/// # Errors
/// Everything that is wrong: rows that are missing or stand twice, rules and modules that are not there, rules that no row and
/// no law asks for.
pub fn check(text: &str, rules: &[&str], core: &Path) -> Result<(), String> {
    let (parts, entries) = parse(text)?;
    let mut wrong = Vec::new();
    let mut seen: BTreeMap<(&str, usize), usize> = BTreeMap::new();
    for entry in &entries {
        *seen.entry((entry.part.as_str(), entry.row)).or_default() += 1;
        let at = format!("{}:{}", entry.part, entry.row);
        if parts.get(&entry.part).is_none_or(|rows| entry.row == 0 || entry.row > *rows) {
            wrong.push(format!("{at} is no row of the contract"));
        }
        match &entry.verdict {
            Verdict::Rule(names) => {
                wrong
                    .extend(names.iter().filter(|n| !rules.contains(&n.as_str())).map(|n| format!("{at}: there is no rule {n}")));
            }
            Verdict::Core(names) => {
                wrong.extend(
                    names.iter().filter(|n| !is_in(core, n)).map(|n| format!("{at}: the core has no module or test {n}")),
                );
            }
            Verdict::Superseded(by) if rows_of(by).is_none_or(|(part, row, _)| part != "D" || row == 0 || row > parts["D"]) => {
                wrong.push(format!("{at}: {by} is no decision"));
            }
            _ => {}
        }
    }
    wrong.extend(seen.iter().filter(|(_, times)| **times > 1).map(|((part, row), _)| format!("{part}:{row} stands twice")));
    for (part, rows) in &parts {
        wrong.extend((1..=*rows).filter(|row| !seen.contains_key(&(part, *row))).map(|row| format!("{part}:{row} is missing")));
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

/// Whether a module is there, or a test in the file of its module.
fn is_in(core: &Path, name: &str) -> bool {
    let file = |path: &str| {
        let path = core.join(path.replace("::", "/"));
        [path.with_extension("rs"), path.join("mod.rs")].into_iter().find(|file| file.is_file())
    };
    if file(name).is_some() {
        return true;
    }
    let Some((module, test)) = name.rsplit_once("::") else { return false };
    let text = file(module).and_then(|file| std::fs::read_to_string(file).ok()).unwrap_or_default();
    [format!("fn {test}("), format!("fn {test}<")].iter().any(|wanted| text.contains(wanted.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_found() {
        let core = Path::new(env!("CARGO_MANIFEST_DIR"));
        let good =
            "rows D 2\nrows 4 1\nD1 | rule map::x | a\nD2 | superseded D1 | b\n4:1 | core value, value::tests, table::is_in | c";
        assert_eq!(check(good, &["map::x"], &core.join("src")), Ok(()));
        let bad = "rows D 4\nD1 | rule map::y | a\nD1 | not applicable | b\nD2 | core nowhere | c\nD3 | superseded D9 | d\nD7 | later io | e";
        let report = check(bad, &["map::x"], &core.join("src")).expect_err("all wrong");
        for part in [
            "no rule map::y",
            "D:1 stands twice",
            "no module or test nowhere",
            "D9 is no decision",
            "D:7 is no row",
            "D:4 is missing",
        ] {
            assert!(report.contains(part), "{part} in {report}");
        }
        for malformed in ["D1 | later someday | a", "D1 | rule map::x |", "D1", "x | not applicable | a"] {
            assert!(parse(malformed).is_err(), "{malformed}");
        }
    }

    #[test]
    fn all_decisions_and_parts_are_there() {
        let (parts, entries) = parse(TABLE).expect("well formed");
        assert_eq!(parts["D"], 104);
        assert_eq!(parts.len(), 45);
        assert_eq!(entries.len(), parts.values().sum::<usize>());
    }
}
