//! The methods of contract 0.1 whose signatures 1.0 has kept. The others are `update_provider_tree`, `power_on` and
//! `default_device_names_for_instance`.

macro_rules! for_each_kept_method {
    ($macro:ident) => {
        $macro! {
            init_host(host: String) -> ();
            cleanup_host(host: String) -> ();
            get_available_nodes(refresh: bool) -> Vec<String>;
            get_nodenames_by_uuid(refresh: bool) -> Vec<(String, String)>;
            node_is_available(nodename: String) -> bool;
            get_host_ip_addr() -> String;
            network_binding_host_id(instance: Instance) -> Option<String>;
            capabilities() -> Vec<Capability>;
            get_available_resource(nodename: String) -> Option<NodeResources>;
            get_info(instance: Instance, use_cache: bool) -> InstanceInfo;
            get_num_instances() -> u32;
            list_instances() -> Vec<String>;
            list_instance_uuids() -> Vec<String>;
            instance_exists(instance: Instance) -> bool;
            prepare_for_spawn(instance: Instance) -> ();
            prepare_networks_before_block_device_mapping(instance: Instance, network_info: NetworkInfo) -> ();
            clean_networks_preparation(instance: Instance, network_info: NetworkInfo) -> ();
            failed_spawn_cleanup(instance: Instance) -> ();
            default_root_device_name(instance: Instance, image_meta: ImageMeta, root: Option<BlockDevice>) -> String;
            spawn(request: SpawnRequest) -> ();
            destroy(request: DestroyRequest) -> ();
            cleanup(request: CleanupRequest) -> ();
            plug_vifs(instance: Instance, network_info: NetworkInfo) -> ();
            unplug_vifs(instance: Instance, network_info: NetworkInfo) -> ();
            get_volume_connector(instance: Instance) -> VolumeConnector;
            reboot(request: RebootRequest) -> ();
            power_off(instance: Instance, timeout: u32, retry_interval: u32) -> ();
            migrate_disk_and_power_off(request: MigrateDiskAndPowerOffRequest) -> Option<String>;
            finish_migration(request: FinishMigrationRequest) -> ();
            confirm_migration(migration: Migration, instance: Instance, network_info: NetworkInfo) -> ();
            finish_revert_migration(request: FinishRevertMigrationRequest) -> ();
            check_instance_shared_storage_local(instance: Instance) -> Option<String>;
            check_instance_shared_storage_remote(data: String) -> bool;
            check_instance_shared_storage_cleanup(data: String) -> ();
        }
    };
}
pub(crate) use for_each_kept_method;
