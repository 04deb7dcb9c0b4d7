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
    "volume_attachments",
    "cinder_attachments",
    "ports",
    "interfaces",
    "images",
    "request_spec_flavor",
];

/// The fields whose order between hosts is advisory, while that within one host is exact.
const ORDERED_BY_HOST: &[&str] = &["notifications", "driver_calls"];

/// Every field in which `seen` differs from the line.
pub(crate) fn differences(line: &Line, seen: &Map<String, Value>) -> Vec<Difference> {
    let nova = |field: &str| line.observed.get(field).cloned().unwrap_or_default();
    let here = |field: &str| seen.get(field).cloned().unwrap_or_default();
    let plain = FIELDS.iter().map(|field| match *field {
        "stored_faults" => {
            let by_task = live_migration_task_failed(&nova("actions"));
            let plain = |faults| without_conductors_host(faults, by_task);
            (*field, plain(nova(field)), plain(here(field)))
        }
        // The image service of the observed runs lists every image as one of the server's backups, so that the rotation
        // deletes the new one and not an old one; here it goes by the images' properties, as a real one does.
        "images" if line.scenario == "create-backup" => (*field, Value::Null, Value::Null),
        _ => (*field, nova(field), here(field)),
    });
    let by_host = ORDERED_BY_HOST.iter().map(|field| {
        let plain = |entries| per_host(field, &outcome_of_live_migration(entries));
        (*field, plain(nova(field)), plain(here(field)))
    });
    plain
        .chain(by_host)
        .filter(|(_, nova, here)| nova != here)
        .map(|(field, nova, here)| Difference { field: field.to_owned(), nova, here })
        .collect()
}

/// Faults that the conductor stores carry the host of whatever compute was started last when all services share one
/// process, as they did in the observed runs; here they carry none.
fn without_conductors_host(faults: Value, last_too: bool) -> Value {
    let Value::Array(faults) = faults else { return faults };
    let last = faults.len().saturating_sub(1);
    faults
        .into_iter()
        .enumerate()
        .map(|(index, mut fault)| {
            let by_conductor = last_too && index == last
                || fault[1].as_str().is_some_and(|message| message.starts_with("Exceeded maximum number"));
            if by_conductor {
                fault[2] = Value::Null;
            }
            fault
        })
        .collect()
}

/// Whether the conductor gave a live migration up, which it stores as the last fault.
fn live_migration_task_failed(actions: &Value) -> bool {
    let events = actions.as_array().into_iter().flatten().filter_map(|action| action["events"].as_array());
    events
        .flatten()
        .any(|event| event["event"] == "conductor_live_migrate_instance" && event["result"] == "Error")
}

/// Nova's driver calls the manager back from within `live_migration`, so that an error of what follows is that call's too;
/// here the call has answered by then.
fn outcome_of_live_migration(calls: Value) -> Value {
    let Value::Array(mut calls) = calls else { return calls };
    if let Some(at) = calls.iter().position(|call| call[1] == "live_migration")
        && calls.iter().skip(at + 1).any(|call| call[1] == "post_live_migration")
    {
        calls[at][3] = "ok".into();
    }
    calls.into()
}

/// Calls that cannot be compared: `capabilities` is an attribute in Nova, the contract has neither `capabilities_as_traits` nor
/// `register_event_listener`, and of a build Nova asks `network_binding_host_id` in a thread of its own.
const NOT_COMPARED: &[&str] =
    &["capabilities", "capabilities_as_traits", "network_binding_host_id", "register_event_listener"];

/// The entries of each host or service, in their order.
fn per_host(field: &str, entries: &Value) -> Value {
    let mut by_host: std::collections::BTreeMap<String, Vec<Value>> = Default::default();
    for entry in entries.as_array().into_iter().flatten() {
        let calls = field == "driver_calls";
        if calls && entry[1].as_str().is_some_and(|method| NOT_COMPARED.contains(&method)) {
            continue;
        }
        let host = if calls { &entry[0] } else { &entry[2] };
        let mut entry = entry.clone();
        if calls && let Value::Array(parts) = &mut entry {
            // Of some calls the file says besides that they only ask.
            parts.truncate(4);
        }
        by_host.entry(host.as_str().unwrap_or_default().to_owned()).or_default().push(entry);
    }
    serde_json::to_value(by_host).unwrap_or_default()
}
