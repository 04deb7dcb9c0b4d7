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
    /// Whether it runs, and so sends heartbeats. They are not sent one by one: a service that runs was just heard of.
    pub running: bool,
    /// The last heartbeat of a service that does not run; none when it never started.
    pub last_seen_up: Option<Timestamp>,
}

impl Service {
    /// Whether it is alive: not forced down, and heard of within `service_down_time`.
    pub fn is_up(&self, now: Timestamp, service_down_time: Duration) -> bool {
        let heard_of = self.last_seen_up.is_some_and(|seen| now.since(seen) <= service_down_time);
        !self.forced_down && (self.running || heard_of)
    }
}
