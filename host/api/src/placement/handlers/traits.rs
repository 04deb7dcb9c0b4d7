//! Traits, and the traits of a provider (`placement/handlers/trait.py`).

use super::{field, generation, outdated};
use crate::placement::call::Call;
use crate::placement::engine::Store;
use crate::placement::refusal::Refusal;
use crate::placement::reply::Reply;
use crate::placement::routes::Answer;
use axum::http::StatusCode;
use placement::{Command, Placement, PlacementError, ProviderRef, TraitName, is_custom_name};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Which names a list is of.
enum NameFilter {
    All,
    In(BTreeSet<String>),
    Prefix(String),
}

impl NameFilter {
    fn parse(text: Option<&str>) -> Result<Self, Refusal> {
        let Some(text) = text else { return Ok(Self::All) };
        match text.split_once(':') {
            Some(("in", names)) => Ok(Self::In(names.split(',').map(str::to_string).collect())),
            Some(("startswith", prefix)) => Ok(Self::Prefix(prefix.to_string())),
            // Other words before the colon are passed over.
            Some(_) => Ok(Self::All),
            None => Err(Refusal::bad_request(format!(
                "Badly formatted name parameter. Expected name query string parameter in form: \
                 ?name=[in|startswith]:[name1,name2|prefix]. Got: \"{text}\""
            ))),
        }
    }

    fn passes(&self, name: &TraitName) -> bool {
        match self {
            Self::All => true,
            Self::In(names) => names.contains(name.as_str()),
            Self::Prefix(prefix) => name.as_str().starts_with(prefix),
        }
    }
}

pub(crate) fn list(call: &Call, state: &Placement) -> Answer {
    let names = NameFilter::parse(call.query.get("name"))?;
    let associated = match call.query.get("associated").map(str::to_lowercase).as_deref() {
        None => None,
        Some("true") => Some(true),
        Some("false") => Some(false),
        Some(_) => {
            return Err(Refusal::bad_request(
                "The query parameter \"associated\" only accepts \"true\" or \"false\"",
            ));
        }
    };
    let fits = |(name, held): &(&TraitName, bool)| {
        names.passes(name) && associated.is_none_or(|wanted| wanted == *held)
    };
    let found: Vec<&str> = state.traits().filter(fits).map(|(name, _)| name.as_str()).collect();
    Ok(Reply::json(call.version, &json!({ "traits": found })))
}

pub(crate) fn show(call: &Call, state: &Placement) -> Answer {
    let name = TraitName::from(call.path_item(0));
    if !state.has_trait(&name) {
        return Err(PlacementError::TraitsNotFound(vec![name]).into());
    }
    Ok(Reply { dated: call.version.since(15), ..Reply::no_content() })
}

pub(crate) fn ensure(call: &Call, store: &mut dyn Store) -> Answer {
    let name = TraitName::from(call.path_item(0));
    if !is_custom_name(name.as_str()) {
        return Err(Refusal::bad_request(
            "The trait is invalid. A valid trait must be no longer than 255 characters, start with the prefix \
             \"CUSTOM_\" and use following characters: \"A\"-\"Z\", \"0\"-\"9\" and \"_\"",
        ));
    }
    let location = format!("{}/traits/{name}", call.prefix);
    let status = match store.apply(Command::CreateTrait { name }) {
        Ok(_) => StatusCode::CREATED,
        Err(PlacementError::TraitExists(_)) => StatusCode::NO_CONTENT,
        Err(error) => return Err(error.into()),
    };
    Ok(Reply { dated: call.version.since(15), ..Reply::empty(status) }.at(location))
}

pub(crate) fn delete(call: &Call, store: &mut dyn Store) -> Answer {
    store.apply(Command::DeleteTrait { name: call.path_item(0).into() })?;
    Ok(Reply::no_content())
}

pub(crate) fn of_provider(call: &Call, state: &Placement) -> Answer {
    Ok(describe(call, &call.provider(state)?))
}

pub(crate) fn replace(call: &Call, store: &mut dyn Store) -> Answer {
    let body = call.json()?;
    let provider = call.provider(store.state())?.id();
    let names = field(&body, "traits").as_array().into_iter().flatten().filter_map(Value::as_str);
    let traits = names.map(TraitName::from).collect();
    let generation = Some(generation(field(&body, "resource_provider_generation")));
    store.apply(Command::SetTraits { provider, generation, traits }).map_err(|error| match error {
        PlacementError::TraitsNotFound(names) => {
            let names: Vec<&str> = names.iter().map(TraitName::as_str).collect();
            Refusal::bad_request(format!("No such trait {}", names.join(", ")))
        }
        other => outdated(other),
    })?;
    Ok(describe(call, &store.state().provider(provider)?))
}

pub(crate) fn clear(call: &Call, store: &mut dyn Store) -> Answer {
    let provider = call.provider(store.state())?.id();
    store.apply(Command::SetTraits { provider, generation: None, traits: BTreeSet::new() })?;
    Ok(Reply::no_content())
}

fn describe(call: &Call, provider: &ProviderRef<'_>) -> Reply {
    let names: Vec<&str> = provider.traits().map(TraitName::as_str).collect();
    let body = json!({"traits": names, "resource_provider_generation": provider.generation()});
    Reply::json(call.version, &body)
}
