//! What cannot be loaded, and what the user is told: which driver, what it has, what is expected, what to do.

use crate::common::library;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use virt::{Engine, Library, LoadError, Stack};
use wit_parser::{PackageId, Resolve, SourceMap};

/// The message for a stack that cannot be loaded.
fn refusal(stack: &str, library: &Library) -> String {
    let engine = Engine::new(None).unwrap();
    engine.prepare(&stack.parse().unwrap(), library).unwrap_err().to_string()
}

/// The message for a driver of these bytes.
fn refusal_of(bytes: Vec<u8>) -> String {
    let mut library = Library::new();
    library.add("odd", bytes);
    refusal("odd", &library)
}

/// A module without code that says of itself that it follows the contract, changed by `change`.
fn described(world: &str, change: impl Fn(&str, String) -> String) -> Vec<u8> {
    let (resolve, package) = contract(change);
    let world = resolve.packages[package].worlds[world];
    let mut module = b"\0asm\x01\0\0\0".to_vec();
    wit_component::embed_component_metadata(
        &mut module,
        &resolve,
        world,
        wit_component::StringEncoding::UTF8,
    )
    .unwrap();
    module
}

/// The contract, each file changed by `change`.
pub(crate) fn contract(change: impl Fn(&str, String) -> String) -> (Resolve, PackageId) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit/v1.0");
    let mut sources = SourceMap::default();
    let mut files: Vec<_> = fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    for file in files {
        let name = file.file_stem().unwrap().to_str().unwrap();
        sources.push_str(name, change(name, fs::read_to_string(&file).unwrap()));
    }
    let mut resolve = Resolve { all_features: true, ..Resolve::default() };
    let package = resolve.push_group(sources.parse().map_err(|(_, error)| error).unwrap()).unwrap();
    (resolve, package)
}

fn replaced(file: &'static str, old: &'static str, new: &'static str) -> impl Fn(&str, String) -> String {
    move |name, text| {
        assert!(name != file || text.contains(old), "{old} is not in {file}");
        if name == file { text.replace(old, new) } else { text }
    }
}

#[test]
fn a_file_that_is_not_webassembly() {
    let expected = "driver odd: this is not WebAssembly; a driver is a WebAssembly module or component; build one with \
                    `novarig driver build`";
    assert_eq!(refusal_of(b"#!/bin/sh\nexit 0\n".to_vec()), expected);
    assert_eq!(refusal_of(vec![]), expected);
}

#[test]
fn a_truncated_file() {
    let whole = library().read(&virt::Source::Name("fake".to_owned())).unwrap().into_owned();
    for length in [9, 100, whole.len() / 2, whole.len() - 1] {
        assert_eq!(
            refusal_of(whole[..length].to_vec()),
            "driver odd: the file ends too early; build it, or copy it, once more",
            "cut at {length}"
        );
    }
}

#[test]
fn a_file_that_is_too_large() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("huge.wasm");
    let whole = library().read(&virt::Source::Name("fake".to_owned())).unwrap().into_owned();
    fs::write(&path, whole).unwrap();
    // A file with a hole takes no room on the disk.
    fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(virt::FILE_BYTES + 1).unwrap();
    let message = refusal(&path.display().to_string(), &library());
    assert!(message.contains("huge.wasm") && message.contains("67108864"), "{message}");
}

#[test]
fn a_file_with_damage_inside_never_ends_the_process() {
    let mut library = library();
    let whole = library.read(&virt::Source::Name("fake".to_owned())).unwrap().into_owned();
    let engine = Engine::new(None).unwrap();
    let stack: Stack = "odd".parse().unwrap();
    for at in (8..whole.len()).step_by(whole.len() / 12) {
        let mut damaged = whole.clone();
        damaged[at..(at + 16).min(whole.len())].fill(0xff);
        library.add("odd", damaged);
        // Damage may hit something that nobody looks at; but whatever it hits, there is an answer.
        if let Err(error) = engine.prepare(&stack, &library) {
            assert!(error.to_string().contains("odd"), "{error}");
        }
    }
}

#[test]
fn a_module_without_a_word_about_the_contract() {
    assert_eq!(
        refusal_of(b"\0asm\x01\0\0\0".to_vec()),
        "driver odd does not fit the contract nova:virt@1.0.0: it is a WebAssembly module that does not say which \
         contract it follows; build it with the driver SDK"
    );
}

#[test]
fn another_version_of_the_contract() {
    assert_eq!(
        refusal_of(described("virt-driver", replaced("types", "nova:virt@1.0.0", "nova:virt@2.0.0"))),
        "driver odd does not fit the contract nova:virt@1.0.0: it was built against nova:virt@2.0.0; rebuild it with the \
         SDK of nova:virt@1.0.0 (what was built against nova:virt@0.1.0 alone is adapted)"
    );
}

#[test]
fn a_missing_function() {
    let without_power_off = "    @since(version = 1.0.0)\n    power-off: async func(instance: instance, timeout: u32, retry-interval: u32) -> result<_, virt-error>;\n";
    assert_eq!(
        refusal_of(described("virt-driver", replaced("guests", without_power_off, ""))),
        "driver odd does not fit the contract nova:virt@1.0.0: function `power-off` is missing: expected `async \
         func(instance: instance, timeout: u32, retry-interval: u32) -> result<_, virt-error>`; add it and rebuild, or \
         build with the SDK of nova:virt@1.0.0, where it has a default"
    );
}

/// The world of drivers without the exports that `gone` picks.
fn without_exports(gone: impl Fn(&str) -> bool) -> Vec<u8> {
    described("virt-driver", move |name, text| {
        let export = |line: &str| Some(line.trim().strip_prefix("export ")?.trim_end_matches(';').to_owned());
        let mut kept: Vec<&str> = Vec::new();
        for line in text.lines() {
            if name == "world" && export(line).is_some_and(|interface| gone(&interface)) {
                // Its gate goes with it.
                kept.pop();
            } else {
                kept.push(line);
            }
        }
        kept.join("\n")
    })
}

#[test]
fn a_missing_driver() {
    assert_eq!(
        refusal_of(without_exports(|_| true)),
        "driver odd does not fit the contract nova:virt@1.0.0: it exports nothing but no interface of a driver; export a \
         driver with the SDK's `export_driver!` and rebuild it"
    );
}

#[test]
fn a_missing_interface() {
    assert_eq!(
        refusal_of(without_exports(|interface| interface == "power")),
        "driver odd does not fit the contract nova:virt@1.0.0: it does not export `nova:virt/power@1.0.0`, and a driver \
         exports every interface of the contract; add it and rebuild, or build with the SDK of nova:virt@1.0.0, where all \
         have defaults"
    );
}

#[test]
fn an_old_contract_that_is_not_what_it_was() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit/v0.1");
    let mut sources = SourceMap::default();
    for file in ["types", "errors", "requests", "host", "driver", "world"] {
        let text = fs::read_to_string(folder.join(format!("{file}.wit"))).unwrap();
        sources.push_str(
            file,
            text.replace(
                "get-num-instances: async func() -> result<u32",
                "get-num-instances: async func() -> result<u64",
            ),
        );
    }
    let mut resolve = Resolve::default();
    let package = resolve.push_group(sources.parse().map_err(|(_, error)| error).unwrap()).unwrap();
    let world = resolve.packages[package].worlds["virt-driver"];
    let mut module = b"\0asm\x01\0\0\0".to_vec();
    let utf8 = wit_component::StringEncoding::UTF8;
    wit_component::embed_component_metadata(&mut module, &resolve, world, utf8).unwrap();
    assert_eq!(
        refusal_of(module),
        "driver odd does not fit the contract nova:virt@1.0.0: function `get-num-instances`: the answer is `u64`, expected \
         `u32`; rebuild it against nova:virt@1.0.0"
    );
}

#[test]
fn functions_that_differ_say_where() {
    let cases = [
        (
            replaced(
                "types",
                "        memory-mb: u64,\n        /// Root disk",
                "        memory-mb: u32,\n        /// Root disk",
            ),
            "function `process-instances-at-startup`: parameter instances, each element, field flavor, field memory-mb is `u32`, expected `u64`",
        ),
        (
            replaced("types", "        /// Paused (3).\n        paused,\n", ""),
            "function `process-instances-at-startup`: parameter instances, each element, field power-state is `case shutdown`, expected `case paused`",
        ),
        (
            replaced(
                "service",
                "get-num-instances: async func() -> result<u32, virt-error>",
                "get-num-instances: func() -> result<u32, virt-error>",
            ),
            "function `get-num-instances`: the signature is `func() -> result<u32, virt-error>`, expected `async func() -> result<u32, virt-error>`",
        ),
        (
            replaced(
                "service",
                "get-host-ip-addr: async func() -> result<string, virt-error>",
                "get-host-ip-addr: async func() -> result<u32, virt-error>",
            ),
            "function `get-host-ip-addr`: the answer is `u32`, expected `string`",
        ),
    ];
    for (change, expected) in cases {
        assert_eq!(
            refusal_of(described("virt-driver", change)),
            format!(
                "driver odd does not fit the contract nova:virt@1.0.0: {expected}; rebuild it against nova:virt@1.0.0"
            )
        );
    }
}

#[test]
fn a_description_without_code() {
    let message = refusal_of(described("virt-driver", |_, text| text));
    assert!(message.starts_with("driver odd does not fit the contract nova:virt@1.0.0: "), "{message}");
    assert!(
        message.contains("nova:virt/service@1.0.0") && message.ends_with("rebuild it with the SDK"),
        "{message}"
    );
}

/// `(component (import NAME (instance)))`
fn component_that_imports(name: &str) -> Vec<u8> {
    let mut component = b"\0asm\x0d\0\x01\0".to_vec();
    // Type section: one instance type without exports.
    component.extend_from_slice(&[7, 3, 1, 0x42, 0]);
    // Import section: the name, of the instance type 0.
    component.extend_from_slice(&[
        10,
        u8::try_from(name.len() + 5).unwrap(),
        1,
        0,
        u8::try_from(name.len()).unwrap(),
    ]);
    component.extend_from_slice(name.as_bytes());
    component.extend_from_slice(&[5, 0]);
    component
}

#[test]
fn imports_that_drivers_must_not_have() {
    for name in [
        "wasi:cli/environment@0.2.0",
        "wasi:cli/stdout@0.2.0",
        "wasi:clocks/monotonic-clock@0.2.0",
        "wasi:clocks/wall-clock@0.2.0",
        "wasi:filesystem/types@0.2.0",
        "wasi:filesystem/preopens@0.2.0",
        "wasi:http/outgoing-handler@0.2.0",
        "wasi:io/streams@0.2.0",
        "wasi:random/random@0.2.0",
        "wasi:sockets/tcp@0.2.0",
        "novarig:component0/durable",
        "novarig:adapter0/logging",
    ] {
        assert_eq!(
            refusal_of(component_that_imports(name)),
            format!(
                "driver odd does not fit the contract nova:virt@1.0.0: it imports `{name}`, which drivers must not have: a \
                 driver may use nothing but nova:virt@1.0.0; remove what needs it and rebuild for wasm32-unknown-unknown"
            )
        );
    }
}

#[test]
fn a_module_that_imports_a_function_of_wasi() {
    let mut module = described("virt-driver", |_, text| text);
    // Type section: one function without parameters or results. Import section: that function.
    let mut import = vec![1];
    for name in ["wasi_snapshot_preview1", "fd_write"] {
        import.push(u8::try_from(name.len()).unwrap());
        import.extend_from_slice(name.as_bytes());
    }
    import.extend_from_slice(&[0, 0]);
    let mut sections = vec![1, 4, 1, 0x60, 0, 0, 2, u8::try_from(import.len()).unwrap()];
    sections.extend_from_slice(&import);
    module.splice(8..8, sections);
    let message = refusal_of(module);
    assert!(
        message.contains("it imports `wasi_snapshot_preview1`, which drivers must not have"),
        "{message}"
    );
}

#[test]
fn a_layer_at_the_bottom_and_a_driver_on_top() {
    let library = library();
    assert_eq!(
        refusal("fail-finish-migration", &library),
        "fail-finish-migration is a layer and cannot stand at the bottom of a stack: it needs a driver under it; write \
         `DRIVER+fail-finish-migration`"
    );
    assert_eq!(
        refusal("fake+fake", &library),
        "fake is a driver and cannot stand over fake: it calls nothing below it; a stack has one driver, at the bottom"
    );
}

#[test]
fn names_paths_settings_and_depth() {
    let library = library();
    let known: Vec<&str> = library.names().collect();
    assert_eq!(
        refusal("fak", &library),
        format!(
            "there is no driver `fak`; there are: {}. A file is named by a path with a `/` in it, `./fak.wasm`",
            known.join(", ")
        )
    );
    assert_eq!(
        refusal("/no/such/file.wasm", &library),
        "cannot read /no/such/file.wasm: No such file or directory (os error 2)"
    );
    assert_eq!(
        refusal("fake(vcpu=8)", &library),
        "driver fake: it has no setting `vcpu`; it has size, vcpus, memory_mb, local_gb, quirks, nested, pci, caching, node_uuid, \
         same_host_cold_migrate, rescue_bfv, power_update, ephemeral_encryption"
    );
    assert_eq!(
        refusal("fake+fail-finish-migration(x=1)", &library),
        "driver fail-finish-migration: it has no setting `x`, and no others"
    );
    assert_eq!(
        refusal(&format!("fake{}", "+fail-finish-migration".repeat(16)), &library),
        "the stack has 17 components; 16 is the most"
    );
}

#[test]
fn a_folder_stands_for_the_driver_that_was_built_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().display().to_string();
    let (library, engine) = (library(), Engine::new(None).unwrap());
    let stack: Stack = path.parse().unwrap();
    let error = engine.prepare(&stack, &library).unwrap_err();
    assert!(matches!(error, LoadError::NotBuilt { .. }), "{error}");
    assert!(
        error.to_string().ends_with(&format!("build it first with `novarig driver build {path}`")),
        "{error}"
    );
    fs::create_dir(folder.path().join("target")).unwrap();
    let built = folder.path().join(virt::BUILT_DRIVER);
    fs::write(built, library.read(&virt::Source::Name("fake".to_owned())).unwrap()).unwrap();
    engine.prepare(&stack, &library).unwrap();
}

#[test]
fn compiled_code_is_kept_and_damaged_code_is_compiled_anew() {
    let cache = tempfile::tempdir().unwrap();
    let stack: Stack = "fake".parse().unwrap();
    let prepare = || Engine::new(Some(cache.path().to_owned())).unwrap().prepare(&stack, &library()).unwrap();
    // By name: the code, and the digest that stands beside it.
    let entries = || -> BTreeMap<PathBuf, Vec<u8>> {
        let paths = fs::read_dir(cache.path()).unwrap().map(|entry| entry.unwrap().path());
        paths.map(|path| (path.clone(), fs::read(path).unwrap())).collect()
    };
    let modified = || -> Vec<SystemTime> {
        entries().keys().map(|path| fs::metadata(path).unwrap().modified().unwrap()).collect()
    };
    prepare();
    let kept = entries();
    assert_eq!(kept.len(), 2, "{:?}", kept.keys());
    let written = modified();
    prepare();
    assert_eq!(modified(), written);
    for (file, content) in &kept {
        for damage in [0, content.len() / 2, content.len() - 1] {
            let mut damaged = content.clone();
            damaged[damage] ^= 1;
            fs::write(file, &damaged).unwrap();
            prepare();
            assert!(entries() == kept, "damage at {damage} of {} was not repaired", file.display());
        }
        fs::write(file, b"short").unwrap();
        prepare();
        assert!(entries() == kept);
        fs::remove_file(file).unwrap();
        prepare();
        assert!(entries() == kept);
    }
}
