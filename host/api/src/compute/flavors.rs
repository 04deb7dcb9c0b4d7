//! Flavors and their extra specs (`nova/api/openstack/compute/flavors.py`, `flavors_extraspecs.py`).

use super::call::Call;
use super::refusal::Refusal;
use super::{body, extra_spec_rules, flavor_view};
use crate::answer::Answer;
use crate::caller::Access;
use conductor::FlavorLabels;
use model::{Flavor, FlavorId, ResourceClass};
use placement::TraitName;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use uuid::Uuid;

/// The flavor of this id, if the requester may see it.
pub(super) fn find(call: &Call<'_>, id: &str) -> Result<(Flavor, FlavorLabels), Refusal> {
    let flavor = call.cloud.records().flavor(id).filter(|flavor| flavor.id == *id);
    let flavor = flavor.map(|flavor| (call.cloud.records().flavor_labels(&flavor.id), flavor));
    let found = flavor.filter(|(labels, _)| visible(call, labels)).map(|(labels, flavor)| (flavor, labels));
    found.ok_or_else(|| Refusal::not_found(format!("Flavor {id} could not be found.")))
}

fn visible(call: &Call<'_>, labels: &FlavorLabels) -> bool {
    !labels.private || call.requester.is_admin || labels.access.contains(&call.requester.project)
}

pub(super) fn list(call: &Call<'_>, detail: bool) -> Result<Answer, Refusal> {
    let query = &call.ask.query;
    let least = |key: &str| -> Result<u64, Refusal> {
        let Some(text) = query.get(key) else { return Ok(0) };
        text.parse().map_err(|_| Refusal::bad_request(format!("Invalid {key} filter [{text}]")))
    };
    let (min_ram, min_disk) = (least("minRam")?, least("minDisk")?);
    let is_public = match query.get("is_public").map(str::to_lowercase).as_deref() {
        _ if !call.requester.is_admin => None,
        None | Some("true" | "1" | "yes" | "on" | "t" | "y") => Some(true),
        Some("none") => None,
        Some("false" | "0" | "no" | "off" | "f" | "n") => Some(false),
        Some(text) => return Err(Refusal::bad_request(format!("Invalid is_public filter [{text}]"))),
    };
    let records = call.cloud.records();
    let mut flavors: Vec<(Flavor, FlavorLabels)> = records
        .flavors()
        .into_iter()
        .map(|flavor| (records.flavor_labels(&flavor.id), flavor))
        .filter(|(labels, flavor)| {
            visible(call, labels)
                && is_public.is_none_or(|public| public != labels.private)
                && flavor.memory_mb >= min_ram
                && flavor.root_gb >= min_disk
        })
        .map(|(labels, flavor)| (flavor, labels))
        .collect();
    if let Some(marker) = query.get("marker") {
        let at = flavors.iter().position(|(flavor, _)| flavor.id == *marker);
        let at = at.ok_or_else(|| Refusal::bad_request(format!("marker [{marker}] not found")))?;
        flavors.drain(..=at);
    }
    let limit = call.limit()?;
    flavors.truncate(limit.unwrap_or(usize::MAX));
    let view = if detail { flavor_view::full } else { flavor_view::short };
    let shown: Vec<Value> = flavors.iter().map(|(flavor, labels)| view(call, flavor, labels)).collect();
    let path = if detail { "/flavors/detail" } else { "/flavors" };
    let last = flavors.last().map(|(flavor, _)| flavor.id.to_string());
    let next = call.next_page(path, limit, last, shown.len());
    let mut answer = json!({"flavors": shown});
    if let Some(next) = next {
        answer["flavors_links"] = next;
    }
    Ok(Answer::json(200, answer))
}

pub(super) fn show(call: &Call<'_>, id: &str) -> Result<Answer, Refusal> {
    let (flavor, labels) = find(call, id)?;
    Ok(Answer::json(200, json!({"flavor": flavor_view::full(call, &flavor, &labels)})))
}

pub(super) fn create(call: &Call<'_>) -> Result<Answer, Refusal> {
    call.require(Access::Admin, "os_compute_api:os-flavor-manage:create")?;
    let mut properties = json!({
        "name": body::name(), "ram": body::number(1), "vcpus": body::number(1), "disk": body::number(0),
        "id": {"type": ["string", "number", "null"], "minLength": 1, "maxLength": 255, "pattern": "^[a-zA-Z0-9._-]([a-zA-Z0-9. _-]*[a-zA-Z0-9._-])?$"},
        "OS-FLV-EXT-DATA:ephemeral": body::number(0), "swap": body::number(0),
        "os-flavor-access:is_public": body::boolean(),
    });
    if !call.version.since(102) {
        properties["rxtx_factor"] = json!({"type": ["number", "string"]});
    }
    if call.version.since(55) {
        properties["description"] = json!({"type": ["string", "null"], "maxLength": 65535});
    }
    let flavor = body::object(properties, &["name", "ram", "vcpus", "disk"]);
    let given = body::checked(call, body::object(json!({"flavor": flavor}), &["flavor"]))?;
    let given = &given["flavor"];
    let name = given["name"].as_str().unwrap_or_default().to_owned();
    let id = match &given["id"] {
        Value::Null => Uuid::new_v4().to_string(),
        Value::String(text) => text.clone(),
        number => number.to_string(),
    };
    let records = call.cloud.records();
    if records.flavors().iter().any(|flavor| flavor.name == name) {
        return Err(Refusal::new(409, format!("Flavor with name {name} already exists.")));
    }
    if records.flavors().iter().any(|flavor| flavor.id == *id.as_str()) {
        return Err(Refusal::new(409, format!("Flavor with ID {id} already exists.")));
    }
    let amount = |key: &str| body::whole(&given[key]).unwrap_or(0);
    let flavor = Flavor {
        id: FlavorId::from(id),
        name,
        vcpus: u32::try_from(amount("vcpus")).unwrap_or(u32::MAX),
        memory_mb: amount("ram"),
        root_gb: amount("disk"),
        ephemeral_gb: amount("OS-FLV-EXT-DATA:ephemeral"),
        swap_mb: amount("swap"),
        extra_specs: BTreeMap::new(),
    };
    let public = &given["os-flavor-access:is_public"];
    let labels = FlavorLabels {
        description: given["description"].as_str().map(str::to_owned),
        private: !public.is_null() && !body::truth(public),
        ..FlavorLabels::default()
    };
    records.put_flavor(flavor.clone());
    records.label_flavor(&flavor.id, |kept| kept.clone_from(&labels));
    Ok(Answer::json(200, json!({"flavor": flavor_view::full(call, &flavor, &labels)})))
}

pub(super) fn update(call: &Call<'_>, id: &str) -> Result<Answer, Refusal> {
    call.require(Access::Admin, "os_compute_api:os-flavor-manage:update")?;
    let description = json!({"description": {"type": ["string", "null"], "maxLength": 65535}});
    let schema = body::object(json!({"flavor": body::object(description, &["description"])}), &["flavor"]);
    let given = body::checked(call, schema)?;
    let (flavor, _) = find(call, id)?;
    let description = given["flavor"]["description"].as_str().map(str::to_owned);
    call.cloud.records().label_flavor(&flavor.id, |labels| labels.description = description);
    show(call, id)
}

pub(super) fn delete(call: &Call<'_>, id: &str) -> Result<Answer, Refusal> {
    call.require(Access::Admin, "os_compute_api:os-flavor-manage:delete")?;
    let (flavor, _) = find(call, id)?;
    call.cloud.records().remove_flavor(&flavor.id);
    Ok(Answer::empty(202))
}

pub(super) fn extra_specs(call: &Call<'_>, id: &str) -> Result<Answer, Refusal> {
    let (flavor, _) = find(call, id)?;
    Ok(Answer::json(200, json!({"extra_specs": flavor.extra_specs})))
}

pub(super) fn add_extra_specs(call: &Call<'_>, id: &str) -> Result<Answer, Refusal> {
    call.require(Access::Admin, "os_compute_api:os-flavor-extra-specs:create")?;
    let schema = body::object(json!({"extra_specs": extra_specs_schema()}), &["extra_specs"]);
    let given = body::checked(call, schema)?;
    let (mut flavor, _) = find(call, id)?;
    for (key, value) in given["extra_specs"].as_object().into_iter().flatten() {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        check_extra_spec(call, key, &text)?;
        flavor.extra_specs.insert(key.clone(), text);
    }
    call.cloud.records().put_flavor(flavor);
    Ok(Answer::json(200, given))
}

fn no_such_spec(id: &str, key: &str) -> Refusal {
    Refusal::not_found(format!("Flavor {id} has no extra specs with key {key}."))
}

pub(super) fn extra_spec(call: &Call<'_>, id: &str, key: &str) -> Result<Answer, Refusal> {
    let (flavor, _) = find(call, id)?;
    let value = flavor.extra_specs.get(key).ok_or_else(|| no_such_spec(id, key))?;
    Ok(Answer::json(200, json!({key: value})))
}

/// Sets one extra spec.
pub(super) fn set_extra_spec(call: &Call<'_>, id: &str, key: &str) -> Result<Answer, Refusal> {
    call.require(Access::Admin, "os_compute_api:os-flavor-extra-specs:update")?;
    let given = body::checked(call, extra_specs_schema())?;
    let value = match given.as_object() {
        Some(pairs) if pairs.len() == 1 => pairs.get(key),
        _ => None,
    };
    let value = value.ok_or_else(|| Refusal::bad_request("Request body and URI mismatch"))?;
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    check_extra_spec(call, key, &text)?;
    let (mut flavor, _) = find(call, id)?;
    flavor.extra_specs.insert(key.to_owned(), text);
    call.cloud.records().put_flavor(flavor);
    Ok(Answer::json(200, given))
}

/// Keys and values of extra specs.
fn extra_specs_schema() -> Value {
    json!({
        "type": "object",
        "patternProperties": {"^[a-zA-Z0-9-_:. ]{1,255}$": {"type": ["string", "number"], "maxLength": 255}},
        "additionalProperties": false,
    })
}

/// Refuses extra specs that mean nothing, since 2.86.
fn check_extra_spec(call: &Call<'_>, key: &str, value: &str) -> Result<(), Refusal> {
    if !call.version.since(86) {
        return Ok(());
    }
    call.cloud.services().report_client.read(|placement| {
        let standard = extra_spec_rules::Standard {
            is_class: &|name| placement.has_resource_class(&ResourceClass::new(name)),
            is_trait: &|name| placement.has_trait(&TraitName::from(name)),
        };
        extra_spec_rules::check(key, value, &standard).map_err(Refusal::bad_request)
    })
}

pub(super) fn delete_extra_spec(call: &Call<'_>, id: &str, key: &str) -> Result<Answer, Refusal> {
    call.require(Access::Admin, "os_compute_api:os-flavor-extra-specs:delete")?;
    let (mut flavor, _) = find(call, id)?;
    flavor.extra_specs.remove(key).ok_or_else(|| no_such_spec(id, key))?;
    call.cloud.records().put_flavor(flavor);
    Ok(Answer::empty(200))
}
