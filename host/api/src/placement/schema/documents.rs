//! The schemas of bodies and query strings, by the microversion they came with (`placement/schemas/`).

use super::Schema;
use crate::placement::version::Version;
use serde_json::{Value, json};
use std::sync::LazyLock;

/// Names of resource classes and consumer types.
const UPPER: &str = "^[A-Z0-9_]+$";
/// Names of custom traits and resource classes.
const CUSTOM: &str = "^CUSTOM_[A-Z0-9_]+$";
/// Keys that are uuids.
const UUID_KEY: &str = "^[0-9a-fA-F-]{36}$";
/// The suffixes of request groups until 1.32.
const NUMBER_SUFFIX: &str = "[1-9][0-9]*";
/// The suffixes of request groups from 1.33 on.
const NAME_SUFFIX: &str = "[a-zA-Z0-9_-]{1,64}";
/// The largest single-precision number, the bound of an allocation ratio.
const MAX_RATIO: f64 = 3.40282e+38;

/// Schemas for ranges of microversions, the newest first.
pub(crate) struct Versioned(Vec<(u32, Schema)>);

impl Versioned {
    fn new(mut since: Vec<(u32, Value)>) -> Self {
        since.sort_by_key(|(minor, _)| std::cmp::Reverse(*minor));
        Self(since.into_iter().map(|(minor, document)| (minor, Schema::new(document))).collect())
    }

    /// The schema at this microversion; below the oldest, the oldest.
    pub(crate) fn at(&self, version: Version) -> &Schema {
        let fitting = self.0.iter().find(|(minor, _)| version.since(*minor));
        let (_, schema) = fitting.unwrap_or(&self.0[self.0.len() - 1]);
        schema
    }
}

/// Schemas that are put together when they are first needed.
pub(crate) type Lazy = LazyLock<Versioned>;

macro_rules! schemas {
    ($($(#[$doc:meta])* $name:ident: [$($since:literal => $document:expr),+ $(,)?];)+) => {$(
        $(#[$doc])*
        pub(crate) static $name: Lazy =
            LazyLock::new(|| Versioned::new(vec![$(($since, $document)),+]));
    )+};
}

schemas! {
    /// POST of a provider.
    PROVIDER_POST: [0 => provider(true, false), 14 => provider(true, true)];
    /// PUT of a provider.
    PROVIDER_PUT: [0 => provider(false, false), 14 => provider(false, true)];
    /// The query of a list of providers.
    PROVIDER_LIST: [
        0 => provider_list(&[]),
        3 => provider_list(&["member_of"]),
        4 => provider_list(&["member_of", "resources"]),
        14 => provider_list(&["member_of", "resources", "in_tree"]),
        18 => provider_list(&["member_of", "resources", "in_tree", "required"]),
    ];
    /// PUT of a provider's aggregates.
    AGGREGATES: [1 => aggregate_list(), 19 => object(
        json!({"aggregates": aggregate_list(), "resource_provider_generation": {"type": "integer"}}),
        &["aggregates", "resource_provider_generation"],
    )];
    /// PUT of a provider's traits.
    PROVIDER_TRAITS: [6 => object(
        json!({
            "traits": {"type": "array", "items": {"type": "string", "minLength": 1, "maxLength": 255}},
            "resource_provider_generation": {"type": "integer"},
        }),
        &["traits", "resource_provider_generation"],
    )];
    /// The query of a list of traits.
    TRAIT_LIST: [6 => object(json!({"name": {"type": "string"}, "associated": {"type": "string"}}), &[])];
    /// POST of an inventory.
    INVENTORY_POST: [0 => inventory_of_class()];
    /// PUT of one inventory.
    INVENTORY_PUT: [0 => inventory(&["total", "resource_provider_generation"])];
    /// PUT of all inventories of a provider.
    INVENTORIES: [0 => inventories()];
    /// POST of a resource class, and its PUT until 1.6.
    RESOURCE_CLASS: [2 => object(
        json!({"name": {"type": "string", "pattern": CUSTOM, "maxLength": 255}}),
        &["name"],
    )];
    /// PUT of one consumer's allocations.
    ALLOCATIONS_PUT: [
        0 => listed_allocations(false),
        8 => listed_allocations(true),
        12 => allocations(12, 1),
        28 => allocations(28, 0),
        34 => allocations(34, 0),
        38 => allocations(38, 0),
    ];
    /// POST of several consumers' allocations.
    ALLOCATIONS_POST: [
        13 => several(13, 1),
        28 => several(28, 1),
        34 => several(34, 1),
        38 => several(38, 1),
    ];
    /// POST to the reshaper.
    RESHAPER: [30 => reshaper(28), 34 => reshaper(34), 38 => reshaper(38)];
    /// The query of usages.
    USAGES: [9 => usages(false), 38 => usages(true)];
    /// The query of allocation candidates.
    CANDIDATES: [
        10 => candidates(10), 16 => candidates(16), 17 => candidates(17), 21 => candidates(21), 25 => candidates(25),
        31 => candidates(31), 33 => candidates(33), 35 => candidates(35), 36 => candidates(36),
    ];
}

fn object(properties: Value, required: &[&str]) -> Value {
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}

fn uuid() -> Value {
    json!({"type": "string", "format": "uuid"})
}

fn provider(with_uuid: bool, with_parent: bool) -> Value {
    let mut properties = json!({"name": {"type": "string", "maxLength": 200}});
    if with_uuid {
        properties["uuid"] = uuid();
    }
    if with_parent {
        properties["parent_provider_uuid"] = json!({"anyOf": [uuid(), {"type": "null"}]});
    }
    object(properties, &["name"])
}

fn provider_list(added: &[&str]) -> Value {
    let dashed = json!({"type": "string", "format": "uuid-with-dashes"});
    let mut properties = json!({"name": {"type": "string"}, "uuid": dashed});
    for key in added {
        properties[*key] = if *key == "in_tree" { dashed.clone() } else { json!({"type": "string"}) };
    }
    object(properties, &[])
}

fn aggregate_list() -> Value {
    json!({"type": "array", "items": uuid(), "uniqueItems": true})
}

fn inventory(required: &[&str]) -> Value {
    let at_least = |least: u32| json!({"type": "integer", "maximum": placement::MAX_INT, "minimum": least});
    object(
        json!({
            "resource_provider_generation": {"type": "integer"},
            "total": at_least(1),
            "reserved": at_least(0),
            "min_unit": at_least(1),
            "max_unit": at_least(1),
            "step_size": at_least(1),
            "allocation_ratio": {"type": "number", "maximum": MAX_RATIO},
        }),
        required,
    )
}

fn inventory_of_class() -> Value {
    let mut schema = inventory(&["total", "resource_class"]);
    schema["properties"]["resource_class"] = json!({"type": "string", "pattern": UPPER});
    schema
}

fn inventories() -> Value {
    object(
        json!({
            "resource_provider_generation": {"type": "integer"},
            "inventories": {"type": "object", "patternProperties": {UPPER: inventory(&["total"])}},
        }),
        &["resource_provider_generation", "inventories"],
    )
}

fn resources() -> Value {
    json!({
        "type": "object",
        "minProperties": 1,
        "patternProperties": {UPPER: {"type": "integer", "minimum": 1}},
        "additionalProperties": false,
    })
}

fn owner_id() -> Value {
    json!({"type": "string", "minLength": 1, "maxLength": 255})
}

/// Until 1.11 the allocations of a consumer are a list.
fn listed_allocations(with_owner: bool) -> Value {
    let provider = object(json!({"uuid": uuid()}), &["uuid"]);
    let item = object(
        json!({"resource_provider": provider, "resources": resources()}),
        &["resource_provider", "resources"],
    );
    let mut properties = json!({"allocations": {"type": "array", "minItems": 1, "items": item}});
    let mut required = vec!["allocations"];
    if with_owner {
        properties["project_id"] = owner_id();
        properties["user_id"] = owner_id();
        required.extend(["project_id", "user_id"]);
    }
    object(properties, &required)
}

/// From 1.12 on they are an object, by provider.
fn allocations(minor: u32, least: usize) -> Value {
    let of_provider =
        object(json!({"generation": {"type": "integer"}, "resources": resources()}), &["resources"]);
    let mut properties = json!({
        "allocations": {
            "type": "object",
            "minProperties": least,
            "patternProperties": {UUID_KEY: of_provider},
            "additionalProperties": false,
        },
        "project_id": owner_id(),
        "user_id": owner_id(),
    });
    let mut required = vec!["allocations", "project_id", "user_id"];
    if minor >= 28 {
        properties["consumer_generation"] = json!({"type": ["integer", "null"]});
        required.push("consumer_generation");
    }
    if minor >= 34 {
        properties["mappings"] = json!({
            "type": "object",
            "minProperties": 1,
            "patternProperties": {NAME_SUFFIX: {"type": "array", "minItems": 1, "items": uuid()}},
        });
    }
    if minor >= 38 {
        properties["consumer_type"] =
            json!({"type": "string", "pattern": UPPER, "minLength": 1, "maxLength": 255});
        required.push("consumer_type");
    }
    object(properties, &required)
}

fn several(minor: u32, least: usize) -> Value {
    json!({
        "type": "object",
        "minProperties": least,
        "additionalProperties": false,
        "patternProperties": {UUID_KEY: allocations(minor, 0)},
    })
}

fn reshaper(minor: u32) -> Value {
    object(
        json!({
            "inventories": {
                "type": "object",
                "patternProperties": {UUID_KEY: inventories()},
                "minProperties": 1,
                "additionalProperties": false,
            },
            "allocations": several(minor, 0),
        }),
        &["inventories", "allocations"],
    )
}

fn usages(with_type: bool) -> Value {
    let mut properties = json!({"project_id": owner_id(), "user_id": owner_id()});
    if with_type {
        let pattern = format!("{UPPER}|^all|^unknown$");
        properties["consumer_type"] =
            json!({"type": "string", "pattern": pattern, "minLength": 1, "maxLength": 255});
    }
    object(properties, &["project_id"])
}

fn candidates(minor: u32) -> Value {
    let text = || json!({"type": "string"});
    let mut properties = json!({});
    if minor >= 16 {
        properties["limit"] = json!({"type": "string", "pattern": "^[1-9][0-9]*$", "minLength": 1});
    }
    if minor < 25 {
        let since = [(10, "resources"), (17, "required"), (21, "member_of")];
        for (_, key) in since.iter().filter(|(since, _)| minor >= *since) {
            properties[*key] = text();
        }
        return object(properties, &["resources"]);
    }
    properties["group_policy"] = json!({"type": "string", "enum": ["none", "isolate"]});
    for (_, key) in [(35, "root_required"), (36, "same_subtree")].iter().filter(|(since, _)| minor >= *since)
    {
        properties[*key] = text();
    }
    let suffix = if minor >= 33 { NAME_SUFFIX } else { NUMBER_SUFFIX };
    let kinds = ["resources", "required", "member_of", "in_tree"];
    let known = if minor >= 31 { &kinds[..] } else { &kinds[..3] };
    let patterns: serde_json::Map<String, Value> =
        known.iter().map(|kind| (format!("^{kind}({suffix})?$"), text())).collect();
    let mut schema = object(properties, &[]);
    schema["patternProperties"] = patterns.into();
    schema
}

#[cfg(test)]
mod tests {
    use super::{ALLOCATIONS_PUT, CANDIDATES, RESHAPER};
    use crate::placement::version::Version;
    use serde_json::json;

    #[test]
    fn newer_microversions_take_newer_schemas() {
        let with_limit = json!({"resources": "VCPU:1", "limit": "1"});
        assert!(CANDIDATES.at(Version::MAX).check(&with_limit).is_ok());
        assert!(CANDIDATES.at(Version::MIN).check(&with_limit).is_err());
        let put = json!({"allocations": {}, "project_id": "p", "user_id": "u", "consumer_generation": null});
        assert!(ALLOCATIONS_PUT.at(Version::MAX).check(&put).is_err(), "1.38 demands a consumer type");
        let reshape = json!({"inventories": {}, "allocations": {}});
        assert!(RESHAPER.at(Version::MAX).check(&reshape).is_err(), "a reshape needs an inventory");
    }
}
