//! Physical partitions: never another row, and as many and as large as the contract pins.

use fugue_core::blocking;
use fugue_core::partition::{Algo, PartitionSpec};
use proptest::prelude::*;

use super::run::{calls, keyed, numbered, plain, same_as_oracle};
use super::support::{example, names, order};
use crate::bench::Bench;
use crate::failure::{Outcome, ensure};
use crate::generate::{Kinds, Lane, Size, TableOptions};
use crate::oracle::{Expect, Program, UNIQUE};
use crate::value::{OwnValue, Table};

const ALGORITHMS: [Algo; 5] = [Algo::Default, Algo::Hash, Algo::Rand, Algo::Even, Algo::Coarse];

/// With any number, any algorithm, with keys and without.
pub fn keeps_every_row(t: &Bench) -> Outcome {
    let options = TableOptions { kinds: Kinds::All, ..TableOptions::default() }.with("k", fugue_core::Type::Int64);
    let cases = (crate::generate::table(options), prop::sample::select(&ALGORITHMS[..]), 0_u64..6, any::<bool>());
    t.for_all(cases, |lane, (table, algo, num, by_key)| {
        let spec = PartitionSpec::new().num(*num)?.algo(*algo);
        let spec = if *by_key { spec.by(["k"])? } else { spec };
        let frame = t.frame(lane, table)?.repartition(&spec)?;
        ensure(*frame.schema() == table.schema, || format!("the columns became {}", frame.schema()))?;
        t.same(table, &frame).map_err(|e| e.while_trying(spec.to_string()))
    })
}

/// A map by key over a frame that was laid out anew gives what it gives over the frame.
pub fn does_not_change_keyed_answers(t: &Bench) -> Outcome {
    let table = numbered(example()?)?;
    let plain = plain(&["a"], &["b", UNIQUE]);
    t.on_each_lane(|lane| {
        let expected = super::run::expected(&table, &plain, Program::Position)?;
        for algo in ALGORITHMS {
            let frame = t.frame(lane, &table)?.repartition(&PartitionSpec::new().num(3)?.algo(algo))?;
            let function = crate::functions::of_program(Program::Position, &table.schema, &plain.keys, &expected.schema)?;
            t.same(&expected, &super::run::mapped(&frame, keyed(&plain)?, function, &expected.schema)?)?;
        }
        Ok(())
    })
}

/// A number that is zero or comes to zero leaves the frame as it was.
pub fn zero_changes_nothing(t: &Bench) -> Outcome {
    let table = numbered(example()?)?;
    t.on_each_lane(|lane| {
        for num in ["0", "ROWCOUNT/100", "CONCURRENCY-CONCURRENCY"] {
            let spec = PartitionSpec::new().num(num)?;
            t.same(&table, &t.frame(lane, &table)?.repartition(&spec)?)?;
            let calls = calls(t, &t.frame(lane, &table)?, &table, spec)?;
            if t.keeps_order(lane)? {
                calls.check(&Expect::One)?;
            }
        }
        same_as_oracle(t, lane, &table, &plain(&["a"], &[UNIQUE]), Program::Summary)
    })
}

/// Exactly as many calls as asked for, a row more or less in each; no more than there are rows.
pub fn even_sizes_differ_by_one(t: &Bench) -> Outcome {
    sized(t, |lane, table| {
        for num in [1, 2, 3, 5] {
            let spec = PartitionSpec::new().num(num as u64)?.algo(Algo::Even);
            calls(t, &t.frame(lane, table)?, table, spec)?.check(&Expect::Even(num))?;
        }
        Ok(())
    })
}

/// As many calls as rows.
pub fn per_row_is_one_row_a_call(t: &Bench) -> Outcome {
    sized(t, |lane, table| {
        let calls = calls(t, &t.frame(lane, table)?, table, PartitionSpec::per_row())?;
        ensure(calls.sizes().iter().all(|size| *size == 1), || format!("calls had {:?} rows", calls.sizes()))
    })
}

/// D71: without keys there are no more calls than the number, whatever the algorithm.
pub fn number_is_an_upper_bound(t: &Bench) -> Outcome {
    sized(t, |lane, table| {
        for algo in ALGORITHMS {
            for num in [1, 2, 4] {
                let spec = PartitionSpec::new().num(num as u64)?.algo(algo);
                let calls = calls(t, &t.frame(lane, table)?, table, spec.clone())?;
                calls.check(&Expect::AtMost(num)).map_err(|e| format!("{spec}: {e}"))?;
            }
        }
        Ok(())
    })
}

/// Arithmetic over the number of rows, known only when the action runs.
pub fn row_count_expressions_are_resolved(t: &Bench) -> Outcome {
    sized(t, |lane, table| {
        let rows = table.rows.len();
        for (text, number) in
            [("ROWCOUNT/2", rows / 2), ("ROWCOUNT*2", rows), ("min(ROWCOUNT,3)", rows.min(3)), ("ROWCOUNT", rows)]
        {
            if number == 0 {
                continue;
            }
            let spec = PartitionSpec::new().num(text)?.algo(Algo::Even);
            calls(t, &t.frame(lane, table)?, table, spec)?.check(&Expect::Even(number)).map_err(|e| format!("{text}: {e}"))?;
        }
        Ok(())
    })
}

/// D72: few calls with many keys each, no key in two, sorted by the keys and then the presort.
pub fn coarse_keeps_keys_whole_and_sorted(t: &Bench) -> Outcome {
    let options = TableOptions { kinds: Kinds::Plain, columns: (0, 1), wild: false, size: Size::Any, fixed: Vec::new() };
    let options = options.with("k", fugue_core::Type::Float64).with("j", fugue_core::Type::Str);
    t.for_all((crate::generate::table(options), 0_usize..5), |lane, (table, num)| {
        let table = numbered(table.clone())?;
        for (keys, presort) in [(&["k"][..], &["row_number desc"][..]), (&["j", "k"], &[UNIQUE])] {
            let presort = order(presort);
            let spec = super::run::spec(&names(keys), &presort)?.num(*num as u64)?.algo(Algo::Coarse);
            let calls = calls(t, &t.frame(lane, &table)?, &table, spec)?;
            calls.check(&Expect::Coarse(*num, names(keys), presort))?;
        }
        // A hundred keys in six calls at most.
        let rows = (0..300_i64).map(|i| vec![OwnValue::Float((i % 100) as f64), OwnValue::text("x")]);
        let hundred = numbered(Table::new(fugue_core::Schema::parse("k:double,j:str")?, rows.collect()))?;
        for (num, most) in [("6", 6), ("ROWCOUNT/50", 6), ("ROWCOUNT/300", 1)] {
            let spec = PartitionSpec::new().by(["k"])?.num(num)?.algo(Algo::Coarse);
            let calls = calls(t, &t.frame(lane, &hundred)?, &hundred, spec)?;
            calls.check(&Expect::Coarse(most, names(&["k"]), Vec::new())).map_err(|e| format!("{num}: {e}"))?;
        }
        Ok(())
    })
}

/// Without keys, whatever the algorithm and the number: every row in one call.
pub fn every_algorithm_sees_every_row_once(t: &Bench) -> Outcome {
    sized(t, |lane, table| {
        for algo in ALGORITHMS {
            for num in ["0", "CONCURRENCY", "ROWCOUNT"] {
                calls(t, &t.frame(lane, table)?, table, PartitionSpec::new().num(num)?.algo(algo))?;
            }
        }
        Ok(())
    })
}

/// The same for frames that were laid out so before.
pub fn every_layout_is_called_with_every_row_once(t: &Bench) -> Outcome {
    sized(t, |lane, table| {
        for algo in ALGORITHMS {
            for num in ["0", "CONCURRENCY", "ROWCOUNT"] {
                let laid = t.frame(lane, table)?.repartition(&PartitionSpec::new().num(num)?.algo(algo))?;
                calls(t, &laid, table, PartitionSpec::new())?;
            }
        }
        Ok(())
    })
}

/// A frame that was laid out anew is called partition by partition, also where it was kept; in one process as exactly as a call that
/// says so itself.
pub fn calls_follow_the_layout(t: &Bench) -> Outcome {
    sized(t, |lane, table| {
        if t.session(lane)?.info().distributed {
            return Ok(());
        }
        let frame = t.frame(lane, table)?;
        let (even, rows) = (PartitionSpec::new().num(3)?.algo(Algo::Even), table.rows.len());
        let by_key = PartitionSpec::new().by(["k"])?.num(2)?.algo(Algo::Hash);
        for (spec, expected) in [
            (&even, Expect::Even(3)),
            (&PartitionSpec::per_row(), Expect::Even(rows)),
            (&by_key, Expect::Whole(2, names(&["k"]))),
        ] {
            let laid = frame.repartition(spec)?;
            for laid in [laid.clone(), blocking::wait(laid.persist())?] {
                let calls = calls(t, &laid, table, PartitionSpec::new())?;
                calls.check(&expected).map_err(|e| format!("{spec}: {e}"))?;
            }
        }
        let kept = blocking::wait(frame.repartition(&even)?.persist())?;
        let said = kept.partitions()?;
        ensure(rows == 0 || said == Some(rows.min(3)), || format!("{rows} rows in three partitions are said to be in {said:?}"))
    })
}

/// Tables of the sizes at which cuts go wrong.
fn sized(t: &Bench, body: impl Fn(&Lane, &Table) -> Outcome) -> Outcome {
    for rows in [0, 1, 2, 7, 10] {
        let rows = (0..rows).map(|i| vec![OwnValue::Int(i % 3)]).collect();
        let table = numbered(Table::new(fugue_core::Schema::parse("k:int")?, rows))?;
        t.on_each_lane(|lane| body(lane, &table)).map_err(|e| e.while_trying(format!("{table:?}")))?;
    }
    Ok(())
}
