//! Resource classes (`placement/handlers/resource_class.py`).

use super::text;
use crate::placement::call::Call;
use crate::placement::engine::Store;
use crate::placement::refusal::Refusal;
use crate::placement::reply::Reply;
use crate::placement::routes::Answer;
use crate::placement::schema::documents;
use crate::placement::version::Version;
use axum::http::StatusCode;
use model::ResourceClass;
use placement::{Command, Placement, PlacementError};
use serde_json::{Value, json};

pub(crate) fn list(call: &Call, state: &Placement) -> Answer {
    let classes: Vec<Value> = state.resource_classes().map(|class| describe(call, class)).collect();
    Ok(Reply::json(call.version, &json!({ "resource_classes": classes })))
}

pub(crate) fn show(call: &Call, state: &Placement) -> Answer {
    let class = named(call);
    if !state.has_resource_class(&class) {
        return Err(Refusal::of(&PlacementError::ResourceClassNotFound(class)).unvaried());
    }
    Ok(Reply::json(call.version, &describe(call, &class)))
}

pub(crate) fn create(call: &Call, store: &mut dyn Store) -> Answer {
    let body = call.json()?;
    let name = ResourceClass::new(text(&body, "name"));
    store.apply(Command::CreateResourceClass { name: name.clone() }).map_err(|error| match error {
        PlacementError::ResourceClassExists(_) => {
            Refusal::conflict(format!("Conflicting resource class already exists: {name}"))
        }
        other => other.into(),
    })?;
    Ok(Reply::empty(StatusCode::CREATED).at(url(call, &name)))
}

/// Until 1.6, PUT renames.
pub(crate) fn rename(call: &Call, store: &mut dyn Store) -> Answer {
    let body = call.json()?;
    let (name, new_name) = (named(call), ResourceClass::new(text(&body, "name")));
    let command = Command::RenameResourceClass { name: name.clone(), new_name: new_name.clone() };
    store.apply(command).map_err(|error| match error {
        PlacementError::ResourceClassExists(_) => {
            Refusal::conflict(format!("Resource class already exists: {new_name}"))
        }
        PlacementError::ResourceClassNotFound(_) => Refusal::of(&error).unvaried(),
        other => other.into(),
    })?;
    Ok(Reply::json(Version::MIN, &describe(call, &new_name)))
}

/// From 1.7 on, PUT makes sure that the class is there.
pub(crate) fn ensure(call: &Call, store: &mut dyn Store) -> Answer {
    let name = named(call);
    let as_body = json!({"name": name.as_str()});
    let schema = documents::RESOURCE_CLASS.at(call.version);
    schema
        .check(&as_body)
        .map_err(|violation| Refusal::bad_request(format!("JSON does not validate: {violation}")))?;
    let status = match store.apply(Command::CreateResourceClass { name: name.clone() }) {
        Ok(_) => StatusCode::CREATED,
        Err(PlacementError::ResourceClassExists(_)) => StatusCode::NO_CONTENT,
        Err(error) => return Err(error.into()),
    };
    Ok(Reply::empty(status).at(url(call, &name)))
}

pub(crate) fn delete(call: &Call, store: &mut dyn Store) -> Answer {
    store.apply(Command::DeleteResourceClass { name: named(call) }).map_err(|error| match error {
        PlacementError::CannotDeleteStandardClass(_) => {
            Refusal::explained(StatusCode::BAD_REQUEST, "Error in delete resource class", &error)
        }
        PlacementError::ResourceClassInUse(_) => {
            Refusal::explained(StatusCode::CONFLICT, "Error in delete resource class", &error)
        }
        PlacementError::ResourceClassNotFound(_) => Refusal::of(&error).unvaried(),
        other => other.into(),
    })?;
    Ok(Reply::no_content())
}

fn named(call: &Call) -> ResourceClass {
    ResourceClass::new(call.path_item(0))
}

fn url(call: &Call, class: &ResourceClass) -> String {
    format!("{}/resource_classes/{class}", call.prefix)
}

fn describe(call: &Call, class: &ResourceClass) -> Value {
    json!({"name": class.as_str(), "links": [{"rel": "self", "href": url(call, class)}]})
}
