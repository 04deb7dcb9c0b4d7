//! The plug-in boundary from outside: real drivers, compiled for WebAssembly, called as the compute manager calls them.

#![expect(clippy::unwrap_used, reason = "in a test that is how it fails")]

extern crate novarig_virt as virt;

mod common;
mod crossing;
mod errors;
mod faults;
mod hostile;
mod misbehaving;
mod misfits;
mod python;
mod python_guests;
mod sandbox;
mod sdk;
mod shipped_drivers;
mod shipped_layers;
mod stacks;
mod swap;
mod versions;
