//! What must be true of a server before an operation begins (`nova/compute/api.py, check_instance_state`). A failed
//! precondition never changes anything.

use crate::compute_api::ApiError;
use compute::ExpectedTask;
use model::{ExceptionClass, NovaError, Server, TaskState, VmState};

/// The states an operation may start from.
pub(crate) struct Precondition {
    /// The operation, as the API names it.
    pub(crate) action: &'static str,
    /// The vm_states it may start from.
    pub(crate) vm_states: &'static [VmState],
    /// The task states it may start from.
    pub(crate) task_states: ExpectedTask,
}

const NO_TASK: ExpectedTask = ExpectedTask::OneOf(&[None]);

pub(crate) const STOP: Precondition =
    Precondition { action: "stop", vm_states: &[VmState::Active, VmState::Error], task_states: NO_TASK };
pub(crate) const START: Precondition =
    Precondition { action: "start", vm_states: &[VmState::Stopped], task_states: NO_TASK };
pub(crate) const REBOOT_SOFT: Precondition =
    Precondition { action: "reboot", vm_states: &[VmState::Active], task_states: NO_TASK };
pub(crate) const REBOOT_HARD: Precondition = Precondition {
    action: "reboot",
    vm_states: &[VmState::Active, VmState::Stopped, VmState::Paused, VmState::Suspended, VmState::Error],
    task_states: ExpectedTask::OneOf(&[
        None,
        Some(TaskState::Rebooting),
        Some(TaskState::RebootPending),
        Some(TaskState::RebootStarted),
        Some(TaskState::RebootingHard),
        Some(TaskState::RebootPendingHard),
        Some(TaskState::RebootStartedHard),
        Some(TaskState::Resuming),
        Some(TaskState::Unpausing),
        Some(TaskState::Pausing),
        Some(TaskState::Suspending),
    ]),
};
pub(crate) const RESIZE: Precondition =
    Precondition { action: "resize", vm_states: &[VmState::Active, VmState::Stopped], task_states: NO_TASK };
pub(crate) const MIGRATE: Precondition = Precondition { action: "migrate", ..RESIZE };
pub(crate) const CONFIRM_RESIZE: Precondition =
    Precondition { action: "confirmResize", vm_states: &[VmState::Resized], task_states: NO_TASK };
pub(crate) const REVERT_RESIZE: Precondition = Precondition { action: "revertResize", ..CONFIRM_RESIZE };
pub(crate) const PAUSE: Precondition =
    Precondition { action: "pause", vm_states: &[VmState::Active], task_states: NO_TASK };
pub(crate) const UNPAUSE: Precondition =
    Precondition { action: "unpause", vm_states: &[VmState::Paused], task_states: NO_TASK };
pub(crate) const SUSPEND: Precondition =
    Precondition { action: "suspend", vm_states: &[VmState::Active], task_states: NO_TASK };
pub(crate) const RESUME: Precondition =
    Precondition { action: "resume", vm_states: &[VmState::Suspended], task_states: NO_TASK };
pub(crate) const RESCUE: Precondition = Precondition {
    action: "rescue",
    vm_states: &[VmState::Active, VmState::Stopped, VmState::Error],
    task_states: NO_TASK,
};
pub(crate) const UNRESCUE: Precondition =
    Precondition { action: "unrescue", vm_states: &[VmState::Rescued], task_states: NO_TASK };
pub(crate) const RESTORE: Precondition =
    Precondition { action: "restore", vm_states: &[VmState::SoftDeleted], task_states: NO_TASK };
pub(crate) const CHANGE_PASSWORD: Precondition =
    Precondition { action: "changePassword", vm_states: &[VmState::Active], task_states: NO_TASK };
pub(crate) const TRIGGER_CRASH_DUMP: Precondition = Precondition {
    action: "trigger_crash_dump",
    vm_states: &[VmState::Active, VmState::Paused, VmState::Rescued, VmState::Resized, VmState::Error],
    task_states: NO_TASK,
};
pub(crate) const REBUILD: Precondition = Precondition {
    action: "rebuild",
    vm_states: &[VmState::Active, VmState::Stopped, VmState::Error],
    task_states: NO_TASK,
};
pub(crate) const EVACUATE: Precondition =
    Precondition { action: "evacuate", task_states: ExpectedTask::Any, ..REBUILD };
/// As older Novas had it (bug 1978983).
pub(crate) const EVACUATE_IDLE: Precondition = Precondition { action: "evacuate", ..REBUILD };
pub(crate) const SHELVE: Precondition = Precondition {
    action: "shelve",
    vm_states: &[VmState::Active, VmState::Stopped, VmState::Paused, VmState::Suspended],
    task_states: NO_TASK,
};
pub(crate) const SHELVE_OFFLOAD: Precondition =
    Precondition { action: "shelveOffload", vm_states: &[VmState::Shelved], task_states: NO_TASK };
pub(crate) const UNSHELVE: Precondition = Precondition {
    action: "unshelve",
    vm_states: &[VmState::Shelved, VmState::ShelvedOffloaded],
    task_states: NO_TASK,
};
pub(crate) const CREATE_IMAGE: Precondition = Precondition { action: "createImage", ..SHELVE };
pub(crate) const CREATE_BACKUP: Precondition = Precondition { action: "createBackup", ..SHELVE };
pub(crate) const ATTACH_INTERFACE: Precondition = Precondition {
    action: "attach_interface",
    vm_states: &[VmState::Active, VmState::Paused, VmState::Stopped],
    task_states: NO_TASK,
};
pub(crate) const DETACH_INTERFACE: Precondition =
    Precondition { action: "detach_interface", ..ATTACH_INTERFACE };
/// States in which a server's volumes can change.
const WITH_VOLUMES: &[VmState] = &[
    VmState::Active,
    VmState::Paused,
    VmState::Stopped,
    VmState::Resized,
    VmState::SoftDeleted,
    VmState::Shelved,
    VmState::ShelvedOffloaded,
];
pub(crate) const ATTACH_VOLUME: Precondition =
    Precondition { action: "attach_volume", vm_states: WITH_VOLUMES, task_states: NO_TASK };
pub(crate) const DETACH_VOLUME: Precondition = Precondition { action: "detach_volume", ..ATTACH_VOLUME };
pub(crate) const SWAP_VOLUME: Precondition = Precondition {
    action: "swap_volume",
    vm_states: &[VmState::Active, VmState::Paused, VmState::Resized],
    task_states: NO_TASK,
};
pub(crate) const LIVE_MIGRATE: Precondition = Precondition {
    action: "os-migrateLive",
    vm_states: &[VmState::Active, VmState::Paused],
    task_states: NO_TASK,
};
const MIGRATING: ExpectedTask = ExpectedTask::OneOf(&[Some(TaskState::Migrating)]);
pub(crate) const FORCE_COMPLETE: Precondition =
    Precondition { action: "force_complete", vm_states: &[VmState::Active], task_states: MIGRATING };
pub(crate) const ABORT_LIVE_MIGRATION: Precondition =
    Precondition { action: "abort live migration", vm_states: VmState::ALL, task_states: MIGRATING };

impl Precondition {
    /// Refuses a server in another state, in the order Nova checks: vm_state, task_state, launched.
    pub(crate) fn check(&self, server: &Server) -> Result<(), ApiError> {
        if !self.vm_states.contains(&server.vm_state) {
            return Err(self.refuse(server, "vm_state", server.vm_state.as_str()));
        }
        if !self.task_states.allows(server.task_state) {
            let task = server.task_state.map_or("None", TaskState::as_str);
            return Err(self.refuse(server, "task_state", task));
        }
        if server.launched_at.is_none() {
            let message = format!("Instance {} is in an invalid state for '{}'", server.id, self.action);
            return Err(NovaError::new(ExceptionClass::InstanceInvalidState, message).into());
        }
        Ok(())
    }

    fn refuse(&self, server: &Server, attribute: &str, state: &str) -> ApiError {
        NovaError::new(
            ExceptionClass::InstanceInvalidState,
            format!("Cannot '{}' instance {} while it is in {attribute} {state}", self.action, server.id),
        )
        .into()
    }
}
