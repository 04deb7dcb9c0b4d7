//! The compute manager and resource tracker of one host (`nova/compute/manager.py`, `resource_tracker.py`).
//!
//! A [`ComputeManager`] takes messages from the bus, calls its host's driver and writes to the state of record and to
//! placement, in Nova's order, and does what Nova does when a step fails. It owns nothing that the conductor cannot
//! rebuild. What it needs of the rest of the cloud are the traits [`Records`], [`NetworkApi`],
//! [`VolumeApi`] and [`ImageApi`], the [`ReportClient`], and the handles of `runtime`, all gathered in [`Services`].
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod crashes;
mod image;
mod instance_events;
mod manager;
mod network;
mod record_writes;
mod records;
mod report_client;
mod resource_tracker;
mod service_faults;
mod services;
mod virt_types;
mod volume;

pub use crashes::{Crashes, Life};
pub use image::ImageApi;
pub use instance_events::InstanceEvents;
pub use manager::{ComputeManager, PeriodicTask, StartError};
pub use network::NetworkApi;
pub use record_writes::{NoWritePoint, RECORD_WRITES, ServiceRecords, WriteFaults, WritePoint};
pub use records::{ExpectedTask, MigrationChange, Records, ServerChange};
pub use report_client::{Allocations, Owner, ReportClient};
pub use service_faults::{NoServicePoint, SERVICE_CALLS, ServiceFaults, ServicePoint};
pub use services::{Services, Shared};
pub use virt_types::instance as driver_instance;
pub use volume::VolumeApi;
