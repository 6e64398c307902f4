//! The number of physical partitions: a number or arithmetic over the rows and the concurrency, evaluated late.

use std::fmt;
use std::ops::{Add, Div, Mul, Sub};
use std::sync::Arc;

use crate::error::Result;

use super::invalid;
use super::scanner::Scanner;

/// A number of physical partitions, or an expression that gives one when the action runs.
///
/// Division is exact and the end result is truncated; 0 leaves the partitions as they are.
///
/// ```
/// use fugue_core::partition::{IntoNum, Num};
///
/// let written = "min(ROWCOUNT / 1000, CONCURRENCY * 4)".into_num()?;
/// let built = (Num::rows() / 1000).min(Num::concurrency() * 4);
/// assert_eq!(written, built);
/// assert_eq!(built.evaluate(Some(5999), 2)?, 5);
/// # Ok::<(), fugue_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Num(Node);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Node {
    /// The bits of a finite number that is not negative, so that equality and hash are those of the number.
    Constant(u64),
    Rows,
    Concurrency,
    Binary(Operator, Arc<(Self, Self)>),
    Least(Arc<[Self]>),
    Greatest(Arc<[Self]>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Operator {
    Plus,
    Minus,
    Times,
    Over,
}

impl Num {
    /// Number of rows of the frame, `ROWCOUNT` in text.
    #[must_use]
    pub fn rows() -> Self {
        Self(Node::Rows)
    }

    /// Number of calls that the engine runs at once, `CONCURRENCY` in text.
    #[must_use]
    pub fn concurrency() -> Self {
        Self(Node::Concurrency)
    }

    /// The smaller of two.
    #[must_use]
    pub fn min(self, other: impl Into<Self>) -> Self {
        Self(Node::Least(Arc::new([self.0, other.into().0])))
    }

    /// The greater of two.
    #[must_use]
    pub fn max(self, other: impl Into<Self>) -> Self {
        Self(Node::Greatest(Arc::new([self.0, other.into().0])))
    }

    /// Whether it is the plain number 0, which leaves partitions as they are.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        *self == Self::default()
    }

    /// Whether rows must be counted first.
    #[must_use]
    pub fn needs_row_count(&self) -> bool {
        self.0.any(&|n| *n == Node::Rows)
    }

    /// The number, truncated; what is below 1, a negative result too, is 0.
    ///
    /// # Errors
    /// [`ErrorKind::PartitionInvalid`](crate::ErrorKind::PartitionInvalid) when rows are asked for and not known, and on a
    /// division by zero.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a cast from float saturates, and truncation is the rule"
    )]
    pub fn evaluate(&self, rows: Option<u64>, concurrency: usize) -> Result<u64> {
        if rows.is_none() && self.needs_row_count() {
            return Err(invalid(format!(
                "the number of partitions {self} needs the row count, which is not known here; give a number"
            )));
        }
        let value = self.0.value(rows.unwrap_or(0) as f64, concurrency as f64);
        if !value.is_finite() {
            return Err(invalid(format!(
                "the number of partitions {self} divides by zero for {} rows and concurrency {concurrency}",
                rows.unwrap_or(0)
            )));
        }
        Ok(value as u64)
    }
}

impl Node {
    fn constant(value: f64) -> Self {
        Self::Constant(value.to_bits())
    }

    fn any(&self, test: &impl Fn(&Self) -> bool) -> bool {
        test(self)
            || match self {
                Self::Constant(_) | Self::Rows | Self::Concurrency => false,
                Self::Binary(_, sides) => sides.0.any(test) || sides.1.any(test),
                Self::Least(all) | Self::Greatest(all) => all.iter().any(|n| n.any(test)),
            }
    }

    fn value(&self, rows: f64, concurrency: f64) -> f64 {
        let of = |n: &Self| n.value(rows, concurrency);
        match self {
            Self::Constant(bits) => f64::from_bits(*bits),
            Self::Rows => rows,
            Self::Concurrency => concurrency,
            Self::Binary(operator, sides) => {
                let (left, right) = (of(&sides.0), of(&sides.1));
                match operator {
                    Operator::Plus => left + right,
                    Operator::Minus => left - right,
                    Operator::Times => left * right,
                    Operator::Over => left / right,
                }
            }
            // `f64::min` drops a NaN, which would hide a division of zero by zero.
            Self::Least(all) => all.iter().map(of).reduce(|a, b| if a <= b || a.is_nan() { a } else { b }).unwrap_or(f64::NAN),
            Self::Greatest(all) => all.iter().map(of).reduce(|a, b| if a >= b || a.is_nan() { a } else { b }).unwrap_or(f64::NAN),
        }
    }

    fn binds(&self) -> u8 {
        match self {
            Self::Binary(Operator::Plus | Operator::Minus, _) => 1,
            Self::Binary(Operator::Times | Operator::Over, _) => 2,
            _ => 3,
        }
    }
}

impl Default for Num {
    fn default() -> Self {
        Self(Node::constant(0.0))
    }
}

impl fmt::Display for Num {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |f: &mut fmt::Formatter<'_>, word: &str, all: &[Self]| {
            let all: Vec<String> = all.iter().map(Self::to_string).collect();
            write!(f, "{word}({})", all.join(","))
        };
        match self {
            Self::Constant(bits) => write!(f, "{}", f64::from_bits(*bits)),
            Self::Rows => f.write_str("ROWCOUNT"),
            Self::Concurrency => f.write_str("CONCURRENCY"),
            Self::Least(all) => list(f, "min", all),
            Self::Greatest(all) => list(f, "max", all),
            Self::Binary(operator, sides) => {
                let sign = match operator {
                    Operator::Plus => '+',
                    Operator::Minus => '-',
                    Operator::Times => '*',
                    Operator::Over => '/',
                };
                let side = |f: &mut fmt::Formatter<'_>, node: &Self, bare: bool| {
                    if bare { write!(f, "{node}") } else { write!(f, "({node})") }
                };
                side(f, &sides.0, sides.0.binds() >= self.binds())?;
                write!(f, "{sign}")?;
                // Operators of one rank read from the left, so the same rank on the right keeps its brackets.
                side(f, &sides.1, sides.1.binds() > self.binds())
            }
        }
    }
}

/// A number of partitions: a whole number, text such as `"ROWCOUNT/2"`, or a [`Num`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a number of partitions",
    note = "write a whole number, text over ROWCOUNT and CONCURRENCY (\"ROWCOUNT/2\"), or Num::rows() / 2"
)]
pub trait IntoNum {
    /// The number.
    ///
    /// # Errors
    /// [`ErrorKind::PartitionInvalid`](crate::ErrorKind::PartitionInvalid) for malformed text, with the place, and for negative
    /// numbers.
    fn into_num(self) -> Result<Num>;
}

impl IntoNum for Num {
    fn into_num(self) -> Result<Num> {
        Ok(self)
    }
}

impl IntoNum for &str {
    fn into_num(self) -> Result<Num> {
        let mut scanner = Scanner::new(self);
        let num = parse(&mut scanner)?;
        let end = scanner.mark();
        if end < self.len() {
            return Err(scanner.error(end, "an operator (+ - * /) is missing"));
        }
        Ok(num)
    }
}

impl IntoNum for String {
    fn into_num(self) -> Result<Num> {
        self.as_str().into_num()
    }
}

impl IntoNum for &String {
    fn into_num(self) -> Result<Num> {
        self.as_str().into_num()
    }
}

macro_rules! whole_numbers {
    ($($unsigned:ty),*; $($signed:ty),*) => {
        $(impl From<$unsigned> for Num {
            fn from(number: $unsigned) -> Self {
                Self(Node::constant(number as f64))
            }
        }
        impl IntoNum for $unsigned {
            fn into_num(self) -> Result<Num> {
                Ok(self.into())
            }
        })*
        $(impl IntoNum for $signed {
            fn into_num(self) -> Result<Num> {
                let number = u64::try_from(self)
                    .map_err(|_| invalid(format!("the number of partitions is {self}; it must be 0 (leave as is) or more")))?;
                Ok(number.into())
            }
        })*
    };
}
whole_numbers!(u32, u64, usize; i32, i64);

/// For literals in arithmetic, which are `i32` to the compiler: `Num::rows() / 2`.
impl From<i32> for Num {
    fn from(number: i32) -> Self {
        let magnitude = Node::constant(f64::from(number.unsigned_abs()));
        if number >= 0 {
            return Self(magnitude);
        }
        // Text has no sign before a number, so that this prints as something that parses.
        Self(Node::Binary(Operator::Minus, Arc::new((Node::constant(0.0), magnitude))))
    }
}

macro_rules! operators {
    ($($operator:ident $method:ident $node:ident),*) => {$(
        impl<N: Into<Num>> $operator<N> for Num {
            type Output = Num;

            fn $method(self, other: N) -> Num {
                Num(Node::Binary(Operator::$node, Arc::new((self.0, other.into().0))))
            }
        }
    )*};
}
operators!(Add add Plus, Sub sub Minus, Mul mul Times, Div div Over);

/// Reads an expression and stops at the first thing that cannot go on with it.
pub(super) fn parse(scanner: &mut Scanner<'_>) -> Result<Num> {
    sum(scanner, 0).map(Num)
}

/// Brackets inside brackets beyond this are refused, so that no text can exhaust the stack.
const DEPTH: usize = 64;

fn sum(scanner: &mut Scanner<'_>, depth: usize) -> Result<Node> {
    let mut left = product(scanner, depth)?;
    loop {
        let operator = match () {
            () if scanner.take('+') => Operator::Plus,
            () if scanner.take('-') => Operator::Minus,
            () => return Ok(left),
        };
        left = Node::Binary(operator, Arc::new((left, product(scanner, depth)?)));
    }
}

fn product(scanner: &mut Scanner<'_>, depth: usize) -> Result<Node> {
    let mut left = value(scanner, depth)?;
    loop {
        let operator = match () {
            () if scanner.take('*') => Operator::Times,
            () if scanner.take('/') => Operator::Over,
            () => return Ok(left),
        };
        left = Node::Binary(operator, Arc::new((left, value(scanner, depth)?)));
    }
}

fn value(scanner: &mut Scanner<'_>, depth: usize) -> Result<Node> {
    let start = scanner.mark();
    if depth > DEPTH {
        return Err(scanner.error(start, "too many brackets inside brackets"));
    }
    if scanner.take('(') {
        let inside = sum(scanner, depth + 1)?;
        close(scanner)?;
        return Ok(inside);
    }
    let digits = scanner.take_while(|c| c.is_ascii_digit() || c == '.');
    if !digits.is_empty() {
        let number = digits.parse::<f64>().ok().filter(|n| n.is_finite());
        return number.map(Node::constant).ok_or_else(|| scanner.error(start, &format!("{digits:?} is not a number")));
    }
    let word = scanner.take_while(|c| c.is_alphanumeric() || c == '_');
    match word.to_ascii_lowercase().as_str() {
        "rowcount" => Ok(Node::Rows),
        "concurrency" => Ok(Node::Concurrency),
        "min" => Ok(Node::Least(arguments(scanner, depth)?)),
        "max" => Ok(Node::Greatest(arguments(scanner, depth)?)),
        "" => Err(scanner.error(start, "a number, ROWCOUNT, CONCURRENCY, min, max or a bracket is missing")),
        _ => Err(scanner.error(start, &format!("{word:?} is not known here; there are ROWCOUNT, CONCURRENCY, min and max"))),
    }
}

fn arguments(scanner: &mut Scanner<'_>, depth: usize) -> Result<Arc<[Node]>> {
    let start = scanner.mark();
    if !scanner.take('(') {
        return Err(scanner.error(start, "an opening bracket is missing"));
    }
    let mut all = vec![sum(scanner, depth + 1)?];
    while scanner.take(',') {
        all.push(sum(scanner, depth + 1)?);
    }
    close(scanner)?;
    Ok(all.into())
}

fn close(scanner: &mut Scanner<'_>) -> Result<()> {
    let at = scanner.mark();
    if scanner.take(')') { Ok(()) } else { Err(scanner.error(at, "a closing bracket is missing")) }
}
