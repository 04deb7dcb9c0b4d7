//! What a server that is being made is to be plugged into (`nova/compute/api.py, _validate_and_build_base_options`;
//! `nova/network/neutron.py, validate_networks`).

use super::call::Call;
use super::refusal::Refusal;
use crate::caller::Access;
use crate::network;
use conductor::{Network, RequestedInterface, RequestedNetworks};
use model::PortId;
use serde_json::Value;
use std::net::IpAddr;

/// What is asked for; none for a port of its own on the cloud's own network.
pub(super) fn read(call: &Call<'_>, given: &Value, count: u64) -> Result<Option<RequestedNetworks>, Refusal> {
    if given["networks"] == "none" {
        return Ok(Some(RequestedNetworks::Nothing));
    }
    let asked = given["networks"].as_array().map(Vec::as_slice).unwrap_or_default();
    if asked.is_empty() {
        return only_network(call).map(|()| None);
    }
    let mut interfaces = Vec::new();
    for asked in asked {
        interfaces.push(match asked["port"].as_str() {
            Some(port) => RequestedInterface::Port(free_port(call, port, count, &interfaces)?),
            None => on_network(call, asked, count)?,
        });
    }
    Ok(Some(RequestedNetworks::Interfaces(interfaces)))
}

/// Whoever asks for no network must have only one to choose from.
fn only_network(call: &Call<'_>) -> Result<(), Refusal> {
    if call.cloud.network().available_to(&call.requester.project).len() > 1 {
        let message = "Multiple possible networks found, use a Network ID to be more specific.";
        return Err(Refusal::new(409, message));
    }
    Ok(())
}

fn free_port(
    call: &Call<'_>,
    text: &str,
    count: u64,
    before: &[RequestedInterface],
) -> Result<PortId, Refusal> {
    if count > 1 {
        let message = "Unable to launch multiple instances with a single configured port ID. Please launch your \
                       instance one by one with different ports.";
        return Err(Refusal::bad_request(message));
    }
    let known = call.cloud.network().ports();
    let port = known.iter().find(|port| port.id.to_string() == text);
    let port = port.ok_or_else(|| Refusal::bad_request(format!("Port id {text} could not be found.")))?;
    if port.device.is_some() {
        return Err(Refusal::new(409, format!("Port {text} is still in use.")));
    }
    if before.contains(&RequestedInterface::Port(port.id)) {
        let message =
            format!("Port ID '{text}' was specified twice: you cannot attach a port multiple times.");
        return Err(Refusal::bad_request(message));
    }
    Ok(port.id)
}

/// An address as a client writes it.
pub(super) fn address(text: &str) -> Result<IpAddr, Refusal> {
    text.parse().map_err(|_| {
        let message = format!(
            "Invalid input for field/attribute fixed_ip. Value: {text}. '{text}' is not a 'ipv4' or 'ipv6' address"
        );
        Refusal::bad_request(message)
    })
}

fn on_network(call: &Call<'_>, asked: &Value, count: u64) -> Result<RequestedInterface, Refusal> {
    let service = call.cloud.network();
    let text = asked["uuid"].as_str().unwrap_or_default();
    let found: Option<Network> = text.parse().ok().and_then(|id| service.network(id));
    let found = found.filter(|found| network::visible(found, &call.requester));
    let found = found.ok_or_else(|| Refusal::bad_request(format!("Network {text} could not be found.")))?;
    if found.external && !found.shared && !call.requester.may(Access::Admin) {
        let message = format!("It is not allowed to create an interface on external network {text}");
        return Err(Refusal::new(403, message));
    }
    let subnets = service.subnets();
    let mut subnets = subnets.iter().filter(|subnet| subnet.network == found.id).peekable();
    if subnets.peek().is_none() {
        let message = format!("Network {text} requires a subnet in order to boot instances on.");
        return Err(Refusal::bad_request(message));
    }
    let wanted = asked["fixed_ip"].as_str().map(address).transpose()?;
    if let Some(wanted) = wanted {
        if count > 1 {
            let message =
                "Failed to launch instances: max_count cannot be greater than 1 if an fixed_ip is specified.";
            return Err(Refusal::bad_request(message));
        }
        if !subnets.any(|subnet| subnet.cidr.contains(wanted)) {
            let message = format!("Fixed IP {wanted} is not a valid ip address for network {text}.");
            return Err(Refusal::bad_request(message));
        }
        let ports = service.ports();
        let taken = ports.iter().find(|port| {
            port.network == found.id && port.fixed_ips.iter().any(|fixed| fixed.address == wanted)
        });
        if let Some(taken) = taken {
            let device = taken.device.map_or_else(String::new, |server| server.to_string());
            let message = format!("Fixed IP address {wanted} is already in use on instance {device}.");
            return Err(Refusal::bad_request(message));
        }
    }
    Ok(RequestedInterface::Network(found.id, wanted))
}
