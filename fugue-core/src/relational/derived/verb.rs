//! The words of the verbs, which errors name as the operation.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! verbs {
    ($($verb:ident $word:literal),* $(,)?) => {
        /// What a user asked for.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub(crate) enum Verb {
            $($verb),*
        }

        impl Verb {
            pub(crate) fn word(self) -> &'static str {
                match self {
                    $(Self::$verb => $word),*
                }
            }
        }
    };
}

verbs! {
    Aggregate "aggregate",
    Alter "alter",
    Assign "assign",
    Describe "describe",
    Distinct "distinct",
    Drop "drop",
    DropNulls "dropna",
    FillNulls "fillna",
    Filter "filter",
    Intersect "intersect",
    Join "join",
    Limit "limit",
    Rename "rename",
    Sample "sample",
    Save "save",
    Select "select",
    Sort "sort",
    Subtract "subtract",
    Take "take",
    Union "union",
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
