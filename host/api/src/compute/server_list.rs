//! Lists of servers (`nova/api/openstack/compute/servers.py, _get_servers`).

use super::call::Call;
use super::refusal::Refusal;
use super::server_filters::{self, Bounds};
use super::server_view;
use crate::answer::Answer;
use crate::caller::Access;
use conductor::ServerLabels;
use model::Server;
use serde_json::{Value, json};
use std::cmp::Ordering;

/// By what lists can be sorted.
const SORT_KEYS: [&str; 29] = [
    "access_ip_v4",
    "access_ip_v6",
    "auto_disk_config",
    "availability_zone",
    "config_drive",
    "created_at",
    "display_description",
    "display_name",
    "host",
    "hostname",
    "image_ref",
    "instance_type_id",
    "kernel_id",
    "key_name",
    "launch_index",
    "launched_at",
    "locked_by",
    "node",
    "power_state",
    "progress",
    "project_id",
    "ramdisk_id",
    "root_device_name",
    "task_state",
    "terminated_at",
    "updated_at",
    "user_id",
    "uuid",
    "vm_state",
];

pub(super) fn list(call: &Call<'_>, detail: bool) -> Result<Answer, Refusal> {
    let rule = if detail { "detail" } else { "index" };
    call.require(Access::Reader, &format!("os_compute_api:servers:{rule}"))?;
    let query = &call.ask.query;
    let all_tenants = match query.get("all_tenants").or(query.get("all_projects")) {
        Some("") => true,
        Some(text) => server_filters::truth(text).unwrap_or(true),
        None => false,
    };
    if all_tenants {
        call.require(Access::Admin, &format!("os_compute_api:servers:{rule}:get_all_tenants"))?;
    }
    let limit = call.limit()?;
    let Some(bounds) = Bounds::read(call)? else { return Ok(Answer::json(200, json!({"servers": []}))) };
    let mut servers = call.cloud.records().servers_even_deleted();
    let marker = match query.get("marker") {
        Some(text) => {
            let found = servers.iter().find(|server| server.id.to_string() == text).cloned();
            Some(found.ok_or_else(|| Refusal::bad_request(format!("marker [{text}] not found")))?)
        }
        None => None,
    };
    servers.retain(|server| {
        (all_tenants || server.project_id == call.requester.project) && bounds.contain(call, server)
    });
    for (key, value) in query.pairs() {
        server_filters::filter(call, &mut servers, key, value, all_tenants)?;
    }
    // As in Nova the marker is a place in the order, whether or not it is one of those that are listed: it may have changed
    // since the page that ended with it (`nova/compute/instance_list.py, get_marker_record`).
    let is_marker = |server: &Server| marker.as_ref().is_some_and(|marker| marker.id == server.id);
    if let Some(marker) = marker.clone().filter(|_| !servers.iter().any(is_marker)) {
        servers.push(marker);
    }
    sort(call, &mut servers)?;
    if let Some(at) = servers.iter().position(is_marker) {
        servers.drain(..=at);
    }
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

/// Sorts by the keys asked for, each up or down, then the newest first; servers that never had a host come before others.
fn sort(call: &Call<'_>, servers: &mut [Server]) -> Result<(), Refusal> {
    let keys: Vec<&str> = call.ask.query.all("sort_key").collect();
    let directions: Vec<&str> = call.ask.query.all("sort_dir").collect();
    if let Some(direction) = directions.iter().find(|direction| !matches!(**direction, "asc" | "desc")) {
        return Err(Refusal::bad_request(format!(
            "Invalid input for query parameters sort_dir. Value: {direction}. '{direction}' does not match '^(asc|desc)$'"
        )));
    }
    for key in &keys {
        let known = SORT_KEYS.contains(key) || *key == "locked" && call.version.since(73);
        if !known && call.version.since(75) {
            let message = format!(
                "Invalid input for query parameters sort_key. Value: {key}. '{key}' is not one of {SORT_KEYS:?}"
            );
            return Err(Refusal::bad_request(message));
        }
        if matches!(*key, "host" | "node") && !call.requester.may(Access::Admin) {
            let message = "Only administrators can sort servers by host or node";
            return Err(Refusal::new(403, message));
        }
    }
    let mut keyed: Vec<(Vec<Value>, Server)> = servers
        .iter()
        .map(|server| {
            let labels = call.cloud.records().server_labels(server.id);
            (keys.iter().map(|key| sort_value(server, &labels, key)).collect(), server.clone())
        })
        .collect();
    let last_direction = directions.last().copied().unwrap_or("desc");
    keyed.sort_by(|(left, one), (right, other)| {
        for (at, (left, right)) in left.iter().zip(right).enumerate() {
            let up = directions.get(at).copied().unwrap_or(last_direction) == "asc";
            let order = compare(left, right);
            let order = if up { order } else { order.reverse() };
            if order != Ordering::Equal {
                return order;
            }
        }
        (other.created_at, other.number).cmp(&(one.created_at, one.number))
    });
    for (place, (_, server)) in servers.iter_mut().zip(keyed) {
        *place = server;
    }
    Ok(())
}

fn compare(left: &Value, right: &Value) -> Ordering {
    match (left, right) {
        (Value::Null, Value::Null) => Ordering::Equal,
        (Value::Null, _) => Ordering::Less,
        (_, Value::Null) => Ordering::Greater,
        (Value::Number(left), Value::Number(right)) => left.as_u64().cmp(&right.as_u64()),
        (Value::Bool(left), Value::Bool(right)) => left.cmp(right),
        _ => left.as_str().unwrap_or_default().cmp(right.as_str().unwrap_or_default()),
    }
}

fn sort_value(server: &Server, labels: &ServerLabels, key: &str) -> Value {
    match key {
        "access_ip_v4" => json!(labels.access_ip_v4),
        "access_ip_v6" => json!(labels.access_ip_v6),
        "availability_zone" => json!(server.availability_zone),
        "config_drive" => json!(labels.config_drive),
        "created_at" => json!(server.created_at),
        "display_description" => json!(labels.description),
        "display_name" => json!(server.name),
        "host" => json!(server.host),
        "hostname" => json!(labels.hostname),
        "image_ref" => json!(server.image),
        "instance_type_id" => json!(server.flavor.id),
        "key_name" => json!(labels.key_name),
        "launched_at" => json!(server.launched_at),
        "locked" => json!(server.locked),
        "node" => json!(server.node),
        "power_state" => json!(server.power_state),
        "progress" => json!(server.progress),
        "project_id" => json!(server.project_id),
        "root_device_name" => json!(server.root_device_name),
        "task_state" => json!(server.task_state),
        "terminated_at" => json!(server.deleted_at),
        "updated_at" => json!(server_view::updated_at(server, labels)),
        "user_id" => json!(server.user_id),
        "uuid" => json!(server.id),
        "vm_state" => json!(server.vm_state),
        _ => Value::Null,
    }
}
