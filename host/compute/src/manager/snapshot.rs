//! Making an image of a guest's disk, once or as one of a row of backups (`snapshot_instance`, `backup_instance`).

use super::ComputeManager;
use super::build::is_deletion;
use super::operation::Operation;
use crate::virt_types;
use model::image::{BACKUP_TYPE, INSTANCE_UUID};
use model::rpc::RequestContext;
use model::{ExceptionClass, Fix, ImageId, NovaError, ServerId, TaskState};

impl ComputeManager {
    /// Begins to make the image; the step ends well before the image is there. When the driver raises, the image is
    /// deleted and the server stays as it was; a guest that is not there leaves the server with its task.
    pub(super) async fn snapshot_instance(
        &self,
        context: &RequestContext,
        id: ServerId,
        image: ImageId,
    ) -> Result<(), NovaError> {
        self.run(Operation::new(context, id, "compute_snapshot_instance"), async {
            let begun = self
                .save_expecting(id, &[Some(TaskState::ImageSnapshotPending)], |server| {
                    server.task_state = Some(TaskState::ImageSnapshot);
                })
                .await;
            match begun {
                Err(error) if is_deletion(&error) => return Ok(()),
                begun => begun?,
            };
            if let Some(manager) = self.me.upgrade() {
                let context = context.clone();
                manager.clone().live_on(async move {
                    // What goes wrong is in the server's faults.
                    let _ = manager.snapshot_or_delete_image(&context, id, image).await;
                });
            }
            Ok(())
        })
        .await
    }

    /// Makes a backup and deletes those of the same row beyond the newest `rotation`. When the driver raises, the image
    /// is deleted and the server stays as it was.
    pub(super) async fn backup_instance(
        &self,
        context: &RequestContext,
        id: ServerId,
        image: ImageId,
        backup_type: &str,
        rotation: usize,
    ) -> Result<(), NovaError> {
        self.run(Operation::new(context, id, "compute_backup_instance"), async {
            self.snapshot_or_delete_image(context, id, image).await?;
            let server = id.to_string();
            let is_backup = |key: &str, value: &str, image: &model::ImageMeta| {
                image.properties.get(key).is_some_and(|found| found == value)
            };
            let backups: Vec<_> = self
                .services
                .images
                .get_all()
                .await?
                .into_iter()
                .filter(|image| is_backup(INSTANCE_UUID, &server, image))
                .filter(|image| is_backup(BACKUP_TYPE, backup_type, image))
                .collect();
            for old in backups.iter().rev().skip(rotation) {
                // One that the image service does not delete is left, and the next is taken.
                let _ = self.services.images.delete(old.id).await;
            }
            Ok(())
        })
        .await
    }

    /// The snapshot within its own wrappers, which make of each failure a fault and a notification of their own.
    async fn snapshot_or_delete_image(
        &self,
        context: &RequestContext,
        id: ServerId,
        image: ImageId,
    ) -> Result<(), NovaError> {
        let operation = Operation { event: None, ..Operation::new(context, id, "") };
        let outcome = self.run(operation, self.take_snapshot(id, image)).await;
        if outcome.is_err() {
            // What failed before matters more than an image without content that is left behind.
            let _ = self.services.images.delete(image).await;
        }
        outcome
    }

    async fn take_snapshot(&self, id: ServerId, image: ImageId) -> Result<(), NovaError> {
        let server = self.services.records.server(id)?;
        let power_state = self.power_state(&server).await?;
        let taken = async {
            let server = self.save(id, |server| server.power_state = power_state).await?;
            self.notify_about(id, "snapshot.start", &[("snapshot_image_id", &image)]);
            self.driver.snapshot(virt_types::instance(&server), image.to_string()).await?;
            self.save_expecting(id, &[Some(TaskState::ImageUploading)], |server| server.task_state = None)
                .await?;
            self.notify_about(id, "snapshot.end", &[("snapshot_image_id", &image)]);
            Ok::<(), NovaError>(())
        };
        match taken.await {
            // Cured, the record decides whether the server was deleted meanwhile.
            Err(error)
                if error.is(ExceptionClass::InstanceNotFound)
                    && self.services.switches.fixes(Fix::SnapshotInstanceNotFound)
                    && self.is_wanted(id) =>
            {
                Err(error)
            }
            Err(error) if is_deletion(&error) || error.is(ExceptionClass::InstanceNotRunning) => Ok(()),
            Err(error) if error.is(ExceptionClass::ImageNotFound) => {
                self.save(id, |server| server.task_state = None).await.map(drop)
            }
            taken => taken,
        }
    }
}
