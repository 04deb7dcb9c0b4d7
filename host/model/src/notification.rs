//! Versioned notifications (`nova/notifications/`).

use crate::exception::NovaError;
use crate::ids::ServerId;
use crate::timestamp::Timestamp;
use serde::{Deserialize, Serialize};
use std::rc::Rc;

/// One notification on the topic `versioned_notifications`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notification {
    /// `<object>.<action>[.<phase>]`.
    pub event_type: String,
    /// How urgent.
    pub priority: NotificationPriority,
    /// `<service>:<host>`.
    pub publisher_id: String,
    /// When it was sent.
    pub timestamp: Timestamp,
    /// The server it is about.
    pub server: Option<ServerId>,
    /// The error it tells of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<NovaError>,
    /// What else it is about, by the name Nova's payload has for it: `volume_id`, `snapshot_image_id`, `new_flavor`, ….
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub about: Vec<(String, String)>,
    /// What the server was like when it was sent, if somebody wrote that down: a JSON document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload: Option<Rc<str>>,
}

/// How urgent a notification is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum NotificationPriority {
    /// Something happened.
    #[serde(rename = "INFO")]
    Info,
    /// Something failed.
    #[serde(rename = "ERROR")]
    Error,
}
