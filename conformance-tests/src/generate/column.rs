//! How one column is filled: a few values drawn again and again, with skew, or a value of its own for nearly every row.

use fugue_core::Type;
use proptest::prelude::*;

use super::Dice;
use super::values::value;
use crate::value::OwnValue;

/// A column to be: rows are drawn from it, so that a table of fifty thousand rows shrinks as fast as one of five.
#[derive(Clone, Debug)]
pub struct ColumnPlan {
    /// What rows are drawn from.
    pub pool: Vec<OwnValue>,
    /// How strongly the first values of the pool are preferred: 0 draws evenly.
    pub skew: u8,
    /// For numbers and text: mixes in as many further values, so that keys are many.
    pub spread: usize,
}

impl ColumnPlan {
    /// A random plan for a type.
    pub fn any(ty: &Type) -> BoxedStrategy<Self> {
        let spread = match ty {
            Type::Int16 | Type::Int32 | Type::Int64 | Type::UInt16 | Type::UInt32 | Type::UInt64 | Type::Str => {
                prop_oneof![4 => Just(0_usize), 1 => Just(40_usize), 1 => Just(3_000_usize)].boxed()
            }
            _ => Just(0).boxed(),
        };
        let pool = prop_oneof![
            1 => Just(vec![OwnValue::Null]),
            12 => prop::collection::vec(value(ty), 1..10),
        ];
        (pool, 0_u8..3, spread).prop_map(|(pool, skew, spread)| Self { pool, skew, spread }).boxed()
    }

    /// A value for a row.
    #[must_use]
    pub fn draw(&self, ty: &Type, dice: &mut Dice) -> OwnValue {
        if self.spread > 0 && dice.below(4) > 0 {
            let number = dice.below(self.spread);
            return match ty {
                Type::Str => OwnValue::Text(format!("key number {number}")),
                _ => OwnValue::Int(number as i128),
            };
        }
        let mut at = dice.below(self.pool.len());
        for _ in 0..self.skew {
            at = at.min(dice.below(self.pool.len()));
        }
        self.pool.get(at).cloned().unwrap_or(OwnValue::Null)
    }
}
