//! One build of one crate, and what comes of it.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::detect::{StandardLibrary, Toolchain};
use crate::{TARGET, artifact, environment};

/// A crate to build for WebAssembly.
#[derive(Debug, Clone, Copy)]
pub struct BuildRequest<'a> {
    /// The directory of the crate's, or its workspace's, `Cargo.toml`.
    pub manifest_dir: &'a Path,
    /// Which package of the workspace; none for the crate at `manifest_dir` itself.
    pub package: Option<&'a str>,
    /// Where cargo keeps what it has compiled. In a build script it must not be the target directory of
    /// the outer build, whose lock is held. Builds that share one also share the standard library, if
    /// that has to be compiled.
    pub target_dir: &'a Path,
    /// The cargo profile, such as `release`.
    pub profile: &'a str,
}

/// A driver could not be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// There is no crate in the directory.
    #[error("there is no Cargo.toml in {}: {source}", .manifest_dir.display())]
    NoManifest {
        /// The directory that was asked for.
        manifest_dir: PathBuf,
        /// Why the manifest cannot be used.
        source: io::Error,
    },
    /// Cargo did not start.
    #[error("could not run {}: {source}", .cargo.display())]
    Cargo {
        /// The program.
        cargo: PathBuf,
        /// Why it did not start.
        source: io::Error,
    },
    /// The crate does not compile.
    #[error("{what} did not build for {TARGET}:\n{diagnostics}")]
    Failed {
        /// The package, or the crate's directory.
        what: String,
        /// What cargo and the compiler said, as they would in a terminal without colours.
        diagnostics: String,
    },
    /// The crate compiles but is no WebAssembly library.
    #[error(
        "{what} was built but is no WebAssembly library: \
         its Cargo.toml needs `crate-type = [\"cdylib\"]` under `[lib]`"
    )]
    NoLibrary {
        /// The package, or the crate's directory.
        what: String,
    },
}

impl Toolchain {
    /// Builds a crate for WebAssembly and says where the module is. What is up to date is not built again.
    ///
    /// # Errors
    /// [`BuildError`], with the compiler's messages when the crate does not compile.
    pub fn build(&self, request: &BuildRequest<'_>) -> Result<PathBuf, BuildError> {
        let manifest = request.manifest_dir.join("Cargo.toml").canonicalize().map_err(|source| {
            BuildError::NoManifest { manifest_dir: request.manifest_dir.to_owned(), source }
        })?;
        let output = self
            .command(request, &manifest)
            .output()
            .map_err(|source| BuildError::Cargo { cargo: self.cargo.clone(), source })?;
        let what = match request.package {
            Some(package) => package.to_owned(),
            None => request.manifest_dir.display().to_string(),
        };
        if !output.status.success() {
            let diagnostics = String::from_utf8_lossy(&output.stderr).trim_end().to_owned();
            return Err(BuildError::Failed { what, diagnostics });
        }
        let artifacts = artifact::wasm_artifacts(&String::from_utf8_lossy(&output.stdout));
        artifact::requested(artifacts, request.package, &manifest).ok_or(BuildError::NoLibrary { what })
    }

    /// The cargo command that builds `request`; `manifest` is its `Cargo.toml` as an absolute path.
    fn command(&self, request: &BuildRequest<'_>, manifest: &Path) -> Command {
        let mut command = environment::command(&self.cargo);
        command.args(["build", "--lib", "--color=never", "--message-format=json-render-diagnostics"]);
        command.args(["--target", TARGET, "--profile", request.profile]);
        command.arg("--manifest-path").arg(manifest);
        command.arg("--target-dir").arg(request.target_dir);
        if let Some(package) = request.package {
            command.args(["--package", package]);
        }
        if self.standard_library == StandardLibrary::FromSource {
            command.arg("-Zbuild-std=std,panic_abort");
            // A stable compiler builds its own standard library only when told that this is meant.
            command.env("RUSTC_BOOTSTRAP", "1");
        }
        if let Some(linker) = &self.linker {
            command.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
        }
        command.env("RUSTC", &self.rustc);
        command
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn toolchain(standard_library: StandardLibrary, linker: Option<&str>) -> Toolchain {
        Toolchain {
            rustc: "/tools/bin/rustc".into(),
            cargo: "/tools/bin/cargo".into(),
            release: "1.96.0".to_owned(),
            sysroot: "/tools".into(),
            standard_library,
            linker: linker.map(PathBuf::from),
        }
    }

    fn command(toolchain: &Toolchain, package: Option<&str>) -> (String, BTreeMap<String, String>) {
        let request = BuildRequest {
            manifest_dir: Path::new("/src"),
            package,
            target_dir: Path::new("/out"),
            profile: "driver",
        };
        let command = toolchain.command(&request, Path::new("/src/Cargo.toml"));
        let words = std::iter::once(command.get_program()).chain(command.get_args());
        let line: Vec<_> = words.map(|word| word.to_string_lossy()).collect();
        let set = command.get_envs().filter_map(|(name, value)| {
            Some((name.to_string_lossy().into_owned(), value?.to_string_lossy().into_owned()))
        });
        (line.join(" "), set.collect())
    }

    #[test]
    fn an_installed_standard_library_needs_nothing_special() {
        let (line, set) = command(&toolchain(StandardLibrary::Installed, None), None);
        assert_eq!(
            line,
            "/tools/bin/cargo build --lib --color=never --message-format=json-render-diagnostics \
             --target wasm32-unknown-unknown --profile driver --manifest-path /src/Cargo.toml --target-dir /out"
        );
        assert_eq!(set, BTreeMap::from([("RUSTC".to_owned(), "/tools/bin/rustc".to_owned())]));
    }

    #[test]
    fn a_standard_library_from_source_is_built_with_a_borrowed_linker() {
        let from_source = toolchain(StandardLibrary::FromSource, Some("/rustup/rust-lld"));
        let (line, set) = command(&from_source, Some("novarig-fake"));
        assert!(line.ends_with("--package novarig-fake -Zbuild-std=std,panic_abort"), "{line}");
        assert_eq!(set.get("RUSTC_BOOTSTRAP").map(String::as_str), Some("1"));
        assert_eq!(
            set.get("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER").map(String::as_str),
            Some("/rustup/rust-lld")
        );
    }
}
