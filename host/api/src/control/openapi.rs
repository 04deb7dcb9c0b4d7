//! The control API, described (OpenAPI 3.1).

use serde_json::{Map, Value, json};

/// One call: method, path, what it does, the keys of its query with what they say, and the schema of its body.
type Call =
    (&'static str, &'static str, &'static str, &'static [(&'static str, &'static str)], fn() -> Value);

/// No body.
fn nothing() -> Value {
    Value::Null
}

fn object(properties: &Value, required: &[&str]) -> Value {
    json!({"type": "object", "properties": properties, "required": required})
}

fn text_or_null() -> Value {
    json!({"type": ["string", "null"]})
}

const CALLS: &[Call] = &[
    ("post", "/reset", "Makes an empty cloud.", &[], || {
        object(&json!({"number_of_cells": {"type": "integer", "minimum": 1}}), &[])
    }),
    (
        "put",
        "/config",
        "Sets options by Nova's names; answers those there are not as `ignored`.",
        &[],
        || object(&json!({"group": text_or_null(), "options": {"type": "object"}}), &["options"]),
    ),
    ("delete", "/config", "Sets options back to what the cloud was served with.", &[], || {
        let names = json!({"type": "array", "items": {"type": "string"}});
        object(&json!({"group": text_or_null(), "names": names}), &["names"])
    }),
    ("post", "/fixtures", "Switches on what one of Nova's test fixtures stands for.", &[], || {
        let args = json!({"type": "array"});
        object(&json!({"name": {"type": "string"}, "args": args, "kwargs": {"type": "object"}}), &["name"])
    }),
    ("post", "/services", "Starts a service: a compute with its host, or one that runs anyway.", &[], || {
        let (host, driver, cell) = (text_or_null(), text_or_null(), text_or_null());
        let properties = json!({"name": {"type": "string"}, "host": host, "driver": driver, "cell": cell});
        object(&properties, &["name"])
    }),
    ("post", "/services/{name}/{host}/{verb}", "Starts, stops, kills or restarts a service.", &[], || {
        object(&json!({"keep_hypervisor_state": {"type": "boolean"}}), &[])
    }),
    ("put", "/hosts/{host}/driver", "Exchanges the hypervisor of a host in service.", &[], || {
        object(&json!({"stack": {"type": "string"}}), &["stack"])
    }),
    (
        "post",
        "/periodics",
        "Runs `update_available_resource` everywhere, or one task on one host.",
        &[],
        || object(&json!({"host": text_or_null(), "task": text_or_null()}), &[]),
    ),
    ("get", "/notifications", "Versioned notifications so far.", &[("event_type", "only these")], nothing),
    ("delete", "/notifications", "Forgets the notifications.", &[], nothing),
    ("get", "/request-specs/{server}", "What was asked of the scheduler for a server.", &[], nothing),
    ("post", "/images", "Adds an image as a test of Nova's makes it.", &[], || {
        object(&json!({"image": {"type": "object"}}), &["image"])
    }),
    (
        "get",
        "/openapi/compute.json",
        "The compute API, for programs, as of a microversion.",
        &[("microversion", "such as 2.1; without it the newest")],
        nothing,
    ),
    ("get", "/log", "What services logged.", &[], nothing),
    (
        "get",
        "/trace",
        "What happened, if it is served with --trace.",
        &[("since", "from this record on")],
        nothing,
    ),
    ("get", "/invariants", "What is not as it must be.", &[], nothing),
    ("get", "/census", "How many records of each kind are in memory.", &[], nothing),
    ("get", "/faults", "The faults of drivers that are planned, and those that struck.", &[], nothing),
    ("put", "/faults", "Plans faults of drivers in the place of those that were.", &[], || {
        let when = json!({"type": "string", "enum": ["before", "after"]});
        let properties =
            json!({"at": {"type": "string"}, "trap": {"type": "boolean"}, "raise": {}, "when": when});
        object(&json!({"faults": {"type": "array", "items": object(&properties, &["at"])}}), &["faults"])
    }),
    ("delete", "/faults", "Forgets the planned faults.", &[], nothing),
    ("get", "/clock", "The time, and how much passed since the cloud was made.", &[], nothing),
    ("post", "/clock", "Lets virtual time pass.", &[], || {
        object(&json!({"advance_s": {"type": "number", "minimum": 0}}), &["advance_s"])
    }),
];

/// The document, for a client that reaches the API at `base`.
pub(super) fn document(base: &str) -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for (method, path, summary, query, body) in CALLS {
        let parts = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
        let in_path = parts.map(|name| {
            json!({"name": name, "in": "path", "required": true, "schema": {"type": "string", "minLength": 1}})
        });
        let in_query = query.iter().map(|(name, what)| {
            json!({"name": name, "in": "query", "description": what, "schema": {"type": "string"}})
        });
        let answer = |description: &str, schema: Value| json!({"description": description, "content": {"application/json": {"schema": schema}}});
        let refused = object(&json!({"error": {"type": "string"}}), &["error"]);
        let mut call = json!({
            "summary": summary,
            "parameters": in_path.chain(in_query).collect::<Vec<_>>(),
            "responses": {
                "200": answer("It is done.", json!({"type": "object"})),
                "400": answer("What was sent cannot be used.", refused.clone()),
                "403": answer("It is for administrators where others than this machine reach the cloud.", refused.clone()),
                "404": answer("There is no such thing.", refused.clone()),
                "409": answer("It cannot be done now.", refused),
            },
        });
        let schema = body();
        if !schema.is_null() {
            call["requestBody"] = json!({"content": {"application/json": {"schema": schema}}});
        }
        if let Some(path) = paths.entry(*path).or_insert_with(|| json!({})).as_object_mut() {
            path.insert((*method).to_owned(), call);
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {"title": "novarig's control API", "version": "1"},
        "servers": [{"url": base}],
        "paths": paths,
    })
}

#[cfg(test)]
mod tests {
    use super::CALLS;
    use crate::testing::{Rig, body_of};

    #[test]
    fn every_call_that_is_described_is_there() {
        Rig::open().run(async |rig| {
            let document = body_of(&rig.get("/_novarig/v1/openapi.json").await);
            assert_eq!(document["servers"][0]["url"], "http://rig/_novarig/v1");
            for (method, path, ..) in CALLS {
                assert!(document["paths"][path][method].is_object(), "{method} {path}");
                let path = format!("/_novarig/v1{}", path.replace(['{', '}'], ""));
                let answer = rig.send(&method.to_uppercase(), &path, bytes::Bytes::new()).await;
                let said = body_of(&answer)["error"].as_str().unwrap_or("").to_owned();
                assert!(!said.starts_with("there is no call"), "{method} {path}: {said}");
                assert!(answer.status().as_u16() < 500, "{method} {path}");
            }
        });
    }
}
