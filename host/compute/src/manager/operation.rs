//! What wraps every operation of the manager: the event of the action, the fault, the task state, the notification of
//! the exception (Nova's decorators `wrap_instance_event`, `wrap_instance_fault`, `reverts_task_state`,
//! `wrap_exception`, `errors_out_migration` and the context `_error_out_instance_on_exception`).

use super::ComputeManager;
use model::rpc::RequestContext;
use model::{ExceptionClass, Fault, Fix, MigrationId, MigrationStatus, NovaError, Server, ServerId, VmState};
use std::future::Future;
use std::pin::Pin;

/// Which operation runs, on whose behalf.
pub(super) struct Operation<'a> {
    /// The request.
    pub(super) context: &'a RequestContext,
    /// The server.
    pub(super) server: ServerId,
    /// The name of its event, `compute_<method>`; none when it is no step of an action.
    pub(super) event: Option<&'static str>,
    /// The migration that goes to `error` with it, when the operation is one that does that itself.
    pub(super) migration: Option<MigrationId>,
    /// Whether a failure also ends the server's task. All operations do that but the confirmation of a resize, which
    /// sets no task itself.
    pub(super) reverts_task_state: bool,
    /// Whether it waits for what other operations of this host do to the server.
    pub(super) locked: bool,
}

impl<'a> Operation<'a> {
    pub(super) fn new(context: &'a RequestContext, server: ServerId, event: &'static str) -> Self {
        Self { context, server, event: Some(event), migration: None, reverts_task_state: true, locked: false }
    }

    /// An operation that only asks: it is no step of an action and sets no task.
    pub(super) fn query(context: &'a RequestContext, server: ServerId) -> Self {
        Self { context, server, event: None, migration: None, reverts_task_state: false, locked: false }
    }

    /// The same operation, whose failure is also the migration's.
    pub(super) fn errors_out(self, migration: MigrationId) -> Self {
        Self { migration: Some(migration), ..self }
    }

    /// The same operation, whose failure leaves the server's task as it is.
    pub(super) fn keeps_task_state(self) -> Self {
        Self { reverts_task_state: false, ..self }
    }

    /// The same operation, which waits for others on the same server ([`Locks`](super::locks::Locks)).
    pub(super) fn locked(self) -> Self {
        Self { locked: true, ..self }
    }
}

impl ComputeManager {
    /// Runs an operation within its wrappers. When it fails, in this order: the fault is stored (not for
    /// `InstanceNotFound`), the migration goes to `error`, the event ends with Error, the task state is cleared (unless
    /// somebody else owns the task), `compute.exception` is sent.
    pub(super) fn run<'a, T: 'a>(
        &'a self,
        operation: Operation<'a>,
        body: impl Future<Output = Result<T, NovaError>> + 'a,
    ) -> impl Future<Output = Result<T, NovaError>> + 'a {
        // In a place of its own, so that a manager that does any of its operations is not as large as the largest.
        self.run_boxed(operation, Box::pin(body))
    }

    async fn run_boxed<T>(
        &self,
        operation: Operation<'_>,
        body: Pin<Box<dyn Future<Output = Result<T, NovaError>> + '_>>,
    ) -> Result<T, NovaError> {
        let Operation { context, server, event, migration, reverts_task_state, locked } = operation;
        let records = &self.services.records;
        if let Some(event) = event {
            records.start_event(server, &context.request, event, &self.host).await;
        }
        let lock = if locked { Some(self.locks.enter(server).await) } else { None };
        let outcome = body.await;
        drop(lock);
        let finish = async |error: Option<&NovaError>| {
            if let Some(event) = event {
                records.finish_event(server, &context.request, event, error).await;
            }
        };
        let Err(error) = &outcome else {
            finish(None).await;
            return outcome;
        };
        let silent = error.is(ExceptionClass::InstanceNotFound)
            && !(self.services.switches.fixes(Fix::InstanceNotFoundFault) && self.is_wanted(server));
        if !silent {
            self.store_fault(server, error, None).await;
        }
        if let Some(migration) = migration {
            self.error_out_migration(migration).await;
        }
        finish(Some(error)).await;
        if reverts_task_state && !error.is_preempted() {
            self.instance_update(server, |server| server.task_state = None).await;
        }
        self.services.notifier.emit_error(&self.publisher, "compute.exception", Some(server), error);
        outcome
    }

    /// Passes an outcome on; before an error goes on, the server gets the state that befits it: after
    /// `NotImplementedError` and `InstanceFaultRollback`, of which the inner error goes on, `state` and no task; after
    /// anything else ERROR.
    pub(super) async fn error_out_instance_on_exception<T>(
        &self,
        server: ServerId,
        state: VmState,
        outcome: Result<T, NovaError>,
    ) -> Result<T, NovaError> {
        let Err(error) = outcome else { return outcome };
        match error.class {
            ExceptionClass::NotImplementedError | ExceptionClass::InstanceFaultRollback => {
                self.instance_update(server, |server| {
                    server.vm_state = state;
                    server.task_state = None;
                })
                .await;
            }
            _ => self.set_error_state(server, false).await,
        }
        match error {
            NovaError { class: ExceptionClass::InstanceFaultRollback, inner: Some(inner), .. } => Err(*inner),
            error => Err(error),
        }
    }

    /// Passes an outcome on; before an error goes on, the migration gets the status `error`.
    pub(super) async fn errors_out_migration<T>(
        &self,
        migration: MigrationId,
        outcome: Result<T, NovaError>,
    ) -> Result<T, NovaError> {
        if outcome.is_err() {
            self.error_out_migration(migration).await;
        }
        outcome
    }

    async fn error_out_migration(&self, migration: MigrationId) {
        // A migration that is gone needs no status.
        let _ = self.set_migration_status(migration, MigrationStatus::Error).await;
    }

    /// Puts the server into ERROR; one that is gone is left alone (`_set_instance_obj_error_state`).
    pub(super) async fn set_error_state(&self, server: ServerId, clear_task: bool) {
        let _ = self
            .save(server, |server| {
                server.vm_state = VmState::Error;
                if clear_task {
                    server.task_state = None;
                }
            })
            .await;
    }

    /// Changes a server and lets the resource tracker know (`_instance_update`); one that is gone is left alone.
    pub(super) async fn instance_update(&self, server: ServerId, change: impl FnMut(&mut Server)) {
        if let Ok(server) = self.save(server, change).await
            && server.is_on(&self.host)
        {
            // If the driver fails here, the node record follows at the next periodic run.
            let _ = self.tracker.update_usage(&self.driver, &server).await;
        }
    }

    /// Stores a fault. `message` replaces the error's own.
    pub(super) async fn store_fault(&self, server: ServerId, error: &NovaError, message: Option<String>) {
        let fault = Fault {
            code: error.class.fault_code(),
            message: message.unwrap_or_else(|| error.fault_message()),
            host: Some(self.host.clone()),
            created_at: self.services.clock.now(),
        };
        self.services.records.store_fault(server, fault).await;
    }
}
