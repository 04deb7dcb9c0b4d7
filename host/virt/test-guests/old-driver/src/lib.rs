//! A driver of contract 0.1, written with nothing but the bindings of that time: guests are names in durable storage.

mod bindings {
    wit_bindgen::generate!({
        path: "../../../../wit/v0.1",
        world: "virt-driver",
        generate_all,
    });
}

use bindings::exports::nova::virt::driver::Guest;
use bindings::nova::virt::errors::VirtError;
use bindings::nova::virt::requests::{
    CleanupRequest, DestroyRequest, DeviceNamesRequest, FinishMigrationRequest, FinishRevertMigrationRequest,
    MigrateDiskAndPowerOffRequest, RebootRequest, SpawnRequest,
};
#[cfg_attr(
    not(test),
    expect(clippy::wildcard_imports, reason = "the contract's methods name nearly all of its types")
)]
use bindings::nova::virt::types::*;
use bindings::nova::virt::{clock, config, durable, logging, random, settings};

struct OldDriver;

fn key(uuid: &str) -> String {
    format!("guest/{uuid}")
}

fn nothing() -> Result<(), VirtError> {
    Ok(())
}

macro_rules! driver {
    (
        nothing { $($nothing:ident($($arg:ident: $type:ty),*);)* }
        not_implemented { $($missing:ident($($parameter:ident: $missing_type:ty),*) -> $answer:ty;)* }
    ) => {
        impl Guest for OldDriver {
            $(
                async fn $nothing($(_: $type),*) -> Result<(), VirtError> {
                    nothing()
                }
            )*

            $(
                async fn $missing($(_: $missing_type),*) -> Result<$answer, VirtError> {
                    Err(VirtError::NotImplemented)
                }
            )*

            async fn init_host(host: String) -> Result<(), VirtError> {
                let text = settings::get("greeting").unwrap_or_default();
                logging::log(logging::Level::Info, &format!("{text} {host}, {} {}", clock::now(), random::next_u64() % 10));
                Ok(())
            }

            async fn get_available_nodes(_: bool) -> Result<Vec<String>, VirtError> {
                Ok(vec![config::get().host])
            }

            async fn get_nodenames_by_uuid(_: bool) -> Result<Vec<(Uuid, String)>, VirtError> {
                Ok(Vec::new())
            }

            async fn node_is_available(nodename: String) -> Result<bool, VirtError> {
                Ok(nodename == config::get().host)
            }

            async fn get_host_ip_addr() -> Result<String, VirtError> {
                Ok(config::get().my_ip)
            }

            async fn network_binding_host_id(instance: Instance) -> Result<Option<String>, VirtError> {
                Ok(instance.host)
            }

            async fn capabilities() -> Result<Vec<Capability>, VirtError> {
                Ok(vec![Capability::SupportsEvacuate, Capability::SupportsImageTypeRaw])
            }

            async fn get_available_resource(nodename: String) -> Result<Option<NodeResources>, VirtError> {
                clock::sleep(1).await;
                Ok(Some(NodeResources {
                    vcpus: 4,
                    memory_mb: 8192,
                    local_gb: 100,
                    vcpus_used: 0,
                    memory_mb_used: 0,
                    local_gb_used: 0,
                    uuid: None,
                    hypervisor_type: "old".to_owned(),
                    hypervisor_version: 1,
                    hypervisor_hostname: nodename,
                    disk_available_least: None,
                    cpu_info: CpuInfo {
                        arch: "x86_64".to_owned(),
                        model: "old".to_owned(),
                        vendor: "old".to_owned(),
                        features: Vec::new(),
                        topology: CpuTopology { sockets: 1, cores: 4, threads: 1 },
                    },
                    supported_instances: Vec::new(),
                    stats: Vec::new(),
                }))
            }

            async fn update_provider_tree(
                mut tree: ProviderTree,
                nodename: String,
            ) -> Result<ProviderTree, VirtError> {
                let inventory = |class: &str, total: u64| Inventory {
                    resource_class: class.to_owned(),
                    total,
                    reserved: 0,
                    min_unit: 1,
                    max_unit: total,
                    step_size: 1,
                    allocation_ratio: 1.0,
                };
                for provider in tree.iter_mut().filter(|provider| provider.name == nodename) {
                    provider.inventories =
                        vec![inventory("VCPU", 4), inventory("MEMORY_MB", 8192), inventory("DISK_GB", 100)];
                }
                Ok(tree)
            }

            async fn get_info(instance: Instance, _: bool) -> Result<InstanceInfo, VirtError> {
                match durable::get(&key(&instance.uuid)).as_deref() {
                    Some(b"on") => Ok(InstanceInfo { state: PowerState::Running, internal_id: None }),
                    Some(_) => Ok(InstanceInfo { state: PowerState::Shutdown, internal_id: None }),
                    None => Err(VirtError::InstanceNotFound(instance.uuid)),
                }
            }

            async fn get_num_instances() -> Result<u32, VirtError> {
                Ok(u32::try_from(durable::keys("guest/").len()).unwrap_or(u32::MAX))
            }

            async fn list_instances() -> Result<Vec<String>, VirtError> {
                Err(VirtError::NotImplemented)
            }

            async fn list_instance_uuids() -> Result<Vec<Uuid>, VirtError> {
                Ok(durable::keys("guest/").iter().map(|key| key["guest/".len()..].to_owned()).collect())
            }

            async fn instance_exists(instance: Instance) -> Result<bool, VirtError> {
                Ok(durable::get(&key(&instance.uuid)).is_some())
            }

            async fn default_device_names_for_instance(
                request: DeviceNamesRequest,
            ) -> Result<Vec<BlockDevice>, VirtError> {
                let mut devices = request.devices;
                devices.reverse();
                for device in &mut devices {
                    device.device_name = Some(request.root_device_name.clone());
                }
                Ok(devices)
            }

            async fn get_volume_connector(_: Instance) -> Result<VolumeConnector, VirtError> {
                let config = config::get();
                Ok(VolumeConnector { ip: config.my_ip, host: config.host, initiator: None, properties: Vec::new() })
            }

            async fn spawn(request: SpawnRequest) -> Result<(), VirtError> {
                durable::set(&key(&request.instance.uuid), if request.power_on { b"on" } else { b"off" });
                Ok(())
            }

            async fn destroy(request: DestroyRequest) -> Result<(), VirtError> {
                durable::delete(&key(&request.instance.uuid));
                Ok(())
            }

            async fn power_off(instance: Instance, _: u32, _: u32) -> Result<(), VirtError> {
                durable::set(&key(&instance.uuid), b"off");
                Ok(())
            }

            async fn power_on(instance: Instance, _: NetworkInfo, _: BlockDeviceInfo) -> Result<(), VirtError> {
                if instance.name == "panic" {
                    panic!("the old driver panics");
                }
                durable::set(&key(&instance.uuid), b"on");
                Ok(())
            }
        }
    };
}

driver! {
    nothing {
        cleanup_host(host: String);
        prepare_for_spawn(instance: Instance);
        prepare_networks_before_block_device_mapping(instance: Instance, network_info: NetworkInfo);
        clean_networks_preparation(instance: Instance, network_info: NetworkInfo);
        failed_spawn_cleanup(instance: Instance);
        plug_vifs(instance: Instance, network_info: NetworkInfo);
        unplug_vifs(instance: Instance, network_info: NetworkInfo);
        reboot(request: RebootRequest);
        check_instance_shared_storage_cleanup(data: String);
    }
    not_implemented {
        default_root_device_name(instance: Instance, image_meta: ImageMeta, root: Option<BlockDevice>) -> String;
        cleanup(request: CleanupRequest) -> ();
        migrate_disk_and_power_off(request: MigrateDiskAndPowerOffRequest) -> Option<String>;
        finish_migration(request: FinishMigrationRequest) -> ();
        confirm_migration(migration: Migration, instance: Instance, network_info: NetworkInfo) -> ();
        finish_revert_migration(request: FinishRevertMigrationRequest) -> ();
        check_instance_shared_storage_local(instance: Instance) -> Option<String>;
        check_instance_shared_storage_remote(data: String) -> bool;
    }
}

#[cfg(target_arch = "wasm32")]
#[expect(unsafe_code, reason = "the generated exports are unsafe functions")]
mod component {
    use super::OldDriver;

    crate::bindings::export!(OldDriver with_types_in crate::bindings);
}
