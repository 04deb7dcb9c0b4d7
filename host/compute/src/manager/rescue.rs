//! Running a guest from a rescue image, and from its own disk again (`rescue_instance`, `unrescue_instance`).

use super::ComputeManager;
use super::operation::Operation;
use crate::virt_types;
use model::rpc::RequestContext;
use model::{ExceptionClass, ImageId, ImageMeta, NovaError, Server, ServerId, TaskState, VmState};
use virt::types;

impl ComputeManager {
    /// Powers the guest off and runs it from the rescue image. When the driver raises, whatever it is, the server is in
    /// ERROR with a fault that says it cannot be rescued.
    pub(super) async fn rescue_instance(
        &self,
        context: &RequestContext,
        id: ServerId,
        rescue_password: String,
        rescue_image: Option<ImageId>,
    ) -> Result<(), NovaError> {
        self.run(Operation::new(context, id, "compute_rescue_instance"), async {
            let server = self.services.records.server(id)?;
            let image = match rescue_image.or(server.image) {
                Some(image) => Some(self.services.images.get(image).await?),
                None => None,
            };
            let used = image.as_ref().map(|image| image.id.to_string()).unwrap_or_default();
            self.notify_about(id, "rescue.start", &[("rescue_image_ref", &used)]);
            if let Err(error) = self.rescue_guest(&server, rescue_password, image.as_ref()).await {
                self.set_error_state(id, false).await;
                let message = format!("Instance {id} cannot be rescued: Driver Error: {}", error.message);
                return Err(NovaError::new(ExceptionClass::InstanceNotRescuable, message));
            }
            self.notify(id, "exists");
            let rescued = |server: &mut Server| server.vm_state = VmState::Rescued;
            let power_state = self.power_state_or_save(&server, rescued).await?;
            let launched_at = Some(self.services.clock.now());
            self.save_expecting(id, &[Some(TaskState::Rescuing)], |server| {
                rescued(server);
                server.power_state = power_state;
                server.task_state = None;
                server.launched_at = launched_at;
            })
            .await?;
            self.notify_about(id, "rescue.end", &[("rescue_image_ref", &used)]);
            Ok(())
        })
        .await
    }

    async fn rescue_guest(
        &self,
        server: &Server,
        rescue_password: String,
        image: Option<&ImageMeta>,
    ) -> Result<(), NovaError> {
        self.power_off_guest(server, true).await?;
        let request = types::RescueRequest {
            instance: virt_types::instance(server),
            network_info: virt_types::network_info(&server.network_info),
            image_meta: virt_types::image_meta(image),
            rescue_password,
            block_device_info: virt_types::block_device_info(server),
            share_info: Vec::new(),
        };
        Ok(self.driver.rescue(request).await?)
    }

    /// Runs the guest from its own disk again. When the driver raises, the server is in ERROR, or ACTIVE if the driver
    /// cannot unrescue.
    pub(super) async fn unrescue_instance(
        &self,
        context: &RequestContext,
        id: ServerId,
    ) -> Result<(), NovaError> {
        self.run(Operation::new(context, id, "compute_unrescue_instance"), async {
            let server = self.services.records.server(id)?;
            self.notify(id, "unrescue.start");
            let unrescued =
                self.driver.unrescue(virt_types::instance(&server)).await.map_err(NovaError::from);
            self.error_out_instance_on_exception(id, VmState::Active, unrescued).await?;
            let active = |server: &mut Server| server.vm_state = VmState::Active;
            let power_state = self.power_state_or_save(&server, active).await?;
            self.save_expecting(id, &[Some(TaskState::Unrescuing)], |server| {
                active(server);
                server.power_state = power_state;
                server.task_state = None;
            })
            .await?;
            self.notify(id, "unrescue.end");
            Ok(())
        })
        .await
    }
}
