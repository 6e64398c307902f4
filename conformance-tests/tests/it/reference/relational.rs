//! Relational requests answered by the oracle, and what faults make of the answers: the ways of real engines, one at a time.

use std::cmp::Ordering;

use conformance_tests::oracle::expr::{Dialect, Kind, Known, KnownAggregate, KnownWindow, Standard};
use conformance_tests::oracle::in_order;
use conformance_tests::oracle::verb::{KnownSelect, distinct, join_rows, set};
use conformance_tests::value::{OwnRow, OwnValue, Table};
use fugue_core::engine::Relational;
use fugue_core::expr::{AggregateFunction, Frame, Function, TypedSort};
use fugue_core::relational::{Join, JoinKind, SelectPlan, SetKind, SetOp};
use fugue_core::{Result, Schema, Type};

use super::super::fault::Fault;
use super::{Node, Plan, Reference};

/// A request, understood.
pub(super) enum Request {
    Select(Plan, Box<KnownSelect>),
    Join(Plan, Plan, Join),
    Set(Plan, Plan, SetOp),
    Sort(Plan, Vec<TypedSort>, Option<u64>),
    Limit(Plan, u64),
}

impl Relational<Plan> for Reference {
    fn select(&self, frame: &Plan, select: &SelectPlan) -> Result<Option<Plan>> {
        // What the oracle does not know, the core derives.
        let Ok(known) = known(select) else { return Ok(None) };
        Ok(Some(request(select.output.clone(), Request::Select(frame.clone(), Box::new(known)))))
    }

    fn join(&self, left: &Plan, right: &Plan, join: &Join) -> Result<Option<Plan>> {
        Ok(Some(request(join.output.clone(), Request::Join(left.clone(), right.clone(), join.clone()))))
    }

    fn set_op(&self, left: &Plan, right: &Plan, op: &SetOp) -> Result<Option<Plan>> {
        Ok(Some(request(op.schema.clone(), Request::Set(left.clone(), right.clone(), op.clone()))))
    }

    fn sort(&self, frame: &Plan, order: &[TypedSort], limit: Option<u64>) -> Result<Option<Plan>> {
        Ok(Some(request(frame.schema.clone(), Request::Sort(frame.clone(), order.to_vec(), limit))))
    }

    fn limit(&self, frame: &Plan, rows: u64) -> Result<Option<Plan>> {
        Ok(Some(request(frame.schema.clone(), Request::Limit(frame.clone(), rows))))
    }
}

fn request(schema: Schema, request: Request) -> Plan {
    Plan::new(schema, Node::Relational(request))
}

fn known(plan: &SelectPlan) -> Result<KnownSelect, String> {
    let all = |exprs: &[fugue_core::expr::Typed]| exprs.iter().map(Known::of_typed).collect::<Result<Vec<_>, _>>();
    let group = plan.group.as_ref().map(|group| {
        let aggregates = group.aggregates.iter().map(KnownAggregate::of_typed).collect::<Result<Vec<_>, _>>()?;
        Ok::<_, String>((all(&group.keys)?, aggregates))
    });
    Ok(KnownSelect {
        filter: plan.filter.as_ref().map(Known::of_typed).transpose()?,
        windows: plan.windows.iter().map(KnownWindow::of_typed).collect::<Result<_, _>>()?,
        group: group.transpose()?,
        having: plan.having.as_ref().map(Known::of_typed).transpose()?,
        columns: all(&plan.columns)?,
        distinct: plan.distinct,
    })
}

impl Reference {
    /// The answer to a request.
    pub(super) fn answer(&self, schema: &Schema, request: &Request, rows: impl Fn(&Plan) -> Result<Table>) -> Result<Table> {
        let rows = match request {
            Request::Select(frame, select) => {
                if let (true, Some(filter), Node::Relational(Request::Select(before, _))) =
                    (self.is(Fault::FiltersRowsThatAreGone), &select.filter, &*frame.node)
                    && before.schema == frame.schema
                {
                    let early = KnownSelect { filter: Some(filter.clone()), columns: vec![yes()], ..KnownSelect::default() };
                    early.rows(&rows(before)?.rows, &Standard).map_err(wrong)?;
                }
                self.selected(rows(frame)?.rows, select)?
            }
            Request::Join(left, right, join) => self.joined(rows(left)?.rows, rows(right)?.rows, join),
            Request::Set(left, right, op) => self.combined(rows(left)?.rows, rows(right)?.rows, op),
            Request::Sort(frame, order, limit) => {
                let mut rows = rows(frame)?.rows;
                rows.sort_by(|a, b| self.sorted(a, b, order));
                if let Some(limit) = limit {
                    rows.truncate(self.limit_of(*limit));
                }
                rows
            }
            Request::Limit(frame, limit) => {
                let mut rows = rows(frame)?.rows;
                rows.truncate(self.limit_of(*limit));
                rows
            }
        };
        Ok(Table::new(schema.clone(), rows))
    }

    fn limit_of(&self, rows: u64) -> usize {
        usize::try_from(rows).unwrap_or(usize::MAX).saturating_add(usize::from(self.is(Fault::LimitsOneTooMany)))
    }

    fn selected(&self, rows: Vec<OwnRow>, select: &KnownSelect) -> Result<Vec<OwnRow>> {
        let mut select = select.clone();
        let dialect: &dyn Dialect = if self.fault.is_some() { self } else { &Standard };
        let mut rows = rows;
        match self.fault {
            Some(Fault::KeepsRowsOfUnknownTruth) => {
                // A condition that is null lets a row pass, as where it is negated twice without care.
                let not = |known: Known| Known { ty: Type::Bool, kind: Kind::Call(Function::Not, vec![known]) };
                let is_true =
                    |known: Known| Known { ty: Type::Bool, kind: Kind::Call(Function::NotDistinct, vec![known, yes()]) };
                select.filter = select.filter.map(|f| not(is_true(not(f))));
            }
            Some(Fault::IgnoresHaving) => select.having = None,
            Some(Fault::IgnoresDistinct) => select.distinct = false,
            Some(Fault::IgnoresAggregateFilters) => {
                if let Some((_, aggregates)) = &mut select.group {
                    aggregates.iter_mut().for_each(|a| a.filter = None);
                }
            }
            Some(Fault::CountsConstantsOnce) => {
                if let Some((_, aggregates)) = &mut select.group {
                    let constant = |a: &KnownAggregate| matches!(a.arg.as_ref().map(|a| &a.kind), Some(Kind::Literal(_)));
                    aggregates.iter_mut().filter(|a| constant(a)).for_each(|a| a.distinct = true);
                }
            }
            Some(Fault::KeepsSignsOfZeroKeys) if select.group.is_some() || select.distinct => {
                let mut out = select.rows(&rows, dialect).map_err(wrong)?;
                if rows.iter().flatten().any(|v| matches!(v, OwnValue::Float(x) if *x == 0.0 && x.is_sign_negative())) {
                    for value in out.iter_mut().flatten() {
                        if let OwnValue::Float(x) = value
                            && *x == 0.0
                        {
                            *x = -0.0;
                        }
                    }
                }
                return Ok(out);
            }
            Some(Fault::StopsAtTheFirstSide) => select.filter = select.filter.map(stopping),
            Some(Fault::RunsWindowsToPeers) => {
                for window in &mut select.windows {
                    if window.frame == (Frame::Rows { start: None, end: Some(0) }) {
                        window.frame = Frame::ToPeers;
                    }
                }
            }
            Some(Fault::ForgetsWindowKeys) => select.windows.iter_mut().for_each(|w| w.keys.clear()),
            Some(Fault::TakesRanksForRowNumbers) => {
                use fugue_core::expr::WindowFunction as W;
                for window in &mut select.windows {
                    if matches!(window.function, W::Rank | W::DenseRank) {
                        window.function = W::RowNumber;
                    }
                }
            }
            Some(Fault::LosesNullGroups) => {
                if let Some((keys, _)) = &select.group {
                    let is_there =
                        |known: &Known| Known { ty: Type::Bool, kind: Kind::Call(Function::IsNotNull, vec![known.clone()]) };
                    let all = keys.iter().map(is_there).chain(select.filter.clone());
                    select.filter = all.reduce(|a, b| Known { ty: Type::Bool, kind: Kind::Call(Function::And, vec![a, b]) });
                }
            }
            Some(Fault::GivesNoRowForNothing) => {
                let filtered = KnownSelect { filter: select.filter.clone(), columns: vec![yes()], ..KnownSelect::default() };
                let empty = filtered.rows(&rows, dialect).map_err(wrong)?.is_empty();
                if empty && select.group.is_some() {
                    return Ok(Vec::new());
                }
            }
            Some(Fault::LosesARowOfASelect) if rows.len() > 1 => {
                rows.pop();
            }
            // The bits of NaN are part of the key: only the last NaN of a column stays with the others.
            Some(Fault::TellsNansApartInGroups) if select.group.is_some() && rows.len() > 1 => {
                let nan = |row: &OwnRow| row.iter().any(|v| matches!(v, OwnValue::Float(x) if x.is_nan()));
                let (with, without): (Vec<_>, Vec<_>) = rows.into_iter().partition(nan);
                let mut out = select.rows(&without, dialect).map_err(wrong)?;
                for row in with {
                    out.extend(select.rows(&[row], dialect).map_err(wrong)?);
                }
                return Ok(out);
            }
            _ => {}
        }
        select.rows(&rows, dialect).map_err(wrong)
    }

    fn joined(&self, left: Vec<OwnRow>, right: Vec<OwnRow>, join: &Join) -> Vec<OwnRow> {
        let (left_width, right_width) = (join.left.len(), join.right.len());
        let kind = match (self.fault, join.kind) {
            (Some(Fault::JoinsOneSide), JoinKind::LeftOuter | JoinKind::RightOuter | JoinKind::FullOuter) => JoinKind::Inner,
            (_, kind) => kind,
        };
        let mut keys = join.keys.clone();
        if self.is(Fault::JoinsByTheFirstKeyOnly) && keys.len() > 1 && matches!(kind, JoinKind::Semi | JoinKind::Anti) {
            keys.truncate(1);
        }
        // Null as a value of its own, which then meets itself; and NaN as null, which meets nothing.
        let veiled = |mut rows: Vec<OwnRow>, at: &dyn Fn(&(usize, usize)) -> usize| {
            for row in &mut rows {
                for key in keys.iter().map(at) {
                    match &row[key] {
                        OwnValue::Null if self.is(Fault::MatchesNullKeys) => row[key] = OwnValue::List(Vec::new()),
                        OwnValue::Float(x) if x.is_nan() && self.is(Fault::NeverMatchesNans) => row[key] = OwnValue::Null,
                        _ => {}
                    }
                }
            }
            rows
        };
        let (left, right) = (veiled(left, &|k| k.0), veiled(right, &|k| k.1));
        let mut rows = join_rows((&left, left_width), (&right, right_width), &keys, kind);
        if kind == JoinKind::Semi && self.is(Fault::RepeatsSemiRows) {
            rows = join_rows((&left, left_width), (&right, right_width), &keys, JoinKind::Inner);
            rows.iter_mut().for_each(|row| row.truncate(left_width));
        }
        if self.is(Fault::LosesRightKeys) && matches!(kind, JoinKind::RightOuter | JoinKind::FullOuter) {
            let own = |i: &usize| join.keys.iter().all(|(k, _)| k != i);
            for row in &mut rows {
                let partnerless = (0..left_width).filter(own).all(|i| row[i].is_null());
                join.keys.iter().filter(|_| partnerless).for_each(|(i, _)| row[*i] = OwnValue::Null);
            }
        }
        if self.is(Fault::LosesARowOfAJoin) {
            rows.pop();
        }
        for value in rows.iter_mut().flatten() {
            if matches!(value, OwnValue::List(items) if items.is_empty()) && self.is(Fault::MatchesNullKeys) {
                *value = OwnValue::Null;
            }
        }
        rows
    }

    fn combined(&self, left: Vec<OwnRow>, right: Vec<OwnRow>, op: &SetOp) -> Vec<OwnRow> {
        let with_null = |row: &OwnRow| row.iter().any(OwnValue::is_null);
        match self.fault {
            Some(Fault::CountsNothingInSets) => set(&left, &right, op.kind, false),
            Some(Fault::UnitesLikeTheOuterOperator) if op.kind == SetKind::Subtract => {
                set(&left, &right, SetKind::Intersect, op.all)
            }
            Some(Fault::KeepsDuplicatesInSets) if !op.all && op.kind != SetKind::Union => {
                let wanted = set(&left, &right, op.kind, false);
                left.into_iter().filter(|row| wanted.contains(row)).collect()
            }
            Some(Fault::KeepsDuplicatesInSets) => set(&left, &right, op.kind, true),
            Some(Fault::TellsNullsApartInSets) => {
                let (odd_left, left): (Vec<_>, Vec<_>) = left.into_iter().partition(with_null);
                let (odd_right, right): (Vec<_>, Vec<_>) = right.into_iter().partition(with_null);
                let mut rows = set(&left, &right, op.kind, op.all);
                match op.kind {
                    SetKind::Union => rows.extend(odd_left.into_iter().chain(odd_right)),
                    SetKind::Subtract => rows.extend(odd_left),
                    SetKind::Intersect => {}
                }
                rows
            }
            _ => {
                let rows = set(&left, &right, op.kind, op.all);
                if op.all { rows } else { distinct(rows) }
            }
        }
    }

    fn sorted(&self, a: &OwnRow, b: &OwnRow, order: &[TypedSort]) -> Ordering {
        let mut orders = order.iter().map(|s| {
            let (x, y) = (&a[s.column], &b[s.column]);
            let first = s.nulls_first != self.is(Fault::SortsNullsAtTheOtherEnd);
            match (x.is_null(), y.is_null()) {
                (true, false) if first => return Ordering::Less,
                (false, true) if first => return Ordering::Greater,
                _ => {}
            }
            let small = |v: &OwnValue| match v {
                OwnValue::Float(x) if x.is_nan() && self.is(Fault::SortsNansFirst) => OwnValue::Float(f64::NEG_INFINITY),
                other => other.clone(),
            };
            in_order(&[small(x)], &[small(y)], &[(0, !s.descending || self.is(Fault::SortsUpwards))])
        });
        orders.find(|o| o.is_ne()).unwrap_or(Ordering::Equal)
    }
}

fn yes() -> Known {
    Known { ty: Type::Bool, kind: Kind::Literal(OwnValue::Bool(true)) }
}

/// The second side of a conjunction only where the first is not false, and of a disjunction only where it is not true.
fn stopping(known: Known) -> Known {
    let boolean = |kind| Known { ty: Type::Bool, kind };
    match known.kind {
        Kind::Call(function @ (Function::And | Function::Or), sides) if sides.len() == 2 => {
            let decides = match function {
                Function::And => boolean(Kind::Call(Function::Not, vec![sides[0].clone()])),
                _ => sides[0].clone(),
            };
            let decided = sides[0].clone();
            boolean(Kind::Case(vec![(decides, decided)], Some(Box::new(boolean(Kind::Call(function, sides))))))
        }
        kind => boolean(kind),
    }
}

fn wrong(message: String) -> fugue_core::Error {
    fugue_core::Error::new(fugue_core::ErrorKind::ValueInvalid, message)
}

impl Dialect for Reference {
    fn call(&self, function: Function, args: &[OwnValue], types: &[Type]) -> Option<Result<OwnValue, String>> {
        use Function as F;
        let nulls = args.iter().any(OwnValue::is_null);
        let whole = |i: usize| args.get(i).and_then(OwnValue::as_int);
        let decimal = matches!(types.first(), Some(Type::Decimal(..)));
        let value = match (self.fault?, function, args) {
            (Fault::FloorsDivisions, F::Divide, [OwnValue::Int(a), OwnValue::Int(b)]) if *b != 0 && !decimal => {
                OwnValue::Int((*a - a.rem_euclid(b.abs()) * b.signum().abs()) / b)
            }
            (Fault::FloorsDivisions, F::Modulo, [OwnValue::Int(a), OwnValue::Int(b)]) if *b != 0 && !decimal => {
                OwnValue::Int(((a % b) + b) % b)
            }
            (Fault::FailsOnDivisorsOfZero, F::Divide | F::Modulo, [OwnValue::Int(_), OwnValue::Int(0)]) => {
                return Some(Err("a division by zero".to_owned()));
            }
            (Fault::Saturates, F::Add | F::Multiply | F::Subtract, [OwnValue::Int(a), OwnValue::Int(b)])
                if types[0] == Type::Int64 =>
            {
                let exact = match function {
                    F::Add => a + b,
                    F::Subtract => a - b,
                    _ => a * b,
                };
                OwnValue::Int(exact.clamp(i128::from(i64::MIN), i128::from(i64::MAX)))
            }
            (Fault::ChecksNothing, F::CheckedAdd | F::CheckedSubtract | F::CheckedMultiply | F::CheckedDivide, _) if !nulls => {
                OwnValue::Null
            }
            (Fault::MultipliesDecimalsShort, F::Multiply, [OwnValue::Int(a), OwnValue::Int(b)]) if decimal => {
                let Type::Decimal(_, s) = types[1] else { return None };
                let cut = 10_i128.pow(u32::from(s.unsigned_abs()));
                OwnValue::Int(a.checked_mul(*b)? / cut * cut)
            }
            (
                Fault::ComparesNansLikeIeee,
                F::Equal | F::Less | F::Greater | F::GreaterOrEqual | F::LessOrEqual,
                [OwnValue::Float(a), OwnValue::Float(b)],
            ) if a.is_nan() || b.is_nan() => OwnValue::Bool(false),
            (Fault::ComparesNansLikeIeee, F::IsNan, _) if !nulls => OwnValue::Bool(false),
            (Fault::TakesUnknownForFalse, F::And | F::Or | F::Not, _) if nulls => {
                let seen: Vec<bool> = args.iter().map(|a| *a == OwnValue::Bool(true)).collect();
                OwnValue::Bool(match function {
                    F::And => seen.iter().all(|b| *b),
                    F::Or => seen.iter().any(|b| *b),
                    _ => true,
                })
            }
            (Fault::ForgetsNullsInLists, F::IsIn, [value, items @ ..]) => {
                OwnValue::Bool(items.contains(value) && !value.is_null())
            }
            (Fault::TakesNullForAnEqual, F::NotDistinct, _) if nulls => OwnValue::Null,
            (Fault::CoalescesNothing, F::Coalesce, [first, ..]) => first.clone(),
            (Fault::CoalescesNothing, F::NullIf, [first, ..]) => first.clone(),
            (Fault::JoinsTextOverNulls, F::Concat, _) => OwnValue::Text(args.iter().filter_map(as_text).collect()),
            (Fault::CountsBytes, F::Length, [OwnValue::Text(t)]) => OwnValue::Int(t.len() as i128),
            (Fault::CountsBytes, F::Find, [OwnValue::Text(t), OwnValue::Text(u)]) => {
                t.find(u.as_str()).map_or(OwnValue::Null, |i| OwnValue::Int(i as i128))
            }
            (Fault::CountsFromOne, F::Substring | F::Find, _) if !nulls => match (function, args) {
                (F::Find, [OwnValue::Text(t), OwnValue::Text(u)]) => {
                    let place = t.find(u.as_str()).map(|i| t[..i].chars().count() + 1);
                    place.map_or(OwnValue::Null, |i| OwnValue::Int(i as i128))
                }
                (_, [OwnValue::Text(t), ..]) => {
                    let skip = usize::try_from(whole(1)?).ok()?.saturating_sub(1);
                    let take = whole(2).and_then(|l| usize::try_from(l).ok()).unwrap_or(usize::MAX);
                    OwnValue::Text(t.chars().skip(skip).take(take).collect())
                }
                _ => return None,
            },
            (Fault::TrimsNothing, F::Trim | F::TrimStart | F::TrimEnd | F::Lower | F::Upper, [text]) => text.clone(),
            (
                Fault::FitsInAnyCase,
                F::Like | F::Contains | F::StartsWith | F::EndsWith,
                [OwnValue::Text(t), OwnValue::Text(p)],
            ) => {
                let p = p.to_lowercase();
                OwnValue::Bool(match function {
                    F::Like => t.to_lowercase().contains(p.trim_matches('%')),
                    F::Contains => t.to_lowercase().contains(&p),
                    F::StartsWith => t.to_lowercase().starts_with(&p),
                    _ => t.to_lowercase().ends_with(&p),
                })
            }
            (Fault::ReplacesOnce, F::Replace, [OwnValue::Text(t), OwnValue::Text(from), OwnValue::Text(to)]) => {
                OwnValue::Text(t.replacen(from.as_str(), to, 1))
            }
            (Fault::RoundsHalfToEven, F::Round, [OwnValue::Float(x), OwnValue::Int(digits)]) => {
                let by = 10_f64.powi(i32::try_from(*digits).ok()?);
                OwnValue::Float((x * by).round_ties_even() / by)
            }
            (Fault::RoundsHalfToEven, F::Floor | F::Ceil, [OwnValue::Float(x)]) => OwnValue::Float(x.round_ties_even()),
            (Fault::LosesSigns, F::Negate, [OwnValue::Int(x)]) => OwnValue::Int(*x),
            (Fault::LosesSigns, F::Abs | F::Sqrt | F::Power, [first, ..]) => first.clone(),
            (Fault::ForgetsZones, _, [OwnValue::Int(_), ..]) if matches!(types.first(), Some(Type::Timestamp(_))) => {
                let plain = |ty: &Type| if matches!(ty, Type::Timestamp(_)) { Type::Datetime } else { ty.clone() };
                let known = |(value, ty): (&OwnValue, &Type)| Known { kind: Kind::Literal(value.clone()), ty: plain(ty) };
                let args = args.iter().zip(types).map(known);
                let call = Known { kind: Kind::Call(function, args.collect()), ty: Type::Datetime };
                return Some(call.value(conformance_tests::oracle::expr::Scope {
                    rows: &[],
                    at: 0,
                    group: &[],
                    dialect: &Standard,
                }));
            }
            (Fault::StartsWeeksOnSunday, F::Weekday, [OwnValue::Int(_)]) => OwnValue::Int(0),
            (Fault::StartsWeeksOnSunday, F::Truncate(_) | F::DateAdd(_), [OwnValue::Int(day), ..]) => OwnValue::Int(*day + 1),
            (Fault::StartsWeeksOnSunday, F::DateDiff(_), _) if !nulls => OwnValue::Int(0),
            _ => return None,
        };
        Some(Ok(value))
    }

    fn aggregate(
        &self,
        function: AggregateFunction,
        values: &[OwnValue],
        is_distinct: bool,
        ty: &Type,
    ) -> Option<Result<OwnValue, String>> {
        use AggregateFunction as A;
        let there: Vec<&OwnValue> = values.iter().filter(|v| !v.is_null()).collect();
        let no_nan = || there.iter().filter(|v| !matches!(v, OwnValue::Float(x) if x.is_nan()));
        let whole = || there.iter().filter_map(|v| v.as_int());
        let value = match (self.fault?, function) {
            (Fault::SumsNothingToZero, A::Sum | A::CheckedSum) if there.is_empty() => {
                if matches!(ty, Type::Float32 | Type::Float64) { OwnValue::Float(0.0) } else { OwnValue::Int(0) }
            }
            (Fault::SumsNarrow, A::Sum) if *ty == Type::Int32 => {
                OwnValue::Int(whole().fold(0_i32, |a, b| a.wrapping_add(i32::try_from(b).unwrap_or(0))).into())
            }
            (Fault::ChecksNothing, A::CheckedSum) => OwnValue::Null,
            (Fault::CountsNullsAmongDifferent, A::Count) if is_distinct => {
                OwnValue::Int(values.iter().collect::<std::collections::BTreeSet<_>>().len() as i128)
            }
            (Fault::CountsNulls, A::Count) => OwnValue::Int(values.len() as i128),
            (Fault::SkipsNans, A::Min) => no_nan().min().map_or(OwnValue::Null, |v| (*v).clone()),
            (Fault::SkipsNans, A::Max) => no_nan().max().map_or(OwnValue::Null, |v| (*v).clone()),
            (Fault::CutsMedians, A::Quantile(_)) if !there.is_empty() => {
                let mut sorted = there.clone();
                sorted.sort();
                let middle = &sorted[(sorted.len() - 1) / 2];
                match middle {
                    OwnValue::Int(x) => OwnValue::Float(f64::from(i32::try_from(*x).unwrap_or(0))),
                    other => (**other).clone(),
                }
            }
            (Fault::DeviatesLikeAPopulation, A::Stddev | A::Variance) if there.len() == 1 => OwnValue::Float(0.0),
            (Fault::DeviatesByNothingAlone, A::StddevPopulation | A::VariancePopulation) if there.len() == 1 => {
                OwnValue::Float(0.0)
            }
            (Fault::AveragesWholeNumbers, A::Avg) if !there.is_empty() => {
                let mean = whole().sum::<i128>() / there.len() as i128;
                match ty {
                    Type::Decimal(..) => OwnValue::Int(mean * 10_000),
                    _ => OwnValue::Float(f64::from(i32::try_from(mean).unwrap_or(0))),
                }
            }
            (Fault::SkipsNullsInFirst, A::First) => there.first().map_or(OwnValue::Null, |v| (*v).clone()),
            (Fault::SkipsNullsInFirst, A::Last) => there.last().map_or(OwnValue::Null, |v| (*v).clone()),
            (Fault::SkipsNullsInFirst, A::CollectList) => OwnValue::List(there.into_iter().cloned().collect()),
            _ => return None,
        };
        Some(Ok(value))
    }

    fn cast(&self, value: &OwnValue, from: &Type, to: &Type) -> Option<Result<OwnValue, String>> {
        match (self.fault?, value, to) {
            (Fault::RoundsCasts, OwnValue::Float(x), Type::Int32 | Type::Int64) if x.is_finite() && x.abs() < 1e6 => {
                Some(Ok(OwnValue::Int(format!("{:.0}", x.round()).parse().ok()?)))
            }
            (Fault::RoundsCasts, OwnValue::Text(t), _) if t.parse::<i64>().is_err() && *from == Type::Str => {
                Some(Ok(OwnValue::Null))
            }
            _ => None,
        }
    }

    fn computes_all_branches(&self) -> bool {
        self.is(Fault::ComputesAllBranches)
    }
}

fn as_text(value: &OwnValue) -> Option<&str> {
    if let OwnValue::Text(t) = value { Some(t) } else { None }
}
