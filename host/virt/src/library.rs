//! Where the components of a stack come from: shipped ones by name, others by path.

use crate::error::LoadError;
use crate::limits::FILE_BYTES;
use crate::stack::Source;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Drivers and layers by name.
#[derive(Clone, Debug, Default)]
pub struct Library {
    shipped: BTreeMap<String, Cow<'static, [u8]>>,
}

/// The file in a driver's folder that holds the built driver, so that the folder itself can stand in a stack.
pub const BUILT_DRIVER: &str = "target/driver.wasm";

impl Library {
    /// A library of nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a driver, replacing one of that name.
    pub fn add(&mut self, name: impl Into<String>, wasm: impl Into<Cow<'static, [u8]>>) {
        self.shipped.insert(name.into(), wasm.into());
    }

    /// The names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.shipped.keys().map(String::as_str)
    }

    /// Each driver with its name, in order of names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.shipped.iter().map(|(name, wasm)| (name.as_str(), &**wasm))
    }

    /// The bytes of a component.
    pub fn read(&self, source: &Source) -> Result<Cow<'_, [u8]>, LoadError> {
        match source {
            Source::Name(name) => {
                self.shipped.get(name).map(|wasm| Cow::Borrowed(&**wasm)).ok_or_else(|| {
                    let known: Vec<&str> = self.names().collect();
                    LoadError::UnknownName { name: name.clone(), known: known.join(", ") }
                })
            }
            Source::Path(path) => read_file(path).map(Cow::Owned),
        }
    }
}

fn read_file(path: &Path) -> Result<Vec<u8>, LoadError> {
    let unreadable = |path: PathBuf| {
        move |error: std::io::Error| LoadError::Unreadable { path, problem: error.to_string() }
    };
    let file = if path.is_dir() { path.join(BUILT_DRIVER) } else { path.to_owned() };
    if file != path && !file.exists() {
        return Err(LoadError::NotBuilt { folder: path.to_owned(), expected: file });
    }
    let handle = File::open(&file).map_err(unreadable(file.clone()))?;
    let mut bytes = Vec::new();
    handle.take(FILE_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable(file.clone()))?;
    if bytes.len() as u64 > FILE_BYTES {
        return Err(LoadError::TooLarge { path: file, limit: FILE_BYTES });
    }
    Ok(bytes)
}
