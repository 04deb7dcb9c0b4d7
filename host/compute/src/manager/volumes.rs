//! Volumes that come to a guest, go, are exchanged or grow while it exists (`reserve_block_device_name`, `attach_volume`,
//! `detach_volume`, `swap_volume`, `extend_volume`, `remove_volume_connection`).

use super::ComputeManager;
use super::block_devices::bdm_not_found;
use super::operation::Operation;
use crate::virt_types;
use model::rpc::RequestContext;
use model::{AttachmentId, BlockDevice, ExceptionClass, NovaError, Server, ServerId, VolumeId};
use std::fmt::Display;
use virt::types;

/// Bytes of a GiB.
const GIB: u64 = 1 << 30;

impl ComputeManager {
    /// Names the device of a volume that is to be attached, with the driver's help where it has an opinion, and adds the
    /// volume to the record.
    pub(super) async fn reserve_block_device_name(
        &self,
        context: &RequestContext,
        id: ServerId,
        volume: VolumeId,
        device: Option<String>,
        delete_on_termination: bool,
    ) -> Result<(), NovaError> {
        let operation = Operation { reverts_task_state: true, ..Operation::query(context, id) };
        self.run(operation, async {
            let server = self.services.records.server(id)?;
            let record = self.services.random.uuid();
            let size_gb = self.services.volumes.get(volume).await?.size_gb;
            let mut added = BlockDevice::new(record, volume, size_gb, delete_on_termination);
            added.device_name = device;
            let request = types::DeviceNameRequest {
                instance: virt_types::instance(&server),
                bdms: server.block_devices.iter().map(virt_types::block_device).collect(),
                device: virt_types::block_device(&added),
            };
            match self.driver.get_device_name_for_instance(request).await.map_err(NovaError::from) {
                Ok(name) => added.device_name = Some(name),
                Err(error) if error.is(ExceptionClass::NotImplementedError) => {
                    added.device_name.get_or_insert_with(|| next_device_name(&server));
                }
                Err(error) => return Err(error),
            }
            self.save(id, |server| server.block_devices.push(added.clone())).await?;
            Ok(())
        })
        .await
    }

    /// Connects a volume and gives it to the guest. When that fails the server does not have it.
    pub(super) async fn attach_volume(
        &self,
        context: &RequestContext,
        id: ServerId,
        volume: VolumeId,
    ) -> Result<(), NovaError> {
        let operation = Operation::new(context, id, "compute_attach_volume").keeps_task_state().locked();
        self.run(operation, async {
            let server = self.services.records.server(id)?;
            let device = server.block_device(volume).cloned().ok_or_else(|| bdm_not_found(volume))?;
            self.notify_about(id, "volume_attach.start", &[("volume_id", &volume)]);
            if let Err(error) = self.connect_and_attach(&server, &device).await {
                if let Some(attachment) = device.attachment {
                    // A volume that cannot be let go stays reserved, which an operator has to mend.
                    let _ = self.services.volumes.attachment_delete(attachment).await;
                }
                self.notify_error_about(id, "volume_attach", &error, &[("volume_id", &volume)]);
                let forget =
                    |server: &mut Server| server.block_devices.retain(|known| known.volume != volume);
                // A server deleted meanwhile has no volumes any more.
                let _ = self.save(id, forget).await;
                return Err(error);
            }
            self.notify_about(id, "volume_attach.end", &[("volume_id", &volume)]);
            Ok(())
        })
        .await
    }

    async fn connect_and_attach(&self, server: &Server, device: &BlockDevice) -> Result<(), NovaError> {
        let attachment = device.attachment.ok_or_else(|| bdm_not_found(device.volume))?;
        let connector = self.volume_connector(server).await?;
        let connection_info = self.connect_volume(server.id, device, attachment, &connector).await?;
        let request = types::AttachVolumeRequest {
            connection_info,
            instance: virt_types::instance(server),
            mountpoint: device.device_name.clone().unwrap_or_default(),
            disk_bus: None,
            device_type: None,
            encryption: None,
        };
        self.driver.attach_volume(request).await?;
        self.services.volumes.attachment_complete(attachment).await
    }

    /// Takes a volume off the guest. When the driver raises, it stays attached.
    pub(super) async fn detach_volume(
        &self,
        context: &RequestContext,
        id: ServerId,
        volume: VolumeId,
    ) -> Result<(), NovaError> {
        let operation = Operation::new(context, id, "compute_detach_volume").keeps_task_state().locked();
        self.run(operation, self.do_detach_volume(id, volume, true)).await
    }

    /// Exchanges a volume for another one while the guest uses it. When that fails the server has the one it had, and the
    /// other is let go.
    pub(super) async fn swap_volume(
        &self,
        context: &RequestContext,
        id: ServerId,
        old: VolumeId,
        new: VolumeId,
        new_attachment: AttachmentId,
    ) -> Result<(), NovaError> {
        let operation = Operation::new(context, id, "compute_swap_volume").keeps_task_state().locked();
        self.run(operation, async {
            let server = self.services.records.server(id)?;
            let device = server.block_device(old).cloned().ok_or_else(|| bdm_not_found(old))?;
            let about: [(&str, &dyn Display); 2] = [("old_volume_id", &old), ("new_volume_id", &new)];
            self.notify_about(id, "volume_swap.start", &about);
            let swapped = self.swap_in_guest(&server, &device, new, new_attachment).await;
            let volumes = &self.services.volumes;
            let migrating = volumes.get(old).await.is_ok_and(|volume| volume.migrating);
            let error = match swapped {
                Err(error) => error,
                Ok(connection_info) => {
                    if let Some(former) = device.attachment {
                        volumes.attachment_delete(former).await?;
                    }
                    let kept = match migrating {
                        true => volumes.migrate_volume_completion(old, new, false).await?,
                        false => new,
                    };
                    volumes.attachment_complete(new_attachment).await?;
                    let size_gb = volumes.get(kept).await?.size_gb;
                    self.change_block_device(id, old, |device| {
                        device.volume = kept;
                        device.size_gb = size_gb;
                        device.attachment = Some(new_attachment);
                        device.connection_info = Some(connection_info.clone());
                    })
                    .await?;
                    self.notify_about(id, "volume_swap.end", &about);
                    return Ok(());
                }
            };
            self.notify_error_about(id, "volume_swap", &error, &about);
            // What the volume service says to the end of a swap that failed does not matter any more.
            let _ = match migrating {
                true => volumes.migrate_volume_completion(old, new, true).await.map(drop),
                false => volumes.roll_detaching(old).await,
            };
            let _ = volumes.attachment_delete(new_attachment).await;
            Err(error)
        })
        .await
    }

    /// Connects the new volume and has the driver exchange the two. Answers how the new one is reached.
    async fn swap_in_guest(
        &self,
        server: &Server,
        device: &BlockDevice,
        new: VolumeId,
        new_attachment: AttachmentId,
    ) -> Result<String, NovaError> {
        let volumes = &self.services.volumes;
        let connector = self.volume_connector(server).await?;
        let (old_size, new_size) =
            (volumes.get(device.volume).await?.size_gb, volumes.get(new).await?.size_gb);
        let name = device.device_name.as_deref();
        let new_connection_info = volumes.attachment_update(new_attachment, &connector, name).await?;
        if new_connection_info == "{}" {
            let message = format!("volume {new} cannot be reached from {}", self.host);
            return Err(NovaError::new(ExceptionClass::InvalidVolume, format!("Invalid volume: {message}")));
        }
        let request = types::SwapVolumeRequest {
            old_connection_info: device.connection_info.clone().unwrap_or_default(),
            new_connection_info: new_connection_info.clone(),
            instance: virt_types::instance(server),
            mountpoint: device.device_name.clone().unwrap_or_default(),
            resize_to: if new_size > old_size { new_size } else { 0 },
        };
        self.driver.swap_volume(request).await?;
        Ok(new_connection_info)
    }

    /// Tells the guest that a volume has grown.
    pub(super) async fn extend_volume(
        &self,
        context: &RequestContext,
        id: ServerId,
        volume: VolumeId,
    ) -> Result<(), NovaError> {
        let operation = Operation::new(context, id, "compute_extend_volume").keeps_task_state();
        self.run(operation, async {
            let server = self.services.records.server(id)?;
            let device = server.block_device(volume).ok_or_else(|| bdm_not_found(volume))?;
            let size_gb = self.services.volumes.get(volume).await?.size_gb;
            let request = types::ExtendVolumeRequest {
                connection_info: device.connection_info.clone().unwrap_or_default(),
                instance: virt_types::instance(&server),
                requested_size: size_gb.saturating_mul(GIB),
            };
            self.driver.extend_volume(request).await?;
            self.change_block_device(id, volume, |device| device.size_gb = size_gb).await?;
            Ok(())
        })
        .await
    }

    /// Disconnects a volume from this host after a live migration was taken back. The attachment is the source's to delete.
    pub(super) async fn remove_volume_connection(
        &self,
        id: ServerId,
        volume: VolumeId,
    ) -> Result<(), NovaError> {
        let server = self.services.records.server(id)?;
        let Some(device) = server.block_device(volume) else { return Ok(()) };
        self.driver_detach(&server, device).await
    }
}

/// The first free name after the root device's (`nova/compute/utils.py, get_next_device_name`).
pub(super) fn next_device_name(server: &Server) -> String {
    let root = server.root_device_name.as_deref().unwrap_or("/dev/vda");
    let prefix = root.trim_end_matches(|letter: char| letter.is_ascii_digit());
    let prefix = prefix.get(..prefix.len().saturating_sub(1)).unwrap_or("/dev/vd");
    let taken = |name: &str| {
        name == root || server.block_devices.iter().any(|device| device.device_name.as_deref() == Some(name))
    };
    (0..)
        .map(|number| format!("{prefix}{}", device_letters(number)))
        .find(|name| !taken(name))
        .unwrap_or_default()
}

/// `a` … `z`, `aa`, `ab`, …
fn device_letters(number: u32) -> String {
    let letter = char::from(b'a' + u8::try_from(number % 26).unwrap_or(0));
    match number / 26 {
        0 => letter.to_string(),
        more => format!("{}{letter}", device_letters(more - 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::device_letters;

    #[test]
    fn devices_beyond_the_alphabet_have_two_letters() {
        assert_eq!([0, 25, 26, 27, 701].map(device_letters), ["a", "z", "aa", "ab", "zz"]);
    }
}
