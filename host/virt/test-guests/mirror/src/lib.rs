//! A driver whose methods answer a sample of the right type if they get samples of the right values: whatever crosses the
//! boundary wrong is told in an error. On request every method raises one of the errors, or one method panics. It also
//! offers the optional interface.

#[path = "../../samples.rs"]
mod samples;
mod volume_snapshots;

use novarig_driver_sdk::{Driver, VirtError, export_driver, settings, types};
use samples::{Every, Sample};
use std::fmt::Debug;

#[derive(Default)]
struct Mirror;

/// Checks what a method got, and answers.
fn mirror<P: Sample + PartialEq + Debug, A: Sample>(method: &str, got: P) -> Result<A, VirtError> {
    let mut n: u32 = settings::get("seed")?;
    let expected = P::sample(&mut n);
    let panics = settings::text("panic").unwrap_or_default();
    // After a panic the host calls this one by itself.
    let restarted = method == "init_host" && !panics.is_empty();
    if got != expected && !restarted {
        return Err(VirtError::Other(format!("{method} got {got:?} and expected {expected:?}")));
    }
    if panics == method {
        panic!("{method} ends here");
    }
    if let Some(wanted) = settings::text("error").and_then(|wanted| wanted.parse().ok()) {
        return Err(VirtError::every(&mut n).swap_remove(wanted));
    }
    Ok(A::sample(&mut n))
}

macro_rules! driver {
    ($($name:ident($($arg:ident: $type:ty),*) -> $answer:ty;)*) => {
        impl Driver for Mirror {
            $(
                async fn $name(&self $(, $arg: $type)*) -> Result<$answer, VirtError> {
                    mirror::<($($type,)*), $answer>(stringify!($name), ($($arg,)*))
                }
            )*
        }
    };
}

driver! {
    init_host(host: String) -> ();
    cleanup_host(host: String) -> ();
    get_available_nodes(refresh: bool) -> Vec<String>;
    get_nodenames_by_uuid(refresh: bool) -> Vec<(types::Uuid, String)>;
    node_is_available(nodename: String) -> bool;
    is_node_deleted(nodename: String) -> bool;
    process_instances_at_startup(instances: Vec<types::Instance>) -> Vec<types::Instance>;
    get_host_ip_addr() -> String;
    get_host_uptime() -> String;
    set_host_enabled(enabled: bool) -> String;
    host_power_action(action: types::HostPower) -> String;
    host_maintenance_mode(host: String, mode: bool) -> String;
    poll_rebooting_instances(timeout: u32, instances: Vec<types::Instance>) -> ();
    get_available_resource(nodename: String) -> Option<types::NodeResources>;
    update_provider_tree(tree: types::ProviderTree, nodename: String, allocations: Option<Vec<types::ConsumerAllocations>>) -> types::ProviderTreeUpdate;
    capabilities() -> Vec<types::Capability>;
    capabilities_as_traits() -> Vec<(String, bool)>;
    get_host_cpu_stats() -> types::HostCpuStats;
    get_info(instance: types::Instance, use_cache: bool) -> types::InstanceInfo;
    get_num_instances() -> u32;
    list_instances() -> Vec<String>;
    list_instance_uuids() -> Vec<types::Uuid>;
    instance_exists(instance: types::Instance) -> bool;
    instance_on_disk(instance: types::Instance) -> bool;
    prepare_for_spawn(instance: types::Instance) -> ();
    prepare_networks_before_block_device_mapping(instance: types::Instance, network_info: types::NetworkInfo) -> ();
    clean_networks_preparation(instance: types::Instance, network_info: types::NetworkInfo) -> ();
    failed_spawn_cleanup(instance: types::Instance) -> ();
    default_root_device_name(instance: types::Instance, image_meta: types::ImageMeta, root: Option<types::BlockDevice>) -> String;
    default_device_names_for_instance(request: types::DeviceNamesRequest) -> Vec<types::BlockDevice>;
    get_device_name_for_instance(request: types::DeviceNameRequest) -> String;
    spawn(request: types::SpawnRequest) -> ();
    rebuild(request: types::RebuildRequest) -> ();
    destroy(request: types::DestroyRequest) -> ();
    cleanup(request: types::CleanupRequest) -> ();
    delete_instance_files(instance: types::Instance) -> bool;
    cleanup_lingering_instance_resources(instance: types::Instance) -> bool;
    plug_vifs(instance: types::Instance, network_info: types::NetworkInfo) -> ();
    unplug_vifs(instance: types::Instance, network_info: types::NetworkInfo) -> ();
    reboot(request: types::RebootRequest) -> ();
    power_off(instance: types::Instance, timeout: u32, retry_interval: u32) -> ();
    power_on(request: types::PowerOnRequest) -> ();
    power_update_event(instance: types::Instance, target_power_state: types::TargetPowerState) -> ();
    pause(instance: types::Instance) -> ();
    unpause(instance: types::Instance) -> ();
    suspend(instance: types::Instance) -> ();
    resume(request: types::ResumeRequest) -> ();
    resume_state_on_host_boot(request: types::ResumeRequest) -> ();
    rescue(request: types::RescueRequest) -> ();
    unrescue(instance: types::Instance) -> ();
    soft_delete(instance: types::Instance) -> ();
    restore(instance: types::Instance) -> ();
    trigger_crash_dump(instance: types::Instance) -> ();
    get_console_output(instance: types::Instance) -> Vec<u8>;
    get_vnc_console(instance: types::Instance) -> types::Console;
    get_spice_console(instance: types::Instance) -> types::Console;
    get_serial_console(instance: types::Instance) -> types::Console;
    get_mks_console(instance: types::Instance) -> types::Console;
    get_diagnostics(instance: types::Instance) -> Vec<(String, types::DiagnosticValue)>;
    get_instance_diagnostics(instance: types::Instance) -> types::InstanceDiagnostics;
    set_admin_password(instance: types::Instance, new_pass: String) -> ();
    inject_network_info(instance: types::Instance, network_info: types::NetworkInfo) -> ();
    quiesce(instance: types::Instance, image_meta: types::ImageMeta) -> ();
    unquiesce(instance: types::Instance, image_meta: types::ImageMeta) -> ();
    snapshot(instance: types::Instance, image_id: types::Uuid) -> ();
    cache_image(image_id: types::Uuid) -> bool;
    manage_image_cache(all_instances: Vec<types::Instance>) -> ();
    get_volume_connector(instance: types::Instance) -> types::VolumeConnector;
    attach_volume(request: types::AttachVolumeRequest) -> ();
    detach_volume(request: types::DetachVolumeRequest) -> ();
    swap_volume(request: types::SwapVolumeRequest) -> ();
    extend_volume(request: types::ExtendVolumeRequest) -> ();
    is_supported_fs_format(fs_type: String) -> bool;
    get_all_volume_usage(compute_host_bdms: Vec<types::InstanceVolumes>) -> Vec<types::VolumeUsage>;
    block_stats(instance: types::Instance, disk_id: String) -> Option<types::DiskCounters>;
    mount_share(instance: types::Instance, share_mapping: types::ShareMapping) -> ();
    umount_share(instance: types::Instance, share_mapping: types::ShareMapping) -> ();
    attach_interface(instance: types::Instance, image_meta: types::ImageMeta, vif: types::Vif) -> ();
    detach_interface(instance: types::Instance, vif: types::Vif) -> ();
    network_binding_host_id(instance: types::Instance) -> Option<String>;
    manages_network_binding_host_id() -> bool;
    migrate_disk_and_power_off(request: types::MigrateDiskAndPowerOffRequest) -> Option<String>;
    finish_migration(request: types::FinishMigrationRequest) -> ();
    confirm_migration(migration: types::Migration, instance: types::Instance, network_info: types::NetworkInfo) -> ();
    finish_revert_migration(request: types::FinishRevertMigrationRequest) -> ();
    check_can_live_migrate_destination(request: types::CheckDestinationRequest) -> types::LiveMigrateData;
    check_can_live_migrate_source(request: types::CheckSourceRequest) -> types::LiveMigrateData;
    post_claim_migrate_data(request: types::PostClaimRequest) -> types::LiveMigrateData;
    check_source_migrate_data_at_dest(request: types::CheckSourceDataRequest) -> types::LiveMigrateData;
    cleanup_live_migration_destination_check(dest_check_data: types::LiveMigrateData) -> ();
    get_instance_disk_info(instance: types::Instance, block_device_info: types::BlockDeviceInfo) -> Vec<types::InstanceDisk>;
    pre_live_migration(request: types::PreLiveMigrationRequest) -> types::LiveMigrateData;
    live_migration(request: types::LiveMigrationRequest) -> types::LiveMigrationOutcome;
    live_migration_force_complete(instance: types::Instance) -> ();
    live_migration_abort(instance: types::Instance) -> ();
    rollback_live_migration_at_source(instance: types::Instance, migrate_data: types::LiveMigrateData) -> ();
    rollback_live_migration_at_destination(request: types::RollbackAtDestinationRequest) -> ();
    post_live_migration(request: types::PostLiveMigrationRequest) -> ();
    post_live_migration_at_source(instance: types::Instance, network_info: types::NetworkInfo) -> ();
    post_live_migration_at_destination(request: types::PostAtDestinationRequest) -> ();
    check_instance_shared_storage_local(instance: types::Instance) -> Option<String>;
    check_instance_shared_storage_remote(data: String) -> bool;
    check_instance_shared_storage_cleanup(data: String) -> ();
    save_state() -> types::DriverState;
    restore_state(state: types::DriverState) -> ();
    ensure_filtering_rules_for_instance(instance: types::Instance, network_info: types::NetworkInfo) -> ();
    unfilter_instance(instance: types::Instance, network_info: types::NetworkInfo) -> ();
    refresh_instance_security_rules(instance: types::Instance) -> ();
    refresh_provider_fw_rules() -> ();
    refresh_security_group_members(security_group: String) -> ();
    refresh_security_group_rules(security_group: String) -> ();
}

export_driver! {
    Mirror: driver,
    name: "mirror",
    summary: "Checks what crosses the boundary",
    settings: {
        seed: integer = "0", "Where the samples begin";
        error: text = "", "Number of the error that every method raises";
        panic: text = "", "The method that panics";
    },
}
