//! Memory that the kernel gives, and that is kept for the next instance.

use rustix::mm::{MapFlags, MprotectFlags, ProtFlags, mmap_anonymous, mprotect, munmap};
use std::ffi::c_void;
use std::ops::Range;
use std::ptr::{NonNull, null_mut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Memory, all zero, with a page below it that cannot be touched.
pub(crate) struct Mapping {
    start: NonNull<c_void>,
    length: usize,
    guard: usize,
}

#[expect(unsafe_code, reason = "it is nobody else's")]
// SAFETY: a mapping owns its memory, which belongs to the process and not to a thread.
unsafe impl Send for Mapping {}

#[expect(unsafe_code, reason = "it is nobody else's")]
// SAFETY: nothing is done to the memory through a shared mapping; addresses are all that it tells.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// Memory of at least so many bytes, all zero.
    pub(crate) fn new(size: usize) -> Result<Self, wasmtime::Error> {
        let guard = rustix::param::page_size();
        let length = size
            .checked_next_multiple_of(guard)
            .and_then(|size| size.checked_add(guard))
            .ok_or_else(|| wasmtime::format_err!("{size} bytes are more than memory can be"))?;
        let flags = MapFlags::PRIVATE | MapFlags::NORESERVE;
        #[expect(unsafe_code, reason = "memory is mapped in no other way")]
        // SAFETY: the kernel chooses the address, so that nothing else is there.
        let start = unsafe { mmap_anonymous(null_mut(), length, ProtFlags::READ | ProtFlags::WRITE, flags) }?;
        let start = NonNull::new(start).ok_or_else(|| wasmtime::format_err!("memory was mapped at zero"))?;
        let mapping = Self { start, length, guard };
        #[expect(unsafe_code, reason = "a guard is made in no other way")]
        // SAFETY: the page is the mapping's own, and nobody uses it yet.
        unsafe { mprotect(mapping.start.as_ptr(), guard, MprotectFlags::empty()) }?;
        Ok(mapping)
    }

    /// How many bytes there are, whole pages.
    pub(crate) fn size(&self) -> usize {
        self.length - self.guard
    }

    /// The lowest of them.
    pub(crate) fn base(&self) -> *mut u8 {
        self.at(self.guard)
    }

    /// The end of them.
    pub(crate) fn end(&self) -> *mut u8 {
        self.at(self.length)
    }

    /// The page below them.
    pub(crate) fn guard(&self) -> Range<*mut u8> {
        self.at(0)..self.base()
    }

    /// Lets nobody touch what is beyond so many bytes, rounded up to pages, and everybody what is below.
    pub(crate) fn close_beyond(&self, size: usize) -> Result<(), wasmtime::Error> {
        let open = size.next_multiple_of(self.guard).min(self.size());
        #[expect(unsafe_code, reason = "memory is closed in no other way")]
        // SAFETY: the pages are the mapping's own.
        unsafe {
            mprotect(self.base().cast(), open, MprotectFlags::READ | MprotectFlags::WRITE)?;
            mprotect(self.base().add(open).cast(), self.size() - open, MprotectFlags::empty())?;
        }
        Ok(())
    }

    /// The address that is so many bytes above the lowest.
    fn at(&self, offset: usize) -> *mut u8 {
        self.start.as_ptr().cast::<u8>().wrapping_add(offset)
    }
}

/// Mappings that nobody has, for the next who needs one.
#[derive(Default)]
pub(crate) struct Kept(Mutex<Vec<Arc<Mapping>>>);

impl Kept {
    /// How many are kept at most: more instances than this seldom end at once on all threads of a process.
    pub(crate) const MOST: usize = 64;

    /// Takes the last that was kept, if it has so many bytes.
    pub(crate) fn take(&self, size: usize) -> Option<Arc<Mapping>> {
        let mut kept = self.lock();
        let fits = kept.last().is_some_and(|last| last.size() >= size);
        if fits { kept.pop() } else { None }
    }

    /// Keeps one, unless there are enough.
    pub(crate) fn keep(&self, mapping: &Arc<Mapping>) {
        let mut kept = self.lock();
        if kept.len() < Self::MOST {
            kept.push(Arc::clone(mapping));
        }
    }

    /// How many there are.
    #[cfg(test)]
    pub(crate) fn count(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Arc<Mapping>>> {
        // Nothing is done under this lock that could fail and leave it poisoned.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        #[expect(unsafe_code, reason = "memory is given back in no other way")]
        // SAFETY: the memory is the mapping's own, and who had it is gone. If the kernel refuses it stays mapped, which
        // harms nobody.
        let _ = unsafe { munmap(self.start.as_ptr(), self.length) };
    }
}
