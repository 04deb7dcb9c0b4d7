//! The functions of contract 0.1 whose parameters arrive in a block of memory, with its size in bytes. A test of the host
//! compares this with the contract.

macro_rules! for_each_block {
    ($macro:ident) => {
        $macro! {
            _export_network_binding_host_id_cabi, "network-binding-host-id": 200;
            _export_get_info_cabi, "get-info": 208;
            _export_instance_exists_cabi, "instance-exists": 200;
            _export_prepare_for_spawn_cabi, "prepare-for-spawn": 200;
            _export_prepare_networks_before_block_device_mapping_cabi, "prepare-networks-before-block-device-mapping": 208;
            _export_clean_networks_preparation_cabi, "clean-networks-preparation": 208;
            _export_failed_spawn_cleanup_cabi, "failed-spawn-cleanup": 200;
            _export_default_root_device_name_cabi, "default-root-device-name": 448;
            _export_default_device_names_for_instance_cabi, "default-device-names-for-instance": 216;
            _export_spawn_cabi, "spawn": 368;
            _export_destroy_cabi, "destroy": 232;
            _export_cleanup_cabi, "cleanup": 232;
            _export_plug_vifs_cabi, "plug-vifs": 208;
            _export_unplug_vifs_cabi, "unplug-vifs": 208;
            _export_get_volume_connector_cabi, "get-volume-connector": 200;
            _export_reboot_cabi, "reboot": 232;
            _export_power_off_cabi, "power-off": 208;
            _export_power_on_cabi, "power-on": 232;
            _export_migrate_disk_and_power_off_cabi, "migrate-disk-and-power-off": 312;
            _export_finish_migration_cabi, "finish-migration": 560;
            _export_confirm_migration_cabi, "confirm-migration": 400;
            _export_finish_revert_migration_cabi, "finish-revert-migration": 424;
            _export_check_instance_shared_storage_local_cabi, "check-instance-shared-storage-local": 200;
        }
    };
}
pub(crate) use for_each_block;

/// Bytes to whose multiple every block is aligned.
pub(crate) const ALIGN: usize = 8;
