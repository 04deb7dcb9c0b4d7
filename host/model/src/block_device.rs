//! The volumes of a server (`nova/objects/block_device.py`), as far as they live in the volume service; the disks that are
//! made of the image and the flavor are the hypervisor's alone.

use crate::ids::{AttachmentId, ImageId, VolumeId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// One volume of one server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockDevice {
    /// The record's own id.
    pub id: Uuid,
    /// The volume.
    pub volume: VolumeId,
    /// Its attachment to the server; none between a failed build and the next try.
    pub attachment: Option<AttachmentId>,
    /// The name in the guest (`/dev/vdb`), once it is chosen.
    pub device_name: Option<String>,
    /// Place in the boot order; 0 is the root device, none is not booted from.
    pub boot_index: Option<i32>,
    /// Size in GiB.
    pub size_gb: u64,
    /// How to reach the volume from the server's host: a JSON document of the volume service.
    pub connection_info: Option<String>,
    /// Whether the volume goes when the server goes.
    pub delete_on_termination: bool,
}

impl BlockDevice {
    /// Whether the server boots from it.
    pub fn is_root(&self) -> bool {
        self.boot_index == Some(0)
    }
}

/// What the volume service has to know of a host to connect a volume to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VolumeConnector {
    /// The host's name.
    pub host: String,
    /// Its address for storage.
    pub ip: String,
    /// Its iSCSI initiator, if it has one.
    pub initiator: Option<String>,
}

/// A volume as the volume service shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Volume {
    /// Its id.
    pub id: VolumeId,
    /// Size in GiB.
    pub size_gb: u64,
    /// `available`, `reserved`, `attaching`, `in-use`, `detaching`, …
    pub status: String,
    /// Whether several servers may have it at once.
    pub multiattach: bool,
    /// Whether a server can boot from it.
    pub bootable: bool,
    /// Whether the volume service is moving it, which is when servers are told to swap it.
    pub migrating: bool,
    /// The image it was made of, if it was.
    pub image: Option<ImageId>,
}
