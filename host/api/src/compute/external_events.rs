//! What other services tell the computes (`nova/api/openstack/compute/server_external_events.py`).

use super::body;
use super::call::Call;
use super::refusal::Refusal;
use crate::answer::Answer;
use crate::caller::Access;
use model::rpc::ExternalEvent;
use model::{Server, ServerId, VolumeId};
use serde_json::{Value, json};

/// Which events there are, and since which microversion.
const NAMES: [(&str, u32); 8] = [
    ("network-changed", 1),
    ("network-vif-plugged", 1),
    ("network-vif-unplugged", 1),
    ("network-vif-deleted", 1),
    ("volume-extended", 51),
    ("power-update", 76),
    ("accelerator-request-bound", 82),
    ("volume-reimaged", 93),
];
/// Events that say nothing without a tag.
const TAGGED: [&str; 3] = ["volume-extended", "power-update", "accelerator-request-bound"];

pub(super) async fn create(call: &Call<'_>) -> Result<Answer, Refusal> {
    let names: Vec<&str> =
        NAMES.iter().filter(|(_, since)| call.version.since(*since)).map(|(name, _)| *name).collect();
    let properties = json!({
        "server_uuid": {"type": "string", "format": "uuid-with-dashes"},
        "name": {"type": "string", "enum": names},
        "status": {"type": "string", "enum": ["failed", "completed", "in-progress"]},
        "tag": {"type": "string", "maxLength": 255},
    });
    let event = body::object(properties, &["server_uuid", "name"]);
    let events = json!({"type": "array", "minItems": 1, "items": event});
    let given = body::checked(call, body::object(json!({"events": events}), &["events"]))?;
    call.require(Access::Admin, "os_compute_api:os-server-external-events:create")?;
    let mut answered = Vec::new();
    for event in given["events"].as_array().into_iter().flatten() {
        let code = tell(call, event).await;
        let mut shown = event.clone();
        shown["code"] = json!(code);
        shown["status"] = json!(if code == 200 { "completed" } else { "failed" });
        answered.push(shown);
    }
    let all = answered.iter().all(|event| event["code"] == 200);
    Ok(Answer::json(if all { 200 } else { 207 }, json!({"events": answered})))
}

/// Passes one event on; answers the code it is reported with.
async fn tell(call: &Call<'_>, event: &Value) -> u16 {
    let text = |key: &str| event[key].as_str().unwrap_or_default();
    let id = text("server_uuid").parse::<ServerId>();
    let server: Option<Server> = id.ok().and_then(|id| call.cloud.services().records.server(id).ok());
    let Some(server) = server else { return 404 };
    let (name, tag) = (text("name"), text("tag").to_owned());
    if TAGGED.contains(&name) && event["tag"].is_null() {
        return 400;
    }
    if server.host.is_none() {
        return 422;
    }
    let told = match name {
        "volume-extended" => match tag.parse::<VolumeId>() {
            Ok(volume) => call.api.volume_extended(server.id, volume).await,
            Err(_) => return 400,
        },
        _ => {
            let failed = event["status"] == "failed";
            let event = ExternalEvent { name: name.to_owned(), tag, failed };
            call.api.external_event(server.id, event).await
        }
    };
    told.map_or_else(|error| error.code, |()| 200)
}
