//! Transform expressions: output schemas written relative to an input schema.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;
use std::sync::Arc;

use super::parse::Parser;
use super::{Field, Schema, pointed, quote};
use crate::error::{Error, ErrorKind, Result};

/// An output schema relative to an input: `*` for all input columns with fields around it, then, from left to right,
/// `+a:t` (replace the type in place, or append), `-a` (remove; it must be there) and `~a` (remove if there).
///
/// ```
/// use fugue_core::Schema;
/// use fugue_core::schema::SchemaExpression;
///
/// let expression = SchemaExpression::parse("*, z: double - b ~ nothing")?;
/// assert_eq!(expression.apply(&Schema::parse("a:int,b:str")?)?, "a:int,z:double");
/// assert_eq!(expression.to_string(), "*,z:double-b~nothing");
/// # Ok::<(), fugue_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct SchemaExpression {
    text: Arc<str>,
    head: Vec<Head>,
    steps: Vec<Step>,
}

#[derive(Clone, Debug)]
enum Head {
    All(Range<usize>),
    One(Field, Range<usize>),
}

#[derive(Clone, Debug)]
enum Step {
    Put(Vec<Field>),
    Remove(Vec<(Arc<str>, Range<usize>)>),
    RemoveIfThere(Vec<(Arc<str>, Range<usize>)>),
}

impl SchemaExpression {
    /// Reads an expression. A plain schema text is one too.
    ///
    /// # Errors
    /// [`ErrorKind::SchemaInvalid`] with the position of what is wrong.
    pub fn parse(text: &str) -> Result<Self> {
        let mut parser = Parser::new(text);
        if parser.at_end() || matches!(parser.peek(), Some('+' | '-' | '~')) {
            let message = "an output schema starts with '*' (the input's columns) or with a column, as in *,z:double";
            return Err(parser.error(parser.here(), message));
        }
        let head = head(&mut parser)?;
        let mut steps = Vec::new();
        while !parser.at_end() {
            if parser.take('+') {
                steps.push(Step::Put(parser.fields()?));
            } else if parser.take('-') {
                steps.push(Step::Remove(names(&mut parser)?));
            } else if parser.take('~') {
                steps.push(Step::RemoveIfThere(names(&mut parser)?));
            } else {
                parser.end("',', '+', '-' or '~'")?;
            }
        }
        Ok(Self { text: Arc::from(text), head, steps })
    }

    /// Whether the output depends on the input, so that it is known only with it.
    #[must_use]
    pub fn is_relative(&self) -> bool {
        self.head.iter().any(|h| matches!(h, Head::All(_)))
    }

    /// The output schema for an input. It may have no column; frames refuse that.
    ///
    /// # Errors
    /// With the position in the expression: [`ErrorKind::SchemaInvalid`] when a column stands twice,
    /// [`ErrorKind::ColumnNotFound`] when `-` names a column that is not there.
    pub fn apply(&self, input: &Schema) -> Result<Schema> {
        let mut fields: Vec<Field> = Vec::new();
        for item in &self.head {
            match item {
                Head::All(span) => {
                    if let Some(twice) = input.fields().iter().find(|f| position(&fields, f.name()).is_some()) {
                        return Err(self.twice(twice.name(), span, "the input has it already and '*' brings it"));
                    }
                    fields.extend_from_slice(input.fields());
                }
                Head::One(field, span) => {
                    if position(&fields, field.name()).is_some() {
                        return Err(self.twice(field.name(), span, "'*' brings it; to give it another type write +name:type"));
                    }
                    fields.push(field.clone());
                }
            }
        }
        for step in &self.steps {
            match step {
                Step::Put(put) => {
                    for field in put {
                        match position(&fields, field.name()) {
                            Some(i) => fields[i] = field.clone(),
                            None => fields.push(field.clone()),
                        }
                    }
                }
                Step::Remove(names) => {
                    for (name, span) in names {
                        match position(&fields, name) {
                            Some(i) => drop(fields.remove(i)),
                            None => return Err(self.missing(name, span, fields)),
                        }
                    }
                }
                Step::RemoveIfThere(names) => fields.retain(|f| !names.iter().any(|(name, _)| **name == *f.name())),
            }
        }
        Schema::new(fields)
    }

    fn twice(&self, name: &str, span: &Range<usize>, why: &str) -> Error {
        let message = format!("column {} would stand twice: {why}", quote(name));
        pointed(ErrorKind::SchemaInvalid, &self.text, span.clone(), message).with("column", name)
    }

    fn missing(&self, name: &str, span: &Range<usize>, fields: Vec<Field>) -> Error {
        let message = match Schema::new(fields) {
            Ok(now) => format!("{} (~{} removes a column only if it is there)", now.missing_message(name), quote(name)),
            Err(error) => return error,
        };
        pointed(ErrorKind::ColumnNotFound, &self.text, span.clone(), message).with("column", name)
    }
}

impl Schema {
    /// The output schema of a transform expression over this input, see [`SchemaExpression`].
    ///
    /// # Errors
    /// With the position in the expression: [`ErrorKind::SchemaInvalid`] for a malformed one and when a column would stand twice,
    /// [`ErrorKind::ColumnNotFound`] when `-` names a column that is not there.
    pub fn transform(&self, expression: &str) -> Result<Self> {
        SchemaExpression::parse(expression)?.apply(self)
    }
}

fn head(parser: &mut Parser<'_>) -> Result<Vec<Head>> {
    let mut head: Vec<Head> = Vec::new();
    loop {
        parser.at_end();
        let here = parser.here();
        if parser.take('*') {
            if head.iter().any(|h| matches!(h, Head::All(_))) {
                return Err(parser.error(here, "'*' stands twice"));
            }
            head.push(Head::All(here));
        } else {
            let (name, span) = parser.name("'*' or a column name")?;
            if head.iter().any(|h| matches!(h, Head::One(f, _) if f.name() == &*name)) {
                return Err(parser.error(span, format!("column {} stands twice", quote(&name))).with("column", &*name));
            }
            head.push(Head::One(parser.rest_of_field(name)?, span));
        }
        if !parser.comma("a further column")? {
            return Ok(head);
        }
    }
}

fn names(parser: &mut Parser<'_>) -> Result<Vec<(Arc<str>, Range<usize>)>> {
    let mut names: Vec<(Arc<str>, Range<usize>)> = Vec::new();
    loop {
        let (name, span) = parser.name("the name of a column to remove")?;
        if names.iter().any(|(other, _)| *other == name) {
            return Err(parser.error(span, format!("column {} stands twice", quote(&name))).with("column", &*name));
        }
        if parser.take(':') {
            return Err(parser.error(span, "columns to remove are named without their type"));
        }
        names.push((name, span));
        if !parser.comma("a further name")? {
            return Ok(names);
        }
    }
}

fn position(fields: &[Field], name: &str) -> Option<usize> {
    fields.iter().position(|f| f.name() == name)
}

impl fmt::Display for SchemaExpression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, item) in self.head.iter().enumerate() {
            let comma = if i > 0 { "," } else { "" };
            match item {
                Head::All(_) => write!(f, "{comma}*")?,
                Head::One(field, _) => write!(f, "{comma}{field}")?,
            }
        }
        for step in &self.steps {
            let (sign, removed) = match step {
                Step::Put(fields) => {
                    f.write_str("+")?;
                    super::print::fields(f, fields)?;
                    continue;
                }
                Step::Remove(names) => ("-", names),
                Step::RemoveIfThere(names) => ("~", names),
            };
            let removed: Vec<_> = removed.iter().map(|(name, _)| quote(name)).collect();
            write!(f, "{sign}{}", removed.join(","))?;
        }
        Ok(())
    }
}

impl FromStr for SchemaExpression {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text)
    }
}

impl PartialEq for SchemaExpression {
    /// Equal when the normal form is.
    fn eq(&self, other: &Self) -> bool {
        self.to_string() == other.to_string()
    }
}

impl Eq for SchemaExpression {}
