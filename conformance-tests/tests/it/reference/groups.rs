//! From rows to calls: groups, partitions and zips, and what faults do to them.

use std::collections::BTreeMap;

use conformance_tests::oracle::in_order;
use conformance_tests::value::{OwnRow, OwnValue, Table};
use fugue_core::engine::Zip;
use fugue_core::group::ZipKind;
use fugue_core::partition::{Algo, PartitionSpec};
use fugue_core::{Result, Schema};

use super::super::fault::Fault;
use super::{PARALLELISM, Plan, Reference};

/// One call to be: the key, and the rows of each member.
pub(super) struct Call {
    pub(super) key: Vec<OwnValue>,
    pub(super) members: Vec<Vec<OwnRow>>,
}

impl Reference {
    /// The calls of a map.
    pub(super) fn calls(&self, schema: &Schema, parts: Vec<Table>, spec: &PartitionSpec) -> Result<Vec<Call>> {
        let explicit = !spec.num_expr().is_zero() || matches!(spec.algorithm(), Algo::Even | Algo::Rand);
        let groups = if spec.keys().is_empty() {
            let parts = if explicit && !self.is(Fault::IgnoresNumbers) { self.laid_out(schema, parts, spec)? } else { parts };
            let mut groups = Vec::new();
            for part in parts {
                groups.extend(self.groups(&part, spec)?);
            }
            if self.is(Fault::LosesAPartition) && groups.len() > 1 {
                groups.pop();
            }
            groups
        } else {
            let table = Table::new(schema.clone(), parts.into_iter().flat_map(|part| part.rows).collect());
            let number = self.number(spec, table.rows.len())?;
            let groups = self.groups(&table, spec)?;
            if spec.algorithm() == Algo::Coarse { self.coarse(groups, number) } else { groups }
        };
        let mut calls: Vec<Call> = groups.into_iter().map(|(key, rows)| Call { key, members: vec![rows] }).collect();
        self.damage(&mut calls, spec.keys().is_empty());
        calls.retain(|call| !call.members[0].is_empty() || self.is(Fault::CallsWithoutRows));
        if calls.is_empty() && self.is(Fault::CallsWithoutRows) {
            let key = spec.keys().iter().map(|_| OwnValue::Null).collect();
            calls.push(Call { key, members: vec![Vec::new()] });
        }
        Ok(calls)
    }

    fn number(&self, spec: &PartitionSpec, rows: usize) -> Result<usize> {
        let counted = if self.is(Fault::TakesRowCountForOne) { 1 } else { rows as u64 };
        Ok(usize::try_from(spec.num_expr().evaluate(Some(counted), PARALLELISM)?).unwrap_or(usize::MAX).min(rows))
    }

    /// Rows in as many partitions as a spec asks for; none of them is empty.
    pub(super) fn laid_out(&self, schema: &Schema, parts: Vec<Table>, spec: &PartitionSpec) -> Result<Vec<Table>> {
        let all = Table::new(schema.clone(), parts.iter().flat_map(|part| part.rows.clone()).collect());
        let number = self.number(spec, all.rows.len())?;
        if number == 0 && spec.keys().is_empty() {
            return Ok(parts);
        }
        let parts = if spec.keys().is_empty() {
            let uneven = spec.algorithm() == Algo::Even && self.is(Fault::MakesEvenUneven);
            cut(all.rows, number, uneven)
        } else {
            let unordered = PartitionSpec::new().by(spec.keys().to_vec())?;
            self.coarse(self.groups(&all, &unordered)?, number).into_iter().map(|(_, rows)| rows).collect()
        };
        let filled = parts.into_iter().filter(|rows| !rows.is_empty());
        Ok(filled.map(|rows| Table::new(schema.clone(), rows)).collect())
    }

    fn coarse(&self, groups: Vec<(Vec<OwnValue>, Vec<OwnRow>)>, number: usize) -> Vec<(Vec<OwnValue>, Vec<OwnRow>)> {
        let mut parts: Vec<(Vec<OwnValue>, Vec<OwnRow>)> = Vec::new();
        let most = if number == 0 { PARALLELISM } else { number };
        let size = groups.len().div_ceil(most).max(1);
        for (i, (key, rows)) in groups.into_iter().enumerate() {
            match parts.last_mut() {
                Some((_, part)) if i % size != 0 => part.extend(rows),
                _ => parts.push((key, rows)),
            }
        }
        if self.is(Fault::SplitsCoarseKeys) && parts.len() > 1 {
            let moved = parts[0].1.pop();
            parts[1].1.splice(0..0, moved);
        }
        parts
    }

    /// What the faults of groups do.
    fn damage(&self, calls: &mut Vec<Call>, unkeyed: bool) {
        match self.fault {
            Some(Fault::DropsARowPerKey) => calls.iter_mut().filter(|c| c.members[0].len() > 1).for_each(|c| {
                c.members[0].pop();
            }),
            Some(Fault::SplitsAKey) if !unkeyed => {
                if let Some(call) = calls.iter_mut().find(|c| c.members[0].len() > 1) {
                    let second = Call { key: call.key.clone(), members: vec![call.members[0].split_off(1)] };
                    calls.push(second);
                }
            }
            Some(Fault::MergesTwoKeys) if !unkeyed && calls.len() > 1 => {
                if let Some(last) = calls.pop() {
                    calls[0].members[0].extend(last.members.into_iter().flatten());
                }
            }
            Some(Fault::CutsWithoutKeys) if unkeyed => {
                if let Some(rows) = calls.iter_mut().map(|c| &mut c.members[0]).find(|rows| rows.len() > 1) {
                    let second = rows.split_off(1);
                    calls.push(Call { key: Vec::new(), members: vec![second] });
                }
            }
            Some(Fault::LosesNullKeys) => calls.retain(|c| c.key.is_empty() || !c.key.iter().any(OwnValue::is_null)),
            _ => {}
        }
    }

    /// The calls of a zip.
    pub(super) fn zipped(&self, tables: &[Table], zip: &Zip<Plan>) -> Result<Vec<Call>> {
        let mut zipped: BTreeMap<Vec<OwnValue>, Vec<Vec<OwnRow>>> = BTreeMap::new();
        let mut lonely = Vec::new();
        for (member, table) in tables.iter().enumerate() {
            let unordered = PartitionSpec::new().by(zip.spec.keys().to_vec())?;
            let spec = if self.is(Fault::IgnoresPresortInZips) { &unordered } else { &zip.spec };
            for (key, rows) in self.groups(table, spec)? {
                let mut members = vec![Vec::new(); tables.len()];
                members[member] = rows;
                if key.iter().any(OwnValue::is_null) && self.is(Fault::KeepsNullKeysApart) {
                    lonely.push((key, members));
                } else {
                    let rows = members.swap_remove(member);
                    zipped.entry(key).or_insert_with(|| vec![Vec::new(); tables.len()])[member] = rows;
                }
            }
        }
        let called = |members: &[Vec<OwnRow>]| match zip.how {
            _ if self.is(Fault::DropsOneSidedKeys) => members.iter().all(|m| !m.is_empty()),
            _ if self.is(Fault::CallsEveryKey) => members.iter().any(|m| !m.is_empty()),
            ZipKind::Cross if self.is(Fault::SkipsCrossesWithNothing) => members.iter().all(|m| !m.is_empty()),
            ZipKind::Inner if self.is(Fault::LooksAtTwoMembers) => members.iter().take(2).all(|m| !m.is_empty()),
            ZipKind::Inner => members.iter().all(|m| !m.is_empty()),
            ZipKind::LeftOuter => members.first().is_some_and(|m| !m.is_empty()),
            ZipKind::RightOuter => members.last().is_some_and(|m| !m.is_empty()),
            _ => members.iter().any(|m| !m.is_empty()),
        };
        let all = zipped.into_iter().chain(lonely);
        Ok(all.filter(|(_, members)| called(members)).map(|(key, members)| Call { key, members }).collect())
    }

    /// The rows of each key in order.
    fn groups(&self, table: &Table, spec: &PartitionSpec) -> Result<Vec<(Vec<OwnValue>, Vec<OwnRow>)>> {
        let keys: Vec<usize> = table.schema.indices_of(spec.keys())?;
        let presort = spec.presort_keys().iter().filter_map(|key| Some((table.position(&key.column).ok()?, key.ascending)));
        let mut presort: Vec<(usize, bool)> = presort.collect();
        match self.fault {
            Some(Fault::IgnoresPresort) => presort.clear(),
            Some(Fault::SortsByTheFirstColumnOnly) => presort.truncate(1),
            Some(Fault::IgnoresDirections) => presort.iter_mut().for_each(|(_, ascending)| *ascending = true),
            _ => {}
        }
        let mut groups: BTreeMap<Vec<OwnValue>, Vec<OwnRow>> = BTreeMap::new();
        for row in &table.rows {
            let key = keys.iter().map(|k| self.key_value(&row[*k])).collect();
            groups.entry(key).or_default().push(row.clone());
        }
        for rows in groups.values_mut() {
            if self.is(Fault::PutsNullsFirst) {
                rows.sort_by(|a, b| nulls_first(a, b, &presort));
            } else {
                rows.sort_by(|a, b| in_order(a, b, &presort));
            }
        }
        Ok(groups.into_iter().collect())
    }

    /// A key as the engine groups by it. Odd floats get a text, so that they can be told apart; the data stays as it is.
    fn key_value(&self, value: &OwnValue) -> OwnValue {
        match value {
            OwnValue::Null if self.is(Fault::TakesNullForEmptyText) => OwnValue::text(""),
            OwnValue::Float(x) if x.is_nan() && self.is(Fault::TellsNansApart) => {
                OwnValue::List(vec![OwnValue::Int(i128::from(x.to_bits()))])
            }
            OwnValue::Float(x) if *x == 0.0 && self.is(Fault::TellsZerosApart) => {
                OwnValue::List(vec![OwnValue::Bool(x.is_sign_negative()), OwnValue::Int(0)])
            }
            other => other.clone(),
        }
    }
}

/// Cuts rows into a number of parts whose sizes differ by one at most; uneven ones have one row each but for the last.
fn cut(mut rows: Vec<OwnRow>, number: usize, uneven: bool) -> Vec<Vec<OwnRow>> {
    let total = rows.len();
    let mut parts = Vec::with_capacity(number);
    for i in 0..number {
        let size = if uneven { usize::from(i + 1 < number) } else { total / number + usize::from(i < total % number) };
        let rest = if uneven && i + 1 == number { Vec::new() } else { rows.split_off(size.min(rows.len())) };
        parts.push(std::mem::replace(&mut rows, rest));
    }
    parts
}

fn nulls_first(a: &[OwnValue], b: &[OwnValue], order: &[(usize, bool)]) -> std::cmp::Ordering {
    let mut orders = order.iter().map(|(column, ascending)| match (a[*column].is_null(), b[*column].is_null()) {
        (true, false) => std::cmp::Ordering::Less,
        (false, true) => std::cmp::Ordering::Greater,
        _ if *ascending => a[*column].order(&b[*column]),
        _ => b[*column].order(&a[*column]),
    });
    orders.find(|o| o.is_ne()).unwrap_or(std::cmp::Ordering::Equal)
}
