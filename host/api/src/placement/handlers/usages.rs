//! Usages of a provider, and of a project (`placement/handlers/usage.py`).

use crate::placement::call::Call;
use crate::placement::reply::Reply;
use crate::placement::routes::Answer;
use model::{ProjectId, UserId};
use placement::{ConsumerType, Placement, UsageTotals};
use serde_json::{Map, Value, json};

/// What consumers without a type are shown as.
pub(super) const UNKNOWN_TYPE: &str = "unknown";

/// What asks for the consumers of all types together.
const ALL_TYPES: &str = "all";

pub(crate) fn of_provider(call: &Call, state: &Placement) -> Answer {
    let provider = call.provider(state)?;
    let usages: Map<String, Value> =
        provider.inventories().map(|(class, _, used)| (class.to_string(), used.into())).collect();
    let body = json!({"resource_provider_generation": provider.generation(), "usages": usages});
    Ok(Reply::json(call.version, &body))
}

pub(crate) fn of_project(call: &Call, state: &Placement) -> Answer {
    let project = ProjectId::from(call.query.get("project_id").unwrap_or(""));
    let user = call.query.get("user_id").map(UserId::from);
    let totals = state.usages(&project, user.as_ref());
    let together = || {
        let mut sum = UsageTotals::default();
        for total in totals.values() {
            sum.consumers += total.consumers;
            for (class, amount) in &total.resources {
                *sum.resources.entry(class.clone()).or_default() += amount;
            }
        }
        sum
    };
    let mut usages = Map::new();
    if !call.version.since(38) {
        usages = amounts(&together());
    } else if call.query.get("consumer_type") == Some(ALL_TYPES) {
        if !totals.is_empty() {
            usages.insert(ALL_TYPES.to_string(), with_count(&together()));
        }
    } else {
        for (kind, total) in &totals {
            let name = kind.as_ref().map_or(UNKNOWN_TYPE, ConsumerType::as_str);
            if call.query.get("consumer_type").is_none_or(|wanted| wanted == name) {
                usages.insert(name.to_string(), with_count(total));
            }
        }
    }
    Ok(Reply::json(call.version, &json!({ "usages": usages })))
}

fn amounts(totals: &UsageTotals) -> Map<String, Value> {
    totals.resources.iter().map(|(class, amount)| (class.to_string(), (*amount).into())).collect()
}

fn with_count(totals: &UsageTotals) -> Value {
    let mut body = amounts(totals);
    body.insert("consumer_count".to_string(), totals.consumers.into());
    body.into()
}
