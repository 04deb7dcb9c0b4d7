//! Images and backups of servers (`createImage`, `createBackup`).

use super::{ApiError, ComputeApi};
use crate::preconditions;
use model::image::{BACKUP_TYPE, INSTANCE_UUID};
use model::rpc::{Address, Method};
use model::{ImageId, ImageMeta, Server, ServerId, TaskState};
use serde_json::json;
use std::collections::BTreeMap;

impl ComputeApi {
    /// Makes an image of a server's disk (202). Answers the image, which is there before it has any content.
    pub async fn create_server_image(&self, id: ServerId, name: &str) -> Result<ImageId, ApiError> {
        self.call("createImage", Some(id), json!({"name": name}), 202, async {
            let context = self.context();
            let server = self.server(id)?;
            preconditions::CREATE_IMAGE.check(&server)?;
            let host = super::host_of(&server)?;
            let image = self.create_image(&server, name.to_owned(), "snapshot", None).await?;
            self.set_task(&server, TaskState::ImageSnapshotPending).await?;
            self.records.start_action(id, &context.request, "createImage");
            self.cast(&context, id, Address::Compute(host), Method::SnapshotInstance { image });
            Ok(image)
        })
        .await
    }

    /// Makes a backup of a server's disk (202) and keeps the newest `rotation` of `backup_type`. Answers the image.
    pub async fn create_backup(
        &self,
        id: ServerId,
        name: &str,
        backup_type: &str,
        rotation: usize,
    ) -> Result<ImageId, ApiError> {
        let body = json!({"name": name, "backup_type": backup_type, "rotation": rotation});
        self.call("createBackup", Some(id), body, 202, async {
            let context = self.context();
            let server = self.server(id)?;
            preconditions::CREATE_BACKUP.check(&server)?;
            if server.volume_backed() {
                let message = "Backup is not supported for volume-backed instances.".to_owned();
                return Err(ApiError { code: 400, message });
            }
            let host = super::host_of(&server)?;
            let image = self.create_image(&server, name.to_owned(), "backup", Some(backup_type)).await?;
            self.set_task(&server, TaskState::ImageBackup).await?;
            self.records.start_action(id, &context.request, "createBackup");
            let method = Method::BackupInstance { image, backup_type: backup_type.to_owned(), rotation };
            self.cast(&context, id, Address::Compute(host), method);
            Ok(image)
        })
        .await
    }

    /// The record of an image that is to be made of a server (`nova/compute/utils.py, create_image`).
    pub(super) async fn create_image(
        &self,
        server: &Server,
        name: String,
        image_type: &str,
        backup_type: Option<&str>,
    ) -> Result<ImageId, ApiError> {
        let base = server.image.and_then(|image| self.services.records.image(image));
        let mut properties = base.as_ref().map(|image| image.properties.clone()).unwrap_or_default();
        properties.extend(BTreeMap::from([
            (INSTANCE_UUID.to_owned(), server.id.to_string()),
            ("user_id".to_owned(), server.user_id.to_string()),
            ("image_type".to_owned(), image_type.to_owned()),
            ("owner_id".to_owned(), self.caller.project.to_string()),
        ]));
        if self.caller.project != server.project_id {
            // Whose server it is of may use it as well.
            properties.insert("instance_owner".to_owned(), server.project_id.to_string());
        }
        properties.extend(backup_type.map(|kind| (BACKUP_TYPE.to_owned(), kind.to_owned())));
        let image = ImageMeta {
            id: ImageId(self.services.random.uuid()),
            name,
            disk_format: base.as_ref().map_or_else(|| "raw".to_owned(), |image| image.disk_format.clone()),
            min_disk_gb: server.flavor.root_gb,
            min_ram_mb: base.map_or(0, |image| image.min_ram_mb),
            properties,
        };
        let id = image.id;
        self.services.images.create(image).await?;
        Ok(id)
    }
}
