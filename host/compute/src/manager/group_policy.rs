//! The late check of server groups: requests that were scheduled at the same time did not see each other's servers, so the
//! host on which one arrives looks again (`_validate_instance_group_policy`).

use super::ComputeManager;
use model::{ExceptionClass, GroupPolicy, MigrationStatus, NovaError, ServerId};
use std::collections::BTreeSet;

impl ComputeManager {
    /// Refuses a server whose group does not allow it here, with `GroupAffinityViolation`. Members on this host count, and
    /// those that are moving to it or from it.
    pub(super) async fn validate_instance_group_policy(&self, id: ServerId) -> Result<(), NovaError> {
        if self.services.options.get().disable_group_policy_check_upcall {
            return Ok(());
        }
        let records = &self.services.records;
        let Some(group) = records.server_group_of(id) else { return Ok(()) };
        if group.policy == GroupPolicy::AntiAffinity {
            // For the node whose migrations count; a driver that cannot name it fails the operation.
            self.driver.get_available_nodes(false).await?;
        }
        let moving = records.migrations_in_progress_or_error(&self.host);
        let moving = moving.iter().filter(|migration| migration.status != MigrationStatus::Error);
        let here: BTreeSet<ServerId> = moving
            .map(|migration| migration.server)
            .chain(records.servers_on(&self.host).iter().map(|server| server.id))
            .collect();
        let group = group.for_scheduler(records.hosts_of_group(&group, Some(id)));
        scheduler::check_group_on_host(&group, id, &self.host, &here).map_err(|violation| {
            NovaError::new(ExceptionClass::GroupAffinityViolation, violation.to_string())
        })
    }
}
