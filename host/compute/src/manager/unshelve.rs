//! Bringing a server back whose guest was removed from its host (`unshelve_instance`).

use super::ComputeManager;
use super::build::nil_out_host;
use super::operation::Operation;
use model::rpc::RequestContext;
use model::{Bug, Fix, ImageId, NovaError, PowerState, Server, ServerId, TaskState, VmState};

impl ComputeManager {
    /// Spawns the guest here from the image that was made when it was shelved. When claim, network or spawn fail, the
    /// server is on no host again, without an allocation, and can be unshelved once more.
    pub(super) async fn unshelve_instance(
        &self,
        context: &RequestContext,
        id: ServerId,
        image: Option<ImageId>,
        zone: String,
    ) -> Result<(), NovaError> {
        self.run(Operation::new(context, id, "compute_unshelve_instance").locked(), async {
            self.notify(id, "unshelve.start");
            self.save(id, |server| {
                server.task_state = Some(TaskState::Spawning);
                server.availability_zone = Some(zone.clone());
            })
            .await?;
            if let Err(error) = self.prep_block_devices(id).await {
                // Nova leaves the allocation on this host behind (observed on 34.0.0).
                if self.services.switches.fixes(Fix::UnshelveReleasesClaim) {
                    self.services.report_client.delete_allocations(&self.address, id.into());
                    self.terminate_volume_connections(id).await?;
                }
                return Err(error);
            }
            if self.services.switches.has(Bug::Bug1862633) {
                // Outside of what gives the allocation back.
                self.services.network.setup_instance_network_on_host(id, &self.host).await?;
            }
            if let Err(error) = self.claim_and_unshelve(id, image).await {
                self.services.report_client.delete_allocations(&self.address, id.into());
                self.terminate_volume_connections(id).await?;
                // A server deleted meanwhile is on no host.
                let _ = self.save(id, nil_out_host).await;
                return Err(error);
            }
            if let Some(image) = image {
                self.delete_shelved_image(image).await;
            }
            let server = self.services.records.server(id)?;
            let power_state = match self.power_state(&server).await {
                Err(error) if self.services.switches.fixes(Fix::UnshelveGoesOn) => {
                    self.log("warning", || format!("Cannot see the guest of {id} after its spawn: {error}"));
                    PowerState::Running
                }
                // Nova stops here, with the guest running.
                power_state => power_state?,
            };
            let launched_at = Some(self.services.clock.now());
            self.save_expecting(id, &[Some(TaskState::Spawning)], |server| {
                server.power_state = power_state;
                server.vm_state = VmState::Active;
                server.task_state = None;
                server.launched_at = launched_at;
                server.shelved = None;
            })
            .await?;
            self.notify(id, "unshelve.end");
            Ok(())
        })
        .await
    }

    /// Deletes the image a server was shelved with. When the image service refuses, the image is left behind.
    pub(super) async fn delete_shelved_image(&self, image: ImageId) {
        if let Err(error) = self.services.images.delete(image).await {
            self.log("warning", || format!("Failed to delete the shelved image {image}: {error}"));
        }
    }

    async fn claim_and_unshelve(&self, id: ServerId, image: Option<ImageId>) -> Result<(), NovaError> {
        self.tracker.instance_claim(&self.driver, id).await?;
        let outcome = self.spawn_unshelved(id, image).await;
        if outcome.is_err() {
            self.tracker.abort_instance_claim(&self.driver, id, |_| ()).await?;
        }
        outcome
    }

    async fn spawn_unshelved(&self, id: ServerId, image: Option<ImageId>) -> Result<(), NovaError> {
        self.services.network.setup_instance_network_on_host(id, &self.host).await?;
        let network_info = self.services.network.get_instance_nw_info(id).await?;
        let server = self.services.records.server(id)?;
        let server = Server { image: image.or(server.image), ..server };
        self.spawn(&server, &network_info, true).await
    }
}
