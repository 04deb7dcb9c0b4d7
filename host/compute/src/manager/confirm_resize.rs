//! The source's part in a confirmed resize: cleaning up (`confirm_resize`).

use super::ComputeManager;
use super::operation::Operation;
use crate::virt_types;
use model::rpc::RequestContext;
use model::{MigrationId, MigrationStatus, NovaError, PowerState, ServerId, TaskState, VmState};

impl ComputeManager {
    /// Removes what is left of the guest here. Whether or not the driver can do that, the migration's allocation is
    /// dropped, since the server is on the destination, and what it was before is forgotten.
    pub(super) async fn confirm_resize(
        &self,
        context: &RequestContext,
        id: ServerId,
        migration: MigrationId,
    ) -> Result<(), NovaError> {
        let operation = Operation::new(context, id, "compute_confirm_resize").keeps_task_state().locked();
        self.run(operation, async {
            let Ok(record) = self.services.records.migration(migration) else { return Ok(()) };
            let waits = matches!(record.status, MigrationStatus::Finished | MigrationStatus::Confirming);
            if !waits {
                // Confirmed twice, or reverted meanwhile: nothing is left to do.
                return Ok(());
            }
            let Ok(server) = self.services.records.server(id) else {
                return self.confirm_of_deleted_server(id, &record).await;
            };
            let confirmed = self.unless_never_mind(self.do_confirm_resize(id, migration).await);
            let dropped = self.delete_allocation_after_move(&server, migration);
            let forgotten = self.delete_stashed_flavor_info(id).await;
            let outcome = dropped.and(forgotten).and(confirmed);
            let outcome = self.error_out_instance_on_exception(id, VmState::Active, outcome).await;
            self.errors_out_migration(migration, outcome).await
        })
        .await
    }

    async fn do_confirm_resize(&self, id: ServerId, migration: MigrationId) -> Result<(), NovaError> {
        self.notify(id, "resize_confirm.start");
        let server = self.services.records.server(id)?;
        let migration = self.services.records.migration(migration)?;
        if !migration.same_host() {
            self.services.network.teardown_networks_on_host(id, &self.host).await?;
        }
        let network_info = self.services.network.get_instance_nw_info(id).await?;
        self.driver
            .confirm_migration(
                virt_types::migration(&migration),
                virt_types::instance(&server),
                virt_types::network_info(&network_info),
            )
            .await?;
        self.set_migration_status(migration.id, MigrationStatus::Confirmed).await?;
        self.tracker.drop_move_claim(&self.driver, id, &migration.old_flavor).await?;
        let expected: &'static [_] = &[None, Some(TaskState::Deleting), Some(TaskState::SoftDeleting)];
        self.save_expecting_or_error(id, expected, |server| {
            server.vm_state = match server.power_state {
                PowerState::Shutdown => VmState::Stopped,
                _ => VmState::Active,
            };
            server.task_state = None;
        })
        .await?;
        self.notify(id, "resize_confirm.end");
        Ok(())
    }
}
