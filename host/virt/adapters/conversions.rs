//! The types of contract 0.1 as those of 1.0, and back. Every adapter includes this file and has the two sets of types beside
//! it, as `old` and `new`.
//!
//! What 1.0 has added is empty on the way up and lost on the way down.

use super::{new, old};

/// Conversion between the two versions. Not `Into`, because neither type is the adapter's own.
pub(crate) trait To<T> {
    fn to(self) -> T;
}

macro_rules! same {
    ($($type:ty)*) => {$(
        impl To<$type> for $type {
            fn to(self) -> $type {
                self
            }
        }
    )*};
}
same!(() bool u8 u16 u32 u64 i32 i64 f64 String);

impl<A: To<B>, B> To<Option<B>> for Option<A> {
    fn to(self) -> Option<B> {
        self.map(To::to)
    }
}

impl<A: To<B>, B> To<Vec<B>> for Vec<A> {
    fn to(self) -> Vec<B> {
        self.into_iter().map(To::to).collect()
    }
}

impl To<(String, String)> for (String, String) {
    fn to(self) -> (String, String) {
        self
    }
}

macro_rules! record {
    ($type:ident: $($field:ident)* $(; $($added:ident: $empty:expr),*)?) => {
        impl To<new::$type> for old::$type {
            fn to(self) -> new::$type {
                new::$type { $($field: self.$field.to(),)* $($($added: $empty),*)? }
            }
        }

        impl To<old::$type> for new::$type {
            fn to(self) -> old::$type {
                old::$type { $($field: self.$field.to()),* }
            }
        }
    };
}

macro_rules! enumeration {
    ($type:ident: $($case:ident)*) => {
        impl To<new::$type> for old::$type {
            fn to(self) -> new::$type {
                match self { $(old::$type::$case => new::$type::$case),* }
            }
        }

        impl To<old::$type> for new::$type {
            fn to(self) -> old::$type {
                match self { $(new::$type::$case => old::$type::$case),* }
            }
        }
    };
}

macro_rules! error {
    ($type:ident: $($case:ident $(($payload:tt))?)*) => {
        impl To<new::$type> for old::$type {
            fn to(self) -> new::$type {
                match self { $(error!(@from old $type $case $($payload payload)?) => error!(@to new $type $case $($payload payload)?)),* }
            }
        }

        /// An error that 0.1 does not know becomes `other`: its class and its code are lost.
        impl To<old::$type> for new::$type {
            fn to(self) -> old::$type {
                match self {
                    $(error!(@from new $type $case $($payload payload)?) => error!(@to old $type $case $($payload payload)?),)*
                    new::$type::Nova(error) => old::$type::Other(error.message),
                    unknown => old::$type::Other(format!("{unknown:?}")),
                }
            }
        }
    };
    (@from $version:ident $type:ident $case:ident) => { $version::$type::$case };
    (@from $version:ident $type:ident $case:ident _ $payload:ident) => { $version::$type::$case($payload) };
    (@to $version:ident $type:ident $case:ident) => { $version::$type::$case };
    (@to $version:ident $type:ident $case:ident _ $payload:ident) => { $version::$type::$case($payload.to()) };
}

enumeration!(
    VmState:
        Building Active Paused Suspended Stopped Rescued Resized SoftDelete Deleted Error Shelved
        ShelvedOffloaded
);
enumeration!(PowerState: Nostate Running Paused Shutdown Crashed Suspended);
record!(Flavor: flavorid name vcpus memory_mb root_gb ephemeral_gb swap extra_specs);
record!(
    Instance:
        uuid name display_name hostname project_id user_id host node vm_state task_state power_state flavor
        image_ref root_device_name metadata system_metadata; availability_zone: None, config_drive: false,
        user_data: None, key_name: None, key_data: None, numa_topology: None, pci_devices: Vec::new()
);
record!(ImageMeta: id name status container_format disk_format min_disk min_ram size properties);
record!(Subnet: cidr gateway fixed_ips dns);
record!(Network: id label bridge mtu subnets);
record!(Vif: id address network vif_type vnic_type devname active preserve_on_delete details profile);
enumeration!(BlockDeviceSource: Blank Image Snapshot Volume);
enumeration!(BlockDeviceDestination: Local Volume);
record!(
    BlockDevice:
        uuid source_type destination_type device_name boot_index size volume_id attachment_id connection_info
        disk_bus device_type guest_format tag delete_on_termination; image_id: None, snapshot_id: None,
        volume_type: None, encryption: None
);
record!(BlockDeviceInfo: root_device_name devices);
enumeration!(MigrationType: Migration Resize LiveMigration Evacuation);
record!(
    Migration:
        uuid migration_type status source_compute source_node dest_compute dest_node dest_host old_flavor
        new_flavor
);
record!(ResourceAmount: resource_class amount);
record!(ProviderAllocation: provider resources);
record!(InjectedFile: path contents);
record!(InstanceInfo: state internal_id);
record!(CpuTopology: sockets cores threads);
record!(CpuInfo: arch model vendor features topology);
record!(SupportedInstance: arch hypervisor_type vm_mode);
record!(
    NodeResources:
        vcpus memory_mb local_gb vcpus_used memory_mb_used local_gb_used uuid hypervisor_type hypervisor_version
        hypervisor_hostname disk_available_least cpu_info supported_instances stats; numa_topology: None,
        pci_passthrough_devices: Vec::new()
);
record!(Inventory: resource_class total reserved min_unit max_unit step_size allocation_ratio);
record!(Provider: uuid name parent inventories traits aggregates);
enumeration!(
    Capability:
        HasImagecache SupportsEvacuate SupportsMigrateToSameHost SupportsAttachInterface SupportsDeviceTagging
        SupportsTaggedAttachInterface SupportsTaggedAttachVolume SupportsExtendVolume SupportsMultiattach
        SupportsTrustedCerts SupportsPcpus SupportsAccelerators SupportsBfvRescue SupportsVtpm
        SupportsSecureBoot SupportsSocketPciNumaAffinity SupportsRemoteManagedPorts
        SupportsAddressSpacePassthrough SupportsAddressSpaceEmulated SupportsStatelessFirmware SupportsVirtioFs
        SupportsMemBackingFile SupportsEphemeralEncryption SupportsEphemeralEncryptionLuks
        SupportsEphemeralEncryptionPlain SupportsImageTypeAki SupportsImageTypeAmi SupportsImageTypeAri
        SupportsImageTypeIso SupportsImageTypeQcow2 SupportsImageTypeRaw SupportsImageTypeVdi
        SupportsImageTypeVhd SupportsImageTypeVhdx SupportsImageTypeVmdk SupportsImageTypePloop
);
record!(VolumeConnector: ip host initiator properties);
enumeration!(RebootType: Soft Hard);
record!(
    SpawnRequest:
        instance image_meta injected_files admin_password allocations network_info block_device_info power_on;
        accel_info: Vec::new()
);
record!(DestroyRequest: instance network_info block_device_info destroy_disks destroy_secrets);
record!(
    CleanupRequest:
        instance network_info block_device_info destroy_disks destroy_vifs destroy_secrets; migrate_data: None
);
record!(DeviceNamesRequest: instance root_device_name devices);
record!(
    RebootRequest:
        instance network_info reboot_type block_device_info; accel_info: Vec::new(), share_info: Vec::new()
);
record!(
    MigrateDiskAndPowerOffRequest:
        instance dest flavor network_info block_device_info timeout retry_interval
);
record!(
    FinishMigrationRequest:
        migration instance disk_info network_info image_meta resize_instance allocations block_device_info
        power_on
);
record!(FinishRevertMigrationRequest: instance network_info migration block_device_info power_on);
record!(InstanceReason: instance reason);
record!(ImageReason: image reason);
record!(TaskStateConflict: instance expected actual);
record!(QosNetwork: instance network);
record!(VideoMemory: requested maximum);
record!(EncryptedVolume: volume_type volume);
record!(FlatError: class_name message code);
record!(UnexpectedError: class_name message);
error!(
    VirtError:
        NotImplemented InstanceNotFound(_) InstanceExists(_) InstancePowerOffFailure(_) InstanceFaultRollback(_)
        ComputeResourcesUnavailable(_) BuildAbort(_) UnexpectedTaskState(_) UnexpectedDeletingTaskState(_)
        NoMoreFixedIps(_) ExternalNetworkAttachForbidden(_) VirtualInterfaceCreate(_) VirtualInterfaceMacAddress
        VirtualInterfacePlug(_) FixedIpInvalidOnHost(_) UnableToAutoAllocateNetwork(_)
        NetworksWithQosPolicyNotSupported(_) VtpmSecretForbidden(_) FlavorDiskTooSmall(_) FlavorMemoryTooSmall
        ImageNotActive(_) ImageUnacceptable(_) InvalidDiskInfo(_) InvalidDiskFormat(_) SignatureVerification(_)
        CertificateValidationFailed(_) VolumeEncryptionNotSupported(_) InvalidInput(_) RequestedVramTooHigh(_)
        VirtDriverNotReady ReshapeNeeded ReshapeFailed(_) Other(_) Unexpected(_)
);
