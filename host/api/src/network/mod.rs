//! The network service's API, version 2.0 (Neutron), as far as making a server needs it: its network, its subnet, ports.

use crate::answer::{Answer, Ask};
use crate::caller::{Access, Requester};
use crate::world::World;
use axum::http::Method;
use conductor::Port;
use model::PortId;
use serde_json::{Value, json};
use uuid::{Uuid, uuid};

/// The network's name, which is what servers show their addresses under.
pub(crate) const NETWORK_NAME: &str = "private";
/// The one security group.
pub(crate) const SECURITY_GROUP: Uuid = uuid!("aec9df91-db1f-4e04-8ac6-e761d8461c53");
/// The network's addresses.
const CIDR: &str = "192.168.0.0/16";

fn refusal(status: u16, kind: &str, message: &str) -> Answer {
    Answer::json(status, json!({"NeutronError": {"type": kind, "message": message, "detail": ""}}))
}

/// Answers a request.
pub(crate) fn answer(world: &World, ask: &Ask) -> Answer {
    let parts = ask.parts();
    if parts.is_empty() {
        let link = json!([{"rel": "self", "href": format!("{}/v2.0/", ask.base())}]);
        return Answer::json(200, json!({"versions": [{"id": "v2.0", "status": "CURRENT", "links": link}]}));
    }
    let Some(requester) = Requester::of(world, ask) else {
        return refusal(401, "HTTPUnauthorized", "Authentication required")
            .with("www-authenticate", "Keystone uri=\"/identity\"");
    };
    let (kind, rest) = match parts.as_slice() {
        ["v2.0", kind, rest @ ..] => (kind.trim_end_matches(".json"), rest),
        _ => ("", &[][..]),
    };
    let items = match kind {
        "networks" => vec![network(world, &requester)],
        "subnets" => vec![subnet(world, &requester)],
        "ports" => ports(world, &requester),
        "extensions" => Vec::new(),
        _ => return refusal(404, "HTTPNotFound", "The resource could not be found."),
    };
    match (rest, &ask.method) {
        ([], &Method::GET) => Answer::json(200, json!({kind: fitting(ask, items)})),
        ([id], &Method::GET) => {
            let one = kind.trim_end_matches('s');
            let found = items.into_iter().find(|item| item["id"] == *id);
            let message = format!("{} {id} could not be found.", capitalised(one));
            found.map_or_else(
                || refusal(404, &format!("{}NotFound", capitalised(one)), &message),
                |item| Answer::json(200, json!({one: item})),
            )
        }
        ([], &Method::POST) if kind == "ports" && requester.may(Access::Member) => {
            create_port(world, &requester)
        }
        _ => refusal(403, "HTTPForbidden", "This network service is changed by the control plane alone."),
    }
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Those that have what the query asks for.
fn fitting(ask: &Ask, mut items: Vec<Value>) -> Vec<Value> {
    for (key, _) in
        ask.query.pairs().filter(|(key, _)| !matches!(*key, "fields" | "limit" | "sort_key" | "sort_dir"))
    {
        let wanted: Vec<&str> = ask.query.all(key).collect();
        items.retain(|item| match &item[key] {
            Value::String(text) => wanted.contains(&text.as_str()),
            Value::Bool(truth) => wanted.iter().any(|word| word.eq_ignore_ascii_case(&truth.to_string())),
            _ => false,
        });
    }
    items
}

/// The subnet's id follows from its network's.
pub(crate) fn subnet_id(world: &World) -> Uuid {
    Uuid::new_v5(&world.cloud().network().network_id().0, b"subnet")
}

fn network(world: &World, requester: &Requester) -> Value {
    json!({
        "id": world.cloud().network().network_id(), "name": NETWORK_NAME, "status": "ACTIVE", "admin_state_up": true,
        "shared": true, "router:external": false, "mtu": 1450, "port_security_enabled": true, "description": "",
        "subnets": [subnet_id(world)], "availability_zones": ["nova"], "availability_zone_hints": [], "tags": [],
        "project_id": requester.project, "tenant_id": requester.project,
    })
}

fn subnet(world: &World, requester: &Requester) -> Value {
    json!({
        "id": subnet_id(world), "name": "private-subnet", "network_id": world.cloud().network().network_id(),
        "cidr": CIDR, "ip_version": 4, "gateway_ip": "192.168.0.1", "enable_dhcp": true, "dns_nameservers": [],
        "allocation_pools": [{"start": "192.168.0.2", "end": "192.168.255.255"}], "host_routes": [], "description": "",
        "project_id": requester.project, "tenant_id": requester.project, "tags": [],
    })
}

/// The ports the requester sees: those of servers that are the project's own, and free ones.
fn ports(world: &World, requester: &Requester) -> Vec<Value> {
    let cloud = world.cloud();
    let servers = cloud.records().servers();
    let mut shown = Vec::new();
    for port in cloud.network().ports() {
        let owner = port.device.and_then(|id| servers.iter().find(|server| server.id == id));
        let project = owner.map_or(&requester.project, |server| &server.project_id);
        if requester.is_admin || project == &requester.project {
            shown.push(show_port(world, &port, project.as_str(), requester));
        }
    }
    shown
}

fn show_port(world: &World, port: &Port, project: &str, requester: &Requester) -> Value {
    let mut shown = json!({
        "id": port.id, "name": "", "network_id": world.cloud().network().network_id(),
        "mac_address": port.mac_address, "admin_state_up": true, "security_groups": [], "description": "", "tags": [],
        "status": if port.device.is_some() { "ACTIVE" } else { "DOWN" },
        "device_id": port.device.map(|server| server.to_string()).unwrap_or_default(),
        "device_owner": if port.device.is_some() { "compute:nova" } else { "" },
        "fixed_ips": [{"subnet_id": subnet_id(world), "ip_address": port.fixed_ip}],
        "binding:vnic_type": "normal", "project_id": project, "tenant_id": project,
    });
    if requester.may(Access::Admin) {
        let active = port.bindings.iter().find(|(_, active)| **active).map(|(host, _)| host.as_str());
        shown["binding:host_id"] = json!(active.unwrap_or(""));
        shown["binding:vif_type"] = json!(if active.is_some() { "ovs" } else { "unbound" });
    }
    shown
}

fn create_port(world: &World, requester: &Requester) -> Answer {
    let made: Result<PortId, _> = world.cloud().network().create_port();
    match made {
        Ok(id) => {
            let port = ports(world, requester).into_iter().find(|port| port["id"] == json!(id));
            Answer::json(201, json!({"port": port}))
        }
        Err(error) => refusal(409, "IpAddressGenerationFailure", &error.message),
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{Rig, body_of};
    use serde_json::json;

    #[test]
    fn the_network_is_found_by_its_name_and_ports_are_made_on_it() {
        Rig::open().run(async |rig| {
            let networks = body_of(&rig.get("/networking/v2.0/networks?name=private").await);
            let id = networks["networks"][0]["id"].as_str().unwrap_or("").to_owned();
            assert_eq!(
                body_of(&rig.get("/networking/v2.0/networks?name=public").await),
                json!({"networks": []})
            );
            assert_eq!(rig.get(&format!("/networking/v2.0/networks/{id}")).await.status(), 200);
            let port = rig.post("/networking/v2.0/ports", json!({"port": {"network_id": id}})).await;
            assert_eq!(port.status(), 201);
            let port = body_of(&port)["port"]["id"].clone();
            let listed = body_of(&rig.get("/networking/v2.0/ports").await);
            assert_eq!(listed["ports"][0]["id"], port);
            assert_eq!(rig.get("/networking/v2.0/routers").await.status(), 404);
        });
    }
}
