//! Interfaces of servers (`nova/api/openstack/compute/attach_interfaces.py`).

use super::call::Call;
use super::refusal::Refusal;
use super::{body, requested_networks};
use crate::answer::Answer;
use crate::caller::Access;
use conductor::{NewPort, Port};
use model::{PortId, ServerId};
use serde_json::{Value, json};

fn rule(what: &str) -> String {
    format!("os_compute_api:os-attach-interfaces:{what}")
}

fn view(call: &Call<'_>, port: &Port) -> Value {
    let fixed = port.fixed_ips.iter();
    let fixed_ips: Value =
        fixed.map(|fixed| json!({"subnet_id": fixed.subnet, "ip_address": fixed.address})).collect();
    let mut shown = json!({
        "net_id": port.network, "port_id": port.id, "mac_addr": port.mac_address,
        "port_state": "ACTIVE", "fixed_ips": fixed_ips,
    });
    if call.version.since(70) {
        shown["tag"] = Value::Null;
    }
    shown
}

pub(super) fn list(call: &Call<'_>, id: &str) -> Result<Answer, Refusal> {
    let server = call.server(id)?;
    call.require(Access::Reader, &rule("list"))?;
    let ports = call.cloud.network().ports_of(server.id);
    let shown: Vec<Value> = ports.iter().map(|port| view(call, port)).collect();
    Ok(Answer::json(200, json!({"interfaceAttachments": shown})))
}

fn find(call: &Call<'_>, server: ServerId, port: &str) -> Result<Port, Refusal> {
    let ports = call.cloud.network().ports();
    let known = ports.into_iter().find(|known| known.id.to_string() == port);
    let known = known.ok_or_else(|| Refusal::not_found(format!("Port {port} could not be found.")))?;
    if known.device == Some(server) {
        return Ok(known);
    }
    Err(Refusal::not_found(format!("Instance {server} does not have a port with id {port}")))
}

pub(super) fn show(call: &Call<'_>, id: &str, port: &str) -> Result<Answer, Refusal> {
    let server = call.server(id)?;
    call.require(Access::Reader, &rule("show"))?;
    let port = find(call, server.id, port)?;
    Ok(Answer::json(200, json!({"interfaceAttachment": view(call, &port)})))
}

pub(super) async fn attach(call: &Call<'_>, id: &str) -> Result<Answer, Refusal> {
    let uuid = json!({"type": "string", "format": "uuid-with-dashes"});
    let address = body::object(json!({"ip_address": {"type": "string"}}), &["ip_address"]);
    let mut properties = json!({
        "net_id": uuid, "port_id": uuid,
        "fixed_ips": {"type": "array", "minItems": 1, "maxItems": 1, "items": address},
    });
    if call.version.since(49) {
        properties["tag"] = super::tags::schema();
    }
    let schema = body::object(json!({"interfaceAttachment": body::object(properties, &[])}), &[]);
    // A request without a body wants a port of the server's own network.
    let given = if call.ask.body.is_empty() { json!({}) } else { body::checked(call, schema)? };
    let given = &given["interfaceAttachment"];
    let server = call.server(id)?;
    call.require(Access::Member, &rule("create"))?;
    let (network, port) = (given["net_id"].as_str(), given["port_id"].as_str());
    if network.is_some() && port.is_some() {
        return Err(Refusal::bad_request("Must not input both network_id and port_id"));
    }
    if given["fixed_ips"].is_array() && network.is_none() {
        return Err(Refusal::bad_request("Must input network_id when request IP address"));
    }
    let address = given["fixed_ips"][0]["ip_address"].as_str();
    let attached = match network {
        Some(network) => attach_new(call, server.id, network, address).await?,
        None => call.api.attach_interface(server.id, port.and_then(|port| port.parse().ok())).await?,
    };
    let attached = find(call, server.id, &attached.to_string())?;
    Ok(Answer::json(200, json!({"interfaceAttachment": view(call, &attached)})))
}

/// Attaches a new port on a network, which goes with its server.
async fn attach_new(
    call: &Call<'_>,
    server: ServerId,
    network: &str,
    address: Option<&str>,
) -> Result<PortId, Refusal> {
    let not_found = || Refusal::not_found(format!("Network {network} could not be found."));
    let service = call.cloud.network();
    let known = network.parse().ok().and_then(|id| service.network(id));
    let known =
        known.filter(|known| crate::network::visible(known, &call.requester)).ok_or_else(not_found)?;
    let address = address.map(requested_networks::address).transpose()?;
    let wanted = NewPort { address, made_for_server: true, ..NewPort::on(known.id) };
    let refused = |error: conductor::NetworkError| Refusal::bad_request(error.to_string());
    let port = service.create_port_as(wanted).map_err(refused)?;
    let attached = call.api.attach_interface(server, Some(port)).await;
    if attached.is_err() {
        // Nobody knows of it, and it would never go.
        service.delete_port(port);
    }
    Ok(attached?)
}

pub(super) async fn detach(call: &Call<'_>, id: &str, port: &str) -> Result<Answer, Refusal> {
    let server = call.server(id)?;
    call.require(Access::Member, &rule("delete"))?;
    let port = find(call, server.id, port)?;
    call.api.detach_interface(server.id, port.id).await?;
    Ok(Answer::empty(202))
}
