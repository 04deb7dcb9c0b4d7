//! Allocations of consumers (`placement/handlers/allocation.py`, `placement/handlers/util.py`).

use super::usages::UNKNOWN_TYPE;
use super::{field, generation, text, whole};
use crate::placement::call::{Call, lenient_uuid, strict_uuid};
use crate::placement::engine::Store;
use crate::placement::refusal::Refusal;
use crate::placement::reply::Reply;
use crate::placement::routes::Answer;
use crate::placement::version::Version;
use axum::http::StatusCode;
use model::{ConsumerId, ProviderId, ResourceAmounts, ResourceClass};
use placement::{Command, ConsumerAllocations, ConsumerType, ExpectedGeneration, Placement, PlacementError};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Who is charged, and who asked, when a client of before 1.8 does not say.
const INCOMPLETE_ID: &str = "00000000-0000-0000-0000-000000000000";

pub(crate) fn of_consumer(call: &Call, state: &Placement) -> Answer {
    let consumer = strict_uuid(call.path_item(0)).and_then(|id| state.consumer(ConsumerId(id)));
    let mut allocations = Map::new();
    for (provider, amounts) in consumer.iter().flat_map(|consumer| consumer.allocations()) {
        let record = json!({"generation": provider.generation(), "resources": resources(amounts)});
        allocations.insert(provider.id().to_string(), record);
    }
    let mut body = Map::new();
    if let Some(consumer) = consumer.filter(|_| !allocations.is_empty()) {
        if call.version.since(12) {
            body.insert("project_id".to_string(), consumer.project().as_str().into());
            body.insert("user_id".to_string(), consumer.user().as_str().into());
        }
        if call.version.since(28) {
            body.insert("consumer_generation".to_string(), consumer.generation().into());
        }
        if call.version.since(38) {
            let name = consumer.consumer_type().map_or(UNKNOWN_TYPE, ConsumerType::as_str);
            body.insert("consumer_type".to_string(), name.into());
        }
    }
    body.insert("allocations".to_string(), allocations.into());
    Ok(Reply::json(call.version, &body.into()))
}

pub(crate) fn of_provider(call: &Call, state: &Placement) -> Answer {
    let provider = call.provider(state)?;
    let mut allocations = Map::new();
    for consumer in provider.consumers() {
        let mut record = json!({"resources": resources(consumer.of_provider(&provider))});
        if call.version.since(28) {
            record["consumer_generation"] = consumer.generation().into();
        }
        allocations.insert(consumer.id().to_string(), record);
    }
    let body = json!({"allocations": allocations, "resource_provider_generation": provider.generation()});
    Ok(Reply::json(call.version, &body))
}

pub(crate) fn write(call: &Call, store: &mut dyn Store) -> Answer {
    let path = call.path_item(0);
    let malformed = || Refusal::bad_request(format!("Malformed consumer_uuid: {path}"));
    let consumer = ConsumerId(lenient_uuid(path).ok_or_else(malformed)?);
    let body = call.json()?;
    let consumers = vec![parse(call.version, consumer, &body)?];
    let strays = strays(store.state(), &consumers);
    store.apply(Command::WriteAllocations { consumers }).map_err(|error| {
        record_strays(store, strays, &error);
        refused(error, &format!("Unable to allocate inventory for consumer {consumer}:"))
    })?;
    Ok(Reply::no_content())
}

pub(crate) fn write_several(call: &Call, store: &mut dyn Store) -> Answer {
    let body = call.json()?;
    let consumers = parse_several(call.version, &body)?;
    let strays = strays(store.state(), &consumers);
    store.apply(Command::WriteAllocations { consumers }).map_err(|error| {
        record_strays(store, strays, &error);
        refused(error, "Unable to allocate inventory")
    })?;
    Ok(Reply::no_content())
}

/// The consumers that a write which names an unknown provider leaves behind: the real service records new consumers
/// before it looks for the providers, and does not take that back. They hold nothing, but they are no longer new.
pub(super) fn strays(state: &Placement, consumers: &[ConsumerAllocations]) -> Vec<ConsumerAllocations> {
    let known =
        consumers.iter().flat_map(|each| each.allocations.keys()).all(|id| state.provider(*id).is_ok());
    if known {
        return Vec::new();
    }
    let new = consumers.iter().filter(|each| state.consumer(each.consumer).is_none());
    new.map(|each| ConsumerAllocations { allocations: BTreeMap::new(), ..each.clone() }).collect()
}

/// Records the strays, if what was refused is a provider that does not exist.
pub(super) fn record_strays(store: &mut dyn Store, strays: Vec<ConsumerAllocations>, error: &PlacementError) {
    if matches!(error, PlacementError::AllocationProviderNotFound(_)) && !strays.is_empty() {
        // They are new and ask for nothing: that cannot be refused.
        let recorded = store.apply(Command::WriteAllocations { consumers: strays });
        debug_assert!(recorded.is_ok(), "{recorded:?}");
    }
}

pub(crate) fn delete(call: &Call, store: &mut dyn Store) -> Answer {
    let path = call.path_item(0);
    let none = || Refusal::not_found(format!("No allocations for consumer '{path}'"));
    let consumer = ConsumerId(strict_uuid(path).ok_or_else(none)?);
    store.apply(Command::DeleteAllocations { consumer })?;
    Ok(Reply::no_content())
}

/// The refusal of a write; `unknown` begins the sentence about a class that does not exist.
fn refused(error: PlacementError, unknown: &str) -> Refusal {
    match &error {
        PlacementError::ResourceClassNotFound(_) => Refusal::bad_request(format!("{unknown} {error}")),
        other => unfit(other).unwrap_or_else(|| error.into()),
    }
}

/// The refusal of allocations that do not fit, if that is what the error is about.
pub(super) fn unfit(error: &PlacementError) -> Option<Refusal> {
    let unfit = matches!(
        error,
        PlacementError::NoInventory { .. }
            | PlacementError::CapacityExceeded { .. }
            | PlacementError::ConstraintsViolated { .. }
    );
    unfit.then(|| Refusal::explained(StatusCode::CONFLICT, "Unable to allocate inventory", error))
}

/// What several consumers shall hold, from an object by consumer.
pub(super) fn parse_several(version: Version, body: &Value) -> Result<Vec<ConsumerAllocations>, Refusal> {
    let mut consumers = Vec::new();
    for (key, value) in body.as_object().into_iter().flatten() {
        let malformed = || Refusal::bad_request(format!("Malformed consumer_uuid: {key}"));
        consumers.push(parse(version, ConsumerId(strict_uuid(key).ok_or_else(malformed)?), value)?);
    }
    Ok(consumers)
}

/// What one consumer shall hold, from a body that has passed its schema.
fn parse(version: Version, consumer: ConsumerId, body: &Value) -> Result<ConsumerAllocations, Refusal> {
    let mut allocations = BTreeMap::new();
    match field(body, "allocations") {
        Value::Array(list) => {
            for each in list {
                let provider = text(field(each, "resource_provider"), "uuid");
                allocations.insert(provider_id(provider)?, amounts(field(each, "resources")));
            }
        }
        Value::Object(object) => {
            for (provider, each) in object {
                allocations.insert(provider_id(provider)?, amounts(field(each, "resources")));
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    let owner = |name| body.get(name).and_then(Value::as_str).unwrap_or(INCOMPLETE_ID);
    let given = field(body, "consumer_generation");
    Ok(ConsumerAllocations {
        consumer,
        allocations,
        project: owner("project_id").into(),
        user: owner("user_id").into(),
        consumer_type: body.get("consumer_type").and_then(Value::as_str).map(ConsumerType::from),
        generation: if version.since(28) {
            (!given.is_null()).then(|| generation(given)).into()
        } else {
            ExpectedGeneration::Any
        },
    })
}

fn provider_id(text: &str) -> Result<ProviderId, Refusal> {
    lenient_uuid(text).map(ProviderId).ok_or_else(|| {
        Refusal::bad_request(format!("Allocation for resource provider '{text}' that does not exist."))
    })
}

fn amounts(resources: &Value) -> ResourceAmounts {
    let amount = |value| whole(value).unwrap_or(u64::MAX);
    let resources = resources.as_object().into_iter().flatten();
    resources.map(|(class, value)| (ResourceClass::new(class), amount(value))).collect()
}

fn resources<'a>(amounts: impl Iterator<Item = (&'a ResourceClass, u64)>) -> Map<String, Value> {
    amounts.map(|(class, amount)| (class.to_string(), amount.into())).collect()
}
