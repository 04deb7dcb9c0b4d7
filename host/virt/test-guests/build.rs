//! Builds the guests for WebAssembly, where the shipped drivers are built too.

use driver_toolchain::{BuildRequest, Toolchain};
use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;
use std::{env, fs};

fn main() -> ExitCode {
    match build() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("the test guests cannot be built: {error}");
            ExitCode::FAILURE
        }
    }
}

fn build() -> Result<(), Box<dyn Error>> {
    let here = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let workspace = here.ancestors().nth(3).ok_or("not in the workspace")?;
    for input in ["drivers/sdk", "wit", "Cargo.toml", "Cargo.lock", "host/virt/test-guests"] {
        println!("cargo::rerun-if-changed={}", workspace.join(input).display());
    }
    // OUT_DIR is <target>/<profile>/build/<package>/out.
    let target_dir = out.ancestors().nth(4).ok_or("OUT_DIR is not in a target directory")?.join("drivers");
    let toolchain = Toolchain::detect()?;
    for guest in ["unruly", "echo", "mirror", "old-driver", "old-layer", "oracle"] {
        let folder = here.join(guest);
        let request =
            BuildRequest { manifest_dir: &folder, package: None, target_dir: &target_dir, profile: "driver" };
        fs::copy(toolchain.build(&request)?, out.join(format!("{guest}.wasm")))?;
    }
    Ok(())
}
