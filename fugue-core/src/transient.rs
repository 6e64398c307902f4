//! Errors that are worth another attempt, as user code marks them.

use std::error::Error as StdError;
use std::fmt;

use crate::error::BoxError;

/// Marks an error of user code as worth another attempt: a service that was busy, a connection that broke.
///
/// Return it from a transformer (`Err(Transient::new(e))`), or have it among the causes of what is returned. Only clusters try again,
/// a bounded number of times, and [`Cursor::attempt`](crate::transform::Cursor::attempt) tells which attempt it is; other engines
/// end the action with `TransformerFailed`, as for any error. The error inside is found by
/// [`Error::user_error`](crate::Error::user_error).
///
/// ```
/// use fugue_core::{Transient, row::Row};
///
/// #[derive(Row)]
/// struct Place { city: String }
///
/// fn locate(places: Vec<Place>) -> Result<Vec<Place>, Transient> {
///     ask_service().map_err(Transient::new)?;
///     Ok(places)
/// }
/// # fn ask_service() -> std::io::Result<()> { Ok(()) }
/// # fugue_core::transform::assert_transformer(&locate);
/// ```
#[derive(Debug)]
pub struct Transient(BoxError);

impl Transient {
    /// Marks an error.
    pub fn new(error: impl Into<BoxError>) -> Self {
        Self(error.into())
    }

    /// The error without the mark.
    #[must_use]
    pub fn into_inner(self) -> BoxError {
        self.0
    }
}

impl fmt::Display for Transient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl StdError for Transient {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&*self.0)
    }
}
