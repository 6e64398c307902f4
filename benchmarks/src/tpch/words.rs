//! Words that many queries share.

use fugue_core::expr::{Expr, col, lit, typed};

/// A day.
pub(super) fn day(text: &str) -> Expr {
    typed(text, "date")
}

/// An amount, exact.
pub(super) fn amount(text: &str) -> Expr {
    typed(text, "decimal(15,2)")
}

/// What an item brings in.
pub(super) fn revenue() -> Expr {
    col("l_extendedprice") * (lit(1) - col("l_discount"))
}
