//! Metadata of servers (`nova/api/openstack/compute/server_metadata.py`).

use super::body;
use super::call::Call;
use super::refusal::Refusal;
use crate::answer::Answer;
use crate::caller::Access;
use serde_json::{Value, json};

const READ: &str = "os_compute_api:server-metadata:show";
const WRITE: &str = "os_compute_api:server-metadata:update";

fn no_item() -> Refusal {
    Refusal::not_found("Metadata item was not found")
}

pub(super) fn list(call: &Call<'_>, id: &str) -> Result<Answer, Refusal> {
    let server = call.server(id)?;
    call.require(Access::Reader, READ)?;
    Ok(Answer::json(200, json!({"metadata": call.cloud.records().server_labels(server.id).metadata})))
}

pub(super) fn show(call: &Call<'_>, id: &str, key: &str) -> Result<Answer, Refusal> {
    let server = call.server(id)?;
    call.require(Access::Reader, READ)?;
    let metadata = call.cloud.records().server_labels(server.id).metadata;
    let value = metadata.get(key).ok_or_else(no_item)?;
    Ok(Answer::json(200, json!({"meta": {key: value}})))
}

/// Adds to what there is, or puts something else in its place.
pub(super) fn write(call: &Call<'_>, id: &str, replace: bool) -> Result<Answer, Refusal> {
    let given = body::checked(call, body::object(json!({"metadata": body::metadata()}), &["metadata"]))?;
    let server = call.server(id)?;
    call.require(Access::Member, WRITE)?;
    let pairs = given["metadata"].as_object().into_iter().flatten();
    let pairs = pairs.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())));
    call.cloud.records().label_server(server.id, |labels| {
        if replace {
            labels.metadata.clear();
        }
        labels.metadata.extend(pairs);
    });
    list(call, id)
}

pub(super) fn set(call: &Call<'_>, id: &str, key: &str) -> Result<Answer, Refusal> {
    let given = body::checked(call, body::object(json!({"meta": body::metadata()}), &["meta"]))?;
    let server = call.server(id)?;
    call.require(Access::Member, WRITE)?;
    let value = given["meta"].get(key).and_then(Value::as_str);
    let value = value.ok_or_else(|| Refusal::bad_request("Request body and URI mismatch"))?;
    call.cloud.records().label_server(server.id, |labels| {
        labels.metadata.insert(key.to_owned(), value.to_owned());
    });
    Ok(Answer::json(200, json!({"meta": {key: value}})))
}

pub(super) fn delete(call: &Call<'_>, id: &str, key: &str) -> Result<Answer, Refusal> {
    let server = call.server(id)?;
    call.require(Access::Member, "os_compute_api:server-metadata:delete")?;
    let mut there = false;
    call.cloud.records().label_server(server.id, |labels| there = labels.metadata.remove(key).is_some());
    if there { Ok(Answer::empty(204)) } else { Err(no_item()) }
}
