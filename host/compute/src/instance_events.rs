//! Events from outside that a driver waits for, such as `network-vif-plugged` (`nova/compute/manager.py, InstanceEvents`
//! and `ComputeVirtAPI`), and the rest of what a driver may ask of its manager.

use crate::records::ExpectedTask;
use crate::services::Services;
use model::rpc::{Address, ExternalEvent};
use model::{ExceptionClass, HostName, NovaError, ProviderId, ServerId, TaskState};
use placement::{Command, TraitName};
use runtime::Clock;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::{Rc, Weak};
use std::time::Duration;
use tokio::sync::Notify;
use virt::types::{DriverTask, EventError, Instance, InstanceEvent, TaskStateConflict, Uuid, VirtError};
use virt::{EventWait, LocalFuture, VirtApi};

/// The trait of a provider that the scheduler must not use.
pub(crate) const COMPUTE_STATUS_DISABLED: &str = "COMPUTE_STATUS_DISABLED";

/// Name and tag of an event.
type EventKey = (String, String);

/// The waits by host and server.
type Waiting = BTreeMap<(HostName, String), Vec<Weak<Waiter>>>;

/// Who waits for which events, on all hosts of a cloud. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct InstanceEvents(Rc<RefCell<Waiting>>);

/// One wait for several events of one server. It takes itself off the list when it is over.
#[derive(Debug)]
struct Waiter {
    all: Weak<RefCell<Waiting>>,
    of: (HostName, String),
    pending: RefCell<BTreeSet<EventKey>>,
    failed: RefCell<Option<EventKey>>,
    news: Notify,
}

impl Drop for Waiter {
    fn drop(&mut self) {
        let Some(all) = self.all.upgrade() else { return };
        let mut all = all.borrow_mut();
        if let Some(waiters) = all.get_mut(&self.of) {
            waiters.retain(|waiter| waiter.strong_count() > 0);
            if waiters.is_empty() {
                all.remove(&self.of);
            }
        }
    }
}

impl InstanceEvents {
    /// How many waits there are.
    pub fn waiting(&self) -> usize {
        self.0.borrow().values().map(Vec::len).sum()
    }

    fn prepare(&self, host: &HostName, instance: &Instance, events: Vec<InstanceEvent>) -> Rc<Waiter> {
        let of = (host.clone(), instance.uuid.clone());
        let waiter = Rc::new(Waiter {
            all: Rc::downgrade(&self.0),
            of: of.clone(),
            pending: RefCell::new(events.into_iter().map(|event| (event.name, event.tag)).collect()),
            failed: RefCell::default(),
            news: Notify::new(),
        });
        self.0.borrow_mut().entry(of).or_default().push(Rc::downgrade(&waiter));
        waiter
    }

    /// Tells everybody on `host` who waits for this event of this server. Answers whether somebody did.
    pub(crate) fn deliver(&self, host: &HostName, server: ServerId, event: &ExternalEvent) -> bool {
        let waiters = self.0.borrow().get(&(host.clone(), server.to_string())).cloned().unwrap_or_default();
        let key = (event.name.clone(), event.tag.clone());
        let mut wanted = false;
        for waiter in waiters.iter().filter_map(Weak::upgrade) {
            if waiter.pending.borrow_mut().remove(&key) {
                wanted = true;
                if event.failed {
                    waiter.failed.replace(Some(key.clone()));
                }
                waiter.news.notify_one();
            }
        }
        wanted
    }
}

/// What the manager of `host` offers to its driver.
pub(crate) struct ComputeVirtApi {
    pub(crate) host: HostName,
    pub(crate) services: Services,
}

impl VirtApi for ComputeVirtApi {
    fn wait_for_instance_event(
        &self,
        instance: Instance,
        events: Vec<InstanceEvent>,
        timeout: Duration,
    ) -> Rc<dyn EventWait> {
        let waiter = self.services.instance_events.prepare(&self.host, &instance, events);
        Rc::new(PreparedWait { waiter, timeout, clock: self.services.clock })
    }

    fn update_compute_provider_status(
        &self,
        provider: String,
        enabled: bool,
    ) -> LocalFuture<Result<(), String>> {
        let writer = Address::Compute(self.host.clone());
        let outcome = match provider.parse() {
            Ok(id) => set_provider_status(&self.services, &writer, id, enabled),
            Err(_) => Err(format!("{provider:?} is no uuid")),
        };
        Box::pin(std::future::ready(outcome))
    }

    fn service_dies(&self) {
        self.services.end_of(&self.host);
    }

    fn update_task_state(
        &self,
        instance: Uuid,
        task: DriverTask,
        expected: Option<DriverTask>,
    ) -> LocalFuture<Result<(), VirtError>> {
        let records = Rc::clone(&self.services.records);
        Box::pin(async move {
            let gone = || VirtError::InstanceNotFound(instance.clone());
            let id: ServerId = instance.parse().map_err(|_| gone())?;
            let actual = records.server(id).map_err(|_| gone())?.task_state;
            let shelving = matches!(
                actual,
                Some(
                    TaskState::Shelving
                        | TaskState::ShelvingImagePendingUpload
                        | TaskState::ShelvingImageUploading
                )
            );
            let (task, expected) = driver_task(shelving, task, expected);
            let set = &mut |server: &mut model::Server| server.task_state = Some(task);
            match records.update_server(id, ExpectedTask::OneOf(expected), set).await {
                Ok(_) => Ok(()),
                Err(error) => Err(task_refused(&error, &instance, expected, actual)),
            }
        })
    }
}

/// The task a driver sets, and those it may find: the one before, or the one it says. In a shelve the tasks of a
/// snapshot have names of their own.
fn driver_task(
    shelving: bool,
    task: DriverTask,
    expected: Option<DriverTask>,
) -> (TaskState, &'static [Option<TaskState>]) {
    use TaskState as T;
    let to = match (task, shelving) {
        (DriverTask::ImagePendingUpload, false) => T::ImagePendingUpload,
        (DriverTask::ImagePendingUpload, true) => T::ShelvingImagePendingUpload,
        (DriverTask::ImageUploading, false) => T::ImageUploading,
        (DriverTask::ImageUploading, true) => T::ShelvingImageUploading,
        (DriverTask::RebuildBlockDeviceMapping, _) => T::RebuildBlockDeviceMapping,
        (DriverTask::RebuildSpawning, _) => T::RebuildSpawning,
    };
    let from: &'static [_] = match (expected, shelving) {
        (None, _) => &[Some(T::ImageSnapshot), Some(T::ImageBackup), Some(T::Shelving), Some(T::Rebuilding)],
        (Some(DriverTask::ImagePendingUpload), false) => &[Some(T::ImagePendingUpload)],
        (Some(DriverTask::ImagePendingUpload), true) => &[Some(T::ShelvingImagePendingUpload)],
        (Some(DriverTask::ImageUploading), false) => &[Some(T::ImageUploading)],
        (Some(DriverTask::ImageUploading), true) => &[Some(T::ShelvingImageUploading)],
        (Some(DriverTask::RebuildBlockDeviceMapping), _) => &[Some(T::RebuildBlockDeviceMapping)],
        (Some(DriverTask::RebuildSpawning), _) => &[Some(T::RebuildSpawning)],
    };
    (to, from)
}

/// The refusal of a task as a driver is told of it.
fn task_refused(
    error: &NovaError,
    id: &str,
    expected: &[Option<TaskState>],
    actual: Option<TaskState>,
) -> VirtError {
    let conflict = TaskStateConflict {
        instance: id.to_owned(),
        expected: expected.iter().flatten().map(|task| task.as_str()).collect::<Vec<_>>().join(", "),
        actual: actual.map_or("None", TaskState::as_str).to_owned(),
    };
    match error.class {
        ExceptionClass::UnexpectedTaskState => VirtError::UnexpectedTaskState(conflict),
        ExceptionClass::UnexpectedDeletingTaskState => VirtError::UnexpectedDeletingTaskState(conflict),
        _ => VirtError::InstanceNotFound(id.to_owned()),
    }
}

/// Sets or removes the trait of a provider that is not to be used. Errors: what placement says.
pub(crate) fn set_provider_status(
    services: &Services,
    writer: &Address,
    id: ProviderId,
    enabled: bool,
) -> Result<(), String> {
    let client = &services.report_client;
    let read = client.read(|placement| {
        let found = placement.provider(id)?;
        Ok::<_, placement::PlacementError>((
            found.generation(),
            found.traits().cloned().collect::<BTreeSet<_>>(),
        ))
    });
    let (generation, mut traits) = read.map_err(|error| error.to_string())?;
    let disabled = TraitName::from(COMPUTE_STATUS_DISABLED);
    let changed = if enabled { traits.remove(&disabled) } else { traits.insert(disabled) };
    if !changed {
        return Ok(());
    }
    let command = Command::SetTraits { provider: id, generation: Some(generation), traits };
    client.write(writer, command).map(drop).map_err(|error| error.to_string())
}

/// A wait that has begun; its time starts to count when it is waited on.
struct PreparedWait {
    waiter: Rc<Waiter>,
    timeout: Duration,
    clock: Clock,
}

impl EventWait for PreparedWait {
    fn wait(&self) -> LocalFuture<Result<(), EventError>> {
        let (waiter, clock, timeout) = (Rc::clone(&self.waiter), self.clock, self.timeout);
        Box::pin(async move {
            let deadline = clock.now().after(timeout);
            loop {
                if let Some((name, tag)) = waiter.failed.take() {
                    return Err(EventError::Failed(InstanceEvent { name, tag }));
                }
                if waiter.pending.borrow().is_empty() {
                    return Ok(());
                }
                let left = deadline.since(clock.now());
                if left.is_zero() || tokio::time::timeout(left, waiter.news.notified()).await.is_err() {
                    return Err(EventError::Timeout);
                }
            }
        })
    }

    fn exit_early(&self, events: Vec<InstanceEvent>) {
        for event in events {
            self.waiter.pending.borrow_mut().remove(&(event.name, event.tag));
        }
        self.waiter.news.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Timestamp;
    use runtime::simulation::simulate;

    fn instance() -> Instance {
        Instance {
            uuid: uuid(),
            name: "instance-00000001".into(),
            display_name: "vm".into(),
            hostname: "vm".into(),
            project_id: "p".into(),
            user_id: "u".into(),
            host: None,
            node: None,
            vm_state: virt::types::VmState::Building,
            task_state: None,
            power_state: virt::types::PowerState::Nostate,
            flavor: crate::virt_types::flavor(&model::Flavor::defaults()[0]),
            image_ref: None,
            root_device_name: None,
            metadata: Vec::new(),
            system_metadata: Vec::new(),
            availability_zone: None,
            config_drive: false,
            user_data: None,
            key_name: None,
            key_data: None,
            numa_topology: None,
            pci_devices: Vec::new(),
        }
    }

    fn uuid() -> String {
        "6bb5b4ad-7f5f-4d94-9ad2-4d2d3d3d3d3d".to_owned()
    }

    fn plugged(failed: bool) -> ExternalEvent {
        ExternalEvent { name: "network-vif-plugged".into(), tag: "port".into(), failed }
    }

    /// Waits for one event with ten seconds' patience while `meanwhile` says what comes and when.
    fn wait(meanwhile: Option<(u64, ExternalEvent)>) -> (Result<(), EventError>, Duration) {
        simulate(|| async move {
            let clock = Clock::starting_at(Timestamp::SIMULATION_START);
            let events = InstanceEvents::default();
            let book = events.clone();
            let host = HostName::from("host1");
            let wanted = vec![InstanceEvent { name: "network-vif-plugged".into(), tag: "port".into() }];
            let waiter = events.prepare(&host, &instance(), wanted);
            let prepared = PreparedWait { waiter, timeout: Duration::from_secs(10), clock };
            if let Some((seconds, event)) = meanwhile {
                tokio::task::spawn_local(async move {
                    clock.sleep(Duration::from_secs(seconds)).await;
                    events.deliver(&host, uuid().parse().unwrap(), &event);
                });
            }
            let outcome = prepared.wait().await;
            drop(prepared);
            assert_eq!(book.waiting(), 0, "a wait that is over is forgotten");
            (outcome, clock.elapsed())
        })
        .unwrap()
    }

    #[test]
    fn a_wait_ends_with_its_event_its_failure_or_its_time() {
        assert_eq!(wait(Some((3, plugged(false)))), (Ok(()), Duration::from_secs(3)));
        let (failed, _) = wait(Some((3, plugged(true))));
        assert!(matches!(failed, Err(EventError::Failed(event)) if event.name == "network-vif-plugged"));
        assert_eq!(wait(None), (Err(EventError::Timeout), Duration::from_secs(10)));
        let other = ExternalEvent { tag: "another port".into(), ..plugged(false) };
        assert_eq!(wait(Some((3, other))).0, Err(EventError::Timeout));
    }

    #[test]
    fn a_drivers_tasks_are_those_of_the_manager_and_in_a_shelve_those_of_shelving() {
        use DriverTask as D;
        use TaskState as T;
        let before = [Some(T::ImageSnapshot), Some(T::ImageBackup), Some(T::Shelving), Some(T::Rebuilding)];
        for (task, plain, shelving) in [
            (D::ImagePendingUpload, T::ImagePendingUpload, T::ShelvingImagePendingUpload),
            (D::ImageUploading, T::ImageUploading, T::ShelvingImageUploading),
            (D::RebuildBlockDeviceMapping, T::RebuildBlockDeviceMapping, T::RebuildBlockDeviceMapping),
            (D::RebuildSpawning, T::RebuildSpawning, T::RebuildSpawning),
        ] {
            for (is_shelve, of_manager) in [(false, plain), (true, shelving)] {
                assert_eq!(driver_task(is_shelve, task, None), (of_manager, before.as_slice()));
                let (_, from) = driver_task(is_shelve, task, Some(task));
                assert_eq!(from, [Some(of_manager)]);
            }
        }
    }

    #[test]
    fn a_refused_task_is_told_as_what_has_become_of_the_server() {
        use ExceptionClass as E;
        let refused = |class| {
            let expected = [Some(TaskState::ImageSnapshot), Some(TaskState::Rebuilding)];
            task_refused(&NovaError::new(class, "no"), &uuid(), &expected, None)
        };
        let conflict = TaskStateConflict {
            instance: uuid(),
            expected: "image_snapshot, rebuilding".to_owned(),
            actual: "None".to_owned(),
        };
        assert_eq!(refused(E::UnexpectedTaskState), VirtError::UnexpectedTaskState(conflict.clone()));
        let deleting = VirtError::UnexpectedDeletingTaskState(conflict);
        assert_eq!(refused(E::UnexpectedDeletingTaskState), deleting);
        assert_eq!(refused(E::InstanceNotFound), VirtError::InstanceNotFound(uuid()));
    }
}
