//! The shipped drivers and layers, compiled for WebAssembly and embedded, so that the binary alone runs them by name.
//!
//! Each folder beside this crate's `src` whose `Cargo.toml` makes a `cdylib` is one. `foreach_driver!` calls a macro with
//! each name; a file of tests uses it to refuse to compile when a driver has none:
//!
//! ```
//! # use novarig_drivers as drivers;
//! mod amnesia {}
//! mod build_abort {}
//! mod fail {}
//! mod fail_finish_migration {}
//! mod fail_unshelve_spawn {}
//! mod fake {}
//! mod flaky {}
//! mod hang {}
//! mod liar {}
//! mod live_migrate {}
//! mod lost_reply {}
//! mod reschedule {}
//! mod slow {}
//! mod trap {}
//! mod zombie {}
//!
//! macro_rules! has_tests {
//!     ($driver:ident) => {
//!         #[expect(unused_imports, reason = "only has to exist")]
//!         use self::$driver as _;
//!     };
//! }
//! drivers::foreach_driver!(has_tests);
//! # fn main() {}
//! ```

/// A shipped driver or layer.
#[derive(Clone, Copy, Debug)]
pub struct Shipped {
    /// The name by which stacks call it: that of its folder.
    pub name: &'static str,
    /// The WebAssembly module.
    pub wasm: &'static [u8],
}

include!(concat!(env!("OUT_DIR"), "/shipped.rs"));
