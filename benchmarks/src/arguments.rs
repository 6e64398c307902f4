//! The few options that the programs take: `--name value`.

use std::collections::BTreeMap;
use std::str::FromStr;

use crate::hand::BoxError;

/// Options by name.
#[derive(Clone, Debug, Default)]
pub struct Arguments(BTreeMap<String, String>);

impl Arguments {
    /// The options that the program was called with.
    ///
    /// # Errors
    /// A text that says which options there are, for any other.
    pub fn of_program(known: &[&str]) -> Result<Self, BoxError> {
        Self::parse(std::env::args().skip(1), known)
    }

    fn parse(words: impl IntoIterator<Item = String>, known: &[&str]) -> Result<Self, BoxError> {
        let mut words = words.into_iter();
        let mut options = BTreeMap::new();
        while let Some(word) = words.next() {
            let name = word.strip_prefix("--").filter(|n| known.contains(n));
            let Some((name, value)) = name.zip(words.next()) else {
                let known: Vec<String> = known.iter().map(|k| format!("--{k}")).collect();
                return Err(format!("{word:?} is no option with a value; options are {}", known.join(", ")).into());
            };
            options.insert(name.to_owned(), value);
        }
        Ok(Self(options))
    }

    /// The value of an option, if it was given.
    ///
    /// # Errors
    /// A text that names the option and its value, when it is of another type.
    pub fn value<T: FromStr<Err: std::fmt::Display>>(&self, name: &str) -> Result<Option<T>, BoxError> {
        let parse = |value: &String| value.replace('_', "").parse().map_err(|e| format!("--{name} {value}: {e}").into());
        self.0.get(name).map(parse).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Arguments, BoxError> {
        Arguments::parse(line.split_whitespace().map(str::to_owned), &["rows", "shape"])
    }

    #[test]
    fn options_have_values() {
        let arguments = parsed("--rows 1_000 --shape slice").unwrap();
        assert_eq!(arguments.value("rows").unwrap(), Some(1000_usize));
        assert_eq!(arguments.value("shape").unwrap(), Some(crate::shapes::Shape::Slice));
        assert_eq!(arguments.value::<usize>("pairs").unwrap(), None);
        assert!(arguments.value::<usize>("shape").is_err());
    }

    #[test]
    fn other_words_are_refused() {
        assert!(parsed("--colour red").is_err());
        assert!(parsed("--rows").is_err());
        assert!(parsed("rows").is_err());
    }
}
