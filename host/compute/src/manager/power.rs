//! Starting and stopping a guest (`start_instance`, `stop_instance`).

use super::operation::Operation;
use super::{ComputeManager, SHUTDOWN_RETRY_INTERVAL_S, SHUTDOWN_TIMEOUT_S};
use crate::virt_types;
use model::rpc::RequestContext;
use model::{NovaError, PowerState, Server, ServerId, TaskState, VmState};
use virt::types;

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
            self.power_on_guest(&server).await?;
            let power_state = self.power_state(&server).await?;
            if let Some(image) = server.shelved.as_ref().and_then(|shelved| shelved.image) {
                self.delete_shelved_image(image).await;
            }
            self.save_expecting(id, &[Some(TaskState::PoweringOn)], |server| {
                server.shelved = None;
                server.power_state = power_state;
                server.vm_state = VmState::Active;
                server.task_state = None;
            })
            .await?;
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
        self.run(Operation::new(context, id, "compute_stop_instance").locked(), self.power_off_instance(id))
            .await
    }

    async fn power_off_instance(&self, id: ServerId) -> Result<(), NovaError> {
        let server = self.services.records.server(id)?;
        // Where the guest is off already, somebody else may have taken the task away meanwhile.
        let expected: &[_] = match self.power_state(&server).await? {
            PowerState::NoState | PowerState::Shutdown | PowerState::Crashed => {
                &[Some(TaskState::PoweringOff), None]
            }
            _ => &[Some(TaskState::PoweringOff)],
        };
        self.notify(id, "power_off.start");
        self.power_off_guest(&server, true).await?;
        let power_state = self.power_state(&server).await?;
        self.save_expecting(id, expected, |server| {
            server.power_state = power_state;
            server.vm_state = VmState::Stopped;
            server.task_state = None;
        })
        .await?;
        self.notify(id, "power_off.end");
        Ok(())
    }

    /// Has the driver power the guest off. With `clean_shutdown` the guest may shut down by itself first.
    pub(super) async fn power_off_guest(
        &self,
        server: &Server,
        clean_shutdown: bool,
    ) -> Result<(), NovaError> {
        let (timeout, retry_interval) =
            if clean_shutdown { (SHUTDOWN_TIMEOUT_S, SHUTDOWN_RETRY_INTERVAL_S) } else { (0, 0) };
        Ok(self.driver.power_off(virt_types::instance(server), timeout, retry_interval).await?)
    }

    /// Has the driver power the guest on.
    pub(super) async fn power_on_guest(&self, server: &Server) -> Result<(), NovaError> {
        let request = types::PowerOnRequest {
            instance: virt_types::instance(server),
            network_info: virt_types::network_info(&server.network_info),
            block_device_info: virt_types::block_device_info(server),
            accel_info: Vec::new(),
            share_info: Vec::new(),
        };
        Ok(self.driver.power_on(request).await?)
    }
}
