//! The experiments: the same sample in other orders, cuts and places; an answer is a bag of rows as text.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray, StringViewArray, UInt64Array, new_null_array};
use arrow::compute::kernels::zip::zip;
use arrow::compute::{concat_batches, take_record_batch};
use arrow::record_batch::RecordBatch;

use crate::calls::Pending;
use crate::cast::format_value;
use crate::error::{Error, ErrorKind, Result};
use crate::frame::Source;
use crate::local::LocalEngine;
use crate::partition::{Algo, PartitionSpec};
use crate::run::Cancel;
use crate::schema::{Schema, Type};
use crate::session::{EngineFactory, Session};
use crate::transform::{CallOptions, TaskFn};

use super::{Finding, Report};

pub(super) struct Experiments {
    pub(super) function: Arc<dyn TaskFn>,
    pub(super) source: Source,
    pub(super) spec: PartitionSpec,
    pub(super) options: CallOptions,
}

/// The rows of an answer as text, sorted.
type Answer = Vec<String>;

impl Experiments {
    pub(super) async fn run(self) -> Result<Report> {
        let schema = self.source.schema().clone();
        let sample: Vec<RecordBatch> = self.source.lazy().scan(None, &Cancel::never())?.collect::<Result<_>>()?;
        let sample = concat_batches(schema.arrow(), &sample)?;
        if sample.num_rows() == 0 {
            let said = "the sample has no row, so the function would not be called, and nothing be found out; give it some rows";
            return Err(Error::new(ErrorKind::Empty, said).with_operation("check"));
        }
        let local = Session::builder().threads(2).with_engine(LocalEngine::new(2))?;
        let mut runs = 0;
        let mut findings = Vec::new();
        let first = self.answer(&local, vec![sample.clone()], &self.spec, &mut runs).await?;

        let mut deterministic = true;
        for _ in 0..2 {
            deterministic &= self.answer(&local, vec![sample.clone()], &self.spec, &mut runs).await? == first;
        }
        if !deterministic {
            // Every other comparison would only find this again.
            findings.push(Finding::NotDeterministic);
        } else {
            let mut ordered = true;
            for seed in 1..=3 {
                ordered &= self.same(&local, vec![shuffled(&sample, seed)?], &self.spec, &first, &mut runs).await;
            }
            if !ordered {
                findings.push(Finding::OrderDependent);
            }
            if !self.same_when_cut(&local, &sample, &first, &mut runs).await? {
                findings.push(Finding::KeyDependent);
            }
        }
        let engines = self.engines(&sample, deterministic.then_some(&first), &mut findings, &mut runs).await?;
        let mut refuses_nulls = Vec::new();
        for (index, field) in schema.fields().iter().enumerate() {
            if *field.ty() == Type::Str {
                let emptied = with_some(&sample, index, Arc::new(StringViewArray::from_iter_values([""])))?;
                if let Err(e) = self.answer(&local, vec![emptied], &self.spec, &mut runs).await
                    && panicked(&e)
                {
                    findings
                        .push(Finding::PanicsOnEmptyText { column: field.name().to_owned(), message: e.message().to_owned() });
                }
            }
            let nulled = with_some(&sample, index, new_null_array(&field.ty().to_arrow(), 1))?;
            match self.answer(&local, vec![nulled], &self.spec, &mut runs).await {
                Err(e) if panicked(&e) => {
                    findings.push(Finding::PanicsOnNull { column: field.name().to_owned(), message: e.message().to_owned() });
                }
                Err(e) if e.kind() == ErrorKind::ValueInvalid => refuses_nulls.push(field.name().to_owned()),
                _ => {}
            }
        }
        Ok(Report { function: self.function.name().to_owned(), engines, runs, findings, refuses_nulls })
    }

    /// Other batches always; other physical partitions where no key says which rows belong together.
    async fn same_when_cut(&self, local: &Session, sample: &RecordBatch, first: &Answer, runs: &mut usize) -> Result<bool> {
        let mut same = true;
        for rows in [1, 3] {
            same &= self.same(local, cut(sample, rows), &self.spec, first, runs).await;
        }
        if self.spec.keys().is_empty() && self.spec.num_expr().is_zero() {
            for num in [2, 5] {
                let spec = self.spec.clone().num(num)?.algo(Algo::Even);
                same &= self.same(local, vec![sample.clone()], &spec, first, runs).await;
            }
        }
        Ok(same)
    }

    async fn engines(
        &self,
        sample: &RecordBatch,
        first: Option<&Answer>,
        findings: &mut Vec<Finding>,
        runs: &mut usize,
    ) -> Result<Vec<String>> {
        let mut names = Vec::new();
        for factory in EngineFactory::linked() {
            let session = Session::open(factory.name()).await?;
            let info = session.info();
            if info.distributed {
                continue;
            }
            names.push(info.name.to_owned());
            let found = self.answer(&session, cut(sample, 7), &self.spec, runs).await;
            let detail = match (found, first) {
                (Ok(found), Some(first)) => difference(first, &found),
                (Ok(_), None) => None,
                (Err(e), _) => Some(e.to_string()),
            };
            session.close().await?;
            if let Some(detail) = detail {
                findings.push(Finding::EngineDiffers { engine: info.name.to_owned(), detail });
            }
        }
        Ok(names)
    }

    /// Whether the answer is the same; an error is another answer.
    async fn same(
        &self,
        session: &Session,
        batches: Vec<RecordBatch>,
        spec: &PartitionSpec,
        first: &Answer,
        runs: &mut usize,
    ) -> bool {
        self.answer(session, batches, spec, runs).await.is_ok_and(|found| found == *first)
    }

    async fn answer(
        &self,
        session: &Session,
        batches: Vec<RecordBatch>,
        spec: &PartitionSpec,
        runs: &mut usize,
    ) -> Result<Answer> {
        *runs += 1;
        let df = session.frame(Source::batches(self.source.schema().clone(), batches)?)?;
        let pending = Pending { function: Arc::clone(&self.function), spec: spec.clone(), options: self.options.clone() };
        let out = df.map(&pending)?;
        Ok(texts(out.schema(), &out.collect().await?))
    }
}

fn panicked(error: &Error) -> bool {
    error.kind() == ErrorKind::TransformerFailed && error.message().starts_with("the function panicked")
}

/// Rows as text: exact, but for the sign of zero, which the contract does not tell apart.
fn texts(schema: &Schema, batches: &[RecordBatch]) -> Answer {
    let mut rows = Vec::new();
    for batch in batches {
        for row in 0..batch.num_rows() {
            let cells = batch.columns().iter().zip(schema.fields()).map(|(column, field)| {
                if column.is_null(row) {
                    return "null".to_owned();
                }
                let text = format_value(column, row);
                if field.ty().is_float() && text == "-0.0" { "=0.0".to_owned() } else { format!("={text}") }
            });
            rows.push(cells.collect::<Vec<_>>().join(" | "));
        }
    }
    rows.sort_unstable();
    rows
}

fn difference(wanted: &Answer, found: &Answer) -> Option<String> {
    if wanted == found {
        return None;
    }
    let missing = wanted.iter().find(|row| found.binary_search(row).is_err());
    let extra = found.iter().find(|row| wanted.binary_search(row).is_err());
    Some(format!("{} rows instead of {}; missing: {missing:?}; instead: {extra:?}", found.len(), wanted.len()))
}

/// The rows in an order that a seed decides.
fn shuffled(batch: &RecordBatch, seed: u64) -> Result<RecordBatch> {
    let mut order: Vec<u64> = (0..batch.num_rows() as u64).collect();
    let mut state = seed;
    for i in (1..order.len()).rev() {
        // Knuth's linear congruential step: any fixed sequence will do, and this one needs no library.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let other = usize::try_from(state >> 33).unwrap_or_default() % (i + 1);
        order.swap(i, other);
    }
    Ok(take_record_batch(batch, &UInt64Array::from(order))?)
}

fn cut(batch: &RecordBatch, rows: usize) -> Vec<RecordBatch> {
    (0..batch.num_rows()).step_by(rows).map(|start| batch.slice(start, rows.min(batch.num_rows() - start))).collect()
}

/// The sample with every third value of a column replaced by the one value of an array.
fn with_some(batch: &RecordBatch, index: usize, value: ArrayRef) -> Result<RecordBatch> {
    let replace: BooleanArray = (0..batch.num_rows()).map(|row| Some(row % 3 == 0)).collect();
    let mut columns = batch.columns().to_vec();
    columns[index] = zip(&replace, &arrow::array::Scalar::new(value), &batch.column(index))?;
    Ok(RecordBatch::try_new(batch.schema(), columns)?)
}
