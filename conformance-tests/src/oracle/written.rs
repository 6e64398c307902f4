//! Verbs as the Rust that a reader of a failure can paste after a frame.

use std::fmt;

use fugue_core::relational::SetKind;

use super::verb::{Item, Verb};
use crate::value::Table;

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.alias({:?})", self.term, self.name)
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Select { items, filter, having, distinct } => {
                write!(f, ".select(Select::new([{}])", list(items))?;
                if let Some(filter) = filter {
                    write!(f, ".filter({filter})")?;
                }
                if let Some(having) = having {
                    write!(f, ".having({having})")?;
                }
                f.write_str(if *distinct { ".distinct())" } else { ")" })
            }
            Self::Filter(condition) => write!(f, ".filter({condition})"),
            Self::Assign(items) => write!(f, ".assign([{}])", list(items)),
            Self::Aggregate(keys, items) if keys.is_empty() => write!(f, ".aggregate([{}])", list(items)),
            Self::Aggregate(keys, items) => write!(f, ".group_by({keys:?}).aggregate([{}])", list(items)),
            Self::Rename(names) => write!(f, ".rename({names:?})"),
            Self::Drop(names) => write!(f, ".drop({names:?})"),
            Self::Alter(types) => {
                let types: Vec<String> = types.iter().map(|(name, ty)| format!("{name}:{ty}")).collect();
                write!(f, ".alter({:?})", types.join(","))
            }
            Self::Distinct => f.write_str(".distinct()"),
            Self::DropNulls { least, columns } => write!(f, " of which {least} of {columns:?} are not null"),
            Self::FillNulls(values) => {
                let values: Vec<String> = values.iter().map(|(name, value)| format!("({name:?}, {value})")).collect();
                write!(f, ".fillna_map([{}])", values.join(", "))
            }
            Self::Take { rows, keys, order } => write!(f, ".group_by({keys:?}).take({rows}, {order:?})"),
            Self::Sort(order) => write!(f, ".sort({order:?})"),
            Self::Join(kind, right) => write!(f, ".join(&{}, \"{kind}\")", shown(right)),
            Self::Set(kind, all, right) => {
                let name = match kind {
                    SetKind::Union => "union",
                    SetKind::Subtract => "subtract",
                    SetKind::Intersect => "intersect",
                };
                write!(f, ".{name}{}(&{})", if *all { "_all" } else { "" }, shown(right))
            }
            Self::Transform(program, keys, presort) => write!(f, ".transform({program:?}) by {keys:?} presort {presort:?}"),
        }
    }
}

fn list(items: &[Item]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn shown(table: &Table) -> String {
    let rows: Vec<String> = table.rows.iter().map(|row| crate::value::show_row(row)).collect();
    format!("[{}] {}", rows.join(", "), table.schema)
}
