//! Networks.

use super::refusal::{Refusal, refusal};
use super::{Call, text, truth};
use crate::answer::Answer;
use crate::caller::{Access, Requester};
use crate::world::World;
use conductor::Network;
use model::ids::NetworkId;
use serde_json::{Value, json};

/// How many networks there may be beside the cloud's own: they are kept in memory.
const MAX_NETWORKS: usize = 10_000;

/// Whether a requester may see a network: it is their project's, or for all.
pub(crate) fn visible(network: &Network, requester: &Requester) -> bool {
    let own = network.project.as_ref() == Some(&requester.project);
    own || network.shared || network.external || requester.is_admin
}

/// The name of a network, under which servers show their addresses.
pub(crate) fn name_of(world: &World, id: NetworkId) -> String {
    world.cloud().network().network(id).map(|network| network.name).unwrap_or_default()
}

pub(super) fn all(world: &World, requester: &Requester) -> Vec<Value> {
    let service = world.cloud();
    let seen = service.network().networks().into_iter().filter(|network| visible(network, requester));
    seen.map(|network| show(world, &network, requester)).collect()
}

fn show(world: &World, network: &Network, requester: &Requester) -> Value {
    let cloud = world.cloud();
    let subnets = cloud.network().subnets();
    let subnets: Vec<_> =
        subnets.iter().filter(|subnet| subnet.network == network.id).map(|subnet| subnet.id).collect();
    let project = network.project.as_ref().unwrap_or(&requester.project);
    json!({
        "id": network.id, "name": network.name, "status": if network.admin_state_up { "ACTIVE" } else { "DOWN" },
        "admin_state_up": network.admin_state_up, "shared": network.shared, "router:external": network.external,
        "mtu": 1450, "port_security_enabled": true, "description": network.description, "subnets": subnets,
        "availability_zones": ["nova"], "availability_zone_hints": [], "tags": [], "project_id": project,
        "tenant_id": project,
    })
}

/// A network the requester may change.
fn own(call: &Call<'_>, id: &str) -> Result<Network, Refusal> {
    let cloud = call.world.cloud();
    let found = id.parse().ok().and_then(|id| cloud.network().network(id));
    let found = found.filter(|network| visible(network, &call.requester));
    let found = found.ok_or_else(|| Refusal::not_found("network", id))?;
    if found.project.as_ref() == Some(&call.requester.project) || call.requester.may(Access::Admin) {
        return Ok(found);
    }
    Err(Refusal::forbidden("update_network"))
}

/// What is said of a network.
fn apply(call: &Call<'_>, network: &mut Network, given: &Value) -> Result<(), Refusal> {
    if let Some(name) = text(given, "name")? {
        network.name = name;
    }
    if let Some(description) = text(given, "description")? {
        network.description = description;
    }
    network.admin_state_up = truth(given, "admin_state_up")?.unwrap_or(network.admin_state_up);
    let (shared, external) = (truth(given, "shared")?, truth(given, "router:external")?);
    if shared.is_some_and(|shared| shared != network.shared) {
        call.require_admin("create_network:shared")?;
    }
    if external.is_some_and(|external| external != network.external) {
        call.require_admin("create_network:router:external")?;
    }
    network.shared = shared.unwrap_or(network.shared);
    network.external = external.unwrap_or(network.external);
    Ok(())
}

pub(super) fn create(call: &Call<'_>) -> Result<Answer, Refusal> {
    let given = call.given("network")?;
    let cloud = call.world.cloud();
    let service = cloud.network();
    let mut network = Network {
        id: NetworkId(service.new_id()),
        name: String::new(),
        description: String::new(),
        project: Some(call.project(&given)?),
        shared: false,
        external: false,
        admin_state_up: true,
    };
    apply(call, &mut network, &given)?;
    if service.networks().len() > MAX_NETWORKS {
        return Err(refusal(409, "OverQuota", "Quota exceeded for resources: ['network']."));
    }
    service.put_network(network.clone());
    Ok(Answer::json(201, json!({"network": show(call.world, &network, &call.requester)})))
}

pub(super) fn update(call: &Call<'_>, id: &str) -> Result<Answer, Refusal> {
    let mut network = own(call, id)?;
    apply(call, &mut network, &call.given("network")?)?;
    call.world.cloud().network().put_network(network.clone());
    Ok(Answer::json(200, json!({"network": show(call.world, &network, &call.requester)})))
}

pub(super) fn delete(call: &Call<'_>, id: &str) -> Result<Answer, Refusal> {
    let network = own(call, id)?;
    if call.world.networks.borrow().floating.iter().any(|floating| floating.network == network.id) {
        return Err(conductor::NetworkError::NetworkInUse(network.id).into());
    }
    call.world.cloud().network().delete_network(network.id)?;
    Ok(Answer::empty(204))
}
