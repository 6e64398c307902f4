//! Programs of verbs and transforms against the oracle, and laws that hold between verbs.

use fugue_core::expr::Expr;
use fugue_core::frame::DropNulls;
use fugue_core::relational::{Select, SetKind};
use fugue_core::{DataFrame, ErrorKind};

use super::run::{mapped, spec};
use crate::bench::Bench;
use crate::compare::Compare;
use crate::failure::{Failure, Outcome};
use crate::functions::of_program;
use crate::generate::{Lane, Pick, Script, Scripts};
use crate::oracle::verb::{Item, Verb, Wrong};
use crate::value::Table;

/// Random programs of verbs of all kinds, transforms among them.
pub fn matches_the_oracle(t: &Bench) -> Outcome {
    t.for_all(Scripts::of(Pick::ALL, 4), |lane, script| same_as_oracle(t, lane, script))
}

/// A condition, its opposite and its null part every row in three.
pub fn a_filter_parts_rows_in_three(t: &Bench) -> Outcome {
    t.for_some(2, Scripts::of(&[Pick::Filter], 1), |lane, script| {
        let [Verb::Filter(condition)] = &script.verbs[..] else { return Ok(()) };
        // Where it has no value for some row there are no parts.
        if script.answer().is_err() {
            return Ok(());
        }
        let frame = t.frame(lane, &script.table)?;
        let condition = condition.to_core()?;
        let parts = [condition.clone(), !condition.clone(), condition.is_null()];
        let mut rows = Vec::new();
        for part in parts {
            rows.extend(t.collect(&frame.filter(part)?)?.rows);
        }
        Ok(Compare::exact().tables(&script.table, &Table::new(script.table.schema.clone(), rows))?)
    })
}

/// Rows split and united are the rows; what is subtracted and what is common are together the different rows.
pub fn sets_put_together_what_they_part(t: &Bench) -> Outcome {
    t.for_some(4, Scripts::of(&[Pick::Set], 1), |lane, script| {
        let [Verb::Set(_, _, right)] = &script.verbs[..] else { return Ok(()) };
        let (left, right) = (t.frame(lane, &script.table)?, t.frame(lane, right)?);
        t.same(&script.table, &left.subtract_all(&right)?.union_all(&left.intersect_all(&right)?)?)?;
        let different = t.collect(&left.distinct()?)?;
        t.same(&different, &left.subtract(&right)?.union(&left.intersect(&right)?)?)
    })
}

/// A verb over a frame that was mapped as it is, or that was kept in memory, is the same verb.
pub fn verbs_follow_transforms_and_transforms_verbs(t: &Bench) -> Outcome {
    let picks = &[Pick::Transform, Pick::Project, Pick::Group, Pick::Rows, Pick::Join];
    t.for_some(2, Scripts::of(picks, 4), |lane, script| same_as_oracle(t, lane, script))
}

/// Runs a script on the engine and in the oracle, and compares.
///
/// # Errors
/// What differs, or what the action meets.
pub(super) fn same_as_oracle(t: &Bench, lane: &Lane, script: &Script) -> Outcome {
    let ran = || {
        let frame = script.verbs.iter().try_fold(t.frame(lane, &script.table)?, |frame, verb| apply(t, lane, &frame, verb))?;
        t.collect(&frame)
    };
    answers(script, ran())
}

/// Compares what came of a script with what the oracle says: the rows, or the kind of the error.
///
/// # Errors
/// What differs.
pub(super) fn answers(script: &Script, got: Result<Table, Failure>) -> Outcome {
    match (script.answer(), got) {
        (Ok(expected), Ok(got)) => Ok(Compare::float_aggregates_at(script.loose_columns()).tables(&expected, &got)?),
        (Ok(_), Err(failure)) => Err(failure),
        (Err(Wrong::Value(_)), Err(failure)) if failure.fails_as() == ErrorKind::ValueInvalid.into() => Ok(()),
        (Err(Wrong::Value(why)), Err(failure)) => {
            Err(failure.while_trying(format!("this must fail as a value that is invalid ({why}), and failed otherwise:")))
        }
        (Err(Wrong::Value(why)), Ok(got)) => {
            Err(Failure::differs(format!("this must fail, for a value that is invalid ({why}); it gave\n{got:?}")))
        }
        (Err(wrong @ Wrong::Plan(_)), _) => Err(wrong.into()),
    }
}

/// A verb as a user writes it.
///
/// # Errors
/// What the engine says to it.
pub(super) fn apply(t: &Bench, lane: &Lane, frame: &DataFrame, verb: &Verb) -> Result<DataFrame, Failure> {
    Ok(match verb {
        Verb::Select { items, filter, having, distinct } => {
            let mut select = Select::new(exprs(items)?);
            if let Some(filter) = filter {
                select = select.filter(filter.to_core()?);
            }
            if let Some(having) = having {
                select = select.having(having.to_core()?);
            }
            frame.select(if *distinct { select.distinct() } else { select })?
        }
        Verb::Filter(condition) => frame.filter(condition.to_core()?)?,
        Verb::Assign(items) => frame.assign(exprs(items)?)?,
        Verb::Aggregate(keys, items) if keys.is_empty() => frame.aggregate(exprs(items)?)?,
        Verb::Aggregate(keys, items) => frame.group_by(keys).aggregate(exprs(items)?)?,
        Verb::Rename(names) => frame.rename(names.iter().map(|(old, new)| (old.as_str(), new.as_str())))?,
        Verb::Drop(names) => frame.drop(names)?,
        Verb::Alter(types) => {
            let fields = types.iter().map(|(name, ty)| fugue_core::Field::new(name.as_str(), ty.clone()));
            frame.alter(fugue_core::Schema::new(fields)?.to_string())?
        }
        Verb::Distinct => frame.distinct()?,
        Verb::DropNulls { least, columns } => frame.dropna_with(DropNulls::fewer_than(*least as u64).subset(columns))?,
        Verb::FillNulls(values) => {
            let values = values.iter().map(|(name, value)| Ok((name.as_str(), value.to_core()?)));
            frame.fillna_map(values.collect::<Result<Vec<_>, String>>()?)?
        }
        Verb::Take { rows, keys, order } => take(frame, *rows, keys, order)?,
        Verb::Sort(order) => frame.sort(ordered(order))?,
        Verb::Join(kind, right) => frame.join(&t.frame(lane, right)?, *kind)?,
        Verb::Set(kind, all, right) => {
            let right = t.frame(lane, right)?;
            match (kind, all) {
                (SetKind::Union, false) => frame.union(&right)?,
                (SetKind::Union, true) => frame.union_all(&right)?,
                (SetKind::Subtract, false) => frame.subtract(&right)?,
                (SetKind::Subtract, true) => frame.subtract_all(&right)?,
                (SetKind::Intersect, false) => frame.intersect(&right)?,
                (SetKind::Intersect, true) => frame.intersect_all(&right)?,
            }
        }
        Verb::Transform(program, keys, presort) => {
            let output = program.output(frame.schema(), keys)?;
            let function = of_program(*program, frame.schema(), keys, &output)?;
            let spec = spec(keys, presort)?;
            // Without keys there is a call per partition, and a program has one answer only where there is one.
            mapped(frame, if keys.is_empty() { spec.num(1)? } else { spec }, function, &output)?
        }
    })
}

fn exprs(items: &[Item]) -> Result<Vec<Expr>, String> {
    items.iter().map(|item| Ok(item.term.to_core()?.alias(&item.name))).collect()
}

fn ordered(order: &[(String, bool)]) -> Vec<(&str, bool)> {
    order.iter().map(|(name, up)| (name.as_str(), *up)).collect()
}

fn take(frame: &DataFrame, rows: usize, keys: &[String], order: &[(String, bool)]) -> Result<DataFrame, Failure> {
    let rows = rows as u64;
    Ok(if keys.is_empty() {
        frame.take_sorted(rows, ordered(order))?
    } else {
        frame.group_by(keys).take(rows, ordered(order))?
    })
}
