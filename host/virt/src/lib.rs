//! The plug-in boundary: loads, checks, composes, limits and calls hypervisor drivers.
//!
//! A driver is a WebAssembly component that exports the interfaces of the contract `nova:virt` (`wit/`); a layer also imports
//! them and stands over another one. A stack of them, `fake+fail-finish-migration`, is read from its text ([`Stack`]), found in a [`Library`] or
//! on disk, checked against the contract, composed into one component and compiled ([`Engine::prepare`]). Each compute host
//! then starts its own instance ([`Hypervisor::start`]) and calls the contract's functions on it:
//!
//! ```no_run
//! # use novarig_virt as virt;
//! # use virt::{Engine, Hypervisor, HypervisorEnv, Library};
//! # async fn example(cache: std::path::PathBuf, library: Library, env: HypervisorEnv) -> Result<(), Box<dyn std::error::Error>> {
//! let engine = Engine::new(Some(cache))?;
//! let stack = engine.prepare(&"fake(vcpus=8)+fail-finish-migration".parse()?, &library)?;
//! let hypervisor = Hypervisor::start(stack, env);
//! hypervisor.init_host("host1".to_owned()).await?;
//! # Ok(())
//! # }
//! ```
//!
//! Two versions of the contract are spoken. A component of 0.1 is composed with adapters that make it one of 1.0: what 0.1
//! lacks does what Nova's base class does for a driver, and goes past a layer to the driver below it. What crosses between the
//! versions loses what 0.1 cannot say: fields that 1.0 added, and the class of errors that 1.0 added. An interface that is
//! not settled (`volume-snapshots`) may be missing; its methods raise `not-implemented` then ([`PreparedStack::offers`]).
//!
//! What it promises:
//!
//! * A driver reaches nothing but what the contract gives it, and uses up no more than its [`Limits`].
//! * Whatever a driver does, a call ends with an answer, an error the driver raised, or a [`DriverFailure`] that names
//!   driver, host, function and cause. The host lives on.
//! * When an instance dies, by a trap or a limit, it is as when a hypervisor's agent dies: all calls in flight on that host
//!   fail; what was written to durable storage ([`Durable`]) stays, guests and disks above all; everything else the driver
//!   knew is lost; the next call finds a new instance on which `init_host` has been called again. Other hosts notice nothing.
//! * A host's stack can be exchanged while it is in service ([`Hypervisor::swap`]).
//! * The same calls give the same outcome on every machine, limits included.
//! * Every call can be struck by a planned fault ([`FaultPlan`]) and is recorded in the trace.
//!
//! It runs on one thread, inside a `tokio::task::LocalSet` or local runtime.

mod agent;
mod bindings;
mod cache;
mod capability;
mod compose;
mod contract;
mod durable;
mod engine;
mod error;
mod exports;
mod faults;
#[cfg(unix)]
mod fiber_stacks;
mod hypervisor;
mod imports;
mod inspect;
mod library;
mod limits;
#[cfg(unix)]
mod linear_memories;
#[cfg(unix)]
mod mapping;
mod metadata;
mod method;
mod nova;
mod nova_names;
mod oracle;
mod prepared;
mod sections;
mod signature;
mod stack;
mod swap;
mod virtapi;

pub use bindings::types;
pub use contract::contract_of;
pub use durable::Durable;
pub use engine::{Engine, EngineError};
pub use error::{CONTRACT, CallError, DriverFailure, FailureCause, LoadError, Mismatch};
pub use faults::{Fault, FaultPlan, FaultPoint, HANGS_FOR, NoFaultPoint, When};
pub use hypervisor::{Hypervisor, HypervisorEnv};
pub use inspect::{ComponentInspection, Inspection, Passing, SettingInForce};
pub use library::{BUILT_DRIVER, Library};
pub use limits::{FILE_BYTES, Limits, STACK_BYTES, STACK_DEPTH};
pub use metadata::{Kind, Metadata, Setting, SettingKind};
pub use method::Method;
pub use nova::nova_error;
pub use nova_names::{NovaDriver, UnknownNovaDriver};
pub use oracle::{Oracle, OracleError, OracleViolation};
pub use prepared::PreparedStack;
pub use stack::{Source, Stack, StackComponent, StackSyntaxError};
pub use swap::{Guests, SWAP_PATIENCE, Swap, SwapError};
pub use virtapi::{EventWait, FakeVirtApi, LocalFuture, VirtApi};
