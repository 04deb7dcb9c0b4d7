//! What a driver may ask of the compute manager (`nova/virt/virtapi.py`).

use crate::bindings::types::{EventError, Instance, InstanceEvent};
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
}

/// A wait that was begun by [`VirtApi::wait_for_instance_event`].
pub trait EventWait {
    /// Waits until all events have come, one has failed, or the time is over.
    fn wait(&self) -> LocalFuture<Result<(), EventError>>;

    /// These events are not needed after all.
    fn exit_early(&self, events: Vec<InstanceEvent>);
}

/// A compute manager that does nothing, as the one of Nova's own driver tests (`nova/virt/fake.py, FakeVirtAPI`): every
/// wait is over at once.
#[derive(Clone, Copy, Debug, Default)]
pub struct FakeVirtApi;

impl VirtApi for FakeVirtApi {
    fn wait_for_instance_event(&self, _: Instance, _: Vec<InstanceEvent>, _: Duration) -> Rc<dyn EventWait> {
        Rc::new(FakeVirtApi)
    }

    fn update_compute_provider_status(&self, _: String, _: bool) -> LocalFuture<Result<(), String>> {
        Box::pin(std::future::ready(Ok(())))
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
pub struct PreparedWait(pub(crate) send_wrapper::SendWrapper<Rc<dyn EventWait>>);
