//! Declared gaps: rules that an engine is known not to keep, why, and how it fails; and the judging of results against them.

use std::fmt;

use fugue_core::ErrorKind;

use crate::failure::{FailsAs, Outcome};

/// Whose move it is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Reason {
    /// The adapter could.
    NotImplemented(String),
    /// Something upstream has to come first; the text holds a link.
    NotYet(String),
    /// By its nature.
    Never(String),
}

/// A rule that an engine does not keep. A pass under a gap fails the run, and so does any other failure than the declared one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    rule: String,
    reason: Reason,
    pub(crate) fails_as: FailsAs,
}

impl Gap {
    /// The adapter could, and does not.
    pub fn not_implemented(rule: impl Into<String>, what: impl Into<String>) -> Self {
        Self::of(rule, Reason::NotImplemented(what.into()))
    }

    /// It waits for something upstream: the text says what, and holds a link.
    pub fn not_yet(rule: impl Into<String>, link: impl Into<String>) -> Self {
        Self::of(rule, Reason::NotYet(link.into()))
    }

    /// It cannot be, for a reason.
    pub fn never(rule: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::of(rule, Reason::Never(reason.into()))
    }

    /// Gaps of all rules of a group, by its name, for one reason.
    #[must_use]
    pub fn never_any(group: &str, reason: &str) -> Vec<Self> {
        Self::never_any_but(group, &[], reason)
    }

    /// Gaps of all rules of a group but some, by their names in it, for one reason.
    #[must_use]
    pub fn never_any_but(group: &str, but: &[&str], reason: &str) -> Vec<Self> {
        let rules = crate::rules::RULES.iter().filter_map(|rule| rule.id.split_once("::").filter(|(of, _)| *of == group));
        rules.filter(|(_, name)| !but.contains(name)).map(|(of, name)| Self::never(format!("{of}::{name}"), reason)).collect()
    }

    /// How it fails: a kind of error or [`FailsAs::Differs`]. Without this it is `Unsupported`.
    #[must_use]
    pub fn fails_as(mut self, how: impl Into<FailsAs>) -> Self {
        self.fails_as = how.into();
        self
    }

    /// The rule.
    #[must_use]
    pub fn rule(&self) -> &str {
        &self.rule
    }

    fn of(rule: impl Into<String>, reason: Reason) -> Self {
        Self { rule: rule.into(), reason, fails_as: FailsAs::Error(ErrorKind::Unsupported) }
    }

    /// Whose move it is, in a word or two.
    pub(crate) fn kind(&self) -> &'static str {
        match self.reason {
            Reason::NotImplemented(_) => "not implemented",
            Reason::NotYet(_) => "not yet",
            Reason::Never(_) => "never",
        }
    }

    pub(crate) fn text(&self) -> &str {
        match &self.reason {
            Reason::NotImplemented(text) | Reason::NotYet(text) | Reason::Never(text) => text,
        }
    }
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}: {}), fails as {}", self.rule, self.kind(), self.text(), self.fails_as)
    }
}

/// Judges what a rule found against the gap that is declared for it.
///
/// # Errors
/// A report for the person who reads the failed test.
pub fn judge(rule: &str, gap: Option<&Gap>, outcome: Outcome) -> Result<(), String> {
    match (outcome, gap) {
        (Ok(()), None) => Ok(()),
        (Ok(()), Some(gap)) => Err(format!("rule {rule} holds now: delete its gap, {gap}")),
        (Err(failure), None) => Err(format!("rule {rule} does not hold ({})\n{failure}", failure.fails_as())),
        (Err(failure), Some(gap)) if failure.fails_as() == gap.fails_as => Ok(()),
        (Err(failure), Some(gap)) => {
            Err(format!("rule {rule} has a gap, but fails as {} and not as declared: {gap}\n{failure}", failure.fails_as()))
        }
    }
}

/// Checks a table of gaps against the rules that there are.
///
/// # Errors
/// Everything that is wrong: unknown rules, rules named twice, empty reasons, a `not_yet` without a link.
pub fn sound(gaps: &[Gap], rules: &[&str]) -> Result<(), String> {
    let mut wrong = Vec::new();
    for (i, gap) in gaps.iter().enumerate() {
        if !rules.contains(&gap.rule()) {
            wrong.push(format!("there is no rule {:?}", gap.rule()));
        }
        if gaps[..i].iter().any(|other| other.rule == gap.rule) {
            wrong.push(format!("rule {} stands twice", gap.rule));
        }
        if gap.text().trim().is_empty() {
            wrong.push(format!("the gap of rule {} has no reason", gap.rule));
        }
        if matches!(gap.reason, Reason::NotYet(_)) && !gap.text().contains("://") {
            wrong.push(format!("the gap of rule {} waits for something and has no link to it", gap.rule));
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Failure;

    fn unsupported() -> Outcome {
        Err(Failure::from(fugue_core::Error::unsupported("test", "map", "no")))
    }

    #[test]
    fn only_the_declared_failure_passes_under_a_gap() {
        let gap = Gap::never("map::x", "one process");
        assert!(judge("map::x", Some(&gap), unsupported()).is_ok());
        assert!(judge("map::x", Some(&gap), Ok(())).expect_err("holds").contains("delete"));
        let other = judge("map::x", Some(&gap), Err(Failure::differs("rows")));
        assert!(other.expect_err("another failure").contains("not as declared"));
        let differs = gap.fails_as(FailsAs::Differs);
        assert!(judge("map::x", Some(&differs), Err(Failure::differs("rows"))).is_ok());
        assert!(judge("map::x", Some(&differs), unsupported()).is_err());
    }

    #[test]
    fn without_a_gap_the_rule_decides() {
        assert!(judge("map::x", None, Ok(())).is_ok());
        assert!(judge("map::x", None, unsupported()).expect_err("fails").contains("Unsupported"));
    }

    #[test]
    fn tables_of_gaps_are_checked() {
        let rules = ["map::x", "map::y"];
        assert!(sound(&[Gap::never("map::x", "why"), Gap::not_yet("map::y", "see https://example.org/1")], &rules).is_ok());
        let wrong = [
            Gap::never("map::z", "why"),
            Gap::never("map::x", " "),
            Gap::not_implemented("map::x", "why"),
            Gap::not_yet("map::y", "no link"),
        ];
        let report = sound(&wrong, &rules).expect_err("all wrong");
        for part in ["no rule \"map::z\"", "map::x has no reason", "map::x stands twice", "map::y waits"] {
            assert!(report.contains(part), "{part} in {report}");
        }
    }
}
