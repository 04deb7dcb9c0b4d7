//! Volumes of servers (`nova/api/openstack/compute/volume_attachments.py`).

use super::body;
use super::call::Call;
use super::refusal::Refusal;
use crate::answer::Answer;
use crate::caller::Access;
use conductor::AttachVolume;
use model::{BlockDevice, Server, ServerId, VmState, VolumeId};
use serde_json::{Value, json};
use std::time::Duration;

/// How long a request waits for the name of a volume's device, up to 2.100.
const DEVICE_TIMEOUT: Duration = Duration::from_secs(60);

fn rule(what: &str) -> String {
    format!("os_compute_api:os-volumes-attachments:{what}")
}

fn not_attached(id: &str, volume: &str) -> Refusal {
    Refusal::not_found(format!("Instance {id} is not attached to volume {volume}"))
}

fn view(call: &Call<'_>, server: &Server, device: &BlockDevice) -> Value {
    let version = call.version;
    let mut shown = json!({"volumeId": device.volume, "serverId": server.id});
    if !version.since(89) {
        shown["id"] = json!(device.volume);
    }
    if let Some(name) = &device.device_name {
        shown["device"] = json!(name);
    }
    if version.since(70) {
        shown["tag"] = Value::Null;
    }
    if version.since(79) {
        shown["delete_on_termination"] = json!(device.delete_on_termination);
    }
    if version.since(89) {
        shown["attachment_id"] = json!(device.attachment);
        shown["bdm_uuid"] = json!(device.id);
    }
    shown
}

pub(super) fn list(call: &Call<'_>, id: &str) -> Result<Answer, Refusal> {
    let server = call.server(id)?;
    call.require(Access::Reader, &rule("index"))?;
    let offset = call.ask.query.get("offset").and_then(|text| text.parse().ok()).unwrap_or(0);
    let devices = server.block_devices.iter().skip(offset).take(call.limit()?.unwrap_or(1_000));
    let shown: Vec<Value> = devices.map(|device| view(call, &server, device)).collect();
    Ok(Answer::json(200, json!({"volumeAttachments": shown})))
}

fn find<'s>(server: &'s Server, volume: &str) -> Result<&'s BlockDevice, Refusal> {
    let found = server.block_devices.iter().find(|device| device.volume.to_string() == volume);
    found.ok_or_else(|| not_attached(&server.id.to_string(), volume))
}

pub(super) fn show(call: &Call<'_>, id: &str, volume: &str) -> Result<Answer, Refusal> {
    let server = call.server(id)?;
    call.require(Access::Reader, &rule("show"))?;
    let device = find(&server, volume)?;
    if call.version.since(89) && device.attachment.is_none() {
        return Err(not_attached(id, volume));
    }
    Ok(Answer::json(200, json!({"volumeAttachment": view(call, &server, device)})))
}

fn properties(call: &Call<'_>) -> Value {
    let mut properties = json!({
        "volumeId": {"type": "string", "format": "uuid-with-dashes"},
        "device": {"type": ["string", "null"], "pattern": "(^/dev/x{0,1}[a-z]{0,1}d{0,1})([a-z]+)[0-9]*$"},
    });
    if call.version.since(49) {
        properties["tag"] = super::tags::schema();
    }
    if call.version.since(79) {
        properties["delete_on_termination"] = body::boolean();
    }
    properties
}

/// Shelved servers get and lose volumes only since 2.20.
fn check_version(call: &Call<'_>, server: &Server, method: &str) -> Result<(), Refusal> {
    let shelved = matches!(server.vm_state, VmState::Shelved | VmState::ShelvedOffloaded);
    if shelved && !call.version.since(20) { Err(Refusal::in_state(server, method)) } else { Ok(()) }
}

pub(super) async fn attach(call: &Call<'_>, id: &str) -> Result<Answer, Refusal> {
    let attachment = body::object(properties(call), &["volumeId"]);
    let schema = body::object(json!({"volumeAttachment": attachment}), &["volumeAttachment"]);
    let given = body::checked(call, schema)?;
    let given = &given["volumeAttachment"];
    let server = call.server(id)?;
    call.require(Access::Member, &rule("create"))?;
    let text = given["volumeId"].as_str().unwrap_or_default();
    let volume: VolumeId =
        text.parse().map_err(|_| Refusal::not_found(format!("Volume {text} could not be found.")))?;
    check_version(call, &server, "attach_volume")?;
    check_multiattach(call, &server, volume).await?;
    let delete_on_termination = body::truth(&given["delete_on_termination"]);
    let device = given["device"].as_str().filter(|name| !name.is_empty()).map(str::to_owned);
    call.api.attach_volume(server.id, AttachVolume { volume, device, delete_on_termination }).await?;
    if call.version.since(101) {
        return Ok(Answer::empty(202));
    }
    let device = device_name(call, server.id, volume).await;
    let mut shown = json!({"id": volume, "serverId": server.id, "volumeId": volume, "device": device});
    if call.version.since(70) {
        shown["tag"] = given["tag"].clone();
    }
    if call.version.since(79) {
        shown["delete_on_termination"] = json!(delete_on_termination);
    }
    Ok(Answer::json(200, json!({"volumeAttachment": shown})))
}

/// A volume that several servers may have is for clients that know of such, and for servers that are on a host.
async fn check_multiattach(call: &Call<'_>, server: &Server, volume: VolumeId) -> Result<(), Refusal> {
    let known = call.cloud.services().volumes.get(volume).await;
    if !known.is_ok_and(|known| known.multiattach) {
        return Ok(());
    }
    if !call.version.since(60) {
        let message = "Multiattach volumes are only supported starting with compute API version 2.60.";
        return Err(Refusal::bad_request(message));
    }
    if server.vm_state == VmState::ShelvedOffloaded {
        let message = "Attaching multiattach volumes is not supported for shelved-offloaded instances.";
        return Err(Refusal::bad_request(message));
    }
    Ok(())
}

/// Waits for the name that a volume's device is given; none when it gets none, or not in time.
async fn device_name(call: &Call<'_>, id: ServerId, volume: VolumeId) -> Option<String> {
    let records = call.cloud.records();
    let named = async {
        loop {
            let server = call.cloud.services().records.server(id).ok()?;
            let on_no_host = server.host.is_none();
            let device = server.block_device(volume).map(|device| device.device_name.clone());
            match device {
                Some(Some(name)) => return Some(name),
                // A server that is on no host is told when it comes to one.
                Some(None) if on_no_host => return None,
                None if call.failed(id) => return None,
                _ => records.changed().await,
            }
        }
    };
    tokio::time::timeout(DEVICE_TIMEOUT, named).await.ok().flatten()
}

pub(super) async fn update(call: &Call<'_>, id: &str, volume: &str) -> Result<Answer, Refusal> {
    let mut properties = properties(call);
    if call.version.since(85) {
        properties["id"] = json!({"type": "string", "format": "uuid-with-dashes"});
        properties["serverId"] = properties["id"].clone();
    } else {
        properties = json!({"volumeId": properties["volumeId"]});
    }
    let attachment = body::object(properties, &["volumeId"]);
    let schema = body::object(json!({"volumeAttachment": attachment}), &["volumeAttachment"]);
    let given = body::checked(call, schema)?;
    let given = &given["volumeAttachment"];
    let server = call.server(id)?;
    let new = given["volumeId"].as_str().unwrap_or_default();
    let swap = !call.version.since(85) || new != volume;
    if swap {
        call.require(Access::Admin, &rule("swap"))?;
    } else {
        call.require(Access::Member, &rule("update"))?;
    }
    if call.version.since(85) {
        update_device(call, &server, volume, given).await?;
    }
    if swap {
        let parse = |text: &str| {
            text.parse::<VolumeId>()
                .map_err(|_| Refusal::not_found(format!("Volume {text} could not be found.")))
        };
        call.api.swap_volume(server.id, parse(volume)?, parse(new)?).await?;
    }
    Ok(Answer::empty(202))
}

async fn update_device(call: &Call<'_>, server: &Server, volume: &str, given: &Value) -> Result<(), Refusal> {
    let device = find(server, volume)?;
    let is = [
        ("id", json!(device.volume)),
        ("serverId", json!(server.id)),
        ("device", json!(device.device_name)),
        ("tag", Value::Null),
    ];
    for (key, is) in is {
        if given.get(key).is_some_and(|given| *given != is) {
            return Err(Refusal::bad_request(format!("The {key} property is not mutable")));
        }
    }
    let Some(flag) = given.get("delete_on_termination").map(body::truth) else { return Ok(()) };
    let id = device.id;
    let change = &mut |server: &mut Server| {
        for device in server.block_devices.iter_mut().filter(|device| device.id == id) {
            device.delete_on_termination = flag;
        }
    };
    let records = &call.cloud.services().records;
    let changed = records.update_server(server.id, compute::ExpectedTask::Any, change).await;
    changed.map(drop).map_err(|_| not_attached(&server.id.to_string(), volume))
}

pub(super) async fn detach(call: &Call<'_>, id: &str, volume: &str) -> Result<Answer, Refusal> {
    let server = call.server(id)?;
    call.require(Access::Member, &rule("delete"))?;
    check_version(call, &server, "detach_volume")?;
    let volume: VolumeId = volume.parse().map_err(|_| not_attached(id, volume))?;
    call.api.detach_volume(server.id, volume).await?;
    Ok(Answer::empty(202))
}
