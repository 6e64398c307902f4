//! Expressions that know their types: what engines lower and kernels evaluate.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::ArrayRef;
use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::schema::{Field, Schema, Type};

use super::{AggregateFunction, Frame, Function, WindowFunction};

/// An expression over the columns of a schema in which all is decided: columns by position, every conversion a cast of its own, every
/// function with arguments of the types that it takes.
#[derive(Clone, Debug)]
pub struct Typed {
    /// What it is.
    pub node: TypedNode,
    /// The type of its value.
    pub ty: Type,
}

/// What a typed expression is made of.
#[non_exhaustive]
#[derive(Clone, Debug)]
pub enum TypedNode {
    /// A column by its position.
    Column(usize),
    /// A constant: a column of one row, in the contract's layout of the type.
    Literal(ArrayRef),
    /// A function of arguments. Those that share a type by the function's rule (both sides of a sum or a comparison, all of
    /// [`Function::Coalesce`] or [`Function::IsIn`]) have the same type here, but for decimals in arithmetic, which keep their own.
    Call {
        /// The function.
        function: Function,
        /// Its arguments.
        args: Vec<Typed>,
    },
    /// A cast to the type of the expression, by the contract's casts.
    Cast {
        /// What is cast.
        input: Box<Typed>,
        /// A value that cannot be cast is null instead of an error.
        attempt: bool,
    },
    /// The value beside the first condition that is true, else the last; null without one. A value is only computed for rows that take it, so
    /// that its errors do not reach others.
    Case {
        /// Conditions (bools) and values (of the type of the expression).
        branches: Vec<(Typed, Typed)>,
        /// Of the type of the expression.
        otherwise: Option<Box<Typed>>,
    },
}

/// An aggregate whose arguments are typed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TypedAggregate {
    /// The function.
    pub function: AggregateFunction,
    /// What is aggregated, of a type that the function takes; none counts rows.
    pub arg: Option<Typed>,
    /// Different values only.
    pub distinct: bool,
    /// Only rows for which this is true count.
    pub filter: Option<Typed>,
    /// The order of rows, for [`First`](AggregateFunction::First), [`Last`](AggregateFunction::Last) and
    /// [`CollectList`](AggregateFunction::CollectList).
    pub order: Vec<TypedSort>,
    /// The type of the result.
    #[serde(with = "super::as_text")]
    pub ty: Type,
}

/// A column of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TypedSort {
    /// Position of the column.
    pub column: usize,
    /// Great values first.
    pub descending: bool,
    /// Nulls before all else, instead of after.
    pub nulls_first: bool,
}

/// A window function whose arguments are typed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TypedWindow {
    /// The function.
    pub function: WindowFunction,
    /// Its argument; none for row numbers, ranks and counts of rows.
    pub arg: Option<Typed>,
    /// Of lag and lead: what stands where there is no such row, a column of one row of the type of the result.
    #[serde(with = "super::travel::row")]
    pub default: Option<ArrayRef>,
    /// The columns that make partitions.
    pub keys: Vec<usize>,
    /// The order in a partition.
    pub order: Vec<TypedSort>,
    /// The frame, which only aggregates mind.
    pub frame: Frame,
    /// The type of the result.
    #[serde(with = "super::as_text")]
    pub ty: Type,
}

impl Typed {
    /// A column.
    #[must_use]
    pub fn column(position: usize, ty: Type) -> Self {
        Self { node: TypedNode::Column(position), ty }
    }

    /// Calls a visitor with this expression and all inside it.
    pub fn walk(&self, visit: &mut impl FnMut(&Self)) {
        visit(self);
        match &self.node {
            TypedNode::Column(_) | TypedNode::Literal(_) => {}
            TypedNode::Call { args, .. } => args.iter().for_each(|a| a.walk(visit)),
            TypedNode::Cast { input, .. } => input.walk(visit),
            TypedNode::Case { branches, otherwise } => {
                for (condition, value) in branches {
                    condition.walk(visit);
                    value.walk(visit);
                }
                if let Some(otherwise) = otherwise {
                    otherwise.walk(visit);
                }
            }
        }
    }

    /// The positions of the columns that it reads, in order, each once.
    #[must_use]
    pub fn columns(&self) -> Vec<usize> {
        let mut columns = Vec::new();
        self.walk(&mut |e| {
            if let TypedNode::Column(i) = e.node {
                columns.push(i);
            }
        });
        columns.sort_unstable();
        columns.dedup();
        columns
    }

    /// The same as a function of the columns that it reads: over their positions among these, with these positions in order, and a schema of
    /// arguments under made up names.
    ///
    /// # Errors
    /// `SchemaInvalid` for columns of types that no schema holds.
    pub fn as_function(&self) -> Result<(Self, Vec<usize>, Schema)> {
        let mut types = BTreeMap::new();
        self.walk(&mut |e| {
            if let TypedNode::Column(position) = e.node {
                types.insert(position, e.ty.clone());
            }
        });
        let columns: Vec<usize> = types.keys().copied().collect();
        let args = Schema::new(types.into_values().enumerate().map(|(i, ty)| Field::new(format!("_{i}"), ty)))?;
        let moved = self.moved(&|position| columns.binary_search(&position).unwrap_or_default());
        Ok((moved, columns, args))
    }

    /// The same over other positions of the columns.
    #[must_use]
    pub fn moved(&self, to: &impl Fn(usize) -> usize) -> Self {
        let node = match &self.node {
            TypedNode::Column(i) => TypedNode::Column(to(*i)),
            TypedNode::Literal(value) => TypedNode::Literal(Arc::clone(value)),
            TypedNode::Call { function, args } => {
                TypedNode::Call { function: *function, args: args.iter().map(|a| a.moved(to)).collect() }
            }
            TypedNode::Cast { input, attempt } => TypedNode::Cast { input: Box::new(input.moved(to)), attempt: *attempt },
            TypedNode::Case { branches, otherwise } => TypedNode::Case {
                branches: branches.iter().map(|(c, v)| (c.moved(to), v.moved(to))).collect(),
                otherwise: otherwise.as_ref().map(|o| Box::new(o.moved(to))),
            },
        };
        Self { node, ty: self.ty.clone() }
    }
}
