//! The ten questions by groups and the five joins of the h2o database benchmark, beside the same questions written for the engine by hand.

use std::io::Write;

use benchmarks::arguments::Arguments;
use benchmarks::data::default_folder;
use benchmarks::h2o::{Check, Question, Tables, data, hand_datafusion, hand_polars, ours};
use benchmarks::hand::BoxError;
use benchmarks::measure::Pairs;
use fugue_core::arrow::record_batch::RecordBatch;
use fugue_core::{DataFrame, Session, blocking};
use fugue_datafusion::DataFusionEngine;
use fugue_polars::PolarsEngine;
use fugue_polars::polars::prelude::Engine;

/// A question by hand; whether its answer is to be looked at.
type ByHand = Box<dyn Fn(Question, bool) -> Result<Option<Check>, BoxError>>;

/// An engine with the tables in memory, twice.
struct Bench {
    name: &'static str,
    tables: Tables<DataFrame>,
    hand: ByHand,
}

fn main() -> Result<(), BoxError> {
    let arguments = Arguments::of_program(&["rows", "groups", "engine", "question", "pairs", "threads", "data", "polars"])?;
    let rows = arguments.value("rows")?.unwrap_or(10_000_000);
    let groups = arguments.value("groups")?.unwrap_or(data::GROUPS);
    let pairs = arguments.value("pairs")?.unwrap_or(5);
    let threads = arguments.value("threads")?.unwrap_or(2);
    let folder = arguments.value("data")?.map_or_else(default_folder, Ok)?;
    let engine = arguments.value("engine")?.unwrap_or_else(|| "all".to_owned());
    let polars = match arguments.value::<String>("polars")?.as_deref() {
        None | Some("streaming") => Engine::Streaming,
        Some("memory") => Engine::InMemory,
        Some(other) => return Err(format!("{other:?} is no engine of Polars; there are streaming and memory").into()),
    };
    let engines: Vec<&str> = match engine.as_str() {
        "all" => vec!["polars", "datafusion"],
        "polars" | "datafusion" => vec![engine.as_str()],
        _ => return Err(format!("{engine:?} is no engine here; there are polars, datafusion and all").into()),
    };
    let asked = arguments.value::<Question>("question")?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "h2o, {rows} rows, {groups} groups, {threads} threads, {pairs} pairs of runs; seconds are medians")?;
    writeln!(out, "{:10} {:4} {:30} {:>9} {:>9} {:>7}", "engine", "", "question", "hand", "ours", "ratio")?;
    let mut ratios: Vec<(&str, f64)> = Vec::new();
    for joins in [false, true] {
        let questions = Question::ALL.into_iter().filter(|q| q.is_join() == joins && asked.is_none_or(|asked| asked == *q));
        let questions: Vec<Question> = questions.collect();
        if questions.is_empty() {
            continue;
        }
        let tables = blocking::wait(data::tables(&folder, rows, groups, joins))?;
        let mut checks: Vec<Option<Check>> = vec![None; questions.len()];
        for engine in &engines {
            let bench = match *engine {
                "polars" => on_polars(&tables, threads, polars)?,
                _ => on_datafusion(&tables, threads)?,
            };
            for (question, check) in questions.iter().zip(&mut checks) {
                let times = bench.time(*question, check, pairs)?;
                writeln!(out, "{:10} {question:4} {:30} {times}", bench.name, question.text())?;
                out.flush()?;
                ratios.push((*engine, times.ratio()));
            }
        }
    }
    for engine in &engines {
        let logs: Vec<f64> = ratios.iter().filter(|(of, _)| of == engine).map(|(_, ratio)| ratio.ln()).collect();
        let mean = (logs.iter().sum::<f64>() / logs.len() as f64).exp();
        writeln!(out, "{engine}: geometric mean of {} ratios {mean:.3}", logs.len())?;
    }
    Ok(())
}

impl Bench {
    /// Nothing is timed before both answers agree, with each other and with those of earlier engines.
    fn time(&self, question: Question, known: &mut Option<Check>, pairs: usize) -> Result<Pairs, BoxError> {
        let ours = || blocking::wait(async { ours::ask(question, &self.tables)?.collect().await });
        let found = Check::of(question, &ours()?)?;
        let by_hand = (self.hand)(question, true)?.ok_or("nothing was looked at")?;
        known.get_or_insert_with(|| found.clone()).agree(&found)?;
        found.agree(&by_hand)?;
        Pairs::time(pairs, || (self.hand)(question, false).map(drop), || Ok(ours().map(drop)?))
    }
}

fn on_polars(tables: &Tables<Vec<RecordBatch>>, threads: usize, engine: Engine) -> Result<Bench, BoxError> {
    let session = Session::builder().threads(threads).with_engine(PolarsEngine::new(threads))?;
    let frames = hand_polars::frames(tables)?;
    let hand: ByHand = Box::new(move |question, look| {
        let answer = hand_polars::ask(question, &frames, engine)?;
        Ok(if look { Some(Check::of(question, &hand_polars::rows(&answer)?)?) } else { None })
    });
    Ok(Bench { name: "polars", tables: blocking::wait(ours::frames(&session, tables))?, hand })
}

fn on_datafusion(tables: &Tables<Vec<RecordBatch>>, threads: usize) -> Result<Bench, BoxError> {
    let session = Session::builder().threads(threads).with_engine(DataFusionEngine::new(threads)?)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build()?;
    let context = hand_datafusion::context(tables, threads)?;
    let hand: ByHand = Box::new(move |question, look| {
        let answer = runtime.block_on(hand_datafusion::ask(question, &context))?;
        Ok(if look { Some(Check::of(question, &answer)?) } else { None })
    });
    Ok(Bench { name: "datafusion", tables: blocking::wait(ours::frames(&session, tables))?, hand })
}
