//! The keys of a run of rows as tags: the key itself where it fits into 64 bits, else a hash and what it takes to confirm it.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::buffer::Buffer;
use arrow::datatypes::DataType;
use arrow::row::Rows;

use crate::error::Result;

use super::canonical;
use super::hash::{combine, hash_bytes, hash_pair, low};
use super::words::{self, Part};

/// How the keys of all inputs are compared.
#[derive(Clone, Debug)]
pub(super) enum KeyKind {
    /// All columns fit into one word, which is the tag.
    Word,
    /// Columns of fixed width, text and bytes: the tag is a hash, and so many proofs of 128 bits confirm it.
    Proofs(Vec<Proof>),
    /// Anything else: the tag is a hash of the row format.
    Bytes,
}

/// What a proof is made of: key columns by their position among the keys.
#[derive(Clone, Debug)]
pub(super) enum Proof {
    /// The view of a column of text or bytes.
    View(usize),
    /// The words of columns of fixed width.
    Words(Vec<usize>),
}

/// The keys of a run of rows.
#[derive(Default)]
pub(super) struct EncodedKeys {
    pub tags: Vec<u64>,
    /// Row after row, as many for each as the kind says.
    pub proofs: Vec<u128>,
    /// Which columns of fixed width are null in a row, a bit for each key; empty when none is in any row. Nulls stand beside the
    /// words and not in them, so that the kind of the keys is known before the last row is seen.
    pub nulls: Vec<u64>,
    pub detail: Detail,
}

/// What confirms that two keys with the same tag are the same, besides their proofs.
#[derive(Default)]
pub(super) enum Detail {
    /// Nothing more is needed.
    #[default]
    None,
    /// By proof: the buffers that its views point to.
    Buffers(Vec<Vec<Buffer>>),
    /// The row format.
    Rows(Rows),
}

/// Stands for null among views: no view has this length.
const NULL_VIEW: u128 = u128::MAX;

/// Text and bytes up to this length stand in the view itself.
const INLINE: usize = 12;

/// Keys that need more proofs than this are better off in the row format.
const MOST_PROOFS: usize = 8;

/// There is a bit for each in a set of nulls.
const MOST_COLUMNS: usize = 64;

const PART: Part = Part { descending: false, nullable: false };

impl KeyKind {
    /// The cheapest kind for columns.
    pub(super) fn of(columns: &[DataType]) -> Self {
        if columns.len() > MOST_COLUMNS {
            return Self::Bytes;
        }
        if words::words(columns.iter().map(|t| (t, PART))).is_some_and(|w| w <= 1) {
            return Self::Word;
        }
        let mut proofs = Vec::new();
        let mut words: Vec<usize> = Vec::new();
        let mut bits = 0;
        for (i, data_type) in columns.iter().enumerate() {
            if matches!(data_type, DataType::Utf8View | DataType::BinaryView) {
                proofs.push(Proof::View(i));
                continue;
            }
            let Some(width) = words::width(data_type) else { return Self::Bytes };
            if bits + width > 128 {
                proofs.push(Proof::Words(std::mem::take(&mut words)));
                bits = 0;
            }
            words.push(i);
            bits += width;
        }
        if !words.is_empty() {
            proofs.push(Proof::Words(words));
        }
        if proofs.len() > MOST_PROOFS { Self::Bytes } else { Self::Proofs(proofs) }
    }

    /// Number of proofs of a row.
    pub(super) fn proofs(&self) -> usize {
        match self {
            Self::Proofs(proofs) => proofs.len(),
            Self::Word | Self::Bytes => 0,
        }
    }

    /// The keys of a run of rows, in place of those that were there before.
    pub(super) fn encode(&self, rows: usize, columns: &[ArrayRef], keys: &mut EncodedKeys) -> Result<()> {
        keys.tags.clear();
        keys.nulls.clear();
        match self {
            Self::Word => {
                keys.tags.resize(rows, 0);
                let parts: Vec<_> = columns.iter().map(|c| (ArrayRef::clone(c), PART)).collect();
                words::encode_into(keys.tags.as_chunks_mut::<1>().0, &parts);
                mark_nulls(keys, columns);
            }
            Self::Proofs(proofs) => {
                keys.tags.resize(rows, 0);
                keys.proofs.clear();
                keys.proofs.resize(rows * proofs.len(), 0);
                let buffers = proofs.iter().enumerate().map(|(at, proof)| encode_proof(keys, at, proofs.len(), proof, columns));
                keys.detail = Detail::Buffers(buffers.collect());
                mark_nulls(keys, columns);
            }
            Self::Bytes => {
                let rows = canonical::rows(&columns.iter().map(|c| (ArrayRef::clone(c), false)).collect::<Vec<_>>())?;
                keys.tags.extend(rows.iter().map(|r| hash_bytes(r.data())));
                keys.detail = Detail::Rows(rows);
            }
        }
        Ok(())
    }
}

/// Notes nulls in columns of fixed width, and makes the tags of such rows others than those of the values that stand under them.
fn mark_nulls(keys: &mut EncodedKeys, columns: &[ArrayRef]) {
    for (i, column) in columns.iter().enumerate().filter(|(_, c)| words::width(c.data_type()).is_some()) {
        let Some(nulls) = column.logical_nulls().filter(|n| n.null_count() > 0) else { continue };
        keys.nulls.resize(keys.tags.len(), 0);
        for (mask, valid) in keys.nulls.iter_mut().zip(nulls.iter()) {
            *mask |= u64::from(!valid) << i;
        }
    }
    for (tag, mask) in keys.tags.iter_mut().zip(&keys.nulls).filter(|(_, mask)| **mask != 0) {
        *tag = combine(*tag, *mask);
    }
}

/// Adds a proof to all rows, and to their tags; gives the buffers that it points to.
fn encode_proof(keys: &mut EncodedKeys, at: usize, stride: usize, proof: &Proof, columns: &[ArrayRef]) -> Vec<Buffer> {
    let rows = keys.tags.len();
    let slots = keys.proofs.iter_mut().skip(at).step_by(stride).zip(&mut keys.tags);
    match proof {
        Proof::Words(parts) => {
            let columns: Vec<_> = parts.iter().map(|i| (ArrayRef::clone(&columns[*i]), PART)).collect();
            let words = words::encode::<2>(rows, &columns);
            for ((slot, tag), [first, second]) in slots.zip(words) {
                *slot = u128::from(first) << 64 | u128::from(second);
                *tag = combine(*tag, hash_pair(*slot));
            }
            Vec::new()
        }
        Proof::View(i) => {
            let column = &columns[*i];
            let (views, buffers) = match column.data_type() {
                DataType::Utf8View => (column.as_string_view().views(), column.as_string_view().data_buffers()),
                _ => (column.as_binary_view().views(), column.as_binary_view().data_buffers()),
            };
            let nulls = column.nulls().filter(|n| n.null_count() > 0);
            for (row, ((slot, tag), view)) in slots.zip(views).enumerate() {
                *slot = if nulls.is_some_and(|n| n.is_null(row)) { NULL_VIEW } else { *view };
                let inline = *slot == NULL_VIEW || length(*slot) <= INLINE;
                *tag = combine(*tag, if inline { hash_pair(*slot) } else { hash_bytes(text(*slot, buffers)) });
            }
            buffers.to_vec()
        }
    }
}

/// Whether two views are the same text or bytes; null is the same as null.
#[inline]
pub(super) fn same_view(a: u128, a_buffers: &[Buffer], b: u128, b_buffers: &[Buffer]) -> bool {
    if a == NULL_VIEW || b == NULL_VIEW || length(a) <= INLINE {
        return a == b;
    }
    // The lower half holds the length and the first four bytes.
    low(a) == low(b) && text(a, a_buffers) == text(b, b_buffers)
}

#[inline]
fn length(view: u128) -> usize {
    (low(view) & 0xffff_ffff) as usize
}

/// What a long view stands for.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "the fields of a view have 32 bits")]
fn text(view: u128, buffers: &[Buffer]) -> &[u8] {
    let (buffer, start) = ((view >> 64) as u32 as usize, (view >> 96) as usize);
    &buffers[buffer][start..start + length(view)]
}
