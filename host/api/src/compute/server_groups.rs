//! Server groups (`nova/api/openstack/compute/server_groups.py`).

use super::body;
use super::call::Call;
use super::refusal::Refusal;
use crate::answer::Answer;
use crate::caller::Access;
use conductor::CreateServerGroup;
use model::{GroupPolicy, ServerGroup, ServerGroupId};
use serde_json::{Value, json};

fn rule(what: &str) -> String {
    format!("os_compute_api:os-server-groups:{what}")
}

fn view(call: &Call<'_>, group: &ServerGroup) -> Value {
    let mut shown = json!({"id": group.id, "name": group.name, "members": group.members});
    if call.version.since(64) {
        shown["policy"] = json!(group.policy.as_str());
        shown["rules"] =
            group.max_server_per_host.map_or_else(|| json!({}), |most| json!({"max_server_per_host": most}));
    } else {
        shown["policies"] = json!([group.policy.as_str()]);
        shown["metadata"] = json!({});
    }
    if call.version.since(13) {
        shown["project_id"] = json!(group.project_id);
        shown["user_id"] = json!(group.user_id);
    }
    shown
}

pub(super) fn list(call: &Call<'_>) -> Result<Answer, Refusal> {
    call.require(Access::Reader, &rule("index"))?;
    let groups = call.api.server_groups(call.ask.query.get("all_projects").is_some());
    let offset = call.ask.query.get("offset").and_then(|text| text.parse().ok()).unwrap_or(0);
    let page = groups.iter().skip(offset).take(call.limit()?.unwrap_or(1_000));
    let shown: Vec<Value> = page.map(|group| view(call, group)).collect();
    Ok(Answer::json(200, json!({"server_groups": shown})))
}

fn parse(id: &str) -> Result<ServerGroupId, Refusal> {
    id.parse().map_err(|_| Refusal::not_found(format!("Instance group {id} could not be found.")))
}

pub(super) fn show(call: &Call<'_>, id: &str) -> Result<Answer, Refusal> {
    let group = call.api.server_group(parse(id)?)?;
    call.require(Access::Reader, &rule("show"))?;
    Ok(Answer::json(200, json!({"server_group": view(call, &group)})))
}

pub(super) async fn create(call: &Call<'_>) -> Result<Answer, Refusal> {
    let names: &[&str] = if call.version.since(15) {
        &["anti-affinity", "affinity", "soft-anti-affinity", "soft-affinity"]
    } else {
        &["anti-affinity", "affinity"]
    };
    let policy = json!({"type": "string", "enum": names});
    let schema = if call.version.since(64) {
        let rules = body::object(json!({"max_server_per_host": body::number(1)}), &[]);
        body::object(json!({"name": body::name(), "policy": policy, "rules": rules}), &["name", "policy"])
    } else {
        let policies = json!({"type": "array", "items": policy, "minItems": 1, "maxItems": 1});
        body::object(json!({"name": body::name(), "policies": policies}), &["name", "policies"])
    };
    let given = body::checked(call, body::object(json!({"server_group": schema}), &["server_group"]))?;
    let given = &given["server_group"];
    call.require(Access::Member, &rule("create"))?;
    let named = given["policy"].as_str().or(given["policies"][0].as_str()).unwrap_or_default();
    let policy = GroupPolicy::ALL.iter().copied().find(|policy| policy.as_str() == named);
    let policy = policy.ok_or_else(|| Refusal::bad_request(format!("there is no policy {named}")))?;
    let most = body::whole(&given["rules"]["max_server_per_host"]).and_then(|most| u32::try_from(most).ok());
    let request = CreateServerGroup {
        name: given["name"].as_str().unwrap_or_default().trim().to_owned(),
        policy,
        max_server_per_host: most,
    };
    let group = call.api.create_server_group(request).await?;
    Ok(Answer::json(200, json!({"server_group": view(call, &group)})))
}

pub(super) async fn delete(call: &Call<'_>, id: &str) -> Result<Answer, Refusal> {
    let id = parse(id)?;
    call.api.server_group(id)?;
    call.require(Access::Member, &rule("delete"))?;
    call.api.delete_server_group(id).await?;
    Ok(Answer::empty(204))
}
