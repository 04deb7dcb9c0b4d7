//! Services (`nova/api/openstack/compute/services.py`).

use super::body;
use super::call::Call;
use super::refusal::Refusal;
use crate::answer::Answer;
use crate::caller::Access;
use model::Service;
use serde_json::{Value, json};
use uuid::Uuid;

/// The one binary whose services are changed.
const COMPUTE: &str = "nova-compute";
/// The zone of services that run no servers.
const INTERNAL_ZONE: &str = "internal";

/// The id of a host's service, which follows from the host's name.
pub(super) fn id_of(service: &Service) -> Uuid {
    id_for(COMPUTE, service.host.as_str())
}

fn id_for(binary: &str, host: &str) -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{binary}:{host}").as_bytes())
}

pub(super) fn list(call: &Call<'_>) -> Result<Answer, Refusal> {
    call.require(Access::Admin, "os_compute_api:os-services:list")?;
    let mut number = 0;
    let mut shown = Vec::new();
    for binary in ["nova-conductor", "nova-scheduler"] {
        number += 1;
        let host = binary.trim_start_matches("nova-");
        let id = if call.version.since(53) { json!(id_for(binary, host)) } else { json!(number) };
        let mut one = json!({
            "id": id, "binary": binary, "host": host, "zone": INTERNAL_ZONE, "status": "enabled", "state": "up",
            "updated_at": call.world.now().to_string(), "disabled_reason": null,
        });
        if call.version.since(11) {
            one["forced_down"] = json!(false);
        }
        shown.push(one);
    }
    for service in call.cloud.records().services() {
        number += 1;
        shown.push(show(call, &service, number));
    }
    for key in ["binary", "host"] {
        if let Some(wanted) = call.ask.query.get(key) {
            shown.retain(|service| service[key] == wanted);
        }
    }
    Ok(Answer::json(200, json!({"services": shown})))
}

fn show(call: &Call<'_>, service: &Service, number: usize) -> Value {
    let options = call.cloud.services().options.get();
    let now = call.world.now();
    let id = if call.version.since(53) { json!(id_of(service)) } else { json!(number) };
    let heard_of = if service.running { Some(now) } else { service.last_seen_up };
    let mut shown = json!({
        "id": id, "binary": COMPUTE, "host": service.host, "zone": options.default_availability_zone.0,
        "status": if service.disabled { "disabled" } else { "enabled" },
        "state": if service.is_up(now, options.service_down_time) { "up" } else { "down" },
        "updated_at": heard_of.map(|at| at.to_string()), "disabled_reason": service.disabled_reason,
    });
    if call.version.since(11) {
        shown["forced_down"] = json!(service.forced_down);
    }
    shown
}

pub(super) async fn update(call: &Call<'_>, id: &str) -> Result<Answer, Refusal> {
    call.require(Access::Admin, "os_compute_api:os-services:update")?;
    let schema = body::object(
        json!({
            "status": {"type": "string", "enum": ["enabled", "disabled"]},
            "disabled_reason": {"type": "string", "minLength": 1, "maxLength": 255},
            "forced_down": body::boolean(),
        }),
        &[],
    );
    let given = body::checked(call, schema)?;
    let services = call.cloud.records().services();
    let found = (3..).zip(services).find(|(_, service)| id_of(service).to_string() == id);
    let (number, service) = found.ok_or_else(|| Refusal::not_found(format!("Service {id} not found.")))?;
    let (status, forced) = (given["status"].as_str(), given.get("forced_down").map(body::truth));
    if status == Some("enabled") && given.get("disabled_reason").is_some() {
        let message = "Specifying 'disabled_reason' with status 'enabled' is invalid.";
        return Err(Refusal::bad_request(message));
    }
    if status.is_none() && forced.is_none() {
        let message = "No updates were requested. Fields 'status' or 'forced_down' should be specified.";
        return Err(Refusal::bad_request(message));
    }
    if let Some(forced_down) = forced {
        call.api.force_down(&service.host, forced_down).await?;
    }
    if let Some(status) = status {
        call.cloud.records().update_service(&service.host, |service| {
            service.disabled = status == "disabled";
            service.disabled_reason = given["disabled_reason"].as_str().map(str::to_owned);
        });
        call.cloud
            .update_available_resource(&service.host)
            .await
            .map_err(|error| Refusal::new(500, error.to_string()))?;
    }
    let changed = call.cloud.records().services().into_iter().find(|changed| changed.host == service.host);
    Ok(Answer::json(200, json!({"service": changed.map(|changed| show(call, &changed, number))})))
}
