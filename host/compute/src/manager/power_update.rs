//! What somebody else has done to a machine's power, brought into the records (`power_update`).

use super::ComputeManager;
use super::operation::Operation;
use crate::virt_types;
use model::rpc::{ExternalEvent, PowerUpdate, RequestContext};
use model::{NovaError, PowerState, Server, ServerId, TaskState, VmState};
use virt::types::TargetPowerState;

impl ComputeManager {
    /// Has the driver take note that a guest is on or off. When the server is not where the change would begin, or
    /// something else is done to it meanwhile, nothing happens: the event is told as it may be.
    pub(super) async fn power_update(
        &self,
        context: &RequestContext,
        id: ServerId,
        event: &ExternalEvent,
    ) -> Result<(), NovaError> {
        let Some(target) = PowerUpdate::of(event) else { return Ok(()) };
        self.run(Operation::new(context, id, "compute_power_update").locked(), async {
            let server = self.services.records.server(id)?;
            if !is_due(&server, target) {
                self.log("info", || {
                    format!("The power-update {} event for instance {id} is a no-op", event.tag)
                });
                return Ok(());
            }
            match self.do_power_update(&server, target).await {
                Err(error) if error.is_preempted() => {
                    self.log("info", || format!("The power-update event was possibly preempted: {error}"));
                    Ok(())
                }
                outcome => outcome,
            }
        })
        .await
    }

    async fn do_power_update(&self, server: &Server, target: PowerUpdate) -> Result<(), NovaError> {
        let id = server.id;
        let (name, vm_state, wanted) = match target {
            PowerUpdate::On => ("power_on", VmState::Active, TargetPowerState::PowerOn),
            PowerUpdate::Off => ("power_off", VmState::Stopped, TargetPowerState::PowerOff),
        };
        let tasks: &[Option<TaskState>] = match target {
            PowerUpdate::On => &[Some(TaskState::PoweringOn)],
            PowerUpdate::Off => &[Some(TaskState::PoweringOff)],
        };
        let task = tasks.first().copied().flatten();
        self.save_expecting(id, &[None], |server| server.task_state = task).await?;
        self.notify(id, &format!("{name}.start"));
        self.log("info", || {
            let target = match target {
                PowerUpdate::On => "POWER_ON",
                PowerUpdate::Off => "POWER_OFF",
            };
            format!("Power update called for instance with target power state {target}.")
        });
        self.driver.power_update_event(virt_types::instance(server), wanted).await?;
        let power_state = self.power_state(server).await?;
        self.save_expecting(id, tasks, |server| {
            server.power_state = power_state;
            server.vm_state = vm_state;
            server.task_state = None;
        })
        .await?;
        self.notify(id, &format!("{name}.end"));
        Ok(())
    }
}

/// Whether a server is in the state in which such a change begins.
fn is_due(server: &Server, target: PowerUpdate) -> bool {
    let begins_at = match target {
        PowerUpdate::On => (VmState::Stopped, PowerState::Shutdown),
        PowerUpdate::Off => (VmState::Active, PowerState::Running),
    };
    server.task_state.is_none() && (server.vm_state, server.power_state) == begins_at
}
