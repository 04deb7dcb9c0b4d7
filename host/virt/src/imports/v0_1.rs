//! What the host gives a component of contract 0.1: clock, configuration and virtapi as that version has them.
//!
//! Settings, log, random numbers and durable data are the same in both versions, but for a function that 0.1 does not ask
//! for.

use super::{HostState, Pending};
use crate::bindings::types;
use crate::bindings::v0_1::{self, clock, config, virtapi};
use crate::virtapi::PreparedWait;
use send_wrapper::SendWrapper;
use std::time::Duration;
use wasmtime::component::{Access, Accessor, HasSelf, Linker, Resource};

pub(super) fn add_to_linker(linker: &mut Linker<HostState>) -> wasmtime::Result<()> {
    clock::add_to_linker::<_, HasSelf<HostState>>(linker, |state| state)?;
    config::add_to_linker::<_, HasSelf<HostState>>(linker, |state| state)?;
    virtapi::add_to_linker::<_, HasSelf<HostState>>(linker, |state| state)
}

impl clock::Host for HostState {
    fn now(&mut self) -> wasmtime::Result<u64> {
        Ok(self.around.clock.now().0)
    }
}

impl<T: Send + 'static> clock::HostWithStore<T> for HasSelf<HostState> {
    async fn sleep(accessor: &Accessor<T, Self>, microseconds: u64) -> wasmtime::Result<()> {
        let _pending = Pending::begin(accessor)?;
        let clock = accessor.with(|mut access: Access<'_, T, Self>| access.get().around.clock);
        clock.sleep(Duration::from_micros(microseconds)).await;
        Ok(())
    }
}

impl config::Host for HostState {
    fn get(&mut self) -> wasmtime::Result<config::ComputeConfig> {
        let config = &self.around.config;
        let policy = |policy: types::InventoryPolicy| config::InventoryPolicy {
            allocation_ratio: policy.allocation_ratio,
            initial_allocation_ratio: policy.initial_allocation_ratio,
            reserved: policy.reserved,
        };
        Ok(config::ComputeConfig {
            host: config.host.clone(),
            my_ip: config.my_ip.clone(),
            my_block_storage_ip: config.my_block_storage_ip.clone(),
            vcpu: policy(config.vcpu),
            memory_mb: policy(config.memory_mb),
            disk_gb: policy(config.disk_gb),
        })
    }
}

impl virtapi::Host for HostState {}

impl<T: Send + 'static> virtapi::HostWithStore<T> for HasSelf<HostState> {
    async fn update_compute_provider_status(
        accessor: &Accessor<T, Self>,
        provider: String,
        enabled: bool,
    ) -> wasmtime::Result<Result<(), String>> {
        let _pending = Pending::begin(accessor)?;
        let update = accessor.with(|mut access: Access<'_, T, Self>| {
            SendWrapper::new(access.get().around.virtapi.update_compute_provider_status(provider, enabled))
        });
        Ok(update.await)
    }
}

impl virtapi::HostInstanceEventWait for HostState {
    fn new(
        &mut self,
        waiting: v0_1::types::Instance,
        events: Vec<virtapi::InstanceEvent>,
        timeout_seconds: u32,
    ) -> wasmtime::Result<Resource<PreparedWait>> {
        let timeout = Duration::from_secs(u64::from(timeout_seconds));
        let wait = self.around.virtapi.wait_for_instance_event(instance(waiting), today(events), timeout);
        let pending = self.begin_pending()?;
        Ok(self.table.push(PreparedWait(SendWrapper::new(wait), pending))?)
    }

    fn exit_early(
        &mut self,
        wait: Resource<PreparedWait>,
        events: Vec<virtapi::InstanceEvent>,
    ) -> wasmtime::Result<()> {
        self.table.get(&wait)?.0.exit_early(today(events));
        Ok(())
    }

    fn drop(&mut self, wait: Resource<PreparedWait>) -> wasmtime::Result<()> {
        self.table.delete(wait)?;
        Ok(())
    }
}

impl<T: Send + 'static> virtapi::HostInstanceEventWaitWithStore<T> for HasSelf<HostState> {
    async fn wait(
        accessor: &Accessor<T, Self>,
        wait: Resource<PreparedWait>,
    ) -> wasmtime::Result<Result<(), virtapi::EventError>> {
        let _pending = Pending::begin(accessor)?;
        let wait = accessor.with(|mut access: Access<'_, T, Self>| -> wasmtime::Result<_> {
            Ok(SendWrapper::new(access.get().table.get(&wait)?.0.wait()))
        })?;
        Ok(wait.await.map_err(|error| match error {
            types::EventError::Timeout => virtapi::EventError::Timeout,
            types::EventError::Failed(event) => {
                virtapi::EventError::Failed(virtapi::InstanceEvent { name: event.name, tag: event.tag })
            }
        }))
    }
}

/// Events as today's contract has them.
fn today(events: Vec<virtapi::InstanceEvent>) -> Vec<types::InstanceEvent> {
    events.into_iter().map(|event| types::InstanceEvent { name: event.name, tag: event.tag }).collect()
}

/// A server as today's contract has it. What 0.1 does not know of it is empty.
fn instance(instance: v0_1::types::Instance) -> types::Instance {
    use v0_1::types::{PowerState, VmState};
    let flavor = instance.flavor;
    types::Instance {
        uuid: instance.uuid,
        name: instance.name,
        display_name: instance.display_name,
        hostname: instance.hostname,
        project_id: instance.project_id,
        user_id: instance.user_id,
        host: instance.host,
        node: instance.node,
        vm_state: match instance.vm_state {
            VmState::Building => types::VmState::Building,
            VmState::Active => types::VmState::Active,
            VmState::Paused => types::VmState::Paused,
            VmState::Suspended => types::VmState::Suspended,
            VmState::Stopped => types::VmState::Stopped,
            VmState::Rescued => types::VmState::Rescued,
            VmState::Resized => types::VmState::Resized,
            VmState::SoftDelete => types::VmState::SoftDelete,
            VmState::Deleted => types::VmState::Deleted,
            VmState::Error => types::VmState::Error,
            VmState::Shelved => types::VmState::Shelved,
            VmState::ShelvedOffloaded => types::VmState::ShelvedOffloaded,
        },
        task_state: instance.task_state,
        power_state: match instance.power_state {
            PowerState::Nostate => types::PowerState::Nostate,
            PowerState::Running => types::PowerState::Running,
            PowerState::Paused => types::PowerState::Paused,
            PowerState::Shutdown => types::PowerState::Shutdown,
            PowerState::Crashed => types::PowerState::Crashed,
            PowerState::Suspended => types::PowerState::Suspended,
        },
        flavor: types::Flavor {
            flavorid: flavor.flavorid,
            name: flavor.name,
            vcpus: flavor.vcpus,
            memory_mb: flavor.memory_mb,
            root_gb: flavor.root_gb,
            ephemeral_gb: flavor.ephemeral_gb,
            swap: flavor.swap,
            extra_specs: flavor.extra_specs,
        },
        image_ref: instance.image_ref,
        root_device_name: instance.root_device_name,
        metadata: instance.metadata,
        system_metadata: instance.system_metadata,
        availability_zone: None,
        config_drive: false,
        user_data: None,
        key_name: None,
        key_data: None,
        numa_topology: None,
        pci_devices: Vec::new(),
    }
}
