//! A partition specification as text: clauses in any order, and short forms for what is usual.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};

use super::scanner::{Scanner, quoted};
use super::{Algo, PartitionSpec, num, presort};

/// `by a,b presort c DESC num ROWCOUNT/2 algo even`, without the clauses that are not set; parsing gives the same value back.
impl fmt::Display for PartitionSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut clauses = Vec::new();
        if !self.keys.is_empty() {
            clauses.push(format!("by {}", self.keys.iter().map(|k| quoted(k)).collect::<Vec<_>>().join(",")));
        }
        if !self.presort.is_empty() {
            clauses.push(format!("presort {}", self.presort.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")));
        }
        if !self.num.is_zero() {
            clauses.push(format!("num {}", self.num));
        }
        if self.algo != Algo::Default {
            clauses.push(format!("algo {}", self.algo));
        }
        f.write_str(&clauses.join(" "))
    }
}

impl FromStr for PartitionSpec {
    type Err = Error;

    /// Reads the clauses `by`, `presort`, `num` and `algo`, each at most once; or a short form: nothing, a number of
    /// partitions, `per_row`, or keys parted by commas.
    ///
    /// # Errors
    /// [`ErrorKind::PartitionInvalid`](crate::ErrorKind::PartitionInvalid) with the place.
    fn from_str(text: &str) -> Result<Self> {
        let mut scanner = Scanner::new(text);
        let Some(first) = scanner.peek() else { return Ok(Self::new()) };
        if text.trim().eq_ignore_ascii_case("per_row") {
            return Ok(Self::per_row());
        }
        if first.is_ascii_digit() {
            return Self::new().num(text);
        }
        let mut seen = Vec::new();
        let mut spec = Self::new();
        while !scanner.at_end() {
            let start = scanner.mark();
            let word = scanner.take_while(char::is_alphabetic).to_ascii_lowercase();
            // A clause word followed by a comma, or by nothing, is the name of a column.
            let clause =
                matches!(word.as_str(), "by" | "presort" | "num" | "algo") && !matches!(scanner.peek(), None | Some(','));
            if !clause && seen.is_empty() {
                scanner.back_to(start);
                let keys = names(&mut scanner)?;
                let end = scanner.mark();
                return if end == text.len() {
                    spec.by(keys)
                } else {
                    Err(scanner.error(end, "a comma parts keys, and a name with blanks needs backticks"))
                };
            }
            if !clause || seen.contains(&word) {
                return Err(scanner.error(start, "one of by, presort, num and algo is missing here, each at most once"));
            }
            spec = match word.as_str() {
                "by" => spec.by(names(&mut scanner)?)?,
                "presort" => spec.presort(presort::parse(&mut scanner)?)?,
                "num" => spec.num(num::parse(&mut scanner)?)?,
                _ => {
                    let at = scanner.mark();
                    let name = scanner.take_while(char::is_alphabetic);
                    spec.algo(name.parse().map_err(|e: Error| scanner.error(at, e.message()))?)
                }
            };
            seen.push(word);
        }
        Ok(spec)
    }
}

fn names(scanner: &mut Scanner<'_>) -> Result<Vec<String>> {
    let mut all = vec![scanner.name()?];
    while scanner.take(',') {
        all.push(scanner.name()?);
    }
    Ok(all)
}
