//! The image service, in memory (`nova/image/glance.py` against the stand-in of Nova's functional tests). Every image is
//! active from the beginning.

use crate::records::StateOfRecord;
use async_trait::async_trait;
use compute::{ImageApi, ServiceFaults};
use model::{ExceptionClass, ImageId, ImageMeta, NovaError};
use runtime::Trace;
use std::rc::Rc;

/// The image service of one cloud, whose calls fail where its faults say so.
pub(crate) struct ImageService {
    records: Rc<StateOfRecord>,
    trace: Trace,
    faults: ServiceFaults,
}

impl ImageService {
    pub(crate) fn new(records: Rc<StateOfRecord>, trace: Trace, faults: ServiceFaults) -> Self {
        Self { records, trace, faults }
    }

    fn strike(&self, call: &'static str) -> Result<(), NovaError> {
        self.faults.strike(call, &self.trace)
    }
}

fn not_found(image: ImageId) -> NovaError {
    NovaError::new(ExceptionClass::ImageNotFound, format!("Image {image} could not be found."))
}

#[async_trait(?Send)]
impl ImageApi for ImageService {
    async fn get(&self, image: ImageId) -> Result<ImageMeta, NovaError> {
        self.strike("image.get")?;
        self.records.image(image).ok_or_else(|| not_found(image))
    }

    async fn get_all(&self) -> Result<Vec<ImageMeta>, NovaError> {
        self.strike("image.get_all")?;
        Ok(self.records.images())
    }

    async fn create(&self, image: ImageMeta) -> Result<(), NovaError> {
        self.strike("image.create")?;
        self.records.put_image(image);
        Ok(())
    }

    async fn delete(&self, image: ImageId) -> Result<(), NovaError> {
        self.strike("image.delete")?;
        if self.records.image(image).is_none() {
            return Err(not_found(image));
        }
        self.records.delete_image(image);
        Ok(())
    }
}
