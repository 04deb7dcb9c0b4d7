//! Which of the compilers on this machine can build for WebAssembly, and how.
//!
//! Asked in this order: the compiler an outer cargo uses (`RUSTC`), the one on `PATH`, and the
//! distribution's. A compiler with the target's standard library installed is preferred over one that
//! has to compile the library from source first, which takes about a minute for each new target
//! directory and then is cached there.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::{TARGET, environment};

/// Where a distribution installs its compiler.
const DISTRIBUTION_RUSTC: &str = "/usr/bin/rustc";

/// The oldest compiler that builds the project, as (major, minor).
pub(crate) fn oldest_supported() -> (u32, u32) {
    // The manifest's rust-version, which cargo has checked before it compiles this.
    version(env!("CARGO_PKG_RUST_VERSION")).unwrap_or((1, 0))
}

/// Major and minor of a version such as `1.96.0` or `1.96.0-nightly`.
pub(crate) fn version(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// How the standard library for WebAssembly comes to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StandardLibrary {
    /// It is installed beside the compiler.
    Installed,
    /// It is compiled from the source that is installed beside the compiler.
    FromSource,
}

/// A Rust toolchain that can build drivers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toolchain {
    pub(crate) rustc: PathBuf,
    pub(crate) cargo: PathBuf,
    pub(crate) release: String,
    pub(crate) sysroot: PathBuf,
    pub(crate) standard_library: StandardLibrary,
    /// The linker to name; none when the compiler brings its own.
    pub(crate) linker: Option<PathBuf>,
}

/// No toolchain on this machine can build drivers.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "no Rust toolchain on this machine can build for {TARGET}:{}\n\
     To install what is missing, run `rustup target add {TARGET}`, \
     or `./just setup` in a checkout of novarig.",
    list(.examined)
)]
pub struct DetectError {
    /// What was looked at, and why each will not do. Empty when there is no compiler at all.
    pub examined: Vec<Rejected>,
}

/// A compiler that cannot build drivers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// The compiler.
    pub rustc: PathBuf,
    /// What it lacks, as the end of a sentence that begins with its path.
    pub why: String,
}

fn list(examined: &[Rejected]) -> String {
    if examined.is_empty() {
        return " there is no rustc on PATH or in /usr/bin".to_owned();
    }
    examined.iter().map(|rejected| format!("\n  {} {}", rejected.rustc.display(), rejected.why)).collect()
}

/// What can be known of a compiler by looking at it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Compiler {
    rustc: PathBuf,
    /// The cargo of the same toolchain, else the one on `PATH`.
    cargo: Option<PathBuf>,
    release: String,
    sysroot: PathBuf,
    has_target: bool,
    has_source: bool,
    has_linker: bool,
}

impl Toolchain {
    /// Finds a toolchain that can build drivers.
    ///
    /// # Errors
    /// [`DetectError`] when there is none; its message says what to run.
    pub fn detect() -> Result<Toolchain, DetectError> {
        let linker = linker_of(&sysroots()).or_else(linker_on_path);
        choose(compilers(), linker.as_deref())
    }

    /// Every toolchain here that can build drivers, best first.
    pub fn all() -> Vec<Toolchain> {
        let linker = linker_of(&sysroots()).or_else(linker_on_path);
        judge(compilers(), linker.as_deref()).0
    }

    /// How the standard library for WebAssembly comes to be.
    pub fn standard_library(&self) -> StandardLibrary {
        self.standard_library
    }

    /// One line that says which toolchain this is.
    pub fn describe(&self) -> String {
        self.to_string()
    }
}

impl fmt::Display for Toolchain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = match self.standard_library {
            StandardLibrary::Installed => "standard library installed",
            StandardLibrary::FromSource => "standard library compiled from its source",
        };
        write!(f, "rustc {} in {}, {TARGET} {how}", self.release, self.sysroot.display())
    }
}
