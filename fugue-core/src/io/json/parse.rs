//! One line of JSON as a value that points into it. Numbers stay text, so that no digit of them is lost.

use std::borrow::Cow;

/// Deeper than this values hold one another; the stack must not be the limit.
const DEPTH: usize = 128;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Json<'a> {
    Null,
    Bool(bool),
    Number(&'a str),
    Text(Cow<'a, str>),
    /// The items, and the text of all.
    List(Vec<Self>, &'a str),
    /// The fields, and the text of all.
    Object(Vec<(Cow<'a, str>, Self)>, &'a str),
}

/// Where a text is no JSON, in bytes from 0, and why.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) at: usize,
    pub(super) why: String,
}

/// Reads one value, and nothing behind it.
pub(super) fn parse(text: &str) -> Result<Json<'_>, Wrong> {
    let mut parser = Parser { text, at: 0 };
    let value = parser.value(DEPTH)?;
    parser.blank();
    if parser.at < text.len() { Err(parser.wrong("there is more behind the value")) } else { Ok(value) }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Parser<'a> {
    fn wrong(&self, why: impl Into<String>) -> Wrong {
        Wrong { at: self.at, why: why.into() }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn blank(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    /// Goes behind a byte that has to be there.
    fn expect(&mut self, byte: u8, why: &str) -> Result<(), Wrong> {
        self.blank();
        if self.peek() != Some(byte) {
            return Err(self.wrong(why));
        }
        self.at += 1;
        Ok(())
    }

    fn value(&mut self, left: usize) -> Result<Json<'a>, Wrong> {
        self.blank();
        if left == 0 {
            return Err(self.wrong(format!("values are more than {DEPTH} levels deep")));
        }
        // Programs write the last three though JSON has no word for them.
        let words: [(&str, Json<'a>); 6] = [
            ("null", Json::Null),
            ("true", Json::Bool(true)),
            ("false", Json::Bool(false)),
            ("NaN", Json::Number("NaN")),
            ("Infinity", Json::Number("inf")),
            ("-Infinity", Json::Number("-inf")),
        ];
        match self.peek() {
            Some(b'{') => self.object(left),
            Some(b'[') => self.list(left),
            Some(b'"') => self.string().map(Json::Text),
            None => Err(self.wrong("a value is missing")),
            Some(_) => {
                let rest = self.text.get(self.at..).unwrap_or_default();
                match words.into_iter().find(|(word, _)| rest.starts_with(word)) {
                    Some((word, value)) => {
                        self.at += word.len();
                        Ok(value)
                    }
                    None => self.number(),
                }
            }
        }
    }

    fn object(&mut self, left: usize) -> Result<Json<'a>, Wrong> {
        let start = self.at;
        self.at += 1;
        let mut fields: Vec<(Cow<'a, str>, Json<'a>)> = Vec::new();
        self.blank();
        if self.peek() == Some(b'}') {
            self.at += 1;
        } else {
            loop {
                self.blank();
                if self.peek() != Some(b'"') {
                    return Err(self.wrong("the name of a field is missing"));
                }
                let name = self.string()?;
                if fields.iter().any(|(n, _)| *n == name) {
                    return Err(self.wrong(format!("the field {name:?} stands twice")));
                }
                self.expect(b':', "a colon is missing")?;
                fields.push((name, self.value(left - 1)?));
                self.blank();
                if self.peek() == Some(b'}') {
                    self.at += 1;
                    break;
                }
                self.expect(b',', "a comma or the end of the object is missing")?;
            }
        }
        Ok(Json::Object(fields, self.text.get(start..self.at).unwrap_or_default()))
    }

    fn list(&mut self, left: usize) -> Result<Json<'a>, Wrong> {
        let start = self.at;
        self.at += 1;
        let mut items = Vec::new();
        self.blank();
        if self.peek() == Some(b']') {
            self.at += 1;
        } else {
            loop {
                items.push(self.value(left - 1)?);
                self.blank();
                if self.peek() == Some(b']') {
                    self.at += 1;
                    break;
                }
                self.expect(b',', "a comma or the end of the list is missing")?;
            }
        }
        Ok(Json::List(items, self.text.get(start..self.at).unwrap_or_default()))
    }

    fn number(&mut self) -> Result<Json<'a>, Wrong> {
        let start = self.at;
        let digits = |p: &mut Self| {
            let from = p.at;
            while p.peek().is_some_and(|b| b.is_ascii_digit()) {
                p.at += 1;
            }
            p.at - from
        };
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        let zero = self.peek() == Some(b'0');
        let whole = digits(self);
        if whole == 0 || (zero && whole > 1) {
            self.at = start;
            return Err(self.wrong("this is no value"));
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            if digits(self) == 0 {
                return Err(self.wrong("digits are missing behind the point"));
            }
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            if digits(self) == 0 {
                return Err(self.wrong("the exponent has no digits"));
            }
        }
        Ok(Json::Number(self.text.get(start..self.at).unwrap_or_default()))
    }

    fn string(&mut self) -> Result<Cow<'a, str>, Wrong> {
        self.at += 1;
        let start = self.at;
        let mut owned: Option<String> = None;
        let mut from = start;
        loop {
            match self.peek() {
                None => return Err(self.wrong("a text has no end")),
                Some(b'"') => {
                    let rest = self.text.get(from..self.at).unwrap_or_default();
                    self.at += 1;
                    return Ok(match owned {
                        None => Cow::Borrowed(rest),
                        Some(mut text) => {
                            text.push_str(rest);
                            Cow::Owned(text)
                        }
                    });
                }
                Some(b'\\') => {
                    let text = owned.get_or_insert_default();
                    text.push_str(self.text.get(from..self.at).unwrap_or_default());
                    self.at += 1;
                    let c = self.escape()?;
                    owned.get_or_insert_default().push(c);
                    from = self.at;
                }
                Some(byte) if byte < 0x20 => return Err(self.wrong("a text has a control character in it")),
                Some(_) => self.at += 1,
            }
        }
    }

    fn escape(&mut self) -> Result<char, Wrong> {
        let byte = self.peek();
        self.at += 1;
        Ok(match byte {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                let first = self.hex()?;
                let code = match first {
                    0xd800..=0xdbff => {
                        // The second half of a pair.
                        if self.text.get(self.at..).is_none_or(|t| !t.starts_with("\\u")) {
                            return Err(self.wrong("half of a pair of codes is missing"));
                        }
                        self.at += 2;
                        match self.hex()? {
                            second @ 0xdc00..=0xdfff => 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00),
                            _ => return Err(self.wrong("half of a pair of codes is missing")),
                        }
                    }
                    other => other,
                };
                char::from_u32(code).ok_or_else(|| self.wrong("a code stands for no character"))?
            }
            _ => return Err(self.wrong("a backslash stands before what it cannot stand before")),
        })
    }

    fn hex(&mut self) -> Result<u32, Wrong> {
        let digits = self.text.get(self.at..self.at + 4).filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()));
        let code = digits.and_then(|d| u32::from_str_radix(d, 16).ok()).ok_or_else(|| self.wrong("a code has four digits"))?;
        self.at += 4;
        Ok(code)
    }
}
