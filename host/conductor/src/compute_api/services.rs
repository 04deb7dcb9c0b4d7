//! Taking compute services into scheduling and out of it (`nova/compute/api.py, HostAPI.service_update`).

use super::{ApiError, ComputeApi};
use model::rpc::Method;
use model::{HostName, NotificationPriority, ServerId};
use serde_json::json;

impl ComputeApi {
    /// Takes a service out of scheduling, for a reason, or back into it (200). When it is up, its host changes the status of
    /// its provider in placement at once; else it does so when it starts. What goes wrong there does not fail the request.
    pub async fn set_service_disabled(
        &self,
        host: &HostName,
        disabled: bool,
        reason: Option<String>,
    ) -> Result<(), ApiError> {
        let body = json!({"host": host, "disabled": disabled, "disabled_reason": reason});
        self.call("os-services", None, body, 200, async {
            let Some(service) = self.records.services().into_iter().find(|known| &known.host == host) else {
                let message = format!("Host '{host}' is not mapped to any cell");
                return Err(ApiError { code: 404, message });
            };
            self.records.update_service(host, |service| {
                service.disabled = disabled;
                service.disabled_reason = reason.filter(|_| disabled);
            });
            let publisher = format!("nova-compute:{host}");
            self.services.notifier.emit(&publisher, "service.update", NotificationPriority::Info, None);
            if service.disabled != disabled && self.is_up(host) {
                let (context, nobody) = (self.context(), ServerId(uuid::Uuid::nil()));
                let method = Method::SetHostEnabled { enabled: !disabled };
                // The service's own resource update sets right what fails here.
                let _ = self.ask(&context, nobody, host.clone(), method).await;
            }
            Ok(())
        })
        .await
    }
}
