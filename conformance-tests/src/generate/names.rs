//! Column names, plain and wild: any text is a name.

use proptest::prelude::*;
use proptest::sample::select;

/// Names that trip what quotes badly, folds case, trims, or takes a name for a path, a word of the language or a number.
const WILD: [&str; 26] = [
    "A", "a b", " ", "a ", " a", "", "c *", "*", "`", "``", "\"", "'", "0", "1a", "_", "__", "desc", "DESC", "select", "a.b",
    "a,b", "a:int", "中国", "é", "e\u{301}", "🦀",
];

/// A plain identifier.
pub fn name() -> impl Strategy<Value = String> {
    "[a-z][a-z0-9_]{0,5}".prop_map(String::from)
}

/// Mostly plain, sometimes wild.
pub fn wild_name() -> impl Strategy<Value = String> {
    prop_oneof![3 => name(), 2 => select(&WILD[..]).prop_map(String::from)]
}
