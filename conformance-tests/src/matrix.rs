//! The capability matrix of a README, made of the rules that there are and the gaps that engines declare.
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

/// The test that the macro makes: `file` is relative to `folder`.
///
/// # Panics
/// Where the matrix says anything else than the suite finds.
#[expect(clippy::panic, reason = "this is how a test fails")]
pub fn is_current(folder: &Path, file: &str, name: &str, gaps: &[Gap]) {
    let path = folder.join(file);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    if let Err(report) = compare(&text, name, gaps) {
        panic!("{}: {report}", path.display());
    }
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
}
