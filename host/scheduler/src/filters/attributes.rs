//! A host's state by the names Nova gives its attributes, for the filters in which users write those names
//! (`nova/scheduler/host_manager.py, HostState`).

use crate::host_state::HostState;
use serde_json::{Value, json};
use std::borrow::Cow;

/// The attribute of this name, or null when the host does not report it; none when there is no such attribute.
pub(super) fn attribute<'a>(state: &'a HostState, name: &str) -> Option<Cow<'a, Value>> {
    Some(Cow::Owned(match name {
        "host" => json!(state.host),
        "nodename" | "hypervisor_hostname" => json!(state.node),
        "uuid" => json!(state.compute_node),
        "cell_uuid" => json!(state.cell),
        "host_ip" => json!(state.host_ip),
        "hypervisor_type" => json!(state.hypervisor_type),
        "hypervisor_version" => json!(state.hypervisor_version),
        "cpu_info" => match &state.cpu_info {
            Some(info) => return Some(Cow::Borrowed(info)),
            None => Value::Null,
        },
        "supported_instances" => {
            let kind = |kind: &crate::SupportedInstance| {
                json!([kind.architecture, kind.hypervisor_type, kind.vm_mode])
            };
            state.supported_instances.iter().map(kind).collect()
        }
        "total_usable_ram_mb" => json!(state.total_usable_ram_mb),
        "free_ram_mb" => json!(state.free_ram_mb),
        "total_usable_disk_gb" => json!(state.total_usable_disk_gb),
        "free_disk_mb" => json!(state.free_disk_mb),
        "disk_mb_used" => {
            let total_mb = i128::from(state.total_usable_disk_gb) * 1024;
            json!(i64::try_from(total_mb - i128::from(state.free_disk_mb)).unwrap_or(i64::MAX))
        }
        "vcpus_total" => json!(state.vcpus_total),
        "vcpus_used" => json!(state.vcpus_used),
        "cpu_allocation_ratio" => json!(state.cpu_allocation_ratio),
        "ram_allocation_ratio" => json!(state.ram_allocation_ratio),
        "disk_allocation_ratio" => json!(state.disk_allocation_ratio),
        "num_instances" => json!(state.num_instances),
        "num_io_ops" => json!(state.num_io_ops),
        "failed_builds" => json!(state.failed_builds),
        "metrics" => json!(state.metrics),
        "stats" => json!(state.stats),
        "service" => json!({ "host": state.host, "disabled": !state.service_enabled }),
        _ => return None,
    }))
}

/// Whether the host has an attribute or a statistic of this name.
pub(super) fn is_known(state: &HostState, name: &str) -> bool {
    state.stats.contains_key(name) || attribute(state, name).is_some()
}

/// The value at the end of a path that begins with an attribute or else a statistic. Text on the way that is JSON is
/// read as such.
pub(super) fn at_path(state: &HostState, path: &[&str]) -> Option<Value> {
    let (first, rest) = path.split_first()?;
    let mut value = match attribute(state, first) {
        Some(value) if !value.is_null() => value.into_owned(),
        _ => Value::String(state.stats.get(*first)?.clone()),
    };
    for name in rest {
        if let Value::String(text) = &value {
            value = serde_json::from_str(text).ok()?;
        }
        value = value.get_mut(*name)?.take();
    }
    (!value.is_null()).then_some(value)
}

/// A value as text, as Python writes it.
pub(super) fn as_text(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::String(text) => text.clone(),
        Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}
