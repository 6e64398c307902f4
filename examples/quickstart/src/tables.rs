//! The TPC-H tables, made once per scale and kept as Parquet files in the target folder.

use std::path::{Path, PathBuf};
use std::time::Instant;

use fugue::arrow::datatypes::Schema as ArrowSchema;
use fugue::arrow::error::ArrowError;
use fugue::arrow::record_batch::{RecordBatch, RecordBatchReader};
use fugue::io::{self, SaveOptions};
use fugue::run::Cancel;
use fugue::{Error, ErrorKind, Field, Result, Schema};
use tpchgen::generators::{CustomerGenerator, LineItemGenerator, OrderGenerator};
use tpchgen_arrow::{CustomerArrow, LineItemArrow, OrderArrow};

use crate::answer::say;

/// Files of a large table: they are made and read side by side.
const PARTS: i32 = 4;

/// Makes the tables of a scale unless they are there, and gives their folder.
pub async fn make(scale: f64) -> Result<PathBuf> {
    let folder = target()?.join(format!("quickstart/scale-{scale}"));
    let large = ["lineitem", "orders"].into_iter().flat_map(|table| (1..=PARTS).map(move |part| (table, part, PARTS)));
    let jobs: Vec<_> = large
        .chain([("customer", 1, 1)])
        .map(|(table, part, parts)| Job { folder: folder.clone(), table, part, parts })
        .collect();
    let missing: Vec<Job> = jobs.into_iter().filter(|job| !job.file().exists()).collect();
    if missing.is_empty() {
        say(format!("TPC-H at scale {scale}: {} (made before)", folder.display()));
        return Ok(folder);
    }
    let started = Instant::now();
    // The library's own fan-out: one call per file, on all cores.
    let rows = fugue::map(missing, move |job| job.run(scale)).run().await?;
    let rows: u64 = rows.into_iter().sum::<Result<u64>>()?;
    say(format!(
        "TPC-H at scale {scale}: {rows} rows made in {:.2} s, kept in {}",
        started.elapsed().as_secs_f64(),
        folder.display()
    ));
    Ok(folder)
}

/// A file to make.
struct Job {
    folder: PathBuf,
    table: &'static str,
    part: i32,
    parts: i32,
}

impl Job {
    fn file(&self) -> PathBuf {
        self.folder.join(self.table).join(format!("part-{}.parquet", self.part))
    }

    fn run(&self, scale: f64) -> Result<u64> {
        let (part, parts) = (self.part, self.parts);
        match self.table {
            "lineitem" => write(&self.file(), LineItemArrow::new(LineItemGenerator::new(scale, part, parts))),
            "orders" => write(&self.file(), OrderArrow::new(OrderGenerator::new(scale, part, parts))),
            _ => write(&self.file(), CustomerArrow::new(CustomerGenerator::new(scale, part, parts))),
        }
    }
}

/// Writes batches as a file, whole or not at all. Column names lose the letter of their table (`l_orderkey`, `o_orderkey`), so that a
/// key has one name in all tables.
fn write(file: &Path, batches: impl RecordBatchReader + Send + 'static) -> Result<u64> {
    let fields = batches.schema().fields().iter().map(|f| f.as_ref().clone()).collect::<Vec<_>>();
    let short = fields.into_iter().map(|f| {
        let name = f.name().split_once('_').map_or(f.name().as_str(), |(_, name)| name).to_owned();
        f.with_name(name)
    });
    let arrow = std::sync::Arc::new(ArrowSchema::new(short.collect::<Vec<_>>()));
    let schema = Schema::new(arrow.fields().iter().map(|f| Field::from_arrow(f)).collect::<Result<Vec<_>>>()?)?;
    let renamed = batches.map(move |batch: std::result::Result<RecordBatch, ArrowError>| {
        Ok(RecordBatch::try_new(std::sync::Arc::clone(&arrow), batch?.columns().to_vec())?)
    });
    io::save(file, &schema, Box::new(renamed), &SaveOptions::new(), &Cancel::never())
}

/// The target folder, which holds the folder of this program (`target/debug/quickstart`).
fn target() -> Result<PathBuf> {
    let unknown = |e| {
        Error::new(ErrorKind::Io, "the folder of this program cannot be found, so there is no place for the tables")
            .with_source(e)
    };
    let program = std::env::current_exe().map_err(unknown)?;
    let place = program.ancestors().nth(2).unwrap_or_else(|| Path::new("."));
    Ok(place.to_path_buf())
}
