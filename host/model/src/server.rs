//! Servers (`nova/objects/instance.py`) and their faults.

use crate::block_device::BlockDevice;
use crate::exception::NovaError;
use crate::flavor::Flavor;
use crate::ids::{HostName, ImageId, ProjectId, ServerId, UserId, VolumeId};
use crate::network::NetworkInfo;
use crate::states::{PowerState, ServerStatus, TaskState, VmState};
use crate::timestamp::Timestamp;
use serde::{Deserialize, Serialize};

/// The record of a server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Server {
    /// Its uuid.
    pub id: ServerId,
    /// Counts up from 1; hypervisors know the guest as `instance-<number>`.
    pub number: u64,
    /// The name users see.
    pub name: String,
    /// Whom it belongs to.
    pub project_id: ProjectId,
    /// Who made it.
    pub user_id: UserId,
    /// The image it was built from; none when it boots from a volume.
    pub image: Option<ImageId>,
    /// The flavor the record names now. During a resize the other two say what it was and what it becomes.
    pub flavor: Flavor,
    /// The flavor before a resize that is not yet confirmed or reverted.
    pub old_flavor: Option<Flavor>,
    /// The flavor a resize leads to, until it is over.
    pub new_flavor: Option<Flavor>,
    /// The vm_state before a resize or suspension, to which its end returns.
    pub old_vm_state: Option<VmState>,
    /// What state it rests in.
    pub vm_state: VmState,
    /// What is being done to it.
    pub task_state: Option<TaskState>,
    /// What its hypervisor last said of the guest.
    pub power_state: PowerState,
    /// The host it is on; none while it is being scheduled and after a failed build.
    pub host: Option<HostName>,
    /// The node it is on; with one node a host, the same name.
    pub node: Option<HostName>,
    /// The availability zone it was asked for or is in.
    pub availability_zone: Option<String>,
    /// The name of the root device, once chosen.
    pub root_device_name: Option<String>,
    /// Its volumes, in the order they came.
    #[serde(default)]
    pub block_devices: Vec<BlockDevice>,
    /// Its interfaces as the network service last told.
    pub network_info: NetworkInfo,
    /// Whether a user locked it.
    pub locked: bool,
    /// Progress of a running operation in percent.
    pub progress: u8,
    /// When the record was made.
    pub created_at: Timestamp,
    /// When the guest first ran; none until then.
    pub launched_at: Option<Timestamp>,
    /// Since when it is shelved, and with what; none for a server that is not.
    #[serde(default)]
    pub shelved: Option<Shelved>,
    /// When a user soft-deleted the server; none for one that was not, or was restored.
    #[serde(default)]
    pub soft_deleted_at: Option<Timestamp>,
    /// When the server was deleted; a deleted server is kept for the periodic tasks to see.
    pub deleted_at: Option<Timestamp>,
    /// Stored faults, oldest first.
    pub faults: Vec<Fault>,
    /// What the servers of one request share: `r-` and eight letters or digits.
    pub reservation_id: String,
    /// Its place among the servers of its request, from 0.
    pub launch_index: u32,
}

impl Server {
    /// The status the API shows.
    pub fn status(&self) -> ServerStatus {
        ServerStatus::of(self.vm_state, self.task_state)
    }

    /// The fault the API shows: the newest one, and only in ERROR and DELETED.
    pub fn visible_fault(&self) -> Option<&Fault> {
        match self.status() {
            ServerStatus::Error | ServerStatus::Deleted => self.faults.last(),
            _ => None,
        }
    }

    /// Whether the server boots from a volume.
    pub fn volume_backed(&self) -> bool {
        self.image.is_none()
    }

    /// One of its volumes.
    pub fn block_device(&self, volume: VolumeId) -> Option<&BlockDevice> {
        self.block_devices.iter().find(|device| device.volume == volume)
    }

    /// What a server of this flavor takes of its host's disk, in whole GiB, its swap included: not the root disk when it
    /// boots from a volume (`nova/compute/resource_tracker.py, _update_usage`).
    pub fn local_gb(&self, flavor: &Flavor) -> u64 {
        let disks = if self.volume_backed() { flavor.ephemeral_gb } else { flavor.local_gb() };
        disks + flavor.swap_mb / 1024
    }

    /// Refuses `added` further disks when there would be more than `most` with those it has; a negative number sets no
    /// limit. Errors: `TooManyDiskDevices`.
    pub fn check_disk_devices(&self, added: usize, most: i64) -> Result<(), NovaError> {
        let own = [!self.volume_backed(), self.flavor.ephemeral_gb > 0, self.flavor.swap_mb > 0];
        let disks = self.block_devices.len() + own.into_iter().filter(|there| *there).count() + added;
        match usize::try_from(most) {
            Ok(most) if disks > most => Err(NovaError::too_many_disk_devices(most)),
            _ => Ok(()),
        }
    }

    /// Whether it was deleted.
    pub fn deleted(&self) -> bool {
        self.deleted_at.is_some()
    }

    /// Whether it is on this host, according to its record.
    pub fn is_on(&self, host: &HostName) -> bool {
        self.host.as_ref() == Some(host)
    }
}

/// What is kept of a server while it is shelved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shelved {
    /// The image of its disk; none for one that boots from a volume.
    pub image: Option<ImageId>,
    /// The host that shelved it.
    pub host: HostName,
    /// When.
    pub at: Timestamp,
}

/// Why an operation on a server failed, as users see it (`nova/objects/instance_fault.py`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// HTTP-like code of the exception's class.
    pub code: u16,
    /// The exception's message, at most 255 characters.
    pub message: String,
    /// The compute host that stored it; none when it was not a compute.
    pub host: Option<HostName>,
    /// When it was stored.
    pub created_at: Timestamp,
}
