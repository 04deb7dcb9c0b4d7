//! Write a hypervisor driver, or a fault that stands over any driver, for novarig.
//!
//! A driver is a type that implements [`Driver`]: one async method for each method of Nova's `ComputeDriver`, by the same
//! name. What it does not implement does what Nova's base class does, which is mostly to raise
//! [`VirtError::NotImplemented`]. A layer is a type that implements `Driver<Layer>`: what it does not implement goes to the
//! driver below it. [`export_driver!`] makes a component of either. This is a whole layer:
//!
//! ```
//! use novarig_driver_sdk::{Driver, Layer, PowerState, VirtError, below, export_driver, layer, types::*};
//!
//! /// Guests never stop: power_off says it did its work, and did nothing.
//! #[derive(Default)]
//! struct Unstoppable;
//!
//! #[layer]
//! impl Driver<Layer> for Unstoppable {
//!     async fn power_off(&self, instance: Instance, _: u32, _: u32) -> Result<(), VirtError> {
//!         if below::get_info(instance, false).await?.state == PowerState::Running {
//!             novarig_driver_sdk::log::info("ignores a request to power off");
//!         }
//!         Ok(())
//!     }
//! }
//!
//! export_driver! {
//!     Unstoppable: layer,
//!     name: "unstoppable",
//!     summary: "power_off has no effect",
//! }
//! ```
//!
//! Build it as a `cdylib` for `wasm32-unknown-unknown`. The value is made once, with [`Default`], when the first call
//! comes. Calls overlap at every `.await`, so what they share belongs into a `Cell` or `RefCell` that is not borrowed across
//! one. A panic ends the instance: all calls in flight fail with the panic's message, and the next call finds a new value,
//! with nothing left but what is in [`durable`] storage. So a driver keeps its guests there.
//!
//! The methods' parameters and the types are documented in the contract, `wit/v1.0`, and on the re-exports here. Built for
//! another target than WebAssembly, for unit tests, the host's functions have stand-ins: see [`testing`].

#[doc(hidden)]
pub mod bindings {
    wit_bindgen::generate!({
        path: "../../wit/v1.0",
        // The world of drivers is the same without the import of a driver, and an import that nobody uses is left out of a
        // component; so one world serves both.
        world: "virt-driver-layer",
        pub_export_macro: true,
        export_macro_name: "export_component",
        default_bindings_module: "novarig_driver_sdk::bindings",
        additional_derives: [PartialEq],
        generate_all,
        // The methods; `abi` has them. All exported functions of the world, which a test compares.
        skip: [
            "init-host", "cleanup-host", "get-available-nodes", "get-nodenames-by-uuid",
            "node-is-available", "is-node-deleted", "process-instances-at-startup", "get-host-ip-addr",
            "get-host-uptime", "set-host-enabled", "host-power-action", "host-maintenance-mode",
            "poll-rebooting-instances", "get-available-resource", "update-provider-tree", "capabilities",
            "capabilities-as-traits", "get-host-cpu-stats", "get-info", "get-num-instances",
            "list-instances", "list-instance-uuids", "instance-exists", "instance-on-disk",
            "prepare-for-spawn", "prepare-networks-before-block-device-mapping",
            "clean-networks-preparation", "failed-spawn-cleanup", "default-root-device-name",
            "default-device-names-for-instance", "get-device-name-for-instance", "spawn", "rebuild",
            "destroy", "cleanup", "delete-instance-files", "cleanup-lingering-instance-resources",
            "plug-vifs", "unplug-vifs", "reboot", "power-off", "power-on", "power-update-event", "pause",
            "unpause", "suspend", "resume", "resume-state-on-host-boot", "rescue", "unrescue",
            "soft-delete", "restore", "trigger-crash-dump", "get-console-output", "get-vnc-console",
            "get-spice-console", "get-serial-console", "get-mks-console", "get-diagnostics",
            "get-instance-diagnostics", "set-admin-password", "inject-network-info", "quiesce", "unquiesce",
            "snapshot", "cache-image", "manage-image-cache", "get-volume-connector", "attach-volume",
            "detach-volume", "swap-volume", "extend-volume", "is-supported-fs-format",
            "get-all-volume-usage", "block-stats", "mount-share", "umount-share", "attach-interface",
            "detach-interface", "network-binding-host-id", "manages-network-binding-host-id",
            "migrate-disk-and-power-off", "finish-migration", "confirm-migration",
            "finish-revert-migration", "check-can-live-migrate-destination",
            "check-can-live-migrate-source", "post-claim-migrate-data", "check-source-migrate-data-at-dest",
            "cleanup-live-migration-destination-check", "get-instance-disk-info", "pre-live-migration",
            "live-migration", "live-migration-force-complete", "live-migration-abort",
            "rollback-live-migration-at-source", "rollback-live-migration-at-destination",
            "post-live-migration", "post-live-migration-at-source", "post-live-migration-at-destination",
            "check-instance-shared-storage-local", "check-instance-shared-storage-remote",
            "check-instance-shared-storage-cleanup", "save-state", "restore-state",
            "ensure-filtering-rules-for-instance", "unfilter-instance", "refresh-instance-security-rules",
            "refresh-provider-fw-rules", "refresh-security-group-members", "refresh-security-group-rules",
        ],
    });
}

#[doc(hidden)]
pub mod abi;
mod defaults;
mod driver;
mod export;
pub mod faults;
mod host;
#[doc(hidden)]
pub mod intercept;
mod methods;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;

pub use bindings::nova::virt::virtapi;
pub use driver::{Below, Bottom, Driver, Layer, below};
pub use host::{clock, config, durable, log, random, settings};
pub use types::*;

pub use intercept::{Call, CallInstance, Intercept};
pub use novarig_driver_macros::layer;

#[doc(hidden)]
pub use export::{Exported, fits, metadata, metadata_length};

/// Every type of the contract.
pub mod types {
    pub use crate::bindings::nova::virt::answers::{
        Console, CpuDiagnostics, DiagnosticValue, DiskCounters, DiskDiagnostics, DriverState, HostCpuStats,
        InstanceDiagnostics, LiveMigrationOutcome, MemoryDiagnostics, NicDiagnostics, ProviderTreeUpdate,
        RollbackStatus, SavedEntry, SavedGuest, SavedVolume, VolumeUsage,
    };
    pub use crate::bindings::nova::virt::config::{ComputeConfig, InventoryPolicy};
    pub use crate::bindings::nova::virt::errors::{
        DeviceReason, EncryptedVolume, FlatError, ImageReason, InstanceHost, InstanceReason, OptionConflict,
        PathReason, QosNetwork, ShareReason, StateConflict, TaskStateConflict, UnexpectedError, VideoMemory,
        VirtError,
    };
    pub use crate::bindings::nova::virt::requests::{
        AttachVolumeRequest, CheckDestinationRequest, CheckSourceDataRequest, CheckSourceRequest,
        CleanupRequest, DestroyRequest, DetachVolumeRequest, DeviceNameRequest, DeviceNamesRequest,
        ExtendVolumeRequest, FinishMigrationRequest, FinishRevertMigrationRequest, LiveMigrationRequest,
        MigrateDiskAndPowerOffRequest, PostAtDestinationRequest, PostClaimRequest, PostLiveMigrationRequest,
        PowerOnRequest, PreLiveMigrationRequest, RebootRequest, RebuildRequest, RescueRequest, ResumeRequest,
        RollbackAtDestinationRequest, SpawnRequest, SwapVolumeRequest,
    };
    pub use crate::bindings::nova::virt::types::{
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
    pub use crate::bindings::nova::virt::virtapi::{
        DriverTask, InstanceEvent, LifecycleEvent, LifecycleTransition,
    };
}
