//! What a call takes where it wants names of columns: one text, or several of them in any usual container.

use std::sync::Arc;

/// Names of columns, in order. One text is one name, whatever it holds.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not name columns",
    note = "write one name (\"a\"), several ([\"a\", \"b\"]), or a Vec or slice of strings"
)]
pub trait IntoNames {
    /// The names.
    fn into_names(self) -> Vec<Arc<str>>;
}

impl IntoNames for &str {
    fn into_names(self) -> Vec<Arc<str>> {
        vec![Arc::from(self)]
    }
}

impl IntoNames for String {
    fn into_names(self) -> Vec<Arc<str>> {
        vec![Arc::from(self)]
    }
}

impl IntoNames for &String {
    fn into_names(self) -> Vec<Arc<str>> {
        vec![Arc::from(self.as_str())]
    }
}

impl IntoNames for Arc<str> {
    fn into_names(self) -> Vec<Arc<str>> {
        vec![self]
    }
}

impl IntoNames for () {
    fn into_names(self) -> Vec<Arc<str>> {
        Vec::new()
    }
}

impl<S: AsRef<str>, const N: usize> IntoNames for [S; N] {
    fn into_names(self) -> Vec<Arc<str>> {
        self.as_slice().into_names()
    }
}

impl<S: AsRef<str>, const N: usize> IntoNames for &[S; N] {
    fn into_names(self) -> Vec<Arc<str>> {
        self.as_slice().into_names()
    }
}

impl<S: AsRef<str>> IntoNames for &[S] {
    fn into_names(self) -> Vec<Arc<str>> {
        self.iter().map(|s| Arc::from(s.as_ref())).collect()
    }
}

impl<S: AsRef<str>> IntoNames for Vec<S> {
    fn into_names(self) -> Vec<Arc<str>> {
        self.as_slice().into_names()
    }
}

impl<S: AsRef<str>> IntoNames for &Vec<S> {
    fn into_names(self) -> Vec<Arc<str>> {
        self.as_slice().into_names()
    }
}
