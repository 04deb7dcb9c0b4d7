//! What was asked of a server and how it went (`nova/api/openstack/compute/instance_actions.py`).

use super::call::Call;
use super::refusal::Refusal;
use super::server_view::host_id;
use crate::answer::Answer;
use crate::caller::Access;
use model::{Action, ActionEvent, EventResult, Server, ServerId};
use serde_json::{Value, json};

/// The server, also a deleted one from 2.21 on.
fn server_of(call: &Call<'_>, id: &str) -> Result<Server, Refusal> {
    if !call.version.since(21) {
        return call.server(id);
    }
    let found =
        id.parse().ok().and_then(|id: ServerId| call.cloud.services().records.server_even_deleted(id));
    let sees = |server: &Server| call.requester.is_admin || server.project_id == call.requester.project;
    found.filter(sees).ok_or_else(|| Refusal::no_server(id))
}

pub(super) fn list(call: &Call<'_>, id: &str) -> Result<Answer, Refusal> {
    let server = server_of(call, id)?;
    call.require(Access::Reader, "os_compute_api:os-instance-actions:list")?;
    let actions = call.cloud.records().actions(server.id);
    let shown: Vec<Value> = actions.iter().rev().map(|action| show_action(call, action)).collect();
    Ok(Answer::json(200, json!({"instanceActions": shown})))
}

pub(super) fn show(call: &Call<'_>, id: &str, request: &str) -> Result<Answer, Refusal> {
    let server = server_of(call, id)?;
    call.require(Access::Reader, "os_compute_api:os-instance-actions:show")?;
    let actions = call.cloud.records().actions(server.id);
    let action = actions.iter().rev().find(|action| action.request == *request);
    let action = action.ok_or_else(|| Refusal::not_found(format!("Action {request} not found")))?;
    let mut shown = show_action(call, action);
    if call.version.since(51) || call.requester.may(Access::Admin) {
        shown["events"] = action.events.iter().rev().map(|event| show_event(call, &server, event)).collect();
    }
    Ok(Answer::json(200, json!({"instanceAction": shown})))
}

fn show_action(call: &Call<'_>, action: &Action) -> Value {
    // What a periodic task did was asked by nobody.
    let asker = call.cloud.records().asker(action.server, &action.request);
    let mut shown = json!({
        "action": action.action, "instance_uuid": action.server, "request_id": action.request,
        "user_id": asker.as_ref().map(|asker| &asker.user), "project_id": asker.as_ref().map(|asker| &asker.project),
        "start_time": action.start.to_string(),
        "message": action.message,
    });
    if call.version.since(58) {
        let last = action.events.iter().filter_map(|event| event.finish).max();
        shown["updated_at"] = json!(last.unwrap_or(action.start).to_string());
    }
    shown
}

fn show_event(call: &Call<'_>, server: &Server, event: &ActionEvent) -> Value {
    let result = event.result.map(|result| match result {
        EventResult::Success => "Success",
        EventResult::Error => "Error",
    });
    let mut shown = json!({
        "event": event.event, "start_time": event.start.to_string(),
        "finish_time": event.finish.map(|at| at.to_string()), "result": result,
    });
    let is_admin = call.requester.may(Access::Admin);
    if is_admin {
        shown["traceback"] = json!(traceback(event));
    }
    if call.version.since(62) {
        if is_admin {
            shown["host"] = json!(event.host);
        }
        shown["hostId"] = json!(host_id(server.project_id.as_str(), Some(&event.host)));
    }
    if call.version.since(84) && is_admin {
        shown["details"] = json!(event.details);
    }
    shown
}

/// What is kept of an error in the place of Python's traceback: its last line, which names the error.
fn traceback(event: &ActionEvent) -> Option<String> {
    let (class, details) = (event.error_class?, event.details.as_deref().unwrap_or(""));
    Some(format!("Traceback (most recent call last):\nnova.exception.{}: {details}\n", class.name()))
}
