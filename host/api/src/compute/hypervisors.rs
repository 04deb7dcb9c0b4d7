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
    if let Some(pattern) =
        call.ask.query.get("hypervisor_hostname_pattern").filter(|_| call.version.since(53))
    {
        found.retain(|(_, node, _)| node.hypervisor_hostname.as_str().contains(pattern));
        if found.is_empty() {
            return Err(Refusal::not_found(format!("No hypervisor matching '{pattern}' could be found.")));
        }
    }
    let shown: Vec<Value> = found.iter().map(|found| show_one(call, found, detail)).collect();
    Ok(Answer::json(200, json!({"hypervisors": shown})))
}

pub(super) fn show(call: &Call<'_>, id: &str) -> Result<Answer, Refusal> {
    call.require(Access::Admin, "os_compute_api:os-hypervisors:show")?;
    let found = nodes(call).into_iter().find(|(number, node, _)| {
        if call.version.since(53) { node.id.to_string() == id } else { number.to_string() == id }
    });
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
    let records = &call.cloud.services().records;
    let wants_servers = call
        .ask
        .query
        .get("with_servers")
        .is_some_and(|text| matches!(text.to_lowercase().as_str(), "true" | "1" | "yes" | "on"));
    if version.since(53) && wants_servers {
        let servers = records.servers_on(&node.host);
        if !servers.is_empty() || version.since(75) {
            shown["servers"] = servers
                .iter()
                .map(|server| json!({"uuid": server.id, "name": format!("instance-{:08x}", server.number)}))
                .collect();
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
