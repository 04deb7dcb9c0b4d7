//! Making input of input.

use runtime::Randomness;

/// Bytes at the edges of what numbers can be.
const EDGES: [u8; 8] = [0, 1, 0x7f, 0x80, 0xff, 0x40, 0x20, 0x0a];

/// Changes that are made to one input at most.
const CHANGES: usize = 6;

/// Bytes that one change moves at most.
const PIECE: usize = 64;

/// Bytes an input has at most.
const INPUT: usize = 2 << 20;

/// Makes input.
pub(crate) struct Mutator<'a> {
    random: Randomness,
    words: &'a [&'a str],
}

impl<'a> Mutator<'a> {
    pub(crate) fn new(random: Randomness, words: &'a [&'a str]) -> Self {
        Self { random, words }
    }

    /// A number below `bound`; 0 if there is none.
    fn below(&self, bound: usize) -> usize {
        let bound = u64::try_from(bound).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.random.next_u64() % bound).unwrap_or(0)
    }

    fn byte(&self) -> u8 {
        let [byte, ..] = self.random.next_u64().to_le_bytes();
        byte
    }

    /// A changed input of the corpus.
    pub(crate) fn input(&mut self, corpus: &[Vec<u8>]) -> Vec<u8> {
        let mut input = corpus.get(self.below(corpus.len())).cloned().unwrap_or_default();
        for _ in 0..=self.below(CHANGES) {
            self.change(&mut input, corpus);
        }
        input.truncate(INPUT);
        input
    }

    /// Where a change is made: anywhere or, half of the time, near the beginning, where headers are.
    fn place(&self, length: usize) -> usize {
        if self.below(2) == 0 { self.below(length.min(256) + 1) } else { self.below(length + 1) }.min(length)
    }

    fn change(&mut self, input: &mut Vec<u8>, corpus: &[Vec<u8>]) {
        let at = self.place(input.len());
        let end = (at + self.below(PIECE) + 1).min(input.len());
        match self.below(8) {
            0 => {
                if let Some(byte) = input.get_mut(at) {
                    *byte ^= 1 << self.below(8);
                }
            }
            1 => {
                let new = EDGES[self.below(EDGES.len())];
                if let Some(byte) = input.get_mut(at) {
                    *byte = new;
                }
            }
            2 => drop(input.drain(at..end)),
            3 => {
                let piece = input[at..end].to_vec();
                let to = self.place(input.len());
                input.splice(to..to, piece);
            }
            4 => {
                let piece: Vec<u8> = (0..self.below(16)).map(|_| self.byte()).collect();
                input.splice(at..at, piece);
            }
            5 => {
                if let Some(other) = corpus.get(self.below(corpus.len())) {
                    let from = self.place(other.len());
                    let piece = &other[from..(from + self.below(16 * PIECE)).min(other.len())];
                    input.splice(at..end, piece.iter().copied());
                }
            }
            6 => input.truncate(at),
            _ => {
                if let Some(word) = self.words.get(self.below(self.words.len())) {
                    input.splice(at..at, word.bytes());
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_makes_the_same_inputs_and_they_differ_from_one_another() {
        let make = |seed| {
            let mut mutator = Mutator::new(Randomness::from_seed(seed), &["word"]);
            let corpus = [b"fake+fail(on=1)".to_vec(), Vec::new()];
            (0..100).map(|_| mutator.input(&corpus)).collect::<Vec<_>>()
        };
        assert_eq!(make(1), make(1));
        assert_ne!(make(1), make(2));
        let mut different = make(1);
        different.sort();
        different.dedup();
        assert!(different.len() > 50, "{}", different.len());
    }
}
