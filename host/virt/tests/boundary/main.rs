//! The plug-in boundary from outside: real drivers, compiled for WebAssembly, called as the compute manager calls them.

extern crate novarig_virt as virt;

mod common;
mod faults;
mod misbehaving;
mod misfits;
mod sdk;
mod shipped_drivers;
