//! Server groups (`nova/api/openstack/compute/server_groups.py`), and which one a request for servers names
//! (`nova/compute/api.py, _get_requested_instance_group`).

use super::{ApiError, ComputeApi, CreateServer};
use model::rpc::RequestContext;
use model::{ExceptionClass, GroupPolicy, NovaError, ServerGroup, ServerGroupId};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// What a user says of a server group to be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateServerGroup {
    /// Its name.
    pub name: String,
    /// How its members are to be spread.
    pub policy: GroupPolicy,
    /// How many members may share a host; only anti-affinity has this rule.
    #[serde(default)]
    pub max_server_per_host: Option<u32>,
}

impl ComputeApi {
    /// Makes a server group (200). A project may have so many of them.
    pub async fn create_server_group(&self, request: CreateServerGroup) -> Result<ServerGroup, ApiError> {
        self.call("os-server-groups", None, json!(request), 200, async {
            let context = self.context();
            if request.max_server_per_host.is_some() && request.policy != GroupPolicy::AntiAffinity {
                let message = "Only anti-affinity policy supports rules.".to_owned();
                return Err(ApiError { code: 400, message });
            }
            if request.max_server_per_host == Some(0) {
                let message = "max_server_per_host must be a positive number".to_owned();
                return Err(ApiError { code: 400, message });
            }
            self.check_groups_quota(&context)?;
            let group = ServerGroup {
                id: ServerGroupId(self.services.random.uuid()),
                name: request.name,
                project_id: context.project_id,
                user_id: context.user_id,
                policy: request.policy,
                max_server_per_host: request.max_server_per_host,
                members: Vec::new(),
            };
            self.records.create_server_group(group.clone());
            Ok(group)
        })
        .await
    }

    /// A server group of the caller's project, or of any for an administrator (200).
    pub fn server_group(&self, id: ServerGroupId) -> Result<ServerGroup, ApiError> {
        let context = self.context();
        self.visible_group(&context, id).ok_or_else(|| ApiError { code: 404, message: not_found(id) })
    }

    /// The server groups of the caller's project, oldest first; those of all projects for an administrator who asks for
    /// them (200).
    pub fn server_groups(&self, all_projects: bool) -> Vec<ServerGroup> {
        let context = self.context();
        let mut groups = self.records.server_groups();
        if !(all_projects && context.is_admin) {
            groups.retain(|group| group.project_id == context.project_id);
        }
        groups
    }

    /// Deletes a server group, also one that has members; they are in none then (204).
    pub async fn delete_server_group(&self, id: ServerGroupId) -> Result<(), ApiError> {
        self.call("delete os-server-groups", None, json!({"id": id}), 204, async {
            self.server_group(id)?;
            self.records.remove_server_group(id);
            Ok(())
        })
        .await
    }

    /// The group that the hint `group` of a request names: one of the caller's own project.
    pub(super) fn requested_group(
        &self,
        context: &RequestContext,
        request: &CreateServer,
    ) -> Result<Option<ServerGroup>, ApiError> {
        let Some(hint) = request.scheduler_hints.get("group").and_then(|values| values.first()) else {
            return Ok(None);
        };
        let Ok(id) = hint.parse::<ServerGroupId>() else {
            let message = "Invalid input received: Server group scheduler hint must be a UUID.";
            return Err(NovaError::new(ExceptionClass::InvalidInput, message).into());
        };
        let own = |group: &ServerGroup| group.project_id == context.project_id;
        let found = self.records.server_group(id).filter(own);
        found.map(Some).ok_or_else(|| ApiError { code: 400, message: not_found(id) })
    }

    fn visible_group(&self, context: &RequestContext, id: ServerGroupId) -> Option<ServerGroup> {
        let visible = |group: &ServerGroup| context.is_admin || group.project_id == context.project_id;
        self.records.server_group(id).filter(visible)
    }
}

fn not_found(id: ServerGroupId) -> String {
    format!("Instance group {id} could not be found.")
}
