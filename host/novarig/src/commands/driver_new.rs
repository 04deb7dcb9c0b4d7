//! `novarig driver new`: a project for a fault layer, which builds and is tested as it is.

use crate::cli::NewArguments;
use crate::output::print;
use anyhow::{Context, bail};
use std::path::Path;

/// What the project needs of this one, so that it needs no registry for it: the SDK and the contract, by their paths.
const VENDORED: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/vendored.rs"));

/// The folder they are in.
const VENDOR: &str = "vendor/novarig";

/// The project's own files. `{name}` and `{Type}` stand for the layer's name and its Rust type.
const TEMPLATES: &[(&str, &str)] = &[
    ("Cargo.toml", include_str!("../../scaffold/Cargo.toml.template")),
    ("README.md", include_str!("../../scaffold/README.md.template")),
    ("src/lib.rs", include_str!("../../scaffold/lib.rs.template")),
    ("scenario.yaml", include_str!("../../scaffold/scenario.yaml.template")),
    (".gitignore", "/target\n"),
];

/// Writes the project.
pub(crate) fn driver_new(arguments: &NewArguments) -> anyhow::Result<bool> {
    let folder = &arguments.path;
    let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    check_name(name)?;
    if folder.exists() {
        bail!("{} exists already; choose another name, or remove it", folder.display());
    }
    let fill = |text: &str| text.replace("{name}", name).replace("{Type}", &type_name(name));
    for (path, template) in TEMPLATES {
        write(&folder.join(path), &fill(template))?;
    }
    for (path, content) in VENDORED {
        write(&folder.join(VENDOR).join(path), content)?;
    }
    let path = folder.display();
    let in_stack = if path.to_string().contains('/') { path.to_string() } else { format!("./{path}") };
    print(&format!(
        "made the layer {name} in {path}: the code is in {path}/src/lib.rs\n\
         \n\
         build it:  novarig driver build {path}\n\
         run it:    novarig run resize --host host2=fake+{in_stack}\n\
         or:        novarig run {path}/scenario.yaml\n\
         test it:   cargo test --manifest-path {path}/Cargo.toml\n"
    ));
    Ok(true)
}

/// The name becomes a crate's, a driver's and a Rust type's.
fn check_name(name: &str) -> anyhow::Result<()> {
    let plain = name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if plain
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && !name.ends_with('-')
        && !name.contains("--")
    {
        return Ok(());
    }
    bail!(
        "`{name}` cannot be a layer's name: lower case letters, digits and single `-` are expected, a letter first"
    )
}

/// `slow-boot` as `SlowBoot`.
fn type_name(name: &str) -> String {
    let capital = |part: &str| {
        let mut letters = part.chars();
        letters
            .next()
            .map(|first| first.to_ascii_uppercase().to_string() + letters.as_str())
            .unwrap_or_default()
    };
    name.split('-').map(capital).collect()
}

fn write(path: &Path, content: &str) -> anyhow::Result<()> {
    let written =
        path.parent().map_or(Ok(()), std::fs::create_dir_all).and_then(|()| std::fs::write(path, content));
    written.with_context(|| format!("cannot write {}", path.display()))
}
