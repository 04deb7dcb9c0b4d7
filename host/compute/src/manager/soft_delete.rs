//! Deleting a server so that it can be brought back, bringing it back, and deleting it for good after a while
//! (`soft_delete_instance`, `restore_instance`, `_reclaim_queued_deletes`).

use super::ComputeManager;
use super::operation::Operation;
use crate::virt_types;
use model::rpc::RequestContext;
use model::{ExceptionClass, NovaError, Server, ServerId, TaskState, VmState};

impl ComputeManager {
    /// Makes the guest unreachable; it keeps its allocation until it is reclaimed. A driver that cannot do that powers
    /// it off. When the driver raises, the server stays as it was; the notification of the end is sent in any case.
    pub(super) async fn soft_delete_instance(
        &self,
        context: &RequestContext,
        id: ServerId,
    ) -> Result<(), NovaError> {
        self.run(Operation::new(context, id, "compute_soft_delete_instance"), async {
            self.notify(id, "soft_delete.start");
            let deleted = self.do_soft_delete_instance(id).await;
            self.notify(id, "soft_delete.end");
            deleted
        })
        .await
    }

    async fn do_soft_delete_instance(&self, id: ServerId) -> Result<(), NovaError> {
        let server = self.services.records.server(id)?;
        let deleted = self.driver.soft_delete(virt_types::instance(&server)).await.map_err(NovaError::from);
        match deleted {
            Err(error) if error.is(ExceptionClass::NotImplementedError) => {
                self.power_off_guest(&server, false).await?;
            }
            deleted => deleted?,
        }
        let power_state = self.power_state(&server).await?;
        self.save_expecting(id, &[Some(TaskState::SoftDeleting)], |server| {
            server.power_state = power_state;
            server.vm_state = VmState::SoftDeleted;
            server.task_state = None;
        })
        .await
        .map(drop)
    }

    /// Brings a soft-deleted guest back. A driver that cannot do that powers it on. When the driver raises, the server
    /// stays soft-deleted.
    pub(super) async fn restore_instance(
        &self,
        context: &RequestContext,
        id: ServerId,
    ) -> Result<(), NovaError> {
        self.run(Operation::new(context, id, "compute_restore_instance"), async {
            let server = self.services.records.server(id)?;
            self.notify(id, "restore.start");
            let restored = self.driver.restore(virt_types::instance(&server)).await.map_err(NovaError::from);
            match restored {
                Err(error) if error.is(ExceptionClass::NotImplementedError) => {
                    self.power_on_guest(&server).await?;
                }
                restored => restored?,
            }
            let power_state = self.power_state(&server).await?;
            self.save_expecting(id, &[Some(TaskState::Restoring)], |server| {
                server.power_state = power_state;
                server.vm_state = VmState::Active;
                server.task_state = None;
            })
            .await?;
            self.notify(id, "restore.end");
            Ok(())
        })
        .await
    }

    /// The periodic task that deletes servers for good that were soft-deleted `reclaim_instance_interval` ago. A server
    /// that cannot be deleted is tried again at the next run.
    pub(super) async fn reclaim_queued_deletes(&self) {
        let interval = self.services.options.get().reclaim_instance_interval;
        if interval.is_zero() {
            return;
        }
        let now = self.services.clock.now();
        let is_due = |server: &Server| {
            server.vm_state == VmState::SoftDeleted
                && server.task_state.is_none()
                && server.soft_deleted_at.is_some_and(|since| now.since(since) > interval)
        };
        for server in self.services.records.servers_on(&self.host).iter().filter(|server| is_due(server)) {
            if let Err(error) = self.delete_instance(server.id).await {
                self.log("warning", || {
                    format!("Periodic reclaim failed to delete instance {}: {error}", server.id)
                });
            }
        }
    }
}
