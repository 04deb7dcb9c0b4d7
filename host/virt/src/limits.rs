//! What a driver may use up. Every bound is a constant with its reason and can be overridden for a stack.

/// Bounds for one driver instance. The same bounds and the same calls give the same outcome on every machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of linear memory that all components of a stack may have together.
    pub memory: usize,
    /// Elements that one table may have.
    pub table_elements: usize,
    /// Fuel a call may burn before it is taken for an endless loop; a unit is about one WebAssembly instruction. Calls
    /// that overlap share what the youngest of them was given.
    pub fuel_per_call: u64,
    /// Bytes that one passage through the boundary may carry, in either direction.
    pub message_bytes: usize,
    /// Calls of the host, such as sleeps, that may be under way at once, and waits for events that may be prepared.
    pub pending: usize,
    /// Bytes a driver may log between the starts of two calls; the rest is cut off, which is logged.
    pub log_bytes: usize,
    /// Lines a driver may log between the starts of two calls.
    pub log_lines: usize,
    /// Bytes of keys and values that a stack may keep in durable storage.
    pub durable_bytes: usize,
}

/// Bytes of WebAssembly stack of one call. A property of the engine, since compiled code depends on it: 512 KiB let
/// recursive parsers of honest drivers work and leave room on the 2 MiB stack the call runs on.
pub const STACK_BYTES: usize = 512 << 10;

/// Components a stack may have. The deepest one in sight is a driver under a handful of faults.
pub const STACK_DEPTH: usize = 16;

/// Bytes a driver file may have: a Python driver has 18 MB, more than three times of it is a mistake.
pub const FILE_BYTES: u64 = 64 << 20;

impl Limits {
    /// What a driver gets unless somebody says otherwise.
    pub const DEFAULT: Limits = Limits {
        // A Rust driver with thousands of guests has 2 MiB, a Python one 30 MiB.
        memory: 64 << 20,
        // Tables hold function pointers; CPython has 12,000.
        table_elements: 100_000,
        // A call of the fake driver burns 10,000 to 100,000; this is a tenth of a second of computing.
        fuel_per_call: 500_000_000,
        // The largest honest answer is a provider tree of some hundred providers.
        message_bytes: 16 << 20,
        // One for every guest of a large host.
        pending: 10_000,
        // A screenful for every call.
        log_bytes: 64 << 10,
        log_lines: 1_000,
        // Some ten thousand guests.
        durable_bytes: 16 << 20,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}
