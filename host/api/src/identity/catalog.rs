//! The catalogue: which services there are and where.

use crate::answer::Ask;
use serde_json::{Value, json};
use uuid::Uuid;

/// The one region.
pub(super) const REGION: &str = "RegionOne";

/// Type, name and path of each service that this process serves.
const SERVICES: [(&str, &str, &str); 6] = [
    ("block-storage", "cinder", "/volume/v3"),
    ("compute", "nova", "/compute/v2.1"),
    ("identity", "keystone", "/identity"),
    ("image", "glance", "/image"),
    ("network", "neutron", "/networking"),
    ("placement", "placement", "/placement"),
];

/// The id of a service or endpoint: the same in every run.
fn id(of: &str) -> String {
    Uuid::new_v5(&Uuid::NAMESPACE_URL, of.as_bytes()).simple().to_string()
}

/// The catalogue for a client that reached this server as it did.
pub(super) fn catalog(ask: &Ask) -> Value {
    let shown = |(kind, name, path): &(&str, &str, &str)| {
        let endpoint = |interface: &str| {
            json!({
                "id": id(&format!("{kind}/{interface}")),
                "interface": interface,
                "region": REGION,
                "region_id": REGION,
                "url": format!("{}{path}", ask.origin()),
            })
        };
        json!({
            "id": id(kind),
            "type": kind,
            "name": name,
            "endpoints": (["public", "internal", "admin"].map(endpoint)),
        })
    };
    SERVICES.iter().map(shown).collect()
}

/// The services, as `/v3/services` lists them.
pub(super) fn services() -> Vec<Value> {
    SERVICES
        .iter()
        .map(|(kind, name, _)| json!({"id": id(kind), "type": kind, "name": name, "enabled": true, "description": ""}))
        .collect()
}

/// The endpoints, as `/v3/endpoints` lists them.
pub(super) fn endpoints(ask: &Ask) -> Vec<Value> {
    let mut all = Vec::new();
    for service in catalog(ask).as_array().into_iter().flatten() {
        for endpoint in service["endpoints"].as_array().into_iter().flatten() {
            let mut endpoint = endpoint.clone();
            endpoint["service_id"] = service["id"].clone();
            endpoint["enabled"] = json!(true);
            all.push(endpoint);
        }
    }
    all
}
