//! TPC-H's 22 queries by verbs and in SQL on every engine: seconds, and whether the answers are right. Ends with an error for a wrong one.

use std::io::Write;
use std::path::Path;

use benchmarks::arguments::Arguments;
use benchmarks::data::default_folder;
use benchmarks::hand::BoxError;
use benchmarks::measure::{median, seconds};
use benchmarks::tpch::{Answer, QUERIES, Query, Tables, Way};
use fugue_core::session::EngineFactory;
use fugue_core::{Session, blocking};

/// The scale that the official answers are for.
const OFFICIAL: f64 = 1.0;

fn main() -> Result<(), BoxError> {
    let arguments = Arguments::of_program(&["scale", "engine", "query", "way", "runs", "threads", "data"])?;
    let scale: f64 = arguments.value("scale")?.unwrap_or(OFFICIAL);
    let engine: Option<String> = arguments.value("engine")?.filter(|engine| engine != "all");
    let way: Option<String> = arguments.value("way")?.filter(|way| way != "both");
    let number: Option<usize> = arguments.value("query")?;
    let folder = arguments.value("data")?.map_or_else(default_folder, Ok)?;
    let bench = Bench { scale, runs: arguments.value("runs")?.unwrap_or(1), threads: arguments.value("threads")? };

    let queries: Vec<Query> = QUERIES.into_iter().filter(|query| number.is_none_or(|number| query.number == number)).collect();
    let ways: Vec<Way> = Way::ALL.into_iter().filter(|w| way.as_ref().is_none_or(|way| w.to_string() == *way)).collect();
    let engines: Vec<&str> = EngineFactory::linked().iter().map(EngineFactory::name).collect();
    let chosen: Vec<&str> = engines.iter().copied().filter(|e| engine.as_ref().is_none_or(|engine| e == engine)).collect();
    if queries.is_empty() || ways.is_empty() || chosen.is_empty() {
        return Err(format!("nothing to do: --query is 1 to 22, --way verbs or sql, --engine one of {engines:?}").into());
    }

    let mut out = std::io::stdout().lock();
    writeln!(out, "TPC-H at scale {scale}")?;
    // The first answer to a query, which all others must be equal to.
    let mut answers = vec![None; queries.len()];
    let mut wrong = 0;
    for engine in chosen {
        wrong += bench.engine(engine, &folder, &queries, &ways, &mut answers, &mut out)?;
    }
    if wrong == 0 { Ok(()) } else { Err(format!("{wrong} answers are wrong").into()) }
}

struct Bench {
    scale: f64,
    runs: usize,
    threads: Option<usize>,
}

impl Bench {
    /// Runs queries on an engine; gives the number of wrong answers.
    fn engine(
        &self,
        engine: &str,
        folder: &Path,
        queries: &[Query],
        ways: &[Way],
        answers: &mut [Option<Answer>],
        out: &mut dyn Write,
    ) -> Result<usize, BoxError> {
        let builder = Session::builder();
        let builder = self.threads.into_iter().fold(builder, fugue_core::session::SessionBuilder::threads);
        let session = blocking::wait(builder.open(engine))?;
        let tables = blocking::wait(Tables::load(&session, folder, self.scale))?;
        writeln!(out, "{:10} {:>5} {:>5} {:>9} {:>7}", "engine", "query", "way", "seconds", "rows")?;
        let mut wrong = 0;
        for (query, first) in queries.iter().zip(answers) {
            for &way in ways {
                write!(out, "{engine:10} {:>5} {way:>5} ", query.number)?;
                out.flush()?;
                let (seconds, answer) = match self.run(*query, way, &tables) {
                    Ok(ran) => ran,
                    Err(failed) => {
                        wrong += 1;
                        writeln!(out, "FAILED: {failed}")?;
                        continue;
                    }
                };
                let verdict = self.judge(*query, &answer, first.as_ref());
                wrong += usize::from(verdict.is_err());
                let verdict = verdict.unwrap_or_else(|difference| format!("WRONG: {difference}"));
                writeln!(out, "{seconds:>9.3} {:>7} {verdict}", answer.len())?;
                first.get_or_insert(answer);
            }
        }
        blocking::wait(session.close())?;
        Ok(wrong)
    }

    /// The median time of planning and running a query, and its answer.
    fn run(&self, query: Query, way: Way, tables: &Tables) -> Result<(f64, Answer), BoxError> {
        let mut times = Vec::new();
        let mut answer = None;
        for _ in 0..self.runs.max(1) {
            times.push(seconds(|| -> fugue_core::Result<()> {
                answer = Some(blocking::wait(async { Answer::of(&query.plan(way, tables).await?).await })?);
                Ok(())
            })?);
        }
        Ok((median(times), answer.ok_or("no run")?))
    }

    /// Against the official answer where there is one, and against the first answer of this program.
    fn judge(&self, query: Query, answer: &Answer, first: Option<&Answer>) -> Result<String, BoxError> {
        let mut verdict = Vec::new();
        if self.scale == OFFICIAL {
            query.official()?.check(answer, query.order)?;
            verdict.push("official");
        }
        if let Some(first) = first {
            answer.check(first, query.order)?;
            verdict.push("as the first");
        }
        Ok(verdict.join(", "))
    }
}
