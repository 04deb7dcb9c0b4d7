//! Which servers a list asks for (`nova/api/openstack/compute/servers.py, _get_server_search_options`,
//! `nova/db/main/api.py, instance_get_all_by_filters`).

use super::call::Call;
use super::refusal::Refusal;
use super::{server_view, time, zones};
use crate::caller::Access;
use conductor::ServerLabels;
use model::{Server, ServerStatus, TaskState, Timestamp, VmState};
use regex::Regex;

/// Parameters that say how a list is given, not what is in it.
const NO_FILTERS: [&str; 11] = [
    "all_tenants",
    "all_projects",
    "changes-before",
    "changes-since",
    "deleted",
    "limit",
    "marker",
    "soft_deleted",
    "sort_dir",
    "sort_key",
    "status",
];
/// Tables that are joined to that of servers: nobody filters by these.
const JOINED: [&str; 7] = [
    "block_device_mapping",
    "services",
    "metadata",
    "system_metadata",
    "info_cache",
    "security_groups",
    "pci_devices",
];

/// What a word means where a truth is asked for.
pub(super) fn truth(text: &str) -> Option<bool> {
    match text.to_lowercase().as_str() {
        "true" | "1" | "t" | "yes" | "y" | "on" => Some(true),
        "false" | "0" | "f" | "no" | "n" | "off" => Some(false),
        _ => None,
    }
}

/// Whether deleted servers are asked for, in which states, and changed when.
pub(super) struct Bounds {
    deleted: Option<bool>,
    soft_deleted: bool,
    statuses: Vec<ServerStatus>,
    since: Option<Timestamp>,
    before: Option<Timestamp>,
}

impl Bounds {
    /// Reads them; none when nothing can be within them.
    pub(super) fn read(call: &Call<'_>) -> Result<Option<Self>, Refusal> {
        let query = &call.ask.query;
        let is_admin = call.requester.may(Access::Admin);
        let named: Vec<&str> = query.all("status").collect();
        let statuses: Vec<ServerStatus> = named.iter().filter_map(|text| text.parse().ok()).collect();
        if !named.is_empty() && statuses.is_empty() {
            if call.version.since(38) {
                return Err(Refusal::bad_request("Invalid status value"));
            }
            return Ok(None);
        }
        let time = |key: &str| {
            let Some(text) = query.get(key) else { return Ok(None) };
            let invalid = || {
                Refusal::bad_request(format!(
                    "Invalid input for query parameters {key}. Value: {text}. '{text}' is not a 'date-time'"
                ))
            };
            time::parse(text).map(Some).ok_or_else(invalid)
        };
        let since = time("changes-since")?;
        let before = if call.version.since(66) { time("changes-before")? } else { None };
        if since.zip(before).is_some_and(|(since, before)| since > before) {
            let message = "The value of changes-since must be less than or equal to changes-before.";
            return Err(Refusal::bad_request(message));
        }
        let only_deleted = statuses == [ServerStatus::Deleted];
        if only_deleted && !is_admin {
            return Err(Refusal::new(403, "Only administrators may list deleted instances"));
        }
        let asked = query.get("deleted").filter(|_| is_admin);
        let deleted = match asked {
            _ if only_deleted => Some(true),
            Some(text) => Some(truth(text).unwrap_or(false)),
            None if since.is_some() || before.is_some() => None,
            None => Some(false),
        };
        let soft_deleted = deleted == Some(true)
            || is_admin && query.get("soft_deleted").and_then(truth).unwrap_or(false)
            || statuses.contains(&ServerStatus::SoftDeleted)
            || deleted.is_none();
        Ok(Some(Self { deleted, soft_deleted, statuses, since, before }))
    }

    pub(super) fn contain(&self, call: &Call<'_>, server: &Server) -> bool {
        if self.deleted.is_some_and(|deleted| deleted != server.deleted()) {
            return false;
        }
        if server.vm_state == VmState::SoftDeleted && !self.soft_deleted {
            return false;
        }
        if !self.statuses.is_empty() && !self.statuses.contains(&status(server)) {
            return false;
        }
        if self.since.is_none() && self.before.is_none() {
            return true;
        }
        let changed = server_view::updated_at(server, &call.cloud.records().server_labels(server.id));
        self.since.is_none_or(|since| changed >= since) && self.before.is_none_or(|before| changed <= before)
    }
}

fn status(server: &Server) -> ServerStatus {
    if server.deleted() { ServerStatus::Deleted } else { server.status() }
}

/// Whether somebody who is no administrator may filter by this.
fn is_for_all(call: &Call<'_>, key: &str) -> bool {
    match key {
        "reservation_id" | "name" | "image" | "flavor" | "ip" => true,
        "ip6" => call.version.since(5),
        "tags" | "tags-any" | "not-tags" | "not-tags-any" => call.version.since(26),
        "locked" => call.version.since(73),
        "availability_zone" | "config_drive" | "key_name" | "created_at" | "launched_at"
        | "terminated_at" | "power_state" | "task_state" | "vm_state" | "progress" | "user_id" => {
            call.version.since(83)
        }
        "hostname" => call.version.since(90),
        _ => false,
    }
}

/// Keeps those that fit one parameter. What only administrators may ask for is ignored for others.
pub(super) fn filter(
    call: &Call<'_>,
    servers: &mut Vec<Server>,
    key: &str,
    value: &str,
    all_tenants: bool,
) -> Result<(), Refusal> {
    if key.starts_with('_') || JOINED.contains(&key) {
        return Err(Refusal::bad_request(format!("Invalid filter field: {key}.")));
    }
    if NO_FILTERS.contains(&key) {
        return Ok(());
    }
    let is_admin = call.requester.may(Access::Admin);
    if !is_admin && !is_for_all(call, key) {
        return Ok(());
    }
    match key {
        "project_id" | "tenant_id" => {
            if all_tenants {
                servers.retain(|server| server.project_id == *value);
            }
        }
        "image" | "image_ref" => {
            servers.retain(|server| server.image.is_some_and(|image| image.to_string() == value));
        }
        "flavor" => servers.retain(|server| server.flavor.id == *value),
        "user_id" => servers.retain(|server| server.user_id == *value),
        "uuid" => servers.retain(|server| server.id.to_string() == value),
        "host" => servers.retain(|server| server.host.as_ref().is_some_and(|host| host == value)),
        "vm_state" => servers.retain(|server| value.parse() == Ok(server.vm_state)),
        "task_state" => {
            let wanted: Option<TaskState> = value.parse().ok();
            servers.retain(|server| server.task_state.is_some() && server.task_state == wanted);
        }
        "locked" if call.version.since(73) => {
            let wanted =
                truth(value).ok_or_else(|| Refusal::bad_request(format!("Unrecognized value '{value}'")))?;
            servers.retain(|server| server.locked == wanted);
        }
        "tags" | "tags-any" | "not-tags" | "not-tags-any" => {
            if call.version.since(26) {
                by_tags(call, servers, key, value);
            }
        }
        "ip" | "ip6" => {
            let finds = finds(value);
            servers.retain(|server| {
                let mut addresses = server.network_info.iter().flat_map(|vif| &vif.fixed_ips);
                addresses.any(|address| finds(address) && address.contains(':') == (key == "ip6"))
            });
        }
        _ => {
            let finds = finds(value);
            let records = call.cloud.records();
            servers.retain(|server| {
                let text = text_of(call, server, &records.server_labels(server.id), key);
                text.is_none_or(|text| finds(&text))
            });
        }
    }
    Ok(())
}

fn by_tags(call: &Call<'_>, servers: &mut Vec<Server>, key: &str, value: &str) {
    let tags: Vec<&str> = value.split(',').collect();
    servers.retain(|server| {
        let has = call.cloud.records().server_labels(server.id).tags;
        let (all, any) =
            (tags.iter().all(|tag| has.contains(*tag)), tags.iter().any(|tag| has.contains(*tag)));
        match key {
            "tags" => all,
            "tags-any" => any,
            "not-tags" => !all,
            _ => !any,
        }
    });
}

/// Whether a pattern is found anywhere in a text; one that is malformed is sought as it is written.
fn finds(value: &str) -> impl Fn(&str) -> bool {
    let pattern = Regex::new(value);
    let literal = value.to_owned();
    move |text| match &pattern {
        Ok(pattern) => pattern.is_match(text),
        Err(_) => text.contains(&literal),
    }
}

/// What a parameter is compared with; none for one that nothing is known of, which limits nothing.
fn text_of(call: &Call<'_>, server: &Server, labels: &ServerLabels, key: &str) -> Option<String> {
    Some(match key {
        "name" | "display_name" => server.name.clone(),
        "description" | "display_description" => labels.description.clone().unwrap_or_default(),
        "node" => server.node.as_ref().map(ToString::to_string).unwrap_or_default(),
        "availability_zone" => match &server.host {
            Some(host) => zones::of_host(call, host),
            None => server.availability_zone.clone().unwrap_or_default(),
        },
        "config_drive" if labels.config_drive => "True".to_owned(),
        "config_drive" => String::new(),
        "key_name" => labels.key_name.clone().unwrap_or_default(),
        "hostname" => server_view::hostname(server, labels),
        "power_state" => serde_json::to_value(server.power_state).ok()?.to_string(),
        "progress" => server.progress.to_string(),
        "reservation_id" => server.reservation_id.clone(),
        "root_device_name" => server.root_device_name.clone().unwrap_or_default(),
        "access_ip_v4" => labels.access_ip_v4.clone(),
        "access_ip_v6" => labels.access_ip_v6.clone(),
        "created_at" => server.created_at.to_string(),
        "launched_at" => server.launched_at?.to_string(),
        "terminated_at" => server.deleted_at?.to_string(),
        _ => return None,
    })
}
