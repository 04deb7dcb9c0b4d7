//! Faults of the state of record: the write at which a service dies.

use super::fault::{before, is_before};
use compute::WritePoint;
use model::HostName;
use serde::{Deserialize, Serialize};
use std::fmt;
use virt::When;

/// A planned death of a service at one of its writes to the state of record. Writes are counted from the start of the run; a
/// fault whose write has been made already, or never is, does not strike, which the report says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WriteFaultSpec {
    /// The write, as `SERVICE:records.WRITE#N`: `compute.host2:records.update_server#3`, `conductor:records.start_event#1`.
    pub at: WritePoint,
    /// What happens there.
    pub fault: WriteFault,
    /// Whether the write is made before.
    #[serde(default = "before", skip_serializing_if = "is_before")]
    pub when: When,
}

/// What happens at a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WriteFault {
    /// The service that writes dies. A host stays away until it is started again; the conductor is there again at once.
    Crash,
}

impl WriteFaultSpec {
    /// The host that dies, if it is one.
    pub(crate) fn host(&self) -> Option<&HostName> {
        self.at.writer.host()
    }
}

impl fmt::Display for WriteFaultSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let when = match self.when {
            When::Before => "before",
            When::After => "after",
        };
        write!(f, "{} dies right {when} {}#{}", self.at.writer, self.at.write, self.at.n)
    }
}
