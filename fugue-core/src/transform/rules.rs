//! Rules that a function sets for its callers: which keys, which presort, which input columns.

use crate::error::{Error, ErrorKind, Result};
use crate::partition::{IntoPresort, PartitionSpec, SortKey};
use crate::schema::{IntoSchema, Schema};

/// What a call must give for a function to make sense; checked when the plan is built.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    partition_by_has: Option<Vec<String>>,
    partition_by_is: Option<Vec<String>>,
    presort_has: Option<String>,
    presort_is: Option<String>,
    input_has: Option<String>,
    input_is: Option<String>,
}

impl Rules {
    /// No rule.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// These columns are among the partition keys; several are separated by commas.
    #[must_use]
    pub fn partition_by_has(mut self, keys: &str) -> Self {
        self.partition_by_has = Some(names(keys));
        self
    }

    /// The partition keys are these, in any order.
    #[must_use]
    pub fn partition_by_is(mut self, keys: &str) -> Self {
        self.partition_by_is = Some(names(keys));
        self
    }

    /// These columns and directions are in the presort, in any order: `"a, b desc"`.
    #[must_use]
    pub fn presort_has(mut self, presort: &str) -> Self {
        self.presort_has = Some(presort.to_owned());
        self
    }

    /// The presort is this, order and directions included.
    #[must_use]
    pub fn presort_is(mut self, presort: &str) -> Self {
        self.presort_is = Some(presort.to_owned());
        self
    }

    /// Every input has these columns, as names or `name:type`.
    #[must_use]
    pub fn input_has(mut self, columns: &str) -> Self {
        self.input_has = Some(columns.to_owned());
        self
    }

    /// Every input has this schema, order included.
    #[must_use]
    pub fn input_is(mut self, schema: &str) -> Self {
        self.input_is = Some(schema.to_owned());
        self
    }

    /// Whether a call keeps the rules.
    ///
    /// # Errors
    /// `PartitionInvalid` or `SchemaMismatch` saying which rule is broken and what the call gave.
    pub fn check(&self, spec: &PartitionSpec, inputs: &[Schema]) -> Result<()> {
        let given: Vec<&str> = spec.keys().iter().map(|k| &**k).collect();
        if let Some(wanted) = &self.partition_by_has
            && let Some(missing) = wanted.iter().find(|w| !given.contains(&w.as_str()))
        {
            return Err(broken(
                "partition_by_has",
                &wanted.join(", "),
                &given.join(", "),
                &format!("add {missing:?} to the keys"),
            ));
        }
        if let Some(wanted) = &self.partition_by_is {
            let same = wanted.len() == given.len() && wanted.iter().all(|w| given.contains(&w.as_str()));
            if !same {
                return Err(broken("partition_by_is", &wanted.join(", "), &given.join(", "), "partition by exactly these"));
            }
        }
        let presort = spec.presort_keys();
        let shown = presort.iter().map(SortKey::to_string).collect::<Vec<_>>().join(", ");
        if let Some(text) = &self.presort_has
            && !text.as_str().into_presort()?.iter().all(|k| presort.contains(k))
        {
            return Err(broken("presort_has", text, &shown, "add what is missing to the presort"));
        }
        if let Some(text) = &self.presort_is
            && text.as_str().into_presort()? != presort
        {
            return Err(broken("presort_is", text, &shown, "presort exactly so"));
        }
        for input in inputs {
            if let Some(text) = &self.input_has {
                for piece in pieces(text) {
                    let has = match piece.into_schema() {
                        Ok(wanted) => wanted.fields().iter().all(|f| input.field(f.name()) == Some(f)),
                        Err(e) if pieces_at(piece, ':').len() > 1 => return Err(e),
                        Err(_) => input.index_of(piece.trim_matches('`')).is_some(),
                    };
                    if !has {
                        return Err(Error::new(
                            ErrorKind::SchemaMismatch,
                            format!("the function's rule input_has wants {piece}, the input is {input}"),
                        ));
                    }
                }
            }
            if let Some(text) = &self.input_is
                && *input != text.as_str().into_schema()?
            {
                return Err(Error::new(
                    ErrorKind::SchemaMismatch,
                    format!("the function's rule input_is wants {text}, the input is {input}"),
                ));
            }
        }
        Ok(())
    }
}

fn names(text: &str) -> Vec<String> {
    pieces(text).into_iter().map(|n| n.trim_matches('`').to_owned()).collect()
}

/// The pieces between commas that stand neither in backticks nor in brackets.
fn pieces(text: &str) -> Vec<&str> {
    pieces_at(text, ',')
}

fn pieces_at(text: &str, separator: char) -> Vec<&str> {
    let (mut quoted, mut depth) = (false, 0_usize);
    let apart = text.split(move |c: char| {
        match c {
            '`' => quoted = !quoted,
            '(' | '[' | '{' | '<' if !quoted => depth += 1,
            ')' | ']' | '}' | '>' if !quoted => depth = depth.saturating_sub(1),
            _ => return c == separator && !quoted && depth == 0,
        }
        false
    });
    apart.map(str::trim).filter(|p| !p.is_empty()).collect()
}

fn broken(rule: &'static str, wanted: &str, given: &str, hint: &str) -> Error {
    let given = if given.is_empty() { "nothing" } else { given };
    Error::new(ErrorKind::PartitionInvalid, format!("the function's rule {rule} wants {wanted}, the call gives {given}; {hint}"))
        .with("rule", rule)
}
