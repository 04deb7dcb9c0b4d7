//! What a step of a move does when its server was deleted under it.
//!
//! The steps of a move take no lock but its confirmation, so that a deletion waits for none of them. In Nova a step that finds its
//! server gone gives up: a guest that it made is left to `_cleanup_running_deleted_instances`, and what the migration holds to
//! `nova-manage placement audit`. Cured, the step takes both away itself.

use super::ComputeManager;
use crate::virt_types;
use model::{
    ExceptionClass, Fix, Migration, MigrationId, MigrationStatus, NovaError, Server, ServerId, VmState,
};

impl ComputeManager {
    /// Passes the outcome of a step on. If it failed and its server is deleted, what is left of the guest on this host is destroyed
    /// first, and what the migration holds is dropped.
    pub(super) async fn ends_with_its_server(
        &self,
        id: ServerId,
        migration: MigrationId,
        outcome: Result<(), NovaError>,
    ) -> Result<(), NovaError> {
        if outcome.is_ok() || !self.services.switches.fixes(Fix::MovesEndWithTheirServer) {
            return outcome;
        }
        // A deletion on this host is waited for, so that it is over or has not begun.
        let _lock = self.locks.enter(id).await;
        let Some(server) = self.deleted_server(id) else { return outcome };
        match self.reap(&server).await {
            Err(error) if !error.is(ExceptionClass::InstanceNotFound) => {
                self.log("warning", || format!("Cannot destroy what a move left of {id}: {error}"));
            }
            Ok(()) | Err(_) => {}
        }
        self.delete_allocation_after_move(&server, migration)?;
        outcome
    }

    /// Confirms a move whose server was deleted meanwhile, in Nova by doing nothing: removes what is left of the guest here and
    /// drops what the migration holds.
    pub(super) async fn confirm_of_deleted_server(
        &self,
        id: ServerId,
        migration: &Migration,
    ) -> Result<(), NovaError> {
        let deleted = self.deleted_server(id);
        let cured = self.services.switches.fixes(Fix::MovesEndWithTheirServer);
        let Some(server) = deleted.filter(|_| cured) else { return Ok(()) };
        let outcome = self.clean_up_source(&server, migration).await;
        let dropped = self.delete_allocation_after_move(&server, migration.id);
        self.errors_out_migration(migration.id, dropped.and(outcome)).await
    }

    /// Drops what the migrations hold whose steps gave up because this server was being deleted; in Nova they keep it.
    pub(super) fn end_moves_given_up(&self, server: &Server) -> Result<(), NovaError> {
        if !self.services.switches.fixes(Fix::MovesEndWithTheirServer) {
            return Ok(());
        }
        let mut migrations = self.services.records.migrations_in_progress_or_error(&self.host);
        migrations
            .retain(|migration| migration.server == server.id && migration.status == MigrationStatus::Error);
        migrations.iter().try_for_each(|migration| self.delete_allocation_after_move(server, migration.id))
    }

    async fn clean_up_source(&self, server: &Server, migration: &Migration) -> Result<(), NovaError> {
        let network_info = virt_types::network_info(&server.network_info);
        let (instance, moved) = (virt_types::instance(server), virt_types::migration(migration));
        self.driver.confirm_migration(moved, instance, network_info).await?;
        self.set_migration_status(migration.id, MigrationStatus::Confirmed).await?;
        self.tracker.drop_move_claim(&self.driver, server.id, &migration.old_flavor).await
    }

    /// A server that is deleted, or all but: its record is about to go.
    fn deleted_server(&self, id: ServerId) -> Option<Server> {
        let known = self.services.records.server_even_deleted(id)?;
        (known.deleted() || known.vm_state == VmState::Deleted).then_some(known)
    }
}
