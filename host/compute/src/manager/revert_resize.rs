//! Taking a resize back: the destination removes its guest (`revert_resize`), the source brings it back to life
//! (`finish_revert_resize`).

use super::ComputeManager;
use super::operation::Operation;
use crate::virt_types;
use model::request_spec::RequestSpec;
use model::rpc::{Address, Answer, Message, Method, RequestContext};
use model::{Fix, HostName, MigrationId, MigrationStatus, NovaError, Server, ServerId, TaskState, VmState};
use virt::types;

impl ComputeManager {
    /// Destroys the guest on the destination and lets the source finish.
    pub(super) async fn revert_resize(
        &self,
        context: &RequestContext,
        id: ServerId,
        migration: MigrationId,
        request_spec: Box<RequestSpec>,
    ) -> Result<(), NovaError> {
        let operation = Operation::new(context, id, "compute_revert_resize").errors_out(migration);
        self.run(operation, async {
            self.notify(id, "exists");
            let server = self.server_as_sent(id)?;
            let outcome = self.take_back(context, &server, migration, request_spec).await;
            self.ends_with_its_server(id, migration, outcome).await
        })
        .await
    }

    async fn take_back(
        &self,
        context: &RequestContext,
        server: &Server,
        migration: MigrationId,
        request_spec: Box<RequestSpec>,
    ) -> Result<(), NovaError> {
        let outcome = self.remove_resized_guest(context, server, migration, request_spec).await;
        let outcome = self.unless_never_mind(outcome);
        if outcome.is_err() && self.services.switches.fixes(Fix::RevertReleasesSource) {
            // The server stays here; Nova leaves the migration holding its room on the source.
            self.delete_allocation_after_move(server, migration)?;
        }
        self.error_out_instance_on_exception(server.id, VmState::Active, outcome).await
    }

    async fn remove_resized_guest(
        &self,
        context: &RequestContext,
        server: &Server,
        migration: MigrationId,
        request_spec: Box<RequestSpec>,
    ) -> Result<(), NovaError> {
        let id = server.id;
        let migration = self.services.records.migration(migration)?;
        let network_info = self.services.network.get_instance_nw_info(id).await?;
        let shared =
            self.is_instance_storage_shared(context, server, Some(migration.source_compute.clone())).await?;
        let request = virt_types::destroy_request(server, &network_info, !shared);
        self.driver.destroy(request).await?;
        self.terminate_volume_connections(id).await?;
        let migration = self.set_migration_status(migration.id, MigrationStatus::Reverted).await?;
        self.tracker.drop_move_claim(&self.driver, id, &migration.new_flavor).await?;
        let method = Method::FinishRevertResize { migration: migration.id, request_spec };
        let message = Message { context: context.clone(), server: id, method };
        self.services.bus.cast(&self.address, Address::Compute(migration.source_compute), message);
        Ok(())
    }

    /// Whether another host sees the same storage, in which case the disks must not be removed here. Where that cannot be
    /// found out, whatever the reason, it counts as not shared (observed on 34.0.0).
    pub(super) async fn is_instance_storage_shared(
        &self,
        context: &RequestContext,
        server: &Server,
        other: Option<HostName>,
    ) -> Result<bool, NovaError> {
        let Some(other) = other else { return Ok(false) };
        let instance = virt_types::instance(server);
        let Ok(Some(data)) = self.driver.check_instance_shared_storage_local(instance).await else {
            return Ok(false);
        };
        let method = Method::CheckInstanceSharedStorage { data: data.clone() };
        let message = Message { context: context.clone(), server: server.id, method };
        let answer = self.services.bus.call(&self.address, Address::Compute(other), message).await;
        self.driver.check_instance_shared_storage_cleanup(data).await?;
        Ok(answer == Ok(Answer::Bool(true)))
    }

    /// Makes the server what it was before, on the source.
    pub(super) async fn finish_revert_resize(
        &self,
        context: &RequestContext,
        id: ServerId,
        migration: MigrationId,
    ) -> Result<(), NovaError> {
        let operation = Operation::new(context, id, "compute_finish_revert_resize").errors_out(migration);
        self.run(operation, async {
            let outcome = self.unless_never_mind(self.revive_original_guest(context, id, migration).await);
            let outcome = self.ends_with_its_server(id, migration, outcome).await;
            let outcome = self.error_out_instance_on_exception(id, VmState::Active, outcome).await;
            self.delete_stashed_flavor_info(id).await?;
            outcome
        })
        .await
    }

    /// Forgets what a move has kept of the server as it was before, and what it was to become.
    pub(super) async fn delete_stashed_flavor_info(&self, id: ServerId) -> Result<(), NovaError> {
        let forget = |server: &mut Server| {
            server.old_flavor = None;
            server.new_flavor = None;
            server.old_vm_state = None;
        };
        self.save(id, forget).await.map(drop)
    }

    async fn revive_original_guest(
        &self,
        context: &RequestContext,
        id: ServerId,
        migration: MigrationId,
    ) -> Result<(), NovaError> {
        let migration = self.services.records.migration(migration)?;
        self.notify(id, "resize_revert.start");
        let was_stopped = self.services.records.server(id)?.old_vm_state == Some(VmState::Stopped);
        let server = self
            .save_expecting_or_error(id, &[Some(TaskState::ResizeReverting)], |server| {
                server.flavor = migration.old_flavor.clone();
                server.host = Some(migration.source_compute.clone());
                server.node = Some(migration.source_compute.clone());
            })
            .await?;
        self.revert_allocation(&server, migration.id)?;
        self.bind_ports_here(id).await?;
        let network_info = self.services.network.get_instance_nw_info(id).await?;
        self.update_volume_attachments(id).await?;
        let server = self.services.records.server(server.id)?;
        let request = types::FinishRevertMigrationRequest {
            instance: virt_types::instance(&server),
            network_info: virt_types::network_info(&network_info),
            migration: virt_types::migration(&migration),
            block_device_info: virt_types::block_device_info(&server),
            power_on: !was_stopped,
        };
        self.driver.finish_revert_migration(request).await?;
        let launched_at = Some(self.services.clock.now());
        self.save_expecting_or_error(id, &[Some(TaskState::ResizeReverting)], |server| {
            server.launched_at = launched_at
        })
        .await?;
        self.complete_volume_attachments(&server).await?;
        if was_stopped {
            self.save(id, |server| server.task_state = Some(TaskState::PoweringOff)).await?;
            self.stop_instance(context, id).await?;
        } else {
            self.save(id, |server| {
                server.vm_state = VmState::Active;
                server.task_state = None;
            })
            .await?;
        }
        self.notify(id, "resize_revert.end");
        Ok(())
    }
}
