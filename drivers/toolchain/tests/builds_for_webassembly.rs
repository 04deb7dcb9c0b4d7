//! Real builds with every toolchain of this machine that can do them.
//!
//! The crate built here has no dependencies but the standard library, so that what is shown is the way to
//! that library: installed, or compiled from source.

use std::path::Path;
use std::{fs, io};

use driver_toolchain::{BuildError, BuildRequest, Toolchain};

const MANIFEST: &str = "\
[package]
name = \"two-words\"
version = \"0.1.0\"
edition = \"2024\"

[lib]
crate-type = [\"CRATE_TYPE\"]

[workspace]
";

/// Uses the standard library, not only `core`.
const LIBRARY: &str = "\
#[unsafe(no_mangle)]
pub extern \"C\" fn length(n: u32) -> u32 {
    let words: Vec<String> = (0..n).map(|i| i.to_string()).collect();
    words.concat().len() as u32
}
";

fn write_crate(dir: &Path, crate_type: &str, library: &str) -> io::Result<()> {
    fs::create_dir_all(dir.join("src"))?;
    fs::write(dir.join("Cargo.toml"), MANIFEST.replace("CRATE_TYPE", crate_type))?;
    fs::write(dir.join("src/lib.rs"), library)
}

fn request<'a>(manifest_dir: &'a Path, target_dir: &'a Path) -> BuildRequest<'a> {
    BuildRequest { manifest_dir, package: None, target_dir, profile: "dev" }
}

#[test]
fn each_toolchain_here_builds_a_module() {
    let toolchains = Toolchain::all();
    assert!(!toolchains.is_empty(), "{}", Toolchain::detect().unwrap_err());
    for toolchain in toolchains {
        let dir = tempfile::tempdir().unwrap();
        write_crate(dir.path(), "cdylib", LIBRARY).unwrap();
        // One directory for all runs of the test: the standard library is compiled from source only once.
        let target_dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("modules");
        let module = toolchain
            .build(&request(dir.path(), &target_dir))
            .unwrap_or_else(|error| panic!("{}: {error}", toolchain.describe()));
        assert_eq!(module.file_name().unwrap(), "two_words.wasm");
        assert_eq!(&fs::read(module).unwrap()[..4], b"\0asm", "{}", toolchain.describe());
    }
}

#[test]
fn a_crate_that_does_not_compile_gives_the_compilers_message() {
    let dir = tempfile::tempdir().unwrap();
    write_crate(dir.path(), "cdylib", "pub fn length() -> u32 { \"three\" }").unwrap();
    let error =
        Toolchain::detect().unwrap().build(&request(dir.path(), &dir.path().join("out"))).unwrap_err();
    let BuildError::Failed { diagnostics, .. } = error else { panic!("{error}") };
    assert!(diagnostics.contains("mismatched types"), "{diagnostics}");
    assert!(diagnostics.contains("src/lib.rs:1:"), "{diagnostics}");
}

#[test]
fn a_crate_that_is_no_webassembly_library_says_what_its_manifest_needs() {
    let dir = tempfile::tempdir().unwrap();
    write_crate(dir.path(), "rlib", LIBRARY).unwrap();
    let error =
        Toolchain::detect().unwrap().build(&request(dir.path(), &dir.path().join("out"))).unwrap_err();
    assert!(error.to_string().contains("crate-type = [\"cdylib\"]"), "{error}");
}

#[test]
fn a_directory_without_a_crate_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let error = Toolchain::detect().unwrap().build(&request(dir.path(), dir.path())).unwrap_err();
    assert!(error.to_string().starts_with(&format!("there is no Cargo.toml in {}", dir.path().display())));
}
