//! What a harness reads: notifications and request specs.

use super::{Outcome, Refusal};
use crate::answer::Ask;
use crate::world::World;
use model::{Notification, ServerId};
use serde_json::{Value, json};

pub(super) fn notifications(world: &World, ask: &Ask) -> Value {
    let sent = world.cloud().services().notifier.sent();
    let wanted = ask.query.get("event_type");
    let fitting = sent.iter().filter(|sent| wanted.is_none_or(|wanted| sent.event_type == wanted));
    let shown = fitting.map(|sent| {
        json!({
            "event_type": sent.event_type,
            "priority": sent.priority,
            "publisher_id": sent.publisher_id,
            "timestamp": sent.timestamp.to_string(),
            "payload": payload(sent),
        })
    });
    json!({"notifications": shown.collect::<Vec<_>>()})
}

/// The payload, as far as it is known: which object it is about, and the error.
fn payload(sent: &Notification) -> Value {
    let object = |name: &str, data: Value| {
        json!({
            "nova_object.name": name, "nova_object.namespace": "nova", "nova_object.version": "1.0",
            "nova_object.data": data,
        })
    };
    let error = sent.error.as_ref().map(|error| {
        let data = json!({"exception": error.class.name(), "exception_message": error.text()});
        object("ExceptionPayload", data)
    });
    match (sent.event_type.split_once('.'), error) {
        (Some(("compute", _)), Some(error)) => error,
        (Some(("compute_task", _)), error) => {
            object("ComputeTaskPayload", json!({"instance_uuid": sent.server, "reason": error}))
        }
        (_, error) => object("InstanceActionPayload", json!({"uuid": sent.server, "fault": error})),
    }
}

/// What happened, from record `since` on.
pub(super) fn trace(world: &World, ask: &Ask) -> Outcome {
    let since = ask.query.get("since").unwrap_or("0");
    let since: usize = since
        .parse()
        .map_err(|_| Refusal::bad_request(format!("since={since}: it is the number of a record, from 0")))?;
    let cloud = world.cloud();
    let trace = &cloud.services().trace;
    if !trace.enabled() {
        return Err(Refusal::conflict("nothing is traced here; serve with --trace"));
    }
    let records = trace.records();
    // The number of a record is its place.
    let wanted = records.get(since..).unwrap_or_default();
    let next = records.len();
    let shown = serde_json::to_value(wanted).map_err(|error| Refusal::conflict(error.to_string()))?;
    Ok(json!({"trace": shown, "next": next}))
}

pub(super) fn request_spec(world: &World, server: &str) -> Outcome {
    let id: Option<ServerId> = server.parse().ok();
    let spec = id.and_then(|id| world.cloud().records().request_spec(id));
    let spec =
        spec.ok_or_else(|| Refusal::not_found(format!("RequestSpec not found for instance {server}")))?;
    let none_if_empty = |hosts: Vec<String>| if hosts.is_empty() { Value::Null } else { json!(hosts) };
    Ok(json!({
        "flavorid": spec.flavor.id,
        "num_instances": spec.num_instances,
        "project_id": spec.project_id,
        "availability_zone": spec.availability_zone,
        "ignore_hosts": none_if_empty(spec.ignore_hosts.iter().map(ToString::to_string).collect()),
        "force_hosts": none_if_empty(spec.force_hosts.iter().map(ToString::to_string).collect()),
    }))
}
