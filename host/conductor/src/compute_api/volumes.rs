//! Volumes that a server has from the beginning, gets, loses, exchanges, or that grow (`attach_volume`, `detach_volume`,
//! `swap_volume`, the external event volume-extended).

use super::{ApiError, ComputeApi, host_of};
use crate::preconditions;
use model::rpc::{Address, Method};
use model::{BlockDevice, ExceptionClass, NovaError, ServerId, VmState, VolumeId, VolumeStatus};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// A volume of a server that is to be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BootVolume {
    /// The volume.
    pub volume: VolumeId,
    /// Place in the boot order; 0 is the root device.
    #[serde(default)]
    pub boot_index: Option<i32>,
    /// Whether the volume goes when the server goes.
    #[serde(default)]
    pub delete_on_termination: bool,
}

/// A volume that is to be attached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttachVolume {
    /// The volume.
    pub volume: VolumeId,
    /// The name of the device; the host's choice when none is named.
    #[serde(default)]
    pub device: Option<String>,
    /// Whether the volume goes when the server goes.
    #[serde(default)]
    pub delete_on_termination: bool,
}

impl ComputeApi {
    /// Reserves the volumes of a server that is to be made. When one is refused the others are let go.
    pub(super) async fn reserve_boot_volumes(
        &self,
        id: ServerId,
        wanted: &[BootVolume],
    ) -> Result<Vec<BlockDevice>, ApiError> {
        let mut reserved: Vec<BlockDevice> = Vec::new();
        for BootVolume { volume, boot_index, delete_on_termination } in wanted {
            match self.reserve_volume(id, *volume).await {
                Ok((attachment, size_gb)) => {
                    let id = self.services.random.uuid();
                    reserved.push(BlockDevice {
                        attachment: Some(attachment),
                        boot_index: *boot_index,
                        ..BlockDevice::new(id, *volume, size_gb, *delete_on_termination)
                    });
                }
                Err(refused) => {
                    for attachment in reserved.into_iter().filter_map(|device| device.attachment) {
                        // One that cannot be let go stays reserved, which an operator has to mend.
                        let _ = self.services.volumes.attachment_delete(attachment).await;
                    }
                    return Err(refused.into());
                }
            }
        }
        Ok(reserved)
    }

    async fn reserve_volume(
        &self,
        id: ServerId,
        volume: VolumeId,
    ) -> Result<(model::AttachmentId, u64), NovaError> {
        let size_gb = self.services.volumes.get(volume).await?.size_gb;
        let attachment = self.services.volumes.attachment_create(volume, id, None).await?;
        Ok((attachment, size_gb))
    }

    /// Attaches a volume (202).
    pub async fn attach_volume(&self, id: ServerId, request: AttachVolume) -> Result<(), ApiError> {
        self.call("attach_volume", Some(id), json!(request), 202, async {
            let context = self.context();
            let server = self.server(id)?;
            super::check_lock(&context, &server)?;
            preconditions::ATTACH_VOLUME.check(&server)?;
            server.check_disk_devices(1, self.services.options.get().max_disk_devices_to_attach)?;
            let AttachVolume { volume, device, delete_on_termination } = request;
            let known = self.services.volumes.get(volume).await?;
            if server.block_device(volume).is_some()
                || known.status != VolumeStatus::Available && !known.multiattach
            {
                let message = format!(
                    "Invalid volume: volume \'{volume}\' status must be \'available\'. Currently in \'{}\'",
                    known.status
                );
                return Err(NovaError::new(ExceptionClass::InvalidVolume, message).into());
            }
            let method = Method::AttachVolumeToServer { volume, device, delete_on_termination };
            self.cast(&context, id, Address::Conductor, method);
            Ok(())
        })
        .await
    }

    /// Detaches a volume (202). From a server that is on no host it is taken at once.
    pub async fn detach_volume(&self, id: ServerId, volume: VolumeId) -> Result<(), ApiError> {
        self.call("detach_volume", Some(id), json!({"volume_id": volume}), 202, async {
            let context = self.context();
            let server = self.server(id)?;
            super::check_lock(&context, &server)?;
            preconditions::DETACH_VOLUME.check(&server)?;
            let Some(device) = server.block_device(volume) else { return Err(not_attached(id, volume)) };
            if device.is_root() {
                return Err(ApiError { code: 400, message: "Cannot detach a root device volume".to_owned() });
            }
            self.services.volumes.begin_detaching(volume).await?;
            if server.vm_state == VmState::ShelvedOffloaded {
                if let Some(attachment) = device.attachment {
                    self.services.volumes.attachment_delete(attachment).await?;
                }
                let forget = &mut |server: &mut model::Server| {
                    server.block_devices.retain(|device| device.volume != volume);
                };
                self.records.start_action(id, &context.request, "detach_volume");
                self.services.records.update_server(id, compute::ExpectedTask::Any, forget).await?;
                return Ok(());
            }
            let host = host_of(&server)?;
            self.records.start_action(id, &context.request, "detach_volume");
            self.cast(&context, id, Address::Compute(host), Method::DetachVolume { volume });
            Ok(())
        })
        .await
    }

    /// Exchanges a volume for another one, as the volume service asks for when it moves one (202).
    pub async fn swap_volume(&self, id: ServerId, old: VolumeId, new: VolumeId) -> Result<(), ApiError> {
        self.call("swap_volume", Some(id), json!({"old": old, "new": new}), 202, async {
            let context = self.context();
            let (server, host) = self.begin(&context, id, &preconditions::SWAP_VOLUME)?;
            if server.block_device(old).is_none() {
                return Err(not_attached(id, old));
            }
            if !self.services.volumes.get(old).await?.migrating {
                let message =
                    format!("volume {old} is not migrating; this API should only be called by Cinder");
                return Err(ApiError { code: 409, message });
            }
            let (new_attachment, _) = self.reserve_volume(id, new).await?;
            self.services.volumes.begin_detaching(old).await?;
            self.records.start_action(id, &context.request, "swap_volume");
            let method = Method::SwapVolume { old, new, new_attachment };
            self.cast(&context, id, Address::Compute(host), method);
            Ok(())
        })
        .await
    }

    /// Tells a server that one of its volumes has grown (202, the external event volume-extended).
    pub async fn volume_extended(&self, id: ServerId, volume: VolumeId) -> Result<(), ApiError> {
        self.call("os-server-external-events", Some(id), json!({"volume_id": volume}), 202, async {
            let context = self.context();
            let host = host_of(&self.server(id)?)?;
            self.records.start_action(id, &context.request, "extend_volume");
            self.cast(&context, id, Address::Compute(host), Method::ExtendVolume { volume });
            Ok(())
        })
        .await
    }
}

fn not_attached(id: ServerId, volume: VolumeId) -> ApiError {
    ApiError { code: 404, message: format!("Instance {id} is not attached to volume {volume}") }
}
