//! From what a user wrote to typed expressions, against a schema.

mod aggregate;
mod common;
mod function;
mod window;

use std::sync::Arc;

use arrow::array::new_null_array;

use crate::error::{Error, ErrorKind, Result};
use crate::row::hint;
use crate::schema::{Schema, Type, can_cast, cast_array, quote};

use super::tree::Node;
use super::{Expr, Function, Literal, Typed, TypedNode};

use common::common;

impl Expr {
    /// The expression over the columns of a schema, with every conversion spelled out.
    ///
    /// It is evaluated row by row: aggregates, windows and the wildcard have no place in it. Casts of literals are done here.
    ///
    /// # Errors
    /// `ColumnNotFound` for a column that is not there, `SchemaMismatch` where a ulong meets a signed integer, `ExpressionInvalid` for what
    /// fits no rule and for a null that nothing gives a type, `ValueInvalid` for a literal that its cast cannot take.
    pub fn typed(&self, schema: &Schema) -> Result<Typed> {
        self.typed_where(schema, &mut |expr| match expr.node() {
            Node::Aggregate(_) => {
                Err(refused(expr, "an aggregate stands among the columns of select and aggregate, and in having"))
            }
            Node::Window(_) => {
                Err(refused(expr, "a window function stands among the columns of select and assign; select it first"))
            }
            _ => Ok(None),
        })
    }

    /// The same, where some parts stand for something else: `stand_in` is asked for each part before its own parts are.
    pub(crate) fn typed_where(&self, schema: &Schema, stand_in: &mut dyn FnMut(&Self) -> Result<Option<Typed>>) -> Result<Typed> {
        let typed = Typer { schema, stand_in }.infer(self)?;
        typed.ok_or_else(|| refused(self, "nothing gives this null a type; write .cast(\"…\") after it"))
    }

    /// As [`typed`](Self::typed), for a condition.
    pub(crate) fn condition(&self, schema: &Schema, stand_in: &mut dyn FnMut(&Self) -> Result<Option<Typed>>) -> Result<Typed> {
        let typed = Typer { schema, stand_in }.infer(self)?;
        function::condition(self, typed)
    }

    /// The name of the column that the expression makes: its alias, or the name of the column that it is, also through casts.
    pub(crate) fn output_name(&self) -> Option<&Arc<str>> {
        match self.node() {
            Node::Alias(_, name) | Node::Column(name) => Some(name),
            Node::Cast { input, .. } => input.output_name(),
            _ => None,
        }
    }

    /// The name, or the error that asks for one.
    pub(crate) fn named(&self) -> Result<Arc<str>> {
        match self.node() {
            Node::Mistake(mistake) => mistake.tell(),
            _ => {
                self.output_name().cloned().ok_or_else(|| refused(self, "the column needs a name; write .alias(\"…\") after it"))
            }
        }
    }

    /// The expression without the names that were given to it.
    pub(crate) fn without_alias(&self) -> &Self {
        match self.node() {
            Node::Alias(of, _) => of.without_alias(),
            _ => self,
        }
    }

    /// Whether it is a literal or made of literals alone: the same for every row, and known without one.
    pub(crate) fn is_constant(&self) -> bool {
        !self.any(|node| {
            matches!(node, Node::Column(_) | Node::Wildcard | Node::Aggregate(_) | Node::Window(_) | Node::Mistake(_))
        })
    }

    /// Whether the expression or a part of it passes a test.
    pub(crate) fn any(&self, test: impl Fn(&Node) -> bool) -> bool {
        let mut rest = vec![self];
        while let Some(expr) = rest.pop() {
            if test(expr.node()) {
                return true;
            }
            expr.node().parts(|part| rest.push(part));
        }
        false
    }

    pub(crate) fn has_aggregate(&self) -> bool {
        self.any(|node| matches!(node, Node::Aggregate(_)))
    }
}

/// A typed expression, or a null that waits for its neighbours to give it a type.
type Half = Option<Typed>;

struct Typer<'a> {
    schema: &'a Schema,
    stand_in: &'a mut dyn FnMut(&Expr) -> Result<Option<Typed>>,
}

impl Typer<'_> {
    fn infer(&mut self, expr: &Expr) -> Result<Half> {
        if let Some(typed) = (self.stand_in)(expr)? {
            return Ok(Some(typed));
        }
        match expr.node() {
            Node::Column(name) => column(self.schema, name).map(Some),
            Node::Literal(value) => literal(expr, value),
            Node::Alias(of, _) => self.infer(of),
            Node::Cast { input, to, attempt } => {
                let input = self.infer(input)?;
                cast(expr, input, to, *attempt).map(Some)
            }
            Node::Call(function, args) => {
                let args = args.iter().map(|arg| self.infer(arg)).collect::<Result<Vec<_>>>()?;
                function::call(expr, *function, args).map(Some)
            }
            Node::Case { branches, otherwise } => self.case(expr, branches, otherwise.as_ref()).map(Some),
            Node::Mistake(mistake) => mistake.tell(),
            Node::Wildcard => Err(refused(expr, "all() stands alone among the columns of a select")),
            Node::Aggregate(_) => Err(refused(expr, "an aggregate may not stand inside an aggregate or a window; select twice")),
            Node::Window(_) => {
                Err(refused(expr, "a window function may not stand inside an aggregate or a window; select twice"))
            }
        }
    }

    fn case(&mut self, expr: &Expr, branches: &[(Expr, Expr)], otherwise: Option<&Expr>) -> Result<Typed> {
        let mut conditions = Vec::with_capacity(branches.len());
        let mut values = Vec::with_capacity(branches.len() + 1);
        for (condition, value) in branches {
            let typed = self.infer(condition)?;
            conditions.push(function::condition(condition, typed)?);
            values.push(self.infer(value)?);
        }
        if let Some(value) = otherwise {
            values.push(self.infer(value)?);
        }
        let (mut values, ty) = unified_or_fitted(expr, values)?;
        let otherwise = otherwise.and_then(|_| values.pop()).map(Box::new);
        Ok(Typed { node: TypedNode::Case { branches: conditions.into_iter().zip(values).collect(), otherwise }, ty })
    }
}

/// An error about an expression.
pub(crate) fn refused(expr: &Expr, message: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::ExpressionInvalid, format!("{}: {message}", expr.shown()))
}

/// A column by its name.
pub(crate) fn column(schema: &Schema, name: &str) -> Result<Typed> {
    let at = schema.index_of(name).ok_or_else(|| {
        let message = format!("{}{}", schema.missing_message(name), hint(name, schema.names()));
        Error::new(ErrorKind::ColumnNotFound, message).with("column", name)
    })?;
    Ok(Typed::column(at, schema.fields()[at].ty().clone()))
}

fn literal(expr: &Expr, literal: &Literal) -> Result<Half> {
    let Some(ty) = literal.ty() else { return Ok(None) };
    let value = literal.column(ty).map_err(|e| told(expr, e))?;
    Ok(Some(Typed { node: TypedNode::Literal(value), ty: ty.clone() }))
}

/// A null of a type.
fn null_of(ty: &Type) -> Typed {
    Typed { node: TypedNode::Literal(new_null_array(&ty.to_arrow(), 1)), ty: ty.clone() }
}

/// What the user wrote as a cast.
fn cast(expr: &Expr, input: Half, to: &Type, attempt: bool) -> Result<Typed> {
    let Some(input) = input else { return Ok(null_of(to)) };
    if !can_cast(&input.ty, to) {
        // The one text of this error, with its hints.
        let none = cast_array(&new_null_array(&input.ty.to_arrow(), 0), to).err();
        let message = none.map_or_else(|| format!("there is no cast from {} to {to}", input.ty), |e| e.message().to_owned());
        return Err(refused(expr, message));
    }
    converted(expr, input, to, attempt)
}

/// A conversion that a rule asks for, which is known to be a cast; of a literal it is done at once.
fn convert(expr: &Expr, input: Typed, to: &Type) -> Result<Typed> {
    converted(expr, input, to, false)
}

fn converted(expr: &Expr, input: Typed, to: &Type, attempt: bool) -> Result<Typed> {
    if input.ty == *to {
        return Ok(input);
    }
    let TypedNode::Literal(value) = &input.node else {
        return Ok(Typed { node: TypedNode::Cast { input: Box::new(input), attempt }, ty: to.clone() });
    };
    match cast_array(value, to) {
        Ok(value) => Ok(Typed { node: TypedNode::Literal(value), ty: to.clone() }),
        Err(e) if attempt && e.kind() == ErrorKind::ValueInvalid => Ok(null_of(to)),
        Err(e) => Err(told(expr, e)),
    }
}

/// An error about the value of a literal, whose row says nothing.
fn told(expr: &Expr, error: Error) -> Error {
    Error::new(error.kind(), format!("{}: {}", expr.shown(), error.message())).with_source(error)
}

/// All at their common type; nulls without a type take it, and so do literal integers that fit, where there is none otherwise.
fn unified_or_fitted(expr: &Expr, halves: Vec<Half>) -> Result<(Vec<Typed>, Type)> {
    unified(expr, fitted_where(halves, |types| common(types).is_err()))
}

/// Literal integers in the type of the integers that they meet, if it holds all of them and the types of all are as they need to be for that.
fn fitted_where(halves: Vec<Half>, needed: impl Fn(&[&Type]) -> bool) -> Vec<Half> {
    let literal = |typed: &Typed| match &typed.node {
        TypedNode::Literal(value) if typed.ty.is_integer() => Some(Arc::clone(value)),
        _ => None,
    };
    let types: Vec<&Type> = halves.iter().flatten().map(|typed| &typed.ty).collect();
    let others: Vec<&Type> = halves.iter().flatten().filter(|typed| literal(typed).is_none()).map(|typed| &typed.ty).collect();
    if others.is_empty() || !others.iter().all(|ty| ty.is_integer()) || !needed(&types) {
        return halves;
    }
    let Ok(ty) = common(&others) else { return halves };
    let fitted = halves.iter().map(|half| match half.as_ref().map(|typed| (typed, literal(typed))) {
        Some((_, Some(value))) => {
            let value = cast_array(&value, &ty).ok()?;
            Some(Some(Typed { node: TypedNode::Literal(value), ty: ty.clone() }))
        }
        _ => Some(half.clone()),
    });
    fitted.collect::<Option<Vec<_>>>().unwrap_or(halves)
}

/// All at their common type; nulls without a type take it.
fn unified(expr: &Expr, halves: Vec<Half>) -> Result<(Vec<Typed>, Type)> {
    unified_by(expr, halves, common)
}

fn unified_by(
    expr: &Expr,
    halves: Vec<Half>,
    rule: impl Fn(&[&Type]) -> Result<Type, common::Misfit>,
) -> Result<(Vec<Typed>, Type)> {
    let types: Vec<&Type> = halves.iter().flatten().map(|typed| &typed.ty).collect();
    if types.is_empty() {
        return Err(refused(expr, "nothing gives these nulls a type; write .cast(\"…\") after one"));
    }
    let ty = rule(&types).map_err(|misfit| misfit.error(&expr.shown()))?;
    let all = halves.into_iter().map(|half| match half {
        Some(typed) => convert(expr, typed, &ty),
        None => Ok(null_of(&ty)),
    });
    Ok((all.collect::<Result<_>>()?, ty))
}

/// A call whose arguments are as they should be.
fn called(function: Function, args: Vec<Typed>, ty: Type) -> Typed {
    Typed { node: TypedNode::Call { function, args }, ty }
}

/// The position of a column of an order or of the keys of a window.
fn position(expr: &Expr, schema: &Schema, name: &str) -> Result<usize> {
    schema.index_of(name).ok_or_else(|| {
        let message = format!("{}: {}{}", expr.shown(), schema.missing_message(name), hint(name, schema.names()));
        Error::new(ErrorKind::ColumnNotFound, message).with("column", quote(name))
    })
}

#[cfg(test)]
mod tests;
