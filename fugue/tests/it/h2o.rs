//! The questions of the h2o benchmark over few rows: one answer on every engine, which is also that of Polars and DataFusion by hand.
#![expect(clippy::unwrap_used, reason = "tests stop at the first surprise")]

use benchmarks::h2o::{Question, Tables, data, hand_datafusion, hand_polars, ours};
use conformance_tests::compare::Compare;
use fugue::arrow::array::ArrayRef;
use fugue::arrow::compute::cast;
use fugue::arrow::record_batch::RecordBatch;
use fugue::blocking::wait;
use fugue::datafusion::datafusion::prelude::SessionContext;
use fugue::polars::polars::prelude::{DataFrame as PolarsDataFrame, Engine};
use fugue::{Schema, Session};

const ROWS: usize = 3000;
/// So few that two keys together have rows enough for a correlation.
const GROUPS: usize = 8;
const THREADS: usize = 2;

/// A question's columns and its rows on the local engine.
struct Answer {
    question: Question,
    schema: Schema,
    rows: Vec<RecordBatch>,
}

#[test]
fn every_engine_answers_as_engines_by_hand() {
    let folder = tempfile::tempdir().unwrap();
    let kinds = [false, true].map(|joins| wait(data::tables(folder.path(), ROWS, GROUPS, joins)).unwrap());
    let questions = |joins: bool| Question::ALL.into_iter().filter(move |q| q.is_join() == joins);
    for (tables, joins) in kinds.iter().zip([false, true]) {
        let expected: Vec<Answer> = wait(async {
            let frames = ours::frames(&Session::open("local").await?, tables).await?;
            let mut answers = Vec::new();
            for question in questions(joins) {
                let answer = ours::ask(question, &frames)?;
                answers.push(Answer { question, schema: answer.schema().clone(), rows: answer.collect().await? });
            }
            fugue::Result::Ok(answers)
        })
        .unwrap();
        for answer in &expected {
            let rows: usize = answer.rows.iter().map(RecordBatch::num_rows).sum();
            assert!(rows > 1, "{} has {rows} rows", answer.question);
        }
        super::on_every_engine(async |session| {
            let frames = ours::frames(&session, tables).await?;
            for answer in &expected {
                let got = ours::ask(answer.question, &frames)?;
                assert_eq!(*got.schema(), answer.schema, "{} on {}", answer.question, session.engine_name());
                same(answer, &got.collect().await?, session.engine_name());
            }
            Ok(())
        });
        let (frames, context) = (hand_polars::frames(tables).unwrap(), hand_datafusion::context(tables, THREADS).unwrap());
        for answer in &expected {
            by_hand(answer, &frames, &context);
        }
    }
}

fn by_hand(answer: &Answer, frames: &Tables<PolarsDataFrame>, context: &SessionContext) {
    for engine in [Engine::Streaming, Engine::InMemory] {
        let polars = hand_polars::ask(answer.question, frames, engine).unwrap();
        shared(answer, &hand_polars::rows(&polars).unwrap(), "Polars by hand");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(THREADS).build().unwrap();
    shared(answer, &runtime.block_on(hand_datafusion::ask(answer.question, context)).unwrap(), "DataFusion by hand");
}

fn same(answer: &Answer, got: &[RecordBatch], by: &str) {
    let compared = Compare::float_aggregates().batches(&answer.schema, &answer.rows, got);
    compared.unwrap_or_else(|difference| panic!("{} on {by}: {difference:?}", answer.question));
}

/// Compares the columns whose names both know, in our types: engines have narrower sums, and other names for the second of two columns.
fn shared(answer: &Answer, theirs: &[RecordBatch], by: &str) {
    let names: Vec<String> = {
        let theirs = theirs.first().map(RecordBatch::schema).unwrap_or_else(|| panic!("{} by {by} is empty", answer.question));
        answer.schema.names().filter(|name| theirs.column_with_name(name).is_some()).map(str::to_owned).collect()
    };
    // All columns of groups; of joins all of the left side, and the value of the right.
    let least = if answer.question.is_join() { 8 } else { answer.schema.len() };
    assert!(names.len() >= least, "{} by {by} has of our columns but {names:?}", answer.question);
    let positions = answer.schema.indices_of(&names).unwrap();
    let schema = answer.schema.project(Some(&positions)).unwrap();
    let project = |batch: &RecordBatch| {
        let column = |(name, field): (&String, &fugue::Field)| -> ArrayRef {
            cast(batch.column_by_name(name).unwrap(), &field.ty().to_arrow()).unwrap()
        };
        RecordBatch::try_new(schema.to_arrow(), names.iter().zip(schema.fields()).map(column).collect()).unwrap()
    };
    let (ours, theirs): (Vec<_>, Vec<_>) = (answer.rows.iter().map(project).collect(), theirs.iter().map(project).collect());
    let compared = Compare::float_aggregates().batches(&schema, &ours, &theirs);
    compared.unwrap_or_else(|difference| panic!("{} by {by}: {difference:?}", answer.question));
}
