//! What stands between components of an older contract and today's: WebAssembly modules, compiled, as bytes.
//!
//! The host puts them around a component that was built against contract 0.1, so that it looks like one of 1.0 from outside
//! (`novarig-virt`, `compose.rs`).

/// Over a driver of contract 0.1: imports `driver@0.1.0` and exports 1.0.
pub const DRIVER_0_1: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/driver-v0-1.wasm"));

/// Over a layer of contract 0.1: imports `driver@0.1.0` and, for what that does not have, 1.0; exports 1.0.
pub const LAYER_0_1: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/layer-v0-1.wasm"));

/// Below a layer of contract 0.1: imports 1.0 and exports `driver@0.1.0`.
pub const BELOW_LAYER_0_1: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/below-layer-v0-1.wasm"));

/// Differs when one of them does.
pub const FINGERPRINT: u64 = include!(concat!(env!("OUT_DIR"), "/fingerprint.rs"));
