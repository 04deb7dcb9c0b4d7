//! The contract as Rust sees it: the types and the host's functions, generated from `wit/v1.0`, and of `wit/v0.1` the host's
//! functions whose types are others than today's.
//!
//! Everything a caller of [`Hypervisor`](crate::Hypervisor) has to hand over or gets back is re-exported by [`types`].
//!
//! What drivers export is not generated: generated code looks up and checks every export of every instance, which with this
//! many methods takes longer than making the instance. See [`exports`](crate::exports).

mod generated {
    wasmtime::component::bindgen!({
        path: "../../wit/v1.0",
        inline: "
            package novarig:host;
            world imports {
                import nova:virt/logging@1.0.0;
                import nova:virt/clock@1.0.0;
                import nova:virt/config@1.0.0;
                import nova:virt/virtapi@1.0.0;
                import nova:virt/types@1.0.0;
                import nova:virt/errors@1.0.0;
                import nova:virt/requests@1.0.0;
                import nova:virt/answers@1.0.0;
                import nova:virt/volume-snapshot-requests@1.0.0;
            }
        ",
        world: "novarig:host/imports",
        additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
        with: { "nova:virt/virtapi.instance-event-wait": crate::virtapi::PreparedWait },
        imports: { default: trappable },
    });
}

pub(crate) use generated::nova::virt::{clock, config, logging, virtapi};

/// Contract 0.1, as far as the host itself speaks it.
pub(crate) mod v0_1 {
    wasmtime::component::bindgen!({
        path: "../../wit/v0.1",
        inline: "
            package novarig:host;
            world imports {
                import nova:virt/clock@0.1.0;
                import nova:virt/config@0.1.0;
                import nova:virt/virtapi@0.1.0;
            }
        ",
        world: "novarig:host/imports",
        with: { "nova:virt/virtapi.instance-event-wait": crate::virtapi::PreparedWait },
        imports: { default: trappable },
    });

    pub(crate) use self::nova::virt::{clock, config, types, virtapi};
}

/// Every type of the contract, flat: what `wit/v1.0` describes.
pub mod types {
    pub use super::generated::nova::virt::answers::{
        Console, CpuDiagnostics, DiagnosticValue, DiskCounters, DiskDiagnostics, DriverState, HostCpuStats,
        InstanceDiagnostics, LiveMigrationOutcome, MemoryDiagnostics, NicDiagnostics, ProviderTreeUpdate,
        RollbackStatus, SavedEntry, SavedGuest, SavedVolume, VolumeUsage,
    };
    pub use super::generated::nova::virt::config::{ComputeConfig, InventoryPolicy};
    pub use super::generated::nova::virt::errors::{
        DeviceReason, EncryptedVolume, FlatError, ImageReason, InstanceHost, InstanceReason, OptionConflict,
        PathReason, QosNetwork, ShareReason, StateConflict, TaskStateConflict, UnexpectedError, VideoMemory,
        VirtError,
    };
    pub use super::generated::nova::virt::requests::{
        AttachVolumeRequest, CheckDestinationRequest, CheckSourceDataRequest, CheckSourceRequest,
        CleanupRequest, DestroyRequest, DetachVolumeRequest, DeviceNameRequest, DeviceNamesRequest,
        ExtendVolumeRequest, FinishMigrationRequest, FinishRevertMigrationRequest, LiveMigrationRequest,
        MigrateDiskAndPowerOffRequest, PostAtDestinationRequest, PostClaimRequest, PostLiveMigrationRequest,
        PowerOnRequest, PreLiveMigrationRequest, RebootRequest, RebuildRequest, RescueRequest, ResumeRequest,
        RollbackAtDestinationRequest, SpawnRequest, SwapVolumeRequest,
    };
    pub use super::generated::nova::virt::types::{
        AcceleratorRequest, BlockDevice, BlockDeviceDestination, BlockDeviceInfo, BlockDeviceSource,
        Capability, ComputeInfo, ConsumerAllocations, CpuInfo, CpuTopology, Flavor, GuestNumaCell,
        GuestNumaTopology, HostPower, ImageMeta, InjectedFile, Instance, InstanceDisk, InstanceInfo,
        InstanceVolumes, Inventory, LiveMigrateData, LiveMigrateNumaInfo, LiveMigrationClaim,
        LocalEncryption, LocalEncryptionFormat, MigrateVif, Migration, MigrationType, Network, NetworkInfo,
        NodeResources, NumaCell, NumaPages, PciDevice, PciDeviceStatus, PciDeviceType, PowerState, Provider,
        ProviderAllocation, ProviderTree, RebootType, ResourceAmount, SchedulerLimits, ShareMapping,
        ShareProtocol, Subnet, SupportedInstance, TargetPowerState, Uuid, Vif, VmState, VolumeConnector,
        VolumeEncryption, VtpmSecret,
    };
    pub use super::generated::nova::virt::virtapi::{
        DriverTask, EventError, InstanceEvent, LifecycleEvent, LifecycleTransition,
    };
    pub use super::generated::nova::virt::volume_snapshot_requests::{
        VolumeSnapshotCreateRequest, VolumeSnapshotDeleteRequest,
    };
}
