//! Deleting servers, at once or so that they can be brought back (`_delete`, `soft_delete`, `force_delete`, `restore`).

use super::{ApiError, ComputeApi, check_lock};
use crate::preconditions;
use compute::ExpectedTask;
use model::rpc::{Address, Method, RequestContext};
use model::{
    Bug, ExceptionClass, Fix, Migration, MigrationStatus, NovaError, PowerState, Server, ServerId, TaskState,
    VmState,
};
use serde_json::Value;

/// How a server is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum DeleteType {
    /// For good.
    Hard,
    /// Until it is restored or reclaimed.
    Soft,
}

impl DeleteType {
    fn task(self) -> TaskState {
        match self {
            DeleteType::Hard => TaskState::Deleting,
            DeleteType::Soft => TaskState::SoftDeleting,
        }
    }

    fn method(self) -> Method {
        match self {
            DeleteType::Hard => Method::TerminateInstance,
            DeleteType::Soft => Method::SoftDeleteInstance,
        }
    }
}

impl ComputeApi {
    /// Deletes a server (204). One in VERIFY_RESIZE is confirmed first; one without a host, or whose host is down, is
    /// deleted here. With `reclaim_instance_interval` a server that ran once is only soft-deleted.
    pub async fn delete(&self, id: ServerId) -> Result<(), ApiError> {
        self.call("delete", Some(id), Value::Null, 204, async {
            let reclaimed = !self.services.options.get().reclaim_instance_interval.is_zero();
            let launched = self.server(id)?.launched_at.is_some();
            let how = if reclaimed && launched { DeleteType::Soft } else { DeleteType::Hard };
            self.do_delete(id, how).await
        })
        .await
    }

    /// Deletes a server for good, also one that is soft-deleted (202).
    pub async fn force_delete(&self, id: ServerId) -> Result<(), ApiError> {
        self.call("forceDelete", Some(id), Value::Null, 202, self.do_delete(id, DeleteType::Hard)).await
    }

    /// Brings a soft-deleted server back (202).
    pub async fn restore(&self, id: ServerId) -> Result<(), ApiError> {
        self.call("restore", Some(id), Value::Null, 202, async {
            let context = self.context();
            let server = self.server(id)?;
            preconditions::RESTORE.check(&server)?;
            self.check_restore_quota(&server)?;
            self.records.start_action(id, &context.request, "restore");
            let task = server.host.is_some().then_some(TaskState::Restoring);
            let restored = &mut |server: &mut Server| {
                server.task_state = task;
                server.soft_deleted_at = None;
                if task.is_none() {
                    server.vm_state = VmState::Active;
                }
            };
            self.services.records.update_server(id, ExpectedTask::OneOf(&[None]), restored).await?;
            if let Some(host) = server.host {
                self.cast(&context, id, Address::Compute(host), Method::RestoreInstance);
            }
            Ok(())
        })
        .await
    }

    async fn do_delete(&self, id: ServerId, how: DeleteType) -> Result<(), ApiError> {
        let context = self.context();
        let server = self.server(id)?;
        check_lock(&context, &server)?;
        let keeps_things = matches!(server.vm_state, VmState::ShelvedOffloaded | VmState::Error);
        if server.host.is_none() && !keeps_things {
            return self.destroy_unplaced(id).await;
        }
        if let Some(shelved) = &server.shelved
            && matches!(server.vm_state, VmState::Shelved | VmState::ShelvedOffloaded)
            && let Some(image) = shelved.image
        {
            // An image that the image service does not delete is left behind.
            let _ = self.services.images.delete(image).await;
        }
        let now = self.services.clock.now();
        let deleting = &mut |server: &mut Server| {
            server.progress = 0;
            server.task_state = Some(how.task());
            if how == DeleteType::Soft {
                server.soft_deleted_at = Some(now);
            }
        };
        self.services.records.update_server(id, ExpectedTask::Any, deleting).await?;
        if server.vm_state == VmState::Resized {
            match self.confirm_resize_on_deleting(&context, &server, how).await {
                // Taken for a server that somebody else has deleted meanwhile.
                Err(error)
                    if error.is(ExceptionClass::InstanceNotFound)
                        && !self.services.switches.fixes(Fix::DeleteVerifyResize) =>
                {
                    return Ok(());
                }
                // The server is deleted where it is; what is left on the source is for its periodics.
                Err(_) if self.services.switches.fixes(Fix::DeleteVerifyResize) => {}
                confirmed => confirmed?,
            }
        }
        match server.host.filter(|host| self.is_up(host)) {
            Some(_) if matches!(server.task_state, Some(TaskState::Deleting | TaskState::SoftDeleting)) => {
                // Asked twice: the first request goes on.
                Ok(())
            }
            Some(host) => {
                self.records.start_action(id, &context.request, "delete");
                self.cast(&context, id, Address::Compute(host), how.method());
                Ok(())
            }
            None => {
                self.notify(id, "delete.start");
                let deleted = self.local_delete(id).await;
                self.notify(id, "delete.end");
                deleted?;
                self.records.start_action(id, &context.request, "delete");
                Ok(())
            }
        }
    }

    /// Deletes a server at once that is on no host yet, or on none any more as it is to be built on another.
    async fn destroy_unplaced(&self, id: ServerId) -> Result<(), ApiError> {
        self.release_volumes(id).await;
        self.notify(id, "delete.start");
        let destroyed = self.services.records.delete_server(id).await;
        self.notify(id, "delete.end");
        destroyed?;
        self.services.report_client.delete_allocations(&Address::Api, id.into());
        Ok(())
    }

    /// Deletes a server that no compute can delete now, for good whatever was asked. A network service that refuses to take its
    /// ports keeps it from being deleted.
    async fn local_delete(&self, id: ServerId) -> Result<(), ApiError> {
        self.services.give_ports_back(id).await?;
        let never_placed = self.services.records.server(id).is_ok_and(|server| server.launched_at.is_none());
        if !(never_placed && self.services.switches.has(Bug::Bug1404867)) {
            self.release_volumes(id).await;
        }
        // Without this only the start of the host's service would free its room.
        if !self.services.switches.has(Bug::Bug1679750) {
            self.services.report_client.delete_allocations(&Address::Api, id.into());
        }
        let deleted = &mut |server: &mut Server| {
            server.vm_state = VmState::Deleted;
            server.task_state = None;
            server.power_state = PowerState::NoState;
        };
        self.services.records.update_server(id, ExpectedTask::Any, deleted).await?;
        self.services.records.delete_server(id).await?;
        Ok(())
    }

    /// Lets the volumes of a server go, and deletes those that go with it. As in Nova, a volume service that refuses does not
    /// keep the server from being deleted.
    async fn release_volumes(&self, id: ServerId) {
        let Ok(server) = self.services.records.server(id) else { return };
        if server.block_devices.is_empty() {
            return;
        }
        for device in &server.block_devices {
            if let Some(attachment) = device.attachment {
                let _ = self.services.volumes.attachment_delete(attachment).await;
            }
            if device.delete_on_termination {
                let _ = self.services.volumes.delete(device.volume).await;
            }
        }
        let forget = &mut |server: &mut Server| server.block_devices.clear();
        let _ = self.services.records.update_server(id, ExpectedTask::Any, forget).await;
    }

    /// The move that waits to be confirmed, or else the one that is being confirmed.
    fn unconfirmed_migration(&self, server: ServerId) -> Option<Migration> {
        let confirming = || self.last_migration_in(server, MigrationStatus::Confirming);
        self.finished_migration(server).or_else(confirming)
    }

    /// Confirms the resize of a server that is to be deleted, and waits for it.
    async fn confirm_resize_on_deleting(
        &self,
        context: &RequestContext,
        server: &Server,
        how: DeleteType,
    ) -> Result<(), NovaError> {
        let Some(migration) = self.unconfirmed_migration(server.id) else { return Ok(()) };
        self.records.start_action(server.id, &context.request, "confirmResize");
        let method = Method::ConfirmResize { migration: migration.id };
        self.ask(context, server.id, migration.source_compute, method).await?;
        if how == DeleteType::Soft {
            // The confirmation has taken the task away, which the host expects.
            let again = &mut |server: &mut Server| server.task_state = Some(how.task());
            self.services.records.update_server(server.id, ExpectedTask::Any, again).await?;
        }
        Ok(())
    }
}
