//! Services (`nova/api/openstack/compute/services.py`).

use super::body;
use super::call::Call;
use super::refusal::Refusal;
use crate::answer::Answer;
use crate::caller::Access;
use model::Service;
use model::rpc::Address;
use serde_json::{Value, json};
use uuid::Uuid;

/// The one binary whose services are changed.
const COMPUTE: &str = "nova-compute";
/// The zone of services that run no servers.
pub(super) const INTERNAL_ZONE: &str = "internal";

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
        "id": id, "binary": COMPUTE, "host": service.host, "zone": super::zones::of_host(call, &service.host),
        "status": if service.disabled { "disabled" } else { "enabled" },
        "state": if service.is_up(now, options.service_down_time) { "up" } else { "down" },
        "updated_at": heard_of.map(|at| at.to_string()), "disabled_reason": service.disabled_reason,
    });
    if call.version.since(11) {
        shown["forced_down"] = json!(service.forced_down);
    }
    shown
}

/// A host's service by its host, up to 2.52: `enable`, `disable`, `disable-log-reason`, `force-down`.
pub(super) async fn act(call: &Call<'_>, action: &str) -> Result<Answer, Refusal> {
    let text = json!({"type": "string", "minLength": 1, "maxLength": 255});
    let mut properties = json!({"host": body::fqdn(), "binary": text, "disabled_reason": text});
    if call.version.since(11) {
        properties["forced_down"] = body::boolean();
    }
    let given = body::checked(call, body::object(properties, &["host", "binary"]))?;
    call.require(Access::Admin, "os_compute_api:os-services:update")?;
    let (host, binary) =
        (given["host"].as_str().unwrap_or_default(), given["binary"].as_str().unwrap_or_default());
    let reason = given["disabled_reason"].as_str();
    let mut shown = json!({"host": host, "binary": binary});
    let known = matches!(action, "enable" | "disable" | "disable-log-reason");
    let forces = action == "force-down" && call.version.since(11);
    if !known && !forces {
        return Err(Refusal::not_found("Unknown action"));
    }
    if action == "disable-log-reason" && reason.is_none() {
        return Err(Refusal::bad_request("Missing disabled reason field"));
    }
    if action == "force-down" && given.get("forced_down").is_none() {
        return Err(Refusal::bad_request("Missing forced_down field"));
    }
    if binary != COMPUTE {
        return Err(not_compute(binary));
    }
    let known = call.cloud.records().services().into_iter().find(|service| service.host == *host);
    let service =
        known.ok_or_else(|| Refusal::not_found(format!("Host '{host}' is not mapped to any cell")))?;
    if action == "force-down" {
        let forced = body::truth(&given["forced_down"]);
        call.api.force_down(&service.host, forced).await?;
        shown["forced_down"] = json!(forced);
    } else {
        let disabled = action != "enable";
        let reason = reason.filter(|_| action == "disable-log-reason").map(str::to_owned);
        shown["status"] = json!(if disabled { "disabled" } else { "enabled" });
        if let Some(reason) = &reason {
            shown["disabled_reason"] = json!(reason);
        }
        call.api.set_service_disabled(&service.host, disabled, reason).await?;
    }
    Ok(Answer::json(200, json!({"service": shown})))
}

fn not_compute(binary: &str) -> Refusal {
    Refusal::bad_request(format!(
        "Updating a {binary} service is not supported. Only {COMPUTE} services can be updated."
    ))
}

/// Forgets a host: its service, its node, what placement knows of it, its place in aggregates.
pub(super) fn delete(call: &Call<'_>, id: &str) -> Result<Answer, Refusal> {
    call.require(Access::Admin, "os_compute_api:os-services:delete")?;
    if call.version.since(53) && id.parse::<Uuid>().is_err() {
        return Err(Refusal::bad_request(format!("Invalid uuid {id}")));
    }
    let services = (3..).zip(call.cloud.records().services());
    let found = services.into_iter().find(|(number, service)| {
        if call.version.since(53) { id_of(service).to_string() == id } else { number.to_string() == id }
    });
    let (_, service) = found.ok_or_else(|| Refusal::not_found(format!("Service {id} not found.")))?;
    let records = &call.cloud.services().records;
    if !records.servers_on(&service.host).is_empty() {
        let message = "Unable to delete compute service that is hosting instances. Migrate or delete the instances \
                       first.";
        return Err(Refusal::new(409, message));
    }
    let moving = records.migrations_in_progress_or_error(&service.host);
    let moving = moving.iter().filter(|migration| migration.status != model::MigrationStatus::Error).count();
    if moving > 0 {
        call.cloud.services().trace.log(&Address::Api, "info", || {
            format!("There are {moving} in-progress migrations involving the host {}", service.host)
        });
        let message = "Unable to delete compute service that has in-progress migrations. Complete the migrations or \
                       delete the instances first.";
        return Err(Refusal::new(409, message));
    }
    call.api.delete_service(&service.host);
    Ok(Answer::empty(204))
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
        let reason = given["disabled_reason"].as_str().map(str::to_owned);
        call.api.set_service_disabled(&service.host, status == "disabled", reason).await?;
    }
    let changed = call.cloud.records().services().into_iter().find(|changed| changed.host == service.host);
    Ok(Answer::json(200, json!({"service": changed.map(|changed| show(call, &changed, number))})))
}
