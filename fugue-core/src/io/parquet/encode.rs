//! Row groups whose columns are encoded on several threads, for a file that nobody else writes.

use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::JoinHandle;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::{DataType, FieldRef, SchemaRef};
use parquet::arrow::arrow_writer::{
    ArrowColumnChunk, ArrowColumnWriter, ArrowRowGroupWriterFactory, ArrowWriter, compute_leaves,
};
use parquet::errors::{ParquetError, Result};
use parquet::file::writer::SerializedFileWriter;

/// Batches that wait for a thread.
const AHEAD: usize = 2;

/// Writes as [`ArrowWriter`] does, the same row groups, with a share of the columns on each of its threads.
pub(super) struct Encoder {
    file: SerializedFileWriter<File>,
    groups: ArrowRowGroupWriterFactory,
    layout: SchemaRef,
    lanes: Vec<Lane>,
    /// Rows of the group that is written, of at most so many.
    rows: usize,
    most: usize,
    /// About how many bytes the group has, of at most so many.
    bytes: Arc<AtomicUsize>,
    most_bytes: usize,
}

/// A thread, and the columns that are its.
struct Lane {
    columns: Vec<usize>,
    /// None once it has failed.
    door: Option<SyncSender<Order>>,
    thread: Option<JoinHandle<Result<()>>>,
}

enum Order {
    /// The writers of a new row group: those of a column's leaves together.
    Begin(Vec<Vec<ArrowColumnWriter>>),
    Rows(Vec<ArrayRef>),
    /// Where the ends of all columns go to.
    End(Sender<Vec<Vec<ArrowColumnChunk>>>),
}

impl Encoder {
    /// Goes on with a file that nothing was written to yet.
    pub(super) fn new(
        writer: ArrowWriter<File>,
        layout: &SchemaRef,
        threads: usize,
        most: usize,
        most_bytes: usize,
    ) -> Result<Self> {
        let (file, groups) = writer.into_serialized_writer()?;
        let bytes = Arc::new(AtomicUsize::new(0));
        let lanes = shares(layout, threads).into_iter().map(|columns| {
            let (door, orders) = sync_channel(AHEAD);
            let fields: Vec<FieldRef> = columns.iter().map(|&i| Arc::clone(&layout.fields()[i])).collect();
            let held = Arc::clone(&bytes);
            let thread = std::thread::Builder::new().name("fugue-save".into()).spawn(move || obey(&orders, &fields, &held))?;
            Ok(Lane { columns, door: Some(door), thread: Some(thread) })
        });
        let lanes = lanes.collect::<std::io::Result<_>>().map_err(|e| ParquetError::External(Box::new(e)))?;
        Ok(Self { file, groups, layout: Arc::clone(layout), lanes, rows: 0, most, bytes, most_bytes })
    }

    pub(super) fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        let mut from = 0;
        while from < batch.num_rows() {
            if self.rows == 0 {
                self.begin(batch)?;
            }
            let length = (batch.num_rows() - from).min(self.most - self.rows);
            let rows = batch.slice(from, length);
            for lane in &mut self.lanes {
                let columns = lane.columns.iter().map(|&i| Arc::clone(rows.column(i))).collect();
                lane.send(Order::Rows(columns))?;
            }
            (from, self.rows) = (from + length, self.rows + length);
            if self.rows >= self.most || self.held() >= self.most_bytes {
                self.end()?;
            }
        }
        Ok(())
    }

    /// About how many bytes the open row group holds.
    pub(super) fn held(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    pub(super) fn finish(mut self) -> Result<File> {
        if self.rows > 0 {
            self.end()?;
        }
        self.file.into_inner()
    }

    fn begin(&mut self, batch: &RecordBatch) -> Result<()> {
        let mut writers = self.groups.create_column_writers(self.file.flushed_row_groups().len())?.into_iter();
        // Each column has as many leaves as an array of it, of any length.
        let mut of_columns = Vec::with_capacity(batch.num_columns());
        for (field, column) in self.layout.fields().iter().zip(batch.columns()) {
            let leaves = compute_leaves(field, &column.slice(0, 0))?.len();
            of_columns.push(Some(writers.by_ref().take(leaves).collect::<Vec<_>>()));
        }
        for lane in &mut self.lanes {
            let own = lane.columns.iter().filter_map(|&i| of_columns.get_mut(i)?.take()).collect();
            lane.send(Order::Begin(own))?;
        }
        Ok(())
    }

    /// Writes the row group, its columns in their order.
    fn end(&mut self) -> Result<()> {
        let mut ends = Vec::with_capacity(self.lanes.len());
        for lane in &mut self.lanes {
            let (to, end) = channel();
            lane.send(Order::End(to))?;
            ends.push(end);
        }
        let mut chunks: Vec<Vec<ArrowColumnChunk>> = self.layout.fields().iter().map(|_| Vec::new()).collect();
        for (lane, end) in self.lanes.iter_mut().zip(ends) {
            let Ok(of_columns) = end.recv() else { return Err(lane.failure()) };
            for (&column, ends) in lane.columns.iter().zip(of_columns) {
                chunks[column] = ends;
            }
        }
        let mut group = self.file.next_row_group()?;
        for chunk in chunks.into_iter().flatten() {
            chunk.append_to_row_group(&mut group)?;
        }
        group.close()?;
        self.rows = 0;
        self.bytes.store(0, Ordering::Relaxed);
        Ok(())
    }
}

impl Lane {
    fn send(&mut self, order: Order) -> Result<()> {
        match &self.door {
            Some(door) if door.send(order).is_ok() => Ok(()),
            _ => Err(self.failure()),
        }
    }

    /// Why the thread has ended before its time.
    fn failure(&mut self) -> ParquetError {
        self.door = None;
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(Err(e))) => e,
            Some(Err(_)) => ParquetError::General("a thread that encodes columns has panicked".into()),
            Some(Ok(Ok(()))) | None => ParquetError::General("a thread that encodes columns has ended before its rows".into()),
        }
    }
}

/// What a thread does, until nobody has orders for it any more.
fn obey(orders: &Receiver<Order>, fields: &[FieldRef], held: &AtomicUsize) -> Result<()> {
    let mut writers: Vec<Vec<ArrowColumnWriter>> = Vec::new();
    let mut told = 0;
    for order in orders {
        match order {
            Order::Begin(new) => (writers, told) = (new, 0),
            Order::Rows(columns) => {
                for ((field, column), writers) in fields.iter().zip(&columns).zip(&mut writers) {
                    for (leaf, writer) in compute_leaves(field, column)?.iter().zip(writers) {
                        writer.write(leaf)?;
                    }
                }
                let size = writers.iter().flatten().map(ArrowColumnWriter::get_estimated_total_bytes).sum::<usize>();
                // Bytes never become fewer but by a guess that was too high.
                held.fetch_add(size.saturating_sub(told), Ordering::Relaxed);
                told = told.max(size);
            }
            Order::End(to) => {
                let close = |writers: Vec<ArrowColumnWriter>| writers.into_iter().map(ArrowColumnWriter::close).collect();
                let ends = std::mem::take(&mut writers).into_iter().map(close).collect::<Result<_>>()?;
                // Who asked may have given up.
                let _ = to.send(ends);
            }
        }
    }
    Ok(())
}

/// Which columns go to which thread: text and nested values weigh more than numbers.
fn shares(layout: &SchemaRef, threads: usize) -> Vec<Vec<usize>> {
    let weight = |i: usize| match layout.field(i).data_type() {
        data_type if data_type.is_nested() => 6,
        DataType::Utf8View | DataType::BinaryView | DataType::Utf8 | DataType::Binary => 3,
        _ => 1,
    };
    let mut columns: Vec<usize> = (0..layout.fields().len()).collect();
    columns.sort_by_key(|&i| std::cmp::Reverse(weight(i)));
    let mut shares = vec![(0, Vec::new()); threads.clamp(1, columns.len().max(1))];
    for column in columns {
        if let Some((load, share)) = shares.iter_mut().min_by_key(|(load, _)| *load) {
            *load += weight(column);
            share.push(column);
        }
    }
    shares.into_iter().map(|(_, share)| share).collect()
}
