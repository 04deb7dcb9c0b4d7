//! Floating addresses, as records: they are given out of the subnets of external networks and told of servers, and no packet
//! ever reaches one. No router is asked for.

use super::refusal::{Refusal, refusal};
use super::{Call, networks, parsed, text};
use crate::answer::Answer;
use crate::caller::Requester;
use crate::world::World;
use conductor::{FixedIp, Port};
use model::ids::NetworkId;
use model::{PortId, ProjectId};
use serde_json::{Value, json};
use std::net::IpAddr;
use uuid::Uuid;

/// How many floating addresses there may be: they are kept in memory.
const MAX_FLOATING: usize = 10_000;

/// A floating address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FloatingIp {
    pub(super) id: Uuid,
    pub(super) network: NetworkId,
    pub(super) address: FixedIp,
    project: ProjectId,
    description: String,
    /// The port it leads to, and which of its addresses.
    target: Option<(PortId, IpAddr)>,
}

impl FloatingIp {
    /// Where it leads, if that is still there: it leads nowhere when its port is gone.
    fn leads_to(&self, ports: &[Port]) -> Option<(Port, IpAddr)> {
        let (id, address) = self.target?;
        let port = ports.iter().find(|port| port.id == id)?;
        let has = port.fixed_ips.iter().any(|fixed| fixed.address == address);
        has.then(|| (port.clone(), address))
    }
}

/// The floating addresses that lead to a fixed address of a network.
pub(crate) fn floating_of(world: &World, port: PortId, fixed: &str) -> Vec<IpAddr> {
    let networks = world.networks.borrow();
    let leads = |floating: &&FloatingIp| {
        floating.target.is_some_and(|(id, address)| id == port && address.to_string() == fixed)
    };
    networks.floating.iter().filter(leads).map(|floating| floating.address.address).collect()
}

pub(super) fn all(world: &World, requester: &Requester) -> Vec<Value> {
    let ports = world.cloud().network().ports();
    let networks = world.networks.borrow();
    let seen = networks.floating.iter().filter(|one| requester.is_admin || one.project == requester.project);
    seen.map(|floating| show(floating, &ports)).collect()
}

fn show(floating: &FloatingIp, ports: &[Port]) -> Value {
    let target = floating.leads_to(ports);
    let details = target.as_ref().map(|(port, _)| {
        json!({
            "name": "", "network_id": port.network, "mac_address": port.mac_address, "admin_state_up": true,
            "status": if port.device.is_some() { "ACTIVE" } else { "DOWN" },
            "device_id": port.device.map(|server| server.to_string()).unwrap_or_default(),
            "device_owner": if port.device.is_some() { "compute:nova" } else { "" },
        })
    });
    json!({
        "id": floating.id, "floating_network_id": floating.network, "floating_ip_address": floating.address.address,
        "project_id": floating.project, "tenant_id": floating.project, "description": floating.description,
        "port_id": target.as_ref().map(|(port, _)| port.id), "fixed_ip_address": target.as_ref().map(|(_, address)| address),
        "status": if target.is_some() { "ACTIVE" } else { "DOWN" }, "router_id": null, "port_details": details,
        "port_forwardings": [], "qos_policy_id": null, "tags": [],
    })
}

fn shown(call: &Call<'_>, id: Uuid) -> Result<Value, Refusal> {
    let all = all(call.world, &call.requester);
    let id = id.to_string();
    all.into_iter().find(|floating| floating["id"] == id).ok_or_else(|| Refusal::not_found("floatingip", &id))
}

/// One the requester may change.
fn own(call: &Call<'_>, id: &str) -> Result<FloatingIp, Refusal> {
    let networks = call.world.networks.borrow();
    let wanted: Option<Uuid> = id.parse().ok();
    let found = networks.floating.iter().find(|floating| Some(floating.id) == wanted);
    let own = |one: &&FloatingIp| call.requester.is_admin || one.project == call.requester.project;
    found.filter(own).cloned().ok_or_else(|| Refusal::not_found("floatingip", id))
}

/// Where it is to lead.
fn target(call: &Call<'_>, given: &Value, own: Option<Uuid>) -> Result<Option<(PortId, IpAddr)>, Refusal> {
    let Some(id) = parsed::<PortId>(given, "port_id", "UUID")? else { return Ok(None) };
    super::ports::find(call, &id.to_string())?;
    let ports = call.world.cloud().network().ports();
    let port =
        ports.iter().find(|port| port.id == id).ok_or_else(|| Refusal::not_found("port", &id.to_string()))?;
    let wanted: Option<IpAddr> = parsed(given, "fixed_ip_address", "IP address")?;
    let mut addresses = port.fixed_ips.iter().map(|fixed| fixed.address);
    let found = addresses.find(|address| wanted.is_none_or(|wanted| wanted == *address) && address.is_ipv4());
    let address = found.ok_or_else(|| {
        let what = wanted.map_or_else(|| "an IPv4 address".to_owned(), |wanted| format!("fixed ip {wanted}"));
        refusal(400, "BadRequest", &format!("Bad floatingip request: Port {id} does not have {what}."))
    })?;
    let networks = call.world.networks.borrow();
    let mut others = networks.floating.iter().filter(|floating| Some(floating.id) != own);
    if let Some(other) = others.find(|floating| floating.target == Some((id, address))) {
        let message = format!(
            "Cannot associate floating IP with port {id} using fixed IP {address}, as that fixed IP already has the floating \
             IP {} on external network {}.",
            other.address.address, other.network
        );
        return Err(refusal(409, "FloatingIPPortAlreadyAssociated", &message));
    }
    Ok(Some((id, address)))
}

pub(super) fn create(call: &Call<'_>) -> Result<Answer, Refusal> {
    let given = call.given("floatingip")?;
    let cloud = call.world.cloud();
    let network: NetworkId = parsed(&given, "floating_network_id", "UUID")?.ok_or_else(|| {
        Refusal::invalid("Failed to parse request. Required attribute 'floating_network_id' not specified")
    })?;
    let known =
        cloud.network().network(network).filter(|network| networks::visible(network, &call.requester));
    let known = known.ok_or_else(|| Refusal::not_found("network", &network.to_string()))?;
    if !known.external {
        let message = format!("Bad floatingip request: Network {network} is not a valid external network.");
        return Err(refusal(400, "BadRequest", &message));
    }
    let (project, target) = (call.project(&given)?, target(call, &given, None)?);
    let description = text(&given, "description")?.unwrap_or_default();
    let wanted: Option<IpAddr> = parsed(&given, "floating_ip_address", "IP address")?;
    if call.world.networks.borrow().floating.len() >= MAX_FLOATING {
        return Err(refusal(409, "OverQuota", "Quota exceeded for resources: ['floatingip']."));
    }
    let address = cloud.network().take_address(network, wanted)?;
    let id = cloud.network().new_id();
    let made = FloatingIp { id, network, address, project, description, target };
    call.world.networks.borrow_mut().floating.push(made);
    Ok(Answer::json(201, json!({"floatingip": shown(call, id)?})))
}

pub(super) fn update(call: &Call<'_>, id: &str) -> Result<Answer, Refusal> {
    let known = own(call, id)?;
    let given = call.given("floatingip")?;
    let target =
        if given.get("port_id").is_some() { Some(target(call, &given, Some(known.id))?) } else { None };
    let description = text(&given, "description")?;
    let mut networks = call.world.networks.borrow_mut();
    if let Some(floating) = networks.floating.iter_mut().find(|floating| floating.id == known.id) {
        floating.target = target.unwrap_or(floating.target);
        floating.description = description.unwrap_or_else(|| floating.description.clone());
    }
    drop(networks);
    Ok(Answer::json(200, json!({"floatingip": shown(call, known.id)?})))
}

pub(super) fn delete(call: &Call<'_>, id: &str) -> Result<Answer, Refusal> {
    let known = own(call, id)?;
    call.world.networks.borrow_mut().floating.retain(|floating| floating.id != known.id);
    call.world.cloud().network().give_back_address(&known.address);
    Ok(Answer::empty(204))
}
