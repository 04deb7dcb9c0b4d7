//! A layer of contract 0.1, written with nothing but the bindings of that time: it shows itself in the host's address, fails
//! `finish_migration`, and forwards everything else.

mod bindings {
    wit_bindgen::generate!({
        path: "../../../../wit/v0.1",
        world: "virt-driver-layer",
        generate_all,
    });
}

use bindings::exports::nova::virt::driver::Guest;
use bindings::nova::virt::driver as below;
use bindings::nova::virt::errors::VirtError;
use bindings::nova::virt::logging;
use bindings::nova::virt::requests::{
    CleanupRequest, DestroyRequest, DeviceNamesRequest, FinishMigrationRequest, FinishRevertMigrationRequest,
    MigrateDiskAndPowerOffRequest, RebootRequest, SpawnRequest,
};
#[cfg_attr(
    not(test),
    expect(clippy::wildcard_imports, reason = "the contract's methods name nearly all of its types")
)]
use bindings::nova::virt::types::*;

struct OldLayer;

macro_rules! layer {
    ($($name:ident($($arg:ident: $type:ty),*) -> $answer:ty;)*) => {
        impl Guest for OldLayer {
            $(
                async fn $name($($arg: $type),*) -> Result<$answer, VirtError> {
                    below::$name($($arg),*).await
                }
            )*

            async fn get_host_ip_addr() -> Result<String, VirtError> {
                logging::log(logging::Level::Info, "the old layer is asked");
                Ok(format!("old({})", below::get_host_ip_addr().await?))
            }

            async fn finish_migration(_: FinishMigrationRequest) -> Result<(), VirtError> {
                Err(VirtError::VirtualInterfaceCreate("Virtual Interface creation failed".to_owned()))
            }

            async fn power_off(instance: Instance, timeout: u32, retry_interval: u32) -> Result<(), VirtError> {
                below::power_off(instance, timeout, retry_interval).await
            }
        }
    };
}

layer! {
    init_host(host: String) -> ();
    cleanup_host(host: String) -> ();
    get_available_nodes(refresh: bool) -> Vec<String>;
    get_nodenames_by_uuid(refresh: bool) -> Vec<(String, String)>;
    node_is_available(nodename: String) -> bool;
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
    migrate_disk_and_power_off(request: MigrateDiskAndPowerOffRequest) -> Option<String>;
    confirm_migration(migration: Migration, instance: Instance, network_info: NetworkInfo) -> ();
    finish_revert_migration(request: FinishRevertMigrationRequest) -> ();
    check_instance_shared_storage_local(instance: Instance) -> Option<String>;
    check_instance_shared_storage_remote(data: String) -> bool;
    check_instance_shared_storage_cleanup(data: String) -> ();
    update_provider_tree(tree: ProviderTree, nodename: String) -> ProviderTree;
    power_on(instance: Instance, network_info: NetworkInfo, block_device_info: BlockDeviceInfo) -> ();
    default_device_names_for_instance(request: DeviceNamesRequest) -> Vec<BlockDevice>;
}

#[cfg(target_arch = "wasm32")]
#[expect(unsafe_code, reason = "the generated exports are unsafe functions")]
mod component {
    use super::OldLayer;

    crate::bindings::export!(OldLayer with_types_in crate::bindings);
}
