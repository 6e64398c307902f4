//! Which row groups can have rows for which a filter is true, as far as their statistics tell.
//!
//! Bounds are compared by the shared kernels, so that they mean what the filter means. What cannot be known is kept.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, UInt64Array, new_null_array};
use arrow::compute::kernels::zip::zip;
use arrow::datatypes::{DataType, Float32Type, Float64Type};
use arrow::record_batch::RecordBatch;
use parquet::arrow::arrow_reader::statistics::StatisticsConverter;

use super::footer::Footer;
use super::scan::Column;
use crate::expr::{Function, Typed, TypedNode, evaluate};
use crate::schema::{Field, Schema, Type};

/// For each row group of a file whether it has to be read.
pub(super) fn kept(footer: &Footer, columns: &[Column], filters: &[Typed]) -> Vec<bool> {
    let mut all = vec![true; footer.groups()];
    for filter in filters {
        let may = Bounds { footer, columns }.may(filter);
        all.iter_mut().zip(may).for_each(|(keep, may)| *keep &= may);
    }
    all
}

/// Whether statistics could tell anything of a filter.
pub(super) fn is_of_use(filter: &Typed) -> bool {
    match &filter.node {
        TypedNode::Call { function: Function::And, args } => args.iter().any(is_of_use),
        TypedNode::Call { function: Function::Or, args } => args.iter().all(is_of_use),
        TypedNode::Call { function: Function::IsNull | Function::IsNotNull, args } => {
            matches!(&args[..], [a] if column(a).is_some())
        }
        TypedNode::Call { function: Function::IsIn, args } => {
            args.split_first().is_some_and(|(of, rest)| column(of).is_some() && rest.iter().all(is_literal))
        }
        TypedNode::Call { function, args } => comparison(*function, args).is_some(),
        _ => false,
    }
}

struct Bounds<'a> {
    footer: &'a Footer,
    columns: &'a [Column],
}

impl Bounds<'_> {
    fn all(&self, may: bool) -> Vec<bool> {
        vec![may; self.footer.groups()]
    }

    fn may(&self, filter: &Typed) -> Vec<bool> {
        let TypedNode::Call { function, args } = &filter.node else { return self.all(true) };
        match function {
            Function::And => self.joined(args, true, |a, b| a && b),
            Function::Or => self.joined(args, false, |a, b| a || b),
            Function::IsNull | Function::IsNotNull => match &args[..] {
                [arg] => self.nulls(arg, *function == Function::IsNull),
                _ => self.all(true),
            },
            Function::IsIn => match args.split_first() {
                Some((of, rest)) if rest.iter().all(is_literal) => {
                    let mut any = self.all(false);
                    for literal in rest {
                        let may = self.compared(Function::Equal, of, literal);
                        any.iter_mut().zip(may).for_each(|(any, may)| *any |= may);
                    }
                    any
                }
                _ => self.all(true),
            },
            function => match comparison(*function, args) {
                Some((function, of, literal)) => self.compared(function, of, literal),
                None => self.all(true),
            },
        }
    }

    fn joined(&self, args: &[Typed], start: bool, join: impl Fn(bool, bool) -> bool) -> Vec<bool> {
        let mut all = self.all(start);
        for arg in args {
            let may = self.may(arg);
            all.iter_mut().zip(may).for_each(|(all, may)| *all = join(*all, may));
        }
        all
    }

    /// Whether there are nulls, or anything else.
    fn nulls(&self, arg: &Typed, wanted: bool) -> Vec<bool> {
        let counts = column(arg).and_then(|(place, _)| self.null_counts(place));
        let Some(counts) = counts else { return self.all(true) };
        (0..self.footer.groups())
            .map(|group| {
                let rows = self.footer.rows_in(group);
                !counts.is_valid(group) || if wanted { counts.value(group) > 0 } else { counts.value(group) < rows }
            })
            .collect()
    }

    /// Whether a comparison of a column with a literal may be true.
    fn compared(&self, function: Function, of: &Typed, literal: &Typed) -> Vec<bool> {
        let Some((place, ty)) = column(of) else { return self.all(true) };
        let mut may = self.nulls(of, false);
        let Some((least, greatest)) = self.extremes(place, ty) else { return may };
        let checks: &[(Function, &ArrayRef)] = match function {
            Function::Less | Function::LessOrEqual => &[(function, &least)],
            Function::Greater | Function::GreaterOrEqual => &[(function, &greatest)],
            Function::Equal => &[(Function::LessOrEqual, &least), (Function::GreaterOrEqual, &greatest)],
            _ => return may,
        };
        // Bounds of floats know nothing of NaN, which is greater than all else.
        let is_float = ty.is_float();
        let nan = is_nan(literal);
        for (function, bound) in checks {
            let upper = matches!(function, Function::Greater | Function::GreaterOrEqual);
            if is_float && upper && (checks.len() == 1 || nan) {
                continue;
            }
            let Some(mask) = holds(*function, of, literal, place, ty, bound) else { continue };
            for (group, may) in may.iter_mut().enumerate() {
                *may &= mask.is_null(group) || mask.value(group);
            }
        }
        may
    }

    fn converter(&self, place: usize) -> Option<(StatisticsConverter<'_>, &Column)> {
        let column = self.columns.get(place)?;
        let name = column.stored.name();
        let converter = StatisticsConverter::try_new(name, self.footer.metadata.schema(), self.footer.metadata.parquet_schema());
        Some((converter.ok()?.with_missing_null_counts_as_zero(false), column))
    }

    fn null_counts(&self, place: usize) -> Option<UInt64Array> {
        let (converter, column) = self.converter(place)?;
        // A cast makes no nulls, and takes none away.
        (!column.stored.ty().is_nested()).then_some(())?;
        converter.row_group_null_counts(self.footer.metadata.metadata().row_groups()).ok()
    }

    /// The least and the greatest value of each row group, null where they are not known.
    fn extremes(&self, place: usize, ty: &Type) -> Option<(ArrayRef, ArrayRef)> {
        let (converter, column) = self.converter(place)?;
        let (stored, wanted) = (column.stored.ty(), column.wanted.ty());
        let layout = converter.arrow_field().data_type();
        if stored != wanted || wanted != ty || *layout != ty.to_arrow() || !is_ordered(ty) {
            return None;
        }
        let groups = self.footer.metadata.metadata().row_groups();
        let leaf = converter.parquet_column_index()?;
        // What old writers put there was compared in another order.
        let sound = groups.iter().map(|g| {
            let statistics = g.columns().get(leaf).and_then(|c| c.statistics());
            Some(statistics.is_some_and(|s| !s.is_min_max_deprecated()))
        });
        let sound = BooleanArray::from_iter(sound);
        let known = |bound: ArrayRef| -> Option<ArrayRef> {
            if *bound.data_type() != ty.to_arrow() || bound.len() != groups.len() {
                return None;
            }
            let none = new_null_array(bound.data_type(), 1);
            let bound = zip(&sound, &bound, &arrow::array::Scalar::new(none.clone())).ok()?;
            match number(&bound) {
                Some(number) => zip(&number, &bound, &arrow::array::Scalar::new(none)).ok(),
                None => Some(bound),
            }
        };
        let groups = || groups.iter();
        Some((known(converter.row_group_mins(groups()).ok()?)?, known(converter.row_group_maxes(groups()).ok()?)?))
    }
}

/// A comparison of bounds in the place of the column, as the filter has it; nothing where it cannot be told.
fn holds(function: Function, of: &Typed, literal: &Typed, place: usize, ty: &Type, bound: &ArrayRef) -> Option<BooleanArray> {
    let schema = Schema::new([Field::new("bound", ty.clone())]).ok()?;
    let batch = RecordBatch::try_new(schema.to_arrow(), vec![Arc::clone(bound)]).ok()?;
    let of = of.moved(&|i| if i == place { 0 } else { i });
    let call = TypedNode::Call { function, args: vec![of, literal.clone()] };
    let mask = evaluate(&Typed { node: call, ty: Type::Bool }, &batch).ok()?;
    mask.as_boolean_opt().cloned()
}

/// The column that an expression is, or is a cast of that keeps the order; and the type that the column has.
fn column(of: &Typed) -> Option<(usize, &Type)> {
    match &of.node {
        TypedNode::Column(place) => Some((*place, &of.ty)),
        TypedNode::Cast { input, attempt: false } => match input.node {
            TypedNode::Column(place) => {
                let whole = input.ty.is_integer() && (of.ty.is_integer() || of.ty.is_float());
                let grows = matches!((&input.ty, &of.ty), (Type::Float32, Type::Float64) | (Type::Date, Type::Datetime));
                (whole || grows).then_some((place, &input.ty))
            }
            _ => None,
        },
        _ => None,
    }
}

fn is_literal(of: &Typed) -> bool {
    matches!(of.node, TypedNode::Literal(_))
}

/// A comparison with the column on the left.
fn comparison(function: Function, args: &[Typed]) -> Option<(Function, &Typed, &Typed)> {
    let [left, right] = args else { return None };
    let swapped = match function {
        Function::Equal => Function::Equal,
        Function::Less => Function::Greater,
        Function::LessOrEqual => Function::GreaterOrEqual,
        Function::Greater => Function::Less,
        Function::GreaterOrEqual => Function::LessOrEqual,
        _ => return None,
    };
    match (column(left).is_some(), column(right).is_some()) {
        (true, false) if is_literal(right) => Some((function, left, right)),
        (false, true) if is_literal(left) => Some((swapped, right, left)),
        _ => None,
    }
}

/// Types whose bounds mean what the order of the contract means.
fn is_ordered(ty: &Type) -> bool {
    ty.is_integer() || ty.is_float() || matches!(ty, Type::Bool | Type::Str | Type::Date | Type::Datetime | Type::Timestamp(_))
}

fn is_nan(literal: &Typed) -> bool {
    let TypedNode::Literal(value) = &literal.node else { return false };
    let number = number(value);
    number.is_some_and(|n| !n.is_empty() && value.is_valid(0) && !n.value(0))
}

/// Of floats, which are numbers: a NaN bounds nothing.
fn number(values: &ArrayRef) -> Option<BooleanArray> {
    match values.data_type() {
        DataType::Float32 => Some(BooleanArray::from_iter(
            values.as_primitive::<Float32Type>().iter().map(|v| Some(v.is_some_and(|v| !v.is_nan()))),
        )),
        DataType::Float64 => Some(BooleanArray::from_iter(
            values.as_primitive::<Float64Type>().iter().map(|v| Some(v.is_some_and(|v| !v.is_nan()))),
        )),
        _ => None,
    }
}
