//! TPC-H's queries at a small scale: by verbs and in SQL, on every engine, with one answer.

use benchmarks::tpch::{Answer, QUERIES, Tables, Way};
use fugue::Session;
use fugue::blocking::wait;

/// A hundredth of the scale that the official answers are for.
const SCALE: f64 = 0.01;
/// Queries whose parameters choose nothing out of so few rows.
const EMPTY: [usize; 0] = [];

#[test]
fn verbs_and_sql_give_one_answer_on_every_engine() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let expected: Vec<Answer> = wait(async {
        let tables = Tables::load(&Session::open("datafusion").await?, folder, SCALE).await?;
        let mut answers = Vec::new();
        for query in QUERIES {
            answers.push(Answer::of(&query.plan(Way::Sql, &tables).await?).await?);
        }
        fugue::Result::Ok(answers)
    })
    .unwrap();
    let empty: Vec<usize> = QUERIES.iter().zip(&expected).filter(|(_, a)| a.is_empty()).map(|(q, _)| q.number).collect();
    assert_eq!(empty, EMPTY);
    super::on_every_engine(async |session| {
        let tables = Tables::load(&session, folder, SCALE).await?;
        for (query, expected) in QUERIES.iter().zip(&expected) {
            for way in Way::ALL {
                let answer = Answer::of(&query.plan(way, &tables).await?).await?;
                if let Err(difference) = answer.check(expected, query.order) {
                    panic!("query {} by {way} on {}: {difference}", query.number, session.engine_name());
                }
            }
        }
        Ok(())
    });
}
