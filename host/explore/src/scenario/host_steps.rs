//! What a scenario says of compute hosts: which of their periodic tasks they run.

use compute::PeriodicTask;
use model::HostName;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// Runs a periodic task, on one host or on every one whose service runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunPeriodic {
    /// The task.
    pub task: Periodic,
    /// The host; all if none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<HostName>,
}

/// A periodic task that a step names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Periodic {
    /// The resource update.
    UpdateAvailableResource,
    /// One of those that look after servers.
    Task(PeriodicTask),
}

const UPDATE_AVAILABLE_RESOURCE: &str = "update_available_resource";

impl Periodic {
    fn as_str(self) -> &'static str {
        match self {
            Periodic::UpdateAvailableResource => UPDATE_AVAILABLE_RESOURCE,
            Periodic::Task(task) => task.as_str(),
        }
    }
}

impl fmt::Display for Periodic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Periodic {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Periodic {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        if name == UPDATE_AVAILABLE_RESOURCE {
            return Ok(Periodic::UpdateAvailableResource);
        }
        let known = PeriodicTask::ALL.iter().copied();
        known.clone().find(|task| task.as_str() == name).map(Periodic::Task).ok_or_else(|| {
            let names: Vec<&str> = known.map(PeriodicTask::as_str).collect();
            D::Error::custom(format!(
                "there is no periodic task `{name}`, expected one of {UPDATE_AVAILABLE_RESOURCE}, {}",
                names.join(", ")
            ))
        })
    }
}
