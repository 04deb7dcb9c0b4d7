//! Pausing a guest and letting it go on (`pause_instance`, `unpause_instance`).

use super::ComputeManager;
use super::operation::Operation;
use crate::virt_types;
use model::rpc::RequestContext;
use model::{NovaError, ServerId, TaskState, VmState};

impl ComputeManager {
    /// Pauses the guest. When the driver raises, the server stays as it was.
    pub(super) async fn pause_instance(
        &self,
        context: &RequestContext,
        id: ServerId,
    ) -> Result<(), NovaError> {
        self.run(Operation::new(context, id, "compute_pause_instance"), async {
            let server = self.services.records.server(id)?;
            self.notify(id, "pause.start");
            self.driver.pause(virt_types::instance(&server)).await?;
            let power_state = self.power_state(&server).await?;
            self.save_expecting(id, &[Some(TaskState::Pausing)], |server| {
                server.power_state = power_state;
                server.vm_state = VmState::Paused;
                server.task_state = None;
            })
            .await?;
            self.notify(id, "pause.end");
            Ok(())
        })
        .await
    }

    /// Lets a paused guest go on. When the driver raises, the server stays as it was.
    pub(super) async fn unpause_instance(
        &self,
        context: &RequestContext,
        id: ServerId,
    ) -> Result<(), NovaError> {
        self.run(Operation::new(context, id, "compute_unpause_instance"), async {
            let server = self.services.records.server(id)?;
            self.notify(id, "unpause.start");
            self.driver.unpause(virt_types::instance(&server)).await?;
            let power_state = self.power_state(&server).await?;
            self.save_expecting(id, &[Some(TaskState::Unpausing)], |server| {
                server.power_state = power_state;
                server.vm_state = VmState::Active;
                server.task_state = None;
            })
            .await?;
            self.notify(id, "unpause.end");
            Ok(())
        })
        .await
    }
}
