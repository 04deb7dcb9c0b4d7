//! Compiled code on disk.
//!
//! An entry's name is a digest of everything the code depends on: the engine's version and settings, the machine, the
//! bytes of the components, and the adapters that may stand between them. Beside it stands a digest of its content, so that a
//! damaged entry is noticed and compiled anew; the entry itself is code and nothing else, so that it can be mapped: of the
//! 60 MiB of a driver in Python hardly any are touched. Entries are written under another name and moved into place, so
//! that no process ever sees half of one. A cache that cannot be read or written costs time, and nothing else.

use std::fs;
use std::hash::{Hash, Hasher};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use wasmtime::Engine;
use wasmtime::component::Component;

/// Changes when the way stacks are composed, or entries are written, changes.
const FORMAT: u8 = 4;

/// How the name of an entry's digest ends.
const DIGEST: &str = "blake3";

/// Bytes that are read at a time.
const READ_BYTES: usize = 256 << 10;

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
        let path = self.path(key);
        let digest = fs::read(path.with_extension(DIGEST)).ok()?;
        let mut hasher = blake3::Hasher::new();
        let mut file = fs::File::open(&path).ok()?;
        let mut buffer = vec![0; READ_BYTES];
        loop {
            match file.read(&mut buffer).ok()? {
                0 => break,
                read => hasher.update(buffer.get(..read)?),
            };
        }
        if hasher.finalize().as_bytes() != &*digest {
            return None;
        }
        #[expect(
            unsafe_code,
            reason = "the digest says that this is what `store` wrote, and its name that this engine wrote it"
        )]
        // SAFETY: `deserialize_file` needs code that `serialize` of a compatible engine made, in a file that does not change
        // while it is mapped. The key in the file's name covers version and settings of the engine, the digest covers every
        // byte, files are only ever replaced as a whole, and the directory belongs to the user.
        let component = unsafe { Component::deserialize_file(engine, &path) };
        component.ok()
    }

    /// Keeps compiled code.
    pub(crate) fn store(&self, key: &Key, component: &Component) {
        let Ok(code) = component.serialize() else { return };
        let path = self.path(key);
        let digest = blake3::hash(&code);
        let written = fs::create_dir_all(&self.directory)
            .and_then(|()| replace(&path, &code))
            .and_then(|()| replace(&path.with_extension(DIGEST), digest.as_bytes()));
        // If not, the next process compiles again; there is nothing better to do about a full or read-only disk.
        drop(written);
    }
}

/// Puts a file into its place as a whole.
fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(format!(".{}.part", std::process::id()));
    let written = fs::write(&unfinished, content).and_then(|()| fs::rename(&unfinished, path));
    if written.is_err() {
        let _ = fs::remove_file(&unfinished);
    }
    written
}
