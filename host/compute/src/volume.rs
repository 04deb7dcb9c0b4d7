//! What the services ask of the volume service (`nova/volume/cinder.py`).

use async_trait::async_trait;
use model::{AttachmentId, ImageId, NovaError, ServerId, Volume, VolumeConnector, VolumeId};

/// The volume service, as far as servers need it. An attachment says that a server may have a volume; with a connector
/// it says from which host, and only then can the volume be reached there.
#[async_trait(?Send)]
pub trait VolumeApi {
    /// A volume. Errors: `VolumeNotFound`.
    async fn get(&self, volume: VolumeId) -> Result<Volume, NovaError>;

    /// Reserves the volume for the server; with a connector it is connected at once. Errors: `InvalidVolume` when another
    /// server has it.
    async fn attachment_create(
        &self,
        volume: VolumeId,
        server: ServerId,
        connector: Option<&VolumeConnector>,
    ) -> Result<AttachmentId, NovaError>;

    /// Connects the volume to a host. Answers how to reach it there, a JSON document. Errors: `InvalidInput` when another
    /// attachment of the volume is connected already.
    async fn attachment_update(
        &self,
        attachment: AttachmentId,
        connector: &VolumeConnector,
        device_name: Option<&str>,
    ) -> Result<String, NovaError>;

    /// How the volume is reached. Errors: `VolumeAttachmentNotFound`.
    async fn attachment_get(&self, attachment: AttachmentId) -> Result<String, NovaError>;

    /// The server uses the volume now. Errors: `VolumeAttachmentNotFound`.
    async fn attachment_complete(&self, attachment: AttachmentId) -> Result<(), NovaError>;

    /// The server no longer has the volume. Errors: `VolumeAttachmentNotFound`.
    async fn attachment_delete(&self, attachment: AttachmentId) -> Result<(), NovaError>;

    /// The volume is about to be detached. Errors: `InvalidVolume` when no server has it.
    async fn begin_detaching(&self, volume: VolumeId) -> Result<(), NovaError>;

    /// It was not detached after all.
    async fn roll_detaching(&self, volume: VolumeId) -> Result<(), NovaError>;

    /// Tells the service that a server has exchanged `old` for `new`, or failed to. Answers the id under which the
    /// server's volume is known from now on.
    async fn migrate_volume_completion(
        &self,
        old: VolumeId,
        new: VolumeId,
        failed: bool,
    ) -> Result<VolumeId, NovaError>;

    /// Writes the image over the volume, and returns when that is done. Errors: `VolumeNotFound` for a volume that was
    /// not made of an image.
    async fn reimage(&self, volume: VolumeId, image: ImageId) -> Result<(), NovaError>;

    /// Deletes the volume. Errors: `VolumeNotFound`.
    async fn delete(&self, volume: VolumeId) -> Result<(), NovaError>;
}
