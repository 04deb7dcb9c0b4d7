//! Drivers for the tests of the boundary.

/// A driver that does what the name of the server says: see `unruly/src/lib.rs`.
pub const UNRULY: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/unruly.wasm"));

/// A layer that shows what is its own: see `echo/src/lib.rs`.
pub const ECHO: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/echo.wasm"));
