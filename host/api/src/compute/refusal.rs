//! Errors, as Nova words them (`nova/api/openstack/wsgi.py, Fault`).

use crate::answer::Answer;
use crate::placement::schema::Violation;
use conductor::ApiError;
use model::{NovaError, Server};
use serde_json::json;

/// A request that is refused: a status and a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    code: u16,
    message: String,
}

impl Refusal {
    pub(super) fn new(code: u16, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    pub(super) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, message)
    }

    pub(super) fn not_found(message: impl Into<String>) -> Self {
        Self::new(404, message)
    }

    /// What is said of a path, method or action that is not there.
    pub(super) fn no_resource() -> Self {
        Self::not_found("The resource could not be found.")
    }

    /// What is said of a server that is not there, or is somebody else's.
    pub(super) fn no_server(id: &str) -> Self {
        Self::not_found(format!("Instance {id} could not be found."))
    }

    /// What is said of an error of the work that a request began, when the answer waits for that work.
    pub(super) fn of_work(error: NovaError) -> Self {
        ApiError::from(error).into()
    }

    /// What is said of a server whose vm_state does not allow a method.
    pub(super) fn in_state(server: &Server, method: &str) -> Self {
        let message =
            format!("Cannot '{method}' instance {} while it is in vm_state {}", server.id, server.vm_state);
        Self::new(409, message)
    }

    pub(super) fn forbidden(rule: &str) -> Self {
        Self::new(403, format!("Policy doesn't allow {rule} to be performed."))
    }

    pub(super) fn unauthorized() -> Self {
        Self::new(401, "The request you have made requires authentication.")
    }

    /// A body that does not fit its schema.
    pub(super) fn of_body(violation: &Violation) -> Self {
        let reason = violation.message();
        Self::bad_request(match violation.field() {
            Some((name, value)) => {
                // A text is shown without the quotes that Python's repr gives it.
                let value = value.strip_prefix('\'').and_then(|v| v.strip_suffix('\'')).unwrap_or(value);
                format!("Invalid input for field/attribute {name}. Value: {value}. {reason}")
            }
            None => reason.to_owned(),
        })
    }

    /// What is said to the client.
    pub(super) fn message(&self) -> &str {
        &self.message
    }

    #[cfg(test)]
    pub(super) fn code(&self) -> u16 {
        self.code
    }

    pub(super) fn into_answer(self) -> Answer {
        let key = match self.code {
            400 => "badRequest",
            401 => "unauthorized",
            403 => "forbidden",
            404 => "itemNotFound",
            405 => "badMethod",
            409 => "conflictingRequest",
            413 | 429 => "overLimit",
            415 => "badMediaType",
            501 => "notImplemented",
            503 => "serviceUnavailable",
            _ => "computeFault",
        };
        let answer = Answer::json(self.code, json!({key: {"code": self.code, "message": self.message}}));
        if self.code == 401 { answer.with("www-authenticate", "Keystone uri=\"/identity\"") } else { answer }
    }
}

impl From<ApiError> for Refusal {
    fn from(error: ApiError) -> Self {
        Self { code: error.code, message: error.message }
    }
}
