//! The first rows of each key: natively where a row is its keys and the one value that it is ordered by; core's own way through hashed groups is
//! as good for wider rows.

use fugue_core::Result;
use fugue_core::expr::TypedSort;
use polars::prelude::{ExplodeOptions, Expr, IdxSize, SortOptions, by_name, col};

use super::{given, is_key, named, native, unnamed};
use crate::expr::numbered;
use crate::frame::PolarsFrame;

pub(super) fn take(frame: &PolarsFrame, keys: &[usize], order: &[TypedSort], rows: u64) -> Result<Option<PolarsFrame>> {
    let schema = frame.schema().clone();
    let fields = schema.fields();
    let [sort] = order else { return Ok(None) };
    let value = sort.column;
    let is_all = (0..fields.len()).all(|i| i == value || keys.contains(&i));
    let (Ok(rows), true) = (IdxSize::try_from(rows), is_all && !keys.contains(&value)) else { return Ok(None) };
    if !fields.iter().all(|field| is_key(field.ty())) {
        return Ok(None);
    }
    let keys: Vec<Expr> = keys.iter().map(|key| col(numbered(*key))).collect();
    let options = SortOptions::default().with_order_descending(sort.descending).with_nulls_last(!sort.nulls_first);
    let output = schema.clone();
    native("take", vec![frame.clone()], schema, move |inputs| {
        let [input] = given(inputs)?;
        let first = col(numbered(value)).sort(options).head(Some(rows as usize));
        // A group has rows, so no list is empty; a null inside of one stays a row.
        let each = ExplodeOptions { empty_as_null: true, keep_nulls: true };
        let taken = named(input, &output).group_by(keys.clone()).agg([first]);
        Ok(unnamed(taken.explode(by_name([numbered(value)], true, false), each), &output))
    })
    .map(Some)
}
