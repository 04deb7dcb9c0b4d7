"""The base class of layers.

Written by `drivers/bindings` from the contract; not to be changed by hand.
"""

from __future__ import annotations

from typing import Optional

from novarig._below import Below
from novarig._driver import Driver
from novarig.types import (
    AttachVolumeRequest,
    BlockDevice,
    BlockDeviceInfo,
    Capability,
    CheckDestinationRequest,
    CheckSourceDataRequest,
    CheckSourceRequest,
    CleanupRequest,
    Console,
    ConsumerAllocations,
    DestroyRequest,
    DetachVolumeRequest,
    DeviceNameRequest,
    DeviceNamesRequest,
    DiagnosticValue,
    DiskCounters,
    DriverState,
    ExtendVolumeRequest,
    FinishMigrationRequest,
    FinishRevertMigrationRequest,
    HostCpuStats,
    HostPower,
    ImageMeta,
    Instance,
    InstanceDiagnostics,
    InstanceDisk,
    InstanceInfo,
    InstanceVolumes,
    LiveMigrateData,
    LiveMigrationOutcome,
    LiveMigrationRequest,
    MigrateDiskAndPowerOffRequest,
    Migration,
    NetworkInfo,
    NodeResources,
    PostAtDestinationRequest,
    PostClaimRequest,
    PostLiveMigrationRequest,
    PowerOnRequest,
    PreLiveMigrationRequest,
    ProviderTree,
    ProviderTreeUpdate,
    RebootRequest,
    RebuildRequest,
    RescueRequest,
    ResumeRequest,
    RollbackAtDestinationRequest,
    ShareMapping,
    SpawnRequest,
    SwapVolumeRequest,
    TargetPowerState,
    Uuid,
    Vif,
    VolumeConnector,
    VolumeUsage,
)


class Layer(Driver):
    """Stands over a driver: what its class does not write goes to that driver."""

    kind = "layer"
    below: Below
    """The driver below."""

    async def init_host(self, host: str) -> None:
        """Prepares the hypervisor of the compute host with this name. Comes once, before anything else, and
        again when the agent was restarted; guests may already be there. An error keeps the compute service
        from starting. Default: nothing.
        """
        await self.below.init_host(host)

    async def cleanup_host(self, host: str) -> None:
        """The compute service shuts down; guests stay. Default: nothing."""
        await self.below.cleanup_host(host)

    async def get_available_nodes(self, refresh: bool) -> list[str]:
        """Names of the nodes this driver looks after, at least one. `refresh`: ask anew.
        `virt_driver_not_ready`: the resource update is skipped.
        """
        return await self.below.get_available_nodes(refresh)

    async def get_nodenames_by_uuid(self, refresh: bool) -> list[tuple[Uuid, str]]:
        """Identifier and name of each node, if the driver fixes identifiers. Default: none, the compute
        service then keeps one for the first node.
        """
        return await self.below.get_nodenames_by_uuid(refresh)

    async def node_is_available(self, nodename: str) -> bool:
        """Is this node there? Default: `get_available_nodes` names it, at the latest when asked anew."""
        return await self.below.node_is_available(nodename)

    async def is_node_deleted(self, nodename: str) -> bool:
        """A node is recorded that `get_available_nodes` does not name: is it gone for good? Then its record
        and its provider go. Default: no.
        """
        return await self.below.is_node_deleted(nodename)

    async def process_instances_at_startup(self, instances: list[Instance]) -> list[Instance]:
        """At the start, before the servers of this host are looked after one by one: answers those that are
        to be. Default: all.
        """
        return await self.below.process_instances_at_startup(instances)

    async def get_host_ip_addr(self) -> str:
        """The address of the host, kept with its node."""
        return await self.below.get_host_ip_addr()

    async def get_host_uptime(self) -> str:
        """How long the host has been up, as `uptime` writes it. `not_implemented`: the API answers 400, later
        null.
        """
        return await self.below.get_host_uptime()

    async def set_host_enabled(self, enabled: bool) -> str:
        """The service was enabled or disabled by an operator; answers `enabled` or `disabled`.
        `not_implemented` is ignored.
        """
        return await self.below.set_host_enabled(enabled)

    async def host_power_action(self, action: HostPower) -> str:
        """Switches the host; answers what it did, for a person (`startup`, `shutdown`, `reboot`)."""
        return await self.below.host_power_action(action)

    async def host_maintenance_mode(self, host: str, mode: bool) -> str:
        """Begins or ends the maintenance of this host; answers `on_maintenance` or `off_maintenance`."""
        return await self.below.host_maintenance_mode(host, mode)

    async def poll_rebooting_instances(self, timeout: int, instances: list[Instance]) -> None:
        """Looks after servers that have been rebooting for more than `timeout` seconds. Periodic, if the
        operator has set `reboot_timeout`.
        """
        await self.below.poll_rebooting_instances(timeout, instances)

    async def get_available_resource(self, nodename: str) -> Optional[NodeResources]:
        """The numbers of a node; none: no such node, the update is skipped."""
        return await self.below.get_available_resource(nodename)

    async def update_provider_tree(self, tree: ProviderTree, nodename: str, allocations: Optional[list[ConsumerAllocations]]) -> ProviderTreeUpdate:
        """Takes the providers of a node as placement has them and answers what they are to be: with the
        wanted inventories, traits, aggregates and children. What the driver does not mean to change it
        hands back.

        Without `allocations` it raises `reshape_needed` if inventory has to move to another provider or
        class; that is only right at the start of the service. It is then called again with `allocations`,
        everything that is held on the tree, and answers them too as they are to be. `reshape_failed` then
        keeps the service from starting.
        """
        return await self.below.update_provider_tree(tree, nodename, allocations)

    async def capabilities(self) -> list[Capability]:
        """What the driver can do; what is not listed it cannot. Default: nothing."""
        return await self.below.capabilities()

    async def get_host_cpu_stats(self) -> HostCpuStats:
        """What the processors of the host do, for its metrics. `not_implemented` is ignored."""
        return await self.below.get_host_cpu_stats()

    async def get_info(self, instance: Instance, use_cache: bool) -> InstanceInfo:
        """What the hypervisor knows of this guest. `use_cache`: an answer given before will do.
        `instance_not_found`: there is no such guest.
        """
        return await self.below.get_info(instance, use_cache)

    async def get_num_instances(self) -> int:
        """How many guests there are. Default: as many as `list_instances` names."""
        return await self.below.get_num_instances()

    async def list_instances(self) -> list[str]:
        """The names (`instance.name`) of all guests, running or not."""
        return await self.below.list_instances()

    async def list_instance_uuids(self) -> list[Uuid]:
        """The identifiers of all guests, running or not. `not_implemented`: the manager goes by names."""
        return await self.below.list_instance_uuids()

    async def instance_exists(self, instance: Instance) -> bool:
        """Is there a guest for this server? Default: it is in `list_instance_uuids`, or if that is not
        offered, in `list_instances`.
        """
        return await self.below.instance_exists(instance)

    async def instance_on_disk(self, instance: Instance) -> bool:
        """Are the files of this server to be seen from this host, though its guest was on another? An
        evacuation then keeps its disks. Default: no.
        """
        return await self.below.instance_on_disk(instance)

    async def prepare_for_spawn(self, instance: Instance) -> None:
        """First step of a build. An error aborts the build. Default: nothing."""
        await self.below.prepare_for_spawn(instance)

    async def prepare_networks_before_block_device_mapping(self, instance: Instance, network_info: NetworkInfo) -> None:
        """Prepares the host's network before disks are made. An error aborts the build. Default: nothing."""
        await self.below.prepare_networks_before_block_device_mapping(instance, network_info)

    async def clean_networks_preparation(self, instance: Instance, network_info: NetworkInfo) -> None:
        """Undoes `prepare_networks_before_block_device_mapping` after a build that failed before `spawn`.
        Default: nothing.
        """
        await self.below.clean_networks_preparation(instance, network_info)

    async def failed_spawn_cleanup(self, instance: Instance) -> None:
        """Undoes `prepare_for_spawn` after a build that failed before `spawn`. Default: nothing."""
        await self.below.failed_spawn_cleanup(instance)

    async def default_root_device_name(self, instance: Instance, image_meta: ImageMeta, root: Optional[BlockDevice]) -> str:
        """The device of the root disk, for instance `/dev/vda`. `not_implemented`: the manager names it."""
        return await self.below.default_root_device_name(instance, image_meta, root)

    async def default_device_names_for_instance(self, request: DeviceNamesRequest) -> list[BlockDevice]:
        """Gives names to the disks that have none and answers all of them. `not_implemented`: the manager
        names them. `too_many_disk_devices`: there is no room for one more.
        """
        return await self.below.default_device_names_for_instance(request)

    async def get_device_name_for_instance(self, request: DeviceNameRequest) -> str:
        """The device of a disk that is to be attached. `not_implemented`: the manager takes the next free
        name. `too_many_disk_devices`: there is no room for one more.
        """
        return await self.below.get_device_name_for_instance(request)

    async def spawn(self, request: SpawnRequest) -> None:
        """Makes a guest and, unless `power_on` is false, starts it. Whatever is left of a build that failed
        is removed by `destroy`.
        """
        await self.below.spawn(request)

    async def rebuild(self, request: RebuildRequest) -> None:
        """Makes the guest anew, in a rebuild or an evacuation. It sets the task to `rebuild_spawning` before
        it does. `not_implemented`: the manager does it with `power_off`, `destroy` and `spawn`.
        `preserve_ephemeral_not_supported`: it cannot keep that disk.
        """
        await self.below.rebuild(request)

    async def destroy(self, request: DestroyRequest) -> None:
        """Switches a guest off and removes it. To destroy a guest that does not exist is no error.
        `instance_power_off_failure`: its networks are kept.
        """
        await self.below.destroy(request)

    async def cleanup(self, request: CleanupRequest) -> None:
        """Removes what is left of a guest that is no longer here (after it moved). Must not be called while
        it exists: `instance_exists`.
        """
        await self.below.cleanup(request)

    async def delete_instance_files(self, instance: Instance) -> bool:
        """Removes the files of a deleted server; answers whether they are gone. Up to five attempts. Default:
        they are.
        """
        return await self.below.delete_instance_files(instance)

    async def cleanup_lingering_instance_resources(self, instance: Instance) -> bool:
        """Removes whatever a deleted server whose migration failed may have left on this host; answers
        whether it is gone. Default: it is.
        """
        return await self.below.cleanup_lingering_instance_resources(instance)

    async def plug_vifs(self, instance: Instance, network_info: NetworkInfo) -> None:
        """Plugs a guest's interfaces in again, after the host was restarted. `not_implemented` is ignored,
        `pci_device_not_found_by_id` logged. `virtual_interface_plug`: the server goes to ERROR.
        """
        await self.below.plug_vifs(instance, network_info)

    async def unplug_vifs(self, instance: Instance, network_info: NetworkInfo) -> None:
        """Unplugs a guest's interfaces. Errors are ignored."""
        await self.below.unplug_vifs(instance, network_info)

    async def reboot(self, request: RebootRequest) -> None:
        """Restarts a guest. An error of a guest that still runs is shown but changes nothing; of any other
        the server goes to ERROR.
        """
        await self.below.reboot(request)

    async def power_off(self, instance: Instance, timeout: int, retry_interval: int) -> None:
        """Switches a guest off. It has `timeout` seconds to shut down by itself, and is asked to every
        `retry_interval` seconds; 0: it is switched off at once.
        """
        await self.below.power_off(instance, timeout, retry_interval)

    async def power_on(self, request: PowerOnRequest) -> None:
        """Switches a guest on."""
        await self.below.power_on(request)

    async def power_update_event(self, instance: Instance, target_power_state: TargetPowerState) -> None:
        """An external event says that the server's power is to change. `unexpected_task_state` is swallowed:
        somebody else is at it.
        """
        await self.below.power_update_event(instance, target_power_state)

    async def pause(self, instance: Instance) -> None:
        """Stops the guest's processors."""
        await self.below.pause(instance)

    async def unpause(self, instance: Instance) -> None:
        """Lets them go on."""
        await self.below.unpause(instance)

    async def suspend(self, instance: Instance) -> None:
        """Writes the guest to disk and stops it. `not_implemented` and `instance_fault_rollback`: the server
        goes on; any other error: ERROR.
        """
        await self.below.suspend(instance)

    async def resume(self, request: ResumeRequest) -> None:
        """Lets a suspended guest go on. Errors as for `suspend`."""
        await self.below.resume(request)

    async def resume_state_on_host_boot(self, request: ResumeRequest) -> None:
        """The host was restarted and this guest ran before: starts it again. `not_implemented`: a warning;
        any other error: ERROR.
        """
        await self.below.resume_state_on_host_boot(request)

    async def rescue(self, request: RescueRequest) -> None:
        """Boots the guest, which is switched off, from another image. Any error: ERROR, and
        `instance_not_rescuable` around its text for the caller.
        """
        await self.below.rescue(request)

    async def unrescue(self, instance: Instance) -> None:
        """Boots a rescued guest from its own disk again. Errors as for `suspend`."""
        await self.below.unrescue(instance)

    async def soft_delete(self, instance: Instance) -> None:
        """Takes a guest out of use, so that it can still be restored. `not_implemented`: it is switched off."""
        await self.below.soft_delete(instance)

    async def restore(self, instance: Instance) -> None:
        """Takes it into use again. `not_implemented`: it is switched on."""
        await self.below.restore(instance)

    async def trigger_crash_dump(self, instance: Instance) -> None:
        """Makes the guest write a crash dump. `trigger_crash_dump_not_supported`, `instance_not_running` and
        `not_implemented` are answered to the caller.
        """
        await self.below.trigger_crash_dump(instance)

    async def get_console_output(self, instance: Instance) -> bytes:
        """All the console has written, as far as it is kept. `console_not_available`: there is none.
        `not_implemented`: the API answers 501, `instance_not_ready`: 409.
        """
        return await self.below.get_console_output(instance)

    async def get_vnc_console(self, instance: Instance) -> Console:
        """Where the VNC console is."""
        return await self.below.get_vnc_console(instance)

    async def get_spice_console(self, instance: Instance) -> Console:
        """Where the SPICE console is."""
        return await self.below.get_spice_console(instance)

    async def get_serial_console(self, instance: Instance) -> Console:
        """Where the serial console is. Also `socket_port_range_exhausted` and the errors of the number of
        serial ports are answered to the caller.
        """
        return await self.below.get_serial_console(instance)

    async def get_mks_console(self, instance: Instance) -> Console:
        """Where the MKS console is."""
        return await self.below.get_mks_console(instance)

    async def get_diagnostics(self, instance: Instance) -> list[tuple[str, DiagnosticValue]]:
        """How the guest does, in a form of the driver's own: name and value. Only of a running one.
        `not_implemented`: the API answers 501.
        """
        return await self.below.get_diagnostics(instance)

    async def get_instance_diagnostics(self, instance: Instance) -> InstanceDiagnostics:
        """How the guest does, in the form of all drivers. Only of a running one. `not_implemented`: the API
        answers 501.
        """
        return await self.below.get_instance_diagnostics(instance)

    async def set_admin_password(self, instance: Instance, new_pass: str) -> None:
        """Sets the password of the guest's administrator. Only of a running one. `not_implemented`: the API
        answers 501, `set_admin_passwd_not_supported`, `instance_agent_not_enabled` and
        `qemu_guest_agent_not_enabled`: 409 with their text, any other error: 409 without it.
        """
        await self.below.set_admin_password(instance, new_pass)

    async def inject_network_info(self, instance: Instance, network_info: NetworkInfo) -> None:
        """Tells the guest of its network. Default: nothing."""
        await self.below.inject_network_info(instance, network_info)

    async def quiesce(self, instance: Instance, image_meta: ImageMeta) -> None:
        """Makes the guest write everything and hold still while its volumes are copied. `not_implemented`,
        `instance_quiesce_not_supported` and `qemu_guest_agent_not_enabled`: it is done without, unless the
        image insists.
        """
        await self.below.quiesce(instance, image_meta)

    async def unquiesce(self, instance: Instance, image_meta: ImageMeta) -> None:
        """Lets it go on."""
        await self.below.unquiesce(instance, image_meta)

    async def snapshot(self, instance: Instance, image_id: Uuid) -> None:
        """Writes the guest's root disk into this image, which is there and empty. It sets the task to
        `image_uploading` before the upload, and to `image_pending_upload` before that if it has something
        to do first. `instance_not_found` and `instance_not_running`: the image goes, no error;
        `image_not_found`: somebody has deleted the image, no error; any other: the image goes.
        """
        await self.below.snapshot(instance, image_id)

    async def cache_image(self, image_id: Uuid) -> bool:
        """Fetches an image into the host's cache, as a build would. True: it was fetched, false: it was
        there. `not_implemented`: told as such; any other error: told as failed.
        """
        return await self.below.cache_image(image_id)

    async def manage_image_cache(self, all_instances: list[Instance]) -> None:
        """Removes what nobody needs from the cache. Gets all servers of this host, and of every host that
        shares the cache. Periodic, only with the capability `has_imagecache`. Default: nothing.
        """
        await self.below.manage_image_cache(all_instances)

    async def get_volume_connector(self, instance: Instance) -> VolumeConnector:
        """What the volume service has to know to connect a volume of this server to the host."""
        return await self.below.get_volume_connector(instance)

    async def attach_volume(self, request: AttachVolumeRequest) -> None:
        """Attaches a volume to a guest. An error: its attachment goes."""
        await self.below.attach_volume(request)

    async def detach_volume(self, request: DetachVolumeRequest) -> None:
        """Takes a volume off a guest. `disk_not_found`: it counts as detached. Any other error: it counts as
        attached as before.
        """
        await self.below.detach_volume(request)

    async def swap_volume(self, request: SwapVolumeRequest) -> None:
        """Copies a volume to another while the guest uses it, and exchanges them. An error: both volumes are
        what they were.
        """
        await self.below.swap_volume(request)

    async def extend_volume(self, request: ExtendVolumeRequest) -> None:
        """Tells the guest that a volume has grown. Needs the capability `supports_extend_volume`.
        `volume_not_found` and `extend_volume_not_supported` are told as such.
        """
        await self.below.extend_volume(request)

    async def is_supported_fs_format(self, fs_type: str) -> bool:
        """Can an ephemeral disk have this file system? Default: no."""
        return await self.below.is_supported_fs_format(fs_type)

    async def get_all_volume_usage(self, compute_host_bdms: list[InstanceVolumes]) -> list[VolumeUsage]:
        """How much the volumes of these servers were used. Periodic. `not_implemented` is ignored."""
        return await self.below.get_all_volume_usage(compute_host_bdms)

    async def block_stats(self, instance: Instance, disk_id: str) -> Optional[DiskCounters]:
        """How much one disk (`vdb`) was used; none: nobody knows. Asked before a volume is detached.
        `not_implemented` is ignored.
        """
        return await self.below.block_stats(instance, disk_id)

    async def mount_share(self, instance: Instance, share_mapping: ShareMapping) -> None:
        """Makes a share available on the host, before the guest is switched on. `share_mount_error`,
        `share_not_found` and `share_protocol_not_supported`: the share and the server go to ERROR.
        """
        await self.below.mount_share(instance, share_mapping)

    async def umount_share(self, instance: Instance, share_mapping: ShareMapping) -> None:
        """Takes it off the host, after the guest was switched off. `share_umount_error` and the others as for
        `mount_share`.
        """
        await self.below.umount_share(instance, share_mapping)

    async def attach_interface(self, instance: Instance, image_meta: ImageMeta, vif: Vif) -> None:
        """Plugs an interface into a guest. Needs the capability `supports_attach_interface`. Any of Nova's
        exceptions: the port is given back, and the caller gets `interface_attach_failed`.
        """
        await self.below.attach_interface(instance, image_meta, vif)

    async def detach_interface(self, instance: Instance, vif: Vif) -> None:
        """Takes an interface out of a guest. Any of Nova's exceptions: the port stays, and the caller gets
        `interface_detach_failed`.
        """
        await self.below.detach_interface(instance, vif)

    async def network_binding_host_id(self, instance: Instance) -> Optional[str]:
        """The address or name of the host that the ports of this server are bound to; none: not known.
        Default: the host of the server.
        """
        return await self.below.network_binding_host_id(instance)

    async def manages_network_binding_host_id(self) -> bool:
        """Does the driver bind ports itself, so that a build need not? Default: no."""
        return await self.below.manages_network_binding_host_id()

    async def migrate_disk_and_power_off(self, request: MigrateDiskAndPowerOffRequest) -> Optional[str]:
        """Source: switches the guest off and hands its disks over. What a revert needs stays here. Answers a
        text that `finish_migration` gets on the destination. `instance_fault_rollback`: all is as before,
        the server goes on; any other error: ERROR.
        """
        return await self.below.migrate_disk_and_power_off(request)

    async def finish_migration(self, request: FinishMigrationRequest) -> None:
        """Destination: makes the guest from what came over, in its new size. An error: ERROR, on this host."""
        await self.below.finish_migration(request)

    async def confirm_migration(self, migration: Migration, instance: Instance, network_info: NetworkInfo) -> None:
        """Source: the move is final, what is left of the guest goes, unless the destination is the same host.
        An error: ERROR, on the destination.
        """
        await self.below.confirm_migration(migration, instance, network_info)

    async def finish_revert_migration(self, request: FinishRevertMigrationRequest) -> None:
        """Source: the move is taken back, the guest is what it was before. Also at the start of a host that
        was stopped in the middle of `migrate_disk_and_power_off`. An error: ERROR.
        """
        await self.below.finish_revert_migration(request)

    async def check_can_live_migrate_destination(self, request: CheckDestinationRequest) -> LiveMigrateData:
        """Destination: can it take the guest? An `Invalid` kind or `migration_pre_check_error`: the next host
        is tried. Any other error ends the move.
        """
        return await self.below.check_can_live_migrate_destination(request)

    async def check_can_live_migrate_source(self, request: CheckSourceRequest) -> LiveMigrateData:
        """Source: can it send the guest there? Answers the data, completed. Any error: the next host is
        tried.
        """
        return await self.below.check_can_live_migrate_source(request)

    async def post_claim_migrate_data(self, request: PostClaimRequest) -> LiveMigrateData:
        """Destination: writes into the data where the guest's memory nodes go. Default: the data as they are."""
        return await self.below.post_claim_migrate_data(request)

    async def check_source_migrate_data_at_dest(self, request: CheckSourceDataRequest) -> LiveMigrateData:
        """Destination: looks at what the source has said. Errors as for `check_can_live_migrate_destination`.
        Default: the data as they are.
        """
        return await self.below.check_source_migrate_data_at_dest(request)

    async def cleanup_live_migration_destination_check(self, dest_check_data: LiveMigrateData) -> None:
        """Destination: removes what the checks made (a mark in shared storage, …). Always comes, also after
        errors in the checks that follow the first.
        """
        await self.below.cleanup_live_migration_destination_check(dest_check_data)

    async def get_instance_disk_info(self, instance: Instance, block_device_info: BlockDeviceInfo) -> list[InstanceDisk]:
        """Source: the local disks that have to be copied."""
        return await self.below.get_instance_disk_info(instance, block_device_info)

    async def pre_live_migration(self, request: PreLiveMigrationRequest) -> LiveMigrateData:
        """Destination: connects volumes and networks and answers the data, completed. An error: all is rolled
        back, the server goes on.
        """
        return await self.below.pre_live_migration(request)

    async def live_migration(self, request: LiveMigrationRequest) -> LiveMigrationOutcome:
        """Source: sends the guest, and answers when it has arrived or will not. While it does,
        `live_migration_force_complete` and `live_migration_abort` may come. What Nova's driver does by
        calling `post_method` or `recover_method` the compute manager does by this answer. An error is
        neither: the server goes to ERROR and nothing is rolled back.
        """
        return await self.below.live_migration(request)

    async def live_migration_force_complete(self, instance: Instance) -> None:
        """Source: makes the live migration that is under way end soon, at the guest's expense. Returns when
        that is asked for.
        """
        await self.below.live_migration_force_complete(instance)

    async def live_migration_abort(self, instance: Instance) -> None:
        """Source: makes the live migration that is under way roll back as `cancelled`. Returns when that is
        asked for.
        """
        await self.below.live_migration_abort(instance)

    async def rollback_live_migration_at_source(self, instance: Instance, migrate_data: LiveMigrateData) -> None:
        """Source: undoes what `live_migration` did to the guest here. Default: nothing."""
        await self.below.rollback_live_migration_at_source(instance, migrate_data)

    async def rollback_live_migration_at_destination(self, request: RollbackAtDestinationRequest) -> None:
        """Destination: removes what `pre_live_migration` made."""
        await self.below.rollback_live_migration_at_destination(request)

    async def post_live_migration(self, request: PostLiveMigrationRequest) -> None:
        """Source: the guest has arrived; disconnects its volumes here. An error: ERROR, on the destination.
        Default: nothing.
        """
        await self.below.post_live_migration(request)

    async def post_live_migration_at_source(self, instance: Instance, network_info: NetworkInfo) -> None:
        """Source: unplugs its interfaces here. `not_implemented`: `cleanup` does; any other error: as for
        `post_live_migration`.
        """
        await self.below.post_live_migration_at_source(instance, network_info)

    async def post_live_migration_at_destination(self, request: PostAtDestinationRequest) -> None:
        """Destination: the guest has arrived; makes it permanent. An error: ERROR, on this host."""
        await self.below.post_live_migration_at_destination(request)

    async def check_instance_shared_storage_local(self, instance: Instance) -> Optional[str]:
        """First host: leaves a mark in the storage of the server and answers a text that tells another host
        how to find it; none: the storage is certainly not shared. `not_implemented`: taken as not shared.
        """
        return await self.below.check_instance_shared_storage_local(instance)

    async def check_instance_shared_storage_remote(self, data: str) -> bool:
        """Second host: is the mark there?"""
        return await self.below.check_instance_shared_storage_remote(data)

    async def check_instance_shared_storage_cleanup(self, data: str) -> None:
        """First host: removes the mark. Default: nothing."""
        await self.below.check_instance_shared_storage_cleanup(data)

    async def save_state(self) -> DriverState:
        """All the driver knows. No call is under way; calls follow only if the exchange is refused. A layer
        adds its own entries to what the driver below says.
        """
        return await self.below.save_state()

    async def restore_state(self, state: DriverState) -> None:
        """Takes over the guests of another driver; they run as if nothing had happened. Entries of components
        it does not know are left alone. Twice with the same state is the same as once.
        """
        await self.below.restore_state(state)

    async def ensure_filtering_rules_for_instance(self, instance: Instance, network_info: NetworkInfo) -> None:
        """Set up a guest's firewall before it was started. Default: nothing."""
        await self.below.ensure_filtering_rules_for_instance(instance, network_info)

    async def unfilter_instance(self, instance: Instance, network_info: NetworkInfo) -> None:
        """Took a guest's firewall down. Default: nothing."""
        await self.below.unfilter_instance(instance, network_info)

    async def refresh_instance_security_rules(self, instance: Instance) -> None:
        """The rules of one guest had changed. Default: nothing."""
        await self.below.refresh_instance_security_rules(instance)

    async def refresh_provider_fw_rules(self) -> None:
        """The rules of the operator had changed. Default: nothing."""
        await self.below.refresh_provider_fw_rules()

    async def refresh_security_group_members(self, security_group: str) -> None:
        """The members of a security group had changed. Default: nothing."""
        await self.below.refresh_security_group_members(security_group)

    async def refresh_security_group_rules(self, security_group: str) -> None:
        """The rules of a security group had changed. Default: nothing."""
        await self.below.refresh_security_group_rules(security_group)
