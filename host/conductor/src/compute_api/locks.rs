//! What changes a server's record and nothing else: locking, unlocking, resetting its state (`lock`, `unlock`,
//! `os-resetState`).

use super::{ApiError, ComputeApi};
use compute::ExpectedTask;
use model::{HostName, Server, ServerId, VmState};
use serde_json::{Value, json};

/// Whom the API's own steps of an action name as their host.
const API_HOST: &str = "api";

impl ComputeApi {
    /// Locks a server, so that only administrators may act on it (202).
    pub async fn lock(&self, id: ServerId) -> Result<(), ApiError> {
        self.set_locked(id, true).await
    }

    /// Unlocks a server (202).
    pub async fn unlock(&self, id: ServerId) -> Result<(), ApiError> {
        self.set_locked(id, false).await
    }

    async fn set_locked(&self, id: ServerId, locked: bool) -> Result<(), ApiError> {
        let action = if locked { "lock" } else { "unlock" };
        self.call(action, Some(id), Value::Null, 202, async {
            let context = self.context();
            self.server(id)?;
            self.records.start_action(id, &context.request, action);
            let (records, event, host) =
                (&self.services.records, format!("api_{action}"), HostName::from(API_HOST));
            records.start_event(id, &context.request, &event, &host).await;
            let change = &mut |server: &mut Server| server.locked = locked;
            let changed = records.update_server(id, ExpectedTask::Any, change).await;
            records.finish_event(id, &context.request, &event, changed.as_ref().err()).await;
            changed?;
            self.notify(id, action);
            Ok(())
        })
        .await
    }

    /// Says that a server is ACTIVE, or that it is in ERROR, and that nothing is being done to it (202). Nothing else
    /// changes: not its host, not what it holds.
    pub async fn reset_state(&self, id: ServerId, active: bool) -> Result<(), ApiError> {
        let vm_state = if active { VmState::Active } else { VmState::Error };
        self.call("os-resetState", Some(id), json!({"state": vm_state}), 202, async {
            let context = self.context();
            self.server(id)?;
            self.records.start_action(id, &context.request, "resetState");
            let reset = &mut |server: &mut Server| {
                server.vm_state = vm_state;
                server.task_state = None;
            };
            self.services.records.update_server(id, ExpectedTask::Any, reset).await?;
            Ok(())
        })
        .await
    }
}
