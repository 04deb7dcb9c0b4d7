//! Setting the administrator's password in a guest (`set_admin_password`).

use super::ComputeManager;
use super::operation::Operation;
use crate::virt_types;
use model::rpc::RequestContext;
use model::{ExceptionClass, NovaError, PowerState, ServerId, TaskState};

impl ComputeManager {
    /// Sets the password; the caller waits for the outcome. The server stays as it was in any case. What the driver
    /// says is not passed on, since it might tell the password, unless it says that it cannot do this at all.
    pub(super) async fn set_admin_password(
        &self,
        context: &RequestContext,
        id: ServerId,
        new_pass: String,
    ) -> Result<(), NovaError> {
        self.run(Operation::new(context, id, "compute_set_admin_password"), async {
            let server = self.services.records.server(id)?;
            if self.power_state(&server).await? != PowerState::Running {
                self.end_password_update(id).await?;
                return Err(failed(id, &format!("instance {id} is not running")));
            }
            let set = self.driver.set_admin_password(virt_types::instance(&server), new_pass).await;
            let Err(error) = set.map_err(NovaError::from) else {
                return self.end_password_update(id).await;
            };
            match error.class {
                ExceptionClass::InstanceAgentNotEnabled
                | ExceptionClass::SetAdminPasswdNotSupported
                | ExceptionClass::NotImplementedError => {
                    self.end_password_update(id).await?;
                    Err(error)
                }
                _ if error.is_preempted() => Err(error),
                _ => Err(failed(id, "error setting admin password")),
            }
        })
        .await
    }

    async fn end_password_update(&self, id: ServerId) -> Result<(), NovaError> {
        let expected: &'static [_] = &[Some(TaskState::UpdatingPassword)];
        self.save_expecting(id, expected, |server| server.task_state = None).await.map(drop)
    }
}

fn failed(id: ServerId, reason: &str) -> NovaError {
    NovaError::new(
        ExceptionClass::InstancePasswordSetFailed,
        format!("Failed to set admin password on {id} because {reason}"),
    )
}
