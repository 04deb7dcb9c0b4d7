//! Compiled code on disk.
//!
//! An entry's name is a digest of everything the code depends on: the engine's version and settings, the machine, the
//! bytes of the components, and the adapters that may stand between them. Its content begins with a digest of the rest, so
//! that a damaged entry is noticed and compiled anew. Entries are written under another name and moved into place, so that no
//! process ever sees half of one. A cache that cannot be read or written costs time, and nothing else.

use std::fs;
use std::hash::{Hash, Hasher};
use std::path::PathBuf;
use wasmtime::Engine;
use wasmtime::component::Component;

/// Changes when the way stacks are composed changes.
const FORMAT: u8 = 3;

/// Bytes of the digest at the beginning of an entry.
const DIGEST_BYTES: usize = 32;

/// A directory of compiled code.
pub(crate) struct CodeCache {
    directory: PathBuf,
}

/// What identifies compiled code.
pub(crate) struct Key(blake3::Hash);

/// Lets the engine's settings be hashed into a digest.
struct Digest(blake3::Hasher);

impl Hasher for Digest {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        0
    }
}

impl Key {
    pub(crate) fn new<'a>(engine: &Engine, components: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut digest = Digest(blake3::Hasher::new());
        engine.precompile_compatibility_hash().hash(&mut digest);
        digest.0.update(&[FORMAT]);
        digest.0.update(&adapters::FINGERPRINT.to_le_bytes());
        for bytes in components {
            digest.0.update(blake3::hash(bytes).as_bytes());
        }
        Key(digest.0.finalize())
    }
}

impl CodeCache {
    pub(crate) fn new(directory: PathBuf) -> Self {
        Self { directory }
    }

    fn path(&self, key: &Key) -> PathBuf {
        self.directory.join(format!("{}.cwasm", key.0.to_hex()))
    }

    /// The compiled code of this key, if it is there and undamaged.
    pub(crate) fn load(&self, engine: &Engine, key: &Key) -> Option<Component> {
        let entry = fs::read(self.path(key)).ok()?;
        let (digest, code) = entry.split_at_checked(DIGEST_BYTES)?;
        if blake3::hash(code).as_bytes() != digest {
            return None;
        }
        #[expect(
            unsafe_code,
            reason = "the digest says that this is what `store` wrote, and its name that this engine wrote it"
        )]
        // SAFETY: `deserialize` needs code that `serialize` of a compatible engine made. The key in the file's name covers
        // version and settings of the engine, the digest covers every byte; the directory belongs to the user.
        let component = unsafe { Component::deserialize(engine, code) };
        component.ok()
    }

    /// Keeps compiled code.
    pub(crate) fn store(&self, key: &Key, component: &Component) {
        let Ok(code) = component.serialize() else { return };
        let mut entry = blake3::hash(&code).as_bytes().to_vec();
        entry.extend_from_slice(&code);
        let path = self.path(key);
        let unfinished = path.with_extension(format!("{}.part", std::process::id()));
        let written = fs::create_dir_all(&self.directory)
            .and_then(|()| fs::write(&unfinished, entry))
            .and_then(|()| fs::rename(&unfinished, &path));
        if written.is_err() {
            // The next process compiles again; there is nothing better to do about a full or read-only disk.
            let _ = fs::remove_file(&unfinished);
        }
    }
}
