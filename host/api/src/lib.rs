//! The HTTP face of the control plane. Each service is a module of its own, and speaks to the state it serves through
//! a handle that hides whether that state is in this process, behind a lock, or owned by another thread.
//!
//! A whole cloud ([`serve`]) lives on a thread of its own ([`Rig`]), because its services share state without locks. The
//! server takes requests on other threads and hands them over whole; what answers them there (`compute`, `identity`,
//! `image`, `network`, `control`) are plain functions of the cloud and the request, as the tests call them.

pub mod placement;

mod answer;
mod caller;
mod compute;
mod connections;
mod control;
mod dispatch;
mod heard;
mod identity;
mod image;
mod ldap;
mod network;
mod rate_limit;
mod rig;
mod serve;
#[cfg(test)]
mod testing;
mod volume;
mod world;

pub use ldap::serve_directory;
pub use rate_limit::{Rate, RateError};
pub use rig::{Rig, RigError, TimeMode};
pub use serve::serve;
pub use world::{AuthMode, HostPlan, Oracle, PrepareError, WorldConfig};
