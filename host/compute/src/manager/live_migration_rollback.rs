//! Taking a live migration back, asked or not, and making it end soon (`_rollback_live_migration`, `live_migration_abort`,
//! `live_migration_force_complete`).

use super::ComputeManager;
use super::live_migration::{CleanUp, LiveMigration};
use super::live_migration_dest::former_attachments;
use super::operation::Operation;
use crate::virt_types;
use model::rpc::{Address, Message, Method, RequestContext};
use model::{
    Bug, ExceptionClass, HostName, MigrationId, MigrationStatus, NovaError, Server, ServerId, TaskState,
};

impl ComputeManager {
    /// Makes the server what it was before, on this host: its allocation, its volumes, its ports. `prepared_only` says that
    /// the guest was not touched yet. The migration gets `status` at the end.
    pub(super) async fn rollback_live_migration(
        &self,
        context: &RequestContext,
        source: &Server,
        moving: &LiveMigration,
        status: MigrationStatus,
        prepared_only: bool,
    ) -> Result<(), NovaError> {
        let operation = Operation { event: None, ..Operation::new(context, source.id, "") };
        self.run(operation.keeps_task_state(), async {
            let id = source.id;
            let instance = virt_types::instance(source);
            self.revert_allocation(source, moving.migration)?;
            // A source that has not begun has nothing to undo.
            if !prepared_only || self.services.switches.has(Bug::Bug1944619) {
                self.driver.rollback_live_migration_at_source(instance, moving.data.clone()).await?;
            }
            self.restore_source_volumes(context, source, moving).await?;
            if prepared_only && self.services.switches.has(Bug::Bug1889108) {
                // The destination has put the source's attachments back already, and these are taken for its own.
                for attachment in source.block_devices.iter().filter_map(|device| device.attachment) {
                    self.services.volumes.attachment_delete(attachment).await?;
                }
            }
            self.notify(id, "live_migration_rollback.start");
            let CleanUp { needed, destroy_disks } = CleanUp::of(&moving.data);
            if needed {
                let data = virt_types::to_message(&moving.data)?;
                let method = Method::RollbackLiveMigrationAtDestination { destroy_disks, data };
                let message = Message { context: context.clone(), server: id, method };
                self.services.bus.cast(&self.address, Address::Compute(moving.dest.clone()), message);
            } else {
                let torn_down = self.delete_port_bindings(id, &moving.dest).await;
                self.errors_out_migration(moving.migration, torn_down).await?;
            }
            self.save_expecting(id, &[Some(TaskState::Migrating)], |server| {
                server.availability_zone.clone_from(&moving.zone);
                server.task_state = None;
                server.progress = 0;
            })
            .await?;
            self.notify(id, "live_migration_rollback.end");
            self.set_migration_status(moving.migration, status).await?;
            Ok(())
        })
        .await
    }

    /// Has the destination disconnect the volumes, deletes its attachments and puts back the source's.
    async fn restore_source_volumes(
        &self,
        context: &RequestContext,
        source: &Server,
        moving: &LiveMigration,
    ) -> Result<(), NovaError> {
        let server = self.server_as_sent(source.id)?;
        for (volume, former) in former_attachments(&moving.data) {
            let device = server.block_device(volume).filter(|device| device.attachment != Some(former));
            let Some(attachment) = device.and_then(|device| device.attachment) else { continue };
            let message = Message {
                context: context.clone(),
                server: source.id,
                method: Method::RemoveVolumeConnection { volume },
            };
            let dest = Address::Compute(moving.dest.clone());
            if let Err(error) = self.services.bus.call(&self.address, dest, message).await {
                self.log("warning", || {
                    format!("Ignoring error of volume {volume} on host {}: {error}", moving.dest)
                });
            }
            self.services.volumes.attachment_delete(attachment).await?;
            if let Some(before) = source.block_device(volume) {
                let restore = |device: &mut model::BlockDevice| device.clone_from(before);
                self.change_block_device(source.id, volume, restore).await?;
            }
        }
        Ok(())
    }

    /// Calls a live migration off. One that is queued is over at once; one that is preparing is taken back when that ends;
    /// of one that runs the driver is asked.
    pub(super) async fn live_migration_abort(
        &self,
        context: &RequestContext,
        id: ServerId,
        migration: MigrationId,
    ) -> Result<(), NovaError> {
        let operation = Operation::new(context, id, "compute_live_migration_abort").keeps_task_state();
        self.run(operation, async {
            self.notify(id, "live_migration_abort.start");
            let status = self.services.records.migration(migration)?.status;
            let server = self.server_as_sent(id)?;
            match (self.outgoing.take(id), status) {
                (true, MigrationStatus::Queued) => {
                    self.revert_allocation(&server, migration)?;
                    if let Some(dest) = self.services.records.migration(migration)?.dest_compute {
                        self.delete_port_bindings(id, &dest).await?;
                    }
                    self.save_expecting(id, &[Some(TaskState::Migrating)], |server| server.task_state = None)
                        .await?;
                    self.set_migration_status(migration, MigrationStatus::Cancelled).await?;
                }
                // The end of the preparation notices, and says once more when it is taken back.
                (true, _) => {}
                (false, MigrationStatus::Running) => {
                    self.driver.live_migration_abort(virt_types::instance(&server)).await?;
                }
                (false, status) => {
                    return Err(NovaError::new(
                        ExceptionClass::InvalidMigrationState,
                        format!(
                            "Migration {migration} state of instance {id} is {status}. Cannot abort live migration \
                             while the migration is in this state."
                        ),
                    ));
                }
            }
            self.notify(id, "live_migration_abort.end");
            Ok(())
        })
        .await
    }

    /// Deletes the bindings that the server's ports have to a host on which it is not. That a binding is not deleted is not
    /// critical; anything else that the network service fails with is.
    pub(super) async fn delete_port_bindings(&self, id: ServerId, host: &HostName) -> Result<(), NovaError> {
        match self.services.network.teardown_networks_on_host(id, host).await {
            Err(error) if error.is(ExceptionClass::PortBindingDeletionFailed) => {
                self.log("error", || format!("Network cleanup failed for host {host}: {error}"));
                Ok(())
            }
            torn_down => torn_down,
        }
    }

    /// Has the driver end the live migration soon, at the guest's expense.
    pub(super) async fn live_migration_force_complete(
        &self,
        context: &RequestContext,
        id: ServerId,
    ) -> Result<(), NovaError> {
        let operation =
            Operation::new(context, id, "compute_live_migration_force_complete").keeps_task_state();
        self.run(operation, async {
            let server = self.services.records.server(id)?;
            self.notify(id, "live_migration_force_complete.start");
            self.driver.live_migration_force_complete(virt_types::instance(&server)).await?;
            self.notify(id, "live_migration_force_complete.end");
            Ok(())
        })
        .await
    }
}
