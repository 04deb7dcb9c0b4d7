//! One module for each kind of resource, one function for each operation on it (`placement/handlers/`).

pub(crate) mod aggregates;
pub(crate) mod allocations;
pub(crate) mod candidates;
mod candidates_request;
pub(crate) mod inventories;
pub(crate) mod providers;
pub(crate) mod reshaper;
pub(crate) mod resource_classes;
pub(crate) mod root;
pub(crate) mod traits;
pub(crate) mod usages;

use super::refusal::Refusal;
use placement::PlacementError;
use serde_json::Value;

/// A generation as a client sends it. What cannot be one becomes one that nothing ever reaches, and so a conflict.
fn generation(value: &Value) -> u64 {
    whole(value).unwrap_or(u64::MAX)
}

/// A whole number that is not negative, however it is written; what is too large becomes the largest.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked to be whole and not negative"
)]
fn whole(value: &Value) -> Option<u64> {
    let number = value.as_f64()?;
    value.as_u64().or_else(|| (number >= 0.0 && number.fract() == 0.0).then_some(number as u64))
}

/// The field of an object, or null.
fn field<'v>(value: &'v Value, name: &str) -> &'v Value {
    value.get(name).unwrap_or(&Value::Null)
}

/// The text of a field; the empty text if it has none.
fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    field(value, name).as_str().unwrap_or("")
}

/// The conflict of a client that has not seen a provider's last change, in the words of traits and aggregates.
fn outdated(error: PlacementError) -> Refusal {
    match error {
        PlacementError::ProviderGenerationConflict { .. } => Refusal::conflict(
            "Resource provider's generation already changed. Please update the generation and try again.",
        )
        .with_code(error.code()),
        other => other.into(),
    }
}
