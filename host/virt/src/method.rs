//! The methods of the contract, by Nova's names: one list, from which the [`Method`]s, the exports of a stack, and the calls
//! of [`Hypervisor`](crate::Hypervisor) are made.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Hands the list of methods to a macro, by the interfaces of `wit/v1.0`. Each line has: does it only ask (`query`) or act
/// (`act`), variant, name, parameters, answer.
macro_rules! for_each_method {
    ($macro:ident) => {
        $macro! {
            service {
                act InitHost init_host(host: String) -> ();
                act CleanupHost cleanup_host(host: String) -> ();
                query GetAvailableNodes get_available_nodes(refresh: bool) -> Vec<String>;
                query GetNodenamesByUuid get_nodenames_by_uuid(refresh: bool) -> Vec<(types::Uuid, String)>;
                query NodeIsAvailable node_is_available(nodename: String) -> bool;
                query IsNodeDeleted is_node_deleted(nodename: String) -> bool;
                query ProcessInstancesAtStartup process_instances_at_startup(instances: Vec<types::Instance>) -> Vec<types::Instance>;
                query GetHostIpAddr get_host_ip_addr() -> String;
                query GetHostUptime get_host_uptime() -> String;
                act SetHostEnabled set_host_enabled(enabled: bool) -> String;
                act HostPowerAction host_power_action(action: types::HostPower) -> String;
                act HostMaintenanceMode host_maintenance_mode(host: String, mode: bool) -> String;
                act PollRebootingInstances poll_rebooting_instances(timeout: u32, instances: Vec<types::Instance>) -> ();
            }
            inventory {
                query GetAvailableResource get_available_resource(nodename: String) -> Option<types::NodeResources>;
                query UpdateProviderTree update_provider_tree(tree: types::ProviderTree, nodename: String, allocations: Option<Vec<types::ConsumerAllocations>>) -> types::ProviderTreeUpdate;
                query Capabilities capabilities() -> Vec<types::Capability>;
                query CapabilitiesAsTraits capabilities_as_traits() -> Vec<(String, bool)>;
                query GetHostCpuStats get_host_cpu_stats() -> types::HostCpuStats;
            }
            queries {
                query GetInfo get_info(instance: types::Instance, use_cache: bool) -> types::InstanceInfo;
                query GetNumInstances get_num_instances() -> u32;
                query ListInstances list_instances() -> Vec<String>;
                query ListInstanceUuids list_instance_uuids() -> Vec<types::Uuid>;
                query InstanceExists instance_exists(instance: types::Instance) -> bool;
                query InstanceOnDisk instance_on_disk(instance: types::Instance) -> bool;
            }
            building {
                act PrepareForSpawn prepare_for_spawn(instance: types::Instance) -> ();
                act PrepareNetworksBeforeBlockDeviceMapping prepare_networks_before_block_device_mapping(instance: types::Instance, network_info: types::NetworkInfo) -> ();
                act CleanNetworksPreparation clean_networks_preparation(instance: types::Instance, network_info: types::NetworkInfo) -> ();
                act FailedSpawnCleanup failed_spawn_cleanup(instance: types::Instance) -> ();
                act DefaultRootDeviceName default_root_device_name(instance: types::Instance, image_meta: types::ImageMeta, root: Option<types::BlockDevice>) -> String;
                act DefaultDeviceNamesForInstance default_device_names_for_instance(request: types::DeviceNamesRequest) -> Vec<types::BlockDevice>;
                act GetDeviceNameForInstance get_device_name_for_instance(request: types::DeviceNameRequest) -> String;
                act Spawn spawn(request: types::SpawnRequest) -> ();
                act Rebuild rebuild(request: types::RebuildRequest) -> ();
                act Destroy destroy(request: types::DestroyRequest) -> ();
                act Cleanup cleanup(request: types::CleanupRequest) -> ();
                act DeleteInstanceFiles delete_instance_files(instance: types::Instance) -> bool;
                act CleanupLingeringInstanceResources cleanup_lingering_instance_resources(instance: types::Instance) -> bool;
                act PlugVifs plug_vifs(instance: types::Instance, network_info: types::NetworkInfo) -> ();
                act UnplugVifs unplug_vifs(instance: types::Instance, network_info: types::NetworkInfo) -> ();
            }
            power {
                act Reboot reboot(request: types::RebootRequest) -> ();
                act PowerOff power_off(instance: types::Instance, timeout: u32, retry_interval: u32) -> ();
                act PowerOn power_on(request: types::PowerOnRequest) -> ();
                act PowerUpdateEvent power_update_event(instance: types::Instance, target_power_state: types::TargetPowerState) -> ();
                act Pause pause(instance: types::Instance) -> ();
                act Unpause unpause(instance: types::Instance) -> ();
                act Suspend suspend(instance: types::Instance) -> ();
                act Resume resume(request: types::ResumeRequest) -> ();
                act ResumeStateOnHostBoot resume_state_on_host_boot(request: types::ResumeRequest) -> ();
                act Rescue rescue(request: types::RescueRequest) -> ();
                act Unrescue unrescue(instance: types::Instance) -> ();
                act SoftDelete soft_delete(instance: types::Instance) -> ();
                act Restore restore(instance: types::Instance) -> ();
                act TriggerCrashDump trigger_crash_dump(instance: types::Instance) -> ();
            }
            guests {
                query GetConsoleOutput get_console_output(instance: types::Instance) -> Vec<u8>;
                query GetVncConsole get_vnc_console(instance: types::Instance) -> types::Console;
                query GetSpiceConsole get_spice_console(instance: types::Instance) -> types::Console;
                query GetSerialConsole get_serial_console(instance: types::Instance) -> types::Console;
                query GetMksConsole get_mks_console(instance: types::Instance) -> types::Console;
                query GetDiagnostics get_diagnostics(instance: types::Instance) -> Vec<(String, types::DiagnosticValue)>;
                query GetInstanceDiagnostics get_instance_diagnostics(instance: types::Instance) -> types::InstanceDiagnostics;
                act SetAdminPassword set_admin_password(instance: types::Instance, new_pass: String) -> ();
                act InjectNetworkInfo inject_network_info(instance: types::Instance, network_info: types::NetworkInfo) -> ();
                act Quiesce quiesce(instance: types::Instance, image_meta: types::ImageMeta) -> ();
                act Unquiesce unquiesce(instance: types::Instance, image_meta: types::ImageMeta) -> ();
            }
            images {
                act Snapshot snapshot(instance: types::Instance, image_id: types::Uuid) -> ();
                act CacheImage cache_image(image_id: types::Uuid) -> bool;
                act ManageImageCache manage_image_cache(all_instances: Vec<types::Instance>) -> ();
            }
            volumes {
                act GetVolumeConnector get_volume_connector(instance: types::Instance) -> types::VolumeConnector;
                act AttachVolume attach_volume(request: types::AttachVolumeRequest) -> ();
                act DetachVolume detach_volume(request: types::DetachVolumeRequest) -> ();
                act SwapVolume swap_volume(request: types::SwapVolumeRequest) -> ();
                act ExtendVolume extend_volume(request: types::ExtendVolumeRequest) -> ();
                query IsSupportedFsFormat is_supported_fs_format(fs_type: String) -> bool;
                query GetAllVolumeUsage get_all_volume_usage(compute_host_bdms: Vec<types::InstanceVolumes>) -> Vec<types::VolumeUsage>;
                query BlockStats block_stats(instance: types::Instance, disk_id: String) -> Option<types::DiskCounters>;
            }
            shares {
                act MountShare mount_share(instance: types::Instance, share_mapping: types::ShareMapping) -> ();
                act UmountShare umount_share(instance: types::Instance, share_mapping: types::ShareMapping) -> ();
            }
            interfaces {
                act AttachInterface attach_interface(instance: types::Instance, image_meta: types::ImageMeta, vif: types::Vif) -> ();
                act DetachInterface detach_interface(instance: types::Instance, vif: types::Vif) -> ();
                query NetworkBindingHostId network_binding_host_id(instance: types::Instance) -> Option<String>;
                query ManagesNetworkBindingHostId manages_network_binding_host_id() -> bool;
            }
            cold_migration {
                act MigrateDiskAndPowerOff migrate_disk_and_power_off(request: types::MigrateDiskAndPowerOffRequest) -> Option<String>;
                act FinishMigration finish_migration(request: types::FinishMigrationRequest) -> ();
                act ConfirmMigration confirm_migration(migration: types::Migration, instance: types::Instance, network_info: types::NetworkInfo) -> ();
                act FinishRevertMigration finish_revert_migration(request: types::FinishRevertMigrationRequest) -> ();
            }
            live_migration {
                act CheckCanLiveMigrateDestination check_can_live_migrate_destination(request: types::CheckDestinationRequest) -> types::LiveMigrateData;
                act CheckCanLiveMigrateSource check_can_live_migrate_source(request: types::CheckSourceRequest) -> types::LiveMigrateData;
                act PostClaimMigrateData post_claim_migrate_data(request: types::PostClaimRequest) -> types::LiveMigrateData;
                act CheckSourceMigrateDataAtDest check_source_migrate_data_at_dest(request: types::CheckSourceDataRequest) -> types::LiveMigrateData;
                act CleanupLiveMigrationDestinationCheck cleanup_live_migration_destination_check(dest_check_data: types::LiveMigrateData) -> ();
                query GetInstanceDiskInfo get_instance_disk_info(instance: types::Instance, block_device_info: types::BlockDeviceInfo) -> Vec<types::InstanceDisk>;
                act PreLiveMigration pre_live_migration(request: types::PreLiveMigrationRequest) -> types::LiveMigrateData;
                act LiveMigration live_migration(request: types::LiveMigrationRequest) -> types::LiveMigrationOutcome;
                act LiveMigrationForceComplete live_migration_force_complete(instance: types::Instance) -> ();
                act LiveMigrationAbort live_migration_abort(instance: types::Instance) -> ();
                act RollbackLiveMigrationAtSource rollback_live_migration_at_source(instance: types::Instance, migrate_data: types::LiveMigrateData) -> ();
                act RollbackLiveMigrationAtDestination rollback_live_migration_at_destination(request: types::RollbackAtDestinationRequest) -> ();
                act PostLiveMigration post_live_migration(request: types::PostLiveMigrationRequest) -> ();
                act PostLiveMigrationAtSource post_live_migration_at_source(instance: types::Instance, network_info: types::NetworkInfo) -> ();
                act PostLiveMigrationAtDestination post_live_migration_at_destination(request: types::PostAtDestinationRequest) -> ();
            }
            shared_storage {
                act CheckInstanceSharedStorageLocal check_instance_shared_storage_local(instance: types::Instance) -> Option<String>;
                query CheckInstanceSharedStorageRemote check_instance_shared_storage_remote(data: String) -> bool;
                act CheckInstanceSharedStorageCleanup check_instance_shared_storage_cleanup(data: String) -> ();
            }
            persistence {
                query SaveState save_state() -> types::DriverState;
                act RestoreState restore_state(state: types::DriverState) -> ();
            }
            legacy_firewall {
                act EnsureFilteringRulesForInstance ensure_filtering_rules_for_instance(instance: types::Instance, network_info: types::NetworkInfo) -> ();
                act UnfilterInstance unfilter_instance(instance: types::Instance, network_info: types::NetworkInfo) -> ();
                act RefreshInstanceSecurityRules refresh_instance_security_rules(instance: types::Instance) -> ();
                act RefreshProviderFwRules refresh_provider_fw_rules() -> ();
                act RefreshSecurityGroupMembers refresh_security_group_members(security_group: String) -> ();
                act RefreshSecurityGroupRules refresh_security_group_rules(security_group: String) -> ();
            }
            volume_snapshots {
                act VolumeSnapshotCreate volume_snapshot_create(request: types::VolumeSnapshotCreateRequest) -> ();
                act VolumeSnapshotDelete volume_snapshot_delete(request: types::VolumeSnapshotDeleteRequest) -> ();
            }
        }
    };
}
pub(crate) use for_each_method;

/// The interface that a driver may leave out (`wit/v1.0/volume-snapshots.wit`).
const OPTIONAL: &str = "volume-snapshots";

macro_rules! methods {
    ($($interface:ident {
        $($kind:ident $variant:ident $name:ident($($arg:ident: $type:ty),*) -> $answer:ty;)*
    })*) => {
        /// A method of the contract.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[expect(missing_docs, reason = "described in wit/v1.0")]
        pub enum Method {
            $($($variant,)*)*
        }

        impl Method {
            /// Every method, in the order of the contract; those of optional interfaces last.
            pub const ALL: &'static [Method] = &[$($(Method::$variant,)*)*];

            /// Nova's name, `finish_migration`.
            pub const fn name(self) -> &'static str {
                match self { $($(Method::$variant => stringify!($name),)*)* }
            }

            /// Whether it only asks: how often it is called depends on caches, and nothing changes by it.
            pub const fn is_query(self) -> bool {
                match self { $($(Method::$variant => methods!(@$kind),)*)* }
            }

            /// The interface it is in, in Rust's spelling.
            const fn interface_name(self) -> &'static str {
                match self { $($(Method::$variant => stringify!($interface),)*)* }
            }
        }
    };
    (@query) => { true };
    (@act) => { false };
}
for_each_method!(methods);

impl Method {
    /// The method of this name.
    pub fn from_name(name: &str) -> Option<Method> {
        Self::ALL.iter().copied().find(|method| method.name() == name)
    }

    /// The name in the contract, `finish-migration`.
    pub fn wit_name(self) -> String {
        self.name().replace('_', "-")
    }

    /// The contract's interface it is in, `cold-migration`.
    pub fn interface(self) -> String {
        self.interface_name().replace('_', "-")
    }

    /// Whether a driver may leave it out, with the whole interface it is in.
    pub fn is_optional(self) -> bool {
        self.interface() == OPTIONAL
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{Contract, Version};
    use wit_parser::WorldItem;

    #[test]
    fn the_list_is_the_contracts() {
        let contract = Contract::parse(Version::V1_0).unwrap();
        let mut declared = Vec::new();
        for (_, item) in &contract.resolve.worlds[contract.world].exports {
            let WorldItem::Interface { id, .. } = item else { panic!("the world exports a lone function") };
            let interface = &contract.resolve.interfaces[*id];
            for function in interface.functions.keys() {
                declared.push((interface.name.clone().unwrap(), function.clone()));
            }
        }
        let mut listed: Vec<(String, String)> =
            Method::ALL.iter().map(|method| (method.interface(), method.wit_name())).collect();
        // The world lists the optional interface wherever its file has it.
        declared.sort();
        listed.sort();
        assert_eq!(listed, declared);
    }

    #[test]
    fn names_are_unique_so_that_a_fault_point_needs_no_interface() {
        for method in Method::ALL {
            assert_eq!(Method::from_name(method.name()), Some(*method));
        }
    }
}
