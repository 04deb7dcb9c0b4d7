//! An in-memory hypervisor: Nova's FakeDriver (`nova/virt/fake.py`), made to behave as a hypervisor does.
//!
//! Guests are entries in durable storage, so they survive the death of the agent. It differs from Nova's where that one does
//! not do what a hypervisor does:
//!
//! * A guest that moves away is stopped by `migrate_disk_and_power_off` and no longer a guest of its source: what stays is
//!   its disks, from which `finish_revert_migration` makes it again and which `confirm_migration` removes. So there is one
//!   guest, at every stage of a move, and none between its stages. A live migration takes it from the source likewise.
//! * `pause`, `suspend`, `rescue`, `soft_delete` and what takes them back change the state of the guest, and fail if there
//!   is none.
//! * What is in use is what the guests use; volumes and interfaces belong to a guest.
//!
//! With `quirks=nova` it is Nova's to the letter: `migrate_disk_and_power_off` does nothing, so that the guest runs on, on
//! the source, until somebody destroys it; pausing and the like do nothing; and the counter of what is in use drifts.
//!
//! The other settings make it one of Nova's variants: `SmallFakeDriver` is `size=small`,
//! `MediumFakeDriverWithNestedCustomResources` is `size=medium,nested=true`, and so on; see `variants`.

mod answers;
mod devices;
mod guests;
mod identifiers;
mod inventory;
mod live;
mod persistence;
mod variants;

use guests::{GUESTS, MOVED, Size, change, guest_of, set_used, used};
use inventory::CAPABILITIES;
#[cfg_attr(
    not(test),
    expect(clippy::wildcard_imports, reason = "it has nearly all methods, and they have nearly all types")
)]
use novarig_driver_sdk::types::*;
use novarig_driver_sdk::{Driver, config, durable, export_driver, log, virtapi};
use variants::quirks;

/// The driver has nothing but what is in durable storage and in its settings.
#[derive(Default)]
struct Fake;

/// Makes a guest, or makes it anew.
fn create(guest: SavedGuest) -> Result<(), VirtError> {
    set_used(used().plus(Size::from(&guest.flavor)));
    if quirks()? {
        devices::remember_interfaces(&guest.network_info);
    }
    GUESTS.put(guest);
    Ok(())
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
fn set_state(instance: &Instance, state: PowerState) -> Result<(), VirtError> {
    change(instance, |guest| guest.state = state)
}

/// The same, where Nova's does nothing.
fn set_state_of_hypervisor(instance: &Instance, state: PowerState) -> Result<(), VirtError> {
    if quirks()? { Ok(()) } else { set_state(instance, state) }
}

impl Driver for Fake {
    async fn init_host(&self, _host: String) -> Result<(), VirtError> {
        variants::check()
    }

    async fn get_available_nodes(&self, _refresh: bool) -> Result<Vec<String>, VirtError> {
        Ok(vec![inventory::nodename()])
    }

    async fn get_nodenames_by_uuid(&self, _refresh: bool) -> Result<Vec<(Uuid, String)>, VirtError> {
        Ok(inventory::node_uuid()?.into_iter().map(|uuid| (uuid, inventory::nodename())).collect())
    }

    async fn get_host_ip_addr(&self) -> Result<String, VirtError> {
        Ok("192.168.0.1".to_owned())
    }

    async fn set_host_enabled(&self, enabled: bool) -> Result<String, VirtError> {
        Ok(if enabled { "enabled" } else { "disabled" }.to_owned())
    }

    async fn host_power_action(&self, action: HostPower) -> Result<String, VirtError> {
        let done = match action {
            HostPower::Startup => "startup",
            HostPower::Shutdown => "shutdown",
            HostPower::Reboot => "reboot",
        };
        Ok(done.to_owned())
    }

    async fn host_maintenance_mode(&self, _host: String, mode: bool) -> Result<String, VirtError> {
        Ok(if mode { "on_maintenance" } else { "off_maintenance" }.to_owned())
    }

    async fn poll_rebooting_instances(
        &self,
        _timeout: u32,
        _instances: Vec<Instance>,
    ) -> Result<(), VirtError> {
        Ok(())
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

    async fn capabilities(&self) -> Result<Vec<Capability>, VirtError> {
        let mut capabilities = CAPABILITIES.to_vec();
        capabilities.extend(variants::capabilities()?);
        Ok(capabilities)
    }

    async fn get_host_cpu_stats(&self) -> Result<HostCpuStats, VirtError> {
        Ok(answers::HOST_CPU_STATS)
    }

    async fn get_info(&self, instance: Instance, _use_cache: bool) -> Result<InstanceInfo, VirtError> {
        match GUESTS.get(&instance.uuid) {
            Some(guest) => Ok(InstanceInfo { state: guest.state, internal_id: None }),
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
        let SpawnRequest { instance, power_on, network_info, block_device_info, .. } = request;
        create(guest_of(&instance, power_on, network_info, block_device_info))
    }

    async fn destroy(&self, request: DestroyRequest) -> Result<(), VirtError> {
        remove(&request.instance);
        Ok(())
    }

    async fn cleanup(&self, request: CleanupRequest) -> Result<(), VirtError> {
        let uuid = &request.instance.uuid;
        if GUESTS.has(uuid) {
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

    async fn reboot(&self, request: RebootRequest) -> Result<(), VirtError> {
        let RebootRequest { instance, network_info, reboot_type, block_device_info, .. } = request;
        if reboot_type == RebootType::Hard && !GUESTS.has(&instance.uuid) {
            // Whatever is left of it here is used.
            MOVED.take(&instance.uuid);
            return create(guest_of(&instance, true, network_info, block_device_info));
        }
        set_state(&instance, PowerState::Running)
    }

    async fn power_off(
        &self,
        instance: Instance,
        _timeout: u32,
        _retry_interval: u32,
    ) -> Result<(), VirtError> {
        set_state(&instance, PowerState::Shutdown)
    }

    async fn power_on(&self, request: PowerOnRequest) -> Result<(), VirtError> {
        set_state(&request.instance, PowerState::Running)
    }

    async fn power_update_event(
        &self,
        instance: Instance,
        target_power_state: TargetPowerState,
    ) -> Result<(), VirtError> {
        if !variants::power_update()? {
            return Err(VirtError::NotImplemented);
        }
        let state = match target_power_state {
            TargetPowerState::PowerOn => PowerState::Running,
            TargetPowerState::PowerOff => PowerState::Shutdown,
        };
        set_state(&instance, state)
    }

    async fn pause(&self, instance: Instance) -> Result<(), VirtError> {
        set_state_of_hypervisor(&instance, PowerState::Paused)
    }

    async fn unpause(&self, instance: Instance) -> Result<(), VirtError> {
        set_state_of_hypervisor(&instance, PowerState::Running)
    }

    async fn suspend(&self, instance: Instance) -> Result<(), VirtError> {
        set_state_of_hypervisor(&instance, PowerState::Suspended)
    }

    async fn resume(&self, request: ResumeRequest) -> Result<(), VirtError> {
        set_state_of_hypervisor(&request.instance, PowerState::Running)
    }

    async fn resume_state_on_host_boot(&self, request: ResumeRequest) -> Result<(), VirtError> {
        set_state_of_hypervisor(&request.instance, PowerState::Running)
    }

    async fn rescue(&self, request: RescueRequest) -> Result<(), VirtError> {
        set_state_of_hypervisor(&request.instance, PowerState::Running)
    }

    async fn unrescue(&self, instance: Instance) -> Result<(), VirtError> {
        set_state(&instance, PowerState::Running)
    }

    async fn soft_delete(&self, instance: Instance) -> Result<(), VirtError> {
        set_state_of_hypervisor(&instance, PowerState::Shutdown)
    }

    async fn restore(&self, instance: Instance) -> Result<(), VirtError> {
        set_state_of_hypervisor(&instance, PowerState::Running)
    }

    async fn trigger_crash_dump(&self, instance: Instance) -> Result<(), VirtError> {
        if quirks()? || GUESTS.has(&instance.uuid) {
            Ok(())
        } else {
            Err(VirtError::InstanceNotRunning(instance.uuid))
        }
    }

    async fn get_console_output(&self, _instance: Instance) -> Result<Vec<u8>, VirtError> {
        Ok(answers::CONSOLE_OUTPUT.to_vec())
    }

    async fn get_vnc_console(&self, _instance: Instance) -> Result<Console, VirtError> {
        Ok(answers::console("fakevncconsole.com", "fd6f8ba4-1c1d-4b8e-9d6f-2f0b3a1c5e01", None))
    }

    async fn get_spice_console(&self, _instance: Instance) -> Result<Console, VirtError> {
        Ok(answers::console("fakespiceconsole.com", "fd6f8ba4-1c1d-4b8e-9d6f-2f0b3a1c5e02", Some(6970)))
    }

    async fn get_serial_console(&self, _instance: Instance) -> Result<Console, VirtError> {
        Ok(answers::console("fakerdpconsole.com", "fd6f8ba4-1c1d-4b8e-9d6f-2f0b3a1c5e03", None))
    }

    async fn get_mks_console(&self, _instance: Instance) -> Result<Console, VirtError> {
        Ok(answers::console("fakemksconsole.com", "fd6f8ba4-1c1d-4b8e-9d6f-2f0b3a1c5e04", None))
    }

    async fn get_diagnostics(
        &self,
        _instance: Instance,
    ) -> Result<Vec<(String, DiagnosticValue)>, VirtError> {
        Ok(answers::diagnostics())
    }

    async fn get_instance_diagnostics(&self, _instance: Instance) -> Result<InstanceDiagnostics, VirtError> {
        Ok(answers::instance_diagnostics())
    }

    async fn set_admin_password(&self, _instance: Instance, _new_pass: String) -> Result<(), VirtError> {
        Ok(())
    }

    async fn quiesce(&self, _instance: Instance, _image_meta: ImageMeta) -> Result<(), VirtError> {
        Ok(())
    }

    async fn unquiesce(&self, _instance: Instance, _image_meta: ImageMeta) -> Result<(), VirtError> {
        Ok(())
    }

    async fn snapshot(&self, instance: Instance, _image_id: Uuid) -> Result<(), VirtError> {
        if !GUESTS.has(&instance.uuid) {
            return Err(VirtError::InstanceNotRunning(instance.uuid));
        }
        virtapi::update_task_state(instance.uuid, DriverTask::ImageUploading, None).await
    }

    async fn cache_image(&self, image_id: Uuid) -> Result<bool, VirtError> {
        if !variants::caching()? {
            return Err(VirtError::NotImplemented);
        }
        let key = format!("image/{image_id}");
        let is_new = durable::get(&key).is_none();
        durable::set(&key, &[]);
        Ok(is_new)
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

    async fn attach_volume(&self, request: AttachVolumeRequest) -> Result<(), VirtError> {
        devices::attach_volume(request)
    }

    async fn detach_volume(&self, request: DetachVolumeRequest) -> Result<(), VirtError> {
        devices::detach_volume(&request)
    }

    async fn swap_volume(&self, request: SwapVolumeRequest) -> Result<(), VirtError> {
        devices::swap_volume(request)
    }

    async fn extend_volume(&self, _request: ExtendVolumeRequest) -> Result<(), VirtError> {
        Ok(())
    }

    async fn get_all_volume_usage(
        &self,
        compute_host_bdms: Vec<InstanceVolumes>,
    ) -> Result<Vec<VolumeUsage>, VirtError> {
        let first = compute_host_bdms.into_iter().next().and_then(|server| {
            let volume = server.bdms.into_iter().next()?.volume_id?;
            Some(VolumeUsage {
                volume,
                instance: server.instance.uuid,
                rd_req: 0,
                rd_bytes: 0,
                wr_req: 0,
                wr_bytes: 0,
            })
        });
        Ok(first.into_iter().collect())
    }

    async fn block_stats(
        &self,
        _instance: Instance,
        _disk_id: String,
    ) -> Result<Option<DiskCounters>, VirtError> {
        Ok(Some(DiskCounters { rd_req: 0, rd_bytes: 0, wr_req: 0, wr_bytes: 0, flush_operations: None }))
    }

    async fn mount_share(&self, _instance: Instance, _share: ShareMapping) -> Result<(), VirtError> {
        Ok(())
    }

    async fn umount_share(&self, _instance: Instance, _share: ShareMapping) -> Result<(), VirtError> {
        Ok(())
    }

    async fn attach_interface(
        &self,
        instance: Instance,
        _image_meta: ImageMeta,
        vif: Vif,
    ) -> Result<(), VirtError> {
        devices::attach_interface(&instance, vif)
    }

    async fn detach_interface(&self, instance: Instance, vif: Vif) -> Result<(), VirtError> {
        devices::detach_interface(&instance, &vif)
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
        MOVED.put(SavedGuest { state: PowerState::Shutdown, ..guest });
        Ok(None)
    }

    async fn finish_migration(&self, request: FinishMigrationRequest) -> Result<(), VirtError> {
        let FinishMigrationRequest { instance, power_on, network_info, block_device_info, .. } = request;
        create(guest_of(&instance, power_on, network_info, block_device_info))
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
        let FinishRevertMigrationRequest { instance, power_on, network_info, block_device_info, .. } =
            request;
        MOVED.take(&instance.uuid);
        GUESTS.put(guest_of(&instance, power_on, network_info, block_device_info));
        Ok(())
    }

    async fn check_can_live_migrate_destination(
        &self,
        request: CheckDestinationRequest,
    ) -> Result<LiveMigrateData, VirtError> {
        Ok(live::check_destination(&request))
    }

    async fn check_can_live_migrate_source(
        &self,
        request: CheckSourceRequest,
    ) -> Result<LiveMigrateData, VirtError> {
        Ok(request.dest_check_data)
    }

    async fn cleanup_live_migration_destination_check(
        &self,
        _dest_check_data: LiveMigrateData,
    ) -> Result<(), VirtError> {
        Ok(())
    }

    async fn get_instance_disk_info(
        &self,
        _instance: Instance,
        _block_device_info: BlockDeviceInfo,
    ) -> Result<Vec<InstanceDisk>, VirtError> {
        Ok(vec![])
    }

    async fn pre_live_migration(
        &self,
        request: PreLiveMigrationRequest,
    ) -> Result<LiveMigrateData, VirtError> {
        Ok(request.migrate_data)
    }

    async fn live_migration(&self, request: LiveMigrationRequest) -> Result<LiveMigrationOutcome, VirtError> {
        live::migrate(&request)
    }

    async fn live_migration_force_complete(&self, _instance: Instance) -> Result<(), VirtError> {
        Ok(())
    }

    async fn live_migration_abort(&self, _instance: Instance) -> Result<(), VirtError> {
        Ok(())
    }

    async fn rollback_live_migration_at_destination(
        &self,
        _request: RollbackAtDestinationRequest,
    ) -> Result<(), VirtError> {
        Ok(())
    }

    async fn post_live_migration_at_destination(
        &self,
        request: PostAtDestinationRequest,
    ) -> Result<(), VirtError> {
        live::arrive(request)
    }

    async fn save_state(&self) -> Result<DriverState, VirtError> {
        Ok(persistence::save())
    }

    async fn restore_state(&self, state: DriverState) -> Result<(), VirtError> {
        persistence::restore(state);
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
        nested: boolean = "false", "A child provider NODE-child with 10 of CUSTOM_MAGIC (…WithNestedCustomResources)";
        pci: boolean = "false", "Three PCI network cards with one virtual function each (FakeDriverWithPciResources)";
        caching: boolean = "false", "Images can be cached beforehand (FakeDriverWithCaching)";
        node_uuid: one_of["random", "predictable", "local"] = "random", "Identifier of the node: drawn, from its name (PredictableNodeUUIDDriver), or the compute service's (FakeDriverWithoutFakeNodes)";
        same_host_cold_migrate: boolean = "false", "Cold migrations may stay on the host (SameHostColdMigrateDriver)";
        rescue_bfv: boolean = "false", "Servers that boot from a volume can be rescued (RescueBFVDriver)";
        power_update: boolean = "false", "Takes power events from outside (PowerUpdateFakeDriver)";
        ephemeral_encryption: one_of["none", "any", "luks", "plain"] = "none", "Local disks can be encrypted (EphEncryptionDriver, …LUKS, …PLAIN)";
    },
}

#[cfg(test)]
mod tests;
