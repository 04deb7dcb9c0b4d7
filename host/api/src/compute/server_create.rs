//! Making servers (`nova/api/openstack/compute/servers.py, create`, `schemas/servers.py`).

use super::block_devices::{self, Device};
use super::call::Call;
use super::refusal::Refusal;
use super::{body, flavors, image_fit, requested_networks, servers};
use crate::answer::Answer;
use crate::caller::Access;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use conductor::{BootVolume, Count, CreateServer};
use model::{HostName, ImageId};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use uuid::Uuid;

/// The most servers one request makes.
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
        "block_device_mapping": {"type": "array", "items": {"type": "object"}},
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
    if !version.since(57) {
        let file = json!({"path": {"type": "string"}, "contents": {"type": "string"}});
        properties["personality"] = json!({"type": "array", "items": body::object(file, &[])});
    }
    if version.since(63) {
        properties["trusted_image_certificates"] =
            json!({"type": ["array", "null"], "items": {"type": "string", "minLength": 1}, "minItems": 1});
    }
    let required: &[&str] =
        if version.since(37) { &["name", "flavorRef", "networks"] } else { &["name", "flavorRef"] };
    let hints = hints_schema();
    let document = json!({
        "server": body::object(properties, required),
        "os:scheduler_hints": hints, "OS-SCH-HNT:scheduler_hints": hints,
    });
    body::object(document, &["server"])
}

fn hints_schema() -> Value {
    let uuid = json!({"type": "string", "format": "uuid"});
    let uuids = json!({"type": "array", "items": uuid});
    json!({
        "type": "object",
        "properties": {
            "group": {"anyOf": [uuids, uuid]}, "different_host": {"anyOf": [uuid, uuids]},
            "same_host": {"type": ["string", "array"], "items": uuid}, "query": {"type": ["string", "object"]},
            "target_cell": body::name(), "different_cell": {"type": ["string", "array"], "items": {"type": "string"}},
            "build_near_host_ip": {"type": "string"}, "cidr": {"type": "string", "pattern": "^/[0-9a-f.:]+$"},
        },
    })
}

/// The hints of a request, under either of their names, each as a list of texts.
fn scheduler_hints(document: &Value) -> BTreeMap<String, Vec<String>> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let named = ["OS-SCH-HNT:scheduler_hints", "os:scheduler_hints"];
    let pairs = named.iter().filter_map(|name| document[*name].as_object()).flatten();
    pairs
        .map(|(hint, value)| match value {
            Value::Array(values) => (hint.clone(), values.iter().map(text).collect()),
            value => (hint.clone(), vec![text(value)]),
        })
        .collect()
}

pub(super) async fn create(call: &Call<'_>) -> Result<Answer, Refusal> {
    let document = body::checked(call, schema(call))?;
    let given = &document["server"];
    call.require(Access::Member, "os_compute_api:servers:create")?;
    let text = |key: &str| given[key].as_str().map(str::to_owned);
    let least = body::whole(&given["min_count"]).unwrap_or(1);
    let most = body::whole(&given["max_count"]).unwrap_or(least);
    if least > most {
        return Err(Refusal::bad_request("min_count must be <= max_count"));
    }
    if most > MAX_COUNT {
        let message = format!("Invalid input for field/attribute max_count: at most {MAX_COUNT} at once");
        return Err(Refusal::bad_request(message));
    }
    let (mut request, devices) = request(call, given)?;
    request.scheduler_hints = scheduler_hints(&document);
    call.api.check_metadata_quota(given["metadata"].as_object().map_or(0, |pairs| pairs.len()))?;
    let networks = requested_networks::read(call, given, most)?;
    check_key(call, given)?;
    check_user_data(given)?;
    let forced_drive = call.cloud.services().options.get().force_config_drive;
    if most > 1 && devices.iter().any(Device::is_there_already) {
        return Err(Refusal::bad_request("Cannot attach one or more volumes to multiple instances"));
    }
    let with_volumes = if devices.is_empty() { 0 } else { most };
    let volumes = |_| devices.iter().map(|device| device.volume(call)).collect();
    let of_each: Vec<Vec<BootVolume>> = (0..with_volumes).map(volumes).collect();
    let mut each = of_each.iter().cloned();
    request.volumes = each.next().unwrap_or_default();
    request.volumes_of_others = each.collect();
    let count = |number| u32::try_from(number).unwrap_or(u32::MAX);
    let made = call.api.create_servers(request, Count { min: count(least), max: count(most) }).await;
    // What was made for servers that are not to be is of no use.
    let servers = made.as_ref().map_or(0, |made| made.servers.len());
    for volumes in of_each.iter().skip(servers) {
        devices.iter().zip(volumes).for_each(|(device, volume)| device.give_up(call, volume.volume));
    }
    let made = made?;
    for id in made.servers.iter().copied() {
        if let Some(networks) = &networks {
            call.cloud.network().request(id, networks.clone());
        }
        call.cloud.records().label_server(id, |labels| {
            labels.description = if call.version.since(19) { text("description") } else { text("name") };
            labels.hostname = text("hostname");
            labels.key_name = text("key_name");
            labels.user_data = text("user_data");
            labels.access_ip_v4 = text("accessIPv4").unwrap_or_default();
            labels.access_ip_v6 = text("accessIPv6").unwrap_or_default();
            labels.config_drive = forced_drive || body::truth(&given["config_drive"]);
            let pairs = given["metadata"].as_object().into_iter().flatten();
            labels.metadata = pairs.filter_map(|(k, v)| Some((k.clone(), v.as_str()?.to_owned()))).collect();
            let tags = given["tags"].as_array().into_iter().flatten();
            labels.tags = tags.filter_map(|tag| tag.as_str().map(str::to_owned)).collect();
        });
    }
    let Some(first) = made.servers.first() else { return Err(Refusal::no_resource()) };
    if body::truth(&given["return_reservation_id"]) {
        return Ok(Answer::json(202, json!({"reservation_id": made.reservation_id})));
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

fn request(call: &Call<'_>, given: &Value) -> Result<(CreateServer, Vec<Device>), Refusal> {
    let flavor = match &given["flavorRef"] {
        Value::String(text) => text.rsplit('/').next().unwrap_or(text).to_owned(),
        number => number.to_string(),
    };
    let known = flavors::find(call, &flavor)
        .map_err(|_| Refusal::bad_request(format!("Flavor {flavor} could not be found.")))?;
    let image: Option<ImageId> = given["imageRef"].as_str().and_then(|text| text.parse().ok());
    let devices = block_devices::read_any(call, given, image.is_some())?;
    let from_volume = devices.iter().any(|device| device.boot_index == Some(0));
    if image.is_none() && !from_volume {
        return Err(Refusal::bad_request("Missing imageRef attribute"));
    }
    if let Some(image) = image {
        image_fit::check_named(call, image, &known.0)?;
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
    let name = given["name"].as_str().unwrap_or_default().trim().to_owned();
    let create =
        CreateServer { name, flavor, image, availability_zone: zone, host, ..CreateServer::default() };
    Ok((create, devices))
}

/// A key that is named must be the user's.
fn check_key(call: &Call<'_>, given: &Value) -> Result<(), Refusal> {
    let Some(name) = given["key_name"].as_str() else { return Ok(()) };
    if call.world.keypairs.borrow().has(&call.requester.user, name) {
        return Ok(());
    }
    Err(Refusal::bad_request("Invalid key_name provided."))
}

/// Data for the guest comes in base64.
fn check_user_data(given: &Value) -> Result<(), Refusal> {
    let Some(text) = given["user_data"].as_str() else { return Ok(()) };
    let plain: String = text.split_whitespace().collect();
    let decoded = STANDARD.decode(plain);
    decoded.map(drop).map_err(|_| {
        Refusal::bad_request(format!(
            "Invalid input for field/attribute user_data. Value: {text}. '{text}' is not a 'base64'"
        ))
    })
}
