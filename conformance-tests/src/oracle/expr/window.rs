//! Window functions: a value for each row, out of the rows around it.

use fugue_core::expr::{Frame, WindowFunction};

use super::aggregate::aggregate;
use super::{KnownWindow, Scope};
use crate::oracle::in_order;
use crate::value::OwnValue;

impl KnownWindow {
    /// The value for the row of the scope.
    ///
    /// # Errors
    /// A message, where the contract wants an error.
    pub fn value(&self, scope: Scope<'_>) -> Result<OwnValue, String> {
        let Some(current) = scope.rows.get(scope.at) else { return Ok(OwnValue::Null) };
        let mut rows: Vec<usize> =
            (0..scope.rows.len()).filter(|i| self.keys.iter().all(|k| scope.rows[*i][*k] == current[*k])).collect();
        rows.sort_by(|a, b| in_order(&scope.rows[*a], &scope.rows[*b], &self.order));
        let place = rows.iter().position(|i| *i == scope.at).ok_or("the row is not in its own partition")?;
        let peers = |i: &usize| in_order(&scope.rows[*i], current, &self.order).is_eq();
        let whole = |n: usize| Ok(OwnValue::Int(n as i128));
        match self.function {
            WindowFunction::RowNumber => whole(place + 1),
            WindowFunction::Rank => whole(rows.iter().position(peers).unwrap_or(place) + 1),
            WindowFunction::DenseRank => {
                let before = rows.iter().take_while(|i| !peers(i)).collect::<Vec<_>>();
                let steps =
                    before.windows(2).filter(|w| in_order(&scope.rows[*w[0]], &scope.rows[*w[1]], &self.order).is_ne()).count();
                whole(steps + usize::from(!before.is_empty()) + 1)
            }
            WindowFunction::Lag(by) => {
                self.neighbour(scope, usize::try_from(by).ok().and_then(|by| place.checked_sub(by)).map(|i| rows[i]))
            }
            WindowFunction::Lead(by) => {
                self.neighbour(scope, usize::try_from(by).ok().and_then(|by| rows.get(place.checked_add(by)?).copied()))
            }
            WindowFunction::Aggregate(function) => {
                let seen: Vec<usize> = match self.frame {
                    Frame::ToPeers => {
                        let last = rows.iter().rposition(peers).unwrap_or(place);
                        rows[..=last].to_vec()
                    }
                    Frame::Rows { start, end } => {
                        let from = start.map_or(i128::MIN, |s| place as i128 + i128::from(s));
                        let to = end.map_or(i128::MAX, |e| place as i128 + i128::from(e));
                        let inside = |at: usize| (from..=to).contains(&(at as i128));
                        rows.iter().enumerate().filter(|(at, _)| inside(*at)).map(|(_, row)| *row).collect()
                    }
                };
                let Some(arg) = &self.arg else { return whole(seen.len()) };
                let values = seen.into_iter().map(|at| arg.value(scope.at(at))).collect::<Result<Vec<_>, _>>()?;
                match scope.dialect.aggregate(function, &values, false, &arg.ty) {
                    Some(own) => own,
                    None => aggregate(function, values, false, &arg.ty, &self.ty),
                }
            }
            other => Err(format!("the oracle does not know {other:?}")),
        }
    }

    fn neighbour(&self, scope: Scope<'_>, row: Option<usize>) -> Result<OwnValue, String> {
        match (row, &self.arg) {
            (Some(row), Some(arg)) => arg.value(scope.at(row)),
            _ => Ok(self.default.clone()),
        }
    }
}
