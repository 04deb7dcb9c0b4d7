//! Starting and stopping a guest (`start_instance`, `stop_instance`).

use super::operation::Operation;
use super::{ComputeManager, SHUTDOWN_RETRY_INTERVAL_S, SHUTDOWN_TIMEOUT_S};
use crate::virt_types;
use model::rpc::RequestContext;
use model::{NovaError, ServerId, TaskState, VmState};

impl ComputeManager {
    /// Powers the guest on. When the driver raises, the server stays as it was.
    pub(super) async fn start_instance(
        &self,
        context: &RequestContext,
        id: ServerId,
    ) -> Result<(), NovaError> {
        self.run(Operation::new(context, id, "compute_start_instance"), async {
            self.notify(id, "power_on.start");
            let server = self.services.records.server(id)?;
            let network = virt_types::network_info(&server.network_info);
            let devices = virt_types::block_device_info(&server);
            self.driver.power_on(virt_types::instance(&server), network, devices).await?;
            let power_state = self.power_state(&server).await?;
            let server = self
                .save_expecting(id, &[Some(TaskState::PoweringOn)], |server| {
                    server.power_state = power_state;
                    server.vm_state = VmState::Active;
                    server.task_state = None;
                })
                .await?;
            self.tracker.update_usage(&self.driver, &server).await?;
            self.notify(id, "power_on.end");
            Ok(())
        })
        .await
    }

    /// Powers the guest off. When the driver raises, the server stays as it was.
    pub(super) async fn stop_instance(
        &self,
        context: &RequestContext,
        id: ServerId,
    ) -> Result<(), NovaError> {
        self.run(Operation::new(context, id, "compute_stop_instance"), self.power_off_instance(id)).await
    }

    async fn power_off_instance(&self, id: ServerId) -> Result<(), NovaError> {
        let server = self.services.records.server(id)?;
        self.power_state(&server).await?;
        self.notify(id, "power_off.start");
        let instance = virt_types::instance(&server);
        self.driver.power_off(instance, SHUTDOWN_TIMEOUT_S, SHUTDOWN_RETRY_INTERVAL_S).await?;
        let power_state = self.power_state(&server).await?;
        let server = self
            .save_expecting(id, &[Some(TaskState::PoweringOff), None], |server| {
                server.power_state = power_state;
                server.vm_state = VmState::Stopped;
                server.task_state = None;
            })
            .await?;
        self.tracker.update_usage(&self.driver, &server).await?;
        self.notify(id, "power_off.end");
        Ok(())
    }
}
