//! The methods of the contract: one list, by interface, from which the trait, the forwarding to the driver below, and the
//! export are made. A test of the host compares it with the contract.

/// Hands the list to a macro: for each interface its name, and in braces its methods. Each has: documentation, name,
/// parameters, answer, and what the base class does: `nothing`, raise `not_implemented`, or what [`crate::defaults`] says
/// (`own_defaults`: so does a layer).
macro_rules! for_each_method {
    ($macro:ident) => {
        $macro! {
            service {
                /// Prepares the hypervisor of the compute host with this name. Comes once, before anything
                /// else, and again when the agent was restarted; guests may already be there. An error keeps
                /// the compute service from starting. Default: nothing.
                init_host(host: String) -> (): nothing;
                /// The compute service shuts down; guests stay. Default: nothing.
                cleanup_host(host: String) -> (): nothing;
                /// Names of the nodes this driver looks after, at least one. `refresh`: ask anew.
                /// [`VirtError::VirtDriverNotReady`]: the resource update is skipped.
                get_available_nodes(refresh: bool) -> Vec<String>: not_implemented;
                /// Identifier and name of each node, if the driver fixes identifiers. Default: none, the
                /// compute service then keeps one for the first node.
                get_nodenames_by_uuid(refresh: bool) -> Vec<(Uuid, String)>: defaults;
                /// Is this node there? Default: [`Driver::get_available_nodes`] names it, at the latest when asked anew.
                node_is_available(nodename: String) -> bool: defaults;
                /// A node is recorded that [`Driver::get_available_nodes`] does not name: is it gone for good? Then its
                /// record and its provider go. Default: no.
                is_node_deleted(nodename: String) -> bool: defaults;
                /// At the start, before the servers of this host are looked after one by one: answers those
                /// that are to be. Default: all.
                process_instances_at_startup(instances: Vec<Instance>) -> Vec<Instance>: defaults;
                /// The address of the host, kept with its node.
                get_host_ip_addr() -> String: not_implemented;
                /// How long the host has been up, as `uptime` writes it. [`VirtError::NotImplemented`]: the API answers
                /// 400, later null.
                get_host_uptime() -> String: not_implemented;
                /// The service was enabled or disabled by an operator; answers `enabled` or `disabled`.
                /// [`VirtError::NotImplemented`] is ignored.
                set_host_enabled(enabled: bool) -> String: not_implemented;
                /// Switches the host; answers what it did, for a person (`startup`, `shutdown`, `reboot`).
                host_power_action(action: HostPower) -> String: not_implemented;
                /// Begins or ends the maintenance of this host; answers `on_maintenance` or `off_maintenance`.
                host_maintenance_mode(host: String, mode: bool) -> String: not_implemented;
                /// Looks after servers that have been rebooting for more than `timeout` seconds. Periodic, if
                /// the operator has set `reboot_timeout`.
                poll_rebooting_instances(timeout: u32, instances: Vec<Instance>) -> (): not_implemented;
            }
            inventory {
                /// The numbers of a node; none: no such node, the update is skipped.
                get_available_resource(nodename: String) -> Option<NodeResources>: not_implemented;
                /// Takes the providers of a node as placement has them and answers what they are to be: with
                /// the wanted inventories, traits, aggregates and children. What the driver does not mean to
                /// change it hands back.
                ///
                /// Without `allocations` it raises [`VirtError::ReshapeNeeded`] if inventory has to move to another
                /// provider or class; that is only right at the start of the service. It is then called again
                /// with `allocations`, everything that is held on the tree, and answers them too as they are
                /// to be. [`VirtError::ReshapeFailed`] then keeps the service from starting.
                update_provider_tree(tree: ProviderTree, nodename: String, allocations: Option<Vec<ConsumerAllocations>>) -> ProviderTreeUpdate: not_implemented;
                /// What the driver can do; what is not listed it cannot. Default: nothing.
                capabilities() -> Vec<Capability>: defaults;
                /// The traits that stand for capabilities, and whether the root of a node has them; a trait
                /// that is not listed is left as it is. Default, also for a layer: from its own
                /// [`Driver::capabilities`], less the image formats that the configuration excludes.
                capabilities_as_traits() -> Vec<(String, bool)>: own_defaults;
                /// What the processors of the host do, for its metrics. [`VirtError::NotImplemented`] is ignored.
                get_host_cpu_stats() -> HostCpuStats: not_implemented;
            }
            queries {
                /// What the hypervisor knows of this guest. `use_cache`: an answer given before will do.
                /// [`VirtError::InstanceNotFound`]: there is no such guest.
                get_info(instance: Instance, use_cache: bool) -> InstanceInfo: not_implemented;
                /// How many guests there are. Default: as many as [`Driver::list_instances`] names.
                get_num_instances() -> u32: defaults;
                /// The names (`instance.name`) of all guests, running or not.
                list_instances() -> Vec<String>: not_implemented;
                /// The identifiers of all guests, running or not. [`VirtError::NotImplemented`]: the manager goes by names.
                list_instance_uuids() -> Vec<Uuid>: not_implemented;
                /// Is there a guest for this server? Default: it is in [`Driver::list_instance_uuids`], or if that is
                /// not offered, in [`Driver::list_instances`].
                instance_exists(instance: Instance) -> bool: defaults;
                /// Are the files of this server to be seen from this host, though its guest was on another?
                /// An evacuation then keeps its disks. Default: no.
                instance_on_disk(instance: Instance) -> bool: defaults;
            }
            building {
                /// First step of a build. An error aborts the build. Default: nothing.
                prepare_for_spawn(instance: Instance) -> (): nothing;
                /// Prepares the host's network before disks are made. An error aborts the build. Default: nothing.
                prepare_networks_before_block_device_mapping(instance: Instance, network_info: NetworkInfo) -> (): nothing;
                /// Undoes [`Driver::prepare_networks_before_block_device_mapping`] after a build that failed before
                /// [`Driver::spawn`]. Default: nothing.
                clean_networks_preparation(instance: Instance, network_info: NetworkInfo) -> (): nothing;
                /// Undoes [`Driver::prepare_for_spawn`] after a build that failed before [`Driver::spawn`]. Default: nothing.
                failed_spawn_cleanup(instance: Instance) -> (): nothing;
                /// The device of the root disk, for instance `/dev/vda`. [`VirtError::NotImplemented`]: the manager names it.
                default_root_device_name(instance: Instance, image_meta: ImageMeta, root: Option<BlockDevice>) -> String: not_implemented;
                /// Gives names to the disks that have none and answers all of them. [`VirtError::NotImplemented`]: the
                /// manager names them. [`VirtError::TooManyDiskDevices`]: there is no room for one more.
                default_device_names_for_instance(request: DeviceNamesRequest) -> Vec<BlockDevice>: not_implemented;
                /// The device of a disk that is to be attached. [`VirtError::NotImplemented`]: the manager takes the next
                /// free name. [`VirtError::TooManyDiskDevices`]: there is no room for one more.
                get_device_name_for_instance(request: DeviceNameRequest) -> String: not_implemented;
                /// Makes a guest and, unless `power_on` is false, starts it. Whatever is left of a build that
                /// failed is removed by [`Driver::destroy`].
                spawn(request: SpawnRequest) -> (): not_implemented;
                /// Makes the guest anew, in a rebuild or an evacuation. It sets the task to
                /// `rebuild_spawning` before it does. [`VirtError::NotImplemented`]: the manager does it with [`Driver::power_off`],
                /// [`Driver::destroy`] and [`Driver::spawn`]. [`VirtError::PreserveEphemeralNotSupported`]: it cannot keep that disk.
                rebuild(request: RebuildRequest) -> (): not_implemented;
                /// Switches a guest off and removes it. To destroy a guest that does not exist is no error.
                /// [`VirtError::InstancePowerOffFailure`]: its networks are kept.
                destroy(request: DestroyRequest) -> (): not_implemented;
                /// Removes what is left of a guest that is no longer here (after it moved). Must not be
                /// called while it exists: [`Driver::instance_exists`].
                cleanup(request: CleanupRequest) -> (): not_implemented;
                /// Removes the files of a deleted server; answers whether they are gone. Up to five attempts.
                /// Default: they are.
                delete_instance_files(instance: Instance) -> bool: defaults;
                /// Removes whatever a deleted server whose migration failed may have left on this host;
                /// answers whether it is gone. Default: it is.
                cleanup_lingering_instance_resources(instance: Instance) -> bool: defaults;
                /// Plugs a guest's interfaces in again, after the host was restarted. [`VirtError::NotImplemented`] is
                /// ignored, [`VirtError::PciDeviceNotFoundById`] logged. [`VirtError::VirtualInterfacePlug`]: the server goes to
                /// ERROR.
                plug_vifs(instance: Instance, network_info: NetworkInfo) -> (): not_implemented;
                /// Unplugs a guest's interfaces. Errors are ignored.
                unplug_vifs(instance: Instance, network_info: NetworkInfo) -> (): not_implemented;
            }
            power {
                /// Restarts a guest. An error of a guest that still runs is shown but changes nothing; of any
                /// other the server goes to ERROR.
                reboot(request: RebootRequest) -> (): not_implemented;
                /// Switches a guest off. It has `timeout` seconds to shut down by itself, and is asked to
                /// every `retry_interval` seconds; 0: it is switched off at once.
                power_off(instance: Instance, timeout: u32, retry_interval: u32) -> (): not_implemented;
                /// Switches a guest on.
                power_on(request: PowerOnRequest) -> (): not_implemented;
                /// An external event says that the server's power is to change. [`VirtError::UnexpectedTaskState`] is
                /// swallowed: somebody else is at it.
                power_update_event(instance: Instance, target_power_state: TargetPowerState) -> (): not_implemented;
                /// Stops the guest's processors.
                pause(instance: Instance) -> (): not_implemented;
                /// Lets them go on.
                unpause(instance: Instance) -> (): not_implemented;
                /// Writes the guest to disk and stops it. [`VirtError::NotImplemented`] and [`VirtError::InstanceFaultRollback`]: the
                /// server goes on; any other error: ERROR.
                suspend(instance: Instance) -> (): not_implemented;
                /// Lets a suspended guest go on. Errors as for [`Driver::suspend`].
                resume(request: ResumeRequest) -> (): not_implemented;
                /// The host was restarted and this guest ran before: starts it again.
                /// [`VirtError::NotImplemented`]: a warning; any other error: ERROR.
                resume_state_on_host_boot(request: ResumeRequest) -> (): not_implemented;
                /// Boots the guest, which is switched off, from another image. Any error: ERROR, and
                /// [`VirtError::InstanceNotRescuable`] around its text for the caller.
                rescue(request: RescueRequest) -> (): not_implemented;
                /// Boots a rescued guest from its own disk again. Errors as for [`Driver::suspend`].
                unrescue(instance: Instance) -> (): not_implemented;
                /// Takes a guest out of use, so that it can still be restored. [`VirtError::NotImplemented`]: it is
                /// switched off.
                soft_delete(instance: Instance) -> (): not_implemented;
                /// Takes it into use again. [`VirtError::NotImplemented`]: it is switched on.
                restore(instance: Instance) -> (): not_implemented;
                /// Makes the guest write a crash dump. [`VirtError::TriggerCrashDumpNotSupported`],
                /// [`VirtError::InstanceNotRunning`] and [`VirtError::NotImplemented`] are answered to the caller.
                trigger_crash_dump(instance: Instance) -> (): not_implemented;
            }
            guests {
                /// All the console has written, as far as it is kept. [`VirtError::ConsoleNotAvailable`]: there is none.
                /// [`VirtError::NotImplemented`]: the API answers 501, [`VirtError::InstanceNotReady`]: 409.
                get_console_output(instance: Instance) -> Vec<u8>: not_implemented;
                /// Where the VNC console is.
                get_vnc_console(instance: Instance) -> Console: not_implemented;
                /// Where the SPICE console is.
                get_spice_console(instance: Instance) -> Console: not_implemented;
                /// Where the serial console is. Also [`VirtError::SocketPortRangeExhausted`] and the errors of the
                /// number of serial ports are answered to the caller.
                get_serial_console(instance: Instance) -> Console: not_implemented;
                /// Where the MKS console is.
                get_mks_console(instance: Instance) -> Console: not_implemented;
                /// How the guest does, in a form of the driver's own: name and value. Only of a running one.
                /// [`VirtError::NotImplemented`]: the API answers 501.
                get_diagnostics(instance: Instance) -> Vec<(String, DiagnosticValue)>: not_implemented;
                /// How the guest does, in the form of all drivers. Only of a running one. [`VirtError::NotImplemented`]:
                /// the API answers 501.
                get_instance_diagnostics(instance: Instance) -> InstanceDiagnostics: not_implemented;
                /// Sets the password of the guest's administrator. Only of a running one. [`VirtError::NotImplemented`]:
                /// the API answers 501, [`VirtError::SetAdminPasswdNotSupported`], [`VirtError::InstanceAgentNotEnabled`] and
                /// [`VirtError::QemuGuestAgentNotEnabled`]: 409 with their text, any other error: 409 without it.
                set_admin_password(instance: Instance, new_pass: String) -> (): not_implemented;
                /// Tells the guest of its network. Default: nothing.
                inject_network_info(instance: Instance, network_info: NetworkInfo) -> (): nothing;
                /// Makes the guest write everything and hold still while its volumes are copied.
                /// [`VirtError::NotImplemented`], [`VirtError::InstanceQuiesceNotSupported`] and [`VirtError::QemuGuestAgentNotEnabled`]: it
                /// is done without, unless the image insists.
                quiesce(instance: Instance, image_meta: ImageMeta) -> (): not_implemented;
                /// Lets it go on.
                unquiesce(instance: Instance, image_meta: ImageMeta) -> (): not_implemented;
            }
            images {
                /// Writes the guest's root disk into this image, which is there and empty. It sets the task to
                /// `image_uploading` before the upload, and to `image_pending_upload` before that if it has
                /// something to do first. [`VirtError::InstanceNotFound`] and [`VirtError::InstanceNotRunning`]: the image goes, no
                /// error; [`VirtError::ImageNotFound`]: somebody has deleted the image, no error; any other: the image
                /// goes.
                snapshot(instance: Instance, image_id: Uuid) -> (): not_implemented;
                /// Fetches an image into the host's cache, as a build would. True: it was fetched, false: it
                /// was there. [`VirtError::NotImplemented`]: told as such; any other error: told as failed.
                cache_image(image_id: Uuid) -> bool: not_implemented;
                /// Removes what nobody needs from the cache. Gets all servers of this host, and of every host
                /// that shares the cache. Periodic, only with the capability `has_imagecache`. Default: nothing.
                manage_image_cache(all_instances: Vec<Instance>) -> (): nothing;
            }
            volumes {
                /// What the volume service has to know to connect a volume of this server to the host.
                get_volume_connector(instance: Instance) -> VolumeConnector: not_implemented;
                /// Attaches a volume to a guest. An error: its attachment goes.
                attach_volume(request: AttachVolumeRequest) -> (): not_implemented;
                /// Takes a volume off a guest. [`VirtError::DiskNotFound`]: it counts as detached. Any other error: it
                /// counts as attached as before.
                detach_volume(request: DetachVolumeRequest) -> (): not_implemented;
                /// Copies a volume to another while the guest uses it, and exchanges them. An error: both
                /// volumes are what they were.
                swap_volume(request: SwapVolumeRequest) -> (): not_implemented;
                /// Tells the guest that a volume has grown. Needs the capability `supports_extend_volume`.
                /// [`VirtError::VolumeNotFound`] and [`VirtError::ExtendVolumeNotSupported`] are told as such.
                extend_volume(request: ExtendVolumeRequest) -> (): not_implemented;
                /// Can an ephemeral disk have this file system? Default: no.
                is_supported_fs_format(fs_type: String) -> bool: defaults;
                /// How much the volumes of these servers were used. Periodic. [`VirtError::NotImplemented`] is ignored.
                get_all_volume_usage(compute_host_bdms: Vec<InstanceVolumes>) -> Vec<VolumeUsage>: not_implemented;
                /// How much one disk (`vdb`) was used; none: nobody knows. Asked before a volume is detached.
                /// [`VirtError::NotImplemented`] is ignored.
                block_stats(instance: Instance, disk_id: String) -> Option<DiskCounters>: not_implemented;
            }
            shares {
                /// Makes a share available on the host, before the guest is switched on.
                /// [`VirtError::ShareMountError`], [`VirtError::ShareNotFound`] and [`VirtError::ShareProtocolNotSupported`]: the share and
                /// the server go to ERROR.
                mount_share(instance: Instance, share_mapping: ShareMapping) -> (): not_implemented;
                /// Takes it off the host, after the guest was switched off. [`VirtError::ShareUmountError`] and the
                /// others as for [`Driver::mount_share`].
                umount_share(instance: Instance, share_mapping: ShareMapping) -> (): not_implemented;
            }
            interfaces {
                /// Plugs an interface into a guest. Needs the capability `supports_attach_interface`. Any of
                /// Nova's exceptions: the port is given back, and the caller gets [`VirtError::InterfaceAttachFailed`].
                attach_interface(instance: Instance, image_meta: ImageMeta, vif: Vif) -> (): not_implemented;
                /// Takes an interface out of a guest. Any of Nova's exceptions: the port stays, and the caller
                /// gets [`VirtError::InterfaceDetachFailed`].
                detach_interface(instance: Instance, vif: Vif) -> (): not_implemented;
                /// The address or name of the host that the ports of this server are bound to; none: not
                /// known. Default: the host of the server.
                network_binding_host_id(instance: Instance) -> Option<String>: defaults;
                /// Does the driver bind ports itself, so that a build need not? Default: no.
                manages_network_binding_host_id() -> bool: defaults;
            }
            cold_migration {
                /// Source: switches the guest off and hands its disks over. What a revert needs stays here.
                /// Answers a text that [`Driver::finish_migration`] gets on the destination. [`VirtError::InstanceFaultRollback`]:
                /// all is as before, the server goes on; any other error: ERROR.
                migrate_disk_and_power_off(request: MigrateDiskAndPowerOffRequest) -> Option<String>: not_implemented;
                /// Destination: makes the guest from what came over, in its new size. An error: ERROR, on this
                /// host.
                finish_migration(request: FinishMigrationRequest) -> (): not_implemented;
                /// Source: the move is final, what is left of the guest goes, unless the destination is the
                /// same host. An error: ERROR, on the destination.
                confirm_migration(migration: Migration, instance: Instance, network_info: NetworkInfo) -> (): not_implemented;
                /// Source: the move is taken back, the guest is what it was before. Also at the start of a
                /// host that was stopped in the middle of [`Driver::migrate_disk_and_power_off`]. An error: ERROR.
                finish_revert_migration(request: FinishRevertMigrationRequest) -> (): not_implemented;
            }
            live_migration {
                /// Destination: can it take the guest? An `Invalid` kind or [`VirtError::MigrationPreCheckError`]: the
                /// next host is tried. Any other error ends the move.
                check_can_live_migrate_destination(request: CheckDestinationRequest) -> LiveMigrateData: not_implemented;
                /// Source: can it send the guest there? Answers the data, completed. Any error: the next host
                /// is tried.
                check_can_live_migrate_source(request: CheckSourceRequest) -> LiveMigrateData: not_implemented;
                /// Destination: writes into the data where the guest's memory nodes go. Default: the data as
                /// they are.
                post_claim_migrate_data(request: PostClaimRequest) -> LiveMigrateData: defaults;
                /// Destination: looks at what the source has said. Errors as for
                /// [`Driver::check_can_live_migrate_destination`]. Default: the data as they are.
                check_source_migrate_data_at_dest(request: CheckSourceDataRequest) -> LiveMigrateData: defaults;
                /// Destination: removes what the checks made (a mark in shared storage, …). Always comes, also
                /// after errors in the checks that follow the first.
                cleanup_live_migration_destination_check(dest_check_data: LiveMigrateData) -> (): not_implemented;
                /// Source: the local disks that have to be copied.
                get_instance_disk_info(instance: Instance, block_device_info: BlockDeviceInfo) -> Vec<InstanceDisk>: not_implemented;
                /// Destination: connects volumes and networks and answers the data, completed. An error: all is
                /// rolled back, the server goes on.
                pre_live_migration(request: PreLiveMigrationRequest) -> LiveMigrateData: not_implemented;
                /// Source: sends the guest, and answers when it has arrived or will not. While it does,
                /// [`Driver::live_migration_force_complete`] and [`Driver::live_migration_abort`] may come. What Nova's driver does
                /// by calling `post_method` or `recover_method` the compute manager does by this answer. An
                /// error is neither: the server goes to ERROR and nothing is rolled back.
                live_migration(request: LiveMigrationRequest) -> LiveMigrationOutcome: not_implemented;
                /// Source: makes the live migration that is under way end soon, at the guest's expense. Returns
                /// when that is asked for.
                live_migration_force_complete(instance: Instance) -> (): not_implemented;
                /// Source: makes the live migration that is under way roll back as `cancelled`. Returns when
                /// that is asked for.
                live_migration_abort(instance: Instance) -> (): not_implemented;
                /// Source: undoes what [`Driver::live_migration`] did to the guest here. Default: nothing.
                rollback_live_migration_at_source(instance: Instance, migrate_data: LiveMigrateData) -> (): nothing;
                /// Destination: removes what [`Driver::pre_live_migration`] made.
                rollback_live_migration_at_destination(request: RollbackAtDestinationRequest) -> (): not_implemented;
                /// Source: the guest has arrived; disconnects its volumes here. An error: ERROR, on the
                /// destination. Default: nothing.
                post_live_migration(request: PostLiveMigrationRequest) -> (): nothing;
                /// Source: unplugs its interfaces here. [`VirtError::NotImplemented`]: [`Driver::cleanup`] does; any other error: as
                /// for [`Driver::post_live_migration`].
                post_live_migration_at_source(instance: Instance, network_info: NetworkInfo) -> (): not_implemented;
                /// Destination: the guest has arrived; makes it permanent. An error: ERROR, on this host.
                post_live_migration_at_destination(request: PostAtDestinationRequest) -> (): not_implemented;
            }
            shared_storage {
                /// First host: leaves a mark in the storage of the server and answers a text that tells
                /// another host how to find it; none: the storage is certainly not shared.
                /// [`VirtError::NotImplemented`]: taken as not shared.
                check_instance_shared_storage_local(instance: Instance) -> Option<String>: not_implemented;
                /// Second host: is the mark there?
                check_instance_shared_storage_remote(data: String) -> bool: not_implemented;
                /// First host: removes the mark. Default: nothing.
                check_instance_shared_storage_cleanup(data: String) -> (): nothing;
            }
            persistence {
                /// All the driver knows. No call is under way; calls follow only if the exchange is refused. A
                /// layer adds its own entries to what the driver below says.
                save_state() -> DriverState: not_implemented;
                /// Takes over the guests of another driver; they run as if nothing had happened. Entries of
                /// components it does not know are left alone. Twice with the same state is the same as once.
                restore_state(state: DriverState) -> (): not_implemented;
            }
            legacy_firewall {
                /// Set up a guest's firewall before it was started. Default: nothing.
                ensure_filtering_rules_for_instance(instance: Instance, network_info: NetworkInfo) -> (): nothing;
                /// Took a guest's firewall down. Default: nothing.
                unfilter_instance(instance: Instance, network_info: NetworkInfo) -> (): nothing;
                /// The rules of one guest had changed. Default: nothing.
                refresh_instance_security_rules(instance: Instance) -> (): nothing;
                /// The rules of the operator had changed. Default: nothing.
                refresh_provider_fw_rules() -> (): nothing;
                /// The members of a security group had changed. Default: nothing.
                refresh_security_group_members(security_group: String) -> (): nothing;
                /// The rules of a security group had changed. Default: nothing.
                refresh_security_group_rules(security_group: String) -> (): nothing;
            }
        }
    };
}
pub(crate) use for_each_method;
