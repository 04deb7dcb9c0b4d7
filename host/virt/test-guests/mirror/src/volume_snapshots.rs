//! The optional interface, which the SDK leaves out: the error says what came.

mod bindings {
    wit_bindgen::generate!({
        path: "../../../../wit/v1.0",
        world: "volume-snapshot-driver",
        features: ["volume-snapshots"],
        generate_all,
    });
}

use bindings::nova::virt::errors::VirtError;
use bindings::nova::virt::volume_snapshot_requests::{
    VolumeSnapshotCreateRequest, VolumeSnapshotDeleteRequest,
};

struct VolumeSnapshots;

impl bindings::exports::nova::virt::volume_snapshots::Guest for VolumeSnapshots {
    async fn volume_snapshot_create(request: VolumeSnapshotCreateRequest) -> Result<(), VirtError> {
        Err(VirtError::VolumeNotFound(request.volume_id))
    }

    async fn volume_snapshot_delete(request: VolumeSnapshotDeleteRequest) -> Result<(), VirtError> {
        match request.file_to_merge {
            Some(file) => Err(VirtError::DiskNotFound(file)),
            None => Ok(()),
        }
    }
}

#[cfg(target_arch = "wasm32")]
#[expect(unsafe_code, reason = "the generated exports are unsafe functions")]
mod component {
    use super::VolumeSnapshots;

    super::bindings::export!(VolumeSnapshots with_types_in super::bindings);
}
