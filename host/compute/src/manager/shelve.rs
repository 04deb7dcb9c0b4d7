//! Putting a server away: its disk becomes an image, its guest is stopped, and sooner or later removed from the host
//! (`shelve_instance`, `shelve_offload_instance`).

use super::ComputeManager;
use super::build::nil_out_host;
use super::operation::Operation;
use crate::virt_types;
use model::rpc::RequestContext;
use model::server::Shelved;
use model::{Fix, ImageId, NovaError, PowerState, Server, ServerId, TaskState, VmState};

impl ComputeManager {
    /// Stops the guest and makes an image of its disk; with `shelved_offload_time` 0 the guest is removed at once. When
    /// the driver raises, the server stays as it was, the guest stopped or not, and the image is left behind.
    pub(super) async fn shelve_instance(
        &self,
        context: &RequestContext,
        id: ServerId,
        image: ImageId,
    ) -> Result<(), NovaError> {
        self.run(Operation::new(context, id, "compute_shelve_instance").locked(), async {
            let server = self.services.records.server(id)?;
            self.notify(id, "exists");
            self.notify(id, "shelve.start");
            // A paused guest cannot shut down by itself.
            self.power_off_guest(&server, server.power_state != PowerState::Paused).await?;
            let taken = self.driver.snapshot(virt_types::instance(&server), image.to_string()).await;
            if taken.is_err() && self.services.switches.fixes(Fix::ShelveDeletesImage) {
                self.delete_shelved_image(image).await;
            }
            taken?;
            let offload_at_once = self.services.options.get().shelved_offload_time == 0;
            let at = self.services.clock.now();
            let shelved = |server: &mut Server| {
                server.shelved = Some(Shelved { image: Some(image), host: self.host.clone(), at });
                server.vm_state = VmState::Shelved;
            };
            let power_state = self.power_state_or_save(&server, shelved).await?;
            let expected: &'static [_] =
                &[Some(TaskState::Shelving), Some(TaskState::ShelvingImageUploading)];
            self.save_expecting(id, expected, |server| {
                shelved(server);
                server.power_state = power_state;
                server.task_state = offload_at_once.then_some(TaskState::ShelvingOffloading);
            })
            .await?;
            self.notify(id, "shelve.end");
            if offload_at_once {
                self.offload(id, false).await?;
            }
            Ok(())
        })
        .await
    }

    /// Removes the guest of a shelved server from this host. When the driver raises, the server stays shelved here.
    pub(super) async fn shelve_offload_instance(
        &self,
        context: &RequestContext,
        id: ServerId,
    ) -> Result<(), NovaError> {
        self.run(
            Operation::new(context, id, "compute_shelve_offload_instance").locked(),
            self.offload(id, true),
        )
        .await
    }

    async fn offload(&self, id: ServerId, clean_shutdown: bool) -> Result<(), NovaError> {
        let server = self.services.records.server(id)?;
        self.notify(id, "shelve_offload.start");
        self.power_off_guest(&server, clean_shutdown).await?;
        let power_state = self.power_state(&server).await?;
        let network_info = self.services.network.get_instance_nw_info(id).await?;
        // In Nova a guest that is not destroyed is left with ports that are bound nowhere.
        let unbinds_last = self.services.switches.fixes(Fix::OffloadLooksAgain);
        if !unbinds_last {
            self.services.network.unbind_ports(id).await?;
        }
        let request = virt_types::destroy_request(&server, &network_info, true);
        match self.driver.destroy(request).await.map_err(NovaError::from) {
            Err(error)
                if self.services.switches.fixes(Fix::OffloadLooksAgain) && self.is_gone(&server).await =>
            {
                self.log("warning", || {
                    format!("The guest of {id} is gone, although its destruction raised: {error}")
                });
            }
            // Nova takes the guest for what it was before.
            destroyed => destroyed?,
        }
        if unbinds_last && let Err(error) = self.services.network.unbind_ports(id).await {
            self.log("warning", || format!("Cannot unbind the ports of {id}, whose guest is gone: {error}"));
        }
        self.terminate_volume_connections(id).await?;
        // Before the state changes, so that who waits for it finds the room free.
        self.services.report_client.delete_allocations(&self.address, id.into());
        let expected: &'static [_] = &[Some(TaskState::Shelving), Some(TaskState::ShelvingOffloading)];
        let server = self
            .save_expecting(id, expected, |server| {
                server.power_state = power_state;
                server.vm_state = VmState::ShelvedOffloaded;
                server.task_state = None;
            })
            .await?;
        self.tracker.update_usage(&self.driver, &server).await?;
        self.save(id, nil_out_host).await?;
        self.notify(id, "shelve_offload.end");
        Ok(())
    }

    /// Whether the hypervisor says that it has no guest of this server. One that does not answer may have it.
    pub(super) async fn is_gone(&self, server: &Server) -> bool {
        matches!(self.driver.instance_exists(virt_types::instance(server)).await, Ok(false))
    }
}
