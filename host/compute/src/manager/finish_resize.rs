//! The destination's second part in a resize or cold migration: starting the guest (`finish_resize`).
//!
//! Here bug 1825537 sits. When this step fails the record already names this host, so the server's allocation has to
//! stay here, and only what the migration holds on the source is dropped. Older Novas swapped the allocations back to
//! the source instead, where the server is not.

use super::ComputeManager;
use super::operation::Operation;
use crate::virt_types;
use model::rpc::RequestContext;
use model::{
    Bug, Flavor, Migration, MigrationId, MigrationStatus, NovaError, Server, ServerId, TaskState, VmState,
};
use virt::types;

impl ComputeManager {
    /// Starts the guest in its new size. When that fails the server is in ERROR on this host.
    pub(super) async fn finish_resize(
        &self,
        context: &RequestContext,
        id: ServerId,
        migration: MigrationId,
        disk_info: String,
    ) -> Result<(), NovaError> {
        let operation = Operation::new(context, id, "compute_finish_resize").errors_out(migration);
        self.run(operation, async {
            let outcome = self.unless_never_mind(self.start_resized_guest(id, migration, disk_info).await);
            let outcome = self.ends_with_its_server(id, migration, outcome).await;
            let outcome = self.error_out_instance_on_exception(id, VmState::Active, outcome).await;
            if outcome.is_err() {
                self.settle_allocations_of_failed_finish(id, migration)?;
            }
            outcome
        })
        .await
    }

    fn settle_allocations_of_failed_finish(
        &self,
        id: ServerId,
        migration: MigrationId,
    ) -> Result<(), NovaError> {
        let Some(server) = self.services.records.server_even_deleted(id) else { return Ok(()) };
        if self.services.switches.has(Bug::Bug1825537) {
            self.revert_allocation(&server, migration)
        } else {
            self.delete_allocation_after_move(&server, migration)
        }
    }

    async fn start_resized_guest(
        &self,
        id: ServerId,
        migration: MigrationId,
        disk_info: String,
    ) -> Result<(), NovaError> {
        let migration = self.services.records.migration(migration)?;
        let old_flavor = self.services.records.server(id)?.flavor;
        if self.services.switches.has(Bug::Bug1944759) {
            // Only here, so that the source knows nothing of it before.
            self.save(id, |server| server.old_flavor = Some(server.flavor.clone())).await?;
        }
        let resized = old_flavor.id != migration.new_flavor.id;
        let becomes = |server: &mut Server| {
            if resized {
                server.flavor = migration.new_flavor.clone();
            }
        };
        let network_info = match self.bind_ports_here(id).await {
            Ok(()) => self.services.network.get_instance_nw_info(id).await,
            Err(error) => Err(error),
        };
        let network_info = self.or_save_in_error(id, network_info, becomes).await?;
        let server = self
            .save_expecting_or_error(id, &[Some(TaskState::ResizeMigrated)], |server| {
                becomes(server);
                server.task_state = Some(TaskState::ResizeFinish);
                server.network_info = network_info.clone();
            })
            .await?;
        self.notify(id, "resize_finish.start");
        self.update_volume_attachments(id).await?;
        let server = self.services.records.server(server.id)?;
        let request = self.finish_migration_request(&server, &migration, disk_info, &old_flavor);
        let finished = self.driver.finish_migration(request).await.map_err(NovaError::from);
        let takes_back = |server: &mut Server| {
            // The ports stay bound to this host: the record names it, and a hard reboot would start the guest here.
            if resized {
                server.flavor = old_flavor.clone();
            }
        };
        self.or_save_in_error(id, finished, takes_back).await?;
        self.complete_volume_attachments(&server).await?;
        self.set_migration_status(migration.id, MigrationStatus::Finished).await?;
        let launched_at = Some(self.services.clock.now());
        self.save_expecting_or_error(id, &[Some(TaskState::ResizeFinish)], |server| {
            server.vm_state = VmState::Resized;
            server.task_state = None;
            server.launched_at = launched_at;
        })
        .await?;
        self.notify(id, "resize_finish.end");
        Ok(())
    }

    /// Binds the ports of a server to this host, which its record names already (`migrate_instance_finish`).
    pub(super) async fn bind_ports_here(&self, id: ServerId) -> Result<(), NovaError> {
        let network = &self.services.network;
        self.services.ask_network(async || network.migrate_instance_finish(id, &self.host).await).await
    }

    fn finish_migration_request(
        &self,
        server: &Server,
        migration: &Migration,
        disk_info: String,
        old_flavor: &Flavor,
    ) -> types::FinishMigrationRequest {
        let disks = |flavor: &Flavor| (flavor.root_gb, flavor.swap_mb, flavor.ephemeral_gb);
        let allocations = self.services.report_client.allocations_of(server.id.into());
        types::FinishMigrationRequest {
            migration: virt_types::migration(migration),
            instance: virt_types::instance(server),
            disk_info: Some(disk_info).filter(|info| !info.is_empty()),
            network_info: virt_types::network_info(&server.network_info),
            image_meta: self.image_meta(server),
            resize_instance: disks(old_flavor) != disks(&server.flavor),
            allocations: virt_types::allocations(&allocations),
            block_device_info: virt_types::block_device_info(server),
            power_on: server.old_vm_state != Some(VmState::Stopped),
        }
    }
}
