//! The order of rows inside a partition: its columns and their directions, as text or as pairs.

use std::fmt;
use std::sync::Arc;

use crate::error::Result;

use super::scanner::{Scanner, quoted};

/// One column of an order. Nulls are last in both directions; NaN is greater than every other number.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SortKey {
    /// The column.
    pub column: Arc<str>,
    /// Whether small values come first.
    pub ascending: bool,
}

impl SortKey {
    /// Small values first.
    pub fn ascending(column: impl Into<Arc<str>>) -> Self {
        Self { column: column.into(), ascending: true }
    }

    /// Great values first.
    pub fn descending(column: impl Into<Arc<str>>) -> Self {
        Self { column: column.into(), ascending: false }
    }
}

impl fmt::Display for SortKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", quoted(&self.column), if self.ascending { "ASC" } else { "DESC" })
    }
}

impl From<&str> for SortKey {
    fn from(column: &str) -> Self {
        Self::ascending(column)
    }
}

impl From<String> for SortKey {
    fn from(column: String) -> Self {
        Self::ascending(column)
    }
}

impl<S: Into<Arc<str>>> From<(S, bool)> for SortKey {
    fn from((column, ascending): (S, bool)) -> Self {
        Self { column: column.into(), ascending }
    }
}

/// An order of rows: text such as `"b desc, c"`, names, or pairs of a name and whether it ascends.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an order of columns",
    note = "write text (\"a desc, b\"), names ([\"a\", \"b\"]) or pairs ([(\"a\", false), (\"b\", true)])"
)]
pub trait IntoPresort {
    /// The columns of the order.
    ///
    /// # Errors
    /// [`ErrorKind::PartitionInvalid`](crate::ErrorKind::PartitionInvalid) with the place, for malformed text.
    fn into_presort(self) -> Result<Vec<SortKey>>;
}

impl IntoPresort for &str {
    fn into_presort(self) -> Result<Vec<SortKey>> {
        let mut scanner = Scanner::new(self);
        if scanner.at_end() {
            return Ok(Vec::new());
        }
        let keys = parse(&mut scanner)?;
        let end = scanner.mark();
        if end < self.len() {
            return Err(
                scanner.error(end, "a direction is asc or desc, a comma parts columns, and a name with blanks needs backticks")
            );
        }
        Ok(keys)
    }
}

impl IntoPresort for String {
    fn into_presort(self) -> Result<Vec<SortKey>> {
        self.as_str().into_presort()
    }
}

impl IntoPresort for &String {
    fn into_presort(self) -> Result<Vec<SortKey>> {
        self.as_str().into_presort()
    }
}

impl IntoPresort for SortKey {
    fn into_presort(self) -> Result<Vec<SortKey>> {
        Ok(vec![self])
    }
}

impl IntoPresort for () {
    fn into_presort(self) -> Result<Vec<SortKey>> {
        Ok(Vec::new())
    }
}

impl<K: Into<SortKey>, const N: usize> IntoPresort for [K; N] {
    fn into_presort(self) -> Result<Vec<SortKey>> {
        Ok(self.into_iter().map(Into::into).collect())
    }
}

impl<K: Into<SortKey>> IntoPresort for Vec<K> {
    fn into_presort(self) -> Result<Vec<SortKey>> {
        Ok(self.into_iter().map(Into::into).collect())
    }
}

impl<K: Into<SortKey> + Clone> IntoPresort for &[K] {
    fn into_presort(self) -> Result<Vec<SortKey>> {
        Ok(self.iter().cloned().map(Into::into).collect())
    }
}

/// Reads columns and directions, parted by commas, and stops at the first thing that is neither.
pub(super) fn parse(scanner: &mut Scanner<'_>) -> Result<Vec<SortKey>> {
    let mut keys: Vec<SortKey> = Vec::new();
    loop {
        let start = scanner.mark();
        let column = scanner.name()?;
        if keys.iter().any(|k| *k.column == *column) {
            return Err(scanner.error(start, &format!("column {column:?} stands twice in the order")));
        }
        keys.push(SortKey { column: column.into(), ascending: direction(scanner) });
        if !scanner.take(',') {
            return Ok(keys);
        }
    }
}

fn direction(scanner: &mut Scanner<'_>) -> bool {
    let start = scanner.mark();
    let word = scanner.take_while(|c| !c.is_whitespace() && c != ',');
    if word.eq_ignore_ascii_case("desc") {
        return false;
    }
    if !word.eq_ignore_ascii_case("asc") {
        scanner.back_to(start);
    }
    true
}
