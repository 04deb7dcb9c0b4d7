//! Configuration, by Nova's names, and starting over.

use super::{Outcome, Refusal, done};
use crate::world::World;
use model::Options;
use model::options::OptionError;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Options set since the cloud was made: group and name to the text they were set to.
pub(crate) type Overrides = BTreeMap<(String, String), String>;

/// The group of options that are in none.
const NO_GROUP: &str = "DEFAULT";
/// Which driver hosts have for which none is said.
const DRIVER: &str = "compute_driver";
/// What a cloud under Nova's functional tests has other than by default (`nova/tests/fixtures/conf.py`): failed builds do
/// not count against a host, and limits of the identity service are for an endpoint.
const UNDER_TEST: [(&str, &str, &str); 2] = [
    ("filter_scheduler", "build_failure_weight_multiplier", "0"),
    ("oslo_limit", "endpoint_id", "ENDPOINT_ID"),
];

pub(super) fn reset(world: &World, body: &Value) -> Outcome {
    // Cells come with their hosts.
    if body.get("number_of_cells").is_some_and(|cells| cells.as_u64().is_none_or(|cells| cells == 0)) {
        return Err(Refusal::bad_request("\"number_of_cells\" is a number from 1 on"));
    }
    world.reset(base(world)?);
    done()
}

/// The options of a cloud that was just made.
fn base(world: &World) -> Result<Options, Refusal> {
    let mut options = world.config.options.clone();
    for (group, name, text) in UNDER_TEST {
        options.set(group, name, text).map_err(refused)?;
    }
    Ok(options)
}

fn refused(error: OptionError) -> Refusal {
    Refusal::bad_request(error.to_string())
}

pub(super) fn put(world: &World, body: &Value) -> Outcome {
    let group = body["group"].as_str().unwrap_or(NO_GROUP);
    let given = body["options"].as_object();
    let given = given.ok_or_else(|| Refusal::bad_request("the body has no object \"options\""))?;
    let mut ignored = Vec::new();
    for (name, value) in given {
        let text = text_of(value);
        if group == NO_GROUP && name == DRIVER {
            world.driver.replace(text);
        } else if !set(world, group, name, text)? {
            ignored.push(name);
        }
    }
    Ok(json!({"ignored": ignored}))
}

/// Sets an option. False when there is none of the name.
pub(super) fn set(world: &World, group: &str, name: &str, text: String) -> Result<bool, Refusal> {
    match world.cloud().services().options.update(|options| options.set(group, name, &text)) {
        Ok(()) => {
            world.overrides.borrow_mut().insert((group.to_owned(), name.to_owned()), text);
            Ok(true)
        }
        Err(OptionError::Unknown(_)) => Ok(false),
        Err(error) => Err(refused(error)),
    }
}

pub(super) fn delete(world: &World, body: &Value) -> Outcome {
    let group = body["group"].as_str().unwrap_or(NO_GROUP);
    let mut options = base(world)?;
    let mut overrides = world.overrides.borrow_mut();
    for name in body["names"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        overrides.remove(&(group.to_owned(), name.to_owned()));
    }
    for ((group, name), text) in overrides.iter() {
        options.set(group, name, text).map_err(refused)?;
    }
    world.cloud().services().options.update(|kept| *kept = options);
    done()
}

/// A value as it would stand in a configuration file.
fn text_of(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(text_of).collect::<Vec<_>>().join(","),
        Value::Object(pairs) => {
            pairs.iter().map(|(key, value)| format!("{key}={}", text_of(value))).collect::<Vec<_>>().join(",")
        }
        Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}
