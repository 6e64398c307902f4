//! The ten questions by groups and the five joins of the h2o database benchmark, beside the same questions written for the engine by hand.

use std::io::Write;

use benchmarks::arguments::Arguments;
use benchmarks::data::default_folder;
use benchmarks::h2o::{Check, Question, Tables, data, hand_datafusion, hand_polars, ours};
use benchmarks::hand::BoxError;
use benchmarks::measure::{Pairs, median, seconds};
use fugue_core::arrow::record_batch::RecordBatch;
use fugue_core::{DataFrame, Session, blocking};
use fugue_datafusion::DataFusionEngine;
use fugue_polars::PolarsEngine;
use fugue_polars::polars::prelude::Engine;

/// A question by hand; whether its answer is to be looked at.
type ByHand = Box<dyn Fn(Question, bool) -> Result<Option<Check>, BoxError>>;

/// An engine with the tables in memory, twice where there is something by hand.
struct Bench {
    tables: Tables<DataFrame>,
    hand: Option<ByHand>,
}

/// How long a question took.
enum Times {
    Pairs(Pairs),
    /// Where there is nothing by hand, the median.
    Alone(f64),
}

fn main() -> Result<(), BoxError> {
    let arguments = Arguments::of_program(&["rows", "groups", "engine", "question", "pairs", "threads", "data", "polars"])?;
    let rows = arguments.value("rows")?.unwrap_or(10_000_000);
    let groups = arguments.value("groups")?.unwrap_or(data::GROUPS);
    let pairs = arguments.value("pairs")?.unwrap_or(5);
    let threads = arguments.value("threads")?.unwrap_or(2);
    let folder = arguments.value("data")?.map_or_else(default_folder, Ok)?;
    let engine = arguments.value("engine")?.unwrap_or_else(|| "polars,datafusion".to_owned());
    let polars = match arguments.value::<String>("polars")?.as_deref() {
        None | Some("streaming") => Engine::Streaming,
        Some("memory") => Engine::InMemory,
        Some(other) => return Err(format!("{other:?} is no engine of Polars; there are streaming and memory").into()),
    };
    let engines: Vec<&str> = engine.split(',').collect();
    let asked = arguments.value::<String>("question")?;
    let asked = asked.map(|words| words.split(',').map(str::parse).collect::<Result<Vec<Question>, String>>()).transpose()?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "h2o, {rows} rows, {groups} groups, {threads} threads, {pairs} pairs of runs; seconds are medians")?;
    writeln!(out, "{:10} {:4} {:30} {:>9} {:>9} {:>7}", "engine", "", "question", "hand", "ours", "ratio")?;
    let mut ratios: Vec<(&str, f64)> = Vec::new();
    for joins in [false, true] {
        let is_asked = |q: &Question| asked.as_ref().is_none_or(|asked| asked.contains(q));
        let questions: Vec<Question> = Question::ALL.into_iter().filter(|q| q.is_join() == joins && is_asked(q)).collect();
        if questions.is_empty() {
            continue;
        }
        let tables = blocking::wait(data::tables(&folder, rows, groups, joins))?;
        let mut checks: Vec<Option<Check>> = vec![None; questions.len()];
        for engine in &engines {
            let bench = match *engine {
                "polars" => on_polars(&tables, threads, polars)?,
                "datafusion" => on_datafusion(&tables, threads)?,
                other => alone(other, &tables, threads)?,
            };
            for (question, check) in questions.iter().zip(&mut checks) {
                write!(out, "{engine:10} {question:4} {:30} ", question.text())?;
                match bench.time(*question, check, pairs)? {
                    Times::Pairs(times) => {
                        writeln!(out, "{times}")?;
                        ratios.push((*engine, times.ratio()));
                    }
                    Times::Alone(seconds) => writeln!(out, "{:>9} {seconds:>9.4}", "")?,
                }
                out.flush()?;
            }
        }
    }
    for engine in &engines {
        let logs: Vec<f64> = ratios.iter().filter(|(of, _)| of == engine).map(|(_, ratio)| ratio.ln()).collect();
        if logs.is_empty() {
            continue;
        }
        let mean = (logs.iter().sum::<f64>() / logs.len() as f64).exp();
        writeln!(out, "{engine}: geometric mean of {} ratios {mean:.3}", logs.len())?;
    }
    Ok(())
}

impl Bench {
    /// Nothing is timed before both answers agree, with each other and with those of earlier engines.
    fn time(&self, question: Question, known: &mut Option<Check>, pairs: usize) -> Result<Times, BoxError> {
        let ours = || blocking::wait(async { ours::ask(question, &self.tables)?.collect().await });
        let found = Check::of(question, &ours()?)?;
        known.get_or_insert_with(|| found.clone()).agree(&found)?;
        let Some(hand) = &self.hand else {
            let times = (0..pairs).map(|_| seconds(|| ours().map(drop))).collect::<Result<_, _>>()?;
            return Ok(Times::Alone(median(times)));
        };
        found.agree(&hand(question, true)?.ok_or("nothing was looked at")?)?;
        Ok(Times::Pairs(Pairs::time(pairs, || hand(question, false).map(drop), || Ok::<_, BoxError>(ours().map(drop)?))?))
    }
}

fn on_polars(tables: &Tables<Vec<RecordBatch>>, threads: usize, engine: Engine) -> Result<Bench, BoxError> {
    let session = Session::builder().threads(threads).with_engine(PolarsEngine::new(threads))?;
    let frames = hand_polars::frames(tables)?;
    let hand: ByHand = Box::new(move |question, look| {
        let answer = hand_polars::ask(question, &frames, engine)?;
        Ok(if look { Some(Check::of(question, &hand_polars::rows(&answer)?)?) } else { None })
    });
    Ok(Bench { tables: blocking::wait(ours::frames(&session, tables))?, hand: Some(hand) })
}

fn on_datafusion(tables: &Tables<Vec<RecordBatch>>, threads: usize) -> Result<Bench, BoxError> {
    let session = Session::builder().threads(threads).with_engine(DataFusionEngine::new(threads)?)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build()?;
    let context = hand_datafusion::context(tables, threads)?;
    let hand: ByHand = Box::new(move |question, look| {
        let answer = runtime.block_on(hand_datafusion::ask(question, &context))?;
        Ok(if look { Some(Check::of(question, &answer)?) } else { None })
    });
    Ok(Bench { tables: blocking::wait(ours::frames(&session, tables))?, hand: Some(hand) })
}

/// An engine of which nothing is written by hand here.
fn alone(engine: &str, tables: &Tables<Vec<RecordBatch>>, threads: usize) -> Result<Bench, BoxError> {
    let session = blocking::wait(Session::builder().threads(threads).open(engine))?;
    Ok(Bench { tables: blocking::wait(ours::frames(&session, tables))?, hand: None })
}
