//! Builds every driver beside this file for WebAssembly and writes a list of them: see `src/lib.rs`.
//!
//! A folder is a driver if its `Cargo.toml` makes a `cdylib`. The drivers are built in a target directory of their own
//! (`target/drivers`), where the standard library and the SDK are compiled once, and only again what has changed.

use driver_toolchain::{BuildRequest, Toolchain};
use std::error::Error;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs};

fn main() -> ExitCode {
    match build_drivers() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("the shipped drivers cannot be built: {error}");
            ExitCode::FAILURE
        }
    }
}

fn build_drivers() -> Result<(), Box<dyn Error>> {
    let drivers = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let workspace = drivers.parent().ok_or("drivers/ has no parent")?;
    for input in
        [drivers.clone(), workspace.join("wit"), workspace.join("Cargo.toml"), workspace.join("Cargo.lock")]
    {
        println!("cargo::rerun-if-changed={}", input.display());
    }

    // OUT_DIR is <target>/<profile>/build/<package>/out.
    let target_dir = out.ancestors().nth(4).ok_or("OUT_DIR is not in a target directory")?.join("drivers");
    let toolchain = Toolchain::detect()?;
    let mut shipped = String::new();
    let mut names = String::new();
    for folder in driver_folders(&drivers)? {
        let name = folder
            .file_name()
            .and_then(|name| name.to_str())
            .ok_or("a driver's folder has a strange name")?;
        let request =
            BuildRequest { manifest_dir: &folder, package: None, target_dir: &target_dir, profile: "driver" };
        let wasm = toolchain.build(&request)?;
        // A copy, so that what is embedded cannot change under a compiler that reads it.
        let copy = out.join(format!("{name}.wasm"));
        fs::copy(wasm, &copy)?;
        let path = copy.to_str().ok_or("the target directory's path is not UTF-8")?;
        writeln!(shipped, "    Shipped {{ name: {name:?}, wasm: include_bytes!({path:?}) }},")?;
        writeln!(names, "        $callback!({});", name.replace('-', "_"))?;
    }
    fs::write(
        out.join("shipped.rs"),
        format!(
            "/// Every shipped driver and layer, in order of names.\n\
             pub const SHIPPED: &[Shipped] = &[\n{shipped}];\n\n\
             /// Calls a macro with the name of each shipped driver, as an identifier: `fail_finish_migration`.\n\
             #[macro_export]\n\
             macro_rules! foreach_driver {{\n    ($callback:ident) => {{\n{names}    }};\n}}\n"
        ),
    )?;
    Ok(())
}

/// The folders of drivers, in order of names.
fn driver_folders(drivers: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut folders = Vec::new();
    for entry in fs::read_dir(drivers)? {
        let folder = entry?.path();
        if let Ok(manifest) = fs::read_to_string(folder.join("Cargo.toml"))
            && manifest.contains("\"cdylib\"")
        {
            folders.push(folder);
        }
    }
    folders.sort();
    Ok(folders)
}
