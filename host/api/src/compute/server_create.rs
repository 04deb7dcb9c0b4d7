//! Making servers (`nova/api/openstack/compute/servers.py, create`, `schemas/servers.py`).

use super::call::Call;
use super::refusal::Refusal;
use super::{body, servers};
use crate::answer::Answer;
use crate::caller::Access;
use conductor::{BootVolume, CreateServer};
use model::{HostName, ImageId, VolumeId};
use serde_json::{Value, json};
use uuid::Uuid;

/// The most servers one request makes: what no default quota would let through anyway.
const MAX_COUNT: u64 = 1_000;

fn schema(call: &Call<'_>) -> Value {
    let version = call.version;
    let uuid = json!({"type": "string", "format": "uuid-with-dashes"});
    let network = body::object(
        json!({"uuid": uuid, "port": {"type": ["string", "null"], "format": "uuid-with-dashes"},
            "fixed_ip": {"type": "string"}, "tag": {"type": "string", "minLength": 1, "maxLength": 60}}),
        &[],
    );
    let list = json!({"type": "array", "items": network});
    let mut properties = json!({
        "name": body::name(),
        "imageRef": {"type": "string", "pattern": "^$|^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$"},
        "flavorRef": {"type": ["string", "integer"], "minLength": 1},
        "adminPass": {"type": "string"},
        "metadata": body::metadata(),
        "networks": if version.since(37) {
            json!({"anyOf": [list, {"type": "string", "enum": ["none", "auto"]}]})
        } else {
            list
        },
        "accessIPv4": {"type": "string"}, "accessIPv6": {"type": "string"},
        "OS-DCF:diskConfig": {"type": "string", "enum": ["AUTO", "MANUAL"]},
        "availability_zone": body::name(),
        "block_device_mapping_v2": {"type": "array", "items": {"type": "object"}},
        "config_drive": body::boolean(), "key_name": body::name(),
        "min_count": body::number(1), "max_count": body::number(1), "return_reservation_id": body::boolean(),
        "security_groups": {"type": "array", "items": body::object(json!({"name": body::name()}), &[])},
        "user_data": {"type": "string", "maxLength": 65535},
    });
    if version.since(19) {
        properties["description"] = servers::description();
    }
    if version.since(52) {
        properties["tags"] = json!({"type": "array", "items": {"type": "string", "minLength": 1, "maxLength": 60, "pattern": "^[^,/]*$"}});
    }
    if version.since(74) {
        properties["host"] = body::fqdn();
        properties["hypervisor_hostname"] = body::fqdn();
    }
    if version.since(90) {
        properties["hostname"] = servers::hostname(call);
    }
    let required: &[&str] =
        if version.since(37) { &["name", "flavorRef", "networks"] } else { &["name", "flavorRef"] };
    let hints = json!({"type": "object"});
    let document = json!({
        "server": body::object(properties, required),
        "os:scheduler_hints": hints, "OS-SCH-HNT:scheduler_hints": hints,
    });
    body::object(document, &["server"])
}

pub(super) async fn create(call: &Call<'_>) -> Result<Answer, Refusal> {
    let given = body::checked(call, schema(call))?;
    let given = &given["server"];
    call.require(Access::Member, "os_compute_api:servers:create")?;
    let text = |key: &str| given[key].as_str().map(str::to_owned);
    let least = body::whole(&given["min_count"]).unwrap_or(1);
    let most = body::whole(&given["max_count"]).unwrap_or(least);
    if least > most {
        return Err(Refusal::bad_request("min_count must be <= max_count"));
    }
    if most > MAX_COUNT {
        let message = format!(
            "Quota exceeded for instances: Requested {most}, but already used 0 of {MAX_COUNT} instances"
        );
        return Err(Refusal::new(403, message));
    }
    let request = request(call, given)?;
    let mut made = Vec::new();
    for number in 1..=most {
        let mut one = request.clone();
        if most > 1 {
            one.name = format!("{}-{number}", request.name);
        }
        let id = call.api.create(one).await?;
        call.cloud.records().label_server(id, |labels| {
            labels.description = if call.version.since(19) { text("description") } else { text("name") };
            labels.hostname = text("hostname");
            labels.key_name = text("key_name");
            labels.user_data = text("user_data");
            labels.access_ip_v4 = text("accessIPv4").unwrap_or_default();
            labels.access_ip_v6 = text("accessIPv6").unwrap_or_default();
            labels.config_drive = body::truth(&given["config_drive"]);
            let pairs = given["metadata"].as_object().into_iter().flatten();
            labels.metadata = pairs.filter_map(|(k, v)| Some((k.clone(), v.as_str()?.to_owned()))).collect();
            let tags = given["tags"].as_array().into_iter().flatten();
            labels.tags = tags.filter_map(|tag| tag.as_str().map(str::to_owned)).collect();
        });
        made.push(id);
    }
    let Some(first) = made.first() else { return Err(Refusal::no_resource()) };
    if body::truth(&given["return_reservation_id"]) {
        let id = first.0.simple().to_string();
        return Ok(Answer::json(202, json!({"reservation_id": format!("r-{}", id.get(..8).unwrap_or(&id))})));
    }
    let path = format!("/servers/{first}");
    let password =
        text("adminPass").unwrap_or_else(|| Uuid::new_v4().simple().to_string().chars().take(12).collect());
    let server = json!({
        "id": first, "links": call.links(&path), "adminPass": password,
        "OS-DCF:diskConfig": text("OS-DCF:diskConfig").unwrap_or_else(|| "MANUAL".to_owned()),
        "security_groups": [{"name": "default"}],
    });
    Ok(Answer::json(202, json!({"server": server})).with("location", &call.url(&path)))
}

fn request(call: &Call<'_>, given: &Value) -> Result<CreateServer, Refusal> {
    let flavor = match &given["flavorRef"] {
        Value::String(text) => text.rsplit('/').next().unwrap_or(text).to_owned(),
        number => number.to_string(),
    };
    let known = call.cloud.records().flavor(&flavor).is_some_and(|found| found.id == *flavor.as_str());
    if !known {
        return Err(Refusal::bad_request(format!("Flavor {flavor} could not be found.")));
    }
    let volumes = boot_volumes(&given["block_device_mapping_v2"])?;
    let image: Option<ImageId> = given["imageRef"].as_str().and_then(|text| text.parse().ok());
    let from_volume = volumes.iter().any(|volume| volume.boot_index == Some(0));
    if image.is_none() && !from_volume {
        return Err(Refusal::bad_request("Missing imageRef attribute"));
    }
    let zone = given["availability_zone"].as_str().map(str::to_owned);
    if zone.as_ref().is_some_and(|zone| zone.contains(':')) {
        call.require(Access::Admin, "os_compute_api:servers:create:forced_host")?;
    }
    let host = given["host"].as_str().or(given["hypervisor_hostname"].as_str()).map(HostName::from);
    if host.is_some() {
        call.require(Access::Admin, "compute:servers:create:requested_destination")?;
        if zone.as_ref().is_some_and(|zone| zone.contains(':')) {
            let message = "Specifying a destination host and a forced host at the same time is not allowed.";
            return Err(Refusal::bad_request(message));
        }
    }
    if let Some(port) = networks(given).find_map(|network| network["port"].as_str()) {
        // Ports of a user's own cannot be given to a server that is being made.
        return Err(Refusal::bad_request(format!("Port {port} could not be found.")));
    }
    let own = call.cloud.network().network_id().to_string();
    if let Some(other) = networks(given).filter_map(|network| network["uuid"].as_str()).find(|id| *id != own)
    {
        return Err(Refusal::bad_request(format!("Network {other} could not be found.")));
    }
    let name = given["name"].as_str().unwrap_or_default().trim().to_owned();
    Ok(CreateServer { name, flavor, image, availability_zone: zone, host, volumes })
}

fn networks(given: &Value) -> impl Iterator<Item = &Value> {
    given["networks"].as_array().into_iter().flatten()
}

/// The volumes among the block devices; an image as the local root disk is what a server has anyway.
fn boot_volumes(devices: &Value) -> Result<Vec<BootVolume>, Refusal> {
    let mut volumes = Vec::new();
    for device in devices.as_array().into_iter().flatten() {
        let kind = |key: &str| device[key].as_str().unwrap_or("");
        match (kind("source_type"), kind("destination_type")) {
            ("image", "local") => {}
            ("volume", "volume" | "") => {
                let volume: Option<VolumeId> = kind("uuid").parse().ok();
                let volume = volume.ok_or_else(|| {
                    Refusal::bad_request("Block Device Mapping is Invalid: Missing device UUID.")
                })?;
                let index = match &device["boot_index"] {
                    Value::String(text) => text.parse().ok(),
                    number => number.as_i64(),
                };
                let boot_index =
                    index.filter(|index| *index >= 0).and_then(|index| i32::try_from(index).ok());
                let delete_on_termination = body::truth(&device["delete_on_termination"]);
                volumes.push(BootVolume { volume, boot_index, delete_on_termination });
            }
            (from, to) => {
                let message =
                    format!("Block Device Mapping is Invalid: cannot make a {to} device of a {from}.");
                return Err(Refusal::bad_request(message));
            }
        }
    }
    Ok(volumes)
}
