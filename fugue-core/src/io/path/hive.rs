//! Folders that say values: `key=value`, with odd characters as `%XX` and one word for null.

use std::borrow::Cow;

/// The value of a folder for null.
pub(in crate::io) const NULL: &str = "__HIVE_DEFAULT_PARTITION__";

/// A key that a folder says, and its value; null is none.
pub(in crate::io) type Key = (String, Option<String>);

/// The name of the folder for a value. An empty text has an empty value, so that it is no null.
pub(in crate::io) fn folder(key: &str, value: Option<&str>) -> String {
    let mut name = String::new();
    // A name that begins so would be hidden.
    let hidden = key.starts_with(['_', '.']);
    escape(key, hidden, &mut name);
    name.push('=');
    match value {
        None => name.push_str(NULL),
        // The very word as a text must not come back as null.
        Some(value) => escape(value, value == NULL, &mut name),
    }
    name
}

/// What the name of a folder says, where it says a key at all.
pub(in crate::io) fn key(name: &str) -> Option<Key> {
    let (key, value) = name.split_once('=')?;
    let key = decode(key)?;
    if key.is_empty() {
        return None;
    }
    let value = if value == NULL { None } else { Some(decode(value)?.into_owned()) };
    Some((key.into_owned(), value))
}

/// The characters that Hive and Spark escape, and blanks at the end, which some file systems lose.
fn escape(text: &str, first: bool, out: &mut String) {
    let last = text.chars().count().saturating_sub(1);
    for (i, c) in text.chars().enumerate() {
        let edge = (i == 0 && first) || (i == last && matches!(c, ' ' | '.'));
        if edge || c.is_ascii_control() || "\"#%'*/:=?\\{}[]^<>|".contains(c) {
            for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                out.push_str(&format!("%{byte:02X}"));
            }
        } else {
            out.push(c);
        }
    }
}

/// The text behind codes; what only looks like one stays as it is. None where the codes make no text.
fn decode(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('%') {
        return Some(Cow::Borrowed(text));
    }
    let (bytes, mut out, mut at) = (text.as_bytes(), Vec::with_capacity(text.len()), 0);
    while let Some(&byte) = bytes.get(at) {
        let digit = |place: usize| bytes.get(place).and_then(|&b| (b as char).to_digit(16));
        match (byte, digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                out.push((high * 16 + low) as u8);
                at += 3;
            }
            _ => {
                out.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8(out).ok().map(Cow::Owned)
}
