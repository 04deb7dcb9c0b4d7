//! The network service's API, version 2.0 (Neutron), as far as servers need it: networks, subnets, ports, and, as records that
//! nothing enforces, floating addresses and security groups. Networks, subnets and ports are those that the workflows use
//! (`conductor::NetworkService`).

mod floating_ips;
mod networks;
mod ports;
mod records;
mod refusal;
mod security_groups;
mod subnets;

pub(crate) use floating_ips::floating_of;
pub(crate) use networks::{name_of, visible};
pub(crate) use records::{DEFAULT_GROUP, Networks};

use crate::answer::{Answer, Ask};
use crate::caller::{Access, Requester};
use crate::world::World;
use axum::http::Method;
use refusal::{Refusal, refusal};
use serde_json::{Value, json};

/// One request.
struct Call<'w> {
    world: &'w World,
    ask: &'w Ask,
    requester: Requester,
}

/// Answers a request.
pub(crate) fn answer(world: &World, ask: &Ask) -> Answer {
    let parts = ask.parts();
    if parts.is_empty() {
        let link = json!([{"rel": "self", "href": format!("{}/v2.0/", ask.base())}]);
        return Answer::json(200, json!({"versions": [{"id": "v2.0", "status": "CURRENT", "links": link}]}));
    }
    let Some(requester) = Requester::of(world, ask) else {
        return refusal(401, "HTTPUnauthorized", "Authentication required")
            .into_answer()
            .with("www-authenticate", "Keystone uri=\"/identity\"");
    };
    let ["v2.0", kind, rest @ ..] = parts.as_slice() else { return Refusal::nothing_here().into_answer() };
    let call = Call { world, ask, requester };
    let kind = kind.trim_end_matches(".json");
    let answered = match ask.method {
        Method::GET => read(&call, kind, rest),
        _ if !call.requester.may(Access::Member) => Err(Refusal::forbidden(&format!(
            "{}_{}",
            ask.method.as_str().to_lowercase(),
            kind.trim_end_matches('s')
        ))),
        _ => change(&call, kind, rest),
    };
    answered.unwrap_or_else(Refusal::into_answer)
}

/// What a resource is called in documents.
fn key_of(kind: &str) -> String {
    kind.replace('-', "_")
}

fn read(call: &Call<'_>, kind: &str, rest: &[&str]) -> Result<Answer, Refusal> {
    let (world, requester) = (call.world, &call.requester);
    let items = match kind {
        "networks" => networks::all(world, requester),
        "subnets" => subnets::all(world, requester),
        "ports" => ports::all(world, requester),
        "floatingips" => floating_ips::all(world, requester),
        "security-groups" => world.networks.borrow().groups(&requester.project),
        "security-group-rules" => world.networks.borrow().rules(&requester.project),
        "extensions" => Vec::new(),
        "quotas" => return Ok(Answer::json(200, json!({"quota": quota()}))),
        _ => return Err(Refusal::nothing_here()),
    };
    match rest {
        [] => Ok(Answer::json(200, json!({key_of(kind): fitting(call.ask, items)}))),
        [id] => {
            let one = key_of(kind.trim_end_matches('s'));
            let found = items.into_iter().find(|item| item["id"] == *id);
            found
                .map(|item| Answer::json(200, json!({one.as_str(): item})))
                .ok_or_else(|| Refusal::not_found(&one, id))
        }
        _ => Err(Refusal::nothing_here()),
    }
}

fn change(call: &Call<'_>, kind: &str, rest: &[&str]) -> Result<Answer, Refusal> {
    match (kind, rest, call.ask.method.as_str()) {
        ("networks", [], "POST") => networks::create(call),
        ("networks", [id], "PUT") => networks::update(call, id),
        ("networks", [id], "DELETE") => networks::delete(call, id),
        ("subnets", [], "POST") => subnets::create(call),
        ("subnets", [id], "PUT") => subnets::update(call, id),
        ("subnets", [id], "DELETE") => subnets::delete(call, id),
        ("ports", [], "POST") => ports::create(call),
        ("ports", [id], "PUT") => ports::update(call, id),
        ("ports", [id], "DELETE") => ports::delete(call, id),
        ("floatingips", [], "POST") => floating_ips::create(call),
        ("floatingips", [id], "PUT") => floating_ips::update(call, id),
        ("floatingips", [id], "DELETE") => floating_ips::delete(call, id),
        ("security-groups", [], "POST") => security_groups::create(call),
        ("security-groups", [id], "PUT") => security_groups::update(call, id),
        ("security-group-rules", [], "POST") => security_groups::create_rule(call),
        ("security-groups" | "security-group-rules", [id], "DELETE") => {
            security_groups::delete(call, kind, id)
        }
        _ => Err(Refusal::nothing_here()),
    }
}

impl Call<'_> {
    /// What the body says of a thing of this kind.
    fn given(&self, kind: &str) -> Result<Value, Refusal> {
        let body = self.ask.json().map_err(|_| Refusal::invalid("The body is no JSON."))?;
        let given = body.get(kind).filter(|given| given.is_object()).cloned();
        given.ok_or_else(|| Refusal::invalid(&format!("Unable to find '{kind}' in request body")))
    }

    /// The project a new thing is for: the requester's, or for administrators any that they name.
    fn project(&self, given: &Value) -> Result<model::ProjectId, Refusal> {
        let named = text(given, "project_id")?.or(text(given, "tenant_id")?).filter(|id| !id.is_empty());
        match named {
            Some(named) if self.requester.project != *named => {
                self.require_admin("create_for_other_project")?;
                Ok(named.as_str().into())
            }
            _ => Ok(self.requester.project.clone()),
        }
    }

    fn require_admin(&self, rule: &str) -> Result<(), Refusal> {
        if self.requester.may(Access::Admin) { Ok(()) } else { Err(Refusal::forbidden(rule)) }
    }
}

/// A text that may be given; null counts as nothing.
fn text(given: &Value, key: &str) -> Result<Option<String>, Refusal> {
    match &given[key] {
        Value::Null => Ok(None),
        Value::String(text) if text.len() <= 255 => Ok(Some(text.clone())),
        other => Err(Refusal::invalid(&format!(
            "Invalid input for {key}. Reason: {other} is not a text of 255 characters at most."
        ))),
    }
}

/// A true or false that may be given.
fn truth(given: &Value, key: &str) -> Result<Option<bool>, Refusal> {
    match &given[key] {
        Value::Null => Ok(None),
        Value::Bool(truth) => Ok(Some(*truth)),
        Value::String(word) if word.eq_ignore_ascii_case("true") => Ok(Some(true)),
        Value::String(word) if word.eq_ignore_ascii_case("false") => Ok(Some(false)),
        other => Err(Refusal::invalid(&format!(
            "Invalid input for {key}. Reason: {other} cannot be converted to boolean."
        ))),
    }
}

/// Something that is written as a text, such as an address, that may be given.
fn parsed<T: std::str::FromStr>(given: &Value, key: &str, what: &str) -> Result<Option<T>, Refusal> {
    let Some(text) = text(given, key)? else { return Ok(None) };
    text.parse().map(Some).map_err(|_| {
        Refusal::invalid(&format!("Invalid input for {key}. Reason: '{text}' is not a valid {what}."))
    })
}

/// Those that have what the query asks for.
fn fitting(ask: &Ask, mut items: Vec<Value>) -> Vec<Value> {
    const NO_FILTERS: [&str; 6] = ["fields", "limit", "marker", "page_reverse", "sort_key", "sort_dir"];
    for (key, _) in ask.query.pairs().filter(|(key, _)| !NO_FILTERS.contains(key)) {
        let wanted: Vec<&str> = ask.query.all(key).collect();
        items.retain(|item| match &item[key] {
            Value::String(text) => wanted.contains(&text.as_str()),
            Value::Bool(truth) => wanted.iter().any(|word| word.eq_ignore_ascii_case(&truth.to_string())),
            Value::Number(number) => wanted.contains(&number.to_string().as_str()),
            Value::Null => wanted.contains(&""),
            Value::Array(all) if key == "fixed_ips" => wanted.iter().any(|word| {
                let (key, value) = word.split_once('=').unwrap_or((word, ""));
                all.iter().any(|fixed| fixed[key] == value)
            }),
            Value::Array(all) => wanted.iter().any(|word| all.iter().any(|one| one == word)),
            Value::Object(_) => false,
        });
    }
    if let Some(marker) = ask.query.get("marker")
        && let Some(at) = items.iter().position(|item| item["id"] == marker)
    {
        items.drain(..=at);
    }
    items.truncate(ask.query.get("limit").and_then(|limit| limit.parse().ok()).unwrap_or(usize::MAX));
    items
}

fn quota() -> Value {
    let names = [
        "network",
        "subnet",
        "port",
        "router",
        "floatingip",
        "security_group",
        "security_group_rule",
        "subnetpool",
        "rbac_policy",
    ];
    names.iter().map(|name| ((*name).to_owned(), json!(-1))).collect::<serde_json::Map<_, _>>().into()
}

#[cfg(test)]
mod tests;
