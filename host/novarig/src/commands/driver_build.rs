//! `novarig driver build`: a driver's or layer's crate, or its module in Python, becomes the file that stacks name by its folder.

use super::driver_watch::driver_watch;
use crate::cli::BuildArguments;
use crate::output::{print, progress};
use crate::setup::{self, cache_folder};
use anyhow::{Context, anyhow};
use driver_toolchain::python::Python;
use driver_toolchain::{BuildRequest, Toolchain};
use std::path::{Path, PathBuf};
use virt::{BUILT_DRIVER, Kind, Metadata, Source, Stack, StackComponent};

/// Cargo's profile: projects of `novarig driver new` say in their manifest what it means.
const PROFILE: &str = "release";

/// Builds, once or whenever something has changed.
pub(crate) fn driver_build(arguments: &BuildArguments) -> anyhow::Result<bool> {
    if arguments.watch { driver_watch(&arguments.path) } else { build(&arguments.path) }
}

/// Builds, checks against the contract, and says how to run it.
pub(super) fn build(folder: &Path) -> anyhow::Result<bool> {
    let built = folder.join(BUILT_DRIVER);
    if Python::is_project(folder) {
        let tools = cache_folder()
            .context("there is no folder for the tools that build Python: set NOVARIG_CACHE")?;
        progress("building a component of Python, which takes half a minute");
        Python::install(&tools.join("python"), &mut progress)?.build(folder, &built)?;
    } else {
        build_crate(folder, &built)?;
    }
    let bytes = std::fs::metadata(&built).with_context(|| format!("cannot read {}", built.display()))?.len();
    check(folder, &built, bytes)?;
    Ok(true)
}

/// Builds a crate.
fn build_crate(folder: &Path, built: &Path) -> anyhow::Result<()> {
    let toolchain = match Toolchain::detect() {
        Ok(toolchain) => toolchain,
        Err(_) => Toolchain::install(&mut progress).context("nothing here can build for WebAssembly")?,
    };
    let target_dir = target_dir(folder)?;
    let request =
        BuildRequest { manifest_dir: folder, package: None, target_dir: &target_dir, profile: PROFILE };
    let module = toolchain.build(&request)?;
    let copied =
        built.parent().map_or(Ok(()), std::fs::create_dir_all).and_then(|()| std::fs::copy(&module, built));
    copied.with_context(|| format!("cannot write {}", built.display()))?;
    Ok(())
}

/// Where cargo compiles: in the driver's own folder. In a place that several drivers share, cargo takes two of the same
/// name for one, and what it built of the other for up to date.
fn target_dir(folder: &Path) -> anyhow::Result<PathBuf> {
    let target = folder.join("target");
    std::path::absolute(&target).with_context(|| format!("{} is no path", target.display()))
}

/// Puts the driver into a stack as `novarig run` would, which checks it against the contract and compiles what is compiled in
/// seconds.
fn check(folder: &Path, built: &Path, bytes: u64) -> anyhow::Result<()> {
    let wasm = std::fs::read(built).with_context(|| format!("cannot read {}", built.display()))?;
    let Some(metadata) = Metadata::of(&wasm) else {
        let oracle = setup::engine()?.oracle(built).map_err(|_| {
            anyhow!("the module says nothing of itself; export the driver with the SDK's `export_driver!`")
        })?;
        let path = folder.display();
        print(&format!(
            "built an oracle, {}: {}\n  {}, {} KiB\n\nrun it:  novarig explore resize --oracle {path}\n",
            path,
            oracle.statement(),
            built.display(),
            bytes.div_ceil(1024),
        ));
        return Ok(());
    };
    let itself = StackComponent { source: Source::Path(folder.to_owned()), settings: Vec::new() };
    let fake = StackComponent { source: Source::Name("fake".to_owned()), settings: Vec::new() };
    let (kind, components) = match metadata.kind {
        Kind::Driver => ("driver", vec![itself]),
        Kind::Layer => ("layer", vec![fake, itself]),
    };
    let stack = Stack { components };
    let engine = setup::engine()?;
    if Python::is_project(folder) {
        // It is compiled when it first runs, in the stack in which it runs.
        engine.check(&stack, &setup::library())?;
    } else {
        engine.prepare(&stack, &setup::library())?;
    }
    // A path without a `/` would be taken for a name.
    let shown = match stack.to_string() {
        text if folder.to_string_lossy().contains('/') => text,
        text => text.replace(&format!("\"{}\"", folder.display()), &format!("./{}", folder.display())),
    };
    print(&format!(
        "built the {kind} {}: {}\n  {}, {} KiB\n\nrun it:  novarig run resize --host host2={shown}\n",
        metadata.name,
        metadata.summary,
        built.display(),
        bytes.div_ceil(1024),
    ));
    Ok(())
}
