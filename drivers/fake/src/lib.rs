//! An in-memory hypervisor: Nova's FakeDriver (`nova/virt/fake.py`), made to behave as a hypervisor does.
//!
//! Guests are entries in durable storage, so they survive the death of the agent. In two things it differs from Nova's:
//!
//! * A guest that moves away is stopped by `migrate_disk_and_power_off` and no longer a guest of its source: what stays is
//!   its disks, from which `finish_revert_migration` makes it again and which `confirm_migration` removes. So there is one
//!   guest, at every stage of a move, and none between its stages.
//! * What is in use is what the guests use.
//!
//! With `quirks=nova` it is Nova's to the letter: `migrate_disk_and_power_off` does nothing, so that the guest runs on, on
//! the source, until somebody destroys it; and the counter of what is in use drifts.

mod guests;
mod inventory;

use guests::{GUESTS, Guest, MOVED, Size, set_used, used};
use inventory::CAPABILITIES;
use novarig_driver_sdk::{
    Capability, CleanupRequest, ConsumerAllocations, DestroyRequest, Driver, FinishMigrationRequest,
    FinishRevertMigrationRequest, Instance, InstanceInfo, MigrateDiskAndPowerOffRequest, Migration,
    NetworkInfo, NodeResources, PowerOnRequest, ProviderTree, ProviderTreeUpdate, RebootRequest, RebootType,
    SpawnRequest, Uuid, VirtError, VolumeConnector, config, export_driver, log, settings,
};

/// The driver has nothing but what is in durable storage and in its settings.
#[derive(Default)]
struct Fake;

/// Is it to be Nova's fake driver to the letter?
fn quirks() -> Result<bool, VirtError> {
    match settings::text("quirks").as_deref() {
        None | Some("none") => Ok(false),
        Some("nova") => Ok(true),
        Some(other) => Err(VirtError::InvalidInput(format!("setting quirks cannot be {other}"))),
    }
}

/// Makes a guest, or makes it anew.
fn create(instance: &Instance, power_on: bool) {
    let guest = Guest::of(instance, power_on);
    set_used(used().plus(guest.size));
    GUESTS.put(&guest);
}

/// Removes a guest.
fn remove(instance: &Instance) {
    if GUESTS.take(&instance.uuid).is_some() {
        set_used(used().minus(Size::from(&instance.flavor)));
    } else if MOVED.take(&instance.uuid).is_none() {
        log::warning(&format!("Key '{}' not in instances", instance.uuid));
    }
}

/// Changes the power state of a guest.
fn set_running(instance: &Instance, running: bool) -> Result<(), VirtError> {
    let guest =
        GUESTS.get(&instance.uuid).ok_or_else(|| VirtError::InstanceNotFound(instance.uuid.clone()))?;
    GUESTS.put(&Guest { running, ..guest });
    Ok(())
}

impl Driver for Fake {
    async fn init_host(&self, _host: String) -> Result<(), VirtError> {
        // Settings that cannot be are noticed here and not in the middle of the night.
        quirks()?;
        inventory::Resources::from_settings()?;
        Ok(())
    }

    async fn get_available_nodes(&self, _refresh: bool) -> Result<Vec<String>, VirtError> {
        Ok(vec![inventory::nodename()])
    }

    async fn get_nodenames_by_uuid(&self, _refresh: bool) -> Result<Vec<(Uuid, String)>, VirtError> {
        Ok(vec![(inventory::node_uuid(), inventory::nodename())])
    }

    async fn get_host_ip_addr(&self) -> Result<String, VirtError> {
        Ok("192.168.0.1".to_owned())
    }

    async fn capabilities(&self) -> Result<Vec<Capability>, VirtError> {
        Ok(CAPABILITIES.to_vec())
    }

    async fn get_available_resource(&self, nodename: String) -> Result<Option<NodeResources>, VirtError> {
        if nodename == inventory::nodename() {
            inventory::node_resources(nodename).map(Some)
        } else {
            Ok(None)
        }
    }

    async fn update_provider_tree(
        &self,
        tree: ProviderTree,
        nodename: String,
        allocations: Option<Vec<ConsumerAllocations>>,
    ) -> Result<ProviderTreeUpdate, VirtError> {
        Ok(ProviderTreeUpdate { tree: inventory::update_provider_tree(tree, &nodename)?, allocations })
    }

    async fn get_info(&self, instance: Instance, _use_cache: bool) -> Result<InstanceInfo, VirtError> {
        match GUESTS.get(&instance.uuid) {
            Some(guest) => Ok(InstanceInfo { state: guest.power_state(), internal_id: None }),
            None => Err(VirtError::InstanceNotFound(instance.uuid)),
        }
    }

    async fn list_instances(&self) -> Result<Vec<String>, VirtError> {
        Ok(GUESTS.all().into_iter().map(|guest| guest.name).collect())
    }

    async fn list_instance_uuids(&self) -> Result<Vec<Uuid>, VirtError> {
        Ok(GUESTS.uuids())
    }

    async fn spawn(&self, request: SpawnRequest) -> Result<(), VirtError> {
        create(&request.instance, request.power_on);
        Ok(())
    }

    async fn destroy(&self, request: DestroyRequest) -> Result<(), VirtError> {
        remove(&request.instance);
        Ok(())
    }

    async fn cleanup(&self, request: CleanupRequest) -> Result<(), VirtError> {
        let uuid = &request.instance.uuid;
        if GUESTS.get(uuid).is_some() {
            return Err(VirtError::InstanceExists(format!("Instance {uuid} has not been destroyed.")));
        }
        MOVED.take(uuid);
        Ok(())
    }

    async fn plug_vifs(&self, _instance: Instance, _network_info: NetworkInfo) -> Result<(), VirtError> {
        Ok(())
    }

    async fn unplug_vifs(&self, _instance: Instance, _network_info: NetworkInfo) -> Result<(), VirtError> {
        Ok(())
    }

    async fn get_volume_connector(&self, _instance: Instance) -> Result<VolumeConnector, VirtError> {
        let config = config::get();
        Ok(VolumeConnector {
            ip: config.my_block_storage_ip,
            host: config.host,
            initiator: Some("fake".to_owned()),
            properties: vec![],
        })
    }

    async fn reboot(&self, request: RebootRequest) -> Result<(), VirtError> {
        let instance = &request.instance;
        if request.reboot_type == RebootType::Hard && GUESTS.get(&instance.uuid).is_none() {
            // Whatever is left of it here is used.
            MOVED.take(&instance.uuid);
            create(instance, true);
            return Ok(());
        }
        set_running(instance, true)
    }

    async fn power_off(
        &self,
        instance: Instance,
        _timeout: u32,
        _retry_interval: u32,
    ) -> Result<(), VirtError> {
        set_running(&instance, false)
    }

    async fn power_on(&self, request: PowerOnRequest) -> Result<(), VirtError> {
        set_running(&request.instance, true)
    }

    async fn migrate_disk_and_power_off(
        &self,
        request: MigrateDiskAndPowerOffRequest,
    ) -> Result<Option<String>, VirtError> {
        if quirks()? {
            return Ok(None);
        }
        let uuid = &request.instance.uuid;
        let guest = GUESTS.take(uuid).ok_or_else(|| VirtError::InstanceNotFound(uuid.clone()))?;
        MOVED.put(&Guest { running: false, ..guest });
        Ok(None)
    }

    async fn finish_migration(&self, request: FinishMigrationRequest) -> Result<(), VirtError> {
        create(&request.instance, request.power_on);
        Ok(())
    }

    async fn confirm_migration(
        &self,
        migration: Migration,
        instance: Instance,
        _network_info: NetworkInfo,
    ) -> Result<(), VirtError> {
        let moved = MOVED.take(&instance.uuid).is_some();
        if migration.source_compute != migration.dest_compute && !moved {
            remove(&instance);
        }
        Ok(())
    }

    async fn finish_revert_migration(&self, request: FinishRevertMigrationRequest) -> Result<(), VirtError> {
        MOVED.take(&request.instance.uuid);
        GUESTS.put(&Guest::of(&request.instance, request.power_on));
        Ok(())
    }
}

export_driver! {
    Fake: driver,
    name: "fake",
    summary: "An in-memory hypervisor: Nova's FakeDriver, but a guest that moved away is gone from its source",
    settings: {
        size: one_of["full", "small", "medium"] = "full", "Size of the host: 1000, 2 or 10 processors (FakeDriver, SmallFakeDriver, MediumFakeDriver)";
        vcpus: integer = "", "Processors, if not those of the size";
        memory_mb: integer = "", "Memory in MiB, if not that of the size";
        local_gb: integer = "", "Disk in GiB, if not that of the size";
        quirks: one_of["none", "nova"] = "none", "nova: Nova's fake driver to the letter, whose guests stay on the source of a move";
    },
}

#[cfg(test)]
mod tests;
