//! What a driver may ask of the compute manager (`nova/virt/virtapi.py`).

use crate::bindings::types::{
    BlockDeviceInfo, DriverTask, EventError, Instance, InstanceEvent, LifecycleEvent, LifecycleTransition,
    Uuid, VirtError,
};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

/// A future that stays on its thread.
pub type LocalFuture<T> = Pin<Box<dyn Future<Output = T>>>;

/// The compute manager as the driver sees it.
pub trait VirtApi {
    /// Begins to watch for external events of a server. Events that come before [`EventWait::wait`] count.
    fn wait_for_instance_event(
        &self,
        instance: Instance,
        events: Vec<InstanceEvent>,
        timeout: Duration,
    ) -> Rc<dyn EventWait>;

    /// Adds (`enabled` is false) or removes the trait `COMPUTE_STATUS_DISABLED` of a provider. The error is a text for a
    /// person.
    fn update_compute_provider_status(
        &self,
        provider: String,
        enabled: bool,
    ) -> LocalFuture<Result<(), String>>;

    /// Something happened to a guest without the manager having asked for it. It is in the trace already. A manager that
    /// does not listen drops it.
    fn emit_event(&self, event: LifecycleEvent) {
        let _ = event;
    }

    /// Sets the task of a server, within `snapshot` and `rebuild`. `expected`: the task it must have; none: the one it had
    /// when the method was called. A manager that has no such operations raises `not-implemented`, and so do the three
    /// below.
    fn update_task_state(
        &self,
        instance: Uuid,
        task: DriverTask,
        expected: Option<DriverTask>,
    ) -> LocalFuture<Result<(), VirtError>> {
        let _ = (instance, task, expected);
        ready(Err(VirtError::NotImplemented))
    }

    /// A planned fault: the compute service dies where it is. The call that is under way is never answered.
    fn service_dies(&self) {}

    /// Takes the volumes of a server off it, within `rebuild`.
    fn detach_block_devices(&self, instance: Uuid) -> LocalFuture<Result<(), VirtError>> {
        let _ = instance;
        ready(Err(VirtError::NotImplemented))
    }

    /// Connects the volumes of a server anew, within `rebuild`, and answers its disks.
    fn attach_block_devices(&self, instance: Uuid) -> LocalFuture<Result<BlockDeviceInfo, VirtError>> {
        let _ = instance;
        ready(Err(VirtError::NotImplemented))
    }

    /// Within `reboot`: these devices had to be taken off for the guest to start.
    fn bad_volumes(&self, instance: Uuid, devices: Vec<String>) -> LocalFuture<Result<(), VirtError>> {
        let _ = (instance, devices);
        ready(Err(VirtError::NotImplemented))
    }
}

fn ready<T: 'static>(answer: T) -> LocalFuture<T> {
    Box::pin(std::future::ready(answer))
}

impl LifecycleTransition {
    /// The name of the event in Nova, in lower case (`nova/virt/event.py`).
    pub const fn name(self) -> &'static str {
        match self {
            LifecycleTransition::Started => "started",
            LifecycleTransition::Stopped => "stopped",
            LifecycleTransition::Paused => "paused",
            LifecycleTransition::Resumed => "resumed",
            LifecycleTransition::Suspended => "suspended",
            LifecycleTransition::PostcopyStarted => "postcopy_started",
            LifecycleTransition::MigrationCompleted => "migration_completed",
        }
    }
}

/// A wait that was begun by [`VirtApi::wait_for_instance_event`].
pub trait EventWait {
    /// Waits until all events have come, one has failed, or the time is over.
    fn wait(&self) -> LocalFuture<Result<(), EventError>>;

    /// These events are not needed after all.
    fn exit_early(&self, events: Vec<InstanceEvent>);
}

/// A compute manager that does nothing, as the one of Nova's own driver tests (`nova/virt/fake.py, FakeVirtAPI`): every
/// wait is over at once, every task is set, and there are no volumes.
#[derive(Clone, Copy, Debug, Default)]
pub struct FakeVirtApi;

impl VirtApi for FakeVirtApi {
    fn wait_for_instance_event(&self, _: Instance, _: Vec<InstanceEvent>, _: Duration) -> Rc<dyn EventWait> {
        Rc::new(FakeVirtApi)
    }

    fn update_compute_provider_status(&self, _: String, _: bool) -> LocalFuture<Result<(), String>> {
        ready(Ok(()))
    }

    fn update_task_state(
        &self,
        _: Uuid,
        _: DriverTask,
        _: Option<DriverTask>,
    ) -> LocalFuture<Result<(), VirtError>> {
        ready(Ok(()))
    }

    fn detach_block_devices(&self, _: Uuid) -> LocalFuture<Result<(), VirtError>> {
        ready(Ok(()))
    }

    fn attach_block_devices(&self, _: Uuid) -> LocalFuture<Result<BlockDeviceInfo, VirtError>> {
        ready(Ok(BlockDeviceInfo { root_device_name: None, devices: Vec::new() }))
    }

    fn bad_volumes(&self, _: Uuid, _: Vec<String>) -> LocalFuture<Result<(), VirtError>> {
        ready(Ok(()))
    }
}

impl EventWait for FakeVirtApi {
    fn wait(&self) -> LocalFuture<Result<(), EventError>> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn exit_early(&self, _: Vec<InstanceEvent>) {}
}

/// What stands behind the contract's resource `instance-event-wait`.
#[expect(
    unreachable_pub,
    reason = "the generated bindings re-export it, which they can only do with a public item"
)]
pub struct PreparedWait(
    pub(crate) send_wrapper::SendWrapper<Rc<dyn EventWait>>,
    #[expect(dead_code, reason = "counts as long as it is there")] pub(crate) crate::imports::Pending,
);
