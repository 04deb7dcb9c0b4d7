//! How long servers of what size were there (`nova/api/openstack/compute/simple_tenant_usage.py`).

use super::call::Call;
use super::refusal::Refusal;
use super::time;
use crate::answer::Answer;
use crate::caller::Access;
use model::{ProjectId, Server, Timestamp};
use serde_json::{Value, json};

/// What is asked for.
struct Period {
    start: Timestamp,
    stop: Timestamp,
    detailed: bool,
}

fn period(call: &Call<'_>) -> Result<Period, Refusal> {
    let now = call.world.now();
    let read = |key: &str| {
        let Some(text) = call.ask.query.get(key).filter(|text| !text.is_empty()) else { return Ok(now) };
        time::parse(text)
            .ok_or_else(|| Refusal::bad_request("Invalid datetime string: Datetime is in invalid format"))
    };
    let (start, stop) = (read("start")?, read("end")?);
    if start >= stop {
        let message = "Invalid start time. The start time cannot occur after the end time.";
        return Err(Refusal::bad_request(message));
    }
    Ok(Period { start, stop: stop.min(now), detailed: call.ask.query.get("detailed") == Some("1") })
}

/// The hours a server ran within the period.
fn hours(server: &Server, period: &Period) -> f64 {
    let Some(launched) = server.launched_at else { return 0.0 };
    let start = launched.max(period.start);
    let stop = server.deleted_at.map_or(period.stop, |deleted| deleted.min(period.stop));
    if stop <= start { 0.0 } else { stop.since(start).as_secs_f64() / 3_600.0 }
}

fn server_usage(call: &Call<'_>, server: &Server, period: &Period) -> Value {
    let launched = server.launched_at.unwrap_or(server.created_at);
    let until = server.deleted_at.unwrap_or_else(|| call.world.now());
    let state = if server.deleted() { "terminated" } else { server.vm_state.as_str() };
    json!({
        "instance_id": server.id, "name": server.name, "tenant_id": server.project_id, "flavor": server.flavor.name,
        "hours": hours(server, period), "memory_mb": server.flavor.memory_mb, "vcpus": server.flavor.vcpus,
        "local_gb": server.flavor.local_gb(), "started_at": launched.to_string(),
        "ended_at": server.deleted_at.map(|at| at.to_string()), "state": state, "uptime": until.since(launched).as_secs(),
    })
}

/// The usage of one project, of these servers.
fn summary(
    call: &Call<'_>,
    project: &ProjectId,
    servers: &[Server],
    period: &Period,
    detailed: bool,
) -> Value {
    let total = |amount: fn(&Server) -> f64| -> f64 {
        servers.iter().map(|server| amount(server) * hours(server, period)).sum()
    };
    let mut shown = json!({
        "tenant_id": project, "start": period.start.to_string(), "stop": period.stop.to_string(),
        "total_hours": total(|_| 1.0),
        "total_vcpus_usage": total(|server| f64::from(server.flavor.vcpus)),
        "total_memory_mb_usage": total(|server| server.flavor.memory_mb as f64),
        "total_local_gb_usage": total(|server| server.flavor.local_gb() as f64),
    });
    if detailed {
        shown["server_usages"] = servers.iter().map(|server| server_usage(call, server, period)).collect();
    }
    shown
}

/// The servers that ran within the period, in the order of their creation.
fn active(call: &Call<'_>, period: &Period) -> Vec<Server> {
    let mut servers = call.cloud.records().servers_even_deleted();
    servers.retain(|server| {
        server.launched_at.is_some_and(|at| at < period.stop)
            && server.deleted_at.is_none_or(|at| at > period.start)
    });
    servers
}

/// One page of servers: since 2.40 the usage is told by pages of servers.
fn page(call: &Call<'_>, mut servers: Vec<Server>) -> Result<(Vec<Server>, Option<usize>), Refusal> {
    if !call.version.since(40) {
        return Ok((servers, None));
    }
    if let Some(marker) = call.ask.query.get("marker") {
        let at = servers.iter().position(|server| server.id.to_string() == marker);
        let message = format!("Marker {marker} could not be found.");
        servers.drain(..=at.ok_or_else(|| Refusal::bad_request(message))?);
    }
    let limit = call.limit()?;
    servers.truncate(limit.unwrap_or(1_000));
    Ok((servers, limit))
}

pub(super) fn list(call: &Call<'_>) -> Result<Answer, Refusal> {
    call.require(Access::Admin, "os_compute_api:os-simple-tenant-usage:list")?;
    let period = period(call)?;
    let (servers, limit) = page(call, active(call, &period))?;
    let mut projects: Vec<&ProjectId> = Vec::new();
    for server in &servers {
        if !projects.contains(&&server.project_id) {
            projects.push(&server.project_id);
        }
    }
    let of = |project: &ProjectId| -> Vec<Server> {
        servers.iter().filter(|server| server.project_id == *project).cloned().collect()
    };
    let usages: Vec<Value> = projects
        .iter()
        .map(|project| summary(call, project, &of(project), &period, period.detailed))
        .collect();
    let mut answer = json!({"tenant_usages": usages});
    let last = servers.last().map(|server| server.id.to_string());
    if let Some(next) = call.next_page("/os-simple-tenant-usage", limit, last, servers.len()) {
        answer["tenant_usages_links"] = next;
    }
    Ok(Answer::json(200, answer))
}

pub(super) fn show(call: &Call<'_>, project: &str) -> Result<Answer, Refusal> {
    let own = call.requester.project == *project;
    let access = if own { Access::Reader } else { Access::Admin };
    call.require(access, "os_compute_api:os-simple-tenant-usage:show")?;
    let period = period(call)?;
    let project = ProjectId::from(project);
    let mut servers = active(call, &period);
    servers.retain(|server| server.project_id == project);
    let (servers, limit) = page(call, servers)?;
    let usage = match servers.is_empty() {
        true => json!({}),
        false => summary(call, &project, &servers, &period, true),
    };
    let mut answer = json!({"tenant_usage": usage});
    let path = format!("/os-simple-tenant-usage/{project}");
    let last = servers.last().map(|server| server.id.to_string());
    if let Some(next) = call.next_page(&path, limit, last, servers.len()) {
        answer["tenant_usage_links"] = next;
    }
    Ok(Answer::json(200, answer))
}
