//! Compute nodes (`nova/api/openstack/compute/hypervisors.py`).

use super::call::Call;
use super::refusal::Refusal;
use crate::answer::Answer;
use crate::caller::Access;
use model::{ComputeNode, Service};
use serde_json::{Value, json};

/// The nodes with their services, in the order of their hosts' names; a node's number is its place.
fn nodes(call: &Call<'_>) -> Vec<(usize, ComputeNode, Service)> {
    let services = call.cloud.records().services();
    let nodes = (1..).zip(call.cloud.records().compute_nodes());
    let with_service = nodes.filter_map(|(number, node)| {
        let service = services.iter().find(|service| service.host == node.host)?.clone();
        Some((number, node, service))
    });
    with_service.collect()
}

pub(super) fn list(call: &Call<'_>, detail: bool) -> Result<Answer, Refusal> {
    let rule = if detail { "list-detail" } else { "list" };
    call.require(Access::Admin, &format!("os_compute_api:os-hypervisors:{rule}"))?;
    let mut found = nodes(call);
    let mut limit = None;
    if call.version.since(33) {
        limit = call.limit()?;
        let named = call.ask.query.get("hypervisor_hostname_pattern").is_some() && call.version.since(53);
        if named && (limit.is_some() || call.ask.query.get("marker").is_some()) {
            let message = "Paging over hypervisors with the hypervisor_hostname_pattern query parameter is not supported.";
            return Err(Refusal::bad_request(message));
        }
        if let Some(marker) = call.ask.query.get("marker") {
            let at = found.iter().position(|(number, node, _)| id_of(call, *number, node) == *marker);
            let message = format!("marker [{marker}] not found");
            found.drain(..=at.ok_or_else(|| Refusal::bad_request(message))?);
        }
        found.truncate(limit.unwrap_or(1_000));
    }
    if let Some(pattern) =
        call.ask.query.get("hypervisor_hostname_pattern").filter(|_| call.version.since(53))
    {
        found.retain(|(_, node, _)| node.hypervisor_hostname.as_str().contains(pattern));
        if found.is_empty() {
            return Err(Refusal::not_found(format!("No hypervisor matching '{pattern}' could be found.")));
        }
    }
    let shown: Vec<Value> = found.iter().map(|found| show_one(call, found, detail)).collect();
    let last = found.last().map(|(number, node, _)| id_of(call, *number, node));
    let path = if detail { "/os-hypervisors/detail" } else { "/os-hypervisors" };
    let mut answer = json!({"hypervisors": shown});
    if let Some(next) = call.next_page(path, limit, last, found.len()) {
        answer["hypervisors_links"] = next;
    }
    Ok(Answer::json(200, answer))
}

fn id_of(call: &Call<'_>, number: usize, node: &ComputeNode) -> String {
    if call.version.since(53) { node.id.to_string() } else { number.to_string() }
}

/// Nodes whose names contain a text, up to 2.52.
pub(super) fn search(call: &Call<'_>, pattern: &str) -> Result<Answer, Refusal> {
    call.require(Access::Admin, "os_compute_api:os-hypervisors:search")?;
    let shown: Vec<Value> =
        matching(call, pattern)?.iter().map(|found| show_one(call, found, false)).collect();
    Ok(Answer::json(200, json!({"hypervisors": shown})))
}

/// The same with the servers on them.
pub(super) fn servers(call: &Call<'_>, pattern: &str) -> Result<Answer, Refusal> {
    call.require(Access::Admin, "os_compute_api:os-hypervisors:servers")?;
    let shown: Vec<Value> = matching(call, pattern)?
        .iter()
        .map(|found| {
            let mut shown = show_one(call, found, false);
            let servers = servers_on(call, &found.1);
            if !servers.is_empty() {
                shown["servers"] = json!(servers);
            }
            shown
        })
        .collect();
    Ok(Answer::json(200, json!({"hypervisors": shown})))
}

fn matching(call: &Call<'_>, pattern: &str) -> Result<Vec<(usize, ComputeNode, Service)>, Refusal> {
    let mut found = nodes(call);
    found.retain(|(_, node, _)| node.hypervisor_hostname.as_str().contains(pattern));
    if found.is_empty() {
        return Err(Refusal::not_found(format!("No hypervisor matching '{pattern}' could be found.")));
    }
    Ok(found)
}

fn servers_on(call: &Call<'_>, node: &ComputeNode) -> Vec<Value> {
    let servers = call.cloud.services().records.servers_on(&node.host);
    let named = |number: u64| format!("instance-{number:08x}");
    servers.iter().map(|server| json!({"uuid": server.id, "name": named(server.number)})).collect()
}

/// Sums over all nodes, up to 2.87.
pub(super) fn statistics(call: &Call<'_>) -> Result<Answer, Refusal> {
    call.require(Access::Admin, "os_compute_api:os-hypervisors:statistics")?;
    let nodes = nodes(call);
    let sum =
        |amount: fn(&ComputeNode) -> u64| -> u64 { nodes.iter().map(|(_, node, _)| amount(node)).sum() };
    let left = |all: u64, used: u64| {
        i64::try_from(all).unwrap_or(i64::MAX) - i64::try_from(used).unwrap_or(i64::MAX)
    };
    let (memory_mb, memory_mb_used) = (sum(|node| node.memory_mb), sum(|node| node.memory_mb_used));
    let (local_gb, local_gb_used) = (sum(|node| node.local_gb), sum(|node| node.local_gb_used));
    let least: i64 = nodes.iter().filter_map(|(_, node, _)| node.disk_available_least).sum();
    let statistics = json!({
        "count": nodes.len(), "vcpus": sum(|node| node.vcpus), "vcpus_used": sum(|node| node.vcpus_used),
        "memory_mb": memory_mb, "memory_mb_used": memory_mb_used, "local_gb": local_gb, "local_gb_used": local_gb_used,
        "free_ram_mb": left(memory_mb, memory_mb_used), "free_disk_gb": left(local_gb, local_gb_used),
        "current_workload": 0, "running_vms": sum(|node| node.running_vms), "disk_available_least": least,
    });
    Ok(Answer::json(200, json!({"hypervisor_statistics": statistics})))
}

/// How long a node runs, which no driver here tells.
pub(super) fn uptime(call: &Call<'_>, id: &str) -> Result<Answer, Refusal> {
    call.require(Access::Admin, "os_compute_api:os-hypervisors:uptime")?;
    nodes(call)
        .into_iter()
        .find(|(number, node, _)| id_of(call, *number, node) == id)
        .ok_or_else(|| Refusal::not_found(format!("Hypervisor with ID '{id}' could not be found.")))?;
    Err(Refusal::new(501, "The requested functionality is not supported."))
}

pub(super) fn show(call: &Call<'_>, id: &str) -> Result<Answer, Refusal> {
    call.require(Access::Admin, "os_compute_api:os-hypervisors:show")?;
    if call.version.since(53) && id.parse::<uuid::Uuid>().is_err() {
        return Err(Refusal::bad_request(format!("Invalid uuid {id}")));
    }
    let found = nodes(call).into_iter().find(|(number, node, _)| id_of(call, *number, node) == id);
    let found =
        found.ok_or_else(|| Refusal::not_found(format!("Hypervisor with ID '{id}' could not be found.")))?;
    Ok(Answer::json(200, json!({"hypervisor": show_one(call, &found, true)})))
}

fn show_one(call: &Call<'_>, (number, node, service): &(usize, ComputeNode, Service), detail: bool) -> Value {
    let version = call.version;
    let down_time = call.cloud.services().options.get().service_down_time;
    let up = service.is_up(call.cloud.services().clock.now(), down_time);
    let id = if version.since(53) { json!(node.id) } else { json!(number) };
    let mut shown = json!({
        "id": id, "hypervisor_hostname": node.hypervisor_hostname, "state": if up { "up" } else { "down" },
        "status": if service.disabled { "disabled" } else { "enabled" },
    });
    let wants_servers = call
        .ask
        .query
        .get("with_servers")
        .is_some_and(|text| matches!(text.to_lowercase().as_str(), "true" | "1" | "yes" | "on"));
    if version.since(53) && wants_servers {
        let servers = servers_on(call, node);
        if !servers.is_empty() || version.since(75) {
            shown["servers"] = json!(servers);
        }
    }
    if !detail {
        return shown;
    }
    shown["hypervisor_type"] = json!(node.hypervisor_type);
    shown["hypervisor_version"] = json!(node.hypervisor_version);
    shown["host_ip"] = json!(node.host_ip);
    let service_id = if version.since(53) { json!(super::services::id_of(service)) } else { json!(number) };
    shown["service"] =
        json!({"id": service_id, "host": service.host, "disabled_reason": service.disabled_reason});
    if version.since(88) {
        shown["uptime"] = Value::Null;
        return shown;
    }
    let left = |all: u64, used: u64| {
        i64::try_from(all).unwrap_or(i64::MAX) - i64::try_from(used).unwrap_or(i64::MAX)
    };
    let rest = json!({
        "vcpus": node.vcpus, "vcpus_used": node.vcpus_used, "memory_mb": node.memory_mb,
        "memory_mb_used": node.memory_mb_used, "local_gb": node.local_gb, "local_gb_used": node.local_gb_used,
        "free_ram_mb": left(node.memory_mb, node.memory_mb_used), "free_disk_gb": left(node.local_gb, node.local_gb_used),
        "current_workload": 0, "running_vms": node.running_vms, "disk_available_least": node.disk_available_least,
        "cpu_info": if version.since(28) { json!({}) } else { json!("") },
    });
    if let (Value::Object(shown), Value::Object(rest)) = (&mut shown, rest) {
        shown.extend(rest);
    }
    shown
}
