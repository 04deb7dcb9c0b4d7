//! What a harness reads: notifications, the trace, request specs, and how much there is of what.

use super::payload::{exception, object};
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

/// The payload: what was written down when it was sent, or which object it is about, and the error.
fn payload(sent: &Notification) -> Value {
    if let Some(written) = sent.payload.as_ref().and_then(|text| serde_json::from_str(text).ok()) {
        return written;
    }
    let error = sent.error.as_ref().map(exception);
    match (sent.event_type.split_once('.'), error) {
        (Some(("compute", _)), Some(error)) => error,
        (Some(("compute_task", _)), error) => {
            object("ComputeTaskPayload", "1.0", &json!({"instance_uuid": sent.server, "reason": error}))
        }
        (_, error) => object("InstanceActionPayload", "1.9", &json!({"uuid": sent.server, "fault": error})),
    }
}

/// How many records of each kind are in memory.
pub(super) fn census(world: &World) -> Value {
    let mut census = json!(world.cloud().census());
    for (name, count) in world.census() {
        census[name] = json!(count);
    }
    json!({"census": census})
}

/// What happened, from record `since` on.
pub(super) fn trace(world: &World, ask: &Ask) -> Outcome {
    let since = ask.query.get("since").unwrap_or("0");
    let since: u64 = since
        .parse()
        .map_err(|_| Refusal::bad_request(format!("since={since}: it is the number of a record, from 0")))?;
    let cloud = world.cloud();
    let trace = &cloud.services().trace;
    if !trace.enabled() {
        return Err(Refusal::conflict("nothing is traced here; serve with --trace"));
    }
    let records = trace.records();
    // Records count up; the oldest may be gone.
    let wanted = records.get(records.partition_point(|record| record.n < since)..).unwrap_or_default();
    let next = records.last().map_or(since, |last| last.n + 1);
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
