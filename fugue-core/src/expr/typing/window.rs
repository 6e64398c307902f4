//! The rules of window functions: what their answers depend on must be said.

use crate::error::Result;
use crate::schema::{Schema, Type};

use super::super::window::{Over, WindowCall};
use super::super::{AggregateFunction, Expr, Frame, Literal, TypedWindow, WindowFunction};
use super::aggregate::{aggregated, sorts};
use super::common::common;
use super::{position, refused, told};

impl WindowCall {
    /// The window function over the columns of a schema. `expr` is the whole, for messages.
    pub(crate) fn typed(&self, expr: &Expr, schema: &Schema) -> Result<TypedWindow> {
        let Some(over) = &self.over else {
            return Err(refused(
                expr,
                "a window function needs a window; write .over(Over::partition_by(\"…\").order_by(\"…\")) after it",
            ));
        };
        if let Some(mistake) = &over.mistake {
            return mistake.tell();
        }
        let frame = match self.function {
            WindowFunction::Aggregate(function) => framed(expr, function, over)?,
            _ => ranked(expr, self.function, over)?,
        };
        let mut keys = Vec::with_capacity(over.keys.len());
        for name in &over.keys {
            let key = position(expr, schema, name)?;
            if keys.contains(&key) {
                return Err(refused(expr, format!("column {name:?} stands twice among the keys of the window")));
            }
            keys.push(key);
        }
        let order = sorts(expr, schema, &over.order)?;
        let (arg, ty) = match (self.function, &self.arg) {
            (WindowFunction::RowNumber | WindowFunction::Rank | WindowFunction::DenseRank, _) => (None, Type::Int64),
            (WindowFunction::Aggregate(function), arg) => aggregated(expr, function, false, arg.as_ref(), schema)?,
            (WindowFunction::Lag(_) | WindowFunction::Lead(_), Some(arg)) => {
                let arg = arg.typed_where(schema, &mut |_| Ok(None))?;
                let ty = arg.ty.clone();
                (Some(arg), ty)
            }
            (WindowFunction::Lag(_) | WindowFunction::Lead(_), None) => return Err(refused(expr, "it needs an argument")),
        };
        let default = self.default.as_ref().filter(|default| !default.value().is_null());
        let default = default.map(|default| fitting(expr, default, &ty)).transpose()?;
        Ok(TypedWindow { function: self.function, arg, default, keys, order, frame, ty })
    }
}

/// The rules of functions that go by the place of a row.
fn ranked(expr: &Expr, function: WindowFunction, over: &Over) -> Result<Frame> {
    if over.frame.is_some() {
        return Err(refused(expr, "only aggregates have a frame; leave .rows(…) and .to_peers() out"));
    }
    if over.order.is_empty() {
        return Err(refused(expr, "it goes by the order of rows; write .order_by(\"…\") into the window"));
    }
    if !matches!(function, WindowFunction::Rank | WindowFunction::DenseRank) {
        total(expr, over)?;
    }
    Ok(Frame::ALL)
}

/// The frame of an aggregate, which must be said and must mean the same everywhere.
fn framed(expr: &Expr, function: AggregateFunction, over: &Over) -> Result<Frame> {
    let Some(frame) = over.frame else {
        return Err(refused(
            expr,
            "an aggregate over a window needs a frame; write .rows(..) for the whole partition, .rows(..=0) for the rows up to this one, or \
             .to_peers()",
        ));
    };
    if let Frame::Rows { start: Some(start), end: Some(end) } = frame
        && start > end
    {
        return Err(refused(expr, format!("the frame ends before it starts: {frame}")));
    }
    let ordered = matches!(function, AggregateFunction::First | AggregateFunction::Last | AggregateFunction::CollectList);
    if over.order.is_empty() && (ordered || frame != Frame::ALL) {
        return Err(refused(
            expr,
            "it depends on the order of rows; write .order_by(\"…\") into the window, or .rows(..) for the whole partition"
                .to_owned()
                + if ordered { " of an aggregate that does not care for order" } else { "" },
        ));
    }
    if ordered || !matches!(frame, Frame::ToPeers | Frame::ALL) {
        total(expr, over)?;
    }
    Ok(frame)
}

fn total(expr: &Expr, over: &Over) -> Result<()> {
    if over.total {
        return Ok(());
    }
    Err(refused(
        expr,
        "rows that are equal in the order may stand in any sequence, and the answer depends on it; order by columns that tell all rows of a \
         partition apart, and say so with .total_order()",
    ))
}

/// The default of lag and lead as a value of the type of their result.
fn fitting(expr: &Expr, default: &Literal, ty: &Type) -> Result<arrow::array::ArrayRef> {
    if let Some(own) = default.ty()
        && !(own.is_integer() && ty.is_integer())
    {
        common(&[ty, own]).map_err(|misfit| misfit.error(&expr.shown()))?;
    }
    default.column(ty).map_err(|e| told(expr, e))
}
