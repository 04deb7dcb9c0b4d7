//! The destination's first part in a resize or cold migration: claiming room (`prep_resize`).

use super::ComputeManager;
use super::operation::Operation;
use model::request_spec::{RequestSpec, Selection};
use model::rpc::{Address, Message, Method, RequestContext, Reschedule, Retry};
use model::{ExceptionClass, Flavor, MigrationId, NovaError, Server, ServerId, TaskState};

/// What the conductor asks of a destination.
pub(super) struct PrepResize {
    pub(super) migration: MigrationId,
    pub(super) flavor: Flavor,
    pub(super) request_spec: Box<RequestSpec>,
    pub(super) alternates: Vec<Selection>,
    pub(super) retry: Option<Retry>,
}

impl ComputeManager {
    /// Claims the node for the new flavor and lets the source begin. When the claim fails the allocations are swapped
    /// back and another host is tried; when there is none, the server is in ERROR.
    pub(super) async fn prep_resize(
        &self,
        context: &RequestContext,
        id: ServerId,
        request: PrepResize,
    ) -> Result<(), NovaError> {
        self.run(Operation::new(context, id, "compute_prep_resize"), async {
            // The request says what the server is like. That it was deleted meanwhile shows when it is saved.
            let server = self.server_as_sent(id)?;
            let (state, migration) = (server.vm_state, request.migration);
            self.notify(id, "exists");
            let new_flavor = request.flavor.id.clone();
            self.notify_about(id, "resize_prep.start", &[("new_flavor", &new_flavor)]);
            let outcome = match self.claim_and_begin_resize(context, &server, &request).await {
                Ok(()) => Ok(()),
                Err(error) => self.revert_and_reschedule(context, &server, request, error).await,
            };
            self.notify_about(id, "resize_prep.end", &[("new_flavor", &new_flavor)]);
            let outcome = self.errors_out_migration(migration, outcome).await;
            self.error_out_instance_on_exception(id, state, outcome).await
        })
        .await
    }

    async fn claim_and_begin_resize(
        &self,
        context: &RequestContext,
        server: &Server,
        request: &PrepResize,
    ) -> Result<(), NovaError> {
        if let Err(error) = self.validate_instance_group_policy(server.id).await {
            return Err(match error.class {
                ExceptionClass::GroupAffinityViolation => NovaError::instance_fault_rollback(error),
                _ => error,
            });
        }
        if server.host.is_none() {
            self.set_error_state(server.id, false).await;
            return Err(NovaError::new(
                ExceptionClass::MigrationError,
                format!("Migration error: Instance {} has no source host", server.id),
            ));
        }
        let same_flavor = server.flavor.id == request.flavor.id;
        if server.is_on(&self.host) && same_flavor && !self.can_migrate_to_same_host().await? {
            let inner = NovaError::new(
                ExceptionClass::UnableToMigrateToSelf,
                format!("Unable to migrate instance ({}) to current host ({}).", server.id, self.host),
            );
            return Err(NovaError::instance_fault_rollback(inner));
        }
        let server = self
            .save(server.id, |server| {
                server.new_flavor = Some(request.flavor.clone());
                server.old_vm_state = Some(server.vm_state);
            })
            .await?;
        let migration = self.tracker.resize_claim(&self.driver, &server, request.migration).await?;
        let method =
            Method::ResizeInstance { migration: migration.id, request_spec: request.request_spec.clone() };
        let message = Message { context: context.clone(), server: server.id, method };
        self.services.bus.cast(&self.address, Address::Compute(migration.source_compute), message);
        Ok(())
    }

    async fn can_migrate_to_same_host(&self) -> Result<bool, NovaError> {
        let capabilities = self.driver.capabilities().await?;
        Ok(capabilities.contains(&virt::types::Capability::SupportsMigrateToSameHost))
    }

    /// Swaps the allocations back and asks the conductor for another host; if it finds none, `error` goes on
    /// (`_reschedule_resize_or_reraise`).
    async fn revert_and_reschedule(
        &self,
        context: &RequestContext,
        server: &Server,
        request: PrepResize,
        error: NovaError,
    ) -> Result<(), NovaError> {
        self.revert_allocation(server, request.migration)?;
        let Some(retry) = request.retry.clone() else { return Err(error) };
        let rescheduled = self.reschedule_resize(context, server.id, request, retry, &error).await;
        let shown = rescheduled.as_ref().err().unwrap_or(&error);
        self.store_fault(server.id, shown, None).await;
        self.notify_error(server.id, "resize", shown);
        rescheduled.map_err(|_| error)
    }

    /// Asks the conductor for another host. That the server is on its way again is written whatever else is done with it
    /// meanwhile; of one that was deleted it cannot be, and nobody is asked.
    async fn reschedule_resize(
        &self,
        context: &RequestContext,
        id: ServerId,
        request: PrepResize,
        retry: Retry,
        error: &NovaError,
    ) -> Result<(), NovaError> {
        let server = self.save(id, |server| server.task_state = Some(TaskState::ResizePrep)).await?;
        if server.is_on(&self.host) {
            self.tracker.update_usage(&self.driver, &server).await?;
        }
        let reason = Some(error.to_string());
        let reschedule = Reschedule { alternates: request.alternates, retry: Retry { reason, ..retry } };
        let method = Method::MigrateServer {
            flavor: Box::new(request.flavor),
            request_spec: request.request_spec,
            reschedule: Some(reschedule),
        };
        let message = Message { context: context.clone(), server: id, method };
        self.services.bus.call(&self.address, Address::Conductor, message).await.map(drop)
    }
}
