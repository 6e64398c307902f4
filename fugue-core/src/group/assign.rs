//! Rows of a bucket to groups: which rows have the same key, in the order in which the keys come first.

use super::ZipKind;
use super::hash::Table;
use super::keys::{Detail, KeyKind, Proof, same_view};
use super::scatter::Scattered;

/// The groups of a bucket.
pub(super) struct Assigned {
    /// By input: the places of its rows, group after group.
    pub places: Vec<Vec<u32>>,
    /// By input: where each group starts in the places, and their number at the end.
    pub offsets: Vec<Vec<usize>>,
}

/// A row of one of the inputs.
#[derive(Clone, Copy)]
struct Spot {
    input: u32,
    chunk: u32,
    place: usize,
}

/// Groups the rows of a bucket of all inputs by key. Groups that the kind of zip does not call are left out.
pub(super) fn assign(inputs: &[Scattered], kind: &KeyKind, how: ZipKind, bucket: usize) -> Assigned {
    match kind {
        KeyKind::Word(_) => assign_by(inputs, how, bucket, |_, _| true),
        KeyKind::Proofs(proofs) => match proofs.as_slice() {
            [Proof::Words(_)] => assign_by(inputs, how, bucket, |a, b| proof(inputs, a, 0, 1) == proof(inputs, b, 0, 1)),
            many => assign_by(inputs, how, bucket, |a, b| same_proofs(inputs, many, a, b)),
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
fn proof(inputs: &[Scattered], spot: Spot, at: usize, stride: usize) -> u128 {
    inputs[spot.input as usize].proofs[spot.place * stride + at]
}

#[inline]
fn detail(inputs: &[Scattered], spot: Spot) -> &Detail {
    &inputs[spot.input as usize].chunks[spot.chunk as usize].detail
}

/// The row of a spot within its chunk.
#[inline]
fn row(inputs: &[Scattered], spot: Spot) -> usize {
    let input = &inputs[spot.input as usize];
    input.row(spot.place) - input.chunks[spot.chunk as usize].first
}

#[expect(clippy::cast_possible_truncation, reason = "places are less than the rows of an input, which fit into 32 bits")]
fn assign_by(inputs: &[Scattered], how: ZipKind, bucket: usize, same: impl Fn(Spot, Spot) -> bool) -> Assigned {
    let rows: usize = inputs.iter().map(|i| i.places(bucket).map(|(_, r)| r.len()).sum::<usize>()).sum();
    let mut table = Table::new(rows);
    let mut firsts: Vec<Spot> = Vec::new();
    let mut groups: Vec<Vec<u32>> = Vec::with_capacity(inputs.len());
    let mut counts: Vec<Vec<u32>> = Vec::with_capacity(inputs.len());
    for (input, scattered) in inputs.iter().enumerate() {
        let mut of = Vec::with_capacity(if inputs.len() == 1 { rows } else { 0 });
        let mut count = vec![0; firsts.len()];
        for (chunk, places) in scattered.places(bucket) {
            let start = places.start;
            for (i, tag) in scattered.tags[places].iter().enumerate() {
                let spot = Spot { input: input as u32, chunk: chunk as u32, place: start + i };
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
    let (mut places, mut offsets) = (Vec::new(), Vec::new());
    for ((scattered, groups), count) in inputs.iter().zip(&groups).zip(&counts) {
        let (p, o) = sort_by_group(scattered, bucket, groups, count, &called);
        places.push(p);
        offsets.push(o);
    }
    Assigned { places, offsets }
}

/// A counting sort of the places of one input by group, without the groups that are not called.
#[expect(clippy::cast_possible_truncation, reason = "as above")]
fn sort_by_group(scattered: &Scattered, bucket: usize, groups: &[u32], count: &[u32], called: &[bool]) -> (Vec<u32>, Vec<usize>) {
    let mut offsets = Vec::with_capacity(count.len() + 1);
    let mut next = Vec::with_capacity(count.len());
    let mut total = 0;
    offsets.push(0);
    for (count, called) in count.iter().zip(called) {
        next.push(if *called { total } else { u32::MAX });
        if *called {
            total += count;
            offsets.push(total as usize);
        }
    }
    let mut sorted = vec![0; total as usize];
    let places = scattered.places(bucket).flat_map(|(_, places)| places);
    for (place, group) in places.zip(groups) {
        let at = &mut next[*group as usize];
        if *at != u32::MAX {
            sorted[*at as usize] = place as u32;
            *at += 1;
        }
    }
    (sorted, offsets)
}
