//! Random tables: a schema, a plan per column, a size, and a seed that decides which row gets what.

use fugue_core::{Field, Schema, Type};
use proptest::prelude::*;

use super::{ColumnPlan, Dice, Kinds, any_type, name, wild_name};
use crate::value::{OwnRow, Table};

/// How many rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// 0, 1, 2, 7 and a few more.
    Small,
    /// As small, and now and then 999, 1,001, and rarely 50,000.
    Any,
}

/// What a table may look like.
#[derive(Clone, Debug)]
pub struct TableOptions {
    /// The types of its columns.
    pub kinds: Kinds,
    /// Least and most columns.
    pub columns: (usize, usize),
    /// Whether names may be wild.
    pub wild: bool,
    /// How many rows.
    pub size: Size,
    /// Columns that stand first with these names and types.
    pub fixed: Vec<(String, Type)>,
}

impl Default for TableOptions {
    fn default() -> Self {
        Self { kinds: Kinds::All, columns: (1, 5), wild: true, size: Size::Any, fixed: Vec::new() }
    }
}

impl TableOptions {
    /// The same with columns that stand first.
    #[must_use]
    pub fn with(mut self, name: &str, ty: Type) -> Self {
        self.fixed.push((name.to_owned(), ty));
        self
    }
}

/// A random table.
pub fn table(options: TableOptions) -> BoxedStrategy<Table> {
    let names = if options.wild { wild_name().boxed() } else { name().boxed() };
    let (least, most) = options.columns;
    let drawn = prop::collection::vec((names, any_type(options.kinds)), least..=most);
    let (fixed, size) = (options.fixed, options.size);
    drawn
        .prop_flat_map(move |drawn| {
            let mut columns = fixed.clone();
            for (name, ty) in drawn {
                if columns.iter().all(|(n, _)| *n != name) {
                    columns.push((name, ty));
                }
            }
            let plans: Vec<_> = columns.iter().map(|(_, ty)| ColumnPlan::any(ty)).collect();
            (Just(columns), plans, rows(size), any::<u64>())
        })
        .prop_filter_map("a schema", |(columns, plans, rows, seed)| fill(columns, &plans, rows, seed))
        .boxed()
}

fn rows(size: Size) -> BoxedStrategy<usize> {
    let small = prop_oneof![2 => Just(0_usize), 2 => Just(1), 2 => Just(2), 2 => Just(7), 12 => 3_usize..60].boxed();
    match size {
        Size::Small => small,
        Size::Any => prop_oneof![90 => small, 4 => Just(999), 4 => Just(1_001), 1 => Just(50_000)].boxed(),
    }
}

fn fill(columns: Vec<(String, Type)>, plans: &[ColumnPlan], rows: usize, seed: u64) -> Option<Table> {
    let schema = Schema::new(columns.into_iter().map(|(name, ty)| Field::new(name, ty))).ok()?;
    let mut filled: Vec<OwnRow> = Vec::with_capacity(rows);
    for number in 0..rows {
        // Each row has dice of its own, so that fewer rows are the same rows.
        let mut dice = Dice::new(seed ^ (number as u64).wrapping_mul(0x2545_f491_4f6c_dd1d));
        let repeat = number > 0 && dice.below(12) == 0;
        filled.push(if repeat {
            filled[dice.below(number)].clone()
        } else {
            schema.fields().iter().zip(plans).map(|(field, plan)| plan.draw(field.ty(), &mut dice)).collect()
        });
    }
    Some(Table::new(schema, filled))
}
