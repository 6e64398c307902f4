//! How the keys of a join are written.

use std::sync::Arc;

/// Keys of a join: a name that both sides have, a pair of a name on the left and one on the right, or lists of these.
///
/// ```
/// use fugue_core::relational::IntoJoinKeys;
///
/// let pair = |left: &str, right: &str| (left.into(), right.into());
/// assert_eq!("a".into_join_keys(), [pair("a", "a")]);
/// assert_eq!(("order", "o_key").into_join_keys(), [pair("order", "o_key")]);
/// assert_eq!(["a", "b"].into_join_keys(), [pair("a", "a"), pair("b", "b")]);
/// assert_eq!([("order", "o_key"), ("day", "day")].into_join_keys(), [pair("order", "o_key"), pair("day", "day")]);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no key of a join",
    label = "neither names nor pairs of names",
    note = "write \"a\" or [\"a\", \"b\"] for keys that have one name on both sides, (\"left\", \"right\") or a list of such pairs for others"
)]
pub trait IntoJoinKeys {
    /// The names of each key, on the left and on the right.
    fn into_join_keys(self) -> Vec<(Arc<str>, Arc<str>)>;
}

macro_rules! names {
    ($($ty:ty),*) => { $(
        impl IntoJoinKeys for $ty {
            fn into_join_keys(self) -> Vec<(Arc<str>, Arc<str>)> {
                let name: Arc<str> = Arc::from(self);
                vec![(Arc::clone(&name), name)]
            }
        }
    )* };
}

names!(&str, String, Arc<str>);

impl IntoJoinKeys for &String {
    fn into_join_keys(self) -> Vec<(Arc<str>, Arc<str>)> {
        self.as_str().into_join_keys()
    }
}

/// One key, by its name on the left and on the right.
impl<L: AsRef<str>, R: AsRef<str>> IntoJoinKeys for (L, R) {
    fn into_join_keys(self) -> Vec<(Arc<str>, Arc<str>)> {
        vec![(Arc::from(self.0.as_ref()), Arc::from(self.1.as_ref()))]
    }
}

impl<K: IntoJoinKeys> IntoJoinKeys for Vec<K> {
    fn into_join_keys(self) -> Vec<(Arc<str>, Arc<str>)> {
        self.into_iter().flat_map(IntoJoinKeys::into_join_keys).collect()
    }
}

impl<K: IntoJoinKeys, const N: usize> IntoJoinKeys for [K; N] {
    fn into_join_keys(self) -> Vec<(Arc<str>, Arc<str>)> {
        self.into_iter().flat_map(IntoJoinKeys::into_join_keys).collect()
    }
}

impl<K: IntoJoinKeys + Clone> IntoJoinKeys for &[K] {
    fn into_join_keys(self) -> Vec<(Arc<str>, Arc<str>)> {
        self.to_vec().into_join_keys()
    }
}

impl<K: IntoJoinKeys + Clone, const N: usize> IntoJoinKeys for &[K; N] {
    fn into_join_keys(self) -> Vec<(Arc<str>, Arc<str>)> {
        self.as_slice().into_join_keys()
    }
}

impl<K: IntoJoinKeys + Clone> IntoJoinKeys for &Vec<K> {
    fn into_join_keys(self) -> Vec<(Arc<str>, Arc<str>)> {
        self.as_slice().into_join_keys()
    }
}
