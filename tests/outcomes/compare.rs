//! Comparing what is observed here with what was observed of Nova.

use super::line::Line;
use serde_json::{Map, Value};
use std::fmt;

/// A field in which a replayed line differs.
#[derive(Debug)]
pub(crate) struct Difference {
    pub(crate) field: String,
    pub(crate) nova: Value,
    pub(crate) here: Value,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: Nova {} here {}", self.field, self.nova, self.here)
    }
}

/// The fields that are compared as they are.
const FIELDS: &[&str] = &[
    "http",
    "http_messages",
    "server",
    "stored_faults",
    "migrations",
    "actions",
    "allocations_before_periodics",
    "allocations",
    "usages_before_periodics",
    "usages",
    "hypervisors_before_periodics",
    "hypervisors",
    "guests",
    "guest_power",
    "ports",
    "interfaces",
    "images",
    "request_spec_flavor",
];

/// The fields whose order between hosts is advisory, while that within one host is exact.
const ORDERED_BY_HOST: &[&str] = &["notifications", "driver_calls"];

/// Every field in which `seen` differs from the line. Driver calls that only ask depend on caches of Nova's and are
/// left out.
pub(crate) fn differences(line: &Line, seen: &Map<String, Value>) -> Vec<Difference> {
    let nova = |field: &str| line.observed.get(field).cloned().unwrap_or_default();
    let here = |field: &str| seen.get(field).cloned().unwrap_or_default();
    let plain = FIELDS.iter().map(|field| match *field {
        "stored_faults" => {
            (*field, without_conductors_host(nova(field)), without_conductors_host(here(field)))
        }
        // The image service of the observed runs lists every image as one of the server's backups, so that the rotation
        // deletes the new one and not an old one; here it goes by the images' properties, as a real one does.
        "images" if line.scenario == "create-backup" => (*field, Value::Null, Value::Null),
        _ => (*field, nova(field), here(field)),
    });
    let by_host = ORDERED_BY_HOST.iter().map(|field| {
        let queries = queries(&nova("driver_calls"));
        (*field, per_host(field, &nova(field), &queries), per_host(field, &here(field), &queries))
    });
    plain
        .chain(by_host)
        .filter(|(_, nova, here)| nova != here)
        .map(|(field, nova, here)| Difference { field: field.to_owned(), nova, here })
        .collect()
}

/// Faults that the conductor stores carry the host of whatever compute was started last when all services share one
/// process, as they did in the observed runs; here they carry none.
fn without_conductors_host(faults: Value) -> Value {
    let Value::Array(faults) = faults else { return faults };
    faults
        .into_iter()
        .map(|mut fault| {
            let by_conductor =
                fault[1].as_str().is_some_and(|message| message.starts_with("Exceeded maximum number"));
            if by_conductor {
                fault[2] = Value::Null;
            }
            fault
        })
        .collect()
}

/// Calls that only ask, wherever Nova made one.
const QUERIES: &[&str] = &[
    "capabilities",
    "capabilities_as_traits",
    "get_available_nodes",
    "get_available_resource",
    "get_host_ip_addr",
    "get_info",
    "get_nodenames_by_uuid",
    "list_instance_uuids",
    "network_binding_host_id",
    "node_is_available",
    "update_provider_tree",
];

fn queries(calls: &Value) -> Vec<String> {
    let marked = calls.as_array().into_iter().flatten().filter(|call| call.get(4).is_some());
    let named = marked.filter_map(|call| call[1].as_str().map(str::to_owned));
    named.chain(QUERIES.iter().map(|name| (*name).to_owned())).collect()
}

/// The entries of each host or service, in their order.
fn per_host(field: &str, entries: &Value, queries: &[String]) -> Value {
    let mut by_host: std::collections::BTreeMap<String, Vec<Value>> = Default::default();
    for entry in entries.as_array().into_iter().flatten() {
        let is_query = entry[1].as_str().is_some_and(|method| queries.iter().any(|query| query == method));
        if field == "driver_calls" && is_query {
            continue;
        }
        let host = if field == "driver_calls" { &entry[0] } else { &entry[2] };
        by_host.entry(host.as_str().unwrap_or_default().to_owned()).or_default().push(entry.clone());
    }
    serde_json::to_value(by_host).unwrap_or_default()
}
