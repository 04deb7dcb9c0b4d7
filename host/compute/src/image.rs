//! What the services ask of the image service (`nova/image/glance.py`).

use async_trait::async_trait;
use model::{ImageId, ImageMeta, NovaError};

/// The image service, as far as servers need it.
#[async_trait(?Send)]
pub trait ImageApi {
    /// An image. Errors: `ImageNotFound`.
    async fn get(&self, image: ImageId) -> Result<ImageMeta, NovaError>;

    /// All images, oldest first.
    async fn get_all(&self) -> Result<Vec<ImageMeta>, NovaError>;

    /// Makes an image, which has no content yet.
    async fn create(&self, image: ImageMeta) -> Result<(), NovaError>;

    /// Deletes an image. Errors: `ImageNotFound`.
    async fn delete(&self, image: ImageId) -> Result<(), NovaError>;
}
