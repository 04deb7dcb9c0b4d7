//! Host aggregates (`nova/api/openstack/compute/aggregates.py`, `nova/compute/api.py, AggregateAPI`).
//!
//! A zone is an aggregate's metadata. No host is in two zones, and no change moves servers from one zone to another.

use super::body;
use super::call::Call;
use super::refusal::Refusal;
use crate::answer::Answer;
use crate::caller::Access;
use conductor::{AggregateRecord, ZONE_KEY};
use model::{AggregateId, HostName, ImageId};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// What a change of an aggregate is called in the messages that refuse it.
const ADD: &str = "Cannot add host to aggregate";
const REMOVE: &str = "Cannot remove host from aggregate";
const UPDATE: &str = "Cannot update aggregate";
const UPDATE_METADATA: &str = "Cannot update metadata of aggregate";

fn require(call: &Call<'_>, rule: &str) -> Result<(), Refusal> {
    call.require(Access::Admin, &format!("os_compute_api:os-aggregates:{rule}"))
}

fn zone_name() -> Value {
    json!({"type": ["string", "null"], "minLength": 1, "maxLength": 255, "pattern": "^[^:]*$"})
}

fn number(id: &str) -> Result<u64, Refusal> {
    id.parse().map_err(|_| Refusal::bad_request("Invalid input received: id must be an integer"))
}

fn no_aggregate(id: u64) -> Refusal {
    Refusal::not_found(format!("Aggregate {id} could not be found."))
}

fn find(call: &Call<'_>, id: u64) -> Result<AggregateRecord, Refusal> {
    call.cloud.records().aggregates().get(id).ok_or_else(|| no_aggregate(id))
}

fn view(call: &Call<'_>, record: &AggregateRecord) -> Value {
    let aggregate = &record.aggregate;
    let mut shown = json!({
        "id": record.number, "name": aggregate.name, "availability_zone": record.zone(), "hosts": aggregate.hosts,
        "metadata": aggregate.metadata, "created_at": record.created_at.to_string(),
        "updated_at": record.updated_at.map(|at| at.to_string()), "deleted": false, "deleted_at": null,
    });
    if call.version.since(41) {
        shown["uuid"] = json!(aggregate.id);
    }
    shown
}

fn answer(call: &Call<'_>, record: &AggregateRecord) -> Answer {
    Answer::json(200, json!({"aggregate": view(call, record)}))
}

pub(super) fn list(call: &Call<'_>) -> Result<Answer, Refusal> {
    require(call, "index")?;
    let all = call.cloud.records().aggregates().all();
    let shown: Vec<Value> = all.iter().map(|record| view(call, record)).collect();
    Ok(Answer::json(200, json!({"aggregates": shown})))
}

pub(super) fn show(call: &Call<'_>, id: &str) -> Result<Answer, Refusal> {
    require(call, "show")?;
    Ok(answer(call, &find(call, number(id)?)?))
}

pub(super) fn create(call: &Call<'_>) -> Result<Answer, Refusal> {
    require(call, "create")?;
    let properties = json!({"name": body::name(), "availability_zone": zone_name()});
    let schema = body::object(json!({"aggregate": body::object(properties, &["name"])}), &["aggregate"]);
    let given = body::checked(call, schema)?;
    let name = given["aggregate"]["name"].as_str().unwrap_or_default().trim().to_owned();
    check_name(call, &name, None)?;
    let zone = given["aggregate"]["availability_zone"].as_str();
    let metadata: BTreeMap<String, String> =
        zone.into_iter().map(|zone| (ZONE_KEY.to_owned(), zone.to_owned())).collect();
    let id = AggregateId(call.cloud.services().random.uuid());
    let record = call.cloud.records().aggregates().create(id, name, metadata, call.world.now());
    let mut shown = view(call, &record);
    if let Some(fields) = shown.as_object_mut() {
        fields.remove("hosts");
        fields.remove("metadata");
    }
    Ok(Answer::json(200, json!({"aggregate": shown})))
}

fn check_name(call: &Call<'_>, name: &str, own: Option<u64>) -> Result<(), Refusal> {
    let all = call.cloud.records().aggregates().all();
    if all.iter().any(|record| record.aggregate.name == name && Some(record.number) != own) {
        return Err(Refusal::new(409, format!("Aggregate {name} already exists.")));
    }
    Ok(())
}

pub(super) fn update(call: &Call<'_>, id: &str) -> Result<Answer, Refusal> {
    require(call, "update")?;
    let properties = json!({"name": body::name(), "availability_zone": zone_name()});
    let mut aggregate = body::object(properties, &[]);
    aggregate["minProperties"] = json!(1);
    let given = body::checked(call, body::object(json!({"aggregate": aggregate}), &["aggregate"]))?;
    let given = &given["aggregate"];
    let record = find(call, number(id)?)?;
    let name = given["name"].as_str().map(str::trim);
    if let Some(name) = name {
        check_name(call, name, Some(record.number))?;
    }
    if let Some(zone) = given.get(ZONE_KEY) {
        check_zone_change(call, &record, zone.as_str(), UPDATE)?;
    }
    let changed = call.cloud.records().aggregates().change(record.number, call.world.now(), |aggregate| {
        if let Some(name) = name {
            aggregate.name = name.to_owned();
        }
        if let Some(zone) = given[ZONE_KEY].as_str() {
            aggregate.metadata.insert(ZONE_KEY.to_owned(), zone.to_owned());
        }
    });
    changed.map(|record| answer(call, &record)).ok_or_else(|| no_aggregate(record.number))
}

pub(super) fn delete(call: &Call<'_>, id: &str) -> Result<Answer, Refusal> {
    require(call, "delete")?;
    let record = find(call, number(id)?)?;
    if !record.aggregate.hosts.is_empty() {
        return Err(refuse(400, REMOVE, record.number, "Host aggregate is not empty"));
    }
    call.cloud.records().aggregates().delete(record.number);
    Ok(Answer::empty(200))
}

pub(super) fn act(call: &Call<'_>, id: &str) -> Result<Answer, Refusal> {
    let given = body::read(call)?;
    let mut keys = given.as_object().into_iter().flatten();
    let (Some((action, args)), None) = (keys.next(), keys.next()) else {
        return Err(Refusal::bad_request("Malformed request body"));
    };
    let host = body::object(json!({"host": body::fqdn()}), &["host"]);
    let schema = match action.as_str() {
        "add_host" | "remove_host" => host,
        "set_metadata" => {
            let pairs = json!({
                "type": "object",
                "patternProperties": {"^[a-zA-Z0-9-_:. ]{1,255}$": {"type": ["string", "null"], "maxLength": 255}},
                "additionalProperties": false,
            });
            body::object(json!({"metadata": pairs}), &["metadata"])
        }
        _ => return Err(Refusal::bad_request(format!("There is no such action: {action}"))),
    };
    body::checked(call, body::object(json!({action: schema}), &[action]))?;
    require(call, action)?;
    let id = number(id)?;
    let host = || HostName::from(args["host"].as_str().unwrap_or_default());
    let record = match action.as_str() {
        "add_host" => add_host(call, id, &host())?,
        "remove_host" => remove_host(call, id, &host())?,
        _ => set_metadata(call, id, &args["metadata"])?,
    };
    Ok(answer(call, &record))
}

fn add_host(call: &Call<'_>, id: u64, host: &HostName) -> Result<AggregateRecord, Refusal> {
    let records = call.cloud.records();
    if !records.services().iter().any(|service| &service.host == host) {
        return Err(Refusal::not_found(format!("Compute host {host} could not be found.")));
    }
    let record = find(call, id)?;
    if let Some(zone) = record.zone() {
        let conflicts = other_zones(call, id, &BTreeSet::from([host.clone()]), zone);
        if !conflicts.is_empty() {
            return Err(refuse(409, ADD, id, &already_in(&conflicts)));
        }
        let before = zones_of(call, host, None);
        check_no_move(call, host, before.first().map(String::as_str), Some(zone), ADD, id)?;
    }
    if record.aggregate.hosts.contains(host) {
        return Err(Refusal::new(409, format!("Aggregate {id} already has host {host}.")));
    }
    call.api.set_aggregate_member(id, host, true).ok_or_else(|| no_aggregate(id))
}

fn remove_host(call: &Call<'_>, id: u64, host: &HostName) -> Result<AggregateRecord, Refusal> {
    let cannot = || Refusal::not_found(format!("Cannot remove host {host} in aggregate {id}"));
    if !call.cloud.records().services().iter().any(|service| &service.host == host) {
        return Err(cannot());
    }
    let record = find(call, id).map_err(|_| cannot())?;
    if let Some(zone) = record.zone() {
        let after = zones_of(call, host, Some(id));
        check_no_move(call, host, Some(zone), after.first().map(String::as_str), REMOVE, id)?;
    }
    if !record.aggregate.hosts.contains(host) {
        return Err(cannot());
    }
    call.api.set_aggregate_member(id, host, false).ok_or_else(cannot)
}

fn set_metadata(call: &Call<'_>, id: u64, pairs: &Value) -> Result<AggregateRecord, Refusal> {
    let record = find(call, id)?;
    if let Some(zone) = pairs.get(ZONE_KEY) {
        check_zone_change(call, &record, zone.as_str(), UPDATE_METADATA)?;
    }
    let changed = call.cloud.records().aggregates().change(id, call.world.now(), |aggregate| {
        for (key, value) in pairs.as_object().into_iter().flatten() {
            match value.as_str() {
                Some(text) => aggregate.metadata.insert(key.clone(), text.to_owned()),
                None => aggregate.metadata.remove(key),
            };
        }
    });
    changed.ok_or_else(|| no_aggregate(id))
}

/// Whether an aggregate may become this zone: its hosts are in no other, and no server is on them.
fn check_zone_change(
    call: &Call<'_>,
    record: &AggregateRecord,
    zone: Option<&str>,
    what: &str,
) -> Result<(), Refusal> {
    let Some(zone) = zone.filter(|zone| !zone.is_empty()) else {
        let message =
            format!("Aggregate {} does not support empty named availability zone", record.aggregate.name);
        return Err(refuse(400, what, record.number, &message));
    };
    let hosts = &record.aggregate.hosts;
    let conflicts = other_zones(call, record.number, hosts, zone);
    if !conflicts.is_empty() {
        return Err(refuse(400, what, record.number, &already_in(&conflicts)));
    }
    let on_them = |server: &model::Server| server.host.as_ref().is_some_and(|host| hosts.contains(host));
    if record.zone() != Some(zone) && call.cloud.records().servers().iter().any(on_them) {
        return Err(refuse(400, what, record.number, "One or more hosts contain instances in this zone"));
    }
    Ok(())
}

/// The zones other than this one that other aggregates make of these hosts.
fn other_zones(call: &Call<'_>, id: u64, hosts: &BTreeSet<HostName>, zone: &str) -> Vec<String> {
    let others = call.cloud.records().aggregates().all().into_iter();
    let others = others.filter(|other| other.number != id && !other.aggregate.hosts.is_disjoint(hosts));
    others.filter_map(|other| other.zone().filter(|own| *own != zone).map(str::to_owned)).collect()
}

/// The zones of a host, leaving out one aggregate.
fn zones_of(call: &Call<'_>, host: &HostName, without: Option<u64>) -> BTreeSet<String> {
    let all = call.cloud.records().aggregates().all().into_iter();
    let holding = all.filter(|one| Some(one.number) != without && one.aggregate.hosts.contains(host));
    holding.filter_map(|one| one.zone().map(str::to_owned)).collect()
}

fn check_no_move(
    call: &Call<'_>,
    host: &HostName,
    before: Option<&str>,
    after: Option<&str>,
    what: &str,
    id: u64,
) -> Result<(), Refusal> {
    let servers = call.cloud.services().records.servers_on(host).len();
    if servers == 0 || before == after {
        return Ok(());
    }
    let (before, after) = (before.unwrap_or("None"), after.unwrap_or("None"));
    let verb = if what == ADD { "added to" } else { "removed from" };
    let reason = format!(
        "The host cannot be {verb} the aggregate as the availability zone of the host would change from '{before}' to \
         '{after}' but the host already has {servers} instance(s). Changing the AZ of an existing instance is not \
         supported by this action. Move the instances away from this host then try again. If you need to move the \
         instances between AZs then you can use shelve_offload and unshelve to achieve this."
    );
    Err(refuse(409, what, id, &reason))
}

fn already_in(zones: &[String]) -> String {
    let quoted: Vec<String> = zones.iter().map(|zone| format!("'{zone}'")).collect();
    format!("One or more hosts already in availability zone(s) [{}]", quoted.join(", "))
}

fn refuse(code: u16, what: &str, id: u64, reason: &str) -> Refusal {
    Refusal::new(code, format!("{what} {id}. Reason: {reason}."))
}

/// Has the hosts of an aggregate fetch images beforehand. They have no cache here, so there is nothing to do but to check.
pub(super) fn cache_images(call: &Call<'_>, id: &str) -> Result<Answer, Refusal> {
    require(call, "images")?;
    let image = body::object(json!({"id": {"type": "string", "format": "uuid-with-dashes"}}), &["id"]);
    let schema = body::object(json!({"cache": {"type": "array", "minItems": 1, "items": image}}), &["cache"]);
    let given = body::checked(call, schema)?;
    let images: Vec<ImageId> = given["cache"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|image| image["id"].as_str()?.parse::<Uuid>().ok().map(ImageId))
        .collect();
    if images.iter().collect::<BTreeSet<_>>().len() != images.len() {
        return Err(Refusal::bad_request("Duplicate images in request"));
    }
    find(call, number(id)?)?;
    let records = &call.cloud.services().records;
    if let Some(absent) = images.iter().find(|image| records.image(**image).is_none()) {
        return Err(Refusal::bad_request(format!("Image {absent} could not be found.")));
    }
    Ok(Answer::empty(202))
}
