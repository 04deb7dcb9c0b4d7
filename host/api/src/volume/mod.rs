//! The volume service's API, version 3 (Cinder): volumes are made, shown, extended and deleted; attachments are made by the
//! compute service alone.
//!
//! Whether a volume is in use is in the volume service of the cloud, which the workflows call; what only this API shows
//! (name, description, owner) is kept here. A volume that nobody made here but a server has is shown as well.

mod store;

pub(crate) use store::Volumes;

use crate::answer::{Answer, Ask};
use crate::caller::{Access, Requester};
use crate::world::World;
use axum::http::Method;
use model::{ImageId, Volume, VolumeId, VolumeStatus};
use serde_json::{Value, json};
use store::Note;
use uuid::Uuid;

/// The one type of volume (`nova/tests/fixtures/cinder.py`).
const TYPE: (&str, &str) = ("5f9204ec-3e94-4f27-9beb-fe7bb73b6eb9", "lvm-1");
/// The newest microversion that is answered.
const NEWEST: &str = "3.70";
/// The largest volume, in GiB.
const MAX_GB: u64 = 1 << 20;

/// A request that is refused: its status and message.
struct Refusal(u16, String);

impl Refusal {
    fn bad_request(message: impl Into<String>) -> Self {
        Self(400, message.into())
    }

    fn no_volume(id: &str) -> Self {
        Self(404, format!("Volume {id} could not be found."))
    }

    fn no_resource() -> Self {
        Self(404, "The resource could not be found.".to_owned())
    }

    fn into_answer(self) -> Answer {
        let key = match self.0 {
            400 => "badRequest",
            401 => "unauthorized",
            403 => "forbidden",
            404 => "itemNotFound",
            _ => "computeFault",
        };
        let answer = Answer::json(self.0, json!({key: {"code": self.0, "message": self.1}}));
        if self.0 == 401 { answer.with("www-authenticate", "Keystone uri=\"/identity\"") } else { answer }
    }
}

/// Answers a request.
pub(crate) async fn answer(world: &World, ask: &Ask) -> Answer {
    let parts = ask.parts();
    match parts.as_slice() {
        [] => return Answer::json(300, versions(ask)),
        ["v3"] => return Answer::json(200, versions(ask)),
        _ => {}
    }
    let answered = match Requester::of(world, ask) {
        None => Err(Refusal(401, "The request you have made requires authentication.".to_owned())),
        Some(requester) => route(world, ask, &requester, &parts).await,
    };
    let answer = answered.unwrap_or_else(Refusal::into_answer);
    answer.with("openstack-api-version", &format!("volume {NEWEST}"))
}

fn versions(ask: &Ask) -> Value {
    json!({"versions": [{
        "id": "v3.0", "status": "CURRENT", "version": NEWEST, "min_version": "3.0", "updated": "2023-08-31T00:00:00Z",
        "links": [{"rel": "self", "href": format!("{}/v3/", ask.base())}],
        "media-types": [{"base": "application/json", "type": "application/vnd.openstack.volume+json;version=3"}],
    }]})
}

async fn route(world: &World, ask: &Ask, requester: &Requester, parts: &[&str]) -> Result<Answer, Refusal> {
    let ["v3", rest @ ..] = parts else { return Err(Refusal::no_resource()) };
    // The project's id may stand before every resource; no resource has such a name.
    let rest = match rest {
        [project, rest @ ..] if !rest.is_empty() && requester.project == **project => rest,
        rest => rest,
    };
    if ask.method != Method::GET && !requester.may(Access::Member) {
        return Err(Refusal(403, "Policy doesn't allow this to be performed.".to_owned()));
    }
    let done = match (ask.method.as_str(), rest) {
        ("GET", ["volumes"]) => list(world, ask, requester, false),
        ("GET", ["volumes", "detail"]) => list(world, ask, requester, true),
        ("POST", ["volumes"]) => return create(world, ask, requester).await,
        ("GET", ["volumes", id]) => {
            json!({"volume": show(world, requester, &find(world, requester, id).await?)})
        }
        ("PUT", ["volumes", id]) => return update(world, ask, requester, id).await,
        ("DELETE", ["volumes", id]) => return delete(world, requester, id).await,
        ("POST", ["volumes", id, "action"]) => return act(world, ask, requester, id).await,
        ("GET", ["types"]) => json!({"volume_types": [volume_type()]}),
        ("GET", ["types", id]) if *id == "default" || *id == TYPE.0 => json!({"volume_type": volume_type()}),
        ("GET", ["snapshots", ..]) => json!({"snapshots": []}),
        ("GET", ["backups", ..]) => json!({"backups": []}),
        ("GET", ["extensions"]) => json!({"extensions": []}),
        ("GET", ["limits"]) => limits(world, requester),
        ("GET", ["os-quota-sets", project]) => json!({"quota_set": {
            "id": project, "volumes": -1, "gigabytes": -1, "snapshots": -1, "backups": -1, "backup_gigabytes": -1,
            "groups": -1, "per_volume_gigabytes": -1,
        }}),
        ("GET", ["os-availability-zone"]) => {
            json!({"availabilityZoneInfo": [{"zoneName": "nova", "zoneState": {"available": true}}]})
        }
        _ => return Err(Refusal::no_resource()),
    };
    Ok(Answer::json(200, done))
}

fn volume_type() -> Value {
    json!({"id": TYPE.0, "name": TYPE.1, "is_public": true, "description": null, "extra_specs": {}})
}

fn limits(world: &World, requester: &Requester) -> Value {
    let notes = world.volumes.borrow();
    let own: Vec<&Note> = notes.all().filter(|note| note.project == requester.project).collect();
    json!({"limits": {"rate": [], "absolute": {
        "maxTotalVolumes": -1, "maxTotalVolumeGigabytes": -1, "maxTotalSnapshots": -1,
        "totalVolumesUsed": own.len(), "totalGigabytesUsed": own.iter().map(|note| note.size_gb).sum::<u64>(),
        "totalSnapshotsUsed": 0,
    }}})
}

/// A volume that the requester may see, with what is noted of it.
struct Found {
    note: Note,
    volume: Volume,
}

async fn find(world: &World, requester: &Requester, id: &str) -> Result<Found, Refusal> {
    let parsed: VolumeId = id.parse().map_err(|_| Refusal::no_volume(id))?;
    let note = note_of(world, requester, parsed).ok_or_else(|| Refusal::no_volume(id))?;
    let volumes = std::rc::Rc::clone(&world.cloud().services().volumes);
    let volume = volumes.get(parsed).await.map_err(|_| Refusal::no_volume(id))?;
    Ok(Found { note, volume })
}

/// What is noted of a volume, or what can be said of one that a server has.
fn note_of(world: &World, requester: &Requester, id: VolumeId) -> Option<Note> {
    if let Some(note) = world.volumes.borrow().get(id) {
        return (requester.is_admin || note.project == requester.project).then(|| note.clone());
    }
    let attachments = world.cloud().volumes().attachments();
    let attachment = attachments.iter().find(|attachment| attachment.volume == id)?;
    let owner = world.cloud().services().records.server(attachment.server).ok()?.project_id;
    (requester.is_admin || owner == requester.project).then(|| Note::of_attached(id, owner, world.now()))
}

fn show(world: &World, requester: &Requester, found: &Found) -> Value {
    let Found { note, volume } = found;
    let attachments = world.cloud().volumes().attachments();
    let own = attachments.iter().filter(|attachment| attachment.volume == volume.id);
    let attachments: Vec<Value> = own
        .map(|attachment| {
            let server = world.cloud().services().records.server_even_deleted(attachment.server);
            let device =
                server.as_ref().and_then(|server| server.block_device(volume.id)?.device_name.clone());
            json!({
                "id": volume.id, "volume_id": volume.id, "attachment_id": attachment.id,
                "server_id": attachment.server, "device": device,
                "host_name": attachment.connector.as_ref().map(|connector| &connector.host),
                "attached_at": note.created_at.to_string(),
            })
        })
        .collect();
    let mut shown = json!({
        "id": volume.id, "name": note.name, "description": note.description, "size": volume.size_gb,
        "status": volume.status.to_string(), "bootable": if volume.image.is_some() { "true" } else { "false" },
        "attachments": attachments, "metadata": note.metadata, "volume_type": TYPE.1, "availability_zone": volume.availability_zone,
        "created_at": note.created_at.to_string(), "updated_at": null, "encrypted": false,
        "multiattach": volume.multiattach, "snapshot_id": null, "source_volid": null, "user_id": note.user,
        "replication_status": null, "consistencygroup_id": null, "group_id": null, "shared_targets": false,
        "service_uuid": null, "links": [], "os-vol-tenant-attr:tenant_id": note.project,
    });
    if let Some(image) = volume.image {
        shown["volume_image_metadata"] = json!({"image_id": image});
    }
    if requester.may(Access::Admin) {
        shown["os-vol-host-attr:host"] = json!("volumes@lvm#lvm-1");
        shown["os-vol-mig-status-attr:migstat"] = Value::Null;
        shown["os-vol-mig-status-attr:name_id"] = Value::Null;
    }
    shown
}

fn list(world: &World, ask: &Ask, requester: &Requester, detail: bool) -> Value {
    let all_projects = requester.is_admin
        && ask.query.get("all_tenants").is_some_and(|text| matches!(text, "1" | "true" | "True"));
    let volumes = world.cloud();
    let mut ids: Vec<VolumeId> = world.volumes.borrow().all().map(|note| note.id).collect();
    for attachment in volumes.volumes().attachments() {
        if !ids.contains(&attachment.volume) {
            ids.push(attachment.volume);
        }
    }
    let mut shown = Vec::new();
    for id in ids {
        let Some(note) = note_of(world, requester, id) else { continue };
        let Some(volume) = volumes.volumes().show(id) else { continue };
        if all_projects || note.project == requester.project {
            shown.push(show(world, requester, &Found { note, volume }));
        }
    }
    for (key, wanted) in ask.query.pairs() {
        if matches!(key, "name" | "status" | "id") {
            shown.retain(|volume| volume[key] == *wanted);
        }
    }
    if let Some(marker) = ask.query.get("marker") {
        let after = shown.iter().position(|volume| volume["id"] == *marker);
        shown = after.map_or_else(Vec::new, |at| shown.split_off(at + 1));
    }
    if let Some(limit) = ask.query.get("limit").and_then(|limit| limit.parse().ok()) {
        shown.truncate(limit);
    }
    if !detail {
        for volume in &mut shown {
            *volume = json!({"id": volume["id"], "name": volume["name"], "links": []});
        }
    }
    json!({"volumes": shown})
}

fn body_of(ask: &Ask, key: &str) -> Result<Value, Refusal> {
    let body = ask.json().map_err(|_| Refusal::bad_request("Malformed request body"))?;
    let found = body.get(key).filter(|found| found.is_object()).cloned();
    found.ok_or_else(|| {
        Refusal::bad_request(format!(
            "Invalid input for field/attribute {key}: it is required and an object."
        ))
    })
}

fn size_of(value: &Value) -> Result<u64, Refusal> {
    let size = value.as_u64().or_else(|| value.as_str().and_then(|text| text.parse().ok()));
    size.filter(|size| (1..=MAX_GB).contains(size)).ok_or_else(|| {
        Refusal::bad_request(format!(
            "Invalid input for field/attribute size: a number of GiB from 1 to {MAX_GB}"
        ))
    })
}

async fn create(world: &World, ask: &Ask, requester: &Requester) -> Result<Answer, Refusal> {
    let given = body_of(ask, "volume")?;
    let image = match given["imageRef"].as_str() {
        None | Some("") => None,
        Some(text) => {
            let seen = crate::image::seen_by(world, requester);
            let image =
                text.parse().ok().filter(|id: &ImageId| seen.iter().any(|image| image.meta.id == *id));
            let message = format!("Image {text} could not be found.");
            Some(image.ok_or_else(|| Refusal::bad_request(message))?)
        }
    };
    let size_gb = size_of(&given["size"])?;
    let id = VolumeId(Uuid::new_v4());
    let text = |key: &str| given[key].as_str().map(str::to_owned);
    let pairs = given["metadata"].as_object().into_iter().flatten();
    let note = Note {
        id,
        name: text("name").unwrap_or_default(),
        description: text("description"),
        project: requester.project.clone(),
        user: requester.user.clone(),
        size_gb,
        metadata: pairs.filter_map(|(k, v)| Some((k.clone(), v.as_str()?.to_owned()))).collect(),
        created_at: world.now(),
    };
    make(world, note, image);
    if let Some(zone) = text("availability_zone") {
        world.cloud().volumes().set_zone_of(id, &zone);
    }
    let found = find(world, requester, &id.to_string()).await?;
    Ok(Answer::json(202, json!({"volume": show(world, requester, &found)})))
}

fn make(world: &World, note: Note, image: Option<ImageId>) {
    world.cloud().volumes().create(note.id, note.size_gb, image);
    let cloud = world.cloud();
    let notes = &mut *world.volumes.borrow_mut();
    // Volumes also go with their servers, of which nobody tells.
    notes.forget_where(|id| cloud.volumes().is_deleted(id));
    notes.put(note);
}

/// Makes a volume for a server, as the compute service asks for it.
pub(crate) fn make_for_server(
    world: &World,
    requester: &Requester,
    size_gb: u64,
    image: Option<ImageId>,
) -> VolumeId {
    let id = VolumeId(Uuid::new_v4());
    let note = Note {
        size_gb,
        user: requester.user.clone(),
        ..Note::of_attached(id, requester.project.clone(), world.now())
    };
    make(world, note, image);
    id
}

/// Takes back [`make_for_server`].
pub(crate) fn forget(world: &World, id: VolumeId) {
    world.cloud().volumes().forget(id);
    world.volumes.borrow_mut().forget(id);
}

async fn update(world: &World, ask: &Ask, requester: &Requester, id: &str) -> Result<Answer, Refusal> {
    let given = body_of(ask, "volume")?;
    let Found { mut note, .. } = find(world, requester, id).await?;
    let text = |key: &str| given[key].as_str().map(str::to_owned);
    note.name = text("name").unwrap_or(note.name);
    note.description = text("description").or(note.description);
    world.volumes.borrow_mut().put(note);
    let found = find(world, requester, id).await?;
    Ok(Answer::json(200, json!({"volume": show(world, requester, &found)})))
}

async fn delete(world: &World, requester: &Requester, id: &str) -> Result<Answer, Refusal> {
    let Found { volume, .. } = find(world, requester, id).await?;
    if volume.status != VolumeStatus::Available {
        return Err(Refusal::bad_request(
            "Invalid volume: Volume status must be available or error or error_restoring or error_extending or \
             error_managing and must not be migrating, attached, belong to a group, have snapshots, awaiting a transfer, or \
             be disassociated from snapshots after volume transfer.",
        ));
    }
    let volumes = std::rc::Rc::clone(&world.cloud().services().volumes);
    volumes.delete(volume.id).await.map_err(|_| Refusal::no_volume(id))?;
    world.volumes.borrow_mut().forget(volume.id);
    Ok(Answer::empty(202))
}

async fn act(world: &World, ask: &Ask, requester: &Requester, id: &str) -> Result<Answer, Refusal> {
    let body = ask.json().map_err(|_| Refusal::bad_request("Malformed request body"))?;
    let Found { note, volume } = find(world, requester, id).await?;
    if let Some(extend) = body.get("os-extend") {
        let size_gb = size_of(&extend["new_size"])?;
        if size_gb <= volume.size_gb {
            return Err(Refusal::bad_request(format!(
                "Invalid input received: New size for extend must be greater than current size. (current: {}, extended: \
                 {size_gb}).",
                volume.size_gb
            )));
        }
        world.cloud().volumes().extend(volume.id, size_gb);
        world.volumes.borrow_mut().put(Note { size_gb, ..note });
        return Ok(Answer::empty(202));
    }
    let known = ["os-set_bootable", "os-update_readonly_flag", "os-set_image_metadata"];
    if known.iter().any(|action| body.get(*action).is_some()) {
        return Ok(Answer::empty(200));
    }
    Err(Refusal::bad_request("There is no such action for a volume here."))
}

#[cfg(test)]
mod tests {
    use crate::testing::{Rig, body_of};
    use serde_json::json;

    const VOLUMES: &str = "/volume/v3/volumes";

    #[test]
    fn a_volume_is_made_shown_extended_and_deleted() {
        Rig::open().run(async |rig| {
            let made = rig.post(VOLUMES, json!({"volume": {"size": 2, "name": "data"}})).await;
            assert_eq!(made.status(), 202, "{}", body_of(&made));
            let id = body_of(&made)["volume"]["id"].as_str().unwrap_or("").to_owned();
            let one = format!("{VOLUMES}/{id}");
            let shown = body_of(&rig.get(&one).await);
            assert_eq!(
                (&shown["volume"]["status"], &shown["volume"]["size"]),
                (&json!("available"), &json!(2))
            );
            let extend = |size| json!({"os-extend": {"new_size": size}});
            assert_eq!(rig.post(&format!("{one}/action"), extend(2)).await.status(), 400);
            assert_eq!(rig.post(&format!("{one}/action"), extend(3)).await.status(), 202);
            let listed = body_of(&rig.get(&format!("{VOLUMES}/detail?name=data")).await);
            assert_eq!(listed["volumes"][0]["size"], 3);
            let stranger =
                rig.with(&[("x-auth-user", "fake"), ("x-auth-project-id", "p2"), ("x-roles", "member")]);
            assert_eq!(stranger.get(&one).await.status(), 404);
            assert_eq!(rig.delete(&one).await.status(), 202);
            assert_eq!(rig.get(&one).await.status(), 404);
            assert_eq!(body_of(&rig.get(VOLUMES).await), json!({"volumes": []}));
        });
    }

    #[test]
    fn a_volume_without_a_size_or_of_an_unknown_image_is_refused() {
        Rig::open().run(async |rig| {
            assert_eq!(rig.post(VOLUMES, json!({"volume": {"size": 0}})).await.status(), 400);
            assert_eq!(rig.post(VOLUMES, json!({"volume": []})).await.status(), 400);
            let of_nothing =
                json!({"volume": {"size": 1, "imageRef": "00000000-0000-4000-8000-000000000000"}});
            assert_eq!(rig.post(VOLUMES, of_nothing).await.status(), 400);
        });
    }
}
