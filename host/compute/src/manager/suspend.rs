//! Suspending a guest and resuming it (`suspend_instance`, `resume_instance`).

use super::ComputeManager;
use super::operation::Operation;
use crate::virt_types;
use model::rpc::RequestContext;
use model::{NovaError, ServerId, TaskState, VmState};
use virt::types;

impl ComputeManager {
    /// Suspends the guest. When the driver raises, the server is in ERROR, or as it was if the driver cannot suspend.
    pub(super) async fn suspend_instance(
        &self,
        context: &RequestContext,
        id: ServerId,
    ) -> Result<(), NovaError> {
        self.run(Operation::new(context, id, "compute_suspend_instance"), async {
            let server = self.services.records.server(id)?;
            let former = server.vm_state;
            self.notify(id, "suspend.start");
            let suspended = self.driver.suspend(virt_types::instance(&server)).await.map_err(NovaError::from);
            self.error_out_instance_on_exception(id, former, suspended).await?;
            let power_state = self.power_state(&server).await?;
            self.save_expecting(id, &[Some(TaskState::Suspending)], |server| {
                server.old_vm_state = Some(former);
                server.power_state = power_state;
                server.vm_state = VmState::Suspended;
                server.task_state = None;
            })
            .await?;
            self.notify(id, "suspend.end");
            Ok(())
        })
        .await
    }

    /// Lets a suspended guest go on in the state it had before. When the driver raises, the server is in ERROR, or
    /// still suspended if the driver cannot resume.
    pub(super) async fn resume_instance(
        &self,
        context: &RequestContext,
        id: ServerId,
    ) -> Result<(), NovaError> {
        self.run(Operation::new(context, id, "compute_resume_instance"), async {
            let server = self.services.records.server(id)?;
            self.notify(id, "resume.start");
            let network_info = self.services.network.get_instance_nw_info(id).await?;
            let request = types::ResumeRequest {
                instance: virt_types::instance(&server),
                network_info: virt_types::network_info(&network_info),
                block_device_info: virt_types::block_device_info(&server),
                share_info: Vec::new(),
            };
            let resumed = self.driver.resume(request).await.map_err(NovaError::from);
            self.error_out_instance_on_exception(id, server.vm_state, resumed).await?;
            let power_state = self.power_state(&server).await?;
            self.save_expecting(id, &[Some(TaskState::Resuming)], |server| {
                server.power_state = power_state;
                server.vm_state = server.old_vm_state.take().unwrap_or(VmState::Active);
                server.task_state = None;
            })
            .await?;
            self.notify(id, "resume.end");
            Ok(())
        })
        .await
    }
}
