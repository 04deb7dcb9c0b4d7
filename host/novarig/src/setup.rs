//! What every run needs: the engine with its cache, and the shipped drivers by name.

use anyhow::Context;
use std::path::PathBuf;
use virt::{Engine, Library};

/// The user's folder for what can be made again: `NOVARIG_CACHE`, else `novarig` in `XDG_CACHE_HOME` or `~/.cache`. None
/// when it cannot be written.
pub(crate) fn cache_folder() -> Option<PathBuf> {
    let from = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let folder = from("NOVARIG_CACHE")
        .or_else(|| from("XDG_CACHE_HOME").filter(|path| path.is_absolute()).map(|path| path.join("novarig")))
        .or_else(|| from("HOME").map(|home| home.join(".cache/novarig")))?;
    make_private(&folder).ok()?;
    Some(folder)
}

/// Makes a folder that only its owner can write to: compiled code in it is run.
fn make_private(folder: &std::path::Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(folder)
}

/// The engine, with compiled code in the user's cache.
pub(crate) fn engine() -> anyhow::Result<Engine> {
    Engine::new(code_folder()).context("the engine cannot be set up")
}

/// The engine of runs of scenarios, one or thousands.
pub(crate) fn engine_for_short_runs() -> anyhow::Result<Engine> {
    Engine::for_short_runs(code_folder()).context("the engine cannot be set up")
}

fn code_folder() -> Option<PathBuf> {
    Some(cache_folder()?.join("code"))
}

/// The shipped drivers and layers.
pub(crate) fn library() -> Library {
    let mut library = Library::new();
    for shipped in drivers::SHIPPED {
        library.add(shipped.name, shipped.wasm);
    }
    library
}
