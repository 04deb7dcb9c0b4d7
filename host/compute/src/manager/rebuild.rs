//! Making a guest anew: on its host, or on another one after its own went down (`rebuild_instance` with and without
//! `recreate`, `_do_rebuild_instance`, `_rebuild_default_impl`).
//!
//! An evacuation holds its migration's share of this host from the claim on; only when everything is done does the
//! record name this host. Whatever fails before that takes this host out of the server's allocation, which after a
//! failed rebuild leaves a server that is still here without any (observed on 34.0.0).

use super::ComputeManager;
use super::build::is_deletion;
use super::operation::Operation;
use crate::virt_types;
use model::rpc::RequestContext;
use model::{
    ExceptionClass, Fix, ImageId, MigrationId, MigrationStatus, NetworkInfo, NovaError, Server, ServerId,
    TaskState, VmState,
};
use virt::types;

/// What the conductor asks of the host.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rebuild {
    /// The migration of an evacuation; none when the server stays on its host.
    pub(super) evacuation: Option<MigrationId>,
    /// Whether ephemeral disks keep their content.
    pub(super) preserve_ephemeral: bool,
    /// Whether the guest is stopped at the end even if it ran.
    pub(super) stop: bool,
    /// The image to be written over the volume the server boots from.
    pub(super) reimage: Option<ImageId>,
}

impl ComputeManager {
    /// Makes the guest anew. When that fails the server is in ERROR, or in the state it had if no room could be claimed
    /// or the driver does not offer what is needed; when the server seems to be gone, it keeps its task.
    pub(super) async fn rebuild_instance(
        &self,
        context: &RequestContext,
        id: ServerId,
        rebuild: Rebuild,
    ) -> Result<(), NovaError> {
        self.run(Operation::new(context, id, "compute_rebuild_instance"), async {
            let server = self.services.records.server(id)?;
            let outcome = match rebuild.evacuation {
                Some(migration) => self.rebuild_with_claim(context, &server, rebuild, migration).await,
                None => self.do_rebuild_instance(context, &server, rebuild).await,
            };
            let outcome = self.settle_rebuild(&server, rebuild, self.unless_never_mind(outcome)).await;
            self.error_out_instance_on_exception(id, server.vm_state, outcome).await
        })
        .await
    }

    /// The evacuation under its claim on this host, which a failure gives back.
    async fn rebuild_with_claim(
        &self,
        context: &RequestContext,
        server: &Server,
        rebuild: Rebuild,
        migration: MigrationId,
    ) -> Result<(), NovaError> {
        self.tracker.resize_claim(&self.driver, server, migration).await?;
        let outcome = self.do_rebuild_instance(context, server, rebuild).await;
        if outcome.is_err() {
            if self.services.switches.fixes(Fix::EvacuateDestroysFailedGuest) {
                self.destroy_failed_evacuee(server).await;
            }
            self.tracker.drop_move_claim(&self.driver, server.id, &server.flavor).await?;
        }
        outcome
    }

    /// Destroys what a failed evacuation has made here; Nova leaves it.
    async fn destroy_failed_evacuee(&self, server: &Server) {
        // Disks may be on storage that the source shares, and secrets are of the server wherever it is.
        let request = types::DestroyRequest {
            destroy_secrets: false,
            ..virt_types::destroy_request(server, &server.network_info, false)
        };
        if let Err(error) = self.driver.destroy(request).await.map_err(NovaError::from) {
            self.log("warning", || {
                format!("Cannot destroy the guest of the failed evacuation of {}: {error}", server.id)
            });
        }
    }

    /// Ends the migration and settles who holds what. The record names this host only once all is done.
    async fn settle_rebuild(
        &self,
        server: &Server,
        rebuild: Rebuild,
        outcome: Result<(), NovaError>,
    ) -> Result<(), NovaError> {
        let Err(error) = outcome else {
            self.save(server.id, |server| {
                server.host = Some(self.host.clone());
                server.node = Some(self.host.clone());
            })
            .await?;
            self.end_evacuation(rebuild, MigrationStatus::Done).await;
            return Ok(());
        };
        self.end_evacuation(rebuild, MigrationStatus::Failed).await;
        let switches = &self.services.switches;
        // Cured, the record decides whether the server was deleted meanwhile.
        let doubted = switches.fixes(Fix::RebuildInstanceNotFound) && self.is_wanted(server.id);
        match error.class {
            _ if is_deletion(&error) && !doubted => {
                // Taken for a server that was deleted meanwhile, whose state is left to the deletion.
                self.notify_error(server.id, "rebuild", &error);
                Ok(())
            }
            ExceptionClass::ComputeResourcesUnavailable | ExceptionClass::RescheduledException => {
                self.remove_this_host_from_allocation(server);
                self.notify_error(server.id, "rebuild", &error);
                Err(NovaError::instance_fault_rollback(error))
            }
            ExceptionClass::GroupAffinityViolation => {
                self.remove_this_host_from_allocation(server);
                self.notify_error(server.id, "rebuild", &error);
                let abort = NovaError::build_abort(server.id, &error.message);
                Err(NovaError::instance_fault_rollback(abort))
            }
            _ => {
                // Nova takes this host out also when the server stays on it.
                if rebuild.evacuation.is_some() || !switches.fixes(Fix::RebuildKeepsAllocation) {
                    self.remove_this_host_from_allocation(server);
                }
                self.notify_error(server.id, "rebuild", &error);
                Err(error)
            }
        }
    }

    async fn end_evacuation(&self, rebuild: Rebuild, status: MigrationStatus) {
        if let Some(migration) = rebuild.evacuation {
            // A migration that is gone needs no status.
            let _ = self.set_migration_status(migration, status).await;
        }
    }

    async fn do_rebuild_instance(
        &self,
        context: &RequestContext,
        server: &Server,
        rebuild: Rebuild,
    ) -> Result<(), NovaError> {
        let (id, former) = (server.id, server.vm_state);
        if rebuild.evacuation.is_some() {
            self.validate_instance_group_policy(id).await?;
            self.check_evacuation(server).await?;
        } else if let Some(image) = server.image {
            self.services.images.get(image).await?;
        }
        self.notify(id, "exists");
        self.notify(id, "rebuild.start");
        let power_state = self.power_state(server).await?;
        let server = self
            .save_expecting(id, &[Some(TaskState::Rebuilding)], |server| {
                server.power_state = power_state;
                server.task_state = Some(TaskState::Rebuilding);
            })
            .await?;
        let network_info = match rebuild.evacuation {
            Some(_) => {
                self.services.network.setup_instance_network_on_host(id, &self.host).await?;
                self.services.network.get_instance_nw_info(id).await?
            }
            None => server.network_info.clone(),
        };
        self.rebuild_guest(&server, &network_info, rebuild).await?;
        let power_state = self.power_state(&server).await?;
        let launched_at = Some(self.services.clock.now());
        self.save_expecting(id, &[Some(TaskState::RebuildSpawning)], |server| {
            server.power_state = power_state;
            server.vm_state = VmState::Active;
            server.task_state = None;
            server.launched_at = launched_at;
        })
        .await?;
        if former == VmState::Stopped || rebuild.stop && former != VmState::Error {
            self.save(id, |server| {
                server.task_state = Some(TaskState::PoweringOff);
                server.progress = 0;
            })
            .await?;
            self.stop_instance(context, id).await?;
        }
        self.notify(id, "rebuild.end");
        Ok(())
    }

    /// Refuses an evacuation that this host cannot do, or need not.
    async fn check_evacuation(&self, server: &Server) -> Result<(), NovaError> {
        let instance = virt_types::instance(server);
        if !self.driver.capabilities().await?.contains(&types::Capability::SupportsEvacuate) {
            let message = "Instance evacuate is not supported.";
            return Err(NovaError::new(ExceptionClass::InstanceEvacuateNotSupported, message));
        }
        if self.driver.instance_exists(instance.clone()).await? {
            let message = format!("Instance {} already exists.", instance.name);
            return Err(NovaError::new(ExceptionClass::InstanceExists, message));
        }
        // Only the driver needs to know whether the disks are on storage that both hosts share.
        self.driver.instance_on_disk(instance).await?;
        Ok(())
    }

    /// Asks the driver for the guest; one that cannot rebuild destroys the old guest and spawns a new one.
    async fn rebuild_guest(
        &self,
        server: &Server,
        network_info: &NetworkInfo,
        rebuild: Rebuild,
    ) -> Result<(), NovaError> {
        let allocations = self.services.report_client.allocations_of(server.id.into());
        let request = types::RebuildRequest {
            instance: virt_types::instance(server),
            image_meta: self.image_meta(server),
            injected_files: Vec::new(),
            admin_password: None,
            allocations: virt_types::allocations(&allocations),
            bdms: server.block_devices.iter().map(virt_types::block_device).collect(),
            network_info: virt_types::network_info(network_info),
            evacuate: rebuild.evacuation.is_some(),
            block_device_info: virt_types::block_device_info(server),
            preserve_ephemeral: rebuild.preserve_ephemeral,
            accel_uuids: Vec::new(),
            reimage_boot_volume: rebuild.reimage.is_some(),
        };
        match self.driver.rebuild(request).await.map_err(NovaError::from) {
            Err(error) if error.is(ExceptionClass::NotImplementedError) => {
                self.rebuild_default_impl(server, network_info, rebuild).await
            }
            rebuilt => rebuilt,
        }
    }

    async fn rebuild_default_impl(
        &self,
        server: &Server,
        network_info: &NetworkInfo,
        rebuild: Rebuild,
    ) -> Result<(), NovaError> {
        if rebuild.preserve_ephemeral {
            let message = "The current driver does not support preserving ephemeral partitions.";
            return Err(NovaError::new(ExceptionClass::PreserveEphemeralNotSupported, message));
        }
        if rebuild.evacuation.is_some() {
            self.detach_for_rebuild(server.id, true).await?;
        } else {
            self.power_off_guest(server, true).await?;
            self.detach_for_rebuild(server.id, rebuild.reimage.is_none()).await?;
            let request = virt_types::destroy_request(server, network_info, true);
            self.driver.destroy(request).await?;
        }
        if let Some(image) = rebuild.reimage {
            self.reimage_root_volume(server.id, image).await?;
        }
        self.save_expecting(server.id, &[Some(TaskState::Rebuilding)], |server| {
            server.task_state = Some(TaskState::RebuildBlockDeviceMapping);
        })
        .await?;
        self.prep_block_devices(server.id).await?;
        let server = self
            .save_expecting(server.id, &[Some(TaskState::RebuildBlockDeviceMapping)], |server| {
                server.task_state = Some(TaskState::RebuildSpawning);
            })
            .await?;
        self.spawn(&server, network_info, true).await
    }

    /// Writes the image over the volume the server boots from. Its former attachment goes only once there is a new one, so
    /// that the volume stays the server's (`_rebuild_volume_backed_instance`).
    async fn reimage_root_volume(&self, id: ServerId, image: ImageId) -> Result<(), NovaError> {
        let server = self.services.records.server(id)?;
        let Some(root) = server.block_devices.iter().find(|device| device.is_root()) else { return Ok(()) };
        self.reserve_anew(id, root).await?;
        self.services.volumes.reimage(root.volume, image).await
    }
}
