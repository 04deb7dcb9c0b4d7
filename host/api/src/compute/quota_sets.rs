//! Reading and setting quotas, and what is left of them (`nova/api/openstack/compute/quota_sets.py`, `quota_classes.py`,
//! `limits.py`).

use super::body;
use super::call::Call;
use super::refusal::Refusal;
use crate::answer::Answer;
use crate::caller::Access;
use conductor::{Amounts, LIMITED_RESOURCES, limited_resource};
use model::{ProjectId, UserId};
use serde_json::{Map, Value, json};

/// The one class there is.
const DEFAULT_CLASS: &str = "default";

/// The resources that are shown at a microversion.
fn shown(call: &Call<'_>) -> impl Iterator<Item = &'static str> {
    let version = call.version;
    LIMITED_RESOURCES.into_iter().filter(move |resource| match *resource {
        "fixed_ips" | "floating_ips" | "security_group_rules" | "security_groups" => !version.since(36),
        "injected_files" | "injected_file_content_bytes" | "injected_file_path_bytes" => !version.since(57),
        _ => true,
    })
}

/// The resources of quota classes, which got those of server groups with 2.50 and lost those of networks then.
fn shown_of_class(call: &Call<'_>) -> impl Iterator<Item = &'static str> {
    let version = call.version;
    LIMITED_RESOURCES.into_iter().filter(move |resource| match *resource {
        "fixed_ips" | "floating_ips" | "security_group_rules" | "security_groups" => !version.since(50),
        "server_groups" | "server_group_members" => version.since(50),
        "injected_files" | "injected_file_content_bytes" | "injected_file_path_bytes" => !version.since(57),
        _ => true,
    })
}

fn rule(what: &str) -> String {
    format!("os_compute_api:os-quota-sets:{what}")
}

/// A project's own quotas are for its readers, others' for administrators.
fn require(call: &Call<'_>, project: &str, what: &str) -> Result<(), Refusal> {
    let own = call.requester.project == *project;
    call.require(if own { Access::Reader } else { Access::Admin }, &rule(what))?;
    check_project(call, project)
}

/// A project the identity service does not know has no quotas.
fn check_project(call: &Call<'_>, project: &str) -> Result<(), Refusal> {
    if call.world.knows_project(project) {
        return Ok(());
    }
    Err(Refusal::bad_request(format!("Project ID {project} is not a valid project.")))
}

fn user(call: &Call<'_>) -> Option<UserId> {
    call.ask.query.get("user_id").map(UserId::from)
}

fn limit_of(call: &Call<'_>, project: &ProjectId, user: Option<&UserId>, resource: &'static str) -> i64 {
    let options = call.cloud.services().options.get();
    let limits = call.cloud.records().limits().borrow();
    match user {
        Some(user) => limits.of_user(&options, project, user, resource),
        None => limits.of_project(&options, project, resource),
    }
}

fn limits(call: &Call<'_>, project: &ProjectId) -> Map<String, Value> {
    let user = user(call);
    let limit = |resource: &'static str| {
        (resource.to_owned(), json!(limit_of(call, project, user.as_ref(), resource)))
    };
    shown(call).map(limit).collect()
}

pub(super) fn show(call: &Call<'_>, project: &str) -> Result<Answer, Refusal> {
    require(call, project, "show")?;
    let mut shown = limits(call, &ProjectId::from(project));
    shown.insert("id".to_owned(), json!(project));
    Ok(Answer::json(200, json!({"quota_set": shown})))
}

/// What is counted for a project or user: servers with what they have; of the rest nothing is said, as in Nova.
fn used(call: &Call<'_>, project: &ProjectId, user: Option<&UserId>) -> Amounts {
    call.api.quota_usage(project, user)
}

pub(super) fn detail(call: &Call<'_>, project: &str) -> Result<Answer, Refusal> {
    require(call, project, "detail")?;
    let id = ProjectId::from(project);
    let user = user(call);
    let used = used(call, &id, user.as_ref());
    let mut shown: Map<String, Value> = shown(call)
        .map(|resource| {
            let limit = limit_of(call, &id, user.as_ref(), resource);
            let in_use = used.get(resource).copied().unwrap_or(0);
            (resource.to_owned(), json!({"in_use": in_use, "limit": limit, "reserved": 0}))
        })
        .collect();
    shown.insert("id".to_owned(), json!(project));
    Ok(Answer::json(200, json!({"quota_set": shown})))
}

pub(super) fn defaults(call: &Call<'_>, project: &str) -> Result<Answer, Refusal> {
    check_project(call, project)?;
    let options = call.cloud.services().options.get();
    let limits = call.cloud.records().limits().borrow();
    let mut shown: Map<String, Value> = shown(call)
        .map(|resource| (resource.to_owned(), json!(limits.default_of(&options, resource))))
        .collect();
    shown.insert("id".to_owned(), json!(project));
    Ok(Answer::json(200, json!({"quota_set": shown})))
}

/// A limit: a number from -1 on, also as text.
fn limit() -> Value {
    json!({"anyOf": [
        {"type": "integer", "minimum": -1, "maximum": i32::MAX},
        {"type": "string", "pattern": "^(-1|[0-9]+)$", "minLength": 1, "maxLength": 10},
    ]})
}

fn number(value: &Value) -> Option<i64> {
    let whole = |number: f64| (number.fract() == 0.0).then_some(number as i64);
    let number = value.as_i64().or_else(|| value.as_f64().and_then(whole));
    number.or_else(|| value.as_str().and_then(|text| text.parse().ok()))
}

pub(super) fn update(call: &Call<'_>, project: &str) -> Result<Answer, Refusal> {
    let mut properties: Map<String, Value> =
        shown(call).map(|resource| (resource.to_owned(), limit())).collect();
    properties.insert("force".to_owned(), body::boolean());
    let schema =
        body::object(json!({"quota_set": body::object(Value::Object(properties), &[])}), &["quota_set"]);
    let given = body::checked(call, schema)?;
    let given = &given["quota_set"];
    call.require(Access::Admin, &rule("update"))?;
    check_project(call, project)?;
    let id = ProjectId::from(project);
    let user = user(call);
    let pairs = given.as_object().into_iter().flatten();
    let wanted: Vec<(&'static str, i64)> =
        pairs.filter_map(|(key, value)| Some((limited_resource(key)?, number(value)?))).collect();
    if !body::truth(&given["force"]) {
        for (resource, limit) in &wanted {
            check_limit(call, &id, user.as_ref(), resource, *limit)?;
        }
    }
    for (resource, limit) in wanted {
        call.cloud.records().limits().borrow_mut().set(id.clone(), user.clone(), resource, limit);
    }
    Ok(Answer::json(200, json!({"quota_set": limits(call, &id)})))
}

/// A limit must be at least what is used, or given to users, and a user's no more than the project has left.
fn check_limit(
    call: &Call<'_>,
    project: &ProjectId,
    user: Option<&UserId>,
    resource: &'static str,
    limit: i64,
) -> Result<(), Refusal> {
    let in_use = used(call, project, user).get(resource).copied().unwrap_or(0);
    let of_project = limit_of(call, project, None, resource);
    let limits = call.cloud.records().limits().borrow();
    let given = limits.given_to_users(project, resource);
    let (least, most) = match user {
        Some(_) if of_project < 0 => (in_use, -1),
        Some(user) => {
            (in_use, of_project - given + limits.set_for_user(project, user, resource).unwrap_or(0))
        }
        None if of_project < 0 => (in_use, -1),
        None => (in_use.max(given), -1),
    };
    let endless = |limit: i64| if limit == -1 { i64::MAX } else { limit };
    if endless(limit) < least {
        return Err(Refusal::bad_request(format!(
            "Quota limit {limit} for {resource} must be greater than or equal to already used and reserved {least}."
        )));
    }
    if endless(limit) > endless(most) {
        let message = format!("Quota limit {limit} for {resource} must be less than or equal to {most}.");
        return Err(Refusal::bad_request(message));
    }
    Ok(())
}

pub(super) fn delete(call: &Call<'_>, project: &str) -> Result<Answer, Refusal> {
    call.require(Access::Admin, &rule("delete"))?;
    call.cloud.records().limits().borrow_mut().forget(&ProjectId::from(project), user(call).as_ref());
    Ok(Answer::empty(202))
}

/// Every class has the limits of the default one, as no other was ever made.
pub(super) fn show_class(call: &Call<'_>, class: &str) -> Result<Answer, Refusal> {
    call.require(Access::Admin, "os_compute_api:os-quota-class-sets:show")?;
    let mut shown = class_limits(call);
    shown.insert("id".to_owned(), json!(class));
    Ok(Answer::json(200, json!({"quota_class_set": shown})))
}

fn class_limits(call: &Call<'_>) -> Map<String, Value> {
    let options = call.cloud.services().options.get();
    let limits = call.cloud.records().limits().borrow();
    let limit = |resource: &'static str| (resource.to_owned(), json!(limits.default_of(&options, resource)));
    shown_of_class(call).map(limit).collect()
}

pub(super) fn update_class(call: &Call<'_>, class: &str) -> Result<Answer, Refusal> {
    let properties: Map<String, Value> =
        shown_of_class(call).map(|resource| (resource.to_owned(), limit())).collect();
    let set = body::object(Value::Object(properties), &[]);
    let given = body::checked(call, body::object(json!({"quota_class_set": set}), &["quota_class_set"]))?;
    call.require(Access::Admin, "os_compute_api:os-quota-class-sets:update")?;
    if class != DEFAULT_CLASS {
        let message = format!("there is only the quota class {DEFAULT_CLASS} here, not {class}");
        return Err(Refusal::bad_request(message));
    }
    for (key, value) in given["quota_class_set"].as_object().into_iter().flatten() {
        if let (Some(resource), Some(limit)) = (limited_resource(key), number(value)) {
            call.cloud.records().limits().borrow_mut().set_class(resource, limit);
        }
    }
    Ok(Answer::json(200, json!({"quota_class_set": class_limits(call)})))
}

pub(super) fn absolute(call: &Call<'_>) -> Result<Answer, Refusal> {
    let project = call.ask.query.get("tenant_id").map(ProjectId::from);
    if project.is_some() {
        call.require(Access::Admin, "os_compute_api:limits:other_project")?;
    }
    let project = project.unwrap_or_else(|| call.requester.project.clone());
    let used = used(call, &project, None);
    let limit = |resource| json!(limit_of(call, &project, None, resource));
    let in_use = |resource| json!(used.get(resource).copied().unwrap_or(0));
    let groups = call.cloud.records().server_groups();
    let mut shown = json!({
        "maxTotalInstances": limit("instances"), "maxTotalCores": limit("cores"), "maxTotalRAMSize": limit("ram"),
        "maxTotalKeypairs": limit("key_pairs"), "maxServerMeta": limit("metadata_items"),
        "maxServerGroups": limit("server_groups"), "maxServerGroupMembers": limit("server_group_members"),
        "totalInstancesUsed": in_use("instances"), "totalCoresUsed": in_use("cores"), "totalRAMUsed": in_use("ram"),
        "totalServerGroupsUsed": groups.iter().filter(|group| group.project_id == project).count(),
    });
    if !call.version.since(57) {
        shown["maxPersonality"] = limit("injected_files");
        shown["maxPersonalitySize"] = limit("injected_file_content_bytes");
    }
    if !call.version.since(39) {
        shown["maxImageMeta"] = limit("metadata_items");
    }
    if !call.version.since(36) {
        for (key, resource) in [
            ("maxTotalFloatingIps", "floating_ips"),
            ("maxSecurityGroups", "security_groups"),
            ("maxSecurityGroupRules", "security_group_rules"),
        ] {
            shown[key] = limit(resource);
        }
        shown["totalFloatingIpsUsed"] = in_use("floating_ips");
        shown["totalSecurityGroupsUsed"] = in_use("security_groups");
    }
    Ok(Answer::json(200, json!({"limits": {"rate": [], "absolute": shown}})))
}
