//! The conductor: the state of record, the workflows that span hosts, and the API functions that begin them
//! (`nova/conductor/`, `nova/compute/api.py`, `nova/scheduler/manager.py`).
//!
//! [`Cloud`] puts a whole control plane together: placement, scheduler, conductor and as many compute managers as there
//! are hosts, on one thread. Users act through its [`ComputeApi`]; what became of it is in its [`StateOfRecord`], its
//! trace and its notifications.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod cloud;
mod compute_api;
mod manager;
mod migrate_task;
mod network_service;
mod preconditions;
mod rebuild;
mod records;
mod scheduling;
mod unshelve;

pub use cloud::{Cloud, CloudConfig, HostError};
pub use compute_api::{ApiError, ComputeApi, CreateServer, EvacuateServer, RebuildServer, UnshelveServer};
pub use network_service::{NetworkService, Port};
pub use records::StateOfRecord;
