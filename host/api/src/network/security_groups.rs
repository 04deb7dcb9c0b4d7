//! Security groups and their rules, which nothing enforces.

use super::refusal::{Refusal, refusal};
use super::{Call, key_of, parsed, text};
use crate::answer::Answer;
use serde_json::{Value, json};
use uuid::Uuid;

const KEY: &str = "security_group";
/// How many groups and rules there may be: they are kept in memory.
const MAX_RECORDS: usize = 100_000;

fn group_of(call: &Call<'_>, id: &str) -> Result<Value, Refusal> {
    let groups = call.world.networks.borrow().groups(&call.requester.project);
    groups.into_iter().find(|group| group["id"] == *id).ok_or_else(|| Refusal::not_found(KEY, id))
}

pub(super) fn create(call: &Call<'_>) -> Result<Answer, Refusal> {
    let given = call.given(KEY)?;
    let (name, description) = (text(&given, "name")?.unwrap_or_default(), text(&given, "description")?);
    if name.eq_ignore_ascii_case("default") {
        return Err(refusal(
            409,
            "SecurityGroupDefaultAlreadyExists",
            "Default security group already exists.",
        ));
    }
    check_room(call)?;
    let project = call.project(&given)?;
    let mut networks = call.world.networks.borrow_mut();
    Ok(Answer::json(
        201,
        json!({KEY: networks.make_group(&project, &name, &description.unwrap_or_default())}),
    ))
}

fn check_room(call: &Call<'_>) -> Result<(), Refusal> {
    if call.world.networks.borrow().group_records() < MAX_RECORDS {
        return Ok(());
    }
    Err(refusal(409, "OverQuota", "Quota exceeded for resources: ['security_group_rule']."))
}

pub(super) fn update(call: &Call<'_>, id: &str) -> Result<Answer, Refusal> {
    let given = call.given(KEY)?;
    let group = group_of(call, id)?;
    let (name, description) = (text(&given, "name")?, text(&given, "description")?);
    if group["name"] == "default" && name.as_ref().is_some_and(|name| name != "default") {
        return Err(refusal(
            409,
            "SecurityGroupCannotUpdateDefault",
            "Updating default security group not allowed.",
        ));
    }
    call.world.networks.borrow_mut().update_group(&call.requester.project, id, name, description);
    Ok(Answer::json(200, json!({KEY: group_of(call, id)?})))
}

fn port(given: &Value, key: &str) -> Result<Option<u64>, Refusal> {
    let number = match &given[key] {
        Value::Null => return Ok(None),
        Value::String(text) => text.parse().ok(),
        other => other.as_u64(),
    };
    let wrong =
        || refusal(400, "SecurityGroupInvalidPortValue", &format!("Invalid value for port {}", given[key]));
    number.filter(|number| *number <= 65_535).map(Some).ok_or_else(wrong)
}

fn word(given: &Value, key: &str, words: [&str; 2]) -> Result<String, Refusal> {
    let found = text(given, key)?.unwrap_or_else(|| words[0].to_owned());
    let known = words.iter().find(|word| word.eq_ignore_ascii_case(&found));
    known.map(|word| (*word).to_owned()).ok_or_else(|| {
        Refusal::invalid(&format!("Invalid input for {key}. Reason: '{found}' is not in {words:?}."))
    })
}

pub(super) fn create_rule(call: &Call<'_>) -> Result<Answer, Refusal> {
    let given = call.given("security_group_rule")?;
    let group: Uuid = parsed(&given, "security_group_id", "UUID")?.ok_or_else(|| {
        Refusal::invalid("Failed to parse request. Required attribute 'security_group_id' not specified")
    })?;
    group_of(call, &group.to_string())?;
    let remote: Option<Uuid> = parsed(&given, "remote_group_id", "UUID")?;
    if let Some(remote) = remote {
        group_of(call, &remote.to_string())?;
    }
    let prefix = text(&given, "remote_ip_prefix")?.filter(|prefix| !prefix.is_empty());
    if remote.is_some() && prefix.is_some() {
        let message = "Only remote_ip_prefix or remote_group_id may be provided.";
        return Err(refusal(400, "SecurityGroupMultipleRemoteEntites", message));
    }
    let protocol = match &given["protocol"] {
        Value::Number(number) => Some(number.to_string()),
        _ => text(&given, "protocol")?,
    };
    let (least, most) = (port(&given, "port_range_min")?, port(&given, "port_range_max")?);
    if least.zip(most).is_some_and(|(least, most)| least > most) && protocol.as_deref() != Some("icmp") {
        let message = "For TCP/UDP protocols, port_range_min must be <= port_range_max";
        return Err(refusal(400, "SecurityGroupInvalidPortRange", message));
    }
    let rule = json!({
        "security_group_id": group, "remote_group_id": remote, "remote_ip_prefix": prefix, "protocol": protocol,
        "port_range_min": least, "port_range_max": most, "description": text(&given, "description")?,
        "direction": word(&given, "direction", ["ingress", "egress"])?,
        "ethertype": word(&given, "ethertype", ["IPv4", "IPv6"])?,
    });
    check_room(call)?;
    let made = call.world.networks.borrow_mut().make_rule(&call.requester.project, &rule);
    Ok(Answer::json(201, json!({"security_group_rule": made})))
}

pub(super) fn delete(call: &Call<'_>, kind: &str, id: &str) -> Result<Answer, Refusal> {
    let mut networks = call.world.networks.borrow_mut();
    if networks.delete(&call.requester.project, id) {
        return Ok(Answer::empty(204));
    }
    Err(Refusal::not_found(&key_of(kind.trim_end_matches('s')), id))
}
