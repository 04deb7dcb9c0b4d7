//! Volumes that a server has from the beginning, gets, loses, exchanges, or that grow (`attach_volume`, `detach_volume`,
//! `swap_volume`, the external event volume-extended).

use super::{ApiError, ComputeApi, CreateServer, host_of};
use crate::preconditions;
use model::rpc::{Address, Method};
use model::{
    BlockDevice, ExceptionClass, NovaError, Server, ServerId, VmState, Volume, VolumeId, VolumeStatus,
};
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

    /// The same for several servers, each with its own volumes.
    pub(super) async fn reserve_volumes_of_each(
        &self,
        servers: &[ServerId],
        request: &CreateServer,
    ) -> Result<Vec<Vec<BlockDevice>>, ApiError> {
        let wanted = std::iter::once(&request.volumes).chain(&request.volumes_of_others);
        let none = Vec::new();
        let mut reserved = Vec::with_capacity(servers.len());
        for (id, wanted) in servers.iter().zip(wanted.chain(std::iter::repeat(&none))) {
            match self.reserve_boot_volumes(*id, wanted).await {
                Ok(devices) => reserved.push(devices),
                Err(refused) => {
                    for attachment in reserved.into_iter().flatten().filter_map(|device| device.attachment) {
                        // One that cannot be let go stays reserved, which an operator has to mend.
                        let _ = self.services.volumes.attachment_delete(attachment).await;
                    }
                    return Err(refused);
                }
            }
        }
        Ok(reserved)
    }

    /// Where servers may not have volumes of other zones, refuses those that would (`_validate_vol_az_for_create`). Answers the
    /// zone of the volumes if that is where a server has to go for which no zone was asked.
    pub(super) async fn check_volume_zones(
        &self,
        zone: Option<&str>,
        volumes: &[BootVolume],
    ) -> Result<Option<String>, ApiError> {
        let default = {
            let options = self.services.options.get();
            if options.cross_az_attach {
                return Ok(None);
            }
            options.default_availability_zone.0.clone()
        };
        let mut zones = Vec::new();
        for wanted in volumes {
            zones.push(self.services.volumes.get(wanted.volume).await?.availability_zone);
        }
        let Some(theirs) = zones.first() else { return Ok(None) };
        if zones.iter().any(|other| other != theirs) {
            let message = format!("Volumes are in different availability zones: {}", zones.join(","));
            return Err(ApiError { code: 400, message });
        }
        match zone {
            Some(zone) if zone != theirs => Err(ApiError {
                code: 400,
                message: format!(
                    "Server and volumes are not in the same availability zone. Server is in: {zone}. Volumes are in: \
                     {theirs}"
                ),
            }),
            Some(_) => Ok(None),
            None => Ok((*theirs != default).then(|| theirs.clone())),
        }
    }

    /// Where servers may not have volumes of other zones, refuses one for a server that there is
    /// (`nova/volume/cinder.py, check_availability_zone`).
    fn check_zone_of_volume(&self, server: &Server, volume: &Volume) -> Result<(), NovaError> {
        let zone = {
            let options = self.services.options.get();
            if options.cross_az_attach {
                return Ok(());
            }
            let of_host = |host| self.records.aggregates().zone_of(host, &options);
            server.host.as_ref().map(of_host).or_else(|| server.availability_zone.clone())
        };
        if zone.as_ref() == Some(&volume.availability_zone) {
            return Ok(());
        }
        let message = format!(
            "Invalid volume: Instance {} and volume {} are not in the same availability_zone. Instance is in {}. Volume is \
             in {}",
            server.id,
            volume.id,
            zone.as_deref().unwrap_or("None"),
            volume.availability_zone
        );
        Err(NovaError::new(ExceptionClass::InvalidVolume, message))
    }

    /// The same for a zone that a shelved server is to come back in.
    pub(super) async fn check_unshelve_zone(
        &self,
        server: &Server,
        zone: Option<&str>,
    ) -> Result<(), ApiError> {
        let Some(zone) = zone.filter(|_| !self.services.options.get().cross_az_attach) else { return Ok(()) };
        for device in &server.block_devices {
            let theirs = self.services.volumes.get(device.volume).await?.availability_zone;
            if theirs != zone {
                let message = format!(
                    "The specified availability zone does not match the volume {} attached to the server. Specified \
                     availability zone is {zone}. Volume is in {theirs}.",
                    device.volume
                );
                return Err(ApiError { code: 400, message });
            }
        }
        Ok(())
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
            self.check_zone_of_volume(&server, &known)?;
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
                let forget = &mut |server: &mut Server| {
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
