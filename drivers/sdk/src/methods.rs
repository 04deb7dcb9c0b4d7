//! The methods of the contract: one list, from which the trait, the forwarding to the driver below, and the export are made.

/// Hands the list to a macro. Each line has: documentation, name, parameters, answer, and what the base class does: `nothing`,
/// raise `not_implemented`, or what [`crate::defaults`] says.
macro_rules! for_each_method {
    ($macro:ident) => {
        $macro! {
            /// Prepares the hypervisor of the compute host with this name, where guests may already be. Comes before all
            /// else, and again when the agent was restarted.
            init_host(host: String) -> (): nothing;
            /// The compute service shuts down; guests stay.
            cleanup_host(host: String) -> (): nothing;
            /// Names of the nodes this driver looks after, at least one.
            get_available_nodes(refresh: bool) -> Vec<String>: not_implemented;
            /// Identifier and name of each node whose identifier the driver fixes. Default: none.
            get_nodenames_by_uuid(refresh: bool) -> Vec<(Uuid, String)>: defaults;
            /// Is this node there? Default: [`Driver::get_available_nodes`] names it, at the latest when asked anew.
            node_is_available(nodename: String) -> bool: defaults;
            /// The address of the host.
            get_host_ip_addr() -> String: not_implemented;
            /// What the ports of this server are bound to. Default: the host of the server.
            network_binding_host_id(instance: Instance) -> Option<String>: defaults;
            /// What the driver can do. Default: nothing.
            capabilities() -> Vec<Capability>: defaults;
            /// The numbers of a node; none if there is no such node.
            get_available_resource(nodename: String) -> Option<NodeResources>: not_implemented;
            /// Takes the providers of a node as they are and answers what they are to be.
            update_provider_tree(tree: ProviderTree, nodename: String) -> ProviderTree: not_implemented;
            /// What the hypervisor knows of a guest; [`VirtError::InstanceNotFound`] if there is none.
            get_info(instance: Instance, use_cache: bool) -> InstanceInfo: not_implemented;
            /// How many guests there are. Default: as many as [`Driver::list_instances`] names.
            get_num_instances() -> u32: defaults;
            /// The names of all guests, running or not.
            list_instances() -> Vec<String>: not_implemented;
            /// The identifiers of all guests, running or not.
            list_instance_uuids() -> Vec<Uuid>: not_implemented;
            /// Is there a guest for this server? Default: asks [`Driver::list_instance_uuids`], or if that is not offered
            /// [`Driver::list_instances`].
            instance_exists(instance: Instance) -> bool: defaults;
            /// First step of a build.
            prepare_for_spawn(instance: Instance) -> (): nothing;
            /// Prepares the host's network before disks are made.
            prepare_networks_before_block_device_mapping(instance: Instance, network_info: NetworkInfo) -> (): nothing;
            /// Undoes the preparation of networks.
            clean_networks_preparation(instance: Instance, network_info: NetworkInfo) -> (): nothing;
            /// Undoes [`Driver::prepare_for_spawn`].
            failed_spawn_cleanup(instance: Instance) -> (): nothing;
            /// The device of the root disk.
            default_root_device_name(instance: Instance, image_meta: ImageMeta, root: Option<BlockDevice>) -> String: not_implemented;
            /// Gives names to disks that have none and answers all of them.
            default_device_names_for_instance(request: DeviceNamesRequest) -> Vec<BlockDevice>: not_implemented;
            /// Makes a guest and, unless `power_on` is false, starts it.
            spawn(request: SpawnRequest) -> (): not_implemented;
            /// Switches a guest off and removes it; it need not exist.
            destroy(request: DestroyRequest) -> (): not_implemented;
            /// Removes what is left of a guest that is no longer here.
            cleanup(request: CleanupRequest) -> (): not_implemented;
            /// Plugs a guest's interfaces in again.
            plug_vifs(instance: Instance, network_info: NetworkInfo) -> (): not_implemented;
            /// Unplugs a guest's interfaces.
            unplug_vifs(instance: Instance, network_info: NetworkInfo) -> (): not_implemented;
            /// What the volume service has to know of this host.
            get_volume_connector(instance: Instance) -> VolumeConnector: not_implemented;
            /// Restarts a guest.
            reboot(request: RebootRequest) -> (): not_implemented;
            /// Switches a guest off; `timeout` and `retry_interval` are seconds.
            power_off(instance: Instance, timeout: u32, retry_interval: u32) -> (): not_implemented;
            /// Switches a guest on.
            power_on(instance: Instance, network_info: NetworkInfo, block_device_info: BlockDeviceInfo) -> (): not_implemented;
            /// Source of a move: switches the guest off and hands its disks over; answers a text for
            /// [`Driver::finish_migration`].
            migrate_disk_and_power_off(request: MigrateDiskAndPowerOffRequest) -> Option<String>: not_implemented;
            /// Destination of a move: makes the guest from what came over.
            finish_migration(request: FinishMigrationRequest) -> (): not_implemented;
            /// Source of a move: it is final; what is left of the guest goes, unless it moved within this host.
            confirm_migration(migration: Migration, instance: Instance, network_info: NetworkInfo) -> (): not_implemented;
            /// Source of a move: it is taken back; the guest is what it was before.
            finish_revert_migration(request: FinishRevertMigrationRequest) -> (): not_implemented;
            /// Leaves a mark in the storage of a server and answers how another host can find it.
            check_instance_shared_storage_local(instance: Instance) -> Option<String>: not_implemented;
            /// Is the mark of another host there?
            check_instance_shared_storage_remote(data: String) -> bool: not_implemented;
            /// Removes the mark.
            check_instance_shared_storage_cleanup(data: String) -> (): nothing;
        }
    };
}
pub(crate) use for_each_method;
