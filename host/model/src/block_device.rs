//! The volumes of a server (`nova/objects/block_device.py`), as far as they live in the volume service; the disks that are
//! made of the image and the flavor are the hypervisor's alone.

use crate::ids::{AttachmentId, ImageId, VolumeId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
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
    /// A volume that nothing is known of yet but that the server is to have it.
    pub fn new(id: Uuid, volume: VolumeId, size_gb: u64, delete_on_termination: bool) -> Self {
        Self {
            id,
            volume,
            attachment: None,
            device_name: None,
            boot_index: None,
            size_gb,
            connection_info: None,
            delete_on_termination,
        }
    }

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

/// The status of a volume, as far as the volume service of a cloud distinguishes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VolumeStatus {
    /// No server has it.
    Available,
    /// A server has it, or has reserved it.
    InUse,
    /// A server has it and is about to give it back.
    Detaching,
}

impl fmt::Display for VolumeStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            VolumeStatus::Available => "available",
            VolumeStatus::InUse => "in-use",
            VolumeStatus::Detaching => "detaching",
        })
    }
}

/// A volume as the volume service shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Volume {
    /// Its id.
    pub id: VolumeId,
    /// Size in GiB.
    pub size_gb: u64,
    /// Who has it.
    pub status: VolumeStatus,
    /// Whether several servers may have it at once.
    pub multiattach: bool,
    /// Whether the volume service is moving it, which is when servers are told to swap it.
    pub migrating: bool,
    /// The availability zone it is in.
    pub availability_zone: String,
    /// The image it was made of, if it was.
    pub image: Option<ImageId>,
    /// What is said of the image it was made of, and of the volume as one would of an image.
    pub image_properties: BTreeMap<String, String>,
}
