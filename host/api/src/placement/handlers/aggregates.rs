//! Aggregates of a provider (`placement/handlers/aggregate.py`).

use super::{field, generation, outdated};
use crate::placement::call::{Call, lenient_uuid};
use crate::placement::engine::Store;
use crate::placement::reply::Reply;
use crate::placement::routes::Answer;
use model::AggregateId;
use placement::{Command, Placement, ProviderRef};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The first microversion that heeds the provider's generation.
const WITH_GENERATION: u32 = 19;

pub(crate) fn list(call: &Call, state: &Placement) -> Answer {
    let provider = call.provider(state)?;
    let aggregates: Vec<AggregateId> = provider.aggregates().collect();
    Ok(describe(call, &provider, &aggregates))
}

pub(crate) fn replace(call: &Call, store: &mut dyn Store) -> Answer {
    let provider = call.provider(store.state())?.id();
    let body = call.json()?;
    let (list, generation) = if call.version.since(WITH_GENERATION) {
        (field(&body, "aggregates"), Some(generation(field(&body, "resource_provider_generation"))))
    } else {
        (&body, None)
    };
    let ids = list.as_array().into_iter().flatten().filter_map(Value::as_str);
    let given: Vec<AggregateId> = ids.filter_map(lenient_uuid).map(AggregateId).collect();
    let aggregates: BTreeSet<AggregateId> = given.iter().copied().collect();
    store.apply(Command::SetAggregates { provider, generation, aggregates }).map_err(outdated)?;
    // The answer keeps the order of the request.
    Ok(describe(call, &store.state().provider(provider)?, &given))
}

fn describe(call: &Call, provider: &ProviderRef<'_>, aggregates: &[AggregateId]) -> Reply {
    let mut body = json!({ "aggregates": aggregates });
    if call.version.since(WITH_GENERATION) {
        body["resource_provider_generation"] = provider.generation().into();
    }
    Reply::json(call.version, &body)
}
