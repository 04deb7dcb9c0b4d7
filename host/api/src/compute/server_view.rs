//! How servers are shown (`nova/api/openstack/compute/views/servers.py`).

use super::call::Call;
use crate::caller::Access;
use crate::network;
use conductor::ServerLabels;
use model::{HostName, Server, ServerStatus, Timestamp, VmState};
use serde_json::{Value, json};
use sha2::{Digest, Sha224};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// A time without fractions: `2026-01-01T00:00:00Z`.
pub(crate) fn seconds(at: Timestamp) -> String {
    let text = at.to_string();
    format!("{}Z", text.split('.').next().unwrap_or(&text))
}

/// The name under which a project knows a host.
pub(super) fn host_id(project: &str, host: Option<&HostName>) -> String {
    let Some(host) = host else { return String::new() };
    let digest = Sha224::new().chain_update(project).chain_update(host.as_str()).finalize();
    digest.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Id, name and links.
pub(super) fn short(call: &Call<'_>, server: &Server) -> Value {
    json!({"id": server.id, "name": server.name, "links": call.links(&format!("/servers/{}", server.id))})
}

/// Everything the requester may see at this microversion. `reduced` leaves out what answers to a change do not have until
/// 2.74.
pub(super) fn full(call: &Call<'_>, server: &Server, reduced: bool) -> Value {
    let labels = call.cloud.records().server_labels(server.id);
    let mut shown = short(call, server);
    common(call, server, &labels, &mut shown, reduced);
    if !reduced {
        extended(call, server, &labels, &mut shown);
    }
    by_version(call, server, &labels, &mut shown);
    shown
}

/// When a server last changed, as far as is known.
pub(crate) fn updated_at(server: &Server, labels: &ServerLabels) -> Timestamp {
    let times = [labels.updated_at, server.launched_at, server.deleted_at, server.soft_deleted_at];
    times.into_iter().flatten().max().unwrap_or_default().max(server.created_at)
}

/// What every answer has.
fn common(call: &Call<'_>, server: &Server, labels: &ServerLabels, shown: &mut Value, reduced: bool) {
    let status = if server.deleted() { ServerStatus::Deleted } else { server.status() };
    let updated = updated_at(server, labels);
    shown["status"] = json!(status.as_str());
    shown["tenant_id"] = json!(server.project_id);
    shown["user_id"] = json!(server.user_id);
    shown["created"] = json!(seconds(server.created_at));
    shown["updated"] = json!(seconds(updated));
    shown["hostId"] = json!(host_id(server.project_id.as_str(), server.host.as_ref()));
    shown["addresses"] = addresses(call, server, reduced);
    shown["accessIPv4"] = json!(labels.access_ip_v4);
    shown["accessIPv6"] = json!(labels.access_ip_v6);
    shown["metadata"] = json!(labels.metadata);
    shown["OS-DCF:diskConfig"] = json!("MANUAL");
    shown["image"] = match server.image {
        Some(image) => json!({"id": image, "links": [call.bookmark(&format!("/images/{image}"))]}),
        None => json!(""),
    };
    let flavor = &server.flavor;
    shown["flavor"] = if call.version.since(47) {
        let mut embedded = json!({
            "vcpus": flavor.vcpus, "ram": flavor.memory_mb, "disk": flavor.root_gb, "ephemeral": flavor.ephemeral_gb,
            "swap": flavor.swap_mb, "original_name": flavor.name,
        });
        if call.requester.may(Access::Reader) {
            embedded["extra_specs"] = json!(flavor.extra_specs);
        }
        embedded
    } else {
        json!({"id": flavor.id, "links": [call.bookmark(&format!("/flavors/{}", flavor.id))]})
    };
    use ServerStatus as S;
    if matches!(status, S::Active | S::Build | S::Rebuild | S::Resize | S::VerifyResize | S::Migrating) {
        shown["progress"] = json!(server.progress);
    }
    if let Some(fault) = server.visible_fault() {
        shown["fault"] =
            json!({"code": fault.code, "created": seconds(fault.created_at), "message": fault.message});
    }
}

/// The addresses of a server, by network.
pub(super) fn addresses(call: &Call<'_>, server: &Server, reduced: bool) -> Value {
    if server.vm_state == VmState::Building {
        return json!({});
    }
    let mut by_network: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for vif in &server.network_info {
        let shown = by_network.entry(network::name_of(call.world, vif.network)).or_default();
        let mut add = |address: &str, kind: &str| {
            let mut one = json!({"addr": address, "version": if address.contains(':') { 6 } else { 4 }});
            if !reduced {
                one["OS-EXT-IPS:type"] = json!(kind);
                one["OS-EXT-IPS-MAC:mac_addr"] = json!(vif.mac_address);
            }
            shown.push(one);
        };
        for fixed in &vif.fixed_ips {
            add(fixed, "fixed");
            for floating in network::floating_of(call.world, vif.port, fixed) {
                add(&floating.to_string(), "floating");
            }
        }
    }
    json!(by_network)
}

/// What answers to a change do not have until 2.74.
fn extended(call: &Call<'_>, server: &Server, labels: &ServerLabels, shown: &mut Value) {
    let options = call.cloud.services().options.get().clone();
    let zone = match &server.host {
        Some(host) => Some(super::zones::of_host(call, host)),
        None => server.availability_zone.clone(),
    };
    shown["OS-EXT-AZ:availability_zone"] = json!(zone.unwrap_or_default());
    shown["config_drive"] = json!(if labels.config_drive { "True" } else { "" });
    shown["key_name"] = json!(labels.key_name);
    shown["OS-SRV-USG:launched_at"] = json!(server.launched_at.map(|at| at.to_string()));
    shown["OS-SRV-USG:terminated_at"] = json!(server.deleted_at.map(|at| at.to_string()));
    shown["OS-EXT-STS:task_state"] = json!(server.task_state);
    shown["OS-EXT-STS:vm_state"] = json!(server.vm_state);
    shown["OS-EXT-STS:power_state"] = json!(server.power_state);
    if !server.network_info.is_empty() {
        shown["security_groups"] = json!([{"name": "default"}]);
    }
    let hostname = hostname(server, labels);
    if call.requester.may(Access::Admin) {
        shown["OS-EXT-SRV-ATTR:host"] = json!(server.host);
        shown["OS-EXT-SRV-ATTR:hypervisor_hostname"] = json!(server.node);
        shown["OS-EXT-SRV-ATTR:instance_name"] = json!(format!("instance-{:08x}", server.number));
        if call.version.since(3) {
            shown["OS-EXT-SRV-ATTR:hostname"] = json!(hostname);
            shown["OS-EXT-SRV-ATTR:kernel_id"] = json!("");
            shown["OS-EXT-SRV-ATTR:ramdisk_id"] = json!("");
            shown["OS-EXT-SRV-ATTR:launch_index"] = json!(server.launch_index);
            shown["OS-EXT-SRV-ATTR:reservation_id"] = json!(server.reservation_id);
            shown["OS-EXT-SRV-ATTR:root_device_name"] = json!(server.root_device_name);
            shown["OS-EXT-SRV-ATTR:user_data"] = json!(labels.user_data);
        }
        if call.version.since(16) {
            shown["host_status"] = json!(host_status(call, server, options.service_down_time));
        }
    }
    if call.version.since(90) {
        shown["OS-EXT-SRV-ATTR:hostname"] = json!(hostname);
    }
    let volumes = server.block_devices.iter().map(|device| {
        let mut volume = json!({"id": device.volume});
        if call.version.since(3) {
            volume["delete_on_termination"] = json!(device.delete_on_termination);
        }
        volume
    });
    shown["os-extended-volumes:volumes_attached"] = volumes.collect();
}

/// The name of the guest.
pub(crate) fn hostname(server: &Server, labels: &ServerLabels) -> String {
    labels.hostname.clone().unwrap_or_else(|| hostname_of(server))
}

/// The name of the guest that follows from the server's (`nova/utils.py, sanitize_hostname`).
fn hostname_of(server: &Server) -> String {
    let kept = server.name.to_lowercase().replace([' ', '_', '.'], "-");
    let kept: String = kept.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    let kept: String = kept.trim_matches('-').chars().take(63).collect();
    if kept.is_empty() { format!("server-{}", server.id) } else { kept }
}

fn host_status(call: &Call<'_>, server: &Server, down_time: std::time::Duration) -> &'static str {
    let Some(host) = server.host.as_ref().filter(|_| !server.deleted()) else { return "" };
    let now = call.cloud.services().clock.now();
    match call.cloud.records().services().iter().find(|service| &service.host == host) {
        Some(service) if service.forced_down => "DOWN",
        Some(service) if !service.is_up(now, down_time) => "UNKNOWN",
        Some(service) if service.disabled => "MAINTENANCE",
        Some(_) => "UP",
        None => "UNKNOWN",
    }
}

/// What came with later microversions, for changes too.
fn by_version(call: &Call<'_>, server: &Server, labels: &ServerLabels, shown: &mut Value) {
    let version = call.version;
    if version.since(9) {
        shown["locked"] = json!(server.locked);
    }
    if version.since(19) {
        shown["description"] = json!(labels.description);
    }
    if version.since(26) {
        shown["tags"] = json!(labels.tags);
    }
    if version.since(63) {
        shown["trusted_image_certificates"] = Value::Null;
    }
    if version.since(73) {
        shown["locked_reason"] = json!(labels.locked_reason.as_ref().filter(|_| server.locked));
    }
    let spec = call.cloud.records().request_spec(server.id);
    if version.since(96) {
        shown["pinned_availability_zone"] =
            json!(spec.as_ref().and_then(|spec| spec.availability_zone.clone()));
    }
    if version.since(98)
        && let Some(image) = spec.as_ref().and_then(|spec| spec.image_meta.as_ref())
        && shown["image"].is_object()
    {
        shown["image"]["properties"] = json!(image.properties);
    }
    if version.since(100) {
        shown["scheduler_hints"] = json!(spec.map(|spec| spec.scheduler_hints).unwrap_or_default());
    }
}

/// What the view of one server has and a list of many has not.
pub(super) fn alone(call: &Call<'_>, mut shown: Value) -> Value {
    if call.version.since(71) {
        let server = shown["id"].as_str().and_then(|id| id.parse().ok());
        let group = server.and_then(|id| call.cloud.services().records.server_group_of(id));
        shown["server_groups"] = group.iter().map(|group| json!(group.id)).collect();
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::host_id;

    #[test]
    fn a_host_has_another_id_for_every_project() {
        let host = "host1".into();
        assert_eq!(host_id("demo", None), "");
        assert_eq!(host_id("demo", Some(&host)).len(), 56);
        assert_ne!(host_id("demo", Some(&host)), host_id("admin", Some(&host)));
    }
}
