//! A set of slots that is small when it is sparse and a bitset where it is dense, and can be walked from any place.

use std::collections::BTreeMap;

const WORDS: usize = 8;
const CHUNK: u32 = 64 * WORDS as u32;

/// A set of provider slots. Memory is a fixed amount for each run of 512 slots that has a member.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bits {
    chunks: BTreeMap<u32, [u64; WORDS]>,
}

impl Bits {
    /// The empty set.
    pub(crate) const EMPTY: Self = Self { chunks: BTreeMap::new() };

    pub(crate) fn insert(&mut self, slot: u32) {
        let (chunk, word, bit) = place(slot);
        self.chunks.entry(chunk).or_default()[word] |= bit;
    }

    pub(crate) fn remove(&mut self, slot: u32) {
        let (chunk, word, bit) = place(slot);
        if let Some(words) = self.chunks.get_mut(&chunk) {
            words[word] &= !bit;
            if words.iter().all(|w| *w == 0) {
                self.chunks.remove(&chunk);
            }
        }
    }

    pub(crate) fn contains(&self, slot: u32) -> bool {
        let (chunk, word, bit) = place(slot);
        self.chunks.get(&chunk).is_some_and(|words| words[word] & bit != 0)
    }

    /// Adds all members of another set.
    pub(crate) fn unite(&mut self, other: &Bits) {
        for (chunk, words) in &other.chunks {
            let mine = self.chunks.entry(*chunk).or_default();
            mine.iter_mut().zip(words).for_each(|(mine, other)| *mine |= other);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    /// The first member at or after this slot.
    pub(crate) fn next(&self, from: u32) -> Option<u32> {
        let (first, word, bit) = place(from);
        for (chunk, words) in self.chunks.range(first..) {
            let start = if *chunk == first { word } else { 0 };
            for (w, bits) in words.iter().enumerate().skip(start) {
                // In the word `from` lies in, what is below it does not count.
                let bits = if *chunk == first && w == word { bits & !(bit - 1) } else { *bits };
                if bits != 0 {
                    return Some(chunk * CHUNK + w as u32 * 64 + bits.trailing_zeros());
                }
            }
        }
        None
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = u32> {
        let mut from = Some(0);
        std::iter::from_fn(move || {
            let slot = self.next(from?)?;
            from = slot.checked_add(1);
            Some(slot)
        })
    }
}

fn place(slot: u32) -> (u32, usize, u64) {
    (slot / CHUNK, (slot % CHUNK / 64) as usize, 1 << (slot % 64))
}

#[cfg(test)]
mod tests {
    use super::Bits;
    use proptest::collection::vec;
    use proptest::prelude::{any, proptest};
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn bits_are_an_ordered_set(steps in vec((any::<bool>(), 0u32..5000), 0..200), from in 0u32..5000) {
            let (mut bits, mut set) = (Bits::default(), BTreeSet::new());
            for (insert, slot) in steps {
                if insert { bits.insert(slot); set.insert(slot); } else { bits.remove(slot); set.remove(&slot); }
            }
            assert_eq!(bits.iter().collect::<Vec<_>>(), set.iter().copied().collect::<Vec<_>>());
            assert_eq!(bits.next(from), set.range(from..).next().copied());
            assert_eq!(bits.contains(from), set.contains(&from));
            assert_eq!(bits.is_empty(), set.is_empty());
        }
    }
}
