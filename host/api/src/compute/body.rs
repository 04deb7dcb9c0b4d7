//! Bodies: JSON of the right type, and the types of values that many of them have
//! (`nova/api/validation/parameter_types.py`).

use super::call::Call;
use super::refusal::Refusal;
use crate::placement::schema::Schema;
use axum::http::header::CONTENT_TYPE;
use serde_json::{Value, json};

/// The body of a request, which must be JSON and say so.
pub(super) fn read(call: &Call<'_>) -> Result<Value, Refusal> {
    let kind = call.ask.header(CONTENT_TYPE.as_str()).unwrap_or("");
    let kind = kind.split(';').next().unwrap_or("").trim();
    if !call.ask.body.is_empty()
        && !matches!(kind, "application/json" | "application/vnd.openstack.compute+json")
    {
        return Err(Refusal::new(415, "Unsupported Content-Type"));
    }
    let body = call.ask.json().map_err(|_| Refusal::bad_request("cannot understand JSON"))?;
    if body.is_object() { Ok(body) } else { Err(Refusal::bad_request("Malformed request body")) }
}

/// The body of a request, checked against a schema.
pub(super) fn checked(call: &Call<'_>, schema: Value) -> Result<Value, Refusal> {
    if call.tell_schema(&schema) {
        return Err(Refusal::bad_request("The request wanted to know what its body is to look like."));
    }
    let body = read(call)?;
    Schema::new(schema).check(&body).map_err(|violation| Refusal::of_body(&violation))?;
    Ok(body)
}

/// An object with these properties and no others.
pub(super) fn object(properties: Value, required: &[&str]) -> Value {
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}

/// A name: 1 to 255 printable characters, no blank at either end.
pub(super) fn name() -> Value {
    json!({"type": "string", "minLength": 1, "maxLength": 255, "pattern": r"^[^\s\x00-\x1f]([^\x00-\x1f]*[^\s\x00-\x1f])?$"})
}

/// A true or false, as Nova takes it.
pub(super) fn boolean() -> Value {
    json!({"type": ["boolean", "string"], "enum": [
        true, "True", "TRUE", "true", "1", "ON", "On", "on", "YES", "Yes", "yes",
        false, "False", "FALSE", "false", "0", "OFF", "Off", "off", "NO", "No", "no",
    ]})
}

/// A whole number from `least` on, also as text.
pub(super) fn number(least: u32) -> Value {
    let digits = if least == 0 { "^[0-9]+$" } else { "^[0-9]*[1-9][0-9]*$" };
    json!({"anyOf": [
        {"type": "integer", "minimum": least, "maximum": i32::MAX},
        {"type": "string", "pattern": digits, "maxLength": 10},
    ]})
}

/// Keys and values of texts.
pub(super) fn metadata() -> Value {
    json!({
        "type": "object",
        "patternProperties": {"^[a-zA-Z0-9-_:. ]{1,255}$": {"type": "string", "maxLength": 255}},
        "additionalProperties": false,
    })
}

/// The name of a host.
pub(super) fn fqdn() -> Value {
    json!({"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[a-zA-Z0-9-._]*$"})
}

/// What [`boolean`] lets through.
pub(super) fn truth(value: &Value) -> bool {
    match value {
        Value::Bool(truth) => *truth,
        Value::String(word) => matches!(word.to_lowercase().as_str(), "true" | "1" | "on" | "yes"),
        _ => false,
    }
}

/// What [`number`] lets through.
pub(super) fn whole(value: &Value) -> Option<u64> {
    // A number with a fraction of nothing is whole too.
    let whole = |number: f64| (number >= 0.0 && number.fract() == 0.0).then_some(number as u64);
    let number = value.as_u64().or_else(|| value.as_f64().and_then(whole));
    number.or_else(|| value.as_str().and_then(|text| text.parse().ok()))
}
