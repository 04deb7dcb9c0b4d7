//! Builds drivers: turns a Rust crate into a WebAssembly module, on whatever Rust this machine has.
//!
//! A driver is compiled for `wasm32-unknown-unknown`, whose standard library a plain installation of
//! Rust lacks. There are two ways to have it: installed beside the compiler
//! (`rustup target add wasm32-unknown-unknown`), or compiled from the compiler's own source, which
//! distributions package. [`Toolchain::detect`] finds which of the two is here,
//! [`Toolchain::install`] gets one, and [`Toolchain::build`] builds a crate with it:
//!
//! ```no_run
//! use driver_toolchain::{BuildRequest, Toolchain};
//! # use std::path::Path;
//!
//! let toolchain = Toolchain::detect()?;
//! let wasm = toolchain.build(&BuildRequest {
//!     manifest_dir: Path::new("drivers/fake"),
//!     package: None,
//!     target_dir: Path::new("target/drivers"),
//!     profile: "driver",
//! })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Drivers in Python have a way of their own, [`python`].
//!
//! It is used from build scripts, too, so nothing that an outer cargo sets for its own build reaches
//! the inner one (see `environment`). The program of this crate is `./just setup`.

mod artifact;
mod build;
mod detect;
mod environment;
mod install;
pub mod python;

pub use build::{BuildError, BuildRequest};
pub use detect::{DetectError, Rejected, StandardLibrary, Toolchain};
pub use install::InstallError;

/// What drivers are compiled for.
pub const TARGET: &str = "wasm32-unknown-unknown";
