//! Reading partition text from left to right: blanks, signs, words, quoted names, and errors that point at a place.

use crate::error::Error;

use super::invalid;

/// A place in a text.
pub(super) struct Scanner<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Scanner<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    /// Skips blanks and says where the next thing starts.
    pub(super) fn mark(&mut self) -> usize {
        self.at = self.text.len() - self.rest().trim_start().len();
        self.at
    }

    pub(super) fn back_to(&mut self, mark: usize) {
        self.at = mark;
    }

    pub(super) fn at_end(&mut self) -> bool {
        self.mark() == self.text.len()
    }

    /// The next character that is not blank, left where it is.
    pub(super) fn peek(&mut self) -> Option<char> {
        self.mark();
        self.rest().chars().next()
    }

    /// Takes a sign if it comes next.
    pub(super) fn take(&mut self, sign: char) -> bool {
        let found = self.peek() == Some(sign);
        if found {
            self.at += sign.len_utf8();
        }
        found
    }

    /// Takes what comes next for as long as it is wanted; may be empty.
    pub(super) fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'t str {
        self.mark();
        let rest = self.rest();
        let end = rest.find(|c| !wanted(c)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    /// Takes a name: in backticks (a backtick inside is written twice), or up to a blank, a comma or a backtick.
    pub(super) fn name(&mut self) -> Result<String, Error> {
        let start = self.mark();
        if !self.take('`') {
            let word = self.take_while(|c| !c.is_whitespace() && c != ',' && c != '`');
            if word.is_empty() {
                return Err(self.error(start, "a column name is missing"));
            }
            return Ok(word.to_owned());
        }
        let mut name = String::new();
        loop {
            let rest = self.rest();
            let Some(end) = rest.find('`') else {
                return Err(self.error(start, "the backtick that opens this name is not closed"));
            };
            name.push_str(&rest[..end]);
            self.at += end + 1;
            if !self.rest().starts_with('`') {
                return Ok(name);
            }
            name.push('`');
            self.at += 1;
        }
    }

    /// An error with the text and a caret under a place of it.
    pub(super) fn error(&self, at: usize, what: &str) -> Error {
        let column = self.text[..at].chars().count();
        let shown: String = self.text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        invalid(format!("{what}, at position {}\n  {shown}\n  {}^", column + 1, " ".repeat(column)))
    }

    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }
}

/// A name as it has to be written: in backticks unless it is a plain word.
pub(super) fn quoted(name: &str) -> String {
    let mut letters = name.chars();
    let plain = letters.next().is_some_and(|c| c.is_alphabetic() || c == '_') && letters.all(|c| c.is_alphanumeric() || c == '_');
    if plain { name.to_owned() } else { format!("`{}`", name.replace('`', "``")) }
}
