//! Random programs as queries, and as queries between verbs, against the oracle.

use super::super::verbs::{answers, apply};
use super::asked;
use crate::bench::Bench;
use crate::failure::{Failure, Outcome};
use crate::generate::{Columns, Lane, Pick, Script, Scripts};
use crate::oracle::sql;
use crate::oracle::verb::Verb;
use crate::value::Table;

/// What text can say of a program's verbs.
const SAID: &[Pick] =
    &[Pick::Project, Pick::Group, Pick::Window, Pick::Filter, Pick::Assign, Pick::Columns, Pick::Rows, Pick::Join, Pick::Set];

/// A random program as one query, each verb a common table, is what the oracle says.
pub fn matches_the_oracle(t: &Bench) -> Outcome {
    let said = |script: &Script| sql::script(&script.table, &script.verbs).is_some();
    let scripts = Scripts { picks: SAID, most: 4, columns: Columns::Said, only: said };
    t.for_some(2, scripts, |lane, script| {
        let Some((text, rights)) = sql::script(&script.table, &script.verbs) else { return Ok(()) };
        let left = t.frame(lane, &script.table)?;
        let rights =
            rights.into_iter().map(|(name, table)| Ok((name, t.frame(lane, table)?))).collect::<Result<Vec<_>, Failure>>()?;
        let frames = rights.iter().map(|(name, frame)| (name.as_str(), frame)).chain([(sql::LEFT, &left)]);
        let answer = asked(t, lane, &text, frames)?;
        answers(script, t.collect(&answer)).map_err(|e| e.while_trying(&text))
    })
}

/// A random program whose verbs are verbs, queries and transforms in turns, is what the oracle says.
pub fn queries_and_verbs_mix(t: &Bench) -> Outcome {
    t.for_some(2, Scripts::of(Pick::ALL, 5), |lane, script| mixed(t, lane, script))
}

fn mixed(t: &Bench, lane: &Lane, script: &Script) -> Outcome {
    answers(script, in_turns(t, lane, script))
}

/// The rows of a script whose verbs are verbs and queries in turns.
fn in_turns(t: &Bench, lane: &Lane, script: &Script) -> Result<Table, Failure> {
    let mut frame = t.frame(lane, &script.table)?;
    let mut current = script.table.clone();
    for (i, verb) in script.verbs.iter().enumerate() {
        let next = verb.apply(&current, &crate::oracle::expr::Standard);
        // What fails in a query fails in the words of the engine that plans it.
        let asks = (i + script.table.rows.len()) % 3 < 2 && next.is_ok();
        frame = match if asks { sql::query(verb, &current.schema) } else { None } {
            Some(text) => {
                let right =
                    if let Verb::Join(_, right) | Verb::Set(_, _, right) = verb { Some(t.frame(lane, right)?) } else { None };
                let frames = std::iter::once((sql::LEFT, &frame)).chain(right.iter().map(|frame| (sql::RIGHT, frame)));
                asked(t, lane, &text, frames)?
            }
            None => apply(t, lane, &frame, verb)?,
        };
        current = next.unwrap_or(current);
    }
    t.collect(&frame)
}
