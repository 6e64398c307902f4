//! The parser of schema texts, by hand so that each error knows the very letters it is about.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use super::{Field, Schema, Type, pointed, quote, spelling, zone};
use crate::error::{Error, ErrorKind, Result};

/// Types nested deeper than this are refused: a hostile text must not exhaust the stack.
const DEEPEST: usize = 64;

/// The schema of a text; a text of blanks has no columns.
pub(super) fn schema(text: &str) -> Result<Schema> {
    let mut parser = Parser::new(text);
    let fields = if parser.at_end() { Vec::new() } else { parser.fields()? };
    parser.end("',' and a further column")?;
    Schema::new(fields)
}

/// The type of a text.
pub(super) fn ty(text: &str) -> Result<Type> {
    let mut parser = Parser::new(text);
    let ty = parser.ty()?;
    parser.end("the end of the type")?;
    Ok(ty)
}

/// Where in a text the parser stands.
pub(super) struct Parser<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
}

impl<'t> Parser<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, at: 0, depth: 0 }
    }

    /// `name:type` pairs, at least one, until something else than a comma follows.
    pub(super) fn fields(&mut self) -> Result<Vec<Field>> {
        let mut fields: Vec<Field> = Vec::new();
        let mut seen = HashSet::new();
        loop {
            let (name, span) = self.name("a column name")?;
            if !seen.insert(Arc::clone(&name)) {
                return Err(self.error(span, format!("column {} stands twice", quote(&name))).with("column", &*name));
            }
            fields.push(self.rest_of_field(name)?);
            if !self.comma("a further column")? {
                return Ok(fields);
            }
        }
    }

    /// The `:type` after a name.
    pub(super) fn rest_of_field(&mut self, name: Arc<str>) -> Result<Field> {
        if !self.take(':') {
            let message = format!("':' and a type must follow the name {}{}", quote(&name), self.names_hint());
            return Err(self.error(self.here(), message));
        }
        Ok(Field::new(name, self.ty()?))
    }

    /// A name, in backticks or bare, and where it stands.
    pub(super) fn name(&mut self, wanted: &str) -> Result<(Arc<str>, Range<usize>)> {
        self.blanks();
        let start = self.at;
        if !self.take('`') {
            self.at += self.rest().find(|c| !is_bare(c)).unwrap_or(self.rest().len());
            if self.at == start {
                let message = match self.peek() {
                    Some(found) => format!("{wanted} is expected, not {found:?}{}", self.names_hint()),
                    None => format!("{wanted} is expected, but the text ends here"),
                };
                return Err(self.error(self.here(), message));
            }
            return Ok((Arc::from(&self.text[start..self.at]), start..self.at));
        }
        let mut name = String::new();
        loop {
            let Some(length) = self.rest().find('`') else {
                return Err(self.error(start..self.text.len(), "the backtick that ends this name is missing"));
            };
            name.push_str(&self.rest()[..length]);
            self.at += length + 1;
            if !self.rest().starts_with('`') {
                return Ok((Arc::from(name), start..self.at));
            }
            name.push('`');
            self.at += 1;
        }
    }

    /// A type.
    pub(super) fn ty(&mut self) -> Result<Type> {
        self.blanks();
        let start = self.at;
        if self.depth == DEEPEST {
            return Err(self.error(self.here(), format!("types are nested deeper than {DEEPEST} levels")));
        }
        self.depth += 1;
        let ty = match self.peek() {
            Some('[') => self.list(),
            Some('{') => self.structure(),
            Some('<') => self.map(),
            _ => self.word(start),
        };
        self.depth -= 1;
        ty
    }

    fn list(&mut self) -> Result<Type> {
        self.take('[');
        let item = self.ty()?;
        self.close(']', "a list has one type of items")?;
        Ok(Type::List(Arc::new(item)))
    }

    fn structure(&mut self) -> Result<Type> {
        let start = self.at;
        self.take('{');
        if self.take('}') {
            return Err(self.error(start..self.at, "a struct needs a field, for example {x:int}"));
        }
        let fields = self.fields()?;
        self.close('}', "the fields of a struct end with it")?;
        Ok(Type::Struct(fields.into()))
    }

    fn map(&mut self) -> Result<Type> {
        self.take('<');
        let key = self.ty()?;
        self.close(',', "a map has a type of keys and a type of values, as in <str,int>")?;
        let value = self.ty()?;
        self.close('>', "a map has a type of keys and a type of values, as in <str,int>")?;
        Ok(Type::Map(Arc::new(key), Arc::new(value)))
    }

    fn word(&mut self, start: usize) -> Result<Type> {
        self.at += self.rest().find(|c| !is_bare(c)).unwrap_or(self.rest().len());
        let word = &self.text[start..self.at];
        let span = start..self.at;
        match word {
            "" => {
                let found = self.peek().map_or("but the text ends here".to_owned(), |c| format!("not {c:?}"));
                Err(self.error(self.here(), format!("a type is expected, {found}")))
            }
            "timestamp" => self.timestamp(span),
            "decimal" => self.decimal(span),
            _ => spelling::read(word).ok_or_else(|| self.error(span, spelling::advice(word))),
        }
    }

    fn timestamp(&mut self, word: Range<usize>) -> Result<Type> {
        let arguments = self.arguments(word, "datetime for a moment without zone, or timestamp(us,UTC) for an instant")?;
        let unit = arguments.first().cloned().unwrap_or(0..0);
        if !matches!(&self.text[unit.clone()], "s" | "ms" | "us" | "ns") {
            return Err(self.error(unit, "the unit of a timestamp is s, ms, us or ns; all of them mean microseconds"));
        }
        match arguments.as_slice() {
            [_] => Ok(Type::Datetime),
            [_, zone] => match zone::normalise(&self.text[zone.clone()]) {
                Ok(zone) => Ok(Type::Timestamp(zone)),
                Err(error) => Err(self.error(zone.clone(), error.message())),
            },
            [_, _, third, ..] => Err(self.error(third.clone(), "a timestamp has a unit and a zone, as in timestamp(us,UTC)")),
            [] => Err(self.error(self.here(), "a timestamp has a unit and a zone, as in timestamp(us,UTC)")),
        }
    }

    fn decimal(&mut self, word: Range<usize>) -> Result<Type> {
        let arguments = self.arguments(word, "the precision and the scale, as in decimal(18,2)")?;
        if let Some(third) = arguments.get(2) {
            return Err(self.error(third.clone(), "a decimal has a precision and a scale, as in decimal(18,2)"));
        }
        let number = |i: usize| {
            arguments.get(i).map_or(Some(0), |span| {
                let digits = &self.text[span.clone()];
                if digits.bytes().all(|b| b.is_ascii_digit()) { digits.parse::<u8>().ok() } else { None }
            })
        };
        let first = arguments.first().cloned().unwrap_or(0..0);
        let precision = number(0)
            .filter(|p| (1..=38).contains(p))
            .ok_or_else(|| self.error(first.clone(), "the precision of a decimal is a number from 1 to 38"))?;
        let scale = number(1).and_then(|s| i8::try_from(s).ok()).filter(|s| u8::try_from(*s).is_ok_and(|s| s <= precision));
        let scale = scale.ok_or_else(|| {
            let span = arguments.get(1).cloned().unwrap_or(first);
            self.error(span, format!("the scale of a decimal is a number from 0 to its precision, here {precision}"))
        })?;
        Ok(Type::Decimal(precision, scale))
    }

    /// What stands between parentheses, split at commas, without blanks around; each a span.
    fn arguments(&mut self, word: Range<usize>, write: &str) -> Result<Vec<Range<usize>>> {
        if !self.take('(') {
            return Err(self.error(word.clone(), format!("{} needs arguments; write {write}", &self.text[word])));
        }
        let start = self.at;
        let Some(length) = self.rest().find(')') else {
            return Err(self.error(start - 1..self.text.len(), "the ')' of these arguments is missing"));
        };
        self.at += length + 1;
        let mut from = start;
        let pieces = self.text[start..start + length].split(',').map(|piece| {
            let begin = from + (piece.len() - piece.trim_start().len());
            from += piece.len() + 1;
            begin..begin + piece.trim().len()
        });
        Ok(pieces.collect())
    }

    /// Whether a comma follows, and after it something.
    pub(super) fn comma(&mut self, wanted: &str) -> Result<bool> {
        self.blanks();
        let at = self.at;
        if !self.take(',') {
            return Ok(false);
        }
        self.blanks();
        match self.peek() {
            None | Some(',' | '}') => Err(self.error(at..at + 1, format!("{wanted} must follow the comma"))),
            Some(_) => Ok(true),
        }
    }

    fn close(&mut self, sign: char, because: &str) -> Result<()> {
        if self.take(sign) {
            return Ok(());
        }
        Err(self.error(self.here(), format!("{sign:?} is expected: {because}")))
    }

    /// Takes a sign after blanks, when it stands there.
    pub(super) fn take(&mut self, sign: char) -> bool {
        self.blanks();
        let found = self.rest().starts_with(sign);
        if found {
            self.at += sign.len_utf8();
        }
        found
    }

    /// Fails unless the text is read to its end.
    pub(super) fn end(&mut self, wanted: &str) -> Result<()> {
        if self.at_end() {
            return Ok(());
        }
        Err(self.error(self.here(), format!("{wanted} is expected here{}", self.names_hint())))
    }

    pub(super) fn at_end(&mut self) -> bool {
        self.blanks();
        self.at == self.text.len()
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// The span of the next character.
    pub(super) fn here(&self) -> Range<usize> {
        self.at..self.at + self.peek().map_or(0, char::len_utf8)
    }

    pub(super) fn error(&self, span: Range<usize>, message: impl std::fmt::Display) -> Error {
        pointed(ErrorKind::SchemaInvalid, self.text, span, message)
    }

    fn names_hint(&self) -> &'static str {
        match self.peek() {
            Some(',' | ':' | '[' | ']' | '{' | '}' | '<' | '>') | None => "",
            Some(_) => "; names with blanks or signs stand in backticks, as in `my column`",
        }
    }

    fn blanks(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }
}

/// Whether a character may stand in a name without backticks.
fn is_bare(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || (!c.is_ascii() && !c.is_whitespace() && !c.is_control())
}
