//! What rule bodies share: tables written down, and names as owned text.

use fugue_core::Schema;

use crate::failure::Failure;
use crate::value::{OwnRow, Table};

/// A table of a schema text and rows; a null is `()`.
macro_rules! table {
    ($schema:expr; $([$($cell:expr),* $(,)?]),* $(,)?) => {
        $crate::rules::support::table_of($schema, vec![$(vec![$($crate::value::OwnValue::from($cell)),*]),*])
    };
}
pub(super) use table;

/// A table of a schema text and rows.
///
/// # Errors
/// Where the text is no schema, which is a mistake of the rule.
pub fn table_of(schema: &str, rows: Vec<OwnRow>) -> Result<Table, Failure> {
    Ok(Table::new(Schema::parse(schema)?, rows))
}

/// The contract's first example of maps: `a` is a key that is null thrice.
///
/// # Errors
/// Never; it is a result for the convenience of rules.
pub fn example() -> Result<Table, Failure> {
    table!("a:double,b:int"; [1.0, 2], [(), 2], [(), 1], [3.0, 4], [(), 4])
}

/// Names as the oracle wants them.
pub fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|n| (*n).to_owned()).collect()
}

/// A presort as the oracle wants it: a name descends where it ends in ` desc`.
pub fn order(columns: &[&str]) -> Vec<(String, bool)> {
    columns.iter().map(|c| c.strip_suffix(" desc").map_or_else(|| ((*c).to_owned(), true), |c| (c.to_owned(), false))).collect()
}
