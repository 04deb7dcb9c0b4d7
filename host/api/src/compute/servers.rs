//! Showing, changing and deleting one server (`nova/api/openstack/compute/servers.py`).

use super::call::Call;
use super::refusal::Refusal;
use super::{body, server_view};
use crate::answer::Answer;
use crate::caller::Access;
use compute::ExpectedTask;
use serde_json::{Value, json};

pub(super) fn show(call: &Call<'_>, id: &str) -> Result<Answer, Refusal> {
    let server = call.server(id)?;
    call.require(Access::Reader, "os_compute_api:servers:show")?;
    let shown = server_view::full(call, &server, false);
    Ok(Answer::json(200, json!({"server": server_view::alone(call, shown)})))
}

pub(super) async fn delete(call: &Call<'_>, id: &str) -> Result<Answer, Refusal> {
    let server = call.server(id)?;
    call.require(Access::Member, "os_compute_api:servers:delete")?;
    call.api.delete(server.id).await?;
    Ok(Answer::empty(204))
}

/// A description: text or null.
pub(super) fn description() -> Value {
    // Printable characters only.
    json!({"type": ["string", "null"], "maxLength": 255, "pattern": r"^[^\p{C}\p{Zl}\p{Zp}]*$"})
}

/// The name a guest is told.
pub(super) fn hostname(call: &Call<'_>) -> Value {
    if call.version.since(94) {
        return json!({"type": ["string", "null"], "minLength": 1, "maxLength": 255, "pattern": "^[a-zA-Z0-9-._]*$"});
    }
    json!({"type": ["string", "null"], "minLength": 2, "maxLength": 63, "pattern": "^[a-zA-Z0-9]+[a-zA-Z0-9-]*[a-zA-Z0-9]+$"})
}

pub(super) async fn update(call: &Call<'_>, id: &str) -> Result<Answer, Refusal> {
    let mut properties = json!({
        "name": body::name(),
        "accessIPv4": {"type": "string"},
        "accessIPv6": {"type": "string"},
        "OS-DCF:diskConfig": {"type": "string", "enum": ["AUTO", "MANUAL"]},
    });
    if call.version.since(19) {
        properties["description"] = description();
    }
    if call.version.since(90) {
        properties["hostname"] = hostname(call);
    }
    let given =
        body::checked(call, body::object(json!({"server": body::object(properties, &[])}), &["server"]))?;
    let given = &given["server"];
    let server = call.server(id)?;
    call.require(Access::Member, "os_compute_api:servers:update")?;
    let now = call.world.now();
    let text = |key: &str| given[key].as_str().map(str::to_owned);
    call.cloud.records().label_server(server.id, |labels| {
        labels.updated_at = Some(now);
        if given.get("description").is_some() {
            labels.description = text("description");
        }
        labels.hostname = text("hostname").or(labels.hostname.take());
        labels.access_ip_v4 = text("accessIPv4").unwrap_or_else(|| labels.access_ip_v4.clone());
        labels.access_ip_v6 = text("accessIPv6").unwrap_or_else(|| labels.access_ip_v6.clone());
    });
    let records = &call.cloud.services().records;
    let changed = records
        .update_server(server.id, ExpectedTask::Any, &mut |server| {
            server.name = text("name").unwrap_or_else(|| server.name.clone());
        })
        .await
        .map_err(|_| Refusal::not_found("Instance could not be found"))?;
    let shown = server_view::full(call, &changed, !call.version.since(75));
    Ok(Answer::json(200, json!({"server": server_view::alone(call, shown)})))
}
