//! Rows of a bucket to groups: which rows have the same key, in the order in which the keys come first.

use super::ZipKind;
use super::hash::Table;
use super::keys::{Detail, KeyKind, Proof, same_view};
use super::scatter::{Chunk, Scattered};

/// Stands for the place of a row that is in no group.
pub(super) const NOWHERE: u32 = u32::MAX;

/// The groups of a bucket.
pub(super) struct Assigned {
    /// By input: where each row of the bucket goes, chunk by chunk; groups stand one after the other. [`NOWHERE`] for those of a
    /// group that is not called.
    pub to: Vec<Vec<u32>>,
    /// By input: where each group starts, and the number of rows at the end.
    pub offsets: Vec<Vec<usize>>,
}

/// A row of one of the inputs.
#[derive(Clone, Copy)]
struct Spot {
    input: u32,
    chunk: u32,
    /// Its place, counted from the first of the chunk.
    at: u32,
}

/// Groups the rows of a bucket of all inputs by key. Groups that the kind of zip does not call are left out.
pub(super) fn assign(inputs: &[Scattered], kind: &KeyKind, how: ZipKind, bucket: usize) -> Assigned {
    let nulls = inputs.iter().flat_map(|i| &i.chunks).any(|c| !c.nulls.is_empty());
    let same_nulls = |a, b| !nulls || nulls_of(inputs, a) == nulls_of(inputs, b);
    match kind {
        KeyKind::Word if !nulls => assign_by(inputs, how, bucket, |_, _| true),
        KeyKind::Word => assign_by(inputs, how, bucket, same_nulls),
        KeyKind::Proofs(proofs) => match proofs.as_slice() {
            [Proof::Words(_)] => {
                assign_by(inputs, how, bucket, |a, b| proof(inputs, a, 0, 1) == proof(inputs, b, 0, 1) && same_nulls(a, b))
            }
            many => assign_by(inputs, how, bucket, |a, b| same_proofs(inputs, many, a, b) && same_nulls(a, b)),
        },
        KeyKind::Bytes => assign_by(inputs, how, bucket, |a, b| match (detail(inputs, a), detail(inputs, b)) {
            (Detail::Rows(x), Detail::Rows(y)) => x.row(row(inputs, a)) == y.row(row(inputs, b)),
            _ => false,
        }),
    }
}

fn same_proofs(inputs: &[Scattered], proofs: &[Proof], a: Spot, b: Spot) -> bool {
    let (Detail::Buffers(x), Detail::Buffers(y)) = (detail(inputs, a), detail(inputs, b)) else { return false };
    proofs.iter().enumerate().all(|(at, kind)| {
        let (left, right) = (proof(inputs, a, at, proofs.len()), proof(inputs, b, at, proofs.len()));
        match kind {
            Proof::Words(_) => left == right,
            Proof::View(_) => same_view(left, &x[at], right, &y[at]),
        }
    })
}

#[inline]
fn chunk(inputs: &[Scattered], spot: Spot) -> &Chunk {
    &inputs[spot.input as usize].chunks[spot.chunk as usize]
}

#[inline]
fn proof(inputs: &[Scattered], spot: Spot, at: usize, stride: usize) -> u128 {
    chunk(inputs, spot).proofs[spot.at as usize * stride + at]
}

#[inline]
fn nulls_of(inputs: &[Scattered], spot: Spot) -> u64 {
    chunk(inputs, spot).nulls.get(spot.at as usize).copied().unwrap_or(0)
}

#[inline]
fn detail(inputs: &[Scattered], spot: Spot) -> &Detail {
    &chunk(inputs, spot).detail
}

/// The row of a spot within its chunk.
#[inline]
fn row(inputs: &[Scattered], spot: Spot) -> usize {
    let chunk = chunk(inputs, spot);
    chunk.order.as_ref().map_or(spot.at as usize, |o| o[spot.at as usize] as usize - chunk.first)
}

#[expect(clippy::cast_possible_truncation, reason = "places are less than the rows of an input, which fit into 32 bits")]
fn assign_by(inputs: &[Scattered], how: ZipKind, bucket: usize, same: impl Fn(Spot, Spot) -> bool) -> Assigned {
    let rows: usize = inputs.iter().flat_map(|i| &i.chunks).map(|c| c.places(bucket).len()).sum();
    let mut table = Table::new(rows);
    let mut firsts: Vec<Spot> = Vec::new();
    let mut groups: Vec<Vec<u32>> = Vec::with_capacity(inputs.len());
    let mut counts: Vec<Vec<u32>> = Vec::with_capacity(inputs.len());
    for (input, scattered) in inputs.iter().enumerate() {
        let mut of = Vec::with_capacity(if inputs.len() == 1 { rows } else { 0 });
        let mut count = vec![0; firsts.len()];
        for (number, chunk) in scattered.chunks.iter().enumerate() {
            let places = chunk.places(bucket);
            for (at, tag) in places.clone().zip(&chunk.tags[places]) {
                let spot = Spot { input: input as u32, chunk: number as u32, at: at as u32 };
                let group = table.number(*tag, |other| same(firsts[other as usize], spot));
                if group as usize == firsts.len() {
                    firsts.push(spot);
                    count.push(0);
                }
                count[group as usize] += 1;
                of.push(group);
            }
        }
        groups.push(of);
        counts.push(count);
    }
    let all = table.len() as usize;
    for count in &mut counts {
        count.resize(all, 0);
    }
    let called: Vec<bool> = (0..all).map(|g| how.calls(counts.iter().map(|c| c[g] > 0))).collect();
    let mut offsets = Vec::with_capacity(inputs.len());
    for (groups, count) in groups.iter_mut().zip(&counts) {
        offsets.push(sort_by_group(groups, count, &called));
    }
    Assigned { to: groups, offsets }
}

/// A counting sort of the rows of one input by group: puts where each row goes in place of its group, and gives where groups start.
fn sort_by_group(groups: &mut [u32], count: &[u32], called: &[bool]) -> Vec<usize> {
    let mut offsets = Vec::with_capacity(count.len() + 1);
    let mut next = Vec::with_capacity(count.len());
    let mut total = 0;
    offsets.push(0);
    for (count, called) in count.iter().zip(called) {
        next.push(if *called { total } else { NOWHERE });
        if *called {
            total += count;
            offsets.push(total as usize);
        }
    }
    for group in groups {
        let at = &mut next[*group as usize];
        *group = *at;
        if *at != NOWHERE {
            *at += 1;
        }
    }
    offsets
}
