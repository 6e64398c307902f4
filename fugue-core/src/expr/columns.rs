//! What stands for columns where they are listed: names and expressions, alone, in lists of one kind, or mixed in tuples.

use std::sync::Arc;

use super::{Expr, IntoColumn, col};

/// Columns: a name or an expression, an array or vector of one kind, or a tuple of both.
///
/// ```
/// use fugue_core::expr::{IntoColumns, col, sum};
///
/// assert_eq!("a".into_columns(), [col("a")]);
/// assert_eq!(["a", "b"].into_columns(), [col("a"), col("b")]);
/// assert_eq!(("a", col("b") + 1, sum("c")).into_columns(), [col("a"), col("b") + 1, sum("c")]);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no list of columns",
    label = "no list of columns",
    note = "write a name or an expression, several of one kind as [\"a\", \"b\"], or both as (\"a\", col(\"b\") + 1)",
    note = "an iterator is collected first: .collect::<Vec<_>>(); a tuple holds 12 at most"
)]
pub trait IntoColumns {
    /// The expressions, in order.
    fn into_columns(self) -> Vec<Expr>;
}

macro_rules! one {
    ($($ty:ty),*) => { $(
        impl IntoColumns for $ty {
            fn into_columns(self) -> Vec<Expr> {
                vec![self.into_column()]
            }
        }
    )* };
}

one!(Expr, &Expr, &str, String, &String, Arc<str>);

impl IntoColumn for Arc<str> {
    fn into_column(self) -> Expr {
        col(&self)
    }
}

/// No columns, for groups of all rows.
impl IntoColumns for () {
    fn into_columns(self) -> Vec<Expr> {
        Vec::new()
    }
}

impl<C: IntoColumn> IntoColumns for Vec<C> {
    fn into_columns(self) -> Vec<Expr> {
        self.into_iter().map(IntoColumn::into_column).collect()
    }
}

impl<C: IntoColumn, const N: usize> IntoColumns for [C; N] {
    fn into_columns(self) -> Vec<Expr> {
        self.into_iter().map(IntoColumn::into_column).collect()
    }
}

impl<C: IntoColumn + Clone> IntoColumns for &[C] {
    fn into_columns(self) -> Vec<Expr> {
        self.iter().cloned().map(IntoColumn::into_column).collect()
    }
}

impl<C: IntoColumn + Clone, const N: usize> IntoColumns for &[C; N] {
    fn into_columns(self) -> Vec<Expr> {
        self.as_slice().into_columns()
    }
}

impl<C: IntoColumn + Clone> IntoColumns for &Vec<C> {
    fn into_columns(self) -> Vec<Expr> {
        self.as_slice().into_columns()
    }
}

macro_rules! tuples {
    ($first:ident $($more:ident)*) => {
        impl<$first: IntoColumn, $($more: IntoColumn),*> IntoColumns for ($first, $($more,)*) {
            fn into_columns(self) -> Vec<Expr> {
                #[expect(non_snake_case, reason = "each value goes by the name of its type")]
                let ($first, $($more,)*) = self;
                vec![$first.into_column(), $($more.into_column()),*]
            }
        }
        tuples!($($more)*);
    };
    () => {};
}

tuples!(A B C D E F G H I J K L);
