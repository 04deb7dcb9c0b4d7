//! Embeds what `novarig driver new` writes beside a new driver: the SDK and the contract.
//!
//! The SDK's manifests take versions and dependencies from this workspace; the copies have them written out.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("../..").canonicalize()?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let workspace = fs::read_to_string(root.join("Cargo.toml"))?;
    println!("cargo::rerun-if-changed={}", root.join("Cargo.toml").display());
    let mut files = Vec::new();
    for folder in ["drivers/sdk", "wit"] {
        collect(&root, Path::new(folder), &mut files)?;
    }
    files.sort();
    let mut list = Vec::new();
    for (number, file) in files.into_iter().enumerate() {
        let mut source = root.join(&file);
        if file.ends_with("Cargo.toml") {
            let manifest = write_out(&fs::read_to_string(&source)?, &workspace)?;
            source = out.join(format!("manifest-{number}.toml"));
            fs::write(&source, manifest)?;
        }
        list.push((file, source));
    }
    write_list(&out.join("vendored.rs"), &list)?;

    // In a project in Python the SDK is a package beside the driver, with the contract in it.
    let mut list = Vec::new();
    for (folder, within, place) in
        [("drivers/sdk-python/novarig", "drivers/sdk-python", ""), ("wit/v1.0", "wit", "novarig/wit")]
    {
        let mut files = Vec::new();
        collect(&root, Path::new(folder), &mut files)?;
        files.sort();
        for file in files {
            list.push((Path::new(place).join(file.strip_prefix(within)?), root.join(&file)));
        }
    }
    write_list(&out.join("vendored_python.rs"), &list)?;
    Ok(())
}

/// Writes an expression: where each file goes, and what is in it.
fn write_list(to: &Path, files: &[(PathBuf, PathBuf)]) -> std::io::Result<()> {
    let mut list = String::from("&[\n");
    for (place, source) in files {
        list.push_str(&format!("    ({:?}, include_str!({:?})),\n", place.display().to_string(), source));
    }
    list.push_str("]\n");
    fs::write(to, list)
}

/// The files in a folder of the workspace, as paths from its root.
fn collect(root: &Path, folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={}", root.join(folder).display());
    for entry in fs::read_dir(root.join(folder))? {
        let entry = entry?;
        let path = folder.join(entry.file_name());
        if entry.file_name() == "__pycache__" {
            // Python's own.
        } else if entry.file_type()?.is_dir() {
            collect(root, &path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

/// A manifest that stands alone: `KEY.workspace = true` is replaced by what the workspace says of the key, and the
/// workspace's lints are left out.
fn write_out(manifest: &str, workspace: &str) -> Result<String, Box<dyn Error>> {
    let mut lines = Vec::new();
    let mut section = "";
    for line in manifest.lines() {
        if line.starts_with('[') {
            section = line;
        }
        if section == "[lints]" {
            continue;
        }
        match line.strip_suffix(".workspace = true") {
            None => lines.push(line.to_owned()),
            Some(key) => {
                let table =
                    if section == "[package]" { "[workspace.package]" } else { "[workspace.dependencies]" };
                let value = value_of(workspace, table, key)
                    .ok_or_else(|| format!("{table} has no line `{key} = …`"))?;
                lines.push(format!("{key} = {value}"));
            }
        }
    }
    Ok(lines.join("\n").trim_end().to_owned() + "\n")
}

/// What stands after `KEY = ` in a table; values are on one line there.
fn value_of<'a>(manifest: &'a str, table: &str, key: &str) -> Option<&'a str> {
    let mut lines =
        manifest.lines().skip_while(|line| *line != table).skip(1).take_while(|line| !line.starts_with('['));
    lines.find_map(|line| line.strip_prefix(key)?.strip_prefix(" = "))
}
