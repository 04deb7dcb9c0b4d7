//! Resource providers (`placement/handlers/resource_provider.py`).

use super::{field, text};
use crate::placement::call::{Call, lenient_uuid};
use crate::placement::engine::Store;
use crate::placement::query::{self, aggregate_terms, trait_terms};
use crate::placement::refusal::Refusal;
use crate::placement::reply::Reply;
use crate::placement::routes::Answer;
use axum::http::StatusCode;
use model::ProviderId;
use placement::{Command, Parent, Placement, PlacementError, ProviderFilter, ProviderRef};
use serde_json::{Value, json};

pub(crate) fn list(call: &Call, state: &Placement) -> Answer {
    let aggregates = aggregate_terms(&call.query, "", call.version)?;
    let traits = trait_terms(&call.query, "required", call.version)?;
    let id = |key| call.query.get(key).and_then(lenient_uuid).map(ProviderId);
    let filter = ProviderFilter {
        name: call.query.get("name").filter(|name| !name.is_empty()).map(str::to_string),
        id: id("uuid"),
        in_tree: id("in_tree"),
        resources: call.query.get("resources").map(query::resources).transpose()?.unwrap_or_default(),
        required: traits.required,
        forbidden: traits.forbidden,
        member_of: aggregates.member_of,
        not_member_of: aggregates.not_member_of,
    };
    let found = state.list_providers(&filter).map_err(|error| match error {
        PlacementError::ResourceClassNotFound(_) => Refusal::explained(
            StatusCode::BAD_REQUEST,
            "Invalid resource class in resources parameter",
            &error,
        ),
        PlacementError::TraitsNotFound(_) => {
            Refusal::explained(StatusCode::BAD_REQUEST, "Invalid trait(s) in \"required\" parameter", &error)
        }
        other => other.into(),
    })?;
    let found: Vec<Value> = found.iter().map(|provider| describe(call, provider)).collect();
    Ok(Reply::json(call.version, &json!({ "resource_providers": found })))
}

pub(crate) fn show(call: &Call, state: &Placement) -> Answer {
    Ok(Reply::json(call.version, &describe(call, &call.provider(state)?)))
}

pub(crate) fn create(call: &Call, store: &mut dyn Store) -> Answer {
    let body = call.json()?;
    let id = ProviderId(lenient_uuid(text(&body, "uuid")).unwrap_or(call.fresh_id));
    let name = text(&body, "name").to_string();
    let parent = lenient_uuid(text(&body, "parent_provider_uuid")).map(ProviderId);
    store.apply(Command::CreateProvider { id, name: name.clone(), parent }).map_err(|error| match error {
        PlacementError::ParentIsSelf | PlacementError::ParentNotFound => {
            let before = format!("Unable to create resource provider \"{name}\", {id}");
            Refusal::explained(StatusCode::BAD_REQUEST, &before, &error)
        }
        other => other.into(),
    })?;
    let location = url(call, id);
    if !call.version.since(20) {
        return Ok(Reply::empty(StatusCode::CREATED).at(location));
    }
    let provider = store.state().provider(id)?;
    Ok(Reply::json(call.version, &describe(call, &provider)).at(location))
}

pub(crate) fn update(call: &Call, store: &mut dyn Store) -> Answer {
    let id = call.provider(store.state())?.id();
    let body = call.json()?;
    let name = text(&body, "name").to_string();
    let wanted = lenient_uuid(text(&body, "parent_provider_uuid")).map(ProviderId);
    let parent = match body.get("parent_provider_uuid") {
        None => Parent::Keep,
        Some(_) if call.version.since(37) => Parent::Move(wanted),
        Some(_) => Parent::Adopt(wanted),
    };
    store.apply(Command::UpdateProvider { id, name: name.clone(), parent }).map_err(|error| match error {
        PlacementError::ParentNotFound
        | PlacementError::ReparentingNotAllowed
        | PlacementError::UnparentingNotAllowed
        | PlacementError::ParentLoop => Refusal::explained(
            StatusCode::BAD_REQUEST,
            &format!("Unable to save resource provider {id}"),
            &error,
        ),
        PlacementError::DuplicateName(_) => {
            Refusal::conflict(format!("Conflicting resource provider {name} already exists."))
                .with_code(error.code())
        }
        other => other.into(),
    })?;
    Ok(Reply::json(call.version, &describe(call, &store.state().provider(id)?)))
}

pub(crate) fn delete(call: &Call, store: &mut dyn Store) -> Answer {
    let missing = || {
        Refusal::not_found(format!("No resource provider with uuid {} found for delete", call.path_item(0)))
    };
    let id = call.provider(store.state()).map_err(|_| missing())?.id();
    store.apply(Command::DeleteProvider { id }).map_err(|error| match error {
        PlacementError::ProviderInUse => Refusal::explained(
            StatusCode::CONFLICT,
            &format!("Unable to delete resource provider {id}"),
            &error,
        ),
        PlacementError::ProviderHasChildren => Refusal::conflict(format!(
            "Unable to delete parent resource provider {id}: It has child resource providers."
        ))
        .with_code(error.code()),
        other => other.into(),
    })?;
    Ok(Reply::no_content())
}

/// The path of a provider.
pub(super) fn url(call: &Call, id: ProviderId) -> String {
    format!("{}/resource_providers/{id}", call.prefix)
}

fn describe(call: &Call, provider: &ProviderRef<'_>) -> Value {
    let url = url(call, provider.id());
    let mut links = vec![json!({"rel": "self", "href": url})];
    let related = [(0, "inventories"), (0, "usages"), (1, "aggregates"), (6, "traits"), (11, "allocations")];
    for (_, rel) in related.iter().filter(|(since, _)| call.version.since(*since)) {
        links.push(json!({"rel": rel, "href": format!("{url}/{rel}")}));
    }
    let mut body = json!({
        "uuid": provider.id(),
        "name": provider.name(),
        "generation": provider.generation(),
        "links": links,
    });
    if call.version.since(14) {
        body["parent_provider_uuid"] = json!(provider.parent());
        body["root_provider_uuid"] = json!(provider.root());
    }
    debug_assert!(field(&body, "uuid").is_string(), "ids are written as text");
    body
}
