//! `novarig driver new`: a project for a driver, a layer or an oracle, which builds and is tested as it is.

use crate::cli::{Language, NewArguments};
use crate::output::print;
use anyhow::{Context, bail};
use std::path::Path;

/// A file of a project: its path there and its content.
type File = (&'static str, &'static str);

/// What a project in Rust needs of this one, so that it needs no registry for it: the SDK and the contract, by their paths.
const VENDORED: &[File] = include!(concat!(env!("OUT_DIR"), "/vendored.rs"));

/// The part of that which an oracle needs.
const ORACLE_CONTRACT: &str = "wit/oracle-v1.0/";

/// The folder they are in.
const VENDOR: &str = "vendor/novarig";

/// The same for Python: the package `novarig`, with the contract in it.
const VENDORED_PYTHON: &[File] = include!(concat!(env!("OUT_DIR"), "/vendored_python.rs"));

macro_rules! template {
    ($path:literal, $file:literal) => {
        ($path, include_str!(concat!("../../scaffold/", $file, ".template")))
    };
}

// The project's own files. `{name}` and `{Type}` stand for its name and its type's.
const RUST_LAYER: &[File] = &[
    template!("Cargo.toml", "Cargo.toml"),
    template!("README.md", "README.md"),
    template!("src/lib.rs", "lib.rs"),
    template!("scenario.yaml", "scenario.yaml"),
    (".gitignore", "/target\n"),
];
const RUST_DRIVER: &[File] = &[
    template!("Cargo.toml", "Cargo.toml"),
    template!("README.md", "driver/README.md"),
    template!("src/lib.rs", "driver/lib.rs"),
    template!("scenario.yaml", "driver/scenario.yaml"),
    (".gitignore", "/target\n"),
];
const RUST_ORACLE: &[File] = &[
    template!("Cargo.toml", "oracle/Cargo.toml"),
    template!("README.md", "oracle/README.md"),
    template!("src/lib.rs", "oracle/lib.rs"),
    (".gitignore", "/target\n"),
];
const PYTHON_LAYER: &[File] = &[
    template!("README.md", "python/README.md"),
    template!("driver.py", "python/layer.py"),
    template!("test_driver.py", "python/test_layer.py"),
    template!("scenario.yaml", "scenario.yaml"),
    (".gitignore", "/target\n__pycache__/\n"),
];
const PYTHON_DRIVER: &[File] = &[
    template!("README.md", "python/README.md"),
    template!("driver.py", "python/driver.py"),
    template!("test_driver.py", "python/test_driver.py"),
    template!("scenario.yaml", "driver/scenario.yaml"),
    (".gitignore", "/target\n__pycache__/\n"),
];

/// Writes the project.
pub(crate) fn driver_new(arguments: &NewArguments) -> anyhow::Result<bool> {
    let folder = &arguments.path;
    let kind = match (arguments.layer, arguments.oracle) {
        (_, true) => "oracle",
        (true, false) => "layer",
        (false, false) => "driver",
    };
    let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    check_name(name, kind)?;
    if folder.exists() {
        bail!("{} exists already; choose another name, or remove it", folder.display());
    }
    let (templates, vendored, within, code) = match (arguments.lang, arguments.layer) {
        (Language::Rust, _) if arguments.oracle => (RUST_ORACLE, VENDORED, VENDOR, "src/lib.rs"),
        (Language::Python, _) if arguments.oracle => {
            bail!(
                "--lang python: an oracle imports nothing, and a component of Python imports its system; write it in Rust"
            )
        }
        (Language::Rust, true) => (RUST_LAYER, VENDORED, VENDOR, "src/lib.rs"),
        (Language::Rust, false) => (RUST_DRIVER, VENDORED, VENDOR, "src/lib.rs"),
        (Language::Python, true) => (PYTHON_LAYER, VENDORED_PYTHON, "", "driver.py"),
        (Language::Python, false) => (PYTHON_DRIVER, VENDORED_PYTHON, "", "driver.py"),
    };
    let fill = |text: &str| {
        text.replace("{name}", name)
            .replace("{Type}", &type_name(name))
            .replace("{kind}", kind)
            .replace("{stack}", if arguments.layer { "fake+./" } else { "./" })
    };
    for (path, template) in templates {
        write(&folder.join(path), &fill(template))?;
    }
    for (path, content) in vendored {
        if arguments.oracle && !path.starts_with(ORACLE_CONTRACT) {
            continue;
        }
        write(&folder.join(within).join(path), content)?;
    }
    let path = folder.display();
    let in_stack = if path.to_string().contains('/') { path.to_string() } else { format!("./{path}") };
    let stack = if arguments.layer { format!("fake+{in_stack}") } else { in_stack };
    let test = match arguments.lang {
        Language::Rust => format!("cargo test --manifest-path {path}/Cargo.toml"),
        Language::Python => format!("cd {path} && python3 -m unittest"),
    };
    if arguments.oracle {
        print(&format!(
            "made the oracle {name} in {path}: the code is in {path}/{code}\n\
             \n\
             build it:  novarig driver build {path}\n\
             run it:    novarig run resize --oracle {path}\n\
             or:        novarig explore resize --oracle {path}\n\
             test it:   {test}\n"
        ));
        return Ok(true);
    }
    print(&format!(
        "made the {kind} {name} in {path}: the code is in {path}/{code}\n\
         \n\
         build it:  novarig driver build {path}\n\
         run it:    novarig run resize --host host2={stack}\n\
         or:        novarig run {path}/scenario.yaml\n\
         test it:   {test}\n"
    ));
    Ok(true)
}

/// The name becomes a crate's, a driver's and a Rust type's.
fn check_name(name: &str, kind: &str) -> anyhow::Result<()> {
    let plain = name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if plain
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && !name.ends_with('-')
        && !name.contains("--")
    {
        return Ok(());
    }
    bail!(
        "`{name}` cannot be a {kind}'s name: lower case letters, digits and single `-` are expected, a letter first"
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
