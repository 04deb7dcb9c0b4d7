//! Does a component fit the contract? And if not: in what way, and what is to be done.

use crate::error::{LoadError, Mismatch};
use crate::exports;
use crate::sections::{self, FileKind};
use crate::signature;
use std::collections::BTreeMap;
use std::fmt;
use wit_component::{ComponentEncoder, DecodedWasm};
use wit_parser::{InterfaceId, Resolve, SourceMap, Stability, WorldId, WorldItem};

/// A version of the contract that this host speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    /// `wit/v0.1`, through an adapter.
    V0_1,
    /// `wit/v1.0`, today's.
    V1_0,
}

impl Version {
    const ALL: [Version; 2] = [Version::V0_1, Version::V1_0];

    pub(crate) const fn text(self) -> &'static str {
        match self {
            Version::V0_1 => "0.1.0",
            Version::V1_0 => "1.0.0",
        }
    }

    /// The files of `wit/`.
    const fn sources(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Version::V0_1 => &SOURCES_0_1,
            Version::V1_0 => &SOURCES_1_0,
        }
    }

    /// The world that has everything a component can import or export.
    const fn world(self) -> &'static str {
        match self {
            Version::V0_1 => "virt-driver-layer",
            Version::V1_0 => "virt-driver-layer-with-volume-snapshots",
        }
    }
}

/// The full name of an interface of the contract.
pub(crate) fn interface_name(interface: &str, version: Version) -> String {
    format!("nova:virt/{interface}@{}", version.text())
}

macro_rules! sources {
    ($name:ident, $version:literal: $($file:literal),*) => {
        const $name: [(&str, &str); [$($file),*].len()] =
            [$(($file, include_str!(concat!("../../../wit/", $version, "/", $file)))),*];
    };
}
sources!(SOURCES_0_1, "v0.1":
    "types.wit", "errors.wit", "requests.wit", "host.wit", "driver.wit", "world.wit");
sources!(SOURCES_1_0, "v1.0":
    "types.wit", "answers.wit", "requests.wit", "errors.wit", "host.wit", "service.wit", "guests.wit", "devices.wit",
    "moves.wit", "legacy.wit", "volume-snapshots.wit", "world.wit");

/// A component that fits.
#[derive(Clone)]
pub(crate) struct Checked {
    /// The component.
    pub(crate) bytes: Vec<u8>,
    /// The version it was built against.
    pub(crate) version: Version,
    /// The interfaces of a driver that it calls below itself, by their full names.
    pub(crate) imports: Vec<String>,
    /// The interfaces of a driver that it exports: every mandatory one, and optional ones it offers.
    pub(crate) exports: Vec<String>,
}

impl Checked {
    /// Does it call a driver below it?
    pub(crate) fn calls_below(&self) -> bool {
        !self.imports.is_empty()
    }

    /// Can it stand over this one? The error is an optional interface that it calls and the one below does not offer.
    pub(crate) fn stands_over(&self, below: &Checked) -> Result<(), String> {
        let adapted = exports::mandatory_interfaces();
        let offered = match (self.version, below.version) {
            // It calls one interface only, and the adapter below it has that.
            (Version::V0_1, _) => return Ok(()),
            (Version::V1_0, Version::V0_1) => &adapted,
            (Version::V1_0, Version::V1_0) => &below.exports,
        };
        match self.imports.iter().find(|import| !offered.contains(import)) {
            Some(missing) => Err(missing.clone()),
            None => Ok(()),
        }
    }
}

/// Checks a module or component; a module is made a component.
pub(crate) fn check(driver: &str, wasm: &[u8]) -> Result<Checked, LoadError> {
    let not_wasm = |problem: &str, hint| LoadError::NotWasm {
        driver: driver.to_owned(),
        problem: problem.to_owned(),
        hint,
    };
    let misfit = |mismatch| LoadError::Misfit { driver: driver.to_owned(), mismatch };
    let broken = |error: &dyn fmt::Display| misfit(Mismatch::Broken { problem: error.to_string() });

    let Some(kind) = sections::kind(wasm) else {
        return Err(not_wasm(
            "this is not WebAssembly",
            "a driver is a WebAssembly module or component; build one with `novarig driver build`",
        ));
    };
    if sections::is_cut_off(wasm) {
        return Err(not_wasm("the file ends too early", "build it, or copy it, once more"));
    }
    let parse = |version| Contract::parse(version).map_err(|error| broken(&error));
    let bytes = match kind {
        FileKind::Component => wasm.to_vec(),
        FileKind::Module => {
            let (with_contract, described) =
                wit_component::metadata::decode(wasm).map_err(|error| broken(&format!("{error:#}")))?;
            if with_contract.is_none() {
                return Err(misfit(Mismatch::NoContract));
            }
            // What the module says of itself is checked first, for its code is held against that.
            let version = version_of(&described.resolve, described.world).map_err(misfit)?;
            parse(version)?.check_exports(&described.resolve, described.world).map_err(misfit)?;
            ComponentEncoder::default()
                .module(wasm)
                .and_then(|mut encoder| encoder.encode())
                .map_err(|error| misfit(encoding_mismatch(&format!("{error:#}"))))?
        }
    };
    let (resolve, world) =
        match wit_component::decode(&bytes).map_err(|error| broken(&format!("{error:#}")))? {
            DecodedWasm::Component(resolve, world) => (resolve, world),
            DecodedWasm::WitPackage(..) => return Err(misfit(Mismatch::NoContract)),
        };
    let version = version_of(&resolve, world).map_err(misfit)?;
    let contract = parse(version)?;
    let imports = contract.check_imports(&resolve, world).map_err(misfit)?;
    let exports = contract.check_exports(&resolve, world).map_err(misfit)?;
    Ok(Checked { bytes, version, imports, exports })
}

/// What the encoder found wrong with a module whose description fits: it imports or lacks something.
fn encoding_mismatch(error: &str) -> Mismatch {
    let quoted = |after: &str| {
        let (_, rest) = error.split_once(after)?;
        Some(rest.split_once('`')?.0.to_owned())
    };
    match quoted("module requires an import interface named `") {
        Some(import) => Mismatch::Import { import },
        None => Mismatch::Broken { problem: error.to_owned() },
    }
}

/// The one version of the contract that a component was built against; today's if it names none.
fn version_of(resolve: &Resolve, world: WorldId) -> Result<Version, Mismatch> {
    let world = &resolve.worlds[world];
    let mut found: Vec<String> = Vec::new();
    for (key, _) in world.imports.iter().chain(&world.exports) {
        let name = resolve.name_world_key(key);
        if let Some((_, version)) = name.strip_prefix("nova:virt/").and_then(|name| name.split_once('@'))
            && !found.iter().any(|other| other == version)
        {
            found.push(version.to_owned());
        }
    }
    let [version] = &found[..] else {
        let has: Vec<String> = found.iter().map(|version| format!("nova:virt@{version}")).collect();
        return if has.is_empty() {
            Ok(Version::V1_0)
        } else {
            Err(Mismatch::Version { has: has.join(" and ") })
        };
    };
    let known = Version::ALL.into_iter().find(|known| known.text() == version);
    known.ok_or_else(|| Mismatch::Version { has: format!("nova:virt@{version}") })
}

/// The names of what a component imports and exports; nothing if it is none.
pub(crate) fn interfaces(component: &[u8]) -> (Vec<String>, Vec<String>) {
    let Ok(DecodedWasm::Component(resolve, world)) = wit_component::decode(component) else {
        return Default::default();
    };
    let world = &resolve.worlds[world];
    (
        world.imports.keys().map(|key| resolve.name_world_key(key)).collect(),
        world.exports.keys().map(|key| resolve.name_world_key(key)).collect(),
    )
}

/// The contract that a component was built against, `nova:virt@1.0.0`; none if it does not fit any.
pub fn contract_of(wasm: &[u8]) -> Option<String> {
    check("", wasm).ok().map(|checked| format!("nova:virt@{}", checked.version.text()))
}

/// A version of the contract, parsed.
pub(crate) struct Contract {
    pub(crate) resolve: Resolve,
    pub(crate) world: WorldId,
}

impl Contract {
    pub(crate) fn parse(version: Version) -> Result<Self, String> {
        let mut sources = SourceMap::default();
        for (name, text) in version.sources() {
            sources.push_str(name, *text);
        }
        let group = sources.parse().map_err(|(_, error)| error.to_string())?;
        let mut resolve = Resolve { all_features: true, ..Resolve::default() };
        let package = resolve.push_group(group).map_err(|error| error.to_string())?;
        let world = resolve.packages[package].worlds.get(version.world()).copied();
        Ok(Contract { world: world.ok_or("the contract has no world of layers")?, resolve })
    }

    /// An interface that the contract's world imports or exports.
    fn interface(&self, name: &str) -> Option<InterfaceId> {
        let world = &self.resolve.worlds[self.world];
        world.imports.iter().chain(&world.exports).find_map(|(key, item)| match item {
            WorldItem::Interface { id, .. } if self.resolve.name_world_key(key) == name => Some(*id),
            _ => None,
        })
    }

    /// The interfaces of a driver: name, and whether it may be missing.
    fn driver_interfaces(&self) -> impl Iterator<Item = (String, bool)> {
        self.resolve.worlds[self.world].exports.iter().map(|(key, item)| {
            let optional = match item {
                WorldItem::Interface { stability, .. } => matches!(stability, Stability::Unstable { .. }),
                WorldItem::Function(_) | WorldItem::Type { .. } => false,
            };
            (self.resolve.name_world_key(key), optional)
        })
    }

    /// Every interface of a driver has to be there, unless it may be missing, with every function as the contract has it.
    /// Answers those that are there.
    fn check_exports(&self, resolve: &Resolve, world: WorldId) -> Result<Vec<String>, Mismatch> {
        let exports: BTreeMap<String, &WorldItem> = resolve.worlds[world]
            .exports
            .iter()
            .map(|(key, item)| (resolve.name_world_key(key), item))
            .collect();
        let mut offered = Vec::new();
        let mut missing = None;
        for (name, optional) in self.driver_interfaces() {
            match exports.get(&name) {
                Some(WorldItem::Interface { id, .. }) => {
                    self.check_interface(&name, resolve, *id, true)?;
                    offered.push(name);
                }
                _ if optional => {}
                _ => missing = missing.or(Some(name)),
            }
        }
        match missing {
            None => Ok(offered),
            Some(interface) if !offered.is_empty() => Err(Mismatch::MissingInterface { interface }),
            Some(_) => {
                let names: Vec<String> = exports.keys().map(|name| format!("`{name}`")).collect();
                let has = if names.is_empty() { "nothing".to_owned() } else { names.join(", ") };
                Err(Mismatch::NoDriver { has })
            }
        }
    }

    /// Every import has to be one of the contract's, used as the contract has it. Answers the interfaces of a driver below
    /// that it calls.
    fn check_imports(&self, resolve: &Resolve, world: WorldId) -> Result<Vec<String>, Mismatch> {
        let mut below = Vec::new();
        for (key, item) in &resolve.worlds[world].imports {
            let name = resolve.name_world_key(key);
            let (WorldItem::Interface { id, .. }, Some(_)) = (item, self.interface(&name)) else {
                return Err(Mismatch::Import { import: name });
            };
            self.check_interface(&name, resolve, *id, false)?;
            if self.driver_interfaces().any(|(driver, _)| driver == name) {
                below.push(name);
            }
        }
        Ok(below)
    }

    /// Compares the functions of an interface. One that is exported has to have all of them; one that is imported may have
    /// fewer, but none that the contract lacks.
    fn check_interface(
        &self,
        name: &str,
        has: &Resolve,
        id: InterfaceId,
        exported: bool,
    ) -> Result<(), Mismatch> {
        let Some(expected) = self.interface(name) else {
            return Err(Mismatch::Import { import: name.to_owned() });
        };
        let expected = &self.resolve.interfaces[expected].functions;
        let functions = &has.interfaces[id].functions;
        for (function, signature) in expected {
            let Some(found) = functions.get(function) else {
                if exported {
                    return Err(Mismatch::Missing {
                        function: function.clone(),
                        expected: signature::render(&self.resolve, signature),
                    });
                }
                continue;
            };
            if let Some(difference) = signature::compare(has, found, &self.resolve, signature) {
                return Err(Mismatch::Signature {
                    function: if exported { function.clone() } else { format!("{name}#{function}") },
                    place: difference.place,
                    has: difference.has,
                    expected: difference.expected,
                });
            }
        }
        match functions.keys().find(|function| !exported && !expected.contains_key(*function)) {
            Some(unknown) => Err(Mismatch::Import { import: format!("{name}#{unknown}") }),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_contract_is_embedded() {
        for (folder, version) in [("v0.1", Version::V0_1), ("v1.0", Version::V1_0)] {
            let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../wit/").to_owned() + folder;
            let mut files: Vec<String> = std::fs::read_dir(folder)
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect();
            files.sort();
            let mut embedded: Vec<&str> = version.sources().iter().map(|(name, _)| *name).collect();
            embedded.sort_unstable();
            assert_eq!(files, embedded);
            assert!(Contract::parse(version).is_ok());
        }
    }

    #[test]
    fn one_interface_is_optional() {
        let contract = Contract::parse(Version::V1_0).unwrap();
        let optional: Vec<String> =
            contract.driver_interfaces().filter(|(_, optional)| *optional).map(|(name, _)| name).collect();
        assert_eq!(optional, [interface_name("volume-snapshots", Version::V1_0)]);
        assert_eq!(contract.driver_interfaces().count(), 16);
    }
}
