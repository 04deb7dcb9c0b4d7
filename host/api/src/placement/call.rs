//! One request on its way to a handler.

use super::query::Query;
use super::refusal::Refusal;
use super::routes::Operation;
use super::version::Version;
use bytes::Bytes;
use model::ProviderId;
use placement::{Placement, ProviderRef};
use serde_json::Value;
use uuid::Uuid;

/// What a handler may know of a request.
#[derive(Clone)]
pub(crate) struct Call {
    pub(crate) operation: &'static Operation,
    pub(crate) version: Version,
    pub(crate) query: Query,
    pub(crate) body: Bytes,
    /// The parts of the path that the route leaves open, in order.
    pub(crate) path: Vec<String>,
    /// Where the service is mounted: empty, or a path without a slash at its end.
    pub(crate) prefix: String,
    /// An id that nothing has yet.
    pub(crate) fresh_id: Uuid,
}

impl Call {
    /// The open part of the path at this place; a route without it gives the empty text.
    pub(crate) fn path_item(&self, place: usize) -> &str {
        self.path.get(place).map_or("", String::as_str)
    }

    /// The provider that the path names.
    pub(crate) fn provider<'a>(&self, state: &'a Placement) -> Result<ProviderRef<'a>, Refusal> {
        let text = self.path_item(0);
        let found = strict_uuid(text).and_then(|id| state.provider(ProviderId(id)).ok());
        found.ok_or_else(|| {
            Refusal::not_found(format!("No resource provider with uuid {text} found")).unvaried()
        })
    }

    /// The body, which must be JSON that the operation's schema allows.
    pub(crate) fn json(&self) -> Result<Value, Refusal> {
        let value: Value = serde_json::from_slice(&self.body)
            .map_err(|error| Refusal::bad_request(format!("Malformed JSON: {error}")))?;
        if let Some(schema) = self.operation.body {
            let checked = schema.at(self.version).check(&value);
            checked
                .map_err(|violation| Refusal::bad_request(format!("JSON does not validate: {violation}")))?;
        }
        Ok(value)
    }

    /// Checks the keys of the query string and the form of their values.
    pub(crate) fn check_query(&self) -> Result<(), Refusal> {
        let Some(schema) = self.operation.query else { return Ok(()) };
        let checked = schema.at(self.version).check(&self.query.as_object());
        checked.map_err(|violation| {
            Refusal::bad_request(format!("Invalid query string parameters: {violation}"))
        })
    }
}

/// A uuid as it is kept: 36 characters, with its dashes in place.
pub(crate) fn strict_uuid(text: &str) -> Option<Uuid> {
    (text.len() == 36).then(|| Uuid::try_parse(text).ok()).flatten()
}

/// Anything that is read as a uuid: dashes or not, in braces or not, with a urn's prefix or not.
pub(crate) fn lenient_uuid(text: &str) -> Option<Uuid> {
    let bare = text.replace("urn:", "").replace("uuid:", "");
    let digits: String = bare.trim_matches(['{', '}']).chars().filter(|c| *c != '-').collect();
    (digits.len() == 32).then(|| Uuid::try_parse(&digits).ok()).flatten()
}
