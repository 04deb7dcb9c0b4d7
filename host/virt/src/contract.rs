//! Does a component fit the contract? And if not: in what way, and what is to be done.

use crate::error::{LoadError, Mismatch};
use wit_component::{ComponentEncoder, DecodedWasm};
use wit_parser::{Resolve, WorldId, WorldItem};

/// The interface that a driver exports and a layer also imports.
pub(crate) const DRIVER: &str = "nova:virt/driver@0.1.0";

/// A component that fits.
pub(crate) struct Checked {
    /// The component.
    pub(crate) bytes: Vec<u8>,
    /// Does it call a driver below it?
    pub(crate) imports_driver: bool,
}

/// Checks a module or component.
pub(crate) fn check(driver: &str, wasm: &[u8]) -> Result<Checked, LoadError> {
    let misfit = |mismatch| LoadError::Misfit { driver: driver.to_owned(), mismatch };
    let broken = |error: String| misfit(Mismatch::Broken { problem: error });
    let bytes = if wasm.get(4..8) == Some(&[1, 0, 0, 0]) {
        ComponentEncoder::default()
            .module(wasm)
            .and_then(|mut encoder| encoder.encode())
            .map_err(|error| broken(format!("{error:#}")))?
    } else {
        wasm.to_vec()
    };
    let (resolve, world) = match wit_component::decode(&bytes).map_err(|error| broken(format!("{error:#}")))? {
        DecodedWasm::Component(resolve, world) => (resolve, world),
        DecodedWasm::WitPackage(..) => return Err(misfit(Mismatch::NoContract)),
    };
    let imports_driver = has_import(&resolve, world);
    Ok(Checked { bytes, imports_driver })
}

fn has_import(resolve: &Resolve, world: WorldId) -> bool {
    resolve.worlds[world]
        .imports
        .iter()
        .any(|(key, item)| matches!(item, WorldItem::Interface { .. }) && resolve.name_world_key(key) == DRIVER)
}
