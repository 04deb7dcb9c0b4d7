//! The reshaper (`placement/handlers/reshaper.py`).

use super::allocations::{parse_several, record_strays, strays, unfit};
use super::{field, generation, inventories};
use crate::placement::call::{Call, strict_uuid};
use crate::placement::engine::Store;
use crate::placement::refusal::Refusal;
use crate::placement::reply::Reply;
use crate::placement::routes::Answer;
use axum::http::StatusCode;
use model::ProviderId;
use placement::{Command, PlacementError, ProviderInventories};
use std::collections::BTreeMap;

pub(crate) fn reshape(call: &Call, store: &mut dyn Store) -> Answer {
    let body = call.json()?;
    let mut inventories = BTreeMap::new();
    for (key, value) in field(&body, "inventories").as_object().into_iter().flatten() {
        let unknown = || {
            let message = format!("Resource provider {key} in inventories not found: it is no uuid");
            Refusal::bad_request(message).with_code("placement.resource_provider.not_found")
        };
        let provider = ProviderId(strict_uuid(key).ok_or_else(unknown)?);
        let generation = generation(field(value, "resource_provider_generation"));
        let wanted = ProviderInventories { generation, inventories: inventories::parse_all(value) };
        inventories.insert(provider, wanted);
    }
    let allocations = parse_several(call.version, field(&body, "allocations"))?;
    let strays = strays(store.state(), &allocations);
    store.apply(Command::Reshape { inventories, allocations }).map_err(|error| {
        record_strays(store, strays, &error);
        refused(error)
    })?;
    Ok(Reply::no_content())
}

fn refused(error: PlacementError) -> Refusal {
    match &error {
        PlacementError::ProviderGenerationConflict { provider, current, given } => Refusal::conflict(format!(
            "resource provider generation conflict for provider {provider}: actual: {current}, given: {given}"
        ))
        .with_code(error.code()),
        PlacementError::ResourceClassNotFound(_) => {
            Refusal::explained(StatusCode::BAD_REQUEST, "malformed reshaper data", &error)
        }
        PlacementError::InventoryInUse { .. } => Refusal::explained(StatusCode::CONFLICT, "update conflict", &error),
        other => unfit(other).unwrap_or_else(|| error.into()),
    }
}
