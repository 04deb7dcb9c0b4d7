//! Faults of the message bus: which delivery is lost, late, doubled, or the death of whoever takes it.

use model::HostName;
use runtime::{MessageFault, MessagePoint};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A planned fault of a message. Deliveries are counted from the start of the run; a fault whose message has been delivered
/// already, or never is, does not strike, which the report says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MessageFaultSpec {
    /// The delivery, as `SERVICE:METHOD#N`: `conductor:migrate_server#1`, `compute.host2:prep_resize#1`.
    pub at: MessagePoint,
    /// What becomes of it: `lost`, `twice`, `late`, or `crash`: whoever takes it dies with it.
    pub fault: MessageFault,
}

impl MessageFaultSpec {
    /// The host it is for, if it is for one.
    pub(crate) fn host(&self) -> Option<&HostName> {
        self.at.to.host()
    }
}

impl fmt::Display for MessageFaultSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the message {} {}", self.at, self.fault)
    }
}
