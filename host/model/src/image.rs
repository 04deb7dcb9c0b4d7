//! What the control plane keeps of an image (`nova/objects/image_meta.py`).

use crate::ids::ImageId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The property of an image that names the server it was made of.
pub const INSTANCE_UUID: &str = "instance_uuid";
/// The property of a backup that names the row it belongs to.
pub const BACKUP_TYPE: &str = "backup_type";

/// An image a server is built from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageMeta {
    /// Its id.
    pub id: ImageId,
    /// Its name.
    pub name: String,
    /// `raw`, `qcow2`, …
    pub disk_format: String,
    /// Smallest root disk in GiB a server from it may have.
    #[serde(default)]
    pub min_disk_gb: u64,
    /// Smallest memory in MiB.
    #[serde(default)]
    pub min_ram_mb: u64,
    /// Properties such as `hw_disk_bus`.
    #[serde(default)]
    pub properties: BTreeMap<String, String>,
}
