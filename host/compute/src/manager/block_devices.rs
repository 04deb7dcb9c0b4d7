//! The volumes of a server as builds and moves handle them: connecting them to this host before the guest starts, letting
//! go of them when it leaves (`_prep_block_device`, `_terminate_volume_connections`, `_update_volume_attachments`,
//! `_cleanup_volumes`).
//!
//! A server keeps each of its volumes by an attachment. Whoever stops using a volume on a host while the server is to keep
//! it makes a new attachment without a host before the old one is deleted, so that nobody else can take the volume
//! meanwhile.

use super::ComputeManager;
use crate::virt_types;
use model::{
    AttachmentId, BlockDevice, Bug, ExceptionClass, NovaError, Server, ServerId, VolumeConnector, VolumeId,
};
use virt::types;

impl ComputeManager {
    /// Connects the server's volumes to this host, for a guest that is about to be spawned. Whatever goes wrong is an
    /// `InvalidBDM` with the text of what it was.
    pub(super) async fn prep_block_devices(&self, id: ServerId) -> Result<(), NovaError> {
        let server = self.services.records.server(id)?;
        let most = self.services.options.get().max_disk_devices_to_attach;
        server.check_disk_devices(0, most).map_err(|error| invalid_bdm(&error))?;
        for device in &server.block_devices {
            self.attach_block_device(&server, device).await.map_err(|error| invalid_bdm(&error))?;
        }
        Ok(())
    }

    async fn attach_block_device(&self, server: &Server, device: &BlockDevice) -> Result<(), NovaError> {
        let connector = self.volume_connector(server).await?;
        let attachment = self.attachment_of(server, device).await?;
        self.connect_volume(server.id, device, attachment, &connector).await?;
        self.services.volumes.attachment_complete(attachment).await
    }

    /// The attachment of a volume. One that was let go by a build that failed is made anew.
    async fn attachment_of(&self, server: &Server, device: &BlockDevice) -> Result<AttachmentId, NovaError> {
        if let Some(attachment) = device.attachment {
            return Ok(attachment);
        }
        if self.services.switches.has(Bug::Bug1784353) {
            let message = format!("Volume attachment of {} could not be found.", device.volume);
            return Err(NovaError::new(ExceptionClass::VolumeAttachmentNotFound, message));
        }
        let attachment = self.services.volumes.attachment_create(device.volume, server.id, None).await?;
        self.change_block_device(server.id, device.volume, |device| device.attachment = Some(attachment))
            .await?;
        Ok(attachment)
    }

    /// Connects one volume to the host of `connector` and remembers how it is reached.
    pub(super) async fn connect_volume(
        &self,
        id: ServerId,
        device: &BlockDevice,
        attachment: AttachmentId,
        connector: &VolumeConnector,
    ) -> Result<String, NovaError> {
        let name = device.device_name.as_deref();
        let connection_info = self.services.volumes.attachment_update(attachment, connector, name).await?;
        self.change_block_device(id, device.volume, |device| {
            device.connection_info = Some(connection_info.clone());
        })
        .await?;
        Ok(connection_info)
    }

    /// What the volume service has to know of this host.
    pub(super) async fn volume_connector(&self, server: &Server) -> Result<VolumeConnector, NovaError> {
        let connector = self.driver.get_volume_connector(virt_types::instance(server)).await?;
        Ok(virt_types::volume_connector(connector))
    }

    /// Lets this host's connections go while the server keeps its volumes.
    pub(super) async fn terminate_volume_connections(&self, id: ServerId) -> Result<(), NovaError> {
        let Some(server) = self.services.records.server_even_deleted(id) else { return Ok(()) };
        for device in &server.block_devices {
            if device.attachment.is_some() {
                self.reserve_anew(id, device).await?;
            }
        }
        Ok(())
    }

    /// Has the server keep a volume by a new attachment, without a host, in the place of the one it has.
    pub(super) async fn reserve_anew(&self, id: ServerId, device: &BlockDevice) -> Result<(), NovaError> {
        let volumes = &self.services.volumes;
        let reserved = volumes.attachment_create(device.volume, id, None).await?;
        if let Some(former) = device.attachment {
            volumes.attachment_delete(former).await?;
        }
        self.change_block_device(id, device.volume, |device| {
            device.attachment = Some(reserved);
            device.connection_info = None;
        })
        .await
        .map(drop)
    }

    /// Connects the server's volumes to this host, for a guest that arrives here.
    pub(super) async fn update_volume_attachments(&self, id: ServerId) -> Result<(), NovaError> {
        let server = self.services.records.server(id)?;
        let mut connector = None;
        for device in &server.block_devices {
            let Some(attachment) = device.attachment else { continue };
            let connector = match &connector {
                Some(connector) => connector,
                None => connector.insert(self.volume_connector(&server).await?),
            };
            self.connect_volume(id, device, attachment, connector).await?;
        }
        Ok(())
    }

    /// Says that the guest uses its volumes now.
    pub(super) async fn complete_volume_attachments(&self, server: &Server) -> Result<(), NovaError> {
        for attachment in server.block_devices.iter().filter_map(|device| device.attachment) {
            self.services.volumes.attachment_complete(attachment).await?;
        }
        Ok(())
    }

    /// Lets the attachments of a server go whose guest was destroyed. What the volume service says to that is only logged.
    pub(super) async fn delete_volume_attachments(&self, id: ServerId) {
        let Some(server) = self.services.records.server_even_deleted(id) else { return };
        for device in &server.block_devices {
            let Some(attachment) = device.attachment else { continue };
            if let Err(error) = self.services.volumes.attachment_delete(attachment).await {
                self.log("warning", || format!("Ignoring error of volume {}: {error}", device.volume));
            }
            // A server deleted meanwhile has no volumes any more.
            let _ = self.change_block_device(id, device.volume, let_go).await;
        }
    }

    /// Deletes the volumes that go with the server.
    pub(super) async fn delete_volumes(&self, id: ServerId) {
        let Some(server) = self.services.records.server_even_deleted(id) else { return };
        for device in server.block_devices.iter().filter(|device| device.delete_on_termination) {
            if let Err(error) = self.services.volumes.delete(device.volume).await {
                self.log("warning", || format!("Failed to delete volume {}: {error}", device.volume));
            }
        }
    }

    /// Detaches every volume of a server whose build was given up; those that go with the server are deleted. What goes
    /// wrong is only logged.
    pub(super) async fn cleanup_volumes(&self, id: ServerId) {
        let Some(server) = self.services.records.server_even_deleted(id) else { return };
        for device in &server.block_devices {
            let forget = device.delete_on_termination;
            if let Err(error) = self.do_detach_volume(id, device.volume, forget).await {
                self.log("warning", || format!("Failed to detach volume {}: {error}", device.volume));
            }
            if forget && let Err(error) = self.services.volumes.delete(device.volume).await {
                self.log("warning", || format!("Failed to delete volume {}: {error}", device.volume));
            }
        }
    }

    /// Detaches the volumes of a guest that is made anew; the server keeps them. Without `with_root` the root volume
    /// stays as it is.
    pub(super) async fn detach_for_rebuild(&self, id: ServerId, with_root: bool) -> Result<(), NovaError> {
        let server = self.services.records.server(id)?;
        for device in server.block_devices.iter().filter(|device| with_root || !device.is_root()) {
            let reserved = match device.attachment {
                Some(_) => Some(self.services.volumes.attachment_create(device.volume, id, None).await?),
                None => None,
            };
            self.do_detach_volume(id, device.volume, false).await?;
            self.change_block_device(id, device.volume, |device| device.attachment = reserved).await?;
        }
        Ok(())
    }

    /// Takes a volume off the guest, if the server is on this host, and deletes its attachment; with `forget` also the
    /// record of it (`_detach_volume`).
    pub(super) async fn do_detach_volume(
        &self,
        id: ServerId,
        volume: VolumeId,
        forget: bool,
    ) -> Result<(), NovaError> {
        let known = self.services.records.server_even_deleted(id);
        let server = known.ok_or_else(|| NovaError::instance_not_found(id))?;
        let Some(device) = server.block_device(volume) else { return Err(bdm_not_found(volume)) };
        self.notify_about(id, "volume_detach.start", &[("volume_id", &volume)]);
        if server.is_on(&self.host) {
            self.driver_detach(&server, device).await?;
        }
        if let Some(attachment) = device.attachment {
            self.services.volumes.attachment_delete(attachment).await?;
        }
        self.notify_about(id, "volume_detach.end", &[("volume_id", &volume)]);
        if forget {
            self.save(id, |server| server.block_devices.retain(|device| device.volume != volume)).await?;
        } else {
            self.change_block_device(id, volume, let_go).await?;
        }
        Ok(())
    }

    /// Has the driver take a volume off the guest. A guest that knows no such disk counts as success; after any other
    /// error the volume is attached as before.
    pub(super) async fn driver_detach(&self, server: &Server, device: &BlockDevice) -> Result<(), NovaError> {
        // Only logged when it does not: the driver is asked all the same.
        self.driver.instance_exists(virt_types::instance(server)).await?;
        let request = types::DetachVolumeRequest {
            connection_info: device.connection_info.clone().unwrap_or_default(),
            instance: virt_types::instance(server),
            mountpoint: device.device_name.clone().unwrap_or_default(),
            encryption: None,
        };
        match self.driver.detach_volume(request).await.map_err(NovaError::from) {
            Err(error) if error.is(ExceptionClass::DiskNotFound) => Ok(()),
            Err(error) => {
                // What the volume service says to that does not matter any more.
                let _ = self.services.volumes.roll_detaching(device.volume).await;
                Err(error)
            }
            detached => detached,
        }
    }

    /// Changes the record of one volume of a server.
    pub(super) async fn change_block_device(
        &self,
        id: ServerId,
        volume: VolumeId,
        mut change: impl FnMut(&mut BlockDevice),
    ) -> Result<Server, NovaError> {
        self.save(id, |server| {
            server.block_devices.iter_mut().filter(|device| device.volume == volume).for_each(&mut change);
        })
        .await
    }
}

fn let_go(device: &mut BlockDevice) {
    device.attachment = None;
    device.connection_info = None;
}

/// The record of a volume that the server does not have.
pub(super) fn bdm_not_found(volume: VolumeId) -> NovaError {
    NovaError::new(
        ExceptionClass::VolumeBDMNotFound,
        format!("No volume Block Device Mapping with id {volume}."),
    )
}

/// What becomes of an error while volumes are connected: its text, in a class of its own. An exception without a text
/// gets that of the class.
fn invalid_bdm(error: &NovaError) -> NovaError {
    let text = match error.text() {
        "" => "Block Device Mapping is Invalid.",
        text => text,
    };
    NovaError::new(ExceptionClass::InvalidBdm, text)
}
