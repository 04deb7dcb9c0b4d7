//! The states of servers and migrations (`nova/compute/vm_states.py`, `task_states.py`, `power_state.py`) and the
//! status the API derives from them (`nova/api/openstack/common.py`).

use serde::{Deserialize, Serialize};
use std::fmt;

/// Declares a closed set of states with the text each has on the wire.
macro_rules! states {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$vdoc])* #[serde(rename = $text)] $variant,)*
        }

        impl $name {
            /// Every value, in the order of declaration.
            pub const ALL: &'static [$name] = &[$($name::$variant,)*];

            /// The text on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $($name::$variant => $text,)* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = UnknownState;
            fn from_str(text: &str) -> Result<Self, UnknownState> {
                Self::ALL.iter().copied().find(|state| state.as_str().eq_ignore_ascii_case(text)).ok_or_else(|| {
                    UnknownState { kind: stringify!($name), text: text.to_owned() }
                })
            }
        }
    };
}

/// A text that names no state of its kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no {kind}")]
pub struct UnknownState {
    /// The kind of state that was wanted.
    pub kind: &'static str,
    /// What was given.
    pub text: String,
}

states! {
    /// The stable state of a server.
    VmState {
        Active = "active",
        Building = "building",
        Paused = "paused",
        Suspended = "suspended",
        Stopped = "stopped",
        Rescued = "rescued",
        /// Resized or cold migrated, waiting for confirm or revert.
        Resized = "resized",
        SoftDeleted = "soft-delete",
        Deleted = "deleted",
        Error = "error",
        Shelved = "shelved",
        ShelvedOffloaded = "shelved_offloaded",
    }
}

states! {
    /// What is being done to a server at the moment.
    TaskState {
        Scheduling = "scheduling",
        BlockDeviceMapping = "block_device_mapping",
        Networking = "networking",
        Spawning = "spawning",
        ImageSnapshotPending = "image_snapshot_pending",
        ImageSnapshot = "image_snapshot",
        ImagePendingUpload = "image_pending_upload",
        ImageUploading = "image_uploading",
        ImageBackup = "image_backup",
        UpdatingPassword = "updating_password",
        ResizePrep = "resize_prep",
        ResizeMigrating = "resize_migrating",
        ResizeMigrated = "resize_migrated",
        ResizeFinish = "resize_finish",
        ResizeReverting = "resize_reverting",
        ResizeConfirming = "resize_confirming",
        Rebooting = "rebooting",
        RebootPending = "reboot_pending",
        RebootStarted = "reboot_started",
        RebootingHard = "rebooting_hard",
        RebootPendingHard = "reboot_pending_hard",
        RebootStartedHard = "reboot_started_hard",
        Pausing = "pausing",
        Unpausing = "unpausing",
        Suspending = "suspending",
        Resuming = "resuming",
        PoweringOff = "powering-off",
        PoweringOn = "powering-on",
        Rescuing = "rescuing",
        Unrescuing = "unrescuing",
        Rebuilding = "rebuilding",
        RebuildBlockDeviceMapping = "rebuild_block_device_mapping",
        RebuildSpawning = "rebuild_spawning",
        Migrating = "migrating",
        Deleting = "deleting",
        SoftDeleting = "soft-deleting",
        Restoring = "restoring",
        Shelving = "shelving",
        ShelvingImagePendingUpload = "shelving_image_pending_upload",
        ShelvingImageUploading = "shelving_image_uploading",
        ShelvingOffloading = "shelving_offloading",
        Unshelving = "unshelving",
    }
}

states! {
    /// The status of a migration record.
    MigrationStatus {
        Accepted = "accepted",
        PreMigrating = "pre-migrating",
        Queued = "queued",
        Preparing = "preparing",
        Running = "running",
        Migrating = "migrating",
        PostMigrating = "post-migrating",
        /// Of a resize: in VERIFY_RESIZE.
        Finished = "finished",
        Confirming = "confirming",
        Confirmed = "confirmed",
        Reverting = "reverting",
        Reverted = "reverted",
        /// Of an evacuation: the server runs on the destination, the source has not yet cleaned up.
        Done = "done",
        Completed = "completed",
        Cancelled = "cancelled",
        Failed = "failed",
        Error = "error",
    }
}

impl MigrationStatus {
    /// Whether the resource tracker still counts a migration of this status: all but those that are certainly over.
    /// `error` counts, since nobody knows what such a migration left behind (`nova/db/main/api.py,
    /// migration_get_in_progress_and_error_by_host_and_node`).
    pub fn in_progress_or_error(self) -> bool {
        use MigrationStatus::*;
        match self {
            Confirmed | Reverted | Failed | Completed | Cancelled | Done => false,
            Accepted | PreMigrating | Queued | Preparing | Running | Migrating | PostMigrating | Finished
            | Confirming | Reverting | Error => true,
        }
    }
}

states! {
    /// What kind of move a migration record describes.
    MigrationType {
        Resize = "resize",
        /// A cold migration: the flavor stays.
        Migration = "migration",
        LiveMigration = "live-migration",
        Evacuation = "evacuation",
    }
}

states! {
    /// A server's status as the API shows it.
    ServerStatus {
        Active = "ACTIVE",
        Build = "BUILD",
        Deleted = "DELETED",
        Error = "ERROR",
        HardReboot = "HARD_REBOOT",
        Migrating = "MIGRATING",
        Password = "PASSWORD",
        Paused = "PAUSED",
        Reboot = "REBOOT",
        Rebuild = "REBUILD",
        Rescue = "RESCUE",
        Resize = "RESIZE",
        RevertResize = "REVERT_RESIZE",
        Shelved = "SHELVED",
        ShelvedOffloaded = "SHELVED_OFFLOADED",
        Shutoff = "SHUTOFF",
        SoftDeleted = "SOFT_DELETED",
        Suspended = "SUSPENDED",
        VerifyResize = "VERIFY_RESIZE",
    }
}

impl ServerStatus {
    /// The status shown for a server in these states.
    pub fn of(vm_state: VmState, task_state: Option<TaskState>) -> ServerStatus {
        match vm_state {
            VmState::Active => task_state.and_then(status_of_active).unwrap_or(ServerStatus::Active),
            VmState::Building => ServerStatus::Build,
            VmState::Stopped => task_state.and_then(status_of_stopped).unwrap_or(ServerStatus::Shutoff),
            VmState::Resized if task_state == Some(TaskState::ResizeReverting) => ServerStatus::RevertResize,
            VmState::Resized => ServerStatus::VerifyResize,
            VmState::Paused if task_state == Some(TaskState::Migrating) => ServerStatus::Migrating,
            VmState::Paused => ServerStatus::Paused,
            VmState::Suspended => ServerStatus::Suspended,
            VmState::Rescued => ServerStatus::Rescue,
            VmState::Error if task_state.is_some_and(is_rebuild) => ServerStatus::Rebuild,
            VmState::Error => ServerStatus::Error,
            VmState::Deleted => ServerStatus::Deleted,
            VmState::SoftDeleted => ServerStatus::SoftDeleted,
            VmState::Shelved => ServerStatus::Shelved,
            VmState::ShelvedOffloaded => ServerStatus::ShelvedOffloaded,
        }
    }
}

fn is_rebuild(task: TaskState) -> bool {
    matches!(task, TaskState::Rebuilding | TaskState::RebuildBlockDeviceMapping | TaskState::RebuildSpawning)
}

fn is_resize(task: TaskState) -> bool {
    matches!(
        task,
        TaskState::ResizePrep
            | TaskState::ResizeMigrating
            | TaskState::ResizeMigrated
            | TaskState::ResizeFinish
    )
}

fn status_of_active(task: TaskState) -> Option<ServerStatus> {
    match task {
        TaskState::Rebooting | TaskState::RebootPending | TaskState::RebootStarted => {
            Some(ServerStatus::Reboot)
        }
        TaskState::RebootingHard | TaskState::RebootPendingHard | TaskState::RebootStartedHard => {
            Some(ServerStatus::HardReboot)
        }
        TaskState::UpdatingPassword => Some(ServerStatus::Password),
        TaskState::Migrating => Some(ServerStatus::Migrating),
        task => status_of_stopped(task),
    }
}

fn status_of_stopped(task: TaskState) -> Option<ServerStatus> {
    if is_resize(task) {
        Some(ServerStatus::Resize)
    } else if is_rebuild(task) {
        Some(ServerStatus::Rebuild)
    } else {
        None
    }
}

/// The state of a guest as its hypervisor tells it. The numbers are those of the API.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "u8", try_from = "u8")]
pub enum PowerState {
    /// Nobody knows, or there is no guest.
    #[default]
    NoState = 0,
    Running = 1,
    Paused = 3,
    Shutdown = 4,
    Crashed = 6,
    Suspended = 7,
}

impl From<PowerState> for u8 {
    fn from(state: PowerState) -> u8 {
        state as u8
    }
}

impl TryFrom<u8> for PowerState {
    type Error = UnknownState;
    fn try_from(number: u8) -> Result<Self, UnknownState> {
        match number {
            0 => Ok(Self::NoState),
            1 => Ok(Self::Running),
            3 => Ok(Self::Paused),
            4 => Ok(Self::Shutdown),
            6 => Ok(Self::Crashed),
            7 => Ok(Self::Suspended),
            _ => Err(UnknownState { kind: "PowerState", text: number.to_string() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_follows_vm_state_and_task_state() {
        use TaskState as T;
        use VmState as V;
        for (vm, task, status) in [
            (V::Active, None, "ACTIVE"),
            (V::Active, Some(T::ResizeFinish), "RESIZE"),
            (V::Active, Some(T::PoweringOff), "ACTIVE"),
            (V::Stopped, Some(T::RebuildSpawning), "REBUILD"),
            (V::Stopped, Some(T::PoweringOn), "SHUTOFF"),
            (V::Resized, None, "VERIFY_RESIZE"),
            (V::Resized, Some(T::ResizeReverting), "REVERT_RESIZE"),
            (V::Error, Some(T::Deleting), "ERROR"),
            (V::Building, Some(T::Networking), "BUILD"),
        ] {
            assert_eq!(ServerStatus::of(vm, task).as_str(), status, "{vm} {task:?}");
        }
    }

    #[test]
    fn states_read_back_what_they_write() {
        for state in VmState::ALL {
            assert_eq!(state.as_str().parse(), Ok(*state));
        }
        assert!("resized!".parse::<VmState>().is_err());
    }
}
