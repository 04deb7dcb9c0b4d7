//! Does a component fit the contract? And if not: in what way, and what is to be done.

use crate::error::{CONTRACT, LoadError, Mismatch};
use crate::sections::{self, FileKind};
use crate::signature;
use std::fmt;
use wit_component::{ComponentEncoder, DecodedWasm};
use wit_parser::{InterfaceId, Resolve, SourceMap, WorldId, WorldItem};

/// The interface that a driver exports and a layer also imports.
pub(crate) const DRIVER: &str = "nova:virt/driver@0.1.0";

/// The contract, as it stands in `wit/`.
const SOURCES: [(&str, &str); 6] = [
    ("types.wit", include_str!("../../../wit/v0.1/types.wit")),
    ("errors.wit", include_str!("../../../wit/v0.1/errors.wit")),
    ("requests.wit", include_str!("../../../wit/v0.1/requests.wit")),
    ("host.wit", include_str!("../../../wit/v0.1/host.wit")),
    ("driver.wit", include_str!("../../../wit/v0.1/driver.wit")),
    ("world.wit", include_str!("../../../wit/v0.1/world.wit")),
];

/// A component that fits.
pub(crate) struct Checked {
    /// The component.
    pub(crate) bytes: Vec<u8>,
    /// Does it call a driver below it?
    pub(crate) imports_driver: bool,
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
    let contract = Contract::parse().map_err(|error| broken(&error))?;
    let bytes = match kind {
        FileKind::Component => wasm.to_vec(),
        FileKind::Module => {
            let (with_contract, described) =
                wit_component::metadata::decode(wasm).map_err(|error| broken(&format!("{error:#}")))?;
            if with_contract.is_none() {
                return Err(misfit(Mismatch::NoContract));
            }
            // What the module says of itself is checked first, for its code is held against that.
            contract.check_exports(&described.resolve, described.world).map_err(misfit)?;
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
    let imports_driver = contract.check_imports(&resolve, world).map_err(misfit)?;
    contract.check_exports(&resolve, world).map_err(misfit)?;
    Ok(Checked { bytes, imports_driver })
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

/// The contract, parsed.
struct Contract {
    resolve: Resolve,
    world: WorldId,
}

impl Contract {
    fn parse() -> Result<Self, String> {
        let mut sources = SourceMap::default();
        for (name, text) in SOURCES {
            sources.push_str(name, text);
        }
        let group = sources.parse().map_err(|(_, error)| error.to_string())?;
        let mut resolve = Resolve::default();
        let package = resolve.push_group(group).map_err(|error| error.to_string())?;
        let world = resolve.packages[package].worlds.get("virt-driver-layer").copied();
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

    /// The exported driver has to be there, with every function as the contract has it.
    fn check_exports(&self, resolve: &Resolve, world: WorldId) -> Result<(), Mismatch> {
        let mut names = Vec::new();
        for (key, item) in &resolve.worlds[world].exports {
            let name = resolve.name_world_key(key);
            if let (WorldItem::Interface { id, .. }, true) = (item, name == DRIVER) {
                return self.check_interface(DRIVER, resolve, *id, true);
            }
            check_version(&name)?;
            names.push(format!("`{name}`"));
        }
        let has = if names.is_empty() { "nothing".to_owned() } else { names.join(", ") };
        Err(Mismatch::NoDriver { has })
    }

    /// Every import has to be one of the contract's, used as the contract has it. Answers whether it calls a driver below.
    fn check_imports(&self, resolve: &Resolve, world: WorldId) -> Result<bool, Mismatch> {
        let mut imports_driver = false;
        for (key, item) in &resolve.worlds[world].imports {
            let name = resolve.name_world_key(key);
            check_version(&name)?;
            let (WorldItem::Interface { id, .. }, Some(_)) = (item, self.interface(&name)) else {
                return Err(Mismatch::Import { import: name });
            };
            self.check_interface(&name, resolve, *id, false)?;
            imports_driver |= name == DRIVER;
        }
        Ok(imports_driver)
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

/// An interface of this contract's package has to be of its version.
fn check_version(name: &str) -> Result<(), Mismatch> {
    let Some((_, version)) = name.strip_prefix("nova:virt/").and_then(|name| name.split_once('@')) else {
        return Ok(());
    };
    let has = format!("nova:virt@{version}");
    if has == CONTRACT { Ok(()) } else { Err(Mismatch::Version { has }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_contract_is_embedded() {
        let mut files: Vec<String> =
            std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../../wit/v0.1"))
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect();
        files.sort();
        let mut embedded = SOURCES.map(|(name, _)| name);
        embedded.sort_unstable();
        assert_eq!(files, embedded);
        assert!(Contract::parse().unwrap().interface(DRIVER).is_some());
    }
}
