//! What an inner cargo or rustc may see of the environment.
//!
//! A build script, a test run by cargo and clippy all carry variables that describe the outer build:
//! its compiler, wrapper, flags, target directory, the package being built. Handed on, they would make
//! the inner build compile with clippy's driver, link for the wrong target, or wait for a lock that its
//! parent holds. So they go. What says how to reach a registry, where cargo keeps its downloads, and how
//! many jobs may run at once stays.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::Command;

/// Variables of these families say how cargo reaches the world, not what it builds.
const KEPT: [&str; 8] = [
    "CARGO_HOME",
    "CARGO_HTTP_",
    "CARGO_NET_",
    "CARGO_REGISTRIES_",
    "CARGO_REGISTRY_",
    "CARGO_SOURCE_",
    // The outer cargo's job server: inner and outer build together use as many cores as one of them.
    "CARGO_MAKEFLAGS",
    "CARGO_BUILD_JOBS",
];

/// Families of variables that belong to the outer build alone.
const DROPPED_FAMILIES: [&str; 6] = ["CARGO_", "RUSTC", "RUSTDOC", "CLIPPY_", "NEXTEST", "DEP_"];

/// Single variables that belong to the outer build alone.
const DROPPED: [&str; 11] = [
    "CARGO",
    "RUSTFLAGS",
    "TARGET",
    "HOST",
    "PROFILE",
    "OUT_DIR",
    "NUM_JOBS",
    "OPT_LEVEL",
    "DEBUG",
    // Cargo and rustup point these at the libraries of one compiler; the inner one may be another.
    "LD_LIBRARY_PATH",
    "DYLD_FALLBACK_LIBRARY_PATH",
];

/// Whether the variable called `name` describes an outer build and must not reach an inner one.
fn belongs_to_outer_build(name: &str) -> bool {
    if KEPT.iter().any(|kept| name.starts_with(kept)) {
        return false;
    }
    DROPPED.contains(&name) || DROPPED_FAMILIES.iter().any(|family| name.starts_with(family))
}

/// The variables among `present` that an inner build must not inherit.
fn to_remove(present: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    present.into_iter().filter(|name| name.to_str().is_some_and(belongs_to_outer_build)).collect()
}

/// A command that inherits the environment without what an outer cargo set for itself.
pub(crate) fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    for name in to_remove(std::env::vars_os().map(|(name, _)| name)) {
        command.env_remove(name);
    }
    command
}

/// The program called `name` in the first directory of `PATH` that has it.
pub(crate) fn on_path(name: &str) -> Option<std::path::PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join(name)).find(|program| is_program(program))
}

fn is_program(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        path.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
    }
    #[cfg(not(unix))]
    {
        path.is_file()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn removed(names: &[&str]) -> Vec<String> {
        to_remove(names.iter().map(OsString::from))
            .into_iter()
            .filter_map(|name| name.into_string().ok())
            .collect()
    }

    #[test]
    fn what_describes_the_outer_build_is_removed() {
        let outer = [
            "CARGO",
            "CARGO_ENCODED_RUSTFLAGS",
            "CARGO_MANIFEST_DIR",
            "CARGO_PKG_NAME",
            "CARGO_TARGET_DIR",
            "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS",
            "CARGO_BUILD_TARGET",
            "RUSTC",
            "RUSTC_WRAPPER",
            "RUSTC_WORKSPACE_WRAPPER",
            "RUSTC_BOOTSTRAP",
            "RUSTFLAGS",
            "TARGET",
            "PROFILE",
            "OUT_DIR",
            "LD_LIBRARY_PATH",
        ];
        assert_eq!(removed(&outer), outer);
    }

    #[test]
    fn what_leads_to_registries_and_bounds_the_work_stays() {
        let kept = [
            "PATH",
            "HOME",
            "CARGO_HOME",
            "CARGO_HTTP_PROXY",
            "CARGO_NET_OFFLINE",
            "CARGO_REGISTRIES_CRATES_IO_PROTOCOL",
            "CARGO_MAKEFLAGS",
            "CARGO_BUILD_JOBS",
            "RUSTUP_HOME",
            "RUSTUP_TOOLCHAIN",
            "https_proxy",
            "TARGET_MACHINE",
        ];
        assert_eq!(removed(&kept), [""; 0]);
    }
}
