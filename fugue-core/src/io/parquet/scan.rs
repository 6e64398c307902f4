//! Decoding: one row group, or some of its columns, to batches of the contract's layout.

use std::sync::Arc;

use arrow::array::RecordBatch;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};

use super::footer::{Footer, guard, readable, unreadable};
use crate::error::Result;
use crate::io::path::in_file;
use crate::io::scan::{Counts, add};
use crate::io::source::project;
use crate::schema::{Field, Schema, SubMicrosecond, conform, normalise_with};

/// A batch has about this many bytes, within the numbers of rows below.
const BATCH_BYTES: u64 = 8 << 20;
const BATCH_ROWS: std::ops::RangeInclusive<u64> = 8192..=65536;

/// A column that is asked for: where it is in the file, and what becomes of it.
#[derive(Clone, Debug)]
pub(super) struct Column {
    pub(super) root: usize,
    pub(super) stored: Field,
    pub(super) wanted: Field,
}

/// Some columns of one row group. All units of a row group cut it into batches at the same rows.
#[derive(Debug)]
pub(super) struct Unit {
    footer: Footer,
    group: usize,
    columns: Vec<Column>,
    /// Where the columns stand among those of the whole scan.
    pub(super) positions: Vec<usize>,
    batch_rows: usize,
    below: SubMicrosecond,
    /// An estimate, to keep what is read ahead within bounds.
    pub(super) row_bytes: u64,
    /// Who is told when the row group is begun; one unit of it has it.
    pub(super) counts: Option<Arc<Counts>>,
}

impl Unit {
    /// A row group in at most so many units of about the same number of bytes; one unit when there is no column.
    pub(super) fn split(footer: &Footer, group: usize, columns: &[Column], parts: usize, below: SubMicrosecond) -> Vec<Self> {
        let rows = u64::try_from(footer.metadata.metadata().row_group(group).num_rows()).unwrap_or(0).max(1);
        let sizes = footer.sizes(group);
        // Dictionaries and runs make columns look smaller than they are in memory.
        let size = |c: &Column| sizes.get(c.root).copied().unwrap_or(0) / rows + 8;
        let whole: u64 = columns.iter().map(size).sum();
        let (least, most) = BATCH_ROWS.into_inner();
        let batch_rows = (BATCH_BYTES / whole.max(1)).clamp(least, most) as usize;

        let mut order: Vec<usize> = (0..columns.len()).collect();
        order.sort_by_key(|&i| std::cmp::Reverse(size(&columns[i])));
        let mut shares = vec![(0_u64, Vec::new()); parts.min(columns.len()).max(1)];
        for i in order {
            if let Some(lightest) = shares.iter_mut().min_by_key(|(bytes, _)| *bytes) {
                lightest.0 += size(&columns[i]);
                lightest.1.push(i);
            }
        }
        shares
            .into_iter()
            .map(|(row_bytes, positions)| Self {
                footer: footer.clone(),
                group,
                columns: positions.iter().map(|&i| columns[i].clone()).collect(),
                positions,
                batch_rows,
                below,
                row_bytes,
                counts: None,
            })
            .collect()
    }

    /// Makes batches no larger than what is asked for.
    pub(super) fn at_most(&mut self, rows: u64) {
        self.batch_rows = self.batch_rows.min(usize::try_from(rows).unwrap_or(usize::MAX)).max(1);
    }
}

/// A unit that is read, batch by batch. The file is opened with the first one.
pub(super) struct Decoder {
    unit: Unit,
    reader: Option<ParquetRecordBatchReader>,
    /// For each column of the unit its place in the reader's batches, which have the order of the file.
    places: Vec<usize>,
    stored: Schema,
    wanted: Schema,
    /// The number of its next row in the file.
    row: u64,
}

impl Decoder {
    pub(super) fn new(unit: Unit) -> Result<Self> {
        let mut roots: Vec<usize> = unit.columns.iter().map(|c| c.root).collect();
        roots.sort_unstable();
        let places = unit.columns.iter().map(|c| roots.partition_point(|&r| r < c.root)).collect();
        let stored = Schema::new(unit.columns.iter().map(|c| c.stored.clone()))?;
        let wanted = Schema::new(unit.columns.iter().map(|c| c.wanted.clone()))?;
        // The very same one where nothing is cast: batches are then compared by a pointer.
        let stored = if stored == wanted { wanted.clone() } else { stored };
        let row = unit.footer.rows_before(unit.group);
        Ok(Self { unit, reader: None, places, stored, wanted, row })
    }

    /// The next batch of the unit's columns, in the order of the unit.
    pub(super) fn step(&mut self) -> Option<Result<RecordBatch>> {
        let path = self.unit.footer.path.clone();
        guard(&path, || self.try_step()).transpose()
    }

    pub(super) fn row_bytes(&self) -> u64 {
        self.unit.row_bytes
    }

    fn try_step(&mut self) -> Result<Option<RecordBatch>> {
        let footer = &self.unit.footer;
        let reader = match &mut self.reader {
            Some(reader) => reader,
            none => {
                if let Some(counts) = self.unit.counts.take() {
                    add(&counts.groups, 1);
                }
                // Every unit has its own handle: those that are made from one another share their position.
                let mut file = footer.path.reopen(&footer.stamp)?;
                let roots: Vec<usize> = self.unit.columns.iter().map(|c| c.root).collect();
                file.announce(|| footer.ranges(self.unit.group, &roots))?;
                let mask = ProjectionMask::roots(footer.metadata.parquet_schema(), roots);
                let reader = readable(
                    &footer.path,
                    ParquetRecordBatchReaderBuilder::new_with_metadata(file, footer.metadata.clone())
                        .with_row_groups(vec![self.unit.group])
                        .with_projection(mask)
                        .with_batch_size(self.unit.batch_rows)
                        .build(),
                )?;
                none.insert(reader)
            }
        };
        let Some(batch) = readable(&footer.path, reader.next().transpose().map_err(Into::into))? else {
            return Ok(None);
        };
        if self.places.iter().any(|&p| p >= batch.num_columns()) {
            return Err(unreadable(&footer.path, "a column is missing"));
        }
        let ours = project(&batch, &self.places)
            .and_then(|b| normalise_with(&b, &self.stored, self.unit.below))
            .and_then(|b| conform(&b, &self.wanted))
            .map_err(|e| in_file(e, self.row).with("path", footer.shown()))?;
        self.row += batch.num_rows() as u64;
        Ok(Some(ours))
    }
}
