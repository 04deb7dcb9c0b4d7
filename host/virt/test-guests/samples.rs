//! A value of every type of the contract, and every error, as a function of a number: what the mirror guest expects and
//! answers, and what the test on the other side of the boundary hands it and expects back. Both include this file, each
//! with its own types; it follows `wit/v1.0` type by type.

use super::types;

/// A value that depends on how many have been made, so that two fields that were swapped would be noticed.
pub(crate) trait Sample: Sized {
    /// The value of the number, which then goes up.
    fn sample(n: &mut u32) -> Self;
}

fn next(n: &mut u32) -> u32 {
    *n += 1;
    *n
}

macro_rules! unsigned {
    ($($type:ty),*) => {$(
        impl Sample for $type {
            fn sample(n: &mut u32) -> Self {
                next(n) as $type
            }
        }
    )*};
}
unsigned!(u8, u16, u32, u64);

impl Sample for () {
    fn sample(_: &mut u32) {}
}

impl Sample for bool {
    fn sample(n: &mut u32) -> Self {
        next(n).is_multiple_of(2)
    }
}

impl Sample for i32 {
    fn sample(n: &mut u32) -> Self {
        -(next(n) as i32)
    }
}

impl Sample for i64 {
    fn sample(n: &mut u32) -> Self {
        i64::MIN + i64::from(next(n))
    }
}

impl Sample for f64 {
    fn sample(n: &mut u32) -> Self {
        f64::from(next(n)) / 8.0
    }
}

impl Sample for String {
    fn sample(n: &mut u32) -> Self {
        match next(n) {
            n if n.is_multiple_of(7) => String::new(),
            n => format!("text {n} ä€\u{10348}\0"),
        }
    }
}

impl<T: Sample> Sample for Option<T> {
    fn sample(n: &mut u32) -> Self {
        (!next(n).is_multiple_of(4)).then(|| T::sample(n))
    }
}

impl<T: Sample> Sample for Vec<T> {
    fn sample(n: &mut u32) -> Self {
        (0..next(n) % 3).map(|_| T::sample(n)).collect()
    }
}

macro_rules! tuple {
    ($($part:ident)*) => {
        impl<$($part: Sample),*> Sample for ($($part,)*) {
            fn sample(n: &mut u32) -> Self {
                ($($part::sample(n),)*)
            }
        }
    };
}
tuple!(A);
tuple!(A B);
tuple!(A B C);

macro_rules! record {
    ($type:ident: $($field:ident)*) => {
        impl Sample for types::$type {
            fn sample(n: &mut u32) -> Self {
                Self { $($field: Sample::sample(n)),* }
            }
        }
    };
}

macro_rules! choice {
    ($type:ident: $($case:ident $(($($payload:tt)+))?)*) => {
        impl Sample for types::$type {
            fn sample(n: &mut u32) -> Self {
                let mut cases = Self::every(n);
                let chosen = next(n) as usize % cases.len();
                cases.swap_remove(chosen)
            }
        }

        impl Every for types::$type {
            fn every(n: &mut u32) -> Vec<Self> {
                // Cases without anything in them need no number.
                let _ = &n;
                vec![$(choice!(@$type $case n $($($payload)+)?)),*]
            }
        }
    };
    (@$type:ident $case:ident $n:ident) => { types::$type::$case };
    (@$type:ident $case:ident $n:ident $($payload:tt)+) => { types::$type::$case(Sample::sample($n)) };
}

/// A type of which each value is one of several cases.
pub(crate) trait Every: Sized {
    /// Each case once.
    fn every(n: &mut u32) -> Vec<Self>;
}

choice!(
    VmState:
        Building Active Paused Suspended Stopped Rescued Resized SoftDelete Deleted Error Shelved
        ShelvedOffloaded
);
choice!(PowerState: Nostate Running Paused Shutdown Crashed Suspended);
record!(Flavor: flavorid name vcpus memory_mb root_gb ephemeral_gb swap extra_specs);
record!(
    Instance:
        uuid name display_name hostname project_id user_id host node vm_state task_state power_state flavor
        image_ref root_device_name metadata system_metadata availability_zone config_drive user_data key_name
        key_data numa_topology pci_devices
);
record!(GuestNumaCell: id cpuset pcpuset memory_mb pagesize_kb cpu_pinning cpu_policy cpu_thread_policy);
record!(GuestNumaTopology: cells emulator_threads_policy);
choice!(PciDeviceType: Standard SriovPf SriovVf Vdpa);
choice!(PciDeviceStatus: Available Claimed Allocated Removed Deleted Unclaimable Unavailable);
record!(
    PciDevice:
        address vendor_id product_id dev_type status numa_node dev_id label parent_addr request_id extra_info
);
record!(ImageMeta: id name status container_format disk_format min_disk min_ram size properties);
record!(Subnet: cidr gateway fixed_ips dns);
record!(Network: id label bridge mtu subnets);
record!(Vif: id address network vif_type vnic_type devname active preserve_on_delete details profile);
choice!(BlockDeviceSource: Blank Image Snapshot Volume);
choice!(BlockDeviceDestination: Local Volume);
record!(
    BlockDevice:
        uuid source_type destination_type device_name boot_index size volume_id attachment_id connection_info
        disk_bus device_type guest_format tag delete_on_termination image_id snapshot_id volume_type encryption
);
record!(LocalEncryption: format secret_uuid options);
choice!(LocalEncryptionFormat: Luks Plain);
record!(VolumeEncryption: provider control_location cipher key_size encryption_key_id);
record!(
    AcceleratorRequest:
        uuid device_profile_name hostname device_rp_uuid state attach_handle_type attach_handle_info
);
choice!(ShareProtocol: Nfs Cephfs);
record!(
    ShareMapping:
        uuid instance share_id status tag export_location share_proto access_type access_to access_key
);
record!(BlockDeviceInfo: root_device_name devices);
choice!(MigrationType: Migration Resize LiveMigration Evacuation);
record!(
    Migration:
        uuid migration_type status source_compute source_node dest_compute dest_node dest_host old_flavor
        new_flavor
);
record!(ResourceAmount: resource_class amount);
record!(ProviderAllocation: provider resources);
record!(InjectedFile: path contents);
record!(ConsumerAllocations: consumer project_id user_id generation allocations);
record!(InstanceInfo: state internal_id);
record!(CpuTopology: sockets cores threads);
record!(CpuInfo: arch model vendor features topology);
record!(SupportedInstance: arch hypervisor_type vm_mode);
record!(
    NodeResources:
        vcpus memory_mb local_gb vcpus_used memory_mb_used local_gb_used uuid hypervisor_type hypervisor_version
        hypervisor_hostname disk_available_least cpu_info supported_instances stats numa_topology
        pci_passthrough_devices
);
record!(NumaPages: size_kb total used reserved);
record!(NumaCell: id socket cpuset pcpuset pinned_cpus cpu_usage memory_mb memory_usage_mb siblings mempages);
record!(Inventory: resource_class total reserved min_unit max_unit step_size allocation_ratio);
record!(Provider: uuid name parent inventories traits aggregates);
choice!(
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
choice!(RebootType: Soft Hard);
record!(MigrateVif: port_id source_vif host vif_type vnic_type details profile);
record!(LiveMigrateNumaInfo: cpu_pins cell_pins emulator_pins sched_vcpus sched_priority);
record!(VtpmSecret: uuid value);
record!(
    LiveMigrateData:
        is_shared_instance_path is_shared_block_storage is_volume_backed block_migration disk_over_commit
        disk_available_mb migration old_vol_attachment_ids wait_for_vif_plugged vifs pci_dev_map_src_dst
        src_supports_numa_live_migration dst_supports_numa_live_migration dst_numa_info
        dst_supports_mdev_live_migration source_mdev_types target_mdevs vtpm_secret properties
);
record!(InstanceDisk: disk_type path virt_disk_size backing_file disk_size over_committed_disk_size);
record!(ComputeInfo: host host_ip node);
record!(SchedulerLimits: vcpu memory_mb disk_gb numa_cpu_allocation_ratio numa_ram_allocation_ratio);
record!(LiveMigrationClaim: numa_topology pci_devices);
record!(InstanceVolumes: instance bdms);
choice!(HostPower: Startup Shutdown Reboot);
choice!(TargetPowerState: PowerOn PowerOff);
record!(InstanceReason: instance reason);
record!(ImageReason: image reason);
record!(TaskStateConflict: instance expected actual);
record!(QosNetwork: instance network);
record!(VideoMemory: requested maximum);
record!(EncryptedVolume: volume_type volume);
record!(FlatError: class_name message code);
record!(UnexpectedError: class_name message);
record!(PathReason: path reason);
record!(DeviceReason: device reason);
record!(ShareReason: share instance reason);
record!(StateConflict: instance attr state method);
record!(OptionConflict: operation option_name);
record!(InstanceHost: instance host);
choice!(
    VirtError:
        NotImplemented InstanceNotFound(_) InstanceExists(_) InstancePowerOffFailure(_) InstanceFaultRollback(_)
        ComputeResourcesUnavailable(_) BuildAbort(_) UnexpectedTaskState(_) UnexpectedDeletingTaskState(_)
        NoMoreFixedIps(_) ExternalNetworkAttachForbidden(_) VirtualInterfaceCreate(_) VirtualInterfaceMacAddress
        VirtualInterfacePlug(_) FixedIpInvalidOnHost(_) UnableToAutoAllocateNetwork(_)
        NetworksWithQosPolicyNotSupported(_) VtpmSecretForbidden(_) FlavorDiskTooSmall(_) FlavorMemoryTooSmall
        ImageNotActive(_) ImageUnacceptable(_) InvalidDiskInfo(_) InvalidDiskFormat(_) SignatureVerification(_)
        CertificateValidationFailed(_) VolumeEncryptionNotSupported(_) InvalidInput(_) RequestedVramTooHigh(_)
        VirtDriverNotReady ReshapeNeeded ReshapeFailed(_) Other(_) Unexpected(_) Nova(_) InstanceNotRunning(_)
        InstanceNotReady(_) InstanceInvalidState(_) InstanceUnacceptable(_) InstanceDeployFailure(_)
        PreserveEphemeralNotSupported InvalidConfiguration(_) HypervisorUnavailable InstanceNotRescuable(_)
        UnsupportedRescueImage(_) TriggerCrashDumpNotSupported ImageNotFound(_) InstanceQuiesceNotSupported(_)
        QemuGuestAgentNotEnabled InstanceAgentNotEnabled SetAdminPasswdNotSupported NotSupportedWithOption(_)
        ConsoleNotAvailable ConsoleTypeInvalid(_) ConsoleTypeUnavailable(_) SocketPortRangeExhausted(_)
        ImageSerialPortNumberInvalid(_) ImageSerialPortNumberExceedFlavorValue VolumeNotFound(_)
        VolumeAttachmentNotFound(_) DiskNotFound(_) DeviceNotFound(_) DeviceDetachFailed(_)
        ExtendVolumeNotSupported MultiattachNotSupportedByVirtDriver(_) TooManyDiskDevices(_)
        InterfaceAttachFailed(_) InterfaceDetachFailed(_) PciDeviceNotFoundById(_) ShareNotFound(_)
        ShareProtocolNotSupported(_) ShareMountError(_) ShareUmountError(_) ResizeError(_) MigrationError(_)
        MigrationPreCheckError(_) InvalidSharedStorage(_) InvalidLocalStorage(_) InvalidCpuInfo(_)
        InvalidHypervisorType DestinationHypervisorTooOld UnableToMigrateToSelf(_)
        LiveMigrationUriNotAvailable(_)
);
record!(ProviderTreeUpdate: tree allocations);
record!(HostCpuStats: kernel idle user iowait frequency);
record!(Console: host port internal_access_path tls_port);
choice!(DiagnosticValue: Null Boolean(_) Integer(_) Float(_) Text(_));
record!(CpuDiagnostics: id time utilisation);
record!(
    NicDiagnostics:
        mac_address rx_octets rx_errors rx_drop rx_packets rx_rate tx_octets tx_errors tx_drop tx_packets
        tx_rate
);
record!(DiskDiagnostics: read_bytes read_requests write_bytes write_requests errors_count);
record!(MemoryDiagnostics: maximum used);
record!(
    InstanceDiagnostics:
        state driver hypervisor hypervisor_os uptime config_drive memory_details cpu_details nic_details
        disk_details
);
record!(VolumeUsage: volume instance rd_req rd_bytes wr_req wr_bytes);
record!(DiskCounters: rd_req rd_bytes wr_req wr_bytes flush_operations);
choice!(RollbackStatus: Failed Cancelled Error);
choice!(LiveMigrationOutcome: Completed RolledBack(_));
record!(SavedVolume: mountpoint connection_info);
record!(SavedGuest: uuid name state flavor network_info volumes);
record!(SavedEntry: component key value);
record!(DriverState: guests entries);
record!(
    SpawnRequest:
        instance image_meta injected_files admin_password allocations network_info block_device_info power_on
        accel_info
);
record!(DestroyRequest: instance network_info block_device_info destroy_disks destroy_secrets);
record!(
    CleanupRequest:
        instance network_info block_device_info destroy_disks destroy_vifs destroy_secrets migrate_data
);
record!(DeviceNamesRequest: instance root_device_name devices);
record!(RebootRequest: instance network_info reboot_type block_device_info accel_info share_info);
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
record!(
    RebuildRequest:
        instance image_meta injected_files admin_password allocations bdms network_info evacuate
        block_device_info preserve_ephemeral accel_uuids reimage_boot_volume
);
record!(PowerOnRequest: instance network_info block_device_info accel_info share_info);
record!(ResumeRequest: instance network_info block_device_info share_info);
record!(RescueRequest: instance network_info image_meta rescue_password block_device_info share_info);
record!(DeviceNameRequest: instance bdms device);
record!(AttachVolumeRequest: connection_info instance mountpoint disk_bus device_type encryption);
record!(DetachVolumeRequest: connection_info instance mountpoint encryption);
record!(SwapVolumeRequest: old_connection_info new_connection_info instance mountpoint resize_to);
record!(ExtendVolumeRequest: connection_info instance requested_size);
record!(CheckDestinationRequest: instance src_compute_info dst_compute_info block_migration disk_over_commit);
record!(CheckSourceRequest: instance dest_check_data block_device_info);
record!(PostClaimRequest: instance migrate_data claim);
record!(CheckSourceDataRequest: instance migrate_data migration limits allocs);
record!(PreLiveMigrationRequest: instance block_device_info network_info disk_info migrate_data);
record!(LiveMigrationRequest: instance dest block_migration migrate_data);
record!(RollbackAtDestinationRequest: instance network_info block_device_info destroy_disks migrate_data);
record!(PostLiveMigrationRequest: instance block_device_info migrate_data);
record!(PostAtDestinationRequest: instance network_info block_migration block_device_info);
