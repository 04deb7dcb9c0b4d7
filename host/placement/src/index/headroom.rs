//! How much of one resource class each slot has left, arranged so that the next slot with room for an amount is found
//! without looking at those without.
//!
//! Slots are taken in runs of 256. A run is an array of amounts, there only if one of them is not zero, with its
//! maximum beside it; a search passes over a run whose maximum is too small at the cost of one comparison.

const RUN: usize = 256;

/// The largest single amount each slot can still supply; zero for slots that have no such inventory.
#[derive(Clone, Debug, Default)]
pub(crate) struct Headroom {
    runs: Vec<Option<Box<[u32; RUN]>>>,
    maxima: Vec<u32>,
}

impl Headroom {
    /// Nothing left anywhere.
    pub(crate) const EMPTY: Self = Self { runs: Vec::new(), maxima: Vec::new() };

    pub(crate) fn get(&self, slot: u32) -> u32 {
        let (run, at) = place(slot);
        self.runs.get(run).and_then(Option::as_ref).map_or(0, |amounts| amounts[at])
    }

    pub(crate) fn set(&mut self, slot: u32, amount: u32) {
        let (run, at) = place(slot);
        if run >= self.runs.len() {
            if amount == 0 {
                return;
            }
            self.runs.resize_with(run + 1, || None);
            self.maxima.resize(run + 1, 0);
        }
        if amount == 0 && self.runs[run].is_none() {
            return;
        }
        let amounts = self.runs[run].get_or_insert_with(|| Box::new([0; RUN]));
        let before = std::mem::replace(&mut amounts[at], amount);
        if amount >= self.maxima[run] {
            self.maxima[run] = amount;
        } else if before == self.maxima[run] {
            self.maxima[run] = amounts.iter().copied().max().unwrap_or(0);
            if self.maxima[run] == 0 {
                self.runs[run] = None;
            }
        }
    }

    /// The first slot at or after `from` that can supply the amount, which is at least 1.
    pub(crate) fn next(&self, from: u32, amount: u32) -> Option<u32> {
        let (first, at) = place(from);
        let mut start = at;
        for run in first..self.runs.len() {
            if self.maxima[run] >= amount
                && let Some(amounts) = &self.runs[run]
                && let Some(found) = amounts[start..].iter().position(|left| *left >= amount)
            {
                return u32::try_from(run * RUN + start + found).ok();
            }
            start = 0;
        }
        None
    }
}

fn place(slot: u32) -> (usize, usize) {
    (slot as usize / RUN, slot as usize % RUN)
}

#[cfg(test)]
mod tests {
    use super::Headroom;
    use proptest::collection::vec;
    use proptest::prelude::proptest;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn the_next_slot_with_room_is_the_first_of_all_with_room(
            sets in vec((0u32..2000, 0u32..6), 0..200),
            from in 0u32..2000,
            amount in 1u32..6,
        ) {
            let (mut headroom, mut plain) = (Headroom::default(), BTreeMap::new());
            for (slot, left) in sets {
                headroom.set(slot, left);
                plain.insert(slot, left);
            }
            let expected = plain.range(from..).find(|(_, left)| **left >= amount).map(|(slot, _)| *slot);
            assert_eq!(headroom.next(from, amount), expected);
            assert_eq!(headroom.get(from), plain.get(&from).copied().unwrap_or(0));
        }
    }
}
