//! The native stacks that drivers run on, kept for the next instance.
//!
//! An instance needs one as soon as it is entered. To map one, touch its pages and unmap it takes longer than the call that it
//! is for, and the explorer makes thousands of instances a second. So a few are kept. Nothing of what a driver left on one can
//! be read by the next: WebAssembly cannot address its native stack.

use crate::mapping::{Kept, Mapping};
use std::ops::Range;
use std::sync::Arc;
use wasmtime::{StackCreator, StackMemory};

/// Gives out stacks, and takes them back. Clones are the same.
#[derive(Clone, Default)]
pub(crate) struct FiberStacks(Arc<Kept>);

/// A stack that is in use.
struct Stack {
    mapping: Arc<Mapping>,
    stacks: FiberStacks,
}

#[expect(unsafe_code, reason = "wasmtime asks for it")]
// SAFETY: each stack is mapped by `Mapping::new`, which aligns it to pages and puts a guard page below it, and is given to
// one user at a time. One that is to be zero is made anew, and so is zero.
unsafe impl StackCreator for FiberStacks {
    fn new_stack(&self, size: usize, zeroed: bool) -> Result<Box<dyn StackMemory>, wasmtime::Error> {
        let kept = if zeroed { None } else { self.0.take(size) };
        let mapping = match kept {
            Some(mapping) => mapping,
            None => Arc::new(Mapping::new(size)?),
        };
        Ok(Box::new(Stack { mapping, stacks: self.clone() }))
    }
}

#[expect(unsafe_code, reason = "wasmtime asks for it")]
// SAFETY: the ranges are those of the mapping, which is there as long as the stack is.
unsafe impl StackMemory for Stack {
    fn top(&self) -> *mut u8 {
        self.mapping.end()
    }

    fn range(&self) -> Range<usize> {
        self.mapping.base().addr()..self.top().addr()
    }

    fn guard_range(&self) -> Range<*mut u8> {
        self.mapping.guard()
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        self.stacks.0.keep(&self.mapping);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stack_is_taken_again_where_it_is_large_enough() {
        let stacks = FiberStacks::default();
        let first = stacks.new_stack(100_000, false).unwrap();
        let range = first.range();
        assert!(range.len() >= 100_000 && first.top().addr() == range.end);
        let guard = first.guard_range();
        assert_eq!(guard.end.addr(), range.start, "right below it is its guard");
        let second = stacks.new_stack(100_000, false).unwrap();
        assert_ne!(second.range(), range, "nobody else has one that is in use");
        drop(first);
        assert_eq!(stacks.new_stack(50_000, false).unwrap().range(), range);
        assert_ne!(stacks.new_stack(1_000_000, false).unwrap().range(), range);
        assert_ne!(stacks.new_stack(100_000, true).unwrap().range(), range, "it would have to be zero");
        drop(second);
    }

    #[test]
    fn no_more_are_kept_than_are_needed() {
        let stacks = FiberStacks::default();
        let all: Vec<_> = (0..Kept::MOST + 10).map(|_| stacks.new_stack(4096, false).unwrap()).collect();
        drop(all);
        assert_eq!(stacks.0.count(), Kept::MOST);
    }

    #[test]
    fn a_size_that_no_memory_has_is_refused() {
        assert!(FiberStacks::default().new_stack(usize::MAX, false).is_err());
        assert!(FiberStacks::default().new_stack(usize::MAX / 2, false).is_err());
    }
}
