//! Rebooting a guest (`reboot_instance`).

use super::ComputeManager;
use super::operation::Operation;
use crate::virt_types;
use model::rpc::{RebootType, RequestContext};
use model::{NovaError, PowerState, Server, ServerId, TaskState, VmState};
use virt::types;

const SOFT_REBOOT_TASKS: &[Option<TaskState>] =
    &[Some(TaskState::Rebooting), Some(TaskState::RebootPending), Some(TaskState::RebootStarted)];
const HARD_REBOOT_TASKS: &[Option<TaskState>] =
    &[Some(TaskState::RebootingHard), Some(TaskState::RebootPendingHard), Some(TaskState::RebootStartedHard)];

impl ComputeManager {
    /// Reboots the guest; a hard reboot also defines it anew if the hypervisor does not know it. When the driver raises
    /// but the guest runs, the fault is stored and the server is ACTIVE all the same; else it is in ERROR.
    pub(super) async fn reboot_instance(
        &self,
        context: &RequestContext,
        id: ServerId,
        reboot_type: RebootType,
    ) -> Result<(), NovaError> {
        let operation = Operation::new(context, id, "compute_reboot_instance").locked();
        self.run(operation, self.do_reboot_instance(id, reboot_type)).await
    }

    async fn do_reboot_instance(&self, id: ServerId, reboot_type: RebootType) -> Result<(), NovaError> {
        let (expected, pending, started): (_, _, &'static [_]) = match reboot_type {
            RebootType::Soft => {
                (SOFT_REBOOT_TASKS, TaskState::RebootPending, &[Some(TaskState::RebootPending)])
            }
            RebootType::Hard => {
                (HARD_REBOOT_TASKS, TaskState::RebootPendingHard, &[Some(TaskState::RebootPendingHard)])
            }
        };
        let next = match reboot_type {
            RebootType::Soft => TaskState::RebootStarted,
            RebootType::Hard => TaskState::RebootStartedHard,
        };
        let server = self.services.records.server(id)?;
        self.notify(id, "reboot.start");
        let power_state = self.power_state(&server).await?;
        self.save_expecting(id, expected, |server| {
            server.power_state = power_state;
            server.task_state = Some(pending);
        })
        .await?;
        let rescued = server.vm_state == VmState::Rescued;
        let rebooted = async {
            let server = self.save_expecting(id, started, |server| server.task_state = Some(next)).await?;
            self.reboot_guest(&server, reboot_type).await
        }
        .await;
        let power_state = match rebooted {
            Ok(()) => self.power_state(&server).await?,
            Err(error) => match self.power_state(&server).await? {
                PowerState::Running => {
                    self.store_fault(id, &error, None).await;
                    self.notify_error(id, "reboot", &error);
                    PowerState::Running
                }
                _ => {
                    let unsaved = error.is_preempted().then_some(Some(next));
                    // A server deleted meanwhile has nothing to save.
                    let _ = self
                        .save(id, |server| {
                            server.vm_state = VmState::Error;
                            server.task_state = unsaved.unwrap_or(server.task_state);
                        })
                        .await;
                    return Err(error);
                }
            },
        };
        // A server deleted meanwhile has nothing to save.
        let _ = self
            .save(id, |server| {
                server.power_state = power_state;
                server.vm_state = if rescued { VmState::Rescued } else { VmState::Active };
                server.task_state = None;
            })
            .await;
        self.notify(id, "reboot.end");
        Ok(())
    }

    async fn reboot_guest(&self, server: &Server, reboot_type: RebootType) -> Result<(), NovaError> {
        let request = types::RebootRequest {
            instance: virt_types::instance(server),
            network_info: virt_types::network_info(&server.network_info),
            reboot_type: match reboot_type {
                RebootType::Soft => types::RebootType::Soft,
                RebootType::Hard => types::RebootType::Hard,
            },
            block_device_info: virt_types::block_device_info(server),
            accel_info: Vec::new(),
            share_info: Vec::new(),
        };
        Ok(self.driver.reboot(request).await?)
    }
}
