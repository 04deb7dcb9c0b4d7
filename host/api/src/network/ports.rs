//! Ports.

use super::records::{DEFAULT_GROUP, PortNote};
use super::refusal::{Refusal, refusal};
use super::{Call, networks, parsed, text};
use crate::answer::Answer;
use crate::caller::{Access, Requester};
use crate::world::World;
use conductor::{NewPort, Port};
use model::PortId;
use model::ids::NetworkId;
use serde_json::{Value, json};

/// The ports the requester sees: those of servers that are the project's own, and free ones of the project.
pub(super) fn all(world: &World, requester: &Requester) -> Vec<Value> {
    let cloud = world.cloud();
    let servers = cloud.records().servers();
    let mut shown = Vec::new();
    for port in cloud.network().ports() {
        let owner = port.device.and_then(|id| servers.iter().find(|server| server.id == id));
        let note = world.networks.borrow().ports.get(&port.id).cloned().unwrap_or_default();
        let project = owner.map(|server| &server.project_id).or(note.project.as_ref());
        let project = project.unwrap_or(&requester.project);
        if requester.is_admin || project == &requester.project {
            shown.push(show(&port, &note, project.as_str(), requester));
        }
    }
    shown
}

fn show(port: &Port, note: &PortNote, project: &str, requester: &Requester) -> Value {
    let fixed =
        port.fixed_ips.iter().map(|fixed| json!({"subnet_id": fixed.subnet, "ip_address": fixed.address}));
    let mut shown = json!({
        "id": port.id, "name": note.name, "network_id": port.network, "mac_address": port.mac_address,
        "admin_state_up": true, "security_groups": [DEFAULT_GROUP], "description": note.description, "tags": [],
        "status": if port.device.is_some() { "ACTIVE" } else { "DOWN" },
        "device_id": port.device.map(|server| server.to_string()).unwrap_or_default(),
        "device_owner": if port.device.is_some() { "compute:nova" } else { "" },
        "fixed_ips": fixed.collect::<Vec<_>>(), "allowed_address_pairs": [],
        "binding:vnic_type": "normal", "project_id": project, "tenant_id": project,
    });
    if requester.may(Access::Admin) {
        let active = port.bindings.iter().find(|(_, active)| **active).map(|(host, _)| host.as_str());
        shown["binding:host_id"] = json!(active.unwrap_or(""));
        shown["binding:vif_type"] = json!(if active.is_some() { "ovs" } else { "unbound" });
    }
    shown
}

/// A port the requester sees, as it is shown.
pub(super) fn find(call: &Call<'_>, id: &str) -> Result<Value, Refusal> {
    let all = all(call.world, &call.requester);
    all.into_iter().find(|port| port["id"] == *id).ok_or_else(|| Refusal::not_found("port", id))
}

fn id_of(call: &Call<'_>, id: &str) -> Result<PortId, Refusal> {
    find(call, id)?;
    id.parse().map_err(|_| Refusal::not_found("port", id))
}

pub(super) fn create(call: &Call<'_>) -> Result<Answer, Refusal> {
    let given = call.given("port")?;
    let cloud = call.world.cloud();
    let network: NetworkId = parsed(&given, "network_id", "UUID")?.ok_or_else(|| {
        Refusal::invalid("Failed to parse request. Required attribute 'network_id' not specified")
    })?;
    let known = cloud.network().network(network);
    known
        .filter(|network| networks::visible(network, &call.requester))
        .ok_or_else(|| Refusal::not_found("network", &network.to_string()))?;
    let mut wanted = NewPort::on(network);
    match &given["fixed_ips"] {
        Value::Null => {}
        Value::Array(fixed) if fixed.len() <= 1 => {
            let fixed = fixed.first().unwrap_or(&Value::Null);
            wanted.address = parsed(fixed, "ip_address", "IP address")?;
            wanted.subnet = parsed(fixed, "subnet_id", "UUID")?;
        }
        other => {
            let message = format!(
                "Invalid input for fixed_ips. Reason: a port has one address at most here, not {other}."
            );
            return Err(Refusal::invalid(&message));
        }
    }
    wanted.mac_address = text(&given, "mac_address")?.map(|mac| read_mac(&mac)).transpose()?;
    let note = noted(PortNote { project: Some(call.project(&given)?), ..PortNote::default() }, &given)?;
    let id = cloud.network().create_port_as(wanted)?;
    call.world.networks.borrow_mut().ports.insert(id, note);
    Ok(Answer::json(201, json!({"port": find(call, &id.to_string())?})))
}

fn read_mac(text: &str) -> Result<String, Refusal> {
    let parts: Vec<&str> = text.split(':').collect();
    let hexadecimal = |part: &&str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    if parts.len() == 6 && parts.iter().all(hexadecimal) {
        return Ok(text.to_lowercase());
    }
    Err(Refusal::invalid(&format!(
        "Invalid input for mac_address. Reason: '{text}' is not a valid MAC address."
    )))
}

/// What users say of a port.
fn noted(mut note: PortNote, given: &Value) -> Result<PortNote, Refusal> {
    note.name = text(given, "name")?.unwrap_or(note.name);
    note.description = text(given, "description")?.unwrap_or(note.description);
    Ok(note)
}

pub(super) fn update(call: &Call<'_>, id: &str) -> Result<Answer, Refusal> {
    let parsed = id_of(call, id)?;
    let given = call.given("port")?;
    let note = call.world.networks.borrow().ports.get(&parsed).cloned().unwrap_or_default();
    let note = noted(note, &given)?;
    call.world.networks.borrow_mut().ports.insert(parsed, note);
    Ok(Answer::json(200, json!({"port": find(call, id)?})))
}

pub(super) fn delete(call: &Call<'_>, id: &str) -> Result<Answer, Refusal> {
    let parsed = id_of(call, id)?;
    if !call.world.cloud().network().delete_port(parsed) {
        let message = format!("Port {id} is plugged into a server, from which it is to be detached first.");
        return Err(refusal(409, "PortInUse", &message));
    }
    call.world.networks.borrow_mut().ports.remove(&parsed);
    Ok(Answer::empty(204))
}
