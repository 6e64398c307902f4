//! Functions of text, character by character.

use fugue_core::expr::Function;

use crate::value::OwnValue;

/// A function of text, no argument null.
pub(super) fn call(function: Function, args: &[OwnValue]) -> Result<OwnValue, String> {
    use Function as F;
    let OwnValue::Text(text) = &args[0] else { return Err("no text".to_owned()) };
    let letters: Vec<char> = text.chars().collect();
    let other: Vec<char> = if let Some(OwnValue::Text(t)) = args.get(1) { t.chars().collect() } else { Vec::new() };
    let long = |n: usize| OwnValue::Int(n as i128);
    Ok(match function {
        F::Length => long(letters.len()),
        F::Lower => OwnValue::Text(text.to_lowercase()),
        F::Upper => OwnValue::Text(text.to_uppercase()),
        F::Trim => trimmed(&letters, true, true),
        F::TrimStart => trimmed(&letters, true, false),
        F::TrimEnd => trimmed(&letters, false, true),
        F::Concat => OwnValue::Text(args.iter().map(|a| if let OwnValue::Text(t) = a { t.as_str() } else { "" }).collect()),
        F::Contains => OwnValue::Bool(place(&letters, &other).is_some()),
        F::StartsWith => OwnValue::Bool(letters.starts_with(&other)),
        F::EndsWith => OwnValue::Bool(letters.ends_with(&other)),
        F::Find => place(&letters, &other).map_or(OwnValue::Null, long),
        F::Like => OwnValue::Bool(like(&letters, &other)),
        F::Substring => {
            let whole = |i: usize| args.get(i).and_then(OwnValue::as_int);
            OwnValue::Text(substring(&letters, whole(1).ok_or("no start")?, whole(2))?)
        }
        F::Replace => {
            let Some(OwnValue::Text(with)) = args.get(2) else { return Err("no text to put".to_owned()) };
            OwnValue::Text(replaced(&letters, &other, with))
        }
        F::RegexMatch => OwnValue::Bool(matches(&letters, args.get(1))?),
        F::RegexReplace => OwnValue::Text(regex_replaced(&letters, args.get(1), args.get(2))?),
        _ => return Err(format!("{function:?} of text")),
    })
}

fn trimmed(letters: &[char], start: bool, end: bool) -> OwnValue {
    let mut rest = letters;
    while let [first, tail @ ..] = rest
        && start
        && first.is_whitespace()
    {
        rest = tail;
    }
    while let [head @ .., last] = rest
        && end
        && last.is_whitespace()
    {
        rest = head;
    }
    OwnValue::Text(rest.iter().collect())
}

fn place(letters: &[char], wanted: &[char]) -> Option<usize> {
    (0..=letters.len()).find(|i| letters[*i..].starts_with(wanted))
}

fn substring(letters: &[char], start: i128, length: Option<i128>) -> Result<String, String> {
    let size = letters.len() as i128;
    if length.is_some_and(|l| l < 0) {
        return Err("a negative length".to_owned());
    }
    let from = if start < 0 { size + start } else { start };
    let to = length.map_or(size, |l| from + l);
    let at = letters.iter().enumerate().filter(|(i, _)| (from..to).contains(&(*i as i128)));
    Ok(at.map(|(_, c)| *c).collect())
}

fn replaced(letters: &[char], from: &[char], to: &str) -> String {
    let mut out = String::new();
    let mut i = 0;
    while i < letters.len() {
        if !from.is_empty() && letters[i..].starts_with(from) {
            out += to;
            i += from.len();
        } else {
            out.push(letters[i]);
            i += 1;
        }
    }
    out
}

/// Whether text fits a pattern: `%` is any text, `_` one character.
fn like(letters: &[char], pattern: &[char]) -> bool {
    // fits[i]: whether the letters up to i fit the pattern so far.
    let mut fits = vec![false; letters.len() + 1];
    fits[0] = true;
    for sign in pattern {
        let mut next = vec![false; letters.len() + 1];
        for i in 0..=letters.len() {
            next[i] = match sign {
                '%' => fits[i] || (i > 0 && next[i - 1]),
                '_' => i > 0 && fits[i - 1],
                c => i > 0 && fits[i - 1] && letters[i - 1] == *c,
            };
        }
        fits = next;
    }
    fits[letters.len()]
}

/// The regular expressions that programs use, each told in plain words below.
pub(crate) const PATTERNS: [&str; 6] = ["^a", "b$", "[0-9]+", "^$", "é|中", "a.*c"];

/// The replacements that programs use: expressions and what stands for their matches.
pub(crate) const REPLACEMENTS: [(&str, &str); 3] = [("[0-9]", "<$0>"), ("a+", "x"), ("^b", "")];

pub(super) fn knows_pattern(pattern: &str) -> bool {
    PATTERNS.contains(&pattern)
}

pub(super) fn knows_replacement(pattern: &str, with: &str) -> bool {
    REPLACEMENTS.contains(&(pattern, with))
}

fn matches(letters: &[char], pattern: Option<&OwnValue>) -> Result<bool, String> {
    let Some(OwnValue::Text(pattern)) = pattern else { return Err("no pattern".to_owned()) };
    Ok(match pattern.as_str() {
        "^a" => letters.first() == Some(&'a'),
        "b$" => letters.last() == Some(&'b'),
        "[0-9]+" => letters.iter().any(char::is_ascii_digit),
        "^$" => letters.is_empty(),
        "é|中" => letters.iter().any(|c| ['é', '中'].contains(c)),
        "a.*c" => letters.split(|c| *c == '\n').any(|line| {
            let first = line.iter().position(|c| *c == 'a');
            first.is_some_and(|first| line[first + 1..].contains(&'c'))
        }),
        other => return Err(format!("the oracle does not know the pattern {other:?}")),
    })
}

fn regex_replaced(letters: &[char], pattern: Option<&OwnValue>, with: Option<&OwnValue>) -> Result<String, String> {
    let (Some(OwnValue::Text(pattern)), Some(OwnValue::Text(with))) = (pattern, with) else {
        return Err("no pattern".to_owned());
    };
    Ok(match (pattern.as_str(), with.as_str()) {
        ("[0-9]", "<$0>") => letters.iter().map(|c| if c.is_ascii_digit() { format!("<{c}>") } else { c.to_string() }).collect(),
        ("a+", "x") => {
            let starts = |i: usize| i == 0 || letters[i - 1] != 'a';
            let kept = letters.iter().enumerate().filter(|(i, c)| **c != 'a' || starts(*i));
            kept.map(|(_, c)| if *c == 'a' { 'x' } else { *c }).collect()
        }
        ("^b", "") => letters.iter().skip(usize::from(letters.first() == Some(&'b'))).collect(),
        other => return Err(format!("the oracle does not know the replacement {other:?}")),
    })
}
