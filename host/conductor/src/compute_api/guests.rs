//! What is asked of a running guest through its compute: its password, its console, its numbers; and what happened to it
//! outside.

use super::{ApiError, ComputeApi, check_lock, host_of};
use crate::preconditions;
use model::rpc::{Address, ExternalEvent, Method, POWER_UPDATE, PowerUpdate};
use model::{ExceptionClass, NovaError, ServerId, TaskState};
use serde_json::{Value, json};

impl ComputeApi {
    /// Sets the administrator's password in a server's guest (202), and waits for it.
    pub async fn change_password(&self, id: ServerId, password: Option<String>) -> Result<(), ApiError> {
        self.call("changePassword", Some(id), Value::Null, 202, async {
            let context = self.context();
            let (server, host) = self.begin(&context, id, &preconditions::CHANGE_PASSWORD)?;
            let new_pass = password.unwrap_or_else(|| self.make_password());
            self.set_task(&server, TaskState::UpdatingPassword).await?;
            self.records.start_action(id, &context.request, "changePassword");
            let answer = self.ask(&context, id, host, Method::SetAdminPassword { new_pass }).await;
            answer.map(drop).map_err(|error| match error.class {
                // Their own code says that the request was wrong; the API says that it conflicts.
                ExceptionClass::SetAdminPasswdNotSupported | ExceptionClass::InstanceAgentNotEnabled => {
                    ApiError { code: 409, message: error.message }
                }
                _ => not_implemented(error, "Unable to set password on instance"),
            })
        })
        .await
    }

    /// What a server's guest wrote to its console (200): the last `length` lines, or all of it.
    pub async fn console_output(&self, id: ServerId, length: Option<i64>) -> Result<String, ApiError> {
        self.call("os-getConsoleOutput", Some(id), json!({"length": length}), 200, async {
            let context = self.context();
            let host = host_of(&self.server(id)?)?;
            let method = Method::GetConsoleOutput { tail_length: length };
            match self.ask(&context, id, host, method).await {
                Ok(answer) => Ok(answer.into_text()?),
                Err(error) => Err(not_implemented(error, NOT_SUPPORTED)),
            }
        })
        .await
    }

    /// Numbers about a server's guest (200): in the form common to all drivers, or as its driver names them (up to API
    /// version 2.47).
    pub async fn diagnostics(&self, id: ServerId, common_form: bool) -> Result<Value, ApiError> {
        self.call("diagnostics", Some(id), Value::Null, 200, async {
            let context = self.context();
            let host = host_of(&self.server(id)?)?;
            let method = if common_form { Method::GetInstanceDiagnostics } else { Method::GetDiagnostics };
            match self.ask(&context, id, host, method).await {
                Ok(answer) => Ok(answer.into_value()?),
                Err(error) => Err(not_implemented(error, NOT_SUPPORTED)),
            }
        })
        .await
    }

    /// Writes the addresses of a server's interfaces into its guest (202).
    pub async fn inject_network_info(&self, id: ServerId) -> Result<(), ApiError> {
        self.call("injectNetworkInfo", Some(id), Value::Null, 202, async {
            let context = self.context();
            let server = self.server(id)?;
            check_lock(&context, &server)?;
            let host = host_of(&server)?;
            self.cast(&context, id, Address::Compute(host), Method::InjectNetworkInfo);
            Ok(())
        })
        .await
    }

    /// Tells a server's compute that something happened outside (202, `os-server-external-events`).
    pub async fn external_event(&self, id: ServerId, event: ExternalEvent) -> Result<(), ApiError> {
        self.call("os-server-external-events", Some(id), json!(event), 202, async {
            let context = self.context();
            let host = host_of(&self.server(id)?)?;
            if event.name == POWER_UPDATE {
                // What is no power state is not passed on.
                let Some(power) = PowerUpdate::of(&event) else { return Ok(()) };
                self.records.start_action(id, &context.request, power.action());
            }
            self.cast(&context, id, Address::Compute(host), Method::ExternalInstanceEvent { event });
            Ok(())
        })
        .await
    }
}

/// What the API says of a function the driver does not offer.
const NOT_SUPPORTED: &str = "The requested functionality is not supported.";

/// The refusal for an error of the driver: 501 with `message` when it does not offer the function.
fn not_implemented(error: NovaError, message: &str) -> ApiError {
    match error.class {
        ExceptionClass::NotImplementedError => ApiError { code: 501, message: message.to_owned() },
        _ => error.into(),
    }
}
