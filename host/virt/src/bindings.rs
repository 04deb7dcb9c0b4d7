//! The contract as Rust sees it: the types and traits generated from `wit/v0.1`.
//!
//! Everything a caller of [`Hypervisor`](crate::Hypervisor) has to hand over or gets back is re-exported by [`types`].

mod generated {
    wasmtime::component::bindgen!({
        path: "../../wit/v0.1",
        world: "virt-driver",
        additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
        with: { "nova:virt/virtapi.instance-event-wait": crate::virtapi::PreparedWait },
        imports: { default: trappable },
    });
}

pub(crate) use generated::nova::virt::{clock, config, errors, logging, requests, types as noun, virtapi};

/// Every type of the contract, flat: what `wit/v0.1/types.wit`, `errors.wit` and `driver.wit` describe.
pub mod types {
    pub use super::generated::nova::virt::config::{ComputeConfig, InventoryPolicy};
    pub use super::generated::nova::virt::errors::{
        EncryptedVolume, FlatError, ImageReason, InstanceReason, QosNetwork, TaskStateConflict,
        UnexpectedError, VideoMemory, VirtError,
    };
    pub use super::generated::nova::virt::requests::{
        CleanupRequest, DestroyRequest, DeviceNamesRequest, FinishMigrationRequest,
        FinishRevertMigrationRequest, MigrateDiskAndPowerOffRequest, RebootRequest, SpawnRequest,
    };
    pub use super::generated::nova::virt::types::{
        BlockDevice, BlockDeviceDestination, BlockDeviceInfo, BlockDeviceSource, Capability, CpuInfo,
        CpuTopology, Flavor, ImageMeta, InjectedFile, Instance, InstanceInfo, Inventory, Migration,
        MigrationType, Network, NetworkInfo, NodeResources, PowerState, Provider, ProviderAllocation,
        ProviderTree, RebootType, ResourceAmount, Subnet, SupportedInstance, Uuid, Vif, VmState,
        VolumeConnector,
    };
    pub use super::generated::nova::virt::virtapi::{EventError, InstanceEvent};
}
