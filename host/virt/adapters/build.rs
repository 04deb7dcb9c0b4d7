//! Builds the adapters for WebAssembly, where the shipped drivers are built too.

use driver_toolchain::{BuildRequest, Toolchain};
use std::error::Error;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;
use std::process::ExitCode;
use std::{env, fs};

fn main() -> ExitCode {
    match build() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("the adapters cannot be built: {error}");
            ExitCode::FAILURE
        }
    }
}

fn build() -> Result<(), Box<dyn Error>> {
    let here = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let workspace = here.ancestors().nth(3).ok_or("not in the workspace")?;
    for input in ["drivers/sdk", "wit", "Cargo.toml", "Cargo.lock", "host/virt/adapters"] {
        println!("cargo::rerun-if-changed={}", workspace.join(input).display());
    }
    // OUT_DIR is <target>/<profile>/build/<package>/out.
    let target_dir = out.ancestors().nth(4).ok_or("OUT_DIR is not in a target directory")?.join("drivers");
    let toolchain = Toolchain::detect()?;
    let mut fingerprint = DefaultHasher::new();
    for adapter in ["driver-v0-1", "layer-v0-1", "below-layer-v0-1"] {
        let folder = here.join(adapter);
        let request =
            BuildRequest { manifest_dir: &folder, package: None, target_dir: &target_dir, profile: "driver" };
        let module = fs::read(toolchain.build(&request)?)?;
        module.hash(&mut fingerprint);
        fs::write(out.join(format!("{adapter}.wasm")), module)?;
    }
    fs::write(out.join("fingerprint.rs"), fingerprint.finish().to_string())?;
    Ok(())
}
