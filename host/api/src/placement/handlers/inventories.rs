//! Inventories of a provider (`placement/handlers/inventory.py`).

use super::providers;
use super::{field, generation, text, whole};
use crate::placement::call::Call;
use crate::placement::engine::Store;
use crate::placement::refusal::Refusal;
use crate::placement::reply::Reply;
use crate::placement::routes::Answer;
use axum::http::StatusCode;
use model::{ProviderId, ResourceClass};
use placement::{Command, Inventory, MAX_INT, Placement, PlacementError, ProviderRef};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

pub(crate) fn list(call: &Call, state: &Placement) -> Answer {
    Ok(Reply::json(call.version, &describe_all(&call.provider(state)?)))
}

pub(crate) fn show(call: &Call, state: &Placement) -> Answer {
    let provider = call.provider(state)?;
    let class = ResourceClass::new(call.path_item(1));
    let Some((inventory, _)) = provider.inventory(&class) else {
        return Err(Refusal::not_found(format!("No inventory of class {class} for {}", provider.id())));
    };
    Ok(Reply::json(call.version, &describe(&inventory, provider.generation())))
}

pub(crate) fn create(call: &Call, store: &mut dyn Store) -> Answer {
    let provider = call.provider(store.state())?.id();
    let body = call.json()?;
    let class = ResourceClass::new(text(&body, "resource_class"));
    let inventory = parse(&body);
    let unable = |error: &PlacementError| {
        let before = format!("Unable to create inventory for resource provider {provider}");
        Refusal::explained(StatusCode::BAD_REQUEST, &before, error)
    };
    check_capacity(call, provider, &class, &inventory, "create")?;
    store.apply(Command::AddInventory { provider, class: class.clone(), inventory }).map_err(|error| {
        match error {
            PlacementError::ResourceClassNotFound(_) | PlacementError::InvalidInventory { .. } => {
                unable(&error)
            }
            other => other.into(),
        }
    })?;
    let location = format!("{}/inventories/{class}", providers::url(call, provider));
    let now = store.state().provider(provider)?.generation();
    Ok(Reply::json(call.version, &describe(&inventory, now)).with_status(StatusCode::CREATED).at(location))
}

pub(crate) fn update(call: &Call, store: &mut dyn Store) -> Answer {
    let (provider, current) = known(call, store.state())?;
    let body = call.json()?;
    let class = ResourceClass::new(call.path_item(1));
    let inventory = parse(&body);
    let generation = check_generation(&body, current)?;
    check_capacity(call, provider, &class, &inventory, "update")?;
    let command = Command::UpdateInventory { provider, generation, class: class.clone(), inventory };
    store.apply(command).map_err(|error| match error {
        PlacementError::InventoryNotFound(_) => {
            let before = format!("No inventory record with resource class for resource provider {provider}");
            Refusal::explained(StatusCode::BAD_REQUEST, &before, &error)
        }
        PlacementError::InvalidInventory { .. } => unable_to_update(provider, &error),
        // An unknown class is nothing the path can name.
        PlacementError::ResourceClassNotFound(_) => Refusal::of(&error).unvaried(),
        other => other.into(),
    })?;
    let now = store.state().provider(provider)?.generation();
    Ok(Reply::json(call.version, &describe(&inventory, now)))
}

pub(crate) fn replace(call: &Call, store: &mut dyn Store) -> Answer {
    let (provider, current) = known(call, store.state())?;
    let body = call.json()?;
    let generation = check_generation(&body, current)?;
    let inventories = parse_all(&body);
    for (class, inventory) in &inventories {
        check_capacity(call, provider, class, inventory, "update")?;
    }
    store.apply(Command::SetInventories { provider, generation, inventories }).map_err(
        |error| match error {
            PlacementError::ResourceClassNotFound(_) => {
                let before = format!("Unknown resource class in inventory for resource provider {provider}");
                Refusal::explained(StatusCode::BAD_REQUEST, &before, &error)
            }
            PlacementError::InventoryInUse { .. } => {
                Refusal::explained(StatusCode::CONFLICT, "update conflict", &error)
            }
            PlacementError::InvalidInventory { .. } => unable_to_update(provider, &error),
            other => other.into(),
        },
    )?;
    Ok(Reply::json(call.version, &describe_all(&store.state().provider(provider)?)))
}

pub(crate) fn delete(call: &Call, store: &mut dyn Store) -> Answer {
    let provider = call.provider(store.state())?.id();
    let class = ResourceClass::new(call.path_item(1));
    store.apply(Command::DeleteInventory { provider, class: class.clone() }).map_err(
        |error| match error {
            PlacementError::InventoryInUse { .. } => {
                // The code is that of a race, as it was when there were no others.
                let before = format!("Unable to delete inventory of class {class}");
                Refusal::explained(StatusCode::CONFLICT, &before, &error)
                    .with_code("placement.concurrent_update")
            }
            PlacementError::InventoryNotFound(_) | PlacementError::ResourceClassNotFound(_) => {
                let before = format!("No inventory of class {class} found for delete");
                Refusal::explained(StatusCode::NOT_FOUND, &before, &error)
            }
            other => other.into(),
        },
    )?;
    Ok(Reply::no_content())
}

pub(crate) fn delete_all(call: &Call, store: &mut dyn Store) -> Answer {
    let provider = call.provider(store.state())?.id();
    store.apply(Command::DeleteInventories { provider })?;
    Ok(Reply::no_content())
}

fn known(call: &Call, state: &Placement) -> Result<(ProviderId, u64), Refusal> {
    let provider = call.provider(state)?;
    Ok((provider.id(), provider.generation()))
}

fn check_generation(body: &Value, current: u64) -> Result<u64, Refusal> {
    let given = generation(field(body, "resource_provider_generation"));
    if given == current {
        return Ok(given);
    }
    Err(Refusal::conflict("resource provider generation conflict").with_code("placement.concurrent_update"))
}

/// Until 1.25 something of an inventory had to be left for handing out; from then on all of it may be reserved.
fn check_capacity(
    call: &Call,
    provider: ProviderId,
    class: &ResourceClass,
    inventory: &Inventory,
    verb: &str,
) -> Result<(), Refusal> {
    let (refused, limit) = if call.version.since(26) {
        (inventory.capacity() < 0.0, "greater than total")
    } else {
        (inventory.capacity() <= 0.0, "greater than or equal to total")
    };
    if !refused {
        return Ok(());
    }
    Err(Refusal::bad_request(format!(
        "Unable to {verb} inventory for resource provider {provider}: Invalid inventory for '{class}' on resource \
         provider '{provider}'. The reserved value is {limit}."
    )))
}

fn unable_to_update(provider: ProviderId, error: &PlacementError) -> Refusal {
    let before = format!("Unable to update inventory for resource provider {provider}");
    Refusal::explained(StatusCode::BAD_REQUEST, &before, error)
}

/// The inventories of a body that has passed its schema, by class.
pub(super) fn parse_all(body: &Value) -> BTreeMap<ResourceClass, Inventory> {
    let records = field(body, "inventories").as_object().into_iter().flatten();
    records.map(|(class, record)| (ResourceClass::new(class), parse(record))).collect()
}

/// One inventory of a body that has passed its schema.
fn parse(record: &Value) -> Inventory {
    let number = |name, default| {
        let given = record.get(name).and_then(whole);
        given.map_or(default, |n| u32::try_from(n).unwrap_or(u32::MAX))
    };
    Inventory {
        total: number("total", 0),
        reserved: number("reserved", 0),
        min_unit: number("min_unit", 1),
        max_unit: number("max_unit", MAX_INT),
        step_size: number("step_size", 1),
        allocation_ratio: record.get("allocation_ratio").and_then(Value::as_f64).unwrap_or(1.0),
    }
}

fn fields(inventory: &Inventory) -> Value {
    json!({
        "total": inventory.total,
        "reserved": inventory.reserved,
        "min_unit": inventory.min_unit,
        "max_unit": inventory.max_unit,
        "step_size": inventory.step_size,
        "allocation_ratio": inventory.allocation_ratio,
    })
}

fn describe(inventory: &Inventory, generation: u64) -> Value {
    let mut body = fields(inventory);
    body["resource_provider_generation"] = generation.into();
    body
}

fn describe_all(provider: &ProviderRef<'_>) -> Value {
    let inventories: Map<String, Value> =
        provider.inventories().map(|(class, inventory, _)| (class.to_string(), fields(&inventory))).collect();
    json!({"resource_provider_generation": provider.generation(), "inventories": inventories})
}
