//! Subnets.

use super::refusal::{Refusal, refusal};
use super::{Call, networks, parsed, text, truth};
use crate::answer::Answer;
use crate::caller::{Access, Requester};
use crate::world::World;
use conductor::{Cidr, Network, Pool, Subnet};
use model::ids::NetworkId;
use serde_json::{Value, json};
use std::net::IpAddr;
use uuid::Uuid;

/// How many subnets a network may have.
const MAX_SUBNETS: usize = 1_000;

pub(super) fn all(world: &World, requester: &Requester) -> Vec<Value> {
    let cloud = world.cloud();
    let seen = cloud.network().subnets().into_iter().filter(|subnet| {
        cloud.network().network(subnet.network).is_some_and(|network| networks::visible(&network, requester))
    });
    seen.map(|subnet| show(&subnet, requester)).collect()
}

fn show(subnet: &Subnet, requester: &Requester) -> Value {
    let project = subnet.project.as_ref().unwrap_or(&requester.project);
    let pools = subnet.pools.iter().map(|pool| json!({"start": pool.first, "end": pool.last}));
    json!({
        "id": subnet.id, "name": subnet.name, "description": subnet.description, "network_id": subnet.network,
        "cidr": subnet.cidr.to_string(), "ip_version": subnet.cidr.version(), "gateway_ip": subnet.gateway,
        "enable_dhcp": subnet.enable_dhcp, "dns_nameservers": subnet.name_servers, "host_routes": [],
        "allocation_pools": pools.collect::<Vec<_>>(), "project_id": project, "tenant_id": project, "tags": [],
        "ipv6_ra_mode": null, "ipv6_address_mode": null, "service_types": [], "subnetpool_id": null,
    })
}

/// A network in which the requester may make and change subnets.
fn own_network(call: &Call<'_>, id: NetworkId) -> Result<Network, Refusal> {
    let found = call.world.cloud().network().network(id);
    let found = found.filter(|network| networks::visible(network, &call.requester));
    let found = found.ok_or_else(|| Refusal::not_found("network", &id.to_string()))?;
    if found.project.as_ref() == Some(&call.requester.project) || call.requester.may(Access::Admin) {
        return Ok(found);
    }
    Err(Refusal::forbidden("create_subnet"))
}

fn own(call: &Call<'_>, id: &str) -> Result<Subnet, Refusal> {
    let wanted: Option<Uuid> = id.parse().ok();
    let subnets = call.world.cloud().network().subnets();
    let found = subnets.into_iter().find(|subnet| Some(subnet.id) == wanted);
    let found = found.ok_or_else(|| Refusal::not_found("subnet", id))?;
    own_network(call, found.network)?;
    Ok(found)
}

/// The gateway that is given: none when it is not said, and an empty one when it is said that there is none.
fn gateway(given: &Value) -> Result<Option<Option<IpAddr>>, Refusal> {
    match given.get("gateway_ip") {
        None => Ok(None),
        Some(Value::Null) => Ok(Some(None)),
        Some(_) => Ok(Some(parsed(given, "gateway_ip", "IP address")?)),
    }
}

fn pools(given: &Value) -> Result<Option<Vec<Pool>>, Refusal> {
    let Some(given) = given.get("allocation_pools").filter(|pools| !pools.is_null()) else { return Ok(None) };
    let wrong = || {
        Refusal::invalid(&format!("Invalid input for allocation_pools. Reason: {given} is no list of pools."))
    };
    let pools = given.as_array().filter(|pools| pools.len() <= MAX_SUBNETS).ok_or_else(wrong)?;
    let pool = |pool: &Value| {
        let first = parsed(pool, "start", "IP address")?.ok_or_else(wrong)?;
        let last = parsed(pool, "end", "IP address")?.ok_or_else(wrong)?;
        Ok(Pool { first, last })
    };
    pools.iter().map(pool).collect::<Result<Vec<_>, Refusal>>().map(Some)
}

/// What is said of a subnet and may be said again.
fn apply(subnet: &mut Subnet, given: &Value) -> Result<(), Refusal> {
    if let Some(name) = text(given, "name")? {
        subnet.name = name;
    }
    if let Some(description) = text(given, "description")? {
        subnet.description = description;
    }
    subnet.enable_dhcp = truth(given, "enable_dhcp")?.unwrap_or(subnet.enable_dhcp);
    if let Some(gateway) = gateway(given)? {
        subnet.gateway = gateway;
    }
    if let Some(pools) = pools(given)? {
        subnet.pools = pools;
    }
    if let Some(servers) = given.get("dns_nameservers").filter(|servers| !servers.is_null()) {
        let wrong = || {
            Refusal::invalid(&format!(
                "Invalid input for dns_nameservers. Reason: {servers} is no list of addresses."
            ))
        };
        let servers = servers.as_array().filter(|servers| servers.len() <= 16).ok_or_else(wrong)?;
        let address = |server: &Value| {
            Ok(server.as_str().and_then(|text| text.parse::<IpAddr>().ok()).ok_or_else(wrong)?.to_string())
        };
        subnet.name_servers = servers.iter().map(address).collect::<Result<_, Refusal>>()?;
    }
    Ok(())
}

pub(super) fn create(call: &Call<'_>) -> Result<Answer, Refusal> {
    let given = call.given("subnet")?;
    let missing = |key: &str| {
        Refusal::invalid(&format!("Failed to parse request. Required attribute '{key}' not specified"))
    };
    let network: NetworkId = parsed(&given, "network_id", "UUID")?.ok_or_else(|| missing("network_id"))?;
    let cidr: Cidr = parsed(&given, "cidr", "IP subnet")?.ok_or_else(|| missing("cidr"))?;
    if given.get("ip_version").is_some_and(|version| *version != json!(cidr.version())) {
        let message = format!(
            "Invalid input for operation: cidr {cidr} and ip_version {} conflict.",
            given["ip_version"]
        );
        return Err(refusal(400, "InvalidInput", &message));
    }
    let known = own_network(call, network)?;
    let cloud = call.world.cloud();
    let service = cloud.network();
    let gateway = gateway(&given)?.unwrap_or_else(|| cidr.default_gateway());
    let mut subnet = Subnet {
        id: service.new_id(),
        network,
        name: String::new(),
        description: String::new(),
        project: known.project.or_else(|| Some(call.requester.project.clone())),
        cidr,
        gateway,
        pools: cidr.default_pools(gateway),
        enable_dhcp: true,
        name_servers: Vec::new(),
    };
    apply(&mut subnet, &given)?;
    if service.subnets().iter().filter(|other| other.network == network).count() >= MAX_SUBNETS {
        return Err(refusal(409, "OverQuota", "Quota exceeded for resources: ['subnet']."));
    }
    service.put_subnet(subnet.clone())?;
    Ok(Answer::json(201, json!({"subnet": show(&subnet, &call.requester)})))
}

pub(super) fn update(call: &Call<'_>, id: &str) -> Result<Answer, Refusal> {
    let mut subnet = own(call, id)?;
    let given = call.given("subnet")?;
    if given.get("cidr").is_some() || given.get("network_id").is_some() {
        return Err(Refusal::invalid("Cannot update read-only attribute cidr or network_id"));
    }
    apply(&mut subnet, &given)?;
    call.world.cloud().network().put_subnet(subnet.clone())?;
    Ok(Answer::json(200, json!({"subnet": show(&subnet, &call.requester)})))
}

pub(super) fn delete(call: &Call<'_>, id: &str) -> Result<Answer, Refusal> {
    let subnet = own(call, id)?;
    if call.world.networks.borrow().floating.iter().any(|floating| floating.address.subnet == subnet.id) {
        return Err(conductor::NetworkError::SubnetInUse(subnet.id).into());
    }
    call.world.cloud().network().delete_subnet(subnet.id)?;
    Ok(Answer::empty(204))
}
