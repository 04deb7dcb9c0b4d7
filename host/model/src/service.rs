//! Service records: which nova-compute runs where (`nova/objects/service.py`).

use crate::ids::HostName;
use crate::timestamp::Timestamp;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The record of a host's nova-compute service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// The host.
    pub host: HostName,
    /// An operator took it out of scheduling.
    pub disabled: bool,
    /// Why.
    pub disabled_reason: Option<String>,
    /// An operator declared it dead.
    pub forced_down: bool,
    /// The last heartbeat; none when it never started.
    pub last_seen_up: Option<Timestamp>,
}

impl Service {
    /// Whether it is alive: not forced down, and heard of within `service_down_time`.
    pub fn is_up(&self, now: Timestamp, service_down_time: Duration) -> bool {
        !self.forced_down && self.last_seen_up.is_some_and(|seen| now.since(seen) <= service_down_time)
    }
}
