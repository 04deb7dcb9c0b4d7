//! Metadata of servers (`nova/api/openstack/compute/server_metadata.py`).

use super::body;
use super::call::Call;
use super::refusal::Refusal;
use crate::answer::Answer;
use crate::caller::Access;
use model::{Server, VmState};
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn rule(what: &str) -> String {
    format!("os_compute_api:server-metadata:{what}")
}

fn no_item() -> Refusal {
    Refusal::not_found("Metadata item was not found")
}

fn metadata_of(call: &Call<'_>, server: &Server) -> BTreeMap<String, String> {
    call.cloud.records().server_labels(server.id).metadata
}

/// Whether metadata can change: of servers that rest, and that are not locked against the requester.
fn check_state(call: &Call<'_>, server: &Server, method: &str) -> Result<(), Refusal> {
    if server.locked && !call.requester.is_admin {
        return Err(Refusal::new(409, format!("Instance {} is locked", server.id)));
    }
    if !matches!(server.vm_state, VmState::Active | VmState::Paused | VmState::Suspended | VmState::Stopped) {
        return Err(Refusal::in_state(server, method));
    }
    Ok(())
}

/// Puts new metadata in the place of the old, unless it is too much.
fn put(call: &Call<'_>, server: &Server, metadata: BTreeMap<String, String>) -> Result<(), Refusal> {
    call.api.check_metadata_quota(metadata.len())?;
    let now = call.world.now();
    call.cloud.records().label_server(server.id, |labels| {
        labels.metadata = metadata;
        labels.updated_at = Some(now);
    });
    Ok(())
}

pub(super) fn list(call: &Call<'_>, id: &str) -> Result<Answer, Refusal> {
    let server = call.server(id)?;
    call.require(Access::Reader, &rule("index"))?;
    Ok(Answer::json(200, json!({"metadata": metadata_of(call, &server)})))
}

pub(super) fn show(call: &Call<'_>, id: &str, key: &str) -> Result<Answer, Refusal> {
    let server = call.server(id)?;
    call.require(Access::Reader, &rule("show"))?;
    let metadata = metadata_of(call, &server);
    let value = metadata.get(key).ok_or_else(no_item)?;
    Ok(Answer::json(200, json!({"meta": {key: value}})))
}

/// Adds to what there is, or puts something else in its place.
pub(super) fn write(call: &Call<'_>, id: &str, replace: bool) -> Result<Answer, Refusal> {
    let given = body::checked(call, body::object(json!({"metadata": body::metadata()}), &["metadata"]))?;
    let server = call.server(id)?;
    call.require(Access::Member, &rule(if replace { "update_all" } else { "create" }))?;
    check_state(call, &server, "update metadata")?;
    let mut metadata = if replace { BTreeMap::new() } else { metadata_of(call, &server) };
    let pairs = given["metadata"].as_object().into_iter().flatten();
    metadata.extend(pairs.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))));
    put(call, &server, metadata.clone())?;
    Ok(Answer::json(200, json!({"metadata": metadata})))
}

pub(super) fn set(call: &Call<'_>, id: &str, key: &str) -> Result<Answer, Refusal> {
    let given = body::checked(call, body::object(json!({"meta": body::metadata()}), &["meta"]))?;
    let server = call.server(id)?;
    call.require(Access::Member, &rule("update"))?;
    let value = given["meta"].get(key).and_then(Value::as_str);
    let value = value.ok_or_else(|| Refusal::bad_request("Request body and URI mismatch"))?;
    check_state(call, &server, "update metadata")?;
    let mut metadata = metadata_of(call, &server);
    metadata.insert(key.to_owned(), value.to_owned());
    put(call, &server, metadata)?;
    Ok(Answer::json(200, json!({"meta": {key: value}})))
}

pub(super) fn delete(call: &Call<'_>, id: &str, key: &str) -> Result<Answer, Refusal> {
    let server = call.server(id)?;
    call.require(Access::Member, &rule("delete"))?;
    let mut metadata = metadata_of(call, &server);
    metadata.remove(key).ok_or_else(no_item)?;
    check_state(call, &server, "delete metadata")?;
    put(call, &server, metadata)?;
    Ok(Answer::empty(204))
}
