//! The tables of the benchmark, after its own generators: no nulls, values spread evenly, nothing sorted; made once with fixed seeds.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use fugue_core::arrow::array::{ArrayRef, Float64Array, Int32Array, StringViewArray};
use fugue_core::arrow::record_batch::RecordBatch;
use fugue_core::io::{self, SaveOptions};
use fugue_core::run::Cancel;
use fugue_core::{Error, ErrorKind, Result, Schema, Session};

use super::Tables;
use crate::data::Random;

/// Groups of the keys that have few, in the tables of the benchmark that are known best.
pub const GROUPS: usize = 100;
/// Keys of a table that is joined; with fewer none would be without a partner.
const LEAST: usize = 10;
/// Rows of a batch that is written.
const BATCH: usize = 1 << 16;

const GROUPED: &str = "id1:str,id2:str,id3:str,id4:int,id5:int,id6:int,v1:int,v2:int,v3:double";

/// The file of the table that is grouped, `G1` of so many rows, with keys of so many groups and keys of so many rows to a group; it is written
/// if it is not there.
///
/// # Errors
/// `Io`.
pub fn grouped(folder: &Path, rows: usize, groups: usize) -> Result<PathBuf> {
    let path = folder.join(format!("h2o-g1-{rows}-{groups}.parquet"));
    if !path.exists() {
        save(&path, GROUPED, grouped_rows(rows, groups.max(1))?)?;
    }
    Ok(path)
}

/// The files of the tables that are joined, `J1` for so many rows: `x`, and its partners of a millionth, a thousandth and as many rows, each at
/// least of ten. A tenth of the keys on either side has no partner.
///
/// # Errors
/// `Io`; `ValueInvalid` for less than ten rows.
pub fn joined(folder: &Path, rows: usize) -> Result<Vec<(&'static str, PathBuf)>> {
    let tables = ["x", "small", "medium", "big"].map(|name| (name, folder.join(format!("h2o-j1-{rows}-{name}.parquet"))));
    if tables.iter().any(|(_, path)| !path.exists()) {
        let keys = Keys::new(rows)?;
        for (name, path) in &tables {
            let (schema, batches) = keys.table(name)?;
            save(path, schema, batches)?;
        }
    }
    Ok(tables.into())
}

/// The rows of the tables of one kind of question, in memory; their files are written if they are not there.
///
/// # Errors
/// `Io`, and `ValueInvalid` as [`joined`].
pub async fn tables(folder: &Path, rows: usize, groups: usize, joins: bool) -> Result<Tables<Vec<RecordBatch>>> {
    let files = if joins { joined(folder, rows)? } else { vec![("x", grouped(folder, rows, groups)?)] };
    let session = Session::local()?;
    let mut tables = Tables::new();
    for (name, path) in files {
        tables.insert(name, session.load(path.to_string_lossy()).await?.collect().await?);
    }
    Ok(tables)
}

fn save(path: &Path, schema: &str, batches: Vec<RecordBatch>) -> Result<()> {
    io::save(path, &Schema::parse(schema)?, Box::new(batches.into_iter().map(Ok)), &SaveOptions::new(), &Cancel::never())?;
    Ok(())
}

fn grouped_rows(rows: usize, groups: usize) -> Result<Vec<RecordBatch>> {
    let schema = Schema::parse(GROUPED)?.to_arrow();
    let mut random = Random::new(108);
    let many = (rows / groups).max(1);
    (0..rows)
        .step_by(BATCH)
        .map(|start| {
            let n = BATCH.min(rows - start);
            let columns: Vec<ArrayRef> = vec![
                text((0..n).map(|_| format!("id{:03}", 1 + random.below(groups)))),
                text((0..n).map(|_| format!("id{:03}", 1 + random.below(groups)))),
                text((0..n).map(|_| format!("id{:010}", 1 + random.below(many)))),
                int((0..n).map(|_| 1 + random.below(groups))),
                int((0..n).map(|_| 1 + random.below(groups))),
                int((0..n).map(|_| 1 + random.below(many))),
                int((0..n).map(|_| 1 + random.below(5))),
                int((0..n).map(|_| 1 + random.below(15))),
                values(n, &mut random),
            ];
            Ok(RecordBatch::try_new(Arc::clone(&schema), columns)?)
        })
        .collect()
}

/// The keys of the tables that are joined: three sets, of a millionth, a thousandth and as many as there are rows.
struct Keys {
    rows: usize,
    sets: [Split; 3],
}

/// Rows of the small partner of so many.
fn small(rows: usize) -> usize {
    (rows / 1_000_000).max(LEAST)
}

/// Rows of the medium partner of so many.
fn medium(rows: usize) -> usize {
    (rows / 1000).max(LEAST)
}

/// As many keys on either side, nine tenths of them on both.
struct Split {
    left: Vec<usize>,
    right: Vec<usize>,
}

impl Split {
    fn new(size: usize, random: &mut Random) -> Self {
        let mut keys: Vec<usize> = (1..=size + size / 10).collect();
        shuffle(&mut keys, random);
        let both = size - size / 10;
        Self { left: keys[..size].to_vec(), right: keys[..both].iter().chain(&keys[size..]).copied().collect() }
    }
}

impl Keys {
    fn new(rows: usize) -> Result<Self> {
        if rows < LEAST {
            let message = format!("{rows} rows are too few to join; the least number is {LEAST}");
            return Err(Error::new(ErrorKind::ValueInvalid, message));
        }
        let mut random = Random::new(1);
        Ok(Self { rows, sets: [small(rows), medium(rows), rows].map(|size| Split::new(size, &mut random)) })
    }

    /// The schema and the rows of a table.
    fn table(&self, name: &str) -> Result<(&'static str, Vec<RecordBatch>)> {
        let (schema, sets, rows, seed) = match name {
            "small" => ("id1:int,id4:str,v2:double", 1, small(self.rows), 2),
            "medium" => ("id1:int,id2:int,id4:str,id5:str,v2:double", 2, medium(self.rows), 3),
            "big" => ("id1:int,id2:int,id3:int,id4:str,id5:str,id6:str,v2:double", 3, self.rows, 4),
            _ => ("id1:int,id2:int,id3:int,id4:str,id5:str,id6:str,v1:double", 3, self.rows, 5),
        };
        let mut random = Random::new(seed);
        let side = |set: &'_ Split| if name == "x" { set.left.clone() } else { set.right.clone() };
        let ids: Vec<Vec<usize>> = self.sets[..sets].iter().map(|set| drawn(side(set), rows, &mut random)).collect();
        let arrow = Schema::parse(schema)?.to_arrow();
        let batches = (0..rows).step_by(BATCH).map(|start| {
            let end = rows.min(start + BATCH);
            let ints = ids.iter().map(|id| int(id[start..end].iter().copied()));
            let texts = ids.iter().map(|id| text(id[start..end].iter().map(|id| format!("id{id}"))));
            let columns = ints.chain(texts).chain([values(end - start, &mut random)]).collect();
            Ok(RecordBatch::try_new(Arc::clone(&arrow), columns)?)
        });
        Ok((schema, batches.collect::<Result<_>>()?))
    }
}

/// So many keys in any order: each once, the others drawn.
fn drawn(mut keys: Vec<usize>, rows: usize, random: &mut Random) -> Vec<usize> {
    let different = keys.len();
    keys.extend((different..rows).map(|_| 0));
    for at in different..rows {
        keys[at] = keys[random.below(different)];
    }
    shuffle(&mut keys, random);
    keys
}

fn shuffle(keys: &mut [usize], random: &mut Random) {
    for last in (1..keys.len()).rev() {
        keys.swap(last, random.below(last + 1));
    }
}

/// From 0 to 100 with six digits after the point.
fn values(n: usize, random: &mut Random) -> ArrayRef {
    Arc::new((0..n).map(|_| (random.unit() * 100e6).round() / 1e6).map(Some).collect::<Float64Array>())
}

fn int(values: impl Iterator<Item = usize>) -> ArrayRef {
    Arc::new(values.map(|v| i32::try_from(v).ok()).collect::<Int32Array>())
}

fn text(values: impl Iterator<Item = String>) -> ArrayRef {
    Arc::new(values.map(Some).collect::<StringViewArray>())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn keys_are_on_both_sides_but_for_a_tenth() {
        let set = |keys: &[usize]| keys.iter().copied().collect::<BTreeSet<_>>();
        for size in [10, 1000] {
            let split = Split::new(size, &mut Random::new(7));
            let (left, right) = (set(&split.left), set(&split.right));
            assert_eq!((left.len(), right.len()), (size, size));
            assert_eq!(left.intersection(&right).count(), size - size / 10);
        }
        let many = drawn(vec![3, 5, 8], 100, &mut Random::new(7));
        assert_eq!((many.len(), set(&many)), (100, [3, 5, 8].into()));
    }

    #[test]
    fn rows_are_the_same_every_time() {
        let rows = grouped_rows(70_000, GROUPS).unwrap();
        assert_eq!(rows, grouped_rows(70_000, GROUPS).unwrap());
        assert_eq!(rows.iter().map(RecordBatch::num_rows).sum::<usize>(), 70_000);
        assert!(rows.iter().flat_map(RecordBatch::columns).all(|column| column.null_count() == 0));
    }
}
