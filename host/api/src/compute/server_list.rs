//! Lists of servers (`nova/api/openstack/compute/servers.py, _get_servers`).

use super::call::Call;
use super::refusal::Refusal;
use super::server_view;
use crate::answer::Answer;
use crate::caller::Access;
use model::{Server, ServerStatus};
use regex::Regex;
use serde_json::{Value, json};
use std::cmp::Reverse;

pub(super) fn list(call: &Call<'_>, detail: bool) -> Result<Answer, Refusal> {
    let rule = if detail { "detail" } else { "index" };
    call.require(Access::Reader, &format!("os_compute_api:servers:{rule}"))?;
    let query = &call.ask.query;
    let truth = |key: &str| {
        query
            .get(key)
            .is_some_and(|v| !matches!(v.to_lowercase().as_str(), "0" | "false" | "f" | "no" | "n" | "off"))
    };
    let all_tenants = truth("all_tenants") || truth("all_projects");
    if all_tenants {
        call.require(Access::Admin, &format!("os_compute_api:servers:{rule}:get_all_tenants"))?;
    }
    let deleted = call.requester.is_admin && truth("deleted");
    let mut servers = match deleted {
        true => call.cloud.records().servers_even_deleted().into_iter().filter(Server::deleted).collect(),
        false => call.cloud.records().servers(),
    };
    servers.retain(|server| all_tenants || server.project_id == call.requester.project);
    for (key, value) in query.pairs() {
        filter(call, &mut servers, key, value, all_tenants)?;
    }
    // The newest first.
    servers.sort_by_key(|server| Reverse((server.created_at, server.number)));
    if let Some(marker) = query.get("marker") {
        let at = servers.iter().position(|server| server.id.to_string() == marker);
        let at = at.ok_or_else(|| Refusal::bad_request(format!("marker [{marker}] not found")))?;
        servers.drain(..=at);
    }
    let limit = call.limit()?;
    servers.truncate(limit.unwrap_or(1_000));
    let view = |server: &Server| match detail {
        true => server_view::full(call, server, false),
        false => server_view::short(call, server),
    };
    let shown: Vec<Value> = servers.iter().map(view).collect();
    let path = if detail { "/servers/detail" } else { "/servers" };
    let next = call.next_page(path, limit, servers.last().map(|server| server.id.to_string()), shown.len());
    let mut answer = json!({"servers": shown});
    if let Some(next) = next {
        answer["servers_links"] = next;
    }
    Ok(Answer::json(200, answer))
}

/// Keeps those that fit one parameter. What only administrators may ask for is ignored for others.
fn filter(
    call: &Call<'_>,
    servers: &mut Vec<Server>,
    key: &str,
    value: &str,
    all_tenants: bool,
) -> Result<(), Refusal> {
    let is_admin = call.requester.may(Access::Admin);
    match key {
        "name" | "display_name" => {
            let pattern = Regex::new(value);
            servers.retain(|server| match &pattern {
                Ok(pattern) => pattern.is_match(&server.name),
                Err(_) => server.name.contains(value),
            });
        }
        "status" => {
            let wanted: Vec<ServerStatus> =
                call.ask.query.all("status").filter_map(|text| text.parse().ok()).collect();
            if wanted.is_empty() && call.version.since(38) {
                return Err(Refusal::bad_request("Invalid status value"));
            }
            servers.retain(|server| wanted.contains(&server.status()));
        }
        "image" | "image_ref" => {
            servers.retain(|server| server.image.is_some_and(|image| image.to_string() == value))
        }
        "flavor" => servers.retain(|server| server.flavor.id == *value),
        "uuid" if is_admin => servers.retain(|server| server.id.to_string() == value),
        "host" if is_admin => servers.retain(|server| server.host.as_ref().is_some_and(|host| host == value)),
        "node" if is_admin => {
            servers.retain(|server| server.node.as_ref().is_some_and(|node| node.as_str().contains(value)))
        }
        "vm_state" if is_admin || call.version.since(83) => {
            servers.retain(|server| server.vm_state.as_str() == value)
        }
        "task_state" if is_admin || call.version.since(83) => {
            servers.retain(|server| server.task_state.is_some_and(|task| task.as_str() == value));
        }
        "tenant_id" | "project_id" if is_admin && all_tenants => {
            servers.retain(|server| server.project_id == *value)
        }
        "user_id" if is_admin || call.version.since(83) => servers.retain(|server| server.user_id == *value),
        "locked" if call.version.since(73) => {
            let wanted = match value.to_lowercase().as_str() {
                "true" | "1" | "t" | "yes" | "y" | "on" => true,
                "false" | "0" | "f" | "no" | "n" | "off" => false,
                _ => return Err(Refusal::bad_request(format!("Unrecognized value '{value}'"))),
            };
            servers.retain(|server| server.locked == wanted);
        }
        "tags" | "tags-any" | "not-tags" | "not-tags-any" if call.version.since(26) => {
            let tags: Vec<&str> = value.split(',').collect();
            servers.retain(|server| {
                let has = call.cloud.records().server_labels(server.id).tags;
                let (all, any) =
                    (tags.iter().all(|tag| has.contains(*tag)), tags.iter().any(|tag| has.contains(*tag)));
                match key {
                    "tags" => all,
                    "tags-any" => any,
                    "not-tags" => !all,
                    _ => !any,
                }
            });
        }
        _ if key.starts_with('_') => {
            return Err(Refusal::bad_request(format!("Invalid filter field: {key}.")));
        }
        _ => {}
    }
    Ok(())
}
