//! What surrounds the hosts of a rule: configuration, and a compute manager that notes what it is asked.

use model::{HostName, Timestamp};
use runtime::{Clock, Randomness, Trace};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;
use virt::types::{
    BlockDeviceInfo, ComputeConfig, DriverTask, Instance, InstanceEvent, InventoryPolicy, Uuid, VirtError,
};
use virt::{Durable, EventWait, FakeVirtApi, FaultPlan, HypervisorEnv, Limits, LocalFuture, VirtApi};

/// A compute manager that does what it is asked, and knows afterwards what that was.
#[derive(Debug, Default)]
pub(crate) struct Manager {
    /// The tasks that were set, in order.
    pub(crate) tasks: RefCell<Vec<DriverTask>>,
}

impl VirtApi for Manager {
    fn wait_for_instance_event(
        &self,
        instance: Instance,
        events: Vec<InstanceEvent>,
        timeout: Duration,
    ) -> Rc<dyn EventWait> {
        FakeVirtApi.wait_for_instance_event(instance, events, timeout)
    }

    fn update_compute_provider_status(
        &self,
        provider: String,
        enabled: bool,
    ) -> LocalFuture<Result<(), String>> {
        FakeVirtApi.update_compute_provider_status(provider, enabled)
    }

    fn update_task_state(
        &self,
        instance: Uuid,
        task: DriverTask,
        expected: Option<DriverTask>,
    ) -> LocalFuture<Result<(), VirtError>> {
        self.tasks.borrow_mut().push(task);
        FakeVirtApi.update_task_state(instance, task, expected)
    }

    fn detach_block_devices(&self, instance: Uuid) -> LocalFuture<Result<(), VirtError>> {
        FakeVirtApi.detach_block_devices(instance)
    }

    fn attach_block_devices(&self, instance: Uuid) -> LocalFuture<Result<BlockDeviceInfo, VirtError>> {
        FakeVirtApi.attach_block_devices(instance)
    }

    fn bad_volumes(&self, instance: Uuid, devices: Vec<String>) -> LocalFuture<Result<(), VirtError>> {
        FakeVirtApi.bad_volumes(instance, devices)
    }
}

/// The surroundings of a host of this name.
pub(crate) fn env(host: &str, clock: Clock, faults: FaultPlan, manager: Rc<Manager>) -> HypervisorEnv {
    let policy = |initial_allocation_ratio, reserved| InventoryPolicy {
        allocation_ratio: None,
        initial_allocation_ratio,
        reserved,
    };
    HypervisorEnv {
        host: HostName::from(host),
        clock,
        random: Randomness::from_seed(0).fork(host),
        trace: Trace::off(clock),
        faults,
        virtapi: manager,
        durable: Durable::new(),
        config: ComputeConfig {
            host: host.to_owned(),
            my_ip: "192.168.0.1".to_owned(),
            my_block_storage_ip: "192.168.0.1".to_owned(),
            vcpu: policy(4.0, 0),
            memory_mb: policy(1.0, 512),
            disk_gb: policy(1.0, 0),
            image_type_exclude_list: vec![],
            live_migration_wait_for_vif_plug: true,
            vif_plugging_timeout: 0,
            vif_plugging_is_fatal: true,
        },
        limits: Limits::DEFAULT,
    }
}

/// The clock of a world.
pub(crate) fn clock() -> Clock {
    Clock::starting_at(Timestamp::SIMULATION_START)
}
