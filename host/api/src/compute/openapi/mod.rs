//! The OpenAPI document of the compute API at one microversion.
//!
//! What bodies of requests look like is asked of the handlers themselves: each is called with a request that only wants to
//! be told the schema its body is checked against ([`super::body::checked`]), so that the document cannot fall behind them.
//! What answers look like is written down in [`shapes`], strictly: a key that is not described there is an error of one of
//! the two.

mod operations;
mod shapes;

use super::call::Call;
use super::version::Version;
use super::{actions, routes};
use crate::answer::Ask;
use crate::caller::{Requester, with_implied};
use crate::placement::query::Query;
use crate::world::World;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderValue, Method};
use bytes::Bytes;
use model::{ProjectId, UserId};
use operations::{OPERATIONS, Operation};
use serde_json::{Map, Value, json};

/// Where the version is mounted that is described.
const ROOT: &str = "v2.1";

/// The document of the microversion that is asked for, the newest without one; the error says why there is none.
pub(crate) async fn document(
    world: &World,
    origin: &str,
    microversion: Option<&str>,
) -> Result<Value, String> {
    let version = match microversion {
        None => Version::MAX,
        Some(text) => Version::parse(text).map_err(|refused| refused.message().to_owned())?,
    };
    let mut paths: Map<String, Value> = Map::new();
    for operation in OPERATIONS.iter().filter(|operation| operation.is_at(version)) {
        let described = describe(world, operation, version).await;
        if let Some(path) = paths.entry(operation.path).or_insert_with(|| json!({})).as_object_mut() {
            path.insert(operation.method.to_lowercase(), described);
        }
    }
    Ok(json!({
        "openapi": "3.1.0",
        "info": {"title": "The compute API", "version": version.to_string()},
        "servers": [{"url": format!("{origin}/compute/{ROOT}")}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "apiKey", "in": "header", "name": "X-Auth-Token"}},
            "schemas": {"Error": shapes::error()},
        },
        "security": [{"token": []}],
    }))
}

async fn describe(world: &World, operation: &Operation, version: Version) -> Value {
    let in_path = operation.in_path().map(|name| {
        json!({"name": name, "in": "path", "required": true, "schema": {"type": "string", "minLength": 1}})
    });
    let in_query = operation
        .query
        .iter()
        .map(|name| json!({"name": name, "in": "query", "schema": operations::query_schema(name)}));
    let asked_version = json!({
        "name": "OpenStack-API-Version", "in": "header", "required": true,
        "schema": {"type": "string", "enum": [format!("compute {version}")]},
    });
    let answers = (operation.answers)(version).into_iter().map(|(status, shape)| {
        let mut answer = json!({"description": "It is done."});
        if let Some(shape) = shape {
            answer["content"] = json!({"application/json": {"schema": shape}});
        }
        (status.to_string(), answer)
    });
    let mut responses: Map<String, Value> = answers.collect();
    let refused = json!({"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}});
    responses.insert("4XX".to_owned(), json!({"description": "It is refused.", "content": refused.clone()}));
    if !operation.bodies.is_empty() {
        let too_large = json!({"text/plain": {"schema": {"type": "string"}}});
        responses
            .insert("413".to_owned(), json!({"description": "The body is too large.", "content": too_large}));
    }
    if operation.may_lack {
        responses
            .insert("501".to_owned(), json!({"description": "The hypervisor cannot.", "content": refused}));
    }
    let parameters: Vec<Value> = std::iter::once(asked_version).chain(in_path).chain(in_query).collect();
    let mut described = json!({
        "operationId": format!("{} {}", operation.method, operation.path),
        "parameters": parameters,
        "responses": responses,
    });
    if let Some(schema) = body_of(world, operation, version).await {
        described["requestBody"] =
            json!({"required": true, "content": {"application/json": {"schema": standard(&schema)}}});
    }
    described
}

/// What the body of a request looks like; none for those without.
async fn body_of(world: &World, operation: &Operation, version: Version) -> Option<Value> {
    if operation.path == operations::SERVER_ACTION {
        return Some(actions::describe(&call(world, &ask(operation, "{}")?, version)));
    }
    let mut schemas = Vec::new();
    for body in operation.bodies {
        let ask = ask(operation, body)?;
        let call = call(world, &ask, version);
        let path: Vec<&str> = ask.parts().into_iter().skip(1).collect();
        // It ends with the schema in the place of an answer.
        drop(routes::answer(&call, &path).await);
        schemas.extend(call.described());
    }
    match schemas.len() {
        0 => None,
        1 => schemas.pop(),
        _ => Some(json!({"oneOf": schemas})),
    }
}

/// A request that wants to know the schema of its body.
fn ask(operation: &Operation, body: &str) -> Option<Ask> {
    let path: String = operation.path.replace(['{', '}'], "");
    let headers: HeaderMap =
        [(CONTENT_TYPE, HeaderValue::from_static("application/json"))].into_iter().collect();
    Some(Ask {
        method: Method::from_bytes(operation.method.as_bytes()).ok()?,
        path: format!("/{ROOT}{path}"),
        mount: "/compute",
        query: Query::parse("").ok()?,
        headers,
        body: Bytes::from(body.to_owned()),
    })
}

fn call<'w>(world: &'w World, ask: &'w Ask, version: Version) -> Call<'w> {
    let anybody = Requester {
        user: UserId::from("openapi"),
        project: ProjectId::from("openapi"),
        roles: with_implied(["admin"].into_iter()),
        is_admin: true,
    };
    Call::new(world, ask, ROOT, None, version, anybody, "req-openapi").describing()
}

/// A schema in the words of the standard: `uuid` has but one form there, and patterns are as JavaScript has them.
fn standard(schema: &Value) -> Value {
    match schema {
        Value::Object(object) => {
            let converted = |(key, value): (&String, &Value)| match (key.as_str(), value.as_str()) {
                ("format", Some("uuid-with-dashes")) => (key.clone(), "uuid".into()),
                _ => (key.clone(), standard(value)),
            };
            object.iter().map(converted).collect()
        }
        Value::Array(items) => items.iter().map(standard).collect(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::operations::OPERATIONS;
    use super::{Version, document};
    use crate::testing::{Rig, body_of};
    use serde_json::Value;

    #[test]
    fn every_operation_is_described_with_the_body_its_handler_checks() {
        Rig::open().run(async |rig| {
            for text in ["2.1", "2.52", "2.104"] {
                let document = document(rig.world(), "http://rig", Some(text)).await.expect("a document");
                let version = Version::parse(text).expect("a version");
                for operation in OPERATIONS.iter().filter(|operation| operation.is_at(version)) {
                    let described = &document["paths"][operation.path][operation.method.to_lowercase()];
                    let name = format!("{} {} at {text}", operation.method, operation.path);
                    assert!(described["responses"].is_object(), "{name}");
                    let has_body = described["requestBody"].is_object();
                    assert_eq!(has_body, !operation.bodies.is_empty(), "{name}");
                    let open = operation.path.matches('{').count();
                    let parameters = described["parameters"].as_array().map_or(0, Vec::len);
                    assert_eq!(parameters, 1 + open + operation.query.len(), "{name}");
                }
            }
        });
    }

    #[test]
    fn every_operation_is_there() {
        Rig::open().run(async |rig| {
            for operation in OPERATIONS {
                let path = format!("/compute/v2.1{}", operation.path.replace(['{', '}'], ""));
                let version = operation.newest().to_string();
                let answer = rig.at(&version).send(operation.method, &path, bytes::Bytes::new()).await;
                let said = body_of(&answer)["itemNotFound"]["message"].clone();
                assert_ne!(
                    said, "The resource could not be found.",
                    "{} {path} at {version}",
                    operation.method
                );
                assert!(answer.status().as_u16() < 500 || operation.may_lack, "{} {path}", operation.method);
            }
        });
    }

    #[test]
    fn a_body_has_what_its_microversion_has() {
        Rig::open().run(async |rig| {
            let keys = async |text: &str| {
                let document = document(rig.world(), "http://rig", Some(text)).await.expect("a document");
                let body = &document["paths"]["/servers"]["post"]["requestBody"];
                let schema = body["content"]["application/json"]["schema"].clone();
                schema["properties"]["server"]["properties"].as_object().cloned().unwrap_or_default()
            };
            assert!(!keys("2.51").await.contains_key("tags"));
            assert!(keys("2.52").await.contains_key("tags"));
            let refused = document(rig.world(), "http://rig", Some("2.500")).await;
            assert!(refused.is_err_and(|why| why.contains("not supported")));
            let served = body_of(&rig.get("/_novarig/v1/openapi/compute.json?microversion=2.1").await);
            assert_eq!(served["info"]["version"], Value::from("2.1"));
        });
    }
}
