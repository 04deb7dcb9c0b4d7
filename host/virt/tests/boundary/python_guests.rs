//! Components of Python for tests and benchmarks. They are built once, and again when what they are made of changes.

use driver_toolchain::python::Python;
use std::fs;
use std::path::{Path, PathBuf};

/// Where the building tool and what it has built are kept.
fn kept() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("novarig-cache/python")
}

/// A component made of a driver's or layer's code.
pub(crate) fn component(name: &str, code: &str) -> Vec<u8> {
    let project = kept().join("guests").join(name);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut sources = vec![("driver.py".to_owned(), code.as_bytes().to_vec())];
    for (from, to) in [("drivers/sdk-python/novarig", "novarig"), ("wit/v1.0", "novarig/wit/v1.0")] {
        for entry in fs::read_dir(root.join(from)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                let file = path.file_name().unwrap().to_str().unwrap();
                sources.push((format!("{to}/{file}"), fs::read(&path).unwrap()));
            }
        }
    }
    let built = project.join("target/driver.wasm");
    let same =
        |(file, content): &(String, Vec<u8>)| fs::read(project.join(file)).is_ok_and(|is| is == *content);
    if !(built.exists() && sources.iter().all(same)) {
        let _ = fs::remove_dir_all(&project);
        for (file, content) in sources {
            let path = project.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        let python = Python::install(&kept(), &mut |_| {}).unwrap_or_else(|error| panic!("{error}"));
        python.build(&project, &built).unwrap_or_else(|error| panic!("{error}"));
    }
    fs::read(built).unwrap()
}

/// The layer that does what the name of the server says.
pub(crate) fn layer() -> Vec<u8> {
    component("snake", include_str!("../../test-guests/python/layer.py"))
}

/// The driver that `novarig driver new --lang python` writes.
pub(crate) fn driver() -> Vec<u8> {
    let template = include_str!("../../../novarig/scaffold/python/driver.py.template");
    component("small", &template.replace("{name}", "small").replace("{Type}", "Small"))
}
