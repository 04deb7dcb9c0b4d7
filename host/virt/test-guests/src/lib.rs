//! Drivers for the tests of the boundary.

/// A driver that does what the name of the server says: see `unruly/src/lib.rs`.
pub const UNRULY: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/unruly.wasm"));

/// A layer that shows what is its own: see `echo/src/lib.rs`.
pub const ECHO: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/echo.wasm"));

/// A driver that checks what crosses the boundary: see `mirror/src/lib.rs`.
pub const MIRROR: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/mirror.wasm"));

/// A driver of contract 0.1: see `old-driver/src/lib.rs`.
pub const OLD_DRIVER: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/old-driver.wasm"));

/// A layer of contract 0.1: see `old-layer/src/lib.rs`.
pub const OLD_LAYER: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/old-layer.wasm"));

/// An oracle that wants every server on a host of its own: see `oracle/src/lib.rs`.
pub const ORACLE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/oracle.wasm"));
