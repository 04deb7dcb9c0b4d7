//! The linear memories of small drivers in short runs, kept for the next instance.
//!
//! An instance has one from its start to its end, and the explorer makes thousands of instances a second. To map a memory and to
//! unmap it makes every other thread of the process wait, and its processor forget where memory is. So a few are kept, and what
//! was written to one is zero again before the next instance gets it. The kernel tells which pages that were.

use crate::mapping::{Kept, Mapping};
#[cfg(target_os = "linux")]
use rustix::mm::{Advice, madvise};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use wasmtime::{LinearMemory, MemoryCreator, MemoryType};

/// Pages above which a memory is not kept: to make so much zero again takes longer than to map another.
const MOST_WRITTEN: usize = 128;

/// Gives out memories, and takes them back. Clones are the same.
#[derive(Clone)]
pub(crate) struct LinearMemories(Arc<Shared>);

struct Shared {
    kept: Kept,
    /// A word for each page of the process; none where the system does not tell, which is where no memory is kept.
    pages: Option<File>,
    page: usize,
    /// Bytes that a memory gets beyond what it needs when it has to be moved.
    growth: usize,
}

/// The memory of an instance.
struct Memory {
    mapping: Arc<Mapping>,
    size: usize,
    maximum: Option<usize>,
    /// Whether it may be moved. Of one that may not, compiled code leaves it to the kernel to notice that something beyond `size`
    /// is touched, which is therefore closed; such a memory is not kept.
    movable: bool,
    memories: LinearMemories,
}

impl LinearMemories {
    /// Memories that get `growth` bytes beyond what they need when they have to be moved.
    pub(crate) fn new(growth: usize) -> Self {
        let pages = File::open("/proc/self/pagemap").ok();
        Self(Arc::new(Shared { kept: Kept::default(), pages, page: rustix::param::page_size(), growth }))
    }

    /// One of at least so many bytes, all zero.
    fn take(&self, size: usize) -> Result<Arc<Mapping>, wasmtime::Error> {
        if let Some(mapping) = self.0.kept.take(size) {
            return Ok(mapping);
        }
        let mapping = Mapping::new(size)?;
        #[cfg(target_os = "linux")]
        #[expect(unsafe_code, reason = "an advice is given in no other way")]
        // SAFETY: this changes no memory. A driver writes to little of it here and there, for which large pages are a waste; where
        // the kernel has none it refuses.
        let _ = unsafe { madvise(mapping.base().cast(), mapping.size(), Advice::LinuxNoHugepage) };
        Ok(Arc::new(mapping))
    }

    /// Keeps one that nobody has any more, if it can be made zero again and is wanted.
    fn keep(&self, mapping: &Arc<Mapping>) {
        let Some(written) = self.written(mapping).filter(|written| written.len() <= MOST_WRITTEN) else {
            return;
        };
        for page in written {
            #[expect(unsafe_code, reason = "the memory of an instance has no other name than its address")]
            // SAFETY: the page is the mapping's own, which nobody else has.
            unsafe {
                mapping.base().add(page * self.0.page).write_bytes(0, self.0.page);
            }
        }
        self.0.kept.keep(mapping);
    }

    /// The numbers of the pages that were written to, or none if that cannot be told.
    fn written(&self, mapping: &Mapping) -> Option<Vec<usize>> {
        /// A page is in memory, or was moved to the disk: the two highest bits.
        const IS_THERE: u64 = 0b11 << 62;
        const WORD: usize = size_of::<u64>();
        let pages = self.0.pages.as_ref()?;
        let mut words = vec![0; mapping.size() / self.0.page * WORD];
        let first = mapping.base().addr() / self.0.page * WORD;
        pages.read_exact_at(&mut words, u64::try_from(first).ok()?).ok()?;
        let is_there = |word: &&[u8; WORD]| u64::from_ne_bytes(**word) & IS_THERE != 0;
        let (words, _) = words.as_chunks::<WORD>();
        Some(words.iter().enumerate().filter(|(_, word)| is_there(word)).map(|(page, _)| page).collect())
    }
}

#[expect(unsafe_code, reason = "wasmtime asks for it")]
// SAFETY: each memory is mapped by `Mapping::new`, all zero, or was made zero again, and is given to one instance at a time. It
// has no guard above it, and none is asked for.
unsafe impl MemoryCreator for LinearMemories {
    fn new_memory(
        &self,
        _: MemoryType,
        minimum: usize,
        maximum: Option<usize>,
        reserved: Option<usize>,
        guard: usize,
    ) -> Result<Box<dyn LinearMemory>, String> {
        if guard > 0 {
            return Err("a memory with a guard above it is not made here".to_owned());
        }
        let reserved = reserved.unwrap_or_default();
        let movable = maximum.is_none_or(|maximum| maximum > reserved && maximum > minimum);
        let mapping = || {
            if movable {
                return self.take(minimum.max(reserved));
            }
            let mapping = Mapping::new(minimum.max(reserved))?;
            mapping.close_beyond(minimum)?;
            Ok(Arc::new(mapping))
        };
        let mapping = mapping().map_err(|error: wasmtime::Error| error.to_string())?;
        Ok(Box::new(Memory { mapping, size: minimum, maximum, movable, memories: self.clone() }))
    }
}

#[expect(unsafe_code, reason = "wasmtime asks for it")]
// SAFETY: the address is that of the mapping, which has at least `size` bytes and is there as long as the memory is.
unsafe impl LinearMemory for Memory {
    fn byte_size(&self) -> usize {
        self.size
    }

    fn byte_capacity(&self) -> usize {
        self.mapping.size()
    }

    fn grow_to(&mut self, new_size: usize) -> Result<(), wasmtime::Error> {
        if self.maximum.is_some_and(|maximum| new_size > maximum) {
            wasmtime::bail!("a memory of {new_size} bytes is larger than it may be");
        }
        if !self.movable {
            if new_size > self.mapping.size() {
                wasmtime::bail!("a memory that may not be moved has no room for {new_size} bytes");
            }
            self.mapping.close_beyond(new_size)?;
        } else if new_size > self.byte_capacity() {
            let larger = Mapping::new(new_size.saturating_add(self.memories.0.growth))?;
            #[expect(unsafe_code, reason = "the memory of an instance has no other name than its address")]
            // SAFETY: both have at least the bytes that the memory has now, and they are two.
            unsafe {
                std::ptr::copy_nonoverlapping(self.as_ptr(), larger.base(), self.size);
            }
            self.mapping = Arc::new(larger);
        }
        self.size = new_size;
        Ok(())
    }

    fn as_ptr(&self) -> *mut u8 {
        self.mapping.base()
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        if self.movable {
            self.memories.keep(&self.mapping);
        }
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;

    const PAGE: usize = 64 << 10;

    fn memory(memories: &LinearMemories, minimum: usize, maximum: Option<usize>) -> Box<dyn LinearMemory> {
        memories.new_memory(MemoryType::new(1, None), minimum, maximum, Some(32 * PAGE), 0).unwrap()
    }

    fn bytes(memory: &mut dyn LinearMemory) -> &mut [u8] {
        #[expect(unsafe_code, reason = "an instance has its memory in no other way")]
        // SAFETY: so many bytes are there, and nobody else has them.
        unsafe {
            std::slice::from_raw_parts_mut(memory.as_ptr(), memory.byte_size())
        }
    }

    #[test]
    fn a_memory_is_taken_again_and_is_zero_whatever_was_written_to_it() {
        let memories = LinearMemories::new(PAGE);
        let mut first = memory(&memories, 17 * PAGE, None);
        let place = first.as_ptr();
        for at in [0, 5_000, 16 * PAGE, 17 * PAGE - 1] {
            bytes(&mut *first)[at] = 7;
        }
        let second = memory(&memories, PAGE, None);
        assert_ne!(second.as_ptr(), place, "nobody else has one that is in use");
        drop(first);
        let mut again = memory(&memories, PAGE, None);
        assert_eq!(again.as_ptr(), place);
        again.grow_to(20 * PAGE).unwrap();
        assert_eq!(again.as_ptr(), place);
        assert!(bytes(&mut *again).iter().all(|byte| *byte == 0));
    }

    #[test]
    fn a_memory_that_outgrows_its_place_is_moved_with_what_is_in_it() {
        let memories = LinearMemories::new(PAGE);
        let mut memory = memory(&memories, PAGE, Some(64 * PAGE));
        bytes(&mut *memory)[PAGE - 1] = 7;
        memory.grow_to(40 * PAGE).unwrap();
        assert_eq!((memory.byte_size(), memory.byte_capacity()), (40 * PAGE, 41 * PAGE));
        assert_eq!(
            (bytes(&mut *memory)[PAGE - 1], bytes(&mut *memory)[PAGE], bytes(&mut *memory)[40 * PAGE - 1]),
            (7, 0, 0)
        );
        assert!(memory.grow_to(65 * PAGE).is_err());
        assert_eq!(memory.byte_size(), 40 * PAGE);
    }

    #[test]
    fn beyond_the_end_of_a_memory_that_may_not_be_moved_nothing_can_be_touched() {
        let memories = LinearMemories::new(PAGE);
        let mut memory = memory(&memories, PAGE, Some(8 * PAGE));
        let place = memory.as_ptr();
        let open = || {
            let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
            let ends = maps.lines().find_map(|line| {
                let (range, rest) = line.split_once(' ')?;
                let (start, end) = range.split_once('-')?;
                let start = usize::from_str_radix(start, 16).ok()?;
                (start == place.addr()).then(|| (end.to_owned(), rest.starts_with("rw")))
            });
            let (end, open) = ends.unwrap();
            (usize::from_str_radix(&end, 16).unwrap() - place.addr(), open)
        };
        assert_eq!(open(), (PAGE, true));
        memory.grow_to(3 * PAGE).unwrap();
        assert_eq!((open(), memory.as_ptr()), ((3 * PAGE, true), place));
        assert!(memory.grow_to(9 * PAGE).is_err());
        drop(memory);
        assert!(memories.0.kept.count() == 0);
    }

    #[test]
    fn no_more_are_kept_than_are_needed_and_none_that_was_written_to_all_over() {
        let memories = LinearMemories::new(PAGE);
        let mut all: Vec<_> = (0..Kept::MOST + 10).map(|_| memory(&memories, PAGE, None)).collect();
        bytes(&mut *all[0])[0] = 1;
        drop(all);
        assert_eq!(memories.0.kept.count(), Kept::MOST);
        let memories = LinearMemories::new(PAGE);
        let mut full = memory(&memories, 32 * PAGE, None);
        bytes(&mut *full).fill(1);
        drop(full);
        assert!(memories.0.kept.count() == 0);
    }

    #[test]
    fn a_size_that_no_memory_has_and_a_guard_are_refused() {
        let memories = LinearMemories::new(PAGE);
        let ty = || MemoryType::new(1, None);
        assert!(memories.new_memory(ty(), usize::MAX, None, None, 0).is_err());
        assert!(memories.new_memory(ty(), PAGE, None, None, PAGE).is_err());
    }
}
