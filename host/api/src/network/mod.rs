//! The network service's API, version 2.0 (Neutron), as far as servers need it: its network, its subnet, ports, and
//! security groups as records.

mod records;

pub(crate) use records::{DEFAULT_GROUP, Networks};

use crate::answer::{Answer, Ask};
use crate::caller::{Access, Requester};
use crate::world::World;
use axum::http::Method;
use conductor::Port;
use model::PortId;
use records::PortNote;
use serde_json::{Value, json};
use uuid::Uuid;

/// The network's name, which is what servers show their addresses under.
pub(crate) const NETWORK_NAME: &str = "private";
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
        "security-groups" => world.networks.borrow().groups(&requester.project),
        "security-group-rules" => world.networks.borrow().rules(&requester.project),
        "extensions" | "floatingips" => Vec::new(),
        "quotas" => return Answer::json(200, json!({"quota": quota()})),
        _ => return refusal(404, "HTTPNotFound", "The resource could not be found."),
    };
    match (rest, &ask.method) {
        ([], &Method::GET) => Answer::json(200, json!({key_of(kind): fitting(ask, items)})),
        ([id], &Method::GET) => {
            let one = &key_of(kind.trim_end_matches('s'));
            let found = items.into_iter().find(|item| item["id"] == *id);
            let message = format!("{} {id} could not be found.", capitalised(one));
            found.map_or_else(
                || refusal(404, &format!("{}NotFound", capitalised(one)), &message),
                |item| Answer::json(200, json!({one: item})),
            )
        }
        (rest, method) if requester.may(Access::Member) => change(world, ask, &requester, kind, rest, method),
        _ => refusal(403, "HTTPForbidden", "This network service is changed by the control plane alone."),
    }
}

/// What a resource is called in documents.
fn key_of(kind: &str) -> String {
    kind.replace('-', "_")
}

fn quota() -> Value {
    let names = [
        "network",
        "subnet",
        "port",
        "router",
        "floatingip",
        "security_group",
        "security_group_rule",
        "subnetpool",
        "rbac_policy",
    ];
    names.iter().map(|name| ((*name).to_owned(), json!(-1))).collect::<serde_json::Map<_, _>>().into()
}

/// Makes, changes or deletes something.
fn change(
    world: &World,
    ask: &Ask,
    requester: &Requester,
    kind: &str,
    rest: &[&str],
    method: &Method,
) -> Answer {
    let Ok(body) = ask.json() else { return refusal(400, "HTTPBadRequest", "The body is no JSON") };
    let one = key_of(kind.trim_end_matches('s'));
    let given = &body[one.as_str()];
    let project = &requester.project;
    let gone = |done: bool, id: &str| match done {
        true => Answer::empty(204),
        false => refusal(
            404,
            &format!("{}NotFound", capitalised(&one)),
            &format!("{one} {id} could not be found."),
        ),
    };
    match (kind, rest, method.as_str()) {
        ("ports", [], "POST") => create_port(world, requester, given),
        ("ports", [id], "PUT") => update_port(world, requester, id, given),
        ("ports", [id], "DELETE") => delete_port(world, requester, id),
        ("security-groups", [], "POST") => {
            Answer::json(201, json!({one: world.networks.borrow_mut().make_group(project, given)}))
        }
        ("security-group-rules", [], "POST") => {
            Answer::json(201, json!({one: world.networks.borrow_mut().make_rule(project, given)}))
        }
        ("security-groups" | "security-group-rules", [id], "DELETE") => {
            gone(world.networks.borrow_mut().delete(project, id), id)
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
        let note = world.networks.borrow().ports.get(&port.id).cloned().unwrap_or_default();
        let project = owner.map(|server| &server.project_id).or(note.project.as_ref());
        let project = project.unwrap_or(&requester.project);
        if requester.is_admin || project == &requester.project {
            shown.push(show_port(world, &port, &note, project.as_str(), requester));
        }
    }
    shown
}

fn show_port(world: &World, port: &Port, note: &PortNote, project: &str, requester: &Requester) -> Value {
    let mut shown = json!({
        "id": port.id, "name": note.name, "network_id": world.cloud().network().network_id(),
        "mac_address": port.mac_address, "admin_state_up": true, "security_groups": [DEFAULT_GROUP],
        "description": note.description, "tags": [],
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

fn port_of(world: &World, requester: &Requester, id: &str) -> Option<Value> {
    ports(world, requester).into_iter().find(|port| port["id"] == *id)
}

fn no_port(id: &str) -> Answer {
    refusal(404, "PortNotFound", &format!("Port {id} could not be found."))
}

fn create_port(world: &World, requester: &Requester, given: &Value) -> Answer {
    let made: Result<PortId, _> = world.cloud().network().create_port();
    match made {
        Ok(id) => {
            let note = PortNote { project: Some(requester.project.clone()), ..PortNote::default() };
            world.networks.borrow_mut().ports.insert(id, note);
            note_port(world, id, given);
            Answer::json(201, json!({"port": port_of(world, requester, &id.to_string())}))
        }
        Err(error) => refusal(409, "IpAddressGenerationFailure", &error.message),
    }
}

/// Keeps what is said of a port.
fn note_port(world: &World, id: PortId, given: &Value) {
    let mut networks = world.networks.borrow_mut();
    let note = networks.ports.entry(id).or_default();
    let text = |key: &str| given[key].as_str().map(str::to_owned);
    note.name = text("name").unwrap_or_else(|| note.name.clone());
    note.description = text("description").unwrap_or_else(|| note.description.clone());
}

fn update_port(world: &World, requester: &Requester, id: &str, given: &Value) -> Answer {
    let known = port_of(world, requester, id).is_some();
    let Some(parsed) = id.parse::<PortId>().ok().filter(|_| known) else { return no_port(id) };
    note_port(world, parsed, given);
    Answer::json(200, json!({"port": port_of(world, requester, id)}))
}

fn delete_port(world: &World, requester: &Requester, id: &str) -> Answer {
    let known = port_of(world, requester, id).is_some();
    let Some(parsed) = id.parse::<PortId>().ok().filter(|_| known) else { return no_port(id) };
    if !world.cloud().network().delete_port(parsed) {
        let message = format!("Port {id} is plugged into a server, from which it is to be detached first.");
        return refusal(409, "PortInUse", &message);
    }
    world.networks.borrow_mut().ports.remove(&parsed);
    Answer::empty(204)
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
            let one = format!("/networking/v2.0/ports/{}", port.as_str().unwrap_or(""));
            let named = rig.put(&one, json!({"port": {"name": "p1"}})).await;
            assert_eq!(body_of(&named)["port"]["name"], "p1");
            assert_eq!(rig.delete(&one).await.status(), 204);
            assert_eq!(rig.delete(&one).await.status(), 404);
        });
    }

    #[test]
    fn security_groups_are_kept_with_their_rules_and_the_default_one_stays() {
        Rig::open().run(async |rig| {
            let groups = "/networking/v2.0/security-groups";
            let made = body_of(&rig.post(groups, json!({"security_group": {"name": "web"}})).await);
            let id = made["security_group"]["id"].as_str().unwrap_or("").to_owned();
            let rule = json!({"security_group_rule": {"security_group_id": id, "protocol": "tcp", "port_range_min": 80}});
            let ruled = rig.post("/networking/v2.0/security-group-rules", rule).await;
            assert_eq!(ruled.status(), 201);
            let shown = body_of(&rig.get(&format!("{groups}/{id}")).await);
            assert_eq!(shown["security_group"]["security_group_rules"].as_array().map(Vec::len), Some(3), "{shown}");
            assert_eq!(rig.delete(&format!("{groups}/{id}")).await.status(), 204);
            let left = body_of(&rig.get(groups).await);
            assert_eq!(left["security_groups"].as_array().map(Vec::len), Some(1));
            assert_eq!(left["security_groups"][0]["name"], "default");
        });
    }
}
