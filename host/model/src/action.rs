//! Instance actions: what users asked for and how each step of it went (`nova/objects/instance_action.py`).

use crate::exception::ExceptionClass;
use crate::ids::{HostName, RequestId, ServerId};
use crate::timestamp::Timestamp;
use serde::{Deserialize, Serialize};

/// What a user asked of a server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Action {
    /// The server.
    pub server: ServerId,
    /// The request it came with.
    pub request: RequestId,
    /// Nova's name of the action, such as `resize` or `confirmResize`.
    pub action: String,
    /// When it was asked for.
    pub start: Timestamp,
    /// `Error` once one of its events failed.
    pub message: Option<String>,
    /// Its steps, in the order they began.
    pub events: Vec<ActionEvent>,
}

/// One step of an action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionEvent {
    /// Nova's name of the step, such as `compute_finish_resize`.
    pub event: String,
    /// Who ran it: a compute host, or `conductor`.
    pub host: HostName,
    /// When it began.
    pub start: Timestamp,
    /// When it ended.
    pub finish: Option<Timestamp>,
    /// How it ended; none while it runs.
    pub result: Option<EventResult>,
    /// The error's message when it failed.
    pub details: Option<String>,
    /// The class of the error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_class: Option<ExceptionClass>,
}

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EventResult {
    /// It returned.
    Success,
    /// It raised.
    Error,
}
