//! The keys of a run of rows as tags: the key itself where it fits into 64 bits, else a hash and what it takes to confirm it.

use std::cmp::Ordering;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::buffer::Buffer;
use arrow::datatypes::DataType;
use arrow::row::Rows;

use crate::error::Result;

use super::canonical;
use super::hash::{hash_bytes, hash_pair, low};
use super::words::{self, Part};

/// How the keys of all inputs are compared.
#[derive(Clone, Debug)]
pub(super) enum KeyKind {
    /// All columns fit into one word, which is the tag.
    Word(Vec<Part>),
    /// All columns fit into two words.
    Pair(Vec<Part>),
    /// One column of text or bytes in the layout of views.
    View,
    /// Anything else, through the row format.
    Bytes,
}

/// The keys of a run of rows.
pub(super) struct EncodedKeys {
    pub tags: Vec<u64>,
    /// Two words, or a view, by row; for [`KeyKind::Pair`] and [`KeyKind::View`].
    pub proofs: Vec<u128>,
    pub detail: Detail,
}

/// What confirms that two keys with one tag and one proof are the same.
pub(super) enum Detail {
    /// Nothing more is needed.
    None,
    /// The buffers that the views point to.
    Buffers(Vec<Buffer>),
    /// The row format.
    Rows(Rows),
}

/// Stands for null among views: no view has this length.
const NULL_VIEW: u128 = u128::MAX;

/// Text and bytes up to this length stand in the view itself.
const INLINE: usize = 12;

impl KeyKind {
    /// The cheapest kind for columns, each with whether any row of any input has a null in it.
    pub(super) fn of(columns: &[(DataType, bool)]) -> Self {
        let parts: Vec<Part> = columns.iter().map(|(_, nullable)| Part { descending: false, nullable: *nullable }).collect();
        match (words::words(columns.iter().map(|c| &c.0).zip(parts.iter().copied())), columns) {
            (Some(0 | 1), _) => Self::Word(parts),
            (Some(2), _) => Self::Pair(parts),
            (_, [(DataType::Utf8View | DataType::BinaryView, _)]) => Self::View,
            _ => Self::Bytes,
        }
    }

    /// The keys of a run of rows.
    pub(super) fn encode(&self, rows: usize, columns: Vec<ArrayRef>) -> Result<EncodedKeys> {
        Ok(match self {
            Self::Word(parts) => {
                let columns: Vec<_> = columns.into_iter().zip(parts.iter().copied()).collect();
                let tags = words::encode::<1>(rows, &columns).into_iter().map(|[word]| word).collect();
                EncodedKeys { tags, proofs: Vec::new(), detail: Detail::None }
            }
            Self::Pair(parts) => {
                let columns: Vec<_> = columns.into_iter().zip(parts.iter().copied()).collect();
                let words = words::encode::<2>(rows, &columns);
                let proofs: Vec<u128> = words.into_iter().map(|[a, b]| u128::from(a) << 64 | u128::from(b)).collect();
                EncodedKeys { tags: proofs.iter().copied().map(hash_pair).collect(), proofs, detail: Detail::None }
            }
            Self::View => encode_views(&columns[0]),
            Self::Bytes => {
                let rows = canonical::rows(&columns.into_iter().map(|c| (c, false)).collect::<Vec<_>>())?;
                let tags = rows.iter().map(|r| hash_bytes(r.data())).collect();
                EncodedKeys { tags, proofs: Vec::new(), detail: Detail::Rows(rows) }
            }
        })
    }
}

fn encode_views(column: &ArrayRef) -> EncodedKeys {
    let (views, buffers) = match column.data_type() {
        DataType::Utf8View => (column.as_string_view().views(), column.as_string_view().data_buffers()),
        _ => (column.as_binary_view().views(), column.as_binary_view().data_buffers()),
    };
    let mut proofs = views.to_vec();
    if let Some(nulls) = column.nulls().filter(|n| n.null_count() > 0) {
        for (proof, valid) in proofs.iter_mut().zip(nulls) {
            if !valid {
                *proof = NULL_VIEW;
            }
        }
    }
    let tag = |view: &u128| {
        if *view == NULL_VIEW || length(*view) <= INLINE { hash_pair(*view) } else { hash_bytes(text(*view, buffers)) }
    };
    let tags = proofs.iter().map(tag).collect();
    EncodedKeys { tags, proofs, detail: Detail::Buffers(buffers.to_vec()) }
}

/// Whether two views are the same text or bytes; null is the same as null.
#[inline]
pub(super) fn same_view(a: u128, a_buffers: &[Buffer], b: u128, b_buffers: &[Buffer]) -> bool {
    if a == NULL_VIEW || b == NULL_VIEW || length(a) <= INLINE {
        return a == b;
    }
    // The lower half holds the length and the first four bytes.
    low(a) == low(b) && text(a, a_buffers).cmp(text(b, b_buffers)) == Ordering::Equal
}

#[inline]
fn length(view: u128) -> usize {
    (low(view) & 0xffff_ffff) as usize
}

/// What a long view stands for.
#[inline]
fn text(view: u128, buffers: &[Buffer]) -> &[u8] {
    let (buffer, start) = ((view >> 64) as u32 as usize, (view >> 96) as usize);
    &buffers[buffer][start..start + length(view)]
}
