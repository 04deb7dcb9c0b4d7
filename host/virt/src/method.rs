//! The methods of the contract, by Nova's names: one list, from which the [`Method`]s, and the calls of
//! [`Hypervisor`](crate::Hypervisor), are made.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Hands the list of methods to a macro. Each line has: does it only ask (`query`) or act (`act`), variant, name,
/// generated call, parameters, answer.
macro_rules! for_each_method {
    ($macro:ident) => {
        $macro! {
            act InitHost init_host call_init_host(host: String) -> ();
            act CleanupHost cleanup_host call_cleanup_host(host: String) -> ();
            query GetAvailableNodes get_available_nodes call_get_available_nodes(refresh: bool) -> Vec<String>;
            query GetNodenamesByUuid get_nodenames_by_uuid call_get_nodenames_by_uuid(refresh: bool) -> Vec<(Uuid, String)>;
            query NodeIsAvailable node_is_available call_node_is_available(nodename: String) -> bool;
            query GetHostIpAddr get_host_ip_addr call_get_host_ip_addr() -> String;
            query NetworkBindingHostId network_binding_host_id call_network_binding_host_id(instance: Instance) -> Option<String>;
            query Capabilities capabilities call_capabilities() -> Vec<Capability>;
            query GetAvailableResource get_available_resource call_get_available_resource(nodename: String) -> Option<NodeResources>;
            query UpdateProviderTree update_provider_tree call_update_provider_tree(tree: ProviderTree, nodename: String) -> ProviderTree;
            query GetInfo get_info call_get_info(instance: Instance, use_cache: bool) -> InstanceInfo;
            query GetNumInstances get_num_instances call_get_num_instances() -> u32;
            query ListInstances list_instances call_list_instances() -> Vec<String>;
            query ListInstanceUuids list_instance_uuids call_list_instance_uuids() -> Vec<Uuid>;
            query InstanceExists instance_exists call_instance_exists(instance: Instance) -> bool;
            act PrepareForSpawn prepare_for_spawn call_prepare_for_spawn(instance: Instance) -> ();
            act PrepareNetworksBeforeBlockDeviceMapping prepare_networks_before_block_device_mapping call_prepare_networks_before_block_device_mapping(instance: Instance, network_info: NetworkInfo) -> ();
            act CleanNetworksPreparation clean_networks_preparation call_clean_networks_preparation(instance: Instance, network_info: NetworkInfo) -> ();
            act FailedSpawnCleanup failed_spawn_cleanup call_failed_spawn_cleanup(instance: Instance) -> ();
            act DefaultRootDeviceName default_root_device_name call_default_root_device_name(instance: Instance, image_meta: ImageMeta, root: Option<BlockDevice>) -> String;
            act DefaultDeviceNamesForInstance default_device_names_for_instance call_default_device_names_for_instance(request: DeviceNamesRequest) -> Vec<BlockDevice>;
            act Spawn spawn call_spawn(request: SpawnRequest) -> ();
            act Destroy destroy call_destroy(request: DestroyRequest) -> ();
            act Cleanup cleanup call_cleanup(request: CleanupRequest) -> ();
            act PlugVifs plug_vifs call_plug_vifs(instance: Instance, network_info: NetworkInfo) -> ();
            act UnplugVifs unplug_vifs call_unplug_vifs(instance: Instance, network_info: NetworkInfo) -> ();
            act GetVolumeConnector get_volume_connector call_get_volume_connector(instance: Instance) -> VolumeConnector;
            act Reboot reboot call_reboot(request: RebootRequest) -> ();
            act PowerOff power_off call_power_off(instance: Instance, timeout: u32, retry_interval: u32) -> ();
            act PowerOn power_on call_power_on(instance: Instance, network_info: NetworkInfo, block_device_info: BlockDeviceInfo) -> ();
            act MigrateDiskAndPowerOff migrate_disk_and_power_off call_migrate_disk_and_power_off(request: MigrateDiskAndPowerOffRequest) -> Option<String>;
            act FinishMigration finish_migration call_finish_migration(request: FinishMigrationRequest) -> ();
            act ConfirmMigration confirm_migration call_confirm_migration(migration: Migration, instance: Instance, network_info: NetworkInfo) -> ();
            act FinishRevertMigration finish_revert_migration call_finish_revert_migration(request: FinishRevertMigrationRequest) -> ();
            act CheckInstanceSharedStorageLocal check_instance_shared_storage_local call_check_instance_shared_storage_local(instance: Instance) -> Option<String>;
            act CheckInstanceSharedStorageRemote check_instance_shared_storage_remote call_check_instance_shared_storage_remote(data: String) -> bool;
            act CheckInstanceSharedStorageCleanup check_instance_shared_storage_cleanup call_check_instance_shared_storage_cleanup(data: String) -> ();
        }
    };
}
pub(crate) use for_each_method;

macro_rules! methods {
    ($($kind:ident $variant:ident $name:ident $call:ident($($arg:ident: $type:ty),*) -> $answer:ty;)*) => {
        /// A method of the contract.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[expect(missing_docs, reason = "described in wit/v0.1/driver.wit")]
        pub enum Method {
            $($variant,)*
        }

        impl Method {
            /// Every method, in the order of the contract.
            pub const ALL: &'static [Method] = &[$(Method::$variant,)*];

            /// Nova's name, `finish_migration`.
            pub const fn name(self) -> &'static str {
                match self { $(Method::$variant => stringify!($name),)* }
            }

            /// Whether it only asks: how often it is called depends on caches, and nothing changes by it.
            pub const fn is_query(self) -> bool {
                match self { $(Method::$variant => methods!(@$kind),)* }
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
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_the_contracts() {
        let wit = include_str!("../../../wit/v0.1/driver.wit");
        let declared: Vec<&str> =
            wit.lines().filter_map(|line| Some(line.trim().split_once(": async func(")?.0)).collect();
        let listed: Vec<String> = Method::ALL.iter().map(|method| method.wit_name()).collect();
        assert_eq!(listed, declared);
    }
}
