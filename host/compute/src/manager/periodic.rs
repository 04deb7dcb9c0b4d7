//! The periodic tasks of a host that look after its servers (`_poll_shelved_instances`, `_poll_unconfirmed_resizes`,
//! `_sync_power_states`, `_cleanup_running_deleted_instances`). What goes wrong with one server is logged and does not keep
//! the others from being looked after; the next run tries again.

use super::ComputeManager;
use model::rpc::{Address, Message, Method};
use model::{ExceptionClass, MigrationStatus, NovaError, PowerState, Server, ServerId, TaskState, VmState};
use std::time::Duration;

/// A task that a host runs now and then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PeriodicTask {
    /// Removes the guests of servers that were shelved `shelved_offload_time` ago.
    PollShelved,
    /// Confirms the resizes that are older than `resize_confirm_window`.
    PollUnconfirmedResizes,
    /// Compares what guests do with what the records say they should.
    SyncPowerStates,
    /// Removes the guests of servers that were deleted while this host was away.
    CleanupRunningDeleted,
    /// Deletes the servers for good that were soft-deleted `reclaim_instance_interval` ago.
    ReclaimQueuedDeletes,
}

impl PeriodicTask {
    /// Every task, in the order in which a host that runs all of them does.
    pub const ALL: &'static [PeriodicTask] = &[
        PeriodicTask::PollShelved,
        PeriodicTask::PollUnconfirmedResizes,
        PeriodicTask::SyncPowerStates,
        PeriodicTask::CleanupRunningDeleted,
        PeriodicTask::ReclaimQueuedDeletes,
    ];

    /// Its name: that of Nova's method, without the underscore it begins with.
    pub const fn as_str(self) -> &'static str {
        match self {
            PeriodicTask::PollShelved => "poll_shelved_instances",
            PeriodicTask::PollUnconfirmedResizes => "poll_unconfirmed_resizes",
            PeriodicTask::SyncPowerStates => "sync_power_states",
            PeriodicTask::CleanupRunningDeleted => "cleanup_running_deleted_instances",
            PeriodicTask::ReclaimQueuedDeletes => "reclaim_queued_deletes",
        }
    }
}

impl ComputeManager {
    /// Runs one of the periodic tasks.
    pub async fn run_periodic(&self, task: PeriodicTask) {
        // What is left undone by a service that dies is for its next run.
        let _ = self.life().spend(self.look_after_servers(task)).await;
    }

    async fn look_after_servers(&self, task: PeriodicTask) {
        match task {
            PeriodicTask::PollShelved => self.poll_shelved_instances().await,
            PeriodicTask::PollUnconfirmedResizes => self.poll_unconfirmed_resizes().await,
            PeriodicTask::SyncPowerStates => self.sync_power_states().await,
            PeriodicTask::CleanupRunningDeleted => self.cleanup_running_deleted_instances().await,
            PeriodicTask::ReclaimQueuedDeletes => self.reclaim_queued_deletes().await,
        }
    }

    async fn poll_shelved_instances(&self) {
        let Ok(seconds @ 1..) = u64::try_from(self.services.options.get().shelved_offload_time) else {
            return;
        };
        let (now, wait) = (self.services.clock.now(), Duration::from_secs(seconds));
        let is_due = |server: &Server| {
            server.vm_state == VmState::Shelved
                && server.task_state.is_none()
                && server.shelved.as_ref().is_some_and(|shelved| now.since(shelved.at) >= wait)
        };
        for server in self.services.records.servers_on(&self.host).into_iter().filter(is_due) {
            let begun = self
                .save_expecting(server.id, &[None], |server| {
                    server.task_state = Some(TaskState::ShelvingOffloading);
                })
                .await;
            let offloaded = match begun {
                Ok(_) => self.shelve_offload_instance(&self.own_context(), server.id).await,
                Err(error) => Err(error),
            };
            self.log_failure(server.id, "offload", offloaded);
        }
    }

    async fn poll_unconfirmed_resizes(&self) {
        let window = self.services.options.get().resize_confirm_window;
        if window.is_zero() {
            return;
        }
        let now = self.services.clock.now();
        let waiting = self.services.records.migrations_in_progress_or_error(&self.host);
        for migration in waiting {
            let is_due = migration.status == MigrationStatus::Finished
                && migration.dest_compute.as_ref() == Some(&self.host)
                && now.since(migration.updated_at) > window;
            if !is_due {
                continue;
            }
            let server = self.services.records.server(migration.server).ok();
            let status = match &server {
                Some(Server { task_state: Some(TaskState::Deleting | TaskState::SoftDeleting), .. }) => {
                    continue;
                }
                Some(Server { vm_state: VmState::Resized, task_state: None, .. }) => {
                    MigrationStatus::Confirming
                }
                // It cannot be confirmed any more.
                _ => MigrationStatus::Error,
            };
            let set = self.set_migration_status(migration.id, status).await;
            if status == MigrationStatus::Confirming && set.is_ok() {
                let context = self.own_context();
                self.services.records.start_action(migration.server, &context.request, "confirmResize");
                let method = Method::ConfirmResize { migration: migration.id };
                let message = Message { context, server: migration.server, method };
                let source = Address::Compute(migration.source_compute.clone());
                self.services.bus.cast(&self.address, source, message);
            }
        }
    }

    async fn sync_power_states(&self) {
        for server in self.services.records.servers_on(&self.host) {
            if server.task_state.is_some() {
                continue;
            }
            let synced = self.sync_power_state(&server).await;
            self.log_failure(server.id, "synchronise the power state of", synced);
        }
    }

    async fn sync_power_state(&self, server: &Server) -> Result<(), NovaError> {
        use PowerState as P;
        let _lock = self.locks.enter(server.id).await;
        let actual = self.power_state(server).await?;
        let server = self.services.records.server(server.id)?;
        if server.task_state.is_some() || !server.is_on(&self.host) {
            // Somebody has begun something meanwhile.
            return Ok(());
        }
        let server = self.save(server.id, |server| server.power_state = actual).await?;
        let stops = match server.vm_state {
            VmState::Active => matches!(actual, P::Shutdown | P::Crashed | P::Suspended),
            VmState::Stopped => !matches!(actual, P::NoState | P::Shutdown | P::Crashed),
            VmState::Paused => matches!(actual, P::Shutdown | P::Crashed),
            _ => false,
        };
        if !stops {
            return Ok(());
        }
        let context = self.own_context();
        self.save_expecting(server.id, &[None], |server| server.task_state = Some(TaskState::PoweringOff))
            .await?;
        self.services.records.start_action(server.id, &context.request, "stop");
        let message = Message { context, server: server.id, method: Method::StopInstance };
        self.services.bus.cast(&self.address, self.address.clone(), message);
        Ok(())
    }

    async fn cleanup_running_deleted_instances(&self) {
        let guests = match self.driver.list_instance_uuids().await.map_err(NovaError::from) {
            Ok(guests) => guests,
            Err(error) => {
                self.log("error", || format!("Cannot list the guests of {}: {error}", self.host));
                return;
            }
        };
        for id in guests.iter().filter_map(|uuid| uuid.parse().ok()) {
            let server = self.services.records.server_even_deleted(id);
            let Some(server) = server.filter(Server::deleted) else { continue };
            let reaped = self.reap(&server).await;
            self.log_failure(id, "reap", reaped);
        }
    }

    /// Removes the guest of a deleted server, without a word to anybody.
    pub(super) async fn reap(&self, server: &Server) -> Result<(), NovaError> {
        self.tear_down(server.id, true).await
    }

    fn log_failure(&self, server: ServerId, what: &str, outcome: Result<(), NovaError>) {
        match outcome {
            Err(error) if !error.is(ExceptionClass::InstanceNotFound) => {
                self.log("warning", || format!("Periodic task failed to {what} instance {server}: {error}"));
            }
            // A server that is gone needs nobody to look after it.
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::PeriodicTask;

    #[test]
    fn tasks_are_called_as_in_nova() {
        let names: Vec<_> = PeriodicTask::ALL.iter().map(|task| task.as_str()).collect();
        let novas = [
            "poll_shelved_instances",
            "poll_unconfirmed_resizes",
            "sync_power_states",
            "cleanup_running_deleted_instances",
            "reclaim_queued_deletes",
        ];
        assert_eq!(names, novas);
    }
}
