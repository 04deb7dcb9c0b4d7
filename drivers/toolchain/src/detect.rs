//! Which of the compilers on this machine can build for WebAssembly, and how.
//!
//! Asked in this order: the compiler an outer cargo uses (`RUSTC`), the one on `PATH`, and the
//! distribution's. A compiler with the target's standard library installed is preferred over one that
//! has to compile the library from source first, which takes about a minute for each new target
//! directory and then is cached there.

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
    /// The WebAssembly linker that came with it.
    linker: Option<PathBuf>,
}

impl Toolchain {
    /// Finds the best toolchain that can build drivers.
    ///
    /// # Errors
    /// [`DetectError`] when there is none; its message says what to run.
    pub fn detect() -> Result<Toolchain, DetectError> {
        let (usable, examined) = judge(&compilers(), linker_on_path().as_deref());
        usable.into_iter().next().ok_or(DetectError { examined })
    }

    /// Every toolchain here that can build drivers, best first.
    pub fn all() -> Vec<Toolchain> {
        judge(&compilers(), linker_on_path().as_deref()).0
    }

    /// How the standard library for WebAssembly comes to be.
    pub fn standard_library(&self) -> StandardLibrary {
        self.standard_library
    }

    /// One line that says which toolchain this is.
    pub fn describe(&self) -> String {
        let how = match self.standard_library {
            StandardLibrary::Installed => "standard library installed",
            StandardLibrary::FromSource => "standard library compiled from its source",
        };
        format!("rustc {} in {}, {TARGET} {how}", self.release, self.sysroot.display())
    }
}

/// Divides compilers into those that can build drivers, best first, and the rest. A compiler without a
/// linker of its own borrows another's, or else uses `linker_on_path`.
fn judge(compilers: &[Compiler], linker_on_path: Option<&Path>) -> (Vec<Toolchain>, Vec<Rejected>) {
    let borrowed = compilers.iter().find_map(|compiler| compiler.linker.as_deref()).or(linker_on_path);
    let mut usable = Vec::new();
    let mut rejected = Vec::new();
    for compiler in compilers {
        match usable_as(compiler, borrowed) {
            Ok(toolchain) => usable.push(toolchain),
            Err(why) => rejected.push(Rejected { rustc: compiler.rustc.clone(), why }),
        }
    }
    // A stable sort: among equals, the order in which they were asked.
    usable.sort_by_key(|toolchain| match toolchain.standard_library {
        StandardLibrary::Installed => 0,
        StandardLibrary::FromSource => 1,
    });
    (usable, rejected)
}

fn usable_as(compiler: &Compiler, borrowed_linker: Option<&Path>) -> Result<Toolchain, String> {
    let (major, minor) = oldest_supported();
    if version(&compiler.release).is_none_or(|release| release < (major, minor)) {
        return Err(format!("is version {}, older than {major}.{minor}", compiler.release));
    }
    let standard_library = match (compiler.has_target, compiler.has_source) {
        (true, _) => StandardLibrary::Installed,
        (false, true) => StandardLibrary::FromSource,
        (false, false) => {
            return Err(format!("has neither the standard library for {TARGET} nor its source (rust-src)"));
        }
    };
    let cargo = compiler.cargo.clone().ok_or("comes without cargo")?;
    let linker = match (&compiler.linker, borrowed_linker) {
        (Some(_), _) => None,
        (None, Some(borrowed)) => Some(borrowed.to_owned()),
        (None, None) => return Err("has no linker for WebAssembly (rust-lld)".to_owned()),
    };
    Ok(Toolchain {
        rustc: compiler.rustc.clone(),
        cargo,
        release: compiler.release.clone(),
        sysroot: compiler.sysroot.clone(),
        standard_library,
        linker,
    })
}

/// The compilers on this machine, each once.
fn compilers() -> Vec<Compiler> {
    let outer = std::env::var_os("RUSTC").map(PathBuf::from);
    let asked = [outer, Some(PathBuf::from("rustc")), Some(PathBuf::from(DISTRIBUTION_RUSTC))];
    let mut found: Vec<Compiler> = Vec::new();
    for compiler in asked.into_iter().flatten().filter_map(|rustc| look_at(&rustc)) {
        if !found.iter().any(|known| known.sysroot == compiler.sysroot) {
            found.push(compiler);
        }
    }
    found
}

/// What `rustc` is; nothing when it does not run.
fn look_at(rustc: &Path) -> Option<Compiler> {
    let sysroot = PathBuf::from(ask(rustc, &["--print", "sysroot"])?.trim());
    let verbose_version = ask(rustc, &["-vV"])?;
    let host = field(&verbose_version, "host")?;
    let release = field(&verbose_version, "release")?.to_owned();
    let libraries = sysroot.join("lib/rustlib");
    // The compiler itself rather than rustup's stand-in for it, so that the two of them agree on the
    // toolchain whatever directory or variable rustup would go by.
    let own = |name: &str| Some(sysroot.join("bin").join(name)).filter(|program| program.is_file());
    Some(Compiler {
        rustc: own("rustc").unwrap_or_else(|| rustc.to_owned()),
        cargo: own("cargo").or_else(|| environment::on_path("cargo")),
        has_target: libraries.join(TARGET).join("lib").is_dir(),
        has_source: libraries.join("src/rust/library/Cargo.lock").is_file(),
        linker: Some(libraries.join(host).join("bin/rust-lld")).filter(|linker| linker.is_file()),
        release,
        sysroot,
    })
}

fn ask(rustc: &Path, arguments: &[&str]) -> Option<String> {
    let output = environment::command(rustc).args(arguments).output().ok()?;
    if !output.status.success() {
        return None;
    }
    String::from_utf8(output.stdout).ok()
}

/// The value of a line `name: value` in what `rustc -vV` prints.
fn field<'a>(verbose_version: &'a str, name: &str) -> Option<&'a str> {
    verbose_version.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

/// A WebAssembly linker on `PATH`, by the names that the compiler knows how to call; the last is what
/// Debian's `lld-22` installs.
fn linker_on_path() -> Option<PathBuf> {
    ["rust-lld", "wasm-ld", "lld", "wasm-ld-22"].into_iter().find_map(environment::on_path)
}

/// Whether there is a linker for WebAssembly, with a compiler or on `PATH`.
pub(crate) fn has_linker() -> bool {
    compilers().iter().any(|compiler| compiler.linker.is_some()) || linker_on_path().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compiler(sysroot: &str) -> Compiler {
        Compiler {
            rustc: format!("{sysroot}/bin/rustc").into(),
            cargo: Some(format!("{sysroot}/bin/cargo").into()),
            release: "1.96.0".to_owned(),
            sysroot: sysroot.into(),
            has_target: false,
            has_source: false,
            linker: None,
        }
    }

    fn rustup() -> Compiler {
        Compiler { linker: Some("/rustup/lib/rust-lld".into()), ..compiler("/rustup") }
    }

    fn distribution() -> Compiler {
        Compiler { has_source: true, ..compiler("/usr") }
    }

    fn why_not(compiler: Compiler) -> String {
        judge(&[compiler], None).1.remove(0).why
    }

    #[test]
    fn an_installed_standard_library_is_preferred_over_its_source() {
        let with_target = Compiler { has_target: true, ..rustup() };
        let (usable, rejected) = judge(&[distribution(), with_target], None);
        let sysroots: Vec<_> = usable.iter().map(|toolchain| toolchain.sysroot.to_str()).collect();
        assert_eq!(sysroots, [Some("/rustup"), Some("/usr")]);
        assert_eq!(usable[0].standard_library, StandardLibrary::Installed);
        assert_eq!(rejected, []);
    }

    #[test]
    fn the_distributions_compiler_borrows_rustups_linker() {
        let (usable, rejected) = judge(&[rustup(), distribution()], Some(Path::new("/usr/bin/lld")));
        assert_eq!(usable.len(), 1);
        assert_eq!(usable[0].sysroot, Path::new("/usr"));
        assert_eq!(usable[0].standard_library, StandardLibrary::FromSource);
        assert_eq!(usable[0].linker.as_deref(), Some(Path::new("/rustup/lib/rust-lld")));
        assert_eq!(rejected[0].rustc, Path::new("/rustup/bin/rustc"));
    }

    #[test]
    fn a_linker_on_path_serves_where_no_compiler_has_one() {
        let (usable, _) = judge(&[distribution()], Some(Path::new("/usr/bin/wasm-ld")));
        assert_eq!(usable[0].linker.as_deref(), Some(Path::new("/usr/bin/wasm-ld")));
    }

    #[test]
    fn a_compiler_with_its_own_linker_names_none() {
        let (usable, _) = judge(&[Compiler { has_target: true, ..rustup() }], None);
        assert_eq!(usable[0].linker, None);
    }

    #[test]
    fn each_lack_is_named() {
        assert!(why_not(rustup()).contains("neither the standard library"));
        assert_eq!(why_not(distribution()), "has no linker for WebAssembly (rust-lld)");
        assert_eq!(why_not(Compiler { cargo: None, ..distribution() }), "comes without cargo");
        assert!(
            why_not(Compiler { release: "1.85.0".to_owned(), ..distribution() }).contains("1.85.0, older")
        );
    }

    #[test]
    fn versions_are_compared_as_numbers() {
        assert_eq!(version("1.96.0-nightly"), Some((1, 96)));
        assert!(version("1.100.0") > version("1.96.0"));
        assert_eq!(version("unknown"), None);
    }

    #[test]
    fn the_error_names_what_was_examined_and_what_to_run() {
        let (_, examined) = judge(&[rustup()], None);
        let message = DetectError { examined }.to_string();
        assert!(message.contains("/rustup/bin/rustc has neither"), "{message}");
        assert!(message.contains("rustup target add wasm32-unknown-unknown"), "{message}");
        assert!(message.contains("./just setup"), "{message}");
        assert!(DetectError { examined: vec![] }.to_string().contains("there is no rustc"));
    }

    #[test]
    fn the_compiler_of_this_build_is_seen() {
        let seen = compilers();
        assert!(!seen.is_empty());
        assert!(seen.iter().all(|compiler| compiler.rustc.is_file()), "{seen:?}");
    }
}
