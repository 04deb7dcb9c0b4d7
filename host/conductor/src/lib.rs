//! The conductor: the state of record, the workflows that span hosts, and the API functions that begin them
//! (`nova/conductor/`, `nova/compute/api.py`, `nova/scheduler/manager.py`).
//!
//! [`Cloud`] puts a whole control plane together: placement, scheduler, conductor and as many compute managers as there
//! are hosts, on one thread. Users act through its [`ComputeApi`]; what became of it is in its [`StateOfRecord`], its
//! trace and its notifications.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod accelerators;
mod aggregates;
mod attach_volume;
mod cloud;
mod compute_api;
mod image_service;
mod labels;
mod limits;
mod live_migrate_task;
mod manager;
mod migrate_task;
mod network_service;
mod preconditions;
mod rebuild;
mod rebuild_traits;
mod records;
mod scheduling;
mod unshelve;
mod volume_service;

pub use accelerators::DeviceProfiles;
pub use aggregates::{AggregateRecord, Aggregates, ZONE_KEY};
pub use cloud::{Cloud, CloudConfig, HostError};
pub use compute_api::{
    Amounts, ApiError, AttachVolume, BootVolume, Caller, ComputeApi, Count, CreateServer, CreateServerGroup,
    Created, EvacuateServer, LiveMigrateServer, RebuildServer, UnshelveServer,
};
pub use labels::{Asker, FlavorLabels, ServerLabels};
pub use limits::{LIMITED_RESOURCES, Limits, limited_resource};
pub use network_service::{
    Cidr, CidrError, FixedIp, Network, NetworkError, NetworkService, NewPort, Pool, Port, RequestedInterface,
    RequestedNetworks, Subnet,
};
pub use records::{Retention, StateOfRecord};
pub use volume_service::{
    Attachment, IMAGE_BACKED_VOL, MULTIATTACH_VOL, SWAP_ERR_NEW_VOL, SWAP_ERR_OLD_VOL, SWAP_NEW_VOL,
    SWAP_OLD_VOL, VolumeService, volume_named,
};
