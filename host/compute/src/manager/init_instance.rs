//! What becomes of a server whose compute service was away while something was being done to it (`_init_instance`).

use super::ComputeManager;
use crate::virt_types;
use model::rpc::{Message, Method, RebootType};
use model::{
    ExceptionClass, Fix, Migration, MigrationStatus, MigrationType, NovaError, PowerState, Server, ServerId,
    TaskState, VmState,
};
use virt::types;

impl ComputeManager {
    /// Brings a server of this host out of the state in which its service left it. What the driver raises here, beyond what
    /// is expected, keeps the service from starting.
    pub(super) async fn init_instance(&self, server: &Server) -> Result<(), NovaError> {
        use TaskState as T;
        let id = server.id;
        if self.is_left_alone(server) || self.end_interrupted_task(server).await? {
            return Ok(());
        }
        let power_state = self.power_state(server).await?;
        if let Some(reboot_type) = interrupted_reboot(server, power_state) {
            let was_soft =
                matches!(server.task_state, Some(T::Rebooting | T::RebootPending | T::RebootStarted));
            if was_soft && reboot_type == RebootType::Hard {
                // It got as far as switching the guest off. A hard reboot begins with tasks of its own.
                self.save(id, |server| server.task_state = Some(T::RebootPendingHard)).await?;
            }
            self.send_to_self(id, Method::RebootInstance { reboot_type });
            return Ok(());
        }
        match (power_state, server.task_state) {
            (
                PowerState::Running,
                Some(
                    T::Rebooting
                    | T::RebootingHard
                    | T::RebootStarted
                    | T::RebootStartedHard
                    | T::Pausing
                    | T::Unpausing,
                ),
            ) => {
                self.save(id, |server| {
                    server.vm_state = VmState::Active;
                    server.task_state = None;
                })
                .await?;
            }
            (PowerState::Paused, Some(T::Unpausing)) => {
                self.send_to_self(id, Method::UnpauseInstance);
                return Ok(());
            }
            _ => {}
        }
        match server.task_state {
            Some(T::PoweringOff) => {
                self.send_to_self(id, Method::StopInstance);
                Ok(())
            }
            Some(T::PoweringOn) => {
                self.send_to_self(id, Method::StartInstance);
                Ok(())
            }
            _ => self.reconnect_guest(server).await,
        }
    }

    fn is_left_alone(&self, server: &Server) -> bool {
        let goes_on = matches!(server.task_state, Some(TaskState::ResizeMigrating | TaskState::Deleting));
        server.vm_state == VmState::SoftDeleted || server.vm_state == VmState::Error && !goes_on
    }

    /// Ends what cannot be taken up again. Answers whether nothing more is to be done.
    async fn end_interrupted_task(&self, server: &Server) -> Result<bool, NovaError> {
        use TaskState as T;
        let (id, task) = (server.id, server.task_state);
        if server.vm_state == VmState::Deleted {
            if let Err(error) = self.complete_partial_deletion(server).await {
                self.log("error", || format!("Failed to complete a deletion of instance {id}: {error}"));
            }
            return Ok(true);
        }
        let building = server.vm_state == VmState::Building
            || matches!(task, Some(T::Scheduling | T::BlockDeviceMapping | T::Networking | T::Spawning));
        let rebuilding = matches!(server.vm_state, VmState::Active | VmState::Stopped)
            && matches!(task, Some(T::Rebuilding | T::RebuildBlockDeviceMapping | T::RebuildSpawning));
        if building || rebuilding {
            self.set_error_state(id, true).await;
            return Ok(true);
        }
        match task {
            // It was not interrupted: its next step is on the way.
            Some(T::ResizePrep) if self.services.switches.fixes(Fix::HostWorkGoesOn) => Ok(false),
            Some(
                T::ImageSnapshotPending
                | T::ImageSnapshot
                | T::ImagePendingUpload
                | T::ImageUploading
                | T::ResizePrep,
            ) => {
                self.save(id, |server| server.task_state = None).await?;
                Ok(false)
            }
            Some(T::Deleting) => {
                self.log("info", || {
                    format!("Service started deleting the instance {id} during the previous run, but did not finish")
                });
                if let Err(error) = self.delete_instance(id).await {
                    self.log("error", || format!("Failed to complete a deletion of instance {id}: {error}"));
                    self.set_error_state(id, false).await;
                }
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// Plugs the guest's interfaces in again, ends a move that was interrupted, and lets a guest run that ran before.
    async fn reconnect_guest(&self, server: &Server) -> Result<(), NovaError> {
        let id = server.id;
        let network_info = virt_types::network_info(&server.network_info);
        let instance = virt_types::instance(server);
        match self.driver.plug_vifs(instance, network_info.clone()).await.map_err(NovaError::from) {
            Err(error) if error.is(ExceptionClass::NotImplementedError) => {}
            Err(error) if error.is(ExceptionClass::VirtualInterfacePlugException) => {
                self.set_error_state(id, false).await;
                return Ok(());
            }
            plugged => plugged?,
        }
        match server.task_state {
            Some(TaskState::ResizeMigrating) => self.take_interrupted_resize_back(server).await?,
            Some(TaskState::Migrating) => self.end_interrupted_live_migration(server).await?,
            _ => {}
        }
        let runs = self.power_state(server).await? == PowerState::Running;
        let should_run = server.power_state == PowerState::Running && !runs;
        if !should_run || !self.services.options.get().resume_guests_state_on_host_boot {
            return Ok(());
        }
        let request = types::ResumeRequest {
            instance: virt_types::instance(server),
            network_info,
            block_device_info: virt_types::block_device_info(server),
            share_info: Vec::new(),
        };
        match self.driver.resume_state_on_host_boot(request).await.map_err(NovaError::from) {
            Err(error) if error.is(ExceptionClass::NotImplementedError) => {}
            Err(error) => {
                self.log("error", || format!("Failed to resume instance {id}: {error}"));
                self.set_error_state(id, false).await;
            }
            Ok(()) => {}
        }
        Ok(())
    }

    /// The guest was about to leave; its disks are made whole again here. Whether that succeeds or not, the task is over.
    async fn take_interrupted_resize_back(&self, server: &Server) -> Result<(), NovaError> {
        if let Err(error) = self.revert_crashed_migration(server).await {
            self.log("error", || format!("Failed to revert crashed migration of {}: {error}", server.id));
        }
        self.log("info", || format!("Instance {} found in migrating state", server.id));
        self.save(server.id, |server| server.task_state = None).await.map(drop)
    }

    async fn revert_crashed_migration(&self, server: &Server) -> Result<(), NovaError> {
        let cold = |migration: &Migration| {
            matches!(migration.kind, MigrationType::Resize | MigrationType::Migration)
        };
        let migration = self.last_migration_of(server.id, cold).ok_or_else(|| {
            NovaError::new(ExceptionClass::MigrationNotFound, "It has no migration that is not over.")
        })?;
        let request = types::FinishRevertMigrationRequest {
            instance: virt_types::instance(server),
            network_info: virt_types::network_info(&server.network_info),
            migration: virt_types::migration(&migration),
            block_device_info: virt_types::block_device_info(server),
            power_on: server.old_vm_state != Some(VmState::Stopped),
        };
        Ok(self.driver.finish_revert_migration(request).await?)
    }

    /// Calls a live migration off that runs. One that did not come so far stays as it is (`_reset_live_migration`).
    async fn end_interrupted_live_migration(&self, server: &Server) -> Result<(), NovaError> {
        let runs = |migration: &Migration| migration.status == MigrationStatus::Running;
        if let Some(migration) = self.last_migration_of(server.id, runs) {
            // A driver that knows no such migration any more has nothing to abort.
            let _ = self.live_migration_abort(&self.own_context(), server.id, migration.id).await;
            self.set_migration_status(migration.id, MigrationStatus::Error).await?;
        }
        self.save_expecting(server.id, &[Some(TaskState::Migrating)], |server| server.task_state = None)
            .await
            .map(drop)
    }

    /// The newest migration of a server from or to this host that is not over.
    fn last_migration_of(&self, id: ServerId, wanted: impl Fn(&Migration) -> bool) -> Option<Migration> {
        let under_way = self.services.records.migrations_in_progress_or_error(&self.host);
        under_way.into_iter().rev().find(|migration| migration.server == id && wanted(migration))
    }

    /// Sends this host a message that it handles once it listens.
    fn send_to_self(&self, server: ServerId, method: Method) {
        let message = Message { context: self.own_context(), server, method };
        self.services.bus.cast(&self.address, self.address.clone(), message);
    }
}

/// How to reboot a guest whose reboot was interrupted, if it has to be (`_retry_reboot`).
fn interrupted_reboot(server: &Server, power_state: PowerState) -> Option<RebootType> {
    use TaskState as T;
    let runs = power_state == PowerState::Running;
    let hard_from = [VmState::Active, VmState::Stopped, VmState::Paused, VmState::Suspended, VmState::Error];
    let begun = [T::Rebooting, T::RebootingHard, T::RebootStarted, T::RebootStartedHard];
    match server.task_state? {
        T::RebootPending if server.vm_state == VmState::Active && runs => Some(RebootType::Soft),
        T::RebootPending if server.vm_state == VmState::Active => Some(RebootType::Hard),
        T::RebootPendingHard if hard_from.contains(&server.vm_state) => Some(RebootType::Hard),
        task if begun.contains(&task) && !runs => Some(RebootType::Hard),
        _ => None,
    }
}
