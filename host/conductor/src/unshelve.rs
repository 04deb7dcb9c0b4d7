//! Bringing a shelved server back, as far as the conductor steers it (`unshelve_instance`).

use crate::manager::ConductorManager;
use crate::scheduling;
use compute::ExpectedTask;
use model::rpc::{Address, Message, Method, RequestContext};
use model::{ExceptionClass, Fix, ImageId, NovaError, RequestSpec, Server, ServerId, TaskState, VmState};

impl ConductorManager {
    /// Starts a server that is still on its host; finds a host for one that is on none. Without a host it stays
    /// offloaded; without its image it is in ERROR.
    pub(crate) async fn unshelve_server(
        &self,
        context: &RequestContext,
        id: ServerId,
        spec: RequestSpec,
    ) -> Result<(), NovaError> {
        let server = self.services.records.server(id)?;
        match (server.vm_state, server.host.clone()) {
            (VmState::Shelved, Some(host)) => {
                let starting = &mut |server: &mut Server| server.task_state = Some(TaskState::PoweringOn);
                let expected = ExpectedTask::OneOf(&[Some(TaskState::Unshelving)]);
                self.services.records.update_server(id, expected, starting).await?;
                let message = Message { context: context.clone(), server: id, method: Method::StartInstance };
                self.services.bus.cast(&Address::Conductor, Address::Compute(host), message);
                Ok(())
            }
            (VmState::ShelvedOffloaded, _) => self.unshelve_offloaded(context, &server, spec).await,
            _ => self.update(id, |server| server.vm_state = VmState::Error).await,
        }
    }

    async fn unshelve_offloaded(
        &self,
        context: &RequestContext,
        server: &Server,
        mut spec: RequestSpec,
    ) -> Result<(), NovaError> {
        let id = server.id;
        let image = server.shelved.as_ref().and_then(|shelved| shelved.image);
        if let Some(image) = image {
            let found =
                self.with_event(context, id, "get_image_info", self.find_shelved_image(id, image)).await;
            // In Nova the task stays, whether the server is in ERROR then or not.
            if found.is_err() && self.services.switches.fixes(Fix::UnshelveNeedsImage) {
                self.update(id, |server| server.task_state = None).await?;
            }
            found?;
        }
        spec.force_hosts.clear();
        spec.force_nodes.clear();
        let scheduled = self.with_event(context, id, "schedule_instances", async {
            scheduling::select_destinations(&self.services, &self.records, &spec)
        });
        match scheduled.await {
            Ok(chosen) => {
                let selected = chosen.selected;
                let method = Method::UnshelveInstance { image, zone: selected.availability_zone };
                let message = Message { context: context.clone(), server: id, method };
                self.services.bus.cast(&Address::Conductor, Address::Compute(selected.host), message);
                Ok(())
            }
            Err(error) => {
                self.update(id, |server| server.task_state = None).await?;
                if error.is(ExceptionClass::NoValidHost) { Ok(()) } else { Err(error) }
            }
        }
    }

    async fn find_shelved_image(&self, id: ServerId, image: ImageId) -> Result<(), NovaError> {
        match self.services.images.get(image).await {
            Ok(_) => return Ok(()),
            Err(error) if error.is(ExceptionClass::ImageNotFound) => {}
            Err(error) => return Err(error),
        }
        self.update(id, |server| server.vm_state = VmState::Error).await?;
        let error = NovaError::new(
            ExceptionClass::UnshelveException,
            format!("Unshelve attempted but the image {image} cannot be found."),
        );
        self.store_fault(id, &error).await;
        Err(error)
    }

    async fn update(&self, id: ServerId, mut change: impl FnMut(&mut Server)) -> Result<(), NovaError> {
        self.services.records.update_server(id, ExpectedTask::Any, &mut change).await.map(drop)
    }
}
