//! Seeded randomness: the only source of random numbers and uuids.

use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg64Mcg;
use std::cell::RefCell;
use std::rc::Rc;
use uuid::Uuid;

/// A stream of random numbers. Clones share the stream; [`Randomness::fork`] gives one of its own that depends only on
/// the seed and a label, so that one part drawing more does not change what another part draws.
#[derive(Clone, Debug)]
pub struct Randomness {
    seed: u64,
    stream: Rc<RefCell<Pcg64Mcg>>,
}

impl Randomness {
    /// The stream of this seed.
    pub fn from_seed(seed: u64) -> Self {
        Self { seed, stream: Rc::new(RefCell::new(Pcg64Mcg::seed_from_u64(seed))) }
    }

    /// An independent stream for the part called `label`.
    pub fn fork(&self, label: &str) -> Self {
        Self::from_seed(fnv1a(self.seed, label))
    }

    /// The next 64 random bits.
    pub fn next_u64(&self) -> u64 {
        self.stream.borrow_mut().next_u64()
    }

    /// A number below `bound`, which must not be 0; with a bound of 0 the answer is 0.
    pub fn below(&self, bound: u64) -> u64 {
        // Multiply and shift: the bias is below 2^-32 for the small bounds used here.
        ((u128::from(self.next_u64()) * u128::from(bound)) >> 64) as u64
    }

    /// A random (version 4) uuid.
    pub fn uuid(&self) -> Uuid {
        let (high, low) = (self.next_u64(), self.next_u64());
        uuid::Builder::from_random_bytes(((u128::from(high) << 64) | u128::from(low)).to_be_bytes())
            .into_uuid()
    }
}

/// FNV-1a over the label, begun from the seed: stable over releases, which hashers of the standard library are not.
fn fnv1a(seed: u64, label: &str) -> u64 {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0100_0000_01b3;
    seed.to_be_bytes()
        .into_iter()
        .chain(label.bytes())
        .fold(OFFSET, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forks_depend_on_seed_and_label_only() {
        let one = Randomness::from_seed(7);
        one.next_u64();
        let two = Randomness::from_seed(7);
        assert_eq!(one.fork("host1").uuid(), two.fork("host1").uuid());
        assert_ne!(one.fork("host1").uuid(), one.fork("host2").uuid());
        assert_ne!(one.fork("host1").uuid(), Randomness::from_seed(8).fork("host1").uuid());
    }

    #[test]
    fn uuids_are_version_4_and_numbers_stay_below_their_bound() {
        let random = Randomness::from_seed(1);
        assert_eq!(random.uuid().get_version_num(), 4);
        assert!((0..1000).all(|_| random.below(3) < 3));
    }
}
