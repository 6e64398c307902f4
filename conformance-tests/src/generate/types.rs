//! Random types of the closed table, flat and nested.

use std::sync::Arc;

use fugue_core::{Field, Type};
use proptest::prelude::*;
use proptest::sample::select;

use super::names::wild_name;

/// Which types a table may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kinds {
    /// The ones every engine has: bool, int, long, double, str.
    Plain,
    /// All that are not nested.
    Flat,
    /// All.
    All,
}

/// A random type.
pub fn any_type(kinds: Kinds) -> BoxedStrategy<Type> {
    match kinds {
        Kinds::Plain => select(vec![Type::Int64, Type::Str, Type::Float64, Type::Int32, Type::Bool]).boxed(),
        Kinds::Flat => flat(),
        Kinds::All => prop_oneof![3 => flat(), 1 => nested()].boxed(),
    }
}

/// Whether values of the type can be partition keys and presort columns: all but maps and what holds them, which have no order.
#[must_use]
pub fn keyable(ty: &Type) -> bool {
    match ty {
        Type::Map(_, _) => false,
        Type::List(item) => keyable(item),
        Type::Struct(fields) => fields.iter().all(|f| keyable(f.ty())),
        _ => true,
    }
}

fn flat() -> BoxedStrategy<Type> {
    let simple = select(vec![
        Type::Int64,
        Type::Str,
        Type::Float64,
        Type::Int32,
        Type::Bool,
        Type::Float32,
        Type::Int8,
        Type::Int16,
        Type::UInt8,
        Type::UInt16,
        Type::UInt32,
        Type::UInt64,
        Type::Bytes,
        Type::Date,
        Type::Time,
        Type::Datetime,
    ]);
    let zone = select(vec!["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"]);
    let decimal = (1_u8..=38).prop_flat_map(|precision| (Just(precision), 0..=precision.min(10)));
    prop_oneof![
        16 => simple,
        1 => zone.prop_map(|z| Type::Timestamp(Arc::from(z))),
        2 => decimal.prop_map(|(precision, scale)| Type::Decimal(precision, i8::try_from(scale).unwrap_or(0))),
    ]
    .boxed()
}

fn nested() -> BoxedStrategy<Type> {
    let leaf = flat();
    leaf.prop_recursive(2, 6, 3, |inner| {
        let key = select(vec![Type::Str, Type::Int64, Type::Int32, Type::Date]);
        prop_oneof![
            inner.clone().prop_map(|t| Type::List(Arc::new(t))),
            (key, inner.clone()).prop_map(|(k, v)| Type::Map(Arc::new(k), Arc::new(v))),
            prop::collection::vec((wild_name(), inner), 1..=3).prop_map(|fields| {
                let mut unique: Vec<Field> = Vec::new();
                for (name, ty) in fields {
                    if unique.iter().all(|f| f.name() != name) {
                        unique.push(Field::new(name, ty));
                    }
                }
                Type::Struct(unique.into())
            }),
        ]
    })
    .boxed()
}
