//! JSON schemas: what bodies and query strings must look like.
//!
//! The schemas are JSON documents ([`documents`]), because the service also publishes them. This module understands the
//! part of the language they use, and words its violations as the Python library jsonschema does, of which clients and
//! Placement's own tests know parts.

pub(crate) mod documents;
mod python;

use super::call::{lenient_uuid, strict_uuid};
use python::repr;
use regex::Regex;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fmt;

/// A schema ready to check values with.
#[derive(Clone, Debug)]
pub(crate) struct Schema {
    document: Value,
    root: Node,
}

/// What one (sub)schema demands. Absent demands are not checked.
#[derive(Clone, Debug, Default)]
struct Node {
    types: Vec<String>,
    properties: BTreeMap<String, Node>,
    /// By pattern of the key.
    patterns: Vec<(Regex, Node)>,
    /// Whether no other properties are allowed.
    closed: bool,
    required: Vec<String>,
    min_properties: usize,
    items: Option<Box<Node>>,
    min_items: usize,
    max_items: Option<usize>,
    unique: bool,
    min_length: usize,
    max_length: Option<usize>,
    pattern: Option<Regex>,
    format: Option<String>,
    minimum: Option<f64>,
    maximum: Option<f64>,
    choices: Vec<Value>,
    any_of: Vec<Node>,
}

/// How a value fails its schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Violation {
    message: String,
    keyword: &'static str,
    /// Where in the schema, as Python would index it.
    schema_path: String,
    /// Where in the value, likewise.
    path: String,
    /// How many steps down the value it is.
    depth: usize,
    /// The last of those steps, and the value found there as Python shows it.
    field: Option<(String, String)>,
}

impl Violation {
    /// What is wrong, without saying where.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// The key or place of the value that is wrong, and that value as Python shows it; none when it is the whole.
    pub(crate) fn field(&self) -> Option<(&str, &str)> {
        self.field.as_ref().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { message, keyword, schema_path, path, .. } = self;
        write!(f, "{message}\n\nFailed validating '{keyword}' in schema{schema_path}\n\nOn instance{path}")
    }
}

impl Schema {
    /// A schema from its document. A malformed pattern in one matches nothing; the tests show that there is none.
    pub(crate) fn new(document: Value) -> Self {
        let root = Node::new(&document);
        Self { document, root }
    }

    /// The document it was made from.
    pub(crate) fn document(&self) -> &Value {
        &self.document
    }

    /// Checks a value, and reports of all violations the first of those nearest to the top.
    pub(crate) fn check(&self, value: &Value) -> Result<(), Box<Violation>> {
        let mut check = Check { worst: None };
        check.node(&self.root, value, &Place::default());
        check.worst.map_or(Ok(()), |worst| Err(Box::new(worst)))
    }
}

impl Node {
    fn new(document: &Value) -> Self {
        let list = |key: &str| document.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
        let texts = |key: &str| match document.get(key) {
            Some(Value::String(one)) => vec![one.clone()],
            _ => list(key).iter().filter_map(|v| v.as_str().map(str::to_string)).collect(),
        };
        let size =
            |key: &str| document.get(key).and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok());
        let regex = |text: &str| Regex::new(text).or_else(|_| Regex::new("[^\\s\\S]")).ok();
        let object = |key: &str| document.get(key).and_then(Value::as_object).cloned().unwrap_or_default();
        Self {
            types: texts("type"),
            properties: object("properties")
                .iter()
                .map(|(key, node)| (key.clone(), Node::new(node)))
                .collect(),
            patterns: (object("patternProperties").iter())
                .filter_map(|(pattern, node)| Some((regex(pattern)?, Node::new(node))))
                .collect(),
            closed: document.get("additionalProperties") == Some(&Value::Bool(false)),
            required: texts("required"),
            min_properties: size("minProperties").unwrap_or(0),
            items: document.get("items").map(|node| Box::new(Node::new(node))),
            min_items: size("minItems").unwrap_or(0),
            max_items: size("maxItems"),
            unique: document.get("uniqueItems") == Some(&Value::Bool(true)),
            min_length: size("minLength").unwrap_or(0),
            max_length: size("maxLength"),
            pattern: document.get("pattern").and_then(Value::as_str).and_then(regex),
            format: document.get("format").and_then(Value::as_str).map(str::to_string),
            minimum: document.get("minimum").and_then(Value::as_f64),
            maximum: document.get("maximum").and_then(Value::as_f64),
            choices: list("enum"),
            any_of: list("anyOf").iter().map(Node::new).collect(),
        }
    }

    fn is_of_type(&self, value: &Value) -> bool {
        self.types.is_empty()
            || self.types.iter().any(|name| match name.as_str() {
                "object" => value.is_object(),
                "array" => value.is_array(),
                "string" => value.is_string(),
                "integer" => is_integer(value),
                "number" => value.is_number(),
                "boolean" => value.is_boolean(),
                _ => value.is_null(),
            })
    }
}

/// Whether this is a whole number, however it is written.
fn is_integer(value: &Value) -> bool {
    value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|number| number.fract() == 0.0)
}

/// Where a check is, in the value and in the schema.
#[derive(Clone, Debug, Default)]
struct Place<'v> {
    path: String,
    schema_path: String,
    depth: usize,
    field: Option<(&'v str, &'v Value)>,
}

impl Place<'_> {
    fn below<'v>(&self, step: &str, schema_step: &str, name: &'v str, value: &'v Value) -> Place<'v> {
        Place {
            path: format!("{}[{step}]", self.path),
            schema_path: format!("{}{schema_step}", self.schema_path),
            depth: self.depth + 1,
            field: Some((name, value)),
        }
    }
}

struct Check {
    worst: Option<Violation>,
}

impl Check {
    fn fail(&mut self, place: &Place<'_>, keyword: &'static str, message: impl FnOnce() -> String) {
        if self.worst.as_ref().is_none_or(|worst| place.depth < worst.depth) {
            self.worst = Some(Violation {
                message: message(),
                keyword,
                schema_path: place.schema_path.clone(),
                path: place.path.clone(),
                depth: place.depth,
                field: place.field.map(|(name, value)| (name.to_string(), repr(value))),
            });
        }
    }

    fn node(&mut self, node: &Node, value: &Value, place: &Place<'_>) {
        if !node.is_of_type(value) {
            let names: Vec<String> = node.types.iter().map(|name| format!("'{name}'")).collect();
            self.fail(place, "type", || format!("{} is not of type {}", repr(value), names.join(", ")));
        }
        if !node.choices.is_empty() && !node.choices.contains(value) {
            let choices = Value::Array(node.choices.clone());
            self.fail(place, "enum", || format!("{} is not one of {}", repr(value), repr(&choices)));
        }
        match value {
            Value::Object(object) => self.object(node, object, place),
            Value::Array(items) => self.array(node, items, place),
            Value::String(text) => self.text(node, text, place),
            Value::Number(_) => self.number(node, value, place),
            Value::Null | Value::Bool(_) => {}
        }
        if !node.any_of.is_empty() {
            self.any_of(node, value, place);
        }
    }

    fn object(&mut self, node: &Node, object: &Map<String, Value>, place: &Place<'_>) {
        if object.len() < node.min_properties {
            self.fail(place, "minProperties", || {
                let problem = if node.min_properties == 1 {
                    "should be non-empty"
                } else {
                    "does not have enough properties"
                };
                format!("{} {problem}", repr(&Value::Object(object.clone())))
            });
        }
        for key in node.required.iter().filter(|key| !object.contains_key(*key)) {
            self.fail(place, "required", || format!("'{key}' is a required property"));
        }
        let mut extra = Vec::new();
        for (key, value) in object {
            let known = node.properties.get(key);
            let step = repr(&Value::String(key.clone()));
            if let Some(child) = known {
                self.node(child, value, &place.below(&step, &format!("['properties'][{step}]"), key, value));
            }
            let mut matched = known.is_some();
            for (pattern, child) in node.patterns.iter().filter(|(pattern, _)| pattern.is_match(key)) {
                matched = true;
                let schema_step = format!("['patternProperties']['{pattern}']");
                self.node(child, value, &place.below(&step, &schema_step, key, value));
            }
            if !matched {
                extra.push(step);
            }
        }
        if node.closed && !extra.is_empty() {
            self.fail(place, "additionalProperties", || unexpected(node, &extra));
        }
    }

    fn array(&mut self, node: &Node, items: &[Value], place: &Place<'_>) {
        if items.len() < node.min_items {
            self.fail(place, "minItems", || {
                format!("{} should be non-empty", repr(&Value::Array(items.to_vec())))
            });
        }
        if node.max_items.is_some_and(|most| items.len() > most) {
            self.fail(place, "maxItems", || format!("{} is too long", repr(&Value::Array(items.to_vec()))));
        }
        if node.unique {
            // Arrays with this demand hold strings; others are refused for their type.
            let mut texts: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
            texts.sort_unstable();
            if texts.windows(2).any(|pair| pair[0] == pair[1]) {
                self.fail(place, "uniqueItems", || {
                    format!("{} has non-unique elements", repr(&Value::Array(items.to_vec())))
                });
            }
        }
        if let Some(child) = &node.items {
            for (at, item) in items.iter().enumerate() {
                let step = at.to_string();
                self.node(child, item, &place.below(&step, "['items']", &step, item));
            }
        }
    }

    fn text(&mut self, node: &Node, text: &str, place: &Place<'_>) {
        let shown = || repr(&Value::String(text.to_string()));
        let length = text.chars().count();
        if length < node.min_length {
            self.fail(place, "minLength", || format!("{} should be non-empty", shown()));
        }
        if node.max_length.is_some_and(|most| length > most) {
            self.fail(place, "maxLength", || format!("{} is too long", shown()));
        }
        if let Some(pattern) = node.pattern.as_ref().filter(|pattern| !pattern.is_match(text)) {
            self.fail(place, "pattern", || format!("{} does not match '{pattern}'", shown()));
        }
        let well_formed = match node.format.as_deref() {
            Some("uuid") => lenient_uuid(text).is_some(),
            Some("uuid-with-dashes") => strict_uuid(text).is_some(),
            Some(_) | None => true,
        };
        if !well_formed {
            self.fail(place, "format", || format!("{} is not a 'uuid'", shown()));
        }
    }

    fn number(&mut self, node: &Node, value: &Value, place: &Place<'_>) {
        let number = value.as_f64().unwrap_or(f64::NAN);
        if let Some(least) = node.minimum.filter(|least| number < *least) {
            self.fail(place, "minimum", || format!("{} is less than the minimum of {least}", repr(value)));
        }
        if let Some(most) = node.maximum.filter(|most| number > *most) {
            self.fail(place, "maximum", || format!("{} is greater than the maximum of {most}", repr(value)));
        }
    }

    /// Reports, if none of the alternatives fits, what is wrong with the one of the value's type.
    fn any_of(&mut self, node: &Node, value: &Value, place: &Place<'_>) {
        let attempts: Vec<Check> = (node.any_of.iter())
            .map(|alternative| {
                let mut check = Check { worst: None };
                check.node(alternative, value, place);
                check
            })
            .collect();
        if attempts.iter().any(|check| check.worst.is_none()) {
            return;
        }
        let alternatives = node.any_of.iter().zip(attempts);
        let of_type =
            alternatives.filter(|(alternative, _)| alternative.is_of_type(value)).find_map(|(_, c)| c.worst);
        match of_type {
            Some(violation) => self.fail(place, violation.keyword, || violation.message),
            None => self.fail(place, "anyOf", || {
                format!("{} is not valid under any of the given schemas", repr(value))
            }),
        }
    }
}

fn unexpected(node: &Node, extra: &[String]) -> String {
    let one = extra.len() == 1;
    let names = extra.join(", ");
    if node.patterns.is_empty() {
        let verb = if one { "was" } else { "were" };
        return format!("Additional properties are not allowed ({names} {verb} unexpected)");
    }
    let patterns: Vec<String> = node.patterns.iter().map(|(pattern, _)| format!("'{pattern}'")).collect();
    let verb = if one { "does" } else { "do" };
    format!("{names} {verb} not match any of the regexes: {}", patterns.join(", "))
}

#[cfg(test)]
mod tests {
    use super::Schema;
    use serde_json::{Value, json};

    fn message(schema: Value, value: Value) -> String {
        match Schema::new(schema).check(&value) {
            Ok(()) => "fine".to_string(),
            Err(violation) => violation.message,
        }
    }

    #[test]
    fn each_demand_is_checked_and_worded_as_python_does() {
        let cases = [
            (json!({"type": "integer"}), json!("a"), "'a' is not of type 'integer'"),
            (json!({"type": "integer"}), json!(true), "True is not of type 'integer'"),
            (json!({"type": "integer"}), json!(3.0), "fine"),
            (json!({"type": ["integer", "null"]}), json!("x"), "'x' is not of type 'integer', 'null'"),
            (json!({"minimum": 1}), json!(0), "0 is less than the minimum of 1"),
            (json!({"maximum": 5}), json!(6), "6 is greater than the maximum of 5"),
            (json!({"maxLength": 2}), json!("äöü"), "'äöü' is too long"),
            (json!({"pattern": "^[A-Z]+$"}), json!("a"), "'a' does not match '^[A-Z]+$'"),
            (json!({"format": "uuid"}), json!("a"), "'a' is not a 'uuid'"),
            (json!({"required": ["a"]}), json!({}), "'a' is a required property"),
            (json!({"minProperties": 1}), json!({}), "{} should be non-empty"),
            (json!({"maxItems": 1}), json!(["a", "b"]), "['a', 'b'] is too long"),
            (json!({"uniqueItems": true}), json!(["a", "a"]), "['a', 'a'] has non-unique elements"),
            (
                json!({"properties": {"a": {}}, "additionalProperties": false}),
                json!({"a": 1, "b": 2}),
                "Additional properties are not allowed ('b' was unexpected)",
            ),
            (
                json!({"patternProperties": {"^a": {}}, "additionalProperties": false}),
                json!({"b": 2}),
                "'b' does not match any of the regexes: '^a'",
            ),
            (
                json!({"anyOf": [{"type": "string", "format": "uuid"}, {"type": "null"}]}),
                json!("x"),
                "'x' is not a 'uuid'",
            ),
        ];
        for (schema, value, expected) in cases {
            assert_eq!(message(schema.clone(), value.clone()), expected, "{schema} {value}");
        }
    }

    #[test]
    fn a_violation_says_where_it_is_and_the_one_nearest_the_top_is_reported() {
        let schema = Schema::new(json!({
            "properties": {"a": {"properties": {"b": {"minimum": 1}}}},
            "required": ["c"],
        }));
        let deep = schema.check(&json!({"a": {"b": 0}, "c": 1})).expect_err("b is too small").to_string();
        assert!(deep.contains("in schema['properties']['a']['properties']['b']"), "{deep}");
        assert!(deep.contains("On instance['a']['b']"), "{deep}");
        let top = schema.check(&json!({"a": {"b": 0}})).expect_err("c is missing").to_string();
        assert!(top.contains("'c' is a required property"), "{top}");
    }
}
