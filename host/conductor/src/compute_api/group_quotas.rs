//! How many server groups a project may have, and how many servers of one user a group (`nova/quota.py`).

use super::{ApiError, ComputeApi};
use model::rpc::RequestContext;
use model::{ExceptionClass, NovaError, Server, ServerGroup};

fn limit(option: i64) -> Option<u64> {
    u64::try_from(option).ok()
}

impl ComputeApi {
    /// Refuses servers beyond those a user may have in one group.
    pub(super) fn check_group_members_quota(
        &self,
        context: &RequestContext,
        group: Option<&ServerGroup>,
        number: u32,
    ) -> Result<(), ApiError> {
        let Some((group, limit)) = group.zip(limit(self.services.options.get().server_group_members)) else {
            return Ok(());
        };
        let is_own = |server: &Server| server.user_id == context.user_id;
        let members = group.members.iter().filter_map(|member| self.services.records.server(*member).ok());
        if members.filter(is_own).count() as u64 + u64::from(number) <= limit {
            return Ok(());
        }
        let message = "Quota exceeded, too many servers in group";
        Err(NovaError::new(ExceptionClass::OverQuota, message).into())
    }

    /// Refuses a server group beyond those a project may have.
    pub(super) fn check_groups_quota(&self, context: &RequestContext) -> Result<(), ApiError> {
        let Some(limit) = limit(self.services.options.get().server_groups) else { return Ok(()) };
        let groups = self.records.server_groups();
        let own = groups.iter().filter(|group| group.project_id == context.project_id);
        if (own.count() as u64) < limit {
            return Ok(());
        }
        let message = "Quota exceeded, too many server groups.";
        Err(NovaError::new(ExceptionClass::OverQuota, message).into())
    }
}
