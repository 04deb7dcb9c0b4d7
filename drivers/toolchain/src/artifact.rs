//! Which file a build produced, from what cargo reports about it.
//!
//! Cargo prints one JSON object a line (`--message-format=json-render-diagnostics`); those with
//! `"reason": "compiler-artifact"` name the files. Guessing the path from the package's name would miss
//! a renamed library.

use std::path::{Path, PathBuf};

use serde::Deserialize;

/// A WebAssembly library that cargo built or found up to date.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct WasmArtifact {
    pub(crate) package: String,
    pub(crate) manifest: PathBuf,
    pub(crate) file: PathBuf,
}

#[derive(Deserialize)]
struct Message {
    reason: String,
    package_id: Option<String>,
    manifest_path: Option<PathBuf>,
    target: Option<Target>,
    #[serde(default)]
    filenames: Vec<PathBuf>,
}

#[derive(Deserialize)]
struct Target {
    crate_types: Vec<String>,
}

/// The WebAssembly libraries named in cargo's messages, in the order they were built.
pub(crate) fn wasm_artifacts(messages: &str) -> Vec<WasmArtifact> {
    // Lines that are not messages are what a build script or a compiler printed: not ours to judge.
    messages.lines().filter_map(|line| serde_json::from_str(line).ok()).filter_map(wasm_artifact).collect()
}

fn wasm_artifact(message: Message) -> Option<WasmArtifact> {
    if message.reason != "compiler-artifact" {
        return None;
    }
    if !message.target?.crate_types.iter().any(|kind| kind == "cdylib") {
        return None;
    }
    let file =
        message.filenames.into_iter().find(|file| file.extension().is_some_and(|ext| ext == "wasm"))?;
    Some(WasmArtifact { package: package_name(&message.package_id?), manifest: message.manifest_path?, file })
}

/// The package's name in a package id: `path+file:///src/fake#novarig-fake@0.1.0`, or
/// `path+file:///src/fake#0.1.0` where directory and package have the same name.
fn package_name(id: &str) -> String {
    let (url, fragment) = id.split_once('#').unwrap_or((id, ""));
    match fragment.split_once('@') {
        Some((name, _version)) => name.to_owned(),
        None => url.rsplit('/').next().unwrap_or(url).to_owned(),
    }
}

/// The one that was asked for: the library of `package`, or of the crate whose manifest is `manifest`
/// when no package is named. A dependency may be a WebAssembly library as well.
pub(crate) fn requested(
    artifacts: Vec<WasmArtifact>,
    package: Option<&str>,
    manifest: &Path,
) -> Option<PathBuf> {
    artifacts
        .into_iter()
        .find(|artifact| match package {
            Some(name) => artifact.package == name,
            None => artifact.manifest == manifest,
        })
        .map(|artifact| artifact.file)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGES: &str = concat!(
        r#"{"reason":"compiler-artifact","package_id":"registry+https://example.org/index#sdk@1.0.0","manifest_path":"/reg/sdk/Cargo.toml","target":{"kind":["lib"],"crate_types":["lib"],"name":"sdk"},"filenames":["/t/libsdk.rlib","/t/libsdk.rmeta"]}"#,
        "\n",
        r#"{"reason":"compiler-artifact","package_id":"path+file:///src/base#0.1.0","manifest_path":"/src/base/Cargo.toml","target":{"kind":["cdylib","rlib"],"crate_types":["cdylib","rlib"],"name":"base"},"filenames":["/t/base.wasm","/t/libbase.rlib"]}"#,
        "\n",
        "warning from a build script\n",
        r#"{"reason":"build-script-executed","package_id":"path+file:///src/base#0.1.0","linked_libs":[]}"#,
        "\n",
        r#"{"reason":"compiler-artifact","package_id":"path+file:///src/faults#slow-driver@0.1.0","manifest_path":"/src/faults/Cargo.toml","target":{"kind":["cdylib"],"crate_types":["cdylib"],"name":"renamed"},"filenames":["/t/renamed.wasm"]}"#,
        "\n",
        r#"{"reason":"build-finished","success":true}"#,
        "\n",
    );

    fn find(package: Option<&str>, manifest: &str) -> Option<PathBuf> {
        requested(wasm_artifacts(MESSAGES), package, Path::new(manifest))
    }

    #[test]
    fn only_webassembly_libraries_count() {
        let packages: Vec<_> =
            wasm_artifacts(MESSAGES).into_iter().map(|artifact| artifact.package).collect();
        assert_eq!(packages, ["base", "slow-driver"]);
    }

    #[test]
    fn a_named_package_is_found_although_its_library_has_another_name() {
        assert_eq!(find(Some("slow-driver"), "/src/Cargo.toml"), Some("/t/renamed.wasm".into()));
    }

    #[test]
    fn a_package_called_as_its_directory_is_found_by_name() {
        assert_eq!(find(Some("base"), "/src/Cargo.toml"), Some("/t/base.wasm".into()));
    }

    #[test]
    fn without_a_package_the_manifest_decides_and_not_a_dependency() {
        assert_eq!(find(None, "/src/faults/Cargo.toml"), Some("/t/renamed.wasm".into()));
    }

    #[test]
    fn a_crate_without_a_webassembly_library_has_no_artifact() {
        assert_eq!(find(Some("sdk"), "/reg/sdk/Cargo.toml"), None);
    }
}
