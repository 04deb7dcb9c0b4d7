//! Taking a host into scheduling or out of it (`set_host_enabled`).

use super::ComputeManager;
use crate::instance_events::set_provider_status;
use model::{ExceptionClass, NovaError};

impl ComputeManager {
    /// Gives the node's provider the trait that keeps it from being asked for, or takes it away, and tells the driver. When
    /// placement refuses, the next resource update sets it right.
    pub(super) async fn set_host_enabled(&self, enabled: bool) -> Result<(), NovaError> {
        if let Some(node) = self.tracker.node()
            && let Err(error) = set_provider_status(&self.services, &self.address, node.id, enabled)
        {
            self.log("warning", || format!("Cannot set the status of {} in placement: {error}", node.id));
        }
        match self.driver.set_host_enabled(enabled).await.map_err(NovaError::from) {
            Err(error) if !error.is(ExceptionClass::NotImplementedError) => Err(error),
            _ => Ok(()),
        }
    }
}
