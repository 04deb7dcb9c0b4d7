//! Live migration: it is over at once.

use crate::guests::{GUESTS, guest_of};
use crate::variants::quirks;
use crate::{create, remove};
use novarig_driver_sdk::types::{
    CheckDestinationRequest, LiveMigrateData, LiveMigrationOutcome, LiveMigrationRequest,
    PostAtDestinationRequest, VirtError,
};

/// Everything is on shared storage, so nobody has to clean up anything.
pub(crate) fn check_destination(request: &CheckDestinationRequest) -> LiveMigrateData {
    LiveMigrateData {
        is_shared_instance_path: true,
        is_shared_block_storage: true,
        is_volume_backed: None,
        block_migration: request.block_migration,
        disk_over_commit: request.disk_over_commit,
        disk_available_mb: Some(100_000),
        migration: None,
        old_vol_attachment_ids: vec![],
        wait_for_vif_plugged: None,
        vifs: None,
        pci_dev_map_src_dst: None,
        src_supports_numa_live_migration: None,
        dst_supports_numa_live_migration: None,
        dst_numa_info: None,
        dst_supports_mdev_live_migration: None,
        source_mdev_types: vec![],
        target_mdevs: None,
        vtpm_secret: None,
        properties: vec![("filename".to_owned(), "fake".to_owned())],
    }
}

/// The guest leaves; Nova's stays on the source as well.
pub(crate) fn migrate(request: &LiveMigrationRequest) -> Result<LiveMigrationOutcome, VirtError> {
    if !quirks()? {
        let uuid = &request.instance.uuid;
        if !GUESTS.has(uuid) {
            return Err(VirtError::InstanceNotFound(uuid.clone()));
        }
        remove(&request.instance);
    }
    Ok(LiveMigrationOutcome::Completed)
}

/// The guest arrives.
pub(crate) fn arrive(request: PostAtDestinationRequest) -> Result<(), VirtError> {
    create(guest_of(&request.instance, true, request.network_info, request.block_device_info))
}
