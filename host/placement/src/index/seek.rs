//! Conditions on slots that can name the next slot that meets them, and so be intersected by leaping from one to the
//! next instead of visiting every slot.

use super::bits::Bits;
use super::headroom::Headroom;

/// A condition. Every form finds its next slot in about the time it takes to look one up.
#[derive(Clone, Debug)]
pub(crate) enum Seek<'a> {
    /// Slots that can supply an amount.
    Room(&'a Headroom, u32),
    /// The members of a set.
    In(&'a Bits),
    /// One slot.
    Only(u32),
    /// Slots that meet one of these. Nothing when there is none.
    AnyOf(Vec<Seek<'a>>),
}

impl Seek<'_> {
    pub(crate) fn next(&self, from: u32) -> Option<u32> {
        match self {
            Self::Room(headroom, amount) => headroom.next(from, *amount),
            Self::In(bits) => bits.next(from),
            Self::Only(slot) => (*slot >= from).then_some(*slot),
            Self::AnyOf(any) => any.iter().filter_map(|seek| seek.next(from)).min(),
        }
    }
}

/// The first slot at or after `from` that meets all of these; with no condition there is none.
pub(crate) fn next_of_all(all: &[Seek<'_>], from: u32) -> Option<u32> {
    let mut at = all.first()?.next(from)?;
    // How many conditions in a row have agreed on `at`.
    let (mut agreed, mut turn) = (1, 0);
    while agreed < all.len() {
        turn = (turn + 1) % all.len();
        let found = all[turn].next(at)?;
        if found == at {
            agreed += 1;
        } else {
            at = found;
            agreed = 1;
        }
    }
    Some(at)
}

#[cfg(test)]
mod tests {
    use super::{Seek, next_of_all};
    use crate::index::bits::Bits;

    fn bits(slots: &[u32]) -> Bits {
        let mut bits = Bits::default();
        slots.iter().for_each(|slot| bits.insert(*slot));
        bits
    }

    #[test]
    fn leaping_finds_exactly_the_intersection() {
        let (a, b, c) = (bits(&[1, 3, 5, 700, 900]), bits(&[3, 4, 700, 900]), bits(&[2, 3, 900]));
        let all = [Seek::In(&a), Seek::AnyOf(vec![Seek::In(&b), Seek::Only(5)]), Seek::In(&c)];
        assert_eq!(next_of_all(&all, 0), Some(3));
        assert_eq!(next_of_all(&all, 4), Some(900));
        assert_eq!(next_of_all(&all, 901), None);
        assert_eq!(next_of_all(&[], 0), None);
    }
}
