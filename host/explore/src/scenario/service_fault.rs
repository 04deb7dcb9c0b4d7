//! Faults of the services beside the compute hosts: which call of the volume, network or image service fails, and how.

use compute::ServicePoint;
use model::{ExceptionClass, NovaError};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// A planned fault of a service. Calls are counted from the start of the run; a fault whose call has been made already, or
/// is never made, does not strike, which the report says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceFaultSpec {
    /// The call, as `SERVICE.CALL#N`; without a number it is the first.
    #[serde(serialize_with = "write_point", deserialize_with = "read_point")]
    pub at: ServicePoint,
    /// What it raises, by Nova's name of the exception.
    pub error: ExceptionClass,
    /// The exception's message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

fn write_point<S: Serializer>(point: &ServicePoint, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(point)
}

fn read_point<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ServicePoint, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
}

impl ServiceFaultSpec {
    /// What is raised.
    pub fn raised(&self) -> NovaError {
        let service = self.at.call.split('.').next().unwrap_or_default();
        let message = self.message.clone().unwrap_or_else(|| format!("the {service} service says no"));
        NovaError::new(self.error, message)
    }
}

impl fmt::Display for ServiceFaultSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} raises {}", self.at, self.error.name())
    }
}
