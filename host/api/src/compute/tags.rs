//! Tags of servers (`nova/api/openstack/compute/server_tags.py`), since 2.26.

use super::body;
use super::call::Call;
use super::refusal::Refusal;
use crate::answer::Answer;
use crate::caller::Access;
use crate::placement::schema::Schema;
use model::{NotificationPriority, Server, VmState};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Tags a server may have.
pub(super) const MAX_TAGS: usize = 50;

fn rule(what: &str) -> String {
    format!("os_compute_api:os-server-tags:{what}")
}

/// One tag.
pub(super) fn schema() -> Value {
    json!({"type": "string", "minLength": 1, "maxLength": 60, "pattern": "^[^,/]*$"})
}

/// Tags are for servers that rest.
fn changeable(call: &Call<'_>, id: &str, what: &str, method: &str) -> Result<Server, Refusal> {
    let server = call.server(id)?;
    call.require(Access::Member, &rule(what))?;
    if matches!(server.vm_state, VmState::Active | VmState::Paused | VmState::Suspended | VmState::Stopped) {
        return Ok(server);
    }
    Err(Refusal::in_state(&server, method))
}

fn tags_of(call: &Call<'_>, server: &Server) -> BTreeSet<String> {
    call.cloud.records().server_labels(server.id).tags
}

fn put(call: &Call<'_>, server: &Server, tags: BTreeSet<String>) {
    call.cloud.records().label_server(server.id, |labels| labels.tags = tags);
    let notifier = &call.cloud.services().notifier;
    notifier.emit("nova-api:api", "instance.update", NotificationPriority::Info, Some(server.id));
}

pub(super) fn list(call: &Call<'_>, id: &str) -> Result<Answer, Refusal> {
    let server = call.server(id)?;
    call.require(Access::Reader, &rule("index"))?;
    Ok(Answer::json(200, json!({"tags": tags_of(call, &server)})))
}

pub(super) fn show(call: &Call<'_>, id: &str, tag: &str) -> Result<Answer, Refusal> {
    let server = call.server(id)?;
    call.require(Access::Reader, &rule("show"))?;
    if tags_of(call, &server).contains(tag) { Ok(Answer::empty(204)) } else { Err(no_tag(id, tag)) }
}

fn no_tag(id: &str, tag: &str) -> Refusal {
    Refusal::not_found(format!("Server {id} has no tag '{tag}'"))
}

pub(super) fn replace(call: &Call<'_>, id: &str) -> Result<Answer, Refusal> {
    let mut tags = json!({"type": "array", "items": schema(), "uniqueItems": true});
    tags["maxItems"] = json!(MAX_TAGS);
    let given = body::checked(call, body::object(json!({"tags": tags}), &["tags"]))?;
    let server = changeable(call, id, "update_all", "update tags")?;
    let tags: BTreeSet<String> = given["tags"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|tag| tag.as_str().map(str::to_owned))
        .collect();
    put(call, &server, tags.clone());
    Ok(Answer::json(200, json!({"tags": tags})))
}

pub(super) fn add(call: &Call<'_>, id: &str, tag: &str) -> Result<Answer, Refusal> {
    let server = changeable(call, id, "update", "update tag")?;
    if let Err(violation) = Schema::new(schema()).check(&json!(tag)) {
        let message = violation.message();
        return Err(Refusal::bad_request(format!(
            "Tag '{tag}' is invalid. It must be a non empty string without characters '/' and ','. Validation error \
             message: {message}"
        )));
    }
    let mut tags = tags_of(call, &server);
    if tags.len() >= MAX_TAGS {
        let message = format!("The number of tags exceeded the per-server limit {MAX_TAGS}");
        return Err(Refusal::bad_request(message));
    }
    if !tags.insert(tag.to_owned()) {
        return Ok(Answer::empty(204));
    }
    put(call, &server, tags);
    let location = call.url(&format!("/servers/{id}/tags/{tag}"));
    Ok(Answer::empty(201).with("location", &location))
}

pub(super) fn delete(call: &Call<'_>, id: &str, tag: &str) -> Result<Answer, Refusal> {
    let server = changeable(call, id, "delete", "delete tag")?;
    let mut tags = tags_of(call, &server);
    if !tags.remove(tag) {
        return Err(no_tag(id, tag));
    }
    put(call, &server, tags);
    Ok(Answer::empty(204))
}

pub(super) fn delete_all(call: &Call<'_>, id: &str) -> Result<Answer, Refusal> {
    let server = changeable(call, id, "delete_all", "delete tags")?;
    put(call, &server, BTreeSet::new());
    Ok(Answer::empty(204))
}
