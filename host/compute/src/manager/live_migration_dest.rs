//! The destination's part in a live migration: preparing for the guest, and keeping it once it is there
//! (`pre_live_migration`, `post_live_migration_at_destination`, `rollback_live_migration_at_destination`).

use super::ComputeManager;
use super::operation::Operation;
use crate::virt_types;
use model::rpc::RequestContext;
use model::{AttachmentId, NovaError, Server, ServerId, TaskState, VmState, VolumeId};
use serde_json::Value;
use virt::types;

impl ComputeManager {
    /// Connects volumes and lets the driver prepare. The volumes get a second attachment, for this host; the first ones are
    /// noted in the data, so that they can be restored. When anything fails nothing is left here.
    pub(super) async fn pre_live_migration(
        &self,
        context: &RequestContext,
        id: ServerId,
        disk_info: Value,
        data: Value,
    ) -> Result<Value, NovaError> {
        let operation = Operation::new(context, id, "compute_pre_live_migration").keeps_task_state();
        self.run(operation, async {
            // Others may have come since the checks; nothing is done yet that had to be undone.
            self.validate_instance_group_policy(id).await?;
            let mut data: types::LiveMigrateData = virt_types::from_message(data)?;
            let disk_info = virt_types::from_message(disk_info)?;
            self.notify(id, "live_migration_pre.start");
            let before = self.server_as_sent(id)?;
            match self.prepare_for_guest(id, disk_info, &mut data).await {
                Ok(answer) => {
                    self.notify(id, "live_migration_pre.end");
                    virt_types::to_message(&answer)
                }
                Err(error) => {
                    self.undo_preparation(&before).await;
                    Err(error)
                }
            }
        })
        .await
    }

    async fn prepare_for_guest(
        &self,
        id: ServerId,
        disk_info: Option<Vec<types::InstanceDisk>>,
        data: &mut types::LiveMigrateData,
    ) -> Result<types::LiveMigrateData, NovaError> {
        let server = self.server_as_sent(id)?;
        self.attach_volumes_here_too(&server, data).await?;
        let server = self.server_as_sent(id)?;
        let network_info = self.services.network.get_instance_nw_info(id).await?;
        let request = types::PreLiveMigrationRequest {
            instance: virt_types::instance(&server),
            block_device_info: virt_types::block_device_info(&server),
            network_info: virt_types::network_info(&network_info),
            disk_info,
            migrate_data: data.clone(),
        };
        let answer = self.driver.pre_live_migration(request).await?;
        self.complete_volume_attachments(&server).await?;
        Ok(answer)
    }

    async fn attach_volumes_here_too(
        &self,
        server: &Server,
        data: &mut types::LiveMigrateData,
    ) -> Result<(), NovaError> {
        let mut connector = None;
        for device in &server.block_devices {
            let Some(former) = device.attachment else { continue };
            let connector = match &connector {
                Some(connector) => connector,
                None => connector.insert(self.volume_connector(server).await?),
            };
            data.old_vol_attachment_ids.push((device.volume.to_string(), former.to_string()));
            let volumes = &self.services.volumes;
            let attachment = volumes.attachment_create(device.volume, server.id, Some(connector)).await?;
            let connection_info = volumes.attachment_get(attachment).await?;
            self.change_block_device(server.id, device.volume, |device| {
                device.attachment = Some(attachment);
                device.connection_info = Some(connection_info.clone());
            })
            .await?;
        }
        Ok(())
    }

    /// Restores the volumes as they were `before`. What goes wrong in that is only logged.
    async fn undo_preparation(&self, before: &Server) {
        let Ok(server) = self.services.records.server(before.id) else { return };
        for device in &server.block_devices {
            let Some(former) = before.block_device(device.volume) else { continue };
            let Some(attachment) = device.attachment.filter(|_| device.attachment != former.attachment)
            else {
                continue;
            };
            if let Err(error) = self.driver_detach(&server, device).await {
                self.log("warning", || format!("Ignoring error of volume {}: {error}", device.volume));
            }
            if let Err(error) = self.services.volumes.attachment_delete(attachment).await {
                self.log("warning", || format!("Ignoring error of volume {}: {error}", device.volume));
            }
            let restore = |device: &mut model::BlockDevice| device.clone_from(former);
            let _ = self.change_block_device(before.id, device.volume, restore).await;
        }
    }

    /// Lets the driver keep the guest, and says that the server is on this host now, whether or not the driver could.
    pub(super) async fn post_live_migration_at_destination(
        &self,
        context: &RequestContext,
        id: ServerId,
        zone: Option<String>,
        block_migration: bool,
    ) -> Result<(), NovaError> {
        let operation =
            Operation::new(context, id, "compute_post_live_migration_at_destination").keeps_task_state();
        self.run(operation, async {
            let server = self.server_as_sent(id)?;
            let former_host = server.host.clone();
            self.bind_ports_here(id).await?;
            let network_info = self.services.network.get_instance_nw_info(id).await?;
            self.notify(id, "live_migration_post_dest.start");
            let request = types::PostAtDestinationRequest {
                instance: virt_types::instance(&server),
                network_info: virt_types::network_info(&network_info),
                block_migration,
                block_device_info: virt_types::block_device_info(&server),
            };
            let kept = self.driver.post_live_migration_at_destination(request).await;
            let power_state = self.power_state(&server).await?;
            self.save_expecting(id, &[Some(TaskState::Migrating)], |server| {
                server.host = Some(self.host.clone());
                server.node = Some(self.host.clone());
                server.availability_zone.clone_from(&zone);
                server.power_state = power_state;
                server.task_state = None;
                server.progress = 0;
                if kept.is_err() {
                    server.vm_state = VmState::Error;
                }
            })
            .await?;
            kept?;
            if let Some(former) = former_host.filter(|host| *host != self.host) {
                self.delete_port_bindings(id, &former).await?;
            }
            self.notify(id, "live_migration_post_dest.end");
            Ok(())
        })
        .await
    }

    /// Removes what was made here for a guest that does not come.
    pub(super) async fn rollback_live_migration_at_destination(
        &self,
        context: &RequestContext,
        id: ServerId,
        destroy_disks: bool,
        data: Value,
    ) -> Result<(), NovaError> {
        let operation = Operation::new(context, id, "compute_rollback_live_migration_at_destination");
        self.run(operation.keeps_task_state(), async {
            let server = self.server_as_sent(id)?;
            let network_info = self.services.network.get_instance_nw_info(id).await?;
            self.notify(id, "live_migration_rollback_dest.start");
            let torn_down = self.delete_port_bindings(id, &self.host).await;
            // The volumes are disconnected already, and the records name the source's connections.
            let mut block_device_info = virt_types::block_device_info(&server);
            block_device_info.devices.clear();
            let request = types::RollbackAtDestinationRequest {
                instance: virt_types::instance(&server),
                network_info: virt_types::network_info(&network_info),
                block_device_info,
                destroy_disks,
                migrate_data: Some(virt_types::from_message(data)?),
            };
            self.driver.rollback_live_migration_at_destination(request).await?;
            torn_down?;
            self.notify(id, "live_migration_rollback_dest.end");
            Ok(())
        })
        .await
    }
}

/// The attachments volumes had on the source, as the drivers' data note them.
pub(super) fn former_attachments(data: &types::LiveMigrateData) -> Vec<(VolumeId, AttachmentId)> {
    let noted = data.old_vol_attachment_ids.iter();
    noted.filter_map(|(volume, attachment)| Some((volume.parse().ok()?, attachment.parse().ok()?))).collect()
}
