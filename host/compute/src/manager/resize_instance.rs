//! The source's part in a resize or cold migration: handing the guest over (`resize_instance`).

use super::operation::Operation;
use super::{ComputeManager, SHUTDOWN_RETRY_INTERVAL_S, SHUTDOWN_TIMEOUT_S};
use crate::virt_types;
use model::request_spec::RequestSpec;
use model::rpc::{Address, Message, Method, RequestContext};
use model::{
    Bug, ExceptionClass, Migration, MigrationId, MigrationStatus, NovaError, Server, ServerId, TaskState,
};
use virt::types;

impl ComputeManager {
    /// Powers the guest off, hands its disks over, and lets the destination finish. From the moment the record names
    /// the destination the server is there. Before it, a failure swaps the allocations back.
    pub(super) async fn resize_instance(
        &self,
        context: &RequestContext,
        id: ServerId,
        migration: MigrationId,
        request_spec: Box<RequestSpec>,
    ) -> Result<(), NovaError> {
        self.run(Operation::new(context, id, "compute_resize_instance"), async {
            // That it was deleted meanwhile shows when it is saved.
            let known = self.services.records.server_even_deleted(id);
            let server = known.ok_or_else(|| NovaError::instance_not_found(id))?;
            let outcome = self.hand_over(context, &server, migration, request_spec).await;
            let outcome = self.errors_out_migration(migration, outcome).await;
            let outcome = self.error_out_instance_on_exception(id, server.vm_state, outcome).await;
            if outcome.is_err() {
                self.revert_allocation(&server, migration)?;
            }
            outcome
        })
        .await
    }

    async fn hand_over(
        &self,
        context: &RequestContext,
        server: &Server,
        migration: MigrationId,
        request_spec: Box<RequestSpec>,
    ) -> Result<(), NovaError> {
        let id = server.id;
        let network_info = self.services.network.get_instance_nw_info(id).await?;
        let migration = self.set_migration_status(migration, MigrationStatus::Migrating).await?;
        let server = self
            .save_expecting_or_error(id, &[Some(TaskState::ResizePrep)], |server| {
                server.task_state = Some(TaskState::ResizeMigrating);
            })
            .await?;
        self.notify(id, "resize.start");
        let request = types::MigrateDiskAndPowerOffRequest {
            instance: virt_types::instance(&server),
            dest: migration.dest_host.clone().unwrap_or_default(),
            flavor: virt_types::flavor(&migration.new_flavor),
            network_info: virt_types::network_info(&network_info),
            block_device_info: virt_types::block_device_info(&server),
            timeout: SHUTDOWN_TIMEOUT_S,
            retry_interval: SHUTDOWN_RETRY_INTERVAL_S,
        };
        let disk_info = self.driver.migrate_disk_and_power_off(request).await?;
        self.terminate_volume_connections(id).await?;
        let migration = self.set_migration_status(migration.id, MigrationStatus::PostMigrating).await?;
        let destination = destination(&migration)?;
        self.save_expecting_or_error(id, &[Some(TaskState::ResizeMigrating)], |server| {
            server.host = Some(destination.clone());
            server.node = Some(destination.clone());
            // Set before the destination begins, so that this host goes on counting it meanwhile.
            if !self.services.switches.has(Bug::Bug1944759) {
                server.old_flavor = Some(server.flavor.clone());
            }
            server.task_state = Some(TaskState::ResizeMigrated);
        })
        .await?;
        let method = Method::FinishResize {
            migration: migration.id,
            disk_info: disk_info.unwrap_or_default(),
            request_spec,
        };
        let message = Message { context: context.clone(), server: id, method };
        self.services.bus.cast(&self.address, Address::Compute(destination), message);
        self.notify(id, "resize.end");
        Ok(())
    }
}

fn destination(migration: &Migration) -> Result<model::HostName, NovaError> {
    migration.dest_compute.clone().ok_or_else(|| {
        NovaError::new(
            ExceptionClass::MigrationError,
            format!("Migration error: migration {} has no destination", migration.id),
        )
    })
}
