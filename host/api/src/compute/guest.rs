//! What is told of one server's guest: its addresses, its numbers, its NUMA cells, its password, its consoles
//! (`nova/api/openstack/compute/ips.py`, `server_diagnostics.py`, `server_topology.py`, `server_password.py`,
//! `remote_consoles.py`, `security_groups.py`).

use super::body;
use super::call::Call;
use super::refusal::Refusal;
use super::server_view;
use crate::answer::Answer;
use crate::caller::Access;
use crate::network::DEFAULT_GROUP;
use serde_json::{Value, json};

pub(super) fn ips(call: &Call<'_>, id: &str, network: Option<&str>) -> Result<Answer, Refusal> {
    let server = call.server(id)?;
    let rule = if network.is_some() { "show" } else { "index" };
    call.require(Access::Reader, &format!("os_compute_api:ips:{rule}"))?;
    let all = server_view::addresses(call, &server, true);
    let Some(network) = network else { return Ok(Answer::json(200, json!({"addresses": all}))) };
    match all.get(network) {
        Some(addresses) => Ok(Answer::json(200, json!({network: addresses}))),
        None => Err(Refusal::not_found("Instance is not a member of specified network")),
    }
}

pub(super) async fn diagnostics(call: &Call<'_>, id: &str) -> Result<Answer, Refusal> {
    let server = call.server(id)?;
    call.require(Access::Admin, "os_compute_api:os-server-diagnostics")?;
    let numbers = call.api.diagnostics(server.id, call.version.since(48)).await?;
    Ok(Answer::json(200, numbers))
}

/// No hypervisor here tells of NUMA cells that a guest has.
pub(super) fn topology(call: &Call<'_>, id: &str) -> Result<Answer, Refusal> {
    call.server(id)?;
    call.require(Access::Reader, "compute:server:topology:index")?;
    Ok(Answer::json(200, json!({"nodes": [], "pagesize_kb": null})))
}

/// No guest here leaves a password with the metadata service.
pub(super) fn password(call: &Call<'_>, id: &str) -> Result<Answer, Refusal> {
    call.server(id)?;
    call.require(Access::Reader, "os_compute_api:os-server-password:show")?;
    Ok(Answer::json(200, json!({"password": ""})))
}

pub(super) fn clear_password(call: &Call<'_>, id: &str) -> Result<Answer, Refusal> {
    call.server(id)?;
    call.require(Access::Member, "os_compute_api:os-server-password:clear")?;
    Ok(Answer::empty(204))
}

pub(super) fn security_groups(call: &Call<'_>, id: &str) -> Result<Answer, Refusal> {
    let server = call.server(id)?;
    call.require(Access::Reader, "os_compute_api:os-security-groups:list")?;
    let group = json!({
        "id": DEFAULT_GROUP, "name": "default", "description": "Default security group",
        "tenant_id": server.project_id, "rules": [],
    });
    let groups = if server.network_info.is_empty() { json!([]) } else { json!([group]) };
    Ok(Answer::json(200, json!({"security_groups": groups})))
}

/// Consoles are served by no hypervisor here: each kind is unavailable.
pub(super) fn remote_console(call: &Call<'_>, id: &str) -> Result<Answer, Refusal> {
    let one_of = |words: &[&str]| json!({"type": "string", "enum": words});
    let properties = json!({
        "protocol": one_of(&["vnc", "spice", "serial", "rdp", "mks"]),
        "type": one_of(&["novnc", "xvpvnc", "spice-html5", "spice-direct", "serial", "rdp-html5", "webmks"]),
    });
    let console = body::object(properties, &["protocol", "type"]);
    let given = body::checked(call, body::object(json!({"remote_console": console}), &["remote_console"]))?;
    call.server(id)?;
    call.require(Access::Member, "os_compute_api:os-remote-consoles")?;
    Err(unavailable(&given["remote_console"]["type"]))
}

/// What is said of a kind of console that there is not.
pub(super) fn unavailable(kind: &Value) -> Refusal {
    Refusal::bad_request(format!("Unavailable console type {}.", kind.as_str().unwrap_or_default()))
}
