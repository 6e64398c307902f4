//! Hashing with a fixed seed, and the table that numbers distinct keys in the order in which they are first seen.
//!
//! The seed is fixed because the bucket of a key, and with it the order of results, must be the same on every run and machine.

/// Spreads the bits of a number over all 64 bits, reversibly (the finaliser of `MurmurHash3`).
#[inline]
pub(crate) fn mix(mut x: u64) -> u64 {
    x ^= x >> 33;
    x = x.wrapping_mul(0xff51_afd7_ed55_8ccd);
    x ^= x >> 33;
    x = x.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    x ^ (x >> 33)
}

/// A 64 bit hash of bytes.
#[inline]
pub(crate) fn hash_bytes(bytes: &[u8]) -> u64 {
    let mut hash = fold(bytes.len() as u64 ^ 0x2d35_8dcc_aa6c_78a5, 0x8bb8_4b93_962e_acc9);
    let mut words = bytes.chunks_exact(8);
    for word in &mut words {
        hash = fold(hash ^ le_word(word), 0x9e37_79b9_7f4a_7c15);
    }
    if !words.remainder().is_empty() {
        hash = fold(hash ^ le_word(words.remainder()), 0x4b33_a62e_d433_d4a3);
    }
    hash
}

/// A 64 bit hash of two words.
#[inline]
pub(crate) fn hash_pair(pair: u128) -> u64 {
    fold(fold(high(pair) ^ 0x2d35_8dcc_aa6c_78a5, 0x8bb8_4b93_962e_acc9) ^ low(pair), 0x9e37_79b9_7f4a_7c15)
}

/// The hash of a key from that of its first parts and that of the next.
#[inline]
pub(crate) fn combine(first: u64, next: u64) -> u64 {
    fold(first.rotate_left(23) ^ next, 0x9e37_79b9_7f4a_7c15)
}

#[inline]
pub(super) fn high(pair: u128) -> u64 {
    (pair >> 64) as u64
}

#[inline]
#[expect(clippy::cast_possible_truncation, reason = "the low half is what is asked for")]
pub(super) fn low(pair: u128) -> u64 {
    pair as u64
}

/// The bucket of a mixed hash. It looks at the upper half only: [`Table`] goes by the lower.
#[inline]
pub(super) fn bucket_of(mixed: u64, buckets: u32) -> u32 {
    (((mixed >> 32) * u64::from(buckets)) >> 32) as u32
}

#[inline]
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    high(product) ^ low(product)
}

#[inline]
fn le_word(bytes: &[u8]) -> u64 {
    let mut word = [0; 8];
    word[..bytes.len()].copy_from_slice(bytes);
    u64::from_le_bytes(word)
}

/// Numbers distinct keys 0, 1, 2… as they come. Open addressing with linear probing.
///
/// A key is known by its tag: the key itself where it fits into 64 bits, else a hash of it, which `same` then confirms.
pub(super) struct Table {
    /// A tag and the number of its key plus one; zero is an empty slot.
    slots: Vec<(u64, u32)>,
    keys: u32,
}

impl Table {
    /// A table for a number of rows; it grows with the number of keys.
    pub(super) fn new(rows: usize) -> Self {
        Self { slots: vec![(0, 0); (rows * 2).clamp(8, 2048).next_power_of_two()], keys: 0 }
    }

    /// Number of distinct keys so far.
    pub(super) fn len(&self) -> u32 {
        self.keys
    }

    /// The number of a key; `same` tells whether it is the key of a number.
    #[inline]
    pub(super) fn number(&mut self, tag: u64, same: impl Fn(u32) -> bool) -> u32 {
        let mask = self.slots.len() - 1;
        let mut at = home(tag, mask);
        loop {
            let (other, number) = self.slots[at];
            if number == 0 {
                break;
            }
            if other == tag && same(number - 1) {
                return number - 1;
            }
            at = (at + 1) & mask;
        }
        self.keys += 1;
        self.slots[at] = (tag, self.keys);
        if self.keys as usize * 2 > self.slots.len() {
            self.grow();
        }
        self.keys - 1
    }

    #[cold]
    fn grow(&mut self) {
        let size = self.slots.len() * 4;
        let old = std::mem::replace(&mut self.slots, vec![(0, 0); size]);
        for slot in old.into_iter().filter(|s| s.1 != 0) {
            let mut at = home(slot.0, size - 1);
            while self.slots[at].1 != 0 {
                at = (at + 1) & (size - 1);
            }
            self.slots[at] = slot;
        }
    }
}

#[inline]
#[expect(clippy::cast_possible_truncation, reason = "masked to the size of the table")]
fn home(tag: u64, mask: usize) -> usize {
    mix(tag) as usize & mask
}
