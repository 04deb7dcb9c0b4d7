//! The nouns of the control plane: servers, flavors, migrations, instance actions, states, faults, ids,
//! request specs, and the messages services send each other about them.
//!
//! Nothing here does anything but hold, name, check and convert: there is no I/O, no clock and no randomness.
//! Names are Nova's (`nova/objects/`, `nova/compute/vm_states.py`, `nova/compute/task_states.py`, …).
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

pub mod action;
pub mod block_device;
pub mod compute_node;
pub mod exception;
pub mod flavor;
pub mod ids;
pub mod image;
pub mod migration;
pub mod network;
pub mod notification;
pub mod options;
pub mod request_spec;
pub mod resources;
pub mod rpc;
pub mod server;
pub mod server_group;
pub mod service;
pub mod states;
pub mod switches;
pub mod timestamp;

pub use action::{Action, ActionEvent, EventResult};
pub use block_device::{BlockDevice, Volume, VolumeConnector, VolumeStatus};
pub use compute_node::ComputeNode;
pub use exception::{ExceptionClass, NovaError};
pub use flavor::Flavor;
pub use ids::{
    AggregateId, AttachmentId, ConsumerId, FlavorId, HostName, ImageId, MigrationId, PortId, ProjectId,
    ProviderId, RequestId, ServerGroupId, ServerId, UserId, VolumeId,
};
pub use image::ImageMeta;
pub use migration::Migration;
pub use network::{NetworkInfo, Vif};
pub use notification::{Notification, NotificationPriority};
pub use options::Options;
pub use request_spec::{GroupPolicy, InstanceGroup, PciRequest, RequestSpec, RequestedGroup, Selection};
pub use resources::{ResourceAmounts, ResourceClass};
pub use server::{Fault, Server};
pub use server_group::ServerGroup;
pub use service::Service;
pub use states::{MigrationStatus, MigrationType, PowerState, ServerStatus, TaskState, VmState};
pub use switches::{Bug, Fix, Switches};
pub use timestamp::Timestamp;
