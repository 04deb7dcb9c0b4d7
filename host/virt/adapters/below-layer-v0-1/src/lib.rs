//! Makes a driver of contract 1.0 one of 0.1, so that a layer of 0.1 can stand over it.

#[cfg(target_arch = "wasm32")]
mod blocks;
#[path = "../../conversions.rs"]
mod conversions;
#[cfg(target_arch = "wasm32")]
mod glue;
#[path = "../../methods.rs"]
mod methods;

use conversions::To;
use methods::for_each_kept_method;
use new::below;
#[cfg_attr(
    not(test),
    expect(clippy::wildcard_imports, reason = "the contract's methods name nearly all of its types")
)]
use old::*;

/// Contract 0.1, as it is offered.
mod old {
    wit_bindgen::generate!({
        path: "../../../../wit/v0.1",
        inline: "
            package novarig:adapter;
            world offered {
                export nova:virt/driver@0.1.0;
            }
        ",
        world: "novarig:adapter/offered",
        pub_export_macro: true,
        export_macro_name: "export_old",
        generate_all,
    });

    pub(crate) use self::nova::virt::errors::{
        EncryptedVolume, FlatError, ImageReason, InstanceReason, QosNetwork, TaskStateConflict,
        UnexpectedError, VideoMemory, VirtError,
    };
    pub(crate) use self::nova::virt::requests::{
        CleanupRequest, DestroyRequest, DeviceNamesRequest, FinishMigrationRequest,
        FinishRevertMigrationRequest, MigrateDiskAndPowerOffRequest, RebootRequest, SpawnRequest,
    };
    pub(crate) use self::nova::virt::types::*;
}

/// Contract 1.0, as it is called, as far as 0.1 has it.
mod new {
    wit_bindgen::generate!({
        path: "../../../../wit/v1.0",
        inline: "
            package novarig:adapter;
            world called {
                import nova:virt/service@1.0.0;
                import nova:virt/inventory@1.0.0;
                import nova:virt/queries@1.0.0;
                import nova:virt/building@1.0.0;
                import nova:virt/power@1.0.0;
                import nova:virt/volumes@1.0.0;
                import nova:virt/interfaces@1.0.0;
                import nova:virt/cold-migration@1.0.0;
                import nova:virt/shared-storage@1.0.0;
            }
        ",
        world: "novarig:adapter/called",
        generate_all,
    });

    pub(crate) use self::nova::virt::errors::{
        EncryptedVolume, FlatError, ImageReason, InstanceReason, QosNetwork, TaskStateConflict,
        UnexpectedError, VideoMemory, VirtError,
    };
    pub(crate) use self::nova::virt::requests::{
        CleanupRequest, DestroyRequest, DeviceNamesRequest, FinishMigrationRequest,
        FinishRevertMigrationRequest, MigrateDiskAndPowerOffRequest, PowerOnRequest, RebootRequest,
        SpawnRequest,
    };
    pub(crate) use self::nova::virt::types::*;

    /// The methods of the driver below.
    pub(crate) mod below {
        pub(crate) use super::nova::virt::building::{
            clean_networks_preparation, cleanup, default_device_names_for_instance, default_root_device_name,
            destroy, failed_spawn_cleanup, plug_vifs, prepare_for_spawn,
            prepare_networks_before_block_device_mapping, spawn, unplug_vifs,
        };
        pub(crate) use super::nova::virt::cold_migration::{
            confirm_migration, finish_migration, finish_revert_migration, migrate_disk_and_power_off,
        };
        pub(crate) use super::nova::virt::interfaces::network_binding_host_id;
        pub(crate) use super::nova::virt::inventory::{
            capabilities, get_available_resource, update_provider_tree,
        };
        pub(crate) use super::nova::virt::power::{power_off, power_on, reboot};
        pub(crate) use super::nova::virt::queries::{
            get_info, get_num_instances, instance_exists, list_instance_uuids, list_instances,
        };
        pub(crate) use super::nova::virt::service::{
            cleanup_host, get_available_nodes, get_host_ip_addr, get_nodenames_by_uuid, init_host,
            node_is_available,
        };
        pub(crate) use super::nova::virt::shared_storage::{
            check_instance_shared_storage_cleanup, check_instance_shared_storage_local,
            check_instance_shared_storage_remote,
        };
        pub(crate) use super::nova::virt::volumes::get_volume_connector;
    }
}

/// Stands between the two versions and keeps nothing.
struct Adapter;

macro_rules! downward {
    ($($name:ident($($arg:ident: $type:ty),*) -> $answer:ty;)*) => {
        impl old::exports::nova::virt::driver::Guest for Adapter {
            $(
                async fn $name($($arg: $type),*) -> Result<$answer, VirtError> {
                    below::$name($($arg.to()),*).await.map(To::to).map_err(To::to)
                }
            )*

            /// A layer of 0.1 never sees allocations; the driver below is asked for the tree alone.
            async fn update_provider_tree(
                tree: ProviderTree,
                nodename: String,
            ) -> Result<ProviderTree, VirtError> {
                let update = below::update_provider_tree(tree.to(), nodename, None).await;
                update.map(|update| update.tree.to()).map_err(To::to)
            }

            async fn power_on(
                instance: Instance,
                network_info: NetworkInfo,
                block_device_info: BlockDeviceInfo,
            ) -> Result<(), VirtError> {
                let request = new::PowerOnRequest {
                    instance: instance.to(),
                    network_info: network_info.to(),
                    block_device_info: block_device_info.to(),
                    accel_info: Vec::new(),
                    share_info: Vec::new(),
                };
                below::power_on(request).await.map_err(To::to)
            }

            async fn default_device_names_for_instance(
                request: DeviceNamesRequest,
            ) -> Result<Vec<BlockDevice>, VirtError> {
                let named = below::default_device_names_for_instance(request.to()).await;
                named.map(To::to).map_err(To::to)
            }
        }
    };
}
for_each_kept_method!(downward);

#[cfg(target_arch = "wasm32")]
#[expect(unsafe_code, reason = "the generated exports are unsafe functions")]
mod component {
    use super::Adapter;

    crate::old::export_old!(Adapter with_types_in crate::glue);
}
