//! The OpenAPI document of this API, made from the same routes and schemas that serve it, so that it cannot fall behind.

use super::routes::{Operation, ROUTES, Route};
use super::version::Version;
use serde_json::{Map, Value, json};
use std::sync::LazyLock;

/// Where the document is served, beside the paths of the real service.
pub(crate) const PATH: &str = "/openapi.json";

/// The document, for the newest microversion.
pub(crate) static DOCUMENT: LazyLock<String> = LazyLock::new(|| document().to_string());

fn document() -> Value {
    let paths: Map<String, Value> =
        ROUTES.iter().map(|route| (route.pattern.to_string(), path_item(route))).collect();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Placement",
            "version": Version::MAX.to_string(),
            "description": "OpenStack Placement's API. Operations are described as of the newest microversion.",
        },
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "apiKey", "in": "header", "name": "X-Auth-Token"}},
            "schemas": {"Error": error_schema()},
        },
        "security": [{"token": []}],
    })
}

fn path_item(route: &Route) -> Value {
    let newest = route.operations.iter().filter(|operation| operation.exists_at(Version::MAX));
    let mut item: Map<String, Value> =
        newest.map(|operation| (operation.method.to_lowercase(), describe(route, operation))).collect();
    let open = route.pattern.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let parameters: Vec<Value> = open
        .map(|name| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}}))
        .collect();
    item.insert("parameters".to_string(), parameters.into());
    item.into()
}

fn describe(route: &Route, operation: &Operation) -> Value {
    let mut parameters = vec![json!({
        "name": "OpenStack-API-Version",
        "in": "header",
        "schema": {"type": "string", "enum": [format!("placement {}", Version::MAX)]},
        "required": true,
    })];
    parameters.extend(query_parameters(operation));
    let mut description = json!({
        "operationId": format!("{} {}", operation.method, route.pattern),
        "x-since-microversion": format!("1.{}", operation.since),
        "x-policy": operation.rule,
        "parameters": parameters,
        "responses": responses(operation),
    });
    if let Some(body) = operation.body {
        let schema = standard(body.at(Version::MAX).document());
        description["requestBody"] =
            json!({"required": true, "content": {"application/json": {"schema": schema}}});
    }
    description
}

/// The keys of a query string that have a fixed name. Those with a suffix are described by their pattern.
fn query_parameters(operation: &Operation) -> Vec<Value> {
    let Some(query) = operation.query else { return Vec::new() };
    let schema = query.at(Version::MAX).document();
    let required: Vec<&str> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let fixed = schema["properties"].as_object().into_iter().flatten().map(|(name, schema)| {
        json!({
            "name": name, "in": "query", "required": required.contains(&name.as_str()), "schema": standard(schema),
        })
    });
    // A pattern such as `^resources(SUFFIX)?$` is for the plain name as well.
    let patterns =
        schema["patternProperties"].as_object().into_iter().flatten().filter_map(|(pattern, schema)| {
            let name = pattern.strip_prefix('^')?.split('(').next()?;
            let description = format!("Also with a suffix: {pattern}");
            Some(json!({"name": name, "in": "query", "description": description, "schema": standard(schema)}))
        });
    fixed.chain(patterns).collect()
}

fn responses(operation: &Operation) -> Value {
    let success = |(status, with_body): &(u16, bool)| {
        let mut description = json!({"description": "Success"});
        if *with_body {
            description["content"] = json!({"application/json": {"schema": {"type": "object"}}});
        }
        (status.to_string(), description)
    };
    let mut responses: Map<String, Value> = operation.successes.iter().map(success).collect();
    let error = json!({
        "description": "Refused",
        "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/Error"}},
            "text/html": {},
            "text/plain": {},
        },
    });
    responses.insert("4XX".to_string(), error);
    responses.into()
}

/// The schema in the words of the standard: `uuid` has but one form there.
fn standard(schema: &Value) -> Value {
    match schema {
        Value::Object(object) => {
            let converted = |(key, value): (&String, &Value)| {
                let dashed = key == "format" && value == "uuid-with-dashes";
                (key.clone(), if dashed { "uuid".into() } else { standard(value) })
            };
            object.iter().map(converted).collect()
        }
        Value::Array(items) => items.iter().map(standard).collect(),
        other => other.clone(),
    }
}

fn error_schema() -> Value {
    let error = json!({
        "type": "object",
        "properties": {
            "status": {"type": "integer"},
            "title": {"type": "string"},
            "detail": {"type": "string"},
            "code": {"type": "string"},
            "request_id": {"type": "string"},
            "max_version": {"type": "string"},
            "min_version": {"type": "string"},
        },
        "required": ["status", "title", "detail"],
    });
    json!({
        "type": "object",
        "properties": {"errors": {"type": "array", "items": error, "minItems": 1}},
    })
}

#[cfg(test)]
mod tests {
    use super::{ROUTES, Version, document};

    #[test]
    fn every_route_is_described_with_its_parameters_bodies_and_answers() {
        let document = document();
        let paths = document["paths"].as_object().expect("paths");
        assert_eq!(paths.len(), ROUTES.len());
        for route in ROUTES {
            let item = &paths[route.pattern];
            let open = route.pattern.matches('{').count();
            assert_eq!(item["parameters"].as_array().map(Vec::len), Some(open), "{}", route.pattern);
            for operation in route.operations.iter().filter(|operation| operation.exists_at(Version::MAX)) {
                let described = &item[operation.method.to_lowercase()];
                assert!(described.is_object(), "{} {}", operation.method, route.pattern);
                assert_eq!(described["requestBody"].is_object(), operation.body.is_some());
                for (status, with_body) in operation.successes {
                    let answer = &described["responses"][status.to_string()];
                    assert_eq!(
                        answer["content"].is_object(),
                        *with_body,
                        "{} {}",
                        operation.method,
                        route.pattern
                    );
                }
            }
        }
    }

    #[test]
    fn the_query_of_candidates_is_described_with_and_without_suffix() {
        let document = document();
        let parameters =
            document["paths"]["/allocation_candidates"]["get"]["parameters"].as_array().expect("a list");
        let names: Vec<&str> = parameters.iter().filter_map(|parameter| parameter["name"].as_str()).collect();
        for name in [
            "resources",
            "required",
            "member_of",
            "in_tree",
            "limit",
            "group_policy",
            "same_subtree",
            "root_required",
        ] {
            assert!(names.contains(&name), "{name}");
        }
    }
}
